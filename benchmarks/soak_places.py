"""Twenty scarce places of the four shapes, and what must hold of them whatever happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlmodel import Session, SQLModel, select

from availability.models import (
    HearingSession,
    Kind,
    KindRight,
    Opening,
    Organisation,
    Resource,
    Shape,
    Site,
    Territory,
    TerritoryLevel,
    Unit,
)
from availability.rights import Role

EACH = 5  # of each shape
DAYS = 12  # what is asked for begins within these, so that most requests overlap another
FIRST_HOUR, HOURS = time(9), 3

T = TypeVar("T", bound=SQLModel)

TAKEN = """
    SELECT holder_id, expires_at, resource_id, count(*) AS rows FROM (
        SELECT n.holder_id, n.expires_at, u.resource_id FROM bed_night n JOIN unit u ON u.id = n.unit_id
        UNION ALL SELECT holder_id, expires_at, resource_id FROM place_period
        UNION ALL SELECT holder_id, expires_at, resource_id FROM seat_time
        UNION ALL SELECT holder_id, expires_at, resource_id FROM session_case) each
    GROUP BY holder_id, expires_at, resource_id"""
# What must be nothing. Names are those of what is wrong.
BROKEN = {
    # What an offer of the waiting list holds is nobody else's for an hour more, until it is passed on.
    "a booking without all of its place": f"""
        SELECT b.id FROM booking b JOIN kind k ON k.id = b.kind_id
        LEFT JOIN waiting_offer o ON o.booking_id = b.id AND o.outcome IS NULL
        LEFT JOIN ({TAKEN}) t ON t.holder_id = b.id AND t.resource_id = b.resource_id
          AND t.expires_at IS NOT DISTINCT FROM
              b.expires_at + CASE WHEN o.id IS NULL THEN interval '0' ELSE interval '1 hour' END
        WHERE (b.state IN ('booked', 'honoured', 'missed') OR b.expires_at > :now)
          AND coalesce(t.rows, 0) <> CASE k.shape WHEN 'nights' THEN b.until_on - b.first_on ELSE 1 END""",
    "a place of nobody, nor kept for the list": f"""
        SELECT t.holder_id FROM ({TAKEN}) t LEFT JOIN booking b ON b.id = t.holder_id
        WHERE coalesce(b.state, 'none') IN ('none', 'cancelled', 'refused', 'lapsed', 'excused')
          AND NOT EXISTS (SELECT FROM freed_place f WHERE f.id = t.holder_id)""",
    "an offer that holds nothing, or somebody offered nothing": """
        SELECT e.id FROM waiting_entry e
        LEFT JOIN waiting_offer o ON o.entry_id = e.id AND o.outcome IS NULL
        LEFT JOIN booking b ON b.id = o.booking_id AND b.state = 'held'
        WHERE (e.state = 'offered') <> (o.id IS NOT NULL) OR (o.id IS NOT NULL AND b.id IS NULL)""",
    # Of two who want the same, seconds apart: whoever came first was offered something, or has.
    "somebody served before their turn": """
        SELECT first.id FROM waiting_entry first JOIN waiting_entry second
          ON second.resource_id = first.resource_id AND second.first_on = first.first_on
          AND second.until_on = first.until_on AND first.created_at < second.created_at
        JOIN waiting_offer o ON o.entry_id = second.id AND o.offered_at > first.created_at + interval '30 seconds'
        WHERE first.state = 'waiting' AND NOT EXISTS (SELECT FROM waiting_offer mine WHERE mine.entry_id = first.id)""",
    "one freeing offered twice to one of the list": """
        SELECT entry_id FROM waiting_offer GROUP BY entry_id, freeing_id HAVING count(*) > 1""",
    "a bed with two people": "SELECT unit_id, night FROM bed_night GROUP BY 1, 2 HAVING count(*) > 1",
    "a seat with two people": """
        SELECT a.id FROM seat_time a JOIN seat_time b ON b.resource_id = a.resource_id AND b.seat = a.seat
        AND b.id > a.id AND b.during && a.during""",
    "more people than a place takes": """
        SELECT p.id FROM place_period p JOIN resource r ON r.id = p.resource_id
        JOIN place_period q ON q.resource_id = p.resource_id AND q.days @> lower(p.days)
        GROUP BY p.id, r.id HAVING count(q.id) > r.capacity""",
    "more cases or minutes than a hearing takes": """
        SELECT h.resource_id FROM hearing_session h JOIN session_case c ON c.resource_id = h.resource_id
        GROUP BY h.resource_id HAVING count(*) > h.max_cases OR sum(c.minutes) > h.max_minutes""",
    "a change without its line of history, or a line without its change": """
        SELECT b.id FROM booking b LEFT JOIN history h ON h.subject = 'booking' AND h.subject_id = b.id::text
        GROUP BY b.id HAVING count(h.id) <> b.revision""",
    "a wait that is not where its history says": """
        SELECT e.id FROM waiting_entry e WHERE 'waiting-' || e.state IS DISTINCT FROM (
            SELECT act FROM history h WHERE h.subject = 'waiting' AND h.subject_id = e.id::text
            ORDER BY h.id DESC LIMIT 1)""",
    "a hold that does not end": "SELECT id FROM booking WHERE expires_at <= :now - interval '30 seconds'",
    "what was freed, and offered to nobody": "SELECT id FROM freed_place WHERE due_at <= :now - interval '30 seconds'",
}


@dataclass(frozen=True)
class Scarce:
    """One of the places, for whoever asks by the API."""

    resource_id: int
    kind_id: int
    shape: Shape

    def wish(self, chance: Random, today: date) -> dict[str, Any]:
        """Return what somebody asks for there, as the API is given it."""
        first = today + timedelta(days=chance.randrange(1, DAYS))
        match self.shape:
            case Shape.NIGHTS | Shape.PLACES:
                asked = {"from": str(first), "to": str(first + timedelta(days=chance.randrange(1, 5)))}
            case Shape.SLOTS:
                start = datetime.combine(first, FIRST_HOUR, UTC) + timedelta(minutes=30 * chance.randrange(5))
                asked = {"start": start.isoformat()}
            case Shape.SESSIONS:
                asked = {"minutes": chance.choice((20, 30, 40))}  # type: ignore[dict-item]
        return {"resource_id": self.resource_id, **asked}

    def patience(self, chance: Random, today: date) -> dict[str, Any]:
        """Return what somebody waits for there: few wishes, so that several have the same."""
        first = today + timedelta(days=chance.randrange(1, 4))
        return {"resource_id": self.resource_id, "from": str(first), "to": str(first + timedelta(days=2))}


def make_places(session: Session, *, today: date) -> list[Scarce]:
    """Make twenty places on one site, reserved by officers of its territory, and return them."""
    territory = _kept(session, Territory(code="SOAK", name="Ressort de la campagne", level=TerritoryLevel.COUNTRY))
    organisation = _kept(session, Organisation(code="SOAK", name="Association fictive"))
    site = _kept(
        session, Site(code="SOAK", name="Site fictif", territory_id=territory.id, organisation_id=organisation.id)
    )
    return [place for shape in Shape for place in _of_shape(session, site, shape, today)]


def territory_of(session: Session) -> int:
    """Return the territory of the campaign."""
    return int(session.exec(select(Territory.id).where(Territory.code == "SOAK")).one())


def _of_shape(session: Session, site: Site, shape: Shape, today: date) -> list[Scarce]:
    named = {"code": f"soak-{shape}", "label": f"chose ({shape})", "label_plural": f"choses ({shape})"}
    grid = {"slot_step_min": 30, "slot_duration_min": 45}
    kind = _kept(
        session,
        Kind(shape=shape, layer=named["label"], hold_minutes=1, **named, **grid),
    )
    _kept(session, KindRight(kind_id=kind.id, role=Role.PROBATION_OFFICER, may_reserve=True))
    made = []
    for number in range(EACH):
        code = f"SOAK-{shape}-{number}"
        capacity = 1 + number % 2
        resource = _kept(session, Resource(code=code, name=code, site_id=site.id, kind_id=kind.id, capacity=capacity))
        _furnish(session, resource, shape, capacity, today)
        made.append(Scarce(resource.id, kind.id, shape))
    return made


def _furnish(session: Session, resource: Resource, shape: Shape, capacity: int, today: date) -> None:
    if shape is Shape.NIGHTS:
        session.add_all(Unit(resource_id=resource.id, name=f"lit {bed}") for bed in range(1, capacity + 1))
    elif shape is Shape.SLOTS:
        for day in range(DAYS + 1):
            opens = datetime.combine(today + timedelta(days=day), FIRST_HOUR, UTC)
            closes = opens + timedelta(hours=HOURS)
            session.add(Opening(resource_id=resource.id, starts_at=opens, ends_at=closes))
    elif shape is Shape.SESSIONS:
        starts = datetime.combine(today + timedelta(days=DAYS), FIRST_HOUR, UTC)
        session.add(
            HearingSession(
                resource_id=resource.id,
                starts_at=starts,
                ends_at=starts + timedelta(hours=HOURS),
                max_cases=6,
                max_minutes=150,
            )
        )
    session.flush()


def broken(connection: Connection, now: datetime) -> list[str]:
    """Return what does not hold in the tables: an empty list is a pass."""
    return [
        f"{name}: {len(rows)}"
        for name, sql in BROKEN.items()
        if (rows := connection.execute(text(sql), {"now": now} if ":now" in sql else {}).all())
    ]


def _kept(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row
