"""What every act on a booking shares: lock it, check it, change it, write it down and tell it. Runs in the caller's
transaction, in the order of docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session

from availability.actions import Locked, Taken, lock, release
from availability.claims import SHAPE_OF, CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import HearingSession, Shape
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor, Role
from availability.search import reach
from availability.statements import ByKey, by_key, run
from availability.staying import runs_of
from availability.terms import TERMS, Terms
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import BookingMoved, announce
from booking.meanwhile import expect_revision
from booking.models import COLUMNS, EXPIRING, Booking, State, make_known, new_booking
from booking.reasons import FORGOTTEN


def place_of(actor: Actor, locked: Mapping[int, Locked], resource_id: int) -> Locked:
    """Return the place, if the actor may reserve it there or its kind may be taken across territories.

    Raises: NotFound, NotAllowed.
    """
    place = locked.get(resource_id)
    if place is None:
        raise NotFound(resource_id=resource_id)
    rights = place.terms.rights_of(actor)
    if not reach(rights, place.territory_id, place.organisation_id, beyond=place.terms.crosses_territories):
        raise NotFound(resource_id=resource_id)
    return place


def dates_of(session: Session, place: Locked, claim: Claim, now: datetime) -> dict[str, Any]:
    """Return the columns that say when, once the kind's limits allow it. Raises: InvalidRequest."""
    match claim:
        case NightsClaim() | PlaceClaim():
            place.terms.limits.check(claim.first, claim.until, today=local_day(now, place.zone))
            return {"first_on": claim.first, "until_on": claim.until}
        case SlotClaim():
            _check_day_of(place, claim.start, now)
            place.terms.limits.check_start(claim.start, now=now)
            return {"starts_at": claim.start, "ends_at": claim.start + timedelta(minutes=place.slot_duration_min)}
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


def locked_for(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    wanting: Iterable[int] = (),
    revision: int | None = None,
) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it was made in the actor's territories, and the terms of its kind.

    `wanting` is as for `lock_booking`; `revision` is the one that the actor has seen, None to act on whatever it is.
    Raises: NotFound, NotAllowed, ChangedMeanwhile.
    """
    booking, terms = lock_booking(session, booking_id, wanting=wanting)
    if booking.territory_id not in actor.territories(REQUESTERS, kind_id=booking.kind_id):
        raise NotFound(booking_id=booking_id)
    if not any(right.covers(territory_id=booking.territory_id) for right in terms.rights_of(actor)):
        raise NotAllowed(kind=terms.code)
    expect_revision(session, actor, booking, revision)
    return booking, terms


def locked_by_host(
    session: Session, actor: Actor, booking_id: UUID, *, revision: int | None = None
) -> tuple[Booking, Terms]:
    """Return the booking, locked, if it is on a place that the actor runs, and the terms of its kind.

    `revision` is as for `locked_for`. Raises: NotFound, ChangedMeanwhile.
    """
    booking, terms = lock_booking(session, booking_id)
    site = run(session, _SITE_OF, {"id": booking.resource_id}).one()
    runs_it = any(
        right.role is Role.PARTNER
        and right.organisation_id == site.organisation_id
        and right.covers(territory_id=site.territory_id, kind_id=booking.kind_id)
        for right in actor.rights
    )
    if not runs_it:
        raise NotFound(booking_id=booking_id)
    expect_revision(session, actor, booking, revision)
    return booking, terms


def lock_booking(session: Session, booking_id: UUID, *, wanting: Iterable[int] = ()) -> tuple[Booking, Terms]:
    """Return the booking, locked, whoever asks, and the terms of its kind.

    One of a double convocation is locked with the others, in the order of their ids, and then the resources of all,
    with those that the act is `wanting` besides: whoever acts on another of them waits here. Raises: NotFound.
    """
    session.flush()
    rows = run(session, _BOOKINGS_TOGETHER, {"booking_id": booking_id}).all()
    row = next((one for one in rows if one.id == booking_id), None)
    if row is None:
        raise NotFound(booking_id=booking_id)
    if len(rows) > 1:
        lock(session, [*(one.resource_id for one in rows), *wanting])
    return _known(session, row), Terms.read(row)


def expect(booking: Booking, states: Iterable[State]) -> None:
    """Accept a booking that is in one of these states. Raises: AlreadyDecided."""
    if State(booking.state) not in set(states):
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))


def change(session: Session, booking: Booking, values: dict[str, Any]) -> None:
    """Update a booking and the object that stands for it, beside the unit of work too. It is another revision."""
    values = values | {"revision": booking.revision + 1}
    run(session, _update(tuple(values)), {"booking_id": booking.id, **values})
    for name, value in values.items():
        set_committed_value(booking, name, value)


def free(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    terms: Terms,
    *,
    after: State,
    now: datetime,
    facts: dict[str, Any] | None = None,
    **why: Any,
) -> Booking:
    """Put a booking in a state that has no place, and free the one that it had; `why` are its columns.

    Its end is kept in the history, for whoever undoes.
    """
    if after is not State.LAPSED:
        facts = {**(facts or {}), **end_said(booking)}
    runs = _beds_of(session, booking) if terms.shape is Shape.NIGHTS else []
    if len(runs) > 1:
        facts = {**(facts or {}), "beds": [[bed, first.isoformat(), until.isoformat()] for bed, first, until in runs]}
    release(session, terms.shape, [booking.resource_id], booking.id)
    return move_to(session, actor, booking, after, now, facts=facts, **why)


def move_to(
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
    """Put a booking in another state, with its new end and for whom it is when that changes too.

    Why it was in the state before is no longer why it is in this one.
    """
    before = State(booking.state)
    if booking.reason:
        named = FORGOTTEN | named
    change(session, booking, {"state": after, "expires_at": expires_at, **named})
    write_down(session, actor, booking, before, now, facts=facts or {})
    return booking


def write_down(
    session: Session,
    actor: Actor | None,
    booking: Booking,
    before: State | None,
    now: datetime,
    *,
    facts: dict[str, Any],
) -> None:
    """Add the line of history of a transition, and tell the subscribers."""
    after = State(booking.state)
    record(session, actor, _line(booking, after, before, now, facts))
    is_undo = bool(facts.get("undo"))
    moved = BookingMoved(booking_id=booking.id, before=before, after=after, at=now, is_undo=is_undo, by=actor)
    announce(session, moved)


def write_both_down(session: Session, actor: Actor, booking: Booking, now: datetime, *, facts: dict[str, Any]) -> None:
    """Add the lines of a booking held and confirmed in one go, and tell the subscribers once."""
    after = State(booking.state)
    held = _line(booking, State.HELD, None, now, facts)
    record(session, actor, held, _line(booking, after, State.HELD, now, {}))
    announce(session, BookingMoved(booking_id=booking.id, before=None, after=after, at=now, by=actor))


def _line(booking: Booking, after: State, before: State | None, now: datetime, facts: dict[str, Any]) -> Act:
    return Act(
        act=f"booking-{after}",
        subject="booking",
        subject_id=booking.id,
        person_id=booking.person_id,
        at=now,
        facts={"before": before, **facts},
    )


def facts_of(taken: list[Taken]) -> dict[str, Any]:
    """Return what the history keeps of a place taken."""
    first = taken[0]
    return {"shape": SHAPE_OF[type(first.claim)], "unit_id": first.unit_id, "seat": first.seat}


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
            return CaseClaim(
                resource_id=booking.resource_id, minutes=booking.minutes, family=booking.family, is_back=True
            )
    raise ValueError(f"booking {booking.id} has no dates for shape {shape}")


def claims_of(session: Session, booking: Booking, shape: Shape) -> list[Claim]:
    """Return the claims that take what a booking had when it was freed: several beds, if it had changed bed.

    Nights already slept may have been in another section, which is locked with the one that the booking is in.
    """
    beds = run(session, _FREED_BEDS, {"id": str(booking.id)}).scalar() if shape is Shape.NIGHTS else None
    if not beds:
        return [claim_of(booking, shape)]
    sections = {row.id: row.resource_id for row in run(session, _SECTIONS, {"ids": [bed for bed, _, _ in beds]})}
    return [
        NightsClaim(
            resource_id=sections[bed],
            first=date.fromisoformat(first),
            until=date.fromisoformat(until),
            unit_id=bed,
        )
        for bed, first, until in beds
    ]


def end_said(booking: Booking) -> dict[str, Any]:
    """Return what the history keeps of the end of a hold or a request that is about to have none."""
    return {"expires_at": booking.expires_at.isoformat()} if booking.expires_at is not None else {}


def end_again(session: Session, booking: Booking, state: State, now: datetime) -> datetime | None:
    """Return the end of a hold or a request that is taken back: the one that it had, for nobody lives longer by dying.

    Raises: HoldExpired when it has passed.
    """
    if state not in EXPIRING:
        return None
    said = run(session, _END_SAID, {"id": str(booking.id)}).scalar()
    end = datetime.fromisoformat(said) if said else None
    if end is None or end <= now:
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)
    return end


def _beds_of(session: Session, booking: Booking) -> list[tuple[int, date, date]]:
    rows = run(session, _BEDS_OF, {"id": booking.id})
    return runs_of({row.night: row.unit_id for row in rows})


def _known(session: Session, row: Any) -> Booking:
    """Return the object that stands for a row in the session, as the row says it."""
    values = {name: getattr(row, name) for name in COLUMNS}
    known = session.identity_map.get(identity_key(Booking, row.id))
    if not isinstance(known, Booking):
        booking = new_booking(**values)
        make_known(session, booking)
        return booking
    for name, value in values.items():
        set_committed_value(known, name, value)
    return known


# What belongs together never changes once written: it can be read before the lock.
_TOGETHER = """
    ARRAY(SELECT CAST(:booking_id AS uuid) UNION
          SELECT unnest(ARRAY[d.designation_id, d.meeting_id, d.hearing_id]) FROM double_convocation d
          WHERE d.meeting_id = :booking_id OR d.hearing_id = :booking_id OR d.designation_id = :booking_id)"""
_BOOKINGS_TOGETHER = by_key(f"""
    SELECT {", ".join(f"b.{name}" for name in COLUMNS)}, {TERMS} FROM booking b JOIN kind k ON k.id = b.kind_id
    WHERE b.id = ANY({_TOGETHER}) ORDER BY b.id FOR UPDATE OF b""")  # noqa: S608 - names of columns


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> ByKey:
    """Return the statement that writes these columns of a booking, whose names are ours."""
    written = ", ".join(f"{name} = :{name}" for name in columns)
    return by_key(f"UPDATE booking SET {written} WHERE id = :booking_id")  # noqa: S608


_BEDS_OF = by_key("SELECT night, unit_id FROM bed_night WHERE holder_id = :id")
_SECTIONS = by_key("SELECT id, resource_id FROM unit WHERE id = ANY(CAST(:ids AS bigint[]))")
# A file linked or removed since changes nothing of a booking: its lines are passed over, here and elsewhere.
_FREED_BEDS = by_key("""
    SELECT facts -> 'beds' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")
_END_SAID = by_key("""
    SELECT facts ->> 'expires_at' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")
_SITE_OF = by_key(
    "SELECT s.organisation_id, s.territory_id FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id"
)
