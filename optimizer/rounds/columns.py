"""The rounds that a search has seen, and the best choice among them: a set partitioning, solved by OR-Tools.

It decides at once which team goes out which day to whom, in which window. The search that finds the rounds changes a
few stops at a time, and may see each round of a better plan without ever seeing them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyvrp
from ortools.linear_solver import pywraplp  # type: ignore[attr-defined]
from ortools.sat.python import cp_model

from optimizer.rounds.encoding import Encoding, clients_of

MOST_COLUMNS = 9_000
CHOSEN_FROM = 2_000  # measured on 200 customers: a proved choice in a tenth of a second; from all columns, no answer
WORK_OF_A_COLUMN = 3e-5  # seconds of a usual core, of the relaxation


@dataclass(frozen=True)
class Column:
    """A round as PyVRP counts it: what it costs, less the prizes of its clients."""

    type: int
    clients: tuple[int, ...]
    cost: int

    @property
    def serves(self) -> tuple[int, frozenset[int]]:
        """Return the type and whom it serves, in whatever order."""
        return self.type, frozenset(self.clients)


class Columns:
    """The rounds of the good solutions of a search, the latest ones when they are too many."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._prizes = [one.prize for one in encoding.data.clients()]
        self._request_of = {client: number for number, options in enumerate(encoding.groups) for client in options}
        self._seen: dict[tuple[int, ...], Column] = {}
        self.fresh = 0  # since the last choice

    def add(self, solution: pyvrp.Solution) -> None:
        """Take the rounds of a possible solution."""
        for route in solution.routes():
            # much faster to read than the clients, and hardly ever the same but for a round and its reverse
            mark = (route.vehicle_type(), route.distance(), route.duration(), route.slack(), len(route))
            if mark not in self._seen:
                clients = clients_of(route)
                self._seen[mark] = Column(route.vehicle_type(), clients, self._cost(route, clients))
                self.fresh += 1
        while len(self._seen) > MOST_COLUMNS:
            del self._seen[next(iter(self._seen))]

    def _cost(self, route: pyvrp.Route, clients: tuple[int, ...]) -> int:
        return route.distance_cost() + route.fixed_vehicle_cost() - sum(self._prizes[one] for one in clients)

    def best(self, known: pyvrp.Solution, work_limit: float, limit_s: float) -> tuple[pyvrp.Solution | None, float]:
        """Return a choice better than the one known, None when there is none, and the work that it took."""
        self.add(known)
        self.fresh = 0
        before = sum(self._cost(route, clients_of(route)) for route in known.routes())
        kept = {(route.vehicle_type(), frozenset(clients_of(route))) for route in known.routes()}
        columns, spent = self._promising(kept)
        model, chosen = self._model(columns)
        for column, is_chosen in zip(columns, chosen, strict=True):
            model.add_hint(is_chosen, column.serves in kept)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.linearization_level = 2
        solver.parameters.max_deterministic_time = work_limit
        solver.parameters.max_time_in_seconds = limit_s
        status = solver.solve(model)
        work = spent + solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE) or solver.objective_value >= before:
            return None, work
        routes = [
            pyvrp.Route(self._encoding.data, list(column.clients), column.type)
            for column, is_chosen in zip(columns, chosen, strict=True)
            if solver.boolean_value(is_chosen)
        ]
        return pyvrp.Solution(self._encoding.data, routes), work

    def _promising(self, kept: set[tuple[int, frozenset[int]]]) -> tuple[list[Column], float]:
        """Return the columns of the least reduced cost in the linear relaxation, those kept among them; the work."""
        columns = list(self._seen.values())
        if len(columns) <= CHOSEN_FROM:
            return columns, 0.0
        solver = pywraplp.Solver.CreateSolver("GLOP")
        serving = [solver.Constraint(float(one), 1.0) for one in self._encoding.is_required]
        leaving = [solver.Constraint(0.0, float(len(keys))) for keys in self._encoding.types.values()]
        objective = solver.Objective()
        objective.SetMinimization()
        parts = []
        for column in columns:
            part = solver.NumVar(0.0, 1.0, "")
            objective.SetCoefficient(part, column.cost)
            leaving[column.type].SetCoefficient(part, 1.0)
            for client in column.clients:
                serving[self._request_of[client]].SetCoefficient(part, 1.0)
            parts.append(part)
        solver.Solve()
        by_reduced_cost = sorted(range(len(columns)), key=lambda number: parts[number].reduced_cost())
        chosen = set(by_reduced_cost[:CHOSEN_FROM])
        chosen |= {number for number, one in enumerate(columns) if one.serves in kept}
        return [columns[number] for number in sorted(chosen)], WORK_OF_A_COLUMN * len(columns)

    def _model(self, columns: list[Column]) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
        model = cp_model.CpModel()
        chosen = [model.new_bool_var("") for _ in columns]
        serving: list[list[cp_model.IntVar]] = [[] for _ in self._encoding.groups]
        leaving: list[list[cp_model.IntVar]] = [[] for _ in self._encoding.types]
        for column, is_chosen in zip(columns, chosen, strict=True):
            leaving[column.type].append(is_chosen)
            for client in column.clients:
                serving[self._request_of[client]].append(is_chosen)
        for group, is_required in zip(serving, self._encoding.is_required, strict=True):
            if is_required:
                model.add_exactly_one(group)
            else:
                model.add_at_most_one(group)
        for group, keys in zip(leaving, self._encoding.types.values(), strict=True):
            model.add(sum(group) <= len(keys))
        model.minimize(sum(column.cost * is_chosen for column, is_chosen in zip(columns, chosen, strict=True)))
        return model, chosen
