"""Dates without a summons when their delay has come: listed to the registry, and released by a person, never alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.rights import Actor
from booking.actions import cancel, undo_cancel
from booking.errors import AlreadyDecided
from booking.lawyer_models import LawyerDate
from booking.lawyer_news import tell_not_released, tell_released
from booking.models import Booking, State
from booking.plans.hearings import PLANNERS
from booking.transitions import expect, locked_for

# The day is that of the court: one statement, whatever the zones.
TO_RELEASE = text("""
    SELECT d.booking_id, b.case_ref, b.starts_at, s.time_zone, s.name AS court, r.name, d.procedure, d.nature,
           d.given_on, d.summons_due_on, p.name AS lawyer, p.bar
    FROM lawyer_date d JOIN booking b ON b.id = d.booking_id AND b.state = 'booked'
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN lawyer_profile p ON p.account_id = d.account_id
    WHERE s.territory_id = ANY(:mine) AND b.starts_at > :now AND (CAST(:id AS uuid) IS NULL OR b.id = :id)
      AND d.summons_due_on < CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)
      AND NOT EXISTS (SELECT FROM attachment a
                      WHERE a.booking_id = b.id AND a.what = 'summons' AND a.removed_at IS NULL)
    ORDER BY b.starts_at, b.id LIMIT 300""")


@dataclass(frozen=True, kw_only=True)
class DateToRelease:
    """A date whose summons has not come."""

    booking_id: UUID
    case_ref: str
    starts_at: datetime
    time_zone: str
    court: str
    name: str
    procedure: str
    nature: str
    given_on: date
    summons_due_on: date
    lawyer: str | None
    bar: str | None


def to_release(session: Session, actor: Actor, *, now: datetime, booking_id: UUID | None = None) -> list[DateToRelease]:
    """Return the dates of the actor's courts whose summons has not come in time, the next hearing first."""
    asked = {"mine": sorted(actor.territories(PLANNERS)), "now": now, "id": booking_id}
    return [DateToRelease(**row._mapping) for row in session.execute(TO_RELEASE, asked)]


def release_date(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> LawyerDate:
    """Free the place of a date whose summons has not come, and tell the lawyer.

    Raises: NotFound, AlreadyDecided, InvalidRequest when the summons came meanwhile.
    """
    own = _of_court(session, actor, booking_id)
    booking, _ = locked_for(session, actor, booking_id)
    expect(booking, {State.BOOKED})
    if not to_release(session, actor, now=now, booking_id=booking_id):
        raise InvalidRequest("booking_id", "summons-came")
    cancel(session, actor, booking_id, now=now, for_the_place=True)
    own.released_at = now
    session.flush()
    record(session, actor, _act("lawyer-date-released", own, now))
    tell_released(session, booking_id, now=now)
    return own


def undo_release(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> LawyerDate:
    """Give a date that was released to its lawyer again, if its place is still free.

    Raises: AlreadyDecided when it was not released, and as `booking.actions.undo_cancel`.
    """
    _of_court(session, actor, booking_id)
    booking, _ = locked_for(session, actor, booking_id)
    own = session.get_one(LawyerDate, booking_id, populate_existing=True)
    if own.released_at is None:
        raise AlreadyDecided(booking_id=booking_id, state=State(booking.state))
    undo_cancel(session, actor, booking_id, now=now)
    own.released_at = None
    session.flush()
    record(session, actor, _act("lawyer-date-kept", own, now))
    tell_not_released(session, booking_id, now=now)
    return own


def _of_court(session: Session, actor: Actor, booking_id: UUID) -> LawyerDate:
    own = session.get(LawyerDate, booking_id, populate_existing=True)
    booking = session.get(Booking, booking_id)
    if own is None or booking is None or booking.territory_id not in actor.territories(PLANNERS):
        raise NotFound(booking_id=booking_id)
    return own


def _act(act: str, own: LawyerDate, now: datetime) -> Act:
    return Act(
        act=act, subject="lawyer-date", subject_id=own.booking_id, at=now, facts={"due": str(own.summons_due_on)}
    )
