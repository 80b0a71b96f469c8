"""Two people at one thing, in two browsers: each sees what the other does, and nothing typed or held is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page, expect
from sqlmodel import Session

from availability.claims import NightsClaim
from availability.rights import Role
from booking.actions import cancel, hold
from booking.models import Booking
from tests.end_to_end.judging import violations
from tests.end_to_end.test_bookings import OFFICER, officer
from tests.end_to_end.test_partner import in_days
from tests.end_to_end.test_stays import drag, taken
from tests.served import Served

__all__ = ["taken"]

OpenPage = Callable[..., Page]
# Another tab in front of it, or not, as the browser says it.
SEEN = """(isHidden) => {
    const said = { hidden: isHidden, visibilityState: isHidden ? "hidden" : "visible" };
    for (const [name, value] of Object.entries(said))
        Object.defineProperty(document, name, { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
CLOSURES = "Aucune fermeture prévue"


def test_what_one_does_is_seen_by_the_other_even_under_a_bar_that_is_being_dragged(
    open_page: OpenPage, served: Served, taken: tuple[list[UUID], int, date]
) -> None:
    (one_id, _), site_id, first = taken
    address = f"/etablissement/?id={site_id}&du={(first - timedelta(days=3)).isoformat()}"
    page, behind = open_page(address, OFFICER), open_page(address, OFFICER)
    one, tip, ghost = page.locator(f"[data-booking='{one_id}']"), page.locator(".pj-tip"), page.locator(".pj-ghost")

    # Taken by one, seen by the other, with no reload.
    drag(page, one, 2, from_end=True)
    page.mouse.up()
    longer = (first + timedelta(days=5)).isoformat()
    expect(behind.locator(f"[data-booking='{one_id}']")).to_have_attribute("data-until", longer)
    expect(one).to_have_attribute("data-until", longer)

    # Somebody takes nights of a bed on which a bar is held, while the other page is behind another tab.
    behind.evaluate(SEEN, True)
    behind.locator("#sejour").select_option(str(one_id))
    expect(behind.locator("#depart")).to_be_visible()  # answered after it was told that nobody sees the page
    drag(page, one, 2)
    expect(tip).to_contain_text("5\N{NO-BREAK SPACE}nuits")
    before = ghost.bounding_box()
    held_id, bed = held_after(served, one_id)
    expect(tip).to_contain_text("Pris par")
    assert ghost.bounding_box() == before  # what is in the hand does not move
    being_reserved = [each.locator(f"tr[data-unit='{bed}'] .pj-stay--held") for each in (page, behind)]
    expect(behind.locator(".pj-behind")).to_be_visible()
    assert being_reserved[1].count() == 0
    behind.evaluate(SEEN, False)
    for bar in being_reserved:
        expect(bar).to_contain_text("en cours")
    expect(behind.locator(".pj-behind")).to_have_count(0)
    page.mouse.up()
    expect(tip).to_contain_text("Le séjour reste où il était.")
    expect(one).to_have_attribute("data-from", first.isoformat())
    given_back(served, held_id)
    for bar in being_reserved:
        expect(bar).to_have_count(0)

    # What is held is taken away by somebody else: it is said, and letting go does nothing.
    drag(page, one, 1)
    given_back(served, one_id)
    expect(tip).to_contain_text("Quelqu’un d’autre vient de rendre ce lit.")
    page.mouse.up()
    expect(one).to_have_count(0)
    expect(page.locator("#message .fr-alert--error")).to_have_count(0)


def test_days_that_a_colleague_closes_under_an_open_form_are_told_and_what_was_typed_stays(open_page: OpenPage) -> None:
    page = open_page("/mes-places/", Role.PARTNER)
    page.locator(".pj-request").filter(has_text="prises sur").last.get_by_role("link", name="Modifier").click()
    expect(page).to_have_url(re.compile("lieu="))
    expect(page.get_by_role("dialog")).to_be_visible()
    colleague = open_page(page.url.replace(page.evaluate("location.origin"), ""), Role.PARTNER)
    sheet, theirs = page.get_by_role("dialog"), colleague.get_by_role("dialog")

    sheet.get_by_role("button", name="Fermer une période").click()
    sheet.get_by_label("Premier jour").fill(in_days(20))
    sheet.get_by_label("Dernier jour, inclus").fill(in_days(21))
    theirs.get_by_role("button", name="Fermer une période").click()
    theirs.get_by_label("Premier jour").fill(in_days(20))
    theirs.get_by_label("Dernier jour, inclus").fill(in_days(22))
    theirs.get_by_role("button", name="Fermer ces jours").click()
    expect(theirs.locator("#reponse-lieu")).to_contain_text("Fermé")

    banner = sheet.locator(".pj-changed")
    expect(banner).to_contain_text("fermé des jours")
    banner.get_by_text("Voir la différence").click()
    expect(banner).to_contain_text("Fermeture ajoutée")
    sheet.get_by_role("button", name="Fermer ces jours").click()
    expect(sheet.locator("#modifie-lieu")).to_be_focused()
    expect(sheet.get_by_label("Premier jour")).to_have_value(in_days(20))
    expect(sheet.get_by_role("button", name=re.compile("^Rouvrir"))).to_have_count(1)
    assert violations(page, within="dialog") == []

    banner.get_by_role("button", name="Prendre ce qui est là maintenant").click()
    expect(banner).to_have_count(0)
    sheet.get_by_role("button", name=re.compile("^Rouvrir")).click()
    expect(sheet.get_by_text(CLOSURES)).to_be_visible()


def held_after(served: Served, booking_id: UUID) -> tuple[UUID, int]:
    """Have somebody else take the two nights after a stay, in its bed; return what they hold, and the bed."""
    with Session(served.engine) as session, session.begin():
        stay = session.get_one(Booking, booking_id)
        assert stay.until_on
        assert stay.unit_id
        nights = {"first": stay.until_on, "until": stay.until_on + timedelta(days=2)}
        claim = NightsClaim(resource_id=stay.resource_id, unit_id=stay.unit_id, **nights)
        return hold(session, officer(session), claim, now=datetime.now(UTC)).id, stay.unit_id


def given_back(served: Served, booking_id: UUID) -> None:
    """Have somebody else give a bed back."""
    with Session(served.engine) as session, session.begin():
        cancel(session, officer(session), booking_id, now=datetime.now(UTC))
