"""`placejuste serve`: database, schema, demonstration and pages made ready at the same time, then the server."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import text
from sqlmodel import Session

from booking.sealing import House
from portal import clock, database, embedded
from portal.build import ROOT, build, reflex_environment
from portal.migrate import migrate
from portal.settings import secret_key, settings
from portal.worker import die_with_parent

DEMO_SEED = 1
PORTS_TRIED = 20
STOP_S = 15


def serve(say: Callable[[str], None]) -> int:
    """Make everything ready, serve until asked to stop, and return the exit code of the server.

    Raises: AlreadyRunning, BuildFailed.
    """
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as pages:
        building = pages.submit(build)
        stack.enter_context(served_database())
        prepare_database(say)
        if building.result():
            say("Pages construites.")
        database.engine().dispose()
        database.engine.cache_clear()
        return _run_server(say)


@contextlib.contextmanager
def served_database() -> Iterator[None]:
    """Own the embedded database while this runs, when none is configured."""
    if settings().database_url is not None:
        yield
        return
    with embedded.owned(settings().postgres_dir):
        yield


def prepare_database(say: Callable[[str], None]) -> None:
    """Bring the schema up to date, set the clock, and load the demonstration into an empty database."""
    migrate(database.database_url())
    with Session(database.engine()) as session, session.begin():
        clock.store_offset(session, settings().now)
        clock.read_offset(session)
        if settings().demo and is_empty(session):
            say(load_demo(session, DEMO_SEED, clock.now()))


def is_empty(session: Session) -> bool:
    """Say whether nobody has an account yet."""
    return session.execute(text("SELECT 1 FROM account LIMIT 1")).first() is None


def load_demo(session: Session, seed: int, now: datetime) -> str:
    """Fill the database with the fictional country, and return what was written, in French. Raises: demo.NotEmpty."""
    from portal import demo  # heavy, and only of use in demonstration

    return demo.load(session, seed=seed, now=now, house=House(secret_key())).in_french()


def free_port(host: str, wanted: int) -> int:
    """Return `wanted`, or the next port that nobody listens on.

    Raises: OSError when twenty in a row are taken.
    """
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                return port
    raise OSError(f"ports {wanted} to {wanted + PORTS_TRIED - 1} are all taken")


def _run_server(say: Callable[[str], None]) -> int:
    port = free_port(settings().host, settings().port)
    if port != settings().port:
        say(f"Le port {settings().port} est pris : le port {port} est utilisé.")
    environment = reflex_environment() | server_environment(port)
    origin = settings().public_url or f"http://localhost:{port}"
    say(f"PlaceJuste répond sur {origin}  (Ctrl-C pour arrêter)")
    return _supervised(server_command(port), environment)


def server_command(port: int) -> list[str]:
    """Return the command of the server: granian respawns a worker that dies, which `reflex run` does not."""
    return [
        str(Path(sys.executable).parent / "granian"),
        *("--interface", "asgi", "--factory", "portal.app:app"),
        *("--host", settings().host, "--port", str(port)),
        *("--workers", str(settings().workers), "--respawn-failed-workers"),
        *("--log-level", "warning", "--no-access-log"),
    ]


def server_environment(port: int) -> dict[str, str]:
    """Return what the server's processes need to know besides our own environment."""
    metrics = (settings().data_dir / "metrics").resolve()
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    return {
        # Names internal to Reflex, whose version is pinned: serve the built pages, do not compile them again.
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "PLACEJUSTE_PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _supervised(command: list[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=die_with_parent)  # noqa: S603, PLW1509
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _leave(_signal: int, _frame: object) -> NoReturn:
    # As Ctrl-C does: the context managers stop the server, then PostgreSQL.
    raise KeyboardInterrupt


def attached_environment() -> contextlib.AbstractContextManager[Any]:
    """Return the database that a command works on: the configured one, the one that runs, or one of our own."""
    if settings().database_url is not None or "DATABASE_URL" in os.environ:
        return contextlib.nullcontext()
    return embedded.attached(settings().postgres_dir)
