"""Processes beside this one for long calculations: started when first needed, polite, stopped within a second.

They never outlive this process, even by kill -9, and end when nothing was asked of them for some minutes. Nothing here
knows what is calculated.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from portal.processes import die_with_parent

logger = logging.getLogger(__name__)

R = TypeVar("R")
Tell = Callable[[list[Any]], Awaitable[bool]]  # given what the job told, answers whether it must stop

TELL_EVERY_S = 0.4
STOP_S = 5.0  # a job that does not answer a request to stop for so long is killed with its process
NICENESS = 10  # clicks come first
IDLE_S = 300.0  # a process that has nothing to do for so long gives its memory back

# In the child: its end of the line, and the jobs that it was asked to stop.
_line: Connection
_stopped: set[int] = set()


class SolverLost(RuntimeError):  # noqa: N818 - says what happened
    """The process died in the middle of a job."""


class SolverPool:
    """Some processes, each with one job at a time: one job more waits for its turn."""

    def __init__(self, size: int = 1) -> None:
        self._turns = asyncio.Semaphore(size)
        # The kernel ends a child with the *thread* that started it: this one lives as long as the pool.
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="solver")
        self._free = [_Solver(self._launcher) for _ in range(size)]
        self._busy: set[_Solver] = set()
        self._warming: set[asyncio.Task[None]] = set()

    @property
    def is_warm(self) -> bool:
        """Say whether a process is there, with nothing to do."""
        return any(one.is_started for one in self._free)

    async def run(self, job: Callable[..., R], *args: Any, tell: Tell, **named: Any) -> R:
        """Return what `job(*args, **named, stop=…, progress=…)` returns, run in a process.

        `job` is found by its name there. `tell` is given, several times a second and at the end, what the job told
        since; when it answers True the job is asked to stop. Raises: SolverLost, and whatever the job raises.
        """
        async with self._turns:
            solver = self._next()
            self._free.remove(solver)
            self._busy.add(solver)
            try:
                return await solver.run(job, *args, tell=tell, **named)
            finally:
                self._busy.remove(solver)
                self._free.append(solver)

    def warm(self, job: Callable[..., object], *args: Any) -> None:
        """Have a process ready, started and with this job done, for what is asked next; not when all are at work."""
        if self._free:
            task = asyncio.create_task(self._next().warm(job, *args))
            self._warming.add(task)
            task.add_done_callback(self._warming.discard)

    def close(self) -> None:
        """End the processes, whatever they do: they hold nothing that could be lost."""
        for solver in (*self._free, *self._busy):
            solver.end()
        self._launcher.shutdown(wait=False)

    def _next(self) -> _Solver:
        """Return a free process: one that is started, if there is one."""
        return next((one for one in reversed(self._free) if one.is_started), self._free[-1])


class _Solver:
    """One process, which is there or not yet."""

    def __init__(self, launcher: ThreadPoolExecutor) -> None:
        self._numbers = count(1)
        self._pool: ProcessPoolExecutor | None = None
        self._here: Connection | None = None
        self._pid: int | None = None
        self._launcher = launcher
        self._idle: asyncio.TimerHandle | None = None

    @property
    def is_started(self) -> bool:
        """Say whether the process is there, or about to be."""
        return self._pool is not None

    async def run(self, job: Callable[..., R], *args: Any, tell: Tell, **named: Any) -> R:
        """Return what the job returns; see `SolverPool.run`."""
        number = next(self._numbers)
        future = await self._given(partial(_work, number, job, args, named))
        try:
            return await self._followed(number, asyncio.wrap_future(future), tell)
        except BrokenProcessPool as error:
            self._forget()
            raise SolverLost from error
        finally:
            if not future.done():  # whoever waited left: the server stops, or the database is gone
                self.end()
            self._rest()

    async def warm(self, job: Callable[..., object], *args: Any) -> None:
        """Have the process do this before what it is asked next."""
        number = next(self._numbers)
        await self._given(partial(_work, number, job, args, {}))
        self._rest()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._wake()
        self._heard(0)
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._forget()

    async def _given(self, work: Callable[[], R]) -> Future[R]:
        self._wake()
        return await asyncio.get_running_loop().run_in_executor(self._launcher, self._submit, work)

    def _rest(self) -> None:
        """End after a while, unless something is asked before."""
        self._wake()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.end)

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _followed(self, number: int, answer: asyncio.Future[R], tell: Tell) -> R:
        asked_at: float | None = None
        clock = asyncio.get_running_loop().time
        while not answer.done():
            await asyncio.wait({answer}, timeout=TELL_EVERY_S)
            must_stop = await tell(self._heard(number))
            if must_stop and asked_at is None:
                asked_at = clock()
                self._say(number)
            if asked_at is not None and clock() - asked_at > STOP_S and not answer.done():
                logger.warning("the solver does not stop: its process is killed")
                self.end()
        return answer.result()

    def _submit(self, work: Callable[[], R]) -> Future[R]:
        """Give the process its work, starting one when there is none; runs in the launching thread."""
        if self._pool is None:
            context = get_context("spawn")  # a forked child would inherit threads' locks, sockets and the event loop
            self._here, there = context.Pipe()
            begin = (there, os.getpid())
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=begin)
        try:
            return self._pool.submit(work)
        except BrokenProcessPool:  # it was killed while it had nothing to do
            self._forget()
            return self._submit(work)

    def _heard(self, number: int) -> list[Any]:
        """Return what the job told since last time."""
        told = []
        with contextlib.suppress(EOFError, OSError):
            while self._here is not None and self._here.poll():
                kind, said = self._here.recv()
                if kind == "pid":
                    self._pid = said
                elif kind == number:
                    told.append(said)
        return told

    def _say(self, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._here is not None:
                self._here.send(number)

    def _forget(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if self._here is not None:
            self._here.close()
        self._pool = self._here = self._pid = None


def _begin(line: Connection, parent: int) -> None:
    """Prepare the child: end with its parent, leave the machine to others, and keep the line."""
    global _line  # noqa: PLW0603 - a process has one
    die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    os.nice(NICENESS)
    _line = line
    _line.send(("pid", os.getpid()))


def _work(number: int, job: Callable[..., R], args: tuple[Any, ...], named: dict[str, Any]) -> R:
    """Do a job in the child."""
    return job(*args, **named, stop=partial(_is_stopped, number), progress=partial(_tell, number))


def _is_stopped(number: int) -> bool:
    while _line.poll():
        _stopped.add(_line.recv())
    return number in _stopped


def _tell(number: int, told: object) -> None:
    _line.send((number, told))
