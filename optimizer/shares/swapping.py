"""What two professionals gain by exchanging a measure, or one by giving one away, until there is nothing to gain."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from optimizer.shares.best import Best
from optimizer.shares.table import NEVER, Ask, Ints

PAIRS_A_UNIT = 80_000_000  # of measures, compared by a usual core in a second
OUT = np.int64(2**58)  # like NEVER, and four of them can be added up


def swapped(ask: Ask, chosen: Ints, best: Best, columns: Iterable[int] | None = None) -> Ints:
    """Return a choice that no exchange of two measures and no change of one makes better; it fits if `chosen` does.

    With `columns`, only what they have changed: the others are as good as can be already.
    """
    search = _Swapping(ask, chosen)
    waiting = list(range(ask.costs.shape[1])) if columns is None else list(columns)
    while waiting and not best.is_over:
        column = waiting.pop(0)
        touched = search.improve(column)
        best.budget.work += search.compared / PAIRS_A_UNIT
        best.tell()
        search.compared = 0
        waiting += [one for one in touched if one not in waiting]
    return search.chosen


class _Swapping:
    """A choice that changes, and the room left in each column; nobody, the last, has always room."""

    def __init__(self, ask: Ask, chosen: Ints) -> None:
        self.costs = np.where(ask.costs < NEVER, ask.costs, OUT)
        self.loads = ask.loads
        self.chosen = chosen.copy()
        everything = int(ask.loads.sum())
        self.left = np.append(ask.rooms, 2 * everything)
        self.left -= np.bincount(chosen, weights=ask.loads, minlength=len(self.left)).astype(np.int64)
        self.paid = self.costs[np.arange(len(chosen)), chosen]
        self.compared = 0

    def improve(self, column: int) -> list[int]:
        """Make the best change of a column again and again while it gains; return the columns that changed."""
        touched: set[int] = set()
        while True:
            mine = np.flatnonzero(self.chosen == column)
            if not len(mine):
                return sorted(touched)
            self.compared += len(mine) * len(self.chosen)
            gain, moves = min(self._best_gift(column, mine), self._best_exchange(column, mine), key=lambda one: one[0])
            if gain >= 0:
                return sorted(touched)
            for row, end in moves:
                touched |= {int(self.chosen[row]), end}
                self._give(row, end)

    def _best_gift(self, column: int, mine: Ints) -> tuple[int, list[tuple[int, int]]]:
        """Return the best of giving one of its measures to another column."""
        gains = self.costs[mine] - self.paid[mine][:, None]
        gains = np.where(self.left >= self.loads[mine][:, None], gains, OUT)
        gains[:, column] = OUT
        place, end = np.unravel_index(gains.argmin(), gains.shape)
        return int(gains[place, end]), [(int(mine[place]), int(end))]

    def _best_exchange(self, column: int, mine: Ints) -> tuple[int, list[tuple[int, int]]]:
        """Return the best of exchanging one of its measures for one of another column."""
        there, more = self.chosen, self.loads[mine][:, None] - self.loads
        gains = self.costs[mine][:, there] - self.paid[mine][:, None] + self.costs[:, column] - self.paid
        fits = (self.left[column] + more >= 0) & (self.left[there] - more >= 0) & (there != column)
        gains = np.where(fits, gains, OUT)
        place, row = np.unravel_index(gains.argmin(), gains.shape)
        return int(gains[place, row]), [(int(mine[place]), int(there[row])), (int(row), column)]

    def _give(self, row: int, end: int) -> None:
        self.left[self.chosen[row]] += self.loads[row]
        self.left[end] -= self.loads[row]
        self.chosen[row], self.paid[row] = end, self.costs[row, end]
