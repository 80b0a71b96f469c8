"""The year of a court: its address says which, and what of it is looked at."""

from __future__ import annotations

from datetime import date

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.rights import Actor
from booking.court_calendar import DayOfYear, Staff, chambers_of, staff_of, year_of
from booking.day import today_of
from booking.pages.court_year_words import (
    FILTERS,
    MOST_TYPED,
    YearMonth,
    address,
    chosen_by,
    filters_of,
    months_of,
    read_year,
    summary_of,
)
from booking.plans.hearings import PLANNERS, plannable_kinds
from portal.clock import now
from portal.database import read
from portal.policy import allow, current_actor

NO_FILTER = dict.fromkeys(FILTERS, "")


class CourtYearState(rx.State):
    """Twelve months, and what may be chosen of them."""

    is_loaded: bool = False
    year: str = ""
    before: str = ""
    after: str = ""
    week_href: str = ""
    summary: str = ""
    asked: dict[str, str] = NO_FILTER
    is_filtered: bool = False
    months: list[YearMonth] = []  # noqa: RUF012 - Reflex copies the default for each client
    month: str = "1"  # the one that a phone shows
    kinds: list[tuple[str, str]] = []  # noqa: RUF012
    chambers: list[tuple[str, str]] = []  # noqa: RUF012
    judges: list[tuple[str, str]] = []  # noqa: RUF012
    rooms: list[tuple[str, str]] = []  # noqa: RUF012

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show the year that the address names, this one when it names none."""
        parameters, actor = self.router.url.query_parameters, await current_actor(self)
        today = await read(today_of, actor, now=now())
        year, asked = read_year(parameters.get("annee", ""), today), filters_of(parameters)
        days, staff, chambers, kinds = await read(_everything, actor, year, asked)
        self.year, self.asked, self.is_filtered = str(year), asked, any(asked.values())
        self.months, self.summary = months_of(days, year, asked, today=today), summary_of(days)
        self.kinds = kinds
        self.chambers = [(name, name) for name in chambers]
        self.judges = [(str(one), staff.names[one]) for one in staff.judges]
        self.rooms = [(str(one), staff.names[one]) for one in staff.rooms]
        self.before, self.after = (address("annee", asked, annee=year + step) for step in (-1, 1))
        self.week_href = address("semaine", asked)
        typed = parameters.get("mois", "")
        usual = str(today.month) if year == today.year else "1"
        self.month = typed if typed in {one.id for one in self.months} else usual
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def pick(self, name: str, value: str) -> EventSpec | None:
        """Look at a part of the year."""
        if str(name) not in FILTERS:
            return None
        asked = {**self.asked, str(name): str(value)[:MOST_TYPED]}
        return rx.redirect(address("annee", asked, annee=self.year, mois=self.month))

    @allow(*PLANNERS)
    @rx.event
    async def turn(self, step: int) -> EventSpec | None:
        """Show another month, on a phone; past the year, that of another one."""
        wanted = int(self.month) + (1 if int(step) > 0 else -1)
        if 1 <= wanted <= 12:
            self.month = str(wanted)
            return None
        year, month = (int(self.year) + 1, 1) if wanted > 12 else (int(self.year) - 1, 12)
        return rx.redirect(address("annee", self.asked, annee=year, mois=month))


def _everything(
    session: Session, actor: Actor, year: int, asked: dict[str, str]
) -> tuple[list[DayOfYear], Staff, list[str], list[tuple[str, str]]]:
    days = year_of(session, actor, year, chosen_by(asked), now=now())
    first, until = date(year, 1, 1), date(year + 1, 1, 1)
    kinds = [(str(kind.id), kind.label) for kind in plannable_kinds(session, actor)]
    return days, staff_of(session, actor), chambers_of(session, actor, first, until), kinds
