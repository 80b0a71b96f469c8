"""Openings minus what is taken, cut into slots. The function that lists is the one that confirms. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain

from availability.periods import Period, merge

Span = tuple[datetime, datetime]  # the bounds of a period, in UTC
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
NEVER: Span = (END_OF_TIME, END_OF_TIME)


@dataclass(frozen=True)
class Grid:
    """How openings are cut. Starts are anchored to the start of the opening, not to now."""

    step: timedelta
    duration: timedelta
    buffer: timedelta = timedelta(0)  # kept free after each claim

    def __post_init__(self) -> None:
        if self.step <= timedelta(0) or self.duration <= timedelta(0) or self.buffer < timedelta(0):
            raise ValueError("a grid moves forward")


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

    def __hash__(self) -> int:
        return hash(self.period.start)  # cheap: slots are looked up by the hundred thousand

    @property
    def is_free(self) -> bool:
        """Say whether at least one seat is left."""
        return bool(self.seats)


def slots(
    openings: Iterable[Period], busy: Sequence[Busy], *, grid: Grid, capacity: int, not_before: datetime
) -> list[Slot]:
    """Return every slot from `not_before` on, taken ones included, sorted.

    `openings` are disjoint; seats are numbered from 1.
    """
    periods: dict[int, list[Period]] = defaultdict(list)
    for claim in busy:
        periods[claim.seat].append(claim.period)
    taken = {seat: [(period.start, period.end) for period in merge(claims)] for seat, claims in periods.items()}
    return slots_around(openings, taken, grid=grid, capacity=capacity, not_before=not_before)


def slots_around(
    openings: Iterable[Period], taken: Mapping[int, Sequence[Span]], *, grid: Grid, capacity: int, not_before: datetime
) -> list[Slot]:
    """Return the same as `slots`, what is taken on each seat being sorted and disjoint already, as PostgreSQL gives it.

    Plain tuples of instants: half of the time of a large agenda went into objects that live for one comparison.
    """
    listed = list(chain.from_iterable(_untaken(opening, grid, capacity) for opening in sorted(openings)))
    listed = listed[bisect_left(listed, not_before, key=start_of) :]
    for seat, spans in taken.items():
        _take(listed, seat, spans, grid.buffer)
    return listed


def start_of(slot: Slot) -> datetime:
    """Return when a slot starts: lists of slots are sorted by it."""
    return slot.period.start


def cut(opening: Period, grid: Grid) -> list[Period]:
    """Return the periods of `grid.duration` that start every `grid.step` and end within the opening."""
    starts = int((opening.end - opening.start - grid.duration) / grid.step) + 1
    firsts = (opening.start + number * grid.step for number in range(max(starts, 0)))
    return [Period(start, end) for start in firsts if (end := start + grid.duration) <= opening.end]


@lru_cache(maxsize=8192)
def _untaken(opening: Period, grid: Grid, capacity: int) -> tuple[Slot, ...]:
    # Hundreds of agents keep the same hours: what is cut for one of them is right for all, and nobody can change it.
    seats = tuple(range(1, capacity + 1))
    return tuple(Slot(period, seats) for period in cut(opening, grid))


def _take(listed: list[Slot], seat: int, spans: Iterable[Span], buffer: timedelta) -> None:
    """Take a seat away from the slots that the spans, with the buffer on either side, reach.

    Both are sorted, so one pass over the two is enough, however many spans there are.
    """
    reached = iter([(start - buffer, end + buffer) for start, end in spans] if buffer else spans)
    start, end = next(reached, NEVER)
    for number, slot in enumerate(listed):
        period = slot.period
        while end <= period.start:
            start, end = next(reached, NEVER)
        if start < period.end:
            listed[number] = _without(slot, seat)


@lru_cache(maxsize=65536)
def _without(slot: Slot, seat: int) -> Slot:
    return Slot(slot.period, tuple(other for other in slot.seats if other != seat))
