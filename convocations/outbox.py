"""The outbox: what was sent, what waits, what did not leave and why; and what an agent does about it.

A body is opened on demand only, and that is a consultation. A list shows initials and the end of a phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from availability.errors import NotFound
from availability.history import Act, consulted, record
from availability.rights import Actor
from booking.ledger import INITIALS, SCOPE, scope_values
from booking.links import LinkName
from booking.sealing import House, Unreadable, key_of, unseal, unwrapped
from convocations.actions import convocation_for
from convocations.errors import MessageOver
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState
from convocations.models import ONE_MESSAGE_OF_A_KIND, Convocation, Message

PAGE = 40
DIGITS_SHOWN = 2
# What did not leave, and that a person is to deal with; a flagged one may have left.
TO_HANDLE = (MessageState.FAILED, MessageState.FLAGGED, MessageState.OUTDATED)
MAY_LEAVE_AGAIN = (MessageState.FAILED, MessageState.FLAGGED)


class Part(StrEnum):
    """A part of the outbox. The value is what the address of the page carries."""

    TO_HANDLE = "a-traiter"
    WAITING = "a-partir"
    SENT = "parties"
    STOPPED = "arretees"  # cancelled, withheld, or dealt with
    ALL = "toutes"


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is listed: a part, and one convocation when it is given."""

    part: Part = Part.ALL
    convocation_id: UUID | None = None


@dataclass(frozen=True)
class Cursor:
    """The last line already seen."""

    due_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class ListedMessage:
    """A message in the outbox. Instants are to be shown in `time_zone`, that of the place."""

    id: UUID
    convocation_id: UUID
    kind: MessageKind
    category: MessageClass
    state: MessageState
    failure: str  # a `Failure`, "provider-" and the code of the provider, or nothing
    due_at: datetime
    sent_at: datetime | None
    about_at: datetime | None
    handled_at: datetime | None
    time_zone: str
    initials: str  # empty: erased since
    phone_end: str  # the last digits; empty: no phone, or erased since
    segments: int | None
    attempts: int
    provider: str  # "screen", "twilio"; empty: not handed over yet
    link: LinkName
    appointment: str  # the kind of appointment, in French
    has_body: bool


@dataclass(frozen=True)
class ReadMessage:
    """The text of a message; empty when it was never written, or when the person is erased."""

    id: UUID
    convocation_id: UUID
    body: str
    segments: int | None


def messages(
    session: Session, actor: Actor, query: Query, *, house: House, after: Cursor | None = None, limit: int = PAGE
) -> list[ListedMessage]:
    """Return the messages of the convocations within the actor's reach, the latest to leave first."""
    values = scope_values(actor) | {
        "convocation_id": query.convocation_id,
        "after_at": after.due_at if after else None,
        "after_id": after.id if after else None,
        "limit": limit,
    }
    return [_line(row, house) for row in session.execute(_LISTED[query.part], values)]


def count_to_handle(session: Session, actor: Actor) -> int:
    """Return how many messages wait for somebody to deal with them."""
    return int(session.execute(_TO_HANDLE, scope_values(actor)).scalar_one())


def read_message(session: Session, actor: Actor, message_id: UUID, *, house: House, now: datetime) -> ReadMessage:
    """Return the text of a message as it left, and log that it was looked at. Raises: NotFound."""
    message, convocation = _message_for(session, actor, message_id)
    consulted(session, actor, subject="message", subject_id=message_id, reason="outbox", at=now)
    person_key = key_of(session, house, convocation.person_id)
    body = unseal(person_key, message.body_sealed) if person_key and message.body_sealed else ""
    return ReadMessage(message.id, convocation.id, body, message.segments)


def retry_message(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Have a message leave that failed, or of which nobody knows whether it left: a person takes that upon them.

    Everything is checked again as it leaves. Raises: NotFound, MessageOver when it is neither, of no use any more, or
    when another one waits that says the same.
    """
    message, convocation = _message_for(session, actor, message_id, is_locked=True)
    over = MessageOver(message_id=message_id, state=MessageState(message.state))
    if message.state not in MAY_LEAVE_AGAIN or message.useful_until <= now:
        raise over
    try:
        with session.begin_nested():
            message.state, message.failure, message.handled_at = MessageState.PLANNED, "", None
            message.due_at = now
    except IntegrityError as error:
        if ONE_MESSAGE_OF_A_KIND not in str(error.orig):
            raise
        raise over from error
    record(session, actor, _act("message-retried", message, convocation, now))
    return message


def cancel_message(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Keep a planned message from leaving. Raises: NotFound, MessageOver when it has left, or may have."""
    message, convocation = _message_for(session, actor, message_id, is_locked=True)
    if message.state != MessageState.PLANNED:
        raise MessageOver(message_id=message_id, state=MessageState(message.state))
    message.state, message.failure = MessageState.CANCELLED, Failure.BY_AGENT
    record(session, actor, _act("message-cancelled", message, convocation, now))
    return message


def mark_handled(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Write down that somebody dealt with what did not leave, by a call or a letter; twice is once.

    Raises: NotFound, MessageOver when there is nothing to deal with.
    """
    message, convocation = _message_for(session, actor, message_id, is_locked=True)
    if message.state not in TO_HANDLE:
        raise MessageOver(message_id=message_id, state=MessageState(message.state))
    if message.handled_at is None:
        message.handled_at = now
        record(session, actor, _act("message-handled", message, convocation, now))
    return message


def _message_for(
    session: Session, actor: Actor, message_id: UUID, *, is_locked: bool = False
) -> tuple[Message, Convocation]:
    statement = select(Message).where(col(Message.id) == message_id)
    if is_locked:
        statement = statement.with_for_update(key_share=True)
    message = session.exec(statement, execution_options={"populate_existing": True}).one_or_none()
    if message is None:
        raise NotFound(message_id=message_id)
    try:
        return message, convocation_for(session, actor, message.convocation_id)
    except NotFound:
        raise NotFound(message_id=message_id) from None


def _act(act: str, message: Message, convocation: Convocation, now: datetime) -> Act:
    facts = {"kind": message.kind, "convocation_id": str(convocation.id)}
    person_id = convocation.person_id
    return Act(act=act, subject="message", subject_id=message.id, person_id=person_id, at=now, facts=facts)


def _line(row: Any, house: House) -> ListedMessage:
    values = dict(row._mapping)
    wrapped, sealed = values.pop("wrapped"), values.pop("phone_sealed")
    link = LinkName(values.pop("link_id"), values.pop("link_version"))
    values |= {
        "kind": MessageKind(row.kind),
        "category": MessageClass(row.category),
        "state": MessageState(row.state),
    }
    return ListedMessage(**values, phone_end=_phone_end(house, wrapped, sealed), link=link)


def _phone_end(house: House, wrapped: bytes | None, sealed: bytes | None) -> str:
    if wrapped is None or sealed is None:
        return ""
    try:
        return unseal(unwrapped(house, wrapped), sealed)[-DIGITS_SHOWN:]
    except Unreadable:
        return ""


_COLUMNS = f"""
    SELECT m.id, m.convocation_id, m.kind, m.category, m.state, m.failure, m.due_at, m.sent_at, m.about_at,
           m.handled_at, m.segments, m.attempts, m.provider, m.body_sealed IS NOT NULL AS has_body,
           c.link_id, c.link_version, k.label AS appointment, s.time_zone, {INITIALS} AS initials,
           p.phone_sealed, o.wrapped"""
_MINE = """
    FROM message m JOIN convocation c ON c.id = m.convocation_id
    JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)"""
_AROUND = """
    JOIN kind k ON k.id = c.kind_id
    LEFT JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = c.person_id LEFT JOIN person_key o ON o.person_id = c.person_id"""
_IS_TO_HANDLE = "m.state IN ('failed', 'flagged', 'outdated') AND m.handled_at IS NULL"
_PARTS = {
    Part.TO_HANDLE: _IS_TO_HANDLE,
    Part.WAITING: "m.state IN ('planned', 'sending')",
    Part.SENT: "m.state = 'sent'",
    Part.STOPPED: "(m.state IN ('cancelled', 'withheld') OR m.handled_at IS NOT NULL)",
    Part.ALL: "true",
}
_LISTED = {
    part: text(
        f"""WITH {SCOPE} {_COLUMNS} {_MINE} {_AROUND} WHERE {condition}
              AND (CAST(:convocation_id AS uuid) IS NULL OR m.convocation_id = CAST(:convocation_id AS uuid))
              AND (CAST(:after_at AS timestamptz) IS NULL OR (m.due_at, m.id) < (:after_at, CAST(:after_id AS uuid)))
            ORDER BY m.due_at DESC, m.id DESC LIMIT :limit"""
    )
    for part, condition in _PARTS.items()
}
_TO_HANDLE = text(f"WITH {SCOPE} SELECT count(*) {_MINE} WHERE {_IS_TO_HANDLE}")
