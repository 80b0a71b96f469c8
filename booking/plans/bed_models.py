"""Tables of planning beds: who must never sleep in one establishment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, ForeignKey, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from availability.models import instant


class KeptApart(SQLModel, table=True):
    """One of some people who must not be in one establishment on a night: those of one group, whatever the reason is.

    The reason is in the file of the case, never here.
    """

    __tablename__ = "kept_apart"
    __table_args__ = (UniqueConstraint("group_id", "person_id", name="kept_apart_once"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    group_id: UUID = Field(index=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    person_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    by: UUID
    at: datetime = instant()
