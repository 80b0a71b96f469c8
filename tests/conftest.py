"""Fixtures: a real PostgreSQL, the real application, a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect, sync_playwright
from sqlalchemy import Engine
from sqlmodel import Session

from availability.rights import Role
from portal.actors import COOKIE
from portal.database import make_engine
from tests import postgres
from tests.served import Served, serving

pytest_plugins = ["tests.api_country"]

# A busy machine is slow, not wrong: no test fails on a time.
settings.register_profile("placejuste", deadline=None)
settings.load_profile("placejuste")
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)

# What the server says once everything that a page loads was sent.
HYDRATED = '"is_hydrated_rx_state_":true'

# Its letters have come, and what they changed is on the screen.
DRAWN = """async () => {
    await document.fonts.ready;
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Drawing the map without a graphics card takes most of two cores: only the tests of the drawing itself want it.
DRAWING = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NO_DRAWING = ["--disable-gpu", "--disable-3d-apis"]


@dataclass(frozen=True)
class Database:
    """A database of one test, that it may commit to."""

    url: str
    engine: Engine


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of the server of the tests."""
    server = postgres.started()
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    """The name of the migrated template database."""
    return postgres.template(postgres_url)


@pytest.fixture(scope="session")
def worker_engine(postgres_url: str, template: str) -> Iterator[Engine]:
    """An engine on this worker's own database, that no test commits to."""
    with postgres.clone(postgres_url, template) as url:
        engine = make_engine(url, pool_size=5)
        yield engine
        engine.dispose()


@pytest.fixture
def session(worker_engine: Engine) -> Iterator[Session]:
    """A session whose transaction is rolled back at the end of the test; it may commit, to no effect."""
    with worker_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def database(postgres_url: str, template: str) -> Iterator[Database]:
    """A fresh database, for tests that commit and race: up to 220 connections at once."""
    with postgres.clone(postgres_url, template) as url:
        engine = make_engine(url, pool_size=220)
        yield Database(url, engine)
        engine.dispose()


@pytest.fixture(scope="session")
def served(postgres_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application, with the demonstration. Shared by the tests of a worker: leave it as you found it."""
    with postgres.clone(postgres_url, template) as url, serving(url, tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.fixture(scope="module")
def browsers() -> Iterator[Callable[[bool], Browser]]:
    """Gives a Chromium that draws maps, or one that does not. By module: its event loop would be in others' way."""
    started: dict[bool, Browser] = {}
    with sync_playwright() as playwright:

        def browser(draws: bool) -> Browser:
            if draws not in started:
                flags = CHROMIUM_FLAGS + (DRAWING if draws else NO_DRAWING)
                started[draws] = playwright.chromium.launch(executable_path=str(chromium()), args=flags)
            return started[draws]

        yield browser
        for each in started.values():
            each.close()


@pytest.fixture
def open_page(browsers: Callable[[bool], Browser], served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a page of the application in a new browser session, as somebody with a role, or as nobody."""
    contexts: list[BrowserContext] = []

    def opened(
        path: str = "/", role: Role | None = None, *, width: int = 1440, csp: bool = False, draws: bool = False
    ) -> Page:
        context = browsers(draws).new_context(
            base_url=served.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": width, "height": 900},
            bypass_csp=not csp,  # wait_for_function needs eval, which our policy forbids
        )
        contexts.append(context)
        if role:
            context.add_cookies([{"name": COOKIE, "value": served.token_of(role), "url": served.url, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        go(page, path)
        return page

    yield opened
    for context in contexts:
        context.close()


def go(page: Page, path: str) -> None:
    """Go to a page and return once it shows what it loads and answers to clicks."""
    said: list[bool] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: said.append(True) if HYDRATED in str(frame) else None)

    page.on("websocket", listen)
    page.goto(path)
    if page.locator("link[href='/dsfr/dsfr.main.min.css']").count():  # the page behind a link has no script at all
        page.wait_for_selector("html[data-fr-js]", state="attached")  # the scripts of the design system have started
        deadline = monotonic() + WAIT_MS / 1000
        while not said:
            assert monotonic() < deadline, f"{path} was never loaded"
            page.wait_for_timeout(10)
    page.remove_listener("websocket", listen)
    page.evaluate(DRAWN)


def chromium() -> Path:
    """Return the browser of this machine."""
    wanted = (os.environ.get("CHROMIUM"), *BROWSERS)
    found = next((path for name in wanted if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium: `make test` finds or installs one, or says how")
    return Path(found)
