"""The dates of a court as months: which days have room, which are full. Pure."""

from __future__ import annotations

from calendar import monthcalendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from booking.lawyer_looking import DayOfDates
from booking.pages.hours_words import capital
from portal.ui.dates import LOCALE, long_day, plural

ROOM, FULL, NONE = "room", "full", "none"


@dataclass(frozen=True)
class DayCell:
    """A day of the calendar. Without `number` it belongs to another month; without `id` nothing is there to choose."""

    id: str = ""
    number: str = ""
    what: str = NONE
    mark: str = ""  # how many dates have room; a cross when none has
    label: str = ""


@dataclass(frozen=True)
class DayWeek:
    """A week of a month, from Monday on."""

    cells: list[DayCell]


@dataclass(frozen=True)
class DayMonth:
    """A month of the calendar."""

    id: str
    label: str
    total: str
    weeks: list[DayWeek]


def grid_of(days: Sequence[DayOfDates]) -> list[DayMonth]:
    """Return the months from the first day to the last, those without any between them included; `days` is sorted."""
    by_day = {one.day: one for one in days}
    return [_month(first, by_day) for first in _months(days[0].day, days[-1].day)] if days else []


def day_label(on: date, open_count: int, full_count: int) -> str:
    """Return "Mardi 24 novembre 2026 : 2 dates avec de la place, 1 audience complète"."""
    said = [f"{plural(open_count, 'date')} avec de la place"] if open_count else []
    said += [plural(full_count, "audience complète", "audiences complètes")] if full_count else []
    return f"{capital(long_day(on))} : {', '.join(said)}"


def _months(first: date, last: date) -> Iterator[date]:
    at = first.replace(day=1)
    while at <= last:
        yield at
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)


def _month(first: date, by_day: Mapping[date, DayOfDates]) -> DayMonth:
    weeks = [
        DayWeek([_cell(first.replace(day=number), by_day) if number else DayCell() for number in week])
        for week in monthcalendar(first.year, first.month)
    ]
    count = sum(one.open for one in by_day.values() if one.day.replace(day=1) == first)
    return DayMonth(
        id=first.isoformat(),
        label=capital(format_date(first, "MMMM y", locale=LOCALE)),
        total=plural(count, "date") if count else "aucune date",
        weeks=weeks,
    )


def _cell(on: date, by_day: Mapping[date, DayOfDates]) -> DayCell:
    found = by_day.get(on)
    if found is None:
        return DayCell(number=str(on.day))
    return DayCell(
        id=on.isoformat(),
        number=str(on.day),
        what=ROOM if found.open else FULL,
        mark=str(found.open) if found.open else "×",
        label=day_label(on, found.open, found.full),
    )
