"""What comes out: who sleeps in which room from which night, at what cost, and who has no bed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from optimizer.beds.problem import Placement, Problem, until
from optimizer.searching import Ended, Price


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A placement by request. A request that is absent has no bed."""

    placed: Mapping[str, Placement] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished search. `unplaced` by priority, then by date; `bound` is a cost that no plan is under."""

    plan: Plan
    price: tuple[Price, ...]
    unplaced: tuple[str, ...]
    ended: Ended
    bound: float | None = None

    @property
    def cost(self) -> float:
        """Return the cost of the plan."""
        return sum(line.cost for line in self.price)


def numbered(problem: Problem, plan: Plan) -> dict[str, int]:
    """Return the bed of each in their room, from 1: the first that is free for the whole stay.

    Who comes first is served first, so a plan that `check` accepts always has enough of them.
    """
    free_on: dict[str, list[date]] = defaultdict(list)
    beds: dict[str, int] = {}
    for id, placement in sorted(plan.placed.items(), key=lambda one: (one[1].first_on, one[0])):
        ends = free_on[placement.room_id]
        bed = next((number for number, end in enumerate(ends) if end <= placement.first_on), len(ends))
        ends[bed : bed + 1] = [until(problem.request_of[id], placement)]
        beds[id] = bed + 1
    return beds
