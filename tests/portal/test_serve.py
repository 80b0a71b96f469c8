"""`placejuste serve` with its own PostgreSQL: started, refused twice, killed, started again, stopped.

Meanwhile a crowd books, the short form of `make soak`: what each client was told is there in the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from benchmarks.soak import crowd, judged, kill_connections, kill_worker, prepared
from portal.embedded import embedded_url
from portal.serve import free_port

ROOT = Path(__file__).resolve().parents[2]
PORT = 3700
PATIENCE_S = 120
CLIENTS = 8


@dataclass
class Run:
    """One `serve` of the folder under test."""

    process: subprocess.Popen[str]
    log: Path

    def said(self) -> str:
        """Return what it printed."""
        return self.log.read_text()

    def url(self) -> str:
        """Return its address, once it answers and its database with it."""
        until(lambda: "répond sur" in self.said() or self.process.poll() is not None)
        found = re.search(r"http://localhost:\d+", self.said())
        assert found, self.said()
        until(lambda: answers(f"{found.group(0)}/readyz"))
        return found.group(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield an empty data folder, outside of pytest's own: PostgreSQL, run as another user by root, must reach it."""
    path = Path(tempfile.mkdtemp(prefix="placejuste-serve-"))
    yield path
    for process in of_folder(path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    shutil.rmtree(path, ignore_errors=True)


def serve(folder: Path, *options: str) -> Run:
    """Start `placejuste serve` on this folder."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PLACEJUSTE_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    log = folder / f"serve-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "portal.cli", "serve", "--no-demo", "--port", str(PORT), *options]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
        )
    return Run(process, log)


def of_folder(folder: Path) -> list[psutil.Process]:
    """Return every process that works for this folder: servers by their environment, PostgreSQL by its argument."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("PLACEJUSTE_DATA_DIR") == str(folder)
            if process.pid != os.getpid() and (mine or str(folder / "postgres") in process.cmdline()):
                found.append(process)
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def postmaster(folder: Path) -> int:
    """Return the number of the PostgreSQL of this folder."""
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def answers(url: str) -> bool:
    """Say whether an address answers 200."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=5).status_code == 200
    return False


def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def test_it_serves_alone_and_whatever_is_killed_nothing_is_lost_taken_twice_or_kept_by_nobody(folder: Path) -> None:
    first = serve(folder)
    url, database_url = first.url(), embedded_url(folder / "postgres")
    campaign = prepared(database_url)

    second = serve(folder)

    assert second.process.wait(PATIENCE_S) == 1
    assert f"tourne déjà depuis ce dossier (processus {first.process.pid})" in second.said()
    assert answers(f"{url}/readyz"), "the refused start disturbed the running one"

    with crowd(url, campaign, CLIENTS):
        until(lambda: "booked" in campaign.told.states.values())
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        # Workers die with it; PostgreSQL, which is somebody else's child, waits for the next start.
        until(lambda: [process.name() for process in of_folder(folder) if process.name() != "postgres"] == [])

        third = serve(folder)
        url = campaign.told.url = third.url()
        kill_connections(database_url, 2, campaign.kills)
        kill_worker(third.process.pid, campaign.kills)
        until(lambda: answers(f"{url}/readyz"))

        os.kill(postmaster(folder), signal.SIGKILL)
        third.process.send_signal(signal.SIGINT)

        assert third.process.wait(PATIENCE_S) == 0
        assert (folder / "postgres" / "postmaster.pid").exists(), "the case under test is a stale file"

        fourth = serve(folder)
        campaign.told.url = fourth.url()
        until(lambda: campaign.told.answers["period-taken"])  # somebody met somebody

    assert campaign.kills["connections"] > 0
    assert judged(embedded_url(folder / "postgres"), campaign.told) == []

    fourth.process.send_signal(signal.SIGINT)

    assert fourth.process.wait(PATIENCE_S) == 0
    assert "Arrêté." in fourth.said()
    until(lambda: of_folder(folder) == [])


def test_a_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with ExitStack() as claims:
            assert port < free_port("127.0.0.1", port, claims) < port + 20


def test_two_that_start_together_never_share_a_port() -> None:
    with ExitStack() as mine, ExitStack() as theirs:
        first = free_port("127.0.0.1", 3190, mine)

        assert free_port("127.0.0.1", 3190, theirs) != first
    with ExitStack() as claims:
        assert free_port("127.0.0.1", first, claims) == first
