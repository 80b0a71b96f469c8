"""Whose agenda is whose."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey
from sqlmodel import Field, SQLModel


class OwnAgenda(SQLModel, table=True):
    """The agenda of an account: one each. By number: names change, and two people bear the same.

    No foreign key to accounts: those belong to the shell.
    """

    __tablename__ = "own_agenda"

    account_id: UUID = Field(primary_key=True)
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
