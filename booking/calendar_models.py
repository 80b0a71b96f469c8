"""The addresses that people gave to their calendars. The token in an address is derived, not stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, false
from sqlmodel import Field, SQLModel

from availability.models import instant, key


class CalendarLink(SQLModel, table=True):
    """What an address shows: the bookings of a resource or of a whole site, as its account may see them, or the
    hearings of a lawyer.

    Raising the version makes the address of before show nothing. Nothing of it says whose it is.
    """

    __tablename__ = "calendar_link"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN of_lawyer THEN resource_id IS NULL AND site_id IS NULL"
            " ELSE (resource_id IS NULL) <> (site_id IS NULL) END",
            name="calendar_link_of_one_thing",
        ),
    )

    id: int = key()
    version: int = 1
    account_id: UUID = Field(index=True)
    resource_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=True)
    )
    site_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("site.id", ondelete="CASCADE"), nullable=True)
    )
    of_lawyer: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    has_names: bool = False  # where the account may read them
    created_at: datetime = instant()
    read_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)
