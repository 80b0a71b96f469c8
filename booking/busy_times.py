"""When people, rooms and video units are busy, whatever for: the one reading behind common dates.

Calendars of elsewhere, closed days, hearings, meetings and bookings become spans, and nothing else is read of them:
an agenda is shared without being read.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import A_DAY
from availability.periods import Period
from booking.common_dates import Seats, Span

# Days are those of the clocks of each site: a closed day begins and ends at midnight there. `above`: the seats after
# that number are taken; 0 is all of them. A capacity lowered for some days takes those after it.
# Numbers are cast: sent as small ones, no index would be read by them. Spans go as they are, grouped where they lie:
# merging them by `range_agg` took twice as long as all the rest, and whoever judges starts does not need it.
BUSY = text("""
    WITH asked AS MATERIALIZED (
        SELECT r.id, r.capacity, r.site_id, s.time_zone
        FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
        WHERE r.id = ANY(CAST(:ids AS bigint[])) AND r.is_active AND k.is_active),
    days_taken AS (
        SELECT a.id, d.above, greatest(CAST(lower(d.days) AS timestamp) AT TIME ZONE a.time_zone, :start) AS starts_at,
               least(CAST(upper(d.days) AS timestamp) AT TIME ZONE a.time_zone, :end) AS ends_at
        FROM asked a CROSS JOIN LATERAL (
            SELECT 0 AS above, days FROM closure WHERE resource_id = a.id
            UNION ALL SELECT 0, days FROM closure WHERE site_id = a.site_id
            UNION ALL SELECT capacity, days FROM capacity_period WHERE resource_id = a.id) d
        WHERE d.days && daterange(:first, :until))
    SELECT id, capacity, CAST(NULL AS int) AS seat, CAST(NULL AS int) AS above, CAST('{}' AS bigint[]) AS starts,
           CAST('{}' AS bigint[]) AS ends
    FROM asked
    UNION ALL
    SELECT id, NULL, NULL, above, array_agg(CAST(date_part('epoch', starts_at) AS bigint)),
           array_agg(CAST(date_part('epoch', ends_at) AS bigint))
    FROM days_taken WHERE starts_at < ends_at GROUP BY id, above
    UNION ALL
    SELECT resource_id, NULL, NULL, 0, array_agg(CAST(floor(date_part('epoch', lower(during))) AS bigint)),
           array_agg(CAST(ceil(date_part('epoch', upper(during))) AS bigint))
    FROM absence WHERE resource_id = ANY(CAST(:ids AS bigint[])) AND during && tstzrange(:start, :end)
    GROUP BY resource_id
    UNION ALL
    SELECT resource_id, NULL, seat, NULL, array_agg(CAST(floor(date_part('epoch', lower(during))) AS bigint)),
           array_agg(CAST(ceil(date_part('epoch', upper(during))) AS bigint))
    FROM seat_time
    WHERE resource_id = ANY(CAST(:ids AS bigint[])) AND during && tstzrange(:start, :end)
      AND (expires_at IS NULL OR expires_at > :now)
    GROUP BY resource_id, seat""")


def busy_times(session: Session, resource_ids: Collection[int], within: Period, *, now: datetime) -> dict[int, Seats]:
    """Return when each seat of these resources is taken, as far as it touches a period: in no order, maybe overlapping.

    One that is out of service, or that has no seat, is not there: it is never free.
    """
    asked = {
        "ids": sorted(set(resource_ids)),
        "start": within.start,
        "end": within.end,
        "first": within.start.date() - A_DAY,
        "until": within.end.date() + 2 * A_DAY,
        "now": now,
    }
    rows = session.execute(BUSY, asked).all()
    found: dict[int, list[list[Span]]] = {row.id: [[] for _ in range(row.capacity)] for row in rows if row.capacity}
    for row in rows:
        spans = list(zip(row.starts, row.ends, strict=True))
        for number, taken in enumerate(found.get(row.id, ()), 1):
            if row.seat == number or (row.above is not None and row.above < number):
                taken.extend(spans)
    return {one: seats for one, seats in found.items() if seats}
