"""The whole path, each at their own screen: an officer convenes, the person chooses on a cheap phone, the officer moves
it meanwhile, the person says that they come, and who came is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Role
from convocations.wording import page_words
from tests.conftest import go
from tests.end_to_end.test_convene import ready, somebody_new
from tests.served import Served

OpenPage = Callable[..., Page]
FR = page_words("fr")
NAME = "XYLOPHONE-FICTIF"
BOOKING = text("""
    SELECT c.booking_id FROM convocation c JOIN person p ON p.id = c.person_id WHERE p.family_name = :name""")
# Time cannot be made to pass on a server that runs: the appointment is put behind, farther than other tests put theirs.
IS_OVER = (
    """UPDATE booking SET starts_at = starts_at - interval '25 weeks', ends_at = ends_at - interval '25 weeks'
       WHERE id = :id""",
    """UPDATE seat_time SET during = tstzrange(lower(during) - interval '25 weeks', upper(during) - interval '25 weeks')
       WHERE holder_id = :id""",
)


@pytest.fixture
def phone(browsers: Callable[[bool], Browser], served: Served) -> Iterator[Callable[[str], Page]]:
    """Opens a page on a cheap phone: small, and without scripts."""
    contexts: list[BrowserContext] = []

    def opened(address: str) -> Page:
        context = browsers(False).new_context(viewport={"width": 375, "height": 700}, java_script_enabled=False)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_from_a_summons_to_a_kept_appointment(
    open_page: OpenPage, phone: Callable[[str], Page], served: Served
) -> None:
    officer = open_page("/convoquer/", Role.PROBATION_OFFICER)
    ready(officer)
    somebody_new(officer, name=NAME, phone="+33639981239")
    officer.get_by_text("Laisser la personne choisir").click()
    expect(officer.locator(".pj-phone__sms").first).to_contain_text("Choisissez la date")
    officer.keyboard.press("Control+Enter")
    expect(officer.locator("#fait")).to_contain_text("E.X. peut choisir")
    link = officer.locator("#fait").get_by_role("link", name="Voir le lien de la personne").get_attribute("href")
    assert link

    person = phone(f"{link}?langue=fr")
    expect(person.get_by_role("heading", level=1)).to_have_text(FR.title)
    person.locator(".hours button").first.click()
    chosen = person.locator(".card").inner_text()

    go(officer, "/convocations/?onglet=a-venir")
    officer.get_by_role("row").filter(has_text="E.X.").first.get_by_role("link").click()
    sheet = officer.get_by_role("dialog")
    expect(sheet).to_contain_text("n’a pas encore répondu")
    sheet.get_by_role("button", name="Déplacer").click()
    sheet.get_by_role("list", name="Créneaux libres").get_by_role("button").nth(1).click()
    expect(sheet.get_by_role("status").first).to_contain_text("déplacé")

    person.get_by_role("button", name=FR.confirm).click()  # of a page that shows the old hour
    expect(person.get_by_text(FR.changed)).to_be_visible()
    assert person.locator(".card").inner_text() != chosen
    person.get_by_role("button", name=FR.confirm).click()
    expect(person.get_by_text(FR.coming)).to_be_visible()

    go(officer, officer.url)
    expect(sheet).to_contain_text("a confirmé")

    with Session(served.engine) as session, session.begin():
        booking_id = session.execute(BOOKING, {"name": NAME}).scalar_one()
        for statement in IS_OVER:
            session.execute(text(statement), {"id": booking_id})
    go(officer, officer.url)
    sheet.get_by_role("button", name="Venu(e)").click()
    expect(sheet.locator(".fr-badge").first).to_have_text("est venu(e)")
    person.reload()
    expect(person.get_by_text(FR.link_expired)).to_be_visible()  # so long afterwards, it says nothing more
