"""The best plan of a search, kept outside every solver: a stop at any moment finds it here."""

from __future__ import annotations

import threading

from optimizer.hearings.check import score
from optimizer.hearings.local import TELL_S
from optimizer.hearings.plan import OnProgress, Plan, Progress
from optimizer.hearings.problem import Problem
from optimizer.searching import Budget


class Best:
    """The best plan so far, and what is told of it."""

    def __init__(self, problem: Problem, budget: Budget, on_progress: OnProgress | None = None) -> None:
        self.problem = problem
        self.budget = budget
        self.on_progress = on_progress
        self.plan = Plan()
        self.score = score(problem, self.plan)
        self.bound: float | None = None
        self._told_at: float | None = None
        self._lock = threading.Lock()

    def offer(self, plan: Plan) -> bool:
        """Keep the plan if it is better, and tell it; say whether it was."""
        offered = score(self.problem, plan)
        with self._lock:
            is_better = offered.total < self.score.total
            if is_better:
                self.plan, self.score = plan, offered
        self.tell()
        return is_better

    def tell(self) -> None:
        """Say where the search is, and hear whether it must stop."""
        with self._lock:  # two threads that tell must not speak at once
            self._told_at = self.budget.seconds
            if self.on_progress and self.on_progress(self._progress(self.score.total)):
                self.budget.is_stopped = True

    def tell_in_time(self) -> None:
        """Say it when it has not been said for a while."""
        if self._told_at is None or self.budget.seconds - self._told_at >= TELL_S:
            self.tell()

    def _progress(self, cost: float) -> Progress:
        unplaced = self.score.count("unplaced")
        return Progress(
            seconds=self.budget.seconds,
            cost=cost,
            bound=self.bound,
            unplaced=unplaced,
            placed=len(self.problem.cases) - unplaced,
            late=self.score.count("late"),
            plan=lambda: self.plan,
        )
