"""The plan: at once by insertion, then better and better until the budget is used up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pyvrp

from optimizer.rounds.check import price
from optimizer.rounds.draft import Draft
from optimizer.rounds.encoding import Encoding
from optimizer.rounds.engine import Course, improve
from optimizer.rounds.exact import proved, settled
from optimizer.rounds.explain import unplaced
from optimizer.rounds.plan import Outcome, Plan
from optimizer.rounds.problem import Lock, Problem, Request, TeamDay
from optimizer.searching import Budget, Ended, OnProgress

TELL_EVERY_S = 0.3
READ_EVERY = 0.1  # work between two plans made of what the search has found
WHOLE_UP_TO = 1_000  # requests; more are searched a few team-days at a time
SCOPE = 250  # requests in such a part
MOST_BYTES = 150_000_000  # of matrices
IDLE_WORK = 0.05  # of a part where there is nothing to search
PART_WORK = 6.0  # before another part is searched, or another moment for the break
PAUSES = (0.5, 0.0, 1.0)
PATIENCE = 8.0  # work without a better plan, after which a search with no limit ends


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    limit_s: float | None = None,
    work_limit: float | None = None,
    start: Plan | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Return the best plan found. What is still possible of `start` is kept, and never made worse."""
    budget = Budget(limit_s=limit_s, work_limit=work_limit, on_progress=on_progress)
    if (only := settled(problem)) is not None:
        best, ended = proved(problem, only), Ended.PROVED
    else:
        best = Draft.of(problem, start) if start else Draft(problem)
        best.fill()
        search = Search(best=best, budget=budget, seed=seed)
        search.run()
        best, ended = search.best, budget.ended
    bound = best.cost if ended is Ended.PROVED else None
    budget.tell(best.cost, plan=best.plan, bound=bound, unplaced=len(best.unplaced))
    plan = best.plan()
    return Outcome(
        plan=plan,
        price=price(problem, plan),
        unplaced=unplaced(problem, plan),
        ended=ended,
        bound=bound,
    )


@dataclass(kw_only=True)
class Search:
    """Improves `best`, the whole problem at once or one part after another, until the budget is used up."""

    best: Draft
    budget: Budget
    seed: int
    told_s: float = float("-inf")
    better_at: float = 0.0  # work
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - no secret
        self.tell()

    def run(self) -> None:
        """Search one scope after another."""
        number = 0
        while not self.is_over:
            scope, is_whole = self.scope()
            has_rests = any(one.rest for one in scope)
            encoding = Encoding(self.best, scope, pause=PAUSES[number % len(PAUSES)])
            if encoding.visits:
                work = float("inf") if is_whole and not has_rests else PART_WORK
                improve(encoding, Segment(self, encoding, work), self.seed + number)
            else:
                self.budget.work += IDLE_WORK
                self.tell()
            number += 1

    @property
    def is_over(self) -> bool:
        """Say whether to end: no budget left, or, where there is no limit, nothing better for a while."""
        is_endless = self.budget.limit_s is None and self.budget.work_limit is None
        return self.budget.is_over or (is_endless and self.budget.work > self.better_at + PATIENCE)

    def scope(self) -> tuple[tuple[TeamDay, ...], bool]:
        """Return the team-days to search next, and whether they are all there is."""
        problem = self.best.problem
        if len(problem.requests) <= WHOLE_UP_TO and self._bytes() <= MOST_BYTES:
            return problem.team_days, True
        seed = self.rng.choice(problem.requests)
        days = {one.day for one in seed.choices} or {problem.first_day}
        near = sorted(problem.team_days, key=lambda one: (one.day not in days, self._detour(one, seed), one.key))
        chosen: list[TeamDay] = []
        while near and sum(len(self.best.timelines[one.key].visits) for one in chosen) < SCOPE:
            chosen.append(near.pop(0))
        return tuple(chosen), False

    def _bytes(self) -> int:
        """Return what the matrices of the whole may take, a team that is preferred having its own."""
        problem = self.best.problem
        is_locked = any(one.lock is not Lock.FREE for one in problem.requests)
        kinds = {one.team_id if is_locked else one.skills for one in problem.team_days}
        return 16 * len(kinds) * len(problem.requests) ** 2

    def _detour(self, team_day: TeamDay, request: Request) -> int:
        """Return how far a round goes by a home: from its nearest stop, or its base."""
        visits = self.best.timelines[team_day.key].visits
        places = [one.request.home for one in visits] or [team_day.base]
        return min(self.best.problem.travel.leg(one, request.home)[0] for one in places)

    def take(self, found: Draft) -> None:
        """Keep a plan if it is better."""
        if found.cost < self.best.cost:
            self.best, self.better_at = found, self.budget.work

    def tell(self) -> None:
        """Tell where the search is, often enough."""
        if self.budget.seconds >= self.told_s + TELL_EVERY_S:
            self.told_s = self.budget.seconds
            self.budget.tell(self.best.cost, plan=self.best.plan, unplaced=len(self.best.unplaced))


class Segment(Course):
    """The search of one scope, as the whole search sees it."""

    def __init__(self, search: Search, encoding: Encoding, work: float) -> None:
        self._search, self._encoding = search, encoding
        self._until = search.budget.work + work
        self._read: pyvrp.Solution | None = None
        self._read_at = search.budget.work

    def spend(self, work: float) -> None:
        """Count work done."""
        self._search.budget.work += work

    def may_spend(self, most: float) -> tuple[float, float]:
        """Return the work and the seconds that one step may take."""
        return self._search.budget.work_left(most), self._search.budget.seconds_left(3600.0)

    def is_over(self, best: pyvrp.Solution | None) -> bool:
        """Take what is found every now and then, and say whether to end."""
        work = self._search.budget.work
        ends = work >= self._until or self._search.is_over
        if best is not None and best is not self._read and (ends or work >= self._read_at + READ_EVERY):
            self._read, self._read_at = best, work
            self._search.take(self._encoding.draft(best))
        self._search.tell()
        return ends or self._search.is_over
