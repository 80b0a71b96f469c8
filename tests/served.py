"""The real application, built and served as a user would have it, with its own demonstration database."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.rights import Role
from availability.sealing import House
from portal.actors import COOKIE
from portal.database import make_engine
from portal.demo.accounts import GUEST_LOGINS
from portal.sign_in import sign_in

ROOT = Path(__file__).resolve().parent.parent
START_S = 600  # the first one may have to build the pages, on a machine that has other things to do
PATIENCE_S = 60  # a busy machine is slow, not wrong
ADDRESS = re.compile(r"http://localhost:(\d+)")


@dataclass(frozen=True)
class Served:
    """A running application."""

    url: str
    database_url: str
    engine: Engine
    data_dir: Path

    @property
    def house(self) -> House:
        """Return the secret that the application made for itself."""
        return House((self.data_dir / "secret_key").read_bytes())

    def token_of(self, role: Role) -> str:
        """Return the token of a new sign-in of the first guest of the demonstration who holds this role.

        Not of any account: other tests make some.
        """
        query = (
            "SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id"
            " WHERE r.role = :role AND a.login = ANY(:guests) ORDER BY a.login LIMIT 1"
        )
        with Session(self.engine) as session, session.begin():
            account_id = session.execute(text(query), {"role": role, "guests": list(GUEST_LOGINS)}).scalar_one()
            return sign_in(session, account_id, datetime.now(UTC), hours=8)

    def cookie_of(self, role: Role) -> str:
        """Return the Cookie header of somebody who holds this role, signed in."""
        return f"{COOKIE}={self.token_of(role)}"

    def client(self, role: Role | None = None) -> httpx.Client:
        """Return an HTTP client of this application, signed in when a role is given."""
        headers = {"Origin": self.url} | ({"Cookie": self.cookie_of(role)} if role else {})
        return httpx.Client(base_url=self.url, headers=headers, follow_redirects=False, timeout=PATIENCE_S)


@contextlib.contextmanager
def serving(database_url: str, data_dir: Path, *, port: int = 0, **environment: str) -> Iterator[Served]:
    """Run `placejuste serve --demo` until the end of the block, on the first free port from `port` on."""
    command = [sys.executable, "-m", "portal.cli", "serve", "--demo", "--port", str(port or _first_port())]
    own = {
        "DATABASE_URL": database_url,
        "PLACEJUSTE_DATA_DIR": str(data_dir),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "PLACEJUSTE_POOL_SIZE": "10",
        "PLACEJUSTE_NIGHTLY_PLANS": "false",  # a page must not show more at some hours
    }
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | own | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, said), daemon=True)
    reader.start()
    engine = make_engine(database_url, pool_size=5)
    try:
        url = _address(process, said)
        _wait_until_ready(url, process)
        yield Served(url, database_url, engine, data_dir)
    finally:
        engine.dispose()
        process.terminate()
        process.wait(30)
        reader.join(5)
        if process.stdout:
            process.stdout.close()


def _first_port() -> int:
    # One range a worker: two that start together would otherwise find the same port free.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return 3110 + 40 * int(worker.removeprefix("gw"))


def _read(process: subprocess.Popen[str], said: queue.Queue[str]) -> None:
    for line in process.stdout or ():
        said.put(line)


def _address(process: subprocess.Popen[str], said: queue.Queue[str]) -> str:
    heard = []
    while True:
        try:
            line = said.get(timeout=START_S)
        except queue.Empty:
            raise AssertionError("no address said:\n" + "".join(heard)) from None
        heard.append(line)
        if "répond sur" in line and (found := ADDRESS.search(line)):
            return found.group(0)
        if process.poll() is not None and said.empty():
            raise AssertionError("the server stopped:\n" + "".join(heard))


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        assert process.poll() is None, "the server stopped while starting"
        threading.Event().wait(0.1)
    raise AssertionError("the server never became ready")
