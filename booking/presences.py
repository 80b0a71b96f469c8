"""Whom an organisation receives on a day, and what is noted of them: initials and a year of birth. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Shape
from availability.recurrences import recurrence_days
from availability.rights import Actor
from booking.ledger import hosted, hosting_values
from booking.models import State
from booking.series_rules import A_DAY

MOST_LISTED = 500


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Somebody expected on a day: at an hour, on a post, or in a bed; `came` is None while nobody said it.

    Minutes are those of the entry; `usual_min` are those of an ordinary day of the series, 0 when nothing is counted.
    """

    booking_id: UUID
    shape: Shape
    state: State
    day: date
    kind_label: str
    resource_name: str
    unit_name: str | None
    site_name: str
    time_zone: str
    case_ref: str
    initials: str
    birth_year: int | None
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    came: bool | None
    minutes: int
    usual_min: int
    total: int  # minutes owed, 0 when it is not counted so
    done_min: int
    entered_by: str
    entered_at: datetime | None
    revision: int
    is_usual_day: bool  # a day of its series, or a placement that has none


@dataclass(frozen=True)
class SheetLine:
    """A person in the sheet of a month, with what is noted of each day."""

    whom: Expected
    days: dict[date, Expected] = field(default_factory=dict)


def expected_on(session: Session, actor: Actor, day: date) -> list[Expected]:
    """Return who is expected that day on the places that the actor runs: by the hour, then posts, then beds."""
    return _expected(session, actor, day, day)


def expected_in(session: Session, actor: Actor, first: date, until: date) -> list[SheetLine]:
    """Return who is expected on civil days `[first, until)`, a line a person and place, with their days."""
    lines: dict[tuple[Any, ...], SheetLine] = {}
    for one in _expected(session, actor, first, until - A_DAY):
        key = (one.initials, one.birth_year, one.case_ref, one.site_name, one.resource_name, one.unit_name)
        lines.setdefault(key, SheetLine(one)).days[one.day] = one
    return list(lines.values())


def _expected(session: Session, actor: Actor, first: date, last: date) -> list[Expected]:
    asked = hosting_values(actor) | {
        "first": first,
        "last": last,
        # Wherever it is: the statement says on which civil day that is.
        "after": datetime.combine(first - A_DAY, time(), UTC),
        "before": datetime.combine(last + 2 * A_DAY, time(), UTC),
        "limit": MOST_LISTED * ((last - first).days + 1),
    }
    return [_one(row) for row in session.execute(EXPECTED, asked)]


def _one(row: Any) -> Expected:
    values = {name: getattr(row, name) for name in Expected.__dataclass_fields__ if hasattr(row, name)}
    letters = (row.given_initial, row.family_initial)
    usual = not row.rrule or bool(recurrence_days(row.rrule, row.begins_on, row.day, row.day + timedelta(days=1)))
    return Expected(
        **values
        | {
            "shape": Shape(row.shape),
            "state": State(row.state),
            "initials": "".join(f"{letter}." for letter in letters if letter),
            "is_usual_day": usual,
        }
    )


# A measure that a judge gave is not a presence: nobody is expected on each of its days.
EXPECTED = text(f"""
    SELECT b.id AS booking_id, k.shape, b.state, d.day, k.label AS kind_label, r.name AS resource_name,
           u.name AS unit_name, s.name AS site_name, s.time_zone, b.case_ref, left(p.given_name, 1) AS given_initial,
           left(p.family_name, 1) AS family_initial, CAST(extract(year FROM p.birth_on) AS int) AS birth_year,
           b.first_on, b.until_on, b.starts_at, b.ends_at,
           CASE WHEN b.state = 'honoured' AND k.shape = 'slots' THEN true
                WHEN b.state = 'missed' AND k.shape = 'slots' THEN false ELSE a.came END AS came,
           coalesce(a.minutes, 0) AS minutes, coalesce(a.revision, 0) AS revision,
           CASE WHEN z.measure = 'minutes' THEN z.minutes_a_day ELSE 0 END AS usual_min,
           CASE WHEN z.measure = 'minutes' THEN z.total ELSE 0 END AS total,
           coalesce(done.minutes, 0) AS done_min, coalesce(who.name, '') AS entered_by,
           coalesce(a.entered_at, noted.at) AS entered_at, coalesce(z.rrule, '') AS rrule, z.begins_on
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    JOIN booking b ON b.resource_id = r.id
    CROSS JOIN LATERAL (
        SELECT CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day WHERE b.starts_at IS NOT NULL
        UNION ALL
        SELECT CAST(each AS date)
        FROM generate_series(greatest(b.first_on, CAST(:first AS date)),
                             least(CASE WHEN k.shape = 'nights' THEN b.until_on ELSE b.until_on - 1 END,
                                   CAST(:last AS date)), interval '1 day') AS each
        WHERE b.first_on IS NOT NULL) d
    LEFT JOIN unit u ON u.id = b.unit_id
    LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN series z ON z.id = b.series_id
    LEFT JOIN attendance a ON a.booking_id = b.id AND a.day = d.day
    LEFT JOIN LATERAL (
        SELECT h.at, h.actor_id FROM history h
        WHERE b.starts_at IS NOT NULL AND b.state IN ('honoured', 'missed') AND h.subject = 'booking'
          AND h.subject_id = CAST(b.id AS text) AND h.act NOT LIKE 'booking-file-%'
        ORDER BY h.id DESC LIMIT 1) noted ON true
    LEFT JOIN LATERAL (
        SELECT name FROM account WHERE id = coalesce(a.entered_by, noted.actor_id)
        UNION ALL SELECT name FROM api_client WHERE actor_id = coalesce(a.entered_by, noted.actor_id)
        LIMIT 1) who ON true
    LEFT JOIN LATERAL (
        SELECT sum(other.minutes) AS minutes FROM booking o JOIN attendance other ON other.booking_id = o.id
        WHERE o.series_id = z.id) done ON z.measure = 'minutes'
    WHERE k.shape IN ('slots', 'nights', 'places') AND NOT k.is_designated
      AND b.state IN ('booked', 'honoured', 'missed')
      AND (b.first_on <= :last AND coalesce(b.until_on, 'infinity') >= :first
           OR b.starts_at BETWEEN :after AND :before)
      AND d.day BETWEEN :first AND :last AND {hosted("b.kind_id")}
    ORDER BY b.starts_at NULLS LAST, array_position(ARRAY['slots', 'places', 'nights'], k.shape), s.name, r.name,
             u.name NULLS FIRST, b.first_on, b.id, d.day
    LIMIT :limit""")  # noqa: S608 - constants only
