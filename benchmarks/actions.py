"""Bookings per second through the actions, 32 clients: a bed held, and a bed held then confirmed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from uuid import UUID

import psycopg
from sqlalchemy import Engine
from sqlmodel import Session

from availability.claims import NightsClaim
from availability.errors import Refusal
from availability.rights import Actor
from benchmarks import raw
from benchmarks.country import Stay, officer, random_stay
from benchmarks.figures import Figure, compared
from benchmarks.load import CLIENTS, PROCESSES, Act, Crowd, crowd
from booking.actions import Beneficiary, confirm, hold
from portal.database import make_engine

GOAL = 0.5
ROUNDS = 9
SECONDS = 2.0
SOMEBODY = Beneficiary(case_ref="M-1")


def figures(url: str, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    """Return the two figures: rates as ratios of the raw rates of the same rounds."""
    makers = {"hold": ours_hold, "raw hold": raw_hold, "book": ours_book, "raw book": raw_book}
    with crowd(url, makers) as clients:
        for side in makers:
            clients.burst(side, 1.0)  # connections, caches
        return [
            _figure(clients, "hold", "bed held (one transaction)", rounds, seconds),
            _figure(clients, "book", "bed held, then confirmed (two transactions)", rounds, seconds),
        ]


def _figure(clients: Crowd, side: str, what: str, rounds: int, seconds: float) -> Figure:
    ratio, details = compared(clients, side, f"raw {side}", rounds, seconds)
    claim = f"actions, {what}, {CLIENTS} clients in {PROCESSES} processes"
    return Figure(claim=claim, value=ratio, unit="× raw", least=GOAL, details=details)


def ours_hold(url: str, chance: random.Random) -> Act:
    """Return the act of one client: hold a random bed through the action."""
    return _ours(url, chance, partial(_hold, url))


def ours_book(url: str, chance: random.Random) -> Act:
    """Return the act of one client: hold a random bed, then confirm, each in its own transaction as users do."""
    return _ours(url, chance, partial(_book, url))


def raw_hold(url: str, chance: random.Random) -> Act:
    """Return the act of one client: hold a random bed with plain statements."""
    connection = _connection(url)
    today = datetime.now(UTC).date()
    return lambda: raw.hold(connection, random_stay(chance, today), UUID(int=1)) is not None


def raw_book(url: str, chance: random.Random) -> Act:
    """Return the act of one client: hold a random bed, then confirm, with plain statements."""
    connection = _connection(url)
    today = datetime.now(UTC).date()

    def act() -> bool:
        stay = random_stay(chance, today)
        booking_id = raw.hold(connection, stay, UUID(int=1))
        return booking_id is not None and raw.confirm(connection, booking_id, stay, UUID(int=1))

    return act


def _ours(url: str, chance: random.Random, take: Callable[[Stay], UUID]) -> Act:
    today = datetime.now(UTC).date()
    _actor(url)

    def act() -> bool:
        try:
            take(random_stay(chance, today))
        except Refusal:
            return False
        return True

    return act


def _hold(url: str, stay: Stay) -> UUID:
    claim = NightsClaim(resource_id=stay.resource_id, first=stay.first, until=stay.until)
    # As portal.database.act does it, in the thread that it would use.
    with Session(_engine(url), expire_on_commit=False) as session, session.begin():
        return hold(session, _actor(url), claim, now=datetime.now(UTC), beneficiary=SOMEBODY).id


def _book(url: str, stay: Stay) -> UUID:
    booking_id = _hold(url, stay)
    with Session(_engine(url), expire_on_commit=False) as session, session.begin():
        return confirm(session, _actor(url), booking_id, now=datetime.now(UTC)).id


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    return make_engine(url, pool_size=CLIENTS // PROCESSES)


@lru_cache(maxsize=1)
def _actor(url: str) -> Actor:
    with Session(_engine(url)) as session:
        return officer(session)


def _connection(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)  # raw opens its transactions itself
