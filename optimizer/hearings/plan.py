"""What comes out: who sits where, which case goes to which hearing, what stays unplaced and why, at what cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from optimizer import searching
from optimizer.hearings.problem import Load, Problem, Sitting
from optimizer.searching import Price


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Sittings by hearing, hearings by case. A hearing that is absent is not held; a case that is absent waits on."""

    sittings: Mapping[int, Sitting] = field(default_factory=dict)
    placed: Mapping[UUID, int] = field(default_factory=dict)

    def loads(self, problem: Problem) -> dict[int, Load]:
        """Return what each hearing of the problem holds, with what was there before."""
        loads = {hearing.id: hearing.load for hearing in problem.hearings}
        for case_id, hearing_id in self.placed.items():
            loads[hearing_id] = loads[hearing_id].plus(problem.case_of[case_id])
        return loads


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why hearings do not take a case: a code of `rules.WHY_NOT`, and how many hearings it rules out."""

    code: str
    hearings: int


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A case without a place, and what every hearing answered, the most frequent answer first."""

    case_id: UUID
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Score:
    """The cost of a plan, rule by rule: less is better. A rule that costs nothing is not told."""

    lines: tuple[Price, ...]

    @property
    def total(self) -> int:
        """Return the cost of the whole plan."""
        return int(sum(line.cost for line in self.lines))

    def count(self, rule: str) -> int:
        """Return how many times a rule counts."""
        return int(next((line.count for line in self.lines if line.rule == rule), 0))


@dataclass(frozen=True, kw_only=True)
class Progress(searching.Progress):
    """Where a search is: also how many cases have a place, and how many without one miss their legal deadline."""

    placed: int = 0
    late: int = 0


OnProgress = Callable[[Progress], bool | None]  # True: stop, with the best plan so far


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished search: the best plan, its score, why the rest waits, and how the search ended.

    `ended` is "proved" (nothing better exists), "limit" or "stopped". `bound`: no plan costs less, for the sittings of
    this one; None while nothing is known.
    """

    plan: Plan
    score: Score
    unplaced: tuple[Unplaced, ...]
    ended: searching.Ended
    bound: float | None = None
