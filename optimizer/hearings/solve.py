"""Proposes a plan: what can be had at once, then the searches, which may be stopped at any moment.

Staff and rooms first, cases next: one model of both is good below 150 cases and unusable above 1,000 (measured).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from ortools.sat.python import cp_model

from optimizer.hearings import model
from optimizer.hearings.best import Best
from optimizer.hearings.board import Board
from optimizer.hearings.explain import explain
from optimizer.hearings.greedy import completed, filled, still_placed
from optimizer.hearings.local import LocalSearch, anneal
from optimizer.hearings.plan import OnProgress, Outcome, Plan
from optimizer.hearings.problem import Problem
from optimizer.hearings.proof import components, prove
from optimizer.hearings.staffing import as_now
from optimizer.hearings.staffing_model import StaffingModel
from optimizer.searching import Budget, Ended, Stoppable, watched

NOTHING = Plan()
USUAL_WORK = 30.0  # when neither a time nor a work is given
# Deterministic time of CP-SAT in a unit of work.
SOLVER_PER_WORK = 0.5
WARM_SHARE, WARM_WORK_PER_PAIR = 0.08, 1 / 1_500  # of what a model is hinted with
TURNS, STARTS = (0.3, 0.5, 1.0), 3  # shares of what remains for CP-SAT; starts of the moves before each
STAFFING_SHARE, STAFFING_MOST = 0.2, 5.0
PROVABLE_PAIRS = 4_000  # as many are proved in a second or two
PROOF_S, PROOF_WORK_PER_CASE = 2.8, 0.005  # seconds, or work, for one formation; what is counted for it


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    limit_s: float | None = None,
    work_limit: float | None = None,
    start: Plan | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Return the best plan found within `limit_s` seconds or `work_limit` units of work, or until told to stop.

    The plan is never worse than what is still valid of `start`. The same seed and the same `work_limit`, without a
    limit in seconds, give the same plan.
    """
    usual = USUAL_WORK if limit_s is None and work_limit is None else None
    budget = Budget(limit_s=limit_s, work_limit=work_limit or usual)
    best = Best(problem, budget, on_progress)
    now = as_now(problem)
    for first in (start, now if now.placed or now.sittings else None, NOTHING):
        if first is not None and not budget.is_over:
            best.offer(completed(problem, first))
    is_proved = not budget.is_over and _improve(best, seed)
    return Outcome(
        plan=best.plan,
        score=best.score,
        unplaced=explain(problem, best.plan),
        ended=Ended.PROVED if is_proved else budget.ended,
        bound=best.bound,
    )


def _improve(best: Best, seed: int) -> bool:
    """Look for better plans; say whether nothing better exists."""
    problem = best.problem
    is_decided = all(hearing.decided is not None for hearing in problem.hearings) or not problem.benches
    if not is_decided and _is_uneven(best):
        _restaff(best, seed)
    if not is_decided and model.takes(problem):
        return _improve_by_turns(best, seed)
    return _improve_places(best, seed, is_last=True) and is_decided


def _is_uneven(best: Best) -> bool:
    """Say whether better sittings may exist: a hearing is empty, or somebody sits more than they need to."""
    weights, counts = best.problem.weights, best.score.count
    uneven = (weights.spread and counts("spread") > 1) or (weights.spread_minute and counts("spread-minutes"))
    return bool(counts("unstaffed") or counts("restaffed") or uneven)


def _restaff(best: Best, seed: int) -> None:
    """Have CP-SAT look for better sittings, whatever the cases; they follow where they can."""
    problem, budget = best.problem, best.budget
    staffing = StaffingModel(problem, best.plan.sittings)
    solver = _solver(best, seed, share=STAFFING_SHARE, most=STAFFING_MOST)
    with _watched(best, solver):
        is_found = staffing.solved(solver)
    budget.work += solver.deterministic_time / SOLVER_PER_WORK
    if is_found:
        found = Plan(sittings=staffing.sittings(solver.boolean_value), placed=best.plan.placed)
        best.offer(filled(problem, still_placed(problem, found)))


def _solver(best: Best, seed: int, *, share: float = 1.0, most: float = float("inf")) -> cp_model.CpSolver:
    """Return a solver that may use a share of what remains, `most` seconds or units of work at most."""
    budget, solver = best.budget, cp_model.CpSolver()
    solver.parameters.num_workers = 1  # other users click on the same machine
    solver.parameters.random_seed = seed
    if budget.limit_s is not None:
        solver.parameters.max_time_in_seconds = min(most, share * budget.seconds_left(budget.limit_s))
    if budget.work_limit is not None:
        work = min(most, share * budget.work_left(budget.work_limit))
        solver.parameters.max_deterministic_time = SOLVER_PER_WORK * work
    return solver


def _improve_places(best: Best, seed: int, *, is_last: bool) -> bool:
    """Move cases between the hearings as they are staffed; say whether nothing better exists for these sittings.

    When it is the last step, small problems are proved, and the others take all that remains.
    """
    board, budget = Board(best.problem, best.plan), best.budget
    best.tell_in_time()  # a board of 5,000 cases takes a while to read
    pairs = sum(map(len, board.cost))
    if pairs <= PROVABLE_PAIRS:
        _anneal(best, board, seed, budget.part(WARM_SHARE, most_work=WARM_WORK_PER_PAIR * pairs))
        if not is_last or budget.is_over:
            return False
        if _prove(best, board):
            return True
    _anneal(best, board, seed, budget.part(1.0 if is_last else WARM_SHARE))
    return False


def _anneal(best: Best, board: Board, seed: int, part: Budget) -> None:
    """Move cases while a part of the budget lasts."""

    def tell(search: LocalSearch) -> bool:
        if search.best_cost < told[0]:
            told[0] = search.best_cost
            best.offer(board.plan(search.best))
        else:
            best.tell()
        return best.budget.is_stopped

    told = [board.total]
    anneal(board, seed=seed, budget=part, tell=tell)
    best.budget.take(part)
    best.offer(board.plan())


def _prove(best: Best, board: Board) -> bool:
    """Have CP-SAT place the cases of each formation; say whether it proved that nothing better exists."""
    budget, is_proved, bound = best.budget, True, 0.0
    rest = best.score.total - board.total + board.fixed
    for cases in components(board):
        if budget.is_over:
            return False
        limit_s = None if budget.limit_s is None else budget.seconds_left(PROOF_S)
        work = SOLVER_PER_WORK * budget.work_left(PROOF_S)
        found = prove(board, cases, limit_s=limit_s, work=work, watched=partial(_watched, best))
        budget.work += len(cases) * PROOF_WORK_PER_CASE
        if found is None:
            return False
        for case in cases:
            board.take(case)
        for case in cases:
            board.put(case, found.at[case])
        is_proved, bound = is_proved and found.is_optimal, bound + found.bound
        best.offer(board.plan())
    best.bound = rest + bound
    return is_proved


def _improve_by_turns(best: Best, seed: int) -> bool:
    """Move cases, then have CP-SAT look at the whole, and again: what one does not see, the other does."""
    for turn, share in enumerate(TURNS):
        for start in range(STARTS):
            if not best.budget.is_over:
                _improve_places(best, seed + STARTS * turn + start, is_last=False)
        if best.budget.is_over:
            return False
        if _improve_whole(best, seed + turn, share):
            return True
    return False


def _improve_whole(best: Best, seed: int, share: float) -> bool:
    """Have CP-SAT look for better plans, sittings and places at once; say whether nothing better exists."""
    budget = best.budget
    whole = model.Model(best.problem, best.plan)
    solver = _solver(best, seed, share=share)
    with _watched(best, solver):
        status = solver.solve(whole.cp, _Listener(whole, best))
    budget.work += solver.deterministic_time / SOLVER_PER_WORK
    return bool(status == cp_model.OPTIMAL)


class _Listener(cp_model.CpSolverSolutionCallback):
    """Takes each better plan out of the solver as it comes."""

    def __init__(self, whole: model.Model, best: Best) -> None:
        super().__init__()
        self._whole = whole
        self._best = best

    def on_solution_callback(self) -> None:
        """Keep the solution, completed: when the search is stopped early a hearing may still have room."""
        found = self._whole.plan(self.boolean_value)
        self._best.offer(filled(self._best.problem, found))


def _watched(best: Best, solver: Stoppable) -> AbstractContextManager[None]:
    """Tell progress during the block, and obey a stop."""
    return watched(solver, best.budget, best.tell_in_time)
