"""What became of an appointment: who came, who did not, who is excused; corrections keep both in the history.

Excusing frees the place and undoing it takes the place back, or is refused: the two are symmetric.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.errors import InvalidRequest
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.actions import undo_cancel
from booking.models import Booking, State
from booking.persons import keep_person
from booking.transitions import claim_of, expect, free, locked_for, move_to

OUTCOMES = (State.HONOURED, State.MISSED)
CORRECTABLE = timedelta(days=183)  # six months. Source: docs/glossary.md, "outcome"
AN_INSTANT = timedelta(seconds=1)

_ZONE = by_key("SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id")
_EXCUSED_FROM = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-excused' ORDER BY id DESC LIMIT 1""")


def note_outcome(session: Session, actor: Actor, booking_id: UUID, outcome: State, *, now: datetime) -> Booking:
    """Write down that somebody came or did not; another outcome later is a correction, within six months.

    Who was excused after all came, or missed: their place is taken back. Raises: NotFound, NotAllowed, AlreadyDecided,
    InvalidRequest when it is neither outcome, when it has not begun or was too long ago, and what taking back raises.
    """
    if outcome not in OUTCOMES:
        raise InvalidRequest("outcome", "unknown-choice")
    booking, terms = locked_for(session, actor, booking_id)
    if booking.state == outcome:
        return booking
    expect(booking, {State.BOOKED, State.EXCUSED, *OUTCOMES})
    if not _has_begun(session, booking, now):
        raise InvalidRequest("outcome", "not-begun")
    _refuse_too_late(booking, now)
    if booking.state == State.EXCUSED:
        _take_back(session, booking, terms, now)
    return move_to(session, actor, booking, outcome, now)


def excuse(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Excuse an absence, before or after it, and free the place.

    Raises: NotFound, NotAllowed, AlreadyDecided, InvalidRequest when it was too long ago.
    """
    booking, terms = locked_for(session, actor, booking_id)
    if booking.state == State.EXCUSED:
        return booking
    expect(booking, {State.BOOKED, *OUTCOMES})
    _refuse_too_late(booking, now)
    return free(session, actor, booking, terms, after=State.EXCUSED, now=now)


def undo_excuse(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Put an excused booking back as it was, in the same place if that is still free.

    Raises: NotFound, NotAllowed, AlreadyDecided when it is not excused, PeriodTaken, CapacityReached, NotOpen.
    """
    booking, terms = locked_for(session, actor, booking_id)
    expect(booking, {State.EXCUSED})
    before = State(run(session, _EXCUSED_FROM, {"id": str(booking.id)}).scalar_one())
    _take_back(session, booking, terms, now)
    return move_to(session, actor, booking, before, now, facts={"undo": True})


def undo(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back a place given back or excused. Raises: as undo_cancel and undo_excuse."""
    booking, _ = locked_for(session, actor, booking_id)
    take_back = undo_excuse if booking.state == State.EXCUSED else undo_cancel
    return take_back(session, actor, booking_id, now=now)


def _take_back(session: Session, booking: Booking, terms: Terms, now: datetime) -> None:
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    # What has begun is taken back as of just before: nobody else can take the past.
    as_of = min(now, booking.starts_at - AN_INSTANT) if booking.starts_at is not None else now
    occupy(session, [claim_of(booking, terms.shape)], Holder(id=booking.id, now=as_of))


def _has_begun(session: Session, booking: Booking, now: datetime) -> bool:
    if booking.starts_at is not None:
        return booking.starts_at <= now
    zone = run(session, _ZONE, {"id": booking.resource_id}).scalar_one()
    return booking.first_on is not None and booking.first_on <= local_day(now, ZoneInfo(zone))


def _refuse_too_late(booking: Booking, now: datetime) -> None:
    is_late = booking.ends_at is not None and booking.ends_at + CORRECTABLE < now
    if is_late or (booking.until_on is not None and booking.until_on + CORRECTABLE < now.date()):
        raise InvalidRequest("outcome", "too-late")
