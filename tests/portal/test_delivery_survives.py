"""The sender is killed while 500 messages leave: another takes over, and each arrives exactly once or is flagged."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session

from benchmarks.soak_messages import FAULTS, campaign
from portal import clock
from portal.database import make_engine
from tests import postgres
from tests.conftest import Database
from tests.convocations.crowd import make_host_requests, make_offers, phone
from tests.convocations.desk import HOUSE
from tests.factories import NOW
from tests.races import act, wait_until_nothing_is_asked
from tests.twilio_stand_in import SID, TOKEN, StandIn, standing_in

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 500
HOSTS = 20  # of whom as many are told, among the others
PHONES = {phone(number) for number in range(MESSAGES - HOSTS)} | {phone(5_000 + number) for number in range(HOSTS)}
DELAY_S = 0.05
PATIENCE_S = 120  # a busy machine is slow, not wrong
HELD = 150  # the answers to those that come after them are held, so that some are under way however slow one looks
LEADS = "this process is the clock"


@dataclass
class Worker:
    """A process that stands for election, and what it wrote."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def leads(self) -> bool:
        """Say whether it was elected."""
        return LEADS in self.log.read_text()

    def stopped_when(self, condition: Callable[[], bool], engine: Engine) -> bool:
        """Say whether the condition held while it stood still, all that it asked being done; it goes on otherwise."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until_nothing_is_asked(engine)
        if condition():
            return True
        self.process.send_signal(signal.SIGCONT)
        return False

    def kill(self) -> float:
        """Kill it without warning, and return when."""
        self.process.kill()
        at = time.monotonic()
        self.process.wait()
        return at


@pytest.fixture(scope="module")
def crowd(postgres_url: str, template: str) -> Iterator[str]:
    """The name of a database in which the messages wait, on a Monday morning: each test has a copy."""
    with postgres.clone(postgres_url, template) as url:
        engine = make_engine(url, pool_size=1)
        act(engine, make_due)
        act(engine, hold_back)
        engine.dispose()
        yield make_url(url).database or ""


@pytest.fixture
def database(postgres_url: str, crowd: str) -> Iterator[Database]:
    """A database of the test in which the messages wait."""
    with postgres.clone(postgres_url, crowd) as url:
        engine = make_engine(url, pool_size=5)
        yield Database(url, engine)
        engine.dispose()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as one:
        one.does(delay_s=DELAY_S)
        yield one


@contextlib.contextmanager
def two_workers(
    database: Database, stand_in: StandIn, folder: Path, **settings: str
) -> Iterator[tuple[Worker, Worker]]:
    """Run two workers on one database; yield the elected one and the other. `settings` are environment variables."""
    workers = [_start(database, stand_in, folder / f"worker-{number}.log", settings) for number in range(2)]
    try:
        _until(lambda: all("standing" in one.log.read_text() for one in workers))
        _until(lambda: any(one.leads for one in workers))
        yield (workers[0], workers[1]) if workers[0].leads else (workers[1], workers[0])
    finally:
        for one in workers:
            one.process.kill()
            one.process.wait()


def _start(database: Database, stand_in: StandIn, log: Path, settings: dict[str, str]) -> Worker:
    environment = {
        "DATABASE_URL": database.url,
        "PLACEJUSTE_SECRET_KEY": HOUSE.secret.decode(),
        "PLACEJUSTE_TWILIO_ACCOUNT_SID": SID,
        "PLACEJUSTE_TWILIO_AUTH_TOKEN": TOKEN,
        "PLACEJUSTE_TWILIO_FROM": "JUSTICE",
        "PLACEJUSTE_TWILIO_BASE_URL": stand_in.url,
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.clock_worker"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment | settings, stdout=output, stderr=subprocess.STDOUT
        )
    return Worker(process, log)


def _until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def make_due(session: Session) -> None:
    """Have the messages due, by a clock that reads a Monday morning."""
    clock.store_offset(session, NOW)
    make_offers(session, MESSAGES - HOSTS)
    make_host_requests(session, HOSTS)
    session.execute(text("DELETE FROM message WHERE kind = 'reminder'"))  # each phone is written to once


def states(database: Database) -> Counter[str]:
    with Session(database.engine) as session:
        return Counter(session.execute(text("SELECT state FROM message")).scalars())


def settled(database: Database) -> bool:
    return not {"planned", "sending"} & set(states(database))


def hold_back(session: Session) -> None:
    """Keep the messages from leaving until they are let go."""
    session.execute(text("UPDATE message SET due_at = 'infinity'"))


def let_go(session: Session) -> None:
    session.execute(text("UPDATE message SET due_at = :now"), {"now": NOW})


def under_way(session: Session) -> list[UUID]:
    """Return the messages that a process has in hand."""
    return list(session.execute(text("SELECT id FROM message WHERE state = 'sending'")).scalars())


def end_leases(session: Session, ids: list[UUID]) -> None:
    """Have what a dead process had in hand be somebody else's at once."""
    session.execute(text("UPDATE message SET lease_until = claimed_at WHERE id = ANY(:ids)"), {"ids": ids})


def test_killed_while_500_messages_leave_another_takes_over_and_each_arrives_once(
    database: Database, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.does(hold_after=HELD)
    # However slow the machine is, each is asked about before anybody has to be told.
    patient = {"FLAG_AFTER_S": "600", "TIMEOUT_S": "60"}
    with two_workers(database, stand_in, tmp_path, **patient) as (leader, other):
        assert not other.leads, "one is elected, exactly"
        act(database.engine, let_go)
        _until(lambda: stand_in.asked() > HELD)
        _until(lambda: leader.stopped_when(lambda: states(database)["sending"] > 0, database.engine))
        when_killed, in_hand = states(database), act(database.engine, under_way)
        _until(lambda: stand_in.asked() == len(stand_in.received()))  # all that had left by then has come

        killed_at = leader.kill()
        act(database.engine, end_leases, in_hand)
        stand_in.does(hold_after=0)
        _until(lambda: other.leads)
        taken_over_s = time.monotonic() - killed_at
        _until(lambda: settled(database))

    sys.stdout.write(f"taken over in {taken_over_s:.2f} s\n")  # seen with pytest -s
    arrived = Counter(message["to"] for message in stand_in.received())
    assert when_killed["planned"] > 0, "it was killed too late for this test"
    assert when_killed["sending"] == len(in_hand) > 0, "nothing was under way"
    assert taken_over_s < 60
    assert set(arrived.values()) == {1}, "somebody was written to twice"
    assert states(database) == {"sent": MESSAGES}
    assert set(arrived) == PHONES


def test_killed_while_the_provider_fails_hangs_and_repeats_itself_nothing_is_sent_twice_nor_lost(
    database: Database, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.does(**FAULTS)

    found = campaign(database.url, stand_in, tmp_path, kills=1)

    assert (found.broken, found.kills, found.states["sent"] + found.states["flagged"]) == ([], 1, MESSAGES)


def test_killed_while_the_provider_cannot_be_asked_what_is_not_known_is_flagged(
    database: Database, stand_in: StandIn, tmp_path: Path
) -> None:
    with two_workers(database, stand_in, tmp_path) as (leader, other):
        stand_in.does(list_status=500, hold_after=HELD)
        act(database.engine, let_go)
        _until(lambda: stand_in.asked() > HELD)

        leader.kill()
        stand_in.does(hold_after=0)
        _until(lambda: other.leads)
        _until(lambda: settled(database))

    arrived = Counter(message["to"] for message in stand_in.received())
    became = states(database)
    assert set(arrived.values()) == {1}
    assert became["flagged"] > 0
    assert became["sent"] + became["flagged"] == MESSAGES
    assert len(PHONES - set(arrived)) <= became["flagged"], "one that did not arrive is not flagged"


def test_a_provider_down_and_the_sender_killed_meanwhile_lose_nothing(
    database: Database, stand_in: StandIn, tmp_path: Path
) -> None:
    # However long the outage lasts here, it ends before anybody has to be told.
    with two_workers(database, stand_in, tmp_path, FLAG_AFTER_S="600") as (leader, other):
        stand_in.does(hold_after=HELD)
        act(database.engine, let_go)
        _until(lambda: stand_in.asked() > HELD)
        stand_in.does(down=True)
        _until(lambda: "were not taken" in leader.log.read_text())
        leader.kill()
        _until(lambda: "were not taken" in other.log.read_text())
        stand_in.does(down=False, hold_after=0)
        _until(lambda: settled(database))

    arrived = Counter(message["to"] for message in stand_in.received())
    assert set(arrived.values()) == {1}
    assert states(database) == {"sent": MESSAGES}
    assert set(arrived) == PHONES
