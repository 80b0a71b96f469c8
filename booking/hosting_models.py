"""What goes around a request while its host decides: its link, other dates proposed, e-mails, who receives them."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from secrets import randbits
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Time,
)
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of

MOST_ADDRESS = 254  # characters. Source: RFC 5321, section 4.5.3.1.3
ONE_OPEN_PROPOSAL = "host_proposal_open_once"
ON_SCREEN = "screen"  # the provider of an installation that sends no e-mail
ONE_MAIL_OF_A_KIND = "host_mail_said_once"


class ProposalState(StrEnum):
    """What became of other dates."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    OVER = "over"  # the request was answered, given up or lapsed meanwhile


class MailKind(StrEnum):
    """What an e-mail tells a host."""

    REQUEST = "request"
    WARNING = "warning"  # silence soon lapses
    LAPSED = "lapsed"
    GIVEN_UP = "given-up"  # by whoever asked, before the answer or after it
    AGREED = "agreed"  # the dates that the host proposed are taken
    DECLINED = "declined"  # they are not; the request still waits
    LAWYER_SET = "lawyer-set"  # these five to the lawyers of a case: see booking/lawyer_news.py
    LAWYER_MOVED = "lawyer-moved"
    LAWYER_OVER = "lawyer-over"
    LAWYER_REMINDER = "lawyer-reminder"
    LAWYER_RELEASED = "lawyer-released"  # by the registry, for want of a summons
    LAWYER_OFFER = "lawyer-offer"  # a date is held for who waited for it
    INVITATION = "invitation"  # of a lawyer, to open an account


TO_LAWYERS = frozenset(kind for kind in MailKind if kind.startswith("lawyer-"))


class MailState(StrEnum):
    """Where an e-mail stands; as those of messages, without a receipt."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    FLAGGED = "flagged"  # nobody knows whether it left: it is not sent again on a guess
    CANCELLED = "cancelled"
    OUTDATED = "outdated"


class HostRequest(SQLModel, table=True):
    """A booking that was asked of its host, and the link that answers it. `id` is how the history names the link."""

    __tablename__ = "host_request"
    __table_args__ = (
        CheckConstraint(
            "(work_starts IS NULL) = (work_ends IS NULL) AND (work_ends IS NULL) = (work_days IS NULL)",
            name="host_request_work_is_whole",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id", unique=True)
    link_id: int = Field(
        default_factory=lambda: randbits(63), sa_column=Column(BigInteger, nullable=False, unique=True)
    )
    link_version: int = 1  # raised to revoke the link: when another address receives
    asked_at: datetime = instant()
    answer_by: datetime = instant()  # the last one that was given: what the booking no longer says once answered
    # Hours of work, as searched with: for a host whose doors have hours. Monday is 0.
    work_starts: time | None = Field(default=None, sa_column=Column(Time, nullable=True))
    work_ends: time | None = Field(default=None, sa_column=Column(Time, nullable=True))
    work_days: list[int] | None = Field(default=None, sa_column=Column(ARRAY(SmallInteger), nullable=True))


class HostProposal(SQLModel, table=True):
    """Other dates that the host proposes. `id` holds the part of them that the request does not have already."""

    __tablename__ = "host_proposal"
    __table_args__ = (
        one_of("state", ProposalState),
        CheckConstraint("(first_on IS NULL) <> (starts_at IS NULL)", name="host_proposal_dated_one_way"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="host_proposal_ended"),
        Index(ONE_OPEN_PROPOSAL, "booking_id", unique=True, postgresql_where="state = 'open'"),
        Index("host_proposal_booking", "booking_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    unit_id: int | None = Field(default=None, sa_column=Column(BigInteger, ForeignKey("unit.id"), nullable=True))
    first_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    starts_at: datetime | None = instant(nullable=True)
    ends_at: datetime | None = instant(nullable=True)
    state: str = ProposalState.OPEN
    made_by: UUID
    made_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class HostMail(SQLModel, table=True):
    """One e-mail to one address, from the act that causes it to what became of it. Written when it leaves."""

    __tablename__ = "host_mail"
    __table_args__ = (
        one_of("kind", MailKind),
        one_of("state", MailState),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="host_mail_sending_is_leased"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="host_mail_sent_is_dated"),
        Index(
            ONE_MAIL_OF_A_KIND,
            "booking_id",
            "kind",
            "recipient",
            unique=True,
            postgresql_where="state IN ('planned', 'sending')",
        ),
        CheckConstraint("(booking_id IS NULL) <> (invitation_id IS NULL)", name="host_mail_about_one_thing"),
        Index(
            "host_mail_invites_once",
            "invitation_id",
            unique=True,
            postgresql_where="invitation_id IS NOT NULL AND state IN ('planned', 'sending')",
        ),
        Index("host_mail_due", "due_at", postgresql_where="state = 'planned'"),
        Index("host_mail_lease", "lease_until", postgresql_where="state = 'sending'"),
        Index("host_mail_created", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id", index=True)
    invitation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lawyer_invitation.id"), nullable=True)
    )
    kind: str
    recipient: str = Field(sa_column=Column(String(MOST_ADDRESS), nullable=False))  # empty: nobody is known to receive
    state: str = MailState.PLANNED
    failure: str = ""  # a code; the French of it is in the pages
    due_at: datetime = instant()
    useful_until: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)
    lease_until: datetime | None = instant(nullable=True)
    attempts: int = 0
    sent_at: datetime | None = instant(nullable=True)
    provider: str = ""  # "screen", "smtp"; empty: not handed over yet
    subject: str = ""
    body_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = instant()


class HostMailbox(SQLModel, table=True):
    """The address where requests on a site arrive, as its service says; an import does not write over it."""

    __tablename__ = "host_mailbox"

    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True))
    email: str = Field(sa_column=Column(String(MOST_ADDRESS), nullable=False))
    changed_at: datetime = instant()
    changed_by: UUID
