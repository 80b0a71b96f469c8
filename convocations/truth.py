"""Whether what a message says is still true as it leaves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.models import State
from convocations.kinds import Failure, MessageKind, Standing

# The state of the appointment that each kind of message tells. An offer is about none, an earlier date about a hold.
TOLD = {
    MessageKind.CONFIRMATION: frozenset({State.BOOKED}),
    MessageKind.REMINDER: frozenset({State.BOOKED}),
    MessageKind.CHANGE: frozenset({State.BOOKED}),
    MessageKind.CANCELLATION: frozenset({State.CANCELLED, State.EXCUSED}),
    MessageKind.MISSED: frozenset({State.MISSED}),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a message was to say (`about_*`), and how things are."""

    kind: MessageKind
    about_booking_id: UUID | None
    about_at: datetime | None
    standing: Standing
    booking_id: UUID | None
    booking_state: State | None
    starts_at: datetime | None  # of the booking that the message is about
    appointment_state: State | None = None  # of the booking of the convocation, as it is now
    appointment_at: datetime | None = None


def untrue(facts: Facts) -> Failure | None:
    """Return what makes a message untrue, or None when it may be said."""
    if facts.kind is MessageKind.OFFER:
        return None if facts.standing is Standing.CHOOSING else Failure.NOT_STANDING
    if facts.kind is MessageKind.EARLIER:
        return _untrue_offer(facts)
    told = TOLD[facts.kind]
    invites = State.BOOKED in told
    if facts.booking_id != facts.about_booking_id or (invites and facts.standing is not Standing.SET):
        return Failure.NOT_STANDING
    if facts.booking_state not in told:
        return Failure.OTHER_STATE
    return None if facts.starts_at == facts.about_at else Failure.MOVED


def _untrue_offer(facts: Facts) -> Failure | None:
    """Return why an earlier date is no longer offered: it is held no more, or the appointment is gone, or as early."""
    if facts.standing is not Standing.SET or facts.appointment_state is not State.BOOKED:
        return Failure.NOT_STANDING
    if facts.booking_state is not State.HELD or facts.starts_at != facts.about_at:
        return Failure.OTHER_STATE
    is_earlier = facts.starts_at and facts.appointment_at and facts.starts_at < facts.appointment_at
    return None if is_earlier else Failure.MOVED
