"""`make soak`: a crowd books, gives back and takes back for minutes, PostgreSQL is killed in the middle, and whatever
was acknowledged is still there, agreeing. `python -m benchmarks.soak --seconds 600 --clients 32`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psutil
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from availability.claims import Claim, NightsClaim, PlaceClaim
from availability.errors import Refusal
from availability.rights import Actor, Right, Role
from booking.actions import Beneficiary, cancel, confirm, hold, undo_cancel
from booking.sealing import House
from portal import demo
from portal.database import make_engine
from portal.embedded import running, started
from portal.identity import Account
from portal.migrate import migrate

FOLDER = Path(".data/soak")
BEDS = "SELECT id FROM resource WHERE kind_id = (SELECT id FROM kind WHERE code = 'semi-liberte') AND is_active"
POSTS = "SELECT id FROM resource WHERE kind_id = (SELECT id FROM kind WHERE code = 'tig') AND is_active LIMIT 40"
# What must be nothing, whatever happened.
BROKEN = {
    "a booked bed without all of its nights": """
        SELECT b.id FROM booking b JOIN unit u ON u.id = b.unit_id
        WHERE b.state IN ('booked', 'honoured', 'missed') AND (SELECT count(*) FROM bed_night n
          WHERE n.holder_id = b.id AND n.expires_at IS NULL) <> b.until_on - b.first_on""",
    "nights of nobody": """
        SELECT n.holder_id FROM bed_night n LEFT JOIN booking b ON b.id = n.holder_id
        WHERE b.id IS NULL OR b.state IN ('cancelled', 'refused', 'lapsed')""",
    "places of nobody": """
        SELECT p.holder_id FROM place_period p LEFT JOIN booking b ON b.id = p.holder_id
        WHERE b.id IS NULL OR b.state IN ('cancelled', 'refused', 'lapsed')""",
    "more people than a post takes": """
        SELECT r.id FROM resource r JOIN place_period p ON p.resource_id = r.id
        JOIN place_period q ON q.resource_id = r.id AND q.days @> lower(p.days)
        GROUP BY r.id, r.capacity, r.declared_load, p.id HAVING count(q.id) > r.capacity - r.declared_load""",
    "a booking without history": """
        SELECT b.id FROM booking b WHERE NOT EXISTS (
          SELECT FROM history h WHERE h.subject = 'booking' AND h.subject_id = b.id::text)""",
}


class Crowd:
    """Clients that act at random until told to stop, and remember what was acknowledged as booked."""

    def __init__(self, url: str, actor: Actor, clients: int) -> None:
        self.engine: Engine = make_engine(url, pool_size=clients)
        self.actor = actor
        self.stop = threading.Event()
        self.outcomes: Counter[str] = Counter()
        self.booked: set[UUID] = set()
        self.lock = threading.Lock()
        with self.engine.connect() as connection:
            self.beds = list(connection.execute(text(BEDS)).scalars())
            self.posts = list(connection.execute(text(POSTS)).scalars())

    def client(self, number: int) -> None:
        """Act until told to stop."""
        chance = random.Random(number)  # noqa: S311 - a load, not a secret
        while not self.stop.is_set():
            try:
                outcome = self._act(chance)
            except Refusal as refusal:
                outcome = type(refusal).__name__
            except DBAPIError as error:
                if not error.connection_invalidated and "connect" not in str(error):
                    raise
                outcome = "outage"
                time.sleep(0.05)
            with self.lock:
                self.outcomes[outcome] += 1

    def _act(self, chance: random.Random) -> str:
        now = datetime.now(UTC)
        claim = self._claim(chance, now.date())
        with Session(self.engine, expire_on_commit=False) as session:
            with session.begin():
                booking_id = hold(session, self.actor, claim, now=now).id
            with session.begin():
                confirm(
                    session, self.actor, booking_id, now=now, beneficiary=Beneficiary(case_ref=f"C{chance.random()}")
                )
            with self.lock:
                self.booked.add(booking_id)
            if chance.random() < 0.6:
                with self.lock:
                    self.booked.discard(booking_id)  # from here on it may be either
                with session.begin():
                    cancel(session, self.actor, booking_id, now=now)
                if chance.random() < 0.3:
                    with session.begin():
                        undo_cancel(session, self.actor, booking_id, now=now)
        return "done"

    def _claim(self, chance: random.Random, today: date) -> Claim:
        first = today + timedelta(days=chance.randrange(0, 60))
        until = first + timedelta(days=chance.randrange(1, 15))
        if chance.random() < 0.5:
            return NightsClaim(resource_id=chance.choice(self.beds), first=first, until=until)
        return PlaceClaim(resource_id=chance.choice(self.posts), first=first, until=until)


def national_officer(session: Session) -> Actor:
    """Return an officer whose right covers the whole country."""
    territories = frozenset(session.execute(text("SELECT id FROM territory")).scalars())
    account = session.exec(select(Account).where(Account.login == "camille.exemple")).one()
    home = min(territories)
    return Actor(account.id, account.name, (Right(Role.PROBATION_OFFICER, territories),), home)


def load(url: str, clients: int, seconds: float) -> Crowd:
    """Let a crowd act for some seconds, and return what it saw."""
    engine = make_engine(url, pool_size=2)
    with Session(engine) as session:
        actor = national_officer(session)
    engine.dispose()
    crowd = Crowd(url, actor, clients)
    with ThreadPoolExecutor(clients) as threads:
        running_clients = [threads.submit(crowd.client, number) for number in range(clients)]
        time.sleep(seconds)
        crowd.stop.set()
    for each in running_clients:
        each.result()
    crowd.engine.dispose()
    return crowd


def broken(url: str, booked: set[UUID]) -> list[str]:
    """Return what does not hold: an empty list is a pass."""
    engine = make_engine(url, pool_size=2)
    with engine.connect() as connection:
        found = [
            f"{name}: {len(rows)}" for name, sql in BROKEN.items() if (rows := connection.execute(text(sql)).all())
        ]
        kept = set(connection.execute(text("SELECT id FROM booking WHERE state = 'booked'")).scalars())
    engine.dispose()
    return found + ([f"acknowledged and lost: {len(booked - kept)}"] if booked - kept else [])


def main() -> int:
    """Run the campaigns, print what each found, and return 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="length of each campaign")
    parser.add_argument("--clients", type=int, default=32)
    asked = parser.parse_args()
    postgres = (FOLDER / "postgres").resolve()
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        with started(postgres) as url:
            migrate(url)
            engine = make_engine(url, pool_size=2)
            with Session(engine) as session, session.begin():
                demo.load(session, seed=1, now=datetime.now(UTC), house=House(b"a secret for this campaign only"))
            engine.dispose()
            wrong = report("load", url, load(url, asked.clients, asked.seconds))
            killer = threading.Timer(asked.seconds / 2, kill, [postgres])
            killer.start()
            killed = load(url, asked.clients, asked.seconds / 2 + 2)
        with started(postgres) as url:
            wrong += report("kill -9 of PostgreSQL", url, killed)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 1 if wrong else 0


def kill(postgres: Path) -> None:
    """Kill PostgreSQL without warning."""
    if info := running(postgres):
        process = psutil.Process(info.pid)
        for each in (process, *process.children(recursive=True)):
            each.kill()


def report(campaign: str, url: str, crowd: Crowd) -> int:
    """Print what a campaign did and what does not hold; return how much that is."""
    wrong = broken(url, crowd.booked)
    print(f"{campaign}: {dict(crowd.outcomes.most_common())}, {len(crowd.booked)} booked and kept", flush=True)
    print("  everything agrees" if not wrong else "  BROKEN " + " ; ".join(wrong), flush=True)
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
