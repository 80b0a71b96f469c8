"""How a court room is reached, as its registry says it to whoever asks at the desk."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, String
from sqlmodel import Field, SQLModel

WAY_LENGTH = 160


class RoomWay(SQLModel, table=True):
    """The way to a room: its floor, its stairs. No row: nobody said it."""

    __tablename__ = "room_way"
    __table_args__ = (CheckConstraint("words <> ''", name="room_way_said"),)

    room_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    words: str = Field(sa_column=Column(String(WAY_LENGTH), nullable=False))
