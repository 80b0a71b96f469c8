"""Openings minus what is taken, cut into slots. The function that lists is the one that confirms, and says why not.

Pure. A start is free when, and only when, `slots_in` lists it with a seat; `why_not` asks nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from availability.openings import DaysOff, local_day
from availability.periods import Period, merge

Span = tuple[datetime, datetime]  # the bounds of a period, in UTC
ALWAYS: Span = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
NEVER: Span = (ALWAYS[1], ALWAYS[1])
GREENWICH = ZoneInfo("UTC")
NO_DAY_OFF = DaysOff(ignores_holidays=True)


class WhyNot(StrEnum):
    """Why a wanted start is not free, in the order in which it is looked at."""

    PAST = "past"
    TOO_SOON = "too-soon"
    TOO_FAR = "too-far"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    RECESS = "recess"
    OUTSIDE_HOURS = "outside-hours"
    OFF_GRID = "off-grid"
    NO_SEAT = "no-seat"  # nobody is received then: the capacity is zero
    ABSENCE = "absence"
    HELD = "held"
    TAKEN = "taken"
    WRONG_PROFILE = "wrong-profile"


@dataclass(frozen=True)
class Grid:
    """How openings are cut. Starts are anchored to the start of the opening, not to now."""

    step: timedelta
    duration: timedelta
    buffer_after: timedelta = timedelta(0)  # kept free after each claim
    buffer_before: timedelta = timedelta(0)  # and before

    def __post_init__(self) -> None:
        if self.step <= timedelta(0) or self.duration <= timedelta(0):
            raise ValueError("a grid moves forward")
        if self.buffer_after < timedelta(0) or self.buffer_before < timedelta(0):
            raise ValueError("a grid moves forward")

    @property
    def gap(self) -> timedelta:
        """Return the least time between two claims on a seat: to leave the first, then to prepare the second."""
        return self.buffer_after + self.buffer_before


@dataclass(frozen=True, slots=True)
class Busy:
    """One seat taken for a while."""

    seat: int
    period: Period


@dataclass(frozen=True, slots=True)
class Slot:
    """A start of the grid, and the seats (1…capacity) free for its whole duration: none when it is taken."""

    period: Period
    seats: tuple[int, ...]
    taken: Slot | None = field(default=None, repr=False, compare=False)  # the same without its only seat, made once

    def __hash__(self) -> int:
        return hash(self.period.start)  # cheap: slots are looked up by the hundred thousand

    @property
    def is_free(self) -> bool:
        """Say whether at least one seat is left."""
        return bool(self.seats)


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """All that decides of the slots of one resource. Openings are sorted, disjoint, and closed days are not in them.

    Plain bounds, not periods: half of the time of a large agenda went into objects that live for one comparison.

    `taken` is by seat, from 1, each sorted and disjoint as PostgreSQL gives it; `booked` is what of it is no hold, for
    who wants to know. `capacities` say how many seats there are for what starts within a span, instead of `capacity`.
    """

    grid: Grid
    capacity: int
    openings: Sequence[Span]
    now: datetime
    taken: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    booked: Mapping[int, Sequence[Span]] | None = None
    absences: Sequence[Span] = ()  # of whoever receives, sorted and disjoint: no seat is left
    capacities: Sequence[tuple[Span, int]] = ()
    offered_from: datetime = ALWAYS[0]  # as the notice has it
    offered_until: datetime = ALWAYS[1]  # as the horizon has it, exclusive
    zone: ZoneInfo = GREENWICH
    days_off: DaysOff = NO_DAY_OFF


def slots_in(agenda: Agenda) -> list[Slot]:
    """Return every slot that is offered, taken ones included, sorted."""
    grid, capacity = agenda.grid, agenda.capacity
    cuts = (_untaken(start, end, grid.step, grid.duration, capacity) for start, end in agenda.openings)
    listed = list(chain.from_iterable(cuts))
    first = bisect_left(listed, max(agenda.now, agenda.offered_from), key=start_of)
    listed = listed[first : bisect_left(listed, agenda.offered_until, lo=first, key=start_of)]
    for span, capacity in agenda.capacities:
        _resize(listed, span, capacity)
    for seat, spans in sorted(agenda.taken.items()):  # those that no longer exist last: they count, whatever seat
        _take(listed, seat, spans, agenda.grid.gap)
    _take(listed, None, agenda.absences, timedelta(0))
    return listed


def why_not(start: datetime, agenda: Agenda, *, suits: bool = True) -> WhyNot | None:
    """Return why no claim can start then, or None when one can; `suits`: the resource is for this person."""
    if start < agenda.now:
        return WhyNot.PAST
    if start < agenda.offered_from:
        return WhyNot.TOO_SOON
    if start >= agenda.offered_until:
        return WhyNot.TOO_FAR
    slot = slot_at(start, agenda)
    if slot is None:
        return _why_unlisted(start, agenda)
    if not slot.is_free:
        return _why_full(slot, agenda)
    return None if suits else WhyNot.WRONG_PROFILE


def slot_at(start: datetime, agenda: Agenda) -> Slot | None:
    """Return the slot that starts then, as listed, maybe without a seat; None when none does."""
    listed = slots_in(agenda)
    number = bisect_left(listed, start, key=start_of)
    return listed[number] if number < len(listed) and listed[number].period.start == start else None


def seats_taken(busy: Iterable[Busy]) -> dict[int, list[Span]]:
    """Return what is taken, in any order, as an agenda holds it."""
    periods: dict[int, list[Period]] = defaultdict(list)
    for claim in busy:
        periods[claim.seat].append(claim.period)
    return {seat: [(period.start, period.end) for period in merge(claims)] for seat, claims in periods.items()}


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Return the same instants as a sorted, disjoint list; what only touches stays two.

    Openings that touch are those of two days: as one, their grid would depend on how many days are looked at.
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def start_of(slot: Slot) -> datetime:
    """Return when a slot starts: lists of slots are sorted by it."""
    return slot.period.start


def cut(opening: Period, grid: Grid) -> list[Period]:
    """Return the periods of `grid.duration` that start every `grid.step` and end within the opening."""
    starts = int((opening.end - opening.start - grid.duration) / grid.step) + 1
    firsts = (opening.start + number * grid.step for number in range(max(starts, 0)))
    return [Period(start, end) for start in firsts if (end := start + grid.duration) <= opening.end]


def _why_unlisted(start: datetime, agenda: Agenda) -> WhyNot:
    """An opening of the evening before may reach into a day off, so what is open is looked at first."""
    end = start + agenda.grid.duration
    if any(opens <= start and end <= closes for opens, closes in agenda.openings):
        return WhyNot.OFF_GRID
    off = agenda.days_off.why(local_day(start, agenda.zone))
    return WhyNot(off.value) if off else WhyNot.OUTSIDE_HOURS


def _why_full(slot: Slot, agenda: Agenda) -> WhyNot:
    """Say what keeps a slot from having a seat: no seat at all, nobody to receive, or somebody received."""
    start, end = slot.period.start, slot.period.end
    if not _is_free(start, replace(agenda, taken={}, absences=())):
        return WhyNot.NO_SEAT
    if any(begins < end and start < ends for begins, ends in agenda.absences):
        return WhyNot.ABSENCE
    is_held = agenda.booked is not None and _is_free(start, replace(agenda, taken=agenda.booked))
    return WhyNot.HELD if is_held else WhyNot.TAKEN


def _is_free(start: datetime, agenda: Agenda) -> bool:
    slot = slot_at(start, agenda)
    return slot is not None and slot.is_free


@lru_cache(maxsize=8192)
def _untaken(start: datetime, end: datetime, step: timedelta, duration: timedelta, capacity: int) -> tuple[Slot, ...]:
    # Hundreds of agents keep the same hours: what is cut for one of them is right for all, and nobody can change it.
    return tuple(_slot(period, capacity) for period in cut(Period(start, end), Grid(step, duration)))


def _slot(period: Period, capacity: int) -> Slot:
    return Slot(period, tuple(range(1, capacity + 1)), Slot(period, ()) if capacity == 1 else None)


def _resize(listed: list[Slot], span: Span, capacity: int) -> None:
    """Give the slots that start within a span as many seats as it says."""
    first, last = (bisect_left(listed, bound, key=start_of) for bound in span)
    listed[first:last] = [_slot(slot.period, capacity) for slot in listed[first:last]]


def _take(listed: list[Slot], seat: int | None, spans: Iterable[Span], gap: timedelta) -> None:
    """Take a seat (None: all of them) away from the slots that the spans, with the gap on either side, reach.

    Both are sorted, so one pass over the two is enough, however many spans there are.
    """
    reached = iter([(start - gap, end + gap) for start, end in spans] if gap else spans)
    start, end = next(reached, NEVER)
    for number, slot in enumerate(listed):
        period = slot.period
        while end <= period.start:
            start, end = next(reached, NEVER)
        if start < period.end:
            listed[number] = slot.taken or _without(slot, seat)


@lru_cache(maxsize=65536)
def _without(slot: Slot, seat: int | None) -> Slot:
    """Return the slot without a seat. One that it does not have is of a greater capacity: it counts all the same."""
    if seat is None:
        return Slot(slot.period, ())
    if seat not in slot.seats:
        return Slot(slot.period, slot.seats[:-1])
    return Slot(slot.period, tuple(other for other in slot.seats if other != seat))
