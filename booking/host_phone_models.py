"""The number that receives an SMS when something is asked of a site: maybe somebody's own mobile, so it is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary
from sqlmodel import Field, SQLModel

from availability.models import instant


class HostPhone(SQLModel, table=True):
    """Where the SMS about requests on a site go, until its holder says STOP; e-mails go on."""

    __tablename__ = "host_phone"

    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id", ondelete="CASCADE"), primary_key=True))
    number_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    number_mark: bytes = Field(sa_column=Column(LargeBinary, nullable=False, index=True))  # see House.blind_index
    stopped_at: datetime | None = instant(nullable=True)
    changed_at: datetime = instant()
    changed_by: UUID
