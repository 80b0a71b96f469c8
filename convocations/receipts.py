"""What a provider says became of the messages that it took: delivered, or not, and why.

A receipt is written as it comes, whoever it is about: it may come twice, in any order, and before its message is marked
as sent. The clock then applies those that wait, one turn after another; what nobody knows is given up after a while.
Source: Twilio, Messages resource, status callbacks; what their codes are worth is in `codes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from convocations.codes import Ending, worth_of
from convocations.delivery import block
from convocations.kinds import Failure, ReceiptStatus

RECEIPTS = "/twilio/receipts"  # where Twilio says them, after the scheme and authority that users type
GENERIC_RECEIPTS = "/sms/receipts"  # where the second provider does
BATCH = 500
KNOWN_WITHIN = timedelta(hours=1)  # a receipt of a message that is not ours by then never will be
AGAIN_AFTER = timedelta(minutes=30)
MOST_ATTEMPTS = 3
NOTE = text("""
    INSERT INTO message_receipt (provider, provider_id, status, code, at)
    VALUES (:provider, :provider_id, :status, :code, :at) ON CONFLICT DO NOTHING""")
# Those of messages that are marked as sent; and those that wait for nothing any more.
APPLICABLE = text("""
    WITH due AS MATERIALIZED (
        SELECT r.* FROM message_receipt r WHERE r.applied_at IS NULL
          AND (r.at <= :given_up OR EXISTS (
              SELECT FROM message m WHERE m.provider = r.provider AND m.provider_id = r.provider_id))
        ORDER BY r.at, r.provider_id LIMIT :limit FOR UPDATE SKIP LOCKED)
    SELECT due.provider, due.provider_id, due.status, due.code, due.at AS told_at, m.id, m.state, m.attempts,
           m.useful_until, m.convocation_id
    FROM due LEFT JOIN message m ON m.provider = due.provider AND m.provider_id = due.provider_id
    ORDER BY due.at, due.provider_id""")
APPLIED = text("""
    UPDATE message_receipt r SET applied_at = :now
    FROM unnest(CAST(:providers AS text[]), CAST(:provider_ids AS text[]), CAST(:statuses AS text[]))
         AS a (provider, provider_id, status)
    WHERE r.provider = a.provider AND r.provider_id = a.provider_id AND r.status = a.status""")
DELIVERED = text("""
    UPDATE message m SET state = 'sent', delivered_at = a.at, failure = ''
    FROM (SELECT m.id, told.at FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[])) AS told (id, at)
          JOIN message m ON m.id = told.id WHERE m.state IN ('sent', 'undelivered') AND m.delivered_at IS NULL
          ORDER BY m.id FOR NO KEY UPDATE OF m) a
    WHERE m.id = a.id""")
UNDELIVERED = text("""
    UPDATE message SET state = 'undelivered', failure = :failure
    WHERE id = :id AND state = 'sent' AND delivered_at IS NULL""")
# It leaves again under another id: what the provider still says of this attempt changes nothing.
AGAIN = text("""
    UPDATE message SET state = 'planned', failure = :failure, due_at = :due_at, sent_at = NULL, provider_id = '',
        refused_by = refused_by || CAST(:refused_by AS text[])
    WHERE id = :id AND state = 'sent' AND delivered_at IS NULL
      AND NOT EXISTS (SELECT FROM message o WHERE o.id <> message.id
                      AND (o.convocation_id = message.convocation_id OR o.host_request_id = message.host_request_id)
                      AND o.kind = message.kind AND o.about_at IS NOT DISTINCT FROM message.about_at
                      AND o.state IN ('planned', 'sending'))""")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a provider says of one message that it took; `code` is its own, 0 when it says none."""

    provider: str
    provider_id: str
    status: ReceiptStatus
    code: int = 0


def note_receipt(session: Session, receipt: Receipt, *, now: datetime) -> None:
    """Write a receipt down; the same one twice is once."""
    session.execute(NOTE, {**vars(receipt), "status": receipt.status.value, "at": now})


def apply_receipts(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Apply the receipts that wait, oldest first, and return how many there were.

    Delivered is final, whatever is said after it. A failure that may pass has the message leave again while that is
    still of use, three times at most; what this provider does not send leaves by another; any other failure is for a
    person to deal with.
    """
    rows = session.execute(APPLICABLE, {"given_up": now - KNOWN_WITHIN, "limit": limit}).all()
    delivered = {row.id: row.told_at for row in reversed(rows) if row.id and row.status == ReceiptStatus.DELIVERED}
    if delivered:
        session.execute(DELIVERED, {"ids": list(delivered), "ats": list(delivered.values())})
    for row in rows:
        if row.id is not None and row.status in (ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED):
            _apply_failure(session, row, now)
    if rows:
        named = {f"{name}s": [getattr(row, name) for row in rows] for name in ("provider", "provider_id")}
        session.execute(APPLIED, named | {"statuses": [row.status for row in rows], "now": now})
    return len(rows)


def _apply_failure(session: Session, row: Any, now: datetime) -> None:
    worth = worth_of(row.provider, row.code)
    failure, is_elsewhere = worth.failure, worth.ending is Ending.ELSEWHERE
    due_at = now + (timedelta() if is_elsewhere else AGAIN_AFTER * row.attempts)
    if worth.ending is not Ending.FINAL and row.attempts < MOST_ATTEMPTS and due_at < row.useful_until:
        refused_by = [row.provider] if is_elsewhere else []
        values = {"id": row.id, "failure": failure, "due_at": due_at, "refused_by": refused_by}
        again = session.execute(AGAIN, values)
        if again.rowcount:  # type: ignore[attr-defined]
            return
    session.execute(UNDELIVERED, {"id": row.id, "failure": failure})
    if failure == Failure.BLOCKED:
        block(session, row.convocation_id, row.id, now)
