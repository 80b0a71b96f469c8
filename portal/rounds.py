"""A sender's round, whatever it sends: claim what is due, hand it over, mark what became of it.

Nothing of the network happens in a transaction. What answers slowly keeps nothing else from leaving: the round claims
more as soon as there is room. See docs/decisions/0010-messages-leave-once.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

SETTLE_TRIES = 5
SETTLE_AGAIN_S = 1.0
QUICK_S = 0.5  # what has no answer by then no longer counts as in flight
MOST_SLOW = 2  # so many times what may be in flight wait for a slow answer; beyond, nothing more is claimed
AHEAD = 0.5  # so many times what may be in flight is claimed before there is room: claiming takes as long as sending
ENOUGH_ROOM = 4  # a claim is for a quarter of what may be in flight at least
PUT_BACK = "planned"


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How long everything lasts. The lease is several times longer than handing one over may be."""

    every_s: float
    timeout_s: float  # of one, whatever happens
    lease: timedelta
    first_wait: timedelta
    longest_wait: timedelta

    def wait(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts: twice as long each time."""
        return min(self.first_wait * 2.0 ** min(attempts - 1, 16), self.longest_wait)


class Circuit:
    """Whether somebody who takes things away is tried: after so many failures in a row, they are left to breathe.

    Then one is tried, and everything follows once it was taken.
    """

    def __init__(self, most_failures: int, wait: Callable[[int], timedelta]) -> None:
        self._most, self._wait = most_failures, wait
        self._failures = 0
        self._openings = 0
        self._resumes_at = 0.0  # of the monotonic clock
        self._is_trying = False

    @property
    def rests(self) -> bool:
        """Say whether nothing is to be handed over now."""
        return self._is_trying or time.monotonic() < self._resumes_at

    @property
    def is_doubtful(self) -> bool:
        """Say whether one alone is tried next."""
        return self._openings > 0

    def handed(self) -> None:
        """Note that something is being handed over."""
        self._is_trying = self.is_doubtful

    def took(self) -> None:
        """Note an answer that shows that they are there."""
        self._failures = self._openings = 0
        self._resumes_at, self._is_trying = 0.0, False

    def failed(self, retry_after: timedelta | None = None) -> None:
        """Note that they took nothing, or said nothing; `retry_after` when they said until when to leave them."""
        self._failures += 1
        was_resting, self._is_trying = time.monotonic() < self._resumes_at, False
        if not (retry_after or self.is_doubtful or self._failures >= self._most):
            return
        self._openings += 0 if was_resting else 1
        rest = max(timedelta() if was_resting else self._wait(self._openings), retry_after or timedelta())
        self._resumes_at = max(self._resumes_at, time.monotonic() + rest.total_seconds())


class Turns:
    """So many a second and no more, as whoever takes them away asks; 0 is as many as there are.

    The elected process is the only one that sends: nobody else is to be counted.
    """

    BURST_S = 10.0  # what is claimed at once is gone by then: well before its lease is over

    def __init__(self, per_second: float) -> None:
        self._every_s = 1 / per_second if per_second else 0.0
        self._next_at = 0.0

    @property
    def most(self) -> int:
        """Return how many more may be claimed: those that wait for their turn already are counted."""
        if not self._every_s:
            return 1_000_000
        waiting_s = max(self._next_at - time.monotonic(), 0.0)
        return max(int((self.BURST_S - waiting_s) / self._every_s), 0 if waiting_s else 1)

    async def wait(self) -> None:
        """Wait for one's turn."""
        if self._every_s:
            at = max(self._next_at, time.monotonic())
            self._next_at = at + self._every_s
            await asyncio.sleep(at - time.monotonic())


class Ended(Protocol):
    """What became of one that was handed over."""

    @property
    def state(self) -> str:
        """Return where it stands now."""

    @property
    def failure(self) -> str:
        """Return why it did not leave."""


M = TypeVar("M")
O = TypeVar("O", bound=Ended)  # noqa: E741 - an outcome


class Rounds(ABC, Generic[M, O]):
    """The sender of one leader: opened when it is elected, closed when it is no longer."""

    noun: ClassVar[str]  # what it sends, for the log
    most_slow: ClassVar[int] = MOST_SLOW
    ahead: ClassVar[float] = AHEAD

    def __init__(self, rhythm: Rhythm, in_flight: int) -> None:
        self._rhythm = rhythm
        self._in_flight = in_flight
        self._round: asyncio.Task[None] | None = None
        self.is_closing = False

    @abstractmethod
    async def prepare(self) -> Sequence[Coroutine[None, None, O | None]]:
        """Do what comes before sending, each time, and return what is asked meanwhile."""

    @abstractmethod
    async def claim(self, most: int) -> tuple[Sequence[M], bool]:
        """Return what is claimed, and whether there may be more to claim."""

    @abstractmethod
    async def send(self, one: M, begun_by: float) -> O | None:
        """Return what became of one, None when it is not known. Nothing begins after `begun_by`, monotonic."""

    @abstractmethod
    async def write(self, outcomes: Sequence[O]) -> None:
        """Write down what is known, in one transaction."""

    async def deliver(self) -> None:
        """Send everything that is due. A failure is for this time only."""
        self._round = asyncio.create_task(self._deliver())
        # Shielded: a scheduler that shuts down cancels its jobs, and what is being handed over must still be marked.
        await asyncio.shield(self._round)

    async def close(self) -> None:
        """Take nothing more, and wait for what is being handed over."""
        self.is_closing = True
        if self._round is not None:
            await asyncio.wait([self._round], timeout=self._rhythm.timeout_s + SETTLE_TRIES * SETTLE_AGAIN_S)

    async def _deliver(self) -> None:
        try:
            await _Round(self, self._rhythm, self._in_flight).run()
        except (SQLAlchemyError, RuntimeError) as error:
            logger.warning("%s interrupted: %s", self.noun, type(error).__name__)
        except Exception:  # a bug: said whole, and the next round sends what this one did not
            logger.exception("%s interrupted", self.noun)

    async def settle(self, outcomes: Sequence[O | None]) -> None:
        """Write down what is known, and try again when the database is away: the lease leaves time for it."""
        known = [one for one in outcomes if one is not None]
        if not known:
            return
        for _ in range(SETTLE_TRIES - 1):
            with contextlib.suppress(SQLAlchemyError, RuntimeError):
                await self.write(known)
                break
            await asyncio.sleep(SETTLE_AGAIN_S)
        else:
            await self.write(known)
        if back := [one for one in known if one.state == PUT_BACK]:
            logger.warning("%d %s were not taken: %s", len(back), self.noun, back[0].failure)


class _Round(Generic[M, O]):
    """What is claimed is ready, then flies, then has its outcome written down.

    One claim and one writing at a time, beside what flies: nothing waits for them.
    """

    def __init__(self, rounds: Rounds[M, O], rhythm: Rhythm, in_flight: int) -> None:
        self._rounds, self._rhythm, self._in_flight = rounds, rhythm, in_flight
        self._ready: deque[tuple[M, float]] = deque()  # with the last moment to begin, well before the lease is over
        self._flying: dict[asyncio.Task[O | None], float] = {}  # since when; 0 of what is slow, or only asked
        self._since: deque[asyncio.Task[O | None]] = deque()  # the first to begin first, the quick ones among them
        self._quick = 0  # how many of those that fly are
        self._landed: list[asyncio.Task[O | None]] = []
        self._ended: list[O | None] = []
        self._looking: asyncio.Task[None] | None = None
        self._claiming: asyncio.Task[tuple[list[tuple[M, float]], bool]] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._looked_at, self._has_more = 0.0, True
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Claim as there is room, until nothing is due and everything has its answer, written down."""
        try:
            self._looked_at = time.monotonic()
            await self._look()
            while True:
                self._woken.clear()
                self._look_again()
                self._hand_over()
                self._claim()
                self._settle()
                if not self._flying and not self._beside:
                    return
                # Woken by what is done, rather than waiting for each: hundreds fly, and one lands each millisecond.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._rhythm.every_s):
                        await self._woken.wait()
                self._collect()
        finally:
            await self._land()

    @property
    def _beside(self) -> list[asyncio.Task[Any]]:
        """Return what runs beside what flies."""
        return [task for task in (self._looking, self._claiming, self._settling) if task is not None]

    async def _look(self) -> None:
        """Begin as a round begins."""
        for one in await self._rounds.prepare():
            self._fly(one, 0.0)

    def _look_again(self) -> None:
        """Begin again each time that a round would: slow answers make one last."""
        if self._looking is None and time.monotonic() - self._looked_at >= self._rhythm.every_s:
            self._looked_at, self._has_more = time.monotonic(), True
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._wake)

    def _hand_over(self) -> None:
        while self._ready and self._room() > 0:
            self._since.append(self._fly(self._rounds.send(*self._ready.popleft()), time.monotonic()))
            self._quick += 1

    def _fly(self, one: Coroutine[None, None, O | None], begun_at: float) -> asyncio.Task[O | None]:
        task = asyncio.create_task(one)
        self._flying[task] = begun_at
        task.add_done_callback(self._land_one)
        return task

    def _land_one(self, task: asyncio.Task[O | None]) -> None:
        self._landed.append(task)
        self._woken.set()

    def _wake(self, _: object) -> None:
        self._woken.set()

    def _claim(self) -> None:
        """Claim what there is room for, and what leaves while more is being claimed."""
        if self._claiming is None and self._has_more and not self._rounds.is_closing:
            ahead = self._quick_room() + int(self._rounds.ahead * self._in_flight)
            most = min(ahead, self._free()) - len(self._ready)
            if most * ENOUGH_ROOM >= self._in_flight:
                self._claiming = asyncio.create_task(self._claimed(most))
                self._claiming.add_done_callback(self._wake)

    async def _claimed(self, most: int) -> tuple[list[tuple[M, float]], bool]:
        begun_by = time.monotonic() + self._rhythm.lease.total_seconds() - 2 * self._rhythm.timeout_s
        claimed, has_more = await self._rounds.claim(most)
        return [(one, begun_by) for one in claimed], has_more

    def _settle(self) -> None:
        """Write down all that ended meanwhile."""
        if self._settling is None and self._ended:
            self._settling, self._ended = asyncio.create_task(self._rounds.settle(self._ended)), []
            self._settling.add_done_callback(self._wake)

    def _collect(self) -> None:
        """Take what is done; what failed ends the round."""
        if self._looking is not None and self._looking.done():
            looked, self._looking = self._looking, None
            looked.result()
        if self._settling is not None and self._settling.done():
            settled, self._settling = self._settling, None
            settled.result()
        if self._claiming is not None and self._claiming.done():
            claimed, self._claiming = self._claiming, None
            more, self._has_more = claimed.result()
            self._ready.extend(more)
        landed, self._landed = self._landed, []
        for task in landed:
            self._quick -= 1 if self._flying.pop(task) else 0
        self._ended += [task.result() for task in landed]

    async def _land(self) -> None:
        """Wait for what flies, hand over what is claimed, and write it all down."""
        if self._beside:
            await asyncio.wait(self._beside)  # what a claim takes keeps its lease, and is asked about
        last = await asyncio.gather(*self._flying, *(self._rounds.send(*one) for one in self._ready))
        await self._rounds.settle([*self._ended, *last])

    def _room(self) -> int:
        """Return how many more may be handed over now."""
        return min(self._quick_room(), self._free())

    def _quick_room(self) -> int:
        since = time.monotonic() - QUICK_S
        while self._since and self._flying.get(self._since[0], 0.0) <= since:
            if self._flying.get(slow := self._since.popleft()):
                self._flying[slow], self._quick = 0.0, self._quick - 1
        return self._in_flight - self._quick

    def _free(self) -> int:
        """Return how many more may fly, slow answers counted: what is claimed beyond would keep its lease and wait."""
        return (1 + self._rounds.most_slow) * self._in_flight - len(self._flying)
