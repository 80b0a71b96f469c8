"""Jobs for tests of the process of the solver; run as a module, a small server that has one at work."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from portal.solver_pool import SolverPool

LONG_S = 60.0


def count_up(until: int, *, stop: Callable[[], bool], progress: Callable[[int], None]) -> tuple[int, int, int]:
    """Tell numbers, until one or until stopped; return where it ended, the process and its niceness."""
    number = 0
    while number < until and not stop():
        number += 1
        progress(number)
        time.sleep(0.02)
    return number, os.getpid(), os.nice(0)


def say_pid(*, stop: Callable[[], bool], progress: Callable[[int], None]) -> int:
    """Return the process."""
    return os.getpid()


def deaf(*, stop: Callable[[], bool], progress: Callable[[int], None]) -> None:
    """Never look whether it must stop."""
    progress(os.getpid())
    time.sleep(LONG_S)


def fail(*, stop: Callable[[], bool], progress: Callable[[int], None]) -> None:
    """Break."""
    raise ValueError("broken on purpose")


def who_imports(*, stop: Callable[[], bool], progress: Callable[[int], None]) -> list[str]:
    """Return the modules of the process that have no business there."""
    import sys

    import optimizer.hearings.solve  # noqa: F401 - what the process is for

    unwanted = ("reflex", "fastapi", "sqlalchemy", "booking", "portal.app")
    return [name for name in unwanted if name in sys.modules]


async def serve() -> None:
    """Print the number of the process that solves, then wait for it for ever."""
    pool = SolverPool()

    async def tell(told: list[Any]) -> bool:
        for pid in told:
            print(pid, flush=True)  # noqa: T201
        return False

    await pool.run(deaf, tell=tell)


if __name__ == "__main__":
    asyncio.run(serve())
