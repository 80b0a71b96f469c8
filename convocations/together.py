"""Several people at one appointment: summoned, moved or called off as one, which is undone as one; each has a link.

What makes them come together is the same hour at the same resource, which has room for several: nothing else is kept.
The seats are counted by the constraint that counts them all; nobody learns of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.claims import SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, PeriodTaken, Refusal
from availability.openings import local_day
from availability.queries import slots_by_day
from availability.rights import Actor
from availability.statements import run
from booking.idempotency import Answered, answer_once, digest_of
from booking.moving import JUST_MOVED_FROM, move
from booking.reasons import UNSAID, Reason
from convocations.actions import convene, restore, withdraw
from convocations.convening import LOOK, Receiver
from convocations.in_bulk import MOST, Order, Summoned, refuse_summoned
from convocations.planning import UNDO_MANY
from convocations.queries import ListedConvocation, convocations_at
from convocations.seen import LOCK

# The order of every act: bookings, then (within each act) people, then resources.
LOCK_ALL = text("SELECT id FROM booking WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
CONFIRMED_AGAIN = text("UPDATE convocation SET confirmed_at = :at WHERE id = :id AND standing = 'set'")
BOOKED_BY = text("SELECT booking_id FROM convocation WHERE id = ANY(:ids) AND booking_id IS NOT NULL")
THERE = text("SELECT DISTINCT resource_id FROM booking WHERE id = ANY(:ids) ORDER BY 1")
NO_ROOM = (PeriodTaken, CapacityReached)


class NotAllFit(Refusal):
    """All were to come together or nobody, and `left_out` of them cannot: `done` says which and why."""


@dataclass(frozen=True)
class Moved:
    """An appointment as a move left it, and when its person had confirmed the hour before."""

    booking_id: UUID
    revision: int
    convocation_id: UUID | None
    confirmed_at: datetime | None
    was: SlotClaim | None = None  # where it was, as the move found it; None when it was there already


@dataclass(frozen=True)
class Room:
    """A start with room for several."""

    resource_id: int
    at: datetime
    day: date
    seats: int


def starts_with_room(session: Session, among: Sequence[Receiver], *, now: datetime, most: int = 60) -> list[Room]:
    """Return the next starts with two free seats or more, soonest first."""
    zones = {one.id: one.zone.key for one in among}
    found: list[Room] = []
    for reach in LOOK:
        if zones and not found:
            today = min(local_day(now, one.zone) for one in among)
            listed = slots_by_day(session, zones, first=today, until=today + reach, now=now)
            found = [
                Room(id_, slot.period.start, day, len(slot.seats))
                for id_, slots in listed.items()
                for day, slot in slots
                if len(slot.seats) > 1
            ]
    return sorted(found, key=lambda one: (one.at, one.resource_id))[:most]


def convene_together(
    session: Session,
    actor: Actor,
    order: Order,
    person_ids: Sequence[UUID],
    claim: SlotClaim,
    *,
    key: str,
    are_all_needed: bool,
    now: datetime,
) -> list[Summoned]:
    """Summon people to one appointment in this transaction, once under a key; in the order of the list.

    When not all are needed, whoever cannot is left out. Raises: NotAllFit when they are, InvalidRequest, KeyReused.
    """
    asked = list(dict.fromkeys(person_ids))
    if not 1 <= len(asked) <= MOST:
        raise InvalidRequest("person_id", "out-of-range", least=1, most=MOST)
    made: list[Summoned] = []

    def work(session: Session) -> Answered:
        made.extend(_each(session, actor, order, asked, claim, now=now))
        left_out = sum(one.refusal is not None for one in made)
        if left_out == len(made) or (are_all_needed and left_out):
            raise NotAllFit(left_out=left_out, done=made)
        session.flush()
        return Answered(201, {str(one.person_id): str(one.convocation_id or "") for one in made})

    said = {"people": [str(one) for one in asked], "at": claim.start.isoformat(), "where": claim.resource_id}
    digest = digest_of("together", said | {"all": are_all_needed})
    done = answer_once(session, actor, f"together {key}", digest, act=work, now=now)
    if not done.is_replay:
        return made
    ids = {UUID(person): UUID(id_) for person, id_ in done.body.items() if id_}
    return [Summoned(person_id=one, convocation_id=ids.get(one), is_replay=True) for one in asked]


def move_together(
    session: Session, actor: Actor, resource_id: int, start: datetime, claim: SlotClaim, *, now: datetime
) -> list[Moved]:
    """Move everybody of an appointment to another, all or nobody; return their bookings as they are there.

    Raises: NotFound when nobody comes, and what a move raises.
    """
    coming = _locked(session, actor, resource_id, start, claim.resource_id, now=now)
    return [move_one(session, actor, one, claim, now=now) for one in coming]


def move_one(session: Session, actor: Actor, line: ListedConvocation, claim: SlotClaim, *, now: datetime) -> Moved:
    """Move the appointment of one, as `move`, which raises; return what `move_back` needs."""
    if line.booking_id is None:
        raise NotFound(convocation_id=line.id)
    booking = move(session, actor, line.booking_id, claim, now=now)
    came_from = run(session, JUST_MOVED_FROM, {"id": str(booking.id), "since": now}).scalar()
    was = None
    if came_from is not None:
        was = SlotClaim(resource_id=came_from["resource_id"], start=datetime.fromisoformat(came_from["starts_at"]))
    return Moved(booking.id, booking.revision, line.id, line.confirmed_at, was)


def move_back(session: Session, actor: Actor, moved: Moved, claim: SlotClaim, *, now: datetime) -> None:
    """Move one back where they were, at the hour that they may have confirmed. Raises: as `move`, ChangedMeanwhile."""
    move(session, actor, moved.booking_id, claim, now=now, revision=moved.revision)
    if moved.convocation_id is not None and moved.confirmed_at is not None:
        session.execute(CONFIRMED_AGAIN, {"id": moved.convocation_id, "at": moved.confirmed_at})


def move_back_together(
    session: Session, actor: Actor, moved: Sequence[Moved], claim: SlotClaim, *, now: datetime
) -> list[Refusal]:
    """Move those back whom `move_together` moved; return why some stay: whoever changed since is left as they are."""
    _lock_bookings(session, [one.booking_id for one in moved], claim.resource_id)
    return _refusals(session, [partial(move_back, session, actor, one, claim, now=now) for one in moved])


def withdraw_together(
    session: Session, actor: Actor, resource_id: int, start: datetime, *, now: datetime, reason: Reason = UNSAID
) -> list[UUID]:
    """Take back the convocations of everybody at an appointment, all or none, and return which.

    Raises: NotFound, as withdrawing.
    """
    coming = _locked(session, actor, resource_id, start, resource_id, now=now)
    gone = [withdraw(session, actor, one.id, now=now, reason=reason) for one in coming if one.id is not None]
    return [one.id for one in gone]


def restore_together(
    session: Session, actor: Actor, convocation_ids: Sequence[UUID], *, now: datetime
) -> list[Refusal]:
    """Restore those whom `withdraw_together` called off; return why some are not: their place may be gone."""
    booked = session.execute(BOOKED_BY, {"ids": list(convocation_ids)}).scalars()
    _lock_bookings(session, list(booked))
    return _refusals(session, [partial(restore, session, actor, one, now=now) for one in convocation_ids])


def _each(
    session: Session, actor: Actor, order: Order, person_ids: Sequence[UUID], claim: SlotClaim, *, now: datetime
) -> list[Summoned]:
    # Sorted, and before the place: whoever summons one of them alone waits here, not under it.
    there = {one for one in sorted(person_ids) if session.execute(LOCK, {"id": one}).first()}
    lock(session, [claim.resource_id])
    made = []
    for one in person_ids:
        try:
            if one not in there:
                raise NotFound(person_id=one)
            refuse_summoned(session, actor, order, one, now=now)
            with session.begin_nested():
                convened = convene(
                    session, actor, one, claim, now=now, reminder_hours=order.reminder_hours, undo=UNDO_MANY
                )
            made.append(Summoned(person_id=one, convocation_id=convened.id))
        except Refusal as refusal:
            made.append(Summoned(person_id=one, refusal=refusal))
    return made


def _lock_bookings(session: Session, booking_ids: Sequence[UUID], *resource_ids: int) -> None:
    """Lock bookings, then where they are and what else is wanted, before the first of many acts."""
    session.execute(LOCK_ALL, {"ids": list(booking_ids)})
    lock(session, sorted({*session.execute(THERE, {"ids": list(booking_ids)}).scalars(), *resource_ids}))


def _refusals(session: Session, acts: Sequence[Callable[[], object]]) -> list[Refusal]:
    """Do what can be done of several acts, and return why the others were not."""
    refused = []
    for act in acts:
        try:
            with session.begin_nested():
                act()
        except Refusal as refusal:
            refused.append(refusal)
    return refused


def _locked(
    session: Session, actor: Actor, resource_id: int, start: datetime, other_id: int, *, now: datetime
) -> list[ListedConvocation]:
    """Return who still comes, their bookings and both places locked. Raises: NotFound when nobody does."""
    coming = convocations_at(session, actor, resource_id, start, now=now)
    session.execute(LOCK_ALL, {"ids": [one.booking_id for one in coming if one.booking_id]})
    lock(session, sorted({resource_id, other_id}))
    coming = [one for one in convocations_at(session, actor, resource_id, start, now=now) if one.state == "booked"]
    if not coming:
        raise NotFound(resource_id=resource_id)
    return coming
