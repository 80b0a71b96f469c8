"""A judge designates during the hearing, a partner answers on a phone, in a real browser; nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import go
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
JUDGE, PARTNER = Role.FAMILY_JUDGE, Role.PARTNER
LYON = "/designer/?p1=Lyon&p2=Villefranche-sur-Sa%C3%B4ne"
CASE = "RG 26/77001"

# The services of the partner that `token_of` signs in: those that the demonstration keeps free.
OWN = text("""
    SELECT r.name FROM resource r JOIN site s ON s.id = r.site_id
    JOIN account a ON a.organisation_id = s.organisation_id JOIN account_right g ON g.account_id = a.id
    WHERE g.role = 'partner' AND a.login = (
        SELECT min(b.login) FROM account b JOIN account_right h ON h.account_id = b.id WHERE h.role = 'partner')
    ORDER BY r.id""")
FILL = text("""
    INSERT INTO place_period (resource_id, days, holder_id)
    SELECT r.id, daterange(CAST(:today AS date), NULL), :holder FROM resource r, generate_series(1, r.capacity)
    WHERE r.id = :id""")
EMPTY = text("DELETE FROM place_period WHERE holder_id = :holder")
GIVE_UP = text("""
    WITH mine AS (UPDATE booking SET state = 'cancelled', expires_at = NULL
                  WHERE case_ref LIKE 'RG 26/770%' AND state IN ('requested', 'booked') RETURNING id),
         doubles AS (UPDATE double_convocation SET cancelled_at = now()
                     WHERE designation_id IN (SELECT id FROM mine) AND cancelled_at IS NULL),
         seats AS (DELETE FROM seat_time WHERE holder_id IN (SELECT id FROM mine)),
         cases AS (DELETE FROM session_case WHERE holder_id IN (SELECT id FROM mine)),
         conflicts AS (DELETE FROM conflict_of_interest WHERE case_ref LIKE 'RG 26/770%')
    DELETE FROM place_period WHERE holder_id IN (SELECT id FROM mine)""")
SET = text("""
    SELECT k.shape, b.state FROM booking b JOIN kind k ON k.id = b.kind_id WHERE b.case_ref = :case_ref
    ORDER BY k.shape, b.created_at""")


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Free whatever the test designated: the demonstration is shared."""
    yield
    with served.engine.begin() as connection:
        connection.execute(GIVE_UP)


@pytest.fixture
def own_service(served: Served) -> str:
    """Return the name of a service of the partner."""
    with served.engine.connect() as connection:
        return str(connection.execute(OWN).scalars().first())


def rows(page: Page) -> Locator:
    """Return the lines of the table."""
    return page.locator(".pj-candidates tbody tr")


def shown(page: Page, address: str = LYON) -> Locator:
    """Open the table and return its lines once they are there."""
    go(page, address)
    expect(rows(page).first).to_be_visible()
    return rows(page)


def designate(page: Page, name: str) -> None:
    """Designate one service, and convene nobody."""
    choice = page.get_by_label("Votre choix").or_(page.get_by_label("Suggestion"))
    page.locator("td").get_by_role("button", name=f"Désigner {name}", exact=True).click()
    expect(choice.get_by_text(name, exact=True)).to_be_visible()
    page.get_by_role("button", name="Désigner sans convoquer").click()


def press(line: Locator) -> None:
    """Press the button of a line."""
    line.get_by_role("button", name=re.compile("^Désigner")).click()


def states(served: Served, case_ref: str) -> list[tuple[str, str]]:
    """Return the shape and the state of each booking of a case."""
    with served.engine.connect() as connection:
        return [(row.shape, row.state) for row in connection.execute(SET, {"case_ref": case_ref})]


class Keys:
    """A keyboard that counts: one hand, no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def write(self, words: str) -> None:
        """Type a text."""
        self.count += len(words)
        self.page.keyboard.type(words)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.count += 1
            self.page.keyboard.press(key)


def column(page: Page, key: str) -> list[str]:
    """Return the texts of a column, of the services that can take a case."""
    return page.locator(f".pj-candidates tbody tr:not(.pj-row--full) .pj-cell-{key}").all_inner_texts()


def numbers(texts: list[str]) -> list[float]:
    """Return the first number of each text."""
    found = [re.search(r"\d+(?:,\d+)?", one) for one in texts]
    return [float(one.group().replace(",", ".")) for one in found if one]


def message(page: Page) -> Locator:
    """Return the message that answers an act."""
    return page.locator("#message")


# --- the table ---


def test_the_table_is_there_at_once_and_fits_the_screen_of_a_hearing(open_page: OpenPage) -> None:
    page = open_page("/designer/", JUDGE)
    page.get_by_label("Domicile du parent 1").fill("Lyon")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Lyon (69), placé au centre de la commune")).to_be_visible()
    page.keyboard.type("Villefranche-sur-Saône")
    page.keyboard.press("Enter")

    expect(page.locator(".pj-sentence")).to_contain_text("à moins de 50\u00a0km de l’une des adresses")
    assert parse_qs(urlsplit(page.url).query) == {"p1": ["Lyon"], "p2": ["Villefranche-sur-Saône"]}
    expect(page.locator("#designer-propose")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    expect(rows(page).nth(8)).to_be_visible()
    box = rows(page).nth(8).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


def test_the_first_is_suggested_with_its_reasons_and_the_full_ones_come_last(open_page: OpenPage) -> None:
    page = open_page("/", JUDGE)
    shown(page)

    proposal = page.get_by_label("Suggestion")
    expect(proposal.get_by_text(rows(page).first.locator(".pj-name").inner_text(), exact=True)).to_be_visible()
    expect(proposal).to_contain_text(re.compile(r"(le plus proche des deux adresses|km au plus), premier rendez-vous"))
    expect(proposal).to_contain_text(re.compile(r"(charge|le moins chargé,) \d+\u00a0%"))
    are_full = [line.get_attribute("class") == "pj-row--full" for line in rows(page).all()]
    assert any(are_full)
    assert are_full == sorted(are_full)


def test_a_heading_sorts_says_so_and_the_address_keeps_it(open_page: OpenPage) -> None:
    page = open_page("/", JUDGE)
    shown(page)
    heading = page.locator("th.pj-col-parent1")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")

    assert numbers(column(page, "parent1")) == sorted(numbers(column(page, "parent1")))
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    go(page, page.url)
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert numbers(column(page, "parent1")) == sorted(numbers(column(page, "parent1")), reverse=True)
    expect(page.get_by_label("Domicile du parent 1")).to_have_value("Lyon")


def test_communes_are_suggested_while_typing(open_page: OpenPage) -> None:
    page = open_page("/designer/", JUDGE)
    page.get_by_label("Domicile du parent 1").press_sequentially("villeurb")

    expect(page.locator("#communes option[value='Villeurbanne (69)']")).to_have_count(1)


def test_a_place_that_does_not_exist_is_said_beside_its_field_and_kept(open_page: OpenPage) -> None:
    page = open_page(f"/designer/?p1={quote('Nulle part sur Rien 00000')}&p2=Lyon", JUDGE)

    expect(page.locator("#p1-message")).to_contain_text("n’a pas été trouvé")
    expect(page.get_by_label("Domicile du parent 1")).to_have_value("Nulle part sur Rien 00000")
    expect(rows(page).first).to_be_visible()


def test_an_address_full_of_nonsense_still_shows_a_table(open_page: OpenPage) -> None:
    page = open_page("/designer/?type=%00&rayon=-5&tri=%27%3B--&inconnu=1&rg=" + "9" * 90, JUDGE)

    expect(rows(page).first).to_be_visible()
    expect(page.locator("#rg-message")).to_contain_text("trop long")


def test_the_fields_hold_the_case_of_the_address_after_that_of_another(open_page: OpenPage) -> None:
    page = open_page("/designer/?rg=RG+26/77011", JUDGE)
    expect(page.locator("#rg")).to_have_value("RG 26/77011")

    go(page, "/designer/?rg=RG+26/77012")

    expect(page.locator("#rg")).to_have_value("RG 26/77012")


def test_violence_alleged_leaves_no_way_to_designate(open_page: OpenPage) -> None:
    page = open_page(f"{LYON}&rg={quote(CASE)}", JUDGE)
    page.get_by_text("Des violences sont alléguées").click()

    expect(page.get_by_role("alert").get_by_text("art. 373-2-10")).to_be_visible()
    expect(rows(page)).to_have_count(0)
    go(page, page.url)
    expect(page.get_by_role("alert").get_by_text("art. 373-2-10")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Désigner"))).to_have_count(0)


# --- designating ---


def test_without_a_case_number_nothing_is_done_and_nothing_is_lost(open_page: OpenPage) -> None:
    page = open_page(LYON, JUDGE)
    press(rows(page).first)
    page.locator("#designer-propose").click()

    expect(page.locator("#rg-message")).to_contain_text("numéro RG")
    expect(page.locator("#rg")).to_be_focused()
    expect(page.get_by_label("Domicile du parent 1")).to_have_value("Lyon")


def test_designate_print_take_back_and_take_again_with_no_csp_violation(open_page: OpenPage, own_service: str) -> None:
    page = open_page("/", JUDGE, csp=True)
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    shown(page)
    page.locator("#rg").fill("26/77001")
    designate(page, own_service)  # the field is left by the click itself

    expect(message(page)).to_contain_text(f"Désignation demandée : {own_service}, dossier {CASE}")
    expect(page.locator("#rg")).to_have_value("26/77001")
    message(page).get_by_role("button", name="Annuler").click()
    expect(message(page)).to_contain_text("est annulée.")
    expect(page.locator(".pj-case")).to_contain_text(re.compile("annulée.*annulée "))
    designate(page, own_service)
    page.locator(".pj-case").first.get_by_role("button", name="Annuler").click()
    message(page).get_by_role("button", name="Rétablir").click()
    expect(message(page)).to_contain_text("est rétablie")
    page.locator(".pj-case").first.get_by_role("link", name="Imprimer l’avis").click()

    sheet = page.locator(".pj-sheet-of-paper")
    expect(sheet).to_contain_text(f"Dossier {CASE}")
    expect(sheet).to_contain_text(own_service)
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Imprimer").click()
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    expect(page.get_by_role("banner")).not_to_be_visible()
    assert complaints == []


def test_a_case_already_given_is_not_given_twice(open_page: OpenPage) -> None:
    page = open_page(f"{LYON}&rg={quote(CASE)}", JUDGE)
    suggested = rows(page).first.locator(".pj-name").inner_text()
    page.locator("#designer-propose").click()
    expect(message(page)).to_contain_text(f"Désignation demandée : {suggested}")
    press(rows(page).filter(has_not_text=suggested).first)  # with one more, the suggested one may have gone down

    expect(message(page)).to_contain_text(f"Le dossier {CASE} est déjà confié à")


def test_the_judge_who_comes_second_is_offered_the_next_three(open_page: OpenPage, served: Served) -> None:
    page = open_page(f"{LYON}&rg={quote(CASE)}", JUDGE)
    line, holder = rows(page).first, uuid4()
    expect(line).to_be_visible()
    name = line.locator(".pj-name").inner_text()
    with served.engine.begin() as connection:  # no change is told: the page still shows it free
        number = (
            connection.execute(text("SELECT id FROM resource WHERE name = :name"), {"name": name}).scalars().first()
        )
        connection.execute(FILL, {"id": number, "today": date(2020, 1, 1), "holder": holder})
    try:
        press(line)

        expect(page.get_by_role("alert")).to_contain_text(f"{name} vient d’être pris")
        offered = page.get_by_role("alert").get_by_role("button")
        expect(offered).to_have_count(3)
        expect(page.locator("#rg")).to_have_value(CASE)
        offered.first.click()
        expect(message(page)).to_contain_text("Désignation demandée")
        expect(offered).to_have_count(0)
    finally:
        with served.engine.begin() as connection:
            connection.execute(EMPTY, {"holder": holder})


def test_a_mediator_and_both_convocations_in_ten_seconds_of_keyboard(open_page: OpenPage, served: Served) -> None:
    page = open_page("/designer/", JUDGE)
    keys, case_ref = Keys(page), "RG 26/77002"
    expect(page.locator("#rg")).to_be_focused()
    keys.write("26/77002")
    keys.press("Tab", "Tab")
    keys.write("Lyon")
    keys.press("Tab")
    keys.write("Villefranche-sur-Saône")
    keys.press("Enter")
    expect(page.locator("#designer-propose")).to_be_focused()
    expect(page.locator("#designer-propose")).to_contain_text(re.compile("Réunion .* puis Audience"))
    keys.press("Enter")

    expect(message(page)).to_contain_text(re.compile("Réunion d’information .*, puis audience"))
    expect(message(page)).to_be_focused()
    typed = len("26/77002LyonVillefranche-sur-Saône")
    assert keys.count - typed == 5  # three Tab, two Enter
    assert states(served, case_ref) == [("places", "requested"), ("sessions", "booked"), ("slots", "booked")]
    keys.press("Tab", "Tab", "Enter")
    sheet = page.locator(".pj-sheet-of-paper")
    expect(sheet).to_contain_text("Réunion d’information")
    expect(sheet).to_contain_text("Audience JAF")
    page.go_back()
    page.locator(".pj-case").get_by_role("button", name="Annuler").click()
    expect(message(page)).to_contain_text("est annulée, avec la réunion d’information et l’audience")
    assert {state for _, state in states(served, case_ref)} == {"cancelled"}
    message(page).get_by_role("button", name="Rétablir").click()
    expect(page.locator(".pj-case")).to_contain_text(re.compile("Réunion .* ; audience"))
    assert {state for _, state in states(served, case_ref)} == {"requested", "booked"}


def test_the_children_s_judge_chooses_by_zone_competence_and_conflict(open_page: OpenPage, served: Served) -> None:
    page = open_page("/designer/", Role.CHILDRENS_JUDGE)
    expect(page.get_by_label("Mesure")).to_have_value("aemo")
    page.locator("#rg").fill("26/77005")
    page.get_by_label("Domicile de l’enfant").fill("Lyon")
    page.keyboard.press("Enter")
    expect(page.locator(".pj-sentence")).to_contain_text("services d’AEMO")
    expect(rows(page).filter(has_text="Hors de sa zone").first).to_be_visible()
    name = page.get_by_label("Suggestion").locator("strong").inner_text()
    in_conflict = rows(page).filter(has=page.locator(".pj-state", has_text="Conflit d’intérêts"))
    rows(page).first.get_by_role("button", name="Signaler un conflit d’intérêts").click()
    expect(message(page)).to_contain_text(f"{name} ne sera plus proposé pour le dossier RG 26/77005")
    expect(page.get_by_label("Suggestion").locator("strong")).not_to_have_text(name)
    expect(in_conflict).to_contain_text(name)
    go(page, page.url)
    expect(in_conflict).to_contain_text(name)
    assert serious(page) == []
    page.get_by_label("Compétence").select_option("simple")
    page.wait_for_url("**competence=simple**")
    expect(page.locator(".pj-designate__answer")).to_have_attribute("aria-busy", "false")
    page.locator("#designer-propose").click()

    expect(message(page)).to_contain_text("Désignation demandée")
    assert states(served, "RG 26/77005") == [("places", "requested")]
    page.locator(".pj-case").get_by_role("link", name="Imprimer l’avis").click()
    expect(page.locator(".pj-sheet-of-paper")).to_contain_text("Service d’AEMO désigné")
    expect(page.locator(".pj-sheet-of-paper")).to_contain_text("Le juge des enfants, le greffier")


def test_on_a_phone_the_table_is_cards(open_page: OpenPage) -> None:
    page = open_page(LYON, JUDGE, width=375)

    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    card = rows(page).first
    expect(card.get_by_role("button", name=re.compile("^Désigner"))).to_be_visible()
    box = card.get_by_role("button", name=re.compile("^Désigner")).bounding_box()
    assert box is not None
    assert box["height"] >= 44
    page.get_by_label("Trier par").select_option("charge")
    page.wait_for_url("**tri=charge**")


# --- the partner ---


def test_a_request_arrives_is_accepted_and_the_judge_sees_it(open_page: OpenPage, own_service: str) -> None:
    partner = open_page("/demandes/", PARTNER, width=375)
    judge = open_page(f"{LYON}&rg={quote(CASE)}", JUDGE)
    request = partner.locator(".pj-request", has_text=CASE)
    expect(request).to_have_count(0)
    designate(judge, own_service)

    expect(request).to_be_visible()
    expect(request).to_contain_text("Répondre avant le")
    expect(request).to_contain_text("Tribunal judiciaire de Lyon")
    request.get_by_role("button", name="Accepter").click()
    expect(request.get_by_role("button", name="Oui, accepter")).to_be_focused()
    assert serious(partner) == []
    request.get_by_role("button", name="Oui, accepter").click()
    expect(message(partner)).to_contain_text(f"La demande du dossier {CASE} est acceptée")
    expect(request).to_have_count(0)
    expect(partner.locator(".pj-answered").first).to_contain_text("acceptée")
    expect(judge.locator(".pj-case").first).to_contain_text("acceptée par le service")


def test_a_refusal_wants_its_reason_and_can_be_left(open_page: OpenPage, own_service: str) -> None:
    judge = open_page(f"{LYON}&rg={quote('RG 26/77003')}", JUDGE)
    designate(judge, own_service)
    expect(message(judge)).to_contain_text("Désignation demandée")
    partner = open_page("/demandes/", PARTNER, width=375)
    request = partner.locator(".pj-request", has_text="RG 26/77003")
    request.get_by_role("button", name="Refuser").click()
    request.get_by_role("button", name="Revenir").click()
    expect(request.get_by_role("button", name="Accepter")).to_be_focused()
    request.get_by_role("button", name="Refuser").click()
    request.get_by_role("button", name="Refuser la demande").click()
    expect(request.get_by_text("Choisissez un motif")).to_be_visible()
    assert serious(partner) == []
    request.get_by_label("Motif du refus").select_option("full")
    request.get_by_role("button", name="Refuser la demande").click()

    expect(message(partner)).to_contain_text("refusée (plus de place)")
    expect(partner.locator(".pj-answered").first).to_contain_text("refusée (plus de place)")
    expect(judge.locator(".pj-case").first).to_contain_text("motif : plus de place")


def test_the_judge_s_screen_with_a_case_has_no_serious_violation(open_page: OpenPage, own_service: str) -> None:
    page = open_page(f"{LYON}&rg={quote('RG 26/77004')}", JUDGE)
    designate(page, own_service)
    expect(page.locator(".pj-case")).to_be_visible()

    assert serious(page) == []
