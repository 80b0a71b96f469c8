"""What is taken and no longer covered, once hours changed or days closed: it stands, and somebody must look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked
from availability.models import Shape
from availability.openings import instant_of, local_day
from availability.periods import Period, merge

# As in availability/queries.py: an opening closes whole on the day on which it begins.
OUTSIDE = text("""
    SELECT t.holder_id, lower(t.during) AS starts_at, upper(t.during) AS ends_at
    FROM seat_time t JOIN resource r ON r.id = t.resource_id JOIN site s ON s.id = r.site_id
    WHERE t.resource_id = :id AND lower(t.during) > :now AND (t.expires_at IS NULL OR t.expires_at > :now)
      AND CAST(lower(t.during) AT TIME ZONE s.time_zone AS date) >= :first
      AND (CAST(:until AS date) IS NULL OR CAST(lower(t.during) AT TIME ZONE s.time_zone AS date) < :until)
      AND NOT coalesce((SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) FROM opening o
          WHERE o.resource_id = r.id AND o.starts_at < upper(t.during) AND o.ends_at > lower(t.during)
            AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                            AND x.days @> CAST(o.starts_at AT TIME ZONE s.time_zone AS date))) @> t.during, false)
    ORDER BY lower(t.during), t.seat""")
TAKEN = text("""
    SELECT holder_id, lower(during) AS starts_at, upper(during) AS ends_at FROM seat_time
    WHERE resource_id = :id AND lower(during) > :now AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY lower(during), seat""")
# Days of the other shapes. A place is refused when it would begin on a closed day, so that is what is outside.
ON_DAYS = {
    Shape.NIGHTS: text("""
        SELECT n.holder_id, min(n.night) AS first, max(n.night) + 1 AS until
        FROM bed_night n JOIN unit u ON u.id = n.unit_id
        WHERE u.resource_id = :id AND n.night >= :first AND n.night < :until
          AND (n.expires_at IS NULL OR n.expires_at > :now)
        GROUP BY n.holder_id, n.unit_id ORDER BY min(n.night), n.unit_id"""),
    Shape.PLACES: text("""
        SELECT holder_id, lower(days) AS first, least(upper(days), :until) AS until FROM place_period
        WHERE resource_id = :id AND lower(days) >= :first AND lower(days) < :until
          AND (expires_at IS NULL OR expires_at > :now)
        ORDER BY lower(days), id"""),
    Shape.SESSIONS: text("""
        SELECT c.holder_id, d.day AS first, d.day + 1 AS until
        FROM session_case c JOIN hearing_session h ON h.resource_id = c.resource_id
        JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
        CROSS JOIN LATERAL (SELECT CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day) d
        WHERE c.resource_id = :id AND h.starts_at > :now AND d.day >= :first AND d.day < :until
          AND (c.expires_at IS NULL OR c.expires_at > :now)
        ORDER BY c.id"""),
}


@dataclass(frozen=True)
class Outside:
    """Something taken that the openings no longer cover: it stands, and somebody must look at it."""

    holder_id: UUID
    period: Period
    resource_id: int


def outside_openings(
    session: Session, resource_id: int, *, first: date, until: date | None, now: datetime
) -> tuple[Outside, ...]:
    """Return what was taken on civil days `[first, until)` and the openings, as published, no longer cover."""
    rows = session.execute(OUTSIDE, {"id": resource_id, "first": first, "until": until, "now": now})
    return tuple(Outside(row.holder_id, Period(row.starts_at, row.ends_at), resource_id) for row in rows)


def outside_of(
    session: Session, place: Locked, opened: Sequence[Period], *, first: date, until: date, now: datetime
) -> tuple[Outside, ...]:
    """Return the same for openings that are not published, on the days on which they are known."""
    taken = session.execute(TAKEN, {"id": place.id, "now": now})
    periods = [(row.holder_id, Period(row.starts_at, row.ends_at)) for row in taken]
    covered = merge(opened)
    return tuple(
        Outside(holder_id, period, place.id)
        for holder_id, period in periods
        if first <= local_day(period.start, place.zone) < until and not any(one.contains(period) for one in covered)
    )


def outside_days(session: Session, place: Locked, *, first: date, until: date, now: datetime) -> tuple[Outside, ...]:
    """Return what was taken on civil days `[first, until)` of a resource that closes on them."""
    if place.shape is Shape.SLOTS:
        return outside_openings(session, place.id, first=first, until=until, now=now)
    asked = {"id": place.id, "first": first, "until": until, "now": now}
    return tuple(
        Outside(row.holder_id, Period(*(instant_of(on, time(), place.zone) for on in (row.first, row.until))), place.id)
        for row in session.execute(ON_DAYS[place.shape], asked)
    )
