"""The sites of the territories that somebody administers, and the days on which they are closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import local_day
from availability.rights import Actor, Role

SHOWN = 100
TO_COME = text(f"""
    SELECT c.id, s.id AS site_id, s.name, s.commune, s.time_zone, lower(c.days) AS first, upper(c.days) AS until,
           c.reason
    FROM closure c JOIN site s ON s.id = c.site_id
    WHERE s.territory_id = ANY(:territories) AND (upper_inf(c.days) OR upper(c.days) > :yesterday)
      AND EXISTS (SELECT FROM resource r WHERE r.site_id = s.id AND r.is_active)
    ORDER BY lower(c.days) NULLS FIRST, s.name, c.id LIMIT {SHOWN}""")  # noqa: S608 - constants only


@dataclass(frozen=True)
class SiteClosure:
    """Civil days `[first, until)` when a whole site is closed; no `until`: nobody knows the end."""

    id: int
    site_id: int
    name: str
    commune: str
    time_zone: str
    first: date | None
    until: date | None
    reason: str


def site_closures(session: Session, actor: Actor, *, now: datetime) -> list[SiteClosure]:
    """Return the closures of whole sites that are not over there, by day; those of sites with nothing in service not.

    Bounded: the first ones.
    """
    territories = sorted(actor.territories([Role.ADMINISTRATOR]))
    # A day on either side: it is not the same day everywhere.
    asked = {"territories": territories, "yesterday": now.date() - timedelta(days=1)}
    found = [SiteClosure(*row) for row in session.execute(TO_COME, asked)]
    return [one for one in found if one.until is None or one.until > local_day(now, ZoneInfo(one.time_zone))]
