"""Meetings: people, a room and a video link at one hour, taken from common dates. A hearing of its own, or none."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, String, text
from sqlmodel import Field, SQLModel

from availability.models import instant

NAME_LENGTH = 120


def _to(target: str, *, nullable: bool = False, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, ForeignKey(target), nullable=nullable, **options))


class Meeting(SQLModel, table=True):
    """An hour that several people keep together. Its id is the holder of all their time, and of the room's."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="meeting_not_empty"),
        CheckConstraint("name <> ''", name="meeting_named"),
        CheckConstraint("people_ids <> '{}'", name="meeting_of_somebody"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    site_id: int = _to("site.id", index=True)
    name: str = Field(sa_column=Column(String(NAME_LENGTH), nullable=False))  # of nobody: it is read by all who come
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    people_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    room_id: int | None = _to("resource.id", nullable=True)
    video_ids: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    hearing_id: int | None = _to("hearing_session.resource_id", nullable=True, unique=True)
    created_by: UUID
    created_at: datetime = instant()
    called_off_at: datetime | None = instant(nullable=True)

    @property
    def held_ids(self) -> list[int]:
        """Return everybody and everything whose time it takes."""
        return sorted({*self.people_ids, *self.video_ids, *([self.room_id] if self.room_id else [])})
