"""Bookings made together for one purpose, and who came day by day. No foreign key to people: a series outlives them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Integer, String
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of
from booking.series_rules import MOST_DAY_MIN, Measure


class Series(SQLModel, table=True):
    """What is owed (so many visits, so many minutes) and by when. Its occurrences are bookings that name it.

    Nothing that can be counted is kept: what is done and planned is read from attendances and bookings.
    """

    __tablename__ = "series"
    __table_args__ = (
        one_of("measure", Measure),
        CheckConstraint("total > 0", name="series_owes_something"),
        CheckConstraint("ends_by IS NULL OR ends_by >= begins_on", name="series_ends_after_start"),
        CheckConstraint(f"minutes_a_day BETWEEN 0 AND {MOST_DAY_MIN}", name="series_day_sane"),
        CheckConstraint("person_id IS NOT NULL OR case_ref <> ''", name="series_for_somebody"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False))
    resource_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=False))
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    person_id: UUID | None = Field(default=None, index=True)
    case_ref: str = Field(default="", sa_column=Column(String(64), nullable=False))
    requested_by: UUID
    measure: str
    total: int  # visits, or minutes
    minutes_a_day: int = 0  # of an ordinary day, when minutes are owed
    rrule: str = ""  # its days, as RFC 5545 has it; empty for periods given one by one
    begins_on: date = Field(sa_column=Column(Date, nullable=False))
    ends_by: date | None = Field(default=None, sa_column=Column(Date, nullable=True))  # the last day, included
    created_at: datetime = instant()
    cancelled_at: datetime | None = instant(nullable=True)  # what was left of it was given back


class Attendance(SQLModel, table=True):
    """Who came on one civil day of a stay or of a placement, and for how long. The history keeps what it said before.

    A visit at an hour has none: its outcome is that of its booking.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint(f"minutes BETWEEN 0 AND {MOST_DAY_MIN}", name="attendance_minutes_sane"),
        CheckConstraint("came OR minutes = 0", name="absent_does_nothing"),
    )

    booking_id: UUID = Field(sa_column=Column(ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    came: bool
    minutes: int = 0
    entered_by: UUID
    entered_at: datetime = instant()
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
