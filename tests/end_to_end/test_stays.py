"""Stays dragged on the grid of an establishment, in a real browser: longer, exchanged, by keys, refused, taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text
from sqlmodel import Session

from booking.actions import Beneficiary, cancel, confirm
from booking.models import Booking
from tests.conftest import go
from tests.end_to_end.judging import violations
from tests.end_to_end.test_bookings import LIVE, OFFICER, SETTLED_GRID, first_free, officer, state_of
from tests.served import Served

OpenPage = Callable[..., Page]
CLOSE = text("INSERT INTO closure (resource_id, days, reason) VALUES (:id, daterange(:first, :until), '')")
REOPEN = text("DELETE FROM closure WHERE resource_id = :id AND lower(days) = :first")
DAYS_AHEAD = 220  # where no other test takes a bed


@pytest.fixture
def taken(served: Served) -> Iterator[tuple[list[UUID], int, date]]:
    """Two stays of three nights in two beds of one section, given back at the end."""
    with Session(served.engine) as session, session.begin():
        actor, now = officer(session), datetime.now(UTC)
        first = now.date() + timedelta(days=DAYS_AHEAD)
        whom = [Beneficiary(case_ref=f"RG 88/0000{n}") for n in (1, 2)]
        one, site_id = first_free(session, actor, first, whom[0], now)
        ids = [one.id, first_free(session, actor, first, whom[1], now, site_id=site_id)[0].id]
        for booking_id in ids:
            confirm(session, actor, booking_id, now=now)
    yield ids, site_id, first
    with Session(served.engine) as session, session.begin():
        for booking_id in ids:
            if state_of(session, booking_id) in LIVE:
                cancel(session, officer(session), booking_id, now=datetime.now(UTC))


def drag(page: Page, bar: Locator, nights: float, to: Locator | None = None, *, from_end: bool = False) -> None:
    """Drag a bar, or its end, so many nights to the right, to the row of another one, without dropping it."""
    expect(page.locator(SETTLED_GRID)).to_be_visible()
    bar.scroll_into_view_if_needed()
    box, night = bar.bounding_box(), page.locator(".pj-grid__night").first.bounding_box()
    assert box
    assert night
    x = box["x"] + (box["width"] - 3 if from_end else box["width"] / 2)
    y = box["y"] + box["height"] / 2
    over = to.bounding_box() if to else box
    assert over
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y)
    page.mouse.move(x + nights * night["width"], over["y"] + over["height"] / 2, steps=4)


def test_a_stay_is_dragged_exchanged_moved_by_keys_and_each_is_taken_back(
    open_page: OpenPage, served: Served, taken: tuple[list[UUID], int, date]
) -> None:
    (one_id, other_id), site_id, first = taken
    page = open_page(f"/etablissement/?id={site_id}&du={(first - timedelta(days=3)).isoformat()}", OFFICER)
    one, other = (page.locator(f"[data-booking='{number}']") for number in (one_id, other_id))
    notice, tip = page.locator(".pj-notice-bar"), page.locator(".pj-tip")
    until = (first + timedelta(days=5)).isoformat()

    drag(page, one, 2, from_end=True)
    expect(tip).to_contain_text("5\N{NO-BREAK SPACE}nuits (+2)")
    page.mouse.up()
    expect(one).to_have_attribute("data-until", until)
    notice.get_by_role("button", name="Annuler").click()
    expect(one).to_have_attribute("data-until", (first + timedelta(days=3)).isoformat())

    beds = [bed_of(served, number) for number in (one_id, other_id)]
    drag(page, one, 0.2, to=other)
    expect(tip).to_contain_text("Échanger les lits")
    page.mouse.up()
    expect(page.get_by_role("button", name="Échanger", exact=True)).to_be_visible()
    asked_at = page.url
    go(page, "/etablissement/")
    go(page, asked_at)
    expect(page.get_by_role("button", name="Échanger", exact=True)).to_have_count(0)  # a question left is not kept
    drag(page, one, 0.2, to=other)
    page.mouse.up()
    page.get_by_role("button", name="Échanger", exact=True).click()
    expect(notice).to_contain_text("Lits échangés")
    assert [bed_of(served, number) for number in (one_id, other_id)] == beds[::-1]
    notice.get_by_role("button", name="Annuler").click()
    expect(notice).to_contain_text("C’est annulé")

    one.focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Escape", "Space", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(tip).to_contain_text("4\N{NO-BREAK SPACE}nuits (+1)")
    page.keyboard.press("Enter")
    expect(one).to_have_attribute("data-until", (first + timedelta(days=4)).isoformat())
    expect(one).to_have_attribute("data-from", first.isoformat())
    expect(one).to_be_focused()

    page.locator("#sejour").select_option(str(other_id))
    page.locator("#depart").fill((first + timedelta(days=2)).isoformat())
    expect(page.get_by_text("1\N{NO-BREAK SPACE}de moins")).to_be_visible()
    page.get_by_role("button", name="Changer le séjour").click()
    expect(other).to_have_attribute("data-until", (first + timedelta(days=2)).isoformat())
    expect(page.locator(SETTLED_GRID)).to_be_visible()
    assert violations(page) == []


def bed_of(served: Served, booking_id: UUID) -> int | None:
    """Return the bed of a booking."""
    with Session(served.engine) as session:
        return session.get_one(Booking, booking_id).unit_id


def test_those_of_a_section_that_closes_are_rehoused_line_by_line_and_brought_back(
    open_page: OpenPage, served: Served, taken: tuple[list[UUID], int, date]
) -> None:
    (one_id, _), site_id, first = taken
    section = {"id": section_of(served, one_id), "first": first + timedelta(days=1), "until": first + timedelta(days=2)}
    with Session(served.engine) as session, session.begin():
        session.execute(CLOSE, section)
    try:
        page = open_page(f"/etablissement/?id={site_id}", OFFICER)
        page.get_by_role("link", name="Proposer un lit ailleurs").click()
        row = page.locator("tr", has=page.get_by_role("link", name="RG 88/00001"))
        expect(row).to_contain_text("3\N{NO-BREAK SPACE}nuits")
        row.get_by_role("button", name="Reloger").click()
        expect(row).to_contain_text("Relogé")
        assert section_of(served, one_id) != section["id"]
        page.set_viewport_size({"width": 375, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.locator(".pj-notice-bar").get_by_role("button", name="Annuler").click()
        expect(page.locator(".pj-notice-bar")).to_contain_text("C’est annulé")
        expect(row.get_by_role("button", name="Reloger")).to_be_visible()
        assert section_of(served, one_id) == section["id"]
    finally:
        with Session(served.engine) as session, session.begin():
            session.execute(REOPEN, section)


def section_of(served: Served, booking_id: UUID) -> int:
    """Return where a booking is."""
    with Session(served.engine) as session:
        return session.get_one(Booking, booking_id).resource_id
