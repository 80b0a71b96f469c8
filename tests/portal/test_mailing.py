"""E-mails to hosts through a real server: as they arrive, put back, refused, unknown; the clock killed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking import events
from booking.host_requests import tell_hosts
from portal import clock, mailing
from portal import database as portal_database
from portal import settings as portal_settings
from portal.mailing import MailPost
from portal.settings import Settings
from tests.booking.test_mails import HOST_ADDRESS, HOUSE, asked, post
from tests.clock_worker import MAIL_PACE
from tests.conftest import Database
from tests.factories import NOW, make_world
from tests.races import act, wait_until_nothing_is_asked
from tests.smtp_stand_in import Post, mail_server

ROOT = Path(__file__).resolve().parents[2]
SENDER = "ne-pas-repondre@placejuste.example"
PATIENCE_S = 60  # a busy machine is slow, not wrong
MAILS = 16
LEADS = "this process is the clock"
HASTY = replace(MAIL_PACE, timeout_s=1.0)  # with whoever never answers


@pytest.fixture
def server() -> Iterator[Post]:
    with mail_server() as one:
        yield one


@pytest.fixture(autouse=True)
def followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests followed, as in the application."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(tell_hosts)


@pytest.fixture
def sender(database: Database, server: Post, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Sends what is due, through the server, by a clock that reads a Monday morning."""
    chosen = Settings(secret_key=HOUSE.secret.decode(), smtp_url=server.url, mail_from=SENDER)  # type: ignore[arg-type]
    for module in (mailing, portal_settings):
        monkeypatch.setattr(module, "settings", lambda: chosen)
    monkeypatch.setattr(portal_database, "engine", lambda: database.engine)
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    with asyncio.Runner() as runner:

        def send() -> None:
            runner.run(MailPost(HASTY if server.hang else MAIL_PACE).deliver())

        yield send


def fill(session: Session, count: int) -> None:
    """Ask so many times, each due now."""
    world = make_world(session)
    place = post(session, world)
    for number in range(count):
        asked(session, world, place, case_ref=f"RG 26/{number:05}")
    let_go(session)


def let_go(session: Session) -> None:
    session.execute(text("UPDATE host_mail SET due_at = :now WHERE kind = 'request'"), {"now": NOW})
    session.execute(text("DELETE FROM host_mail WHERE kind = 'warning'"))


def states(database: Database) -> Counter[tuple[str, str]]:
    with Session(database.engine) as session:
        return Counter(
            (row.state, row.failure) for row in session.execute(text("SELECT state, failure FROM host_mail"))
        )


def test_an_e_mail_arrives_as_it_is_written_with_headers_that_are_right(
    database: Database, server: Post, sender: Callable[[], None]
) -> None:
    act(database.engine, fill, 1)

    sender()

    (mail,) = server.taken
    assert states(database) == {("sent", ""): 1}
    assert (mail["To"], mail["From"]) == (HOST_ADDRESS, f"PlaceJuste <{SENDER}>")
    assert mail["Subject"].startswith("Demande à examiner avant le mer. 11 mars à 10 h : ")
    assert abs(mail["Date"].datetime - datetime.now(UTC)).total_seconds() < 60  # the world's clock, not ours
    assert mail["Message-ID"].endswith("@placejuste.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_content()
    assert "Répondre" not in body.splitlines()[0]
    assert "http://localhost:3000/d/" in body
    assert all(len(line) <= 78 for line in server.raw[0].split(b"\r\n"))
    assert server.raw[0].isascii()


ANSWERS: tuple[tuple[dict[str, object], tuple[str, str]], ...] = (
    ({"to_rcpt": "450 4.2.0 plus tard"}, ("planned", "smtp-450")),
    ({"to_rcpt": "550 5.1.1 inconnu"}, ("failed", "smtp-550")),
    ({"to_text": "451 4.3.0 plus tard"}, ("planned", "smtp-451")),
    ({"to_text": "554 5.7.1 refus"}, ("failed", "smtp-554")),
    ({"hang": 1}, ("sending", "")),
)


def test_what_a_server_answers_says_what_becomes_of_an_e_mail(
    database: Database, server: Post, sender: Callable[[], None]
) -> None:
    act(database.engine, fill, 1)
    again = text("UPDATE host_mail SET state = 'planned', lease_until = NULL, failure = '', due_at = :now")
    usual = dict(vars(server))
    seen = []
    for answer, _ in ANSWERS:
        act(database.engine, lambda session: session.execute(again, {"now": NOW}))
        vars(server).update(usual | answer)
        sender()
        seen += list(states(database))

    assert seen == [became for _, became in ANSWERS]


def test_a_server_that_is_down_loses_nothing(
    database: Database, server: Post, sender: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    act(database.engine, fill, 1)
    nowhere = Settings(secret_key=HOUSE.secret.decode(), smtp_url="smtp://127.0.0.1:9", mail_from=SENDER)  # type: ignore[arg-type]
    with monkeypatch.context() as down:
        down.setattr(mailing, "settings", lambda: nowhere)
        sender()

    assert states(database) == {("planned", "smtp-unreachable"): 1}
    monkeypatch.setattr(clock, "_offset", clock._offset + MAIL_PACE.longest_wait)  # however long all that took
    sender()
    assert (states(database), len(server.taken)) == ({("sent", ""): 1}, 1)


def test_killed_while_e_mails_leave_each_arrives_once_or_is_flagged(
    database: Database, server: Post, tmp_path: Path
) -> None:
    act(database.engine, clock.store_offset, NOW)
    act(database.engine, fill, MAILS)
    server.delay_s = 0.2
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    with _worker(database, server, logs[0]) as one, _worker(database, server, logs[1]) as other:
        _until(lambda: len(server.taken) >= 4)
        leader = one if LEADS in logs[0].read_text() else other
        _until(lambda: _stopped_in_the_middle(leader, database))
        in_hand = act(database.engine, under_way)
        leader.kill()
        leader.wait()
        act(database.engine, end_leases, in_hand)
        _until(lambda: not {"planned", "sending"} & {state for state, _ in states(database)})

    became = states(database)
    arrived = Counter(mail["Message-ID"] for mail in server.taken)
    assert set(arrived.values()) == {1}
    assert became[("flagged", "unknown")] == len(in_hand) > 0
    assert became[("sent", "")] + len(in_hand) == MAILS
    assert MAILS - len(arrived) <= len(in_hand), "one that did not arrive is not flagged"


def under_way(session: Session) -> list[UUID]:
    """Return the e-mails that a process has in hand."""
    return list(session.execute(text("SELECT id FROM host_mail WHERE state = 'sending'")).scalars())


def end_leases(session: Session, ids: list[UUID]) -> None:
    """Have what a dead process had in hand be somebody else's at once."""
    session.execute(text("UPDATE host_mail SET lease_until = claimed_at WHERE id = ANY(:ids)"), {"ids": ids})


def _stopped_in_the_middle(process: subprocess.Popen[bytes], database: Database) -> bool:
    """Say whether e-mails were under way while it stood still; it goes on otherwise."""
    process.send_signal(signal.SIGSTOP)
    wait_until_nothing_is_asked(database.engine)
    if states(database)[("sending", "")]:
        return True
    process.send_signal(signal.SIGCONT)
    return False


@contextlib.contextmanager
def _worker(database: Database, server: Post, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        "DATABASE_URL": database.url,
        "PLACEJUSTE_SECRET_KEY": HOUSE.secret.decode(),
        "PLACEJUSTE_SMTP_URL": server.url,
        "PLACEJUSTE_MAIL_FROM": SENDER,
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.clock_worker"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
