"""The table of what was served outside: a letter handed over, posted, or carried by a bailiff."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Column, Date, ForeignKey, Index, Uuid
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of

ONE_SERVICE_A_DAY = "formal_service_once"


class ServedHow(StrEnum):
    """How a formal convocation reached its person, outside of the system."""

    HAND = "hand"  # remise en main propre
    LETTER = "letter"  # lettre simple
    REGISTERED = "registered"  # lettre recommandée avec avis de réception
    BAILIFF = "bailiff"  # citation par commissaire de justice


class FormalService(SQLModel, table=True):
    """That a convocation was served: the day and the kind, and nothing else. Source: MessageClass.FORMAL."""

    __tablename__ = "formal_service"
    __table_args__ = (
        one_of("how", ServedHow),
        Index(ONE_SERVICE_A_DAY, "convocation_id", "how", "on_day", unique=True),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    convocation_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("convocation.id"), nullable=False))
    how: str
    on_day: date = Field(sa_column=Column(Date, nullable=False))  # where the appointment is
    noted_by: UUID
    noted_at: datetime = instant()
