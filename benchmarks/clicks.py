"""What others wait for while the optimiser runs: clicks and reads of REST, without a search, with one, with two.

And what whoever asks for a repair waits for, a process being ready for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID, uuid4

import aiohttp
import psycopg
import socketio
from sqlalchemy import make_url, text
from sqlmodel import Session, select

from availability.rights import Actor, Role
from availability.sealing import House
from benchmarks.database import FOLDER
from benchmarks.figures import Figure, ms, ratio_by_round
from benchmarks.served import Server, serving
from booking.plans.hearings import plannable_kinds
from booking.plans.models import ONE_RUN_PER_COURT, OptimizerRun, RunState
from booking.plans.runs import request_stop, start_run
from optimizer.manners import Manner
from portal import demo
from portal.actors import COOKIE
from portal.database import make_engine
from portal.identity import Account
from portal.migrate import migrate
from portal.sign_in import actor_of_account, sign_in

GOAL_MS = 100.0
ROUNDS = 5
SECONDS = 6.0
PEOPLE = 8
REPAIRS = 5
PAUSE_S = 0.25  # between two clicks of one person
LONG_S = "600"  # a search that no round sees the end of
PATIENCE_S = 240.0  # a busy machine gives a polite process little
NAMESPACE = "/_event"
EVENT = "reflex___state____state.booking___pages___bookings____bookings_state."
WHO = text("""
    SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
    WHERE r.role = :role ORDER BY a.login LIMIT :count""")


@dataclass
class Person:
    """Somebody at work: a page with its socket, and the time that each answer took."""

    url: str
    cookie: str
    token: str = field(default_factory=lambda: str(uuid4()))
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def working(self):  # type: ignore[no-untyped-def]
        """Open the page of bookings."""
        headers = {"Cookie": self.cookie, "Origin": self.url}
        async with aiohttp.ClientSession(headers=headers) as self.http:
            self.socket = socketio.AsyncClient(reconnection=False, http_session=self.http)
            self.socket.on("event", self._heard, namespace=NAMESPACE)
            address = f"{self.url}/?token={self.token}"
            await self.socket.connect(
                address, headers, transports=["websocket"], socketio_path="/_event", namespaces=[NAMESPACE]
            )
            await self._event("reflex___state____state.hydrate_and_load")
            yield self
            await self.socket.disconnect()

    async def click(self) -> float:
        """Return the seconds until the list of bookings is read again and shown."""
        return await self._event(f"{EVENT}refresh")

    async def read(self) -> float:
        """Return the seconds that a read of REST takes."""
        began = time.perf_counter()
        async with self.http.get(f"{self.url}/api/v1/bookings?limit=20") as answer:
            await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"REST answered {answer.status}")
        return time.perf_counter() - began

    async def _event(self, name: str) -> float:
        self.answered.clear()
        place = {"pathname": "/reservations", "asPath": "/reservations/", "query": {}}
        began = time.perf_counter()
        await self.socket.emit("event", {"name": name, "payload": {}, "router_data": place}, namespace=NAMESPACE)
        await asyncio.wait_for(self.answered.wait(), PATIENCE_S)
        return time.perf_counter() - began

    async def _heard(self, message: dict[str, object]) -> None:
        if message.get("delta"):
            self.answered.set()


@dataclass(frozen=True)
class Round:
    """What the clicks of some seconds took."""

    clicks: list[float]
    reads: list[float]


def figures(url: str, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    """Return the medians of a click and of a read while searches run, with and without, and that of a repair."""
    with demonstration(url) as court, serving(FOLDER / "clicks", database_url=court.url, **_settings()) as server:
        sides = asyncio.run(_measured(server, court, rounds, seconds))
        repairs = [court.repaired() for _ in range(REPAIRS)]
    told = []
    for count, runs in ((1, "the optimiser runs"), (2, "two searches run at once")):
        for what, part in (("a click that reads a list again", "clicks"), ("a read through REST", "reads")):
            alone, beside = ([getattr(one, part) for one in sides[number]] for number in (0, count))
            told += _told(f"while {runs}, {what}, {PEOPLE} people, median", alone, beside)
    claim = "a repair of hearings, from its request to its proposal, a process being ready, median"
    return [*told, Figure(claim=claim, value=median(repairs), unit="s", most=1.0, details=(ms(repairs),))]


def _settings() -> dict[str, str]:
    return {"PLACEJUSTE_SOLVER_SECONDS": LONG_S, "PLACEJUSTE_NIGHTLY_PLANS": "false"}


def _told(claim: str, alone: list[list[float]], beside: list[list[float]]) -> list[Figure]:
    before, during = ([one for each in side for one in each] for side in (alone, beside))
    ratio = ratio_by_round([median(one) for one in beside], [median(one) for one in alone])
    details = (f"with:    {ms(during)}, {len(during)} in all", f"without: {ms(before)}, {len(before)} in all")
    return [
        Figure(claim=claim, value=1e3 * median(during), unit="ms", most=GOAL_MS, details=details),
        Figure(claim=f"{claim}, against the same minute without", value=ratio, unit="× without"),
    ]


async def _measured(server: Server, court: Court, rounds: int, seconds: float) -> dict[int, list[Round]]:
    """Return the rounds without a search, with one and with two; which comes first changes each time."""
    people = [Person(server.url, f"{COOKIE}={token}") for token in court.tokens]
    found: dict[int, list[Round]] = {count: [] for count in range(3)}
    async with contextlib.AsyncExitStack() as stack:
        for one in people:
            await stack.enter_async_context(one.working())
        await _round(people, 1.0)  # connections, caches
        for number in range(rounds):
            for turn in range(3):
                count = (number + turn) % 3
                with court.searching(count):
                    found[count].append(await _round(people, seconds))
    return found


async def _round(people: list[Person], seconds: float) -> Round:
    clicks: list[float] = []
    reads: list[float] = []

    async def work(act: Callable[[], Awaitable[float]], took: list[float], wait_s: float) -> None:
        await asyncio.sleep(wait_s)  # people do not click together
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            took.append(await act())
            await asyncio.sleep(PAUSE_S)

    waits = [PAUSE_S * number / len(people) for number in range(len(people))]
    half = len(people) // 2
    await asyncio.gather(
        *(work(one.click, clicks, wait) for one, wait in zip(people[:half], waits[:half], strict=True)),
        *(work(one.read, reads, wait) for one, wait in zip(people[half:], waits[half:], strict=True)),
    )
    return Round(clicks, reads)


class Court:
    """The registry of the demonstration, that asks for plans."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url, pool_size=2)
        now = datetime.now(UTC)
        with self.engine.begin() as connection:  # two searches of one court are as much work as those of two
            connection.execute(text(f"DROP INDEX {ONE_RUN_PER_COURT}"))
        with Session(self.engine) as session, session.begin():
            officers = session.execute(WHO, {"role": Role.PROBATION_OFFICER, "count": PEOPLE}).scalars().all()
            self.tokens = [sign_in(session, officer, now, hours=8) for officer in officers]
            clerk = session.exec(select(Account).where(Account.login == "sacha.echantillon")).one()
            actor = actor_of_account(session, clerk)
            assert actor is not None
            self.clerk: Actor = actor
            self.kind_id = plannable_kinds(session, actor)[0].id

    @contextlib.contextmanager
    def searching(self, count: int) -> Iterator[None]:
        """Have so many searches at work during the whole block. Raises: RuntimeError when one ended before."""
        run_ids = [self._asked(Manner.PLAN) for _ in range(count)]
        for run_id in run_ids:
            self._wait(run_id, lambda run: bool(run.progress))
        yield
        if any(self._run(run_id).state != RunState.RUNNING for run_id in run_ids):
            raise RuntimeError("the search ended before the clicks")
        for run_id in run_ids:
            with Session(self.engine) as session, session.begin():
                request_stop(session, self.clerk, run_id, now=datetime.now(UTC))
            self._wait(run_id, lambda run: run.state == RunState.STOPPED)

    def repaired(self) -> float:
        """Return the seconds from the request of a repair to its proposal."""
        began = time.perf_counter()
        self._wait(self._asked(Manner.REPAIR), lambda run: run.state == RunState.DONE, look_s=0.005)
        return time.perf_counter() - began

    def _asked(self, manner: Manner) -> UUID:
        now = datetime.now(UTC)
        first = now.date() + timedelta(days=1)
        until = first + timedelta(weeks=8)
        with Session(self.engine) as session, session.begin():
            return start_run(session, self.clerk, self.kind_id, first=first, until=until, now=now, manner=manner)

    def _run(self, run_id: UUID) -> OptimizerRun:
        with Session(self.engine) as session:
            return session.get_one(OptimizerRun, run_id)

    def _wait(self, run_id: UUID, is_so: Callable[[OptimizerRun], bool], *, look_s: float = 0.05) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so(self._run(run_id)):
            if time.monotonic() > deadline:
                raise RuntimeError("the search does not move")
            time.sleep(look_s)


@contextlib.contextmanager
def demonstration(url: str) -> Iterator[Court]:
    """Yield the court of a demonstration of its own, on the same server, dropped at the end."""
    own = make_url(url).set(database="clicks").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS clicks WITH (FORCE)")
        connection.execute("CREATE DATABASE clicks")
    migrate(own)
    engine = make_engine(own, pool_size=1)
    with Session(engine) as session, session.begin():
        demo.load(session, seed=1, now=datetime.now(UTC), house=House(b"a secret of the benchmarks, long enough"))
    engine.dispose()
    court = Court(own)
    try:
        yield court
    finally:
        court.engine.dispose()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE clicks WITH (FORCE)")
