"""Bookings as somebody may see them: one statement each, columns rather than rows, as of `now`.

Who sees a booking: the roles that reserve, in the territory that made it; the organisation that runs the place; the
administrators of either territory. Names are only read for those who may hold the person's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Shape
from availability.rights import REQUESTERS, Actor, Right, Role
from availability.statements import ByKey, by_key, run
from booking.models import EXPIRING, State
from booking.persons import NAMED
from booking.reasons import told_facts

# A hold or a request past its end is over, even before the clock has written it down.
STATE_NOW = "CASE WHEN b.state IN ('held', 'requested') AND b.expires_at <= :now THEN 'lapsed' ELSE b.state END"
# Booked here, for somebody whose file another service holds now: see docs/decisions/0029.
_IS_ELSEWHERE = "p.id IS NULL AND b.person_id IS NOT NULL AND b.territory_id = ANY(:files)"
LINES = f"""
    SELECT b.id, b.kind_id, b.resource_id, b.territory_id, b.unit_id, b.first_on, b.until_on, b.starts_at, b.ends_at,
           b.minutes, b.family, b.expires_at, b.created_at, b.revision, b.requested_by, b.case_ref,
           {STATE_NOW} AS state, k.code AS kind_code, k.label AS kind_label, k.shape, k.cancel_notice_min,
           r.name AS resource_name, u.name AS unit_name, s.id AS site_id, s.name AS site_name, s.address, s.postcode,
           s.commune, s.time_zone, s.organisation_id, s.territory_id AS site_territory_id, k.is_designated,
           p.id AS person_id, p.family_name, p.given_name,
           CASE WHEN {_IS_ELSEWHERE} THEN
               (SELECT t.name FROM person o JOIN territory t ON t.id = o.territory_id WHERE o.id = b.person_id)
           END AS held_by,
           CASE WHEN {_IS_ELSEWHERE} THEN
               (SELECT left(o.given_name, 1) || left(o.family_name, 1) FROM person o WHERE o.id = b.person_id)
           END AS held_initials,
           CASE WHEN b.territory_id = ANY(:files) OR b.state = 'refused' THEN b.reason ELSE '' END AS reason
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id LEFT JOIN unit u ON u.id = b.unit_id
    LEFT JOIN person p ON p.id = b.person_id AND {NAMED}
    WHERE {{visible}}"""  # noqa: S608 - a constant
ONE = LINES + " AND b.id = :id"
NEWEST = (
    LINES
    + f""" AND (CAST(:state AS text) IS NULL OR {STATE_NOW} = :state)
      AND (CAST(:after_at AS timestamptz) IS NULL OR (b.created_at, b.id) < (:after_at, CAST(:after_id AS uuid)))
    ORDER BY b.created_at DESC, b.id DESC LIMIT :limit"""
)
HISTORY = """
    SELECT h.id, h.at, h.actor_id, h.act, h.facts, b.territory_id
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN history h ON h.subject IN ('booking', 'attendance') AND h.subject_id = b.id::text
    WHERE b.id = :id AND {visible} ORDER BY h.id"""


@dataclass(frozen=True, kw_only=True)
class BookingLine:
    """A booking with everything that a screen or a program shows of it.

    `person_id` and the names are empty for who may not hold the person's file, and once the person is erased. For the
    service that booked it and gave the file away, `held_by` is who holds it now, and `held_initials` are left.
    """

    id: UUID
    kind_id: int
    kind_code: str
    kind_label: str
    shape: Shape
    resource_id: int
    resource_name: str
    site_id: int
    site_name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    organisation_id: int
    site_territory_id: int
    territory_id: int
    unit_id: int | None
    unit_name: str | None
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    minutes: int | None
    family: str
    state: State
    expires_at: datetime | None
    created_at: datetime
    revision: int
    requested_by: UUID
    is_designated: bool  # a judge gave it to a service
    cancel_notice_min: int = 0  # of its kind
    case_ref: str
    person_id: UUID | None
    family_name: str | None
    given_name: str | None
    held_by: str | None = None
    held_initials: str | None = None
    reason: str = ""  # why it was given back, excused or refused; the first two for who may hold the person's file

    @property
    def person_name(self) -> str:
        """Return "Prénom NOM", or nothing."""
        return " ".join(part for part in (self.given_name, (self.family_name or "").upper()) if part)

    @property
    def person_initials(self) -> str:
        """Return what is shown where a name is too much, or nothing."""
        return "".join(f"{part[0]}." for part in (self.given_name, self.family_name) if part)


@dataclass(frozen=True)
class HistoryEntry:
    """One act on a booking; `actor_id` is None when the clock did it."""

    at: datetime
    actor_id: UUID | None
    act: str
    facts: dict[str, Any]


def booking_for(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> BookingLine:
    """Return one booking. Raises: NotFound, the same for "elsewhere" and "nobody's"."""
    visible, values = visible_to(actor)
    asked = values | {"files": _files(actor), "now": now, "id": booking_id}
    session.flush()
    row = run(session, _one(visible), asked).one_or_none()
    if row is None:
        raise NotFound(booking_id=booking_id)
    return _line(row)


def bookings(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    state: State | None = None,
    limit: int = 50,
    after: tuple[datetime, UUID] | None = None,
) -> list[BookingLine]:
    """Return the bookings that the actor sees, newest first; `after` is the (created_at, id) of the last one seen."""
    visible, values = visible_to(actor)
    after_at, after_id = after or (None, None)
    asked = {"files": _files(actor), "now": now, "state": state, "limit": limit}
    asked |= {"after_at": after_at, "after_id": after_id}
    return [_line(row) for row in session.execute(_statement(NEWEST, visible), values | asked)]


def history_of(session: Session, actor: Actor, booking_id: UUID) -> list[HistoryEntry]:
    """Return what happened to a booking, oldest first. Raises: NotFound."""
    visible, values = visible_to(actor)
    rows = session.execute(_statement(HISTORY, visible), values | {"id": booking_id}).all()
    if not rows:
        raise NotFound(booking_id=booking_id)
    return [
        HistoryEntry(row.at, row.actor_id, row.act, told_facts(actor, row.act, row.facts, row.territory_id))
        for row in rows
        if row.id is not None
    ]


def visible_to(actor: Actor) -> tuple[str, dict[str, Any]]:
    """Return the condition, on `b` (booking) and `s` (site), that a booking is for this actor's eyes; its values."""
    condition, values = _visible(actor.rights)
    return condition, dict(values)


@lru_cache(maxsize=1024)
def _visible(rights: tuple[Right, ...]) -> tuple[str, Mapping[str, Any]]:
    clauses: list[str] = []
    values: dict[str, Any] = {}
    for number, right in enumerate(rights):
        if conditions := list(_reach(right, number)):
            clauses.append(" AND ".join(conditions))
            values |= {
                f"territories_{number}": as_array(right.territory_ids),
                f"role_{number}": right.role.value,
                f"kind_{number}": right.kind_id,
                f"host_{number}": right.organisation_id,
            }
    return f"({' OR '.join(clauses) or 'false'})", values


def _reach(right: Right, number: int) -> Iterator[str]:
    """Yield the conditions of one right, none when it shows nothing. Every fragment is a constant."""
    made_here = f"b.territory_id = ANY(:territories_{number})"
    placed_here = f"s.territory_id = ANY(:territories_{number})"
    if right.role in REQUESTERS:
        # As in the search: a family judge does not read of semi-liberty, although the territory is the same.
        yield made_here
        yield f"EXISTS (SELECT FROM kind_right o WHERE o.kind_id = b.kind_id AND o.role = :role_{number})"
    elif right.role is Role.ADMINISTRATOR:
        yield f"({made_here} OR {placed_here})"
    elif right.role is Role.PARTNER and right.organisation_id is not None:
        yield f"s.organisation_id = :host_{number} AND {placed_here}"
    else:
        return
    if right.kind_id is not None:
        yield f"b.kind_id = :kind_{number}"


@lru_cache(maxsize=256)
def _statement(template: str, visible: str) -> TextClause:
    return text(template.format(visible=visible))


@lru_cache(maxsize=256)
def _one(visible: str) -> ByKey:
    return by_key(ONE.format(visible=visible))


@lru_cache(maxsize=1024)
def as_array(ids: frozenset[int]) -> str:
    """Return identifiers as PostgreSQL reads an array of them: a country is written once, and not at each statement."""
    return f"{{{','.join(map(str, sorted(ids)))}}}"


def _files(actor: Actor) -> str:
    return as_array(actor.territories(REQUESTERS))


def _line(row: Any) -> BookingLine:
    values = row._asdict()
    state = State(values["state"])
    known = {"shape": Shape(values["shape"]), "state": state}
    return BookingLine(**values | known | ({} if state in EXPIRING else {"expires_at": None}))
