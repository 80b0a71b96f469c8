"""The clock of the proposals made at night: one court after the other, each looked at once a night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from booking.plans.night import Court, forget_runs, propose, to_propose
from booking.plans.runs import AlreadyPlanning
from portal import clock
from portal.database import act, read
from portal.settings import settings

logger = logging.getLogger(__name__)

EVERY_S = 15
ONCE_IN = timedelta(hours=12)


class Night:
    """Remembers at what it looked: whoever leads next looks again, and finds that nothing changed."""

    def __init__(self) -> None:
        self._looked_at: dict[Court, datetime] = {}

    async def propose(self) -> None:
        """Ask for the next proposal, if it is night somewhere, one transaction each."""
        if not settings().nightly_plans:
            return
        now = clock.now()
        for court in await read(to_propose, now=now):
            if court in self._looked_at and now - self._looked_at[court] < ONCE_IN:
                continue
            self._looked_at[court] = now
            try:
                if await act(propose, court, now=now) is not None:
                    return  # the next one once this one has ended
            except AlreadyPlanning:  # somebody does, at this hour
                continue
            except Exception:  # one that fails must not keep the others from having theirs
                logger.exception("no proposal for the %s of court %s", court.problem, court.territory_id)


async def forget_old_runs() -> None:
    """Forget the runs that are of no use any more."""
    await act(forget_runs, now=clock.now())
