"""E-mails on their way out: claimed, handed over, marked; everything is checked again at the claim.

As messages (docs/decisions/0010-messages-leave-once.md), but a mail server cannot be asked what it took: what is not
known is flagged for a person, and never sent again on a guess.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.sealing import House, seal
from booking.host_requests import LINKS
from booking.hosting import HostedRequest, requests_by_id
from booking.hosting_models import ON_SCREEN, TO_LAWYERS, MailKind, MailState
from booking.lawyer_invitations import INVITATIONS, InvitedLawyer, invited_by_id
from booking.lawyers import addresses_of
from booking.links import token_of
from booking.mail import MailFailure
from booking.mailbox import recipients
from booking.models import State
from booking.sealing import key_of

logger = logging.getLogger(__name__)

BATCH = 4  # so few may have to be flagged when a process is killed
SCREEN = ON_SCREEN
MAILS = "host-mails"  # the purpose of the key that seals what speaks of nobody
ASKS = frozenset({MailKind.REQUEST, MailKind.WARNING, MailKind.DECLINED})
TRUE_IN = {
    MailKind.LAPSED: (State.LAPSED,),
    MailKind.GIVEN_UP: (State.CANCELLED,),
    MailKind.AGREED: (State.BOOKED,),
    MailKind.LAWYER_SET: (State.BOOKED,),
    MailKind.LAWYER_MOVED: (State.BOOKED,),
    MailKind.LAWYER_REMINDER: (State.BOOKED,),
    MailKind.LAWYER_RELEASED: (State.CANCELLED,),
    MailKind.LAWYER_OVER: (State.CANCELLED, State.EXCUSED, State.REFUSED, State.LAPSED),
    MailKind.LAWYER_OFFER: (State.HELD,),
}

_CLAIM = text("""
    SELECT id, booking_id, invitation_id, kind, recipient, due_at, useful_until, attempts FROM host_mail
    WHERE state = 'planned' AND due_at <= :now ORDER BY due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED""")
_WRITE = text("""
    UPDATE host_mail SET state = :state, failure = :failure, claimed_at = :claimed_at, lease_until = :lease_until,
        sent_at = :sent_at, provider = :provider, subject = :subject, body_sealed = :body_sealed,
        attempts = attempts + :tried
    WHERE id = :id""")
# Only the last lease speaks: whoever lost it comes too late.
_SETTLE = text("""
    UPDATE host_mail SET state = :state, failure = :failure, due_at = coalesce(:due_at, due_at), sent_at = :sent_at,
        lease_until = NULL
    WHERE id = :id AND state = 'sending' AND claimed_at = :claimed_at AND lease_until = :lease_until""")
_FLAG = text("""
    UPDATE host_mail SET state = 'flagged', failure = 'unknown', lease_until = NULL
    WHERE id IN (SELECT id FROM host_mail WHERE state = 'sending' AND lease_until <= :now
                 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)""")


@dataclass(frozen=True)
class Written:
    """A subject without names, and a text."""

    subject: str
    body: str = field(repr=False)


Facts = HostedRequest | InvitedLawyer
Writer = Callable[[MailKind, Facts, str, datetime], Written]  # kind, facts, address of the link, now


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """An e-mail with a lease, to be handed over."""

    id: UUID
    claimed_at: datetime
    lease_until: datetime
    attempts: int  # this one included
    due_at: datetime
    useful_until: datetime
    recipient: str = field(repr=False)
    written: Written = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ClaimedMails:
    """What a claim took: `outgoing` leaves; of the `seen`, the rest is written down."""

    outgoing: list[OutgoingMail]
    seen: int


@dataclass(frozen=True, kw_only=True)
class MailOutcome:
    """What became of an e-mail, said by whoever has its lease."""

    mail: OutgoingMail
    state: MailState
    failure: str = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None


def claim_due(
    session: Session,
    *,
    house: House,
    origin: str,
    write: Writer,
    now: datetime,
    lease: timedelta,
    provider: str,
    limit: int = BATCH,
) -> ClaimedMails:
    """Take the e-mails whose turn has come, oldest first, and write down those that must not leave.

    Two who claim at once never share one. On the screen, they are sent as soon as they are written. `origin` is the
    scheme and authority of links.
    """
    rows = session.execute(_CLAIM, {"now": now, "limit": limit}).all()
    asked = requests_by_id(session, sorted({row.booking_id for row in rows if row.booking_id}), now=now)
    invited = invited_by_id(session, [row.invitation_id for row in rows if row.invitation_id])
    outgoing = []
    for row in rows:
        facts = asked[row.booking_id] if row.booking_id else invited[row.invitation_id]
        link = link_of(facts, house=house, origin=origin)
        if (stopped := _stopped(session, row, facts, now)) is not None:
            _set(session, row.id, *stopped)
        elif (written := _written(row, facts, link, write, now)) is None:
            _set(session, row.id, MailState.FAILED, MailFailure.UNWRITABLE)
        else:
            outgoing += _leave(session, row, facts, written, house=house, now=now, lease=lease, provider=provider)
    return ClaimedMails(outgoing=outgoing, seen=len(rows))


def link_of(facts: Facts, *, house: House, origin: str) -> str:
    """Return the address of the link that an e-mail carries; empty when it carries none."""
    if isinstance(facts, InvitedLawyer):
        return f"{origin}/invitation/{token_of(house.derived(INVITATIONS), facts.link)}"
    return f"{origin}/d/{token_of(house.derived(LINKS), facts.link)}" if facts.link else ""


def settle(session: Session, outcomes: Sequence[MailOutcome]) -> int:
    """Write down what became of e-mails; return of how many. Whose lease was lost meanwhile is left alone."""
    written = 0
    for one in sorted(outcomes, key=lambda outcome: outcome.mail.id):
        values = {name: getattr(one.mail, name) for name in ("id", "claimed_at", "lease_until")}
        values |= {name: getattr(one, name) for name in ("state", "failure", "due_at", "sent_at")}
        written += session.execute(_SETTLE, values).rowcount  # type: ignore[attr-defined]
    return written


def flag_stale(session: Session, *, now: datetime) -> int:
    """Flag those whose lease ended unsettled: nobody knows whether they left. Return how many."""
    return int(session.execute(_FLAG, {"now": now}).rowcount)  # type: ignore[attr-defined]


def is_true(kind: MailKind, request: HostedRequest) -> bool:
    """Say whether what an e-mail tells is so."""
    if kind in ASKS:
        return request.state is State.REQUESTED and request.other is None
    return request.state in TRUE_IN[kind]


def sealing_key(session: Session, house: House, person_id: UUID | None) -> bytes:
    """Return the key that seals what is said of somebody: theirs, so that erasing them erases it."""
    own = key_of(session, house, person_id) if person_id is not None else None
    return own or house.derived(MAILS)


def _stopped(session: Session, row: Any, facts: Facts, now: datetime) -> tuple[MailState, MailFailure] | None:
    if not _is_so(session, row, facts):
        return MailState.CANCELLED, MailFailure.UNTRUE
    if row.useful_until <= now:
        return MailState.OUTDATED, MailFailure.TOO_LATE
    return None


def _is_so(session: Session, row: Any, facts: Facts) -> bool:
    """Say whether what an e-mail tells is so, to whoever receives it."""
    if isinstance(facts, InvitedLawyer):
        return facts.is_open and row.recipient == facts.email
    receive = addresses_of if row.kind in TO_LAWYERS else recipients
    return is_true(MailKind(row.kind), facts) and row.recipient in receive(session, row.booking_id)


def _written(row: Any, facts: Facts, link: str, write: Writer, now: datetime) -> Written | None:
    try:
        return write(MailKind(row.kind), facts, link, now)
    except Exception:  # one that cannot be written must not keep all of those after it from leaving
        logger.exception("e-mail %s cannot be written", row.id)
        return None


def _leave(
    session: Session,
    row: Any,
    facts: Facts,
    written: Written,
    *,
    house: House,
    now: datetime,
    lease: timedelta,
    provider: str,
) -> list[OutgoingMail]:
    person_id = facts.person_id if isinstance(facts, HostedRequest) else None
    body = seal(sealing_key(session, house, person_id), written.body)
    kept: dict[str, Any] = {
        "claimed_at": now,
        "provider": provider,
        "subject": written.subject,
        "body_sealed": body,
        "tried": 1,
    }
    if provider == SCREEN:
        _set(session, row.id, MailState.SENT, sent_at=now, **kept)
        return []
    _set(session, row.id, MailState.SENDING, lease_until=now + lease, **kept)
    return [
        OutgoingMail(
            id=row.id,
            claimed_at=now,
            lease_until=now + lease,
            attempts=row.attempts + 1,
            due_at=row.due_at,
            useful_until=row.useful_until,
            recipient=row.recipient,
            written=written,
        )
    ]


def _set(session: Session, mail_id: UUID, state: MailState, failure: str = "", **more: Any) -> None:
    values: dict[str, Any] = {
        "id": mail_id,
        "state": state,
        "failure": failure,
        "claimed_at": None,
        "lease_until": None,
        "sent_at": None,
        "provider": "",
        "subject": "",
        "body_sealed": None,
        "tried": 0,
    }
    session.execute(_WRITE, values | more)
