"""Tables of what the link asks of a service beyond the appointment: to be called, to be told more, to be helped."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Uuid
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of

ONE_OPEN_CALLBACK = "callback_request_one_open"
IS_OPEN = "done_at IS NULL AND withdrawn_at IS NULL"


class DayPart(StrEnum):
    """When somebody would rather be called."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


class CallbackRequest(SQLModel, table=True):
    """Somebody asks by their link to be called; a convocation has one open request at most."""

    __tablename__ = "callback_request"
    __table_args__ = (
        one_of("part", DayPart),
        CheckConstraint("done_at IS NULL OR withdrawn_at IS NULL", name="callback_request_ends_once"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="callback_request_done_by_somebody"),
        Index(ONE_OPEN_CALLBACK, "convocation_id", unique=True, postgresql_where=IS_OPEN),
        Index("callback_request_of", "convocation_id", "asked_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    convocation_id: UUID = Field(foreign_key="convocation.id")
    part: str
    number_sealed: bytes | None = Field(  # with the key of the person; none: the number that receives their messages
        default=None, sa_column=Column(LargeBinary, nullable=True)
    )
    asked_at: datetime = instant()
    withdrawn_at: datetime | None = instant(nullable=True)
    done_at: datetime | None = instant(nullable=True)
    done_by: UUID | None = None


class LinkTry(SQLModel, table=True):
    """How many wrong years of birth were said with a link since its count began; the row is the lock of the next."""

    __tablename__ = "link_try"

    convocation_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("convocation.id"), primary_key=True))
    tries: int
    since: datetime = instant()


class LinkHelp(SQLModel, table=True):
    """Somebody of a front desk opened a link with its person: who, until when. Only a digest of its mark is kept."""

    __tablename__ = "link_help"

    mark: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    convocation_id: UUID = Field(foreign_key="convocation.id", index=True)
    account_id: UUID
    at: datetime = instant()
    until: datetime = instant()
