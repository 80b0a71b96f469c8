"""The loads below the largest, made even too: who cannot be less loaded is set aside, then the others are looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimizer.shares.best import Best
from optimizer.shares.flow import relax
from optimizer.shares.table import Ints, only_undone

MOST_STAGES = 12


def even_rooms(best: Best, level: int, undone: int) -> Ints:
    """Return what each professional can be given when the largest load is least, then the largest of the others, etc.

    `level` is the least largest load, with so many priorities undone. With `Problem.slack`, each may have that much
    more; where some have far less, nobody has more than the largest for it. Exact when all loads are equal; otherwise a
    whole choice may need more room.
    """
    table, largest = best.table, level
    levels = np.full(len(table.professionals), level, dtype=np.int64)
    is_open = np.ones(len(levels), dtype=np.bool_)
    for _ in range(MOST_STAGES):
        tight = _tight(best, np.where(is_open, level - 1, levels)) & is_open
        is_open &= ~tight
        if not tight.any() or not is_open.any() or best.is_over:
            break
        level = _least(best, levels, is_open, undone)
        levels[is_open] = level
    within = levels + best.problem.slack
    return table.rooms(within if within.min() >= largest else np.minimum(within, largest))


def _least(best: Best, levels: Ints, is_open: NDArray[np.bool_], undone: int) -> int:
    """Return the least level of those who are open, the others keeping theirs, that leaves no more undone."""
    low, high = 0, int(levels[is_open].max())
    while low < high and not best.is_over:
        middle = (low + high) // 2
        relaxed = relax(only_undone(best.table, best.table.rooms(np.where(is_open, middle, levels))))
        best.budget.work += relaxed.work
        if relaxed.bound <= undone:
            high = middle
        else:
            low = middle + 1
    return high


def _tight(best: Best, levels: Ints) -> NDArray[np.bool_]:
    """Return who has no room for what is left without anybody at these levels, even if others made some."""
    table = best.table
    relaxed = relax(only_undone(table, table.rooms(levels)))
    best.budget.work += relaxed.work
    rows = relaxed.chosen == table.nobody
    while True:
        columns = table.may[rows].any(axis=0)
        reached = rows | np.isin(relaxed.chosen, np.flatnonzero(columns))
        if (reached == rows).all():
            return np.asarray(columns, dtype=np.bool_)
        rows = reached
