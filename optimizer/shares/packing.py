"""The question of a table when loads are not divisible: what the transport leaves to decide, decided by CP-SAT.

What the bound shows to be worse than a choice that is known is left out: a few choices a measure remain, and the
solver often proves the best of them within seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from optimizer.searching import watched
from optimizer.shares.best import Best
from optimizer.shares.flow import Relaxed
from optimizer.shares.table import NEVER, Ask, Ints

A_DAY_S = 86_400.0
MOST_CHOICES = 40_000  # more than that is not searched whole: those of the least excess


@dataclass(frozen=True, kw_only=True)
class Packed:
    """The best choice found, and what is proved of all choices."""

    chosen: Ints
    bound: int


def rounded(ask: Ask, relaxed: Relaxed) -> Ints:
    """Return the transport made whole: what is in one piece stays, heaviest first; the rest goes where it costs least.

    Nobody has always room.
    """
    nobody = ask.costs.shape[1] - 1
    rooms = np.append(ask.rooms, ask.loads.sum())
    chosen = np.full(len(ask.loads), nobody)
    waiting = []
    for row in np.argsort(-ask.loads, kind="stable"):
        wanted = relaxed.chosen[row]
        if rooms[wanted] >= ask.loads[row]:
            chosen[row] = wanted
            rooms[wanted] -= ask.loads[row]
        else:
            waiting.append(row)
    for row in waiting:
        possible = np.where(rooms >= ask.loads[row], ask.costs[row], NEVER)
        chosen[row] = possible.argmin()
        rooms[chosen[row]] -= ask.loads[row]
    return chosen


def packed(
    ask: Ask, relaxed: Relaxed, known: Ints, best: Best, *, seed: int, work: float, offers: bool = False
) -> Packed:
    """Return the best choice found with so much work, never worse than `known`.

    With `offers`, the question is of the whole group that `best` is at, and each better choice is offered at once.
    """
    gap = ask.total(known) - relaxed.bound
    if gap <= 0:
        return Packed(chosen=known, bound=ask.total(known))
    kept, is_all = _worth_looking_at(ask, relaxed, known, gap)
    model, choices = _model(ask, kept, known)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # other users click on the same machine
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.catch_sigint_signal = False  # it belongs to the program, not to one of its searches
    solver.parameters.max_deterministic_time = max(best.work_left(work), 1e-3)
    solver.parameters.max_time_in_seconds = max(best.seconds_left(A_DAY_S), 1e-3)
    listener = _Listener(choices, known, best if offers else None)
    with watched(solver, best.budget, best.tell):
        status = solver.solve(model, listener)
    best.budget.work += solver.response_proto.deterministic_time
    chosen = listener.chosen
    if not is_all:
        return Packed(chosen=chosen, bound=relaxed.bound)
    proved = status == cp_model.OPTIMAL
    bound = ask.total(chosen) if proved else int(np.ceil(solver.best_objective_bound - 1e-6))
    return Packed(chosen=chosen, bound=min(max(bound, relaxed.bound), ask.total(chosen)))


def _worth_looking_at(ask: Ask, relaxed: Relaxed, known: Ints, gap: int) -> tuple[NDArray[np.bool_], bool]:
    """Return the choices that could make a better whole, and whether these are all of them."""
    kept = relaxed.excess < gap
    is_all = int(kept.sum()) <= MOST_CHOICES
    if not is_all:
        most = np.partition(relaxed.excess[kept], MOST_CHOICES)[MOST_CHOICES]
        kept &= relaxed.excess <= most
    kept[np.arange(len(known)), known] = True
    return kept & (ask.costs < NEVER), is_all


def _model(
    ask: Ask, kept: NDArray[np.bool_], known: Ints
) -> tuple[cp_model.CpModel, dict[tuple[int, int], cp_model.IntVar]]:
    model = cp_model.CpModel()
    choices = {(int(row), int(column)): model.new_bool_var("") for row, column in zip(*np.nonzero(kept), strict=True)}
    by_row: dict[int, list[cp_model.IntVar]] = {}
    by_column: dict[int, list[int]] = {}
    for (row, column), var in choices.items():
        by_row.setdefault(row, []).append(var)
        by_column.setdefault(column, []).append(row)
        model.add_hint(var, bool(known[row] == column))
    for them in by_row.values():
        model.add_exactly_one(them)
    for column, rows in by_column.items():
        if column < len(ask.rooms):
            loads = [int(ask.loads[row]) for row in rows]
            taken = cp_model.LinearExpr.weighted_sum([choices[row, column] for row in rows], loads)
            model.add(taken <= int(ask.rooms[column]))
    costs = [int(ask.costs[key]) for key in choices]
    model.minimize(cp_model.LinearExpr.weighted_sum(list(choices.values()), costs))
    return model, choices


class _Listener(cp_model.CpSolverSolutionCallback):
    """Takes each better choice out of the solver as it comes."""

    def __init__(self, choices: dict[tuple[int, int], cp_model.IntVar], known: Ints, best: Best | None) -> None:
        super().__init__()
        self._choices = choices
        self._best = best
        self.chosen = known

    def on_solution_callback(self) -> None:
        """Keep the choice. The hint comes first, and nothing worse follows."""
        chosen = self.chosen.copy()
        for (row, column), var in self._choices.items():
            if self.boolean_value(var):
                chosen[row] = column
        self.chosen = chosen
        if self._best:
            self._best.offer(chosen)
