"""What every search has in common: when it ends, what it tells meanwhile, and a price rule by rule."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

POLL_S = 0.1


class Ended(StrEnum):
    """How a search ended."""

    PROVED = "proved"  # nothing better exists
    LIMIT = "limit"  # its time or its work is used up
    STOPPED = "stopped"  # somebody wanted no more


@dataclass(frozen=True, kw_only=True)
class Price:
    """One rule: how many times it counts in a plan, and what that costs in all. Less is better."""

    rule: str
    count: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a search is, `seconds` after its start: the best cost so far, what is proved, what has no place."""

    seconds: float
    cost: float
    bound: float | None = None  # no plan costs less; None while nothing is known
    unplaced: int = 0
    plan: Callable[[], Any] | None = field(default=None, repr=False, compare=False)  # gives the best plan so far


OnProgress = Callable[[Progress], bool | None]  # True: stop, with the best plan so far


@dataclass(kw_only=True)
class Budget:
    """What a search may use, and whether it is used up.

    Work is counted by the search itself, in units of about a second of a usual core: the same seed and the same
    `work_limit` give the same plan on any machine, which a limit in seconds does not. With neither, the search ends
    when it has nothing left to try.
    """

    limit_s: float | None = None
    work_limit: float | None = None
    on_progress: OnProgress | None = None
    work: float = 0.0
    is_stopped: bool = False
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Say whether the search must end."""
        return (
            self.is_stopped
            or (self.limit_s is not None and self.seconds >= self.limit_s)
            or (self.work_limit is not None and self.work >= self.work_limit)
        )

    @property
    def spent(self) -> float:
        """Return the share of the time or of the work that is used, from 0 to 1; 0 when there is no limit."""
        by_time = self.seconds / self.limit_s if self.limit_s else 0.0
        return min(max(by_time, self.work / self.work_limit if self.work_limit else 0.0), 1.0)

    @property
    def ended(self) -> Ended:
        """Return how a search that proved nothing ended."""
        return Ended.STOPPED if self.is_stopped else Ended.LIMIT

    def seconds_left(self, most: float) -> float:
        """Return the seconds that one step may take, `most` at most."""
        return most if self.limit_s is None else max(min(most, self.limit_s - self.seconds), 0.0)

    def work_left(self, most: float) -> float:
        """Return the work that one step may do, `most` at most."""
        return most if self.work_limit is None else max(min(most, self.work_limit - self.work), 0.0)

    def part(self, share: float, *, most_work: float | None = None) -> Budget:
        """Return a budget of its own for one step: a share of what remains, and `most_work` at most."""
        limit_s = None if self.limit_s is None else share * max(self.limit_s - self.seconds, 0.0)
        work = None if self.work_limit is None else share * max(self.work_limit - self.work, 0.0)
        if most_work is not None:
            work = most_work if work is None else min(work, most_work)
        return Budget(limit_s=limit_s, work_limit=work)

    def take(self, part: Budget) -> None:
        """Count what a step used, and obey if it was stopped."""
        self.work += part.work
        self.is_stopped = self.is_stopped or part.is_stopped

    def tell(self, cost: float, *, plan: Callable[[], Any], bound: float | None = None, unplaced: int = 0) -> None:
        """Tell where the search is, and hear whether it must stop."""
        if self.on_progress and self.on_progress(
            Progress(seconds=self.seconds, cost=cost, bound=bound, unplaced=unplaced, plan=plan)
        ):
            self.is_stopped = True


class Stoppable(Protocol):
    """A solver that can be stopped from another thread."""

    def stop_search(self) -> None:
        """Stop as soon as can be."""


@contextlib.contextmanager
def watched(solver: Stoppable, budget: Budget, tell: Callable[[], None]) -> Iterator[None]:
    """Tell where a search is while a solver, which says nothing by itself, works during the block; obey a stop."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            tell()
            if budget.is_stopped:
                solver.stop_search()  # asked again each time: it counts for nothing while the model is being read

    watcher = threading.Thread(target=watch, name="watch-solver", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
