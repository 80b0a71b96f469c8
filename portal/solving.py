"""Takes the runs that wait, has them solved in the process beside, and writes what comes: a page only looks.

Each server process serves runs; the table says who has which. See booking/plans/runs.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from booking.plans.runs import fail_run, finish_run, job_for, record_progress, take_run
from optimizer.beside import search
from optimizer.manners import Found
from optimizer.searching import Progress
from portal import clock
from portal.database import act
from portal.settings import settings
from portal.solver_pool import SolverPool

logger = logging.getLogger(__name__)

POLL_S = 0.4


@contextlib.asynccontextmanager
async def solving() -> AsyncIterator[None]:
    """Serve runs while this worker lives; the process beside ends with it."""
    pool = SolverPool()
    task = asyncio.create_task(_serve(pool))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        pool.close()


async def _serve(pool: SolverPool) -> None:
    while True:
        try:
            run_id = await act(take_run, now=clock.now())
            if run_id is not None:
                await solve_run(pool, run_id)
                continue
        except (SQLAlchemyError, RuntimeError) as error:  # the database restarts: the run waits, or is interrupted
            logger.warning("planning interrupted: %s", type(error).__name__)
        await asyncio.sleep(POLL_S)


async def solve_run(pool: SolverPool, run_id: UUID) -> None:
    """Solve a run that this server took, and keep what it finds; a search that breaks is written as failed."""
    try:
        found = await _solved(pool, run_id)
    except SQLAlchemyError:
        raise
    except Exception:  # whatever breaks in a search, who waits for the plan is told, and the next run is solved
        logger.exception("run %s failed", run_id)
        await act(fail_run, run_id, now=clock.now())
    else:
        await act(finish_run, run_id, found, now=clock.now())


async def _solved(pool: SolverPool, run_id: UUID) -> Found:
    job = await act(job_for, run_id, now=clock.now())
    told: list[Progress] = []

    async def tell(news: list[Progress]) -> bool:
        told.extend(news)
        return await act(record_progress, run_id, told, now=clock.now())

    return await pool.run(search, job, tell=tell, limit_s=settings().solver_seconds)
