"""An officer finds a place on the map and takes it, in a real browser; others see it, the loser is helped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import DRAWN, go
from tests.served import Served

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
LYON = "/carte/?type=semi-liberte&lieu=Lyon"


TAKE = text("""
    INSERT INTO bed_night (unit_id, night, holder_id)
    SELECT CAST(:bed AS bigint), CAST(day AS date), :holder
    FROM generate_series(CAST(:first AS date), CAST(:until AS date) - 1, interval '1 day') day""")
TELL = text("INSERT INTO change (resource_id) SELECT resource_id FROM unit WHERE id = :bed")
LEAVE = text("DELETE FROM bed_night WHERE holder_id = :holder")


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
    keep_first(sheet)
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    return sheet


def keep_first(sheet: Locator) -> None:
    """Ask for the first free bed, or place, of a sheet."""
    free = sheet.locator(".pj-line").filter(has=sheet.page.locator(".pj-state--free")).first
    choose_line(free)
    free.get_by_role("button", name="Garder 10 minutes").click()


def choose_line(line: Locator) -> None:
    """Choose a line of a sheet, unless it is the one that was chosen at once."""
    choose, keep = (line.get_by_role("button", name=re.compile(name)) for name in ("^Réserver", "^Garder"))
    expect(choose.or_(keep)).to_be_visible()
    if choose.is_visible():
        choose.click()
        expect(keep).to_be_visible()


def give_back(sheet: Locator) -> None:
    """Leave the demonstration as it was, once the place is given back."""
    mine = sheet.get_by_role("button", name="Rendre la place", exact=True)  # not "reprendre"
    mine.click()
    expect(mine).to_have_count(0)


def test_an_officer_finds_a_bed_and_reserves_it_with_no_csp_violation(open_page: OpenPage) -> None:
    page = open_page("/", OFFICER, csp=True, draws=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    go(page, stay(20, 23))

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
    page.get_by_role("button", name=re.compile("^Voir et réserver")).first.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".pj-line").first).to_be_visible()

    for _ in range(40):
        focused = page.evaluate("document.activeElement.innerText")
        if focused.startswith("Garder"):
            break
        if focused.startswith("Réserver ici"):
            page.keyboard.press("Enter")
            expect(sheet.get_by_role("button", name="Garder 10 minutes").first).to_be_visible()
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    sheet.locator("#case_ref").focus()
    page.keyboard.type("D-42")
    page.keyboard.press("Enter")

    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    give_back(sheet)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page).not_to_have_url(re.compile("site="))


def test_a_second_browser_sees_the_change_within_a_second(open_page: OpenPage) -> None:
    mine, theirs = open_page(stay(40, 42), OFFICER), open_page(stay(40, 42), OFFICER)
    card = theirs.locator(".pj-card").first
    before = card.locator("strong").inner_text()

    sheet = hold_first(mine)
    expect(card.locator("strong")).not_to_have_text(before)
    give_back(sheet)

    expect(card.locator("strong")).to_have_text(before)


def test_the_loser_of_a_race_is_told_and_offered_three_others(open_page: OpenPage, served: Served) -> None:
    page = open_page(f"{LYON}&du={days_ahead(50)}&au={days_ahead(52)}&sexe=M&age=30", OFFICER)
    sheet = open_first(page)
    line = sheet.locator(".pj-line").first
    choose_line(line)
    bed = line.locator("select[name=unit_id] option").nth(1).get_attribute("value")
    chosen, said = line.locator("select[name=unit_id]"), line.get_by_text("vient d’être pris\u00a0: choisissez-en")
    chosen.select_option(bed)
    rival = {"bed": bed, "first": days_ahead(50), "until": days_ahead(52), "holder": uuid4()}
    try:
        # Taken under one's eyes: the choice does not become another one by itself, and one is told.
        chosen.focus()
        for is_told, change in ((True, TAKE), (False, LEAVE)):
            with served.engine.begin() as connection:
                connection.execute(change, rival)
                connection.execute(TELL, rival)
            expect(said).to_have_count(int(is_told))
            expect(chosen).to_have_value(str(bed))
            expect(chosen).to_be_focused()
        with served.engine.begin() as connection:  # no change is told: the sheet still shows it free
            connection.execute(TAKE, rival)
        sheet.get_by_role("button", name="Garder 10 minutes").click()

        told = "Ce lit vient d’être pris. Voici les trois plus proches qui conviennent."
        expect(sheet.get_by_text(told)).to_be_visible()
        expect(sheet.locator(".pj-choice")).to_have_count(3)
        sheet.locator(".pj-choice").first.click()
        expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
        give_back(sheet)
    finally:
        with served.engine.begin() as connection:
            connection.execute(LEAVE, rival)


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
    page.wait_for_function("count => window.__placeMap?.ids().length === count", arg=len(listed))
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
    page.keyboard.type("saint eti")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("Saint-Étienne (42)")
    late: list[Route] = []
    page.route(re.compile("q=saint%20etie$"), lambda route: late.append(route))  # noqa: PLW0108 - a builtin is refused
    with page.expect_request(re.compile("q=saint%20etie$")):
        page.keyboard.type("e")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    with page.expect_response(re.compile("q=saint%20etie$")):  # an answer that comes late leaves the choice as it is
        late.pop().continue_()
    page.evaluate(DRAWN)
    page.keyboard.press("Enter")
    expect(page.locator("#situe")).to_contain_text("Saint-Étienne (42)")

    page.get_by_text("Travaille à cette adresse").press("Enter")
    page.locator("#debut").fill("05:00")
    page.locator("#fin").fill("11:00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile(r"^Retirer le filtre Travaille de\s5\sh"))).to_be_visible()
    expect(page.locator(".pj-dimmed")).to_have_count(0)
    page.locator("#pourquoi-pas summary").first.press("Enter")
    page.locator(".pj-reason", has_text="heures de travail").press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Laissés de côté"))).to_be_visible()
    expect(page.locator(".pj-card__why a", has_text="Accepter un départ").first).to_be_visible()

    page.get_by_role("button", name="Me prévenir").press("Enter")
    expect(page.locator("#message")).to_contain_text("Recherche enregistrée")
    page.locator("#recherches summary").press("Enter")
    page.get_by_role("button", name=re.compile("^Renommer")).press("Enter")
    expect(page.locator("#nom-recherche")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Boulangerie de nuit")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Supprimer Boulangerie de nuit").press("Enter")
    expect(page.get_by_text("Recherche supprimée")).to_be_visible()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("link", name="Boulangerie de nuit")).to_have_attribute("href", re.compile("debut=05%3A00"))
    page.get_by_role("button", name="Supprimer Boulangerie de nuit").click()
    expect(page.get_by_role("link", name="Boulangerie de nuit")).to_have_count(0)


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
