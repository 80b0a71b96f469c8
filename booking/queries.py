"""Bookings as somebody may see them: one statement each, columns rather than rows, as of `now`.

Who sees a booking: the roles that reserve, in the territory that made it; the organisation that runs the place; the
administrators of either territory. Names are only read for those who may hold the person's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    any_,
    case,
    cast,
    false,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from availability.errors import NotFound
from availability.history import HistoryLine
from availability.models import Kind, KindRight, Resource, Shape, Site, Unit
from availability.rights import REQUESTERS, Actor, Right, Role
from booking.models import EXPIRING, Booking, Person, State


@dataclass(frozen=True, kw_only=True)
class BookingLine:
    """A booking with everything that a screen or a program shows of it.

    `person_id` and the names are empty for who may not hold the person's file, and once the person is erased.
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
    requested_by: UUID
    case_ref: str
    person_id: UUID | None
    family_name: str | None
    given_name: str | None

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
    row = session.execute(_lines(actor, now).where(col(Booking.id) == booking_id)).one_or_none()
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
    query = _lines(actor, now).order_by(col(Booking.created_at).desc(), col(Booking.id).desc()).limit(limit)
    if state is not None:
        query = query.where(_state_at(now) == state.value)
    if after is not None:
        seen = tuple_(literal(after[0]), literal(after[1]))
        query = query.where(tuple_(col(Booking.created_at), col(Booking.id)) < seen)
    return [_line(row) for row in session.execute(query)]


def history_of(session: Session, actor: Actor, booking_id: UUID) -> list[HistoryEntry]:
    """Return what happened to a booking, oldest first. Raises: NotFound."""
    of_booking = and_(
        col(HistoryLine.subject) == "booking", col(HistoryLine.subject_id) == cast(col(Booking.id), String)
    )
    query = (
        select(*(getattr(HistoryLine, name) for name in ("id", "at", "actor_id", "act", "facts")))
        .select_from(Booking)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .join(Site, col(Site.id) == col(Resource.site_id))
        .join(HistoryLine, of_booking, isouter=True)
        .where(col(Booking.id) == booking_id, visible_to(actor))
        .order_by(col(HistoryLine.id))
    )
    rows: Sequence[Any] = session.execute(query).all()
    if not rows:
        raise NotFound(booking_id=booking_id)
    return [HistoryEntry(row.at, row.actor_id, row.act, row.facts) for row in rows if row.id is not None]


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition, on booking and site, that a booking is for this actor's eyes."""
    return or_(false(), *(_reach(right) for right in actor.rights))


def _reach(right: Right) -> ColumnElement[bool]:
    made_here = _within(col(Booking.territory_id), right.territory_ids)
    placed_here = _within(col(Site.territory_id), right.territory_ids)
    of_kind = literal(True) if right.kind_id is None else col(Booking.kind_id) == right.kind_id
    if right.role in REQUESTERS:
        # As in the search: a family judge does not read of semi-liberty, although the territory is the same.
        open_to_role = select(col(KindRight.kind_id)).where(col(KindRight.role) == right.role.value)
        return and_(made_here, of_kind, col(Booking.kind_id).in_(open_to_role))
    if right.role is Role.ADMINISTRATOR:
        return and_(or_(made_here, placed_here), of_kind)
    if right.role is Role.PARTNER and right.organisation_id is not None:
        return and_(col(Site.organisation_id) == right.organisation_id, placed_here, of_kind)
    return false()


def _within(territory: Any, territory_ids: frozenset[int]) -> ColumnElement[bool]:
    # One array rather than one parameter for each of the country's 330 territories.
    here: ColumnElement[bool] = territory == any_(cast(sorted(territory_ids), ARRAY(BigInteger)))
    return here


def _state_at(now: datetime) -> ColumnElement[str]:
    """A hold or a request past its end is over, even before the clock has written it down."""
    is_over = and_(col(Booking.state).in_(sorted(EXPIRING)), col(Booking.expires_at) <= now)
    return case((is_over, State.LAPSED.value), else_=col(Booking.state))


def _lines(actor: Actor, now: datetime) -> Select[Any]:
    files = and_(
        col(Person.id) == col(Booking.person_id),
        _within(col(Person.territory_id), actor.territories(REQUESTERS)),
    )
    columns: tuple[Any, ...] = (
        *(getattr(Booking, name).label(name) for name in _OF_BOOKING),
        col(Kind.code).label("kind_code"),
        col(Kind.label).label("kind_label"),
        col(Kind.shape).label("shape"),
        col(Resource.name).label("resource_name"),
        *(getattr(Site, name).label(name) for name in _OF_SITE),
        col(Site.id).label("site_id"),
        col(Site.name).label("site_name"),
        col(Site.territory_id).label("site_territory_id"),
        col(Unit.name).label("unit_name"),
        col(Person.id).label("person_id"),
        col(Person.family_name).label("family_name"),
        col(Person.given_name).label("given_name"),
        _state_at(now).label("state"),
    )
    return (
        select(*columns)
        .select_from(Booking)
        .join(Kind, col(Kind.id) == col(Booking.kind_id))
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .join(Site, col(Site.id) == col(Resource.site_id))
        .join(Unit, col(Unit.id) == col(Booking.unit_id), isouter=True)
        .join(Person, files, isouter=True)
        .where(visible_to(actor))
    )


_OF_BOOKING = (
    "id",
    "kind_id",
    "resource_id",
    "territory_id",
    "unit_id",
    "first_on",
    "until_on",
    "starts_at",
    "ends_at",
    "minutes",
    "family",
    "expires_at",
    "created_at",
    "requested_by",
    "case_ref",
)
_OF_SITE = ("address", "postcode", "commune", "time_zone", "organisation_id")


def _line(row: Any) -> BookingLine:
    values = dict(row._mapping)
    state = State(values["state"])
    known = {"shape": Shape(values["shape"]), "state": state}
    return BookingLine(**values | known | ({} if state in EXPIRING else {"expires_at": None}))
