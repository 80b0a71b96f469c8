"""Tables of video links: how many the country carries at once, and when each is held."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Integer, SmallInteger
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlmodel import Field, SQLModel

from availability.models import instant

MOST_LINKS = 10_000


class VideoCeiling(SQLModel, table=True):
    """How many links there may be at the same moment in the whole country: one row, which is also what is locked."""

    __tablename__ = "video_ceiling"
    __table_args__ = (
        CheckConstraint("id = 1", name="video_ceiling_alone"),
        CheckConstraint(f"most BETWEEN 0 AND {MOST_LINKS}", name="video_ceiling_sane"),
    )

    id: int = Field(default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    most: int = Field(sa_column=Column(Integer, nullable=False))
    changed_at: datetime | None = instant(nullable=True)  # None: as it was shipped


class VideoLink(SQLModel, table=True):
    """A link between two ends, for as long as its session holds both; `holder_id` has their time in `seat_time`."""

    __tablename__ = "video_link"
    __table_args__ = (Index("video_link_during", "during", postgresql_using="gist"),)

    holder_id: UUID = Field(primary_key=True)
    during: Range[datetime] = Field(sa_column=Column(TSTZRANGE, nullable=False))
