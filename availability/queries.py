"""What is free, resource by resource. Reads only; as of `now`, so an expired hold counts for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.days_off import days_off
from availability.errors import NotFound
from availability.models import Kind, KindRight
from availability.openings import instant_of, local_day
from availability.periods import Period
from availability.rights import Actor
from availability.slots import ALWAYS, Agenda, Grid, Slot, Span, WhyNot, merge_spans, slots_in, why_not

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
NO_TIME = timedelta(0)

# One row a resource, with all that rules it: rows by the thousand would cost more than what they hold. Each of the four
# of its grid is its own, or as its kind has it. A closure or a recess speaks at once, even before the openings are
# published again.
RULED = text("""
    SELECT r.id, r.capacity, coalesce(r.slot_step_min, k.slot_step_min) AS step,
           coalesce(r.slot_duration_min, k.slot_duration_min) AS duration,
           coalesce(r.buffer_after_min, k.buffer_after_min) AS buffer_after,
           coalesce(r.buffer_before_min, k.buffer_before_min) AS buffer_before,
           k.min_notice_days, k.min_notice_min, k.max_ahead_days, s.time_zone,
           closed.starts AS closed_from, closed.ends AS closed_until,
           sized.starts AS sized_from, sized.ends AS sized_until, sized.capacities
    FROM resource r JOIN kind k ON k.id = r.kind_id AND k.is_active JOIN site s ON s.id = r.site_id
    LEFT JOIN LATERAL (
        SELECT array_agg(CAST(lower(x.days) AS timestamp) AT TIME ZONE s.time_zone) AS starts,
               array_agg(CAST(upper(x.days) AS timestamp) AT TIME ZONE s.time_zone) AS ends
        FROM (SELECT days FROM closure WHERE resource_id = r.id
              UNION ALL SELECT days FROM closure WHERE site_id = s.id
              UNION ALL SELECT days FROM recess WHERE k.closes_in_recess AND territory_id = s.territory_id) x
        WHERE x.days && daterange(CAST(:first AS date), CAST(:until AS date))) closed ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(CAST(lower(p.days) AS timestamp) AT TIME ZONE s.time_zone) AS starts,
               array_agg(CAST(upper(p.days) AS timestamp) AT TIME ZONE s.time_zone) AS ends,
               array_agg(p.capacity) AS capacities
        FROM capacity_period p
        WHERE p.resource_id = r.id AND p.days && daterange(CAST(:first AS date), CAST(:until AS date))) sized ON true
    WHERE r.id = ANY(:ids)""")
OPENINGS = text("""
    SELECT resource_id, array_agg(starts_at) AS starts, array_agg(ends_at) AS ends FROM opening
    WHERE resource_id = ANY(:ids) AND starts_at < :end AND ends_at > :start GROUP BY resource_id""")
# What touches on a seat is one: half as much to read. Resource by resource: the index of seats does not know "= ANY",
# and would read what everybody has in the window. When a calendar of elsewhere says that somebody is busy, no seat is
# named: it is all of them.
SEATS_TAKEN = text("""
    SELECT wanted.id AS resource_id, seats.* FROM unnest(CAST(:ids AS bigint[])) AS wanted (id) CROSS JOIN LATERAL (
        SELECT seat, array_agg(lower(taken)) AS starts, array_agg(upper(taken)) AS ends
        FROM (SELECT seat, range_agg(during) AS during FROM seat_time
              WHERE resource_id = wanted.id AND during && tstzrange(:start, :end)
                AND (expires_at IS NULL OR expires_at > :now) GROUP BY seat
              UNION ALL
              SELECT NULL, range_agg(during) FROM absence
              WHERE resource_id = wanted.id AND during && tstzrange(:start, :end)) seats, unnest(during) AS taken
        GROUP BY seat) seats""")
SEATS_BOOKED = text("""
    SELECT seat, array_agg(lower(taken)) AS starts, array_agg(upper(taken)) AS ends
    FROM (SELECT seat, range_agg(during) AS during FROM seat_time
          WHERE resource_id = :id AND during && tstzrange(:start, :end) AND expires_at IS NULL
          GROUP BY seat) seats, unnest(during) AS taken
    GROUP BY seat""")

NIGHTS_BY_DAY = text("""
    SELECT u.resource_id, day,
           count(*) FILTER (WHERE n.unit_id IS NULL) AS free,
           count(*) FILTER (WHERE n.expires_at IS NOT NULL) AS held
    FROM unit u CROSS JOIN generate_series(CAST(:first AS date), CAST(:until AS date) - 1, interval '1 day') AS d(at)
    CROSS JOIN LATERAL (SELECT CAST(d.at AS date) AS day) days
    LEFT JOIN bed_night n ON n.unit_id = u.id AND n.night = day AND (n.expires_at IS NULL OR n.expires_at > :now)
    WHERE u.resource_id = ANY(:ids) AND u.is_active GROUP BY u.resource_id, day""")
PLACES_BY_DAY = text("""
    SELECT r.id, day, greatest(coalesce(c.capacity, r.capacity) - r.declared_load - count(p.id), 0) AS free,
           count(p.id) FILTER (WHERE p.expires_at IS NOT NULL) AS held
    FROM resource r
    CROSS JOIN generate_series(CAST(:first AS date), CAST(:until AS date) - 1, interval '1 day') AS d(at)
    CROSS JOIN LATERAL (SELECT CAST(d.at AS date) AS day) days
    LEFT JOIN place_period p ON p.resource_id = r.id AND p.days @> day
      AND (p.expires_at IS NULL OR p.expires_at > :now)
    LEFT JOIN capacity_period c ON c.resource_id = r.id AND c.days @> day
    WHERE r.id = ANY(:ids) GROUP BY r.id, day, c.id""")
SESSIONS_BY_DAY = text("""
    SELECT r.id, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day,
           CASE WHEN sum(c.minutes) >= h.max_minutes
                  OR CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date) > h.last_take_on
                THEN 0 ELSE greatest(h.max_cases - count(c.id), 0) END AS free,
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
    found = agendas_of(session, resource_ids, within=within, now=now, as_offered=as_offered)
    return {
        resource_id: slots_in(
            replace(
                agenda,
                offered_from=max(within.start, agenda.offered_from),
                offered_until=min(within.end, agenda.offered_until),
            )
        )
        for resource_id, agenda in found.items()
    }


def agendas_of(
    session: Session, resource_ids: Collection[int], *, within: Period, now: datetime, as_offered: bool = True
) -> dict[int, Agenda]:
    """Return all that decides of the slots that start within a period, of the resources that open then."""
    asked = {"ids": list(resource_ids), "start": within.start, "end": within.end, "now": now}
    opened = {row.resource_id: _spans(row.starts, row.ends) for row in session.execute(OPENINGS, asked)}
    return _agendas(session, opened, asked, as_offered=as_offered)


def agenda_at(
    session: Session, resource_id: int, *, around: datetime, now: datetime, as_offered: bool = False
) -> Agenda | None:
    """Return the agenda of one resource on the days around an instant, None when there is no such resource.

    Notice and horizon are checked when somebody asks for a slot, not when they take back one that they gave back.
    """
    asked = {"ids": [resource_id], "start": around - A_DAY, "end": around + A_DAY, "now": now}
    row = session.execute(OPENINGS, asked).one_or_none()
    opened = {resource_id: _spans(row.starts, row.ends) if row else []}
    return _agendas(session, opened, asked, as_offered=as_offered).get(resource_id)


def with_reasons(session: Session, resource_id: int, agenda: Agenda, *, around: datetime) -> Agenda:
    """Return the same agenda, with what only whoever asks "why not" has to know: days off, and what is no hold."""
    day = local_day(around, agenda.zone)
    off = days_off(session, resource_id, first=day, until=day + A_DAY)
    asked = {"id": resource_id, "start": around - A_WEEK, "end": around + A_WEEK}
    booked = {row.seat: sorted(_spans(row.starts, row.ends)) for row in session.execute(SEATS_BOOKED, asked)}
    return replace(agenda, days_off=off, booked=booked)


def why_not_at(
    session: Session, resource_id: int, start: datetime, *, now: datetime, suits: bool = True
) -> WhyNot | None:
    """Return why nobody can take a slot that starts then, as asked for today; None when they can. Raises: NotFound."""
    agenda = agenda_at(session, resource_id, around=start, now=now, as_offered=True)
    if agenda is None:
        raise NotFound(resource_id=resource_id)
    return why_not(start, with_reasons(session, resource_id, agenda, around=start), suits=suits)


def _agendas(
    session: Session, opened: Mapping[int, list[Span]], asked: Mapping[str, Any], *, as_offered: bool
) -> dict[int, Agenda]:
    ids = {"ids": list(opened)}
    days = {"first": asked["start"].date() - 2 * A_DAY, "until": asked["end"].date() + 2 * A_DAY}  # in any zone
    ruled = session.execute(RULED, ids | days).all()
    grids = {row.id: _grid(row) for row in ruled}
    # A claim outside of the window still takes the slots that overlap it.
    reach = max((grid.duration + grid.gap for grid in grids.values()), default=NO_TIME)
    around = {**asked, **ids, "start": asked["start"] - reach, "end": asked["end"] + reach}
    taken: dict[int, dict[int | None, list[Span]]] = defaultdict(dict)
    for row in session.execute(SEATS_TAKEN, around):
        taken[row.resource_id][row.seat] = sorted(_spans(row.starts, row.ends))
    return {
        row.id: _agenda(row, grids[row.id], opened[row.id], taken[row.id], asked["now"], as_offered=as_offered)
        for row in ruled
    }


def _agenda(
    row: Any, grid: Grid, opened: list[Span], taken: dict[int | None, list[Span]], now: datetime, *, as_offered: bool
) -> Agenda:
    zone = ZoneInfo(row.time_zone)
    offered_from, offered_until = _offered(row, zone, now) if as_offered else ALWAYS
    for start, end in _spans(row.closed_from, row.closed_until):
        first, last = start or ALWAYS[0], end or ALWAYS[1]
        opened = [span for span in opened if not first <= span[0] < last]  # it closes what begins on its days
    sized = zip(row.sized_from or (), row.sized_until or (), row.capacities or (), strict=True)
    return Agenda(
        grid=grid,
        capacity=row.capacity,
        openings=merge_spans(opened),
        now=now,
        absences=taken.get(None, ()),
        taken={seat: spans for seat, spans in taken.items() if seat is not None},
        capacities=[((start, end), capacity) for start, end, capacity in sized],
        zone=zone,
        offered_from=offered_from,
        offered_until=offered_until,
    )


def _spans(starts: list[datetime] | None, ends: list[datetime] | None) -> list[Span]:
    return list(zip(starts or (), ends or (), strict=True))


def _offered(row: Any, zone: ZoneInfo, now: datetime) -> Span:
    """Return from when and until when slots are offered, as the notice and the horizon of a kind have it."""
    today = local_day(now, zone)
    first = instant_of(today + timedelta(days=row.min_notice_days), time(), zone)
    last = instant_of(today + timedelta(days=row.max_ahead_days + 1), time(), zone)
    return max(first, now + timedelta(minutes=row.min_notice_min)), last


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
        step=timedelta(minutes=row.step),
        duration=timedelta(minutes=row.duration),
        buffer_after=timedelta(minutes=row.buffer_after),
        buffer_before=timedelta(minutes=row.buffer_before),
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
