"""Series as somebody may see them: what is owed, done, planned and left, and each occurrence. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.days_off import days_off
from availability.errors import NotFound
from availability.models import Shape
from availability.openings import local_day
from availability.recurrences import recurrence_days
from availability.rights import REQUESTERS, Actor
from booking.ledger import SCOPE, scope_values
from booking.models import OCCUPYING, State
from booking.persons import NAMED
from booking.queries import visible_to
from booking.series_rules import Measure, Progress, Standing, planned_minutes

TO_COME = (State.HELD, State.REQUESTED, State.BOOKED)
MOST_LISTED = 200


@dataclass(frozen=True, kw_only=True)
class SeriesLine:
    """A series, without what becomes of it. Names are empty for who may not hold the person's file."""

    id: UUID
    kind_id: int
    kind_code: str
    kind_label: str
    layer: str  # what the kind is called on the map, in a word
    shape: Shape
    measure: Measure
    total: int
    minutes_a_day: int
    rrule: str
    begins_on: date
    ends_by: date | None
    created_at: datetime
    cancelled_at: datetime | None
    case_ref: str
    territory_id: int
    resource_id: int
    resource_name: str
    site_name: str
    time_zone: str
    person_id: UUID | None
    family_name: str
    given_name: str
    held_by: str | None = None  # the service that holds the file now, for that which gave it away

    @property
    def person_name(self) -> str:
        """Return "Prénom NOM", or nothing."""
        return " ".join(part for part in (self.given_name, self.family_name.upper()) if part)

    @property
    def initials(self) -> str:
        """Return what is shown where a name is too much."""
        return "".join(f"{part[0]}." for part in (self.given_name, self.family_name) if part)


@dataclass(frozen=True, kw_only=True)
class OccurrenceLine:
    """A booking of a series. `number` is its rank by date among those that have their place, None for the others."""

    id: UUID
    number: int | None
    state: State
    shape: Shape
    resource_id: int
    resource_name: str
    site_name: str
    time_zone: str
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    done_min: int
    noted: frozenset[date]


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """A series with everything that its page shows."""

    line: SeriesLine
    occurrences: tuple[OccurrenceLine, ...]
    progress: Progress
    standing: Standing

    def number_of(self, booking_id: UUID) -> int | None:
        """Return the rank of one of its bookings, None when that has no place any more."""
        return next((one.number for one in self.occurrences if one.id == booking_id), None)


@dataclass(frozen=True)
class ListedSeries:
    """A series in a list, with what is done of it."""

    line: SeriesLine
    done: int
    standing: Standing


def series_for(session: Session, actor: Actor, series_id: UUID, *, now: datetime) -> SeriesView:
    """Return one series. Raises: NotFound, the same for "elsewhere" and "nobody's"."""
    visible, values = visible_to(actor)
    occurrences = _occurrences(session.execute(text(OF_SERIES.format(visible=visible)), values | {"id": series_id}))
    row = session.execute(ONE, {"id": series_id, "files": _files(actor)}).one_or_none() if occurrences else None
    if row is None:
        raise NotFound(series_id=series_id)
    line = _line(row)
    today = local_day(now, ZoneInfo(line.time_zone))
    progress = _progress(session, line, occurrences, today)
    standing = progress.standing(ends_by=line.ends_by, is_cancelled=line.cancelled_at is not None, today=today)
    return SeriesView(line=line, occurrences=occurrences, progress=progress, standing=standing)


def series_of(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> SeriesView | None:
    """Return the series that a booking which the actor sees is part of, None when it is of none."""
    series_id = session.execute(SERIES_OF, {"id": booking_id}).scalar()
    return series_for(session, actor, series_id, now=now) if series_id else None


def series_list(session: Session, actor: Actor, *, now: datetime, only_late: bool = False) -> list[ListedSeries]:
    """Return the series of the actor's territories: those that are late first, then by their last day."""
    asked = scope_values(actor) | {"now": now, "files": _files(actor), "late": only_late, "limit": MOST_LISTED}
    return [ListedSeries(_line(row), row.done, Standing(row.standing)) for row in session.execute(LISTED, asked)]


def count_late_series(session: Session, actor: Actor, *, now: datetime) -> int:
    """Return how many series of the actor's territories are past their last day with something left."""
    asked = scope_values(actor) | {"now": now, "files": _files(actor)}
    return int(session.execute(COUNT_LATE, asked).scalar_one())


def _progress(session: Session, line: SeriesLine, occurrences: Sequence[OccurrenceLine], today: date) -> Progress:
    if line.measure is Measure.VISITS:
        done = sum(1 for one in occurrences if one.state is State.HONOURED)
        return Progress(total=line.total, done=done, planned=sum(1 for one in occurrences if one.state in TO_COME))
    done = sum(one.done_min for one in occurrences)
    to_come = [one for one in occurrences if one.state in TO_COME]
    promised = sum(
        planned_minutes(
            _days(session, line, one, today), line.minutes_a_day, today=today, noted=one.noted, most=line.total
        )
        for one in to_come
    )
    return Progress(total=line.total, done=done, planned=min(promised, max(line.total - done, 0)))


def _days(session: Session, line: SeriesLine, one: OccurrenceLine, today: date) -> list[date]:
    """Return the days to come of a placement, those on which its place is closed left out."""
    first, until = max(one.first_on or today, today), one.until_on or today
    if until <= first or not line.rrule:
        return []
    off = set(days_off(session, one.resource_id, first=first, until=until).between(first, until))
    return [day for day in recurrence_days(line.rrule, line.begins_on, first, until) if day not in off]


def _occurrences(rows: Any) -> tuple[OccurrenceLine, ...]:
    found: list[OccurrenceLine] = []
    numbers: defaultdict[bool, int] = defaultdict(int)
    for row in rows:
        state = State(row.state)
        counts = state in OCCUPYING
        numbers[counts] += 1
        values = dict(row._mapping) | {"state": state, "shape": Shape(row.shape), "noted": frozenset(row.noted or ())}
        found.append(OccurrenceLine(**values | {"number": numbers[True] if counts else None}))
    return tuple(found)


def _line(row: Any) -> SeriesLine:
    values = {name: getattr(row, name) for name in SeriesLine.__dataclass_fields__}
    known = {"shape": Shape(row.shape), "measure": Measure(row.measure)}
    return SeriesLine(**values | known | {"family_name": row.family_name or "", "given_name": row.given_name or ""})


def _files(actor: Actor) -> list[int]:
    return sorted(actor.territories(REQUESTERS))


_COLUMNS = """
    z.id, z.kind_id, k.code AS kind_code, k.label AS kind_label, k.layer, k.shape, z.measure, z.total,
    z.minutes_a_day, z.rrule,
    z.begins_on, z.ends_by, z.created_at, z.cancelled_at, z.case_ref, z.territory_id, z.resource_id,
    r.name AS resource_name, s.name AS site_name, s.time_zone, p.id AS person_id, p.family_name, p.given_name,
    (SELECT t.name FROM person o JOIN territory t ON t.id = o.territory_id
     WHERE o.id = z.person_id AND p.id IS NULL AND z.territory_id = ANY(:files)) AS held_by"""
_TABLES = f"""
    series z JOIN kind k ON k.id = z.kind_id JOIN resource r ON r.id = z.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = z.person_id AND {NAMED}"""
_DONE = """
    CROSS JOIN LATERAL (
        SELECT CASE z.measure WHEN 'visits' THEN
            (SELECT count(*) FROM booking b WHERE b.series_id = z.id AND b.state = 'honoured')
        ELSE (SELECT coalesce(sum(a.minutes), 0) FROM booking b JOIN attendance a ON a.booking_id = b.id
              WHERE b.series_id = z.id) END AS done) d
    CROSS JOIN LATERAL (SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date) AS today) t
    CROSS JOIN LATERAL (SELECT CASE WHEN d.done >= z.total THEN 'done' WHEN z.cancelled_at IS NOT NULL THEN 'cancelled'
                               WHEN z.ends_by < t.today THEN 'late' ELSE 'running' END AS standing) w"""
_MINE = "JOIN scope mine ON mine.territory_id = z.territory_id AND z.kind_id = ANY(mine.kinds)"
ONE = text(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE z.id = :id")  # noqa: S608 - constants only
SERIES_OF = text("SELECT series_id FROM booking WHERE id = :id")
# Bookings that the actor sees; their days as they come, whatever their shape.
OF_SERIES = """
    SELECT b.id, b.state, k.shape, b.resource_id, r.name AS resource_name, s.name AS site_name, s.time_zone, b.first_on,
           b.until_on, b.starts_at, b.ends_at, coalesce(a.minutes, 0) AS done_min, a.noted
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id
    LEFT JOIN LATERAL (SELECT sum(minutes) AS minutes, array_agg(day) AS noted FROM attendance
                       WHERE booking_id = b.id) a ON true
    WHERE b.series_id = :id AND {visible}
    ORDER BY coalesce(b.starts_at, CAST(b.first_on AS timestamp) AT TIME ZONE s.time_zone), b.created_at, b.id"""
LISTED = text(f"""
    WITH {SCOPE}
    SELECT {_COLUMNS}, d.done, w.standing FROM {_TABLES} {_MINE} {_DONE}
    WHERE NOT CAST(:late AS boolean) OR w.standing = 'late'
    ORDER BY array_position(ARRAY['late', 'running', 'done', 'cancelled'], w.standing), z.ends_by NULLS LAST,
             z.created_at DESC, z.id LIMIT :limit""")  # noqa: S608 - constants only
COUNT_LATE = text(f"""
    WITH {SCOPE}
    SELECT count(*) FROM {_TABLES} {_MINE} {_DONE} WHERE w.standing = 'late'""")  # noqa: S608 - constants only
