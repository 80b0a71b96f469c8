"""Ask to be offered an earlier date than that of an appointment, and ask no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed
from availability.models import Shape
from availability.openings import local_day
from availability.rights import Actor
from booking.actions import cancel
from booking.errors import AlreadyDecided
from booking.models import Person, State
from booking.notice import zone_of
from booking.persons import age_on, keep_person
from booking.transitions import locked_for
from booking.waiting import add_entry
from booking.waiting_earlier import digest_of, earlier_for
from booking.waiting_entries import move_entry
from booking.waiting_models import LABEL_LENGTH, WaitingEntry, WaitingState

A_DAY = timedelta(days=1)
WHERE = text("""
    SELECT k.code, s.name AS site_name, r.name AS resource_name
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id WHERE r.id = :id""")


def ask_earlier(
    session: Session, actor: Actor, booking_id: UUID, resource_ids: Sequence[int], *, requested_by: UUID, now: datetime
) -> WaitingEntry:
    """Put on the list whoever has an appointment and would come earlier, to one of these resources; once.

    It is held in the name of `requested_by`. Raises: NotFound, NotAllowed when its host would have to accept,
    AlreadyDecided when it is not booked or has begun, InvalidRequest when it is not an appointment of somebody.
    """
    booking, terms = locked_for(session, actor, booking_id)
    if booking.state != State.BOOKED or (booking.starts_at is not None and booking.starts_at <= now):
        raise AlreadyDecided(booking_id=booking_id, state=State(booking.state))
    if terms.host_accepts:
        raise NotAllowed(act="ask", why="host-accepts")
    if terms.shape is not Shape.SLOTS or booking.starts_at is None:
        raise InvalidRequest("reservation", "no-hour")
    if booking.person_id is None:
        raise InvalidRequest("person_id", "required")
    keep_person(session, booking.person_id)
    zone, where = zone_of(session, booking.resource_id), session.execute(WHERE, {"id": booking.resource_id}).one()
    first_on = local_day(now, zone)
    values: dict[str, Any] = {
        "id": uuid4(),
        "kind_id": booking.kind_id,
        "territory_id": booking.territory_id,
        "organisation_id": booking.organisation_id,
        "requested_by": requested_by,
        "person_id": booking.person_id,
        "case_ref": "",
        "booking_id": booking.id,
        "resource_ids": sorted(set(resource_ids)),
        "query": {"type": where.code} | _profile(session.get_one(Person, booking.person_id), first_on),
        "label": f"Une date plus tôt : {where.site_name}, {where.resource_name}"[:LABEL_LENGTH],
        "first_on": first_on,
        "until_on": local_day(booking.starts_at, zone) + A_DAY,
        "deadline_source": "",
        "state": WaitingState.WAITING,
        "created_at": now,
        "digest": digest_of(booking.id),
    }
    return add_entry(session, actor, values, now)


def ask_no_more(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> None:
    """Take whoever would come earlier off the list, and give back what is offered to them; nobody twice.

    Raises: NotFound, AlreadyDecided when something is offered to them at this very moment.
    """
    earlier = earlier_for(session, booking_id, now=now)
    if earlier is None:
        return
    if earlier.offer is not None:  # its booking first: see docs/locking.md
        cancel(session, actor, earlier.offer.hold_id, now=now)
    entry = session.get_one(WaitingEntry, earlier.entry_id, with_for_update=True, populate_existing=True)
    if entry.state == WaitingState.OFFERED:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    if entry.state == WaitingState.WAITING:
        move_entry(session, actor, entry, WaitingState.WITHDRAWN, now)


def _profile(person: Person, on: date) -> dict[str, str]:
    """Return what a search needs of somebody, as the list keeps it."""
    age = age_on(person.birth_on, on)
    return {"sexe": person.sex} | ({"age": str(age)} if 13 <= age <= 120 else {})
