"""Video links between a court and another place: both ends and a share of what the country carries, or nothing.

The row of the ceiling is locked before links are counted, and after every resource: see docs/locking.md. A count has no
key, so that lock is the only guard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder
from availability.errors import CapacityReached, InvalidRequest
from availability.history import Act, record
from availability.kinds import check_national
from availability.openings import A_DAY, instant_of
from availability.periods import Period, merge
from availability.rights import Actor
from booking.video_models import MOST_LINKS

DAY_STARTS, DAY_ENDS = time(8), time(19)  # courts sit within, in their own time: what is proposed
STEP = timedelta(minutes=15)
NOBODY = UUID(int=0)

LOCK_CEILING = text("SELECT most FROM video_ceiling WHERE id = 1 FOR NO KEY UPDATE")
CEILING = text("SELECT most, changed_at FROM video_ceiling WHERE id = 1")
SET_CEILING = text("UPDATE video_ceiling SET most = :most, changed_at = :now WHERE id = 1")
# The busiest moment of a period is its start, or that of a link that begins within.
BUSIEST = text("""
    SELECT max((SELECT count(*) FROM video_link y WHERE y.during @> moment.at AND y.holder_id <> :holder_id))
    FROM (SELECT CAST(:start AS timestamptz) AS at
          UNION ALL SELECT lower(x.during) FROM video_link x
          WHERE x.during && tstzrange(:start, :end) AND lower(x.during) > :start) moment""")
CARRY = text("""
    INSERT INTO video_link (holder_id, during) VALUES (:holder_id, tstzrange(:start, :end))
    ON CONFLICT (holder_id) DO UPDATE SET during = excluded.during""")
KEEP = text("""
    UPDATE video_link SET during = tstzrange(:start, :end)
    WHERE holder_id = :holder_id AND during @> tstzrange(:start, :end) RETURNING holder_id""")
DROP = text("DELETE FROM video_link WHERE holder_id = :holder_id")
BUSY = text("""
    SELECT lower(during) AS start, upper(during) AS end FROM seat_time
    WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end) AND holder_id <> :holder_id
      AND (expires_at IS NULL OR expires_at > :now)
    UNION ALL
    SELECT greatest(lower(during), :start), least(upper(during), :end) FROM absence
    WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end)
    UNION ALL
    SELECT :start, :end FROM closure
    WHERE days @> :day
      AND (resource_id = ANY(:ids) OR site_id IN (SELECT site_id FROM resource WHERE id = ANY(:ids)))""")
LINKS = text("""
    SELECT lower(during) AS start, upper(during) AS end FROM video_link
    WHERE during && tstzrange(:start, :end) AND holder_id <> :holder_id""")
# Ends come before starts of the same moment: one link after another is one at a time.
BY_DAY = text("""
    WITH days AS (
      SELECT CAST(:first AS date) + n AS day, CAST(CAST(:first AS date) + n AS timestamp) AS midnight
      FROM generate_series(0, :days - 1) AS n),
    there AS (
      SELECT d.day, v.during FROM days d JOIN video_link v
        ON v.during && tstzrange(d.midnight AT TIME ZONE :zone, (d.midnight + interval '1 day') AT TIME ZONE :zone)),
    moments AS (
      SELECT day, lower(during) AS at, 1 AS more FROM there
      UNION ALL SELECT day, upper(during), -1 FROM there),
    counted AS (
      SELECT day, more, sum(more) OVER (PARTITION BY day ORDER BY at, more ROWS UNBOUNDED PRECEDING) AS links
      FROM moments)
    SELECT d.day, count(*) FILTER (WHERE c.more = 1) AS links, coalesce(max(c.links), 0) AS busiest
    FROM days d LEFT JOIN counted c ON c.day = d.day GROUP BY d.day ORDER BY d.day""")
CHANGES = text("""
    SELECT at, actor_id, facts FROM history WHERE subject = :subject AND subject_id = '0' AND act = :act
    ORDER BY id DESC LIMIT :most""")
SUBJECT, CHANGED = "video", "video-ceiling-set"


class LinksFull(CapacityReached):
    """The country carries `most` links at some moment of the wanted period already."""


@dataclass(frozen=True)
class Ceiling:
    """How many links the country carries at once, and since when; None: as it was shipped."""

    most: int
    changed_at: datetime | None


@dataclass(frozen=True)
class LinksOfDay:
    """The links of a civil day, and how many there are at its busiest moment."""

    day: date
    links: int
    busiest: int


@dataclass(frozen=True)
class CeilingChange:
    """Somebody said another ceiling."""

    at: datetime
    actor_id: UUID | None
    before: int
    most: int


def carry_link(session: Session, holder_id: UUID, period: Period) -> None:
    """Count one link more during a period, for the holder of both its ends, which the caller has locked and taken.

    One that is counted already stays, even above a ceiling that was lowered since.
    Raises: LinksFull.
    """
    asked = {"holder_id": holder_id, "start": period.start, "end": period.end}
    if session.execute(KEEP, asked).first():
        return
    most = session.execute(LOCK_CEILING).scalar_one()
    if _busiest(session, asked) >= most:
        raise LinksFull(most=most, start=period.start, end=period.end)
    session.execute(CARRY, asked)


def _busiest(session: Session, asked: dict[str, Any]) -> int:
    """Return how many links others hold at the busiest moment of a period."""
    found: int = session.execute(BUSIEST, asked).scalar_one()
    return found


def drop_link(session: Session, holder_id: UUID) -> None:
    """Count the link of a holder no more, if it had one: it has given its ends back."""
    session.execute(DROP, {"holder_id": holder_id})


def full_times(session: Session, within: Period) -> list[Period]:
    """Return when the country carries no link more, as far as it touches a period: sorted, disjoint."""
    asked = {"start": within.start, "end": within.end, "holder_id": NOBODY}
    links = [Period(row.start, row.end) for row in session.execute(LINKS, asked)]
    return full_between(links, within, ceiling(session).most)


def full_between(links: Iterable[Period], within: Period, most: int) -> list[Period]:
    """Return when there are `most` links at once or more, within a period: sorted, disjoint. Pure."""
    changes = Counter({within.start: 0, within.end: 0})
    for one in links:
        if one.overlaps(within):
            changes[max(one.start, within.start)] += 1
            changes[min(one.end, within.end)] -= 1
    moments = sorted(changes)
    counts = accumulate(changes[at] for at in moments)
    return merge(Period(*bounds) for bounds, count in zip(pairwise(moments), counts, strict=False) if count >= most)


def ceiling(session: Session) -> Ceiling:
    """Return how many links the country carries at once."""
    row = session.execute(CEILING).one()
    return Ceiling(row.most, row.changed_at)


def set_ceiling(session: Session, actor: Actor, most: int, *, seen: int | None = None, now: datetime) -> int:
    """Say how many links the country carries at once, and return how many it did. What is held stays, even above.

    `seen`: refused when it is no longer that. Raises: NotAllowed, InvalidRequest.
    """
    check_national(session, actor)
    if not 0 <= most <= MOST_LINKS:
        raise InvalidRequest("links", "out-of-range", least=0, most=MOST_LINKS)
    before: int = session.execute(LOCK_CEILING).scalar_one()
    if seen is not None and before != seen:
        raise InvalidRequest("links", "changed-meanwhile")
    if most != before:
        session.execute(SET_CEILING, {"most": most, "now": now})
        facts = {"most": most, "before": before}
        record(session, actor, Act(act=CHANGED, subject=SUBJECT, subject_id=0, at=now, facts=facts))
    return before


def ceiling_changes(session: Session, *, most: int = 10) -> list[CeilingChange]:
    """Return the last changes of the ceiling, the latest first."""
    rows = session.execute(CHANGES, {"subject": SUBJECT, "act": CHANGED, "most": most})
    return [CeilingChange(row.at, row.actor_id, row.facts["before"], row.facts["most"]) for row in rows]


def links_by_day(session: Session, *, first: date, days: int, zone: ZoneInfo) -> list[LinksOfDay]:
    """Return the links of each civil day from the first one, those without any included."""
    rows = session.execute(BY_DAY, {"first": first, "days": days, "zone": zone.key})
    return [LinksOfDay(row.day, row.links, row.busiest) for row in rows]


def nearest_hour(
    session: Session, ids: Sequence[int], wanted: Period, holder: Holder, *, has_link: bool, zone: ZoneInfo
) -> datetime | None:
    """Return the start nearest to the wanted one, that civil day, at which these are all free; None: there is none.

    True as of now, and only for whoever asks again: nothing is kept.
    """
    day = wanted.start.astimezone(zone).date()
    whole = Period(instant_of(day, time(), zone), instant_of(day + A_DAY, time(), zone))
    asked: dict[str, Any] = {"ids": list(ids), "start": whole.start, "end": whole.end, "day": day}
    asked |= {"holder_id": holder.id, "now": holder.now}
    busy = [Period(row.start, row.end) for row in session.execute(BUSY, asked)]
    links, most = [], None
    if has_link:
        most = ceiling(session).most
        links = [Period(row.start, row.end) for row in session.execute(LINKS, asked)]
    within = Period(instant_of(day, DAY_STARTS, zone), instant_of(day, DAY_ENDS, zone))
    return nearest_start(wanted, within, busy, links, most)


def nearest_start(
    wanted: Period, within: Period, busy: Iterable[Period], links: Iterable[Period] = (), most: int | None = None
) -> datetime | None:
    """Return the start nearest to the wanted one, by quarters of an hour, of as long a period that fits within. Pure.

    It overlaps nothing of `busy`, and fewer than `most` of `links` at any moment; of two as near, the earlier one.
    """
    length, busy, links = wanted.end - wanted.start, list(busy), list(links)
    found: list[datetime] = []
    start = within.start
    while start + length <= within.end:
        tried = Period(start, start + length)
        if not any(tried.overlaps(one) for one in busy) and (most is None or _peak(links, tried) < most):
            found.append(start)
        start += STEP
    return min(found, key=lambda at: (abs(at - wanted.start), at), default=None)


def _peak(links: Sequence[Period], period: Period) -> int:
    """Return how many links there are at the busiest moment of a period."""
    moments = [period.start, *(one.start for one in links if period.start < one.start < period.end)]
    return max(sum(one.start <= at < one.end for one in links) for at in moments)
