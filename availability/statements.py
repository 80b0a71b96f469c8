"""How the statements of an act are run: prepared, and beside the unit of work, which costs as much again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult, Executable, TextClause, text
from sqlmodel import Session


def by_key(statement: str) -> TextClause:
    """Return a statement that finds its rows by their keys: worth preparing, for any plan of it is the good one."""
    return text(statement).execution_options(prepare=True)


def run(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement in the transaction of the session. What the session has not flushed yet is not seen."""
    return session.connection().execute(statement, values)
