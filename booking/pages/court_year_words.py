"""What the year of a court says: twelve months of days, each with its sessions and how full it is."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from babel.dates import format_date

from availability.openings import Off
from booking.court_calendar import Chosen, DayOfYear
from booking.hearing_months import MOST_AHEAD
from booking.pages.hearing_templates_words import OFF_WORDS
from portal.ui.dates import LOCALE, NBSP, grouped, long_day, plural

YEARS = range(2000, 2101)
FILTERS = ("type", "chambre", "juge", "salle")
MOST_TYPED = 120


@dataclass(frozen=True)
class YearCell:
    """A day of a month; no text: a day of another month. `fill` is "60%"; empty: no session."""

    text: str
    count: str = ""
    fill: str = ""
    what: str = ""  # "open", "over", "off"
    mark: str = ""
    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class YearWeek:
    """Seven days from Monday."""

    cells: list[YearCell]


@dataclass(frozen=True)
class YearMonth:
    """A month, and what it holds."""

    id: str  # "1" to "12"
    label: str
    total: str
    weeks: list[YearWeek]
    open_href: str = ""  # where its sessions are opened; none: it is over, or too far


def months_of(days: Iterable[DayOfYear], year: int, asked: Mapping[str, str], *, today: date) -> list[YearMonth]:
    """Return the twelve months of a year; `asked` is what is looked at, kept in the address of each day."""
    said = {one.day: one for one in days}
    gaps = {month: (year - today.year) * 12 + month - today.month for month in range(1, 13)}
    return [_month(year, month, said, asked, may_open=0 <= gaps[month] <= MOST_AHEAD) for month in gaps]


def summary_of(days: Iterable[DayOfYear]) -> str:
    """Return what a year holds, in a sentence."""
    days = list(days)
    sessions, unstaffed = (sum(getattr(one, name) for one in days) for name in ("sessions", "unstaffed"))
    cases, most = (sum(getattr(one, name) for one in days) for name in ("cases", "max_cases"))
    if not sessions:
        return "Aucune audience."
    said = f"{plural(sessions, 'audience')}, {plural(cases, 'affaire fixée', 'affaires fixées')} sur {grouped(most)}"
    return f"{said}{NBSP}; {plural(unstaffed, 'audience')} sans juge ou sans salle." if unstaffed else f"{said}."


def chosen_by(asked: Mapping[str, str]) -> Chosen:
    """Return what an address chooses; what does not read chooses nothing."""
    numbers = {name: int(typed) if (typed := asked.get(name, "")).isdecimal() and typed.isascii() and len(typed) < 19
               else None for name in ("type", "juge", "salle")}  # fmt: skip
    chamber = asked.get("chambre", "")[:MOST_TYPED].replace("\0", "")
    return Chosen(kind_id=numbers["type"], chamber=chamber, judge_id=numbers["juge"], room_id=numbers["salle"])


def filters_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the filters that an address says, empty ones included."""
    return {name: parameters.get(name, "")[:MOST_TYPED] for name in FILTERS}


def address(page: str, asked: Mapping[str, str], **more: object) -> str:
    """Return the address of a page with what is looked at."""
    said = {name: typed for name, typed in {**more, **asked}.items() if typed}
    return f"/audiences/{page}/" + (f"?{urlencode(said)}" if said else "")


def read_year(typed: str, today: date) -> int:
    """Return the year that an address says, this one when it says none."""
    return (
        int(typed) if typed.isascii() and typed.isdecimal() and len(typed) == 4 and int(typed) in YEARS else today.year
    )


def month_name(year: int, month: int) -> str:
    """Return "Mars 2026"."""
    label = format_date(date(year, month, 1), "MMMM y", locale=LOCALE)
    return label[:1].upper() + label[1:]


def _month(
    year: int, month: int, said: Mapping[date, DayOfYear], asked: Mapping[str, str], *, may_open: bool
) -> YearMonth:
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    within = [one for day, one in said.items() if day.month == month]
    sessions, cases = sum(one.sessions for one in within), sum(one.cases for one in within)
    return YearMonth(
        str(month),
        month_name(year, month),
        f"{plural(sessions, 'audience')}, {plural(cases, 'affaire')}" if sessions else "aucune audience",
        [YearWeek([_cell(day, said.get(day), day.month == month, asked) for day in week]) for week in weeks],
        f"/audiences/ouvrir/?mois={year}-{month:02}" if may_open else "",
    )


def _cell(day: date, said: DayOfYear | None, is_within: bool, asked: Mapping[str, str]) -> YearCell:
    if not is_within:
        return YearCell("")
    monday = day - timedelta(days=day.weekday())
    href = address("semaine", asked, semaine=monday.isoformat(), jour=day.isoformat())
    if said is None:
        return YearCell(str(day.day), label=long_day(day), href=href)
    if not said.sessions:
        return YearCell(str(day.day), what="off", mark="×", label=f"{long_day(day)}{NBSP}: {_off(said)}", href=href)
    parts = [
        plural(said.sessions, "audience"),
        f"{plural(said.cases, 'affaire')} sur {grouped(said.max_cases)}",
        f"{plural(said.minutes, 'minute')} sur {grouped(said.max_minutes)}",
    ]
    parts += [f"{said.unstaffed} sans juge ou sans salle"] if said.unstaffed else []
    parts += [_off(said)] if said.off is not None else []
    return YearCell(
        str(day.day),
        str(said.sessions),
        f"{min(said.percent, 100)}%",
        "off open" if said.off is not None else "open",
        "×" if said.off is not None else "○" if said.unstaffed else "",
        f"{long_day(day)}{NBSP}: {', '.join(parts)}",
        href,
    )


def _off(said: DayOfYear) -> str:
    if said.off is Off.HOLIDAY and said.off_name:
        return f"jour férié ({said.off_name})"
    return OFF_WORDS[said.off] if said.off is not None else ""
