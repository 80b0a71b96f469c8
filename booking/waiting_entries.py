"""What every act on an entry of the waiting list shares."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.history import Act, record
from availability.rights import Actor
from availability.statements import by_key, run
from booking.events import EarlierEnded, announce
from booking.models import Booking
from booking.waiting_models import LIVING, OfferOutcome, WaitingEntry, WaitingOffer, WaitingState

_OFFER_OF = by_key("SELECT id FROM waiting_offer WHERE booking_id = :booking_id")


def move_entry(
    session: Session,
    actor: Actor | None,
    entry: WaitingEntry,
    after: WaitingState,
    now: datetime,
    *,
    facts: dict[str, Any] | None = None,
) -> WaitingEntry:
    """Put an entry in another state, with its line of history; `actor` is None for the clock."""
    before, entry.state = entry.state, after
    entry.ended_at = None if after in LIVING else now
    session.flush()
    write_down(session, actor, entry, act=f"waiting-{after}", now=now, facts={"before": before} | (facts or {}))
    return entry


def write_down(
    session: Session, actor: Actor | None, entry: WaitingEntry, *, act: str, now: datetime, facts: dict[str, Any]
) -> None:
    """Add a line to the history of an entry."""
    line = Act(act=act, subject="waiting", subject_id=entry.id, person_id=entry.person_id, at=now, facts=facts)
    record(session, actor, line)


def offer_of(session: Session, booking_id: UUID) -> WaitingOffer | None:
    """Return the offer that a booking is, if it comes from the list: most do not, and that costs one look by key."""
    offer_id = run(session, _OFFER_OF, {"booking_id": booking_id}).scalar()
    return session.get(WaitingOffer, offer_id, populate_existing=True) if offer_id else None


def close_offer(session: Session, booking: Booking, outcome: OfferOutcome, at: datetime) -> WaitingOffer | None:
    """End the offer that a booking is, if it is one that waits for an answer."""
    offer = offer_of(session, booking.id)
    if offer is None or offer.outcome is not None:
        return None
    offer.outcome, offer.ended_at = outcome, at
    entry = session.get_one(WaitingEntry, offer.entry_id, with_for_update=True, populate_existing=True)
    if entry.state == WaitingState.OFFERED:
        after = WaitingState.SERVED if outcome is OfferOutcome.TAKEN else WaitingState.WAITING
        facts = {"booking_id": str(booking.id), "outcome": outcome}
        move_entry(session, None, entry, after, at, facts=facts)
    session.flush()
    if entry.booking_id is not None:
        announce(session, EarlierEnded(booking_id=entry.booking_id, hold_id=booking.id, at=at))
    return offer
