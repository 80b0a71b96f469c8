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
from sqlmodel import Session

from availability.audit import Log, seal_until, settled
from availability.geocodes import forget_geocodes
from availability.hours import extend_openings as extend
from availability.hours import to_extend
from availability.importers.sent import forget_files
from availability.sealing import AUDIT, House
from booking import divestment
from booking.actions import expired, lapse
from booking.attachments import sweep
from booking.date_offers import dates_for, dates_looked_at, offer_dates, wait_seen, waits_due
from booking.date_waiting import expire_waits
from booking.date_waits import follow_dates
from booking.doubles import keep_together
from booking.events import subscribe
from booking.fitting_actions import keep_visits_possible
from booking.hearing_day import forget_names
from booking.hearing_generation import generate, templates_out_of_recess, templates_to_open
from booking.host_requests import tell_hosts
from booking.idempotency import forget_answers
from booking.lawyer_dates import follow_date, forget_parties
from booking.lawyer_news import tell_lawyers
from booking.plans.hearing_actions import keep_one_place
from booking.saved_searches import purge_forgotten
from booking.series import keep_within
from booking.vault import Vault
from booking.waiting import expire_entries
from booking.waiting_earlier import let_lapse, of_no_use
from booking.waiting_follow import follow_list
from booking.waiting_offers import due, looked_at, offer_freed, offer_looked
from booking.watching import Touched, concerned, forget_touched, look_for, touched
from convocations.earlier import answer_by, follow_offer
from convocations.host_sms import follow_request
from convocations.planning import follow
from portal import clock, database
from portal.database import database_url
from portal.delivery import PACE, Pace, Post, make_ready, providers_of
from portal.feeds import EVERY_S, refresh_feeds
from portal.live import tell_changes
from portal.mailing import MAIL_PACE, MailPace, MailPost
from portal.night import EVERY_S as NIGHT_EVERY_S
from portal.night import Night, forget_old_runs
from portal.people_imports import Watcher, forget_files_of_people, run_imports
from portal.settings import secret_key, settings
from portal.sign_in import actor_named

logger = logging.getLogger(__name__)

LEADER_LOCK = 7_305_002
RETRY_S = 3.0
MISFIRE_GRACE_S = 30
AFTER_ELECTION = timedelta(minutes=5)
ANSWERS_KEPT = timedelta(days=7)
FILES_KEPT = timedelta(days=1)
NAMES_KEPT = timedelta(days=31)
PARTIES_KEPT = timedelta(days=548)  # as a file without activity: a year, then six months
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
subscribe(keep_one_place)
subscribe(keep_visits_possible)
subscribe(keep_together)
subscribe(keep_within)
subscribe(tell_hosts)
subscribe(follow_request)  # after it: the row of the request is there
subscribe(follow_dates)  # before what it frees is kept: whoever left a date is not kept it again
subscribe(follow_list)  # what an act frees is kept for those who wait, in its transaction
subscribe(follow_offer)
subscribe(follow)  # in every worker: messages are written in the transaction of the act that causes them
subscribe(follow_date)
subscribe(tell_lawyers)  # after it: what their client is told, they are told, in the same transaction


async def lapse_what_expired() -> None:
    """Write down the holds and requests that came to their end, one transaction each."""
    now = clock.now()
    booking_ids: list[UUID] = await database.read(expired, now=now)
    for booking_id in booking_ids:
        try:
            await database.act(lapse, booking_id, now=now)
        except Exception:  # one that fails must not keep those after it from ending
            logger.exception("booking %s could not lapse", booking_id)


async def give_up_earlier() -> None:
    """Give up what is held in the place of appointments that moved or are no more, one transaction each."""
    for hold_id in await database.read(of_no_use):
        try:
            await database.act(let_lapse, hold_id, now=clock.now())
        except Exception:  # one that fails must not keep the others from being given up
            logger.exception("offer %s could not be given up", hold_id)


async def extend_openings(*, only_behind: bool = False) -> None:
    """Write the openings and the hearings of the months ahead, one transaction each, so that nobody waits long.

    `only_behind`: of the places whose openings end weeks before they should, as after nights without a clock.
    """
    today = clock.now().date()
    for resource_id in await database.read(to_extend, today=today, only_behind=only_behind):
        try:
            await database.act(extend, resource_id, today=today)
        except Exception:  # one that fails must not keep those after it from opening
            logger.exception("resource %s could not be opened further", resource_id)
    for template_id in await database.read(templates_to_open, now=clock.now()):
        try:
            await database.act(generate, template_id, now=clock.now())
        except Exception:  # as above
            logger.exception("sessions of template %s could not be opened further", template_id)


async def follow_recess(court_ids: Sequence[int]) -> int:
    """Bring the hearings of some courts to their days of recess, as each night does; return how many were withdrawn.

    One transaction each: what cannot be done now, the night does.
    """
    withdrawn = 0
    for template_id in await database.read(templates_out_of_recess, court_ids, now=clock.now()):
        try:
            withdrawn += len((await database.act(generate, template_id, now=clock.now())).withdrawn)
        except Exception:  # as above
            logger.exception("sessions of template %s could not follow a recess", template_id)
    return withdrawn


async def forget_old_answers() -> None:
    """Forget what was answered under idempotency keys: nobody tries again after a week."""
    await database.act(forget_answers, before=clock.now() - ANSWERS_KEPT)


async def forget_sent_files() -> None:
    """Forget the files that were sent to be imported: whoever looks at one takes minutes."""
    await database.act(forget_files, before=clock.now() - FILES_KEPT)


async def offer_what_freed() -> None:
    """Offer what was freed to the first who waits for it, one transaction each."""
    for freed_id in await database.read(due, now=clock.now()):
        try:
            now = clock.now()
            await database.act(offer_freed, freed_id, actor_of=actor_named, now=now, answer_by=answer_by)
        except Exception:  # one that fails must not keep the others from being offered
            logger.exception("freed place %s could not be offered", freed_id)


async def _offer_what_moved(resource_ids: Sequence[int]) -> None:
    """Offer what is free of resources that moved without an act that freed them: the second chance."""
    for resource_id in resource_ids:
        try:
            await database.act(offer_looked, resource_id, actor_of=actor_named, now=clock.now())
        except Exception:  # as above
            logger.exception("resource %s could not be offered", resource_id)


async def offer_dates_due(*, every: bool = False) -> None:
    """Look at what is free for the lawyers who just began to wait, or may take more than they could; or for all."""
    for wait_id in await database.read(waits_due, every=every):
        try:
            await _offer_dates(await database.read(dates_for, wait_id, now=clock.now()))
            await database.act(wait_seen, wait_id)
        except Exception:  # as above
            logger.exception("wait %s could not be looked at", wait_id)


async def _offer_dates(hearing_ids: Sequence[int]) -> None:
    """Hold what is free of hearings for the lawyers who wait for it, one transaction each."""
    for hearing_id in hearing_ids:
        try:
            await database.act(offer_dates, hearing_id, now=clock.now())
        except Exception:  # as above
            logger.exception("hearing %s could not be offered", hearing_id)


async def pass_files() -> None:
    """Let the files pass for which nobody answered in ten days, and recall the others, one transaction each."""
    now = clock.now()
    for find, action in ((divestment.due, divestment.settle), (divestment.to_remind, divestment.remind)):
        for divestment_id in await database.read(find, now=now):
            try:
                await database.act(action, divestment_id, now=now)
            except Exception:  # one that fails must not keep the others from passing
                logger.exception("divestment %s could not pass nor be recalled", divestment_id)


async def forget_case_names() -> None:
    """Forget the names of cases a month after their hearing, since they only serve to call them, and later the parties
    of the dates of lawyers, who still read them.
    """
    await database.act(forget_names, before=clock.now() - NAMES_KEPT)
    await database.act(forget_parties, before=clock.now() - PARTIES_KEPT)


async def seal_what_happened() -> None:
    """Seal what was written since the last time; the log of the server keeps each seal, wherever the database goes."""
    key = House(secret_key()).derived(AUDIT)
    for log in Log:
        until = await database.act(settled, log)
        if until is not None:
            for one in await database.act(seal_until, key, log, until, now=clock.now()):
                logger.info("sealed %s to %d: %s", log, one.last_id, one.digest.hex())


async def sweep_files() -> None:
    """Remove from the disk the files that no act kept, those removed, and those of people who were erased."""
    await database.act(sweep, Vault(settings().files_folder), now=clock.now())


async def alert_searches() -> None:
    """Look again at the lists and the saved searches that what just moved may concern, one transaction each."""
    moved: Touched = await database.read(touched)
    if moved.ids:
        await _offer_what_moved(await database.read(looked_at, moved.resource_ids))
        await _offer_dates(await database.read(dates_looked_at, moved.resource_ids, now=clock.now()))
        await _look(await database.read(concerned, moved.resource_ids), moved.resource_ids)
        await database.act(forget_touched, moved)


async def alert_of_the_day() -> None:
    """Look again at every saved search: days go by, so what suits moves without anybody moving it."""
    await _look(await database.read(concerned), None)
    await database.act(purge_forgotten, now=clock.now())
    await database.act(expire_entries, today=clock.now().date() - timedelta(days=1), now=clock.now())  # wherever
    await _offer_what_moved(await database.read(looked_at))
    await database.act(expire_waits, now=clock.now())
    await offer_dates_due(every=True)
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
    actor = actor_named(session, account_id)
    if actor is not None:
        look_for(session, actor, search_id, resource_ids, now=now)


@contextlib.asynccontextmanager
async def leading(pace: Pace = PACE, retry_s: float = RETRY_S, mail_pace: MailPace = MAIL_PACE) -> AsyncIterator[None]:
    """Stand for election while this worker lives."""
    task = asyncio.create_task(_stand_for_ever(pace, retry_s, mail_pace))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _stand_for_ever(pace: Pace, retry_s: float, mail_pace: MailPace) -> None:
    try:
        await asyncio.to_thread(make_ready)
    except Exception:  # what else the clock does goes on
        logger.exception("what messages need could not be made ready")
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                database_url(), autocommit=True, **KEPT_ALIVE
            ) as connection:
                await connection.execute(NOTICED_SOON)
                # Asked again rather than waited for: a statement that waits would hold back vacuum.
                answer = await connection.execute("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,))
                if (await answer.fetchone()) == (True,):
                    await _lead(connection, pace, mail_pace)
        except (psycopg.Error, RuntimeError, OSError) as error:
            logger.warning("election interrupted: %s", type(error).__name__)
        except Exception:  # nobody would stand any more, and nothing would say so
            logger.exception("election interrupted")
        await asyncio.sleep(retry_s)


async def _lead(connection: psycopg.AsyncConnection, pace: Pace, mail_pace: MailPace) -> None:
    """Run the clock as long as the connection that holds the lock lives."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    post = Post(providers_of(pace), pace)
    mails = MailPost(mail_pace)
    once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": MISFIRE_GRACE_S}
    scheduler.add_job(lapse_what_expired, "interval", seconds=2, **once)
    at_once = datetime.now(UTC)
    scheduler.add_job(post.deliver, "interval", seconds=pace.every_s, next_run_time=at_once, **once)
    scheduler.add_job(mails.deliver, "interval", seconds=mail_pace.every_s, next_run_time=at_once, **once)
    # At night, and soon after an election: a machine that is off at night must not run out of openings. Only of those:
    # every page that shows a place hears that its openings were written again.
    scheduler.add_job(extend_openings, "cron", hour=2, **once)
    scheduler.add_job(
        extend_openings, "date", run_date=datetime.now(UTC) + AFTER_ELECTION, kwargs={"only_behind": True}, **once
    )
    scheduler.add_job(forget_old_answers, "cron", hour=3, **once)
    scheduler.add_job(forget_sent_files, "cron", hour=3, **once)
    scheduler.add_job(forget_case_names, "cron", hour=3, **once)
    scheduler.add_job(sweep_files, "cron", minute=20, **once)
    scheduler.add_job(seal_what_happened, "interval", minutes=5, **once)
    scheduler.add_job(pass_files, "interval", minutes=1, **once)
    # Several at once: a server that is silent for half a minute must not keep others from being read.
    scheduler.add_job(refresh_feeds, "interval", seconds=EVERY_S, **{**once, "max_instances": 4})
    scheduler.add_job(give_up_earlier, "interval", seconds=5, **once)
    scheduler.add_job(offer_what_freed, "interval", seconds=2, **once)
    scheduler.add_job(offer_dates_due, "interval", seconds=2, **once)
    scheduler.add_job(alert_searches, "interval", seconds=2, **once)
    scheduler.add_job(alert_of_the_day, "cron", hour=4, **once)
    scheduler.add_job(run_imports, "interval", seconds=1, **once)
    scheduler.add_job(Watcher().look, "interval", seconds=5, **once)
    scheduler.add_job(forget_files_of_people, "cron", minute=40, **once)
    scheduler.add_job(Night().propose, "interval", seconds=NIGHT_EVERY_S, **once)
    scheduler.add_job(forget_old_runs, "cron", hour=3, **once)
    scheduler.start()
    logger.info("this process is the clock")
    try:
        await tell_changes(connection)
    finally:
        scheduler.shutdown(wait=False)
        await post.close()
        await mails.close()
