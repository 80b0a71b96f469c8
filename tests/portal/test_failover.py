"""Two providers: what the first surely does not take leaves by the second, and nothing else does."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlmodel import Session

from convocations.generic_provider import Generic, GenericAccount
from convocations.providers import Handed, NotTaken, Rejected, Unknown, seconds_of
from portal import rounds
from portal.delivery import make_ready
from portal.rounds import Circuit, Turns
from portal.settings import settings
from tests.conftest import Database
from tests.convocations.crowd import make_offers
from tests.factories import NOW
from tests.portal.test_delivery import (  # noqa: F401 - fixtures
    QUICK,
    _by_twilio,
    _configured,
    post,
    received,
    running,
    stand_in,
    states,
    until,
)
from tests.races import act
from tests.twilio_stand_in import TOKEN, StandIn

HANDED = Handed(to="+33639981234", body="Votre rendez-vous", reference="a-number-of-ours")


@pytest.fixture
def _with_second(_by_twilio: None, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    named = {"SMS2_URL": stand_in.second, "SMS2_TOKEN": TOKEN, "SMS_FAILURES": "3", "SMS_PRICES": "FR=0.07,*=0.1"}
    for name, value in named.items():
        monkeypatch.setenv(f"PLACEJUSTE_{name}", value)
    settings.cache_clear()
    make_ready()


def by_second(stand_in: StandIn) -> Counter[str]:  # noqa: F811
    return Counter(message["to"] for message in stand_in.received_by_second())


@pytest.mark.usefixtures("_with_second")
async def test_what_the_first_does_not_take_leaves_by_the_second_and_what_is_not_known_stays(
    database: Database,
    stand_in: StandIn,  # noqa: F811
) -> None:
    phones = act(database.engine, make_offers, 40)
    act(database.engine, lambda session: session.execute(text("UPDATE message SET due_at = 'infinity'")))

    async with post(replace(QUICK, flag_after=timedelta(hours=1))) as one:  # nobody is told while it is down
        for count, switches in ((2, {"hang": 2}), (2, {"status": 400, "code": 21408}), (36, {"down": True})):
            act(database.engine, let_go, count)
            stand_in.does(**({"status": 0} | switches))
            await one.deliver()
        await until(database, one, "sent", 38)
        unknown = states(database)
        stand_in.does(down=False)
        await until(database, one, "sent", 40)

    assert unknown == {"sent": 38, "sending": 2}, "nobody knows of two: they wait for the first to say"
    assert received(stand_in) + by_second(stand_in) == Counter(phones)
    assert (len(stand_in.received()), len(stand_in.received_by_second())) == (2, 38)
    with Session(database.engine) as session:
        costs = "SELECT DISTINCT region, paid_segments, cost_micros, price_micros FROM message"
        (cost,) = session.execute(text(costs)).all()
    assert tuple(cost) == ("FR", cost.paid_segments, 70_000 * cost.paid_segments, 70_000)


def let_go(session: Session, count: int) -> None:
    """Have some more be due."""
    more = text("""
        UPDATE message SET due_at = :now
        WHERE id IN (SELECT id FROM message WHERE due_at = 'infinity' LIMIT :count)""")
    session.execute(more, {"now": NOW, "count": count})


@pytest.mark.usefixtures("_with_second")
async def test_what_both_refuse_fails_and_is_for_a_person(database: Database, stand_in: StandIn) -> None:  # noqa: F811
    act(database.engine, make_offers, 1)
    stand_in.does(status=400, code=21612, second_code=7)

    async with post() as one:
        await until(database, one, "failed provider-7", 1)

    assert stand_in.asked() == 1, "the first was not asked again"


async def test_the_second_is_asked_by_our_number_and_takes_it_once(stand_in: StandIn) -> None:  # noqa: F811
    account = GenericAccount(url=stand_in.second, token=TOKEN, sender="JUSTICE")
    second, now = Generic(account, timeout_s=1.5), NOW
    assert await second.find(HANDED, now) is None
    stand_in.does(second_hang=1)
    with pytest.raises(Unknown):
        await second.send(HANDED)
    assert await second.find(HANDED, now) == await second.send(HANDED)
    assert [one["from"] for one in stand_in.received_by_second()] == ["JUSTICE"]
    for code, refusal in ((4, Rejected("blocked")), (7, Rejected("provider-7")), (6, NotTaken("provider-busy"))):
        stand_in.does(second_code=code)
        with pytest.raises(type(refusal), match=refusal.args[0]) as refused:
            await second.send(HANDED)
        assert getattr(refused.value, "is_elsewhere", False) is (code == 7)
    await second.close()


def test_a_provider_that_fails_several_times_in_a_row_rests_then_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    at_s = [0.0]
    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: at_s[0]))
    circuit = Circuit(3, lambda openings: timedelta(seconds=5 * openings))
    for _ in range(2):
        circuit.failed()
    assert not circuit.rests
    circuit.took()
    for _ in range(10):  # those that were under way say nothing more
        circuit.failed()
    assert circuit.rests
    at_s[0] += 5
    assert (circuit.rests, circuit.is_doubtful) == (False, True)
    circuit.handed()
    assert circuit.rests, "one is enough to know"
    circuit.failed(timedelta(seconds=1))
    at_s[0] += 9
    assert circuit.rests, "twice as long, the second time"
    at_s[0] += 1
    circuit.handed()
    circuit.took()

    assert (circuit.rests, circuit.is_doubtful) == (False, False)


def test_an_answer_says_how_long_to_wait_in_seconds_or_by_an_hour() -> None:
    now = datetime(2015, 10, 21, 7, 27, tzinfo=UTC)
    said = ("7", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:00:00 GMT", "soon", "")

    waits = [seconds_of(retry_after, now) for retry_after in said]

    assert waits == [timedelta(seconds=7), timedelta(minutes=1), timedelta(), None, None]


async def test_so_many_leave_in_a_second_and_no_more() -> None:
    turns, begun_at = Turns(50), time.monotonic()
    await asyncio.gather(*(turns.wait() for _ in range(11)))

    assert 0.2 <= time.monotonic() - begun_at < 5
    assert (Turns(50).most, Turns(0).most) == (500, 1_000_000)


async def test_those_that_wait_for_their_turn_are_not_claimed_again() -> None:
    turns = Turns(10)
    waiting = [asyncio.create_task(turns.wait()) for _ in range(100)]
    await asyncio.sleep(0)
    assert turns.most <= 1  # ten seconds of them are there already

    for one in waiting:
        one.cancel()
