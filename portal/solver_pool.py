"""One process beside this one for long calculations: started when first needed, polite, stopped within a second.

It never outlives this process, even by kill -9. Nothing here knows what is calculated.
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

# In the child: its end of the line, and the jobs that it was asked to stop.
_line: Connection
_stopped: set[int] = set()


class SolverLost(RuntimeError):  # noqa: N818 - says what happened
    """The process died in the middle of a job."""


class SolverPool:
    """A pool of one process. One job at a time: a second one waits for its turn."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._pool: ProcessPoolExecutor | None = None
        self._here: Connection | None = None
        self._pid: int | None = None
        self._turn = asyncio.Lock()
        # The kernel ends a child with the *thread* that started it: this one lives as long as the pool.
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="solver")

    async def run(self, job: Callable[..., R], *args: Any, tell: Tell, **named: Any) -> R:
        """Return what `job(*args, **named, stop=…, progress=…)` returns, run in the process.

        `job` is found by its name there. `tell` is given, several times a second and at the end, what the job told
        since; when it answers True the job is asked to stop. Raises: SolverLost, and whatever the job raises.
        """
        async with self._turn:
            number = next(self._numbers)
            loop = asyncio.get_running_loop()
            work = partial(_work, number, job, args, named)
            future = await loop.run_in_executor(self._launcher, self._submit, work)
            try:
                return await self._followed(number, asyncio.wrap_future(future), tell)
            except BrokenProcessPool as error:
                self._forget()
                raise SolverLost from error
            finally:
                if not future.done():  # whoever waited left: the server stops, or the database is gone
                    self._kill()

    def close(self) -> None:
        """End the process, whatever it does: it holds nothing that could be lost."""
        self._kill()
        self._launcher.shutdown(wait=False)

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
                self._kill()
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

    def _kill(self) -> None:
        self._heard(0)
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._forget()

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
