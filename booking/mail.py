"""Which e-mails an act causes, and which it makes untrue: rows written in the transaction of the act itself.

A row says what about and when, never what: its text is written when it leaves, from facts read again at that moment.
Order of locks: the booking and its place first, e-mails last.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Session

from availability.statements import by_key, run
from booking.hosting_models import MailKind, MailState
from booking.mailbox import is_address, recipients

UNDO = timedelta(seconds=30)  # nothing leaves before its act can no longer be taken back
LEAST_LEAD, MOST_LEAD = timedelta(days=1), timedelta(days=3)
STILL_USEFUL = timedelta(hours=1)  # a warning leaves at least that long before the end
NEWS = timedelta(days=7)  # what happened is worth telling that long

_UNPLAN = by_key("UPDATE host_mail SET state = 'cancelled' WHERE booking_id = :id AND state = 'planned'")
_WAS_TOLD = by_key("""
    SELECT EXISTS (SELECT FROM host_mail WHERE booking_id = :id AND kind = :kind
                   AND state IN ('sending', 'sent', 'flagged'))""")
_PLAN = by_key("""
    INSERT INTO host_mail (id, booking_id, invitation_id, kind, recipient, state, failure, due_at, useful_until,
                           attempts, provider, subject, created_at)
    VALUES (:id, :booking_id, :invitation_id, :kind, :recipient, :state, :failure, :due_at, :useful_until,
            0, '', '', :now)
    ON CONFLICT DO NOTHING""")


class MailFailure(StrEnum):
    """Why an e-mail did not leave; the French of each is in the pages. Others are "smtp-" and the server's code."""

    NO_ADDRESS = "no-address"
    BAD_ADDRESS = "bad-address"
    UNTRUE = "untrue"  # what it would say is no longer so
    TOO_LATE = "too-late"
    UNKNOWN = "unknown"
    UNWRITABLE = "unwritable"


def warn_at(asked_at: datetime, answer_by: datetime) -> datetime:
    """Return when a host that is silent is warned: a third of the delay before its end, one day at least and three at
    most; but never before half of a short delay has gone.
    """
    delay = answer_by - asked_at
    return answer_by - min(max(delay / 3, LEAST_LEAD), MOST_LEAD, delay / 2)


def plan(
    session: Session,
    booking_id: UUID,
    kind: MailKind,
    *,
    due_at: datetime,
    until: datetime,
    now: datetime,
) -> None:
    """Plan one e-mail to each address that receives; when there is none, a row says so to whoever looks."""
    addresses = recipients(session, booking_id) or [""]
    plan_to(session, booking_id, kind, addresses, due_at=due_at, until=until, now=now)


def plan_to(
    session: Session,
    booking_id: UUID | None,
    kind: MailKind,
    addresses: Iterable[str],
    *,
    until: datetime,
    now: datetime,
    due_at: datetime | None = None,
    invitation_id: int | None = None,
) -> None:
    """Plan one e-mail to each of these addresses, as soon as its act can no longer be taken back unless said.

    It is about a booking, or about the invitation of a lawyer.
    """
    for address in addresses:
        failure = "" if is_address(address) else MailFailure.BAD_ADDRESS if address else MailFailure.NO_ADDRESS
        row = {
            "id": uuid4(),
            "booking_id": booking_id,
            "invitation_id": invitation_id,
            "kind": kind,
            "recipient": address,
            "state": MailState.FAILED if failure else MailState.PLANNED,
            "failure": failure,
            "due_at": due_at or now + UNDO,
            "useful_until": until,
            "now": now,
        }
        run(session, _PLAN, row)


def plan_request(session: Session, booking_id: UUID, *, now: datetime, answer_by: datetime) -> None:
    """Plan what asks the host, once."""
    if not was_told(session, booking_id):
        plan(session, booking_id, MailKind.REQUEST, due_at=now + UNDO, until=answer_by, now=now)


def plan_warning(session: Session, booking_id: UUID, *, asked_at: datetime, answer_by: datetime, now: datetime) -> None:
    """Plan what warns a silent host, once."""
    until = answer_by - STILL_USEFUL
    due_at = max(warn_at(asked_at, answer_by), now + UNDO)
    if due_at < until and not was_told(session, booking_id, MailKind.WARNING):
        plan(session, booking_id, MailKind.WARNING, due_at=due_at, until=until, now=now)


def plan_news(
    session: Session,
    booking_id: UUID,
    kind: MailKind,
    *,
    now: datetime,
    undo: timedelta = UNDO,
) -> None:
    """Plan what tells the end of a request to a host that was told its beginning."""
    if was_told(session, booking_id):
        due_at = now + undo
        plan(session, booking_id, kind, due_at=due_at, until=now + NEWS, now=now)


def unplan(session: Session, booking_id: UUID) -> None:
    """Take back everything about a booking that has not left yet; waits for whoever is claiming it."""
    run(session, _UNPLAN, {"id": booking_id})


def was_told(session: Session, booking_id: UUID, kind: MailKind = MailKind.REQUEST) -> bool:
    """Say whether an e-mail of that kind left, as far as we know: one under way counts."""
    return bool(run(session, _WAS_TOLD, {"id": booking_id, "kind": kind}).scalar_one())
