"""A worker without pages: it stands for election and, elected, has messages leave. Ended by a signal only.

Its settings come from the environment, its quick pace is below: a campaign must not last minutes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta

from portal import clock, database, logs
from portal.delivery import Pace
from portal.jobs import leading
from portal.mailing import MailPace
from portal.processes import die_with_parent

TIMEOUT_S = float(os.environ.get("TIMEOUT_S", "1.5"))
PACE = Pace(
    every_s=0.2,
    timeout_s=TIMEOUT_S,
    lease=timedelta(seconds=2 * TIMEOUT_S + 1),
    ask_again=timedelta(seconds=1),
    flag_after=timedelta(seconds=float(os.environ.get("FLAG_AFTER_S", "5"))),
    first_wait=timedelta(seconds=0.3),
    longest_wait=timedelta(seconds=1),
)
MAIL_PACE = MailPace(
    every_s=0.2,
    timeout_s=10,
    lease=timedelta(seconds=60),
    first_wait=timedelta(seconds=0.3),
    longest_wait=timedelta(seconds=1),
)
RETRY_S = 0.5


async def _work() -> None:
    logs.configure()
    await database.read(clock.read_offset)
    async with leading(PACE, RETRY_S, MAIL_PACE):
        print("standing", flush=True)  # noqa: T201 - told to whoever started it
        await asyncio.Event().wait()


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL)
    asyncio.run(_work())
