"""A partner keeps everything true on a phone, and imports a spreadsheet, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
PARTNER = Role.PARTNER
IMPORTED = "essai-navigateur-"
FORGET = (
    text("DELETE FROM resource WHERE code LIKE :codes"),
    text("DELETE FROM import_column"),
)


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Forget what was imported: the demonstration is shared."""
    yield
    with served.engine.begin() as connection:
        for statement in FORGET:
            connection.execute(statement, {"codes": f"{IMPORTED}%"} if ":codes" in str(statement) else {})


def message(page: Page) -> Locator:
    """Return the message above the content."""
    return page.locator("#message")


def answer(page: Page) -> Locator:
    """Return the answer at the top of the sheet."""
    return page.locator("#reponse-lieu")


def in_days(count: int) -> str:
    """Return a day as a browser types it."""
    return (datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=count)).isoformat()


def close_the_whole_site(page: Page, sheet: Locator) -> None:
    """Close everything on the site of the line, and open it again."""
    sheet.get_by_role("button", name="Fermer une période").click()
    sheet.get_by_label("Premier jour").fill(in_days(3))
    sheet.get_by_text("Tout le site\u00a0: 3\u00a0ressources").click()
    sheet.get_by_role("button", name="Fermer ces jours").click()
    expect(answer(page)).to_contain_text("Tout le site est fermé le")
    expect(page.get_by_text("Fermera le")).to_have_count(3)  # each line of the site
    assert serious(page) == []
    sheet.get_by_role("button", name="Rouvrir tout le site").click()
    expect(answer(page)).to_contain_text("Tout le site est rouvert")
    expect(page.get_by_text("Fermera le")).to_have_count(0)


def test_on_a_phone_a_partner_confirms_limits_and_closes_each_with_its_undo(open_page: OpenPage) -> None:
    page = open_page("/mes-places/", PARTNER, width=375)
    name = page.locator(".pj-request").filter(has_text="prises sur").first.get_by_role("heading").inner_text()
    line = page.locator(".pj-request", has=page.get_by_role("heading", name=name, exact=True))
    line.get_by_role("button", name="Toujours vrai").click()
    expect(message(page)).to_contain_text("c’est noté")
    assert serious(page) == []
    line.get_by_role("link", name="Modifier").click()
    sheet = page.get_by_role("dialog", name=name)

    capacity = sheet.get_by_label("Places en tout")
    before = capacity.input_value()
    capacity.fill("beaucoup")
    sheet.get_by_label("En attente").fill("3")
    sheet.get_by_role("button", name="Enregistrer ces chiffres").click()
    expect(page.locator("#capacity-message")).to_contain_text("nombre entier")
    expect(sheet.get_by_label("En attente")).to_have_value("3")  # what was typed is never lost
    capacity.fill("19")
    sheet.get_by_role("button", name="Enregistrer ces chiffres").click()
    expect(answer(page)).to_contain_text("enregistrés")
    answer(page).get_by_role("button", name="Annuler ce changement").click()
    expect(capacity).to_have_value(before)

    sheet.get_by_role("button", name="Changer pour un temps").click()
    sheet.get_by_label("Premier jour").fill(in_days(0))
    sheet.get_by_label("Places pendant ces jours").fill("2")
    sheet.get_by_role("button", name="Changer la capacité").click()
    expect(answer(page)).to_contain_text("2\u00a0places le")
    expect(line).to_contain_text("2\u00a0places au lieu de")
    answer(page).get_by_role("button", name="Annuler ce changement").click()
    expect(line).not_to_contain_text("au lieu de")

    sheet.get_by_role("button", name="Fermer une période").click()
    sheet.get_by_label("Premier jour").fill(in_days(3))
    sheet.get_by_label("Dernier jour").fill(in_days(2))
    sheet.get_by_role("button", name="Fermer ces jours").click()
    expect(page.locator("#c_last-message")).to_contain_text("avant le premier")
    sheet.get_by_label("Dernier jour").fill(in_days(4))
    sheet.get_by_role("button", name="Fermer ces jours").click()
    expect(line).to_contain_text("Fermera le")
    assert serious(page) == []
    sheet.get_by_role("button", name="Rouvrir").click()
    expect(answer(page)).to_contain_text("Rouvert")
    expect(line).not_to_contain_text("Fermera le")

    close_the_whole_site(page, sheet)

    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile("/mes-places/$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

    line.get_by_role("link", name="Modifier").click()
    sheet.get_by_role("link", name="Ouvrir les calendriers").click()
    expect(page.get_by_role("heading", name=f"Calendriers de {name}")).to_be_visible()


def test_a_spreadsheet_is_matched_mended_imported_and_changes_nothing_the_second_time(
    open_page: OpenPage, served: Served
) -> None:
    lines = f"Identifiant;Mystère;Nature;Nb places\n{IMPORTED}1;Peinture;médiation familiale;deux\n"
    lines += f"{IMPORTED}2;Espaces verts;médiation familiale;3\n"
    sent = {"name": "places.csv", "mimeType": "text/csv", "buffer": lines.encode("cp1252")}
    page = open_page("/importer/", PARTNER, width=375)
    assert serious(page) == []
    page.locator("#fichier").set_input_files(sent)
    page.get_by_role("button", name="Continuer").click()

    expect(page.get_by_text("places.csv")).to_be_visible()
    expect(page.locator(".pj-import__problems")).to_contain_text("colonne «\u00a0Nom\u00a0»")  # not one is the name
    page.get_by_label("Mystère").select_option(label="Nom")
    expect(page.locator(".pj-import__problems")).not_to_contain_text("colonne «\u00a0Nom\u00a0»")
    expect(page.locator(".pj-import__problems")).to_contain_text(
        "Ligne 2, colonne «\u00a0Nb places\u00a0», «\u00a0deux"
    )
    expect(page.get_by_role("button", name="Importer")).to_be_hidden()  # all or none
    expect(page.locator(".pj-dimmed")).to_have_count(0)
    assert serious(page) == []
    page.get_by_text("Les lignes justes").click()
    page.get_by_role("button", name="Importer 1").click()
    expect(page.get_by_role("heading", name="C’est importé")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="C’est importé")).to_contain_text("1\u00a0ligne créée")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

    page.get_by_role("link", name="Importer un autre fichier").click()
    page.locator("#fichier").set_input_files(sent)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_label("Mystère")).to_have_value("name")  # remembered
    expect(page.locator(".pj-import__figures")).to_contain_text("1\u00a0ligne inchangée")
    with served.engine.connect() as connection:
        made = connection.execute(text("SELECT name FROM resource WHERE code LIKE :codes"), {"codes": f"{IMPORTED}%"})
        assert list(made.scalars()) == ["Espaces verts"]
