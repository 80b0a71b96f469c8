"""What others did of one's bookings since one last read one's day. Two statements, as of `now`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from booking.ledger import (
    LINE_COLUMNS,
    LINE_TABLES,
    MINE,
    SCOPE,
    ListedBooking,
    hosted,
    hosting_values,
    line_of,
    scope_values,
)
from booking.meanwhile import BY_LINK, SOMEBODY, names_of
from booking.reasons import told_facts
from booking.visit_models import DayVisit

A_VISIT = timedelta(minutes=30)  # who comes back sooner is still at the same visit
AT_FIRST = timedelta(days=1)  # what is told to who comes for the first time
LONGEST = timedelta(days=14)  # after a longer absence, the lists say more than a hundred lines
MADE_WITHIN = timedelta(days=183)
SHOWN = 8
# What a booking waits for, or lost, is in the other columns: here is what changed and asks for nothing.
TOLD = ("booked", "moved", "honoured", "missed", "excused", "cancelled")


@dataclass(frozen=True)
class News:
    """One thing that somebody else did."""

    line: ListedBooking
    at: datetime
    act: str
    facts: dict[str, Any]
    by: str


@dataclass(frozen=True)
class Since:
    """What is new since an instant, the last first; `count` is of all."""

    since: datetime
    news: tuple[News, ...]
    count: int


def visit(session: Session, actor: Actor, *, now: datetime) -> datetime:
    """Write down that the day is read now, and return from when on its reader knows nothing."""
    values = {"id": actor.account_id, "now": now, "again": now - A_VISIT, "first": now - AT_FIRST}
    since: datetime = session.execute(_VISIT, values).scalar_one()
    return max(since, now - LONGEST)


def all_read(session: Session, actor: Actor, *, now: datetime) -> None:
    """Write down that all that is new is read."""
    session.merge(DayVisit(account_id=actor.account_id, at=now, since=now))


def done_since(session: Session, actor: Actor, since: datetime, *, now: datetime) -> Since:
    """Return what others did of the bookings that the actor asked for, and of those on the places that they run."""
    asked = scope_values(actor) | hosting_values(actor)
    asked |= {"now": now, "since": since, "made_since": now - MADE_WITHIN, "shown": SHOWN}
    rows = session.execute(_SINCE, asked | {"acts": [f"booking-{one}" for one in TOLD]}).all()
    names = names_of(session, {row.actor_id for row in rows if row.actor_id})
    news = tuple(
        News(
            line_of(row),
            row.at,
            row.act,
            told_facts(actor, row.act, row.facts, row.territory_id),
            BY_LINK if row.by_link else names.get(row.actor_id, SOMEBODY),
        )
        for row in rows
    )
    return Since(since, news, int(rows[0].of_all) if rows else 0)


# A visit that goes on keeps its beginning; one that begins tells what was done since the end of the one before.
_VISIT = text("""
    INSERT INTO day_visit AS v (account_id, at, since) VALUES (:id, :now, :first)
    ON CONFLICT (account_id) DO UPDATE
    SET at = greatest(v.at, :now), since = CASE WHEN v.at < :again THEN v.at ELSE v.since END
    RETURNING since""")
_SINCE = text(f"""
    WITH {SCOPE}, own AS (
        SELECT b.id FROM booking b JOIN {MINE}
        WHERE b.requested_by = :me AND b.created_at > :made_since
        UNION
        SELECT b.id FROM site s JOIN resource r ON r.site_id = s.id JOIN booking b ON b.resource_id = r.id
        WHERE s.organisation_id = ANY(CAST(:host_organisations AS bigint[])) AND b.created_at > :made_since
          AND {hosted("b.kind_id")})
    SELECT {LINE_COLUMNS}, h.at, h.act, h.facts, h.actor_id, h.actor_id = h.person_id AS by_link,
           b.territory_id, count(*) OVER () AS of_all
    FROM {LINE_TABLES} JOIN own ON own.id = b.id
    JOIN history h ON h.subject = 'booking' AND h.subject_id = CAST(b.id AS text)
    WHERE h.at > :since AND h.act = ANY(:acts) AND h.actor_id IS NOT NULL AND h.actor_id <> :me
    ORDER BY h.id DESC LIMIT :shown""")  # noqa: S608 - constants only
