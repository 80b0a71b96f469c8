"""Lawyers are told what their clients are told, in the same transaction: by e-mail, and by the calendar that they read.

Of hearings only, and of what stands: what is held is nobody's news. Written as e-mails to hosts are (booking/mail.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from availability.statements import by_key, run
from booking.events import BookingMoved, BookingRescheduled, Event
from booking.hosting_models import MailKind
from booking.lawyers import addresses_of
from booking.mail import NEWS, UNDO, plan_to
from booking.models import Booking, State

REMINDED = timedelta(hours=48)
TOLD = (MailKind.LAWYER_SET, MailKind.LAWYER_MOVED)
OVER = (State.CANCELLED, State.EXCUSED, State.REFUSED, State.LAPSED)
_UNPLAN = by_key("""
    UPDATE host_mail SET state = 'cancelled'
    WHERE booking_id = :id AND kind LIKE 'lawyer-%' AND state = 'planned'""")
_FORGET_SUMMONS = by_key("""
    UPDATE attachment SET removed_at = :now WHERE booking_id = :id AND what = 'summons' AND removed_at IS NULL""")
_WAS_TOLD = by_key("""
    SELECT DISTINCT recipient FROM host_mail WHERE booking_id = :id AND kind LIKE 'lawyer-%'
      AND state IN ('sending', 'sent', 'flagged') ORDER BY recipient""")


def tell_lawyers(session: Session, event: Event) -> None:
    """Plan what the lawyers of a hearing are told of it; a subscriber of events, after those who tell the client."""
    match event:
        case BookingMoved(before=before, after=State.BOOKED, at=at) if before is not State.BOOKED:
            _tell(session, event.booking_id, MailKind.LAWYER_SET, at)
        case BookingRescheduled(at=at):
            _tell(session, event.booking_id, MailKind.LAWYER_MOVED, at)
        case BookingMoved(before=State.BOOKED, after=after, at=at) if after in OVER:
            _tell_over(session, event.booking_id, MailKind.LAWYER_OVER, at)
        case BookingMoved(before=State.HELD, after=State.CANCELLED | State.LAPSED, at=at):
            run(session, _FORGET_SUMMONS, {"id": event.booking_id, "now": at})  # of a date that nobody took


def tell_released(session: Session, booking_id: UUID, *, now: datetime) -> None:
    """Say to the lawyers of a date that the registry released it, rather than only that it is over."""
    _unplan(session, booking_id)
    plan_to(session, booking_id, MailKind.LAWYER_RELEASED, addresses_of(session, booking_id), now=now, until=now + NEWS)


def tell_not_released(session: Session, booking_id: UUID, *, now: datetime) -> None:
    """Say that the date stands after all, to whoever was told otherwise; else the news is only taken back."""
    _tell(session, booking_id, MailKind.LAWYER_SET, now)


def _tell(session: Session, booking_id: UUID, kind: MailKind, now: datetime) -> None:
    addresses = addresses_of(session, booking_id)
    booking = session.get(Booking, booking_id)
    if not addresses or booking is None or booking.starts_at is None or booking.starts_at <= now:
        return
    _unplan(session, booking_id)
    plan_to(session, booking_id, kind, addresses, now=now, until=booking.starts_at)
    if (due_at := booking.starts_at - REMINDED) > now + UNDO:
        plan_to(
            session,
            booking_id,
            MailKind.LAWYER_REMINDER,
            addresses,
            now=now,
            due_at=due_at,
            until=booking.starts_at,
        )


def _tell_over(session: Session, booking_id: UUID, kind: MailKind, now: datetime) -> None:
    _unplan(session, booking_id)
    told = list(run(session, _WAS_TOLD, {"id": booking_id}).scalars())
    plan_to(session, booking_id, kind, told, now=now, until=now + NEWS)


def _unplan(session: Session, booking_id: UUID) -> None:
    run(session, _UNPLAN, {"id": booking_id})
