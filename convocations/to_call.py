"""Who could not be told and is to be called, the soonest first; and what became of each call.

A convocation is one line, that of what it said last; so is a request that its host was not told of by SMS. A list shows
initials, or the name of the place of a host; the name and the number are opened on demand, and that is a consultation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from availability.errors import NotFound
from availability.history import consulted, record
from availability.rights import Actor
from availability.sealing import House
from booking.host_phones import opened_number
from booking.ledger import INITIALS, MINE, SCOPE, scope_values
from booking.persons import consult_person
from convocations.errors import MessageOver
from convocations.kinds import Failure, MessageKind, MessageState
from convocations.models import ONE_MESSAGE_OF_A_KIND, UNSAID, Message
from convocations.outbox import message_act, message_for

MOST = 200


class Call(StrEnum):
    """What became of a call."""

    TOLD = "told"
    UNREACHED = "unreached"


@dataclass(frozen=True, kw_only=True)
class ToCall:
    """Somebody who does not know. Instants are to be shown in `time_zone`, that of the place."""

    id: UUID  # of the message
    convocation_id: UUID | None  # None: the host of a request
    booking_id: UUID | None
    kind: MessageKind
    state: MessageState
    failure: str
    about_at: datetime | None  # None: they are to choose, or to answer
    useful_until: datetime
    time_zone: str
    initials: str
    appointment: str
    site_name: str
    service: str
    calls: int
    called_at: datetime | None
    is_mailed: bool  # an e-mail said the same to the host, as far as its server knows

    @property
    def is_host(self) -> bool:
        """Say whether it is the host of a request who is to be called."""
        return self.convocation_id is None


@dataclass(frozen=True)
class Callee:
    """Whom to call; a number is empty when none is known."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    office: str = field(default="", repr=False)  # the number of the place itself, for a host


def to_call(session: Session, actor: Actor, *, now: datetime, limit: int = MOST) -> list[ToCall]:
    """Return who is to be called within the actor's reach, by service, the soonest first."""
    rows = session.execute(_LISTED, scope_values(actor) | {"now": now, "limit": limit})
    return [_line(row) for row in rows]


def count_to_call(session: Session, actor: Actor, *, now: datetime) -> int:
    """Return how many are to be called."""
    return int(session.execute(_COUNTED, scope_values(actor) | {"now": now}).scalar_one())


def whom_to_call(session: Session, actor: Actor, message_id: UUID, *, house: House, now: datetime) -> Callee:
    """Return the name and the number of somebody, and log that they were looked at. Raises: NotFound."""
    _, about = message_for(session, actor, message_id)
    if about.convocation_id is None:
        return _host(session, actor, message_id, house=house, now=now)
    if about.person_id is None:
        raise NotFound(message_id=message_id)
    person, phone, _ = consult_person(session, actor, about.person_id, house=house, reason="to-call", now=now)
    return Callee(f"{person.given_name} {person.family_name}", phone)


def note_call(session: Session, actor: Actor, message_id: UUID, call: Call, *, now: datetime) -> Message:
    """Write down what became of a call: who was told is on the list no more, and what waits does not leave.

    Raises: NotFound, MessageOver when it has left meanwhile, or somebody dealt with it.
    """
    message, about = message_for(session, actor, message_id, is_locked=True)
    has_left = message.state in (MessageState.SENDING, MessageState.SENT)
    if has_left or (call is Call.TOLD and message.handled_at is not None):
        raise MessageOver(message_id=message_id, state=MessageState(message.state))
    message.calls, message.called_at, message.call_outcome = message.calls + 1, now, call
    if call is Call.TOLD:
        message.handled_at = now
        if message.state == MessageState.PLANNED:
            message.state, message.failure = MessageState.CANCELLED, Failure.BY_AGENT
    record(session, actor, message_act("message-called", message, about, now, outcome=call))
    return message


def take_call_back(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Take back what was written of the last call. Raises: NotFound, MessageOver when there is none."""
    message, about = message_for(session, actor, message_id, is_locked=True)
    over = MessageOver(message_id=message_id, state=MessageState(message.state))
    if not message.call_outcome:
        raise over
    try:
        with session.begin_nested():
            if message.call_outcome == Call.TOLD:
                message.handled_at = None
                if message.state == MessageState.CANCELLED:  # it leaves again, when that is still true
                    message.state, message.failure, message.due_at = MessageState.PLANNED, "", now
            message.calls, message.called_at, message.call_outcome = message.calls - 1, None, ""
    except IntegrityError as error:
        if ONE_MESSAGE_OF_A_KIND not in str(error.orig):
            raise
        raise over from error
    record(session, actor, message_act("message-call-taken-back", message, about, now))
    return message


# What still waits is called for when its provider does not take it, and the appointment is near.
_WHO = f"""
    FROM (SELECT * FROM message WHERE {UNSAID}) m JOIN convocation c ON c.id = m.convocation_id
    JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)
    WHERE (m.state <> 'planned' OR (m.failure LIKE 'provider-%' OR m.failure = 'not-found')
                               AND m.about_at < CAST(:now AS timestamptz) + interval '36 hours')
      AND CASE WHEN m.kind IN ('offer', 'earlier') THEN m.useful_until ELSE m.about_at END > :now
      AND (m.kind <> 'offer' OR c.standing = 'choosing')
      AND (m.kind IN ('offer', 'cancellation') OR EXISTS (
          SELECT FROM booking b WHERE b.id = m.booking_id AND b.starts_at = m.about_at
             AND b.state = CASE m.kind WHEN 'earlier' THEN 'held' ELSE 'booked' END))
      AND NOT EXISTS (SELECT FROM message o WHERE o.convocation_id = m.convocation_id
                      AND o.about_at IS NOT DISTINCT FROM m.about_at
                      AND (o.state = 'sent' AND o.sent_at > m.due_at OR o.call_outcome = 'told'))"""  # noqa: S608
# A host that said STOP has its e-mails, as it wished: it is not called for that.
_WHO_ASKED = f"""
    FROM (SELECT * FROM message WHERE {UNSAID}) m JOIN host_request q ON q.id = m.host_request_id
    JOIN booking b ON b.id = q.booking_id JOIN {MINE}
    WHERE q.answer_by > :now AND m.state <> 'withheld'
      AND (m.state <> 'planned' OR (m.failure LIKE 'provider-%' OR m.failure = 'not-found')
                               AND q.answer_by < CAST(:now AS timestamptz) + interval '36 hours')
      AND b.state = CASE m.kind WHEN 'cancellation' THEN 'cancelled' ELSE 'requested' END
      AND NOT EXISTS (SELECT FROM host_proposal x WHERE x.booking_id = b.id AND x.state = 'open')
      AND NOT EXISTS (SELECT FROM message o WHERE o.host_request_id = m.host_request_id
                      AND (o.kind = 'cancellation') = (m.kind = 'cancellation')
                      AND (o.state = 'sent' AND o.sent_at > m.due_at OR o.call_outcome = 'told'))"""  # noqa: S608
_LAST = f"""
    SELECT DISTINCT ON (m.convocation_id) m.*, c.person_id, c.kind_id, c.resource_ids, c.territory_id {_WHO}
    ORDER BY m.convocation_id, m.created_at DESC, m.id"""
_LAST_ASKED = f"""
    SELECT DISTINCT ON (m.host_request_id) m.*, q.answer_by, b.kind_id, b.resource_id, b.territory_id {_WHO_ASKED}
    ORDER BY m.host_request_id, m.created_at DESC, m.id"""
_COLUMNS = """
    m.id, m.convocation_id, m.booking_id, m.kind, m.state, m.failure, m.about_at, s.time_zone, k.label AS appointment,
    s.name AS site_name, t.name AS service, m.calls, m.called_at"""
_LISTED = text(f"""
    WITH {SCOPE}, last AS ({_LAST}), last_asked AS ({_LAST_ASKED})
    SELECT {_COLUMNS}, coalesce(m.about_at, m.useful_until) AS soonest, m.useful_until, {INITIALS} AS initials,
           false AS is_mailed
    FROM last m JOIN kind k ON k.id = m.kind_id JOIN territory t ON t.id = m.territory_id
    LEFT JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, m.resource_ids[1]) JOIN site s ON s.id = r.site_id
    JOIN person p ON p.id = m.person_id
    UNION ALL
    SELECT {_COLUMNS}, m.answer_by AS soonest, m.answer_by AS useful_until, '' AS initials,
           EXISTS (SELECT FROM host_mail e WHERE e.booking_id = m.booking_id AND e.state = 'sent'
                   AND (e.kind = 'given-up') = (m.kind = 'cancellation')) AS is_mailed
    FROM last_asked m JOIN kind k ON k.id = m.kind_id JOIN territory t ON t.id = m.territory_id
    JOIN resource r ON r.id = m.resource_id JOIN site s ON s.id = r.site_id
    ORDER BY service, soonest, id LIMIT :limit""")  # noqa: S608 - constants only
_COUNTED = text(f"""
    WITH {SCOPE} SELECT
        (SELECT count(DISTINCT m.convocation_id) {_WHO} AND EXISTS (SELECT FROM person p WHERE p.id = c.person_id))
      + (SELECT count(DISTINCT m.host_request_id) {_WHO_ASKED})""")  # noqa: S608 - constants only
_HOST = text("""
    SELECT s.name, s.phone, h.number_sealed FROM message m JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN host_phone h ON h.site_id = s.id WHERE m.id = :id""")


def _line(row: Any) -> ToCall:
    values = {name: getattr(row, name) for name in ToCall.__dataclass_fields__}
    return ToCall(**values | {"kind": MessageKind(row.kind), "state": MessageState(row.state)})


def _host(session: Session, actor: Actor, message_id: UUID, *, house: House, now: datetime) -> Callee:
    row = session.execute(_HOST, {"id": message_id}).one()
    consulted(session, actor, subject="message", subject_id=message_id, reason="to-call", at=now)
    return Callee(row.name, opened_number(house, row.number_sealed) if row.number_sealed else "", row.phone)
