"""A list of people in a browser, on a phone: looked at, a doubtful line answered, done, its report, undone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from availability.rights import Role
from tests.conftest import go
from tests.end_to_end.judging import serious

OpenPage = Callable[..., Page]
HEADINGS = "Nom;Prénom;Numéro de dossier;Date de naissance;Mesure/Intervention;Téléphone"
LINES = (
    "ZYTHARION-FICTIF;Ysé;ZY-1;04/05/1981;Mesure fictive;06 39 98 62 01",
    "ZYTHARION-FICTIF;Ysé;ZY-2;04/05/1981;Mesure fictive;",
    "ZORBALUND-FICTIF;Noa;ZY-3;04/05/91;Mesure fictive;",
)


def send(page: Page, *lines: str) -> None:
    """Send a list of these lines, and wait for what it would do."""
    data = "\r\n".join((HEADINGS, *lines)).encode("cp1252")
    page.set_input_files("#fichier", {"name": "liste.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Continuer").click()
    expect(page).to_have_url(re.compile(r"import="))
    at_rest(page)


def at_rest(page: Page) -> None:
    """Wait until the lines were compared."""
    expect(page.locator(".pj-import__table")).to_be_visible()
    expect(page.locator(".pj-dimmed")).to_have_count(0)


def test_a_list_is_looked_at_answered_done_and_undone(open_page: OpenPage) -> None:
    page = open_page("/importer/personnes/", Role.PROBATION_OFFICER, width=375)
    send(page, *LINES)
    expect(page.get_by_text("l’année a deux chiffres")).to_be_visible()
    page.locator("label[for=oui-guesses_years]").click()
    expect(page.get_by_text("3 lignes nouvelles")).to_be_visible()
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert serious(page) == []

    # The second file number of one name and day is asked once the first is opened.
    page.get_by_role("button", name="Importer 3 lignes").click()
    expect(page.get_by_text("C’est importé")).to_be_visible()
    expect(page.get_by_text("1 ligne à préciser")).to_be_visible()
    page.get_by_role("button", name="Reprendre les lignes restantes").click()
    at_rest(page)
    page.get_by_label("De qui s’agit-il").select_option(label="C’est quelqu’un d’autre")
    expect(page.get_by_text("ligne à préciser")).to_have_count(0)
    at_rest(page)
    page.get_by_role("button", name=re.compile(r"^Importer \d")).click()
    expect(page.get_by_text("3 lignes nouvelles")).to_be_visible()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Télécharger le rapport").click()
    report = downloaded.value.path().read_text("utf-8-sig")
    assert report.count("nouvelle") == 3
    assert "ZYTHARION" not in report

    page.get_by_role("button", name="Annuler l’import").click()
    expect(page.get_by_text("L’import est annulé")).to_be_visible()
    go(page, "/importer/personnes/")
    send(page, *LINES[:2])
    expect(page.get_by_text("2 lignes nouvelles")).to_be_visible()
