"""Every transition of a booking: one function, one transaction of the caller, one line of history, one event.

A place is taken when it is held; what follows only moves its end. Acts are refused with facts, never half done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import aliased, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from availability.actions import Holder, Locked, Taken, keep, lock, occupy, release, take
from availability.claims import SHAPE_OF, CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim, readable
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import HearingSession, Kind, Shape
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor, Role
from availability.search import reach
from availability.statements import by_key, run
from availability.terms import TERM_COLUMNS, Terms
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import BookingMoved, announce
from booking.models import Booking, State
from booking.persons import keep_person, person_for

REFUSAL_REASONS = ("full", "profile", "dates", "distance", "other")
UNDO_MINUTES = 10  # how long a place given back can be taken back in one click


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


def hold(
    session: Session, actor: Actor, claim: Claim, *, now: datetime, beneficiary: Beneficiary = NOBODY_YET
) -> Booking:
    """Take what is claimed for the few minutes that the kind gives, and return the booking.

    Raises: NotFound, NotAllowed, InvalidRequest, NotOpen, PeriodTaken, CapacityReached.
    """
    locked = lock(session, [claim.resource_id])
    place = _place(actor, locked, claim.resource_id)
    if beneficiary.person_id is not None:
        person_for(session, actor, beneficiary.person_id)
        keep_person(session, beneficiary.person_id)
    expires_at = now + timedelta(minutes=place.terms.hold_minutes)
    booking = Booking(
        id=uuid4(),
        kind_id=place.terms.kind_id,
        resource_id=place.id,
        territory_id=actor.home_territory_id,
        person_id=beneficiary.person_id,
        case_ref=beneficiary.case_ref.strip(),
        requested_by=actor.account_id,
        state=State.HELD,
        expires_at=expires_at,
        created_at=now,
        **_dates(session, place, claim, now),
    )
    taken = take(session, locked, [claim], Holder(id=booking.id, now=now, expires_at=expires_at))
    booking.unit_id = taken[0].unit_id
    _add(session, booking)
    _write_down(session, actor, booking, None, now, facts=_facts_of(taken))
    return booking


def confirm(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, beneficiary: Beneficiary = NOBODY_YET
) -> Booking:
    """Book what is held, or ask its host for it when the kind wants that.

    Raises: NotFound, NotAllowed, InvalidRequest when it is for nobody, HoldExpired, AlreadyDecided.
    """
    booking, terms = _locked(session, actor, booking_id)
    if booking.state in (State.BOOKED, State.REQUESTED):
        return booking  # confirmed already: the same answer
    _refuse_lapsed(booking)
    _expect(booking, {State.HELD})
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
    return _move(session, actor, booking, after, now, expires_at=until, **named)


def accept(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Accept, as its host, what was asked. Raises: NotFound, NotAllowed, HoldExpired, AlreadyDecided."""
    booking, terms = _locked_by_host(session, actor, booking_id)
    if booking.state == State.BOOKED:
        return booking
    _refuse_lapsed(booking)
    _expect(booking, {State.REQUESTED})
    _keep(session, booking, terms, now, until=None)
    return _move(session, actor, booking, State.BOOKED, now)


def refuse(session: Session, actor: Actor, booking_id: UUID, *, reason: str, now: datetime) -> Booking:
    """Refuse, as its host, what was asked, with one of REFUSAL_REASONS.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyDecided.
    """
    if reason not in REFUSAL_REASONS:
        raise InvalidRequest("reason", "unknown-choice")
    booking, terms = _locked_by_host(session, actor, booking_id)
    if booking.state == State.REFUSED:
        return booking
    _expect(booking, {State.REQUESTED})
    return _free(session, actor, booking, terms, after=State.REFUSED, now=now, facts={"reason": reason})


def cancel(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Give a place back, whatever was its state before. Raises: NotFound, NotAllowed, AlreadyDecided."""
    booking, terms = _locked(session, actor, booking_id)
    if booking.state == State.CANCELLED:
        return booking
    _expect(booking, {State.HELD, State.REQUESTED, State.BOOKED})
    return _free(session, actor, booking, terms, after=State.CANCELLED, now=now)


def undo_cancel(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back a place just given back: the same bed, the same days, if they are still free.

    Raises: NotFound, NotAllowed, AlreadyDecided when it was not just cancelled, PeriodTaken, CapacityReached, NotOpen.
    """
    booking, terms = _locked(session, actor, booking_id)
    if run(session, _JUST_UNDONE, {"id": str(booking.id)}).scalar():
        return booking
    before = _state_before_cancel(session, booking, now)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    expires_at = _end_after_undo(terms, before, now)
    occupy(session, [claim_of(booking, terms.shape)], Holder(id=booking.id, now=now, expires_at=expires_at))
    return _move(session, actor, booking, before, now, expires_at=expires_at, facts={"undo": True})


def expired(session: Session, *, now: datetime, limit: int = 200) -> list[UUID]:
    """Return the bookings whose hold or request came to its end, oldest first."""
    due = select(col(Booking.id)).where(col(Booking.expires_at) <= now).order_by(col(Booking.expires_at)).limit(limit)
    return list(session.execute(due).scalars())


def lapse(session: Session, booking_id: UUID, *, now: datetime) -> bool:
    """Write down, as the clock, that a hold or a request ended; False when somebody was quicker.

    Its place was free from that instant on: this only says so. One booking a transaction, so that no two sweepers
    ever hold two resources.
    """
    booking, terms = _lock(session, booking_id)
    if booking.expires_at is None or booking.expires_at > now:
        return False
    _free(session, None, booking, terms, after=State.LAPSED, now=now)
    return True


def claim_of(booking: Booking, shape: Shape) -> Claim:
    """Return the claim that takes exactly what the booking had."""
    match shape:
        case Shape.NIGHTS if booking.first_on and booking.until_on:
            return NightsClaim(
                resource_id=booking.resource_id,
                first=booking.first_on,
                until=booking.until_on,
                unit_id=booking.unit_id,
            )
        case Shape.PLACES if booking.first_on:
            return PlaceClaim(resource_id=booking.resource_id, first=booking.first_on, until=booking.until_on)
        case Shape.SLOTS if booking.starts_at:
            return SlotClaim(resource_id=booking.resource_id, start=booking.starts_at)
        case Shape.SESSIONS if booking.minutes:
            return CaseClaim(resource_id=booking.resource_id, minutes=booking.minutes, family=booking.family)
    raise ValueError(f"booking {booking.id} has no dates for shape {shape}")


def _place(actor: Actor, locked: Mapping[int, Locked], resource_id: int) -> Locked:
    """Return the place, if the actor may reserve it there or its kind may be taken across territories."""
    place = locked.get(resource_id)
    if place is None:
        raise NotFound(resource_id=resource_id)
    rights = place.terms.rights_of(actor)
    if not reach(rights, place.territory_id, place.organisation_id, beyond=place.terms.crosses_territories):
        raise NotFound(resource_id=resource_id)
    return place


def _add(session: Session, booking: Booking) -> None:
    """Insert a booking, and have the session know it: half the time of the unit of work."""
    run(session, _INSERT, booking.model_dump())
    make_transient_to_detached(booking)
    session.add(booking)


def _change(session: Session, booking: Booking, values: dict[str, Any]) -> None:
    """Update a booking and the object that stands for it, beside the unit of work too."""
    run(session, _UPDATE, {"booking_id": booking.id, **values})
    for name, value in values.items():
        set_committed_value(booking, name, value)


def _dates(session: Session, place: Locked, claim: Claim, now: datetime) -> dict[str, Any]:
    """Return the columns that say when, once the kind's limits allow it."""
    match claim:
        case NightsClaim() | PlaceClaim():
            place.terms.limits.check(claim.first, claim.until, today=local_day(now, place.zone))
            return {"first_on": claim.first, "until_on": claim.until}
        case SlotClaim():
            _check_day_of(place, claim.start, now)
            return {"starts_at": claim.start, "ends_at": claim.start + timedelta(minutes=place.terms.slot_duration_min)}
        case CaseClaim():
            hearing = session.get(HearingSession, place.id)
            if hearing is None:
                raise InvalidRequest("resource_id", "other-shape", resource_id=place.id)
            _check_day_of(place, hearing.starts_at, now)
            return {
                "starts_at": hearing.starts_at,
                "ends_at": hearing.ends_at,
                "minutes": claim.minutes,
                "family": claim.family,
            }


def _check_day_of(place: Locked, start: datetime, now: datetime) -> None:
    """Accept an instant by the civil day that it is there. Raises: InvalidRequest."""
    day = local_day(start, place.zone)
    place.terms.limits.check(day, day + timedelta(days=1), today=local_day(now, place.zone))


def _locked(session: Session, actor: Actor, booking_id: UUID) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it was made in the actor's territories, and the terms of its kind."""
    booking, terms = _lock(session, booking_id)
    if booking.territory_id not in actor.territories(REQUESTERS, kind_id=booking.kind_id):
        raise NotFound(booking_id=booking_id)
    if not any(right.covers(territory_id=booking.territory_id) for right in terms.rights_of(actor)):
        raise NotAllowed(kind=terms.code)
    return booking, terms


def _locked_by_host(session: Session, actor: Actor, booking_id: UUID) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it is on a place that the actor runs, and the terms of its kind."""
    booking, terms = _lock(session, booking_id)
    site = run(session, _SITE_OF, {"id": booking.resource_id}).one()
    runs_it = any(
        right.role is Role.PARTNER
        and right.organisation_id == site.organisation_id
        and right.covers(territory_id=site.territory_id, kind_id=booking.kind_id)
        for right in actor.rights
    )
    if not runs_it:
        raise NotFound(booking_id=booking_id)
    return booking, terms


def _lock(session: Session, booking_id: UUID) -> tuple[Booking, Terms]:
    row = session.execute(_BOOKING, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise NotFound(booking_id=booking_id)
    return row.Booking, Terms.read(row)


def _expect(booking: Booking, states: Iterable[State]) -> None:
    if State(booking.state) not in set(states):
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))


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


def _free(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    terms: Terms,
    *,
    after: State,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> Booking:
    release(session, terms.shape, [booking.resource_id], booking.id)
    return _move(session, actor, booking, after, now, facts=facts)


def _move(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    after: State,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
    **named: Any,
) -> Booking:
    """Put a booking in another state, with its new end and for whom it is when that changes too."""
    before = State(booking.state)
    _change(session, booking, {"state": after, "expires_at": expires_at, **named})
    _write_down(session, actor, booking, before, now, facts=facts or {})
    return booking


def _write_down(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    before: State | None,
    now: datetime,
    *,
    facts: dict[str, Any],
) -> None:
    after = State(booking.state)
    record(
        session,
        actor,
        Act(
            act=f"booking-{after}",
            subject="booking",
            subject_id=booking.id,
            person_id=booking.person_id,
            at=now,
            facts={"before": before, **facts},
        ),
    )
    announce(session, BookingMoved(booking_id=booking.id, before=before, after=after, at=now))


def _facts_of(taken: list[Taken]) -> dict[str, Any]:
    first = taken[0]
    return {"shape": SHAPE_OF[type(first.claim)], "unit_id": first.unit_id, "seat": first.seat}


def _state_before_cancel(session: Session, booking: Booking, now: datetime) -> State:
    """Return the state that the last act, a cancellation of the last minutes, left."""
    _expect(booking, {State.CANCELLED})
    since = now - timedelta(minutes=UNDO_MINUTES)
    before = run(session, _BEFORE_CANCEL, {"id": str(booking.id), "since": since}).scalar()
    if before is None:
        raise AlreadyDecided(booking_id=booking.id, state=State.CANCELLED)
    return State(before)


def _end_after_undo(terms: Terms, before: State, now: datetime) -> datetime | None:
    match before:
        case State.HELD:
            return now + timedelta(minutes=terms.hold_minutes)
        case State.REQUESTED:
            return now + timedelta(days=terms.request_days)
    return None


_K = aliased(Kind, name="k")
_BOOKING = (
    select(Booking, *TERM_COLUMNS)
    .join(_K, col(_K.id) == col(Booking.kind_id))
    .where(col(Booking.id) == bindparam("booking_id"))
    .with_for_update(of=Booking)
    .execution_options(populate_existing=True, prepare=True)
)
_BOOKINGS = Booking.__table__  # type: ignore[attr-defined]
_INSERT = insert(_BOOKINGS).execution_options(prepare=True)
_UPDATE = update(_BOOKINGS).where(_BOOKINGS.c.id == bindparam("booking_id")).execution_options(prepare=True)
_SITE_OF = by_key(
    "SELECT s.organisation_id, s.territory_id FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id"
)
_JUST_UNDONE = by_key("""
    SELECT facts ? 'undo' FROM history WHERE subject = 'booking' AND subject_id = :id ORDER BY id DESC LIMIT 1""")
_BEFORE_CANCEL = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-cancelled' AND at >= :since
    ORDER BY id DESC LIMIT 1""")
