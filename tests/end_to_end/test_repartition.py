"""The registry proposes, watches, stops, applies a part and takes it back, in a real browser with the real solver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import WAIT_MS, go
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
CLERK = Role.REGISTRY
PATIENCE_MS = 2 * WAIT_MS  # the first search starts its process, and one of them goes on to its end
ADDRESS = "/repartition/?type=audience-jcp"

# The demonstration is shared: what a test applied is taken away, a search that runs is told that it is no longer. What
# other kinds of hearings have stays: theirs have their dates.
KIND = "(SELECT id FROM kind WHERE code = 'audience-jcp')"
OWN = f"FROM waiting_case WHERE kind_id = {KIND}"
TO_COME = f"""SELECT h.resource_id FROM hearing_session h JOIN resource r ON r.id = h.resource_id
    WHERE h.starts_at > now() AND r.kind_id = {KIND}"""  # noqa: S608
AS_IT_WAS = f"""
    DELETE FROM optimizer_run;
    DELETE FROM session_case WHERE holder_id IN (SELECT booking_id {OWN});
    UPDATE booking SET state = 'cancelled', expires_at = NULL WHERE id IN (SELECT booking_id {OWN});
    UPDATE waiting_case SET booking_id = NULL WHERE kind_id = {KIND};
    DELETE FROM seat_time WHERE lower(during) > now() AND holder_id IN (
        SELECT id FROM hearing_staffing WHERE hearing_id IN ({TO_COME}));
    DELETE FROM hearing_staffing WHERE hearing_id IN ({TO_COME});
    DELETE FROM seat_time WHERE lower(during) > now() AND holder_id NOT IN (SELECT id FROM hearing_staffing)
        AND holder_id NOT IN (SELECT holder_id FROM template_session) AND resource_id IN (
        SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id WHERE k.code = 'salle')"""  # noqa: S608
BOOKED = text(f"""
    SELECT count(*) FROM waiting_case w JOIN booking b ON b.id = w.booking_id
    WHERE b.state = 'booked' AND w.kind_id = {KIND}""")  # noqa: S608
DEAD_RUN = text(f"""
    INSERT INTO optimizer_run (id, problem, manner, territory_id, kind_id, requested_by, first_on, until_on, state,
                               digest, created_at, heartbeat_at)
    SELECT :id, 'hearings', 'plan', w.territory_id, w.kind_id, :id, current_date, current_date + 1, 'running', '',
           now() - interval '1 minute', now() - interval '1 minute'
    FROM waiting_case w WHERE w.kind_id = {KIND} ORDER BY w.id LIMIT 1""")  # noqa: S608
TAKE_ROOMS = text("""
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    SELECT r.id, 1, tstzrange(h.starts_at, h.ends_at), :holder FROM resource r
    JOIN kind k ON k.id = r.kind_id AND k.code = 'salle',
         (SELECT h.starts_at, h.ends_at FROM hearing_session h JOIN resource s ON s.id = h.resource_id
          JOIN kind c ON c.id = s.kind_id WHERE c.code = 'audience-jcp' AND h.starts_at > now()
          ORDER BY h.starts_at, s.id LIMIT 1) h
    ON CONFLICT DO NOTHING""")  # a room where another hearing is already


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    """Wait longer than usual for what must come."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=WAIT_MS)


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the court as it was found."""
    yield
    with served.engine.begin() as connection:
        for statement in AS_IT_WAS.split(";"):
            connection.execute(text(statement))


def booked(served: Served) -> int:
    """Return how many of the cases have their place."""
    with served.engine.connect() as connection:
        return int(connection.execute(BOOKED).scalar_one())


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return a button by its words."""
    return page.get_by_role("button", name=name)


def proposed(page: Page) -> Locator:
    """Have a plan proposed, stopped as soon as something is found, and return it."""
    button(page, "Proposer une répartition").click()
    expect(page.locator(".pj-plan__figures")).to_contain_text("affaires placées")
    button(page, "Arrêter").click()
    found = page.get_by_role("region", name="Proposition", exact=True)
    expect(found).to_be_visible()
    return found


def whole(page: Page, number: int) -> Locator:
    """Return the box of a hearing of the proposal, as one clicks it."""
    return page.locator(".pj-plan__whole label").nth(number)


def carry(page: Page, what: Locator, where: Locator) -> None:
    """Drag something to where it is to be, out of sight as it may be when one begins."""
    what.hover()
    box = what.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 5, box["y"] + 5, steps=3)
    expect(page.locator(".pj-plan__answer").first).to_be_visible()
    where.hover()
    where.hover()  # a browser says where one is from the second move on
    page.mouse.up()


def count_of(words: str) -> int:
    """Return the first number of a text."""
    found = re.search(r"\d+", words)
    assert found is not None
    return int(found.group())


def test_the_court_is_shown_with_what_waits(open_page: OpenPage) -> None:
    page = open_page(ADDRESS, CLERK)

    expect(page.locator(".pj-plan__hearing")).to_have_count(12)
    expect(page.locator(".pj-plan__cases tbody tr")).to_have_count(40)
    expect(page.get_by_text("150\u00a0affaires attendent une date")).to_be_visible()
    button(page, "Afficher les 110 autres").click()
    expect(page.locator(".pj-plan__cases tbody tr")).to_have_count(150)


def test_a_search_is_watched_survives_a_reload_and_stops(open_page: OpenPage) -> None:
    page = open_page(ADDRESS, CLERK)
    button(page, "Proposer une répartition").click()
    figures = page.locator(".pj-plan__figures")
    expect(figures).to_contain_text("affaires placées")
    before = figures.inner_text()
    expect(figures).not_to_have_text(before)  # it lives: the seconds go on
    assert page.locator(".pj-plans__value").get_attribute("points")

    go(page, ADDRESS)
    expect(figures).to_contain_text("affaires placées")
    button(page, "Arrêter").click()

    expect(page.get_by_text("Recherche arrêtée : voici la meilleure proposition")).to_be_visible()
    expect(page.get_by_role("region", name="Proposition", exact=True)).to_contain_text("12\u00a0audiences tenues")
    expect(button(page, "Proposer une nouvelle répartition")).to_be_visible()


def test_the_focus_stays_with_the_search_and_a_reload_keeps_what_is_ticked(open_page: OpenPage) -> None:
    page = open_page(ADDRESS, CLERK)
    button(page, "Proposer une répartition").press("Enter")
    expect(page.locator("#recherche")).to_be_focused()
    expect(page.locator(".pj-plan__figures")).to_contain_text("affaires placées")
    page.keyboard.press("Tab")
    expect(button(page, "Arrêter")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Proposition", exact=True)).to_be_visible()
    expect(page.locator("#recherche")).to_be_focused()

    whole(page, 0).click()
    kept = button(page, re.compile("cochées$"))
    words = kept.inner_text()
    go(page, ADDRESS)
    expect(kept).to_have_text(words)


def test_a_second_tab_shows_the_search_of_the_first(open_page: OpenPage) -> None:
    first, second = open_page(ADDRESS, CLERK), open_page(ADDRESS, CLERK)
    button(first, "Proposer une répartition").click()
    expect(button(first, "Arrêter")).to_be_visible()
    button(second, "Proposer une répartition").click()

    expect(second.get_by_text("est déjà en cours : la voici.")).to_be_visible()
    expect(second.locator(".pj-plan__figures")).to_contain_text("affaires placées")  # it may still wait for its turn
    button(second, "Arrêter").click()
    expect(first.get_by_role("region", name="Proposition", exact=True)).to_be_visible()
    expect(second.get_by_role("region", name="Proposition", exact=True)).to_be_visible()


def test_a_proposal_says_why_without_serious_violation_is_printed_unfolded_and_left_with_its_kind(
    open_page: OpenPage,
) -> None:
    page = open_page(ADDRESS, CLERK)
    found = proposed(page)

    placed = count_of(button(page, re.compile("^Appliquer les")).inner_text())
    page.get_by_label("Lignes").select_option("out")
    rows = page.locator(".pj-plans__line")
    expect(rows).to_have_count(150 - placed)
    reasons = page.locator(".pj-plan__why").all_inner_texts()
    assert len(reasons) == rows.count()
    assert any("échéance trop proche pour toutes les audiences" in one for one in reasons)
    assert all(reasons)

    fold = page.locator(".pj-plan__fold").first
    fold.click()
    case = page.locator(".pj-plan__inside li label").first
    expect(case).to_be_visible()
    assert serious_in_both_schemes(page) == []
    fold.click()

    expect(case).to_be_hidden()
    page.emulate_media(media="print")

    expect(case).to_be_visible()
    expect(page.locator(".pj-plan__court")).to_be_hidden()
    page.emulate_media(media="screen")

    page.get_by_label("Audiences", exact=True).select_option("audience-jaf")  # another kind keeps nothing of it
    expect(page.get_by_text("Aucune affaire en attente. Tout est à jour.")).to_be_visible()
    expect(found).to_have_count(0)
    expect(button(page, "Proposer une répartition")).to_be_visible()


def test_ones_day_leads_to_the_cases_that_wait(open_page: OpenPage) -> None:
    page = open_page("/ma-journee/", CLERK)
    page.get_by_role("link", name="150\u00a0affaires attendent une audience").press("Enter")

    expect(page.get_by_role("heading", name="Répartition")).to_be_visible()


def test_a_part_is_applied_then_the_rest_then_all_is_taken_back(open_page: OpenPage, served: Served) -> None:
    page = open_page(ADDRESS, CLERK)
    found = proposed(page)
    total = count_of(button(page, re.compile("^Appliquer les")).inner_text())
    whole(page, 0).click()
    part = button(page, re.compile("^Appliquer les .* cochées"))
    expect(part).to_be_visible()
    wanted = count_of(part.inner_text()) - 1
    page.locator(".pj-plan__fold").nth(1).click()
    page.locator(".pj-plan__card").nth(1).locator(".pj-plan__inside label").first.click()
    expect(part).to_contain_text(f"{wanted}\u00a0")
    assert 0 < wanted < total

    part.click()

    expect(page.locator("#message")).to_contain_text(f"{wanted}\u00a0affaires placées, 11\u00a0audiences confiées")
    assert booked(served) == wanted
    expect(found.get_by_text("Appliquée en partie")).to_be_visible()
    whole(page, 0).click()
    whole(page, 1).click()
    button(page, re.compile("^Appliquer les")).click()
    expect(found.get_by_text("Appliquée", exact=True)).to_be_visible()
    assert booked(served) == total

    page.locator(".pj-plan__fold").first.click()
    page.locator(".pj-plan__placed a").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("RG 26/")
    go(page, ADDRESS)
    button(page, "Proposer une nouvelle répartition").click()  # what was applied before stays at hand
    expect(page.get_by_text(re.compile("^Recherche terminée"))).to_be_visible()
    page.get_by_role("button", name="Annuler cette application").click()
    expect(page.locator("#message")).to_contain_text(
        f"Application annulée : {total}\u00a0affaires reviennent à l’état d’avant"
    )
    assert booked(served) == 0


def test_what_somebody_took_meanwhile_is_said_and_the_rest_is_applied(open_page: OpenPage, served: Served) -> None:
    page = open_page(ADDRESS, CLERK)
    proposed(page)
    with served.engine.begin() as connection:
        connection.execute(TAKE_ROOMS, {"holder": uuid4()})

    button(page, re.compile("^Appliquer les")).click()

    expect(page.locator("#message")).to_contain_text("11\u00a0audiences confiées")
    refused = page.locator(".pj-plan__refused")
    expect(refused).to_contain_text(re.compile(r"Audience du .* : Salle \d\s: prise ou pris à cette heure"))
    expect(refused).to_contain_text("audience non tenue")
    assert 0 < booked(served) < 140


def test_a_search_whose_server_died_is_said_and_can_be_started_again(open_page: OpenPage, served: Served) -> None:
    with served.engine.begin() as connection:
        connection.execute(DEAD_RUN, {"id": uuid4()})
    page = open_page(ADDRESS, CLERK)

    expect(page.get_by_text("La recherche a été interrompue")).to_be_visible()
    proposed(page)
    expect(page.locator(".pj-plan__run")).to_have_count(2)


def test_the_search_is_asked_and_applied_by_keyboard_on_a_phone(open_page: OpenPage, served: Served) -> None:
    page = open_page(ADDRESS, CLERK, width=375)
    button(page, "Proposer une répartition").focus()
    page.keyboard.press("Enter")
    stop = button(page, "Arrêter")
    expect(page.locator(".pj-plan__figures")).to_contain_text("affaires placées")
    stop.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Proposition", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.locator(".pj-plan__whole input").first.focus()
    page.keyboard.press("Space")
    expect(button(page, re.compile("cochées$"))).to_be_visible()
    button(page, re.compile("cochées$")).focus()
    page.keyboard.press("Enter")

    expect(page.locator("#message")).to_contain_text("affaires placées")
    expect(page.locator("#message")).to_be_focused()
    assert booked(served) > 0


def test_a_proposal_is_changed_by_hand_locked_compared_and_gone_on_from(open_page: OpenPage) -> None:
    page = open_page(ADDRESS, CLERK)
    page.get_by_label("Attendre moins").press("End")
    expect(page.locator("output").first).to_have_text("avant tout")
    found = proposed(page)
    expect(found).to_contain_text("attendre moins : avant tout")

    page.locator(".pj-plan__fold").first.press("Enter")
    case = page.locator(".pj-plan__inside li").first
    found_ref = re.search(r"RG \d+/\d+", case.inner_text())
    assert found_ref is not None
    ref = found_ref.group()
    case.get_by_role("combobox").select_option("frozen")
    expect(page.locator("#recherche")).to_contain_text("1\u00a0verrou")
    case.get_by_role("combobox").select_option("free")
    case.get_by_role("button", name=re.compile("^Déplacer vers")).press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Pourquoi")).to_be_visible()
    sheet.get_by_role("button", name=re.compile("^Retirer")).press("Enter")

    expect(found.locator("p").first).to_contain_text("modifiée à la main")
    expect(page.get_by_role("columnheader", name=re.compile("^Proposition [AB]"))).to_have_count(2)
    page.get_by_label("Chercher", exact=True).fill(ref)
    expect(page.locator(".pj-plans__line")).to_have_count(1)
    line = page.locator(".pj-plans__line", has_text=ref)
    expect(line).to_contain_text("sans place")

    carry(page, line.locator(".pj-plan__why"), page.locator(".pj-plan__head").first)  # where it was, there is room
    expect(page.locator(".pj-plan__run", has_text="modifiée à la main")).to_have_count(2)
    page.get_by_label("Lignes").select_option("placed")
    expect(page.locator(".pj-plans__line", has_text=ref)).to_contain_text("reçoit une place")
    button(page, "Continuer la recherche à partir d’ici").click()
    button(page, "Arrêter").click()
    expect(page.locator(".pj-plan__run")).to_have_count(4)
    button(page, re.compile("^Ouvrir")).last.press("Enter")
    expect(found.locator("p").first).not_to_contain_text("modifiée à la main")
