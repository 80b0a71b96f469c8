"""The e-mails to hosts as whoever looks after them sees them: what waits, what left, what did not and why.

A text is opened on demand, and that is a consultation. Its link acts for the host: it is shown as long as nothing
leaves but to the screen, and cut out of what a server took.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.history import Act, consulted, record
from availability.rights import Actor, Role
from availability.sealing import House, Unreadable, unseal
from booking.hosting_models import MailKind, MailState
from booking.mail_delivery import SCREEN, sealing_key

MOST = 200
_LINK = re.compile(r"(?<=/d/)[\w-]+")
MAY_LEAVE_AGAIN = (MailState.FAILED, MailState.FLAGGED)


class MailPart(StrEnum):
    """A part of the outbox. The value is what the address of the page carries."""

    ALL = "tous"
    TO_HANDLE = "a-traiter"
    WAITING = "a-partir"
    SENT = "partis"


class MailOver(Refusal):
    """It left, was taken back, or is of no use any more: it does not leave again."""


@dataclass(frozen=True, kw_only=True)
class ListedMail:
    """An e-mail in the list. Instants are to be shown in `time_zone`, that of the place."""

    id: UUID
    kind: MailKind
    state: MailState
    failure: str
    recipient: str
    subject: str  # empty: not written yet
    due_at: datetime
    sent_at: datetime | None
    useful_until: datetime
    attempts: int
    provider: str
    site_name: str
    kind_label: str
    time_zone: str


@dataclass(frozen=True)
class ReadMail:
    """An e-mail as it was received; the text is empty when it was never written, or when the person is erased."""

    mail: ListedMail
    body: str


_COLUMNS = """
    SELECT m.id, m.kind, m.state, m.failure, m.recipient, m.subject, m.due_at, m.sent_at, m.useful_until, m.attempts,
           m.provider, s.name AS site_name, k.label AS kind_label, s.time_zone, m.body_sealed, b.person_id
    FROM host_mail m JOIN booking b ON b.id = m.booking_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = b.kind_id
    WHERE (s.territory_id = ANY(:looked_after)
           OR s.organisation_id = :organisation_id AND s.territory_id = ANY(:run))"""
_PARTS = {
    MailPart.ALL: "true",
    MailPart.TO_HANDLE: "m.state IN ('failed', 'flagged', 'outdated')",
    MailPart.WAITING: "m.state IN ('planned', 'sending')",
    MailPart.SENT: "m.state = 'sent'",
}
_LISTED = {
    part: text(
        f"{_COLUMNS} AND {condition} ORDER BY m.state = 'planned', coalesce(m.sent_at, m.due_at) DESC, m.id LIMIT :most"
    )
    for part, condition in _PARTS.items()
}
_ONE = text(f"{_COLUMNS} AND m.id = :id")
_RETRY = text("""
    UPDATE host_mail SET state = 'planned', failure = '', due_at = :now
    WHERE id = :id AND state IN ('failed', 'flagged') AND useful_until > :now AND recipient <> ''
      AND NOT EXISTS (SELECT FROM host_mail o WHERE o.booking_id = host_mail.booking_id AND o.kind = host_mail.kind
                      AND o.recipient = host_mail.recipient AND o.state IN ('planned', 'sending'))""")


def mails(session: Session, actor: Actor, part: MailPart, *, with_hosts: bool, most: int = MOST) -> list[ListedMail]:
    """Return the e-mails about the places that the actor looks after, the last first; `with_hosts` shows partners
    those of their own places, as the demonstration does.
    """
    values = _reach(actor, with_hosts=with_hosts) | {"most": most}
    return [_listed(row) for row in session.execute(_LISTED[part], values)]


def read_mail(
    session: Session, actor: Actor, mail_id: UUID, *, house: House, with_hosts: bool, now: datetime
) -> ReadMail:
    """Return an e-mail as it was received, and log that it was looked at. Raises: NotFound."""
    row = _row(session, actor, mail_id, with_hosts=with_hosts)
    consulted(session, actor, subject="host-mail", subject_id=mail_id, reason="mail-outbox", at=now)
    body = ""
    if row.body_sealed is not None:
        try:
            body = unseal(sealing_key(session, house, row.person_id), row.body_sealed)
        except Unreadable:  # the person was erased since
            body = ""
    return ReadMail(_listed(row), body if row.provider == SCREEN else _LINK.sub("…", body))


def retry_mail(session: Session, actor: Actor, mail_id: UUID, *, now: datetime) -> None:
    """Have an e-mail leave that failed, or of which nobody knows whether it left: a person takes that upon them.

    Everything is checked again as it leaves. Raises: NotFound, MailOver.
    """
    row = _row(session, actor, mail_id, with_hosts=False)
    if session.execute(_RETRY, {"id": mail_id, "now": now}).rowcount != 1:  # type: ignore[attr-defined]
        raise MailOver(mail_id=mail_id, state=row.state)
    facts = {"kind": row.kind, "before": row.state}
    record(session, actor, Act(act="mail-retried", subject="host-mail", subject_id=mail_id, at=now, facts=facts))


def _row(session: Session, actor: Actor, mail_id: UUID, *, with_hosts: bool) -> Any:
    values = _reach(actor, with_hosts=with_hosts) | {"id": mail_id}
    row = session.execute(_ONE, values).one_or_none()
    if row is None:
        raise NotFound(mail_id=mail_id)
    return row


def _reach(actor: Actor, *, with_hosts: bool) -> dict[str, Any]:
    run = sorted(actor.territories((Role.PARTNER,))) if with_hosts else []
    looked_after = sorted(actor.territories((Role.ADMINISTRATOR,)))
    return {"looked_after": looked_after, "organisation_id": actor.organisation_id, "run": run}


def _listed(row: Any) -> ListedMail:
    values = {name: getattr(row, name) for name in ListedMail.__dataclass_fields__}
    return ListedMail(**values | {"kind": MailKind(row.kind), "state": MailState(row.state)})
