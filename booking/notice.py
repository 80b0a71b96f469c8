"""Until when what is booked can be given back or moved: the latest cancellation of its kind.

Later it is honoured, missed or excused. Those who run the place, and the clock, are not bound by it; what is only held
or asked for may be given up at any time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.openings import instant_of
from availability.statements import by_key, run
from availability.terms import Terms
from booking.errors import TooLate
from booking.models import Booking, State

ZONE = by_key("SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id")


def latest(
    notice_min: int, zone: ZoneInfo, *, first_on: date | None = None, starts_at: datetime | None = None
) -> datetime | None:
    """Return the last instant to give back or move what begins then, None when the kind sets none.

    What is taken by the day begins at midnight there.
    """
    if notice_min == 0:
        return None
    begins = instant_of(first_on, time(), zone) if first_on is not None else starts_at
    return begins - timedelta(minutes=notice_min) if begins is not None else None


def zone_of(session: Session, resource_id: int) -> ZoneInfo:
    """Return the zone whose civil time rules where a resource is."""
    return ZoneInfo(run(session, ZONE, {"id": resource_id}).scalar_one())


def refuse_late(session: Session, booking: Booking, terms: Terms, *, now: datetime) -> None:
    """Accept an act that gives back or moves a booking at this instant. Raises: TooLate."""
    if terms.cancel_notice_min == 0 or State(booking.state) is not State.BOOKED:
        return
    zone = zone_of(session, booking.resource_id)
    last = latest(terms.cancel_notice_min, zone, first_on=booking.first_on, starts_at=booking.starts_at)
    if last is not None and now > last:
        raise TooLate(
            booking_id=booking.id,
            latest=last.astimezone(zone),
            minutes=terms.cancel_notice_min,
            kind=terms.code,
        )
