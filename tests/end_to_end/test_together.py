"""Several people at one appointment in a real browser, by keyboard; then the statement of one of them, verified."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Resource
from convocations.convening import kind_to_convene, receivers
from convocations.in_bulk import Order, Way
from convocations.pages.list_state import gathering_address
from convocations.together import convene_together, starts_with_room
from tests.conftest import go
from tests.end_to_end.judging import serious_in_both_schemes
from tests.end_to_end.test_convene import OFFICER, officer
from tests.served import Served

OpenPage = Callable[..., Page]
TWO = text("""
    SELECT id FROM person WHERE territory_id = ANY(:territories) AND merged_into IS NULL
    ORDER BY id DESC OFFSET 4 LIMIT 2""")
MARK = text("SELECT subject_id FROM history WHERE subject = 'statement' ORDER BY id DESC LIMIT 1")
FREED = "UPDATE resource SET capacity = 1 WHERE id = :id"


@contextmanager
def two_together(served: Served) -> Iterator[tuple[str, UUID]]:
    """Two people at one hour, weeks away, at somebody who has one seat again at the end; and the convocation of one."""
    at = datetime.now(UTC)
    with Session(served.engine) as session, session.begin():
        actor = officer(session)
        kind = kind_to_convene(session, actor, "spip-rdv")
        agent = receivers(session, actor, kind)[-1]
        session.get_one(Resource, agent.id).capacity = 2
        session.flush()
        room = starts_with_room(session, [agent], now=at)[-1]
        order = Order(kind_id=kind.id, resource_ids=(agent.id,), way=Way.SLOTS, although_summoned=True)
        people = list(session.execute(TWO, {"territories": sorted(actor.territories())}).scalars())
        claim = SlotClaim(resource_id=agent.id, start=room.at)
        made = convene_together(session, actor, order, people, claim, key=str(uuid4()), are_all_needed=True, now=at)
    assert made[0].convocation_id
    try:
        yield gathering_address(agent.id, room.at), made[0].convocation_id
    finally:
        with Session(served.engine) as session, session.begin():
            session.execute(text(FREED), {"id": agent.id})


def test_all_are_moved_called_off_and_put_back_by_keyboard_and_a_statement_is_verified(
    served: Served, open_page: OpenPage
) -> None:
    with two_together(served) as (address, number):
        page = open_page("/convocations/ensemble/", OFFICER)
        soonest = page.locator(".pj-list__people a").first
        expect(page.locator(f"a[href='{address}']")).to_have_count(1)
        href = soonest.get_attribute("href") or ""
        soonest.click()
        expect(page).to_have_url(f"{served.url}{href}")
        go(page, address)
        when = page.locator(".pj-letter__when")
        first = when.text_content() or ""

        page.get_by_role("button", name="Déplacer tout le monde").press("Enter")
        expect(page.get_by_role("button", name="Déplacer", exact=True)).to_be_visible()
        assert serious_in_both_schemes(page) == []
        page.get_by_role("button", name="Déplacer", exact=True).press("Enter")
        back = page.get_by_role("button", name="Annuler le déplacement")
        expect(back).to_be_visible()
        expect(when).not_to_have_text(first)
        back.press("Enter")
        expect(when).to_have_text(first)
        expect(page).to_have_url(f"{served.url}{address}")
        expect(page.locator("#message")).to_contain_text("tout est comme avant")
        page.get_by_label("Motif, le même pour tous").select_option("agent-absent")
        page.get_by_role("button", name="Annuler pour tous").press("Enter")
        expect(page.get_by_text(re.compile(r"annulé pour 2\spersonnes"))).to_be_visible()
        page.get_by_role("button", name="Rétablir").press("Enter")
        expect(page.get_by_role("heading", name=re.compile(r"^2\spersonnes"))).to_be_visible()
        assert page.request.get(f"{served.url}/convocations/{number}/releve.pdf").status == 200
        page.get_by_role("button", name="Annuler pour tous").press("Enter")
        expect(page.get_by_text("Personne n’est convoqué là")).to_be_visible()

        go(page, "/convocations/verifier/")
        mark = page.get_by_label("Empreinte")
        with Session(served.engine) as session:
            known = session.execute(MARK).scalar_one()
        mark.fill(known[:-1])
        mark.press("Enter")
        expect(page.get_by_text("recopiez-la entière")).to_be_visible()
        expect(mark).to_be_focused()
        mark.fill(known)
        mark.press("Enter")
        expect(page.get_by_text("a été établi ici le")).to_be_visible()
