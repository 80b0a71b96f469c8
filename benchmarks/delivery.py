"""Messages a second out of the elected process, with a provider that answers in 50 ms: ours against plain statements.

Both claim by a hundred, have a hundred in flight, and mark them in one statement; the raw one checks nothing and
writes no text. For information, the same through Twilio's client over HTTP.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median

import psycopg
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from availability.sealing import House
from benchmarks.country import officer
from benchmarks.figures import Figure, ratio_by_round
from booking.persons import NewPerson, create_person
from convocations.providers import Handed, Provider
from portal import clock, database
from portal.database import make_engine
from portal.delivery import IN_FLIGHT, Pace, Post, providers_of
from portal.settings import secret_key, settings
from tests.twilio_stand_in import SID, TOKEN, standing_in

GOAL = 0.5
ROUNDS = 5
MESSAGES = 2_000
PEOPLE = 50
PROVIDER_S = 0.05
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # ten in the morning in Paris

OFFERS = text("""
    INSERT INTO convocation (id, link_id, link_version, acts, territory_id, person_id, kind_id, resource_ids,
                             standing, choose_by, reminder_hours, requested_by, created_at)
    SELECT gen_random_uuid(), n, 1, 0, p.territory_id, p.id, 1, ARRAY[1], 'choosing', :last, 48, :actor_id, :now
    FROM generate_series(1, :count) n
    JOIN (SELECT id, territory_id, row_number() OVER (ORDER BY id) AS number FROM person) p
      ON p.number = n % :people + 1""")
DUE = text("""
    INSERT INTO message (id, convocation_id, kind, category, state, due_at, useful_until, attempts, provider,
                         provider_id, failure, created_at)
    SELECT gen_random_uuid(), id, 'offer', 'information', 'planned', :now,
           CAST(:now AS timestamptz) + interval '7 days', 0, '', '', '', :now
    FROM convocation""")
RAW_CLAIM = """
    UPDATE message SET state = 'sending', claimed_at = now(), lease_until = now() + interval '1 minute'
    WHERE id IN (SELECT id FROM message WHERE state = 'planned' AND due_at <= %s
                 ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id"""
RAW_MARK = """
    UPDATE message SET state = 'sent', sent_at = now(), lease_until = NULL, provider_id = 'x' WHERE id = ANY(%s)"""


class Slow:
    """A provider that takes 50 ms, without HTTP."""

    name = "slow"
    can_receive = False

    async def send(self, handed: Handed) -> str:  # noqa: ARG002 - it goes nowhere
        """Return an id after the time that a provider takes."""
        await asyncio.sleep(PROVIDER_S)
        return "x"

    async def find(self, handed: Handed, since: datetime) -> str | None:  # noqa: ARG002 - nothing is kept
        """Return None: nothing is ever left to be found."""
        return None

    async def close(self) -> None:
        """Return at once: nothing is open."""


def figures(url: str, *, rounds: int = ROUNDS) -> list[Figure]:
    """Return the rate of ours as a ratio of the raw one, and for information the rate over HTTP."""
    with standing_in() as stand_in:
        stand_in.does(delay_s=PROVIDER_S)
        _configure(url, stand_in.url)
        actor = _people(url)
        senders = {
            "ours": lambda: _ours([Slow()]),
            "raw": lambda: _raw(url),
            "http": lambda: _ours(providers_of(Pace())),
        }
        rates: dict[str, list[float]] = {name: [] for name in senders}
        for number in range(rounds):
            for name in senders if number % 2 else reversed(senders):
                rates[name].append(_rate(url, actor, senders[name]))
        database.engine().dispose()
    details = tuple(f"{name}: {median(each):.0f} a second" for name, each in rates.items())
    what = f"{MESSAGES} messages, {IN_FLIGHT} in flight, a provider of {1000 * PROVIDER_S:.0f} ms"
    ratio = ratio_by_round(rates["ours"], rates["raw"])
    return [Figure(claim=f"delivery, {what}", value=ratio, unit="× raw", least=GOAL, details=details)]


def _configure(url: str, twilio_url: str) -> None:
    os.environ |= {
        "DATABASE_URL": url,
        "PLACEJUSTE_SECRET_KEY": "k" * 32,
        "PLACEJUSTE_TWILIO_ACCOUNT_SID": SID,
        "PLACEJUSTE_TWILIO_AUTH_TOKEN": TOKEN,
        "PLACEJUSTE_TWILIO_FROM": "JUSTICE",
        "PLACEJUSTE_TWILIO_BASE_URL": twilio_url,
    }
    settings.cache_clear()
    database.engine.cache_clear()


def _people(url: str) -> Actor:
    """Return who convenes, once there is somebody to write to, and a clock that reads a Monday morning."""
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session, session.begin():
        clock.store_offset(session, MONDAY)
        clock.read_offset(session)
        actor = officer(session)
        for number in range(PEOPLE):
            new = NewPerson(
                family_name="MESURE",
                given_name="Alix",
                birth_on=date(1990, 5, 17),
                sex="F",
                phone=f"+336399{80000 + number}",
            )
            create_person(session, actor, new, house=House(secret_key()), now=MONDAY, fiction=True)
    engine.dispose()
    return actor


def _rate(url: str, actor: Actor, send: Callable[[], Awaitable[None]]) -> float:
    """Return how many messages leave a second, all of them being due."""
    values = {"count": MESSAGES, "people": PEOPLE, "actor_id": actor.account_id, "now": MONDAY}
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session, session.begin():
        for statement in (text("DELETE FROM message"), text("DELETE FROM convocation"), OFFERS, DUE):
            session.execute(statement, values | {"last": MONDAY.date() + timedelta(days=7)})
    started = time.monotonic()
    asyncio.run(_awaited(send))
    seconds = time.monotonic() - started
    with engine.connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM message WHERE state <> 'sent'")).scalar()
    engine.dispose()
    assert left == 0, f"{left} did not leave"
    return MESSAGES / seconds


async def _awaited(send: Callable[[], Awaitable[None]]) -> None:
    await send()


async def _ours(providers: Sequence[Provider]) -> None:
    post = Post(providers)
    await post.deliver()
    await post.close()


async def _raw(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        due = clock.now()
        while taken := await (await connection.execute(RAW_CLAIM, (due, IN_FLIGHT))).fetchall():
            await asyncio.gather(*(asyncio.sleep(PROVIDER_S) for _ in taken))
            await connection.execute(RAW_MARK, ([row[0] for row in taken],))
