"""`/ical/{token}.ics` over HTTP: what an address gives, to whom, how often; and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Shape
from availability.rights import Actor, Role
from availability.sealing import House
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.calendar_models import CalendarLink
from booking.calendar_out import make_link
from booking.links import LinkName, token_of
from booking.pages import calendars_route
from portal import clock, throttle
from portal import database as portal_database
from portal.api import build_api
from portal.headers import SecurityHeaders
from portal.identity import Account, AccountRight
from portal.logs import without_secrets
from portal.settings import Settings
from portal.sign_in import actor_of_account
from tests.booking.town import make_person
from tests.conftest import Database
from tests.factories import NOW, in_minutes, make_kind, make_opening, make_resource, make_world

SECRET = b"a secret of the tests, long enough"


@dataclass
class Shelf:
    """An address of an officer for an agent who has an appointment."""

    engine: Engine
    officer: Actor
    link: CalendarLink
    booking_id: Any
    app: Any

    @property
    def path(self) -> str:
        """Return the path of the address."""
        name = LinkName(self.link.id, self.link.version)
        return f"/ical/{token_of(House(SECRET).derived('calendar-links'), name)}.ics"

    async def get(
        self, path: str = "", client: str = "192.0.2.1", method: str = "GET", **headers: str
    ) -> httpx.Response:
        """Ask for an address."""
        transport = httpx.ASGITransport(self.app, client=(client, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as browser:
            return await browser.request(method, path or self.path, headers=headers)

    def do(self, statement: str) -> None:
        """Change the database behind the back of the application."""
        with self.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.fixture
def shelf(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setattr(portal_database, "engine", lambda: database.engine)
    monkeypatch.setattr(calendars_route, "secret_key", lambda: SECRET)
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    throttle._limiter.cache_clear()
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        account = Account(login="camille.exemple", name="Camille Exemple")
        session.add(account)
        session.flush()
        session.add(AccountRight(account_id=account.id, role=Role.PROBATION_OFFICER, territory_id=world.here.id))
        session.flush()
        officer = actor_of_account(session, account)
        assert officer is not None
        kind = make_kind(session, Shape.SLOTS, slot_step_min=30, slot_duration_min=30)
        agent = make_resource(session, world.site, kind)
        make_opening(session, agent, in_minutes(60), hours=2)
        whom = Beneficiary(person_id=make_person(session, world.here).id)
        claim = SlotClaim(resource_id=agent.id, start=in_minutes(60))
        booking = confirm(session, officer, hold(session, officer, claim, now=NOW, beneficiary=whom).id, now=NOW)
        link = make_link(session, officer, agent.id, is_whole_site=False, has_names=True, now=NOW)
    app = SecurityHeaders(build_api(pages=[calendars_route.router]))
    yield Shelf(database.engine, officer, link, booking.id, app)
    throttle._limiter.cache_clear()


async def test_a_calendar_is_given_then_not_given_again_until_something_changes(shelf: Shelf) -> None:
    first = await shelf.get()
    same = await shelf.get(**{"If-None-Match": first.headers["etag"]})
    with Session(shelf.engine) as session, session.begin():
        cancel(session, shelf.officer, shelf.booking_id, now=in_minutes(1))
    changed = await shelf.get(**{"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:Rendez-vous – Alix DÉMONSTRATION" in first.text
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert changed.status_code == 200
    assert "STATUS:CANCELLED" in changed.text
    assert first.headers["x-robots-tag"] == "noindex, nofollow"
    with shelf.engine.connect() as connection:  # of names, when they were given
        assert connection.execute(text("SELECT count(*) FROM consultation")).scalar() == 2


async def test_what_is_taken_back_is_taken_back_at_the_next_reading(shelf: Shelf) -> None:
    changes = (
        ("UPDATE calendar_link SET version = 2", "UPDATE calendar_link SET version = 1"),
        ("UPDATE calendar_link SET revoked_at = now()", "UPDATE calendar_link SET revoked_at = NULL"),
        ("UPDATE account SET is_active = false", "UPDATE account SET is_active = true"),
        ("UPDATE resource SET is_active = false", "UPDATE resource SET is_active = true"),
        ("DELETE FROM account_right", "SELECT 1"),
    )
    for change, back in changes:
        assert (await shelf.get()).status_code == 200
        shelf.do(change)

        answer = await shelf.get()

        assert answer.status_code == 410, change
        assert "VEVENT" not in answer.text
        shelf.do(back)


async def test_guesses_are_slowed_and_a_good_address_goes_on_working_there(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Settings(link_guesses="3/minute", calendar_requests="2/minute")
    monkeypatch.setattr(calendars_route, "settings", lambda: few)
    false = shelf.path[:-6] + "AA.ics"

    guesses = [(await shelf.get(false)).status_code for _ in range(5)]
    reads = [(await shelf.get()).status_code for _ in range(3)]

    assert guesses == [404, 404, 404, 429, 429]
    assert reads == [200, 200, 429]
    assert (await shelf.get("/ical/x.ics", client="192.0.2.9")).status_code == 404


async def test_the_token_is_in_no_log_and_looking_at_the_head_writes_nothing(shelf: Shelf) -> None:
    head = await shelf.get(method="HEAD")

    assert (head.status_code, head.content) == (200, b"")
    assert without_secrets(f"GET {shelf.path} 200") == "GET /ical/[secret].ics 200"
    with shelf.engine.connect() as connection:
        assert connection.execute(text("SELECT read_at FROM calendar_link")).scalar() is None
    assert timedelta(minutes=15) == calendars_route.EVERY
