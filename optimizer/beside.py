"""The search as it is asked of the process beside: only that one imports the solver.

OR-Tools takes seconds to import, on a busy machine ten. A server that imported it would answer nobody meanwhile, and
its search would be taken for one whose server died.
"""

from __future__ import annotations

from collections.abc import Callable

from optimizer.hearings.plan import Outcome, Progress
from optimizer.hearings.problem import Problem


def search(
    problem: Problem, *, stop: Callable[[], bool], progress: Callable[[Progress], None], limit_s: float
) -> Outcome:
    """Return what `solve` does, told of a stop each time that it says where it is.

    The work is limited too: a machine that is not slow gives the same plan again.
    """
    from optimizer.hearings.solve import solve

    def on_progress(where: Progress) -> bool:
        progress(where)
        return stop()

    return solve(problem, limit_s=limit_s, work_limit=limit_s, on_progress=on_progress)
