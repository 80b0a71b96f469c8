"""A clerk holds the list of a hearing in a browser, and the screen of the hall follows, through a cut and a restart."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served, serving

OpenPage = Callable[..., Page]
CLERK = Role.REGISTRY
HELD = """
    SELECT h.resource_id, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day FROM hearing_session h
    JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    WHERE r.name = 'Audience JCP du jour'"""
AS_IT_WAS = """
    UPDATE case_call c SET rank = k.rank, stage = k.stage, called_at = k.called_at, began_at = k.began_at,
           ended_at = k.ended_at, moved_to = NULL, name_sealed = k.name_sealed
    FROM kept_call k WHERE k.booking_id = c.booking_id;
    UPDATE booking b SET state = k.state, resource_id = k.resource_id, starts_at = k.starts_at, ends_at = k.ends_at
    FROM kept_booking k WHERE k.id = b.id;
    UPDATE session_case s SET resource_id = k.resource_id FROM kept_booking k WHERE k.id = s.holder_id;
    DROP TABLE kept_call, kept_booking;
    DELETE FROM screen WHERE name <> 'Hall principal'"""


@pytest.fixture(autouse=True)
def given_back(served: Served) -> Iterator[None]:
    """Leave the hearing of the demonstration as it was."""
    keep = f"""
        CREATE TABLE kept_call AS SELECT * FROM case_call WHERE hearing_id = (SELECT resource_id FROM ({HELD}) h);
        CREATE TABLE kept_booking AS SELECT * FROM booking WHERE id IN (SELECT booking_id FROM kept_call)"""  # noqa: S608
    with served.engine.begin() as connection:
        connection.exec_driver_sql(keep)
    yield
    with served.engine.begin() as connection:
        connection.exec_driver_sql(AS_IT_WAS)


def address(served: Served) -> str:
    """Return the address of the hearing that is being held."""
    with served.engine.connect() as connection:
        held = connection.execute(text(HELD)).one()
    return f"/audiences/jour/?jour={held.day}&audience={held.resource_id}"


def case(page: Page, rank: int) -> Locator:
    """Return the line of a case, from its rank."""
    return page.locator("[data-line]").nth(rank - 1)


def number_of(line: Locator) -> str:
    """Return the number of the case of a line."""
    return line.get_by_role("heading").inner_text()


def press(line: Locator, label: str) -> None:
    """Press a button of a line."""
    line.get_by_role("button", name=re.compile(f"^{label}")).click()


def wall_address(page: Page, name: str = "Hall principal") -> str:
    """Return the address of a screen, without its host."""
    href = page.get_by_role("link", name=f"Ouvrir l’écran {name}").get_attribute("href") or ""
    return "/affichage/" + href.partition("/affichage/")[2]


def test_a_list_is_held_ordered_and_postponed_and_each_step_is_taken_back(open_page: OpenPage, served: Served) -> None:
    page = open_page(address(served), CLERK)
    running, called = number_of(case(page, 4)), number_of(case(page, 5))
    press(case(page, 5), "Commencer")
    expect(page.get_by_text("une autre affaire est en cours")).to_be_visible()

    press(case(page, 4), "Terminer")
    expect(case(page, 4)).to_contain_text("entendue")
    expect(case(page, 4)).to_be_focused()
    page.get_by_role("button", name="Annuler").click()
    expect(case(page, 4)).to_contain_text("en cours")
    assert number_of(case(page, 4)) == running

    press(case(page, 5), "Renvoyer")
    group = page.get_by_role("group", name=f"Renvoi de l’affaire {called}")
    expect(group).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(case(page, 5)).to_contain_text("renvoyée")
    expect(page.get_by_text("Personne n’y est convoqué par PlaceJuste")).to_be_visible()
    press(case(page, 5), "Revenir en arrière")
    expect(case(page, 5)).to_contain_text("appelée")

    last = number_of(case(page, 9))
    case(page, 9).get_by_role("heading").drag_to(case(page, 7).get_by_role("heading"))
    expect(case(page, 7).get_by_role("heading")).to_have_text(last)
    expect(page.get_by_text("L’ordre est enregistré.")).to_be_visible()
    page.get_by_role("button", name=f"Descendre l’affaire {last}").press("Enter")
    expect(case(page, 8).get_by_role("heading")).to_have_text(last)
    expect(page.get_by_role("button", name=f"Descendre l’affaire {last}")).to_be_focused()
    page.get_by_role("button", name="Ordonner").click()
    expect(page.locator("#message")).to_contain_text(re.compile("Liste ordonnée|déjà dans le meilleur ordre"))

    press(case(page, 6), "Nommer")
    name = page.get_by_label("Nom de l’affaire")
    expect(name).to_be_focused()
    name.fill("Essai c/ Fictif")
    name.press("Enter")
    expect(case(page, 6)).to_contain_text("Essai c/ Fictif")
    expect(page.get_by_text("Le nom est enregistré.")).to_be_visible()
    here = page.url
    page.get_by_role("link", name="Lendemain").click()
    expect(page).not_to_have_url(here)
    expect(page.get_by_text("Le nom est enregistré.")).to_have_count(0)  # it was said of the other list
    page.go_back()
    expect(case(page, 6)).to_contain_text("Essai c/ Fictif")
    page.mouse.move(0, 0)  # a button under the mouse has the colours of hovering
    assert serious_in_both_schemes(page) == []


def test_a_day_without_hearings_leads_to_the_next_one_that_has_some(open_page: OpenPage) -> None:
    page = open_page("/audiences/jour/?jour=2020-01-01", CLERK)

    expect(page.get_by_text("Aucune audience ce jour.")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^Aller au \w+ \d")).click()
    expect(page).to_have_url(re.compile("jour=202[6-9]|jour=20[3-9]"))
    expect(page.get_by_role("navigation", name="Audiences de ce jour")).to_be_visible()


def test_a_screen_is_set_up_shown_changed_withdrawn_and_put_back(open_page: OpenPage) -> None:
    page = open_page("/affichage/", CLERK)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text(re.compile("Le nom de l’écran.*à renseigner"))).to_be_visible()
    page.get_by_label("Nom de l’écran").fill("Porte d’essai")
    page.get_by_text("Salle 5", exact=True).click()
    page.get_by_label("Nom de l’écran").press("Enter")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Porte d’essai"))
    expect(card).to_contain_text("Salle 5")
    expect(card).to_contain_text("jamais allumé")

    wall = open_page(wall_address(page, "Porte d’essai"))
    expect(wall.get_by_text("Porte d’essai")).to_be_visible()
    card.get_by_role("button", name=re.compile("^Retirer")).click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(card).to_be_visible()
    old = wall_address(page, "Porte d’essai")
    card.get_by_role("button", name=re.compile("^Nouvelle adresse")).click()
    expect(page.get_by_text("l’ancienne n’affiche plus rien")).to_be_visible()
    gone = open_page(old)
    expect(gone.get_by_role("alert")).to_contain_text("n’affiche plus rien")
    page.mouse.move(0, 0)
    assert serious_in_both_schemes(page) == []


def test_the_wall_follows_the_clerk_and_lives_through_a_cut_and_a_restart(
    open_page: OpenPage, served: Served, tmp_path: Path
) -> None:
    shutil.copy(served.data_dir / "secret_key", tmp_path)
    page = open_page("/affichage/", CLERK)
    path = wall_address(page)
    clerk = open_page(address(served), CLERK)
    with serving(served.database_url, tmp_path) as other:
        wall = open_page()
        wall.clock.install()
        wall.goto(other.url + path)
        expect(wall.locator(".running")).to_have_count(1)
        press(case(clerk, 6), "Appeler")
        expect(case(clerk, 6)).to_contain_text("appelée")
        wall.clock.fast_forward(5_000)
        expect(wall.locator(".called")).to_have_count(2)

    wall.clock.fast_forward(30_000)
    expect(wall.get_by_text("Données de")).to_be_visible()
    expect(wall.locator(".called")).to_have_count(2)  # what is there stays
    press(case(clerk, 6), "Revenir en arrière")
    expect(case(clerk, 6)).not_to_contain_text("appelée")
    with serving(served.database_url, tmp_path, port=urlsplit(other.url).port or 0) as again:
        assert again.url == other.url
        wall.clock.fast_forward(15_000)
        expect(wall.locator(".called")).to_have_count(1)
        expect(wall.get_by_text("Données de")).to_be_hidden()
