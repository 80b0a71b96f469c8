"""How the statements of an act are run: prepared, beside the unit of work, and those found by their keys beside
SQLAlchemy too: each of the three costs as much again as PostgreSQL does (docs/benchmarks.md).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast, overload

import psycopg
from sqlalchemy import CursorResult, Executable, TextClause, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlmodel import Session

PSYCOPG = PGDialect_psycopg()  # type: ignore[no-untyped-call]
OWN_CURSOR = "cursor of acts"


class ByKey(TextClause):
    """A statement whose rows are found by their keys: any plan of it is the good one."""

    inherit_cache = True


_ROWS: dict[ByKey, Any] = {}  # what makes the rows of each


class Rows:
    """The rows that a statement returned, all of them read; the part of a CursorResult that acts use."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Return every row."""
        return self._rows

    def first(self) -> Any:
        """Return the first row, or None."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        """Return the only row, or None. Raises: MultipleResultsFound."""
        if len(self._rows) > 1:
            raise MultipleResultsFound
        return self.first()

    def one(self) -> Any:
        """Return the only row. Raises: NoResultFound, MultipleResultsFound."""
        if not self._rows:
            raise NoResultFound
        return self.one_or_none()

    def scalar(self) -> Any:
        """Return the first value of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """Return the first value of the only row. Raises: NoResultFound, MultipleResultsFound."""
        return self.one()[0]

    def scalars(self) -> list[Any]:
        """Return the first value of every row."""
        return [row[0] for row in self._rows]


def by_key(statement: str) -> ByKey:
    """Return a statement that finds its rows by their keys: worth preparing, for any plan of it is the good one."""
    template = text(statement).execution_options(prepare=True)
    made = ByKey.__new__(ByKey)
    made.__dict__.update(template.__dict__)
    return made


@overload
def run(session: Session, statement: ByKey, values: Mapping[str, Any]) -> Rows: ...  # type: ignore[overload-overlap]
@overload
def run(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]: ...
def run(session: Session, statement: Executable, values: Mapping[str, Any]) -> Rows | CursorResult[*tuple[Any, ...]]:
    """Run a statement in the transaction of the session. What the session has not flushed yet is not seen."""
    connection = session.connection()
    if not isinstance(statement, ByKey):
        return connection.execute(statement, values)
    cursor = _cursor(connection)
    try:
        cursor.execute(_written(statement), values, prepare=True)
        row = _row_of(statement, cursor)
        return Rows([] if row is None else [row(*each) for each in cursor.fetchall()], cursor.rowcount)
    except psycopg.Error as error:
        raise _as_sqlalchemy(connection, statement, values, error) from error


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    """Return the one cursor of these statements on a connection: making one takes as long as using it."""
    info = connection.info
    if (kept := info.get(OWN_CURSOR)) is None or kept.connection is not connection.connection.driver_connection:
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        kept = info[OWN_CURSOR] = driver.cursor()
    return cast("psycopg.Cursor[Any]", kept)


def _row_of(statement: ByKey, cursor: psycopg.Cursor[Any]) -> Any:
    """Return what makes the rows of a statement, None when it returns none; asked of the cursor once a statement."""
    if statement not in _ROWS:
        named = None if cursor.description is None else [column.name for column in cursor.description]
        _ROWS[statement] = named and namedtuple("Row", named, rename=True)
    return _ROWS[statement]


@lru_cache(maxsize=1024)
def _written(statement: ByKey) -> Any:
    """Return a statement as psycopg reads it."""
    return statement.compile(dialect=PSYCOPG).string


def _as_sqlalchemy(
    connection: Connection, statement: ByKey, values: Mapping[str, Any], error: psycopg.Error
) -> BaseException:
    """Return the error that SQLAlchemy would raise; a connection that is lost is not used again."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        str(statement),
        dict(values),
        error,
        psycopg.Error,
        hide_parameters=True,  # as the engine: not with the names and the numbers that it was given
        connection_invalidated=is_lost,
        dialect=dialect,
    )
