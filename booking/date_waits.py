"""What every act on a wait for a date shares, and what becomes of a date that was held for one.

A date held for a wait is a booking like another: confirmed, given back or lapsed by whoever does so anywhere, the wait
follows from the events of its booking, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.actions import Holder, keep
from availability.history import Act, record
from availability.models import Shape
from availability.rights import Actor
from availability.statements import by_key, run
from booking.actions import SWEPT_WITHIN
from booking.date_wait_models import DateOffer, DateWait
from booking.errors import AlreadyDecided
from booking.events import BookingMoved, Event
from booking.models import Booking, State
from booking.waiting_models import LIVING, OfferOutcome, WaitingState

# In order, as whoever serves several of them locks them.
_LOOK_AGAIN = by_key("""
    UPDATE date_wait SET is_due = true WHERE id IN (
        SELECT id FROM date_wait WHERE site_id = :site_id AND state = 'waiting' AND NOT is_due
        ORDER BY created_at, id FOR UPDATE)""")
NOT_TAKEN = {State.CANCELLED: OfferOutcome.DECLINED, State.LAPSED: OfferOutcome.LAPSED}


def follow_dates(session: Session, event: Event) -> None:
    """Note what became of a date that was held for a wait; a subscriber of events, before what it frees is kept.

    Raises: AlreadyDecided when what was left is taken back for somebody who has another date by then.
    """
    match event:
        case BookingMoved(is_undo=True, before=State.CANCELLED, after=State.HELD):
            if (offer := date_offer_of(session, event.booking_id)) is not None:
                _reopen(session, offer, event)
        case BookingMoved(before=State.HELD, after=State.BOOKED | State.REQUESTED):
            _close(session, event, OfferOutcome.TAKEN)
        case BookingMoved(before=State.HELD, after=State.CANCELLED | State.LAPSED):
            _close(session, event, NOT_TAKEN[event.after])


def date_offer_of(session: Session, booking_id: UUID) -> DateOffer | None:
    """Return the offer that a booking is, if it was held for a wait: most were not, and that costs a look by key."""
    booking = session.get(Booking, booking_id)
    if booking is None or booking.minutes is None:
        return None
    return session.get(DateOffer, booking_id, populate_existing=True)


def look_again(session: Session, site_id: int) -> None:
    """Have the clock look at what is free for those who wait in a court: what they may take there has changed."""
    run(session, _LOOK_AGAIN, {"site_id": site_id})


def move_wait(
    session: Session,
    actor: Actor | None,
    wait: DateWait,
    after: WaitingState,
    now: datetime,
    *,
    facts: dict[str, Any] | None = None,
) -> DateWait:
    """Put a wait in another state, with its line of history; `actor` is None for the clock."""
    before, wait.state = wait.state, after
    wait.ended_at, wait.is_due = None if after in LIVING else now, after is WaitingState.WAITING
    session.flush()
    told = {"wait": str(wait.id), "before": before} | (facts or {})
    act = Act(act=f"lawyer-wait-{after}", subject="lawyer", subject_id=wait.account_id, at=now, facts=told)
    record(session, actor, act)
    return wait


def _close(session: Session, event: BookingMoved, outcome: OfferOutcome) -> None:
    offer = date_offer_of(session, event.booking_id)
    if offer is None or offer.outcome is not None:
        return
    offer.outcome, offer.ended_at = outcome, event.at
    wait = session.get_one(DateWait, offer.wait_id, with_for_update=True, populate_existing=True)
    if wait.state == WaitingState.OFFERED:
        facts = {"booking_id": str(event.booking_id), "outcome": outcome}
        move_wait(session, event.by, wait, _after(wait, outcome), event.at, facts=facts)
    session.flush()


def _after(wait: DateWait, outcome: OfferOutcome) -> WaitingState:
    """Return where a wait stands once its date was taken or left: at its place, unless it was for that one alone."""
    if outcome is OfferOutcome.TAKEN:
        return WaitingState.SERVED
    if wait.hearing_id is None:
        return WaitingState.WAITING
    return WaitingState.WITHDRAWN if outcome is OfferOutcome.DECLINED else WaitingState.EXPIRED


def _reopen(session: Session, offer: DateOffer, event: BookingMoved) -> None:
    """Hold again what was left by mistake, until the same end. Raises: AlreadyDecided."""
    if offer.outcome is None:
        return
    wait = session.get_one(DateWait, offer.wait_id, with_for_update=True, populate_existing=True)
    if wait.state not in (WaitingState.WAITING, WaitingState.WITHDRAWN):
        raise AlreadyDecided(entry_id=wait.id, state=wait.state)
    offer.outcome, offer.ended_at = None, None
    move_wait(session, event.by, wait, WaitingState.OFFERED, event.at, facts={"undo": True})
    until = Holder(id=offer.booking_id, now=event.at, expires_at=offer.ends_at + SWEPT_WITHIN)
    keep(session, Shape.SESSIONS, [offer.hearing_id], until)
