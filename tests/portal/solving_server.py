"""A server process with nothing but its solver: `python -m tests.portal.solving_server`."""

from __future__ import annotations

import asyncio

from portal.solving import solving


async def serve() -> None:
    """Serve runs until killed."""
    async with solving():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
