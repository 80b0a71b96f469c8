"""Why a case has no place, as codes and facts: the words are made elsewhere. See changes.py for what would place it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.admissible import Barred
from optimizer.hearings.plan import Plan, Reason, Unplaced
from optimizer.hearings.problem import Case, Problem
from optimizer.hearings.rules import FREE, WHY_NOT, Bar, Tally, why_not


@dataclass(frozen=True, kw_only=True)
class Because:
    """One reason of a conflict: the rule, whose, and how many hearings it forbids."""

    bar: Bar
    hearings: int


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Rules that together forbid every hearing to a case, the others where they are, and none of which is needless.

    It is minimal, not the only one. No reason at all: there is no hearing.
    """

    case_id: UUID
    reasons: tuple[Because, ...]


class Explainer:
    """Reads a plan once, and says of any case without a place what stands in its way."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.barred = Barred(problem, plan.sittings)
        self.tally = Tally(problem, plan)

    def conflict(self, case_id: UUID) -> Conflict | None:
        """Return a minimal conflict; None when a hearing could take the case. Raises: KeyError for an unknown case."""
        barring = self.bars(self.problem.case_of[case_id])
        if not self._covers([forbidden for _, forbidden in barring]):
            return None
        kept = list(barring)
        for one in reversed(barring):  # what would be said last goes first
            others = [other for other in kept if other is not one]
            if self._covers([forbidden for _, forbidden in others]):
                kept = others
        reasons = tuple(Because(bar=bar, hearings=forbidden.bit_count()) for bar, forbidden in kept)
        return Conflict(case_id=case_id, reasons=reasons)

    def bars(self, case: Case) -> list[tuple[Bar, int]]:
        """Return each rule that forbids hearings to the case, with those that it forbids, a bit for each."""
        full: dict[Bar, int] = {}
        for number, hearing in enumerate(self.problem.hearings):
            for bar in self.tally.lacking(case, hearing):
                full[bar] = full.get(bar, 0) | 1 << number
        ranked = sorted(full.items(), key=lambda one: WHY_NOT.index(one[0].code))
        return [*self.barred.bars(case), *ranked]

    def _covers(self, forbidden: list[int]) -> bool:
        found = 0
        for one in forbidden:
            found |= one
        return found == self.barred.all


def conflict(problem: Problem, plan: Plan, case_id: UUID) -> Conflict | None:
    """Return a minimal conflict of one case without a place; None when a hearing could take it."""
    return Explainer(problem, plan).conflict(case_id)


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
