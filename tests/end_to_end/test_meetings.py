"""A registry finds an hour common to five people by keyboard, takes it, takes it back, and calls a meeting off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
NAME = "Réunion fictive du parcours"
# An interpreter, two judges, a clerk and a prosecutor.
FIVE = text("""
    SELECT name FROM (
        SELECT r.name, k.code, row_number() OVER (PARTITION BY k.code ORDER BY r.id) AS rank
        FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
        JOIN territory t ON t.id = s.territory_id
        WHERE t.code = 'TGILYON' AND k.code IN ('magistrat', 'greffier', 'parquet', 'interprete')) staff
    WHERE rank <= CASE code WHEN 'magistrat' THEN 2 ELSE 1 END ORDER BY code, rank""")
GONE = """
    DELETE FROM video_link WHERE holder_id IN (SELECT id FROM meeting WHERE name = :name);
    DELETE FROM seat_time WHERE holder_id IN (SELECT id FROM meeting WHERE name = :name);
    DELETE FROM meeting WHERE name = :name"""
TAKEN = text("""
    SELECT count(*) FROM seat_time t JOIN meeting m ON m.id = t.holder_id WHERE m.name = :name""")


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave the demonstration as it was found."""
    yield
    with served.engine.begin() as connection:
        for statement in GONE.split(";"):
            connection.execute(text(statement), {"name": NAME})


def a_monday() -> date:
    """Return a Monday far ahead, which the demonstration leaves alone."""
    day = datetime.now(UTC).date() + timedelta(weeks=20)
    return day + timedelta(days=-day.weekday() % 7)


def ask_for(page: Page, people: list[str]) -> None:
    """Choose people by keyboard, one after the other."""
    box, asked = page.locator("#chercher-qui"), page.get_by_role("region", name="Qui doit être là")
    box.focus()
    for number, name in enumerate(people, 1):
        page.keyboard.insert_text(name)
        expect(page.get_by_role("option").first).to_contain_text(name)
        page.keyboard.press("Enter")
        expect(asked.get_by_role("button", name=f"Retirer {name}")).to_be_visible()
        expect(asked.get_by_role("button", name=re.compile("^Retirer "))).to_have_count(number)
        expect(page.locator(".pj-dimmed")).to_have_count(0)
        expect(box).to_have_value("")
        expect(box).to_be_focused()


def search(page: Page) -> None:
    """Ask for an hour with video, far ahead; Enter gives the focus to the answer."""
    monday = a_monday()
    page.get_by_label("À partir du").fill(monday.isoformat())
    page.get_by_label("Au plus tard le").fill((monday + timedelta(days=11)).isoformat())
    page.get_by_label("Salle").select_option(label="Salle avec visio")
    expect(page).to_have_url(re.compile(f"salle=visio&du={monday}"))
    page.get_by_label("Durée, en minutes").fill("60")
    page.keyboard.press("Enter")
    answer = page.locator("#reponse")
    expect(answer).to_contain_text("de 60\u00a0minutes")
    expect(answer).to_be_focused()


def test_an_hour_common_to_five_is_found_by_keyboard_taken_taken_back_and_called_off(
    open_page: OpenPage, served: Served
) -> None:
    with served.engine.connect() as connection:
        five = list(connection.execute(FIVE).scalars())
    page = open_page("/repartition/", Role.REGISTRY)
    page.get_by_role("link", name="Dates communes").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/reunir/$"))
    expect(page.get_by_text("Choisissez qui doit être là")).to_be_visible()
    ask_for(page, five)
    search(page)
    days = page.locator(".pj-meet__day")
    expect(days.locator(".pj-meet__slot")).to_have_count(5)
    expect(days.first.locator(".pj-meet__line")).to_have_count(len(five) + 2)  # with a room and a unit
    expect(days.first.locator(".pj-meet__line").first).to_contain_text(re.compile("libre toute la journée|occupé de"))
    assert serious_in_both_schemes(page) == []

    page.get_by_text("Prise comme : Réunion").press("Enter")
    page.locator("#name").fill(NAME)
    page.keyboard.press("Tab")
    expect(page.get_by_text(f"Prise comme : Réunion, «\u00a0{NAME}\u00a0»")).to_be_visible()
    first = days.first.get_by_role("button", name=re.compile("^Prendre ")).first
    when = first.get_attribute("aria-label") or ""
    first.focus()
    page.keyboard.press("Enter")
    message = page.locator("#message")
    expect(message).to_contain_text("C’est fixé")
    expect(message).to_be_focused()
    expect(message).to_contain_text(when.removeprefix("Prendre "))
    mine = page.get_by_role("listitem").filter(has_text=NAME)
    expect(mine).to_have_count(1)
    expect(page.get_by_role("button", name=when, exact=True)).to_have_count(0)
    with served.engine.connect() as connection:
        assert connection.execute(TAKEN, {"name": NAME}).scalar_one() == len(five) + 2

    page.keyboard.press("Tab")
    expect(message.get_by_role("button", name="Annuler")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("C’est annulé.")).to_be_visible()
    expect(mine).to_have_count(0)
    expect(page.get_by_role("button", name=when, exact=True)).to_be_visible()
    expect(message).to_be_focused()

    page.get_by_role("button", name=when, exact=True).press("Enter")
    expect(mine).to_have_count(1)
    expect(message).to_be_focused()
    mine.get_by_role("button", name=re.compile("^Annuler la réunion")).press("Enter")
    expect(page.get_by_text("chacun est de nouveau libre à cette heure")).to_be_visible()
    expect(mine).to_have_count(0)

    page.goto("/reunir/?minutes=45")
    expect(page.get_by_text("Choisissez qui doit être là")).to_be_visible()
    expect(page.get_by_label("Durée, en minutes")).to_have_value("45")
    expect(page.get_by_label("À partir du")).not_to_have_value(a_monday().isoformat())
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
