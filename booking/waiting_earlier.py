"""Somebody who has an appointment and would come earlier: what is held for them, and the appointment that goes there.

Their entry is on the list like another, in the same order. It follows its booking, and ends with it. Taking what is
offered moves the appointment onto it, in one transaction: see docs/decisions/0036.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import NotAllowed
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import by_key, run
from booking.bulk import lock_all
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import BookingMoved, BookingRescheduled, EarlierEnded, EarlierOffered, Event, announce
from booking.models import Booking, State
from booking.moving import move
from booking.notice import zone_of
from booking.quotas import Booker, wait_for_service
from booking.transitions import expect, free, lock_booking, locked_for
from booking.waiting_entries import close_offer, move_entry
from booking.waiting_models import OfferOutcome, WaitingEntry, WaitingOffer, WaitingState

A_DAY = timedelta(days=1)

_LIVING_OF = by_key("""
    SELECT id FROM waiting_entry WHERE booking_id = :id AND state IN ('waiting', 'offered') FOR UPDATE""")
_ENDED_WITH = by_key("""
    SELECT id FROM waiting_entry w WHERE booking_id = :id AND state = 'expired'
      AND NOT EXISTS (SELECT FROM waiting_entry o
                      WHERE o.booking_id = w.booking_id AND o.state IN ('waiting', 'offered'))
    ORDER BY ended_at DESC LIMIT 1 FOR UPDATE""")
_OPEN_OFFER = by_key("SELECT booking_id, ends_at FROM waiting_offer WHERE entry_id = :id AND outcome IS NULL")
_APPOINTMENT = by_key("SELECT state, starts_at FROM booking WHERE id = :id")
# What is held for nothing: the appointment is no more, has begun, or is now as early. Its entry may have ended with it.
_NO_USE = """
    SELECT o.booking_id FROM waiting_offer o JOIN waiting_entry w ON w.id = o.entry_id
    JOIN booking h ON h.id = o.booking_id JOIN booking b ON b.id = w.booking_id
    WHERE o.outcome IS NULL AND h.state = 'held'
      AND (w.state <> 'offered' OR b.state <> 'booked' OR b.starts_at <= h.starts_at)"""
NO_USE = text(f"{_NO_USE} ORDER BY o.booking_id LIMIT 200")
IS_NO_USE = text(f"{_NO_USE} AND o.booking_id = :id")
EARLIER = text("""
    SELECT w.id, w.state, w.created_at, w.resource_ids, o.id AS offer_id, o.booking_id AS hold_id, o.ends_at,
           h.starts_at, h.resource_id
    FROM waiting_entry w
    LEFT JOIN waiting_offer o ON o.entry_id = w.id AND o.outcome IS NULL AND o.ends_at > :now
    LEFT JOIN booking h ON h.id = o.booking_id
    WHERE w.booking_id = :id AND w.state IN ('waiting', 'offered')""")


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An earlier date, really held until `ends_at`."""

    id: UUID
    hold_id: UUID
    resource_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Earlier:
    """That somebody would come earlier, since when, to which resources, and what is offered to them."""

    entry_id: UUID
    since: datetime
    resource_ids: tuple[int, ...]
    offer: Offered | None = None


def earlier_for(session: Session, booking_id: UUID | None, *, now: datetime) -> Earlier | None:
    """Return whether an earlier date is wanted in the place of a booking, None when none is."""
    row = session.execute(EARLIER, {"id": booking_id, "now": now}).one_or_none()
    if row is None:
        return None
    offer = None
    if row.offer_id is not None and row.state == WaitingState.OFFERED:
        offer = Offered(
            id=row.offer_id,
            hold_id=row.hold_id,
            resource_id=row.resource_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
    return Earlier(row.id, row.created_at, tuple(row.resource_ids), offer)


def take_earlier(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> Booking:
    """Move an appointment onto the earlier date that is held in its place, and give the old one back.

    The same offer twice is taken once. Raises: HoldExpired, AlreadyDecided when it was left, or the appointment is no
    more or is as early by now, and as `move`.
    """
    offer = session.get_one(WaitingOffer, offer_id)
    entry = session.get_one(WaitingEntry, offer.entry_id)
    if entry.booking_id is None:
        raise AlreadyDecided(offer_id=offer_id)
    lock_all(session, [offer.booking_id, entry.booking_id])
    session.refresh(offer)
    held, terms = locked_for(session, actor, offer.booking_id)
    booking, _ = locked_for(session, actor, entry.booking_id)
    if offer.outcome == OfferOutcome.TAKEN:
        return booking
    if held.state == State.LAPSED or (held.expires_at is not None and held.expires_at <= now):
        raise HoldExpired(booking_id=held.id, resource_id=held.resource_id)
    expect(held, {State.HELD})
    if not _is_earlier(held.starts_at, booking.state, booking.starts_at) or held.starts_at is None:
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))
    # `move` waits for it too, but with the entry locked by then.
    wait_for_service(session, terms, Booker(booking.organisation_id, booking.territory_id))
    close_offer(session, held, OfferOutcome.TAKEN, now)
    free(session, actor, held, terms, after=State.CANCELLED, now=now, facts={"for": str(booking.id)})
    return move(session, actor, booking.id, SlotClaim(resource_id=held.resource_id, start=held.starts_at), now=now)


def refuse_beside(session: Session, offer: WaitingOffer | None) -> None:
    """Refuse that what is held in the place of an appointment be booked beside it. Raises: NotAllowed."""
    if offer is not None and session.get_one(WaitingEntry, offer.entry_id).booking_id is not None:
        raise NotAllowed(act="confirm", why="offered-instead")


def is_still_earlier(session: Session, entry: WaitingEntry, start: datetime) -> bool:
    """Say whether a start is before the appointment of an entry that is locked, as this is now."""
    row = run(session, _APPOINTMENT, {"id": entry.booking_id}).one()
    return _is_earlier(start, row.state, row.starts_at)


def follow_appointment(session: Session, booking: Booking, event: Event) -> None:
    """Have the wait for an earlier date follow the appointment, and end with it, as a subscriber of events."""
    match event:
        case BookingRescheduled():
            _follow_move(session, booking)
        case BookingMoved(after=State.BOOKED, is_undo=True):
            _wait_again(session, booking, event)
        case BookingMoved(before=State.BOOKED):
            _end(session, booking, event.at)


def wait_on(
    session: Session, actor: Actor, given_back: UUID | None, booking: Booking, *, now: datetime
) -> EarlierOffered | None:
    """Have the wait that ended with an appointment go on, at its place, for the one taken after it.

    Return what is still held for them, to be announced once they are summoned to that one.
    """
    if given_back is None or booking.starts_at is None:
        return None
    entry = _entry(session, run(session, _ENDED_WITH, {"id": given_back}))
    if entry is None:
        return None
    entry.booking_id, entry.digest = booking.id, digest_of(booking.id)
    _wait_until(session, entry, booking, booking.starts_at)
    offer = run(session, _OPEN_OFFER, {"id": entry.id}).one_or_none()
    after = WaitingState.WAITING if offer is None else WaitingState.OFFERED
    move_entry(session, actor, entry, after, now, facts={"booking_id": str(booking.id)})
    if offer is None:
        return None
    return EarlierOffered(booking_id=booking.id, hold_id=offer.booking_id, ends_at=offer.ends_at, at=now)


def digest_of(booking_id: UUID) -> bytes:
    """Return what a wait for an earlier date than that of an appointment is known by on the list."""
    return hashlib.sha256(b"earlier" + booking_id.bytes).digest()


def of_no_use(session: Session) -> list[UUID]:
    """Return what is held in the place of appointments to which it is of no use any more."""
    return list(session.execute(NO_USE).scalars())


def let_lapse(session: Session, hold_id: UUID, *, now: datetime) -> bool:
    """Give up, as the clock, what is held for nothing; False when it is of use again, or somebody was quicker."""
    held, terms = lock_booking(session, hold_id)
    if session.execute(IS_NO_USE, {"id": hold_id}).first() is None:
        return False
    free(session, None, held, terms, after=State.LAPSED, now=now)
    return True


def announce_offer(session: Session, entry: WaitingEntry, hold_id: UUID, *, ends_at: datetime, now: datetime) -> None:
    """Tell the subscribers that an earlier date is held for the appointment of an entry, when it waits for one."""
    if entry.booking_id is not None:
        announce(session, EarlierOffered(booking_id=entry.booking_id, hold_id=hold_id, ends_at=ends_at, at=now))


def _is_earlier(start: datetime | None, state: str, appointment_at: datetime | None) -> bool:
    if start is None or appointment_at is None:
        return False
    return state == State.BOOKED and start < appointment_at


def _follow_move(session: Session, booking: Booking) -> None:
    entry = _entry(session, run(session, _LIVING_OF, {"id": booking.id}))
    if entry is not None and booking.starts_at is not None:
        _wait_until(session, entry, booking, booking.starts_at)
        session.flush()


def _wait_until(session: Session, entry: WaitingEntry, booking: Booking, start: datetime) -> None:
    entry.until_on = local_day(start, zone_of(session, booking.resource_id)) + A_DAY


def _end(session: Session, booking: Booking, at: datetime) -> None:
    """End the wait; what was held for it is given up by the clock, which holds nothing else as it locks it."""
    entry = _entry(session, run(session, _LIVING_OF, {"id": booking.id}))
    if entry is None:
        return
    move_entry(session, None, entry, WaitingState.EXPIRED, at, facts={"booking_id": str(booking.id)})
    offer = run(session, _OPEN_OFFER, {"id": entry.id}).one_or_none()
    if offer is not None:
        announce(session, EarlierEnded(booking_id=booking.id, hold_id=offer.booking_id, at=at))


def _wait_again(session: Session, booking: Booking, event: BookingMoved) -> None:
    """Have them wait again, at their place, when the appointment is taken back and is still to come."""
    if booking.starts_at is None or booking.starts_at <= event.at:
        return
    entry = _entry(session, run(session, _ENDED_WITH, {"id": booking.id}))
    if entry is None:
        return
    offer = run(session, _OPEN_OFFER, {"id": entry.id}).one_or_none()
    after = WaitingState.WAITING if offer is None else WaitingState.OFFERED
    move_entry(session, event.by, entry, after, event.at, facts={"undo": True})
    if offer is not None:
        announce_offer(session, entry, offer.booking_id, ends_at=offer.ends_at, now=event.at)


def _entry(session: Session, found: Any) -> WaitingEntry | None:
    entry_id = found.scalar()
    return session.get_one(WaitingEntry, entry_id, populate_existing=True) if entry_id else None
