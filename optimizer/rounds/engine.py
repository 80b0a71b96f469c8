"""PyVRP's iterated local search over one encoding, with what it lacks: a choice, now and then, among rounds seen."""

from __future__ import annotations

import logging
import random
import warnings
from typing import Protocol

import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.IteratedLocalSearch import IteratedLocalSearch, IteratedLocalSearchCallbacks, IteratedLocalSearchParams
from pyvrp.search import OPERATORS, LocalSearch, compute_neighbours

from optimizer.rounds.columns import Columns
from optimizer.rounds.encoding import Encoding

# Measured: what PyVRP starts from, the middle of what it allows, is so high that a third of a run of thirty seconds
# goes by before it dares to be late. A leg costs as much as it lasts, here: 20 is what it would come down to.
TIME_PENALTY = 20.0
STEPS_BEFORE_RESTART = 50  # by client, none of them better; PyVRP's own 150,000 is more than a run of a minute makes
SHAKEN = 0.5  # of the rounds, when it does
NEAR = 0.02  # of the best: solutions whose rounds are kept
CHOICE_WORK = 0.5  # at most, each time
FIRST_CHOICE = 2.0  # units of work before the first choice among the rounds seen
WORK_OF_A_STEP, WORK_OF_A_CLIENT = 1.2e-4, 2.4e-6  # seconds of a usual core

# PyVRP prints warnings of its own on the standard output.
logging.getLogger("pyvrp").setLevel(logging.ERROR)


class Course(Protocol):
    """What a search hears while it runs: it tells the work done, and asks whether to end."""

    def spend(self, work: float) -> None:
        """Count work done."""

    def may_spend(self, most: float) -> tuple[float, float]:
        """Return the work and the seconds that one step may take."""

    def is_over(self, best: pyvrp.Solution | None) -> bool:
        """Say whether to end, with this for the best possible solution so far."""


class Restarts(IteratedLocalSearchCallbacks):
    """Tells the chooser when PyVRP starts again from its best."""

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser

    def on_restart(self, best: pyvrp.Solution) -> None:  # noqa: ARG002
        """Have the best shaken."""
        self._chooser.shake()


class Chooser:
    """A local search of PyVRP that keeps the rounds it sees, and proposes the best choice among them when it is due."""

    def __init__(self, encoding: Encoding, local_search: LocalSearch, course: Course, seed: int) -> None:
        self._encoding, self._rng, self._is_shaken = encoding, random.Random(seed), False  # noqa: S311
        self._search, self._course, self._columns = local_search, course, Columns(encoding)
        self._step = WORK_OF_A_STEP + WORK_OF_A_CLIENT * encoding.data.num_clients
        self._every = self._next = FIRST_CHOICE
        self.work = 0.0
        self.best: pyvrp.Solution | None = None
        self._cost = 0

    def __call__(
        self, solution: pyvrp.Solution, cost_evaluator: pyvrp.CostEvaluator, exhaustive: bool = False
    ) -> pyvrp.Solution:
        """Return a neighbour of a solution, or what the choice among the rounds seen gives."""
        if self._is_shaken and not exhaustive:
            return self._shaken(cost_evaluator)
        if not exhaustive and self.work >= self._next and self._columns.fresh and (chosen := self._choice()):
            self._keep(chosen, cost_evaluator)
            return chosen
        self._spend(self._step)
        found = self._search(solution, cost_evaluator, exhaustive)
        if found.is_feasible():
            self._keep(found, cost_evaluator)
        return found

    def shake(self) -> None:
        """Take some rounds apart, whole, before the next step."""
        self._is_shaken = True

    def _shaken(self, cost_evaluator: pyvrp.CostEvaluator) -> pyvrp.Solution:
        """Return the best solution with some of its rounds made anew: the search starts again from elsewhere."""
        assert self.best  # noqa: S101 - a search that starts again has one
        self._is_shaken = False
        kept = [one for one in self.best.routes() if self._rng.random() >= SHAKEN]
        self._spend(self._step)
        return self._search(pyvrp.Solution(self._encoding.data, kept), cost_evaluator, exhaustive=True)

    def _keep(self, found: pyvrp.Solution, cost_evaluator: pyvrp.CostEvaluator) -> None:
        cost = cost_evaluator.cost(found)
        if self.best is None or cost < self._cost:
            self.best, self._cost = found, cost
        if found.distance() <= (1 + NEAR) * self.best.distance():
            self._columns.add(found)

    def _choice(self) -> pyvrp.Solution | None:
        """Return a better choice. While it finds none, it is asked less and less often."""
        assert self.best  # noqa: S101 - columns come with it
        chosen, work = self._columns.best(self.best, *self._course.may_spend(CHOICE_WORK))
        self._spend(work)
        self._every = FIRST_CHOICE if chosen else self._every * 1.3
        self._next = self.work + self._every
        return chosen

    def _spend(self, work: float) -> None:
        self.work += work
        self._course.spend(work)


def improve(encoding: Encoding, course: Course, seed: int) -> None:
    """Search from the rounds of the encoding's draft until the course, which is shown what is found, is over."""
    data = encoding.data
    local_search = LocalSearch(data, pyvrp.RandomNumberGenerator(seed), compute_neighbours(data))
    for operator in OPERATORS:
        if operator.supports(data):
            local_search.add_operator(operator(data))
    loads = [_load_penalty(data, number) for number in range(data.num_load_dimensions)]
    penalties = pyvrp.PenaltyManager((loads, TIME_PENALTY, TIME_PENALTY))
    chooser = Chooser(encoding, local_search, course, seed)
    start = encoding.solution()
    chooser(start, penalties.max_cost_evaluator(), exhaustive=True)
    steps = IteratedLocalSearchParams(
        num_iters_no_improvement=STEPS_BEFORE_RESTART * data.num_clients,
        callbacks=Restarts(chooser),
    )
    search = IteratedLocalSearch(data, penalties, chooser, chooser.best or start, steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)  # some requests may have no place at all
        search.run(lambda _: course.is_over(chooser.best), collect_stats=False)


def _load_penalty(data: pyvrp.ProblemData, dimension: int) -> float:
    """Return what a unit too many costs: a leg, for a load of the usual size."""
    loads = [client.delivery[dimension] for client in data.clients()]
    mean = sum(loads) / max(len(loads), 1)
    return float(data.distance_matrix(0).mean()) / mean if mean else TIME_PENALTY
