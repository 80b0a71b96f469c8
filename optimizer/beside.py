"""The search as it is asked of the process beside: only that one imports the solvers.

OR-Tools takes seconds to import, on a busy machine ten. A server that imported it would answer nobody meanwhile, and
its search would be taken for one whose server died.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf
from typing import Any

from optimizer.forms import Solver, solver
from optimizer.judge import unplaced
from optimizer.manners import Found, Job, Manner, Proposal
from optimizer.searching import Ended, OnProgress, Progress

REPAIR_S = 0.6  # of a problem whose solver begins from the plan in force and taxes what moves
MENU_S = 15.0
KEEP_EVERY_S = 5.0
KEEP_SHARE = 10  # and at most a tenth of the time: to say why items are left out takes a while

Tell = Callable[[Progress | Found], None]


def ready(name: str, *, stop: Callable[[], bool], progress: Tell) -> None:  # noqa: ARG001 - as any job
    """Import a solver, so that the search that comes next does not wait for it."""
    solver(name)


def search(job: Job, *, stop: Callable[[], bool], progress: Tell, limit_s: float) -> Found:
    """Return what a search finds, told of a stop each time that it says where it is.

    The best plan so far is told too, from time to time: whoever loses this process goes on from there. The work is
    limited as the time is: a machine that is not slow gives the same plan again.
    """
    if job.manner is Manner.BY_HAND:
        raise ValueError("what is done by hand is not searched")

    def on_progress(where: Progress) -> bool:
        progress(replace(where, plan=None))
        keeping.look(where)
        return stop()

    asked = solver(job.name)
    keeping = _Keeping(asked, job, progress)
    special = _REPAIRED.get((job.name, job.manner))
    if special is not None:
        return special(asked, job, min(limit_s, MENU_S), on_progress)
    return _solved(asked, job, REPAIR_S if job.manner is Manner.REPAIR else limit_s, on_progress)


def _solved(asked: Solver, job: Job, limit_s: float, on_progress: OnProgress) -> Found:
    start = job.in_force if job.start is None else job.start
    outcome = asked.solve(job.problem, limit_s=limit_s, work_limit=limit_s, start=start, on_progress=on_progress)
    return _priced(asked, job, outcome.plan, outcome.unplaced, ended=outcome.ended, bound=outcome.bound)


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
    others = tuple(Proposal(plan=plan, price=asked.price(job.problem, plan)) for plan in menu[:-1])
    left_out = unplaced(job.name, job.problem, menu[-1])
    return replace(_priced(asked, job, menu[-1], left_out, ended=Ended.LIMIT), others=others)


def _priced(
    asked: Solver, job: Job, plan: object, left_out: Iterable[Any], *, ended: Ended, bound: float | None = None
) -> Found:
    return Found(
        plan=plan,
        price=asked.price(job.problem, plan),
        before=asked.price(job.problem, job.in_force),
        unplaced=tuple(left_out),
        ended=ended,
        bound=bound,
    )


class _Keeping:
    """Tells the best plan of a search when it got better since the last time, and some time has gone by."""

    def __init__(self, asked: Solver, job: Job, tell: Tell) -> None:
        self._asked = asked
        self._job = job
        self._tell = tell
        self._cost = inf
        self._next = time.monotonic() + KEEP_EVERY_S

    def look(self, where: Progress) -> None:
        """Tell the plan, if it is time."""
        began = time.monotonic()
        if where.plan is None or where.cost >= self._cost or began < self._next:
            return
        plan, job = where.plan(), self._job
        left_out = unplaced(job.name, job.problem, plan)
        self._tell(_priced(self._asked, job, plan, left_out, ended=Ended.STOPPED, bound=where.bound))
        self._cost, now = where.cost, time.monotonic()
        self._next = now + max(KEEP_EVERY_S, KEEP_SHARE * (now - began))


_REPAIRED = {
    ("hearings", Manner.REPAIR): _hearings_repaired,
    ("hearings", Manner.BETTER): _hearings_better,
    ("rounds", Manner.REPAIR): _rounds_repaired,
}
