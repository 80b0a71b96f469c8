"""What happened and who looked: two append-only tables, held by a trigger, that outlive an erasure.

Rows hold identifiers, names of fields and facts; no name, phone, address or free text in clear. A personal value
goes into `sealed`, encrypted with the person's own key: destroying the key empties it, and the row stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel

from availability.rights import Actor
from availability.statements import ByKey, by_key, run


class HistoryLine(SQLModel, table=True):
    """One act on one thing."""

    __tablename__ = "history"
    __table_args__ = (Index("history_subject", "subject", "subject_id"),)

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_id: UUID | None = None  # none: the clock did it
    act: str
    subject: str
    subject_id: str
    person_id: UUID | None = Field(default=None, index=True)
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb")))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class Consultation(SQLModel, table=True):
    """One look at something that is not everybody's."""

    __tablename__ = "consultation"
    __table_args__ = (Index("consultation_subject", "subject", "subject_id"),)

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_id: UUID
    subject: str
    subject_id: str
    reason: str  # why it was looked at: the name of the act or of the screen


# Beside the unit of work, which costs more than the statement.
_COLUMNS = ("at", "actor_id", "act", "subject", "subject_id", "person_id", "facts", "sealed")
ADD_ALL = insert(HistoryLine.__table__).execution_options(prepare=True)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Act:
    """What to write down. `facts` must be JSON and free of personal values."""

    act: str
    subject: str
    subject_id: object
    at: datetime
    facts: dict[str, Any]
    person_id: UUID | None = None
    sealed: bytes | None = None


def record(session: Session, actor: Actor | None, *acts: Act) -> None:
    """Add a line of history, or the few of one act, in the transaction of the act itself; in the order given.

    `actor` is None for the clock.
    """
    session.flush()
    rows = [_row(actor, act) for act in acts]
    written = [row | {"facts": Jsonb(row["facts"])} for row in rows]
    values = {f"{name}_{number}": value for number, row in enumerate(written) for name, value in row.items()}
    run(session, _adding(len(acts)), values)


def record_all(session: Session, actor: Actor | None, acts: Sequence[Act]) -> None:
    """Add the lines of one act on many things, in one go."""
    session.flush()
    if acts:
        session.execute(ADD_ALL, [_row(actor, act) for act in acts])


def consulted(session: Session, actor: Actor, *, subject: str, subject_id: object, reason: str, at: datetime) -> None:
    """Add one line to the log of consultations."""
    row = {
        "at": at,
        "actor_id": actor.account_id,
        "subject": subject,
        "subject_id": str(subject_id),
        "reason": reason,
    }
    session.execute(insert(Consultation), row)


@lru_cache(maxsize=16)
def _adding(count: int) -> ByKey:
    """Return the statement that adds so many lines."""
    lines = (", ".join(f":{name}_{number}" for name in _COLUMNS) for number in range(count))
    return by_key(f"INSERT INTO history ({', '.join(_COLUMNS)}) VALUES {', '.join(f'({one})' for one in lines)}")  # noqa: S608 - names of columns


def _row(actor: Actor | None, act: Act) -> dict[str, Any]:
    return {
        "at": act.at,
        "actor_id": actor.account_id if actor else None,
        "act": act.act,
        "subject": act.subject,
        "subject_id": str(act.subject_id),
        "person_id": act.person_id,
        "facts": act.facts,
        "sealed": act.sealed,
    }
