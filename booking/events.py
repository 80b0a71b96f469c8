"""What happened to bookings, told to subscribers in the same transaction. `portal` wires them; nothing is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from availability.rights import Actor
from booking.models import State


@dataclass(frozen=True, kw_only=True)
class BookingMoved:
    """A booking went from one state to another; `before` is None when it was just made."""

    booking_id: UUID
    before: State | None
    after: State
    at: datetime
    is_undo: bool = False
    by: Actor | None = field(default=None, compare=False)  # None: the clock


@dataclass(frozen=True, kw_only=True)
class BookingRescheduled:
    """A booking kept its state and has another period, maybe elsewhere."""

    booking_id: UUID
    at: datetime


Event = BookingMoved | BookingRescheduled
Subscriber = Callable[[Session, Event], None]
_subscribers: list[Subscriber] = []


def subscribe(subscriber: Subscriber) -> None:
    """Have `subscriber` called once, in the transaction of the act, for every event from now on."""
    if subscriber not in _subscribers:
        _subscribers.append(subscriber)


def announce(session: Session, event: Event) -> None:
    """Tell every subscriber, in order; one that raises stops the act."""
    for subscriber in _subscribers:
        subscriber(session, event)
