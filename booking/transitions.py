"""What every act on a booking shares: lock it, check it, change it, write it down and tell it. Runs in the caller's
transaction, in the order of docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from availability.actions import Locked, Taken, lock, release
from availability.claims import SHAPE_OF, CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import HearingSession, Kind, Shape
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor, Role
from availability.search import reach
from availability.statements import by_key, run
from availability.terms import TERM_COLUMNS, Terms
from booking.errors import AlreadyDecided
from booking.events import BookingMoved, announce
from booking.models import Booking, State


def place_of(actor: Actor, locked: Mapping[int, Locked], resource_id: int) -> Locked:
    """Return the place, if the actor may reserve it there or its kind may be taken across territories.

    Raises: NotFound, NotAllowed.
    """
    place = locked.get(resource_id)
    if place is None:
        raise NotFound(resource_id=resource_id)
    rights = place.terms.rights_of(actor)
    if not reach(rights, place.territory_id, place.organisation_id, beyond=place.terms.crosses_territories):
        raise NotFound(resource_id=resource_id)
    return place


def dates_of(session: Session, place: Locked, claim: Claim, now: datetime) -> dict[str, Any]:
    """Return the columns that say when, once the kind's limits allow it. Raises: InvalidRequest."""
    match claim:
        case NightsClaim() | PlaceClaim():
            place.terms.limits.check(claim.first, claim.until, today=local_day(now, place.zone))
            return {"first_on": claim.first, "until_on": claim.until}
        case SlotClaim():
            _check_day_of(place, claim.start, now)
            place.terms.limits.check_start(claim.start, now=now)
            return {"starts_at": claim.start, "ends_at": claim.start + timedelta(minutes=place.slot_duration_min)}
        case CaseClaim():
            hearing = session.get(HearingSession, place.id)
            if hearing is None:
                raise InvalidRequest("resource_id", "other-shape", resource_id=place.id)
            _check_day_of(place, hearing.starts_at, now)
            return {
                "starts_at": hearing.starts_at,
                "ends_at": hearing.ends_at,
                "minutes": claim.minutes,
                "family": claim.family,
            }


def _check_day_of(place: Locked, start: datetime, now: datetime) -> None:
    """Accept an instant by the civil day that it is there. Raises: InvalidRequest."""
    day = local_day(start, place.zone)
    place.terms.limits.check(day, day + timedelta(days=1), today=local_day(now, place.zone))


def locked_for(
    session: Session, actor: Actor, booking_id: UUID, *, wanting: Iterable[int] = ()
) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it was made in the actor's territories, and the terms of its kind.

    `wanting` is as for `lock_booking`. Raises: NotFound, NotAllowed.
    """
    booking, terms = lock_booking(session, booking_id, wanting=wanting)
    if booking.territory_id not in actor.territories(REQUESTERS, kind_id=booking.kind_id):
        raise NotFound(booking_id=booking_id)
    if not any(right.covers(territory_id=booking.territory_id) for right in terms.rights_of(actor)):
        raise NotAllowed(kind=terms.code)
    return booking, terms


def locked_by_host(session: Session, actor: Actor, booking_id: UUID) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it is on a place that the actor runs, and the terms of its kind.

    Raises: NotFound.
    """
    booking, terms = lock_booking(session, booking_id)
    site = run(session, _SITE_OF, {"id": booking.resource_id}).one()
    runs_it = any(
        right.role is Role.PARTNER
        and right.organisation_id == site.organisation_id
        and right.covers(territory_id=site.territory_id, kind_id=booking.kind_id)
        for right in actor.rights
    )
    if not runs_it:
        raise NotFound(booking_id=booking_id)
    return booking, terms


def lock_booking(session: Session, booking_id: UUID, *, wanting: Iterable[int] = ()) -> tuple[Booking, Terms]:
    """Return the booking, locked, whoever asks, and the terms of its kind.

    One of a double convocation is locked with the others, in the order of their ids, and then the resources of all,
    with those that the act is `wanting` besides: whoever acts on another of them waits here. Raises: NotFound.
    """
    rows = session.execute(_BOOKINGS_TOGETHER, {"booking_id": booking_id}).all()
    row = next((one for one in rows if one.Booking.id == booking_id), None)
    if row is None:
        raise NotFound(booking_id=booking_id)
    if len(rows) > 1:
        lock(session, [*(one.Booking.resource_id for one in rows), *wanting])
    return row.Booking, Terms.read(row)


def expect(booking: Booking, states: Iterable[State]) -> None:
    """Accept a booking that is in one of these states. Raises: AlreadyDecided."""
    if State(booking.state) not in set(states):
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))


def change(session: Session, booking: Booking, values: dict[str, Any]) -> None:
    """Update a booking and the object that stands for it, beside the unit of work too."""
    run(session, _UPDATE, {"booking_id": booking.id, **values})
    for name, value in values.items():
        set_committed_value(booking, name, value)


def free(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    terms: Terms,
    *,
    after: State,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> Booking:
    """Put a booking in a state that has no place, and free the one that it had."""
    release(session, terms.shape, [booking.resource_id], booking.id)
    return move_to(session, actor, booking, after, now, facts=facts)


def move_to(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    after: State,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
    **named: Any,
) -> Booking:
    """Put a booking in another state, with its new end and for whom it is when that changes too."""
    before = State(booking.state)
    change(session, booking, {"state": after, "expires_at": expires_at, **named})
    write_down(session, actor, booking, before, now, facts=facts or {})
    return booking


def write_down(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    before: State | None,
    now: datetime,
    *,
    facts: dict[str, Any],
) -> None:
    """Add the line of history of a transition, and tell the subscribers."""
    after = State(booking.state)
    record(
        session,
        actor,
        Act(
            act=f"booking-{after}",
            subject="booking",
            subject_id=booking.id,
            person_id=booking.person_id,
            at=now,
            facts={"before": before, **facts},
        ),
    )
    is_undo = bool(facts.get("undo"))
    moved = BookingMoved(booking_id=booking.id, before=before, after=after, at=now, is_undo=is_undo, by=actor)
    announce(session, moved)


def facts_of(taken: list[Taken]) -> dict[str, Any]:
    """Return what the history keeps of a place taken."""
    first = taken[0]
    return {"shape": SHAPE_OF[type(first.claim)], "unit_id": first.unit_id, "seat": first.seat}


def claim_of(booking: Booking, shape: Shape) -> Claim:
    """Return the claim that takes exactly what the booking had."""
    match shape:
        case Shape.NIGHTS if booking.first_on and booking.until_on:
            return NightsClaim(
                resource_id=booking.resource_id,
                first=booking.first_on,
                until=booking.until_on,
                unit_id=booking.unit_id,
            )
        case Shape.PLACES if booking.first_on:
            return PlaceClaim(resource_id=booking.resource_id, first=booking.first_on, until=booking.until_on)
        case Shape.SLOTS if booking.starts_at:
            return SlotClaim(resource_id=booking.resource_id, start=booking.starts_at)
        case Shape.SESSIONS if booking.minutes:
            return CaseClaim(resource_id=booking.resource_id, minutes=booking.minutes, family=booking.family)
    raise ValueError(f"booking {booking.id} has no dates for shape {shape}")


_K = aliased(Kind, name="k")
# What belongs together never changes once written: it can be read before the lock.
_TOGETHER = """
    ARRAY(SELECT CAST(:booking_id AS uuid) UNION
          SELECT unnest(ARRAY[d.designation_id, d.meeting_id, d.hearing_id]) FROM double_convocation d
          WHERE d.meeting_id = :booking_id OR d.hearing_id = :booking_id OR d.designation_id = :booking_id)"""
_BOOKINGS_TOGETHER = (
    select(Booking, *TERM_COLUMNS)
    .join(_K, col(_K.id) == col(Booking.kind_id))
    .where(text(f"booking.id = ANY({_TOGETHER})"))
    .order_by(col(Booking.id))
    .with_for_update(of=Booking)
    .execution_options(populate_existing=True, prepare=True)
)
_BOOKINGS = Booking.__table__  # type: ignore[attr-defined]
_UPDATE = update(_BOOKINGS).where(_BOOKINGS.c.id == bindparam("booking_id")).execution_options(prepare=True)
_SITE_OF = by_key(
    "SELECT s.organisation_id, s.territory_id FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id"
)
