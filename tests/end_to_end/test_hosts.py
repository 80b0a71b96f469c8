"""A host proposes other dates on a phone, corrects who receives, reads an e-mail and opens its link, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import go
from tests.end_to_end.judging import serious
from tests.served import Served

# Of a request that waits for days still: the oldest may lapse while the test runs.
ASKED = text("""
    SELECT m.subject FROM host_mail m JOIN booking b ON b.id = m.booking_id
    WHERE m.kind = 'request' AND m.state = 'sent' AND b.state = 'requested'
    AND b.expires_at > now() + interval '1 day'""")
STOPPED = text("UPDATE host_phone SET stopped_at = :now")  # as an answer by SMS does
OpenPage = Callable[..., Page]


def in_days(count: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Paris")).date() + timedelta(days=count)).isoformat()


def gives_its_mobile_and_has_it_told_again_after_stop(page: Page, served: Served) -> None:
    line = page.locator(".pj-answered").filter(has=page.get_by_role("button", name="l’adresse et le mobile")).first
    line.get_by_role("button", name="Modifier").click()
    page.get_by_label("Mobile qui reçoit").fill("04 76 00 00 00")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#phone-message")).to_contain_text("mobile")
    expect(page.get_by_label("Mobile qui reçoit")).to_have_value("04 76 00 00 00")  # what was typed is never lost
    page.get_by_label("Mobile qui reçoit").fill("06 39 98 88 77")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#message")).to_contain_text("C’est enregistré")
    expect(line).to_contain_text("06\u00a039\u00a098\u00a088\u00a077 – reçoit aussi un SMS")
    with served.engine.begin() as connection:
        connection.execute(STOPPED, {"now": datetime.now(UTC)})
    go(page, "/demandes/")
    expect(line).to_contain_text("a répondu STOP")
    expect(line).to_contain_text("répondez START depuis ce mobile")
    assert serious(page) == []
    line.get_by_role("button", name="Recevoir de nouveau les SMS").click()
    expect(line).to_contain_text("reçoit aussi un SMS")
    line.get_by_role("button", name="Modifier").click()
    page.get_by_label("Mobile qui reçoit").fill("")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_label("Mobile qui reçoit")).to_have_count(0)
    expect(line).not_to_contain_text("06\u00a039")


def test_a_host_proposes_other_dates_and_opens_the_link_of_its_e_mail_on_a_phone(
    open_page: OpenPage, served: Served
) -> None:
    page = open_page("/demandes/", Role.PARTNER, width=375)
    first = page.locator(".pj-request").filter(has=page.get_by_role("button", name="Proposer")).last
    whom = first.locator("strong").inner_text()
    card = page.locator(".pj-request").filter(has_text=whom)
    card.get_by_role("button", name="Proposer").click()
    card.get_by_label("Premier jour").fill(in_days(80))
    card.get_by_label("Dernier jour").fill(in_days(70))
    card.get_by_role("button", name="Proposer ces dates").click()
    expect(page.locator("#last-message")).to_contain_text("à choisir après le début")
    expect(card.get_by_label("Premier jour")).to_have_value(in_days(80))
    assert serious(page) == []
    card.get_by_label("Dernier jour").fill(in_days(90))
    card.get_by_role("button", name="Proposer ces dates").click()
    expect(card).to_contain_text("Vous avez proposé")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    card.get_by_role("button", name="Retirer ma proposition").click()
    expect(card).not_to_contain_text("Vous avez proposé")

    page.get_by_role("button", name=re.compile("^Modifier")).first.click()
    page.get_by_label("Adresse qui reçoit").fill("accueil")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#email-message")).to_contain_text("« accueil » n’est pas une adresse")
    page.get_by_role("button", name="Revenir").click()
    expect(page.get_by_label("Adresse qui reçoit")).to_have_count(0)
    gives_its_mobile_and_has_it_told_again_after_stop(page, served)

    page.get_by_role("link", name="Lire les courriels").click()
    expect(page).to_have_url(re.compile("/courriels/"))
    page.get_by_text("Partis", exact=True).click()
    expect(page.get_by_label("Partis", exact=True)).to_be_checked()  # the list is theirs
    with served.engine.connect() as connection:
        asked = "|".join(re.escape(subject) for subject in connection.execute(ASKED).scalars())
    page.locator(".pj-message__open").filter(has_text=re.compile(asked)).last.click()
    expect(page.locator(".pj-mail")).to_contain_text("sans compte ni mot de passe")
    assert serious(page) == []
    address = page.get_by_role("link", name="Suivre le lien du lieu").get_attribute("href") or ""
    link = open_page(f"/d/{address.partition('/d/')[2]}", width=375, csp=True)  # nobody is signed in there
    expect(link.get_by_role("heading", name="Une demande de place")).to_be_visible()
    link.get_by_role("link", name="Refuser").click()
    expect(link.get_by_role("radio")).to_have_count(5)
    link.set_viewport_size({"width": 320, "height": 700})
    assert link.locator("main").evaluate("main => main.scrollWidth") <= 320
