"""The search: a first plan at once, a long walk that cools down, then people placed again a hundred at a time, exactly.

Work is counted in steps of the walk and in iterations of the solver: see `Budget`. One thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from optimizer.beds import neighbours
from optimizer.beds.anneal import STEPS_A_UNIT, walk, warmth
from optimizer.beds.board import NOWHERE, Board
from optimizer.beds.check import price
from optimizer.beds.exact import DEAREST, Freed, improve
from optimizer.beds.greedy import place_first
from optimizer.beds.options import MOST_OPTIONS, Table
from optimizer.beds.plan import Outcome, Plan
from optimizer.beds.problem import Problem
from optimizer.searching import Budget, Ended, OnProgress

STEPS = 4_000  # of the walk between two looks at the budget: ten milliseconds
WALKED = 0.45  # part of the budget that the first walk has
COLDEST = 0.05  # times the first temperature
SMALL = 1_500  # options in all: exact at once
PROOF_NODES = 100
WHOLE = 700  # people placed again at once when sexes stay put
A_FEW = 100  # when they do not, at first; half as many more one time in four
LONG, SHORT = 0.5, 0.2  # work of one solve: fewer people after more, more people after less
FAR = 2  # times the first temperature: how much dearer a place may be when all are placed again
PART = 0.6  # of all, at most
FEWEST = 10
IN_VAIN = 24  # tries without a gain before the plan is shaken
SHAKES = 3  # … without a gain, before a search without limits ends
SHAKE_WORK = 2.0
LUKEWARM = 0.15  # times the first temperature
TELL_S = 0.4


@dataclass(kw_only=True)
class Search:
    """A search under way: the plan being changed, the best one met, and what may still be used."""

    board: Board
    budget: Budget
    random: Random
    bound: float
    best: list[int] = field(default_factory=list)
    best_cost: float = float("inf")
    few: float = A_FEW
    told_s: float = -TELL_S

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is wanted, or nothing better exists."""
        return self.best_cost <= self.bound or self.budget.is_over

    def keep(self) -> bool:
        """Keep the plan if it is the best so far, and say whether it is."""
        is_better = self.board.cost < self.best_cost
        if is_better:
            self.best, self.best_cost = [*self.board.option], self.board.cost
        self.tell()
        return is_better

    def tell(self) -> bool:
        """Tell where the search is, not too often. Return whether it must stop."""
        if self.budget.seconds - self.told_s >= TELL_S and not self.budget.is_stopped:
            self.told_s = self.budget.seconds
            self.budget.tell(self.best_cost, plan=self.plan, bound=self.bound, unplaced=self.best.count(NOWHERE))
        return self.budget.is_over

    def plan(self) -> Plan:
        """Return the best plan so far."""
        return self.board.plan_of(self.best)


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    limit_s: float | None = None,
    work_limit: float | None = None,
    start: Plan | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Return the best plan found: never worse than what is still possible of `start`.

    The same seed and the same `work_limit` give the same plan, if `limit_s` does not end the search before.
    """
    budget = Budget(limit_s=limit_s, work_limit=work_limit, on_progress=on_progress)
    board = Board(Table(problem))
    search = Search(
        board=board,
        budget=budget,
        random=Random(seed),  # noqa: S311  # a search, not a secret
        bound=sum(stay.least for stay in board.stays),
    )
    place_first(board, start)
    search.keep()
    if not search.is_over and not _prove(search):
        _walk_down(search)
        _polish(search)
    return _outcome(search)


def greedy(problem: Problem) -> Plan:
    """Return the first plan, made in milliseconds."""
    board = Board(Table(problem))
    place_first(board)
    return board.plan()


def _prove(search: Search) -> bool:
    """Solve a small problem exactly. Return whether it is proved."""
    stays = [search.board.stays[index] for index in search.board.movable]
    sizes = [len(stay.costs) for stay in stays]
    if sum(sizes) > SMALL or max(sizes) >= MOST_OPTIONS:
        return False
    everybody = Freed(people=tuple(search.board.movable), margin=float("inf"), nodes=PROOF_NODES)
    is_proved = improve(search.board, everybody, search.budget, search.tell)
    search.keep()
    refused = [index for index in search.board.movable if search.best[index] == NOWHERE]
    if is_proved and (not refused or search.board.table.problem.refusal <= DEAREST):
        search.bound = search.best_cost
    return search.is_over


def _walk_down(search: Search) -> None:
    """Walk, from warm to cold, for the first part of the budget."""
    budget, warm = search.budget, warmth(search.board)
    unlimited = min(max(len(search.board.movable) / 40, 1), 30)

    def spent() -> float:
        if budget.work_limit is not None:
            return budget.work / (budget.work_limit * WALKED)
        if budget.limit_s is not None:
            return budget.seconds / (budget.limit_s * WALKED)
        return budget.work / unlimited

    while not search.is_over and (part := spent()) < 1:
        _steps(search, warm * COLDEST**part)


def _polish(search: Search) -> None:
    """Place people again, exactly; shake the best plan when that gives no more."""
    search.board.become(search.best)
    warm, tries, vain, shakes = warmth(search.board), 0, 0, 0
    is_limited = search.budget.limit_s is not None or search.budget.work_limit is not None
    while not search.is_over:
        _place_again(search, _freed(search, warm, tries))
        is_better = search.keep()
        tries += 1
        vain, shakes = (0, 0) if is_better else (vain + 1, shakes)
        if vain >= IN_VAIN:
            if not is_limited and shakes >= SHAKES:
                break
            _shake(search, warm)
            tries, vain, shakes = 0, 0, shakes + 1


def _place_again(search: Search, freed: Freed) -> None:
    """Place people again, and learn how many can be at once."""
    before = search.budget.work
    improve(search.board, freed, search.budget, search.tell)
    if not freed.keeps_sexes:
        spent = search.budget.work - before
        search.few = min(max(search.few * (0.8 if spent > LONG else 1.1 if spent < SHORT else 1), FEWEST), 2 * A_FEW)


def _freed(search: Search, warm: float, tries: int) -> Freed:
    """Return whom to place again at this try: now and then everybody, sexes as they are; else a few."""
    board, random = search.board, search.random
    if tries % 12 == 0:
        return Freed(people=neighbours.of_a_while(board, random, WHOLE), margin=warm * FAR, keeps_sexes=True)
    size = min(search.few * (1.5 if tries % 4 == 3 else 1), PART * len(board.movable))
    choose = neighbours.of_near_rooms if random.random() < 0.5 else neighbours.of_the_dearest
    return Freed(people=choose(board, random, int(size) + 1), margin=warm)


def _shake(search: Search, warm: float) -> None:
    """Walk from the best plan for a moment, lukewarm at first."""
    search.board.become(search.best)
    until = search.budget.work + SHAKE_WORK
    while not search.is_over and (left := until - search.budget.work) > 0:
        _steps(search, warm * max(LUKEWARM * left / SHAKE_WORK, COLDEST))


def _steps(search: Search, temperature: float) -> None:
    walk(search.board, search.random, steps=STEPS, temperature=temperature)
    search.budget.work += STEPS / STEPS_A_UNIT
    search.keep()


def _outcome(search: Search) -> Outcome:
    plan = search.plan()
    problem = search.board.table.problem
    refused = [request for request in problem.requests if request.id not in plan.placed]
    refused.sort(key=lambda request: (-request.priority, request.earliest_on, request.id))
    is_proved = search.best_cost <= search.bound
    return Outcome(
        plan=plan,
        price=price(problem, plan),
        unplaced=tuple(request.id for request in refused),
        ended=Ended.PROVED if is_proved else search.budget.ended,
        bound=search.bound,
    )
