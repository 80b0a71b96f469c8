"""When somebody last read their day: what others did since is told. No foreign key to accounts: see saved_models.py."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from availability.models import instant


class DayVisit(SQLModel, table=True):
    """One account's visits of its day: the present one, and the end of the one before, from which on all is new."""

    __tablename__ = "day_visit"

    account_id: UUID = Field(primary_key=True)
    at: datetime = instant()  # the last time that the day was read
    since: datetime = instant()  # what was done after this was not read before the present visit
