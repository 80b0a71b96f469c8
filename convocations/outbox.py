"""The outbox: what was sent, what waits, what did not leave and why; and what an agent does about it.

To people who are summoned, and to the hosts of whom something is asked. A body is opened on demand only, and that is a
consultation. A list shows initials, or the name of the place of a host, and the end of a phone.
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
from availability.models import Kind
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, Unreadable, unseal
from availability.search import may_reserve
from booking.host_phones import opened_number
from booking.ledger import INITIALS, MINE, SCOPE, scope_values
from booking.links import LinkName
from booking.models import Booking
from booking.person_phones import PHONE_FOR_MESSAGES
from booking.sealing import key_of, unwrapped
from convocations.actions import convocation_for
from convocations.errors import MessageOver
from convocations.host_sms import read_body
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState
from convocations.models import ONE_MESSAGE_OF_A_KIND, Message

PAGE = 40
DIGITS_SHOWN = 2
# What did not leave, and that a person is to deal with; a flagged one may have left.
TO_HANDLE = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.FLAGGED, MessageState.OUTDATED)
MAY_LEAVE_AGAIN = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.FLAGGED)


class Part(StrEnum):
    """A part of the outbox. The value is what the address of the page carries."""

    TO_HANDLE = "a-traiter"
    WAITING = "a-partir"
    SENT = "parties"
    STOPPED = "arretees"  # cancelled, withheld, or dealt with
    ALL = "toutes"


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is listed: a part, and one convocation, or one message, when it is given."""

    part: Part = Part.ALL
    convocation_id: UUID | None = None
    message_id: UUID | None = None


@dataclass(frozen=True)
class Cursor:
    """The last line already seen."""

    due_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class ListedMessage:
    """A message in the outbox. Instants are to be shown in `time_zone`, that of the place."""

    id: UUID
    convocation_id: UUID | None  # None: to the host of a request
    kind: MessageKind
    category: MessageClass
    state: MessageState
    failure: str  # a `Failure`, "provider-" and the code of the provider, or nothing
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
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
    booking_id: UUID | None = None  # that is asked of a host, or of the appointment
    host: str = ""  # the name of the place whose host is told; empty: it is to somebody summoned


@dataclass(frozen=True)
class ReadMessage:
    """The text of a message; empty when it was never written, or when the person is erased."""

    id: UUID
    convocation_id: UUID | None
    body: str
    segments: int | None


@dataclass(frozen=True)
class About:
    """What a message is about: a convocation, or something asked of a host; and the person, if there is one."""

    convocation_id: UUID | None
    booking_id: UUID | None
    person_id: UUID | None


def messages(
    session: Session, actor: Actor, query: Query, *, house: House, after: Cursor | None = None, limit: int = PAGE
) -> list[ListedMessage]:
    """Return the messages of the convocations and of the requests within the actor's reach, the latest first."""
    values = scope_values(actor) | {
        "convocation_id": query.convocation_id,
        "message_id": query.message_id,
        "after_at": after.due_at if after else None,
        "after_id": after.id if after else None,
        "limit": limit,
    }
    return [_line(row, house) for row in session.execute(_LISTED[query.part], values)]


def count_to_handle(session: Session, actor: Actor) -> int:
    """Return how many messages wait for somebody to deal with them."""
    return int(session.execute(_TO_HANDLE, scope_values(actor)).scalar_one())


def read_message(session: Session, actor: Actor, message_id: UUID, *, house: House, now: datetime) -> ReadMessage:
    """Return the text of a message as it left, and log that it was looked at. Raises: NotFound.

    Not the link of a host: whoever has it answers, and whoever asked must not answer themselves.
    """
    message, about = message_for(session, actor, message_id)
    consulted(session, actor, subject="message", subject_id=message_id, reason="outbox", at=now)
    if about.convocation_id is None:
        return ReadMessage(message.id, None, read_body(house, message.body_sealed), message.segments)
    person_key = key_of(session, house, about.person_id) if about.person_id else None
    body = unseal(person_key, message.body_sealed) if person_key and message.body_sealed else ""
    return ReadMessage(message.id, about.convocation_id, body, message.segments)


def retry_message(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Have a message leave that failed, or of which nobody knows whether it left: a person takes that upon them.

    Everything is checked again as it leaves. Raises: NotFound, MessageOver when it is neither, of no use any more, or
    when another one waits that says the same.
    """
    message, about = message_for(session, actor, message_id, is_locked=True)
    over = MessageOver(message_id=message_id, state=MessageState(message.state))
    if message.state not in MAY_LEAVE_AGAIN or message.useful_until <= now:
        raise over
    try:
        with session.begin_nested():
            message.state, message.failure, message.handled_at = MessageState.PLANNED, "", None
            message.due_at, message.sent_at, message.refused_by = now, None, []
    except IntegrityError as error:
        if ONE_MESSAGE_OF_A_KIND not in str(error.orig):
            raise
        raise over from error
    record(session, actor, message_act("message-retried", message, about, now))
    return message


def cancel_message(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Keep a planned message from leaving. Raises: NotFound, MessageOver when it has left, or may have."""
    message, about = message_for(session, actor, message_id, is_locked=True)
    if message.state != MessageState.PLANNED:
        raise MessageOver(message_id=message_id, state=MessageState(message.state))
    message.state, message.failure = MessageState.CANCELLED, Failure.BY_AGENT
    record(session, actor, message_act("message-cancelled", message, about, now))
    return message


def mark_handled(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Write down that somebody dealt with what did not leave, by a call or a letter; twice is once.

    Raises: NotFound, MessageOver when there is nothing to deal with.
    """
    message, about = message_for(session, actor, message_id, is_locked=True)
    if message.state not in TO_HANDLE:
        raise MessageOver(message_id=message_id, state=MessageState(message.state))
    if message.handled_at is None:
        message.handled_at = now
        record(session, actor, message_act("message-handled", message, about, now))
    return message


def message_for(session: Session, actor: Actor, message_id: UUID, *, is_locked: bool = False) -> tuple[Message, About]:
    """Return a message within the actor's reach, locked when asked, and what it is about. Raises: NotFound."""
    statement = select(Message).where(col(Message.id) == message_id)
    if is_locked:
        statement = statement.with_for_update(key_share=True)
    message = session.exec(statement, execution_options={"populate_existing": True}).one_or_none()
    if message is None:
        raise NotFound(message_id=message_id)
    try:
        return message, _about(session, actor, message)
    except NotFound:
        raise NotFound(message_id=message_id) from None


def message_act(act: str, message: Message, about: About, now: datetime, **facts: Any) -> Act:
    """Return the line of history of an act on a message."""
    named = {"convocation_id": about.convocation_id} if about.convocation_id else {"booking_id": about.booking_id}
    facts |= {"kind": message.kind} | {name: str(value) for name, value in named.items()}
    return Act(act=act, subject="message", subject_id=message.id, person_id=about.person_id, at=now, facts=facts)


def _about(session: Session, actor: Actor, message: Message) -> About:
    if message.convocation_id is not None:
        convocation = convocation_for(session, actor, message.convocation_id)
        return About(convocation.id, message.booking_id, convocation.person_id)
    booking = session.get(Booking, message.booking_id, populate_existing=True)
    if booking is None or booking.territory_id not in actor.territories(REQUESTERS, kind_id=booking.kind_id):
        raise NotFound(booking_id=message.booking_id)
    may_reserve(session, actor, session.get_one(Kind, booking.kind_id))
    return About(None, booking.id, booking.person_id)


def _line(row: Any, house: House) -> ListedMessage:
    values = dict(row._mapping)
    for name in ("wrapped", "phone_sealed"):
        del values[name]
    link = LinkName(values.pop("link_id"), values.pop("link_version"))
    values |= {
        "kind": MessageKind(row.kind),
        "category": MessageClass(row.category),
        "state": MessageState(row.state),
    }
    return ListedMessage(**values, phone_end=_phone_end(house, row), link=link)


def _phone_end(house: House, row: Any) -> str:
    if row.phone_sealed is None:
        return ""
    if row.host:
        return opened_number(house, row.phone_sealed)[-DIGITS_SHOWN:]
    try:
        return unseal(unwrapped(house, row.wrapped), row.phone_sealed)[-DIGITS_SHOWN:] if row.wrapped else ""
    except Unreadable:
        return ""


_COLUMNS = """
    SELECT m.id, m.convocation_id, m.kind, m.category, m.state, m.failure, m.due_at, m.sent_at, m.delivered_at,
           m.about_at, m.handled_at, m.segments, m.attempts, m.provider, m.body_sealed IS NOT NULL AS has_body,
           m.booking_id, k.label AS appointment, s.time_zone"""
_OF_PERSON = (
    f"c.link_id, c.link_version, {INITIALS} AS initials, '' AS host, t.number_sealed AS phone_sealed, o.wrapped"
)
_OF_HOST = "q.link_id, q.link_version, '' AS initials, s.name AS host, h.number_sealed AS phone_sealed, NULL AS wrapped"
_MINE = """
    FROM message m JOIN convocation c ON c.id = m.convocation_id
    JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)"""
_MINE_ASKED = f"""
    FROM message m JOIN host_request q ON q.id = m.host_request_id JOIN booking b ON b.id = q.booking_id
    JOIN {MINE}"""
_AROUND = f"""
    JOIN kind k ON k.id = c.kind_id
    LEFT JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = c.person_id {PHONE_FOR_MESSAGES}
    LEFT JOIN person_key o ON o.person_id = c.person_id"""
_AROUND_ASKED = """
    JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN host_phone h ON h.site_id = s.id"""
_IS_TO_HANDLE = "m.state IN ('failed', 'undelivered', 'flagged', 'outdated') AND m.handled_at IS NULL"
_PARTS = {
    Part.TO_HANDLE: _IS_TO_HANDLE,
    Part.WAITING: "m.state IN ('planned', 'sending')",
    Part.SENT: "m.state = 'sent'",
    Part.STOPPED: "(m.state IN ('cancelled', 'withheld') OR m.handled_at IS NOT NULL)",
    Part.ALL: "true",
}
_WANTED = """
    (CAST(:after_at AS timestamptz) IS NULL OR (m.due_at, m.id) < (:after_at, CAST(:after_id AS uuid)))
    AND (CAST(:message_id AS uuid) IS NULL OR m.id = CAST(:message_id AS uuid))"""
_ORDER = "ORDER BY due_at DESC, id DESC LIMIT :limit"
_LISTED = {
    part: text(
        f"""WITH {SCOPE}
            SELECT * FROM (
                ({_COLUMNS}, {_OF_PERSON} {_MINE} {_AROUND} WHERE {condition} AND {_WANTED}
                    AND (CAST(:convocation_id AS uuid) IS NULL OR m.convocation_id = CAST(:convocation_id AS uuid))
                 {_ORDER})
                UNION ALL
                ({_COLUMNS}, {_OF_HOST} {_MINE_ASKED} {_AROUND_ASKED} WHERE {condition} AND {_WANTED}
                    AND CAST(:convocation_id AS uuid) IS NULL
                 {_ORDER})) both_sorts
            {_ORDER}"""  # noqa: S608 - constants only
    )
    for part, condition in _PARTS.items()
}
_TO_HANDLE = text(f"""
    WITH {SCOPE} SELECT (SELECT count(*) {_MINE} WHERE {_IS_TO_HANDLE})
                      + (SELECT count(*) {_MINE_ASKED} WHERE {_IS_TO_HANDLE})""")
