"""Tables of a day in court: where each case of a hearing stands, what walls may say of it, and the screens."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from secrets import randbits
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of

ONE_AT_A_TIME = "case_call_one_running"


class Stage(StrEnum):
    """Where a case stands on the day. The French of each is in booking/pages/hearing_day_words.py."""

    WAITING = "waiting"
    CALLED = "called"  # its people are asked to come in
    RUNNING = "running"  # it is being heard
    DONE = "done"
    POSTPONED = "postponed"  # to another hearing, where its booking is now


class Shown(StrEnum):
    """What the screens of a court say of a case of a kind."""

    NUMBER = "number"  # of the case, and nothing else: hearings that are not public
    NAME = "name"  # of the case, where there is one


class CaseCall(SQLModel, table=True):
    """A case in the list of its hearing. Without a row it waits, after those that have a rank."""

    __tablename__ = "case_call"
    __table_args__ = (
        one_of("stage", Stage),
        CheckConstraint("(stage = 'postponed') = (moved_to IS NOT NULL)", name="case_call_postponed_somewhere"),
        CheckConstraint("stage <> 'running' OR began_at IS NOT NULL", name="case_call_running_since"),
        UniqueConstraint(
            "hearing_id", "rank", name="case_call_one_a_rank", deferrable=True, initially="DEFERRED"
        ),  # deferred: an order is written one row after the other
        Index(ONE_AT_A_TIME, "hearing_id", unique=True, postgresql_where=text("stage = 'running'")),
    )

    hearing_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("hearing_session.resource_id", ondelete="CASCADE"), primary_key=True)
    )
    booking_id: UUID = Field(foreign_key="booking.id", primary_key=True, ondelete="CASCADE", index=True)
    rank: int | None = None
    stage: str = Field(default=Stage.WAITING, sa_column_kwargs={"server_default": Stage.WAITING.value})
    called_at: datetime | None = instant(nullable=True)
    began_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    moved_to: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("hearing_session.resource_id"), nullable=True)
    )
    name_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    next_booking_id: UUID | None = Field(
        default=None, foreign_key="booking.id", ondelete="SET NULL"
    )  # the date that was fixed as it ended


class HearingPublicity(SQLModel, table=True):
    """What the screens of a court say of a kind of hearings. No row: the number of the case."""

    __tablename__ = "hearing_publicity"
    __table_args__ = (one_of("shown", Shown),)

    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), primary_key=True))
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), primary_key=True))
    shown: str


class Screen(SQLModel, table=True):
    """A screen on a wall: whoever has its address sees the hearings of its rooms, or of the whole court."""

    __tablename__ = "screen"
    __table_args__ = (CheckConstraint("name <> ''", name="screen_named"),)

    id: int = Field(default_factory=lambda: randbits(63), sa_column=Column(BigInteger, primary_key=True))
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    name: str
    room_ids: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )  # none: all those of the court
    link_version: int = 1  # raised to withdraw the address
    seen_at: datetime | None = instant(nullable=True)
    created_by: UUID
    created_at: datetime = instant()
    removed_at: datetime | None = instant(nullable=True)
