"""What is looked for, what is found of it, and how many suit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from availability.attributes import Attribute, AttributeType, asked, schema
from availability.doors import Work
from availability.errors import InvalidRequest
from availability.models import Kind, Shape

__all__ = ["MAX_RADIUS_KM", "Found", "Point", "Position", "Tally", "Wish", "Work", "tally"]

MAX_RADIUS_KM = 1000.0
MOST_TRAVEL_MIN = 24 * 60
Point = tuple[float, float]  # lat, lon
# In a list: does it not suit who it is for, its distance or travel time, its delay in days, the resource.
Position = tuple[bool, float | None, int | None, int]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is looked for. `[first, until)` are civil days; `bounds` is west, south, east, north.

    `attributes` are those that the kind is searched on, by code: see availability/attributes.py. `sex`, `age`,
    `weekend` and `accessible` are what a person's file says: they mean the attributes of those names, where the kind
    has them. Travel is between a site and where the person works, `near` otherwise: the longer of the way out and of
    the way back. `times` are those that a routing engine gave, in minutes by site, None when no road leads there; the
    others are estimated. `max_load` is load over capacity: 0.8 leaves out what is more than 80 % full.
    """

    kind: Kind
    first: date
    until: date
    near: Point | None = None
    radius_km: float | None = None
    bounds: tuple[float, float, float, float] | None = None
    sex: str | None = None  # "F" or "M"
    age: int | None = None
    weekend: bool = False
    accessible: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)
    work: Work | None = None
    max_travel_min: int | None = None
    max_delay_days: int | None = None  # before the first appointment
    max_load: float | None = None
    fresh: bool = False  # declared lately enough for the kind
    times: Mapping[int, int | None] = field(default_factory=dict)
    beyond: bool = False  # beyond the actor's own territories: a deliberate act, which the caller logs
    resource_ids: tuple[int, ...] | None = None
    site_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise InvalidRequest("to", "not-after-start", first=self.first, until=self.until)
        if self.near and not (-90 <= self.near[0] <= 90 and -180 <= self.near[1] <= 180):
            raise InvalidRequest("near", "not-on-earth")
        if self.sex not in (None, "F", "M"):
            raise InvalidRequest("sex", "unknown-choice")
        if self.radius_km is not None and not 0 < self.radius_km <= MAX_RADIUS_KM:
            raise InvalidRequest("radius_km", "out-of-range", least=0, most=MAX_RADIUS_KM)
        for name, least, most in (
            ("age", 13, 120),
            ("max_travel_min", 1, MOST_TRAVEL_MIN),
            ("max_delay_days", 0, 3660),
            ("max_load", 0, 10),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise InvalidRequest(name, "out-of-range", least=least, most=most)
        if self.max_travel_min is not None and self.origin is None:
            raise InvalidRequest("near", "required")
        if self.max_load is not None and self.kind.shape != Shape.PLACES:
            raise InvalidRequest("max_load", "no-such-filter")
        if self.max_delay_days is not None and not self.has_delay:
            raise InvalidRequest("max_delay_days", "no-such-filter")
        asked(self.schema, self.attributes)

    @cached_property
    def schema(self) -> tuple[Attribute, ...]:
        """Return what the kind is searched on, in order."""
        return schema(self.kind.searchable or {})

    @cached_property
    def asked(self) -> dict[str, Any]:
        """Return what is asked for, by attribute: what the person's file says where the kind has it, then the rest."""
        profile = {"sex": self.sex, "age": self.age, "weekend": self.weekend, "accessible": self.accessible}
        known = {one.code for one in self.schema}
        return asked(
            self.schema, {code: value for code, value in profile.items() if code in known} | {**self.attributes}
        )

    @cached_property
    def origin(self) -> Point | None:
        """Return where one travels from and back to."""
        return self.work.point if self.work else self.near

    @cached_property
    def doors(self) -> str | None:
        """Return the attribute that says when doors open, if hours of work are to be compared with it."""
        found = (one.code for one in self.schema if one.type is AttributeType.HOURS)
        return next(found, None) if self.work else None

    @cached_property
    def delay(self) -> str | None:
        """Return the attribute in which a service of this kind declares its delay, if there is one."""
        return next((one.code for one in self.schema if one.is_delay), None)

    @property
    def has_delay(self) -> bool:
        """Say whether a delay is known for this kind: declared, or that of its first slot or hearing."""
        return self.delay is not None or self.kind.shape in (Shape.SLOTS, Shape.SESSIONS)

    @property
    def by_travel(self) -> bool:
        """Say whether travel time decides of something, and so orders the list."""
        return self.origin is not None and bool(self.work or self.max_travel_min or self.times)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource, and what of it suits the wish. `mismatches` names everything about it that does not."""

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
    travel_min: int | None  # the longer of the way out and of the way back
    travel_is_estimate: bool
    attributes: dict[str, Any]
    declared_load: int
    declared_waiting: int
    declared_on: date | None
    delay_days: int | None  # before the first appointment, where it is known
    total: int
    free: int
    held: int
    mismatches: tuple[str, ...]
    is_closed: bool
    position: Position

    @property
    def mismatch(self) -> str | None:
        """Name the first thing that does not suit, under which its places are counted."""
        return self.mismatches[0] if self.mismatches else None

    @property
    def suits(self) -> bool:
        """Say whether it can be taken as wished."""
        return self.free > 0 and not self.mismatches and not self.is_closed

    @property
    def state(self) -> str:
        """Name what to show: free, held (being reserved), full, closed, or other (wrong profile)."""
        if self.mismatches:
            return "other"
        if self.is_closed:
            return "closed"
        if self.free:
            return "free"
        return "held" if self.held else "full"


@dataclass(frozen=True)
class Tally:
    """The answer in a sentence: how many suit of how many, and why the others do not, in places.

    `free` and the counts of `why_not` add up to `total`: a place counts under the first reason that it has.
    """

    free: int
    total: int
    why_not: tuple[tuple[str, int], ...]  # reason code, number of places; most frequent first


def tally(found: Iterable[Found]) -> Tally:
    """Count places, not resources: "12 lits libres sur 34", and why not the other 22."""
    free = total = 0
    why: Counter[str] = Counter()
    for one in found:
        total += one.total
        if one.mismatches or one.is_closed:
            why[one.mismatch or "closed"] += one.total
            continue
        left = one.total - one.free
        held = min(one.held, left)
        free += one.free
        why["held"] += held
        why["taken"] += left - held
    return Tally(free, total, tuple((reason, count) for reason, count in why.most_common() if count))
