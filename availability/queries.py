"""What is free, resource by resource. Reads only; as of `now`, so an expired hold counts for nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind, KindRight
from availability.openings import instant_of, local_day
from availability.periods import Period, merge
from availability.rights import Actor
from availability.slots import Grid, Slot, Span, slots_around, start_of

A_DAY = timedelta(days=1)
NO_TIME = timedelta(0)

GRIDS = text("""
    SELECT r.id, r.capacity, k.slot_step_min, k.slot_duration_min, k.buffer_after_min,
           k.min_notice_days, k.max_ahead_days, s.time_zone
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id WHERE r.id = ANY(:ids)""")
# One row a resource: thousands of rows would cost more than what they hold.
# A closure speaks at once, even before the openings are published again; it closes what begins on its days.
OPENINGS = text("""
    WITH closed AS MATERIALIZED (
        SELECT r.id, range_agg(tstzrange(CAST(lower(x.days) AS timestamp) AT TIME ZONE s.time_zone,
                                         CAST(upper(x.days) AS timestamp) AT TIME ZONE s.time_zone)) AS during
        FROM resource r JOIN site s ON s.id = r.site_id JOIN closure x ON x.resource_id = r.id OR x.site_id = s.id
        WHERE r.id = ANY(:ids) GROUP BY r.id)
    SELECT o.resource_id, array_agg(o.starts_at) AS starts, array_agg(o.ends_at) AS ends
    FROM opening o LEFT JOIN closed ON closed.id = o.resource_id
    WHERE o.resource_id = ANY(:ids) AND o.starts_at < :end AND o.ends_at > :start
      AND (closed.during IS NULL OR NOT closed.during @> o.starts_at) GROUP BY o.resource_id""")
# What touches on a seat is one: half as much to read.
SEATS_TAKEN = text("""
    SELECT resource_id, seat, array_agg(lower(taken)) AS starts, array_agg(upper(taken)) AS ends
    FROM (SELECT resource_id, seat, range_agg(during) AS during FROM seat_time
          WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end)
            AND (expires_at IS NULL OR expires_at > :now) GROUP BY resource_id, seat) seats, unnest(during) AS taken
    GROUP BY resource_id, seat""")

NIGHTS_BY_DAY = text("""
    SELECT u.resource_id, day,
           count(*) FILTER (WHERE n.unit_id IS NULL) AS free,
           count(*) FILTER (WHERE n.expires_at IS NOT NULL) AS held
    FROM unit u CROSS JOIN generate_series(CAST(:first AS date), CAST(:until AS date) - 1, interval '1 day') AS d(at)
    CROSS JOIN LATERAL (SELECT CAST(d.at AS date) AS day) days
    LEFT JOIN bed_night n ON n.unit_id = u.id AND n.night = day AND (n.expires_at IS NULL OR n.expires_at > :now)
    WHERE u.resource_id = ANY(:ids) AND u.is_active GROUP BY u.resource_id, day""")
PLACES_BY_DAY = text("""
    SELECT r.id, day, greatest(r.capacity - r.declared_load - count(p.id), 0) AS free,
           count(p.id) FILTER (WHERE p.expires_at IS NOT NULL) AS held
    FROM resource r
    CROSS JOIN generate_series(CAST(:first AS date), CAST(:until AS date) - 1, interval '1 day') AS d(at)
    CROSS JOIN LATERAL (SELECT CAST(d.at AS date) AS day) days
    LEFT JOIN place_period p ON p.resource_id = r.id AND p.days @> day
      AND (p.expires_at IS NULL OR p.expires_at > :now)
    WHERE r.id = ANY(:ids) GROUP BY r.id, day""")
SESSIONS_BY_DAY = text("""
    SELECT r.id, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day,
           CASE WHEN sum(c.minutes) >= h.max_minutes THEN 0 ELSE greatest(h.max_cases - count(c.id), 0) END AS free,
           count(c.id) FILTER (WHERE c.expires_at IS NOT NULL) AS held
    FROM resource r JOIN site s ON s.id = r.site_id JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN session_case c ON c.resource_id = r.id AND (c.expires_at IS NULL OR c.expires_at > :now)
    WHERE r.id = ANY(:ids) GROUP BY r.id, s.time_zone, h.resource_id""")
CLOSED_DAYS = text("""
    SELECT r.id, lower(c.days), upper(c.days) FROM resource r
    JOIN closure c ON c.resource_id = r.id OR c.site_id = r.site_id
    WHERE r.id = ANY(:ids) AND c.days && daterange(:first, :until)""")

BEDS = text("""
    SELECT u.id, u.name, n.night, n.holder_id, n.expires_at FROM unit u
    LEFT JOIN bed_night n ON n.unit_id = u.id AND n.night >= :first AND n.night < :until
      AND (n.expires_at IS NULL OR n.expires_at > :now)
    WHERE u.resource_id = :resource_id AND u.is_active ORDER BY u.name, u.id, n.night""")


@dataclass(frozen=True)
class DayCount:
    """How many are free and being reserved on one civil day."""

    day: date
    free: int
    held: int
    is_closed: bool = False


@dataclass(frozen=True)
class BedUse:
    """A bed, and what holds it night by night."""

    unit_id: int
    name: str
    nights: tuple[tuple[date, Any, bool], ...]  # night, holder_id, still only held


def slots_of(
    session: Session, resource_ids: Collection[int], *, within: Period, now: datetime, as_offered: bool = True
) -> dict[int, list[Slot]]:
    """Return the slots that start within a period, taken ones included, by resource, sorted.

    Openings are cut whole, so that a slot does not depend on the window asked for. Those that the notice or the
    horizon of the kind keeps from being offered are left out, unless `as_offered` is False.
    """
    asked = {"ids": list(resource_ids), "start": within.start, "end": within.end, "now": now}
    openings = {row.resource_id: merge(map(Period, row.starts, row.ends)) for row in session.execute(OPENINGS, asked)}
    ruled = session.execute(GRIDS, {"ids": list(openings)}).all()
    grids = {row.id: _grid(row) for row in ruled}
    # A claim outside of the window still takes the slots that overlap it.
    reach = max((grid.duration + grid.buffer for grid in grids.values()), default=NO_TIME)
    around = {**asked, "start": within.start - reach, "end": within.end + reach}
    taken: dict[int, dict[int, list[Span]]] = defaultdict(dict)
    for row in session.execute(SEATS_TAKEN, around):
        taken[row.resource_id][row.seat] = sorted(zip(row.starts, row.ends, strict=True))
    found = {}
    for row in ruled:
        first, last = _offered(row, within, now) if as_offered else (within.start, within.end)
        listed = slots_around(
            openings[row.id], taken[row.id], grid=grids[row.id], capacity=row.capacity, not_before=max(now, first)
        )
        found[row.id] = listed[: bisect_left(listed, last, key=start_of)]
    return found


def _offered(row: Any, within: Period, now: datetime) -> tuple[datetime, datetime]:
    """Return the part of a period, maybe empty, that the notice and the horizon of a kind leave."""
    zone = ZoneInfo(row.time_zone)
    today = local_day(now, zone)
    first = instant_of(today + timedelta(days=row.min_notice_days), time(), zone)
    last = instant_of(today + timedelta(days=row.max_ahead_days + 1), time(), zone)
    return max(within.start, first), min(within.end, last)


def bookable_slots(session: Session, resource_id: int, *, now: datetime, around: datetime) -> dict[datetime, Slot]:
    """Return the slots of the day around an instant, by start: what lists them confirms them.

    Notice and horizon are checked when somebody asks for a slot, not when they take back one that they gave back.
    """
    day = Period(around - A_DAY, around + A_DAY)
    listed = slots_of(session, [resource_id], within=day, now=now, as_offered=False).get(resource_id, [])
    return {slot.period.start: slot for slot in listed}


def nights_by_day(
    session: Session, resource_ids: Sequence[int], *, first: date, until: date, now: datetime
) -> dict[int, list[DayCount]]:
    """Return how many beds are free each night of `[first, until)`, by section."""
    return _by_day(session, NIGHTS_BY_DAY, _asked(resource_ids, first, until, now))


def places_by_day(
    session: Session, resource_ids: Sequence[int], *, first: date, until: date, now: datetime
) -> dict[int, list[DayCount]]:
    """Return how many places are left each day of `[first, until)`, by resource."""
    return _by_day(session, PLACES_BY_DAY, _asked(resource_ids, first, until, now))


def sessions_by_day(
    session: Session, resource_ids: Sequence[int], *, first: date, until: date, now: datetime
) -> dict[int, list[DayCount]]:
    """Return the room left in each hearing, on its own civil day, by resource."""
    return _by_day(session, SESSIONS_BY_DAY, _asked(resource_ids, first, until, now))


def beds(session: Session, resource_id: int, *, first: date, until: date, now: datetime) -> list[BedUse]:
    """Return every bed in service of a section, with what holds it during the nights `[first, until)`."""
    asked = {"resource_id": resource_id, "first": first, "until": until, "now": now}
    named: dict[int, str] = {}
    taken: dict[int, list[tuple[date, Any, bool]]] = defaultdict(list)
    for unit_id, name, night, holder_id, expires_at in session.execute(BEDS, asked):
        named[unit_id] = name
        if night is not None:
            taken[unit_id].append((night, holder_id, expires_at is not None))
    return [BedUse(unit_id, name, tuple(taken[unit_id])) for unit_id, name in named.items()]


def kinds_for(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds in use that one of the actor's rights allows to search, in the order of the layers."""
    open_to = {
        kind_id
        for kind_id, role in session.exec(select(KindRight.kind_id, KindRight.role))
        if any(right.role == role and right.kind_id in (None, kind_id) for right in actor.rights)
    }
    offered = select(Kind).where(col(Kind.id).in_(open_to), col(Kind.is_active))
    return list(session.exec(offered.order_by(col(Kind.position), col(Kind.id))))


def _grid(row: Any) -> Grid:
    return Grid(
        step=timedelta(minutes=row.slot_step_min),
        duration=timedelta(minutes=row.slot_duration_min),
        buffer=timedelta(minutes=row.buffer_after_min),
    )


def _asked(resource_ids: Sequence[int], first: date, until: date, now: datetime) -> dict[str, Any]:
    return {"ids": list(resource_ids), "first": first, "until": until, "now": now}


def _by_day(session: Session, statement: Any, asked: dict[str, Any]) -> dict[int, list[DayCount]]:
    closed = [(row[0], row[1] or date.min, row[2]) for row in session.execute(CLOSED_DAYS, asked)]
    days: dict[int, list[DayCount]] = defaultdict(list)
    for resource_id, day, free, held in session.execute(statement, asked):
        if not asked["first"] <= day < asked["until"]:
            continue
        is_closed = any(
            shut == resource_id and start <= day and (end is None or day < end) for shut, start, end in closed
        )
        days[resource_id].append(DayCount(day, 0 if is_closed else free, held, is_closed))
    return {resource_id: sorted(counts, key=lambda count: count.day) for resource_id, counts in days.items()}


def slots_by_day(
    session: Session, time_zones: Mapping[int, str], *, first: date, until: date, now: datetime
) -> dict[int, list[tuple[date, Slot]]]:
    """Return the slots that start on civil days `[first, until)`, each resource in its own time zone, with the day."""
    # A civil day begins up to 14 hours before UTC and ends up to 12 hours after: read wide, keep by local day.
    within = Period(
        datetime.combine(first, time(), UTC) - timedelta(hours=14),
        datetime.combine(until, time(), UTC) + timedelta(hours=12),
    )
    listed = slots_of(session, list(time_zones), within=within, now=now)
    return {
        resource_id: within_days(slots, time_zones[resource_id], first, until) for resource_id, slots in listed.items()
    }


def within_days(listed: Sequence[Slot], time_zone: str, first: date, until: date) -> list[tuple[date, Slot]]:
    """Return the slots whose local civil day is in `[first, until)`, with that day."""
    zone = ZoneInfo(time_zone)
    dated = ((local_day(slot.period.start, zone), slot) for slot in listed)
    return [(day, slot) for day, slot in dated if first <= day < until]
