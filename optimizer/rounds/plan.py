"""What comes out: for each team and day, the stops in order; what stays unplaced, and why; what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from optimizer.rounds.problem import Appointment, Window
from optimizer.searching import Ended, Price


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A visit: seconds after midnight of its day at which the team arrives, begins and leaves."""

    request_id: str
    window: Window
    arrival_s: int
    start_s: int
    departure_s: int


@dataclass(frozen=True, kw_only=True)
class Round:
    """The day of a team: when it leaves its base, its stops in order, its break, when it is back."""

    team_id: int
    day: date
    leaves_s: int
    stops: tuple[Stop, ...]
    rest_s: int | None  # when the break begins; None: no break is due
    returns_s: int

    @property
    def key(self) -> tuple[int, date]:
        """Return the team and the day."""
        return (self.team_id, self.day)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rounds that leave, at most one by team and day. A request that is in none has no place."""

    rounds: tuple[Round, ...] = ()

    @cached_property
    def round_of(self) -> dict[tuple[int, date], Round]:
        """Return the rounds by team and day."""
        return {one.key: one for one in self.rounds}

    @cached_property
    def placed(self) -> Mapping[str, Appointment]:
        """Return who comes and when, by request."""
        return {
            stop.request_id: Appointment(team_id=one.team_id, window=stop.window)
            for one in self.rounds
            for stop in one.stops
        }


class Rule(StrEnum):
    """A rule that can keep a request out of a plan."""

    WINDOWS = "windows"  # those that the person offers
    LAST_DAY = "last_day"
    SKILLS = "skills"
    AGENTS = "agents"
    TEAM = "team"  # the one that was promised
    HOURS = "hours"  # of work
    REST = "rest"
    CAPACITY = "capacity"
    MOST_STOPS = "most_stops"
    NO_TEAM = "no_team"  # nobody works at all
    OTHERS = "others"  # the visits that are there already


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A rule, and how many team-days it rules out."""

    rule: Rule
    team_days: int


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A request without a place, and what rules each team-day out, the most frequent first."""

    request_id: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished search. `bound`: no plan costs less; None where nothing is known."""

    plan: Plan
    price: tuple[Price, ...]
    unplaced: tuple[Unplaced, ...]
    ended: Ended
    bound: int | None = None

    @property
    def cost(self) -> float:
        """Return the cost of the whole plan."""
        return sum(one.cost for one in self.price)
