"""What is to be planned: visits asked for, days of work of the teams, the roads between. Frozen and pure.

Days are civil days of the teams' place. `..._min` are minutes after midnight of the day (past 1,440: after the next
midnight), `..._s` are seconds. Places are numbers in the matrices of `Travel`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from optimizer.matrices import Matrix

LONGEST_MIN = 100_000  # a day of work may pass midnight; past this it is a mistake
LONGEST_S = 1_000_000  # of one leg
LONGEST_VISIT_MIN = 10_000
LARGEST_WEIGHT = 10**9


class Absurd(ValueError):  # noqa: N818 - named like the refusals
    """The problem contradicts itself, or holds what cannot be."""


class Kind(StrEnum):
    """Why somebody goes there."""

    FITTING = "fitting"
    REMOVAL = "removal"
    URGENT = "urgent"


class Lock(StrEnum):
    """How far the present appointment of a request binds the plan."""

    FREE = "free"
    MOVABLE = "movable"  # at a cost
    FROZEN = "frozen"  # told to the person: team, day and window are kept


@dataclass(frozen=True, kw_only=True, order=True)
class Window:
    """When a visit may begin, both ends included."""

    day: date
    start_min: int
    end_min: int

    def __post_init__(self) -> None:
        _refuse(not 0 <= self.start_min <= self.end_min <= LONGEST_MIN, "a window ends before it starts")


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """Who comes, and when."""

    team_id: int
    window: Window


@dataclass(frozen=True, kw_only=True)
class Request:
    """A visit asked for: `windows` are alternatives, of which one is kept. `last_day` is the last legal day."""

    id: str
    home: int
    minutes: int
    windows: tuple[Window, ...]
    kind: Kind = Kind.FITTING
    last_day: date | None = None
    skills: frozenset[str] = frozenset()
    agents: int = 1
    priority: int = 1  # a request of priority 3 counts as three
    load: int = 0  # of what the team carries: only some fleets count it
    lock: Lock = Lock.FREE
    present: Appointment | None = None  # as it stands before this plan

    def __post_init__(self) -> None:
        _refuse(not 0 <= self.minutes <= LONGEST_VISIT_MIN, f"{self.id}: minutes on site")
        _refuse(self.agents < 1 or self.priority < 1 or self.load < 0, f"{self.id}: agents, priority or load")
        _refuse(self.lock is not Lock.FREE and self.present is None, f"{self.id}: locked, with nothing to keep")
        object.__setattr__(self, "windows", tuple(sorted(set(self.windows))))

    @cached_property
    def choices(self) -> tuple[Window, ...]:
        """Return the windows that a plan may use: those in time, or the one that is frozen."""
        if self.lock is Lock.FROZEN and self.present:
            return (self.present.window,)
        return tuple(one for one in self.windows if self.last_day is None or one.day <= self.last_day)

    @property
    def pinned_to(self) -> int | None:
        """Return the team that alone may go, if the appointment is frozen."""
        return self.present.team_id if self.present and self.lock is Lock.FROZEN else None


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A break of so many minutes, anywhere on the way, within `start_min` and `end_min`."""

    minutes: int
    start_min: int
    end_min: int


@dataclass(frozen=True, kw_only=True)
class TeamDay:
    """A team at work on a day, from its base and back. With no stop, nobody leaves."""

    team_id: int
    day: date
    start_min: int
    end_min: int
    base: int
    rest: Rest | None = None
    skills: frozenset[str] = frozenset()
    agents: int = 1
    capacity: int | None = None
    most_stops: int | None = None

    def __post_init__(self) -> None:
        whose = f"team {self.team_id} on {self.day}"
        _refuse(not 0 <= self.start_min <= self.end_min <= LONGEST_MIN, f"{whose}: ends before it starts")
        _refuse(self.agents < 1, f"{whose}: nobody in it")
        _refuse(min(self.capacity or 0, self.most_stops or 0) < 0, f"{whose}: capacity or stops below zero")
        if rest := self.rest:
            begins, ends = max(rest.start_min, self.start_min), min(rest.end_min, self.end_min)
            _refuse(rest.minutes < 0 or begins + rest.minutes > ends, f"{whose}: no time for the break")

    @property
    def key(self) -> tuple[int, date]:
        """Return what tells it from the others."""
        return (self.team_id, self.day)

    def can_serve(self, request: Request) -> bool:
        """Say whether it has the skills and the agents, and nobody else is promised."""
        return (
            self.agents >= request.agents
            and request.skills <= self.skills
            and request.pinned_to in (None, self.team_id)
            and (self.capacity is None or request.load <= self.capacity)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Travel:
    """Distances and durations from a place (row) to another (column)."""

    distances_m: Matrix
    durations_s: Matrix

    def __post_init__(self) -> None:
        for matrix in (self.distances_m, self.durations_s):
            _refuse(matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1], "a matrix is not square")
            _refuse(bool(matrix.size) and (matrix.min() < 0 or matrix.max() > LONGEST_S), "a leg is absurd")
        _refuse(self.distances_m.shape != self.durations_s.shape, "the matrices are not of the same places")

    @property
    def places(self) -> int:
        """Return how many places there are."""
        return len(self.distances_m)

    def leg(self, start: int, end: int) -> tuple[int, int]:
        """Return the metres and the seconds from one place to another."""
        return self.distances_m.item(start, end), self.durations_s.item(start, end)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each rule costs, in metres of road. To place a request outweighs the rest, unless told otherwise."""

    unplaced: int = 1_000_000  # by priority
    moved: int = 60_000  # a movable request whose day or window changes
    changed_team: int = 5_000  # a movable request that another team visits
    day_waited: int = 2_000  # by priority, since the first day of the plan
    round: int = 10_000  # a team-day that leaves its base
    metre: int = 1

    def __post_init__(self) -> None:
        values = (self.unplaced, self.moved, self.changed_team, self.day_waited, self.round, self.metre)
        _refuse(not all(0 <= one <= LARGEST_WEIGHT for one in values), "a weight is absurd")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that one plan is made of. Team-days are sorted by day, requests by number."""

    requests: tuple[Request, ...]
    team_days: tuple[TeamDay, ...]
    travel: Travel
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        object.__setattr__(self, "requests", tuple(sorted(self.requests, key=lambda one: one.id)))
        object.__setattr__(self, "team_days", tuple(sorted(self.team_days, key=lambda one: (one.day, one.team_id))))
        _refuse(len(self.request_of) != len(self.requests), "two requests have one number")
        _refuse(len(self.team_day_of) != len(self.team_days), "a team works twice on one day")
        places = [one.home for one in self.requests] + [one.base for one in self.team_days]
        _refuse(any(not 0 <= one < self.travel.places for one in places), "a place is not in the matrices")

    @cached_property
    def request_of(self) -> dict[str, Request]:
        """Return the requests by their number."""
        return {one.id: one for one in self.requests}

    @cached_property
    def team_day_of(self) -> dict[tuple[int, date], TeamDay]:
        """Return the team-days by team and day."""
        return {one.key: one for one in self.team_days}

    @cached_property
    def on_day(self) -> dict[date, tuple[TeamDay, ...]]:
        """Return the team-days of each day."""
        days = sorted({one.day for one in self.team_days})
        return {day: tuple(one for one in self.team_days if one.day == day) for day in days}

    @cached_property
    def first_day(self) -> date:
        """Return the first day that is worked, or the first that anybody offers."""
        days = [one.day for one in self.team_days] or [w.day for one in self.requests for w in one.windows]
        return min(days, default=date.min)

    def with_requests(self, *changed: Request) -> Problem:
        """Return the problem with these requests added, or instead of those of the same number."""
        return replace(self, requests=tuple({**self.request_of, **{one.id: one for one in changed}}.values()))

    def with_team_days(self, *changed: TeamDay) -> Problem:
        """Return the problem with these team-days added, or instead of those of the same team and day."""
        return replace(self, team_days=tuple({**self.team_day_of, **{one.key: one for one in changed}}.values()))

    def appointment_cost(self, request: Request, window: Window) -> int:
        """Return what a day and window cost, whoever comes: days waited, and a movable request that moves."""
        cost = self.weights.day_waited * request.priority * max((window.day - self.first_day).days, 0)
        if request.lock is Lock.MOVABLE and request.present and request.present.window != window:
            cost += self.weights.moved
        return cost

    def team_cost(self, request: Request, team_id: int) -> int:
        """Return what it costs that this team goes."""
        is_other = request.lock is Lock.MOVABLE and request.present and request.present.team_id != team_id
        return self.weights.changed_team if is_other else 0


def _refuse(is_wrong: bool, what: str) -> None:
    if is_wrong:
        raise Absurd(what)
