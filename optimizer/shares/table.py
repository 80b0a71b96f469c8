"""A group as arrays: a row a measure, a column a professional, then one more column for nobody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from optimizer.shares.fit import cost_m
from optimizer.shares.problem import Measure, Problem, Professional

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NEVER = np.int64(2**62)  # the cost of what a rule forbids; never added up


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a group costs. `costs` has NEVER where a rule forbids, and no column for nobody."""

    problem: Problem
    measures: tuple[Measure, ...]
    professionals: tuple[Professional, ...]
    costs: Ints
    loads: Ints  # of the measures
    settled: Ints  # of the professionals
    priorities: Ints

    @classmethod
    def of(cls, problem: Problem, measures: tuple[Measure, ...], professionals: tuple[Professional, ...]) -> Table:
        """Return the table of a group of `Problem.groups`."""
        costs = np.full((len(measures), len(professionals)), NEVER, dtype=np.int64)
        columns = {who.id: column for column, who in enumerate(professionals)}
        for row, measure in enumerate(measures):
            for who_id in problem.suiting[measure.id]:
                costs[row, columns[who_id]] = cost_m(problem, measure, problem.professional_of[who_id])
        return cls(
            problem=problem,
            measures=measures,
            professionals=professionals,
            costs=costs,
            loads=np.array([one.load for one in measures], dtype=np.int64),
            settled=np.array([problem.settled[one.id] for one in professionals], dtype=np.int64),
            priorities=np.array([one.priority for one in measures], dtype=np.int64),
        )

    @property
    def nobody(self) -> int:
        """Return the column of nobody."""
        return len(self.professionals)

    @cached_property
    def may(self) -> NDArray[np.bool_]:
        """Return who may have what."""
        return self.costs < NEVER

    @cached_property
    def level_of_all(self) -> int:
        """Return a level that no load within the capacities is above."""
        return max((self.problem.level(one, one.capacity) for one in self.professionals), default=0)

    def rooms(self, level: int | Ints | None = None) -> Ints:
        """Return what each professional can be given up to a level, one of their own, or up to their capacity.

        In whole steps of what all loads have in common: what is left beyond is of no use to any.
        """
        if level is None:
            most = [one.capacity for one in self.professionals]
        else:
            levels = np.broadcast_to(level, len(self.professionals)).tolist()
            most = [self.problem.most_load(one, at) for one, at in zip(self.professionals, levels, strict=True)]
        step = np.gcd.reduce(self.loads)
        return cast(Ints, np.maximum(np.array(most, dtype=np.int64) - self.settled, 0) // step * step)

    def undone(self, chosen: Ints) -> int:
        """Return the priorities that a choice leaves undone."""
        return int(self.priorities[chosen == self.nobody].sum())

    def level(self, chosen: Ints) -> int:
        """Return the largest load among those to whom something is given."""
        given = self.given(chosen)
        levels = [
            self.problem.level(who, int(load))
            for who, load, own in zip(self.professionals, self.settled + given, given, strict=True)
            if own
        ]
        return max(levels, default=0)

    def given(self, chosen: Ints) -> Ints:
        """Return what each professional is given."""
        return np.bincount(chosen, weights=self.loads, minlength=self.nobody + 1)[: self.nobody].astype(np.int64)

    def last(self, chosen: Ints) -> int:
        """Return what the last level costs."""
        rows = np.flatnonzero(chosen != self.nobody)
        return int(self.costs[rows, chosen[rows]].sum())

    def standing(self, chosen: Ints) -> tuple[int, int, int]:
        """Return what is compared between choices: see `check.standing`."""
        return self.undone(chosen), self.level(chosen), self.last(chosen)

    def reads(self, chosen: Ints) -> dict[str, str]:
        """Return the professional of each measure that has one."""
        return {
            measure.id: self.professionals[column].id
            for measure, column in zip(self.measures, chosen, strict=True)
            if column != self.nobody
        }


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One linear question about a table: the least sum of `costs` (nobody included) with what fits in `rooms`."""

    costs: Ints
    loads: Ints
    rooms: Ints

    def total(self, chosen: Ints) -> int:
        """Return what a choice costs."""
        return int(self.costs[np.arange(len(chosen)), chosen].sum())

    def fits(self, chosen: Ints) -> bool:
        """Say whether a choice keeps to the rules and to the rooms."""
        given = np.bincount(chosen, weights=self.loads, minlength=self.costs.shape[1])
        return bool((self.costs[np.arange(len(chosen)), chosen] < NEVER).all() and (given[:-1] <= self.rooms).all())


def only_undone(table: Table, rooms: Ints) -> Ask:
    """Return the question of the first level: the least left undone."""
    costs = np.where(table.may, 0, NEVER)
    return Ask(costs=np.column_stack([costs, table.priorities]), loads=table.loads, rooms=rooms)


def whole(table: Table, rooms: Ints) -> Ask:
    """Return the question of the last level; leaving one more undone costs more than anything else can."""
    most = np.where(table.may, table.costs, 0).max(axis=1, initial=0)
    nobody = table.priorities * (1 + int(most.sum()))
    return Ask(costs=np.column_stack([table.costs, nobody]), loads=table.loads, rooms=rooms)
