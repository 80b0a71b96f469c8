"""The table of services in words: one line a resource, its headings, its pages. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from availability.models import Shape
from availability.search import Found, Wish
from booking.changes import load_of, taken_of
from booking.filters import Filters, Reading
from booking.pages.map_words import UNIT_WORDS, declared_words, distance, duration
from booking.services import Part, next_sort
from booking.words import SITE_STATE_WORDS, many
from portal.ui.dates import NBSP, grouped

HEADINGS = {
    "nom": "Service",
    "libres": "Libre",
    "charge": "Charge",
    "attente": "En attente",
    "delai": "Délai",
    "trajet": "Trajet",
    "age": "Déclaration",
}
SORT_WORDS = {"ascending": "trié du plus petit au plus grand", "descending": "trié du plus grand au plus petit"}


@dataclass(frozen=True)
class Row:
    """A resource. `load` is a bar: its width in per cent, and its words."""

    resource_id: str
    site_id: str
    name: str
    site: str
    state: str
    state_word: str
    free: str
    load: str
    load_width: str
    is_over: bool
    waiting: str
    delay: str
    way: str
    declared: str
    is_stale: bool


@dataclass(frozen=True)
class Heading:
    """A column: a link that sorts on it."""

    code: str
    label: str
    sort: str  # as the order is said to a screen reader: ascending, descending, none
    hint: str
    href: str


@dataclass(frozen=True)
class Table:
    """One page of the table."""

    rows: list[Row] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    caption: str = ""
    before: str = ""  # addresses of the pages around
    after: str = ""
    pages: str = ""


def table_of(part: Part, reading: Reading, today: date) -> Table:
    """Return one page of the table, with the addresses that sort it and turn it."""
    filters = reading.filters
    first = 1 + (part.page - 1) * len(part.rows) if part.page < part.pages else part.total - len(part.rows) + 1
    shown = f"{grouped(first)} à {grouped(first + len(part.rows) - 1)} sur {grouped(part.total)}"
    return Table(
        rows=[row(one, reading.wish, today) for one in part.rows],
        headings=[_heading(code, part, reading) for code in part.columns],
        columns=list(part.columns),
        caption=f"Services, {shown}" if part.total else "Services",
        before=_address(filters, page=part.page - 1) if part.page > 1 else "",
        after=_address(filters, page=part.page + 1) if part.page < part.pages else "",
        pages=f"Page {part.page} sur {part.pages}" if part.pages > 1 else "",
    )


def row(one: Found, wish: Wish, today: date) -> Row:
    """Return a resource as a line."""
    kind = wish.kind
    percent = round(100 * load_of(one))
    taken = taken_of(one)
    return Row(
        resource_id=str(one.resource_id),
        site_id=str(one.site_id),
        name=one.name,
        site=", ".join(part for part in (one.site_name, one.commune) if part),
        state=one.state,
        state_word=SITE_STATE_WORDS[one.state],
        free=grouped(one.free),
        load=f"{grouped(taken)} sur {grouped(one.total)} ({percent}{NBSP}%)" if one.total else "non déclarée",
        load_width=f"{min(percent, 100)}%",
        is_over=percent > 100,
        waiting=grouped(one.declared_waiting) if kind.shape == Shape.PLACES else "",
        delay="" if one.delay_days is None else many(one.delay_days, "jour", "jours"),
        way=_way(one),
        declared=declared_words(one.declared_on, today).removeprefix("déclaré "),
        is_stale=one.declared_on is not None and (today - one.declared_on).days > kind.fresh_days,
    )


def unit_of(kind_shape: str) -> str:
    """Return what is counted: "lits"."""
    return UNIT_WORDS[Shape(kind_shape)][1]


def _way(one: Found) -> str:
    if one.travel_min is None:
        return distance(one.distance_km).removeprefix("à ").removesuffix(" à vol d’oiseau")
    return f"{duration(one.travel_min)}{' (estimé)' if one.travel_is_estimate else ''}"


def _heading(code: str, part: Part, reading: Reading) -> Heading:
    sort = "none"
    if part.column == code:
        sort = "descending" if part.is_descending else "ascending"
    label = HEADINGS[code]
    if code == "libres":
        label = f"{unit_of(reading.wish.kind.shape).capitalize()} libres"
    href = _address(reading.filters, tri=next_sort(code, part))
    return Heading(code, label, sort, SORT_WORDS.get(sort, "trier"), href)


def _address(filters: Filters, *, tri: str | None = None, page: int = 1) -> str:
    kept = replace(filters, site="", page=str(page) if page > 1 else "", tri=filters.tri if tri is None else tri)
    return f"/carte/?{kept.to_query()}"
