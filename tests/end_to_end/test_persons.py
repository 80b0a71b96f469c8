"""People in a browser: a file opened although one is alike, a number that reads two ways, two files merged and not."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from availability.rights import Role
from tests.conftest import go
from tests.end_to_end.judging import serious

OpenPage = Callable[..., Page]


def fill_new(page: Page, family_name: str) -> None:
    """Type a new person, by their fields."""
    page.locator("#family_name").fill(family_name)
    page.locator("#given_name").fill("Ysé")
    page.locator("#birth_on").fill("1988-02-03")
    page.locator("#sex").select_option("F")
    page.get_by_role("button", name="Ouvrir le dossier").click()


def test_a_file_is_opened_its_phones_said_and_a_second_one_merged_then_separated(open_page: OpenPage) -> None:
    page = open_page("/personnes/?nouvelle=1", Role.PROBATION_OFFICER, width=375)
    fill_new(page, "XYLANDRE-FICTIF")
    sheet = page.get_by_role("dialog", name="XYLANDRE-FICTIF Ysé")
    expect(sheet.get_by_text("née le 03/02/1988")).to_be_visible()

    # A number of two territories is asked about, and nothing typed is lost.
    sheet.get_by_text("Contact", exact=True).click()
    sheet.get_by_role("button", name="Ajouter un téléphone").click()
    sheet.locator("#phone").fill("75 12 34")
    sheet.get_by_text("Envoyer les SMS à ce numéro").click()
    sheet.get_by_role("button", name="Ajouter le téléphone").click()
    expect(sheet.get_by_text("choisissez la bonne")).to_be_visible()
    sheet.get_by_text("(Nouvelle-Calédonie)").click()
    expect(sheet.get_by_role("radio", name="(Nouvelle-Calédonie)")).to_be_checked()
    sheet.get_by_role("button", name="Ajouter le téléphone").click()
    expect(sheet.get_by_text("reçoit les SMS")).to_be_visible()
    sheet.get_by_role("button", name="Noter un refus").click()
    sheet.get_by_label("Comment le refus est-il dit").select_option("written")
    sheet.get_by_role("button", name="Noter le refus").click()
    expect(sheet.get_by_text("Refus écrit le")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert serious(page) == []

    # A second file is not opened before the first one is shown; what was typed stays.
    go(page, "/personnes/?nouvelle=1")
    fill_new(page, "XYLANDR FICTIF")
    expect(page.get_by_role("button", name="C’est la même personne")).to_be_visible()
    expect(page.locator("#family_name")).to_have_value("XYLANDR FICTIF")
    page.get_by_role("button", name="C’est une autre personne").click()
    expect(page.get_by_role("dialog", name="XYLANDR FICTIF Ysé")).to_be_visible()

    # Merged, then separated.
    go(page, "/personnes/doublons/")
    pair = page.locator(".pj-double").filter(has_text="XYLANDRE-FICTIF")
    pair.get_by_role("button", name="Garder le dossier de XYLANDRE-FICTIF").click()
    expect(page.get_by_text("n’en font qu’un")).to_be_visible()
    expect(pair).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(pair).to_be_visible()
    pair.get_by_role("button", name="Ce sont deux personnes").click()
    expect(pair).to_have_count(0)
