"""What each server process does as it starts: die with its parent, set its clock, open its connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from portal import clock, database, logs
from portal.processes import die_with_parent
from portal.serve import READY_FILE

POLL_S = 0.05


@contextlib.asynccontextmanager
async def worker_lifespan() -> AsyncIterator[None]:
    """Prepare this worker, and close its connections at the end."""
    die_with_parent(signal.SIGKILL)  # granian's workers leave SIGTERM to their supervisor, which is gone
    logs.configure()
    await _until_the_database_is_ready()
    await database.read(clock.read_offset)
    yield
    database.engine().dispose()


async def _until_the_database_is_ready() -> None:
    # `serve` starts us while it starts the database; a worker started again finds the file there.
    if path := os.environ.get(READY_FILE):
        supervisor = os.getppid()
        while not Path(path).exists():  # noqa: ASYNC240 - a file is what two processes share here
            await asyncio.sleep(POLL_S)
            if os.getppid() != supervisor:
                os._exit(1)  # nobody waits for this worker any more
