"""Convening in a real browser, by keyboard: somebody new in a few seconds, and nothing typed is ever lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Kind
from availability.rights import Actor, Role
from booking.actions import Beneficiary, confirm, hold
from convocations.actions import convene
from convocations.convening import next_starts, receivers
from convocations.pages.convene_words import read_value
from convocations.pages.letter import qr_code
from portal.identity import Account
from portal.sign_in import actor_of_account
from tests.conftest import go
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
ACCOUNT = text("""
    SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
    WHERE r.role = :role AND a.is_active ORDER BY a.login LIMIT 1""")
SOMEBODY = text("""
    SELECT id FROM person WHERE territory_id = :territory_id AND language = 'fr'
      AND id IN (SELECT person_id FROM person_phone WHERE is_for_messages)
    ORDER BY id LIMIT 1""")
# An appointment that begins as if it was yesterday: nobody can book the past.
YESTERDAY = text("""
    UPDATE booking SET starts_at = starts_at - interval '90 days', ends_at = ends_at - interval '90 days'
    WHERE id = :id""")


def officer(session: Session) -> Actor:
    account = session.get_one(Account, session.execute(ACCOUNT, {"role": OFFICER}).scalar_one())
    actor = actor_of_account(session, account)
    assert actor is not None
    return actor


def start_shown(page: Page) -> tuple[int, datetime]:
    """Return the start that is chosen on the page."""
    found = read_value(page.locator("input[name=debut]:checked").get_attribute("value") or "")
    assert found is not None
    return found


def ready(page: Page) -> None:
    """Wait until the form is filled."""
    expect(page.locator("#person_search")).to_be_focused()
    expect(page.locator("input[name=debut]").first).to_be_attached()


def somebody_new(page: Page, *, name: str, born: str = "1990-05-17", phone: str = "", language: str = "") -> int:
    """Type somebody new with the keyboard alone; return how many keys were pressed."""
    keys = ["Tab", "Enter"]  # to "Nouvelle personne", and into it
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("#family_name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("Essai")
    page.keyboard.press("Tab")
    page.locator("#birth_on").fill(born)  # the order of its parts is that of the browser's language
    page.locator("#sex").focus()
    page.keyboard.type("F")
    page.keyboard.press("Tab")
    page.keyboard.type(phone)
    page.keyboard.press("Tab")
    if language:
        page.locator("#language").select_option(language)
    return len(keys) + len(name) + len("Essai17051990F") + len(phone) + 5


def test_somebody_new_is_convened_by_keyboard_and_the_outbox_shows_the_sms(
    open_page: OpenPage, served: Served, record_property: Callable[[str, object], None]
) -> None:
    page = open_page("/convoquer/", OFFICER, csp=True, width=375)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    ready(page)
    began = time.monotonic()

    keys = somebody_new(page, name="CLAVIER-FICTIF", phone="+33639981234")
    expect(page.locator(".pj-phone__sms").first).to_contain_text("Votre rendez-vous est pris")
    expect(page.locator(".pj-cost")).to_have_text(re.compile(r"\d\sSMS, \d+\scaractères sur\s\d+"))
    page.keyboard.press("Control+Enter")
    done = page.locator("#fait")
    expect(done).to_contain_text("E.C. est convoquée")
    record_property("keys", keys + 1)
    record_property("seconds", round(time.monotonic() - began, 1))  # for information: a machine types fast
    assert keys + 1 < 60
    expect(page.locator("#person_search")).to_be_focused()  # ready for the next
    expect(page.locator("#person_search")).to_have_value("")
    link = done.get_by_role("link", name="Voir le lien de la personne").get_attribute("href")

    go(page, "/convocations/messages/?etat=a-partir")
    row = page.get_by_role("row").filter(has_text="E.C.").filter(has_text="Confirmation")
    expect(row).to_contain_text("34")
    row.get_by_role("button").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".pj-phone__sms")).to_contain_text(str(link))
    assert sheet.get_by_role("link", name="Suivre le lien").get_attribute("href") == link
    assert complaints == []

    phone = open_page(str(link).removeprefix(served.url), width=375)
    expect(phone.locator("h1")).to_be_visible()
    assert "CLAVIER" not in phone.content()


def test_an_undone_convocation_gives_the_slot_back_and_nothing_leaves(open_page: OpenPage, served: Served) -> None:
    page = open_page("/convoquer/", OFFICER)
    ready(page)
    chosen = start_shown(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#person_search-message")).to_contain_text("Indiquez qui vous convoquez")  # where one says it
    expect(page.locator("#person_search")).to_be_focused()
    somebody_new(page, name="ANNULE-FICTIF", born="1979-11-02", phone="+33639981235")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fait")).to_contain_text("E.A. est convoquée")

    page.get_by_role("button", name="Annuler").click()

    expect(page.locator("#fait")).to_contain_text("La convocation est annulée")
    expect(page.locator(".pj-chosen")).to_contain_text("ANNULE-FICTIF")  # still there: the next try retypes nothing
    assert start_shown(page) == chosen
    with Session(served.engine) as session:
        waiting = session.execute(
            text(
                "SELECT count(*) FROM message m JOIN convocation c ON c.id = m.convocation_id"
                " JOIN person p ON p.id = c.person_id"
                " WHERE p.family_name = 'ANNULE-FICTIF' AND m.state IN ('planned', 'sending', 'sent')"
            )
        )
        assert waiting.scalar_one() == 0


def test_a_slot_taken_meanwhile_loses_nothing_that_was_typed(open_page: OpenPage, served: Served) -> None:
    page = open_page("/convoquer/", OFFICER)
    ready(page)
    somebody_new(page, name="PRISE-FICTIVE", born="1968-08-23", phone="+33639981236", language="es")
    resource_id, start = start_shown(page)
    with Session(served.engine) as session, session.begin():
        actor, now = officer(session), datetime.now(UTC)
        whom = Beneficiary(case_ref="RG 99/00777")
        taken = hold(session, actor, SlotClaim(resource_id=resource_id, start=start), now=now, beneficiary=whom)
        confirm(session, actor, taken.id, now=now)

    page.keyboard.press("Control+Enter")

    expect(page.locator("#refus")).to_contain_text("vient d’être pris")
    expect(page.locator("#family_name")).to_have_value("PRISE-FICTIVE")
    expect(page.locator("#phone")).to_have_value("+33639981236")
    expect(page.locator("#language")).to_have_value("es")
    page.locator("input[name=debut]").first.click(force=True)
    expect(page.locator(".pj-phone__sms").first).to_have_attribute("lang", "es")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fait")).to_contain_text("E.P. est convoquée")


def test_a_number_of_two_territories_is_asked_about(open_page: OpenPage) -> None:
    page = open_page("/convoquer/", OFFICER)
    ready(page)
    somebody_new(page, name="DEUX-NUMEROS", phone="75 12 34")
    asked = page.locator(".pj-readings")
    expect(asked).to_contain_text("(Nouvelle-Calédonie)")
    expect(asked).to_contain_text("(Saint-Pierre-et-Miquelon)")

    page.keyboard.press("Control+Enter")
    expect(page.locator("#phone-message")).to_contain_text("plusieurs façons")
    expect(page.locator("#phone")).to_be_focused()
    asked.get_by_text("(Nouvelle-Calédonie)").click()
    expect(asked.get_by_label("Nouvelle-Calédonie")).to_be_checked()
    expect(page.locator("#phone-message")).not_to_contain_text("plusieurs façons")

    page.locator("#phone").fill("06 39 98 12 37")  # nobody's, and read in one way
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fait")).to_contain_text("E.D. est convoquée")


def test_who_has_no_mobile_is_said_before_and_gets_a_sheet_of_paper(open_page: OpenPage) -> None:
    page = open_page("/convoquer/", OFFICER)
    ready(page)
    somebody_new(page, name="SANS-MOBILE")
    expect(page.get_by_text("remettez la convocation imprimée").first).to_be_visible()
    page.keyboard.press("Control+Enter")
    done = page.locator("#fait")
    expect(done).to_contain_text("remettez la convocation imprimée")

    done.get_by_role("link", name="Imprimer").click()

    paper = page.locator(".pj-letter")
    expect(paper).to_contain_text("Vous avez rendez-vous le")
    expect(paper).to_contain_text("SANS-MOBILE")
    expect(paper).to_contain_text("/r/")
    square, link = paper.locator("img"), paper.locator(".pj-letter__link").inner_text()
    expect(square).to_have_attribute("src", qr_code(link))
    square.evaluate("image => image.decode()")  # the browser draws it
    for why in ("SPIP", "probation", "pénitentiaire", "juge"):
        assert why not in paper.inner_text()


def test_the_person_may_choose_and_is_listed_as_choosing(open_page: OpenPage) -> None:
    page = open_page("/convoquer/", OFFICER)
    ready(page)
    somebody_new(page, name="LIBRE-CHOIX", phone="+33639981238")
    page.get_by_text("Laisser la personne choisir").click()
    expect(page.locator(".pj-phone__sms").first).to_contain_text("Choisissez la date")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#fait")).to_contain_text("E.L. peut choisir")

    go(page, "/convocations/?onglet=a-choisir")

    expect(page.get_by_role("row").filter(has_text="E.L.")).to_contain_text("n’a pas encore choisi")


@pytest.fixture
def past(served: Served) -> str:
    """The number of a convocation whose appointment is over, far enough for its hour to be nobody's."""
    with Session(served.engine) as session, session.begin():
        actor, now = officer(session), datetime.now(UTC)
        kind = session.execute(text("SELECT id FROM kind WHERE code = 'spip-rdv'")).scalar_one()
        among = receivers(session, actor, session.get_one(Kind, kind))
        start = next_starts(session, among, now=now + timedelta(days=20))[0]
        person_id = session.execute(SOMEBODY, {"territory_id": actor.home_territory_id}).scalar_one()
        claim = SlotClaim(resource_id=start.resource_id, start=start.at)
        made = convene(session, actor, person_id, claim, now=now)
        session.execute(YESTERDAY, {"id": made.booking_id})
        session.execute(
            text("UPDATE seat_time SET during = tstzrange(lower(during) - interval '90 days',"
                 " upper(during) - interval '90 days') WHERE holder_id = :id"),
            {"id": made.booking_id},
        )  # fmt: skip
        session.execute(
            text("INSERT INTO opening (resource_id, starts_at, ends_at)"
                 " SELECT resource_id, starts_at, ends_at FROM booking WHERE id = :id"),
            {"id": made.booking_id},
        )  # fmt: skip
        return str(made.id)


def test_an_outcome_is_noted_corrected_excused_and_the_excuse_undone(open_page: OpenPage, past: str) -> None:
    page = open_page(f"/convocations/?onglet=a-pointer&convocation={past}", OFFICER)
    sheet = page.get_by_role("dialog")
    badge = sheet.locator(".fr-badge").first

    sheet.get_by_role("button", name="Venu(e)").click()
    expect(badge).to_have_text("est venu(e)")
    sheet.get_by_role("button", name="Absent(e)").click()
    expect(badge).to_have_text("n’est pas venu(e)")
    sheet.get_by_role("button", name="Excuser").click()
    expect(badge).to_have_text("excusé(e)")
    sheet.get_by_role("button", name="Annuler l’excuse").click()
    expect(badge).to_have_text("n’est pas venu(e)")

    sheet.get_by_role("link", name="Voir la réservation").click()
    history = page.locator(".pj-history")
    expect(history).to_contain_text("Vous avez noté la venue.")
    expect(history).to_contain_text("Vous avez corrigé : la personne n’est pas venue.")
    expect(history).to_contain_text("Vous avez excusé l’absence (santé, avec justificatif).")
    expect(history).to_contain_text("Vous avez annulé l’excuse.")


def test_an_appointment_without_a_convocation_is_noted_without_leaving_the_list(open_page: OpenPage) -> None:
    page = open_page("/convocations/?onglet=a-pointer", OFFICER)
    page.locator("tbody a[href*='reservation=']").first.click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".fr-badge").first).to_have_text("à pointer")
    expect(page).to_have_url(re.compile(r"/convocations/\?onglet=a-pointer&reservation="))
    page.keyboard.press("Escape")

    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/convocations/\?onglet=a-pointer$"))


@pytest.mark.parametrize("path", ["/convoquer/", "/convocations/?onglet=toutes", "/convocations/messages/"])
def test_filled_screens_have_no_serious_violation_and_fit_a_phone(open_page: OpenPage, path: str) -> None:
    page = open_page(path, OFFICER, width=375)
    page.locator(".pj-ledger__open, .pj-start").first.wait_for()

    assert serious_in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
