"""The appointments of one day: one key or one press each, the same for all, and what takes them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import CapacityReached, NotOpen, PeriodTaken, Refusal
from availability.rights import REQUESTERS, Actor
from booking.bulk import MOST, Bulk, Done, One, Seen, do_one, each_of, undo_one
from booking.day import time_zone_of, today_of
from booking.day_outcomes import Appointment, DayToNote, appointments_on, days_to_note
from booking.models import State
from booking.pages import day_outcomes_words as words
from booking.pages.booking_words import CONVENERS
from booking.pages.bulk_words import why
from booking.pages.day_outcomes_words import EVERYBODY, Around, Choice, LateDay, Row
from booking.pages.presences_words import day_heading, read_day
from booking.pages.reason_part import reason_for
from booking.question import text_of
from booking.reasons import EXCUSED_FOR, OTHER, UNSAID
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.ui.notice import NoticeState

GONE = "Sa place a été reprise entre-temps : convoquez la personne à nouveau."


class DayOutcomesState(rx.State):
    """The rows of a day, and what was just noted."""

    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    heading: str = ""
    summary: str = ""
    all_label: str = ""
    day: str = ""
    who: str = EVERYBODY
    receivers: list[Choice] = []  # noqa: RUF012
    before: str = ""
    after: str = ""
    today: str = words.ADDRESS
    is_today: bool = True
    nag: str = ""
    late: list[LateDay] = []  # noqa: RUF012
    reason: str = EXCUSED_FOR[0]  # of those excused next
    words: str = ""
    is_loaded: bool = False
    _found: list[Appointment] = []  # noqa: RUF012
    _late: list[DayToNote] = []  # noqa: RUF012
    _undo: dict[str, tuple[Bulk, Seen]] = {}  # noqa: RUF012
    _undo_all: list[str] = []  # noqa: RUF012
    _problems: dict[str, str] = {}  # noqa: RUF012
    _may_convene: bool = False
    _here: str = "Europe/Paris"

    @rx.var
    def is_other(self) -> bool:
        """Say whether the next excuses are for another reason, which may be said."""
        return self.reason == OTHER

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show the day that the address names, today otherwise."""
        watch(self)
        asked = self.router.url.query_parameters
        on, who = str(asked.get("jour", "")), str(asked.get("qui", "")) or EVERYBODY
        if not self.is_loaded or (on, who) != (self.day, self.who):
            self._undo, self._problems = {}, {}
        self.who = who if who.isdecimal() else EVERYBODY
        await self._show(on)

    @allow(*REQUESTERS)
    @rx.event
    async def pick_day(self, on: str) -> EventSpec:
        """Show another day."""
        today = await self._today()
        return rx.redirect(words.address(read_day(str(on), today), today, self.who))

    @allow(*REQUESTERS)
    @rx.event
    async def pick_who(self, who: str) -> EventSpec:
        """Show the appointments of one who receives, or of all."""
        today = await self._today()
        known = {one.value for one in self.receivers}
        return rx.redirect(words.address(read_day(self.day, today), today, str(who) if str(who) in known else ""))

    @allow(*REQUESTERS)
    @rx.event
    async def pick_reason(self, reason: str) -> None:
        """Choose for which reason the next ones are excused."""
        self.reason = str(reason) if str(reason) in EXCUSED_FOR else EXCUSED_FOR[0]

    @allow(*REQUESTERS)
    @rx.event
    async def set_words(self, typed: str) -> None:
        """Say more of another reason."""
        self.words = text_of(typed)

    @allow(*REQUESTERS)
    @rx.event
    async def answer(self, booking_id: str, letter: str) -> None:
        """Note what became of one, or take back what was just noted of it."""
        one = next((each for each in self._found if str(each.line.id) == str(booking_id)), None)
        if one is None:
            return
        if str(letter) == words.UNDO:
            await self._take_back(one)
        elif (bulk := words.LETTERS.get(str(letter))) and words.ANSWERS.get(one.line.state) != letter:
            await self._note(one, bulk)

    @allow(*REQUESTERS)
    @rx.event
    async def all_came(self) -> None:
        """Note that all those of whom nothing is noted came: one press, one undo."""
        now = clock.now()
        left = [_seen(one) for one in self._found if words.is_to_note(one, now)]
        if not left:
            return
        done = await _each(do_one, await current_actor(self), left)
        self._keep(Bulk.CAME, done)
        self._undo_all = [str(one.booking_id) for one in done if one.is_done]
        notice = await self.get_state(NoticeState)
        notice.show_success(words.noted_words(len(self._undo_all)), undo_label="Annuler")
        await self._show(self.day)

    @allow(*REQUESTERS)
    @rx.event
    async def undo_all(self) -> None:
        """Take back what was noted of all at once, but for what somebody changed since."""
        undone = [self._undo.pop(one)[1] for one in self._undo_all if self._undo.get(one, ("",))[0] is Bulk.CAME]
        self._undo_all = []
        done = await _each(undo_one, await current_actor(self), undone)
        self._problems |= {str(one.booking_id): why(one.refusal) for one in done if one.refusal}
        count = sum(one.is_done for one in done)
        (await self.get_state(NoticeState)).show_success(words.undone_words(count))
        await self._show(self.day)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - somebody new may be anywhere
        """Show what a colleague has just noted."""
        await self._show(self.day)

    async def _note(self, one: Appointment, bulk: Bulk) -> None:
        reason = reason_for(self.reason, self.words) if bulk is Bulk.EXCUSE else UNSAID
        was_excused = one.line.state is State.EXCUSED
        done = await self._do(one, partial(do_one, bulk=bulk, seen=_seen(one), reason=reason))
        if done is not None:
            self._keep(bulk, [done])
            if was_excused:  # what was taken back is excused again, not undone: its place was free meanwhile
                self._undo.pop(str(one.line.id), None)
        await self._show(self.day)

    async def _take_back(self, one: Appointment) -> None:
        kept = self._undo.pop(str(one.line.id), None)
        if kept is not None:
            await self._do(one, partial(undo_one, bulk=kept[0], seen=kept[1]))
            await self._show(self.day)

    async def _do(self, one: Appointment, action: Any) -> Done | None:
        key = str(one.line.id)
        self._problems.pop(key, None)
        try:
            done: Done = await act(action, await current_actor(self), now=clock.now())
        except (PeriodTaken, CapacityReached, NotOpen):
            self._problems[key] = GONE
        except Refusal as refusal:
            self._problems[key] = why(refusal)
        else:
            return done
        return None

    def _keep(self, bulk: Bulk, done: Sequence[Done]) -> None:
        for one in done:
            key = str(one.booking_id)
            if one.refusal is None:
                self._undo[key] = (bulk, Seen(one.booking_id, one.revision))
            else:
                self._problems[key] = why(one.refusal)

    async def _today(self) -> date:
        today: date = await read(today_of, await current_actor(self), now=clock.now())
        return today

    async def _show(self, asked: str) -> None:
        now, actor = clock.now(), await current_actor(self)
        today = await self._today()
        on = read_day(asked, today)
        everybody, self._late, self._here = await read(_day, actor, on, now=now)
        self._may_convene = actor.has(*CONVENERS)
        self.receivers = words.choices(everybody)
        self._found = [one for one in everybody if self.who in (EVERYBODY, str(one.line.resource_id))]
        self.day, self.is_today, self.heading = on.isoformat(), on == today, day_heading(on, today)
        self.before, self.after = (words.address(on + step * words.A_DAY, today, self.who) for step in (-1, 1))
        self.today = words.address(today, today, self.who)
        self.late = words.late_days(self._late, on, today, self.who)
        self.nag = words.nag(len(self.late))
        self._fill(now)
        self.is_loaded = True

    def _fill(self, now: datetime) -> None:
        around = Around(
            now=now,
            undoable=self._undo,
            problems=self._problems,
            may_convene=self._may_convene,
            here=self._here,
        )
        rows = words.rows_of(self._found, around)
        if rows != self.rows:  # one's own act comes back as a change: a hundred rows are not sent twice
            self.rows = rows
        self.summary = words.summary(self._found, now)
        left = sum(words.is_to_note(one, now) for one in self._found)
        self.all_label = words.all_label(left, any(row.answer for row in self.rows))


async def _each(one: One, actor: Actor, lines: Sequence[Seen]) -> list[Done]:
    """Return what became of each line: in one transaction, or several when they are too many for one."""
    done: list[Done] = []
    for first in range(0, len(lines), MOST):
        part = partial(each_of, one=one, bulk=Bulk.CAME, lines=lines[first : first + MOST])
        done += await act(part, actor, now=clock.now())
    return done


def _seen(one: Appointment) -> Seen:
    return Seen(one.line.id, one.line.revision)


def _day(session: Session, actor: Actor, on: date, *, now: datetime) -> tuple[list[Appointment], list[DayToNote], str]:
    found, late = appointments_on(session, actor, on, now=now), days_to_note(session, actor, now=now)
    return found, late, time_zone_of(session, actor)
