"""The beds of an establishment, night by night, as a proposal would have them: drawn over who is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from availability.periods import days_between
from booking.pages.establishment_words import LONG, Bar, BedRow, SectionRows
from booking.pages.plans_acts import day_of
from booking.plans.beds import Ward
from booking.words import many
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Placement
from portal.ui.dates import nights

OCCUPIED = "occupé"
# What stands in a bar besides its colour and its pattern.
SAID = {"proposed": "proposé", "shifted": "réservé, peut changer de lit"}
MAY = {"proposed": "place", "shifted": "bed"}  # what may be dragged of it: see beds.jsx


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A proposal to draw on the nights `[first, until)`; `who` names people by item, or by booking."""

    ward: Ward
    plan: Plan
    who: Mapping[str, str]
    first: date
    until: date

    def sections(self, site_id: int, *, only_changed: bool = False) -> list[SectionRows]:
        """Return the beds of an establishment; `only_changed`: those where the proposal puts somebody."""
        there: dict[str, list[tuple[date, str]]] = {}
        for item, place in self.plan.placed.items():
            there.setdefault(place.room_id, []).append((place.first_on, item))
        changed = {
            place.room_id for item, place in self.plan.placed.items() if self.ward.in_force.placed.get(item) != place
        }
        beds = [
            (room, bed)
            for room, bed in self.ward.beds.items()
            if bed.site_id == site_id and (room in changed or not only_changed)
        ]
        rows = []
        for (resource_id, name), those in groupby(beds, key=lambda one: (one[1].resource_id, one[1].section)):
            kept = list(those)
            lines = [
                BedRow(bed.unit_id, bed.name, list(self._bars(room, sorted(there.get(room, ()))))) for room, bed in kept
            ]
            rows.append(SectionRows(resource_id, name, many(len(kept), "lit", "lits"), lines))
        return rows

    def _bars(self, room: str, there: Iterable[tuple[date, str]]) -> Iterator[Bar]:
        """Yield the bars of a bed, which fill the window."""
        closed, at = self.ward.problem.room_of[room].closed, self.first
        for first, item in there:
            until = first + timedelta(days=self.ward.problem.request_of[item].nights)
            if until > at and first < self.until:
                yield from _empty(closed, at, first)
                shown = max(first, at), min(until, self.until)
                yield self._bar(item, (first, until), shown)
                at = shown[1]
        yield from _empty(closed, at, self.until)

    def _bar(self, item: str, dates: tuple[date, date], shown: tuple[date, date]) -> Bar:
        tone, label = self._tone(item)
        marks = {
            " pj-stay--long": (shown[1] - shown[0]).days >= LONG,
            " pj-stay--before": dates[0] < shown[0],
            " pj-stay--after": dates[1] > shown[1],
        }
        may = MAY.get(tone, "")
        return Bar(
            span=(shown[1] - shown[0]).days,
            tone=tone,
            label=label,
            spoken=f"{label}, {nights(*dates)}, {SAID.get(tone, 'place réservée')}",
            href="",
            edges="".join(mark for mark, is_so in marks.items() if is_so),
            booking=item if may else "",
            may=may,
            from_on=dates[0].isoformat(),
            until_on=dates[1].isoformat(),
            kind="button" if may else "taken",
        )

    def _tone(self, item: str) -> tuple[str, str]:
        """Return how a stay is drawn, and what is written on it: proposed, free to change beds, or as it is."""
        line = self.ward.stays.get(item)
        if line is None:
            return "proposed", self.who.get(item, "en attente")
        label = self.who.get(str(line.booking_id), OCCUPIED)
        if line.may_move:
            return "shifted", label
        return "other" if label == OCCUPIED else "booked", label


def _empty(closed: Sequence[tuple[date, date]], first: date, until: date) -> Iterator[Bar]:
    if until <= first:
        return
    by_use = groupby(days_between(first, until), key=lambda night: any(a <= night < b for a, b in closed))
    for is_closed, same in by_use:
        kept = list(same)
        tone, word = ("closed", "fermé") if is_closed else ("free", "libre")
        spoken = f"{word}, {nights(kept[0], kept[-1] + timedelta(days=1))}"
        yield Bar(len(kept), tone, word if is_closed else "", spoken, "", "")


def houses(ward: Ward, plan: Plan) -> list[tuple[int, str, int]]:
    """Return the establishments with the number of people to whom the plan gives a bed there, the most first."""
    given = dict.fromkeys((bed.site_id for bed in ward.beds.values()), 0)
    for item, place in plan.placed.items():
        if item in ward.entries and place.room_id in ward.beds:
            given[ward.beds[place.room_id].site_id] += 1
    names = {bed.site_id: bed.site_name for bed in ward.beds.values()}
    ordered = sorted(given, key=lambda site: (-given[site], names[site], site))
    return [(site, f"{names[site]} ({given[site]})" if given[site] else names[site], given[site]) for site in ordered]


def place_of(text: str) -> Placement | None:
    """Return the place that a text of the page names: a bed and a first night; None when it names none."""
    room, _, first = text.partition("@")
    day = day_of(first)
    return Placement(room_id=room, first_on=day) if day else None


def place_id(placement: Placement) -> str:
    """Return a place as texts of the page name it."""
    return f"{placement.room_id}@{placement.first_on}"
