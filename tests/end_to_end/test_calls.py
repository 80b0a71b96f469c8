"""Somebody whom no SMS could tell is called: the number on demand, what became of the call, and its undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Kind
from availability.rights import Role
from booking.persons import NewPerson, create_person
from convocations.actions import convene
from convocations.convening import next_starts, receivers
from tests.end_to_end.test_convene import officer
from tests.served import Served

OpenPage = Callable[..., Page]
NEXT_LETTERS = text("""
    SELECT min(CAST(b.starts_at AT TIME ZONE 'Europe/Paris' AS date)) FROM convocation c
    JOIN booking b ON b.id = c.booking_id JOIN territory t ON t.id = c.territory_id
    WHERE c.standing = 'set' AND b.state = 'booked' AND b.starts_at > now() + interval '1 hour' AND c.requested_by = (
        SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
        WHERE r.role = 'probation_officer' AND a.is_active ORDER BY a.login LIMIT 1)""")
FAILED = text("""
    UPDATE message SET state = 'undelivered', failure = 'unreachable', sent_at = due_at
    WHERE convocation_id = :id AND kind = 'confirmation'""")


@pytest.fixture
def unreached(served: Served) -> None:
    """Somebody convened to an appointment of their own, whom the confirmation did not reach."""
    now = datetime.now(UTC)
    with Session(served.engine) as session, session.begin():
        actor = officer(session)
        new = NewPerson(
            family_name="ZELMA", given_name="Yvon", birth_on=now.date().replace(year=1990, day=1), sex="M",
            phone="06 39 98 77 66",
        )  # fmt: skip
        person = create_person(session, actor, new, house=served.house, now=now, fiction=True)
        kind = session.execute(text("SELECT id FROM kind WHERE code = 'spip-rdv'")).scalar_one()
        among = receivers(session, actor, session.get_one(Kind, kind))
        start = next_starts(session, among, now=now + timedelta(days=24))[0]
        made = convene(session, actor, person.id, SlotClaim(resource_id=start.resource_id, start=start.at), now=now)
        session.execute(FAILED, {"id": made.id})


@pytest.mark.usefixtures("unreached")
def test_who_was_not_reached_is_called_told_and_put_back_on_the_list(open_page: OpenPage) -> None:
    page = open_page("/convocations/messages/", Role.PROBATION_OFFICER)
    page.get_by_role("link", name="À appeler").click()
    line = page.get_by_role("button", name="Appeler Y.Z.")
    line.click()
    sheet = page.get_by_role("dialog")
    number = sheet.get_by_role("link", name="06 39 98 77 66")

    expect(sheet).to_contain_text("Yvon ZELMA")
    expect(number).to_have_attribute("href", "tel:+33639987766")
    sheet.get_by_role("button", name="Prévenu(e)").click()
    expect(page.locator("#message")).to_contain_text("C’est noté")
    expect(line).to_have_count(0)
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(line).to_have_count(1)


def test_the_letters_of_a_day_are_counted_then_opened_and_a_day_without_any_says_so(
    open_page: OpenPage, served: Served
) -> None:
    page = open_page("/convocations/", Role.PROBATION_OFFICER)
    page.get_by_text("Imprimer les lettres d’un jour").click()
    page.get_by_label("Lettres de").select_option(label="Qui n’a pas de mobile")
    page.get_by_label("Jour des rendez-vous").fill("2026-01-04")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Aucun rendez-vous n’est à venir le dimanche 4 janvier 2026")).to_be_visible()
    expect(page.get_by_label("Jour des rendez-vous")).to_be_focused()

    with served.engine.connect() as connection:
        on = connection.execute(NEXT_LETTERS).scalar_one()
    page.get_by_label("Jour des rendez-vous").fill(str(on))
    page.get_by_label("Lettres de").select_option(label="Tout le monde")
    page.get_by_role("button", name="Chercher les lettres").click()

    letters = page.get_by_role("link", name="(PDF)")
    expect(letters).to_be_focused()
    file = page.request.get(served.url + str(letters.get_attribute("href")))
    assert (file.status, file.headers["content-type"]) == (200, "application/pdf")
