"""The dates to which people may be convened before a court: what investigators read by territory, and nothing else.

Days, hours and room left. No case, no name: nothing of whoever is convened there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor, Role
from booking.plans.hearings import KEPT_ROOM

INVESTIGATORS = (Role.INVESTIGATOR,)
AHEAD = timedelta(days=183)
MOST = 300

COURTS = text("""
    SELECT s.id, s.name FROM site s WHERE s.territory_id = ANY(:mine)
      AND EXISTS (SELECT FROM resource r JOIN hearing_session h ON h.resource_id = r.id
                  WHERE r.site_id = s.id AND r.is_active AND h.starts_at > :now)
    ORDER BY s.name, s.id LIMIT 300""")
DATES = text(f"""
    SELECT k.label AS kind, r.name, h.starts_at, s.name AS court, s.time_zone,
           coalesce(staffed.name, room.name, '') AS room,
           h.max_cases - l.cases AS cases_left, h.max_minutes - l.minutes AS minutes_left
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id AND r.is_active
    JOIN kind k ON k.id = r.kind_id AND k.is_active JOIN site s ON s.id = r.site_id
    LEFT JOIN template_session o ON o.resource_id = r.id
    {KEPT_ROOM}
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN resource staffed ON staffed.id = f.room_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS cases, coalesce(sum(c.minutes), 0) AS minutes FROM session_case c
        WHERE c.resource_id = r.id AND (c.expires_at IS NULL OR c.expires_at > :now)) l
    WHERE s.territory_id = ANY(:mine) AND s.id = :site_id AND h.starts_at > :now AND h.starts_at < :until
      AND l.cases < h.max_cases AND l.minutes < h.max_minutes
      AND (h.last_take_on IS NULL
           OR h.last_take_on >= CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date))
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date))
    ORDER BY h.starts_at, r.id LIMIT :most""")  # noqa: S608 - constants only


@dataclass(frozen=True, kw_only=True)
class ConvocationDate:
    """A hearing that has room."""

    kind: str
    name: str
    starts_at: datetime
    court: str
    zone: ZoneInfo
    room: str
    cases_left: int
    minutes_left: int


def courts_with_dates(session: Session, actor: Actor, *, now: datetime) -> list[tuple[int, str]]:
    """Return the courts of the actor's territories that have hearings to come, as (number, name)."""
    asked = {"mine": sorted(actor.territories(INVESTIGATORS)), "now": now}
    return [(row.id, row.name) for row in session.execute(COURTS, asked)]


def convocation_dates(session: Session, actor: Actor, site_id: int, *, now: datetime) -> list[ConvocationDate]:
    """Return the hearings with room of a court of the actor's territories, the earliest first."""
    asked = {"mine": sorted(actor.territories(INVESTIGATORS)), "site_id": site_id, "now": now}
    rows = session.execute(DATES, asked | {"until": now + AHEAD, "most": MOST})
    return [
        ConvocationDate(
            kind=row.kind,
            name=row.name,
            starts_at=row.starts_at,
            court=row.court,
            zone=ZoneInfo(row.time_zone),
            room=row.room,
            cases_left=row.cases_left,
            minutes_left=row.minutes_left,
        )
        for row in rows
    ]
