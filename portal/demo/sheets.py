"""Rows on their way to the database: whole tables are given to PostgreSQL by COPY, which makes seconds of minutes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg.types.json import JsonbDumper
from sqlalchemy import text
from sqlmodel import Session


class Sheet:
    """Rows of one table. Integer keys are dealt from 1 up, so that the same seed gives the same numbers."""

    def __init__(self, table: str, columns: str, *, numbered: bool = True) -> None:
        self.table = table
        self.numbered = numbered
        self.columns = tuple(columns.split())
        self.rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, **values: Any) -> int:
        """Add a row that has exactly the columns of the sheet, and return its number. Raises: ValueError, KeyError."""
        if len(values) != len(self.columns):
            raise ValueError(f"{self.table}: {sorted(values.keys() ^ set(self.columns))}")
        self.rows.append(tuple(map(values.__getitem__, self.columns)))
        return len(self.rows)

    def write(self, session: Session) -> None:
        """Copy the rows into their table, which is empty, and move its sequence past them."""
        columns = ("id", *self.columns) if self.numbered else self.columns
        rows = ((number, *row) for number, row in enumerate(self.rows, 1)) if self.numbered else self.rows
        copy(session, self.table, columns, rows)
        if self.numbered and self.rows:
            # Read under the transaction: an identity starts again after what was copied.
            session.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"),
                {"table": self.table, "last": len(self.rows)},
            )


def copy(session: Session, table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a table in the session's own transaction."""
    driver: Any = session.connection().connection.driver_connection
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor:
        cursor.adapters.register_dumper(dict, JsonbDumper)
        with cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)
