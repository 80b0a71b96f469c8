"""A host notes who came with one thumb; a judge takes visits in one form and gives back the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.openings import is_holiday
from availability.rights import Role
from portal.actors import COOKIE
from portal.sign_in import sign_in
from tests.conftest import go
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
A_WEEK = timedelta(weeks=1)
# Every second week: in the week before, the room is free at that hour.
VISITS = text("""
    SELECT r.id AS room, s.holiday_zone, CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    WHERE r.name = 'Salle bleue' AND b.state = 'booked' AND b.starts_at > now() + interval '8 days'
    ORDER BY b.starts_at""")


def signed_in(page: Page, served: Served, login: str) -> None:
    """Have a page be that of this account."""
    with Session(served.engine) as session, session.begin():
        account_id = session.execute(text("SELECT id FROM account WHERE login = :login"), {"login": login}).scalar_one()
        token = sign_in(session, account_id, datetime.now(UTC), hours=1)
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": served.url, "httpOnly": True}])


def test_on_a_phone_a_host_notes_somebody_in_one_tap_and_takes_it_back(open_page: OpenPage, served: Served) -> None:
    page = open_page(width=375)
    signed_in(page, served, "robin.figurant")
    go(page, "/presences/")
    name = page.locator(".pj-presence__whom").first.inner_text()
    card = page.locator(".pj-presence", has=page.get_by_text(name, exact=True))

    card.get_by_role("button", name="Une demi-heure de plus").click()
    expect(card.locator(".pj-presence__hours")).to_have_text("7\u00a0h\u00a030")
    card.get_by_role("button", name="Présent(e)").click()
    expect(card.get_by_role("status")).to_contain_text("Présent(e), 7\u00a0h\u00a030")
    expect(card.get_by_role("status")).to_contain_text("longue journée")
    card.get_by_role("button", name="Une demi-heure de moins").click()
    expect(card.get_by_role("status")).to_contain_text("Présent(e), 7\u00a0h Noté")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    card.get_by_role("button", name="Annuler").click()
    expect(card.get_by_role("button", name="Présent(e)")).to_have_attribute("aria-pressed", "false")
    expect(card.get_by_role("button", name="Annuler")).to_have_count(0)

    page.get_by_role("link", name="Feuille de présence du mois").click()
    expect(page.locator(".pj-sheet-month tbody tr").first).to_be_visible()
    assert serious(page) == []


def test_a_judge_takes_visits_by_keyboard_replaces_what_is_taken_and_gives_back_the_rest(
    open_page: OpenPage, served: Served
) -> None:
    with served.engine.connect() as connection:
        visits = connection.execute(VISITS).all()
    room, first = next(
        (row.room, row.day - A_WEEK) for row in visits if not is_holiday(row.day - A_WEEK, row.holiday_zone)
    )
    page = open_page(f"/serie/nouvelle/?lieu={room}&du={first}&heure=14:00", Role.FAMILY_JUDGE)
    total, case = page.get_by_label("Nombre en tout"), page.locator("#case_ref")
    case.fill("RG 26/45612")
    total.fill("2")
    expect(page.locator(".pj-occurrences > li")).to_have_count(2)
    taken = page.locator(".pj-occurrence--taken")
    expect(taken).to_have_count(1)

    total.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Rien n’est réservé")
    expect(case).to_have_value("RG 26/45612")
    assert serious(page) == []
    instead = taken.get_by_role("button").first
    instead.focus()
    instead.press("Enter")
    expect(taken).to_have_count(0)
    total.press("Enter")

    expect(page).to_have_url(re.compile(r"/serie/\?id="))
    expect(page.locator(".pj-occurrences > li")).to_have_count(2)
    dates = page.locator(".pj-occurrences .fr-link")
    before = dates.nth(1).inner_text()
    page.get_by_role("button", name="Déplacer").nth(1).click()
    page.locator(".pj-occurrence__options button").first.click()
    expect(dates.nth(1)).not_to_have_text(before)
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(dates.nth(1)).to_have_text(before)
    page.get_by_role("button", name="Rendre tout le reste").click()
    expect(page.get_by_text("arrêtée", exact=True)).to_be_visible()
    assert serious(page) == []
