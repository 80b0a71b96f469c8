"""What each server process does as it starts: die with its parent, set its clock, open its connections."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from collections.abc import AsyncIterator

from portal import clock, database

PR_SET_PDEATHSIG = 1  # Linux: the signal that the kernel sends to a process whose parent dies


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.asynccontextmanager
async def worker_lifespan() -> AsyncIterator[None]:
    """Prepare this worker, and close its connections at the end."""
    die_with_parent()
    await database.read(clock.read_offset)
    yield
    database.engine().dispose()
