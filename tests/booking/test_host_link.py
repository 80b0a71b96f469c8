"""The page behind the link of a host's e-mail, over HTTP: every answer, what is refused, and what it never says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.claims import PlaceClaim, SlotClaim
from availability.models import Resource
from availability.sealing import House
from booking import events
from booking.actions import accept, cancel, confirm, hold, lapse
from booking.host_requests import LINKS, tell_hosts
from booking.links import LinkName, token_of
from booking.models import Booking, State
from booking.pages import host_link
from booking.pages.host_link import ANSWERED
from portal import clock, throttle
from portal import database as portal_database
from portal.api import build_api
from portal.headers import SecurityHeaders
from portal.logs import without_secrets
from tests.booking.test_mails import person, post
from tests.booking.test_proposals import A_CASE, mediator
from tests.conftest import Database
from tests.factories import NOW, World, in_days, make_world
from tests.races import act

SECRET = b"a secret of the tests, long enough"
NINE = NOW + timedelta(days=8)
MOST_BYTES = 15_000
ACCEPT = {"act": "accept"}
TABLES = ("booking", "history", "host_request", "host_proposal", "host_mail", "place_period", "consultation", "change")


@dataclass
class Threshold:
    """A host whose link is open, over a database of one test, at a fixed instant."""

    engine: Engine
    world: World
    place: Resource
    booking: Booking
    app: Any
    patch: pytest.MonkeyPatch

    @property
    def path(self) -> str:
        """Return the address of the link of the request."""
        return path_of(self.engine, self.booking)

    def at(self, now: datetime) -> None:
        """Set the clock."""
        self.patch.setattr(clock, "_offset", now - datetime.now(UTC))

    def client(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """Return a browser without cookies, at that address."""
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:3000")

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with self.client() as browser:
                return await browser.get(path)

        return asyncio.run(ask())

    def post(self, form: dict[str, str], path: str = "", **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with self.client() as browser:
                return await browser.post(path or self.path, data=form, headers=headers)

        return asyncio.run(ask())

    def state(self) -> str:
        with Session(self.engine) as session:
            return session.get_one(Booking, self.booking.id).state

    def content(self) -> dict[str, list[str]]:
        """Return every row that an answer may change."""
        with self.engine.connect() as connection:
            return {
                table: sorted(connection.execute(text(f"SELECT t::text FROM {table} t")).scalars())  # noqa: S608
                for table in TABLES
            }


def path_of(engine: Engine, booking: Booking) -> str:
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT link_id, link_version FROM host_request WHERE booking_id = :id"), {"id": booking.id}
        ).one()
    return f"/d/{token_of(House(SECRET).derived(LINKS), LinkName(row.link_id, row.link_version))}"


@pytest.fixture
def door(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threshold]:
    """Return the routes of the link over a request of ten days."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(tell_hosts)
    monkeypatch.setattr(portal_database, "engine", lambda: database.engine)
    monkeypatch.setattr(host_link, "secret_key", lambda: SECRET)
    throttle._limiter.cache_clear()
    world, place, booking = act(database.engine, _asked)
    app = SecurityHeaders(build_api(pages=[host_link.router]))
    threshold = Threshold(database.engine, world, place, booking, app, monkeypatch)
    threshold.at(NOW)
    yield threshold
    throttle._limiter.cache_clear()


def _asked(session: Session) -> tuple[World, Resource, Booking]:
    world = make_world(session)
    place = post(session, world)
    claim = PlaceClaim(resource_id=place.id, first=in_days(10), until=in_days(20))
    who = person(session, world)
    held = hold(session, world.officer, claim, now=NOW, beneficiary=type(A_CASE)(person_id=who.id))
    return world, place, confirm(session, world.officer, held.id, now=NOW)


def test_a_host_reads_what_is_needed_without_a_name_a_script_or_a_cookie(door: Threshold) -> None:
    page = door.get(door.path)

    assert page.status_code == 200
    assert "A.F., né(e) en 1990" in page.text
    assert "Du jeu.\u00a012\u00a0mars\u00a02026 au sam.\u00a021\u00a0mars\u00a02026" in page.text
    assert "Ada" not in page.text
    assert "<script" not in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "script-src 'none'" in page.headers["content-security-policy"]
    assert len(page.content) < MOST_BYTES
    assert door.path.removeprefix("/d/") not in page.text  # its forms and links are relative


def test_reading_changes_nothing(door: Threshold) -> None:
    before = door.content()
    for query in ("", "?etape=refuser", "?etape=proposer", "?etape=x"):
        assert door.get(door.path + query).status_code == 200

    assert door.content() == before


def test_accepting_books_says_so_to_whoever_opens_it_again_and_is_taken_back_for_ten_minutes(door: Threshold) -> None:
    answer = door.post(ACCEPT)

    assert (answer.status_code, answer.headers["location"]) == (303, door.path)
    assert door.state() == State.BOOKED
    page = door.get(door.path).text
    assert "Demande acceptée, lun.\u00a02\u00a0mars à\u00a010\u00a0h, par le lien reçu par courriel." in page
    assert "Annuler ma réponse" in page
    door.post({"act": "undo"})
    assert door.state() == State.REQUESTED
    door.post(ACCEPT)
    door.at(NOW + timedelta(minutes=11))
    assert "Annuler ma réponse" not in door.get(door.path).text
    assert door.post({"act": "undo"}).status_code == 409


def test_refusing_wants_a_reason_and_forgets_for_whom_it_was(door: Threshold) -> None:
    without = door.post({"act": "refuse"}, door.path + "?etape=refuser")

    assert (without.status_code, "Choisissez un motif." in without.text) == (422, True)
    assert door.post({"act": "refuse", "reason": "full"}).status_code == 303
    page = door.get(door.path).text
    assert "Demande refusée (plus de place)" in page
    assert "A.F." not in page


def test_other_dates_are_proposed_what_was_typed_stays_when_they_are_refused(door: Threshold) -> None:
    path = door.path + "?etape=proposer"
    wrong = door.post({"act": "propose", "first": "2026-03-25", "last": "2026-03-20"}, path)

    assert wrong.status_code == 422
    assert 'value="2026-03-25"' in wrong.text
    assert door.post({"act": "propose", "first": "2026-03-15", "last": "2026-03-24"}, path).status_code == 303
    page = door.get(door.path).text
    assert "Vous avez proposé\u00a0: du dim.\u00a015\u00a0mars\u00a02026 au mar.\u00a024\u00a0mars\u00a02026" in page
    assert "Retirer ma proposition" in page
    door.post({"act": "withdraw"})
    assert "Proposer d’autres dates" in door.get(door.path).text


def test_an_hour_is_proposed_among_those_that_are_free(door: Threshold) -> None:
    def ask(session: Session) -> Booking:
        agent = mediator(session, door.world)
        held = hold(
            session, door.world.officer, SlotClaim(resource_id=agent.id, start=NINE), now=NOW, beneficiary=A_CASE
        )
        return confirm(session, door.world.officer, held.id, now=NOW)

    booking = act(door.engine, ask)
    path = path_of(door.engine, booking) + "?etape=proposer"
    hours = re.findall(r'<option value="([^"]+)"', door.get(path).text)

    assert NINE.isoformat() not in hours
    assert door.post({"act": "propose", "start": hours[-1]}, path).status_code == 303
    assert door.post({"act": "propose", "start": NINE.isoformat()}, path).status_code == 422
    assert door.post({"act": "propose", "start": "demain"}, path).status_code == 422


@pytest.mark.parametrize(
    ("how", "said"), [("accept", "acceptée"), ("cancel", "rendue"), ("lapse", "sans réponse à temps")]
)
def test_what_others_did_meanwhile_is_said_and_nothing_more_is_done(door: Threshold, how: str, said: str) -> None:
    host, officer, booking_id = door.world.host, door.world.officer, door.booking.id
    end = NOW + timedelta(days=9)
    if how == "accept":
        act(door.engine, accept, host, booking_id, now=NOW)
    elif how == "cancel":
        act(door.engine, cancel, officer, booking_id, now=NOW)
    else:
        door.at(end)
        act(door.engine, lapse, booking_id, now=end)
    state = door.state()

    late = door.post({"act": "refuse", "reason": "full"})

    assert (late.status_code, door.state()) == (409, state)
    assert ANSWERED in late.text
    assert f"Demande {said}" in late.text


def test_of_two_who_answer_at_once_one_does_and_the_other_is_told(door: Threshold) -> None:
    async def both() -> list[httpx.Response]:
        async with door.client() as one, door.client("192.0.2.2") as other:
            forms = ({"act": "accept"}, {"act": "refuse", "reason": "full"})
            asked = [browser.post(door.path, data=form) for browser in (one, other) for form in forms for _ in range(3)]
            return list(await asyncio.gather(*asked))

    answers = asyncio.run(both())
    door.at(NOW)

    with door.engine.connect() as connection:
        acts = connection.execute(
            text("SELECT act FROM history WHERE subject_id = :id AND act IN ('booking-booked', 'booking-refused')"),
            {"id": str(door.booking.id)},
        ).scalars()
        assert len(list(acts)) == 1
    assert {one.status_code for one in answers} == {303, 409}


def test_a_thousand_guesses_are_answered_without_a_query_and_good_links_go_on_working(
    door: Threshold, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def guess() -> set[int]:
        async with door.client() as guesser:
            answers = [await guesser.get(f"/d/{'A' * 30}{number:04}") for number in range(1000)]
            good = await guesser.get(door.path)
        return {one.status_code for one in answers} | {good.status_code}

    assert asyncio.run(guess()) == {404, 429, 200}


def test_what_no_page_of_ours_sends_is_refused_and_a_link_that_is_over_says_only_that(door: Threshold) -> None:
    before = door.content()
    assert door.post({"act": "burn"}).status_code == 400
    assert door.post({"act": "accept", "x": "y" * 3000}).status_code == 400
    assert door.post(ACCEPT, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert door.post(ACCEPT, Origin="https://ailleurs.example").status_code == 403
    assert door.content() == before

    path = door.path
    with door.engine.begin() as connection:
        connection.execute(text("UPDATE host_request SET link_version = link_version + 1"))
    assert door.post(ACCEPT, path).status_code == door.get(path).status_code == 410
    door.at(NOW + timedelta(days=17))
    assert door.get(door.path).status_code == 410


def test_a_token_is_in_no_log() -> None:
    token = token_of(House(SECRET).derived(LINKS), LinkName(1, 1))

    assert token not in without_secrets(f"GET http://localhost:3000/d/{token} 200")
