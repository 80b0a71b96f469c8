"""Tables of who takes what, for whom. Their keys are random: no identifier can be guessed or counted."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of


class State(StrEnum):
    """Where a booking stands. The French of each is in booking/words.py."""

    HELD = "held"
    REQUESTED = "requested"
    BOOKED = "booked"
    HONOURED = "honoured"
    MISSED = "missed"
    EXCUSED = "excused"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    LAPSED = "lapsed"


OCCUPYING = frozenset({State.HELD, State.REQUESTED, State.BOOKED, State.HONOURED, State.MISSED})
EXPIRING = frozenset({State.HELD, State.REQUESTED})


class Person(SQLModel, table=True):
    """A person under judicial supervision (PPSMJ) or a litigant: the least that is needed.

    Names and birth date stay searchable; contact details are sealed with the person's own key.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("sex IN ('F', 'M')", name="sex_known"),
        CheckConstraint("length(family_name) BETWEEN 1 AND 200", name="family_name_given"),
        Index(
            "person_search_name_trigrams",
            "search_name",
            postgresql_using="gin",
            postgresql_ops={"search_name": "gin_trgm_ops"},
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    family_name: str
    given_name: str = ""
    birth_on: date = Field(sa_column=Column(Date, nullable=False))
    sex: str
    language: str = "fr"
    file_number: str = Field(default="", index=True)
    search_name: str = ""  # unaccented, lower case
    time_zone: str = ""  # where they live; empty: not known
    holiday_zone: str = ""  # as a site's
    phone_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    phone_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True, index=True))
    address_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = instant()


class PersonKey(SQLModel, table=True):
    """The key that opens what is sealed about one person, itself wrapped. Deleting it erases them everywhere."""

    __tablename__ = "person_key"

    person_id: UUID = Field(primary_key=True)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Booking(SQLModel, table=True):
    """A claim on a resource, for a person or a case, and where it stands in the one life cycle."""

    __tablename__ = "booking"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(state IN ('held', 'requested')) = (expires_at IS NOT NULL)", name="booking_expires_or_not"),
        CheckConstraint("(first_on IS NULL) <> (starts_at IS NULL)", name="booking_dated_one_way"),
        CheckConstraint("until_on IS NULL OR until_on > first_on", name="booking_ends_after_start"),
        CheckConstraint(
            "state IN ('held', 'cancelled', 'lapsed') OR person_id IS NOT NULL OR case_ref <> ''",
            name="booking_for_somebody",
        ),
        Index("booking_territory_created", "territory_id", "created_at"),
        Index("booking_resource_first", "resource_id", "first_on"),
        Index("booking_expiring", "expires_at", postgresql_where="expires_at IS NOT NULL"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False))
    resource_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=False))
    unit_id: int | None = Field(default=None, sa_column=Column(BigInteger, ForeignKey("unit.id"), nullable=True))
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    person_id: UUID | None = Field(default=None, index=True)  # no foreign key: the booking outlives an erasure
    case_ref: str = Field(default="", sa_column=Column(String(64), nullable=False))
    requested_by: UUID
    state: str = State.HELD
    first_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    starts_at: datetime | None = instant(nullable=True)
    ends_at: datetime | None = instant(nullable=True)
    minutes: int | None = None
    family: str = ""
    expires_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class Answer(SQLModel, table=True):
    """What an act answered under an idempotency key: the same key gives the same answer."""

    __tablename__ = "answer"

    actor_id: UUID = Field(primary_key=True)
    key: str = Field(sa_column=Column(String(200), primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    status: int
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
