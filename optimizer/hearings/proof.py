"""Proves that nothing better exists under given sittings, or how much better it could be.

What shares no hearing is proved apart: a formation is a model of its own. On these CP-SAT with its full linear
relaxation is two to four times quicker than SCIP; on the whole at once its bound stays negative for minutes (measured).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from ortools.linear_solver.python import model_builder as mip

from optimizer.hearings.board import OUT, Board
from optimizer.searching import Stoppable

Var = Any  # ortools says Variable, LinearExpr or bool by turns
EXACT = "num_workers:1 linearization_level:2"
Watched = Callable[[Stoppable], AbstractContextManager[None]]


def _unwatched(_: Stoppable) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Proved:
    """The best places found for some cases, what they cost, and the cost below which there is nothing."""

    at: dict[int, int]
    cost: float
    bound: float
    is_optimal: bool


def components(board: Board) -> list[list[int]]:
    """Return the cases in groups that share neither a hearing nor a counter, the smallest first."""
    leader: dict[object, object] = {}

    def find(one: object) -> object:
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for case, costs in enumerate(board.cost):
        for hearing in costs:
            for other in (("hearing", hearing), *board.needs[case][hearing]):
                leader[find(other)] = find(("case", case))
    groups: dict[object, list[int]] = defaultdict(list)
    for case in range(len(board.cases)):
        groups[find(("case", case))].append(case)
    return sorted(groups.values(), key=len)


def prove(
    board: Board,
    cases: list[int],
    *,
    limit_s: float | None,
    work: float,
    is_whole: bool = True,
    watched: Watched = _unwatched,
) -> Proved | None:
    """Look for the best places of these cases, all others where they are; None when nothing was found in time.

    `work` is in deterministic time of CP-SAT: without a limit in seconds, the same work gives the same places.

    `is_whole`: in whole numbers; otherwise only the bound counts, of fractions of cases, and it comes sooner.
    """
    return _Model(board, cases, is_whole=is_whole).solved(limit_s, work, watched)


class _Model:
    def __init__(self, board: Board, cases: list[int], *, is_whole: bool) -> None:
        self.board, self.cases, self.is_whole = board, cases, is_whole
        self.model = mip.Model()  # type: ignore[no-untyped-call]  # of ortools
        self.goes: dict[tuple[int, int], Var] = {}
        self.prices: list[tuple[Var, float]] = []
        self._places()
        self._comings()
        self._minutes()
        self._counters()
        variables, prices = [one for one, _ in self.prices], [price for _, price in self.prices]
        self.model.minimize(mip.LinearExpr.weighted_sum(variables, prices))

    def solved(self, limit_s: float | None, work: float, watched: Watched) -> Proved | None:
        solver = mip.Solver("sat" if self.is_whole else "glop")
        if limit_s is not None:
            solver.set_time_limit_in_seconds(max(limit_s, 0.01))
        if self.is_whole:
            solver.set_solver_specific_parameters(f"{EXACT} max_deterministic_time:{work}")
        with watched(solver):
            status = solver.solve(self.model)
        if status not in (mip.SolveStatus.OPTIMAL, mip.SolveStatus.FEASIBLE):
            return None
        cost, is_optimal = solver.objective_value, status == mip.SolveStatus.OPTIMAL
        bound = solver.best_objective_bound if self.is_whole else cost if is_optimal else float("-inf")
        at = dict.fromkeys(self.cases, OUT)
        at |= {case: hearing for (case, hearing), var in self.goes.items() if solver.value(var) > 0.5}
        return Proved(at=at, cost=cost, bound=bound, is_optimal=is_optimal)

    def _new(self, most: float = 1, *, hint: float = 0) -> Var:
        var = self.model.new_var(0, most, is_integer=self.is_whole, name="")
        self.model.add_hint(var, hint)
        return var

    def _places(self) -> None:
        board = self.board
        for case in self.cases:
            listed = [self._new(hint=board.at[case] == OUT)]
            self.prices.append((listed[0], board.out[case]))
            for hearing, cost in board.cost[case].items():
                var = self.goes[case, hearing] = self._new(hint=board.at[case] == hearing)
                listed.append(var)
                self.prices.append((var, cost))
            self._sum(listed, [1] * len(listed), exactly=1)

    def _comings(self) -> None:
        """Price each coming of a lawyer once; alone in a hearing, a case bears it itself."""
        board, size = self.board, len(self.board.hearings)
        coming: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        others = list(board.come)
        for case in self.cases:
            for lawyer in board.lawyers[case]:
                if board.at[case] != OUT:
                    others[lawyer * size + board.at[case]] -= 1
                for hearing in board.cost[case]:
                    coming[lawyer, hearing].append((case, hearing))
        for (lawyer, hearing), pairs in coming.items():
            if others[lawyer * size + hearing]:
                continue  # there already
            var = self.goes[pairs[0]]
            if len(pairs) > 1:
                var = self._new(hint=any(board.at[case] == hearing for case, _ in pairs))
                for pair in pairs:
                    self._sum([self.goes[pair], var], [1, -1], most=0)
            self.prices.append((var, board.each_coming))

    def _minutes(self) -> None:
        board = self.board
        used = list(board.used)
        inside: dict[int, list[int]] = defaultdict(list)
        for case, hearing in self.goes:
            inside[hearing].append(case)
        for case in self.cases:
            if board.at[case] != OUT:
                used[board.at[case]] -= board.minutes[case]
        for hearing, cases in inside.items():
            room = board.soft[hearing] - used[hearing]
            more = board.hard[hearing] - max(board.soft[hearing], used[hearing])
            taken = sum(board.minutes[case] for case in cases if board.at[case] == hearing)
            beyond = self._new(max(more, 0), hint=max(taken - max(room, 0), 0))
            self.prices.append((beyond, board.problem.weights.overtime))
            variables = [self.goes[case, hearing] for case in cases]
            minutes = [board.minutes[case] for case in cases]
            self._sum([*variables, beyond], [*minutes, -1], most=max(room, 0))

    def _counters(self) -> None:
        board = self.board
        takers: dict[int, list[Var]] = defaultdict(list)
        room = list(board.left)
        for (case, hearing), var in self.goes.items():
            for counter in board.needs[case][hearing]:
                takers[counter].append(var)
                room[counter] += board.at[case] == hearing
        for counter, listed in takers.items():
            if len(listed) > room[counter]:
                self._sum(listed, [1] * len(listed), most=max(room[counter], 0))

    def _sum(self, variables: list[Var], by: list[float], *, most: float = 0, exactly: float | None = None) -> None:
        expression = mip.LinearExpr.weighted_sum(variables, by)
        self.model.add(expression == exactly if exactly is not None else expression <= most)
