"""The real application, served as `placejuste serve` does, for benchmarks and campaigns."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.build import ROOT

PORTS = range(3150, 3160)
START_S = 240  # the first one may have to build the pages
STOP_S = 30


@dataclass
class Server:
    """A running `placejuste serve`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self, seconds: float = START_S) -> None:
        """Return once the server and its database answer. Raises: RuntimeError when it stopped, or took too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=5):  # noqa: S310
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server is not ready:\n{self.log.read_text()[-2000:]}")


@contextlib.contextmanager
def serving(data_dir: Path, *, database_url: str | None = None, **settings: str) -> Iterator[Server]:
    """Run `placejuste serve` on a free port until the end of the block; without an address, on a database of its own.

    `settings` are environment variables.
    """
    server = start(data_dir, database_url=database_url, port=None, **settings)
    try:
        server.wait_until_ready()
        yield server
    finally:
        stop(server)


def start(data_dir: Path, *, database_url: str | None = None, port: int | None = None, **settings: str) -> Server:
    """Start `placejuste serve`, and return without waiting for it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    own = {
        "PLACEJUSTE_DATA_DIR": str(data_dir.resolve()),
        "PLACEJUSTE_SECRET_KEY": "une clé de mesure, sans secret et assez longue",
        "PYTHONWARNINGS": "ignore",
    }
    if database_url:
        own["DATABASE_URL"] = database_url
    log = data_dir / "server.log"
    command = [sys.executable, "-m", "portal.cli", "serve", "--no-demo", "--port", str(port)]
    with log.open("ab") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | own | settings, stdout=written, stderr=subprocess.STDOUT
        )
    return Server(f"http://127.0.0.1:{port}", process, log)


def stop(server: Server) -> None:
    """Ask the server to end, as Ctrl-C does; one that does not is ended. Raises: subprocess.TimeoutExpired."""
    if server.process.poll() is None:
        server.process.terminate()
    try:
        server.process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.process.kill()
        raise


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"ports {PORTS.start} to {PORTS.stop - 1} are all taken")
