"""What a court shares out: cases for which somebody is to be designated, as its registry lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from availability.models import instant

ONE_LINE_A_CASE = "case_to_designate_once"


def _texts() -> Any:
    column: Any = Column(ARRAY(String), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


class CaseToDesignate(SQLModel, table=True):
    """A case that waits for a service of a kind; it waits as long as no designation of the kind runs for it.

    No name and no address: a number, the communes of the parties, and what their case asks of who takes it.
    """

    __tablename__ = "case_to_designate"
    __table_args__ = (
        UniqueConstraint("territory_id", "kind_id", "case_ref", name=ONE_LINE_A_CASE),
        CheckConstraint("case_ref <> ''", name="case_to_designate_named"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False))
    case_ref: str = Field(sa_column=Column(String(64), nullable=False))
    communes: list[str] = _texts()  # where the parties live: INSEE codes
    competence: str = ""  # a code of the kind
    languages: list[str] = _texts()
    is_urgent: bool = False
    created_at: datetime = instant()
