"""A change by one user reaches 200 pages that watch: from the commit to the last page that shows it.

Real pages on real sockets: maps, establishments and lists of bookings of several officers of one place. One of them
takes a bed and gives it back. Once with one worker, once with two and a Redis, where there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import aiohttp
import socketio
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import NightsClaim
from availability.rights import Actor
from benchmarks.clicks import NAMESPACE, PATIENCE_S, Court, demonstration
from benchmarks.database import FOLDER
from benchmarks.figures import Figure
from benchmarks.served import serving
from booking.actions import cancel, hold
from portal.actors import COOKIE
from portal.identity import Account
from portal.sign_in import actor_of_account, sign_in

GOAL_S = 0.5
WATCHING = 200
ROUNDS = 10  # of taking, then giving back
SETTLE_S = 1.0
NIGHTS = 3
ROOT = "reflex___state____state"
PAGES = f"{ROOT}.booking___pages___"
# Officers who see the same places: those of the territory of somebody of the demonstration.
OFFICERS = text("""
    SELECT DISTINCT a.id, a.login = 'camille.exemple' AS is_first FROM account a
    JOIN account_right r ON r.account_id = a.id
    WHERE r.role = 'probation_officer' AND r.territory_id IN (
        SELECT o.territory_id FROM account_right o JOIN account c ON c.id = o.account_id
        WHERE c.login = 'camille.exemple' AND o.role = 'probation_officer')
    ORDER BY is_first DESC, a.id LIMIT 8""")
BEDS = text("""
    SELECT r.id, r.site_id, s.commune FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = 'semi-liberte' AND s.commune = 'Lyon' AND r.is_active AND EXISTS (
        SELECT FROM unit u WHERE u.resource_id = r.id AND u.is_active AND NOT EXISTS (
            SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night BETWEEN :first AND :until))
        AND NOT EXISTS (SELECT FROM closure c WHERE (c.resource_id = r.id OR c.site_id = s.id)
                        AND c.days && daterange(:first, :until))
    ORDER BY r.id LIMIT 1""")


@dataclass
class Watcher:
    """A page open somewhere, and when it last showed something new."""

    url: str
    cookie: str
    path: str
    state: str  # what of the page a change shows in
    token: str = field(default_factory=lambda: str(uuid4()))
    shown_at: float = 0.0
    is_loaded: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def watching(self):  # type: ignore[no-untyped-def]
        """Have the page open during the block."""
        headers = {"Cookie": self.cookie, "Origin": self.url}
        async with aiohttp.ClientSession(headers=headers) as http:
            client = socketio.AsyncClient(reconnection=False, http_session=http)
            client.on("event", self._heard, namespace=NAMESPACE)
            address = f"{self.url}/?token={self.token}"
            await client.connect(
                address,
                headers,
                transports=["websocket"],
                socketio_path="/_event",
                namespaces=[NAMESPACE],
                wait_timeout=PATIENCE_S,
            )
            path, _, query = self.path.partition("?")
            asked = dict(part.split("=") for part in query.split("&") if part)
            place = {"pathname": path.rstrip("/"), "asPath": self.path, "query": asked}
            event = {"name": f"{ROOT}.hydrate_and_load", "payload": {}, "router_data": place}
            await client.emit("event", event, namespace=NAMESPACE)
            await asyncio.wait_for(self.is_loaded.wait(), PATIENCE_S)
            yield self
            await client.disconnect()

    async def _heard(self, message: dict[str, Any]) -> None:
        if self.state in (message.get("delta") or {}):
            self.shown_at = time.perf_counter()
            self.is_loaded.set()


@dataclass(frozen=True)
class Place:
    """The beds that are taken and given back."""

    resource_id: int
    site_id: int
    actor: Actor
    tokens: tuple[str, ...]


def figures(url: str) -> list[Figure]:
    """Return how long the last of the pages waits, on one worker and on two with a Redis."""
    with demonstration(url) as court:
        place = _place(court)
        alone = _measured(court, place, "one worker", {})
        if shutil.which("redis-server") is None:
            return [alone, _skipped()]
        with redis_server() as address:
            shared = {"PLACEJUSTE_WORKERS": "2", "PLACEJUSTE_REDIS_URL": address}
            return [alone, _measured(court, place, "two workers and a Redis", shared)]


def _skipped() -> Figure:
    return Figure(
        claim="a change reaches 200 watching pages, two workers and a Redis",
        value=float("nan"),
        unit="s",
        details=("skipped: no redis-server on this machine (Debian's package is redis-server)",),
    )


def _measured(court: Court, place: Place, how: str, settings: dict[str, str]) -> Figure:
    with serving(FOLDER / "live", database_url=court.url, **settings) as server:
        lasts, firsts = asyncio.run(_rounds(server.url, court, place))
    load = os.getloadavg()[0]
    worst = f"last page: median {median(lasts):.3f} s, worst {max(lasts):.3f} s of {len(lasts)} changes"
    return Figure(
        claim=f"a change reaches {WATCHING} watching pages, {how}: the last one, median",
        value=median(lasts),
        unit="s",
        most=GOAL_S,
        details=(worst, f"first page: median {median(firsts):.3f} s", f"load of the machine: {load:.1f}"),
    )


async def _rounds(url: str, court: Court, place: Place) -> tuple[list[float], list[float]]:
    watchers = _watchers(url, place)
    lasts: list[float] = []
    firsts: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        for start in range(0, len(watchers), 10):
            await asyncio.gather(*(stack.enter_async_context(one.watching()) for one in watchers[start : start + 10]))
        booking_id = None
        for number in range(2 * ROUNDS + 2):
            await asyncio.sleep(SETTLE_S)
            booking_id, began = await asyncio.to_thread(_change, court, place, booking_id)
            waits = await _waits(watchers, began)
            if number >= 2:  # connections, caches
                firsts.append(min(waits))
                lasts.append(max(waits))
    return lasts, firsts


async def _waits(watchers: Sequence[Watcher], began: float) -> list[float]:
    deadline = began + PATIENCE_S
    while any(one.shown_at < began for one in watchers):
        if time.perf_counter() > deadline:
            late = [one.path for one in watchers if one.shown_at < began]
            raise RuntimeError(f"{len(late)} pages never showed the change: {sorted(set(late))}")
        await asyncio.sleep(0.01)
    return [one.shown_at - began for one in watchers]


def _watchers(url: str, place: Place) -> list[Watcher]:
    first, until = _nights(datetime.now(UTC))
    pages = (
        (f"/carte/?type=semi-liberte&lieu=Lyon&du={first}&au={until}", f"{PAGES}map_state____map_state"),
        (f"/etablissement/?id={place.site_id}", f"{PAGES}establishment_state____establishment_state"),
        ("/reservations/", f"{PAGES}bookings____bookings_state"),
    )
    return [
        Watcher(url, f"{COOKIE}={place.tokens[number % len(place.tokens)]}", *pages[number % len(pages)])
        for number in range(WATCHING)
    ]


def _change(court: Court, place: Place, booking_id: Any) -> tuple[Any, float]:
    """Take a bed, or give back the one taken; return its booking and the instant of the commit."""
    now = datetime.now(UTC)
    with Session(court.engine, expire_on_commit=False) as session, session.begin():
        if booking_id is None:
            first, until = _nights(now)
            made = hold(
                session, place.actor, NightsClaim(resource_id=place.resource_id, first=first, until=until), now=now
            ).id
        else:
            cancel(session, place.actor, booking_id, now=now)
            made = None
    return made, time.perf_counter()


def _nights(now: datetime) -> tuple[date, date]:
    return now.date() + timedelta(days=1), now.date() + timedelta(days=1 + NIGHTS)


def _place(court: Court) -> Place:
    now = datetime.now(UTC)
    first, until = _nights(now)
    with Session(court.engine, expire_on_commit=False) as session, session.begin():
        officers = [row.id for row in session.execute(OFFICERS)]
        bed = session.execute(BEDS, {"first": first, "until": until}).one()
        actor = actor_of_account(session, session.get_one(Account, officers[0]))
        assert actor is not None
        tokens = tuple(sign_in(session, officer, now, hours=8) for officer in officers)
    return Place(bed.id, bed.site_id, actor, tokens)


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis that keeps nothing, on a free port, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(FOLDER / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("Redis does not answer")
