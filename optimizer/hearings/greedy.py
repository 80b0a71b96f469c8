"""Plans made in milliseconds: what remains of an earlier plan, then each case, most urgent first, to the first hearing.

They are what every search starts from, and what is proposed when it is stopped at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.hearings.board import OUT, Board
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Lock, Problem
from optimizer.hearings.rules import Tally, why_not
from optimizer.hearings.staffing import staffed, still_held


def completed(problem: Problem, plan: Plan) -> Plan:
    """Return what of a plan holds for this problem, staffed and filled: nothing in it changes that need not."""
    held = staffed(problem, Plan(sittings=still_held(problem, plan)), like=plan.sittings)
    return filled(problem, still_placed(problem, Plan(sittings=held.sittings, placed=plan.placed)))


def still_placed(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with those of its cases that its hearings can take: frozen ones first, and where they are."""
    frozen = {case.id: case.hearing_id for case in problem.cases if case.lock is Lock.FROZEN}
    wanted = {**plan.placed, **frozen}
    tally, placed = Tally(problem), {}
    for case in sorted(problem.cases, key=lambda one: one.lock is not Lock.FROZEN):
        hearing = problem.hearing_of.get(wanted.get(case.id) or 0)
        if hearing and why_not(problem, case, hearing, plan.sittings.get(hearing.id), tally) is None:
            placed[case.id] = hearing.id
            tally.add(case, hearing)
    return Plan(sittings=plan.sittings, placed=placed)


def filled(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with every waiting case that a held hearing can take: earliest deadline to earliest hearing."""
    board = Board(problem, plan)
    fill(board)
    return board.plan()


def fill(board: Board, order: Iterable[int] | None = None) -> None:
    """Put each case that is out into the first hearing that takes it, within its minutes if there is one."""
    soft, used = board.soft, board.used
    for case in order if order is not None else range(len(board.cases)):
        if board.at[case] != OUT:
            continue
        fitting = [hearing for hearing in sorted(board.cost[case]) if board.fits(case, hearing)]
        within = (one for one in fitting if used[one] + board.minutes[case] <= soft[one])
        chosen = next(within, fitting[0] if fitting else None)
        if chosen is not None:
            board.put(case, chosen)
