"""Proposes a plan: what can be had at once, then the solver, which may be stopped at any moment."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from ortools.sat.python import cp_model

from optimizer.hearings.check import explain, score
from optimizer.hearings.greedy import filled, staffed, still_valid
from optimizer.hearings.model import Model
from optimizer.hearings.plan import Outcome, Plan, Progress
from optimizer.hearings.problem import Problem

NOTHING = Plan()
POLL_S = 0.1
PROGRESS_S = 0.5
# The work that the solver may do, whatever the clock says: the same seed gives the same plan on a slow machine.
WORK_PER_SECOND = 0.5


class Best:
    """The best plan so far, kept outside the solver: a stop at any moment finds it here."""

    def __init__(self, problem: Problem, progress: Callable[[Progress], None]) -> None:
        self.problem = problem
        self.plan = NOTHING
        self.score = score(problem, NOTHING)
        self.began = time.monotonic()
        self._progress = progress
        self._lock = threading.Lock()

    def offer(self, plan: Plan) -> None:
        """Keep the plan if it is better."""
        offered = score(self.problem, plan)
        with self._lock:
            if offered.total < self.score.total:
                self.plan, self.score = plan, offered
            self._tell()

    def tell(self) -> None:
        """Say where the search is."""
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        # Under the lock: the two threads that tell must not speak at once.
        placed = len(self.problem.cases) - self.score.count("unplaced")
        seconds = time.monotonic() - self.began
        self._progress(Progress(seconds=seconds, placed=placed, late=self.score.count("late"), score=self.score.total))


def solve(
    problem: Problem,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = lambda _: None,
    seed: int = 0,
    limit_s: float = 30,
    start: Plan | None = None,
) -> Outcome:
    """Return the best plan found within `limit_s` seconds, or until `stop()` answers True.

    `stop` is asked ten times a second and `progress` is told twice a second, from another thread. The plan is never
    worse than what is still valid of `start`. The same seed gives the same plan, unless it was stopped
    or the machine is so slow that the clock ends it.
    """
    best = Best(problem, progress)
    first = still_valid(problem, start or NOTHING)
    best.offer(filled(problem, staffed(problem, first)))
    if start is not None:
        best.offer(filled(problem, staffed(problem, still_valid(problem, NOTHING))))
    ended = "stopped" if stop() else _improve(best, stop, seed, limit_s)
    return Outcome(plan=best.plan, score=best.score, unplaced=explain(problem, best.plan), ended=ended)


def _improve(best: Best, stop: Callable[[], bool], seed: int, limit_s: float) -> str:
    """Have CP-SAT look for better plans; return how that ended."""
    model = Model(best.problem, best.plan)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # other users click on the same machine
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.max_deterministic_time = limit_s * WORK_PER_SECOND
    with _watched(solver, best, stop) as stopped:
        status = solver.solve(model.cp, _Listener(model, best))
    if stopped.is_set():
        return "stopped"
    return "proved" if status == cp_model.OPTIMAL else "limit"


class _Listener(cp_model.CpSolverSolutionCallback):
    """Takes each better plan out of the solver as it comes."""

    def __init__(self, model: Model, best: Best) -> None:
        super().__init__()
        self._model = model
        self._best = best

    def on_solution_callback(self) -> None:
        """Keep the solution, completed: when the search is stopped early a hearing may still have room."""
        found = self._model.plan(self.boolean_value)
        self._best.offer(filled(self._best.problem, found))


@contextlib.contextmanager
def _watched(solver: cp_model.CpSolver, best: Best, stop: Callable[[], bool]) -> Iterator[threading.Event]:
    """Tell progress and obey `stop` during the block; the event says that the search was stopped."""
    stopped, over = threading.Event(), threading.Event()

    def watch() -> None:
        told_at = time.monotonic()
        while not over.wait(POLL_S):
            if stop():
                stopped.set()
                solver.stop_search()  # asked again each time: it counts for nothing while the model is being read
            if time.monotonic() - told_at >= PROGRESS_S:
                told_at = time.monotonic()
                best.tell()

    watcher = threading.Thread(target=watch, name="watch-solver", daemon=True)
    watcher.start()
    try:
        yield stopped
    finally:
        over.set()
        watcher.join()
