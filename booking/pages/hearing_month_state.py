"""The opening of a month: its address says which; what would open is tried again each time that a tick changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor
from availability.words import invalid_sentence
from booking.day import today_of
from booking.hearing_months import MOST_AHEAD, MonthOfLine, lines_of, made_of, next_in_force, open_month, shut_month
from booking.hearing_reach import month_after
from booking.hearing_templates import tried
from booking.pages.court_year_words import month_name
from booking.pages.hearing_month_words import MonthRow, later_words, opened_words, read_month, shut_words, told_of
from booking.plans.hearings import PLANNERS
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

ADDRESS = "/audiences/ouvrir/?mois={:%Y-%m}"


class HearingMonthState(rx.State):
    """A month, its templates, and what ticking some of them would open."""

    is_loaded: bool = False
    is_busy: bool = False  # what is shown is of the ticks before
    label: str = ""
    before: str = ""  # addresses of the months around; none: as far as one may go
    after: str = ""
    year_href: str = ""
    later: str = ""  # when no template is in force yet: from when one is
    later_label: str = ""
    later_href: str = ""
    rows: list[MonthRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    open_label: str = ""  # none: nothing to open
    can_shut: bool = False
    is_all: bool = True  # nothing is left out
    focused: str = ""
    turn: int = 0
    _month: date = date.min
    _left_out: list[int] = []  # noqa: RUF012
    _undo: Any = None

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show what the month that the address names would open, the next one when it names none."""
        today = await read(today_of, await current_actor(self), now=clock.now())
        month = read_month(self.router.url.query_parameters.get("mois", ""), today)
        first, last = _around(today)
        month = min(max(month, first), last)
        if month != self._month:
            self._month, self._left_out = month, []
        self.label = month_name(month.year, month.month)
        self.before = ADDRESS.format(_month_before(month)) if month > first else ""
        self.after = ADDRESS.format(month_after(month)) if month < last else ""
        self.year_href = f"/audiences/annee/?annee={month.year}&mois={month.month}"
        await self._show()
        await self._look_further(last)
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def tick(self, line_id: str, is_ticked: bool) -> AsyncIterator[None]:
        """Open a month for a template too, or leave it out."""
        if not (str(line_id).isascii() and str(line_id).isdecimal() and len(str(line_id)) < 19):
            return
        self._left_out = [one for one in self._left_out if one != int(line_id)]
        if not is_ticked:
            self._left_out.append(int(line_id))
        self._mark()
        yield
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def tick_all(self) -> AsyncIterator[None]:
        """Tick all of them, or none when all are."""
        self._left_out = [int(one.id) for one in self.rows] if self.is_all else []
        self._mark()
        yield
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def open(self) -> None:
        """Open the month for those that are ticked."""
        done = await self._do(partial(open_month, month_on=self._month, line_ids=self._ticked()))
        if done is None:
            return
        new = [one.line_id for one in done if one.is_new]
        self._undo = partial(shut_month, month_on=self._month, line_ids=new) if new else None
        made = made_of(done)
        title = plural(made, "audience ouverte", "audiences ouvertes") if made else "Rien de plus ne s’est ouvert"
        await self._said(opened_words(self.label, done), title=title)

    @allow(*PLANNERS)
    @rx.event
    async def shut(self) -> None:
        """Take the opening back, for those that are ticked."""
        done = await self._do(partial(shut_month, month_on=self._month, line_ids=self._ticked()))
        if done is None:
            return
        gone = [one.line_id for one in done]
        self._undo = partial(open_month, month_on=self._month, line_ids=gone) if gone else None
        await self._said(shut_words(self.label, done))

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> None:
        """Take the last act back."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        done = await self._do(undo)
        if done is not None:
            words = shut_words(self.label, done) if undo.func is shut_month else opened_words(self.label, done)
            (await self.get_state(NoticeState)).show_success(words, title="C’est annulé")
            self._focus("message")

    async def _do(self, do: Any) -> list[MonthOfLine] | None:
        actor = await current_actor(self)
        done: list[MonthOfLine] | None = None
        try:
            done = await act(_doing, actor, do)
        except Refusal as refusal:
            words = invalid_sentence(refusal) if isinstance(refusal, InvalidRequest) else sentence(refusal)
            (await self.get_state(NoticeState)).show_error(words)
            self._focus("message")
        await self._show()
        return done

    async def _said(self, words: str, *, title: str = "") -> None:
        label = "Annuler" if self._undo else ""
        notice = await self.get_state(NoticeState)
        notice.show_success(words, title=title, undo_label=label, link=("Voir l’année", self.year_href))
        self._focus("message")

    async def _show(self) -> None:
        actor = await current_actor(self)
        try:
            lines, would = await act(_shown, actor, self._month, self._left_out)
        finally:
            self.is_busy = False
        told = told_of(lines, would)
        self.rows, self.summary, self.open_label = told.rows, told.summary, told.open_label
        self.can_shut, self.is_all = told.can_shut, all(one.is_ticked for one in told.rows)

    async def _look_further(self, last: date) -> None:
        """When nothing is in force in the month, say from when something is, and where that opens."""
        self.later = self.later_label = self.later_href = ""
        found = None if self.rows else await read(next_in_force, await current_actor(self), self._month)
        if found is not None and found.replace(day=1) <= last:
            self.later = later_words(found)
            self.later_label = f"Ouvrir {month_name(found.year, found.month).lower()}"
            self.later_href = ADDRESS.format(found)

    @not_an_event
    def _mark(self) -> None:
        """Show the ticks at once; what they change is looked for meanwhile."""
        self.rows = [replace(one, is_ticked=int(one.id) not in self._left_out) for one in self.rows]
        self.is_all, self.is_busy = not self._left_out, True

    @not_an_event
    def _ticked(self) -> list[int]:
        return [int(one.id) for one in self.rows if one.is_ticked]

    @not_an_event
    def _focus(self, field: str) -> None:
        self.focused, self.turn = field, self.turn + 1


def _shown(
    session: Session, actor: Actor, month_on: date, left_out: list[int]
) -> tuple[list[MonthOfLine], list[MonthOfLine]]:
    """Return the templates of a month, and those that are not left out as the act would leave them: it is tried."""
    now = clock.now()
    lines = lines_of(session, actor, month_on, now=now)
    ticked = [one.line_id for one in lines if one.line_id not in left_out]
    return lines, tried(session, open_month, actor, month_on, ticked, now=now) if ticked else []


def _doing(session: Session, actor: Actor, do: Any) -> Any:
    return do(session, actor, now=clock.now())


def _around(today: date) -> tuple[date, date]:
    """Return the first and the last month that may be opened."""
    first = last = today.replace(day=1)
    for _ in range(MOST_AHEAD):
        last = month_after(last)
    return first, last


def _month_before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
