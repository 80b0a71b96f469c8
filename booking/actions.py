"""Acts that take a place and give it back: one function, one transaction of the caller, one line of history, one event.

A place is taken when it is held; what follows only moves its end. Acts are refused with facts, never half done.
An act given the `revision` that its actor has seen is refused with ChangedMeanwhile when it is another one by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from availability.actions import Holder, Locked, Taken, keep, lock, take
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim, readable
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.errors import AlreadyDecided, HoldExpired
from booking.freed import let_go
from booking.models import COLUMNS, Booking, State, columns_of, make_known, new_booking
from booking.notice import refuse_late
from booking.persons import keep_person, person_for
from booking.quotas import check_quota
from booking.reasons import EXCUSED_FOR, GIVEN_BACK_FOR, UNSAID, Reason, reason_columns, reason_facts
from booking.transitions import (
    claims_of,
    dates_of,
    end_again,
    end_said,
    expect,
    facts_of,
    free,
    lock_booking,
    locked_by_host,
    locked_for,
    move_to,
    place_of,
    write_both_down,
    write_down,
)

REFUSAL_REASONS = ("full", "profile", "dates", "distance", "other")
UNDO_MINUTES = 10  # how long a place given back can be taken back in one click
TWO_LINES = 2  # the revision of what was held and confirmed
SWEPT_WITHIN = timedelta(hours=1)  # an offer that ended is nobody else's until it is passed on


@dataclass(frozen=True, kw_only=True)
class Beneficiary:
    """For whom: a person of the actor's territories, or a case number."""

    person_id: UUID | None = None
    case_ref: str = ""

    def __post_init__(self) -> None:
        if len(readable("case_ref", self.case_ref)) > 64:
            raise InvalidRequest("case_ref", "too-long", most=64)

    def __bool__(self) -> bool:
        return self.person_id is not None or bool(self.case_ref.strip())


NOBODY_YET = Beneficiary()


class Wanted(Protocol):
    """What somebody wants of a resource, before its shape is known."""

    @property
    def resource_id(self) -> int:
        """Return of which resource."""
        ...

    def claim(self, shape: Shape) -> Claim:
        """Return the claim that this makes on a resource of this shape. Raises: InvalidRequest."""
        ...


def hold(
    session: Session,
    actor: Actor,
    claim: Claim | Wanted,
    *,
    now: datetime,
    beneficiary: Beneficiary = NOBODY_YET,
    keep_until: datetime | None = None,
) -> Booking:
    """Take what is claimed for the few minutes that the kind gives, and return the booking.

    An offer of the waiting list is kept until `keep_until`; its place is not free before the sweeper has passed it on.
    Raises: NotFound, NotAllowed, InvalidRequest, QuotaReached, NotOpen, PeriodTaken, CapacityReached.
    """
    locked, place, claim = _wanted(session, actor, claim, beneficiary)
    expires_at = keep_until or now + timedelta(minutes=place.terms.hold_minutes)
    free_at = expires_at + SWEPT_WITHIN if keep_until else expires_at
    booking = new_booking(
        **_columns_for(actor, place, beneficiary, now),
        **dates_of(session, place, claim, now),
        state=State.HELD,
        expires_at=expires_at,
    )
    taken = _take_for(session, locked, claim, booking, Holder(id=booking.id, now=now, expires_at=free_at))
    # An offer is made by the clock, in the name of whoever waits: the history says who did it.
    by, said = (None, {"offer": True}) if keep_until else (actor, {})
    write_down(session, by, booking, None, now, facts=facts_of(taken) | said)
    return booking


def book(session: Session, actor: Actor, claim: Claim | Wanted, *, now: datetime, beneficiary: Beneficiary) -> Booking:
    """Hold and confirm at once, in half the statements: the rows and the history are those of the two acts.

    Nobody could see the hold in between, so one event tells both. Raises: as `hold`, and InvalidRequest when it is
    for nobody.
    """
    if not beneficiary:
        raise InvalidRequest("beneficiary", "required")
    locked, place, claim = _wanted(session, actor, claim, beneficiary)
    asked = place.terms.host_accepts
    until = now + timedelta(days=place.terms.request_days) if asked else None
    booking = new_booking(
        **_columns_for(actor, place, beneficiary, now),
        **dates_of(session, place, claim, now),
        state=State.REQUESTED if asked else State.BOOKED,
        expires_at=until,
        revision=TWO_LINES,
    )
    taken = _take_for(session, locked, claim, booking, Holder(id=booking.id, now=now, expires_at=until))
    write_both_down(session, actor, booking, now, facts=facts_of(taken))
    return booking


def confirm(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    beneficiary: Beneficiary = NOBODY_YET,
    revision: int | None = None,
) -> Booking:
    """Book what is held, or ask its host for it when the kind wants that.

    Raises: NotFound, NotAllowed, InvalidRequest when it is for nobody, HoldExpired, AlreadyDecided.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    if booking.state in (State.BOOKED, State.REQUESTED):
        return booking  # confirmed already: the same answer
    _refuse_lapsed(booking)
    expect(booking, {State.HELD})
    if beneficiary.person_id is not None:
        person_for(session, actor, beneficiary.person_id)
        keep_person(session, beneficiary.person_id)
    if not beneficiary:
        beneficiary = Beneficiary(person_id=booking.person_id, case_ref=booking.case_ref)
    if not beneficiary:
        raise InvalidRequest("beneficiary", "required")
    asked = terms.host_accepts
    until = now + timedelta(days=terms.request_days) if asked else None
    _keep(session, booking, terms, now, until=until)
    named: dict[str, Any] = {"person_id": beneficiary.person_id, "case_ref": beneficiary.case_ref.strip()}
    after = State.REQUESTED if asked else State.BOOKED
    return move_to(session, actor, booking, after, now, expires_at=until, **named)


def accept(session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None) -> Booking:
    """Accept, as its host, what was asked. Raises: NotFound, NotAllowed, HoldExpired, AlreadyDecided."""
    booking, terms = locked_by_host(session, actor, booking_id, revision=revision)
    if booking.state == State.BOOKED:
        return booking
    _refuse_lapsed(booking)
    expect(booking, {State.REQUESTED})
    _keep(session, booking, terms, now, until=None)
    return move_to(session, actor, booking, State.BOOKED, now, facts=end_said(booking))


def refuse(
    session: Session, actor: Actor, booking_id: UUID, *, reason: str, now: datetime, revision: int | None = None
) -> Booking:
    """Refuse, as its host, what was asked, with one of REFUSAL_REASONS.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyDecided.
    """
    if reason not in REFUSAL_REASONS:
        raise InvalidRequest("reason", "unknown-choice")
    booking, terms = locked_by_host(session, actor, booking_id, revision=revision)
    if booking.state == State.REFUSED:
        return booking
    expect(booking, {State.REQUESTED})
    return free(session, actor, booking, terms, after=State.REFUSED, now=now, facts={"reason": reason}, reason=reason)


def cancel(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    for_the_place: bool = False,
    revision: int | None = None,
    reason: Reason = UNSAID,
) -> Booking:
    """Give a place back, whatever was its state before.

    `for_the_place`: on behalf of whoever receives there, whom the latest cancellation does not bind. `reason` is one of
    GIVEN_BACK_FOR, or of EXCUSED_FOR when it is the person who cannot come.
    Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, TooLate, InvalidRequest.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    if booking.state == State.CANCELLED:
        return booking
    expect(booking, {State.HELD, State.REQUESTED, State.BOOKED})
    if not for_the_place:
        refuse_late(session, booking, terms, now=now)
    among = (*GIVEN_BACK_FOR, *EXCUSED_FOR) if actor.account_id == booking.person_id else GIVEN_BACK_FOR
    why = reason_columns(session, booking, reason, among=among)
    return free(session, actor, booking, terms, after=State.CANCELLED, now=now, facts=reason_facts(reason), **why)


def undo_cancel(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None
) -> Booking:
    """Take back a place just given back: the same bed, the same days, until the same end, if they are still free.

    Raises: NotFound, NotAllowed, AlreadyDecided when it was not just cancelled, HoldExpired when it would have ended
    by now, PeriodTaken, CapacityReached, NotOpen, QuotaReached.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    if booking.state != State.CANCELLED and run(session, _JUST_UNDONE, {"id": str(booking.id)}).scalar():
        return booking
    before = _state_before_cancel(session, booking, now)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    expires_at = end_again(session, booking, before, now)
    claims = claims_of(session, booking, terms.shape)
    locked = lock(session, {claim.resource_id for claim in claims} | {booking.resource_id})
    let_go(session, booking.id, booking.resource_id)
    take(session, locked, claims, Holder(id=booking.id, now=now, expires_at=expires_at))
    check_quota(session, terms, booking, now=now)
    return move_to(session, actor, booking, before, now, expires_at=expires_at, facts={"undo": True})


def expired(session: Session, *, now: datetime, limit: int = 200) -> list[UUID]:
    """Return the bookings whose hold or request came to its end, oldest first."""
    due = select(col(Booking.id)).where(col(Booking.expires_at) <= now).order_by(col(Booking.expires_at)).limit(limit)
    return list(session.execute(due).scalars())


def lapse(session: Session, booking_id: UUID, *, now: datetime) -> bool:
    """Write down, as the clock, that a hold or a request ended; False when somebody was quicker.

    Its place was free from that instant on: this only says so. One booking a transaction, so that no two sweepers
    ever hold two resources.
    """
    booking, terms = lock_booking(session, booking_id)
    if booking.expires_at is None or booking.expires_at > now:
        return False
    free(session, None, booking, terms, after=State.LAPSED, now=now)
    return True


def _wanted(
    session: Session, actor: Actor, claim: Claim | Wanted, beneficiary: Beneficiary
) -> tuple[Mapping[int, Locked], Locked, Claim]:
    """Return what is locked, the place, and what is claimed of it. Raises: NotFound, NotAllowed, InvalidRequest."""
    if beneficiary.person_id is not None:
        person_for(session, actor, beneficiary.person_id)
        keep_person(session, beneficiary.person_id)
    locked = lock(session, [claim.resource_id])
    place = place_of(actor, locked, claim.resource_id)
    if not isinstance(claim, NightsClaim | PlaceClaim | SlotClaim | CaseClaim):
        claim = claim.claim(place.shape)
    return locked, place, claim


def _columns_for(actor: Actor, place: Locked, beneficiary: Beneficiary, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "kind_id": place.terms.kind_id,
        "resource_id": place.id,
        "territory_id": actor.home_territory_id,
        "person_id": beneficiary.person_id,
        "case_ref": beneficiary.case_ref.strip(),
        "requested_by": actor.account_id,
        "organisation_id": actor.organisation_id,
        "created_at": now,
    }


def _take_for(
    session: Session, locked: Mapping[int, Locked], claim: Claim, booking: Booking, holder: Holder
) -> list[Taken]:
    """Take what is claimed for a new booking, and insert it: half the time of the unit of work."""
    check_quota(session, locked[claim.resource_id].terms, booking, now=holder.now)
    taken = take(session, locked, [claim], holder)
    set_committed_value(booking, "unit_id", taken[0].unit_id)
    run(session, _INSERT, columns_of(booking))
    make_known(session, booking)
    return taken


def _refuse_lapsed(booking: Booking) -> None:
    """Answer as if nobody had swept yet: whoever comes too late must not be told otherwise by the sweeper's hour."""
    if booking.state == State.LAPSED:
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)


def _keep(session: Session, booking: Booking, terms: Terms, now: datetime, *, until: datetime | None) -> None:
    """Give the occupancy a new end, if the booking still has all of it."""
    kept = keep(session, terms.shape, [booking.resource_id], Holder(id=booking.id, now=now, expires_at=until))
    if booking.expires_at is None or booking.expires_at <= now or kept != _rows_of(booking, terms.shape):
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)


def _rows_of(booking: Booking, shape: Shape) -> int:
    if shape is Shape.NIGHTS and booking.first_on and booking.until_on:
        return (booking.until_on - booking.first_on).days
    return 1


def _state_before_cancel(session: Session, booking: Booking, now: datetime) -> State:
    """Return the state that the last act, a cancellation of the last minutes, left."""
    expect(booking, {State.CANCELLED})
    since = now - timedelta(minutes=UNDO_MINUTES)
    before = run(session, _BEFORE_CANCEL, {"id": str(booking.id), "since": since}).scalar()
    if before is None:
        raise AlreadyDecided(booking_id=booking.id, state=State.CANCELLED)
    return State(before)


_INSERT = by_key(
    f"INSERT INTO booking ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{one}' for one in COLUMNS)})"  # noqa: S608
)
_JUST_UNDONE = by_key("""
    SELECT facts ? 'undo' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")
_BEFORE_CANCEL = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-cancelled' AND at >= :since
      AND NOT facts ? 'undo'
    ORDER BY id DESC LIMIT 1""")
