"""Table of the months that a registry opened: their sessions are written however far they are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from availability.models import instant, reference


class OpenedMonth(SQLModel, table=True):
    """A month that is opened for the templates of a line, named by the first of them."""

    __tablename__ = "opened_month"
    __table_args__ = (CheckConstraint("extract(day FROM month_on) = 1", name="opened_month_first"),)

    line_id: int = reference("hearing_template.id", primary_key=True, cascade=True)
    month_on: date = Field(primary_key=True)  # its first day
    created_at: datetime = instant()
