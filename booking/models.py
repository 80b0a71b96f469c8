"""Tables of who takes what, for whom. Their keys are random: no identifier can be guessed or counted."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, manager_of_class
from sqlmodel import Field, Session, SQLModel

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
BEGINS_ON = text("COALESCE(first_on, (starts_at AT TIME ZONE 'UTC'::text)::date)")


class Person(SQLModel, table=True):
    """A person under judicial supervision (PPSMJ) or a litigant: the least that is needed.

    Names and birth date stay searchable; contact details are sealed with the person's own key. Numbers and services are
    in booking/person_models.py.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("sex IN ('F', 'M', '')", name="sex_known"),
        CheckConstraint("length(family_name) BETWEEN 1 AND 200", name="family_name_given"),
        Index(
            "person_search_name_trigrams",
            "search_name",
            postgresql_using="gin",
            postgresql_ops={"search_name": "gin_trgm_ops"},
        ),
        Index("person_born_on", "birth_on"),
        Index("person_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    family_name: str
    given_name: str = ""
    usage_name: str = Field(default="", sa_column=Column(String(200), nullable=False, server_default=""))
    aliases: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(200)), nullable=False, server_default=text("'{}'"))
    )
    birth_on: date = Field(sa_column=Column(Date, nullable=False))
    sex: str  # empty: a list opened the file, and said nothing of it
    language: str = "fr"
    file_number: str = Field(default="", index=True)
    search_name: str = ""  # unaccented, lower case
    time_zone: str = ""  # where they live; empty: not known
    holiday_zone: str = ""  # as a site's
    address_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    point_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # of the address
    merged_into: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("person.id"), nullable=True)
    )  # another file of the same person, which has everything: see booking/merging.py
    revision: int = Field(
        default=1, sa_column=Column(Integer, nullable=False, server_default="1")
    )  # raised by every change of the file
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
        CheckConstraint("reason_sealed IS NULL OR reason = 'other'", name="booking_words_beside_other"),
        Index("booking_territory_created", "territory_id", "created_at"),
        Index("booking_resource_first", "resource_id", "first_on"),
        # By kind, service and day: see booking/quotas.py. A day in UTC, for what has an hour.
        Index("booking_counted_by_territory", "kind_id", "territory_id", BEGINS_ON),
        Index(
            "booking_counted_by_organisation",
            "kind_id",
            "organisation_id",
            BEGINS_ON,
            postgresql_where="organisation_id IS NOT NULL",
        ),
        Index("booking_case_ref", "case_ref", postgresql_where=text("case_ref <> ''")),
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
    organisation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("organisation.id"), nullable=True)
    )  # the service that asked: quotas count by it
    series_id: UUID | None = Field(default=None, index=True)  # made together with others: see booking/series_models.py
    revision: int = Field(
        default=1, sa_column=Column(Integer, nullable=False, server_default="1")
    )  # raised by every change: who edits says which one they saw
    state: str = State.HELD
    first_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    starts_at: datetime | None = instant(nullable=True)
    ends_at: datetime | None = instant(nullable=True)
    minutes: int | None = None
    family: str = ""
    expires_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
    reason: str = Field(default="", sa_column=Column(String(20), nullable=False, server_default=""))
    reason_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


COLUMNS = tuple(column.name for column in Booking.__table__.columns)  # type: ignore[attr-defined]
_DEFAULTS = {
    name: one.default
    for name, one in Booking.model_fields.items()
    if not one.is_required() and one.default_factory is None
}


def new_booking(**values: Any) -> Booking:
    """Return a booking that is not written yet, beside the constructor, which takes as long as a statement."""
    made: Booking = manager_of_class(Booking).new_instance()
    instance_dict(made).update(_DEFAULTS | values)
    return made


def columns_of(booking: Booking) -> dict[str, Any]:
    """Return its columns by name."""
    known = instance_dict(booking)
    return {name: known[name] for name in COLUMNS}


def make_known(session: Session, booking: Booking) -> None:
    """Have the session know an object as a row that is written."""
    make_transient_to_detached(booking)
    session.add(booking)


class Answer(SQLModel, table=True):
    """What an act answered under an idempotency key: the same key gives the same answer."""

    __tablename__ = "answer"

    actor_id: UUID = Field(primary_key=True)
    key: str = Field(sa_column=Column(String(200), primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    status: int
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
