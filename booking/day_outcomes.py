"""The appointments of one day, and the days before of which something is still to be noted. Reads only.

Of one's territories and kinds, as the list of bookings; a day is the civil day of the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from booking.ledger import LINE_COLUMNS, LINE_TABLES, MINE, SCOPE, ListedBooking, line_of, scope_values
from booking.outcomes import CORRECTABLE, GIVEN_BACK

MOST_LISTED = 500
A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """Somebody expected at an hour, or who was, or who said that they cannot come. The reason is that of an absence."""

    line: ListedBooking
    birth_year: int | None
    reason: str


@dataclass(frozen=True)
class DayToNote:
    """A civil day on which so many appointments are over, of which nobody said what became; at whose is beside it."""

    day: date
    resource_id: int
    count: int


def appointments_on(session: Session, actor: Actor, day: date, *, now: datetime) -> list[Appointment]:
    """Return the appointments of a civil day, whatever became of them, by the hour; MOST_LISTED at most.

    With what its person gave back by their link, for it may be excused, unless they have that hour again.
    """
    asked = scope_values(actor) | _around(day) | {"now": now, "day": day, "limit": MOST_LISTED}
    rows = session.execute(ON, asked)
    return [Appointment(line=line_of(row), birth_year=row.birth_year, reason=row.reason) for row in rows]


def days_to_note(session: Session, actor: Actor, *, now: datetime) -> list[DayToNote]:
    """Return what is over and not noted, by day, the oldest first, and by whoever receives."""
    asked = scope_values(actor) | {"now": now, "oldest": now - CORRECTABLE, "oldest_on": (now - CORRECTABLE).date()}
    rows = session.execute(DAYS, asked | {"today": (now + A_DAY).date()})
    return [DayToNote(row.day, row.resource_id, row.waiting) for row in rows]


def _around(day: date) -> dict[str, date]:
    """Return civil days of Greenwich between which that day is, wherever it is."""
    return {"first": day - A_DAY, "last": day + A_DAY}


# As the index by kind, territory and day has it: see booking/models.py.
_BEGINS_ON = "COALESCE(b.first_on, CAST(b.starts_at AT TIME ZONE 'UTC' AS date))"
_SAID_BY_THE_PERSON = f"""
    (SELECT g.by_person FROM ({GIVEN_BACK}) g)
    AND NOT EXISTS (SELECT FROM booking o WHERE o.person_id = b.person_id AND o.kind_id = b.kind_id
                    AND o.starts_at = b.starts_at
                    AND (o.state IN ('booked', 'honoured', 'missed')
                         OR o.state IN ('cancelled', 'excused') AND o.created_at > b.created_at))"""  # noqa: S608 - constants only
ON = text(f"""
    WITH {SCOPE}
    SELECT {LINE_COLUMNS}, CAST(extract(year FROM p.birth_on) AS int) AS birth_year, b.reason
    FROM {LINE_TABLES} JOIN {MINE}
    WHERE k.shape = 'slots'
      AND (b.state IN ('booked', 'honoured', 'missed', 'excused') OR b.state = 'cancelled' AND {_SAID_BY_THE_PERSON})
      AND {_BEGINS_ON} BETWEEN :first AND :last
      AND CAST(b.starts_at AT TIME ZONE s.time_zone AS date) = :day
    ORDER BY b.starts_at, r.name, b.id LIMIT :limit""")  # noqa: S608 - constants only
DAYS = text(f"""
    WITH {SCOPE}
    SELECT CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day, b.resource_id, count(*) AS waiting
    FROM booking b JOIN {MINE} JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id
    WHERE k.shape = 'slots' AND b.state = 'booked' AND b.ends_at <= :now AND b.ends_at > :oldest
      AND {_BEGINS_ON} BETWEEN :oldest_on AND :today
    GROUP BY 1, 2 ORDER BY 1, 2""")  # noqa: S608 - constants only
