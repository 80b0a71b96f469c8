"""Who comes today: one tap a person, taken back with another, and the sheet of a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from babel.dates import format_date
from reflex.event import EventSpec

from availability.errors import NotFound, Refusal
from availability.models import Shape
from availability.periods import days_between
from availability.rights import Role
from booking.attendance import each_done, forget_presence, note_presence
from booking.day import today_of
from booking.models import State
from booking.outcomes import note_as_host, undo_as_host
from booking.pages import presences_words as words
from booking.pages.presences_words import Group, SheetRow
from booking.presences import Expected, SheetLine, expected_in, expected_on
from booking.series_rules import HALF_AN_HOUR, MOST_DAY_MIN
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import LOCALE
from portal.ui.notice import NoticeState

OUTCOMES = {True: State.HONOURED, False: State.MISSED}
Undo = Callable[..., Any]


class PresencesState(rx.State):
    """The people of one day, and what was just noted of each."""

    groups: list[Group] = []  # noqa: RUF012 - Reflex copies the default for each client
    heading: str = ""
    day: str = ""
    summary: str = ""
    before: str = ""
    after: str = ""
    today: str = words.ADDRESS
    is_today: bool = True
    sheet_href: str = words.SHEET
    problem_id: str = ""  # the card of what was refused, and why
    problem: str = ""
    is_loaded: bool = False
    _expected: list[Expected] = []  # noqa: RUF012
    _minutes: dict[str, int] = {}  # noqa: RUF012 - set and not noted yet
    _undo: dict[str, Undo] = {}  # noqa: RUF012
    _undo_all: list[str] = []  # noqa: RUF012

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show the day that the address names, today otherwise."""
        watch(self)
        asked = self.router.url.query_parameters.get("jour", "")
        if asked != self.day or not self.is_loaded:
            self._minutes, self._undo = {}, {}
        self.problem_id = self.problem = ""
        await self._show(asked)

    @allow(Role.PARTNER)
    @rx.event
    async def pick_day(self, day: str) -> EventSpec:
        """Show another day."""
        today = await read(today_of, await current_actor(self), now=clock.now())
        return rx.redirect(words.address(words.read_day(str(day), today), today))

    @allow(Role.PARTNER)
    @rx.event
    async def came(self, booking_id: str) -> None:
        """Note that somebody came, for the hours that their card shows."""
        await self._note(booking_id, came=True)

    @allow(Role.PARTNER)
    @rx.event
    async def missed(self, booking_id: str) -> None:
        """Note that somebody did not come."""
        await self._note(booking_id, came=False)

    @allow(Role.PARTNER)
    @rx.event
    async def more(self, booking_id: str) -> None:
        """Add half an hour; what is noted already is corrected at once."""
        await self._step(booking_id, HALF_AN_HOUR)

    @allow(Role.PARTNER)
    @rx.event
    async def less(self, booking_id: str) -> None:
        """Take half an hour off."""
        await self._step(booking_id, -HALF_AN_HOUR)

    @allow(Role.PARTNER)
    @rx.event
    async def undo(self, booking_id: str) -> None:
        """Take back what was just noted of somebody."""
        undo = self._undo.pop(str(booking_id), None)
        if undo is not None:
            await self._do(str(booking_id), undo)

    @allow(Role.PARTNER)
    @rx.event
    async def all_came(self, group: str) -> None:
        """Note that all of a group came, but those of whom something is noted already."""
        left = [one for one in self._expected if one.shape == str(group) and one.shape is Shape.NIGHTS]
        left = [one for one in left if one.came is None and words.card_of(one, now=clock.now()).can_note]
        if not left:
            return
        notes: dict[UUID, Undo] = {one.booking_id: _came_too(one) for one in left}
        refused = await self._do_each(notes)
        done = [one for one in left if one.booking_id not in refused]
        self._undo_all = [str(one.booking_id) for one in done]
        for one in done:
            self._undo[str(one.booking_id)] = partial(forget_presence, booking_id=one.booking_id, day=one.day)
        said, undo = words.all_noted(len(done), refused.values()), "Annuler" if done else ""
        (await self.get_state(NoticeState)).show("warning" if refused else "success", said, undo_label=undo)
        await self._show(self.day)

    @allow(Role.PARTNER)
    @rx.event
    async def undo_all(self) -> None:
        """Take back what was noted of all at once."""
        undos = {UUID(one): undo for one in self._undo_all if (undo := self._undo.pop(one, None)) is not None}
        self._undo_all = []
        refused = await self._do_each(undos)
        self._undo |= {str(one): undos[one] for one in refused}  # its card still offers it
        said = words.all_undone(len(undos) - len(refused), list(refused.values()))
        (await self.get_state(NoticeState)).show("warning" if refused else "success", said)
        await self._show(self.day)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - somebody new may be anywhere
        """Show what a colleague has just noted, or who has just been given a place."""
        await self._show(self.day)

    async def _note(self, booking_id: str, *, came: bool) -> None:
        one = self._one(booking_id)
        if one.came is came:
            return
        minutes = words.minutes_of(one, self._minutes.get(str(booking_id))) if one.shape is Shape.PLACES and came else 0
        await self._write(one, came=came, minutes=minutes)

    async def _step(self, booking_id: str, minutes: int) -> None:
        one = self._one(booking_id)
        if one.shape is not Shape.PLACES:
            return
        wanted = words.minutes_of(one, self._minutes.get(str(booking_id))) + minutes
        wanted = min(max(wanted, HALF_AN_HOUR), MOST_DAY_MIN)
        if one.came:
            await self._write(one, came=True, minutes=wanted)
            return
        self._minutes[str(booking_id)] = wanted
        self._fill()

    async def _write(self, one: Expected, *, came: bool, minutes: int) -> None:
        key = str(one.booking_id)
        if one.shape is Shape.SLOTS:
            done: Undo = partial(note_as_host, booking_id=one.booking_id, outcome=OUTCOMES[came])
            undo: Undo = partial(undo_as_host, booking_id=one.booking_id)
        else:
            done = partial(note_presence, booking_id=one.booking_id, day=one.day, came=came, minutes=minutes)
            undo = _back_to(one)
        if await self._do(key, done):
            # Several taps on the hours are one entry to take back: the first one remembers what was there.
            if one.came != came or key not in self._undo:
                self._undo[key] = undo
            self._minutes.pop(key, None)
            self._fill()

    async def _do_each(self, acts: dict[UUID, Undo]) -> dict[UUID, tuple[str, str]]:
        """Do them all; return whom of those that were refused, and why."""
        known = {one.booking_id: words.whom(one) for one in self._expected}
        refused = await act(each_done, await current_actor(self), acts, now=clock.now())
        return {number: (known.get(number, ""), sentence(refusal)) for number, refusal in refused.items()}

    async def _do(self, key: str, action: Undo) -> bool:
        self.problem_id = self.problem = ""
        try:
            await act(action, await current_actor(self), now=clock.now())
        except Refusal as refusal:
            self.problem_id, self.problem = key, sentence(refusal)
        await self._show(self.day)
        return not self.problem

    async def _show(self, asked: str) -> None:
        now = clock.now()
        actor = await current_actor(self)
        today = await read(today_of, actor, now=now)
        day = words.read_day(asked, today)
        self._expected = await read(expected_on, actor, day)
        self.day, self.is_today = day.isoformat(), day == today
        self.heading = words.day_heading(day, today)
        self.before, self.after = (words.address(day + step * words.A_DAY, today) for step in (-1, 1))
        self.sheet_href = words.sheet_address(day)
        self._fill()
        self.is_loaded = True

    def _fill(self) -> None:
        self.groups = words.groups_of(self._expected, now=clock.now(), minutes=self._minutes, undoable=self._undo)
        self.summary = words.summary(self.groups)

    def _one(self, booking_id: str) -> Expected:
        found = next((one for one in self._expected if str(one.booking_id) == str(booking_id)), None)
        if found is None:
            raise NotFound(booking_id=str(booking_id)[:40])
        return found


class PresenceSheetState(rx.State):
    """The sheet of a month, to print."""

    month: str = ""
    typed: str = ""
    days: list[str] = []  # noqa: RUF012
    rows: list[SheetRow] = []  # noqa: RUF012
    before: str = ""
    after: str = ""
    host: str = ""
    is_loaded: bool = False

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show the month that the address names."""
        actor = await current_actor(self)
        today = await read(today_of, actor, now=clock.now())
        first = words.read_month(self.router.url.query_parameters.get("mois", ""), today)
        until = words.next_month(first)
        lines: list[SheetLine] = await read(expected_in, actor, first, until)
        days = list(days_between(first, until))
        self.month, self.typed = _month_words(first), first.isoformat()[:7]
        self.days = [str(one.day) for one in days]
        self.rows = [words.sheet_row(line, days) for line in lines]
        self.before, self.after = words.sheet_address(first - words.A_DAY), words.sheet_address(until)
        self.host, self.is_loaded = actor.name, True

    @allow(Role.PARTNER)
    @rx.event
    async def pick_month(self, month: str) -> EventSpec:
        """Show another month."""
        today = await read(today_of, await current_actor(self), now=clock.now())
        return rx.redirect(words.sheet_address(words.read_month(str(month), today)))


def _came_too(one: Expected) -> Undo:
    """Return what notes that somebody came, unless a colleague has just noted something else."""
    noted = {"booking_id": one.booking_id, "day": one.day, "revision": one.revision}
    return partial(note_presence, came=True, **noted)


def _back_to(one: Expected) -> Undo:
    """Return what puts an entry back as it was."""
    if one.came is None:
        return partial(forget_presence, booking_id=one.booking_id, day=one.day)
    return partial(note_presence, booking_id=one.booking_id, day=one.day, came=one.came, minutes=one.minutes)


def _month_words(first: date) -> str:
    return str(format_date(first, "MMMM y", locale=LOCALE))
