"""The registry opens its hearings from a template, sees what a change moves, and takes it back, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
NAME = "Chambre fictive du parcours"
OURS = "(SELECT id FROM hearing_template WHERE name = :name)"
AS_IT_WAS = f"""
    DELETE FROM video_link WHERE holder_id IN (SELECT holder_id FROM template_session WHERE template_id IN {OURS});
    DELETE FROM seat_time WHERE holder_id IN (SELECT holder_id FROM template_session WHERE template_id IN {OURS});
    WITH gone AS (DELETE FROM template_session WHERE template_id IN {OURS} RETURNING resource_id),
         heard AS (DELETE FROM hearing_session WHERE resource_id IN (SELECT resource_id FROM gone))
    DELETE FROM resource WHERE id IN (SELECT resource_id FROM gone);
    UPDATE hearing_template SET line_id = NULL, replaces_id = NULL WHERE name = :name;
    DELETE FROM hearing_template WHERE name = :name;
    DELETE FROM case_nature;
    UPDATE video_ceiling SET most = 40, changed_at = NULL"""  # noqa: S608 - constants


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the demonstration as it was found."""
    yield
    with served.engine.begin() as connection:
        for statement in AS_IT_WAS.split(";"):
            connection.execute(text(statement), {"name": NAME} if ":name" in statement else {})


def link_with_marseille(page: Page) -> None:
    """Choose both ends of a link, the other one in another territory."""
    page.get_by_label("Visio : bout du tribunal").select_option(index=1)
    page.get_by_label("Visio : l’autre bout").fill("maison arret marseille")
    page.get_by_role("listbox", name="Bouts trouvés").get_by_role("option").first.click()
    expect(page.get_by_text("Personne n’a à accepter")).to_be_visible()


def test_a_template_is_written_changed_once_seen_and_taken_back(open_page: OpenPage) -> None:
    page = open_page("/repartition/", Role.REGISTRY)
    page.get_by_role("link", name="Modèles", exact=True).click()
    expect(page).to_have_url(re.compile("/audiences/modeles/$"))
    page.get_by_role("button", name="Nouveau modèle").click()
    expect(page.locator("#name")).to_be_focused()
    page.get_by_label("Chambre ou nom de l’audience").fill(NAME)
    page.get_by_label("Type", exact=True).select_option(index=1)
    page.get_by_label("Ouvrir d’avance, en jours").fill("30")
    link_with_marseille(page)
    page.get_by_label("Quotas par famille").fill("20 : huit")
    page.get_by_role("button", name="Enregistrer et ouvrir").click()
    expect(page.get_by_text("« 20 : huit » ne se lit pas")).to_be_visible()
    expect(page.locator("#name")).to_have_value(NAME)
    expect(page.locator(".pj-chosen")).to_contain_text("Maison d’arrêt fictive de Marseille")

    page.get_by_label("Quotas par famille").fill("20 : 8")
    page.get_by_role("button", name="Enregistrer et ouvrir").click()
    mine = page.get_by_role("listitem").filter(has_text=NAME)
    expect(mine).to_contain_text("Mardi, chaque semaine, à\u00a09\u00a0h")
    expect(page.get_by_role("heading", name=f"Changer « {NAME} »")).to_be_visible()
    expect(page.locator(".pj-chosen")).to_contain_text("Maison d’arrêt fictive de Marseille")
    expect(page.locator("td.pj-year__day--open").first).to_be_visible()

    page.get_by_label("Jour", exact=True).select_option(label="jeudi")
    page.get_by_role("button", name="Voir ce que cela déplace").click()
    expect(page.locator("#ce-qui-bouge")).to_contain_text("retirée")
    expect(page.locator("#ce-qui-bouge")).to_be_focused()
    expect(mine).to_contain_text("Mardi, chaque semaine")
    assert serious_in_both_schemes(page) == []
    page.get_by_role("button", name="Appliquer").click()
    expect(mine).to_contain_text("Jeudi, chaque semaine")
    page.get_by_role("button", name="Annuler").click()
    expect(mine).to_contain_text("Mardi, chaque semaine")
    mine.get_by_role("button").click()
    page.get_by_label("N’ouvrir plus d’audiences à partir du").fill(page.locator("#from_on").input_value())
    page.get_by_role("button", name="Voir ce que retire cette fermeture").click()
    expect(page.locator("#ce-qui-bouge")).to_contain_text("retirée")
    expect(page.locator("td.pj-year__day--open").first).to_be_visible()
    page.get_by_role("button", name="Fermer ce modèle").click()
    expect(mine).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(mine).to_contain_text("Mardi, chaque semaine")
    mine.get_by_role("button").click()
    page.get_by_label("Audience", exact=True).select_option(index=1)
    page.get_by_label("Affaires", exact=True).fill("5")
    page.get_by_role("button", name="Changer cette audience").click()
    expect(page.get_by_text("son modèle la laissera ainsi")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("C’est annulé.")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_registry_writes_a_template_and_opens_a_month_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/audiences/modeles/", Role.REGISTRY)
    page.get_by_role("button", name="Nouveau modèle").press("Enter")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(NAME)
    page.get_by_label("Type", exact=True).select_option(index=1)
    page.get_by_label("Ouvrir d’avance, en jours").fill("0")
    page.keyboard.press("Enter")
    mine = page.get_by_role("listitem").filter(has_text=NAME)
    expect(mine).to_contain_text("0\u00a0audience")
    page.get_by_role("button", name="Voir ce que cela déplace").press("Enter")
    expect(page.get_by_text("Rien n’a changé dans ce modèle.")).to_be_visible()

    year = datetime.now(UTC).year + 1
    page.goto(f"/audiences/annee/?annee={year}")
    page.get_by_role("link", name=f"Ouvrir les audiences de Septembre {year}").press("Enter")
    expect(page.get_by_role("heading", name=f"Septembre {year}")).to_be_visible()
    box = page.get_by_role("checkbox", name=NAME)
    expect(box).to_be_checked()
    page.get_by_role("button", name="Tout décocher").press("Enter")
    expect(page.get_by_text("Cochez un modèle au moins.")).to_be_visible()
    box.press("Space")
    expect(box).to_be_checked()
    row = page.get_by_role("listitem").filter(has=box)
    expect(row).to_contain_text(re.compile("À ouvrir\u00a0: mardi"))
    expect(page.locator(".pj-dimmed")).to_have_count(0)
    assert serious_in_both_schemes(page) == []
    page.get_by_role("button", name=re.compile(r"^Ouvrir [45]\saudiences$")).press("Enter")
    expect(page.locator("#message")).to_contain_text(re.compile("[45]\u00a0audiences ouvertes"))
    expect(page.locator("#message")).to_be_focused()
    expect(row).to_contain_text("Déjà ouvertes\u00a0: mardi")
    page.get_by_role("button", name="Annuler").press("Enter")
    expect(page.locator("#message")).to_contain_text(re.compile("[45]\u00a0audiences vides retirées"))
    expect(row).to_contain_text(re.compile("À ouvrir\u00a0: mardi"))
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_nomenclature_is_imported_once_seen_and_taken_back(open_page: OpenPage, tmp_path: Path) -> None:
    listed = tmp_path / "nac.csv"
    listed.write_text("code;libellé\n2;Famille fictive\n20;Divorce\n2AB;Code fictif\n51A;Sans famille\n", "utf-8")
    page = open_page("/audiences/natures/", Role.ADMINISTRATOR)
    page.get_by_label("La liste complète").set_input_files(listed)
    page.get_by_role("button", name="Voir ce que cela change").click()

    expect(page.get_by_text("1 code de plus : 2AB.")).to_be_visible()
    expect(page.get_by_text("Ligne 5 : aucun code de la liste n’est au-dessus")).to_be_visible()
    expect(page.get_by_role("row", name="20J")).to_be_visible()
    assert serious_in_both_schemes(page) == []
    page.get_by_role("button", name="Importer cette liste").click()
    expect(page.get_by_role("row", name="2AB Code fictif")).to_be_visible()
    expect(page.get_by_role("row", name="20J")).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("row", name="20J")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_ceiling_of_video_links_is_changed_once_seen_and_taken_back(open_page: OpenPage) -> None:
    page = open_page("/lieux/", Role.ADMINISTRATOR)
    page.get_by_role("link", name="Visioconférences", exact=True).click()
    expect(page).to_have_url(re.compile("/visioconferences/$"))
    expect(page.get_by_text("40 visioconférences à la fois")).to_be_visible()
    effect, typed = page.locator("#ce-que-cela-fait"), page.get_by_label("Nouveau plafond")
    typed.fill("trente")
    page.get_by_role("button", name="Voir ce que cela ferait").click()
    expect(page.get_by_text("Écrivez un nombre entier")).to_be_visible()
    expect(typed).to_have_value("trente")

    typed.fill("0")
    page.get_by_role("button", name="Voir ce que cela ferait").click()
    expect(effect).to_contain_text("Rien n’est annulé")
    expect(effect).to_be_focused()
    expect(page.get_by_text("40 visioconférences à la fois")).to_be_visible()
    assert serious_in_both_schemes(page) == []
    typed.fill("39")
    page.get_by_role("button", name="Changer le plafond").click()
    expect(effect).to_contain_text("Aucun jour n’est au-dessus")
    page.get_by_role("button", name="Changer le plafond").click()
    expect(page.get_by_text("39 visioconférences à la fois")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("40 visioconférences à la fois")).to_be_visible()

    page.get_by_role("button", name="Revenir à 39").click()
    expect(typed).to_have_value("39")
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
