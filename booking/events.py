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
    """A booking kept its state and has another period, maybe elsewhere.

    `is_same_place`: only its hour changed, so that whoever was told that hour last knows it.
    """

    booking_id: UUID
    at: datetime
    is_same_place: bool = False


@dataclass(frozen=True, kw_only=True)
class BedsChanged:
    """A stay kept its dates and its section, and has other beds: nobody is told, but its old ones are free."""

    booking_id: UUID
    at: datetime


@dataclass(frozen=True, kw_only=True)
class EarlierOffered:
    """An earlier date is held for whoever has a booking, in its place, until `ends_at`."""

    booking_id: UUID
    hold_id: UUID
    ends_at: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True)
class EarlierEnded:
    """What was held in the place of a booking is no longer offered: taken, left, lapsed, or of no use any more."""

    booking_id: UUID
    hold_id: UUID
    at: datetime


Event = BookingMoved | BookingRescheduled | BedsChanged | EarlierOffered | EarlierEnded
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
