"""The hearings of a lawyer, what they change of the dates that they took, and the days on which they are away."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.rights import Actor
from availability.sealing import House
from booking.calendar_models import CalendarLink
from booking.lawyer_away import add_away, away_of, remove_away
from booking.lawyer_calendar import give_lawyer_link, lawyer_link, renew_lawyer_link
from booking.lawyer_dates import dates_to_move_to, give_back, move_date, take_back
from booking.lawyer_hearings import LawyerHearing, hearings_past, hearings_to_come, note_reading
from booking.lawyer_models import LawyerAway
from booking.lawyers import LAWYERS, hearings_touched
from booking.natures import natures
from booking.pages.calendars_route import link_address
from booking.pages.lawyer_words import DateRow, HearingRow, date_row, hearing_row
from booking.pages.undoing import UndoingState
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.dates import day
from portal.ui.notice import NoticeState

MAINLAND = ZoneInfo("Europe/Paris")
MOST_MOVES = 24
FEED = "Adresse créée : copiez-la dans votre agenda."
NEW_FEED = "Nouvelle adresse : celle d’avant ne donne plus rien. Abonnez-vous de nouveau."


@dataclass(frozen=True)
class AwayRow:
    """Days on which the lawyer is away."""

    id: str
    words: str


@dataclass(frozen=True)
class _Read:
    """Everything that the page shows."""

    coming: list[LawyerHearing]
    past: list[LawyerHearing]
    known: dict[str, str]
    away: list[LawyerAway]
    link: CalendarLink | None


class LawyerHearingsState(UndoingState, rx.State):
    """The two lists, and what is open in the first."""

    coming: list[HearingRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    past: list[HearingRow] = []  # noqa: RUF012
    away: list[AwayRow] = []  # noqa: RUF012
    moving: str = ""
    possible: list[DateRow] = []  # noqa: RUF012
    filing: str = ""
    feed: str = ""
    first: str = ""
    last: str = ""
    away_error: str = ""
    is_last_wrong: bool = False  # of the two days, which one was refused
    turn: int = 0  # the form is drawn again
    focused: str = ""  # what the focus goes to, each time `focus_turn` grows
    focus_turn: int = 0
    is_loaded: bool = False

    @allow(*LAWYERS)
    @rx.event
    async def load(self) -> None:
        """Show the hearings, and note that they were read."""
        watch(self)
        self.moving = self.filing = self.away_error = ""
        self._undo = None
        actor = await current_actor(self)
        await act(note_reading, actor, now=now())
        await self._read_again()
        self.is_loaded = True

    @allow(*LAWYERS)
    @rx.event
    async def open_moving(self, booking_id: str) -> EventSpec | None:
        """Show the dates to which one may move."""
        row = next((one for one in self.coming if one.id == str(booking_id) and one.can_change), None)
        if row is None:
            return None
        self.filing, self.moving = "", row.id
        try:
            await self._show_possible()
        except Refusal as refusal:
            self.moving = ""
            return await self._refused(refusal)
        self._focus("deplacer-" + row.id)
        return None

    @allow(*LAWYERS)
    @rx.event
    async def move(self, hearing_id: str) -> EventSpec | None:
        """Move the date that is open to another one."""
        booking_id, chosen = self.moving, next((one for one in self.possible if one.id == str(hearing_id)), None)
        if not booking_id or chosen is None:
            return None
        try:
            await act(move_date, await current_actor(self), UUID(booking_id), int(chosen.id), now=now())
        except Refusal as refusal:
            with contextlib.suppress(Refusal):
                await self._show_possible()  # without the one that somebody else just took
            return await self._refused(refusal)
        self.moving, self._undo = "", None
        return await self._said(f"L’audience est déplacée : {chosen.when}.")

    @allow(*LAWYERS)
    @rx.event
    async def give_it_back(self, booking_id: str) -> EventSpec | None:
        """Give a date back; it can be taken back at once."""
        row = next((one for one in self.coming if one.id == str(booking_id) and one.can_change), None)
        if row is None:
            return None
        try:
            await act(give_back, await current_actor(self), UUID(row.id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo, self._undone = partial(take_back, booking_id=UUID(row.id)), "La date est à nouveau à vous."
        self.moving = self.filing = ""
        return await self._said("La date est rendue.", undo="Annuler")

    @allow(*LAWYERS)
    @rx.event
    async def open_filing(self, booking_id: str) -> None:
        """Show the summons of a date, and what joins it."""
        if not any(one.id == str(booking_id) and one.can_file for one in self.coming):
            return
        self.moving, self.filing = "", str(booking_id)
        self._focus("projet-" + self.filing)

    @allow(*LAWYERS)
    @rx.event
    async def close(self) -> None:
        """Close what is open of a date, and show what became of it."""
        was, self.moving, self.filing = self.moving or self.filing, "", ""
        await self._read_again()
        self._focus("audience-" + was)

    @allow(*LAWYERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take back the last act."""
        return await self._take_back()

    @allow(*LAWYERS)
    @rx.event
    async def add_days(self, form: dict[str, Any]) -> EventSpec:
        """Say on which days one is away."""
        self.first, self.last = (
            str(form.get("du", ""))[:10],
            str(form.get("au", ""))[:10] or str(form.get("du", ""))[:10],
        )
        today = now().astimezone(MAINLAND).date()
        try:
            first, last = _days(self.first, self.last)
            await act(add_away, await current_actor(self), first, last, today=today, now=now())
        except InvalidRequest as refusal:
            self.away_error, self.is_last_wrong = sentence(refusal), refusal.facts["field"] == "last"
            return rx.set_focus("au" if self.is_last_wrong else "du")
        self.first = self.last = self.away_error = ""
        self.turn += 1
        return await self._said("C’est noté : ces jours comptent dans tous les tribunaux.")

    @allow(*LAWYERS)
    @rx.event
    async def remove_days(self, away_id: str) -> EventSpec | None:
        """Take days of absence away; they can be put back at once."""
        if not any(one.id == str(away_id) for one in self.away):
            return None
        try:
            first, last = await act(remove_away, await current_actor(self), int(away_id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        today = now().astimezone(MAINLAND).date()
        self._undo = partial(add_away, first=first, last=last, today=min(today, last))
        self._undone = "Ces jours sont à nouveau notés."
        return await self._said("Ces jours ne comptent plus.", undo="Annuler")

    @allow(*LAWYERS)
    @rx.event
    async def subscribe(self) -> None:
        """Give the address that a calendar of elsewhere reads, or another one in its place."""
        action, said = (renew_lawyer_link, NEW_FEED) if self.feed else (give_lawyer_link, FEED)
        self.feed = link_address(await act(action, await current_actor(self), now=now()))
        (await self.get_state(NoticeState)).show_success(said)
        self._focus("adresse-agenda")

    async def _show_possible(self) -> None:
        found = await read(dates_to_move_to, await current_actor(self), UUID(self.moving), now=now())
        self.possible = [date_row(one) for one in sorted(found, key=lambda one: one.is_away)[:MOST_MOVES]]

    def _focus(self, field: str) -> None:
        self.focused, self.focus_turn = field, self.focus_turn + 1

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        if await read(hearings_touched, await current_actor(self), LAWYERS, resource_ids):
            await self._read_again()

    async def _read_again(self) -> None:
        at = now()
        found: _Read = await read(_read, await current_actor(self), at)
        self.coming = [_row(one, found.known, at) for one in found.coming]
        self.past = [_row(one, found.known, at) for one in found.past]
        self.away = [_away(one) for one in found.away]
        self.feed = link_address(found.link) if found.link else ""
        if not any(one.id == self.moving and one.can_change for one in self.coming):
            self.moving = ""  # the court ended or moved it meanwhile
        if not any(one.id == self.filing and one.can_file for one in self.coming):
            self.filing = ""


def _read(session: Session, actor: Actor, at: datetime) -> _Read:
    house, today = House(secret_key()), at.astimezone(MAINLAND).date()
    return _Read(
        coming=hearings_to_come(session, actor, house=house, now=at),
        past=hearings_past(session, actor, house=house, now=at),
        known=natures(session),
        away=away_of(session, actor, today=today),
        link=lawyer_link(session, actor),
    )


def _row(one: LawyerHearing, known: dict[str, str], at: datetime) -> HearingRow:
    return hearing_row(one, known=known, today=at.astimezone(one.zone).date(), now=at)


def _away(row: LawyerAway) -> AwayRow:
    first, until = row.days.lower, row.days.upper
    if first is None or until is None:
        raise NotFound(away_id=row.id)
    last = date.fromordinal(until.toordinal() - 1)
    words = day(first, year=True) if first == last else f"du {day(first, year=True)} au {day(last, year=True)}"
    return AwayRow(str(row.id), words)


def _days(first: str, last: str) -> tuple[date, date]:
    if not first:
        raise InvalidRequest("first", "required")
    return _day("first", first), _day("last", last)


def _day(name: str, typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest(name, "not-a-day") from error
