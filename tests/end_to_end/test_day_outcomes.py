"""The outcomes of a day in a real browser, by the keyboard alone, then on a phone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Kind
from availability.openings import local_day
from availability.rights import Role
from booking.actions import Beneficiary, confirm, hold
from convocations.convening import next_starts, receivers
from tests.end_to_end.judging import serious
from tests.end_to_end.test_convene import officer
from tests.served import Served

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
EXPECTED = 3
WEEKS_BACK = 17  # as if it was then: nobody can book the past, and the demonstration has nothing so long ago
SOMEBODY = text("SELECT id FROM person WHERE territory_id = ANY(:territories) ORDER BY id LIMIT 1")
THEN = (
    "UPDATE booking SET starts_at = starts_at - :back, ends_at = ends_at - :back WHERE id = :id",
    "UPDATE seat_time SET during = tstzrange(lower(during) - :back, upper(during) - :back) WHERE holder_id = :id",
    "INSERT INTO opening (resource_id, starts_at, ends_at)"
    " SELECT resource_id, starts_at, ends_at FROM booking WHERE id = :id ON CONFLICT DO NOTHING",
)


@dataclass(frozen=True)
class Morning:
    """A day of one agent on which three people were expected."""

    agent: int
    on: date

    @property
    def address(self) -> str:
        """Return the page of that day, at that agent."""
        return f"/issues-du-jour/?jour={self.on.isoformat()}&qui={self.agent}"


@pytest.fixture
def morning(served: Served) -> Morning:
    """Somebody, then two cases, of a day long over, and nothing noted of them."""
    now, back = datetime.now(UTC), timedelta(weeks=WEEKS_BACK)
    with Session(served.engine) as session, session.begin():
        actor = officer(session)
        kind = session.execute(text("SELECT id FROM kind WHERE code = 'spip-rdv'")).scalar_one()
        among = receivers(session, actor, session.get_one(Kind, kind))
        found = next_starts(session, among[:1], now=now + timedelta(days=30), most=200)
        days = Counter(start.day for start in found)
        day = next(day for day, count in days.items() if count >= EXPECTED)  # whatever is left of the first of them
        starts = [start for start in found if start.day == day][:EXPECTED]
        first = starts[0]
        person = session.execute(SOMEBODY, {"territories": sorted(actor.territories())}).scalar_one()
        whom = [Beneficiary(person_id=person), Beneficiary(case_ref="ISSUE/1"), Beneficiary(case_ref="ISSUE/2")]
        for start, beneficiary in zip(starts, whom, strict=True):
            claim = SlotClaim(resource_id=start.resource_id, start=start.at)
            held = hold(session, actor, claim, now=now, beneficiary=beneficiary)
            confirm(session, actor, held.id, now=now)
            for statement in THEN:
                session.execute(text(statement), {"id": held.id, "back": back})
        return Morning(first.resource_id, local_day(first.at - back, among[0].zone))


def test_a_day_is_noted_by_keyboard_alone_and_each_act_is_taken_back(open_page: OpenPage, morning: Morning) -> None:
    page = open_page(morning.address, OFFICER)
    rows = page.locator("[data-outcome]")
    expect(rows).to_have_count(3)
    late = page.get_by_role("navigation", name="Jours sans issue").locator("[aria-current=date]")
    expect(late).to_contain_text("(3)")
    rows.first.focus()

    page.keyboard.type("ae")  # the row after has the focus at once: nothing is waited for
    expect(rows.nth(0)).to_contain_text("Absent(e)Revoir")
    expect(rows.nth(1)).to_contain_text("Excusé(e)\u00a0: santé, avec justificatif")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("z")  # what was just noted, not the row that has the focus since
    expect(rows.nth(1)).to_contain_text("À pointer")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("z")  # that of the row to which one went
    expect(rows.nth(0)).to_contain_text("À pointer")
    page.keyboard.press("a")
    expect(rows.nth(0)).to_contain_text("Absent(e)Revoir")

    page.get_by_role("button", name="Les 2 autres sont venus").click()
    expect(page.get_by_role("status").filter(has_text="2\u00a0venus, 1\u00a0absent")).to_be_visible()
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("status").filter(has_text="1\u00a0absent, 2\u00a0à pointer")).to_be_visible()
    assert serious(page) == []

    page.set_viewport_size({"width": 375, "height": 800})
    page.get_by_label("Motif des excuses").select_option("transport")
    for number, button, said in ((1, "Excusé(e)", "transport"), (2, "Venu(e)", "Venu(e)")):
        rows.nth(number).get_by_role("button", name=button).click()
        expect(rows.nth(number).locator(".pj-outcome__said")).to_contain_text(said)
    expect(late).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    rows.nth(0).get_by_role("link", name="Revoir").click()
    expect(page).to_have_url(re.compile(rf"/convoquer/\?type=spip-rdv&lieu={morning.agent}&personne="))
