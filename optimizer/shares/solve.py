"""Shares measures out: at once, then as well as can be proved; it may be stopped at any moment.

Three levels, one after another, in each group: least left undone, least largest load, least distance. Each is a
transport, exact in milliseconds when all loads are equal; otherwise CP-SAT decides what the transport divides.
"""

from __future__ import annotations

import numpy as np

from optimizer.searching import Budget, Ended, OnProgress
from optimizer.shares.best import Best
from optimizer.shares.check import price
from optimizer.shares.evening import even_rooms
from optimizer.shares.explain import explain
from optimizer.shares.flow import Relaxed, relax
from optimizer.shares.improving import improved, placed
from optimizer.shares.packing import packed, rounded
from optimizer.shares.plan import Outcome, Plan
from optimizer.shares.problem import Problem
from optimizer.shares.table import Ask, Ints, Table, only_undone, whole

PLACING_WORK = 0.5  # for one try at a largest load
SMALL = 2_000  # choices, few enough to prove in that much work that a largest load is impossible


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    limit_s: float | None = None,
    work_limit: float | None = None,
    start: Plan | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Return the best plan found; never worse than what is still valid of `start`.

    `on_progress` is told twice a second, at times from another thread, and stops the search when it answers True. The
    same seed and the same `work_limit` give the same plan.
    """
    budget = Budget(limit_s=limit_s, work_limit=work_limit, on_progress=on_progress)
    tables = [Table.of(problem, *group) for group in problem.groups]
    best = Best(problem, tables, [_first(table, start) for table in tables], budget)
    for number in range(len(tables)):
        best.enter(number)
        best.offer(_first(best.table, None))
        if not best.is_over:
            _share_out(best, seed)
    plan = best.plan()
    ended = Ended.PROVED if best.is_proved else budget.ended
    return Outcome(
        plan=plan, price=price(problem, plan), unplaced=explain(problem, plan), ended=ended, bound=best.bound
    )


def _share_out(best: Best, seed: int) -> None:
    """Search the three levels of a group."""
    rng = np.random.default_rng(seed)
    table = best.table
    undone_bound = _least_undone(best, rng)
    undone = table.undone(best.here)
    if best.is_over:
        return
    level_bound = _least_level(best, undone, rng)
    is_lowest = undone == undone_bound
    best.prove((undone_bound, level_bound if is_lowest else 0, 0))
    if best.is_over:
        return
    level = table.level(best.here) + best.problem.slack
    best.floors[best.at] = level
    rooms = _even(best, table.level(best.here), undone, rng)
    ask = whole(table, table.rooms(level) if rooms is None else rooms)
    undone_cost = ask.total(best.here) - table.last(best.here)

    def prove(bound: int) -> None:
        if is_lowest:
            best.prove((undone_bound, level_bound, max(bound - undone_cost, 0)))

    relaxed = _relaxed(best, ask)
    prove(relaxed.bound)
    found = improved(ask, relaxed, best.here, best, rng)
    best.offer(found.chosen)
    prove(found.bound)


def _even(best: Best, level: int, undone: int, rng: np.random.Generator) -> Ints | None:
    """Have the other loads even too, and return what each can be given then; None when that is not asked, or found."""
    if not best.problem.is_even or best.is_over:
        return None
    rooms = even_rooms(best, level, undone)
    ask = whole(best.table, rooms)
    chosen = placed(ask, _relaxed(best, ask), best, rng, undone=undone, work=PLACING_WORK)
    if chosen is None:
        return None
    best.evens[best.at] = rooms
    best.offer(chosen)
    return rooms


def _relaxed(best: Best, ask: Ask) -> Relaxed:
    found = relax(ask)
    best.budget.work += found.work
    best.tell()  # a second has gone when there are a million choices
    return found


def _first(table: Table, start: Plan | None) -> Ints:
    """Return a choice at once: what is valid of `start`, then each measure to who has least with it."""
    columns = {one.id: number for number, one in enumerate(table.professionals)}
    chosen = np.full(len(table.measures), table.nobody)
    rooms, loads = table.rooms(), table.settled.copy()
    compared = np.array([max(table.problem.level(one, 1), 1) for one in table.professionals])

    def give(row: int, column: int) -> None:
        chosen[row] = column
        rooms[column] -= table.loads[row]
        loads[column] += table.loads[row]

    for row, measure in enumerate(table.measures):
        column = columns.get(start.given.get(measure.id, "")) if start else None
        if column is not None and table.may[row, column] and rooms[column] >= table.loads[row]:
            give(row, column)
    for row in np.lexsort((-table.loads, -table.priorities)):
        possible = np.flatnonzero(table.may[row] & (rooms >= table.loads[row]))
        if chosen[row] == table.nobody and len(possible):
            levels = (loads[possible] + table.loads[row]) * compared[possible]
            give(row, possible[np.lexsort((table.costs[row, possible], levels))[0]])
    return chosen


def _least_undone(best: Best, rng: np.random.Generator) -> int:
    """Offer what leaves the least undone, and return what is proved of it."""
    table = best.table
    if table.undone(best.here) == 0:
        return 0
    ask = only_undone(table, table.rooms())
    found = improved(ask, _relaxed(best, ask), best.here, best, rng)
    best.offer(found.chosen)
    return found.bound


def _least_level(best: Best, undone: int, rng: np.random.Generator) -> int:
    """Offer what makes the largest load least with no more left undone, and return what is proved of it."""
    table = best.table
    low, high = 0, table.level(best.here)
    while low < high:  # what divided loads allow is a bound
        middle = (low + high) // 2
        relaxed = _relaxed(best, only_undone(table, table.rooms(middle)))
        if relaxed.bound <= undone:
            high = middle
        else:
            low = middle + 1
        if best.is_over:
            return low
    return _lowest(best, low, undone, rng)


def _lowest(best: Best, proved: int, undone: int, rng: np.random.Generator) -> int:
    """Offer the least largest load that is found from a proved one on, and return what is proved of it.

    Farther and farther up, then by halves between what was not found and what was.
    """
    table = best.table
    level = believed = proved
    step = 1
    while believed < (high := table.level(best.here)) and not best.is_over:
        level = min(max(level, believed), high - 1)
        is_found = _is_placed(best, level, undone, rng)
        if is_found:
            level = (believed + table.level(best.here)) // 2
            continue
        believed = level + 1
        if is_found is False:
            proved = believed
        level, step = _wider(table, level, step), step * 2
    return proved


def _wider(table: Table, level: int, step: int) -> int:
    """Return a level so much above, or the first beyond that gives somebody more room."""
    rooms = table.rooms(level)
    level += step
    while level < table.level_of_all and (table.rooms(level) == rooms).all():
        level += 1
    return level


def _is_placed(best: Best, level: int, undone: int, rng: np.random.Generator) -> bool | None:
    """Say whether a choice with no load above `level` was found, and offer it; None when there may be one all the same.

    That there is none is proved where it is small enough.
    """
    table = best.table
    rooms = table.rooms(level)
    ask = whole(table, rooms)
    chosen = placed(ask, _relaxed(best, ask), best, rng, undone=undone, work=PLACING_WORK)
    if chosen is None and table.may.sum() <= SMALL:
        ask = only_undone(table, rooms)
        relaxed = _relaxed(best, ask)
        found = packed(ask, relaxed, rounded(ask, relaxed), best, seed=0, work=PLACING_WORK)
        if found.bound > undone:
            return False
        chosen = found.chosen if ask.total(found.chosen) <= undone else None
    if chosen is None:
        return None
    best.offer(chosen)
    return True
