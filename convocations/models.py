"""Tables of who is summoned, what is sent to them, and what they answered."""

from __future__ import annotations

from datetime import date, datetime
from secrets import randbits
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
    LargeBinary,
    String,
)
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of
from convocations.kinds import MessageClass, MessageKind, MessageState, ReceiptStatus, Standing

ONE_CONVOCATION_A_BOOKING = "convocation_booking_once"
ONE_MESSAGE_OF_A_KIND = "message_said_once"
# What could not be told, and that somebody is to be called for, while that is of use.
UNSAID = (
    "handled_at IS NULL AND (state IN ('failed', 'undelivered', 'flagged', 'outdated')"
    " OR state = 'withheld' AND kind IN ('change', 'cancellation') OR state = 'planned' AND attempts > 0)"
)
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
        CheckConstraint("reason_sealed IS NULL OR reason = 'other'", name="convocation_words_beside_other"),
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
    # Why it was withdrawn when there was no place to give back, which would say it (booking/reasons.py).
    reason: str = Field(default="", sa_column=Column(String(20), nullable=False, server_default=""))
    reason_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


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
        CheckConstraint("(state IN ('sent', 'undelivered')) = (sent_at IS NOT NULL)", name="message_sent_is_dated"),
        CheckConstraint("delivered_at IS NULL OR state = 'sent'", name="message_delivered_was_sent"),
        CheckConstraint("(convocation_id IS NULL) <> (host_request_id IS NULL)", name="message_to_one"),
        # The same thing waits once, however many acts ask for it.
        Index(
            ONE_MESSAGE_OF_A_KIND,
            "convocation_id",
            "host_request_id",
            "kind",
            "about_at",
            "hours_before",
            unique=True,
            postgresql_where="state IN ('planned', 'sending')",
            postgresql_nulls_not_distinct=True,
        ),
        Index("message_due", "due_at", postgresql_where="state = 'planned'"),
        Index("message_to_host", "host_request_id", postgresql_where="host_request_id IS NOT NULL"),
        Index(
            "message_due_to_host",
            "due_at",
            postgresql_where="state = 'planned' AND host_request_id IS NOT NULL",
        ),
        Index("message_lease", "lease_until", postgresql_where="state = 'sending'"),
        Index(
            "message_to_handle",
            "due_at",
            postgresql_where="state IN ('failed', 'undelivered', 'flagged', 'outdated') AND handled_at IS NULL",
        ),
        Index("message_by_provider_id", "provider_id", postgresql_where="provider_id <> ''"),
        CheckConstraint("call_outcome IN ('', 'told', 'unreached')", name="message_call_known"),
        Index("message_to_call", "useful_until", postgresql_where=UNSAID),
        Index("message_left", "sent_at", postgresql_where="paid_segments > 0"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    # To whom: the person of a convocation, or the host of a request (convocations/host_sms.py).
    convocation_id: UUID | None = Field(default=None, foreign_key="convocation.id", index=True)
    host_request_id: UUID | None = Field(default=None, foreign_key="host_request.id")
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
    delivered_at: datetime | None = instant(nullable=True)  # when its provider said that the phone had it
    provider: str = ""
    provider_id: str = ""
    failure: str = ""  # a code; the French of it is in the pages
    body_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    segments: int | None = None
    text_id: UUID | None = None  # the version that it was written from; none: the standard text
    hours_before: int | None = None  # of a reminder that comes before the last one
    refused_by: list[str] = Field(  # providers that surely refused it
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    region: str = Field(default="", sa_column_kwargs={"server_default": ""})  # ISO 3166 code of the number
    price_micros: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))  # a segment
    paid_segments: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # of every time that it was taken
    cost_micros: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    offered: list[datetime] | None = Field(  # the two starts that it proposed, answered by 1 or 2
        default=None, sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=True)
    )
    handled_at: datetime | None = instant(nullable=True)  # when somebody dealt with what did not leave
    calls: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    called_at: datetime | None = instant(nullable=True)
    call_outcome: str = Field(default="", sa_column_kwargs={"server_default": ""})  # of the last call
    created_at: datetime = instant()


class MessageReceipt(SQLModel, table=True):
    """What a provider said of a message that it took: proof, and what the clock applies. One row a thing said."""

    __tablename__ = "message_receipt"
    __table_args__ = (
        one_of("status", ReceiptStatus),
        Index("message_receipt_to_apply", "at", postgresql_where="applied_at IS NULL"),
    )

    provider: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    status: str = Field(primary_key=True)
    code: int = 0  # the provider's own; 0: none
    at: datetime = instant()
    applied_at: datetime | None = instant(nullable=True)


class SmsRefusal(SQLModel, table=True):
    """A person who receives no message of the class that may be refused, since when and how they said so."""

    __tablename__ = "sms_refusal"
    __table_args__ = (CheckConstraint("how IN ('link', 'desk', 'provider', 'sms')", name="sms_refusal_how_known"),)

    person_id: UUID = Field(primary_key=True)
    how: str
    at: datetime = instant()
