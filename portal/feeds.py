"""Calendars of elsewhere are fetched by the elected process. Nothing of the network happens in a transaction."""

from __future__ import annotations

import asyncio
import logging
import random
import time

from sqlalchemy.exc import SQLAlchemyError

from availability.absences import DueFeed, claim_due, settle_failed, settle_read, settle_unchanged, window
from availability.feed_process import read_apart
from availability.feed_text import Unreadable
from availability.feeds import FeedRead
from availability.fetching import FetchFailed, Marks, Reach, fetch
from availability.sealing import CALENDAR_FEEDS, House, unseal
from availability.sealing import Unreadable as Sealed
from portal import clock, database
from portal.settings import secret_key, settings

logger = logging.getLogger(__name__)

AT_ONCE = 8  # feeds under way
EVERY_S = 2.0


async def refresh_feeds() -> None:
    """Fetch the feeds that are due, a few at a time, until none is or the next tick takes over."""
    started = time.monotonic()
    try:
        while due := await database.act(claim_due, now=clock.now(), limit=AT_ONCE):
            await asyncio.gather(*(refresh(feed) for feed in due))
            if time.monotonic() - started > EVERY_S:
                break
    except (SQLAlchemyError, RuntimeError) as error:  # the database restarts: leases end by themselves
        logger.warning("feeds interrupted: %s", type(error).__name__)


async def refresh(feed: DueFeed) -> None:
    """Fetch a feed, and write down what it says or why nothing can be known of it."""
    dice = random.random()  # noqa: S311 - spreads requests, hides nothing
    try:
        marks, read = await _read(feed)
    except (FetchFailed, Unreadable, Sealed) as failed:
        why = "unsealable" if isinstance(failed, Sealed) else failed.why
        retry_after = getattr(failed, "retry_after", None)
        await database.act(settle_failed, feed, why, retry_after, now=clock.now(), dice=dice)
    except Exception:  # one that fails must not keep the others from being read
        logger.exception("feed %d could not be read", feed.id)
        await database.act(settle_failed, feed, "failure", None, now=clock.now(), dice=dice)
    else:
        if read is None:
            await database.act(settle_unchanged, feed.id, now=clock.now(), dice=dice)
        else:
            await database.act(settle_read, feed.id, read, marks, now=clock.now(), dice=dice)


async def _read(feed: DueFeed) -> tuple[Marks, FeedRead | None]:
    now = clock.now()
    url = unseal(House(secret_key()).derived(CALENDAR_FEEDS), feed.url_sealed)
    found = await fetch(url, feed.marks, reach(), now=clock.real(now))
    if found.data is None:
        return found.marks, None
    return found.marks, await read_apart(found.data, within=window(now), zone=feed.zone)


def reach() -> Reach:
    """Return where feeds may be fetched from, as configured."""
    configured = settings()
    return Reach(allows_inside=configured.feeds_inside, proxy=configured.feeds_proxy)
