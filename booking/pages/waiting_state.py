"""What waits and what is offered, and what the buttons of the page do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor, Role
from availability.words import invalid_sentence
from booking.actions import undo_cancel
from booking.day import time_zone_of
from booking.pages import waiting_words as words
from booking.pages.waiting_words import HostRow, WaitCard
from booking.plans.kept import PLANNERS
from booking.question import form_of, text_of
from booking.waiting import accept, decline, set_deadline, undo_withdraw, withdraw
from booking.waiting_queries import Awaiting, ListedEntry, awaiting, entries_for, entry_for, kinds_waited_for
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.notice import NoticeState


class WaitingState(rx.State):
    """The cards, in order, and the question that is open in one of them."""

    cards: list[WaitCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    over: list[WaitCard] = []  # noqa: RUF012
    hosted: list[HostRow] = []  # noqa: RUF012
    kinds: list[tuple[str, str]] = []  # noqa: RUF012
    kind: str = ""
    sentence: str = ""
    host_sentence: str = ""
    more: str = ""
    asks: bool = False  # may put somebody on the list
    plans_beds: bool = False  # may give beds to many at once
    open_id: str = ""
    question: str = ""  # decline or deadline
    typed: dict[str, str] = {"on": "", "source": ""}  # noqa: RUF012
    problem: str = ""
    source_problem: str = ""
    is_loaded: bool = False
    _undo: tuple[str, str] = ("", "")  # what "Annuler" does, and to which

    @allow(*REQUESTERS, Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show who waits, and what is offered."""
        watch(self)
        self.kind = text_of(self.router.url.query_parameters.get("filtre", ""))[:60]
        await self._show()

    @allow(*REQUESTERS)
    @rx.event
    async def pick_kind(self, code: str) -> EventSpec:
        """Show those who wait for one kind only."""
        return rx.redirect(f"{words.LIST}?filtre={code}" if code in dict(self.kinds) else words.LIST)

    @allow(*REQUESTERS)
    @rx.event
    async def begin(self, entry_id: str, question: str) -> EventSpec | None:
        """Open a question in the card itself: why an offer is left, or another legal deadline."""
        found = next((one for one in self.cards if one.id == str(entry_id)), None)
        self.open_id = found.id if found else ""
        self.question, self.problem, self.source_problem = str(question) if found else "", "", ""
        if found is None:
            return None
        self.typed = {"on": found.deadline_on, "source": found.deadline_source}
        return rx.set_focus("motif" if self.question == "decline" else "echeance")

    @allow(*REQUESTERS)
    @rx.event
    async def leave(self) -> None:
        """Close the question without an answer."""
        self.open_id = self.question = self.problem = self.source_problem = ""

    @allow(*REQUESTERS)
    @rx.event
    async def accept_it(self, offer_id: str) -> EventSpec:
        """Take what is offered."""
        try:
            booking = await act(accept, await current_actor(self), _uuid(offer_id), now=clock.now())
        except Refusal as refusal:
            return await self._refused(refusal)
        link = ("Voir la réservation", f"/reservations/?reservation={booking.id}")
        return await self._say(words.answered_words(booking.state), link=link)

    @allow(*REQUESTERS)
    @rx.event
    async def decline_it(self, form: dict[str, Any]) -> EventSpec:
        """Leave what is offered to the next, saying why."""
        found = next((one for one in self.cards if one.id == self.open_id), None)
        reason = form_of(form).get("motif", "")
        if reason not in words.DECLINE_WORDS:
            self.problem = "Choisissez un motif dans la liste."
            return rx.set_focus("motif")
        try:
            offer_id = _uuid(found.offer_id if found else "")
            booking = await act(decline, await current_actor(self), offer_id, reason=reason, now=clock.now())
        except Refusal as refusal:
            return await self._refused(refusal)
        said = "La place est laissée au suivant. L’inscription garde son rang pour une autre."
        return await self._say(said, undo=("offer", str(booking.id)))

    @allow(*REQUESTERS)
    @rx.event
    async def withdraw_it(self, entry_id: str) -> EventSpec:
        """Take somebody off the list."""
        return await self._do(withdraw, entry_id, "L’inscription est retirée de la liste.", undo=("entry", entry_id))

    @allow(*REQUESTERS)
    @rx.event
    async def put_back(self, entry_id: str) -> EventSpec:
        """Put back somebody just withdrawn, at the same place."""
        return await self._do(undo_withdraw, entry_id, "L’inscription a retrouvé sa place.")

    @allow(*REQUESTERS)
    @rx.event
    async def save_deadline(self, form: dict[str, Any]) -> EventSpec:
        """Give an entry another legal deadline, or none; the list is sorted again."""
        typed = form_of(form)
        self.typed = {"on": typed.get("echeance", "")[:20], "source": typed.get("source", "")[:300]}
        actor, entry_id = await current_actor(self), self.open_id
        try:
            on = _day(self.typed["on"])
            await act(set_deadline, actor, _uuid(entry_id), on, self.typed["source"], now=clock.now())
        except InvalidRequest as refusal:
            is_source, said = refusal.field == "deadline_source", deadline_problem(refusal)
            self.problem, self.source_problem = ("", said) if is_source else (said, "")
            return rx.set_focus("source-echeance" if is_source else "echeance")
        except Refusal as refusal:
            return await self._refused(refusal)
        await self.leave()
        entry = await read(entry_for, actor, _uuid(entry_id), now=clock.now())
        shown = words.card(entry, now=clock.now()) if entry else None
        return await self._say(words.deadline_changed(f"{shown.rank}, {shown.rank_why}") if shown else "")

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take back the last act: an offer left, or somebody withdrawn."""
        (what, number), self._undo = self._undo, ("", "")
        if what == "entry":
            return await self._do(undo_withdraw, number, "L’inscription a retrouvé sa place.")
        if what == "new":
            return await self._do(withdraw, number, "L’inscription est retirée de la liste.")
        return await self._do(undo_cancel, number, "La place vous est proposée à nouveau.")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - an offer may be anywhere
        """Show what was just offered, taken or left."""
        if not self.question:  # what is being typed stays where it is
            await self._show()

    @not_an_event
    async def show_new(self, entry_id: UUID) -> EventSpec:
        """Show somebody just put on the list, and say at which place."""
        entry = await read(entry_for, await current_actor(self), entry_id, now=clock.now())
        if entry is None or entry.place is None:
            return await self._say("C’est fait.")
        asked_on = local_day(entry.created_at, ZoneInfo(await read(time_zone_of, await current_actor(self))))
        said = words.asked_words(entry.place, entry.deadline_on, asked_on)
        return await self._say(said, title="En liste d’attente", undo=("new", str(entry_id)), stays=True)

    async def _show(self) -> None:
        actor, now = await current_actor(self), clock.now()
        self.asks, self.plans_beds = actor.has(*REQUESTERS), actor.has(*PLANNERS["beds"])
        found, count, hosted, zone = await read(_shown, actor, now=now, kind=self.kind)
        cards = [words.card(one, now=now, here=zone) for one in found]
        self.cards = [one for one in cards if one.rank]
        self.over = [one for one in cards if not one.rank]
        self.kinds = kinds_waited_for(found) if not self.kind else self.kinds or kinds_waited_for(found)
        self.sentence = words.count_words(count, sum(1 for one in self.cards if one.offer_id))
        self.more = f"et {count - len(self.cards)} autres, après ceux-ci" if count > len(self.cards) else ""
        today = local_day(now, ZoneInfo(zone))
        self.hosted = [words.host_row(one, today, ZoneInfo(zone)) for one in hosted]
        self.host_sentence = words.host_words(len(hosted)) if actor.has(Role.PARTNER) else ""
        if self.open_id not in {one.id for one in self.cards}:
            self.open_id = self.question = self.problem = self.source_problem = ""
        self.is_loaded = True

    async def _do(
        self, action: Callable[..., object], number: str, said: str, *, undo: tuple[str, str] = ("", "")
    ) -> EventSpec:
        try:
            await act(action, await current_actor(self), _uuid(number), now=clock.now())
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._say(said, undo=undo)

    async def _say(
        self,
        text: str,
        *,
        title: str = "",
        undo: tuple[str, str] = ("", ""),
        link: tuple[str, str] = ("", ""),
        stays: bool = False,
    ) -> EventSpec:
        """Say what was done; `stays` when the address of the page changes with it."""
        self.open_id = self.question = self.problem = self.source_problem = ""
        self._undo = undo[0], str(undo[1])[:50]
        undo_label = "Annuler" if undo[0] else ""
        notice = await self.get_state(NoticeState)
        notice.show_success(text, title=title, undo_label=undo_label, link=link, on_next_page=stays)
        await self._show()
        return rx.set_focus("message")

    async def _refused(self, refusal: Refusal) -> EventSpec:
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        await self._show()
        return rx.set_focus("message")


def deadline_problem(refusal: InvalidRequest) -> str:
    """Return what is wrong with a legal deadline, and what to do."""
    if refusal.field == "deadline_source":
        return "Dites d’où vient cette échéance : un article, ou la décision et sa date."
    if refusal.problem == "out-of-range":
        return "Cette échéance est passée, ou à plus de dix ans : corrigez la date."
    return invalid_sentence(refusal)


def _shown(
    session: Session, actor: Actor, *, now: datetime, kind: str
) -> tuple[list[ListedEntry], int, list[Awaiting], str]:
    found, count = entries_for(session, actor, now=now, kind=kind) if actor.has(*REQUESTERS) else ([], 0)
    hosted = awaiting(session, actor) if actor.has(Role.PARTNER) else []
    return found, count, hosted, time_zone_of(session, actor)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise InvalidRequest("deadline_on", "unreadable") from error


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(entry_id=str(typed)[:50]) from error
