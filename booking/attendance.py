"""Who came, day by day, on a placement or for a stay: noted by who hosts them or by who follows them, then corrected.

An appointment at an hour is noted by its outcome: see booking/outcomes.py. One line of history says each entry, with
what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from availability.actions import tell
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.rights import Actor, Role
from availability.statements import by_key, run
from availability.terms import Terms
from booking.errors import OutOfDate
from booking.models import Booking, State
from booking.outcomes import CORRECTABLE, OUTCOMES
from booking.series_models import Attendance
from booking.series_rules import A_DAY, check_minutes
from booking.transitions import expect, locked_by_host, locked_for

_ZONE = by_key("SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id")


def note_presence(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    day: date,
    *,
    came: bool,
    minutes: int = 0,
    now: datetime,
    revision: int | None = None,
) -> Attendance:
    """Write down that somebody came on a day and for how long, or did not; what was noted before is corrected.

    `revision` is that of the entry that the actor saw: None writes over any. Raises: NotFound, NotAllowed,
    AlreadyDecided when it is not booked, OutOfDate, InvalidRequest.
    """
    booking, terms = _locked(session, actor, booking_id)
    expect(booking, {State.BOOKED, *OUTCOMES})
    _check_day(session, booking, terms, day, now)
    check_minutes(minutes, came=came)
    if minutes and terms.shape is not Shape.PLACES:
        raise InvalidRequest("minutes", "not-for-this-shape")
    noted = _entry(session, booking_id, day)
    if revision is not None and revision != (noted.revision if noted else 0):
        raise OutOfDate(booking_id=booking_id, day=day, revision=noted.revision if noted else 0)
    if noted is not None and (noted.came, noted.minutes) == (came, minutes):
        return noted
    was = _said(noted)
    if noted is None:
        noted = Attendance(booking_id=booking_id, day=day, came=came, entered_by=actor.account_id)
    else:
        noted.revision += 1
    noted.came, noted.minutes, noted.entered_by, noted.entered_at = came, minutes, actor.account_id, now
    session.add(noted)
    _write_down(session, actor, booking, act="presence-noted", day=day, now=now, came=came, minutes=minutes, was=was)
    return noted


def forget_presence(session: Session, actor: Actor, booking_id: UUID, day: date, *, now: datetime) -> None:
    """Take back what was noted of a day: nobody said anything of it. The history keeps both.

    Raises: NotFound, NotAllowed, InvalidRequest when it was too long ago.
    """
    booking, terms = _locked(session, actor, booking_id)
    _check_day(session, booking, terms, day, now)
    noted = _entry(session, booking_id, day)
    if noted is None:
        return
    was = _said(noted)
    session.delete(noted)
    _write_down(session, actor, booking, act="presence-forgotten", day=day, now=now, was=was)


def each_done(
    session: Session, actor: Actor, acts: Mapping[UUID, Callable[..., object]], *, now: datetime
) -> dict[UUID, Refusal]:
    """Do one act on each of these bookings; return why not of those that are refused: the others are done."""
    refused = {}
    for booking_id in sorted(acts):  # the order of every act on several
        try:
            with session.begin_nested():
                acts[booking_id](session, actor, now=now)
        except Refusal as refusal:
            refused[booking_id] = refusal
    return refused


def _locked(session: Session, actor: Actor, booking_id: UUID) -> tuple[Booking, Terms]:
    """Return a booking that the actor hosts or follows, locked. Raises: NotFound, NotAllowed."""
    if actor.has(Role.PARTNER):
        try:
            return locked_by_host(session, actor, booking_id)
        except NotFound:
            if actor.roles == {Role.PARTNER}:
                raise
    return locked_for(session, actor, booking_id)


def _check_day(session: Session, booking: Booking, terms: Terms, day: date, now: datetime) -> None:
    """Accept a day on which somebody was expected, not to come and not too long ago. Raises: InvalidRequest."""
    if booking.first_on is None:
        raise InvalidRequest("booking_id", "has-an-hour")
    zone = ZoneInfo(run(session, _ZONE, {"id": booking.resource_id}).scalar_one())
    today = local_day(now, zone)
    last = booking.until_on  # who leaves in the morning of that day is noted then
    if last is not None and terms.shape is Shape.PLACES:
        last -= A_DAY
    if day < booking.first_on or (last is not None and day > last):
        raise InvalidRequest("day", "not-one-of-its-days", value=day)
    if day > today:
        raise InvalidRequest("day", "not-yet", value=day)
    if day < today - CORRECTABLE:
        raise InvalidRequest("day", "too-late")


def _entry(session: Session, booking_id: UUID, day: date) -> Attendance | None:
    one = select(Attendance).where(col(Attendance.booking_id) == booking_id, col(Attendance.day) == day)
    found: Attendance | None = session.exec(one.execution_options(populate_existing=True)).one_or_none()
    return found


def _said(noted: Attendance | None) -> dict[str, Any] | None:
    return {"came": noted.came, "minutes": noted.minutes} if noted is not None else None


def _write_down(
    session: Session, actor: Actor, booking: Booking, *, act: str, day: date, now: datetime, **facts: Any
) -> None:
    line = Act(
        act=act,
        subject="attendance",  # beside the line of states of the booking, which has one entry a state
        subject_id=booking.id,
        person_id=booking.person_id,
        at=now,
        facts={"day": day.isoformat(), **facts},
    )
    record(session, actor, line)
    tell(session, [booking.resource_id])
