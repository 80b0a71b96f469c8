"""`make soak`: 20,000 messages, to hosts too, a provider that fails, hangs and repeats itself, the sender killed 20
times at random.

The provider is a real HTTP server that answers as Twilio's, in 50 ms: 5 % of its answers are errors, 2 % never come
though it took the message, and what it says of messages comes twice. Each message reaches it exactly once, or is
flagged for a human; none leaves once it is of no use. Then the rate of an untroubled sender, the same errors included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from aiohttp import web
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.sealing import House
from booking.host_requests import LINKS as HOST_LINKS
from booking.links import read_token
from convocations.delivery import LINKS
from portal import clock, database
from portal.api import build_api
from portal.database import make_engine
from portal.delivery import IN_FLIGHT
from portal.embedded import attached
from portal.migrate import migrate
from portal.settings import settings
from tests.convocations.crowd import make_host_requests, make_offers
from tests.convocations.desk import HOUSE
from tests.factories import NOW
from tests.twilio_stand_in import SID, TOKEN, StandIn, standing_in

ROOT = Path(__file__).resolve().parents[1]
DELAY_S = 0.05
FAULTS = {"delay_s": DELAY_S, "fails": 0.05, "hangs": 0.02, "tells": 0.1}
PATIENCE_S = 900
GOAL = 0.5
MOST = 0.9  # the last ones wait to be asked about: they say nothing of a rate
SHORT_LIVED = timedelta(seconds=20)  # of one in fifty: it must leave before that, or not at all
MORE = text("""
    INSERT INTO convocation (id, link_id, link_version, acts, territory_id, person_id, kind_id, resource_ids,
                             standing, choose_by, reminder_hours, requested_by, created_at)
    SELECT gen_random_uuid(), 1000000 + row_number() OVER (), 1, 0, territory_id, person_id, kind_id, resource_ids,
           standing, choose_by, reminder_hours, requested_by, created_at
    FROM convocation CROSS JOIN generate_series(2, :times)""")
DUE = text("""
    INSERT INTO message (id, convocation_id, kind, category, state, due_at, useful_until, attempts, provider,
                         provider_id, failure, created_at)
    SELECT gen_random_uuid(), id, 'offer', 'information', 'planned', 'infinity',
           CASE WHEN link_id % 50 = 0 THEN CAST(:now AS timestamptz) + CAST(:short AS interval)
                ELSE CAST('2026-03-09 23:00+00' AS timestamptz) END, 0, '', '', '', :now
    FROM convocation c WHERE NOT EXISTS (SELECT FROM message WHERE convocation_id = c.id)""")
LET_GO = text("""
    UPDATE message SET due_at = :now, useful_until = CASE WHEN useful_until < CAST('2026-03-09' AS timestamptz)
        THEN CAST(:now AS timestamptz) + CAST(:short AS interval) ELSE useful_until END""")
ENDED = text("""
    SELECT coalesce(c.link_id, q.link_id) AS link_id, m.host_request_id IS NOT NULL AS is_to_host, m.state,
           m.delivered_at
    FROM message m LEFT JOIN convocation c ON c.id = m.convocation_id
    LEFT JOIN host_request q ON q.id = m.host_request_id""")
LATE = text("SELECT count(*) FROM message WHERE state = 'sent' AND claimed_at >= useful_until")


@dataclass
class Found:
    """What a campaign found; `broken` says what does not hold."""

    messages: int
    kills: int = 0
    seconds: float = 0  # until the last one was settled
    most_by_s: float = 0  # when nine in ten had come
    processor_s: float = 0  # of the senders, their start included
    states: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    arrived: int = 0
    twice: int = 0
    lost: int = 0
    late: int = 0

    @property
    def broken(self) -> list[str]:
        """Return what does not hold, in words."""
        rules = {
            "somebody was written to twice": self.twice,
            "a message is neither with the provider nor flagged": self.lost,
            "a message left when it was of no use": self.late,
            "a message still waits": self.states["planned"] + self.states["sending"],
        }
        return [words for words, count in rules.items() if count]


class Workers:
    """Two processes that stand for election: whoever is killed is started again, as by a supervisor."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment, self._folder = environment, folder
        self._logs: list[Path] = []
        self.running = [self._start() for _ in range(2)]

    def kill_leader(self) -> bool:
        """Kill the elected one without warning, and say whether there was one."""
        for number, (process, log) in enumerate(self.running):
            if "this process is the clock" in log.read_text():
                process.kill()
                process.wait()
                self.running[number] = self._start()
                return True
        return False

    def stop(self) -> None:
        """End them."""
        for process, _ in self.running:
            process.kill()
            process.wait()

    def _start(self) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._folder / f"worker-{len(self._logs)}.log"
        self._logs.append(log)
        command = [sys.executable, "-W", "ignore", "-m", "tests.clock_worker"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self._environment, stdout=output, stderr=subprocess.STDOUT
            )
        return process, log


def make_messages(engine: Engine, people: int, each: int, hosts: int) -> None:
    """Have so many messages ready to leave, none of them due, each with a link of its own; and so many to hosts."""
    with Session(engine) as session, session.begin():
        clock.store_offset(session, NOW)
        make_offers(session, people)
        if each > 1:
            session.execute(MORE, {"times": each})
        if hosts:
            make_host_requests(session, hosts)
            session.execute(text("DELETE FROM message WHERE kind = 'reminder'"))  # each link leaves once
        session.execute(text("UPDATE message SET due_at = 'infinity'"))
        session.execute(DUE, {"now": NOW, "short": SHORT_LIVED})


def campaign(url: str, stand_in: StandIn, folder: Path, *, kills: int, seed: int = 1, public: str = "") -> Found:
    """Let the messages of a database leave, killing the sender so many times meanwhile, and judge what arrived."""
    engine, dice = make_engine(url, pool_size=2), random.Random(seed)  # noqa: S311 - the same for the same seed
    with Session(engine) as session:
        found = Found(session.execute(text("SELECT count(*) FROM message")).scalar_one())
    workers = Workers(environment(url, stand_in, public), folder)
    try:
        _until(lambda: any("this process is the clock" in log.read_text() for _, log in workers.running))
        with Session(engine) as session, session.begin():
            session.execute(LET_GO, {"now": _now(session), "short": SHORT_LIVED})
        begun_at = time.monotonic()
        at = sorted(dice.uniform(0.02, 0.95) * found.messages for _ in range(kills))
        for wanted in at:
            _until(lambda wanted=wanted: stand_in.asked() >= wanted or _is_settled(engine))  # type: ignore[misc]
            time.sleep(dice.uniform(0, 0.1))
            _until(workers.kill_leader)
            found.kills += 1
        _until(lambda: stand_in.asked() >= MOST * found.messages or _is_settled(engine))
        found.most_by_s = time.monotonic() - begun_at
        _until(lambda: _is_settled(engine))
        found.seconds = time.monotonic() - begun_at
    finally:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        workers.stop()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    _judge(engine, stand_in, found)
    engine.dispose()
    return found


def environment(url: str, stand_in: StandIn, public: str) -> dict[str, str]:
    """Return the settings of a sender by the stand-in; with a public address, it is told what becomes of messages."""
    named = {
        "DATABASE_URL": url,
        "PLACEJUSTE_SECRET_KEY": HOUSE.secret.decode(),
        "PLACEJUSTE_TWILIO_ACCOUNT_SID": SID,
        "PLACEJUSTE_TWILIO_AUTH_TOKEN": TOKEN,
        "PLACEJUSTE_TWILIO_FROM": "JUSTICE",
        "PLACEJUSTE_TWILIO_BASE_URL": stand_in.url,
    }
    return named | ({"PLACEJUSTE_PUBLIC_URL": public} if public else {})


def _judge(engine: Engine, stand_in: StandIn, found: Found) -> None:
    arrived = Counter(name for one in stand_in.received() if (name := _named(one["body"])) is not None)
    with Session(engine) as session:
        rows = session.execute(ENDED).all()
        found.late = session.execute(LATE).scalar_one()
    found.states = Counter(row.state for row in rows)
    found.delivered = sum(row.delivered_at is not None for row in rows)
    found.arrived, found.twice = len(arrived), sum(count > 1 for count in arrived.values())
    # Whatever is said to have left did arrive, and what arrived is said to have left, or nobody knows.
    said = [(row.state == "sent", (row.is_to_host, row.link_id)) for row in rows if row.state != "flagged"]
    found.lost = sum(has_left != (name in arrived) for has_left, name in said)


def _named(body: str) -> tuple[bool, int] | None:
    """Return whether a message is to a host, and the number of its link."""
    house, is_to_host = House(HOUSE.secret), "/d/" in body
    purpose, before = (HOST_LINKS, "/d/") if is_to_host else (LINKS, "/r/")
    name = read_token(house.derived(purpose), body.rpartition(before)[2])
    return (is_to_host, name.link_id) if name is not None else None


def _is_settled(engine: Engine) -> bool:
    with Session(engine) as session:
        waits = text("SELECT EXISTS (SELECT FROM message WHERE state IN ('planned', 'sending'))")
        return not session.execute(waits).scalar_one()


def _now(session: Session) -> object:
    clock.read_offset(session)
    return clock.now()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("it never happened")
        time.sleep(0.1)


@contextlib.contextmanager
def receiving(url: str, stand_in: StandIn) -> Iterator[str]:
    """Serve what the provider calls, and give its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        address = asyncio.run_coroutine_threadsafe(_receive(), loop).result(20)
        os.environ |= environment(url, stand_in, address)
        settings.cache_clear()
        database.engine.cache_clear()
        yield address
    finally:
        asyncio.run_coroutine_threadsafe(_close(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        database.engine().dispose()


async def _close() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _receive() -> str:
    """Serve the routes of providers on a port of this machine, and return its address."""
    from convocations.pages import receipts_route

    transport = httpx.ASGITransport(build_api(pages=[receipts_route.router]))
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def passed_on(request: web.Request) -> web.Response:
        answer = await client.post(request.path, content=await request.read(), headers=dict(request.headers))
        return web.Response(status=answer.status_code, body=answer.content)

    app = web.Application()
    app.router.add_post("/{path:.*}", passed_on)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


def _run(name: str, asked: argparse.Namespace, kills: int) -> Found:
    with tempfile.TemporaryDirectory() as folder, attached(Path(folder) / "postgres") as url, standing_in() as stand_in:
        migrate(url)
        engine = make_engine(url, pool_size=1)
        make_messages(engine, asked.people, asked.each, asked.hosts)
        engine.dispose()
        stand_in.does(**FAULTS)
        with receiving(url, stand_in) as public:
            found = campaign(url, stand_in, Path(folder), kills=kills, public=public)
    rate = MOST * found.messages / found.most_by_s
    print(f"{name}: {found.messages} messages, {found.kills} kills, {found.seconds:.0f} s, {rate:.0f} a second;")
    print(f"  {dict(found.states)}, {found.arrived} with the provider, {found.delivered} told as delivered;")
    print(f"  {1000 * found.processor_s / found.messages:.2f} ms of processor a message, by the last two senders;")
    print("  " + ("; ".join(f"{words.upper()}" for words in found.broken) or "everything holds"), flush=True)
    return found


def main() -> int:
    """Run the campaign, print what it found, and return 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_messages", description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--each", type=int, default=10, help="messages to each")
    parser.add_argument("--hosts", type=int, default=500, help="told once each, among the others")
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    killed = [_run("messages, killed", asked, asked.kills)] if asked.kills else []
    quiet = _run("messages, untroubled", asked, 0)
    ratio = MOST * quiet.messages / quiet.most_by_s / (IN_FLIGHT / DELAY_S)
    print(f"rate: {ratio:.2f} x what {IN_FLIGHT} in flight at {1000 * DELAY_S:.0f} ms allow (goal: {GOAL})", flush=True)
    return 1 if any(one.broken for one in (*killed, quiet)) or ratio < GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
