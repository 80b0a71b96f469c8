"""Asking by the link to be called, and what the service does of it: one open request a convocation, done, undone.

A list shows initials; the name and the number are opened on demand, and that is a consultation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotFound
from availability.history import consulted
from availability.rights import Actor
from availability.sealing import House, Unreadable, seal, unseal
from booking.ledger import INITIALS, SCOPE, scope_values
from booking.models import Person
from booking.person_phones import phone_for_messages
from booking.persons import person_for, region_at
from booking.phones import read_phone, region_of, regions_for
from booking.sealing import key_of
from convocations.actions import convocation_for, locked_convocation, write_down
from convocations.bearing import Bearer, count_act, note_act
from convocations.errors import CallbackOver, ConvocationOver
from convocations.kinds import Standing
from convocations.link_models import IS_OPEN, ONE_OPEN_CALLBACK, CallbackRequest, DayPart
from convocations.models import Convocation
from convocations.to_call import Callee

MOST = 200
DIGITS_SHOWN = 4
PLACE = text("""
    SELECT s.postcode FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id""")


@dataclass(frozen=True, kw_only=True)
class ToCallBack:
    """Somebody who asked to be called. Instants are to be shown in `time_zone`, that of the place."""

    id: UUID
    convocation_id: UUID
    part: DayPart
    asked_at: datetime
    done_at: datetime | None
    starts_at: datetime | None
    time_zone: str
    initials: str
    appointment: str
    site_name: str
    service: str


def ask_callback(
    session: Session, bearer: Bearer, *, part: DayPart, typed: str, house: House, fiction: bool, now: datetime
) -> CallbackRequest:
    """Ask to be called, at the number that receives messages unless another is typed; asked twice is asked once.

    Raises: InvalidRequest when it is no number or when none is known, AmbiguousNumber, ConvocationOver, TooManyActs.
    """
    sealed = _sealed_number(session, bearer, typed.strip(), house, fiction=fiction)
    convocation = _standing(session, bearer)
    if (asked := open_callback(session, convocation.id)) is not None:
        return asked
    count_act(convocation)
    request = CallbackRequest(convocation_id=convocation.id, part=part, number_sealed=sealed, asked_at=now)
    session.add(request)
    session.flush()
    note_act(session, bearer, convocation, "callback-asked", now, part=part.value)
    return request


def withdraw_callback(session: Session, bearer: Bearer, *, now: datetime) -> None:
    """Take the open request back; nothing when there is none: it was done meanwhile. Raises: ConvocationOver."""
    convocation = _standing(session, bearer)
    request = open_callback(session, convocation.id)
    if request is not None:
        count_act(convocation)
        request.withdrawn_at = now
        note_act(session, bearer, convocation, "callback-withdrawn", now)


def open_callback(session: Session, convocation_id: UUID) -> CallbackRequest | None:
    """Return the request of a convocation that waits."""
    waits = select(CallbackRequest).where(
        CallbackRequest.convocation_id == convocation_id,
        col(CallbackRequest.done_at).is_(None),
        col(CallbackRequest.withdrawn_at).is_(None),
    )
    return session.exec(waits, execution_options={"populate_existing": True}).one_or_none()


def own_number(session: Session, person_id: UUID, house: House) -> str:
    """Return the number that receives the messages of somebody, empty when none is known."""
    return _opened(session, person_id, house, None)


def masked(number: str) -> str:
    """Return the end of a number, for whoever knows the rest: "…12 34"."""
    end = number[-DIGITS_SHOWN:]
    return f"…{end[:2]}\N{NO-BREAK SPACE}{end[2:]}" if number else ""


def to_call_back(session: Session, actor: Actor) -> list[ToCallBack]:
    """Return who waits to be called in one's territories, by service, the first who asked first."""
    return [_line(row) for row in session.execute(_LISTED, scope_values(actor) | {"limit": MOST})]


def count_callbacks(session: Session, actor: Actor) -> int:
    """Return how many wait to be called."""
    return int(session.execute(_COUNTED, scope_values(actor)).scalar_one())


def last_callback(session: Session, actor: Actor, convocation_id: UUID) -> ToCallBack | None:
    """Return the request of a convocation that waits, else the last that was answered."""
    row = session.execute(_LAST, scope_values(actor) | {"id": convocation_id}).one_or_none()
    return _line(row) if row else None


def whom_to_call_back(session: Session, actor: Actor, request_id: UUID, *, house: House, now: datetime) -> Callee:
    """Return the name and the number that somebody asked to be called at, and log it. Raises: NotFound."""
    request, convocation = _request_for(session, actor, request_id)
    person = person_for(session, actor, convocation.person_id)
    consulted(session, actor, subject="person", subject_id=person.id, reason="callback", at=now)
    return Callee(
        f"{person.given_name} {person.family_name}", _opened(session, person.id, house, request.number_sealed)
    )


def note_called_back(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> CallbackRequest:
    """Write down that somebody was called; twice is once. Raises: NotFound, CallbackOver when they took it back."""
    request, convocation = _request_for(session, actor, request_id, is_locked=True)
    if request.done_at is not None:
        return request
    if request.withdrawn_at is not None:
        raise CallbackOver(request_id=request_id)
    request.done_at, request.done_by = now, actor.account_id
    write_down(session, actor, convocation, "callback-done", now)
    return request


def undo_called_back(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> CallbackRequest:
    """Have somebody wait to be called again. Raises: NotFound, CallbackOver when they do not, or asked again since."""
    request, convocation = _request_for(session, actor, request_id, is_locked=True)
    over = CallbackOver(request_id=request_id)
    if request.done_at is None:
        raise over
    try:
        with session.begin_nested():
            request.done_at, request.done_by = None, None
    except IntegrityError as error:
        if ONE_OPEN_CALLBACK not in str(error.orig):
            raise
        raise over from error
    write_down(session, actor, convocation, "callback-undone", now)
    return request


def _standing(session: Session, bearer: Bearer) -> Convocation:
    convocation = locked_convocation(session, bearer.convocation_id)
    if convocation.standing == Standing.WITHDRAWN:
        raise ConvocationOver(convocation_id=convocation.id)
    return convocation


def _sealed_number(session: Session, bearer: Bearer, typed: str, house: House, *, fiction: bool) -> bytes | None:
    """Return the number typed, sealed with the person's key; None when none was."""
    if not typed:
        if phone_for_messages(session, bearer.person_id) is None:
            raise InvalidRequest("phone", "required")
        return None
    own = key_of(session, house, bearer.person_id)
    person = session.get(Person, bearer.person_id)
    if own is None or person is None:
        raise ConvocationOver(convocation_id=bearer.convocation_id)
    address = unseal(own, person.address_sealed) if person.address_sealed else ""
    postcode = session.execute(PLACE, {"id": bearer.resource_ids[0]}).scalar() or ""
    near = [one for one in (region_at(address), region_of(postcode)) if one]
    return seal(own, read_phone(typed, regions_for(*near), fiction=fiction))


def _opened(session: Session, person_id: UUID, house: House, sealed: bytes | None) -> str:
    own = key_of(session, house, person_id)
    if sealed is None:
        known = phone_for_messages(session, person_id)
        sealed = known.number_sealed if known else None
    try:
        return unseal(own, sealed) if own and sealed else ""
    except Unreadable:
        return ""


def _request_for(
    session: Session, actor: Actor, request_id: UUID, *, is_locked: bool = False
) -> tuple[CallbackRequest, Convocation]:
    """Return a request within the actor's reach; the convocation is locked first, as whoever holds the link does."""
    found = session.get(CallbackRequest, request_id, populate_existing=True)
    if found is None:
        raise NotFound(request_id=request_id)
    try:
        convocation = convocation_for(session, actor, found.convocation_id)
    except NotFound:
        raise NotFound(request_id=request_id) from None
    if is_locked:
        convocation = locked_convocation(session, convocation.id)
        session.refresh(found)
    return found, convocation


def _line(row: Any) -> ToCallBack:
    return ToCallBack(**dict(row._mapping) | {"part": DayPart(row.part)})


_COLUMNS = f"""
    SELECT q.id, q.convocation_id, q.part, q.asked_at, q.done_at, b.starts_at, s.time_zone, {INITIALS} AS initials,
           k.label AS appointment, s.name AS site_name, t.name AS service"""
_MINE = """
    FROM callback_request q JOIN convocation c ON c.id = q.convocation_id
    JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)
    JOIN person p ON p.id = c.person_id"""
_AROUND = """
    JOIN kind k ON k.id = c.kind_id JOIN territory t ON t.id = c.territory_id
    LEFT JOIN booking b ON b.id = c.booking_id AND c.standing = 'set'
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id"""
_LISTED = text(f"""
    WITH {SCOPE} {_COLUMNS} {_MINE} {_AROUND} WHERE {IS_OPEN}
    ORDER BY t.name, q.asked_at, q.id LIMIT :limit""")
_COUNTED = text(f"WITH {SCOPE} SELECT count(*) {_MINE} WHERE {IS_OPEN}")
_LAST = text(f"""
    WITH {SCOPE} {_COLUMNS} {_MINE} {_AROUND} WHERE q.convocation_id = :id AND q.withdrawn_at IS NULL
    ORDER BY q.done_at IS NULL DESC, q.done_at DESC LIMIT 1""")
