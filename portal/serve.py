"""`placejuste serve`: database, pages and server made ready side by side, and stopped together.

Imports stay light here: the server's own imports take seconds, and begin before ours.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from portal.build import ROOT, build, is_built, reflex_environment
from portal.hardening import check_safe
from portal.processes import child, ownership
from portal.settings import settings

PORTS_TRIED = 20
READY_FILE = "PLACEJUSTE_READY_FILE"


def serve(say: Callable[[str], None]) -> int:
    """Make everything ready, serve until asked to stop, and return the exit code of the server.

    Raises: AlreadyRunning, BuildFailed, Unsafe.
    """
    check_safe(settings())
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.ExitStack() as stack:
        stack.enter_context(ownership(settings().data_dir))
        ready = _ready_file()
        # With pages already built, the server loads its code while the database starts.
        server = _start_server(stack, ready, say) if is_built() else None
        pages = stack.enter_context(ThreadPoolExecutor(1)).submit(build)

        from portal.prepare import prepare_database, served_database

        stack.enter_context(served_database())
        prepare_database(say)
        if pages.result():
            say("Pages construites.")
        process, address, port = server or _start_server(stack, ready, say)
        ready.touch()
        _wait_until_listening(process, port)
        say(f"PlaceJuste répond sur {address}  (Ctrl-C pour arrêter)")
        return _waited(process)


def free_port(host: str, wanted: int, claims: contextlib.ExitStack) -> int:
    """Return `wanted`, or the next port that nobody listens on, claimed until `claims` closes.

    The server listens seconds later, and would share the port with another one that found it free meanwhile: half of
    the requests would go to each. Raises: OSError when twenty in a row are taken.
    """
    for port in range(wanted, wanted + PORTS_TRIED):
        with contextlib.ExitStack() as attempt, contextlib.suppress(OSError):
            _claim(attempt, port)
            _refuse_taken(host, port)
            claims.push(attempt.pop_all())
            return port
    raise OSError(f"ports {wanted} to {wanted + PORTS_TRIED - 1} are all taken")


def _claim(attempt: contextlib.ExitStack, port: int) -> None:
    # A name of the kernel, on Linux: nobody else may take it, and it goes with the process however it dies.
    if sys.platform == "linux":
        claim = attempt.enter_context(socket.socket(socket.AF_UNIX))
        claim.bind(f"\0placejuste-port-{port}")


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _start_server(
    stack: contextlib.ExitStack, ready: Path, say: Callable[[str], None]
) -> tuple[subprocess.Popen[bytes], str, int]:
    port = free_port(settings().host, settings().port, stack)
    if port != settings().port:
        say(f"Le port {settings().port} est pris : le port {port} est utilisé.")
    environment = reflex_environment() | _server_environment(port, ready)
    process = stack.enter_context(child(server_command(port), cwd=ROOT, env=environment))
    return process, settings().public_url or f"http://localhost:{port}", port


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the first worker; a server that dies meanwhile is seen by whoever waits for its end."""
    host = "127.0.0.1" if settings().host == "0.0.0.0" else settings().host  # noqa: S104 - compared, not bound
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.05)


def server_command(port: int) -> list[str]:
    """Return the command of the server: granian respawns a worker that dies, which `reflex run` does not."""
    return [
        str(Path(sys.executable).parent / "granian"),
        *("--interface", "asgi", "--factory", "portal.app:app"),
        *("--host", settings().host, "--port", str(port)),
        *("--workers", str(settings().workers), "--respawn-failed-workers"),
        *("--log-level", "warning", "--no-access-log"),
    ]


def _server_environment(port: int, ready: Path) -> dict[str, str]:
    metrics = (settings().data_dir / "metrics").resolve()
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    return {
        # Names internal to Reflex, whose version is pinned: serve the built pages, do not compile them again.
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "PLACEJUSTE_PORT": str(port),
        "REFLEX_OPLOCK_ENABLED": "true",  # with a Redis, four times the events of plain locks (measured)
        READY_FILE: str(ready),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _ready_file() -> Path:
    """Return the file that tells the workers that the database is ready; it does not exist yet."""
    path = (settings().data_dir / f"ready-{os.getpid()}").resolve()
    for stale in path.parent.glob("ready-*"):
        stale.unlink(missing_ok=True)
    return path


def _waited(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0


def _leave(_signal: int, _frame: object) -> NoReturn:
    # As Ctrl-C does: the context managers stop the server, then PostgreSQL.
    raise KeyboardInterrupt
