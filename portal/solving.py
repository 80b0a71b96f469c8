"""Takes the runs that wait, has them solved in processes beside, and writes what comes: a page only looks.

Each server process serves runs; the table says who has which. Of all those of a machine, two at most search at once.
See booking/plans/runs.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from booking.plans import readiness
from booking.plans.runs import fail_run, finish_run, interrupt_lost, job_for, record_progress, take_run
from optimizer.beside import ready, search
from optimizer.manners import Found
from optimizer.searching import Progress
from portal import clock
from portal.database import act
from portal.processes import seat
from portal.settings import settings
from portal.solver_pool import SolverPool

logger = logging.getLogger(__name__)

MOST = 2  # searches at once on one machine, each on one core
POLL_S, WARM_POLL_S = 0.4, 0.1  # a run is taken sooner where a process is ready for it
PASSED_OVER = timedelta(seconds=0.5)  # what waits is first left to whoever has a process ready
LOOK_EVERY_S = 5.0  # for runs that lost their server
GRACE = timedelta(minutes=2)  # beyond its time, for what a search does around: longer than that, it hangs


@contextlib.asynccontextmanager
async def solving() -> AsyncIterator[None]:
    """Serve runs while this worker lives; the processes beside end with it."""
    most = min(MOST, os.cpu_count() or 1)
    pool, turn = SolverPool(most), asyncio.Lock()
    readiness.prepared_by(lambda problem: pool.warm(ready, problem))
    tasks = [asyncio.create_task(_serve(pool, turn, most)) for _ in range(most)]
    tasks.append(asyncio.create_task(_look_for_lost()))
    try:
        yield
    finally:
        readiness.nobody_prepares()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        pool.close()


async def _serve(pool: SolverPool, turn: asyncio.Lock, most: int) -> None:
    while True:
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with turn:  # one of us asks the table, whoever has nothing to do
                    run_id = await _taken(pool, stack, most)
                await solve_run(pool, run_id)
        except (SQLAlchemyError, RuntimeError, OSError) as error:
            # The database restarts, or the folder cannot be written: the run waits, or is interrupted.
            logger.warning("planning interrupted: %s", type(error).__name__)
            await asyncio.sleep(POLL_S)
        except Exception:  # one run that breaks what nobody thought of must not end the service of all others
            logger.exception("planning interrupted")
            await asyncio.sleep(POLL_S)


async def _taken(pool: SolverPool, stack: contextlib.AsyncExitStack, most: int) -> UUID:
    """Return a run once there is one, and a seat on this machine, kept by `stack`."""
    while True:
        with contextlib.ExitStack() as attempt:
            if attempt.enter_context(seat(settings().data_dir / "solving", most)):
                waited = timedelta() if pool.is_warm else PASSED_OVER
                run_id = await act(take_run, now=clock.now(), waited=waited)
                if run_id is not None:
                    stack.push(attempt.pop_all())
                    return run_id
        await asyncio.sleep(WARM_POLL_S if pool.is_warm else POLL_S)


async def _look_for_lost() -> None:
    while True:
        try:
            await act(interrupt_lost, now=clock.now())
        except (SQLAlchemyError, RuntimeError) as error:  # the database restarts
            logger.warning("planning interrupted: %s", type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


async def solve_run(pool: SolverPool, run_id: UUID) -> None:
    """Solve a run that this server took, and keep what it finds; a search that breaks is written as failed."""
    try:
        found = await _solved(pool, run_id)
        await act(finish_run, run_id, found, now=clock.now())
    except SQLAlchemyError:
        raise
    except Exception:  # whatever breaks in a search, who waits for the plan is told, and the next run is solved
        logger.exception("run %s failed", run_id)
        await act(fail_run, run_id, now=clock.now())


async def _solved(pool: SolverPool, run_id: UUID) -> Found:
    job = await act(job_for, run_id, now=clock.now())
    told: list[Progress] = []
    hangs_at = clock.now() + timedelta(seconds=settings().solver_seconds) + GRACE

    async def tell(news: list[Progress | Found]) -> bool:
        told.extend(one for one in news if isinstance(one, Progress))
        best = next((one for one in reversed(news) if isinstance(one, Found)), None)
        now = clock.now()
        return await act(record_progress, run_id, told, now=now, best=best) or now >= hangs_at

    return await pool.run(search, job, tell=tell, limit_s=settings().solver_seconds)
