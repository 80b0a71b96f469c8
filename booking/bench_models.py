"""Tables of who holds the hearings of a court: how much they sit, of what, and who replaced whom.

A whole absence is a closure of the judge or of the clerk, as planning has it; a partial one is a `Reduction`.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import Field, SQLModel

from availability.models import instant, key, one_of, reference
from booking.hearing_template_models import Formation

REASON_LENGTH = 120
ONE_STANDING_REPLACEMENT = "replacement_standing_once"


class WorkShare(SQLModel, table=True):
    """The share of full time (quotité de travail) that somebody gives to hearings; no row: all of it."""

    __tablename__ = "work_share"
    __table_args__ = (CheckConstraint("percent BETWEEN 1 AND 100", name="work_share_percent"),)

    resource_id: int = reference("resource.id", primary_key=True, cascade=True)
    percent: int


class Skill(SQLModel, table=True):
    """What a judge or a clerk holds: hearings of a kind, in a formation. Who has no row holds any of their court."""

    __tablename__ = "skill"
    __table_args__ = (one_of("formation", Formation),)

    resource_id: int = reference("resource.id", primary_key=True, cascade=True)
    kind_id: int = reference("kind.id", primary_key=True)
    formation: str = Field(sa_column=Column(String(10), primary_key=True))


class Reduction(SQLModel, table=True):
    """Civil days [in, out) on which somebody is away for a part of their time: it lowers the load that is theirs."""

    __tablename__ = "reduction"
    __table_args__ = (
        CheckConstraint("percent BETWEEN 1 AND 99", name="reduction_percent"),
        CheckConstraint("NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="reduction_dated"),
    )

    id: int = key()
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
    percent: int  # of their time, that they are away
    reason: str = Field(default="", sa_column=Column(String(REASON_LENGTH), nullable=False, server_default=""))
    created_at: datetime = instant()


class Replacement(SQLModel, table=True):
    """Somebody who holds a hearing in the place of somebody else; what was kept before is here for the undo."""

    __tablename__ = "replacement"
    __table_args__ = (
        Index(
            ONE_STANDING_REPLACEMENT,
            "hearing_id",
            "absent_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    hearing_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("hearing_session.resource_id", ondelete="CASCADE"), nullable=False)
    )
    absent_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=False))
    by_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=False))
    was_by_hand: bool = False
    created_at: datetime = instant()
    undone_at: datetime | None = instant(nullable=True)
