"""The grid of an establishment as displayed: bars of nights, headings, figures and the curve. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date

from availability.periods import days_between
from booking.establishment import NIGHTS_SHOWN, Bed, Choice, Establishment, Move, NightUse, Section, Stay
from booking.models import State
from booking.pages.booking_words import being_reserved, listed, open_address, whom
from booking.words import STATE_WORDS, many
from portal.ui.dates import LOCALE, NBSP, day, long_day, nights, plural

ADDRESS = "/etablissement/"
LONG = 10  # nights: a bar of which one may see the end without the beginning
LONGER = 62  # nights, when more are wanted than usual
# What stands in a bar besides its pattern: a colour alone says nothing.
BAR_WORDS = {State.HELD: "en cours", State.REQUESTED: "demandé"}


@dataclass(frozen=True)
class Column:
    """A night of the window."""

    number: str
    weekday: str
    spoken: str
    tone: str  # "", weekend, today


@dataclass(frozen=True)
class Month:
    """The nights of one month, above their columns."""

    name: str
    span: int


@dataclass(frozen=True)
class Bar:
    """Nights in a row on one bed: taken, free or closed. `may` says what of it may be dragged: nothing, bed, dates."""

    span: int
    tone: str  # free, closed, booked, held, requested, other
    label: str
    spoken: str
    href: str
    edges: str  # classes that say that the stay began before, or goes on after
    booking: str = ""
    may: str = ""
    from_on: str = ""
    until_on: str = ""
    kind: str = ""  # link, button, taken, or nothing on it


@dataclass(frozen=True)
class BedRow:
    """A bed and its bars, which fill the window."""

    unit_id: int
    name: str
    bars: list[Bar]


@dataclass(frozen=True)
class SectionRows:
    """A section and its beds."""

    resource_id: int
    name: str
    note: str
    beds: list[BedRow]


@dataclass(frozen=True)
class Figure:
    """The occupancy of one night."""

    text: str
    spoken: str
    tone: str  # full, or nothing


@dataclass(frozen=True)
class ChoiceRow:
    """An establishment to choose."""

    href: str
    name: str
    commune: str
    beds: str
    free: str


def columns(shown: Establishment) -> list[Column]:
    """Return the headings of the nights."""
    return columns_between(shown.first, shown.until, today=shown.today)


def columns_between(first: date, until: date, *, today: date) -> list[Column]:
    """Return the headings of the nights `[first, until)`."""
    return [_column(night, today) for night in days_between(first, until)]


def months(shown: Establishment) -> list[Month]:
    """Return the months that the window crosses; a name that has no room is left to the next one."""
    return months_between(shown.first, shown.until)


def months_between(first: date, until: date) -> list[Month]:
    """Return the months that the nights `[first, until)` cross."""
    by_month = groupby(days_between(first, until), key=lambda night: (night.year, night.month))
    spans = [(date(*month, 1), len(list(same))) for month, same in by_month]
    return [Month(format_date(month, "MMMM y" if span > 3 else "MMM", locale=LOCALE), span) for month, span in spans]


def section_rows(shown: Establishment) -> list[SectionRows]:
    """Return the beds by section, each with bars that fill the window."""
    return [
        SectionRows(
            resource_id=section.resource_id,
            name=section.name,
            note=many(len(section.beds), "lit", "lits") if section.beds else "aucun lit en service",
            beds=[
                BedRow(bed.unit_id, bed.name, list(bars(bed, section, shown.first, shown.until, shown.time_zone)))
                for bed in section.beds
            ],
        )
        for section in shown.sections
    ]


def bars(bed: Bed, section: Section, first: date, until: date, time_zone: str = "UTC") -> Iterator[Bar]:
    """Yield the bars of a bed from `first` to `until`, free and closed nights included."""
    at = first
    for stay in bed.stays:
        yield from _empty(section, at, stay.first)
        yield _stay(stay, ZoneInfo(time_zone))
        at = stay.until
    yield from _empty(section, at, until)


def figures(uses: Sequence[NightUse]) -> list[Figure]:
    """Return how many beds are taken, night by night."""
    return [
        Figure(
            text=str(use.taken),
            spoken=f"{day(use.night)}{NBSP}: {use.taken} sur {many(use.beds, 'lit', 'lits')}",
            tone="full" if use.beds and use.taken >= use.beds else "",
        )
        for use in uses
    ]


def curve(uses: Sequence[NightUse], *, closes: bool) -> str:
    """Return the SVG path of the occupancy, one unit a night, 0 at the top when full; closed as an area or not."""
    heights = [1 - use.taken / use.beds if use.beds else 1.0 for use in uses]
    steps = "".join(f" V{height:.4f} H{index + 1}" for index, height in enumerate(heights))
    if not heights:
        return ""
    return f"M0 1{steps} V1 Z" if closes else f"M0 {heights[0]:.4f}{steps}"


def curve_words(uses: Sequence[NightUse]) -> str:
    """Return the curve in a sentence, for whom does not see it."""
    if not uses:
        return ""
    least, most = min(uses, key=lambda use: use.taken), max(uses, key=lambda use: use.taken)
    lowest = many(least.taken, "lit occupé", "lits occupés")
    return (
        f"Courbe d’occupation{NBSP}: au moins {lowest}, le {day(least.night)}, "
        f"au plus {most.taken}, le {day(most.night)}. Les mêmes chiffres sont dans la ligne du dessus."
    )


def totals(shown: Establishment, uses: Sequence[NightUse]) -> list[str]:
    """Return the figures of the window in sentences: tonight, then over all."""
    said = []
    tonight = next((use for use in uses if use.night == shown.today), None)
    if tonight and tonight.beds:
        held = f", dont {tonight.held} en cours de réservation" if tonight.held else ""
        taken = many(tonight.taken, "lit occupé", "lits occupés")
        closed = shown.beds - tonight.beds
        shut = f" ({many(closed, 'autre est fermé', 'autres sont fermés')})" if closed > 0 else ""
        said.append(f"Cette nuit{NBSP}: {taken} sur {tonight.beds}{held}{shut}.")
    if possible := sum(use.beds for use in uses):
        rate = round(100 * sum(use.taken for use in uses) / possible)
        said.append(f"Sur ces {plural(len(uses), 'nuit')}{NBSP}: {rate}{NBSP}% d’occupation.")
    return said


def moves_words(moves: Iterable[Move], *, arrivals: bool) -> str:
    """Return who arrives, or who leaves, today."""
    wanted = [_move(move) for move in moves if move.is_arrival is arrivals]
    one, several = ("arrivée", "arrivées") if arrivals else ("départ", "départs")
    if not wanted:
        return f"Aucun{'e' if arrivals else ''} {one} aujourd’hui."
    return f"{many(len(wanted), one, several).capitalize()} aujourd’hui{NBSP}: {listed(wanted)}."


def period(shown: Establishment) -> str:
    """Return the window in words."""
    last = shown.until - timedelta(days=1)
    return f"Nuits du {long_day(shown.first)} au {long_day(last)}"


def address(site_id: int, first: date | None = None, nights: int = NIGHTS_SHOWN) -> str:
    """Return the address of an establishment, from a first night when given."""
    asked = {"id": site_id} | ({"du": first.isoformat()} if first else {})
    return f"{ADDRESS}?{urlencode(asked | ({'nuits': nights} if nights != NIGHTS_SHOWN else {}))}"


def span_words(nights: int) -> str:
    """Return how long a window is."""
    return "2 mois" if nights == LONGER else f"{nights // 7}{NBSP}semaines"


def choice_row(choice: Choice) -> ChoiceRow:
    """Return an establishment in the list."""
    free = many(choice.free_tonight, "lit libre cette nuit", "lits libres cette nuit") if choice.beds else "—"
    return ChoiceRow(
        href=address(choice.site_id),
        name=choice.name,
        commune=choice.commune,
        beds=many(choice.beds, "lit", "lits"),
        free=free,
    )


def _row(bed: Bed, section: Section, shown: Establishment) -> BedRow:
    return BedRow(bed.unit_id, bed.name, list(bars(bed, section, shown.first, shown.until, shown.time_zone)))


def _column(night: date, today: date) -> Column:
    tone = "today" if night == today else ("weekend" if night.weekday() >= 5 else "")
    spoken = f"nuit du {day(night)}" + (", cette nuit" if night == today else "")
    return Column(str(night.day), format_date(night, "EEEEEE", locale=LOCALE)[:2], spoken, tone)


def _empty(section: Section, first: date, until: date) -> Iterator[Bar]:
    by_use = groupby(days_between(first, until), key=section.is_closed)
    for is_closed, same in by_use:
        kept = list(same)
        leaves = kept[-1] + timedelta(days=1)
        tone, word = ("closed", "fermé") if is_closed else ("free", "libre")
        label = word if is_closed else ""
        yield Bar(len(kept), tone, label, f"{word}, {nights(kept[0], leaves)}", "", "")


def _stay(stay: Stay, zone: ZoneInfo) -> Bar:
    who = whom(stay.initials, stay.case_ref, None) if stay.booking_id else "occupé"
    if stay.booking_id and not (stay.initials or stay.case_ref):
        who = "en cours" if stay.state is State.HELD else "occupé"
    word = BAR_WORDS.get(stay.state, "")
    label = who if not word or who == word else f"{who} {word}"
    tone = {State.HELD: "held", State.REQUESTED: "requested"}.get(stay.state, "booked" if stay.booking_id else "other")
    marks = {
        " pj-stay--long": (stay.until - stay.first).days >= LONG,
        " pj-stay--before": stay.from_on < stay.first,
        " pj-stay--after": stay.until_on > stay.until,
    }
    edges = "".join(mark for mark, is_so in marks.items() if is_so)
    state = being_reserved(stay.held_until, zone) or f"place {STATE_WORDS[stay.state]}"
    spoken = f"{who}, {nights(stay.from_on, stay.until_on)}, {state}"
    href = open_address(stay.booking_id) if stay.may_open else ""
    return Bar(
        span=(stay.until - stay.first).days,
        tone=tone,
        label=label,
        spoken=spoken,
        href=href,
        edges=edges,
        booking=str(stay.booking_id) if stay.may_bed else "",
        may="dates" if stay.may_date else ("bed" if stay.may_bed else ""),
        from_on=stay.from_on.isoformat(),
        until_on=stay.until_on.isoformat(),
        kind="link" if href else ("button" if stay.may_bed else "taken"),
    )


def _move(move: Move) -> str:
    who = whom(move.initials, move.case_ref, None) if move.initials or move.case_ref else "une personne"
    where = ", ".join(part for part in (move.section, move.bed) if part)
    return f"{who} ({where})"
