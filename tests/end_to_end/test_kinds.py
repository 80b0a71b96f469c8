"""A new kind needs no deployment: an administrator writes it, an officer reserves a place of it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import go
from tests.end_to_end.judging import serious
from tests.end_to_end.test_map import keep_first
from tests.served import Served

OpenPage = Callable[..., Page]
CODE = "atelier-fictif"
SITE = "SELECT id FROM site WHERE commune = 'Lyon' AND lat IS NOT NULL ORDER BY id LIMIT 1"
PLACE = text(f"""
    INSERT INTO resource
        (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active, attributes)
    SELECT 'atelier-1', ({SITE}), id, 'Atelier bois', 2, 0, 0, true, CAST('{{"evening": true}}' AS jsonb)
    FROM kind WHERE code = :code""")  # noqa: S608 - constants
AS_IT_WAS = """
    DELETE FROM place_period WHERE resource_id IN (SELECT id FROM resource WHERE code = 'atelier-1');
    DELETE FROM booking WHERE resource_id IN (SELECT id FROM resource WHERE code = 'atelier-1');
    DELETE FROM resource WHERE code = 'atelier-1';
    DELETE FROM kind WHERE code LIKE 'atelier-fictif%'"""


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the demonstration as it was found."""
    yield
    with served.engine.begin() as connection:
        for statement in AS_IT_WAS.split(";"):
            connection.execute(text(statement))


def save(page: Page) -> None:
    page.get_by_role("button", name="Enregistrer").click()


def press_while_it_moves(page: Page) -> None:
    """Press « Enregistrer » and let it go once leaving the field has moved it: nothing of the press is lost."""
    button = page.get_by_role("button", name="Enregistrer")
    before = box_of(button)
    page.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    page.mouse.down()
    expect(page.get_by_role("button", name="Revenir à ce qui est enregistré")).to_be_visible()
    assert box_of(button)["y"] < before["y"]
    page.mouse.up()


def box_of(found: Locator) -> FloatRect:
    """Return where this is on the page."""
    box = found.bounding_box()
    assert box is not None
    return box


def test_a_kind_is_written_then_a_place_of_it_reserved_and_the_kind_retired(
    open_page: OpenPage, served: Served
) -> None:
    page = open_page("/types/", Role.ADMINISTRATOR)
    page.get_by_role("link", name="Créer un type").click()
    page.get_by_label("Nom, au singulier").fill("atelier fictif")
    page.get_by_label("Forme").select_option(label="Places, plusieurs en même temps")
    expect(page.get_by_label("Durée d’un rendez-vous (minutes)")).to_be_hidden()
    page.get_by_label("Durée maximale (jours)").fill("0")
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("3 champs à corriger.")
    expect(page.get_by_text("Entre 1 et 3\u202f660.")).to_be_visible()
    expect(page.locator("#label_plural")).to_be_focused()
    expect(page.get_by_label("Nom, au singulier")).to_have_value("atelier fictif")

    page.get_by_label("Nom, au pluriel").fill("ateliers fictifs")
    page.get_by_label("Nom court, sur la carte").fill("Ateliers")
    page.get_by_label("Durée maximale (jours)").fill("30")
    page.get_by_role("button", name="Ajouter un critère").click()
    expect(page.get_by_label("Intitulé")).to_be_focused()
    page.keyboard.type("Ouvert le soir")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Aperçu")).to_contain_text("Ouvert le soir")
    page.get_by_label("SPIP : Réserver").click(force=True)
    expect(page.get_by_label("SPIP : Chercher")).to_be_checked()
    assert serious(page) == []
    save(page)
    expect(page.locator("#message")).to_contain_text("« atelier fictif » est créé.")
    expect(page).to_have_url(re.compile(rf"\?type={CODE}$"))

    with served.engine.begin() as connection:
        assert connection.execute(PLACE, {"code": CODE}).rowcount == 1
    soon = datetime.now(UTC).date() + timedelta(days=5)
    officer = open_page(
        f"/carte/?type={CODE}&lieu=Lyon&du={soon}&au={soon + timedelta(days=10)}", Role.PROBATION_OFFICER
    )
    officer.get_by_role("button", name=re.compile("^Voir et réserver")).first.click()
    sheet = officer.get_by_role("dialog")
    expect(sheet).to_contain_text("Atelier bois")
    keep_first(sheet)
    sheet.locator("#case_ref").fill("D-77")
    sheet.get_by_role("button", name="Réserver", exact=True).click()
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()

    go(page, "/types/")
    page.get_by_role("button", name="Retirer du service : atelier fictif").click()
    expect(page.locator("#message")).to_contain_text("n’est plus proposé")
    go(officer, "/carte/?lieu=Lyon")
    expect(officer.get_by_role("button", name="Ateliers")).to_have_count(0)
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("button", name="Retirer du service : atelier fictif")).to_be_visible()


def test_what_somebody_else_changed_meanwhile_is_shown_and_both_changes_are_kept(open_page: OpenPage) -> None:
    address = "/types/fiche/?type=point-justice"
    mine, theirs = open_page(address, Role.ADMINISTRATOR), open_page(address, Role.ADMINISTRATOR, width=375)
    theirs.get_by_label("Un début toutes les (minutes)").fill("20")
    press_while_it_moves(theirs)
    expect(theirs.locator("#message")).to_contain_text("est enregistré")

    mine.get_by_label("Temps gardé après (minutes)").fill("5")
    save(mine)
    expect(mine.locator("#differences")).to_contain_text("Un début toutes les (minutes)\u00a0: 20, au lieu de 30")
    mine.get_by_role("button", name="Reprendre ces changements et garder les miens").click()
    expect(mine.get_by_label("Un début toutes les (minutes)")).to_have_value("20")
    expect(mine.get_by_label("Temps gardé après (minutes)")).to_have_value("5")
    save(mine)
    expect(mine.locator("#message")).to_contain_text("est enregistré")

    mine.locator("#message").get_by_role("button", name="Annuler").click()
    expect(mine.get_by_label("Temps gardé après (minutes)")).to_have_value("0")
    mine.get_by_label("Un début toutes les (minutes)").fill("30")
    save(mine)
    expect(mine.locator("#message")).to_contain_text("est enregistré")
