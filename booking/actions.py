"""Acts that take a place and give it back: one function, one transaction of the caller, one line of history, one event.

A place is taken when it is held; what follows only moves its end. Acts are refused with facts, never half done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import make_transient_to_detached
from sqlmodel import Session, col

from availability.actions import Holder, keep, lock, occupy, take
from availability.claims import Claim, readable
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.errors import AlreadyDecided, HoldExpired
from booking.models import Booking, State
from booking.persons import keep_person, person_for
from booking.transitions import (
    claim_of,
    dates_of,
    expect,
    facts_of,
    free,
    lock_booking,
    locked_by_host,
    locked_for,
    move_to,
    place_of,
    write_down,
)

REFUSAL_REASONS = ("full", "profile", "dates", "distance", "other")
UNDO_MINUTES = 10  # how long a place given back can be taken back in one click


@dataclass(frozen=True, kw_only=True)
class Beneficiary:
    """For whom: a person of the actor's territories, or a case number."""

    person_id: UUID | None = None
    case_ref: str = ""

    def __post_init__(self) -> None:
        if len(readable("case_ref", self.case_ref)) > 64:
            raise InvalidRequest("case_ref", "too-long", most=64)

    def __bool__(self) -> bool:
        return self.person_id is not None or bool(self.case_ref.strip())


NOBODY_YET = Beneficiary()


def hold(
    session: Session, actor: Actor, claim: Claim, *, now: datetime, beneficiary: Beneficiary = NOBODY_YET
) -> Booking:
    """Take what is claimed for the few minutes that the kind gives, and return the booking.

    Raises: NotFound, NotAllowed, InvalidRequest, NotOpen, PeriodTaken, CapacityReached.
    """
    if beneficiary.person_id is not None:
        person_for(session, actor, beneficiary.person_id)
        keep_person(session, beneficiary.person_id)
    locked = lock(session, [claim.resource_id])
    place = place_of(actor, locked, claim.resource_id)
    expires_at = now + timedelta(minutes=place.terms.hold_minutes)
    booking = Booking(
        id=uuid4(),
        kind_id=place.terms.kind_id,
        resource_id=place.id,
        territory_id=actor.home_territory_id,
        person_id=beneficiary.person_id,
        case_ref=beneficiary.case_ref.strip(),
        requested_by=actor.account_id,
        state=State.HELD,
        expires_at=expires_at,
        created_at=now,
        **dates_of(session, place, claim, now),
    )
    taken = take(session, locked, [claim], Holder(id=booking.id, now=now, expires_at=expires_at))
    booking.unit_id = taken[0].unit_id
    _add(session, booking)
    write_down(session, actor, booking, None, now, facts=facts_of(taken))
    return booking


def confirm(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, beneficiary: Beneficiary = NOBODY_YET
) -> Booking:
    """Book what is held, or ask its host for it when the kind wants that.

    Raises: NotFound, NotAllowed, InvalidRequest when it is for nobody, HoldExpired, AlreadyDecided.
    """
    booking, terms = locked_for(session, actor, booking_id)
    if booking.state in (State.BOOKED, State.REQUESTED):
        return booking  # confirmed already: the same answer
    _refuse_lapsed(booking)
    expect(booking, {State.HELD})
    if beneficiary.person_id is not None:
        person_for(session, actor, beneficiary.person_id)
        keep_person(session, beneficiary.person_id)
    if not beneficiary:
        beneficiary = Beneficiary(person_id=booking.person_id, case_ref=booking.case_ref)
    if not beneficiary:
        raise InvalidRequest("beneficiary", "required")
    asked = terms.host_accepts
    until = now + timedelta(days=terms.request_days) if asked else None
    _keep(session, booking, terms, now, until=until)
    named: dict[str, Any] = {"person_id": beneficiary.person_id, "case_ref": beneficiary.case_ref.strip()}
    after = State.REQUESTED if asked else State.BOOKED
    return move_to(session, actor, booking, after, now, expires_at=until, **named)


def accept(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Accept, as its host, what was asked. Raises: NotFound, NotAllowed, HoldExpired, AlreadyDecided."""
    booking, terms = locked_by_host(session, actor, booking_id)
    if booking.state == State.BOOKED:
        return booking
    _refuse_lapsed(booking)
    expect(booking, {State.REQUESTED})
    _keep(session, booking, terms, now, until=None)
    return move_to(session, actor, booking, State.BOOKED, now)


def refuse(session: Session, actor: Actor, booking_id: UUID, *, reason: str, now: datetime) -> Booking:
    """Refuse, as its host, what was asked, with one of REFUSAL_REASONS.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyDecided.
    """
    if reason not in REFUSAL_REASONS:
        raise InvalidRequest("reason", "unknown-choice")
    booking, terms = locked_by_host(session, actor, booking_id)
    if booking.state == State.REFUSED:
        return booking
    expect(booking, {State.REQUESTED})
    return free(session, actor, booking, terms, after=State.REFUSED, now=now, facts={"reason": reason})


def cancel(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Give a place back, whatever was its state before. Raises: NotFound, NotAllowed, AlreadyDecided."""
    booking, terms = locked_for(session, actor, booking_id)
    if booking.state == State.CANCELLED:
        return booking
    expect(booking, {State.HELD, State.REQUESTED, State.BOOKED})
    return free(session, actor, booking, terms, after=State.CANCELLED, now=now)


def undo_cancel(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back a place just given back: the same bed, the same days, if they are still free.

    Raises: NotFound, NotAllowed, AlreadyDecided when it was not just cancelled, PeriodTaken, CapacityReached, NotOpen.
    """
    booking, terms = locked_for(session, actor, booking_id)
    if run(session, _JUST_UNDONE, {"id": str(booking.id)}).scalar():
        return booking
    before = _state_before_cancel(session, booking, now)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    expires_at = _end_after_undo(terms, before, now)
    occupy(session, [claim_of(booking, terms.shape)], Holder(id=booking.id, now=now, expires_at=expires_at))
    return move_to(session, actor, booking, before, now, expires_at=expires_at, facts={"undo": True})


def expired(session: Session, *, now: datetime, limit: int = 200) -> list[UUID]:
    """Return the bookings whose hold or request came to its end, oldest first."""
    due = select(col(Booking.id)).where(col(Booking.expires_at) <= now).order_by(col(Booking.expires_at)).limit(limit)
    return list(session.execute(due).scalars())


def lapse(session: Session, booking_id: UUID, *, now: datetime) -> bool:
    """Write down, as the clock, that a hold or a request ended; False when somebody was quicker.

    Its place was free from that instant on: this only says so. One booking a transaction, so that no two sweepers
    ever hold two resources.
    """
    booking, terms = lock_booking(session, booking_id)
    if booking.expires_at is None or booking.expires_at > now:
        return False
    free(session, None, booking, terms, after=State.LAPSED, now=now)
    return True


def _add(session: Session, booking: Booking) -> None:
    """Insert a booking, and have the session know it: half the time of the unit of work."""
    run(session, _INSERT, booking.model_dump())
    make_transient_to_detached(booking)
    session.add(booking)


def _refuse_lapsed(booking: Booking) -> None:
    """Answer as if nobody had swept yet: whoever comes too late must not be told otherwise by the sweeper's hour."""
    if booking.state == State.LAPSED:
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)


def _keep(session: Session, booking: Booking, terms: Terms, now: datetime, *, until: datetime | None) -> None:
    """Give the occupancy a new end, if the booking still has all of it."""
    kept = keep(session, terms.shape, [booking.resource_id], Holder(id=booking.id, now=now, expires_at=until))
    if booking.expires_at is None or booking.expires_at <= now or kept != _rows_of(booking, terms.shape):
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)


def _rows_of(booking: Booking, shape: Shape) -> int:
    if shape is Shape.NIGHTS and booking.first_on and booking.until_on:
        return (booking.until_on - booking.first_on).days
    return 1


def _state_before_cancel(session: Session, booking: Booking, now: datetime) -> State:
    """Return the state that the last act, a cancellation of the last minutes, left."""
    expect(booking, {State.CANCELLED})
    since = now - timedelta(minutes=UNDO_MINUTES)
    before = run(session, _BEFORE_CANCEL, {"id": str(booking.id), "since": since}).scalar()
    if before is None:
        raise AlreadyDecided(booking_id=booking.id, state=State.CANCELLED)
    return State(before)


def _end_after_undo(terms: Terms, before: State, now: datetime) -> datetime | None:
    match before:
        case State.HELD:
            return now + timedelta(minutes=terms.hold_minutes)
        case State.REQUESTED:
            return now + timedelta(days=terms.request_days)
    return None


_INSERT = insert(Booking.__table__).execution_options(prepare=True)  # type: ignore[attr-defined]
_JUST_UNDONE = by_key("""
    SELECT facts ? 'undo' FROM history WHERE subject = 'booking' AND subject_id = :id ORDER BY id DESC LIMIT 1""")
_BEFORE_CANCEL = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-cancelled' AND at >= :since
    ORDER BY id DESC LIMIT 1""")
