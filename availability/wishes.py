"""What is looked for, what is found of it, and how many suit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from availability.errors import InvalidRequest
from availability.models import Kind

MAX_RADIUS_KM = 1000.0
Position = tuple[float | None, int]  # in a list: distance, resource


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is looked for. `[first, until)` are civil days; `bounds` is west, south, east, north."""

    kind: Kind
    first: date
    until: date
    near: tuple[float, float] | None = None  # lat, lon
    radius_km: float | None = None
    bounds: tuple[float, float, float, float] | None = None
    sex: str | None = None  # "F" or "M"
    age: int | None = None
    weekend: bool = False
    accessible: bool = False
    beyond: bool = False  # beyond the actor's own territories: a deliberate act, which the caller logs
    resource_ids: tuple[int, ...] | None = None
    site_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise InvalidRequest("to", "not-after-start", first=self.first, until=self.until)
        if self.radius_km is not None and not 0 < self.radius_km <= MAX_RADIUS_KM:
            raise InvalidRequest("radius_km", "out-of-range", least=0, most=MAX_RADIUS_KM)
        if self.near and not (-90 <= self.near[0] <= 90 and -180 <= self.near[1] <= 180):
            raise InvalidRequest("near", "not-on-earth")
        if self.sex not in (None, "F", "M"):
            raise InvalidRequest("sex", "unknown-choice")
        if self.age is not None and not 13 <= self.age <= 120:
            raise InvalidRequest("age", "out-of-range", least=13, most=120)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource, and what of it suits the wish. `mismatch` names the first attribute that does not."""

    resource_id: int
    name: str
    site_id: int
    site_name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    lat: float | None
    lon: float | None
    located_by: str
    distance_km: float | None
    attributes: dict[str, Any]
    declared_load: int
    declared_waiting: int
    declared_on: date | None
    total: int
    free: int
    held: int
    mismatch: str | None
    is_closed: bool

    @property
    def suits(self) -> bool:
        """Say whether it can be taken as wished."""
        return self.free > 0 and self.mismatch is None and not self.is_closed

    @property
    def state(self) -> str:
        """Name what to show: free, held (being reserved), full, closed, or other (wrong profile)."""
        if self.mismatch:
            return "other"
        if self.is_closed:
            return "closed"
        if self.free:
            return "free"
        return "held" if self.held else "full"


@dataclass(frozen=True)
class Tally:
    """The answer in a sentence: how many suit of how many, and why the others do not, in places."""

    free: int
    total: int
    why_not: tuple[tuple[str, int], ...]  # reason code, number of places; most frequent first


def tally(found: Iterable[Found]) -> Tally:
    """Count places, not resources: "12 lits libres sur 34", and why not the other 22."""
    free = total = 0
    why: Counter[str] = Counter()
    for one in found:
        total += one.total
        if one.suits:
            free += one.free
            why["held"] += one.held
            why["taken"] += max(one.total - one.free - one.held, 0)
        elif one.mismatch or one.is_closed:
            why[one.mismatch or "closed"] += one.total
        else:
            why["held"] += one.held
            why["taken"] += one.total - one.held
    return Tally(free, total, tuple((reason, count) for reason, count in why.most_common() if count))
