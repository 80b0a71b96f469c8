"""Rounds in a real browser: an urgent visit inserted, a visit put elsewhere, one booked and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import WAIT_MS
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
AGENT = Role.MONITORING_AGENT
ADDRESS = "/tournees/"
PATIENCE_MS = 2 * WAIT_MS  # the first search starts its process
STANDING = text("""
    SELECT count(*) FROM fitting_visit v JOIN booking b ON b.id = v.booking_id WHERE b.state = 'booked'""")
LAST = text("SELECT max(at) FROM fitting_visit")
MADE = "SELECT booking_id FROM fitting_visit WHERE at > :since"
FORGET = (
    f"DELETE FROM seat_time WHERE holder_id IN ({MADE})",  # noqa: S608 - a constant
    "CREATE TEMP TABLE made ON COMMIT DROP AS " + MADE,
    "DELETE FROM fitting_visit WHERE booking_id IN (SELECT booking_id FROM made)",
    "DELETE FROM booking WHERE id IN (SELECT booking_id FROM made)",
    "DELETE FROM optimizer_run WHERE problem = 'rounds'",
)


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the rounds of the demonstration as they were found."""
    expect.set_options(timeout=PATIENCE_MS)
    with served.engine.connect() as connection:
        since = connection.execute(LAST).scalar_one()
    yield
    expect.set_options(timeout=WAIT_MS)
    with served.engine.begin() as connection:
        for statement in FORGET:
            connection.execute(text(statement), {"since": since} if ":since" in statement else {})


def standing(served: Served) -> int:
    with served.engine.connect() as connection:
        return int(connection.execute(STANDING).scalar_one())


def test_an_urgent_visit_is_inserted_a_visit_is_put_elsewhere_and_one_is_booked_and_taken_back(
    open_page: OpenPage, served: Served
) -> None:
    before = standing(served)
    page = open_page(ADDRESS, AGENT, csp=True)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.get_by_role("button", name="Voir où les insérer dès aujourd’hui").click()
    expect(page.get_by_role("heading", name="Proposition", exact=True)).to_be_visible()
    expect(page.locator(".pj-rounds__card").first).to_be_visible()

    new = page.locator(".pj-plans__line").filter(has_text=re.compile("reçoit une place", re.IGNORECASE)).first
    new.get_by_role("button", name=re.compile("Déplacer vers")).click()
    places = page.get_by_role("dialog")
    expect(places).to_be_visible()
    places.get_by_role("button", name="Laisser sans créneau").click()
    expect(page.get_by_role("columnheader", name=re.compile("Proposition B"))).to_be_visible()
    assert serious_in_both_schemes(page) == []

    page.get_by_role("button", name="Tout décocher").click()
    expect(page.get_by_text("Cochez une ligne pour l’appliquer.")).to_be_visible()
    new.locator("label").first.click()
    page.get_by_role("button", name=re.compile("^Appliquer 1")).click()
    expect(page.get_by_role("button", name="Annuler l’application")).to_be_visible()
    assert standing(served) == before + 1
    page.get_by_role("button", name="Annuler l’application").click()
    expect(page.get_by_text(re.compile("Application annulée"))).to_be_visible()

    assert standing(served) == before

    page.get_by_text("Un agent est absent ce matin ?").click()
    page.get_by_role("button", name="Voir ce qui doit bouger").click()
    expect(page.get_by_role("button", name=re.compile("Retirer l’absence"))).to_be_visible()
    assert complaints == []
