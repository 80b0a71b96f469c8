"""An officer finds a place on the map and takes it, in a real browser; others see it, the loser is helped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from availability.rights import Role

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
LYON = "/carte/?type=semi-liberte&lieu=Lyon"


def days_ahead(days: int) -> str:
    """Return a date as the address carries it."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def stay(first: int, until: int) -> str:
    """Return the map around Lyon for a stay, among free places only."""
    return f"{LYON}&du={days_ahead(first)}&au={days_ahead(until)}&libres=1"


def free_beds(page: Page) -> int:
    """Return the number of free beds that the sentence announces."""
    sentence = page.locator("#reponse").inner_text()
    return int(re.sub(r"\D", "", sentence.split("lit")[0]))


def open_first(page: Page) -> Locator:
    """Open the first place of the list."""
    page.get_by_role("button", name=re.compile("^Voir et réserver")).first.click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".pj-line").first).to_be_visible()
    return sheet


def hold_first(page: Page) -> Locator:
    """Hold the first free bed of the first place."""
    sheet = open_first(page)
    free = sheet.locator(".pj-line", has=page.locator(".pj-state--free")).first
    if (button := free.get_by_role("button", name=re.compile("^Réserver"))).count():
        button.click()
    sheet.get_by_role("button", name="Garder 10 minutes").first.click()
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    return sheet


def give_back(sheet: Locator) -> None:
    """Leave the demonstration as it was."""
    sheet.get_by_role("button", name="Rendre la place").click()


def test_an_officer_finds_a_bed_and_reserves_it_with_no_csp_violation(open_page: OpenPage) -> None:
    page = open_page("/", OFFICER, csp=True, draws=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(stay(20, 23))

    sheet = hold_first(page)
    sheet.get_by_label("Personne concernée").fill("exemple")
    sheet.locator(".pj-choice").first.click()
    sheet.get_by_role("button", name="Réserver", exact=True).click()
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    give_back(sheet)
    expect(sheet.get_by_text("La place est rendue.")).to_be_visible()
    sheet.get_by_role("button", name="Annuler : reprendre la place").click()
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    give_back(sheet)

    expect(sheet.get_by_text("La place est rendue.")).to_be_visible()
    assert complaints == []


def test_the_same_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page(stay(30, 32), OFFICER)
    page.get_by_role("button", name=re.compile("^Voir et réserver")).first.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".pj-line").first).to_be_visible()

    for _ in range(40):
        if page.evaluate("document.activeElement.innerText").startswith(("Réserver ici", "Garder")):
            page.keyboard.press("Enter")
            page.wait_for_timeout(400)
        if sheet.get_by_text("Gardé pour vous").is_visible():
            break
        page.keyboard.press("Tab")
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    sheet.locator("#case_ref").focus()
    page.keyboard.type("D-42")
    page.keyboard.press("Enter")

    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    give_back(sheet)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert "site=" not in page.url


def test_a_second_browser_sees_the_change_within_a_second(open_page: OpenPage) -> None:
    mine, theirs = open_page(stay(40, 42), OFFICER), open_page(stay(40, 42), OFFICER)
    card = theirs.locator(".pj-card").first
    before = card.locator("strong").inner_text()

    sheet = hold_first(mine)
    expect(card.locator("strong")).not_to_have_text(before)
    give_back(sheet)

    expect(card.locator("strong")).to_have_text(before)


def test_the_loser_of_a_race_is_told_and_offered_three_others(open_page: OpenPage) -> None:
    page = open_page(f"{LYON}&du={days_ahead(50)}&au={days_ahead(52)}&sexe=M&age=30", OFFICER)
    sheet = open_first(page)
    line = sheet.locator(".pj-line").first
    if (button := line.get_by_role("button", name=re.compile("^Réserver"))).count():
        button.click()
    bed = line.locator("select[name=unit_id] option").nth(1).get_attribute("value")
    line.locator("select[name=unit_id]").select_option(bed)
    rival = open_page(f"{LYON}&du={days_ahead(50)}&au={days_ahead(52)}&sexe=M&age=30", OFFICER)
    rival_sheet = open_first(rival)
    rival_line = rival_sheet.locator(".pj-line").first
    if (button := rival_line.get_by_role("button", name=re.compile("^Réserver"))).count():
        button.click()
    rival_line.locator("select[name=unit_id]").select_option(bed)
    rival_sheet.get_by_role("button", name="Garder 10 minutes").click()
    expect(rival_sheet.get_by_text("Gardé pour vous")).to_be_visible()

    sheet.get_by_role("button", name="Garder 10 minutes").click()

    expect(sheet.get_by_text("Ce lit vient d’être pris. Voici les trois plus proches qui conviennent.")).to_be_visible()
    assert sheet.locator(".pj-choice").count() == 3
    sheet.locator(".pj-choice").first.click()
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    give_back(sheet)
    give_back(rival_sheet)


def test_a_community_work_post_is_taken_for_a_period(open_page: OpenPage) -> None:
    page = open_page(f"/carte/?type=tig&lieu=Lyon&du={days_ahead(5)}&au={days_ahead(60)}&libres=1", OFFICER)

    sheet = hold_first(page)
    sheet.locator("#case_ref").fill("D-7")
    sheet.get_by_role("button", name="Réserver", exact=True).click()

    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    give_back(sheet)


def test_the_map_and_the_list_hold_the_same_places(open_page: OpenPage) -> None:
    page = open_page("/carte/?type=tig&lieu=Lyon&rayon=30", OFFICER, draws=True)
    cards, more = page.locator(".pj-card"), page.locator(".pj-more")
    expect(page.locator("#reponse")).to_be_in_viewport()
    expect(cards.first).to_be_in_viewport()
    while more.is_visible():
        shown = cards.count()
        more.click()
        expect(cards).not_to_have_count(shown)

    listed = cards.evaluate_all("cards => cards.map(card => card.id.replace('lieu-', ''))")
    page.wait_for_function("window.__placeMap?.ids().length > 0")
    drawn = page.evaluate("window.__placeMap.ids()")

    assert len(listed) > 20
    assert sorted(listed) == sorted(drawn)


def test_a_bad_filter_is_said_beside_its_field_and_kept(open_page: OpenPage) -> None:
    page = open_page(f"{LYON}&du=hier&au=2026-13-45&rayon=loin&age=abc&sexe=X&cadre=NaN,1&site=<b>", OFFICER)

    expect(page.locator("#du-message")).to_have_text(re.compile("ne se lit pas"))
    expect(page.locator("#rayon-message")).to_have_text(re.compile("kilomètres"))
    expect(page.locator("#age-message")).to_have_text(re.compile("années"))
    expect(page.locator("#rayon")).to_have_value("loin")
    expect(page.locator("#age")).to_have_value("abc")
    expect(page.locator("#reponse")).to_contain_text("libres sur")


def test_an_unknown_place_is_said_and_the_search_goes_on(open_page: OpenPage) -> None:
    page = open_page("/carte/?lieu=Xyzzyville", OFFICER)

    expect(page.locator("#lieu-message")).to_contain_text("n’a pas été trouvé")
    expect(page.locator("#lieu")).to_have_value("Xyzzyville")
    expect(page.locator("#reponse")).to_contain_text("dans votre ressort")


def test_an_empty_answer_teaches(open_page: OpenPage) -> None:
    page = open_page("/carte/?lieu=Lyon&rayon=1&type=semi-liberte&cadre=1.0,1.0,1.1,1.1", OFFICER)

    expect(page.get_by_text("Rien à montrer ici")).to_be_visible()
    page.get_by_role("button", name="Effacer les filtres").last.click()
    expect(page.locator(".pj-card").first).to_be_visible()


def test_a_new_person_wrongly_filled_keeps_what_was_typed_and_says_all_that_is_wrong(open_page: OpenPage) -> None:
    page = open_page(stay(60, 61), OFFICER)
    sheet = hold_first(page)
    sheet.get_by_role("button", name="Nouvelle personne").click()
    sheet.get_by_label("Nom", exact=True).fill("EXEMPLE")
    sheet.get_by_label("Téléphone").fill("12")
    sheet.get_by_role("button", name="Créer et choisir").click()

    expect(sheet.get_by_text("4 champs sont à corriger.")).to_be_visible()
    expect(sheet.locator("#given_name")).to_be_focused()
    expect(sheet.locator("#family_name")).to_have_value("EXEMPLE")
    expect(sheet.locator("#phone")).to_have_value("12")
    give_back(sheet)


def test_choosing_a_person_fills_the_filters_and_keeps_their_address_out_of_the_page_s(open_page: OpenPage) -> None:
    page = open_page(LYON, OFFICER)
    page.get_by_text("Pour une personne").click()
    page.get_by_label("Chercher une place pour").fill("exemple")
    page.locator(".pj-choice").first.click()
    page.wait_for_url("**personne=*")

    expect(page.locator("#age")).not_to_have_value("")
    expect(page.locator("#sexe")).not_to_have_value("")
    assert re.fullmatch(r".*personne=[0-9a-f-]{36}.*", page.url)
    assert "rue" not in page.url


def test_beyond_one_s_territory_is_deliberate_and_logged(open_page: OpenPage, served) -> None:  # type: ignore[no-untyped-def]
    page = open_page("/carte/?type=semi-liberte", OFFICER)
    at_home = free_beds(page)
    page.get_by_text("Plus de critères").click()
    page.get_by_text("Au-delà de mon ressort").click()
    page.get_by_role("button", name="Chercher").first.click()
    expect(page.locator("#reponse")).to_contain_text("dans toute la France")

    assert free_beds(page) > at_home
    with served.engine.connect() as connection:
        logged = connection.exec_driver_sql(
            "SELECT count(*) FROM consultation WHERE reason = 'search-beyond-territory'"
        )
        assert logged.scalar_one() >= 1


@pytest.mark.parametrize("width", [320, 375])
def test_on_a_phone_the_list_comes_first_and_nothing_overflows(open_page: OpenPage, width: int) -> None:
    page = open_page(LYON, OFFICER, width=width)

    expect(page.locator(".pj-card").first).to_be_visible()
    expect(page.locator(".pj-map-frame")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Carte", exact=True).click()
    expect(page.locator(".pj-map-frame")).to_be_visible()


def test_by_keyboard_alone_from_an_address_to_a_search_that_is_saved(open_page: OpenPage) -> None:
    page = open_page("/carte/?type=semi-liberte", OFFICER)
    page.locator("#lieu").focus()
    page.keyboard.type("saint etie")
    expect(page.get_by_role("option").first).to_contain_text("Saint-Étienne (42)")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#situe")).to_contain_text("Saint-Étienne (42)")

    page.get_by_text("Travaille à cette adresse").focus()
    page.keyboard.press("Enter")
    page.locator("#debut").fill("05:00")
    page.locator("#fin").fill("11:00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Retirer le filtre Travaille de 05:00"))).to_be_visible()
    page.locator("#pourquoi-pas summary").focus()
    page.keyboard.press("Enter")
    page.locator(".pj-reason", has_text="heures de travail").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pj-card__why a", has_text="Accepter un départ").first).to_be_visible()

    page.get_by_role("button", name="Me prévenir").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_contain_text("Recherche enregistrée")
    page.locator("#recherches summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Renommer")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#nom-recherche")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Boulangerie de nuit")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Supprimer Boulangerie de nuit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Recherche supprimée")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("link", name="Boulangerie de nuit")).to_have_attribute("href", re.compile("debut=05%3A00"))
    page.get_by_role("button", name="Supprimer Boulangerie de nuit").click()


def test_the_point_is_moved_by_the_arrows_or_typed_and_the_address_comes_back(open_page: OpenPage) -> None:
    page = open_page(LYON, OFFICER, draws=True)
    page.wait_for_function("window.__placeMap?.ids().length > 0")
    page.locator(".place-map__pin").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#situe")).to_contain_text("Position choisie à la main")
    assert float(re.search(r"point=[\d.]+%2C([\d.]+)", page.url)[1]) > 4.84  # type: ignore[index]
    expect(page.locator("#lieu")).to_have_value("Lyon")

    page.get_by_text("Déplacer le point à la main").click()
    page.locator("#lat").fill("quelque part")
    page.get_by_role("button", name="Chercher autour de ce point").click()
    expect(page.locator("#lat-message")).to_contain_text("nombre de degrés")
    expect(page.locator("#lat")).to_have_value("quelque part")
    page.locator("#lat").fill("45,44")
    page.locator("#lon").fill("4,39")
    page.keyboard.press("Enter")
    expect(page.locator("#situe")).to_contain_text("près de Saint-Étienne (42)")
    page.get_by_role("button", name="Revenir à l’adresse").click()
    expect(page.locator("#situe")).to_contain_text("Lyon (69)")


def test_services_are_a_table_that_sorts_turns_its_pages_and_opens_them(open_page: OpenPage) -> None:
    page = open_page("/carte/?type=tig&lieu=Lyon", OFFICER)
    page.get_by_role("button", name="Tableau", exact=True).click()
    rows = page.locator(".pj-services tbody tr")
    expect(rows).to_have_count(40)
    for order in ("ascending", "descending"):
        page.get_by_role("link", name=re.compile("^Charge")).click()
        expect(page.get_by_role("columnheader", name=re.compile("^Charge"))).to_have_attribute("aria-sort", order)
    expect(rows.first).to_contain_text("100\u00a0%")
    page.get_by_role("link", name="Page suivante").click()
    expect(page.get_by_text("Page 2 sur")).to_be_visible()

    rows.first.get_by_role("button").click()

    expect(page.get_by_role("dialog").locator(".pj-line").first).to_be_visible()
    expect(page).to_have_url(re.compile("tri=-charge"))


def test_nobody_sees_the_map_without_signing_in(open_page: OpenPage) -> None:
    page = open_page("/carte/?lieu=Lyon")

    page.wait_for_url("**/connexion/**")
    assert page.locator(".pj-card").count() == 0
