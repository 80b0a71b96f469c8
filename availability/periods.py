"""Periods of time and their algebra. Half-open `[start, end)`: back to back is not an overlap. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, chain


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """Two instants, `start` before `end`; given in any zone, kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not (self.start.tzinfo is self.end.tzinfo is UTC):  # as most are, by the hundred thousand
            self._keep_in_utc()
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    def _keep_in_utc(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs aware instants")
        # Python compares and subtracts two wall times of one zone without their offsets: wrong when the hour changes.
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def overlaps(self, other: Period) -> bool:
        """Say whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Period) -> bool:
        """Say whether `other` lies wholly within."""
        return self.start <= other.start and other.end <= self.end


def merge(periods: Iterable[Period], *, touching: bool = True) -> list[Period]:
    """Return the same instants as a sorted, disjoint list in which nothing touches; unless `touching` ones stay two."""
    merged: list[Period] = []
    for period in sorted(periods):
        if merged and (period.start < merged[-1].end or (touching and period.start == merged[-1].end)):
            merged[-1] = Period(merged[-1].start, max(merged[-1].end, period.end))
        else:
            merged.append(period)
    return merged


def subtract(opening: Period, busy: Iterable[Period]) -> list[Period]:
    """Return what remains of `opening` once every `busy` period is removed.

    `busy` may be unsorted and may overlap itself. The result is sorted and disjoint.
    """
    remaining: list[Period] = []
    start = opening.start
    for taken in merge(busy):
        if not taken.overlaps(opening):
            continue
        if taken.start > start:
            remaining.append(Period(start, taken.start))
        start = max(start, taken.end)
    if start < opening.end:
        remaining.append(Period(start, opening.end))
    return remaining


def difference(periods: Iterable[Period], others: Iterable[Period]) -> list[Period]:
    """Return the instants of `periods` that none of `others` has, sorted and disjoint."""
    removed = list(others)
    return [left for period in merge(periods) for left in subtract(period, removed)]


def days_between(first: date, until: date) -> Iterator[date]:
    """Yield each civil day of `[first, until)`; as nights, the night that begins that evening."""
    for offset in range((until - first).days):
        yield first + timedelta(days=offset)


def peak(
    spans: Iterable[tuple[date, date | None]],
    first: date,
    until: date | None,
    *,
    weights: Iterable[tuple[date, date | None, int]] = (),
) -> int:
    """Return how many spans of civil days overlap at the busiest moment of `[first, until)`.

    A span is `[from, until)`; None is open-ended. Spans outside the window count for nothing. `weights` are spans
    that count for more than one, or for less than nothing: where a capacity is lowered by two for a while, it is as if
    two were there.
    """
    changes: dict[date, int] = defaultdict(int, {first: 0})
    for start, end, weight in chain(((start, end, 1) for start, end in spans), weights):
        if (end is not None and end <= first) or (until is not None and start >= until):
            continue
        changes[max(start, first)] += weight
        if end is not None and (until is None or end < until):
            changes[end] -= weight
    return max(accumulate(changes[day] for day in sorted(changes)))
