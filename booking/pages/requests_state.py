"""What waits for a partner's answer, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.models import Shape
from availability.rights import Actor, Role
from availability.words import invalid_sentence
from booking.actions import REFUSAL_REASONS, accept, refuse
from booking.errors import AlreadyDecided, HoldExpired
from booking.host_requests import may_undo, undo_answer
from booking.hosting import HostedRequest, answered_requests, free_starts, waiting_requests
from booking.models import Booking
from booking.pages.request_dates import dates_typed
from booking.pages.request_words import AnsweredLine, RequestCard, answered_line, card
from booking.pages.why_words import Why, why_of
from booking.proposals import propose, withdraw_proposal
from booking.question import form_of, text_of
from booking.words import REFUSAL_WORDS, many
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import moment
from portal.ui.notice import NoticeState

REASONS = [(reason, REFUSAL_WORDS[reason].capitalize()) for reason in REFUSAL_REASONS]
NO_HOUR = [("", "Choisir une heure libre")]
# The field of the form beside which each refusal stands.
FIELDS = {"from": "first", "to": "last", "start": "start"}


@dataclass(frozen=True)
class Typed:
    """The dates typed in a proposal, and what is wrong with them, beside the field named."""

    first: str = ""
    last: str = ""
    start: str = ""
    problem: str = ""
    field: str = ""


class RequestsState(rx.State):
    """The requests that wait, and the card in which an answer is being confirmed."""

    cards: list[RequestCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    answered: list[AnsweredLine] = []  # noqa: RUF012
    sentence: str = ""
    open_id: str = ""
    open_answer: str = ""  # accept, refuse or propose
    left_id: str = ""  # whose question was left without an answer: the focus goes back there
    problem: str = ""
    typed: Typed = Typed()
    hours: list[tuple[str, str]] = []  # noqa: RUF012 - free starts, for what has an hour
    why: Why = Why()  # the rule, when the last answer was refused
    is_loaded: bool = False

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show what waits and what was answered."""
        watch(self)
        await self._show()

    @allow(Role.PARTNER)
    @rx.event
    async def begin(self, booking_id: str, answer: str) -> None:
        """Ask, in the card itself, what the answer needs."""
        self.open_id, self.open_answer, self.left_id, self.problem = str(booking_id), str(answer), "", ""
        self.typed, self.hours = Typed(), []
        if self.open_answer == "propose" and any(one.is_timed for one in self.cards if one.id == self.open_id):
            found = await read(_hours, await current_actor(self), _uuid(self.open_id), now=clock.now())
            self.hours = NO_HOUR + found

    @allow(Role.PARTNER)
    @rx.event
    async def leave(self) -> None:
        """Close the question without an answer."""
        self.left_id = self.open_id
        self.open_id = self.open_answer = self.problem = ""

    @allow(Role.PARTNER)
    @rx.event
    async def accept_it(self, booking_id: str) -> EventSpec:
        """Accept a request; it can be taken back for ten minutes."""
        return await self._answer(accept, booking_id, lambda booking: f"{_name(booking)} est acceptée.")

    @allow(Role.PARTNER)
    @rx.event
    async def refuse_it(self, form: dict[str, str]) -> EventSpec:
        """Refuse a request, for the reason chosen."""
        reason = form_of(form).get("reason", "")
        if reason not in REFUSAL_WORDS:
            self.problem = "Choisissez un motif dans la liste."
            return rx.set_focus("reason")

        def words(booking: Booking) -> str:
            return f"{_name(booking)} est refusée ({REFUSAL_WORDS[reason]}). La place est libre."

        return await self._answer(refuse, self.open_id, words, reason=reason)

    @allow(Role.PARTNER)
    @rx.event
    async def propose_it(self, form: dict[str, str]) -> EventSpec:
        """Propose other dates; what was typed stays when it is refused."""
        given = {name: text_of(value) for name, value in form_of(form).items()}
        self.typed = Typed(given.get("first", ""), given.get("last", ""), given.get("start", ""))
        one = next((each for each in self.cards if each.id == self.open_id), None)
        try:
            if one is None:
                raise NotFound(booking_id=self.open_id[:40])
            wanted = dates_typed(self.typed, Shape(one.shape))
            await act(propose, await current_actor(self), _uuid(one.id), wanted, now=clock.now())
        except (NotFound, AlreadyDecided, HoldExpired) as refusal:
            await self._refused(refusal)
            return rx.set_focus("message")
        except Refusal as refusal:
            return self._beside(refusal, is_timed=one is not None and one.is_timed)
        await self._say("C’est proposé. Les deux dates sont gardées jusqu’à la réponse de qui demande.")
        return rx.set_focus("message")

    @allow(Role.PARTNER)
    @rx.event
    async def withdraw_it(self, booking_id: str) -> EventSpec:
        """Take back the dates proposed; the request waits as before."""
        return await self._answer(withdraw_proposal, booking_id, lambda _: "La proposition est retirée.")

    @allow(Role.PARTNER)
    @rx.event
    async def undo_it(self, booking_id: str) -> EventSpec:
        """Take back an answer of the last minutes."""
        return await self._answer(
            undo_answer, booking_id, lambda _: "Votre réponse est reprise\u00a0: la demande attend."
        )

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - a new request may be anywhere
        """Show a request that has just come, or gone."""
        await self._show()

    async def _answer(
        self, action: Callable[..., Booking], booking_id: str, words: Callable[[Booking], str], **more: Any
    ) -> EventSpec:
        try:
            booking = await act(action, await current_actor(self), _uuid(booking_id), now=clock.now(), **more)
        except Refusal as refusal:
            await self._refused(refusal)
        else:
            await self._say(words(booking))
        return rx.set_focus("message")

    def _beside(self, refusal: Refusal, *, is_timed: bool) -> EventSpec:
        """Say a refusal beside the field that it is about."""
        named = FIELDS.get(str(refusal.facts.get("field")), "start" if is_timed else "first")
        words = invalid_sentence(refusal) if isinstance(refusal, InvalidRequest) else sentence(refusal)
        self.typed = Typed(self.typed.first, self.typed.last, self.typed.start, words, named)
        return rx.set_focus(named)

    async def _show(self) -> None:
        now = clock.now()
        shown = await read(_shown, await current_actor(self), now=now)
        self.cards = [card(one, now=now) for one in shown.waiting]
        self.answered = [answered_line(one, can_undo=one.id in shown.undoable) for one in shown.answered]
        self.sentence = waiting_sentence(shown.waiting)
        if self.open_id not in {each.id for each in self.cards}:
            self.open_id = self.open_answer = self.problem = ""
        self.is_loaded = True

    async def _say(self, text: str) -> None:
        self.open_id = self.open_answer = self.problem = ""
        (await self.get_state(NoticeState)).show_success(text)
        self.why = Why()
        await self._show()

    async def _refused(self, refusal: Refusal) -> None:
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        self.why = why_of(refusal)
        await self._show()


@dataclass(frozen=True)
class _Shown:
    waiting: list[HostedRequest]
    answered: list[HostedRequest]
    undoable: frozenset[UUID]


def waiting_sentence(waiting: list[HostedRequest]) -> str:
    """Return "5 demandes attendent votre réponse, 1 attend celle de qui demande"."""
    answered = sum(one.other is not None for one in waiting)
    words = f"{many(len(waiting) - answered, 'demande attend', 'demandes attendent')} votre réponse"
    return f"{words}, {many(answered, 'attend', 'attendent')} celle de qui demande" if answered else words


def _shown(session: Session, actor: Actor, *, now: datetime) -> _Shown:
    answered = answered_requests(session, actor, now=now)
    undoable = frozenset(one.id for one in answered if may_undo(session, one.id, one.state, now=now))
    return _Shown(waiting_requests(session, actor, now=now), answered, undoable)


def _hours(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> list[tuple[str, str]]:
    zone, starts = free_starts(session, actor, booking_id, now=now)
    return [(start.isoformat(), moment(start, ZoneInfo(zone))) for start in starts]


def _name(booking: Booking) -> str:
    return f"La demande du dossier {booking.case_ref}" if booking.case_ref else "La demande"


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise InvalidRequest("booking_id", "not-a-number") from error
