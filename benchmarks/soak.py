"""`make soak`: a crowd books twenty scarce places by the API while connections, workers, the server and PostgreSQL are
killed; whatever was told to a client is there, nothing is taken twice, nothing is kept by nobody.

`python -m benchmarks.soak --seconds 60 --clients 300 --kills 12`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
import psutil
import psycopg
from sqlalchemy import Connection, text
from sqlmodel import Session

from availability.rights import Role
from benchmarks import served
from benchmarks.figures import percentile
from benchmarks.served import Server
from benchmarks.soak_clients import Client, Told, read_list
from benchmarks.soak_places import BROKEN, Scarce, broken, make_places, territory_of
from portal.build import build
from portal.database import make_engine
from portal.embedded import running, started
from portal.sign_in import create_client, issue_token

SETTLED_S = 60  # the sweeper comes every two seconds, once a new server has been elected
SWEPT = ("a hold that does not end", "what was freed, and offered to nobody")
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
LEFT = """
    SELECT (SELECT count(*) FROM booking WHERE state = 'held'), (SELECT count(*) FROM freed_place),
           (SELECT count(*) FROM waiting_offer WHERE outcome IS NULL)"""
BACKENDS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    ORDER BY random() LIMIT %s"""
# What was freed can no longer be taken back: the clock has to offer it.
IS_DUE = "UPDATE freed_place SET due_at = now() WHERE due_at > now()"
# Everything that is only held, or offered, is over: the sweeper has to free it. Each once, with what it occupies.
TIME_PASSES = """
    WITH over AS (UPDATE booking SET expires_at = expires_at - interval '2 days'
                  WHERE state = 'held' AND expires_at > now() RETURNING id),
    nights AS (UPDATE bed_night t SET expires_at = now() FROM over WHERE t.holder_id = over.id),
    places AS (UPDATE place_period t SET expires_at = now() FROM over WHERE t.holder_id = over.id),
    seats AS (UPDATE seat_time t SET expires_at = now() FROM over WHERE t.holder_id = over.id),
    cases AS (UPDATE session_case t SET expires_at = now() FROM over WHERE t.holder_id = over.id)
    SELECT count(*) FROM over"""


@dataclass
class Site:
    """A server with its own PostgreSQL in a folder, each of which can be killed and started again."""

    folder: Path
    database_url: str = ""
    _postgres: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _server: Server | None = None

    @property
    def server(self) -> Server:
        """Return the running server."""
        if self._server is None:
            raise RuntimeError("the server was not started")
        return self._server

    @property
    def postgres_folder(self) -> Path:
        """Return where PostgreSQL is."""
        return (self.folder / "postgres").resolve()

    def start_postgres(self) -> None:
        """Start PostgreSQL, or start it again on what it left."""
        self._postgres.close()
        self.database_url = self._postgres.enter_context(started(self.postgres_folder))

    def start_server(self) -> None:
        """Start the server, at the same address each time, and return once it answers."""
        port = int(self._server.url.rpartition(":")[2]) if self._server else None
        self._server = served.start(self.folder, database_url=self.database_url, port=port)
        self._server.wait_until_ready()

    def kill_postgres(self) -> None:
        """Kill PostgreSQL without warning, and return once none of it is left: what lives would pass for a server."""
        info = running(self.postgres_folder)
        if info is None:
            raise RuntimeError("PostgreSQL was not running")
        first = psutil.Process(info.pid)
        each = (first, *first.children(recursive=True))
        for process in each:
            _kill(process)
        _wait_for_the_end(each)

    def kill_server(self) -> None:
        """Kill the server without warning: its first process, and the kernel tells the others."""
        others = psutil.Process(self.server.process.pid).children(recursive=True)
        self.server.process.kill()
        self.server.process.wait()
        _wait_for_the_end(others)  # the next one wants the same port

    def start_again(self, killed: Collection[str]) -> None:
        """Start what was killed, and return once the server answers: one that was not killed has to live on."""
        if "postgres" in killed:
            self.start_postgres()
        if "server" in killed:
            self.start_server()
        self.server.wait_until_ready()

    def stop(self) -> None:
        """Stop both, as an operator does."""
        if self._server is not None:
            served.stop(self._server)
        self._postgres.close()


@contextlib.contextmanager
def site() -> Iterator[Site]:
    """Yield a running site, that nobody uses yet."""
    # Not under a folder of ours: run by root, PostgreSQL is another user, who must reach it.
    one = Site(Path(tempfile.mkdtemp(prefix="placejuste-soak-")))
    try:
        one.start_postgres()
        one.start_server()  # which migrates
        yield one
    finally:
        one.stop()
        shutil.rmtree(one.folder, ignore_errors=True)


@dataclass
class Campaign:
    """Who books what, what they were told, and what was killed meanwhile."""

    token: str
    places: list[Scarce]
    told: Told = field(default_factory=Told)
    kills: Counter[str] = field(default_factory=Counter)


def prepared(database_url: str) -> Campaign:
    """Return a campaign on twenty places just made, and a program that may reserve them."""
    engine = make_engine(database_url, pool_size=1)
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        places = make_places(session, today=now.date())
        secret = create_client(session, "soak", "Campagne", Role.PROBATION_OFFICER, territory_of(session))
        session.flush()
        token = issue_token(session, "soak", secret, now, timedelta(hours=12))
    engine.dispose()
    if token is None:
        raise RuntimeError("no token for the program just made")
    return Campaign(token, places)


@contextlib.contextmanager
def crowd(url: str, campaign: Campaign, clients: int) -> Iterator[None]:
    """Have clients act until the end of the block, and then carry through what is under way."""
    campaign.told.url, stop = url, threading.Event()
    with ThreadPoolExecutor(1) as beside:
        acting = beside.submit(lambda: asyncio.run(_act(campaign, clients, stop)))
        try:
            yield
        finally:
            stop.set()
        acting.result()


async def _act(campaign: Campaign, clients: int, stop: threading.Event) -> None:
    limits = httpx.Limits(max_connections=clients + 20, max_keepalive_connections=clients)
    headers = {"Authorization": f"Bearer {campaign.token}"}
    today, first = datetime.now(UTC).date(), len(campaign.told.states)
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=30) as http:
        each = [Client(http, campaign.places, campaign.told, first + number, today) for number in range(clients)]
        reading = asyncio.create_task(read_list(http, campaign.told))
        await asyncio.gather(*(one.act_until(stop) for one in each))
        reading.cancel()


def kill_worker(pid: int, kills: Counter[str]) -> None:
    """Kill a process of a server that answers requests; its supervisor, a child of the server, starts another."""
    workers = [each for each in psutil.Process(pid).children(recursive=True) if each.ppid() != pid]
    _kill(max(workers, key=lambda each: each.memory_info().rss))
    kills["workers"] += 1


def kill_connections(database_url: str, seconds: float, kills: Counter[str]) -> None:
    """Kill a few connections several times a second, for some seconds; what was freed is offered without delay."""
    chance = Random(1)  # noqa: S311 - the same campaign each time
    end = time.monotonic() + seconds
    with psycopg.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < end:
            kills["connections"] += connection.execute(BACKENDS, (chance.randrange(1, 3),)).rowcount
            connection.execute(IS_DUE)
            time.sleep(chance.uniform(0.1, 0.6))


def load(one: Site, campaign: Campaign, *, clients: int, seconds: float) -> None:
    """Let the crowd act for some seconds of a server that answers, while connections are killed; twice, a worker."""
    with crowd(one.server.url, campaign, clients):
        for is_last in (False, False, True):
            one.server.wait_until_ready()  # a worker killed while it starts is a crash loop, which granian ends
            kill_connections(one.database_url, seconds / 3, campaign.kills)
            if not is_last:
                kill_worker(one.server.process.pid, campaign.kills)


def drill(one: Site, campaign: Campaign, *, clients: int, rounds: int, most_s: float = 4) -> None:
    """Kill the server, PostgreSQL, or both, at any point, and start them again, so many times."""
    chance = Random(2)  # noqa: S311 - the same campaign each time
    for number in range(rounds):
        with crowd(one.server.url, campaign, clients):
            time.sleep(chance.uniform(0.5, most_s))
            killed = (("server",), ("postgres",), ("postgres", "server"))[number % 3]
            for what in killed:
                one.kill_postgres() if what == "postgres" else one.kill_server()
                campaign.kills[what] += 1
            one.start_again(killed)
            time.sleep(0.5)


def judged(database_url: str, told: Told) -> list[str]:
    """Return what does not hold once it is all over: an empty list is a pass."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        deadlocks = connection.execute(DEADLOCKS).fetchone()
        wrong = told.wrong + _once_swept(database_url, told)
        wrong += [f"deadlocks: {deadlocks[0]}"] if deadlocks and deadlocks[0] else []
        deadline = time.monotonic() + SETTLED_S
        while (left := connection.execute(LEFT).fetchone()) != (0, 0, 0):
            if time.monotonic() > deadline:
                return [*wrong, f"nobody ends holds, freed places, offers: {left}"]
            connection.execute(TIME_PASSES)
            connection.execute(IS_DUE)
            time.sleep(0.2)
    return wrong + _of_tables(database_url, told)


def _once_swept(database_url: str, told: Told) -> list[str]:
    """Return what does not hold, once a server that has just started had the time to do what the dead left undone."""
    deadline = time.monotonic() + SETTLED_S
    while (wrong := _of_tables(database_url, told)) and all(one.startswith(SWEPT) for one in wrong):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return wrong


def _of_tables(database_url: str, told: Told) -> list[str]:
    engine = make_engine(database_url, pool_size=1)
    with engine.connect() as connection:
        wrong = broken(connection, datetime.now(UTC))
        found, waiting = (_states(connection, table) for table in ("booking", "waiting_entry"))
        offered = set(connection.execute(text("SELECT booking_id FROM waiting_offer")).scalars())
    engine.dispose()
    return wrong + told.lost(found, offered, waiting)


def _states(connection: Connection, table: str) -> dict[UUID, str]:
    rows = connection.execute(text(f"SELECT id, state FROM {table}"))
    return {row.id: row.state for row in rows}


def run(name: str, act: Callable[[Site, Campaign], None]) -> list[str]:
    """Run a campaign on a site of its own, print its figures, and return what does not hold."""
    with site() as one:
        campaign, begun = prepared(one.database_url), time.monotonic()
        act(one, campaign)
        seconds = time.monotonic() - begun
        wrong = judged(one.database_url, campaign.told)
        log = one.server.log.read_text()[-4000:]
    told = campaign.told
    slow = f"{percentile(told.durations, 50) * 1000:.0f} / {percentile(told.durations, 95) * 1000:.0f}"
    print(f"{name}: {len(told.durations)} answers in {seconds:.0f} s, {slow} ms (median, p95)", flush=True)
    print(f"    killed: {dict(campaign.kills)}; answers: {dict(told.answers.most_common())}")
    print(f"    bookings as they were told: {dict(Counter(told.states.values()).most_common())}")
    print(f"    waits as they were told: {dict(Counter(told.waits.values()).most_common())}")
    if wrong:
        print(log)
    print(f"    looked for: {'; '.join(BROKEN)}; a deadlock; anything told to a client and found otherwise")
    print("    everything agrees" if not wrong else "    BROKEN " + " ; ".join(wrong[:20])[:4000], flush=True)
    return wrong


def main() -> int:
    """Run the campaigns, print what each found, and return 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="length of the load")
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--kills", type=int, default=12, help="of the server, of PostgreSQL and of both, in turn")
    asked = parser.parse_args()
    build()  # the pages, if they are not: a server that starts within its time must not wait for them
    wrong = run(
        f"{asked.clients} clients on twenty places, connections and workers killed",
        lambda one, campaign: load(one, campaign, clients=asked.clients, seconds=asked.seconds),
    )
    wrong += run(
        f"kill -9 of the server, of PostgreSQL, of both, {asked.kills} in all",
        lambda one, campaign: drill(one, campaign, clients=max(asked.clients // 10, 1), rounds=asked.kills),
    )
    return 1 if wrong else 0


def _wait_for_the_end(processes: Iterable[psutil.Process]) -> None:
    """Return once these processes run no more. Raises: RuntimeError when one does not end."""
    deadline = time.monotonic() + SETTLED_S
    while any(_runs(one) for one in processes):
        if time.monotonic() > deadline:
            raise RuntimeError("a process that was killed does not end")
        time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


if __name__ == "__main__":
    sys.exit(main())
