"""What the clock does: one elected process runs APScheduler and tells changes; the others wait to replace it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import text
from sqlmodel import Session

from availability.geocodes import forget_geocodes
from availability.hours import extend_openings as extend
from availability.models import Shape
from booking.actions import expired, lapse
from booking.doubles import keep_together
from booking.events import subscribe
from booking.fitting_actions import keep_visits_possible
from booking.idempotency import forget_answers
from booking.planning_actions import keep_one_place
from booking.saved_searches import purge_forgotten
from booking.watching import Touched, concerned, forget_touched, look_for, touched
from convocations.planning import follow
from portal import clock, database
from portal.database import database_url
from portal.delivery import PACE, Pace, Post, make_ready, provider_of
from portal.feeds import EVERY_S, refresh_feeds
from portal.identity import Account
from portal.live import tell_changes
from portal.sign_in import actor_of_account

logger = logging.getLogger(__name__)

LEADER_LOCK = 7_305_002
RETRY_S = 3.0
MISFIRE_GRACE_S = 30
AFTER_ELECTION = timedelta(minutes=5)
ANSWERS_KEPT = timedelta(days=7)
# A leader whose machine is lost leaves its lock after 3 + 3 x 2 s; one that is killed, at once.
NOTICED_SOON = (
    "SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
    " SET tcp_user_timeout = 9000"
)
KEPT_ALIVE: dict[str, Any] = {
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 9000,
}
# Rules are expanded again each night, so that the horizon moves with the days.
RULED = text("""
    SELECT DISTINCT r.id FROM opening_rule o JOIN resource r ON r.id = o.resource_id
    JOIN kind k ON k.id = r.kind_id WHERE r.is_active AND k.shape = :shape""")

subscribe(keep_one_place)
subscribe(keep_visits_possible)
subscribe(keep_together)
subscribe(follow)  # in every worker: messages are written in the transaction of the act that causes them


async def lapse_what_expired() -> None:
    """Write down the holds and requests that came to their end, one transaction each."""
    now = clock.now()
    booking_ids: list[UUID] = await database.read(expired, now=now)
    for booking_id in booking_ids:
        try:
            await database.act(lapse, booking_id, now=now)
        except Exception:  # one that fails must not keep those after it from ending
            logger.exception("booking %s could not lapse", booking_id)


async def extend_openings() -> None:
    """Write the openings of the months ahead, one transaction a resource, so that nobody waits long."""
    today = clock.now().date()
    for resource_id in await database.read(_ruled):
        try:
            await database.act(extend, resource_id, today=today)
        except Exception:  # one that fails must not keep those after it from opening
            logger.exception("resource %s could not be opened further", resource_id)


async def forget_old_answers() -> None:
    """Forget what was answered under idempotency keys: nobody tries again after a week."""
    await database.act(forget_answers, before=clock.now() - ANSWERS_KEPT)


async def alert_searches() -> None:
    """Look again at the saved searches that what just moved may concern, one transaction each."""
    moved: Touched = await database.read(touched)
    if moved.ids:
        await _look(await database.read(concerned, moved.resource_ids), moved.resource_ids)
        await database.act(forget_touched, moved)


async def alert_of_the_day() -> None:
    """Look again at every saved search: days go by, so what suits moves without anybody moving it."""
    await _look(await database.read(concerned), None)
    await database.act(purge_forgotten, now=clock.now())
    await database.act(forget_geocodes, now=clock.now())


async def _look(searches: Sequence[tuple[UUID, UUID]], resource_ids: frozenset[int] | None) -> None:
    for search_id, account_id in searches:
        try:
            await database.act(_look_for_account, account_id, search_id, resource_ids, now=clock.now())
        except Exception:  # one that fails must not keep the others from being told
            logger.exception("saved search %s could not be looked at", search_id)


def _look_for_account(
    session: Session, account_id: UUID, search_id: UUID, resource_ids: frozenset[int] | None, *, now: datetime
) -> None:
    """Look with the rights that the account has now."""
    account = session.get(Account, account_id)
    actor = actor_of_account(session, account) if account and account.is_active else None
    if actor is not None:
        look_for(session, actor, search_id, resource_ids, now=now)


def _ruled(session: Session) -> list[int]:
    return list(session.execute(RULED, {"shape": Shape.SLOTS}).scalars())


@contextlib.asynccontextmanager
async def leading(pace: Pace = PACE, retry_s: float = RETRY_S) -> AsyncIterator[None]:
    """Stand for election while this worker lives."""
    task = asyncio.create_task(_stand_for_ever(pace, retry_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _stand_for_ever(pace: Pace, retry_s: float) -> None:
    await asyncio.to_thread(make_ready)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                database_url(), autocommit=True, **KEPT_ALIVE
            ) as connection:
                await connection.execute(NOTICED_SOON)
                # Asked again rather than waited for: a statement that waits would hold back vacuum.
                answer = await connection.execute("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,))
                if (await answer.fetchone()) == (True,):
                    await _lead(connection, pace)
        except (psycopg.Error, RuntimeError, OSError) as error:
            logger.warning("election interrupted: %s", type(error).__name__)
        await asyncio.sleep(retry_s)


async def _lead(connection: psycopg.AsyncConnection, pace: Pace) -> None:
    """Run the clock as long as the connection that holds the lock lives."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    post = Post(provider_of(pace), pace)
    once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": MISFIRE_GRACE_S}
    scheduler.add_job(lapse_what_expired, "interval", seconds=2, **once)
    at_once = datetime.now(UTC)
    scheduler.add_job(post.deliver, "interval", seconds=pace.every_s, next_run_time=at_once, **once)
    # At night, and soon after an election: a machine that is off at night must not run out of openings.
    scheduler.add_job(extend_openings, "cron", hour=2, **once)
    scheduler.add_job(extend_openings, "date", run_date=datetime.now(UTC) + AFTER_ELECTION, **once)
    scheduler.add_job(forget_old_answers, "cron", hour=3, **once)
    # Several at once: a server that is silent for half a minute must not keep others from being read.
    scheduler.add_job(refresh_feeds, "interval", seconds=EVERY_S, **{**once, "max_instances": 4})
    scheduler.add_job(alert_searches, "interval", seconds=2, **once)
    scheduler.add_job(alert_of_the_day, "cron", hour=4, **once)
    scheduler.start()
    logger.info("this process is the clock")
    try:
        await tell_changes(connection)
    finally:
        scheduler.shutdown(wait=False)
        await post.close()
