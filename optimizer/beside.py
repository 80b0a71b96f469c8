"""The search as it is asked of the process beside: only that one imports the solvers.

OR-Tools takes seconds to import, on a busy machine ten. A server that imported it would answer nobody meanwhile, and
its search would be taken for one whose server died.
"""

from __future__ import annotations

from collections.abc import Callable

from optimizer.forms import Solver, solver
from optimizer.judge import unplaced
from optimizer.manners import Found, Job, Manner, Proposal
from optimizer.searching import Ended, OnProgress, Progress

REPAIR_S = 0.8  # of a problem whose solver begins from the plan in force and taxes what moves
MENU_S = 15.0


def search(job: Job, *, stop: Callable[[], bool], progress: Callable[[Progress], None], limit_s: float) -> Found:
    """Return what a search finds, told of a stop each time that it says where it is.

    The work is limited too: a machine that is not slow gives the same plan again.
    """
    if job.manner is Manner.BY_HAND:
        raise ValueError("what is done by hand is not searched")

    def on_progress(where: Progress) -> bool:
        progress(where)
        return stop()

    asked = solver(job.name)
    special = _REPAIRED.get((job.name, job.manner))
    if special is not None:
        return special(asked, job, min(limit_s, MENU_S), on_progress)
    return _solved(asked, job, REPAIR_S if job.manner is Manner.REPAIR else limit_s, on_progress)


def _solved(asked: Solver, job: Job, limit_s: float, on_progress: OnProgress) -> Found:
    start = job.in_force if job.start is None else job.start
    outcome = asked.solve(job.problem, limit_s=limit_s, work_limit=limit_s, start=start, on_progress=on_progress)
    return Found(
        plan=outcome.plan,
        price=asked.price(job.problem, outcome.plan),
        before=asked.price(job.problem, job.in_force),
        unplaced=tuple(outcome.unplaced),
        ended=outcome.ended,
        bound=outcome.bound,
    )


def _hearings_repaired(asked: Solver, job: Job, _limit_s: float, on_progress: OnProgress) -> Found:
    from optimizer.hearings.repair import repair

    on_progress(Progress(seconds=0.0, cost=0.0))
    return _chosen(asked, job, [repair(job.problem, job.in_force).plan])


def _hearings_better(asked: Solver, job: Job, limit_s: float, on_progress: OnProgress) -> Found:
    from optimizer.hearings.repair import better

    menu = better(job.problem, job.in_force, limit_s=limit_s, work_limit=limit_s, on_progress=on_progress)
    return _chosen(asked, job, [one.plan for one in menu])


def _rounds_repaired(asked: Solver, job: Job, _limit_s: float, on_progress: OnProgress) -> Found:
    from optimizer.rounds.repair import repair

    on_progress(Progress(seconds=0.0, cost=0.0))
    return _chosen(asked, job, [repair(job.problem, job.in_force).plan])


def _chosen(asked: Solver, job: Job, menu: list[object]) -> Found:
    """Return the plan that costs least of a menu, with the others beside it."""
    priced = [Proposal(plan=plan, price=asked.price(job.problem, plan)) for plan in menu]
    return Found(
        plan=priced[-1].plan,
        price=priced[-1].price,
        before=asked.price(job.problem, job.in_force),
        unplaced=unplaced(job.name, job.problem, priced[-1].plan),
        ended=Ended.LIMIT,
        others=tuple(priced[:-1]),
    )


_REPAIRED = {
    ("hearings", Manner.REPAIR): _hearings_repaired,
    ("hearings", Manner.BETTER): _hearings_better,
    ("rounds", Manner.REPAIR): _rounds_repaired,
}
