"""The clock is killed while it offers what freed up: another goes on, in order, and no place was free meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.claims import NightsClaim
from availability.rights import Actor, Role
from booking import events
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.waiting_follow import follow_list
from booking.waiting_models import WaitingOffer
from booking.waiting_offers import due, offer_freed
from portal import clock
from portal.accounts import NewAccount, create
from portal.identity import Account
from portal.sign_in import actor_of_account
from tests.booking.queue import FIRST, UNTIL, offers, waits
from tests.booking.town import make_town
from tests.conftest import Database
from tests.convocations.desk import HOUSE
from tests.factories import NOW, in_minutes, make_beds, make_resource
from tests.races import act

ROOT = Path(__file__).resolve().parents[2]
PLACES = 40
PATIENCE_S = 120  # a busy machine is slow, not wrong
LEADS = "this process is the clock"
# So that it is killed in the middle, however fast it is and slow who looks.
SLOWLY = text("""
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
    CREATE TRIGGER slowly BEFORE INSERT ON waiting_offer FOR EACH ROW EXECUTE FUNCTION slowly()""")
AT_ITS_PACE = text("DROP FUNCTION slowly() CASCADE")  # waits for what the dead had asked
KEPT = text("SELECT count(*) FROM bed_night WHERE expires_at IS NULL OR expires_at > :now")


def prepare(session: Session) -> None:
    """Free forty beds for which as many people wait; nothing is due yet."""
    clock.store_offset(session, NOW)
    town = make_town(session)
    new = NewAccount("camille", "Camille Fictif", "CPIP", Role.PROBATION_OFFICER, town.world.here.id, "x" * 20)
    officer = actor_of_account(session, session.get_one(Account, create(session, new)))
    assert officer is not None
    town.section.is_active = False
    held: list[UUID] = []
    for number in range(PLACES):
        section = make_resource(session, town.world.site, town.nights)
        make_beds(session, section, "lit 1")
        claim = NightsClaim(resource_id=section.id, first=FIRST, until=UNTIL)
        booking = hold(session, officer, claim, now=NOW, beneficiary=Beneficiary(case_ref="26/999"))
        held.append(confirm(session, officer, booking.id, now=NOW).id)
        waits(session, town, f"26/{number:03d}", now=in_minutes(number / 1000), by=officer)
    for booking_id in held:
        cancel(session, officer, booking_id, now=NOW)
    session.execute(text("UPDATE freed_place SET due_at = 'infinity'"))


def started(database: Database, log: Path) -> subprocess.Popen[bytes]:
    """Start a worker that stands for election."""
    environment = os.environ | {"DATABASE_URL": database.url, "PLACEJUSTE_SECRET_KEY": HOUSE.secret.decode()}
    command = [sys.executable, "-W", "ignore", "-m", "tests.clock_worker"]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def account_actor(session: Session, account_id: UUID) -> Actor | None:
    """Return who has an account."""
    return actor_of_account(session, session.get_one(Account, account_id))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def made(database: Database) -> int:
    """Return how many offers there are."""
    with Session(database.engine) as session:
        return len(session.exec(select(WaitingOffer.id)).all())


def test_killed_while_it_offers_forty_places_another_clock_offers_the_rest_in_order(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    act(database.engine, prepare)
    with database.engine.begin() as connection:
        connection.execute(SLOWLY)
    log = tmp_path / "worker.log"
    worker = started(database, log)
    try:
        until(lambda: LEADS in log.read_text())
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE freed_place SET due_at = :now"), {"now": NOW})
        until(lambda: made(database) >= 5)
    finally:
        worker.kill()
        worker.wait()
        with database.engine.begin() as connection:
            connection.execute(AT_ITS_PACE)
    when_killed = made(database)
    with database.engine.connect() as connection:
        kept = connection.execute(KEPT, {"now": in_minutes(30)}).scalar()
    for freed_id in act(database.engine, due, now=in_minutes(1)):  # what the next one does as it takes over
        act(database.engine, offer_freed, freed_id, actor_of=account_actor, now=in_minutes(1))

    assert when_killed < PLACES, "it was killed too late for this test"
    assert kept == 3 * PLACES, "a place was free between its booking and its offer"
    with Session(database.engine) as session:
        assert offers(session) == [(f"26/{number:03d}", None) for number in range(PLACES)]
