"""The map as its user feels it: a filter changed in a real Chromium, until the list shows the new answer.

The clock is the page's own: from the keystroke or the press that sends the filters, to the frame that has the answer.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import psycopg
from playwright.sync_api import Page, sync_playwright
from sqlmodel import Session

from availability.gazetteer import Commune, gazetteer
from availability.places import bounding_box
from availability.rights import Role
from benchmarks import raw
from benchmarks.country import ROOT, TAKEN_UNTIL
from benchmarks.database import FOLDER
from benchmarks.figures import Figure, ms
from benchmarks.served import Server, serving
from portal.accounts import NewAccount, create
from portal.actors import COOKIE
from portal.database import make_engine
from portal.sign_in import sign_in, subtree
from tests.conftest import CHROMIUM_FLAGS, NO_DRAWING, chromium, go

GOAL_MS = 150.0
TOWNS = 10  # each one a page opened again, and six filters changed
RADIUS_KM = 30
LIMIT = 50
# All that the raw side finds, of the sex asked for when one is.
FIND = raw.FIND.replace(
    "AND distance_km <= %(radius_km)s",
    "AND distance_km <= %(radius_km)s AND (%(sex)s = '' OR coalesce(attributes ->> 'sex', 'any') IN ('any', %(sex)s))",
)
# Waits in the page, so that nothing but the page is timed. An answer is there once the address says the new filters,
# the list was dimmed or is another, and is dimmed no more.
WATCH = """() => {
    const list = () => document.querySelector('.pj-map-list');
    const isDimmed = () => list()?.classList.contains('pj-dimmed') ?? true;
    const said = () => document.getElementById('reponse')?.textContent + list()?.textContent;
    const felt = window.felt = {};
    const begins = (event) => Object.assign(
        felt, {began: event.timeStamp, took: null, isSeen: false, asked: location.search, before: said()});
    addEventListener('pointerdown', begins, true);
    addEventListener('keydown', (event) => event.key === 'Enter' && begins(event), true);
    new MutationObserver(() => {
        if (!felt.began || felt.took !== null || location.search === felt.asked) return;
        felt.isSeen ||= isDimmed() || said() !== felt.before;
        if (!felt.isSeen || isDimmed()) return;
        felt.took = NaN;
        felt.shown = document.getElementById('reponse').textContent;
        requestAnimationFrame(() => setTimeout(() => { felt.took = performance.now() - felt.began; }));
    }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
SHOWN = "() => Number.isFinite(window.felt.took ?? NaN) && window.felt.took"


@dataclass(frozen=True)
class Asked:
    """What the filters say."""

    town: Commune
    first: date
    nights: int = 3
    radius_km: int = RADIUS_KM
    sex: str = ""


@dataclass(frozen=True)
class Change:
    """One filter changed: which, how long until the list, how long the bare query of the same answer."""

    what: str
    felt_s: float
    raw_s: float


def figures(url: str, *, towns: int = TOWNS) -> list[Figure]:
    """Return the median from a filter to the list, and what it is of the bare query in the same minute."""
    token, territories = _officer(url)
    with (
        serving(FOLDER / "felt", database_url=url) as server,
        _browser(server, token) as page,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        changes = list(_changes(page, Raw(connection, territories), towns))
    return _told(changes)


def _told(changes: list[Change]) -> list[Figure]:
    felt = [one.felt_s for one in changes]
    claim = f"the map over 50,000 resources, from a filter to the list, {len(changes)} changes: median"
    by_filter: dict[str, list[float]] = defaultdict(list)
    for one in changes:
        by_filter[one.what].append(one.felt_s)
    details = (f"all: {ms(felt)}", *(f"{what}: {ms(took)}" for what, took in by_filter.items()))
    return [
        Figure(claim=claim, value=1e3 * median(felt), unit="ms", most=GOAL_MS, details=details),
        Figure(
            claim=f"{claim}, against the bare query of the same minute",
            value=median(one.felt_s / one.raw_s for one in changes),
            unit="× raw",
            details=(f"raw: {ms([one.raw_s for one in changes])}",),
        ),
    ]


class Raw:
    """The bare query of the same answer, by plain SQL."""

    def __init__(self, connection: psycopg.Connection, territories: list[int]) -> None:
        self.connection, self.territories = connection, territories

    def seconds(self, asked: Asked) -> float:
        """Return how long it takes."""
        box = bounding_box(asked.town.lat, asked.town.lon, asked.radius_km)
        (west, east), *_ = box.spans
        values: dict[str, Any] = {
            "lat": asked.town.lat, "lon": asked.town.lon, "south": box.south, "north": box.north, "west": west,
            "east": east, "radius_km": asked.radius_km, "limit": LIMIT, "sex": asked.sex, "now": datetime.now(UTC),
            "first": asked.first, "until": asked.first + timedelta(days=asked.nights), "territories": self.territories,
        }  # fmt: skip
        began = perf_counter()
        self.connection.execute(FIND, values, prepare=False).fetchall()
        return perf_counter() - began


def _changes(page: Page, bare: Raw, towns: int) -> Iterator[Change]:
    """Yield what each change took, around one town after the other; those of the first warm everything up."""
    chance = random.Random(1)  # noqa: S311 - the same towns each time
    today = datetime.now(UTC).date()
    for number in range(towns + 1):
        town = chance.choice(gazetteer().communes)
        start = Asked(town, today + timedelta(days=chance.randint(1, TAKEN_UNTIL - 30)))
        for change in _around(page, bare, start):
            if number:
                yield change


def _around(page: Page, bare: Raw, asked: Asked) -> Iterator[Change]:
    """Yield what changing each filter took, by the keyboard, or by the button, as one does."""
    until = asked.first + timedelta(days=asked.nights)
    go(page, f"/carte/?type=lit&point={asked.town.lat:.5f},{asked.town.lon:.5f}&rayon={asked.radius_km}"
             f"&du={asked.first}&au={until}")  # fmt: skip
    page.evaluate(WATCH)
    button = page.get_by_role("button", name="Chercher", exact=True)

    def done(what: str, now_asked: Asked) -> Change:
        page.wait_for_function(SHOWN)
        felt_ms = float(page.evaluate("() => window.felt.took"))
        page.wait_for_timeout(100)  # people look at what they asked for
        return Change(what, felt_ms / 1e3, bare.seconds(now_asked))

    for radius in (20, 45):
        page.locator("#rayon").fill(str(radius))
        page.locator("#rayon").press("Enter")
        asked = Asked(asked.town, asked.first, asked.nights, radius, asked.sex)
        yield done("radius, Enter", asked)
        assert f"{radius}\N{NO-BREAK SPACE}km" in page.evaluate("() => window.felt.shown")
    for sex in ("F", "M"):
        page.locator("#sexe").select_option(sex)
        button.click()
        asked = Asked(asked.town, asked.first, asked.nights, asked.radius_km, sex)
        yield done("sex, the button", asked)
    for nights in (6, 2):
        page.locator("#au").fill((asked.first + timedelta(days=nights)).isoformat())
        button.click()
        asked = Asked(asked.town, asked.first, nights, asked.radius_km, asked.sex)
        yield done("dates, the button", asked)


@contextmanager
def _browser(server: Server, token: str) -> Iterator[Page]:
    """Yield a page signed in. It draws no map: without a graphics card that takes most of two cores."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium()), args=CHROMIUM_FLAGS + NO_DRAWING)
        context = browser.new_context(
            base_url=server.url, locale="fr-FR", viewport={"width": 1440, "height": 900}, bypass_csp=True
        )
        context.add_cookies([{"name": COOKIE, "value": token, "url": server.url, "httpOnly": True}])
        yield context.new_page()
        browser.close()


def _officer(url: str) -> tuple[str, list[int]]:
    """Return the session of somebody who may reserve over the whole country, and its territories."""
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session, session.begin():
        new = NewAccount("mesure", "Agent fictif", "", Role.PROBATION_OFFICER, ROOT, "un mot de passe assez long")
        token = sign_in(session, create(session, new), datetime.now(UTC), hours=8)
        territories = sorted(subtree(session, ROOT))
    engine.dispose()
    return token, territories
