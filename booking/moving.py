"""Another period for a booking: the old place is kept until the new one is taken, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.actions import Holder, lock, release, take
from availability.claims import CaseClaim, Claim
from availability.errors import InvalidRequest, NotAllowed
from availability.history import Act, record
from availability.models import HearingSession
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.actions import UNDO_MINUTES
from booking.errors import TooLate
from booking.events import BookingRescheduled, announce
from booking.freed import let_go
from booking.models import Booking, State
from booking.notice import refuse_late
from booking.outcomes import AN_INSTANT
from booking.persons import keep_person
from booking.quotas import check_quota, first_day
from booking.transitions import change, claim_of, dates_of, expect, locked_for, place_of

# What the last act moved it from, when that was a move of the last minutes.
JUST_MOVED_FROM = by_key("""
    SELECT CASE WHEN act = 'booking-moved' AND at >= :since THEN facts -> 'from' END FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")


def move(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    claim: Claim,
    *,
    now: datetime,
    for_the_place: bool = False,
    during: bool = False,
    revision: int | None = None,
) -> Booking:
    """Give a booking what is claimed in the place of what it has, on any resource of the same kind.

    `for_the_place`: on behalf of whoever receives there, whom the latest cancellation does not bind. It binds nobody
    who moves back what was just moved. `during`: out of a hearing that has begun, or back into it.
    A refusal is raised after the old place was freed in this transaction: the caller rolls back, and nothing moved.
    Raises: NotFound, NotAllowed when its host would have to accept, AlreadyDecided when it is not booked or has
    begun, ChangedMeanwhile, TooLate, InvalidRequest, NotOpen, PeriodTaken, CapacityReached, QuotaReached in another
    period.
    """
    booking, terms = locked_for(session, actor, booking_id, wanting=[claim.resource_id], revision=revision)
    expect(booking, {State.BOOKED})
    if terms.host_accepts:
        raise NotAllowed(act="move", why="host-accepts")
    if booking.starts_at is not None and booking.starts_at <= now and not during:
        raise InvalidRequest("start", "past")
    if claim == claim_of(booking, terms.shape):
        return booking
    if not for_the_place:
        _refuse_late(session, booking, terms, claim, now)
    if isinstance(claim, CaseClaim) and _was_there(session, booking, claim, now):
        claim = replace(claim, is_back=True)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    locked = lock(session, [booking.resource_id, claim.resource_id])
    place = place_of(actor, locked, claim.resource_id)
    if place.terms.kind_id != booking.kind_id:
        raise InvalidRequest("resource_id", "other-kind")
    before = place_facts(booking)
    was_on = first_day(session, booking) if terms.has_quotas else None
    as_of = before_it_began(session, claim.resource_id, now) if during else now
    columns = dates_of(session, place, claim, now if as_of == now else booking.created_at)  # allowed then
    release(session, terms.shape, [booking.resource_id], booking.id)
    let_go(session, booking.id, place.id)
    taken = take(session, locked, [claim], Holder(id=booking.id, now=as_of))
    change(session, booking, {"resource_id": place.id, "unit_id": taken[0].unit_id, **columns})
    check_quota(session, terms, booking, now=now, was_on=was_on)
    act = Act(
        act="booking-moved",
        subject="booking",
        subject_id=booking.id,
        person_id=booking.person_id,
        at=now,
        facts={"shape": terms.shape, "from": before, "to": place_facts(booking)},
    )
    record(session, actor, act)
    announce(session, BookingRescheduled(booking_id=booking.id, at=now))
    return booking


def before_it_began(session: Session, hearing_id: int, now: datetime) -> datetime:
    """Return an instant as of which a hearing has not begun: nobody else can take a place in what has."""
    hearing = session.get(HearingSession, hearing_id)
    return now if hearing is None else min(now, hearing.starts_at - AN_INSTANT)


def _refuse_late(session: Session, booking: Booking, terms: Terms, claim: Claim, now: datetime) -> None:
    """Accept what is early enough, or undoes the last move. Raises: TooLate."""
    try:
        refuse_late(session, booking, terms, now=now)
    except TooLate:
        if not _was_there(session, booking, claim, now):
            raise


def _was_there(session: Session, booking: Booking, claim: Claim, now: datetime) -> bool:
    """Say whether a claim undoes the last move, of the last minutes."""
    since = now - timedelta(minutes=UNDO_MINUTES)
    was = run(session, JUST_MOVED_FROM, {"id": str(booking.id), "since": since}).scalar()
    return bool(was) and _undoes(was, claim)


def _undoes(was: dict[str, Any], claim: Claim) -> bool:
    """Say whether a claim is what a booking had before a move; a hearing has its dates by itself."""
    names = {"first": "first_on", "until": "until_on", "start": "starts_at"}
    dates = {column: getattr(claim, name, None) for name, column in names.items()}
    wanted = {column: value.isoformat() for column, value in dates.items() if value is not None}
    had = {name: value for name, value in was.items() if name in names.values()}
    return was["resource_id"] == claim.resource_id and (isinstance(claim, CaseClaim) or had == wanted)


def place_facts(booking: Booking) -> dict[str, Any]:
    """Return what the history keeps of where and when a booking is."""
    said = {"resource_id": booking.resource_id, "unit_id": booking.unit_id}
    dates = {name: getattr(booking, name) for name in ("first_on", "until_on", "starts_at")}
    return said | {name: value.isoformat() for name, value in dates.items() if value is not None}
