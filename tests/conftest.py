"""Fixtures: a real PostgreSQL, the real application, a real browser."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect, sync_playwright
from sqlalchemy import Engine
from sqlmodel import Session

from availability.rights import Role
from portal.actors import COOKIE
from portal.database import make_engine
from tests import postgres
from tests.served import Served, serving

pytest_plugins = ["tests.api_country"]

# A busy machine is slow, not wrong: neither an example nor what draws them has a time to keep.
settings.register_profile("placejuste", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("placejuste")
WAIT_MS = 30_000
HEIGHT = 900  # of a page
expect.set_options(timeout=WAIT_MS)

# They last, most because they wait for other processes: begun first, they leave no worker idle at the end.
FIRST = (
    "portal/test_serve.py",
    "portal/test_solving.py",
    "portal/test_delivery_survives.py",
    "portal/test_offers_survive.py",
    "portal/test_demo.py",
    "portal/test_cli.py",
    "portal/test_api_fuzz.py",
    "portal/test_delivery.py",
    "portal/test_solver_pool.py",
    "portal/test_mailing.py",
    "convocations/test_link_page.py",
    "portal/test_workers.py",
    "portal/test_http.py",
    "optimizer/hearings/test_solve.py",
    "tests/test_architecture.py",
)

# What the server says once everything that a page loads was sent.
HYDRATED = '"is_hydrated_rx_state_":true'

# Its letters have come, and what they changed is on the screen.
DRAWN = """async () => {
    await document.fonts.ready;
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # the pages of one session share what was compiled: half of what opening one costs
]
# Drawing the map without a graphics card takes most of two cores: only the tests of the drawing itself want it.
DRAWING = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NO_DRAWING = ["--disable-gpu", "--disable-3d-apis"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that last, then those of a browser; whole files stay together."""
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Keep what is collected out of every search for cycles: it lasts as long as the worker."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    path = item.path.as_posix()
    first = next((number for number, name in enumerate(FIRST) if path.endswith(name)), len(FIRST))
    return first if "/end_to_end/" in path or first < len(FIRST) else len(FIRST) + 1


def filmed(width: int, height: int) -> dict[str, Any]:
    """Return what has a browser session filmed, when PLACEJUSTE_FILM is a folder: in it, one a test.

    It needs `playwright install ffmpeg`.
    """
    folder, test = os.environ.get("PLACEJUSTE_FILM"), os.environ.get("PYTEST_CURRENT_TEST", "")
    if not folder:
        return {}
    named = test.rpartition("::")[2].partition(" ")[0]
    return {"record_video_dir": Path(folder) / named, "record_video_size": {"width": width, "height": height}}


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


@pytest.fixture(scope="session")
def lender(postgres_url: str, template: str) -> Iterator[postgres.Lender]:
    """The databases of this worker that tests commit to."""
    lender = postgres.Lender(postgres_url, template)
    yield lender
    lender.close()


@pytest.fixture
def database(lender: postgres.Lender) -> Iterator[Database]:
    """An empty database, for tests that commit and race: up to 220 connections at once."""
    with lender.lent() as url:
        engine = make_engine(url, pool_size=220)
        yield Database(url, engine)
        engine.dispose()


@pytest.fixture(scope="session")
def served(postgres_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application, with the demonstration. Shared by the tests of a worker: leave it as you found it."""
    with postgres.clone(postgres_url, template) as url, serving(url, tmp_path_factory.mktemp("data")) as served:
        yield served


@contextlib.contextmanager
def lending_browsers() -> Iterator[Callable[[bool], Browser]]:
    """Yield what gives a Chromium that draws maps, or one that does not, each started when first asked for."""
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


@pytest.fixture(scope="module")
def browsers() -> Iterator[Callable[[bool], Browser]]:
    """Gives a browser. By module: its event loop would be in others' way."""
    with lending_browsers() as browser:
        yield browser


class Sessions:
    """Browser sessions, each lent to one test at a time and emptied after: what they fetched and compiled stays."""

    def __init__(self, browser: Callable[[bool], Browser], url: str) -> None:
        self._browser, self._url = browser, url
        self._free: dict[tuple[bool, bool, int], list[Page]] = {}
        self._lent: list[tuple[tuple[bool, bool, int], Page]] = []

    def lend(self, *, csp: bool, draws: bool, width: int) -> BrowserContext:
        """Return a session in which nobody is signed in, and whose only page is one that keeps its process alive.

        Any will do for a page of that width, unless it is filmed: a film is as wide as its session.
        """
        kind = (csp, draws, width if filmed(width, HEIGHT) else 0)
        free = self._free.setdefault(kind, [])
        keeper = free.pop() if free else self._new(csp=csp, draws=draws, width=width)
        self._lent.append((kind, keeper))
        return keeper.context

    def take_back(self) -> None:
        """Close the pages of a test, and forget all that they kept."""
        for kind, keeper in self._lent:
            for page in keeper.context.pages:
                if page is not keeper:
                    page.close()
            keeper.context.clear_cookies()
            keeper.evaluate("localStorage.clear()")
            self._free[kind].append(keeper)
        self._lent.clear()

    def _new(self, *, csp: bool, draws: bool, width: int) -> Page:
        context = self._browser(draws).new_context(
            base_url=self._url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            bypass_csp=not csp,  # wait_for_function needs eval, which our policy forbids
            **filmed(width, HEIGHT),
        )
        keeper = context.new_page()
        keeper.goto("/healthz")
        return keeper


@pytest.fixture(scope="module")
def sessions(browsers: Callable[[bool], Browser], served: Served) -> Sessions:
    """The browser sessions of a module."""
    return Sessions(browsers, served.url)


@pytest.fixture
def open_page(sessions: Sessions, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a page of the application in an empty browser session, as somebody with a role, or as nobody."""

    def opened(
        path: str = "/", role: Role | None = None, *, width: int = 1440, csp: bool = False, draws: bool = False
    ) -> Page:
        context = sessions.lend(csp=csp, draws=draws, width=width)
        if role:
            context.add_cookies([{"name": COOKIE, "value": served.token_of(role), "url": served.url, "httpOnly": True}])
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.set_default_timeout(WAIT_MS)
        go(page, path)
        page.mouse.move(0, HEIGHT - 1)  # some browsers point at the corner where the mark of the State is
        return page

    yield opened
    sessions.take_back()


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
