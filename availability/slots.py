"""Openings minus what is taken, cut into slots. The function that lists is the one that confirms. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from availability.periods import Period


@dataclass(frozen=True)
class Grid:
    """How openings are cut. Starts are anchored to the start of the opening, not to now."""

    step: timedelta
    duration: timedelta
    buffer: timedelta = timedelta(0)  # kept free after each claim

    def __post_init__(self) -> None:
        if self.step <= timedelta(0) or self.duration <= timedelta(0) or self.buffer < timedelta(0):
            raise ValueError("a grid moves forward")


@dataclass(frozen=True)
class Busy:
    """One seat taken for a while."""

    seat: int
    period: Period


@dataclass(frozen=True)
class Slot:
    """A start of the grid, and the seats (1…capacity) free for its whole duration: none when it is taken."""

    period: Period
    seats: tuple[int, ...]

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
    return [
        Slot(period, _free_seats(period, busy, grid.buffer, capacity))
        for opening in sorted(openings)
        for period in cut(opening, grid)
        if period.start >= not_before
    ]


def cut(opening: Period, grid: Grid) -> list[Period]:
    """Return the periods of `grid.duration` that start every `grid.step` and end within the opening."""
    starts = int((opening.end - opening.start - grid.duration) / grid.step) + 1
    firsts = (opening.start + number * grid.step for number in range(max(starts, 0)))
    return [Period(start, end) for start in firsts if (end := start + grid.duration) <= opening.end]


def _free_seats(wanted: Period, busy: Sequence[Busy], buffer: timedelta, capacity: int) -> tuple[int, ...]:
    """Seats whose claims, with the buffer on either side, leave the wanted period alone."""
    around = Period(wanted.start - buffer, wanted.end + buffer)
    taken = {claim.seat for claim in busy if claim.period.overlaps(around)}
    return tuple(seat for seat in range(1, capacity + 1) if seat not in taken)
