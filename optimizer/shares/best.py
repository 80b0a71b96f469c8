"""The best plan so far, kept outside the solvers: a stop at any moment finds it here."""

from __future__ import annotations

import threading
from math import inf

import numpy as np

from optimizer.searching import Budget
from optimizer.shares.check import KM, LEVEL, UNPLACED
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Problem
from optimizer.shares.table import Ints, Table

TOLD_EVERY_S = 0.4
Levels = tuple[int, int, int]  # priorities undone, largest load, last level in metres


class Best:
    """The best choice of each group, what is proved of it, and who is told.

    The groups are searched one after another: `at` is the one whose choices are offered, for its part of the budget.
    """

    def __init__(self, problem: Problem, tables: list[Table], chosen: list[Ints], budget: Budget) -> None:
        self.problem = problem
        self.budget = budget
        self.tables = tables
        self.chosen = chosen
        self.standings = [table.standing(one) for table, one in zip(tables, chosen, strict=True)]
        self.bounds: list[Levels] = [(0, 0, 0)] * len(tables)
        self.floors = [0] * len(tables)  # up to there, largest loads are as good as each other
        self.evens: list[Ints | None] = [None] * len(tables)  # what each can be given when all loads are even
        self.at = 0
        self._until_work = self._until_s = inf
        self._unsuited = [one for one in problem.measures if not one.is_frozen and not problem.suiting[one.id]]
        self._told_at = 0.0
        self._lock = threading.Lock()
        self.tell(now=True)

    @property
    def table(self) -> Table:
        """Return the group whose choices are offered."""
        return self.tables[self.at]

    @property
    def here(self) -> Ints:
        """Return its best choice."""
        return self.chosen[self.at]

    def enter(self, number: int) -> None:
        """Search that group, with a part of what is left as large as its part of the measures that are left."""
        left = [len(table.measures) for table in self.tables[number:]]
        part, budget = left[0] / sum(left), self.budget
        self.at = number
        self._until_work = budget.work + part * budget.work_left(inf)
        self._until_s = budget.seconds + part * budget.seconds_left(inf)

    @property
    def is_over(self) -> bool:
        """Say whether the search of the group must end."""
        budget = self.budget
        return budget.is_over or budget.work >= self._until_work or budget.seconds >= self._until_s

    def work_left(self, most: float) -> float:
        """Return the work that one step may do, `most` at most."""
        return max(min(most, self._until_work - self.budget.work), 0.0)

    def seconds_left(self, most: float) -> float:
        """Return the seconds that one step may take, `most` at most."""
        return max(min(most, self._until_s - self.budget.seconds), 0.0)

    def offer(self, chosen: Ints) -> None:
        """Keep the choice if it is better."""
        standing = self.table.standing(chosen)
        with self._lock:
            if self._key(chosen, standing) < self._key(self.here, self.standings[self.at]):
                self.chosen[self.at], self.standings[self.at] = chosen, standing
        self.tell(now=True)

    def prove(self, levels: Levels) -> None:
        """Note that no choice of the group is better than that."""
        self.bounds[self.at] = levels

    def tell(self, *, now: bool = False) -> None:
        """Say where the search is, unless it was said just before."""
        with self._lock:
            seconds = self.budget.seconds
            if not now and seconds - self._told_at < TOLD_EVERY_S:
                return
            self._told_at = seconds
            undone = len(self._unsuited) + sum(
                int((chosen == table.nobody).sum()) for table, chosen in zip(self.tables, self.chosen, strict=True)
            )
            self.budget.tell(self._cost(self.standings), plan=self.plan, bound=self.bound, unplaced=undone)

    @property
    def bound(self) -> float:
        """Return what no plan is below, in all."""
        return self._cost(self.bounds)

    @property
    def is_proved(self) -> bool:
        """Say whether nothing better exists."""
        found = zip(self.bounds, self.standings, self.floors, strict=True)
        return all(
            bound == (undone, bound[1], last)
            and level <= max(bound[1], floor)
            and floor <= bound[1] + self.problem.slack
            for bound, (undone, level, last), floor in found
        )

    def plan(self) -> Plan:
        """Return the plan, with what is frozen."""
        given = {one.id: one.held_by for one in self.problem.measures if one.is_frozen and one.held_by is not None}
        for table, chosen in zip(self.tables, self.chosen, strict=True):
            given |= table.reads(chosen)
        return Plan(given=given)

    def _key(self, chosen: Ints, standing: Levels) -> tuple[int, int, int, int]:
        """Return what is compared between choices of the group: after the largest load, what is beyond even ones."""
        undone, level, last = standing
        even = self.evens[self.at]
        beyond = 0 if even is None else int(np.maximum(self.table.given(chosen) - even, 0).sum())
        return undone, max(level, self.floors[self.at]), beyond, last

    def _cost(self, levels: list[Levels]) -> float:
        undone, level, last = (sum(one[number] for one in levels) for number in range(3))
        undone += sum(one.priority for one in self._unsuited)
        return UNPLACED * undone + LEVEL * level + KM * last
