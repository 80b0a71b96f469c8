"""The services of a search by load, as a table: sorted on one column, shown a page at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from availability.gazetteer import normalise
from availability.search import Found
from booking.changes import load_of

PAGE = 40  # lines
COLUMNS = ("nom", "libres", "charge", "attente", "delai", "trajet", "age")
Key = Callable[[Found], object]


@dataclass(frozen=True)
class Part:
    """One page of a table."""

    rows: tuple[Found, ...]
    column: str  # on which it is sorted; empty: in the order of the search
    is_descending: bool
    page: int  # from 1
    pages: int
    total: int
    columns: tuple[str, ...]  # those in which something is known


def part_of(found: Sequence[Found], *, tri: str, page: str) -> Part:
    """Return the page asked for, the nearest when there is none such; what is not known comes last, either way."""
    column, is_descending = tri.removeprefix("-"), tri.startswith("-")
    if column not in COLUMNS:
        column, is_descending = "", False
    rows = _sorted(found, column, is_descending=is_descending) if column else list(found)
    pages = max(1, ceil(len(rows) / PAGE))
    wanted = int(page) if page.isascii() and page.isdecimal() and len(page) < 9 else 1
    number = min(max(wanted, 1), pages)
    shown = rows[(number - 1) * PAGE : number * PAGE]
    return Part(tuple(shown), column, is_descending, number, pages, len(rows), _told(found))


def next_sort(column: str, part: Part) -> str:
    """Return the order that a click on a heading gives: smallest first, then greatest first, then as found."""
    if part.column != column:
        return column
    return "" if part.is_descending else f"-{column}"


def _told(found: Sequence[Found]) -> tuple[str, ...]:
    """Return the columns worth showing: a kind that declares nothing has no column of declarations."""
    always = ("nom", "libres", "charge")
    return tuple(code for code in COLUMNS if code in always or any(_VALUES[code](one) for one in found))


def _sorted(found: Sequence[Found], column: str, *, is_descending: bool) -> list[Found]:
    known = [one for one in found if _VALUES[column](one) is not None]
    unknown = [one for one in found if _VALUES[column](one) is None]
    return sorted(known, key=_VALUES[column], reverse=is_descending) + unknown  # type: ignore[arg-type]


def _way(one: Found) -> float | None:
    return one.distance_km if one.travel_min is None else float(one.travel_min)


def _declared(one: Found) -> int | None:
    """Return a number that grows with the age of the declaration."""
    return None if one.declared_on is None else (date.max - one.declared_on).days


_VALUES: dict[str, Key] = {
    "nom": lambda one: normalise(f"{one.site_name} {one.name}"),
    "libres": lambda one: one.free,
    "charge": lambda one: load_of(one) if one.total else None,
    "attente": lambda one: one.declared_waiting,
    "delai": lambda one: one.delay_days,
    "trajet": _way,
    "age": _declared,
}
