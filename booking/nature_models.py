"""Natures of cases: the nomenclature des affaires civiles that an administrator imported."""

from __future__ import annotations

from sqlalchemy import Column, String
from sqlmodel import Field, SQLModel

CODE_LENGTH, LABEL_LENGTH = 10, 300


class CaseNature(SQLModel, table=True):
    """A code of the nomenclature; what is above it is the longest code with which it begins."""

    __tablename__ = "case_nature"

    code: str = Field(sa_column=Column(String(CODE_LENGTH), primary_key=True))
    label: str = Field(sa_column=Column(String(LABEL_LENGTH), nullable=False))
    in_force: bool = True  # False: the last list no longer had it; cases set before keep its name
