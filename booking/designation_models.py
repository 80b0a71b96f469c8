"""Tables of what a judge sets with a designation: two appointments that belong together, and who may not be chosen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String
from sqlmodel import Field, SQLModel

from availability.models import instant

ONE_DOUBLE_AT_A_TIME = "double_convocation_one_at_a_time"
HEARING_AFTER_MEETING = "hearing_after_meeting"


def _booking(**options: Any) -> Any:
    return Field(sa_column=Column(ForeignKey("booking.id"), nullable=False, **options))


class DoubleConvocation(SQLModel, table=True):
    """An information meeting, then a hearing, strictly later: set together and cancelled together.

    The two instants are those of the bookings, written again here so that PostgreSQL itself keeps their order.
    """

    __tablename__ = "double_convocation"
    __table_args__ = (
        CheckConstraint("hearing_starts_at > meeting_ends_at", name=HEARING_AFTER_MEETING),
        CheckConstraint("meeting_id <> hearing_id", name="double_of_two"),
        Index(ONE_DOUBLE_AT_A_TIME, "designation_id", unique=True, postgresql_where="cancelled_at IS NULL"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    designation_id: UUID = _booking(index=True)
    meeting_id: UUID = _booking(unique=True)
    hearing_id: UUID = _booking(unique=True)
    meeting_ends_at: datetime = instant()
    hearing_starts_at: datetime = instant()
    created_at: datetime = instant()
    cancelled_at: datetime | None = instant(nullable=True)
    cancelled_with: UUID | None = None  # the booking whose end was that of the two


class ConflictOfInterest(SQLModel, table=True):
    """A service that a court does not choose for a case, whoever sits (conflit d'intérêts)."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (CheckConstraint("case_ref <> ''", name="conflict_of_a_case"),)

    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), primary_key=True))
    case_ref: str = Field(sa_column=Column(String(64), primary_key=True))
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    )
    declared_by: UUID
    declared_at: datetime = instant()
