"""Messages leaving from the elected process, over HTTP: sent once, asked about, put back, flagged."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import make_url, text
from sqlmodel import Session

from convocations.delivery import claim_due
from convocations.providers import OnScreen
from convocations.routes import Routes
from convocations.twilio_provider import Twilio
from portal import clock, rounds
from portal import database as portal_database
from portal.delivery import IN_FLIGHT, Pace, Post, make_ready, providers_of
from portal.rounds import AHEAD
from portal.settings import settings
from tests.conftest import Database
from tests.convocations.crowd import make_host_requests, make_offers
from tests.convocations.desk import HOUSE
from tests.factories import NOW
from tests.races import act
from tests.twilio_stand_in import BEHAVING, SID, TOKEN, StandIn, standing_in

# With whoever never answers; the others have as long, on a busy machine.
QUICK = Pace(
    timeout_s=2,
    lease=timedelta(seconds=20),
    ask_again=timedelta(seconds=0.2),
    flag_after=timedelta(seconds=60),
    first_wait=timedelta(seconds=0.2),
    longest_wait=timedelta(seconds=0.5),
)
PATIENT = Pace(timeout_s=30, lease=timedelta(seconds=90), first_wait=timedelta(seconds=0.2))
A_WHILE = timedelta(seconds=10)
CLAIMED = int(IN_FLIGHT * (1 + AHEAD))  # at once: what leaves, and what leaves next
PATIENCE_S = 30


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(running: StandIn) -> StandIn:
    """The stand-in, behaving, with nothing of other tests."""
    running.does(**BEHAVING, forget=True)
    return running


@pytest.fixture
def _configured(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the settings of this process be those of the test, and its clock read NOW."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("PLACEJUSTE_SECRET_KEY", HOUSE.secret.decode())
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    settings.cache_clear()
    portal_database.engine.cache_clear()
    make_ready()
    yield
    portal_database.engine().dispose()
    portal_database.engine.cache_clear()
    settings.cache_clear()


@pytest.fixture
def _by_twilio(_configured: None, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"ACCOUNT_SID": SID, "AUTH_TOKEN": TOKEN, "FROM": "JUSTICE", "BASE_URL": stand_in.url}
    for name, value in named.items():
        monkeypatch.setenv(f"PLACEJUSTE_TWILIO_{name}", value)
    settings.cache_clear()


@asynccontextmanager
async def post(pace: Pace = QUICK) -> AsyncIterator[Post]:
    """Open a sender as the leader does."""
    one = Post(providers_of(pace), pace)
    try:
        yield one
    finally:
        await one.close()


def states(database: Database) -> Counter[str]:
    with Session(database.engine) as session:
        rows = session.execute(text("SELECT state, failure FROM message")).all()
    return Counter(f"{row.state} {row.failure}".strip() for row in rows)


async def all_in_flight(stand_in: StandIn) -> None:
    """Wait until as many as may be are being handed over, without stopping those who do it."""
    for _ in range(PATIENCE_S * 100):
        if await asyncio.to_thread(stand_in.asked) >= IN_FLIGHT:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing came")


async def until(database: Database, one: Post, wanted: str, count: int) -> None:
    """Have a sender work until so many messages are in a state, a while later by the clock each time."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while states(database)[wanted] != count:
        assert asyncio.get_running_loop().time() < deadline, states(database)
        await one.deliver()
        clock._offset += A_WHILE
        await asyncio.sleep(0.05)


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Cut every connection of a database, and refuse new ones until the end of the block."""
    url = make_url(database.url)
    outside = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(outside, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        yield
        connection.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true')


def due_at(session: Session, at: datetime) -> None:
    """Have every message due at that moment."""
    session.execute(text("UPDATE message SET due_at = :at"), {"at": at})


def received(stand_in: StandIn) -> Counter[str]:
    return Counter(message["to"] for message in stand_in.received())


@pytest.mark.usefixtures("_configured")
async def test_without_twilio_messages_stay_on_screen(database: Database, stand_in: StandIn) -> None:
    act(database.engine, make_offers, 3)

    async with post(PATIENT) as one:
        await one.deliver()

    assert isinstance(providers_of(QUICK)[0], OnScreen)
    assert states(database) == {"sent": 3}
    assert stand_in.received() == []


@pytest.mark.usefixtures("_by_twilio")
async def test_everything_due_leaves_once_by_batches(database: Database, stand_in: StandIn) -> None:
    phones = act(database.engine, make_offers, 230) + act(database.engine, make_host_requests, 20)
    before = REGISTRY.get_sample_value("placejuste_messages_total", {"state": "sent"}) or 0

    async with post(PATIENT) as one:
        assert isinstance(one._lines["twilio"].provider, Twilio)
        await one.deliver()
        await one.deliver()

    assert states(database) == {"sent": 250, "planned": 20}  # what warns hosts that are silent comes later
    assert received(stand_in) == Counter(phones)
    assert REGISTRY.get_sample_value("placejuste_messages_total", {"state": "sent"}) == before + 250
    assert REGISTRY.get_sample_value("placejuste_messages_waiting", {"state": "due"}) == 0


@pytest.mark.usefixtures("_by_twilio")
async def test_receipts_that_cannot_be_applied_keep_nothing_from_leaving(database: Database) -> None:
    act(database.engine, make_offers, 3)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE message_receipt RENAME TO receipts_of_before"))

    async with post(PATIENT) as one:
        await one.deliver()

    assert states(database) == {"sent": 3}


@pytest.mark.usefixtures("_by_twilio")
async def test_a_number_that_answered_stop_fails_and_the_others_leave(database: Database, stand_in: StandIn) -> None:
    act(database.engine, make_offers, 4)
    stand_in.does(status=400, code=21610, times=1)

    async with post() as one:
        await one.deliver()

    assert states(database) == {"sent": 3, "failed blocked": 1}


@pytest.mark.usefixtures("_by_twilio")
async def test_a_busy_provider_is_left_to_breathe_and_loses_nothing(database: Database, stand_in: StandIn) -> None:
    phones = act(database.engine, make_offers, 5)
    stand_in.does(status=429, code=20429, retry_after=1, times=5)

    async with post() as one:
        await one.deliver()
        assert states(database) == {"planned provider-busy": 5}
        await until(database, one, "sent", 5)

    assert received(stand_in) == Counter(phones)


@pytest.mark.usefixtures("_by_twilio")
async def test_a_provider_that_was_down_loses_nothing(database: Database, stand_in: StandIn) -> None:
    phones = act(database.engine, make_offers, 150)
    stand_in.does(down=True)

    async with post(PATIENT) as one:
        await one.deliver()
        assert states(database) == {"planned provider-down": CLAIMED, "planned": 150 - CLAIMED}, (
            "the rest is not even claimed"
        )
        stand_in.does(down=False)
        await until(database, one, "sent", 150)

    assert received(stand_in) == Counter(phones)


@pytest.mark.usefixtures("_by_twilio")
async def test_what_was_taken_without_an_answer_is_found_and_not_sent_again(
    database: Database, stand_in: StandIn
) -> None:
    phones = act(database.engine, make_offers, 6)
    stand_in.does(hang=3)

    async with post() as one:
        await one.deliver()
        assert states(database) == {"sent": 3, "sending": 3}
        await until(database, one, "sent", 6)

    assert received(stand_in) == Counter(phones)


@pytest.mark.usefixtures("_by_twilio")
async def test_an_answer_that_does_not_come_keeps_nothing_else_from_leaving(
    database: Database, stand_in: StandIn
) -> None:
    act(database.engine, make_offers, 150)
    stand_in.does(hang=1)

    async with post(replace(PATIENT, every_s=0.2)) as one:
        job = asyncio.create_task(one.deliver())
        for _ in range(PATIENCE_S * 20):
            if states(database)["sent"] == 149 or job.done():
                break
            await asyncio.sleep(0.05)
        was_waiting = not job.done()
        stand_in.does(down=True)  # it never answers
        await job

    assert was_waiting, "the others waited for it"
    assert states(database) == {"sent": 149, "sending": 1}


@pytest.mark.usefixtures("_by_twilio")
async def test_what_never_arrived_leaves_again(database: Database, stand_in: StandIn) -> None:
    phones = act(database.engine, make_offers, 4)
    stand_in.does(status=500, code=20500, times=2)

    async with post() as one:
        await one.deliver()
        assert states(database) == {"sent": 2, "sending": 2}
        await until(database, one, "sent", 4)

    assert received(stand_in) == Counter(phones)


@pytest.mark.usefixtures("_by_twilio")
async def test_what_nobody_can_tell_is_flagged_and_never_sent_again(database: Database, stand_in: StandIn) -> None:
    act(database.engine, make_offers, 3)
    stand_in.does(hang=3, list_status=500)

    async with post() as one:
        await until(database, one, "flagged unknown", 3)
        stand_in.does(list_status=0)
        await one.deliver()

    assert states(database) == {"flagged unknown": 3}
    assert set(received(stand_in).values()) == {1}


@pytest.mark.usefixtures("_configured")
async def test_what_was_handed_to_a_provider_no_longer_configured_is_flagged(database: Database) -> None:
    act(database.engine, make_offers, 1)
    an_hour_ago = NOW - timedelta(hours=1)
    act(database.engine, due_at, an_hour_ago)
    options: dict[str, Any] = {"house": HOUSE, "origin": "", "routes": Routes(usable=("twilio",)), "lease": QUICK.lease}
    assert len(act(database.engine, claim_due, now=an_hour_ago, **options).outgoing) == 1

    async with post() as one:
        await one.deliver()

    assert states(database) == {"flagged unknown": 1}


@pytest.mark.usefixtures("_by_twilio")
async def test_a_process_that_slept_past_its_lease_sends_nothing(database: Database, stand_in: StandIn) -> None:
    act(database.engine, make_offers, 3)
    asleep = Pace(timeout_s=QUICK.timeout_s, lease=timedelta(seconds=2 * QUICK.timeout_s - 0.1))

    async with post(asleep) as one:
        await one.deliver()

    assert states(database) == {"sending": 3}
    assert stand_in.received() == []


@pytest.mark.usefixtures("_by_twilio")
async def test_a_sender_that_is_stopped_marks_what_it_was_handing_over(
    database: Database, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "QUICK_S", PATIENCE_S)
    act(database.engine, make_offers, 250)
    stand_in.does(hold_after=1)

    async with post(PATIENT) as one:
        job = asyncio.create_task(one.deliver())
        await all_in_flight(stand_in)
        job.cancel()
        answering = asyncio.create_task(asyncio.to_thread(stand_in.does, hold_after=0))

    await answering
    assert job.cancelled()
    assert states(database) == {"sent": CLAIMED, "planned": 250 - CLAIMED}


@pytest.mark.usefixtures("_by_twilio")
async def test_a_database_that_was_away_loses_nothing_and_sends_nothing_twice(
    database: Database, stand_in: StandIn
) -> None:
    phones = act(database.engine, make_offers, 120)
    stand_in.does(hold_after=1)

    async with post(PATIENT) as one:
        job = asyncio.create_task(one.deliver())
        await all_in_flight(stand_in)
        with away(database):
            await asyncio.to_thread(stand_in.does, hold_after=0)
            await asyncio.sleep(1.5)
        await job
        await until(database, one, "sent", 120)

    assert received(stand_in) == Counter(phones)
