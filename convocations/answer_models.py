"""Tables of what comes back from people: answers, the numbers that they come from, openings of a link."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, LargeBinary, Uuid
from sqlmodel import Field, SQLModel

from availability.models import instant


class SmsNumber(SQLModel, table=True):
    """A number that somebody was written to, blind: it is found when an answer comes from it, and never read.

    It is forgotten with its person.
    """

    __tablename__ = "sms_number"

    mark: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    person_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    last_at: datetime = instant()


class SmsAnswer(SQLModel, table=True):
    """What somebody answered, once an id of the provider: what was understood, never their words nor their number."""

    __tablename__ = "sms_answer"

    provider: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    at: datetime = instant()
    said: str  # an `Answer`, or "unclear"
    reply: str  # a code of `answering.Reply`
    language: str
    convocation_id: UUID | None = Field(default=None, foreign_key="convocation.id", index=True)


class LinkOpening(SQLModel, table=True):
    """A link was opened on a day, with a kind of device: the first time only, and nothing else of the visit."""

    __tablename__ = "link_opening"
    __table_args__ = (CheckConstraint("device IN ('phone', 'computer')", name="link_opening_device_known"),)

    convocation_id: UUID = Field(primary_key=True, foreign_key="convocation.id")
    on_day: date = Field(sa_column=Column(Date, primary_key=True))  # where the appointment is
    device: str = Field(primary_key=True)
    at: datetime = instant()
