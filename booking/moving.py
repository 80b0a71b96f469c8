"""Another period for a booking: the old place is kept until the new one is taken, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.actions import Holder, lock, release, take
from availability.claims import Claim
from availability.errors import InvalidRequest, NotAllowed
from availability.history import Act, record
from availability.rights import Actor
from booking.events import BookingRescheduled, announce
from booking.models import Booking, State
from booking.persons import keep_person
from booking.transitions import change, claim_of, dates_of, expect, locked_for, place_of


def move(session: Session, actor: Actor, booking_id: UUID, claim: Claim, *, now: datetime) -> Booking:
    """Give a booking what is claimed in the place of what it has, on any resource of the same kind.

    A refusal is raised after the old place was freed in this transaction: the caller rolls back, and nothing moved.
    Raises: NotFound, NotAllowed when its host would have to accept, AlreadyDecided when it is not booked or has
    begun, InvalidRequest, NotOpen, PeriodTaken, CapacityReached.
    """
    booking, terms = locked_for(session, actor, booking_id, wanting=[claim.resource_id])
    expect(booking, {State.BOOKED})
    if terms.host_accepts:
        raise NotAllowed(act="move", why="host-accepts")
    if booking.starts_at is not None and booking.starts_at <= now:
        raise InvalidRequest("start", "past")
    if claim == claim_of(booking, terms.shape):
        return booking
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    locked = lock(session, [booking.resource_id, claim.resource_id])
    place = place_of(actor, locked, claim.resource_id)
    if place.terms.kind_id != booking.kind_id:
        raise InvalidRequest("resource_id", "other-kind")
    before = _facts(booking)
    columns = dates_of(session, place, claim, now)
    release(session, terms.shape, [booking.resource_id], booking.id)
    taken = take(session, locked, [claim], Holder(id=booking.id, now=now))
    change(session, booking, {"resource_id": place.id, "unit_id": taken[0].unit_id, **columns})
    act = Act(
        act="booking-moved",
        subject="booking",
        subject_id=booking.id,
        person_id=booking.person_id,
        at=now,
        facts={"shape": terms.shape, "from": before, "to": _facts(booking)},
    )
    record(session, actor, act)
    announce(session, BookingRescheduled(booking_id=booking.id, at=now))
    return booking


def _facts(booking: Booking) -> dict[str, Any]:
    said = {"resource_id": booking.resource_id, "unit_id": booking.unit_id}
    dates = {name: getattr(booking, name) for name in ("first_on", "until_on", "starts_at")}
    return said | {name: value.isoformat() for name, value in dates.items() if value is not None}
