"""What is to be shared out: measures, and the professionals who may have them. Frozen and pure.

A load is counted in one unit for the whole problem: measures, points, or minutes. Distances are whole metres.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from math import isfinite

from availability.places import distance_km
from optimizer.shares.fit import suiting

THOUSAND = 1000  # a relative load is counted in thousandths of the declared capacity
# Costs are added up in 64 bits.
MOST = {"priority": 1_000, "euro_m": 1_000, "price_euros": 100_000, "day_m": 400_000, "delay_days": 2_000}
MOST_LOAD = 1_000_000  # in minutes, ten years of work
FARTHEST_M = 20_040_000  # half a turn of the Earth


class Balance(StrEnum):
    """What is compared between professionals: "the one who has most has as little as possible"."""

    RELATIVE = "relative"  # their load in thousandths of their capacity: fair to who works half time
    ABSOLUTE = "absolute"  # their load as it is


class Lock(StrEnum):
    """Whether a measure that somebody has may go to another."""

    FREE = "free"
    MOVABLE = "movable"  # at the cost `Weights.moved_m`
    FROZEN = "frozen"  # it stays, whatever the other rules say


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on Earth, in degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lat) and isfinite(self.lon) and abs(self.lat) <= 90 and abs(self.lon) <= 180):
            raise ValueError(f"no such place: {self.lat}, {self.lon}")

    def distance_m(self, other: Point) -> int:
        """Return the great-circle distance."""
        return round(THOUSAND * distance_km(self.lat, self.lon, other.lat, other.lon))


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What counts once the largest load is as small as it can be: what one would travel, in metres, to avoid it."""

    moved_m: int = 50_000  # a measure that leaves who has it
    not_preferred_m: int = 20_000  # one whose judge or family named others
    euro_m: int = 100  # a euro of what the professional asks
    day_m: int = 4_000  # a day of delay: twenty kilometres more are worth five days
    unknown_m: int = 100_000  # a distance that nobody knows: silence is not rewarded

    def __post_init__(self) -> None:
        _within(self, 0, "moved_m", "not_preferred_m", "euro_m", "day_m", "unknown_m")


@dataclass(frozen=True, kw_only=True)
class Professional:
    """Somebody who takes measures: of which kinds, in which zone, up to which load, and what they have already."""

    id: str
    kinds: frozenset[str]
    capacity: int  # the most load, as declared
    load: int = 0  # what they have besides the measures of this problem
    languages: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()  # other competences
    departments: frozenset[str] = frozenset()  # empty: everywhere
    point: Point | None = None
    limit_m: int | None = None  # the farthest they go
    price_euros: int = 0  # of one measure
    delay_days: int = 0  # before they begin one

    def __post_init__(self) -> None:
        _within(self, 0, "capacity", "load", "price_euros", "delay_days")
        if self.limit_m is not None:
            _within(self, 0, "limit_m")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What one professional is to take: what it asks of them, what it weighs, and who has it today."""

    id: str
    kind: str
    load: int = 1
    languages: frozenset[str] = frozenset()  # all of them
    attributes: frozenset[str] = frozenset()  # all of them
    departments: frozenset[str] = frozenset()  # where its addresses are: one of them in the zone is enough
    points: tuple[Point, ...] = ()  # its addresses: the farthest counts
    distances_m: Mapping[str, int] = field(default_factory=dict)  # by road, to those where it is known
    conflicts: frozenset[str] = frozenset()  # professionals who may not have it
    preferred: frozenset[str] = frozenset()  # empty: all the same
    priority: int = 1  # how many others it is worth when not all can be taken
    held_by: str | None = None
    lock: Lock = Lock.FREE

    def __post_init__(self) -> None:
        _within(self, 1, "load", "priority")
        if any(not 0 <= way <= FARTHEST_M for way in self.distances_m.values()):
            raise ValueError(f"measure {self.id}: a distance is between 0 and {FARTHEST_M} m")
        if self.held_by is None and self.lock is not Lock.FREE:
            raise ValueError(f"measure {self.id}: nobody has it, and it is {self.lock}")

    @property
    def is_frozen(self) -> bool:
        """Say whether it stays with who has it."""
        return self.lock is Lock.FROZEN

    def moves_to(self, professional_id: str) -> bool:
        """Say whether giving it to the professional is a move that costs."""
        return self.lock is Lock.MOVABLE and self.held_by != professional_id

    def misses_wish(self, professional_id: str) -> bool:
        """Say whether others were preferred."""
        return bool(self.preferred) and professional_id not in self.preferred


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that one allocation is made of.

    The order of what is sought: leave the least undone (by priority); then the largest load is least, in each group of
    professionals who share measures; then the least distance, delays, moves, wishes and prices (`weights`). With
    `slack`, the largest load may be that much more than the least possible, in thousandths of a capacity or in load.
    With `is_even`, so for the largest load of those who need not have it, and so on: the distance comes after all of
    them. The bound is then that of even plans.
    """

    professionals: tuple[Professional, ...]
    measures: tuple[Measure, ...]
    balance: Balance = Balance.RELATIVE
    slack: int = 0
    is_even: bool = False
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        _within(self, 0, "slack")
        _once("professional", (one.id for one in self.professionals))
        _once("measure", (one.id for one in self.measures))
        for measure in self.measures:
            if measure.held_by is not None and measure.held_by not in self.professional_of:
                raise ValueError(f"measure {measure.id}: unknown professional {measure.held_by}")

    @cached_property
    def professional_of(self) -> dict[str, Professional]:
        """Return the professionals by their id."""
        return {one.id: one for one in self.professionals}

    @cached_property
    def measure_of(self) -> dict[str, Measure]:
        """Return the measures by their id."""
        return {one.id: one for one in self.measures}

    @cached_property
    def settled(self) -> dict[str, int]:
        """Return what each professional has whatever the plan: their load elsewhere, and what is frozen."""
        loads = {one.id: one.load for one in self.professionals}
        for measure in self.measures:
            if measure.is_frozen and measure.held_by is not None:
                loads[measure.held_by] += measure.load
        return loads

    def level(self, professional: Professional, load: int) -> int:
        """Return what is compared of a professional who has that load: see `Balance`. Rounded up."""
        if self.balance is Balance.ABSOLUTE or not professional.capacity:
            return load
        return -(-THOUSAND * load // professional.capacity)

    def most_load(self, professional: Professional, level: int) -> int:
        """Return the most load within the capacity that is not above a level."""
        if self.balance is Balance.ABSOLUTE or not professional.capacity:
            return min(level, professional.capacity)
        return min(level * professional.capacity // THOUSAND, professional.capacity)

    @cached_property
    def suiting(self) -> dict[str, tuple[str, ...]]:
        """Return who could have each measure that is not frozen, were it the only one to give."""
        return {one.id: suiting(self, one) for one in self.measures if not one.is_frozen}

    @cached_property
    def groups(self) -> tuple[tuple[tuple[Measure, ...], tuple[Professional, ...]], ...]:
        """Return the measures to give and the professionals of each group: no measure of one suits another group.

        Each is balanced for itself: what weighs on the experts says nothing of the mediators. Measures that suit nobody
        are in none.
        """
        roots = _joined(self.suiting.values())
        members: dict[str, list[Measure]] = defaultdict(list)
        for measure in self.measures:
            if able := self.suiting.get(measure.id):
                members[roots[able[0]]].append(measure)
        return tuple(
            (tuple(measures), tuple(one for one in self.professionals if roots.get(one.id) == root))
            for root, measures in members.items()
        )


def _joined(sets: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return one member that stands for each group, by member; those of one set are of one group."""
    parents: dict[str, str] = {}

    def root(one: str) -> str:
        parents.setdefault(one, one)
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for members in sets:
        for member in members:
            parents[root(member)] = root(members[0])
    return {one: root(one) for one in list(parents)}


def _within(what: object, least: int, *names: str) -> None:
    for name in names:
        value = getattr(what, name)
        most = MOST.get(name, FARTHEST_M if name.endswith("_m") else MOST_LOAD)
        if not least <= value <= most:
            whose = getattr(what, "id", type(what).__name__.lower())
            raise ValueError(f"{whose}: {name} is {value}, not between {least} and {most}")


def _once(what: str, ids: Iterable[str]) -> None:
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise ValueError(f"{what} twice: {', '.join(twice)}")
