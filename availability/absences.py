"""Calendars of elsewhere that make somebody busy: added, removed, refreshed; what an absence covers.

A feed that cannot be read frees nobody: what was last known stays until a whole file that is understood replaces it.
Slots read the absences themselves, in availability/queries.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock, tell
from availability.errors import InvalidRequest, NotFound
from availability.feeds import FeedRead
from availability.fetching import Marks
from availability.history import Act, record
from availability.models import Shape
from availability.outside import Outside
from availability.periods import Period, merge
from availability.rights import Actor
from availability.running import run_by

EVERY = timedelta(minutes=30)
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)
LEASE = timedelta(minutes=2)  # longer than a fetch and a reading may be
WHOLE_EVERY = timedelta(hours=20)  # days go by, and what comes again comes further
BEHIND, AHEAD = timedelta(days=1), timedelta(days=400)  # further than anything may be reserved
MOST_FEEDS = 5
LATE = timedelta(hours=3)
SPREAD = 0.2  # of a wait: servers of calendars must not see us all at once

COUNT = text("SELECT count(*) FROM calendar_feed WHERE resource_id = :id")
ADD = text("""
    INSERT INTO calendar_feed (resource_id, url_sealed, host, etag, last_modified, next_at, failures, problem, events,
                               unread, added_by, created_at)
    VALUES (:resource_id, :url_sealed, :host, '', '', :now, 0, '', 0, 0, :added_by, :now) RETURNING id""")
FEED = text("SELECT * FROM calendar_feed WHERE id = :id FOR UPDATE")
OWNER = text("SELECT resource_id FROM calendar_feed WHERE id = :id")
REMOVE = text("DELETE FROM calendar_feed WHERE id = :id")
RESTORE = text("""
    INSERT INTO calendar_feed (resource_id, url_sealed, host, etag, last_modified, fetched_at, whole_at, good_at,
                               next_at, failures, problem, events, unread, added_by, created_at)
    VALUES (:resource_id, :url_sealed, :host, :etag, :last_modified, :fetched_at, :whole_at, :good_at,
            :next_at, :failures, :problem, :events, :unread, :added_by, :created_at) RETURNING id""")
ASK_AGAIN = text("UPDATE calendar_feed SET next_at = least(next_at, :now), whole_at = NULL WHERE id = :id")
CLAIM = text("""
    UPDATE calendar_feed f SET next_at = :until
    FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.id = f.resource_id AND f.id IN (
        SELECT id FROM calendar_feed WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING f.id, f.url_sealed, f.etag, f.last_modified, f.whole_at, f.failures, s.time_zone""")
SAME = text("""
    UPDATE calendar_feed SET fetched_at = :now, good_at = :now, failures = 0, next_at = :next_at,
        problem = CASE WHEN unread > 0 THEN problem ELSE '' END
    WHERE id = :id RETURNING resource_id""")
FAILED = text("""
    UPDATE calendar_feed SET fetched_at = :now, failures = failures + 1, problem = :problem, next_at = :next_at
    WHERE id = :id RETURNING resource_id""")
READ = text("""
    UPDATE calendar_feed SET etag = :etag, last_modified = :last_modified, fetched_at = :now, whole_at = :now,
        good_at = :now, failures = 0, problem = :problem, events = :events, unread = :unread, next_at = :next_at
    WHERE id = :id""")
ABSENCES = text("SELECT lower(during) AS start, upper(during) AS end FROM absence WHERE feed_id = :id")
FORGET = text("DELETE FROM absence WHERE feed_id = :id")
ADD_ABSENCES = text("""
    INSERT INTO absence (resource_id, feed_id, during)
    SELECT :resource_id, :feed_id, tstzrange(each.starts, each.ends)
    FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS each(starts, ends)""")
FEEDS = text("""
    SELECT f.id, f.resource_id, f.host, f.fetched_at, f.good_at, f.failures, f.problem, f.events, f.unread,
           f.created_at,
           (SELECT count(*) FROM absence a WHERE a.feed_id = f.id AND upper(a.during) > :now) AS absences,
           (SELECT min(lower(a.during)) FROM absence a WHERE a.feed_id = f.id AND upper(a.during) > :now) AS next_start,
           (SELECT upper(a.during) FROM absence a WHERE a.feed_id = f.id AND upper(a.during) > :now
            ORDER BY lower(a.during) LIMIT 1) AS next_end
    FROM calendar_feed f WHERE f.resource_id = :id ORDER BY f.created_at, f.id""")
COVERED = text("""
    SELECT DISTINCT t.holder_id, lower(t.during) AS starts_at, upper(t.during) AS ends_at
    FROM seat_time t JOIN absence a ON a.resource_id = t.resource_id AND a.during && t.during
    WHERE t.resource_id = :id AND lower(t.during) > :now AND (t.expires_at IS NULL OR t.expires_at > :now)
    ORDER BY starts_at, t.holder_id""")

# A server that was away for an hour is nobody's trouble.
WORRIES = text("""
    SELECT f.resource_id, w.broken, w.covered
    FROM calendar_feed f CROSS JOIN LATERAL (
        SELECT f.problem <> '' AND (f.unread > 0 OR coalesce(f.good_at, f.created_at) < :late) AS broken,
               (SELECT count(DISTINCT t.holder_id) FROM absence a
                JOIN seat_time t ON t.resource_id = a.resource_id AND t.during && a.during
                WHERE a.feed_id = f.id AND lower(t.during) > :now
                  AND (t.expires_at IS NULL OR t.expires_at > :now)) AS covered) w
    WHERE f.added_by = :account_id AND (w.broken OR w.covered > 0) ORDER BY f.id""")


@dataclass(frozen=True)
class SealedAddress:
    """The address of a feed as it is kept, and its host, that may be shown."""

    sealed: bytes = field(repr=False)
    host: str


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed as its owner sees it. `good_at` is since when what it says is known to be true."""

    id: int
    resource_id: int
    host: str
    fetched_at: datetime | None
    good_at: datetime | None
    failures: int
    problem: str
    events: int
    unread: int
    created_at: datetime
    absences: int  # still to come
    next_start: datetime | None
    next_end: datetime | None


@dataclass(frozen=True)
class DueFeed:
    """A feed that is to be fetched, by whoever claimed it."""

    id: int
    url_sealed: bytes = field(repr=False)
    marks: Marks
    failures: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Removed:
    """A feed taken away, with what it said: given back to `restore_feed`, it undoes it."""

    columns: dict[str, Any] = field(repr=False)
    absences: tuple[Period, ...]


def add_feed(session: Session, actor: Actor, resource_id: int, address: SealedAddress, *, now: datetime) -> int:
    """Have a calendar make a resource busy, from when the clock has read it; return the number of the feed.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = _place(session, actor, resource_id)
    if session.execute(COUNT, {"id": place.id}).scalar_one() >= MOST_FEEDS:
        raise InvalidRequest("url", "too-many", most=MOST_FEEDS)
    asked = {"resource_id": place.id, "url_sealed": address.sealed, "host": address.host}
    feed_id = int(session.execute(ADD, asked | {"added_by": actor.account_id, "now": now}).scalar_one())
    record(session, actor, _act("feed-added", place, feed_id, now))
    return feed_id


def remove_feed(session: Session, actor: Actor, feed_id: int, *, now: datetime) -> Removed:
    """Take a feed away: nobody is busy by it any more. Raises: NotFound, NotAllowed."""
    place = _place(session, actor, _owner(session, feed_id))
    row = session.execute(FEED, {"id": feed_id}).one_or_none()
    if row is None:
        raise NotFound(feed_id=feed_id)
    removed = Removed(dict(row._mapping), tuple(_absences(session, feed_id)))
    session.execute(REMOVE, {"id": feed_id})
    record(session, actor, _act("feed-removed", place, feed_id, now))
    return removed


def restore_feed(session: Session, actor: Actor, removed: Removed, *, now: datetime) -> int:
    """Put a feed back as it was, to be read again at once. Raises: NotFound, NotAllowed."""
    place = _place(session, actor, removed.columns["resource_id"])
    feed_id = int(session.execute(RESTORE, removed.columns | {"next_at": now}).scalar_one())
    _write(session, place.id, feed_id, removed.absences)
    record(session, actor, _act("feed-added", place, feed_id, now))
    return feed_id


def read_again(session: Session, actor: Actor, feed_id: int, *, now: datetime) -> None:
    """Have the clock fetch a feed now, whole. Raises: NotFound, NotAllowed."""
    _place(session, actor, _owner(session, feed_id))
    session.execute(ASK_AGAIN, {"id": feed_id, "now": now})


def feeds_of(session: Session, resource_id: int, *, now: datetime) -> list[Feed]:
    """Return the feeds of a resource that the caller may look at."""
    return [Feed(**row._mapping) for row in session.execute(FEEDS, {"id": resource_id, "now": now})]


def covered(session: Session, resource_id: int, *, now: datetime) -> tuple[Outside, ...]:
    """Return what was taken of a resource, still to come, and that an absence now covers: it stands."""
    rows = session.execute(COVERED, {"id": resource_id, "now": now})
    return tuple(Outside(row.holder_id, Period(row.starts_at, row.ends_at), resource_id) for row in rows)


def worries(session: Session, account_id: UUID, *, now: datetime) -> tuple[int, int, int]:
    """Return how many feeds that somebody added are broken for long, how many appointments their absences cover,
    and the resource where to look first, 0 when all is well."""
    rows = session.execute(WORRIES, {"account_id": account_id, "now": now, "late": now - LATE}).all()
    return sum(row.broken for row in rows), sum(row.covered for row in rows), rows[0].resource_id if rows else 0


def claim_due(session: Session, *, now: datetime, limit: int) -> list[DueFeed]:
    """Return the feeds to fetch, nobody else's until their lease ends."""
    rows = session.execute(CLAIM, {"now": now, "until": now + LEASE, "limit": limit}).all()
    return [_due(row, now) for row in rows]


def window(now: datetime) -> Period:
    """Return when it matters that somebody is busy."""
    return Period(now - BEHIND, now + AHEAD)


def settle_read(session: Session, feed_id: int, read: FeedRead, marks: Marks, *, now: datetime, dice: float) -> None:
    """Make the resource busy as a file says, and free as it no longer says.

    When some of its events are not understood, what was known before is kept as well: one of them may say it.
    The dice, in [0, 1), spread the next fetches.
    """
    resource_id = session.execute(OWNER, {"id": feed_id}).scalar()
    if resource_id is None:
        return  # removed meanwhile
    lock(session, [resource_id])  # whoever was taking a slot there is refused, or listed as covered
    if session.execute(FEED, {"id": feed_id}).one_or_none() is None:
        return
    known = [one for one in _absences(session, feed_id) if one.end > now - BEHIND] if read.unread else []
    session.execute(FORGET, {"id": feed_id})
    _write(session, resource_id, feed_id, merge([*known, *read.busy]))
    said = {"events": read.events, "unread": read.unread, "problem": "unread-events" if read.unread else ""}
    dated = {"id": feed_id, "now": now, "next_at": now + _spread(EVERY, dice)}
    session.execute(READ, dated | said | {"etag": marks.etag, "last_modified": marks.last_modified})


def settle_unchanged(session: Session, feed_id: int, *, now: datetime, dice: float) -> None:
    """Note that a file is the same as before."""
    asked = {"id": feed_id, "now": now, "next_at": now + _spread(EVERY, dice)}
    tell(session, session.execute(SAME, asked).scalars())


def settle_failed(
    session: Session, feed: DueFeed, problem: str, retry_after: timedelta | None, *, now: datetime, dice: float
) -> None:
    """Note that nothing could be read: what is known stays, and the next attempt is later each time."""
    wait = wait_after(feed.failures + 1, retry_after, dice)
    tell(
        session,
        session.execute(FAILED, {"id": feed.id, "now": now, "problem": problem, "next_at": now + wait}).scalars(),
    )


def wait_after(failures: int, retry_after: timedelta | None, dice: float) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time, a day at most."""
    wait = min(FIRST_WAIT * 2.0 ** min(failures - 1, 16), LONGEST_WAIT)
    return min(max(_spread(wait, dice), retry_after or timedelta()), LONGEST_WAIT)


def _place(session: Session, actor: Actor, resource_id: int) -> Locked:
    """Lock a resource whose hours the actor sets: who says when one receives says when one is away."""
    return run_by(session, actor, resource_id, (Shape.SLOTS,))


def _due(row: Any, now: datetime) -> DueFeed:
    is_recent = row.whole_at is not None and row.whole_at > now - WHOLE_EVERY
    marks = Marks(row.etag, row.last_modified) if is_recent else Marks()
    return DueFeed(row.id, row.url_sealed, marks, row.failures, ZoneInfo(row.time_zone))


def _owner(session: Session, feed_id: int) -> int:
    resource_id = session.execute(OWNER, {"id": feed_id}).scalar()
    if resource_id is None:
        raise NotFound(feed_id=feed_id)
    return int(resource_id)


def _absences(session: Session, feed_id: int) -> list[Period]:
    return [Period(row.start, row.end) for row in session.execute(ABSENCES, {"id": feed_id})]


def _write(session: Session, resource_id: int, feed_id: int, periods: Iterable[Period]) -> None:
    listed = list(periods)
    if listed:
        spans = {"starts": [one.start for one in listed], "ends": [one.end for one in listed]}
        session.execute(ADD_ABSENCES, {"resource_id": resource_id, "feed_id": feed_id} | spans)


def _spread(wait: timedelta, dice: float) -> timedelta:
    return wait * (1 - SPREAD / 2 + SPREAD * dice)


def _act(act: str, place: Locked, feed_id: int, at: datetime) -> Act:
    return Act(act=act, subject="resource", subject_id=place.id, at=at, facts={"feed_id": feed_id})
