"""Beds are given to those who wait, in a browser with the real solver: proposed, looked at closely, moved, applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import WAIT_MS
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
PATIENCE_MS = 2 * WAIT_MS  # the first search starts its process
HOUSE = "Maison de semi-liberté Les Chantiers"
# The demonstration is shared: what was applied was taken back, the searches go.
AS_IT_WAS = text("DELETE FROM optimizer_run")
WAITING = text("""
    SELECT count(*) FROM waiting_entry w JOIN resource r ON r.id = w.resource_id JOIN site s ON s.id = r.site_id
    WHERE s.name = :house AND w.state = 'waiting'""")


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave no search behind, and wait longer than usual for what must come."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=WAIT_MS)
    with served.engine.begin() as connection:
        connection.execute(AS_IT_WAS)


def waiting(served: Served) -> int:
    """Return how many wait for the house whose nights are in pieces."""
    with served.engine.connect() as connection:
        return int(connection.execute(WAITING, {"house": HOUSE}).scalar_one())


def test_beds_are_proposed_moved_by_hand_applied_and_taken_back(open_page: OpenPage, served: Served) -> None:
    before = waiting(served)
    page = open_page("/attente/", Role.PROBATION_OFFICER)
    page.get_by_role("link", name="Répartir les lits").click()
    page.get_by_text("Les séjours à venir peuvent changer de lit").click()
    page.get_by_role("button", name="Proposer une répartition").click()
    found = page.get_by_role("region", name="Proposition", exact=True)
    expect(found).to_be_visible()

    # Nobody fits as it is: four do once stays have changed beds.
    expect(page.get_by_label("Établissement")).to_contain_text(f"{HOUSE} (4)")
    expect(page.locator(".pj-stay--proposed[data-booking]")).to_have_count(4)
    lines = page.locator(".pj-plans__line", has_text="24\u00a0nuits, entrée")  # those who wait for this house
    lines.get_by_role("button", name="Pourquoi ?").first.press("Enter")
    close = page.get_by_role("region", name="De près")
    expect(close).to_contain_text("Ce qui lui en donnerait un")
    expect(close).to_contain_text("jours plus tard")
    page.mouse.move(0, 0)  # what is under the mouse has another colour
    assert serious_in_both_schemes(page) == []
    close.get_by_role("button", name="Fermer").click()
    expect(close).to_have_count(0)

    # By the keyboard, a day later: the cost is told before anything is kept.
    bar = page.locator(".pj-stay--proposed[data-booking]").first
    bar.press(" ")
    bar.press("ArrowRight")
    bar.press("Enter")
    expect(close).to_contain_text("1\u00a0jour d’attente")
    close.get_by_role("button", name="Garder ce déplacement").click()
    expect(found).to_contain_text("Proposition B")

    page.get_by_role("button", name="Tout appliquer").click()
    expect(page.get_by_role("button", name="Annuler l’application")).to_be_visible()
    assert waiting(served) == before - 4
    page.get_by_role("button", name="Annuler l’application").click()
    expect(page.locator("#message")).to_contain_text("Application annulée")
    assert waiting(served) == before
