"""The seals of what happened: each covers the lines added since the one before it, and is bound to it.

History and consultations refuse to be rewritten (docs/decisions/0003), by a trigger that whoever owns the database can
take away. What they did then shows: a seal is a keyed hash (HMAC-SHA-256, RFC 2104) of the lines and of the seal
before, with a key that the database does not hold. That the last seals were cut off shows by the copies that the log
of the server keeps of each.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.errors import LockNotAvailable
from sqlalchemy import BigInteger, Column, Identity, LargeBinary, UniqueConstraint, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Field, Session, SQLModel, col, select

from availability.models import instant, one_of

MOST_LINES = 50_000  # under one seal: as many are read again at once
LOCK_WAIT = text("SET LOCAL lock_timeout = '300ms'")  # whoever acts meanwhile waits as long at most
NOTHING_BEFORE = bytes(32)


class Log(StrEnum):
    """A table whose lines are sealed."""

    HISTORY = "history"
    CONSULTATION = "consultation"


# A line as it is hashed: JSON of a list, in which nothing can be shifted from one field to the next.
FIELDS = {
    Log.HISTORY: (
        "id, extract(epoch from at), actor_id, act, subject, subject_id, person_id, facts, encode(sealed, 'hex')"
    ),
    Log.CONSULTATION: "id, extract(epoch from at), actor_id, subject, subject_id, reason",
}
DIGEST = {
    log: text(f"""
        SELECT count(*) AS lines, max(id) AS last_id,
               sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY id), ''), 'UTF8')) AS digest
        FROM (SELECT id, jsonb_build_array({fields})::text AS line FROM {log}
              WHERE id > :after AND id <= :until ORDER BY id LIMIT :most) one""")  # noqa: S608 - constants
    for log, fields in FIELDS.items()
}
# Whoever wrote and has not committed is waited for: a line that comes later has a greater number.
SETTLED = {log: text(f"LOCK TABLE {log} IN SHARE MODE") for log in Log}
LAST = {log: text(f"SELECT coalesce(max(id), 0) FROM {log}") for log in Log}  # noqa: S608 - constants


class AuditSeal(SQLModel, table=True):
    """A seal over the lines `first_id < id <= last_id` of a log: how many they are, and the hash of them."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        one_of("log", Log),
        UniqueConstraint("log", "first_id", name="audit_seal_follows_one"),
    )

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    log: str
    first_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    lines: int
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = instant()


class Fault(StrEnum):
    """What is wrong with a seal."""

    LINES = "lines"  # lines under it were added, changed or taken away
    CHAIN = "chain"  # it does not follow the one before it


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a verification found: seals and lines that hold, lines after the last seal, and the first fault."""

    log: Log
    seals: int
    lines: int
    unsealed: int
    last_digest: str
    fault: Fault | None = None
    fault_at: AuditSeal | None = None


def settled(session: Session, log: Log) -> int | None:
    """Return the number up to which a log is complete; None when somebody writes for too long to be waited for.

    For a transaction of its own: whoever acts waits until it ends.
    """
    try:
        session.execute(LOCK_WAIT)
        session.execute(SETTLED[log])
        last: int = session.execute(LAST[log]).scalar_one()
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        session.rollback()
        return None
    return last


def seal_until(session: Session, key: bytes, log: Log, until: int, *, now: datetime) -> list[AuditSeal]:
    """Seal what was added to a log since its last seal, up to a number that is `settled`; return the new seals."""
    return list(_sealed(session, key, log, until, now))


def verified(session: Session, key: bytes, log: Log) -> Checked:
    """Read a whole log again, and return whether every seal holds."""
    previous, after, seals, lines = NOTHING_BEFORE, 0, 0, 0
    fault = fault_at = None
    for seal in _seals(session, log):
        found = _digested(session, log, after=seal.first_id, until=seal.last_id, most=seal.lines + 1)
        if seal.first_id != after:
            fault = Fault.CHAIN
        elif not hmac.compare_digest(seal.digest, _bound(key, log, seal.first_id, found, previous)):
            fault = Fault.LINES
        if fault is not None:
            fault_at = seal
            break
        previous, after, seals, lines = seal.digest, seal.last_id, seals + 1, lines + seal.lines
    rest = session.execute(LAST[log]).scalar_one()
    unsealed = _digested(session, log, after=after, until=rest, most=MOST_LINES).lines if fault is None else 0
    return Checked(
        log=log,
        seals=seals,
        lines=lines,
        unsealed=unsealed,
        last_digest=previous.hex() if seals else "",
        fault=fault,
        fault_at=fault_at,
    )


@dataclass(frozen=True)
class _Digested:
    lines: int
    last_id: int
    digest: bytes


def _sealed(session: Session, key: bytes, log: Log, until: int, now: datetime) -> Iterator[AuditSeal]:
    wanted = select(AuditSeal).where(AuditSeal.log == log).order_by(col(AuditSeal.last_id).desc()).limit(1)
    last = session.exec(wanted).one_or_none()
    previous, after = (last.digest, last.last_id) if last else (NOTHING_BEFORE, 0)
    while (found := _digested(session, log, after=after, until=until, most=MOST_LINES)).lines:
        digest = _bound(key, log, after, found, previous)
        seal = AuditSeal(log=log, first_id=after, last_id=found.last_id, lines=found.lines, digest=digest, at=now)
        session.add(seal)
        session.flush()
        yield seal
        previous, after = digest, found.last_id


def _digested(session: Session, log: Log, *, after: int, until: int, most: int) -> _Digested:
    row = session.execute(DIGEST[log], {"after": after, "until": until, "most": most}).one()
    return _Digested(row.lines, row.last_id or after, bytes(row.digest))


def _bound(key: bytes, log: Log, first_id: int, found: _Digested, previous: bytes) -> bytes:
    """Return the keyed hash of lines and of the seal before them."""
    said = f"{log}:{first_id}:{found.last_id}:{found.lines}:".encode()
    return hmac.new(key, said + found.digest + previous, hashlib.sha256).digest()


def _seals(session: Session, log: Log) -> Sequence[AuditSeal]:
    return session.exec(select(AuditSeal).where(AuditSeal.log == log).order_by(col(AuditSeal.first_id))).all()
