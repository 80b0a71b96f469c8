"""In which order people wait, who waits for the same, and the first days that would do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import cos, radians
from uuid import UUID

KM_PER_DEGREE = 111.2  # of latitude
Range = tuple[date, date]  # half-open


class Rank(StrEnum):
    """What gives an entry its place in the order."""

    DEADLINE = "deadline"
    DATE = "date"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What decides of the order of an entry, and whether another waits for the same.

    Without `point` it is anywhere; `reach_km` is how far from there. `[first_on, until_on)` are civil days.
    """

    id: UUID
    created_at: datetime
    deadline_on: date | None
    first_on: date
    until_on: date
    point: tuple[float, float] | None = None
    reach_km: float | None = None
    resource_id: int | None = None
    resource_ids: tuple[int, ...] = ()  # of an earlier date than that of an appointment
    kind_id: int = 0

    @property
    def places(self) -> set[int]:
        """Return the resources that it is for; none for a site or for anywhere."""
        return set(self.resource_ids) or ({self.resource_id} if self.resource_id is not None else set())

    @property
    def position(self) -> tuple[date, datetime, UUID]:
        """Return what the list is sorted on: the soonest legal deadline, then who came first."""
        return self.deadline_on or date.max, self.created_at, self.id


@dataclass(frozen=True)
class Place:
    """The place of an entry among those that wait for the same, from 1, and what gives it."""

    rank: int
    why: Rank


def in_order(entries: Iterable[Waiting]) -> list[Waiting]:
    """Return entries as they are served."""
    return sorted(entries, key=lambda one: one.position)


def places_of(wanted: Collection[UUID], entries: Iterable[Waiting]) -> dict[UUID, Place]:
    """Return the place of some entries: one more than those before them who could be served by the same thing."""
    ordered = in_order(entries)
    return {
        one.id: Place(
            1 + sum(meets(one, before) for before in ordered[:number]), Rank.DEADLINE if one.deadline_on else Rank.DATE
        )
        for number, one in enumerate(ordered)
        if one.id in wanted
    }


def meets(one: Waiting, other: Waiting) -> bool:
    """Say whether one thing could serve both."""
    if one.kind_id != other.kind_id or one.first_on >= other.until_on or other.first_on >= one.until_on:
        return False
    if one.places and other.places:
        return bool(one.places & other.places)
    if one.point is None or other.point is None or one.reach_km is None or other.reach_km is None:
        return True
    return _apart_km(one.point, other.point) <= one.reach_km + other.reach_km


def earliest(free: Iterable[Sequence[Range]], *, within: Range, days: int, start_until: date) -> date | None:
    """Return the first day from which `days` in a row are free on one of the beds, within the days wanted.

    `free` has the sorted free ranges of each bed; `start_until` is the last day on which it may begin.
    """
    starts = (
        begins
        for ranges in free
        for first, until in ranges
        for begins in [max(first, within[0])]
        if begins <= start_until and begins + timedelta(days=days) <= min(until, within[1])
    )
    return min(starts, default=None)


def _apart_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance on a flat map: enough to say whether two circles of tens of kilometres meet."""
    north = (one[0] - other[0]) * KM_PER_DEGREE
    east = (one[1] - other[1]) * KM_PER_DEGREE * cos(radians((one[0] + other[0]) / 2))
    return float((north**2 + east**2) ** 0.5)
