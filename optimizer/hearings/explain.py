"""Why a case has no place, as codes and facts: the words are made elsewhere."""

from __future__ import annotations

from collections import Counter

from optimizer.hearings.plan import Plan, Reason, Unplaced
from optimizer.hearings.problem import Case, Problem
from optimizer.hearings.rules import FREE, WHY_NOT, Tally, why_not


def explain(problem: Problem, plan: Plan) -> tuple[Unplaced, ...]:
    """Return, for each case without a place and by urgency, what every hearing answers it."""
    tally = Tally(problem, plan)
    return tuple(_unplaced(problem, plan, tally, case) for case in problem.cases if case.id not in plan.placed)


def _unplaced(problem: Problem, plan: Plan, tally: Tally, case: Case) -> Unplaced:
    answers = Counter(
        why_not(problem, case, hearing, plan.sittings.get(hearing.id), tally) or FREE for hearing in problem.hearings
    )
    ranked = sorted(answers.items(), key=lambda one: (-one[1], (*WHY_NOT, FREE).index(one[0])))
    return Unplaced(case_id=case.id, reasons=tuple(Reason(code=code, hearings=count) for code, count in ranked))
