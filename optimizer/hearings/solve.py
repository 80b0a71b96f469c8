"""Proposes a plan: what can be had at once, then the searches, which may be stopped at any moment.

Staff and rooms first, cases next: one model of both is good below 150 cases and unusable above 1,000 (measured).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from ortools.sat.python import cp_model

from optimizer.hearings import model
from optimizer.hearings.best import Best
from optimizer.hearings.board import Board
from optimizer.hearings.explain import explain
from optimizer.hearings.greedy import filled, still_valid
from optimizer.hearings.local import ITERATIONS_PER_WORK, SLICE, LocalSearch, cooled
from optimizer.hearings.plan import OnProgress, Outcome, Plan
from optimizer.hearings.problem import Problem
from optimizer.hearings.proof import components, prove
from optimizer.hearings.staffing import as_now, staffed
from optimizer.searching import Budget, Ended

NOTHING = Plan()
POLL_S = 0.1
USUAL_WORK = 30.0  # when neither a time nor a work is given
# Deterministic time of CP-SAT in a unit of work.
SOLVER_PER_WORK = 0.5
WHOLE_AFTER = 0.15  # of what may be used: moves first, then the model of the whole, hinted with what they found
PROVABLE_PAIRS = 4_000  # SCIP proves as many in a second or two
PROOF_S, PROOF_NODES, PROOF_WORK = 2.5, 2_000, 2.0


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
    for first in (start, now if now.placed else None, NOTHING):
        if first is not None and not budget.is_over:
            best.offer(filled(problem, staffed(problem, still_valid(problem, first))))
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
    if not is_decided and model.takes(problem):
        improve_places(best, seed, share=WHOLE_AFTER)
        return not best.budget.is_over and _improve_whole(best, seed)
    return improve_places(best, seed) and is_decided


def improve_places(best: Best, seed: int, *, share: float = 1.0) -> bool:
    """Move cases between the hearings as they are staffed; say whether nothing better exists for these sittings."""
    board = Board(best.problem, best.plan)
    budget = best.budget
    if sum(map(len, board.cost)) <= PROVABLE_PAIRS:
        _anneal(best, board, seed, share=min(share, 0.1))
        if not budget.is_over and share == 1.0 and _prove(best, board):
            return True
    if not budget.is_over:
        _anneal(best, board, seed, share=share)
    return False


def _anneal(best: Best, board: Board, seed: int, *, share: float) -> None:
    """Move cases for a share of what remains to be used."""
    budget = best.budget
    search = LocalSearch(board, seed=seed)
    fresh = search.best_cost
    began_s, began_work = budget.seconds, budget.work
    seconds = None if budget.limit_s is None else share * (budget.limit_s - began_s)
    work = None if budget.work_limit is None else share * (budget.work_limit - began_work)

    def heat() -> float | None:
        budget.work += SLICE / ITERATIONS_PER_WORK
        spent = max(
            0.0 if not seconds else (budget.seconds - began_s) / seconds,
            0.0 if not work else (budget.work - began_work) / work,
        )
        nonlocal fresh
        if budget.seconds - told[0] >= POLL_S * 4:
            told[0] = budget.seconds
            if search.best_cost < fresh:
                fresh = search.best_cost
                best.offer(board.plan(search.best))
            best.tell()
        return None if spent >= 1 or budget.is_over else cooled(spent, best.problem.weights.day)

    told = [budget.seconds]
    search.run(heat)
    search.back_to_best()
    best.offer(board.plan())


def _prove(best: Best, board: Board) -> bool:
    """Have SCIP place the cases of each formation; say whether it proved that nothing better exists."""
    budget, is_proved, bound = best.budget, True, 0.0
    rest = best.score.total - board.total
    for cases in components(board):
        if budget.is_over:
            return False
        limit_s = None if budget.limit_s is None else budget.seconds_left(PROOF_S)
        found = prove(board, cases, limit_s=limit_s, nodes=PROOF_NODES)
        budget.work += PROOF_WORK * len(cases) / max(len(board.cases), 1)
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


def _improve_whole(best: Best, seed: int) -> bool:
    """Have CP-SAT look for better plans, sittings and places at once; say whether nothing better exists."""
    budget = best.budget
    whole = model.Model(best.problem, best.plan)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # other users click on the same machine
    solver.parameters.random_seed = seed
    if budget.limit_s is not None:
        solver.parameters.max_time_in_seconds = budget.seconds_left(budget.limit_s)
    if budget.work_limit is not None:
        solver.parameters.max_deterministic_time = SOLVER_PER_WORK * budget.work_left(budget.work_limit)
    with _watched(solver, best):
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


@contextlib.contextmanager
def _watched(solver: cp_model.CpSolver, best: Best) -> Iterator[None]:
    """Tell progress during the block, and obey a stop."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            best.tell_in_time()
            if best.budget.is_stopped:
                solver.stop_search()  # asked again each time: it counts for nothing while the model is being read

    watcher = threading.Thread(target=watch, name="watch-solver", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
