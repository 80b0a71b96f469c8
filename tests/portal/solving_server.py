"""A server process with nothing but its solver: `python -m tests.portal.solving_server`.

Its solver is not polite, which tests/portal/test_solver_pool.py proves: beside other tests it would wait for minutes.
"""

from __future__ import annotations

import asyncio

from optimizer import beside
from portal import solver_pool

solver_pool.NICENESS = 0  # here and in the processes beside, which import this module again
beside.KEEP_EVERY_S = 0.2


async def serve() -> None:
    """Serve runs until killed."""
    from portal.solving import solving  # the processes beside need nothing of it

    async with solving():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
