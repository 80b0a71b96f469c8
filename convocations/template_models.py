"""Texts that administrators write for messages, version by version; who may be named; what translators have read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, text
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of
from convocations.kinds import TEXT_KINDS

ONE_IN_USE = "message_text_in_use_once"
ONE_DRAFT = "message_text_drafted_once"
SCOPE = ("message_kind", "language", "kind_id", "organisation_id")


class TextState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    IN_USE = "in_use"
    PAST = "past"


class MessageText(SQLModel, table=True):
    """One version of a text. Its words never change once it was in use: messages remember what they were written from.

    No kind of place is all of them, no organisation all the services.
    """

    __tablename__ = "message_text"
    __table_args__ = (
        CheckConstraint(f"message_kind IN ({', '.join(map(repr, TEXT_KINDS))})", name="message_kind_known"),
        one_of("state", TextState),
        CheckConstraint("body <> ''", name="text_says_something"),
        CheckConstraint("(state = 'draft') = (used_at IS NULL)", name="text_used_is_dated"),
        Index(ONE_IN_USE, *SCOPE, unique=True, postgresql_where="state = 'in_use'", postgresql_nulls_not_distinct=True),
        Index(ONE_DRAFT, *SCOPE, unique=True, postgresql_where="state = 'draft'", postgresql_nulls_not_distinct=True),
        Index("message_text_scope", *SCOPE, "number"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    message_kind: str
    language: str
    kind_id: int | None = Field(default=None, sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=True))
    organisation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("organisation.id"), nullable=True)
    )
    number: int  # of the version, among those of its scope
    state: str
    body: str
    confirmed: list[str] = Field(  # words that would give something away, and that somebody confirmed
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default=text("'{}'"))
    )
    written_by: UUID
    written_at: datetime = instant()
    used_by: UUID | None = None
    used_at: datetime | None = instant(nullable=True)  # when it was last put in use
    ended_at: datetime | None = instant(nullable=True)
    broken_at: datetime | None = instant(nullable=True)  # when a message had to be written from the standard text


class ServiceNaming(SQLModel, table=True):
    """A service that lets its name be written in messages."""

    __tablename__ = "service_naming"

    organisation_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True)
    )
    by: UUID
    at: datetime = instant()


class LanguageReview(SQLModel, table=True):
    """A language whose standard sentences somebody read and found right, as they were then."""

    __tablename__ = "language_review"

    language: str = Field(primary_key=True)
    digest: str  # of the file: sentences that change are to be read again
    by: UUID
    at: datetime = instant()


class KindReminders(SQLModel, table=True):
    """How long before an appointment of a kind its person is reminded, in hours, besides the last reminder."""

    __tablename__ = "kind_reminders"

    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id", ondelete="CASCADE"), primary_key=True))
    hours: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
