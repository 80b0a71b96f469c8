"""The database made ready: started if it is ours, at the latest revision, with its clock and its demonstration."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.sealing import House
from booking.vault import Vault
from portal import clock, database, embedded
from portal.migrate import migrate
from portal.settings import secret_key, settings

DEMO_SEED = 1


@contextlib.contextmanager
def served_database() -> Iterator[None]:
    """Run the embedded database during the block, when none is configured."""
    if settings().database_url is not None:
        yield
        return
    with embedded.started(settings().postgres_dir):
        yield


def attached_database() -> contextlib.AbstractContextManager[Any]:
    """Return the database that a command works on: the configured one, the one that runs, or one of our own."""
    if settings().database_url is not None:
        return contextlib.nullcontext()
    return embedded.attached(settings().postgres_dir)


def prepare_database(say: Callable[[str], None]) -> None:
    """Bring the schema up to date, set the clock, and load the demonstration into an empty database."""
    migrate(database.database_url())
    with Session(database.engine()) as session, session.begin():
        clock.store_offset(session, settings().now)
        clock.read_offset(session)
        if settings().demo and is_empty(session):
            say(load_demo(session, DEMO_SEED, clock.now()))
    database.engine().dispose()


def is_empty(session: Session) -> bool:
    """Say whether nobody has an account yet."""
    return session.execute(text("SELECT 1 FROM account LIMIT 1")).first() is None


def load_demo(session: Session, seed: int, now: datetime) -> str:
    """Fill the database with the fictional country, and return what was written, in French.

    Raises: demo.NotEmpty.
    """
    from portal import demo  # heavy, and only of use in demonstration
    from portal.demo.files import attach_files

    house = House(secret_key())
    summary = demo.load(session, seed=seed, now=now, house=house)
    attach_files(session, house=house, vault=Vault(settings().files_folder), now=now)
    return summary.in_french()
