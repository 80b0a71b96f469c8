"""A calendar of strangers is read in a process of its own, within limits that its kernel keeps.

Two seconds of processor and 200 MB: a file that wants more is refused, and nothing of it outlives its process.
`python -m availability.feed_process START END ZONE` reads a file and writes what it says as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from availability.feed_text import Unreadable, Why
from availability.feeds import FeedRead, read_feed
from availability.periods import Period

PROCESSOR_S = 2
MEMORY = 200 * 1024 * 1024
ANSWER_S = 30.0  # on the clock of the wall: a busy machine is slow, not wrong
CODES = {why.value: why for why in Why}


async def read_apart(data: bytes, *, within: Period, zone: ZoneInfo) -> FeedRead:
    """Return what `read_feed` returns, whatever is in the file. Raises: Unreadable."""
    asked = (within.start.isoformat(), within.end.isoformat(), zone.key)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, *asked),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            written, _ = await process.communicate(data)
    except TimeoutError as error:
        raise Unreadable(Why.TOO_HEAVY) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _answer(process.returncode, written)


def limit() -> None:
    """Have the kernel end this process when it wants more than a calendar is worth."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read a file from the standard input, and write what it says."""
    limit()
    start, end, zone = sys.argv[1:]
    within = Period(datetime.fromisoformat(start), datetime.fromisoformat(end))
    try:
        read = read_feed(sys.stdin.buffer.read(), within=within, zone=ZoneInfo(zone))
    except Unreadable as refused:
        said: dict[str, object] = {"why": refused.why}
    except MemoryError:
        said = {"why": Why.TOO_HEAVY}
    else:
        busy = [(period.start.timestamp(), period.end.timestamp()) for period in read.busy]
        said = {"busy": busy, "events": read.events, "unread": read.unread}
    sys.stdout.write(json.dumps(said))
    return 0


def _environment() -> dict[str, str]:
    """Return what the process needs of ours: no key and no address of ours is there to be found."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "VIRTUAL_ENV") if name in os.environ}


def _answer(code: int | None, written: bytes) -> FeedRead:
    if code != 0:  # the kernel ended it, or it ended in the middle of a word
        raise Unreadable(Why.TOO_HEAVY)
    said = json.loads(written)
    if "why" in said:
        raise Unreadable(CODES[said["why"]])
    busy = tuple(Period(_instant(start), _instant(end)) for start, end in said["busy"])
    return FeedRead(busy, said["events"], said["unread"])


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


if __name__ == "__main__":
    sys.exit(main())
