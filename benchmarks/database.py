"""The PostgreSQL of the benchmarks: its own server and folder, settings as installed, every commit on disk."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks import country
from portal.embedded import attached
from portal.migrate import migrate

FOLDER = Path(".data/bench")
FILLED = "filled"  # migrated and filled, never written to again
MEASURED = "measured"  # a copy of it, made for each run


@contextlib.contextmanager
def measured(*, keep: bool) -> Iterator[str]:
    """Yield the address of a fresh copy of the filled database; `keep` leaves the filled one for the next run."""
    try:
        with attached((FOLDER / "postgres").resolve()) as url:
            filled, copy = (_named(url, name) for name in (FILLED, MEASURED))
            with psycopg.connect(url, autocommit=True) as connection:
                if not _is_fresh(connection):
                    _make(connection, filled)
                connection.execute(f"DROP DATABASE IF EXISTS {MEASURED} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {MEASURED} TEMPLATE {FILLED} STRATEGY FILE_COPY")
                connection.execute("CHECKPOINT")
            yield copy
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {MEASURED} WITH (FORCE)")
    finally:
        if not keep:
            shutil.rmtree(FOLDER, ignore_errors=True)


def size(url: str) -> str:
    """Return the size of a database, in words."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    return str(row[0]) if row else "unknown"


@contextlib.contextmanager
def of_size(url: str, beds: int) -> Iterator[str]:
    """Yield the address of a country of so many beds, beside another database; it goes at the end of the block."""
    name = f"of_{beds}"
    grown = _named(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            migrate(grown)
            with psycopg.connect(grown) as own:
                country.fill(own, datetime.now(UTC), beds=beds)
            yield grown
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _is_fresh(connection: psycopg.Connection) -> bool:
    """Say whether the filled database is whole, and of today: its nights are counted from the day it was made."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = connection.execute(query, (FILLED,)).fetchone()
    return row is not None and row[0] == _stamp()


def _stamp() -> str:
    revisions = sorted(path.name for path in Path("migrations/versions").glob("*.py"))
    filling = hashlib.sha256(Path(country.__file__).read_bytes()).hexdigest()[:12]
    return f"{datetime.now(UTC).date()} {filling} {' '.join(revisions)}"


def _make(connection: psycopg.Connection, filled: str) -> None:
    started = time.monotonic()
    connection.execute(f"DROP DATABASE IF EXISTS {FILLED} WITH (FORCE)")
    connection.execute(f"CREATE DATABASE {FILLED}")
    migrate(filled)
    with psycopg.connect(filled) as own:
        country.fill(own, datetime.now(UTC))
    connection.execute(f"COMMENT ON DATABASE {FILLED} IS '{_stamp()}'")
    print(f"data made in {time.monotonic() - started:.0f} s: {size(filled)} in {FOLDER}", flush=True)


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
