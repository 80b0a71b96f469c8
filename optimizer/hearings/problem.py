"""What is to be planned: dated hearings, who can hold them, rooms, waiting cases and their people. Frozen and pure.

Periods are instants, half-open. Civil days are those of the court. Minutes are whole. Every field that has a default
is a rule of its own, and its default means that there is no such rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from availability.periods import Period
from optimizer.hearings.weights import Weights

VIDEO = "video"  # the equipment of a room that a case heard by video link needs


class Lock(StrEnum):
    """What may become of what has a place already."""

    FREE = "free"
    MOVABLE = "movable"  # at a cost
    FROZEN = "frozen"


class AbsurdProblem(ValueError):  # noqa: N818 - reads as what it is
    """The problem contradicts itself: no plan of it would mean anything."""


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """Who hears, and where: one bench and one room for one hearing. `panel`: the judges beside the first."""

    judge_id: int
    clerk_id: int
    room_id: int
    panel: tuple[int, ...] = ()
    prosecutor_id: int | None = None

    @property
    def judges(self) -> tuple[int, ...]:
        """Return all who judge."""
        return (self.judge_id, *self.panel)

    @property
    def people(self) -> tuple[int, ...]:
        """Return all who sit."""
        others = () if self.prosecutor_id is None else (self.prosecutor_id,)
        return (*self.judges, self.clerk_id, *others)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is in a hearing: cases, minutes, cases by family, and cases heard by video link."""

    cases: int = 0
    minutes: int = 0
    families: Mapping[str, int] = field(default_factory=dict)
    links: int = 0

    def of(self, family: str) -> int:
        """Return how many cases are of a family, or of one under it: 20J is under 20, which is under 2."""
        return sum(count for one, count in self.families.items() if one.startswith(family))

    def plus(self, case: Case) -> Load:
        """Return the load with one case more."""
        families = {**self.families, case.family: self.families.get(case.family, 0) + 1}
        links = self.links + (case.video_to is not None)
        return Load(cases=self.cases + 1, minutes=self.minutes + case.minutes, families=families, links=links)


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
    sitting: Sitting | None = None
    sitting_lock: Lock = Lock.FROZEN  # frozen: decided, a plan keeps it; movable: a change costs; free: where it is now
    formation: str | None = None  # takes the cases of this one, and those of none
    overtime_minutes: int = 0  # how far beyond `max_minutes` it may go, each minute at its cost
    judges: int = 1  # how many make the panel
    needs_prosecutor: bool = False
    equipment: tuple[str, ...] = ()  # what its room must have
    video_slots: int | None = None  # most cases heard by video link; None: no limit

    @property
    def decided(self) -> Sitting | None:
        """Return the sitting that every plan keeps, if there is one."""
        return self.sitting if self.sitting_lock is Lock.FROZEN else None

    def lacks(self, case: Case, load: Load) -> str | None:
        """Return the first thing that a hearing so loaded lacks for one case more, or None."""
        return next(iter(self.lacking(case, load)), None)

    def lacking(self, case: Case, load: Load) -> list[str]:
        """Return all that it lacks, of "quota", "video-slots", "cases" and "minutes"."""
        full = (
            ("quota", any(load.of(one) >= quota for one, quota in self.quotas.items() if case.family.startswith(one))),
            ("video-slots", self.video_slots is not None and bool(case.video_to) and load.links >= self.video_slots),
            ("cases", load.cases >= self.max_cases),
            ("minutes", load.minutes + case.minutes > self.max_minutes + self.overtime_minutes),
        )
        return [code for code, is_full in full if is_full]


class Away:
    """Who or what is not there in some periods."""

    away: tuple[Period, ...]

    def is_free(self, period: Period) -> bool:
        """Say whether nothing of the whole period is lost."""
        return not any(period.overlaps(one) for one in self.away)


@dataclass(frozen=True, kw_only=True)
class Bench(Away):
    """A judge, and the clerk who always sits with them (a cabinet); with none, any of the `clerks` of the court.

    `away`: absent, or busy elsewhere. `formations`: where they sit; none said: everywhere. `given_minutes`: what they
    have sat already, when work is shared by time.
    """

    judge_id: int
    clerk_id: int | None
    away: tuple[Period, ...] = ()
    formations: tuple[str, ...] = ()
    given_minutes: int = 0

    def sits_in(self, formation: str | None) -> bool:
        """Say whether the judge sits in a formation."""
        return formation is None or not self.formations or formation in self.formations


@dataclass(frozen=True, kw_only=True)
class Room(Away):
    """A court room. `away`: closed, or taken by something else. `equipment`: see `VIDEO`."""

    id: int
    away: tuple[Period, ...] = ()
    equipment: tuple[str, ...] = ()

    def has(self, equipment: Iterable[str]) -> bool:
        """Say whether all of it is there."""
        return all(one in self.equipment for one in equipment)


class Role(StrEnum):
    """What somebody does in a hearing: why their absence counts, and whose coming is spared."""

    LAWYER = "lawyer"
    INTERPRETER = "interpreter"
    PARTY = "party"
    CLERK = "clerk"
    PROSECUTOR = "prosecutor"


@dataclass(frozen=True, kw_only=True)
class Person(Away):
    """Somebody who must be there, in cases or in sittings. `languages`: those that an interpreter speaks."""

    id: int
    role: Role
    away: tuple[Period, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FarEnd(Away):
    """The other end of video links: a prison, and the most cases that it can show in one day (None: no limit)."""

    id: int
    away: tuple[Period, ...] = ()
    day_slots: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case that waits: not heard before `ready_on` (notice), nor after `deadline_on` (law), nor by these judges.

    `due_on`: each day beyond costs. `people`: those without whom it is not heard. `language`: any interpreter of it
    will do. `video_to`: the far end where its detainee is. `hearing_id`: where it is now, which `lock` keeps or not,
    and of which its people were told (`is_told`) or not.
    """

    id: UUID
    minutes: int
    family: str
    received_on: date
    ready_on: date
    deadline_on: date | None = None
    refused_judges: frozenset[int] = frozenset()
    formation: str | None = None
    priority: int = 1
    due_on: date | None = None
    people: frozenset[int] = frozenset()
    language: str | None = None
    video_to: int | None = None
    is_detained: bool = False
    hearing_id: int | None = None
    lock: Lock = Lock.FREE
    is_told: bool = False

    @property
    def urgency(self) -> tuple[date, date, str]:
        """Return the order in which cases are served: earliest deadline, then longest wait."""
        return (min(self.deadline_on or date.max, self.due_on or date.max), self.received_on, str(self.id))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that one plan is made of. Hearings are sorted by start, cases by urgency. Raises: AbsurdProblem."""

    hearings: tuple[Hearing, ...]
    benches: tuple[Bench, ...]
    rooms: tuple[Room, ...]
    cases: tuple[Case, ...]
    people: tuple[Person, ...] = ()  # of cases and of sittings: lawyers, interpreters, parties, clerks, prosecutors
    far_ends: tuple[FarEnd, ...] = ()
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hearings", tuple(sorted(self.hearings, key=lambda one: (one.period, one.id))))
        object.__setattr__(self, "cases", tuple(sorted(self.cases, key=lambda one: one.urgency)))
        for absurdity, is_so in _absurdities(self):
            if is_so:
                raise AbsurdProblem(absurdity)

    @cached_property
    def hearing_of(self) -> dict[int, Hearing]:
        """Return the hearings by their number."""
        return {one.id: one for one in self.hearings}

    @cached_property
    def case_of(self) -> dict[UUID, Case]:
        """Return the cases by their number."""
        return {one.id: one for one in self.cases}

    @cached_property
    def room_of(self) -> dict[int, Room]:
        """Return the rooms by their number."""
        return {one.id: one for one in self.rooms}

    @cached_property
    def person_of(self) -> dict[int, Person]:
        """Return the people by their number."""
        return {one.id: one for one in self.people}

    @cached_property
    def far_end_of(self) -> dict[int, FarEnd]:
        """Return the far ends by their number."""
        return {one.id: one for one in self.far_ends}

    def having(self, role: Role) -> tuple[Person, ...]:
        """Return the people of a role."""
        return tuple(one for one in self.people if one.role is role)

    @cached_property
    def interpreters(self) -> dict[str, tuple[Person, ...]]:
        """Return the interpreters by language."""
        speaking: dict[str, list[Person]] = defaultdict(list)
        for person in self.having(Role.INTERPRETER):
            for language in person.languages:
                speaking[language].append(person)
        return {language: tuple(people) for language, people in speaking.items()}

    @cached_property
    def lawyers(self) -> frozenset[int]:
        """Return the numbers of the lawyers."""
        return frozenset(one.id for one in self.having(Role.LAWYER))

    @cached_property
    def last_day(self) -> date | None:
        """Return the day of the last hearing, None when there is none."""
        return max((one.day for one in self.hearings), default=None)

    @cached_property
    def overlaps(self) -> tuple[tuple[Hearing, Hearing], ...]:
        """Return the pairs of hearings that share an instant: back to back they do not."""
        pairs = []
        for number, one in enumerate(self.hearings):
            for other in self.hearings[number + 1 :]:
                if other.period.start >= one.period.end:
                    break
                pairs.append((one, other))
        return tuple(pairs)

    @cached_property
    def at_the_same_time(self) -> dict[int, tuple[int, ...]]:
        """Return, for each hearing, those that share an instant with it."""
        met: dict[int, list[int]] = {one.id: [] for one in self.hearings}
        for one, other in self.overlaps:
            met[one.id].append(other.id)
            met[other.id].append(one.id)
        return {number: tuple(others) for number, others in met.items()}

    def is_urgent(self, case: Case) -> bool:
        """Say whether a case that gets no place here misses its deadline for good: no later hearing can save it."""
        return case.deadline_on is not None and self.last_day is not None and case.deadline_on <= self.last_day


def _absurdities(problem: Problem) -> tuple[tuple[str, bool], ...]:
    people, ends = set(problem.person_of), set(problem.far_end_of)
    hearings, cases = problem.hearings, problem.cases
    return (
        ("two hearings have one number", _repeats(one.id for one in hearings)),
        ("two cases have one number", _repeats(one.id for one in cases)),
        ("two rooms have one number", _repeats(one.id for one in problem.rooms)),
        ("two people have one number", _repeats(one.id for one in problem.people)),
        ("a judge has two benches", _repeats(one.judge_id for one in problem.benches)),
        ("a hearing has room for less than nothing", any(min(_sizes(one)) < 0 for one in hearings)),
        ("a hearing has no judge", any(one.judges < 1 for one in hearings)),
        ("a case takes no time", any(one.minutes <= 0 for one in cases)),
        ("a case has no priority", any(one.priority < 1 for one in cases)),
        ("a case needs somebody unknown", any(not one.people <= people for one in cases)),
        ("a case is linked to nowhere", any(one.video_to is not None and one.video_to not in ends for one in cases)),
        ("a case is locked in no hearing", any(one.lock is not Lock.FREE and one.hearing_id is None for one in cases)),
    )


def _repeats(numbers: Iterable[Any]) -> bool:
    listed = list(numbers)
    return len(set(listed)) < len(listed)


def _sizes(hearing: Hearing) -> tuple[int, ...]:
    return (hearing.max_cases, hearing.max_minutes, hearing.overtime_minutes, hearing.video_slots or 0)
