"""Calendars both ways in a real browser: an address that others read, a calendar that makes busy, and their undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious
from tests.served import PATIENCE_S, Served

OpenPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def _left_as_found(served: Served) -> Iterator[None]:
    yield
    with served.engine.begin() as connection:
        connection.execute(text("DELETE FROM calendar_link"))
        connection.execute(text("DELETE FROM calendar_feed"))


def test_an_agenda_is_given_to_a_calendar_and_one_is_imported_then_both_are_taken_back(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page("/agenda/", Role.PROBATION_OFFICER)
    page.get_by_role("link", name="Calendriers").click()
    page.get_by_role("button", name="Créer une adresse").click()
    address = page.get_by_role("textbox", name="(sans les noms)")
    expect(address).to_be_visible()
    url = address.input_value()

    answer = httpx.get(url, timeout=PATIENCE_S)
    assert answer.status_code == 200
    assert answer.text.startswith("BEGIN:VCALENDAR")
    page.get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Adresse retirée")).to_be_visible()
    assert httpx.get(url, timeout=PATIENCE_S).status_code == 410
    page.get_by_role("button", name="Annuler").click()
    expect(address).to_have_value(url)
    assert httpx.get(url, timeout=PATIENCE_S).status_code == 200

    field = page.get_by_label("Adresse de l’agenda")
    field.fill("http://agenda.example/a.ics")
    field.press("Enter")
    expect(page.get_by_text("doit commencer par https://")).to_be_visible()
    expect(field).to_have_value("http://agenda.example/a.ics")
    field.fill("webcal://agenda.invalid/a.ics")
    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_text("agenda.invalid", exact=True)).to_be_visible()
    expect(page.get_by_text("Ne se lit pas")).to_be_visible()  # the clock tried, and the page was told
    expect(page.get_by_text("Le serveur ne répond pas")).to_be_visible()
    page.get_by_role("button", name="Retirer : agenda.invalid").click()
    expect(page.get_by_text("Agenda de agenda.invalid retiré")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("agenda.invalid", exact=True)).to_be_visible()

    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert serious(page) == []
