"""What is to be planned: dated hearings, benches (a judge with a clerk), rooms, waiting cases. Frozen and pure.

Periods are instants, half-open. Civil days are those of the court. Minutes are whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID

from availability.periods import Period


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """Who hears, and where: one bench and one room for one hearing."""

    judge_id: int
    clerk_id: int
    room_id: int


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is in a hearing: cases, minutes, and cases by family."""

    cases: int = 0
    minutes: int = 0
    families: Mapping[str, int] = field(default_factory=dict)

    def of(self, family: str) -> int:
        """Return how many cases are of a family, or of one under it: 20J is under 20, which is under 2."""
        return sum(count for one, count in self.families.items() if one.startswith(family))

    def plus(self, case: Case) -> Load:
        """Return the load with one case more."""
        families = {**self.families, case.family: self.families.get(case.family, 0) + 1}
        return Load(cases=self.cases + 1, minutes=self.minutes + case.minutes, families=families)


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """A dated hearing, what it has room for, what is there already, and its sitting when that is decided."""

    id: int
    period: Period
    day: date
    max_cases: int
    max_minutes: int
    quotas: Mapping[str, int] = field(
        default_factory=dict
    )  # family -> most cases of it and of those under it; absent: no limit
    load: Load = field(default_factory=Load)
    sitting: Sitting | None = None  # decided: a plan keeps it

    def lacks(self, case: Case, load: Load) -> str | None:
        """Return what a hearing so loaded lacks for one case more: "quota", "cases", "minutes", or None."""
        if any(load.of(one) >= quota for one, quota in self.quotas.items() if case.family.startswith(one)):
            return "quota"
        if load.cases >= self.max_cases:
            return "cases"
        return "minutes" if load.minutes + case.minutes > self.max_minutes else None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A judge and the clerk who always sits with them (a cabinet). `away`: absent, or busy elsewhere."""

    judge_id: int
    clerk_id: int
    away: tuple[Period, ...] = ()

    def is_free(self, period: Period) -> bool:
        """Say whether both are there for the whole period."""
        return not any(period.overlaps(one) for one in self.away)


@dataclass(frozen=True, kw_only=True)
class Room:
    """A court room. `away`: closed, or taken by something else."""

    id: int
    away: tuple[Period, ...] = ()

    def is_free(self, period: Period) -> bool:
        """Say whether the room can be used for the whole period."""
        return not any(period.overlaps(one) for one in self.away)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case that waits: not heard before `ready_on` (notice), nor after `deadline_on`, nor by these judges."""

    id: UUID
    minutes: int
    family: str
    received_on: date
    ready_on: date
    deadline_on: date | None = None
    refused_judges: frozenset[int] = frozenset()

    @property
    def urgency(self) -> tuple[date, date, str]:
        """Return the order in which cases are served: earliest deadline, then longest wait."""
        return (self.deadline_on or date.max, self.received_on, str(self.id))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that one plan is made of. Hearings are sorted by start, cases by urgency."""

    hearings: tuple[Hearing, ...]
    benches: tuple[Bench, ...]
    rooms: tuple[Room, ...]
    cases: tuple[Case, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "hearings", tuple(sorted(self.hearings, key=lambda one: (one.period, one.id))))
        object.__setattr__(self, "cases", tuple(sorted(self.cases, key=lambda one: one.urgency)))

    @cached_property
    def hearing_of(self) -> dict[int, Hearing]:
        """Return the hearings by their number."""
        return {one.id: one for one in self.hearings}

    @cached_property
    def case_of(self) -> dict[UUID, Case]:
        """Return the cases by their number."""
        return {one.id: one for one in self.cases}

    @cached_property
    def last_day(self) -> date | None:
        """Return the day of the last hearing, None when there is none."""
        return max((one.day for one in self.hearings), default=None)

    @cached_property
    def overlaps(self) -> tuple[tuple[Hearing, Hearing], ...]:
        """Return the pairs of hearings that share an instant: back to back they do not."""
        listed = self.hearings
        return tuple(
            (one, other)
            for number, one in enumerate(listed)
            for other in listed[number + 1 :]
            if one.period.overlaps(other.period)
        )

    def is_urgent(self, case: Case) -> bool:
        """Say whether a case that gets no place here misses its deadline for good: no later hearing can save it."""
        return case.deadline_on is not None and self.last_day is not None and case.deadline_on <= self.last_day
