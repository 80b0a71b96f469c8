"""Tables of who is summoned, what is sent to them, and what they answered."""

from __future__ import annotations

from datetime import date, datetime
from secrets import randbits
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, LargeBinary
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of
from convocations.kinds import MessageClass, MessageKind, MessageState, Standing

ONE_CONVOCATION_A_BOOKING = "convocation_booking_once"
ONE_MESSAGE_OF_A_KIND = "message_said_once"
MOST_ACTS = 40  # by one link: far more than anybody needs


class Convocation(SQLModel, table=True):
    """A person summoned to an appointment, or asked to choose one among the free slots of some resources."""

    __tablename__ = "convocation"
    __table_args__ = (
        one_of("standing", Standing),
        CheckConstraint(
            "CASE standing WHEN 'choosing' THEN booking_id IS NULL AND choose_by IS NOT NULL"
            " WHEN 'set' THEN booking_id IS NOT NULL ELSE true END",
            name="convocation_stands",
        ),
        CheckConstraint("reminder_hours IN (24, 48)", name="convocation_reminded"),
        Index(ONE_CONVOCATION_A_BOOKING, "booking_id", unique=True),
        Index("convocation_territory_created", "territory_id", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    link_id: int = Field(
        default_factory=lambda: randbits(63), sa_column=Column(BigInteger, nullable=False, unique=True)
    )
    link_version: int = 1  # raised to revoke the link
    acts: int = 0  # done with the link; beyond MOST_ACTS it does nothing more
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    person_id: UUID = Field(index=True)  # no foreign key: it outlives an erasure
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False))
    resource_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    standing: str
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id")
    choose_by: date | None = Field(default=None, sa_column=Column(Date, nullable=True))  # last day, at the place
    reminder_hours: int = 48
    requested_by: UUID
    confirmed_at: datetime | None = instant(nullable=True)  # when the person said that they will come
    created_at: datetime = instant()


class Message(SQLModel, table=True):
    """One message, from the act that causes it to what became of it. Its body is written when it leaves."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", MessageKind),
        one_of("state", MessageState),
        CheckConstraint(
            f"category IN ({', '.join(repr(one.value) for one in MessageClass)})", name="message_category_known"
        ),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="message_sending_is_leased"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="message_sent_is_dated"),
        # The same thing waits once, however many acts ask for it.
        Index(
            ONE_MESSAGE_OF_A_KIND,
            "convocation_id",
            "kind",
            "about_at",
            unique=True,
            postgresql_where="state IN ('planned', 'sending')",
            postgresql_nulls_not_distinct=True,
        ),
        Index("message_due", "due_at", postgresql_where="state = 'planned'"),
        Index("message_lease", "lease_until", postgresql_where="state = 'sending'"),
        Index(
            "message_to_handle",
            "due_at",
            postgresql_where="state IN ('failed', 'flagged', 'outdated') AND handled_at IS NULL",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    convocation_id: UUID = Field(foreign_key="convocation.id", index=True)
    booking_id: UUID | None = None
    about_at: datetime | None = instant(nullable=True)  # the start that it speaks of; none for an offer
    kind: str
    category: str = MessageClass.INFORMATION
    state: str = MessageState.PLANNED
    due_at: datetime = instant()
    useful_until: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)  # when it was last handed to the provider
    lease_until: datetime | None = instant(nullable=True)
    attempts: int = 0
    sent_at: datetime | None = instant(nullable=True)
    provider: str = ""
    provider_id: str = ""
    failure: str = ""  # a code; the French of it is in the pages
    body_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    segments: int | None = None
    handled_at: datetime | None = instant(nullable=True)  # when somebody dealt with what did not leave
    created_at: datetime = instant()


class SmsRefusal(SQLModel, table=True):
    """A person who receives no message of the class that may be refused, since when and how they said so."""

    __tablename__ = "sms_refusal"
    __table_args__ = (CheckConstraint("how IN ('link', 'desk', 'provider')", name="sms_refusal_how_known"),)

    person_id: UUID = Field(primary_key=True)
    how: str
    at: datetime = instant()
