"""What becomes of an offer, and what an act frees: read from the events of bookings, in their transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session

from availability.actions import Holder, keep
from availability.claims import CaseClaim, Claim, NightsClaim
from availability.models import Kind, Shape
from availability.statements import by_key, run
from booking.actions import SWEPT_WITHIN, UNDO_MINUTES
from booking.date_waits import date_offer_of
from booking.errors import AlreadyDecided
from booking.events import BedsChanged, BookingMoved, BookingRescheduled, Event
from booking.freed import claim_in, freed_by_move, keep_for_list, nights_left, untaken
from booking.models import OCCUPYING, Booking, State
from booking.transitions import claim_of, claims_of
from booking.waiting_earlier import announce_offer, follow_appointment, refuse_beside
from booking.waiting_entries import close_offer, move_entry, offer_of
from booking.waiting_models import OfferOutcome, WaitingEntry, WaitingState

UNDO_WITHIN = timedelta(minutes=UNDO_MINUTES)
FREED = (State.CANCELLED, State.REFUSED, State.LAPSED, State.EXCUSED)
TAKES_BACK = (State.CANCELLED, State.EXCUSED)  # may be undone: what they free is offered only afterwards

_MOVED_FROM = by_key("""
    SELECT facts -> 'from' AS before, facts -> 'to' AS after FROM history
    WHERE subject = 'booking' AND subject_id = :id AND facts ? 'from'
    ORDER BY id DESC LIMIT 1""")


def follow_list(session: Session, event: Event) -> None:
    """Note what an offer became, and keep for the list what an act frees; a subscriber of events.

    Raises: AlreadyDecided when what was declined is taken back for somebody who has something else by then.
    """
    booking = session.get(Booking, event.booking_id)
    if booking is None:
        return
    follow_appointment(session, booking, event)
    match event:
        case BookingMoved(is_undo=True, before=State.CANCELLED):
            _reopen(session, booking, event)
        case BookingMoved(is_undo=True, before=State.REFUSED):
            _serve_again(session, booking, event)
        case BookingMoved(before=State.HELD, after=State.BOOKED | State.REQUESTED):
            refuse_beside(session, close_offer(session, booking, OfferOutcome.TAKEN, event.at))
        case BookingMoved() if event.after in FREED and event.before in OCCUPYING:
            if event.before is State.HELD and not _is_offered(session, booking):
                return
            freeing_id = _freeing_of(session, booking, event)
            due_at = event.at + UNDO_WITHIN if event.after in TAKES_BACK else event.at
            freed = _freed(session, booking)
            keep_for_list(session, booking.id, freed, freeing_id=freeing_id, now=event.at, due_at=due_at)
        case BookingRescheduled() | BedsChanged():
            freed = _left_behind(session, booking, event.at)
            due_at = event.at + UNDO_WITHIN
            keep_for_list(session, booking.id, freed, freeing_id=uuid4(), now=event.at, due_at=due_at)


def _is_offered(session: Session, booking: Booking) -> bool:
    """Say whether what was held is an offer that comes to nothing: then it is for the next.

    Other holds were free minutes ago, and suited nobody: the clock looks again, nobody else has to wait. And what is
    held of an earlier date is taken by the appointment that goes there.
    """
    offer = offer_of(session, booking.id) or date_offer_of(session, booking.id)
    return offer is not None and offer.outcome != OfferOutcome.TAKEN


def _freeing_of(session: Session, booking: Booking, event: BookingMoved) -> UUID:
    """Return what this freeing is called: an offer that comes to nothing goes on with the one that it came from."""
    outcome = OfferOutcome.LAPSED if event.after is State.LAPSED else OfferOutcome.DECLINED
    offer = close_offer(session, booking, outcome, event.at)
    if offer is not None:
        return offer.freeing_id
    if event.before is State.REQUESTED and event.after in (State.REFUSED, State.LAPSED):
        refused = offer_of(session, booking.id)
        if refused is not None:  # the host said no, or nothing: they wait again, at the same place
            _set_state(session, refused.entry_id, WaitingState.SERVED, WaitingState.WAITING, event)
            return refused.freeing_id
    return uuid4()


def _reopen(session: Session, booking: Booking, event: BookingMoved) -> None:
    """Offer again what was declined by mistake, for as long as was left. Raises: AlreadyDecided."""
    offer = offer_of(session, booking.id)
    if offer is None or event.after is not State.HELD or offer.outcome is None:
        return
    entry = session.get_one(WaitingEntry, offer.entry_id, with_for_update=True, populate_existing=True)
    if entry.state == WaitingState.WITHDRAWN:
        return  # an ordinary hold
    if entry.state != WaitingState.WAITING:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    offer.outcome, offer.ended_at, offer.reason = None, None, ""
    move_entry(session, event.by, entry, WaitingState.OFFERED, event.at, facts={"undo": True})
    shape = Shape(session.get_one(Kind, booking.kind_id).shape)
    until = Holder(id=booking.id, now=event.at, expires_at=offer.ends_at + SWEPT_WITHIN)
    keep(session, shape, [booking.resource_id], until)
    announce_offer(session, entry, offer.booking_id, ends_at=offer.ends_at, now=event.at)


def _serve_again(session: Session, booking: Booking, event: BookingMoved) -> None:
    """End the wait again when a host takes its refusal back. Raises: AlreadyDecided when something else came."""
    offer = offer_of(session, booking.id)
    if offer is None:
        return
    _set_state(session, offer.entry_id, WaitingState.WAITING, WaitingState.SERVED, event)
    entry = session.get_one(WaitingEntry, offer.entry_id)
    if entry.state == WaitingState.OFFERED:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)


def _set_state(
    session: Session, entry_id: UUID, before: WaitingState, after: WaitingState, event: BookingMoved
) -> None:
    entry = session.get_one(WaitingEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry.state == before:
        move_entry(session, None, entry, after, event.at, facts={"booking_id": str(event.booking_id)})


def _claims(booking: Booking) -> list[Claim]:
    """Return what a booking had."""
    if booking.minutes is not None:
        return [claim_of(booking, Shape.SESSIONS)]
    dated = Shape.PLACES if booking.unit_id is None else Shape.NIGHTS
    return [claim_of(booking, Shape.SLOTS if booking.starts_at else dated)]


def _left_behind(session: Session, booking: Booking, now: datetime) -> list[Claim]:
    """Return what a booking had before it moved, less what it still has."""
    moved = run(session, _MOVED_FROM, {"id": str(booking.id)}).one_or_none()
    after = _claims(booking)
    if moved is None or not after:
        return []
    resource_id = moved.before.get("resource_id", booking.resource_id)
    if beds := moved.before.get("beds"):  # a stay, bed by bed: see booking/stays.py
        left = nights_left(resource_id, beds, (moved.after or {}).get("beds", ()))
        return [part for claim in left for part in untaken(session, claim, now)]  # the rest changed hands
    before = claim_in(resource_id, moved.before)
    if isinstance(after[0], CaseClaim):  # a case is as long in one hearing as in another
        before = replace(after[0], resource_id=resource_id)
    return freed_by_move(before, after[0]) if before else []


def _freed(session: Session, booking: Booking) -> list[Claim]:
    """Return what a booking had when it was freed: several beds, if it had changed bed."""
    claims = _claims(booking)
    is_stay = any(isinstance(claim, NightsClaim) for claim in claims)
    if not is_stay:
        return claims
    # What was slept in another section is past, and its section is not locked.
    return [one for one in claims_of(session, booking, Shape.NIGHTS) if one.resource_id == booking.resource_id]
