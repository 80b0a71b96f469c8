"""The text of a message is written by an administrator, seen as it will be read, and taken back, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from convocations.kinds import HostText
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
GOOD = "Fiction : {jour} à {heure}, {lieu}. {lien}"


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the demonstration as it was found: its messages leave in the standard words."""
    yield
    with served.engine.begin() as connection:
        connection.execute(text("DELETE FROM message_text"))


def test_a_text_is_written_checked_tried_put_in_use_and_taken_back(open_page: OpenPage) -> None:
    page = open_page("/modeles/?message=missed&langue=es", Role.ADMINISTRATOR)
    area, phone = page.get_by_label("Texte du message"), page.get_by_label("Aperçu", exact=True)
    expect(area).to_have_value("Cita perdida: {quand}, {lieu}. Para saber qué hacer o dejar de recibir SMS: {lien}")

    area.fill("Fiction : {jour}, {lein}")
    expect(page.get_by_text("n’existe pas")).to_be_visible()
    page.get_by_role("button", name="Mettre en service", exact=True).click()
    expect(page.get_by_text("Il manque {lien} : sans lui")).to_be_visible()
    expect(area).to_have_value("Fiction : {jour}, {lein}")

    area.fill(f"SPIP ж ’ {GOOD}")
    expect(phone).to_contain_text("SPIP ж ’ Fiction : ")
    expect(phone).to_contain_text("UCS-2")
    expect(page.get_by_text("remplacer ’ par '")).to_be_visible()
    expect(page.get_by_text("« SPIP » ferait deviner la mesure")).to_be_visible()
    page.get_by_role("button", name="Mettre en service", exact=True).click()
    expect(page.get_by_role("button", name="Mettre en service quand même")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Ce texte est en service : les prochains SMS partiront avec lui.")).to_be_visible()
    expect(page.get_by_text("Mots confirmés malgré l’avertissement : SPIP.")).to_be_visible()
    expect(page.get_by_text("Les SMS partent avec la version 1 d’ici.")).to_be_visible()
    expect(page.locator(".pj-dimmed")).to_have_count(0)
    assert serious(page) == []
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("Les SMS partent avec le texte standard.")).to_be_visible()

    page.set_viewport_size({"width": 375, "height": 800})
    page.get_by_label("Langue", exact=True).select_option(label="Arabe")
    expect(page).to_have_url("/modeles/?message=missed&langue=ar")
    expect(area).to_have_attribute("dir", "rtl")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

    expect(page.get_by_text("l’heure, l’adresse et le lien, jamais pourquoi")).to_be_visible()
    page.get_by_label("Message", exact=True).select_option(HostText.OFFER)
    expect(page.get_by_text("Un SMS à un lieu dit qu’une demande attend")).to_be_visible()
    expect(page.get_by_text("jamais pourquoi")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
