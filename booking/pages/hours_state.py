"""What the panel of opening hours holds: the usual week as typed, the closed days, what a change left outside."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.closings import MOST_REASON, Closed, ClosedDays, close_days, reopen_days
from availability.errors import InvalidRequest, Refusal
from availability.hours import HoursSet, rules_from, set_hours
from availability.openings import Rule, local_day
from availability.outside import Outside
from availability.rights import Actor
from booking.agenda import Appointment, Closing, closings_to_come, left_outside
from booking.pages import hours_words as words
from booking.pages.agenda_state import HOLDERS, UNDONE, AgendaState
from booking.pages.hours_words import ClosingRow, DayRow, OutsideRow
from booking.question import form_of, text_of
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import day, moment
from portal.ui.notice import NoticeState

A_DAY = timedelta(days=1)
ANSWER = "reponse-horaires"
NO_PROBLEM = {"from_on": "", "first": "", "last": "", "reason": ""}
DATE_WORDS = {
    "past": "Choisissez aujourd’hui ou un jour à venir.",
    "too-far": "C’est trop loin : un an au plus.",
    "not-after-start": "Le dernier jour ne peut pas être avant le premier.",
    "unreadable": "Cette date ne se lit pas : choisissez-la dans le calendrier.",
    "too-long": f"Le motif est trop long : {MOST_REASON} caractères au plus.",
}
FIELD_OF = {"until": "last"}


class HoursState(rx.State):
    """The form of the week, and the closed days to come."""

    is_open: bool = False
    rows: list[DayRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    version: int = 0  # the fields are made again when it grows: what stands in them is then what is shown
    from_on: str = ""
    later: str = ""
    wrong: str = ""
    focused: str = ""  # what takes the focus, each time `turn` grows
    turn: int = 0
    problems: dict[str, str] = NO_PROBLEM
    closings: list[ClosingRow] = []  # noqa: RUF012
    first: str = ""
    last: str = ""
    reason: str = ""
    said: str = ""
    tone: str = ""
    outside: list[OutsideRow] = []  # noqa: RUF012
    outside_words: str = ""
    can_undo: bool = False

    @allow(*HOLDERS)
    @rx.event
    async def open(self) -> None:
        """Show the hours of the agenda on the screen."""
        agenda = await self.get_state(AgendaState)
        if not agenda.may_set_hours or not agenda._resource_id:
            return
        self._forget()
        self.is_open = True
        await self._fill(agenda)

    @allow(*HOLDERS)
    @rx.event
    async def close(self) -> None:
        """Close the panel."""
        self.is_open = False
        self._forget()

    @allow(*HOLDERS)
    @rx.event
    async def save(self, form: dict[str, Any]) -> None:
        """Set the usual week from a day on; what was typed stays until it is right."""
        agenda, typed = await self.get_state(AgendaState), form_of(form)
        if not self.is_open:
            return
        self._clear()
        self.from_on = text_of(typed.get("from_on", ""))[:10]
        try:
            from_on = _date("from_on", self.from_on)
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
        week = words.read_week(typed, date.max if self.problems["from_on"] else from_on)
        self.rows = week.rows  # the fields stay, with what was typed in them: one of them takes the focus
        count = week.wrong + bool(self.problems["from_on"])
        if count:
            self.wrong = f"{many(count, 'champ est à corriger', 'champs sont à corriger')}."
            self.focused, self.turn = week.first_wrong or "from_on", self.turn + 1
            return
        actor, at = await current_actor(self), clock.now()
        try:
            done, found = await act(_set, actor, agenda._resource_id, week.rules, from_on, now=at)
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
            return
        except Refusal as refusal:
            self._answer(sentence(refusal), "error")
            return
        agenda._undo = partial(set_hours, resource_id=agenda._resource_id, rules=done.before, from_on=from_on)
        await self._done(agenda, f"Nouveaux horaires à partir du {day(from_on, year=True)}.", found, on=from_on)

    @allow(*HOLDERS)
    @rx.event
    async def close_some(self, form: dict[str, Any]) -> None:
        """Close some days; what was taken on them is listed."""
        agenda, typed = await self.get_state(AgendaState), form_of(form)
        if not self.is_open:
            return
        self._clear()
        self.first, self.last = (text_of(typed.get(name, ""))[:10] for name in ("first", "last"))
        self.reason = text_of(typed.get("reason", ""))
        actor, at = await current_actor(self), clock.now()
        try:
            first = _date("first", self.first)
            last = _date("last", self.last) if self.last else first
            days = ClosedDays(first, _after(last), self.reason)
            done, found = await act(_close, actor, agenda._resource_id, days, now=at)
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
            return
        except Refusal as refusal:
            self._answer(sentence(refusal), "error")
            return
        agenda._undo = partial(reopen_days, resource_id=agenda._resource_id, closure_id=done.closure_id)
        self.first = self.last = self.reason = ""
        self.version += 1
        await self._done(agenda, words.closed_words(days, is_closed=True), found)

    @allow(*HOLDERS)
    @rx.event
    async def reopen(self, closure_id: str) -> None:
        """Open closed days again."""
        agenda = await self.get_state(AgendaState)
        number = str(closure_id)
        if not self.is_open or not (number.isascii() and number.isdecimal() and len(number) <= 18):
            return
        self._clear()
        try:
            days = await act(reopen_days, await current_actor(self), agenda._resource_id, int(number), now=clock.now())
        except Refusal as refusal:
            self._answer(sentence(refusal), "error")
            return
        agenda._undo = partial(close_days, resource_id=agenda._resource_id, days=days) if days else None
        said = words.closed_words(days, is_closed=False) if days else "Rouvert."
        await self._done(agenda, said, [])

    @allow(*HOLDERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the change just made, and show the hours as they were."""
        agenda = await self.get_state(AgendaState)
        self._clear()
        failed = await agenda.undo_now()
        self._answer(failed or UNDONE, "error" if failed else "success")
        (await self.get_state(NoticeState)).show("", "")
        await self._fill(agenda)

    async def _done(self, agenda: AgendaState, said: str, found: list[Appointment], *, on: date | None = None) -> None:
        """Say what was done, here and above the agenda once this is closed; each has its undo."""
        self._answer(said, "success")
        self.can_undo = agenda._undo is not None
        zone = ZoneInfo(agenda.zone)
        self.outside = words.outside_rows(found, [moment(one.period.start, zone) for one in found])
        self.outside_words = words.outside_words(len(found)) if found else ""
        label = "Annuler" if agenda._undo else ""
        (await self.get_state(NoticeState)).show_success(said, undo_label=label)
        await agenda._read()
        await self._fill(agenda, on)

    async def _fill(self, agenda: AgendaState, on: date | None = None) -> None:
        """Show the hours as they are on a day, tomorrow unless it is said: what is saved applies from that day."""
        at = clock.now()
        on = on or local_day(at, ZoneInfo(agenda.zone)) + A_DAY
        rules, closings = await read(_hours, await current_actor(self), agenda._resource_id, on, now=at)
        self.rows, self.version, self.from_on = words.rows_of(rules, on), self.version + 1, on.isoformat()
        self.later, self.closings = words.later_words(rules, on), words.closing_rows(closings)

    def _answer(self, said: str, tone: str) -> None:
        """Say what became of an act, and bring it into sight: the form is longer than a screen."""
        self.said, self.tone = said, tone
        self.focused, self.turn = ANSWER, self.turn + 1

    def _say_wrong(self, refusal: InvalidRequest) -> None:
        name = FIELD_OF.get(refusal.field, refusal.field)
        if name in NO_PROBLEM:
            self.problems = {**self.problems, name: DATE_WORDS.get(refusal.problem, "Cette valeur ne convient pas.")}
        else:
            self._answer(sentence(refusal), "error")

    def _clear(self) -> None:
        self.problems, self.wrong, self.focused, self.said, self.tone = NO_PROBLEM, "", "", "", ""
        self.outside, self.outside_words, self.can_undo = [], "", False

    def _forget(self) -> None:
        self._clear()
        self.first = self.last = self.reason = ""


def _set(
    session: Session, actor: Actor, resource_id: int, rules: tuple[Rule, ...], from_on: date, *, now: datetime
) -> tuple[HoursSet, list[Appointment]]:
    # The form shows plain weeks: what is finer is not on it, and stands.
    finer = tuple(rule for rule in rules_from(session, resource_id, from_on) if rule.weekday is None)
    done = set_hours(session, actor, resource_id, rules + finer, from_on=from_on, now=now)
    return done, _left(session, actor, resource_id, done.outside, now)


def _close(
    session: Session, actor: Actor, resource_id: int, days: ClosedDays, *, now: datetime
) -> tuple[Closed, list[Appointment]]:
    done = close_days(session, actor, resource_id, days, now=now)
    return done, _left(session, actor, resource_id, done.outside, now)


def _left(
    session: Session, actor: Actor, resource_id: int, outside: tuple[Outside, ...], now: datetime
) -> list[Appointment]:
    return left_outside(session, actor, resource_id, outside, now=now)


def _hours(
    session: Session, actor: Actor, resource_id: int, day: date, *, now: datetime
) -> tuple[tuple[Rule, ...], list[Closing]]:
    closings = closings_to_come(session, actor, resource_id, now=now)  # refuses what is elsewhere
    return rules_from(session, resource_id, day), closings


def _date(name: str, typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest(name, "unreadable") from error


def _after(last: date) -> date:
    if last == date.max:
        raise InvalidRequest("last", "too-far")
    return last + A_DAY
