"""Where one case could go, all others where they are: what each hearing would cost, or the rule that keeps it out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.board import Board
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Problem
from optimizer.hearings.rules import Tally, why_not


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A hearing for a case: what the plan costs more with it there than now, or why it may not go there.

    `hearing_id` None: without a place. `bar`: a code of `rules.WHY_NOT`.
    """

    hearing_id: int | None
    cost: int | None = None
    bar: str | None = None


def offers(problem: Problem, plan: Plan, case_id: UUID) -> tuple[Offer, ...]:
    """Return what each other hearing answers to a case, in their order, then what it costs to leave it without a place.

    Raises: KeyError for an unknown case.
    """
    case, home = problem.case_of[case_id], plan.placed.get(case_id)
    without = Plan(sittings=plan.sittings, placed={one: where for one, where in plan.placed.items() if one != case_id})
    board = Board(problem, without, only={case_id})
    tally = Tally(problem, without)
    number = board.barred.place.get(home, -1) if home is not None else -1
    costs = board.cost[0] if board.cases else {}
    now = board.added_cost(0, number) if number in costs else 0
    found = []
    for place, hearing in enumerate(problem.hearings):
        if hearing.id == home:
            continue
        bar = why_not(problem, case, hearing, plan.sittings.get(hearing.id), tally)
        if bar is None and place in costs:
            found.append(Offer(hearing_id=hearing.id, cost=board.added_cost(0, place) - now))
        else:
            found.append(Offer(hearing_id=hearing.id, bar=bar or "frozen"))
    if home is not None:
        found.append(Offer(hearing_id=None, cost=-now) if board.cases else Offer(hearing_id=None, bar="frozen"))
    return tuple(found)


def moved(plan: Plan, case_id: UUID, hearing_id: int | None) -> Plan:
    """Return the plan with one case in another hearing, or without a place."""
    placed = {one: where for one, where in plan.placed.items() if one != case_id}
    return Plan(sittings=plan.sittings, placed=placed if hearing_id is None else {**placed, case_id: hearing_id})
