"""From the password to the application: the second proof over HTTP, with the cookies that a browser would keep."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from sqlmodel import Session

from availability.rights import Role
from portal import clock, throttle
from portal import database as portal_database
from portal.accounts import NewAccount, create
from portal.actors import COOKIE
from portal.api import build_api
from portal.second_factor import SecondStep
from portal.settings import settings
from portal.sign_in import HALF_WAY, actor_of_sign_in, half_way
from tests.conftest import Database
from tests.factories import NOW, make_organisation, make_territory

PASSWORD = "trois loutres jonglent mal"
ORIGIN = "http://localhost:3000"
KEY = re.compile(r"<strong>([A-Z2-7 ]+)</strong>")
CODES = re.compile(r"<code>([A-Z2-7-]+)</code>")


@pytest.fixture
def town(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An application that requires a second factor, with a registrar and a partner."""
    monkeypatch.setenv("PLACEJUSTE_SECOND_FACTOR", "required")
    monkeypatch.setattr(portal_database, "engine", lambda: database.engine)
    set_clock(monkeypatch, NOW)
    settings.cache_clear()
    throttle._limiter.cache_clear()
    with Session(database.engine) as session, session.begin():
        here = make_territory(session).id
        host = make_organisation(session).id
        create(session, NewAccount("alix", "Alix Essai", "", Role.REGISTRY, here, PASSWORD))
        create(session, NewAccount("hôte", "Hôte Essai", "", Role.PARTNER, here, PASSWORD), host)
    yield database
    settings.cache_clear()
    throttle._limiter.cache_clear()


@pytest.fixture
async def browser(town: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies and sends the origin of our pages."""
    transport = httpx.ASGITransport(build_api(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        yield client


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(clock, "_offset", at - datetime.now(UTC))


def is_in(town: Database, browser: httpx.AsyncClient, at: datetime = NOW) -> bool:
    """Say whether the application takes this browser for somebody."""
    with Session(town.engine) as session:
        return actor_of_sign_in(session, browser.cookies.get(COOKIE, ""), at) is not None


async def password(browser: httpx.AsyncClient, login: str = "alix") -> httpx.Response:
    return await browser.post("/auth/login", data={"login": login, "password": PASSWORD, "suite": "/audiences/"})


async def enrol(browser: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Sign in for the first time; return the secret and the recovery codes."""
    asked = await password(browser)
    page = await browser.get(asked.headers["location"])
    found = KEY.search(page.text)
    assert found
    secret = found[1].replace(" ", "")
    form = {"code": pyotp.TOTP(secret).at(clock.now()), "suite": "/audiences/"}
    done = await browser.post(SecondStep.SET_UP, data=form)
    assert done.status_code == 200, done.text
    return secret, CODES.findall(done.text)


async def test_an_agent_sets_a_factor_up_at_the_first_sign_in_and_gives_a_code_at_the_next(
    town: Database, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await password(browser)
    assert asked.headers["location"] == "/auth/second-facteur?suite=%2Faudiences%2F"
    assert not is_in(town, browser)

    secret, codes = await enrol(browser)
    assert is_in(town, browser)
    assert len(codes) == 10

    set_clock(monkeypatch, NOW + timedelta(minutes=1))
    browser.cookies.clear()
    asked = await password(browser)
    assert asked.headers["location"] == "/auth/code?suite=%2Faudiences%2F"
    half = browser.cookies[COOKIE]
    code = pyotp.TOTP(secret).at(clock.now())
    done = await browser.post(SecondStep.GIVE, data={"code": code, "suite": "/audiences/"})
    assert (done.status_code, done.headers["location"]) == (303, "/audiences/")
    assert is_in(town, browser)
    assert browser.cookies[COOKIE] != half  # whoever fixed the first token holds nothing
    with Session(town.engine) as session:
        assert half_way(session, half, clock.now()) is None


async def test_the_right_password_alone_opens_nothing(town: Database, browser: httpx.AsyncClient) -> None:
    await enrol(browser)
    browser.cookies.clear()
    await password(browser)

    for typed in ("", "000000", "aaaa-bbbb-cccc-dddd", "<script>"):
        answer = await browser.post(SecondStep.GIVE, data={"code": typed, "suite": "/audiences/"})
        assert answer.status_code == 422
        assert "ne convient pas" in answer.text
    shown = await browser.get(SecondStep.SET_UP)  # to begin another factor would go around the first
    assert (shown.status_code, shown.headers["location"]) == (303, "/auth/code?suite=%2F")
    again = await browser.post(SecondStep.SET_UP, data={"code": "000000"})
    assert again.status_code in (303, 422)
    assert not is_in(town, browser)


async def test_a_recovery_code_opens_once(town: Database, browser: httpx.AsyncClient) -> None:
    _, codes = await enrol(browser)
    for expected in (303, 422):
        browser.cookies.clear()
        await password(browser)
        answer = await browser.post(SecondStep.GIVE, data={"code": codes[3].lower()})
        assert answer.status_code == expected
    assert not is_in(town, browser)


async def test_codes_are_not_guessed_by_trying(town: Database, browser: httpx.AsyncClient) -> None:
    secret, _ = await enrol(browser)
    browser.cookies.clear()
    await password(browser)
    answers = [(await browser.post(SecondStep.GIVE, data={"code": "000000"})).status_code for _ in range(11)]
    assert answers[-1] == 429
    right = await browser.post(SecondStep.GIVE, data={"code": pyotp.TOTP(secret).at(clock.now())})

    assert right.status_code == 429
    assert not is_in(town, browser)


async def test_a_password_that_is_ten_minutes_old_is_asked_again(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await password(browser)
    set_clock(monkeypatch, NOW + HALF_WAY + timedelta(minutes=1))

    for address in SecondStep:
        shown = await browser.get(address, params={"suite": "/carte/"})
        assert (shown.status_code, shown.headers["location"]) == (303, "/connexion/?suite=%2Fcarte%2F")
        sent = await browser.post(address, data={"code": "000000", "suite": "//evil.example"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/connexion/")


async def test_a_partner_may_do_without(town: Database, browser: httpx.AsyncClient) -> None:
    answer = await password(browser, "hôte")

    assert (answer.status_code, answer.headers["location"]) == (303, "/audiences/")
    assert is_in(town, browser)


@pytest.mark.parametrize("address", list(SecondStep))
async def test_another_site_cannot_give_a_code(browser: httpx.AsyncClient, address: SecondStep) -> None:
    await password(browser)
    answer = await browser.post(address, data={"code": "000000"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
