"""The one clock. Pages, routes and jobs read it; rules, queries and actions are given its value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Field, Session, SQLModel

_offset = timedelta()


class Clock(SQLModel, table=True):
    """How far the clock is from real time: one row, so that every worker tells the same time."""

    __tablename__ = "clock"

    id: int = Field(default=1, primary_key=True)
    offset_s: float = 0.0


def now() -> datetime:
    """Return the current instant, aware, in UTC: real time plus the offset of the demonstration."""
    return datetime.now(UTC) + _offset


def real(at: datetime) -> datetime:
    """Return the instant of real time at which the clock reads `at`: what the rest of the world understands."""
    return at - _offset


def store_offset(session: Session, starts_at: datetime | None) -> None:
    """Record the offset that makes the clock read `starts_at` at this moment; None means real time."""
    seconds = (starts_at - datetime.now(UTC)).total_seconds() if starts_at else 0.0
    session.execute(
        text(
            "INSERT INTO clock (id, offset_s) VALUES (1, :seconds)"
            " ON CONFLICT (id) DO UPDATE SET offset_s = excluded.offset_s"
        ),
        {"seconds": seconds},
    )


def read_offset(session: Session) -> None:
    """Set this process's clock by the recorded offset; each worker calls it as it starts."""
    global _offset  # noqa: PLW0603 - one clock a process is the point
    row = session.get(Clock, 1)
    _offset = timedelta(seconds=row.offset_s if row else 0.0)
