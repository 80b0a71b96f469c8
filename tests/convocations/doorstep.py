"""The real routes of the link over a database of one test, at a fixed instant, and somebody who holds links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.sealing import House
from booking.links import LinkName, token_of
from booking.models import Person
from convocations.actions import convene, let_choose
from convocations.models import Convocation
from convocations.pages import link
from portal import clock, throttle
from portal import database as portal_database
from portal.api import build_api
from portal.headers import SecurityHeaders
from tests.conftest import Database
from tests.convocations.desk import NINE, Desk, make_desk, make_somebody
from tests.factories import NOW, in_days

SECRET = b"a secret of the tests, long enough"
ADDRESS = "12 rue de la Démonstration, 00000 Ville-Fictive"
CONTENT = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")


@dataclass
class Doorstep:
    """A desk whose rows are committed, and the application that serves its links."""

    engine: Engine
    desk: Desk
    patch: pytest.MonkeyPatch
    app: Any = field(default_factory=lambda: SecurityHeaders(build_api(pages=[link.router])))

    def client(self, address: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
        """Return a browser without cookies, at that address."""
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:3000", headers=headers)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session whose acts are committed at the end."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def at(self, now: datetime) -> None:
        """Set the clock."""
        self.patch.setattr(clock, "_offset", now - datetime.now(UTC))

    def offer(self, person: Person | None = None, *resources: int) -> Convocation:
        """Return a convocation whose person chooses, among the hours of both agents unless said otherwise."""
        chosen = resources or (self.desk.agent.id, self.desk.colleague.id)
        with self.session() as session:
            person_id = (person or self.desk.person).id
            return let_choose(session, self.desk.officer, person_id, chosen, choose_by=in_days(7), now=NOW)

    def summons(self, start: datetime = NINE, person: Person | None = None) -> Convocation:
        """Return a convocation to an appointment."""
        with self.session() as session:
            claim = self.desk.at(start)
            return convene(session, self.desk.officer, (person or self.desk.person).id, claim, now=NOW)

    def somebody(self) -> Person:
        """Return one more person."""
        with self.session() as session:
            return make_somebody(session, self.desk.officer)

    def do(self, statement: str, **values: object) -> None:
        """Change the database behind the back of the application."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def content(self) -> dict[str, list[Any]]:
        """Return every row of every table."""
        with self.engine.connect() as connection:
            tables = connection.execute(CONTENT).scalars().all()
            return {one: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{one}"')))) for one in tables}  # noqa: S608

    def booking_of(self, convocation_id: UUID) -> tuple[str, datetime] | None:
        """Return the state and the start of the booking of a convocation."""
        with self.engine.connect() as connection:
            row = connection.execute(
                text("SELECT b.state, b.starts_at FROM convocation c JOIN booking b ON b.id = c.booking_id"
                     " WHERE c.id = :id"),
                {"id": convocation_id},
            ).one_or_none()  # fmt: skip
        return (row[0], row[1]) if row else None


def path_of(convocation: Convocation) -> str:
    """Return the path of the link of a convocation."""
    name = LinkName(convocation.link_id, convocation.link_version)
    return f"/r/{token_of(House(SECRET).derived('links'), name)}"


@contextmanager
def doorstep_on(database: Database) -> Iterator[Doorstep]:
    """Serve the links of a new desk of this database, as of NOW."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal_database, "engine", lambda: database.engine)
        patch.setattr(link, "secret_key", lambda: SECRET)
        throttle._limiter.cache_clear()
        with Session(database.engine, expire_on_commit=False) as session, session.begin():
            desk = make_desk(session)
            site = desk.world.site
            site.address, site.postcode, site.commune = "12 rue de la Démonstration", "00000", "Ville-Fictive"
            site.name = "SPIP de Ville-Fictive"
        step = Doorstep(database.engine, desk, patch)
        step.at(NOW)
        yield step
        throttle._limiter.cache_clear()
