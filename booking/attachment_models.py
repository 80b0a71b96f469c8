"""What is known of the files linked to a booking. Their content is beside the database: see booking/vault.py."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of


class What(StrEnum):
    """What a file is. The French of each is in booking/words.py."""

    JUDGMENT = "judgment"
    HOST_AGREEMENT = "host-agreement"
    SUMMONS = "summons"  # projet d'assignation, before it is served
    OTHER = "other"


class Attachment(SQLModel, table=True):
    """A file that somebody linked to a booking. Removed, its content goes after a while, and this line stays."""

    __tablename__ = "attachment"
    __table_args__ = (one_of("what", What), CheckConstraint("size > 0", name="attachment_not_empty"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    booking_id: UUID = Field(sa_column=Column(ForeignKey("booking.id"), nullable=False, index=True))
    person_id: UUID | None = None  # whose key sealed it; none: that of the installation, for a case without a person
    what: str
    name_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    media_type: str = Field(sa_column=Column(String(100), nullable=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))  # bytes, as it was sent
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # SHA-256 of what is on the disk, sealed
    by: UUID
    at: datetime = instant()
    removed_at: datetime | None = instant(nullable=True)
