"""What comes out: who has which measure, what stays without anybody and why, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.searching import Ended, Price
from optimizer.shares.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The professional of each measure, what is frozen included. A measure that is absent waits on."""

    given: Mapping[str, str] = field(default_factory=dict)

    def loads(self, problem: Problem) -> dict[str, int]:
        """Return the load of each professional of the problem, with what they have besides."""
        loads = {one.id: one.load for one in problem.professionals}
        for measure_id, professional_id in self.given.items():
            loads[professional_id] += problem.measure_of[measure_id].load
        return loads


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to change: a rule of `fit.RULES`, what is missing, or by how much (load, metres)."""

    rule: str
    values: tuple[str, ...] = ()
    by: int = 0


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would let a professional have a measure; without `professional_id`, a new one who suits it."""

    measure_id: str
    professional_id: str | None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A measure that nobody has: rules that together leave nobody, none of them needlessly; and the smallest change.

    Without reasons somebody can have it: no plan of ours leaves such a measure out.
    """

    measure_id: str
    reasons: tuple[str, ...]
    change: Change | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished search. `bound`: no plan costs less in all than that, when it is known."""

    plan: Plan
    price: tuple[Price, ...]
    unplaced: tuple[Unplaced, ...]
    ended: Ended
    bound: float | None = None
