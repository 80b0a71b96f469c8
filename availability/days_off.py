"""Which civil days open nothing, as the database has it: closures, holidays, weekends, recesses of the court."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import Days, DaysOff

# What rules a resource, whoever reads it: its clocks, its holidays, and the court whose recess closes it.
RULED = text("""
    SELECT r.id, r.site_id, s.time_zone, s.holiday_zone, k.ignores_holidays, k.ignores_weekends,
           CASE WHEN k.closes_in_recess THEN s.territory_id END AS recess_of
    FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id WHERE r.id = ANY(:ids)""")
CLOSURES = text("""
    SELECT resource_id, site_id, NULL AS territory_id, lower(days), upper(days) FROM closure
    WHERE (resource_id = ANY(:ids) OR site_id = ANY(:site_ids)) AND days && daterange(:first, :until)
    UNION ALL
    SELECT NULL, NULL, territory_id, lower(days), upper(days) FROM recess
    WHERE territory_id = ANY(:territory_ids) AND days && daterange(:first, :until)""")


def days_off(session: Session, resource_id: int, *, first: date, until: date) -> DaysOff:
    """Return what closes whole days of a resource, as known for civil days `[first, until)`."""
    ruled = session.execute(RULED, {"ids": [resource_id]}).all()
    return days_off_of(session, ruled, first=first, until=until).get(resource_id, DaysOff())


def days_off_of(session: Session, ruled: Sequence[Any], *, first: date, until: date) -> dict[int, DaysOff]:
    """Return the same for the rows of `RULED`, by resource."""
    asked = {
        "first": first,
        "until": until,
        "ids": [row.id for row in ruled],
        "site_ids": [row.site_id for row in ruled],
        "territory_ids": [row.recess_of for row in ruled if row.recess_of is not None],
    }
    closed: dict[tuple[str, int], list[Days]] = defaultdict(list)
    for resource_id, site_id, territory_id, *days in session.execute(CLOSURES, asked):
        of = ("resource", resource_id) if resource_id else ("site", site_id) if site_id else ("recess", territory_id)
        closed[of].append((days[0], days[1]))
    return {
        row.id: DaysOff(
            holiday_zone=row.holiday_zone,
            ignores_holidays=row.ignores_holidays,
            ignores_weekends=row.ignores_weekends,
            closures=(*closed["resource", row.id], *closed["site", row.site_id]),
            recesses=tuple(closed["recess", row.recess_of]),
        )
        for row in ruled
    }
