"""The requests for a bracelet, the open one with its offers, and what the buttons do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import consulted
from availability.rights import Actor
from availability.sealing import House, unseal
from booking.errors import AlreadyDecided, SlotUnfit
from booking.fitting_actions import (
    book_offer,
    change_deadline,
    close_request,
    give_back,
    reopen_request,
    take_back,
)
from booking.fitting_models import FittingRequest
from booking.fitting_queries import (
    FITTERS,
    OPEN,
    Offers,
    RequestLine,
    Stage,
    fitting_kind,
    fitting_requests,
    offers_for,
    request_for,
    terms_of,
)
from booking.fittings import FittingTerms
from booking.pages.fitting_words import (
    UNFIT_WORDS,
    OfferButton,
    OfferDay,
    Row,
    View,
    best_offers,
    offer_days,
    offers_sentence,
    reasons,
    row_of,
    view_of,
)
from booking.pages.reason_part import read_reason
from booking.pages.why_words import Why, why_of
from booking.persons import person_for
from booking.plans.round_offers import BestOffer, best_slots
from booking.question import form_of
from booking.sealing import key_of
from booking.words import many
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key

ADDRESS = "/demandes-de-pose/"
GIVING_BACK = "rendre-creneau"  # the form that says why
# The value is what the address of the page carries.
PARTS: dict[str, tuple[str, tuple[Stage, ...]]] = {
    "a-planifier": ("À planifier", OPEN),
    "planifiees": ("Planifiées", (Stage.BOOKED,)),
    "posees": ("Posées", (Stage.FITTED,)),
    "closes": ("Closes", (Stage.CLOSED,)),
}
FIRST_PART = "a-planifier"


class FittingsState(rx.State):
    """The list, and the part of it that the address names."""

    part: str = FIRST_PART
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    is_loaded: bool = False

    @allow(*FITTERS)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for."""
        watch(self)
        asked = self.router.url.query_parameters.get("etat", FIRST_PART)
        self.part = asked if asked in PARTS else FIRST_PART
        await self._fill()

    @allow(*FITTERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same part as it is now."""
        await self._fill()

    @allow(*FITTERS)
    @rx.event
    async def pick_part(self, part: str) -> EventSpec:
        """Show another part of the list."""
        return rx.redirect(list_address(str(part)))

    @allow(*FITTERS)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the list stays as it was."""
        return rx.redirect(list_address(self.part), replace=True)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - a request has no place yet
        """Show what somebody else planned or gave back."""
        await self._fill()

    async def _fill(self) -> None:
        at = now()
        terms, lines, count = await read(_listed, await current_actor(self), PARTS[self.part][1], now=at)
        self.rows = [row_of(line, terms, list_address(self.part, line.id), now=at) for line in lines]
        shown = f"{many(count, 'demande', 'demandes')}, la plus urgente d’abord"
        more = f" ; voici les {len(lines)} premières" if count > len(lines) else ""
        self.summary = f"{shown}{more}" if count else ""
        self.is_loaded = True


class FittingSheetState(rx.State):
    """The open request."""

    step: str = ""  # "", loading, shown, missing
    view: View = View()
    best: list[OfferButton] = []  # noqa: RUF012
    days: list[OfferDay] = []  # noqa: RUF012
    offers: str = ""
    reasons: list[str] = []  # noqa: RUF012
    said: str = ""
    tone: str = ""  # success, error
    why: Why = Why()  # the rule, when the last act was refused
    undo: str = ""  # give_back or take_back or reopen: what takes the last act back
    _request_id: UUID | None = None
    _teams: frozenset[int] = frozenset()
    _name: str = ""
    _address: str = ""

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return {"missing": "Demande introuvable", "loading": "Demande de pose"}.get(self.step, self.view.who)

    @allow(*FITTERS)
    @rx.event
    async def load(self) -> Any:
        """Open the request that the address names, if it names one; name and address are shown, which is logged."""
        asked = self.router.url.query_parameters.get("demande", "")
        self.said, self.tone, self.undo, self.why = "", "", "", Why()
        if not asked:
            self.step, self.view, self._request_id = "", View(), None
            return
        watch(self)
        self.step = "loading"
        yield
        try:
            self._request_id = _uuid(asked)
            actor = await current_actor(self)
            self._name, self._address = await act(_consult, actor, self._request_id, now=now())
            await self._read_again()
        except NotFound:
            self.step, self.view, self._request_id = "missing", View(), None

    @allow(*FITTERS)
    @rx.event
    async def take(self, resource_id: str, start: str) -> EventSpec:
        """Book the slot of a team."""
        await self._do(book_offer, "C’est réservé.", "give_back", *_offer(resource_id, start))
        return rx.set_focus("pose-reponse")

    @allow(*FITTERS)
    @rx.event
    async def give_back(self, form: dict[str, Any] | None = None) -> EventSpec:
        """Give the slot back, and say why."""
        act_ = partial(give_back, reason=read_reason(GIVING_BACK, form))
        await self._do(act_, "Le créneau est rendu : la demande attend à nouveau.", "take_back")
        return rx.set_focus("pose-reponse")

    @allow(*FITTERS)
    @rx.event
    async def close(self) -> EventSpec:
        """Close the request."""
        await self._do(close_request, "La demande est close.", "reopen")
        return rx.set_focus("pose-reponse")

    @allow(*FITTERS)
    @rx.event
    async def reopen(self) -> EventSpec:
        """Have the request wait again."""
        await self._do(reopen_request, "La demande est rouverte.", "")
        return rx.set_focus("pose-reponse")

    @allow(*FITTERS)
    @rx.event
    async def set_deadline(self, form: dict[str, Any]) -> EventSpec:
        """Set the last day that the decision gives."""
        typed = form_of(form).get("date_limite", "")
        try:
            last = date.fromisoformat(typed) if typed else None
        except ValueError:
            self.said, self.tone, self.undo, self.why = "Indiquez une date, ou rien.", "error", "", Why()
        else:
            await self._do(change_deadline, "La date limite est changée.", "", last)
        return rx.set_focus("pose-reponse")

    @allow(*FITTERS)
    @rx.event
    async def take_it_back(self) -> EventSpec:
        """Take the last act back."""
        undo = {"give_back": give_back, "take_back": take_back, "reopen": reopen_request}.get(self.undo)
        if undo is not None:
            await self._do(undo, "C’est annulé.", "")
        return rx.set_focus("pose-reponse")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Offer what is left when somebody else took a slot of these teams."""
        if self.step == "shown" and self._teams & resource_ids:
            await self._read_again()

    async def _do(self, action: Callable[..., Any], said: str, undo: str, *given: Any) -> None:
        if self._request_id is None:
            return
        try:
            await act(action, await current_actor(self), self._request_id, *given, now=now())
        except Refusal as refusal:
            self.said, self.tone, self.undo, self.why = why(refusal), "error", "", why_of(refusal)
        else:
            self.said, self.tone, self.undo, self.why = said, "success", undo, Why()
        await self._read_again()

    async def _read_again(self) -> None:
        if self._request_id is None:
            return
        at = now()
        line, terms, found, best = await read(_opened, await current_actor(self), self._request_id, now=at)
        self.view, self.step = view_of(line, terms, name=self._name, address=self._address, now=at), "shown"
        self.best, self.days, self.offers, self.reasons = [], [], "", []
        if found is not None:
            zone = ZoneInfo(line.time_zone)
            self.best, self.days = best_offers(found, best, zone=zone), offer_days(found, zone=zone)
            self.offers, self.reasons = offers_sentence(found), reasons(found)
            self._teams = frozenset(found.teams)


def list_address(part: str, request_id: object = "") -> str:
    """Return the address of the list with its part, and with the open sheet if there is one."""
    asked = {"etat": part if part in PARTS and part != FIRST_PART else "", "demande": str(request_id)}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def why(refusal: Refusal) -> str:
    """Return the sentence of a refusal, with that of fittings where there is one."""
    match refusal:
        case SlotUnfit():
            return next((words for code, words in UNFIT_WORDS.items() if code == refusal.facts["why"]), "")
        case AlreadyDecided():
            return "Quelqu’un d’autre en a décidé entre-temps : voici où en est la demande."
        case InvalidRequest(field="deadline_on"):
            return "Indiquez une date entre celle de l’ordonnance et un an après."
    return sentence(refusal)


def _listed(
    session: Session, actor: Actor, stages: tuple[Stage, ...], *, now: datetime
) -> tuple[FittingTerms, list[RequestLine], int]:
    _, terms = fitting_kind(session, actor)
    return terms, *fitting_requests(session, actor, stages=stages, now=now)


def _opened(
    session: Session, actor: Actor, request_id: UUID, *, now: datetime
) -> tuple[RequestLine, FittingTerms, Offers | None, tuple[BestOffer, ...]]:
    line = request_for(session, actor, request_id, now=now)
    found = offers_for(session, actor, line, now=now) if line.stage in OPEN else None
    best = best_slots(session, line, found, now=now) if found else ()
    return line, terms_of(session, line.kind_id), found, best


def _consult(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> tuple[str, str]:
    """Return the name and the address of who waits, and log that they were looked at."""
    line = request_for(session, actor, request_id, now=now)
    consulted(session, actor, subject="person", subject_id=line.person_id, reason="fitting", at=now)
    person = person_for(session, actor, line.person_id)
    sealed = session.get_one(FittingRequest, request_id).address_sealed
    person_key = key_of(session, House(secret_key()), line.person_id)
    name = f"{person.given_name} {person.family_name.upper()}".strip()
    return name, unseal(person_key, sealed) if person_key else ""


def _offer(resource_id: object, start: object) -> tuple[int, datetime]:
    """Return the offer that a button names. Raises: InvalidRequest for what no button sends."""
    try:
        number, at = int(str(resource_id)), datetime.fromisoformat(str(start))
    except ValueError as error:
        raise InvalidRequest("offer", "not-an-offer") from error
    if not 0 < number < 2**63 or at.tzinfo is None:
        raise InvalidRequest("offer", "not-an-offer")
    return number, at


def _uuid(asked: str) -> UUID:
    try:
        return UUID(asked)
    except ValueError as error:
        raise NotFound(request_id=asked[:40]) from error
