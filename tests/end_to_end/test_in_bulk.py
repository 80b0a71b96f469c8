"""A whole list in a real browser: pasted, foreseen, summoned, taken back; and what the sheet of one says on paper."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import Session

from tests.end_to_end.judging import serious_in_both_schemes
from tests.end_to_end.test_convene import OFFICER, officer
from tests.served import Served

OpenPage = Callable[..., Page]
CONVENE = re.compile(r"^Convoquer 2\spersonnes$")
TWO = text("""
    SELECT file_number FROM person
    WHERE territory_id = ANY(:territories) AND merged_into IS NULL AND file_number LIKE '%-%'
    ORDER BY id DESC LIMIT 2""")


def test_a_pasted_list_is_foreseen_summoned_and_taken_back_and_has_its_letters(
    served: Served, open_page: OpenPage
) -> None:
    with Session(served.engine) as session:
        actor = officer(session)
        two = list(session.execute(TWO, {"territories": sorted(actor.territories())}).scalars())
    assert len(two) == 2
    page = open_page("/convocations/liste/", OFFICER)

    page.get_by_label("Collez la liste").fill("\n".join([*two, "Inconnue Ici"]))
    page.get_by_role("button", name="Lire la liste").click()
    expect(page.get_by_text(re.compile(r"^2\spersonnes trouvées, 1 inconnue"))).to_be_visible()
    page.get_by_text("Chacun choisit").click()
    page.get_by_text("Convoquer aussi ceux qui le sont déjà").click()
    expect(page.get_by_label("Jusqu’au")).to_be_visible()
    expect(page.get_by_label("Convoquer aussi ceux qui le sont déjà")).to_be_checked()
    page.get_by_role("button", name="Voir ce que cela donne").click()
    expect(page.get_by_role("button", name=CONVENE)).to_be_visible()
    assert serious_in_both_schemes(page) == []
    page.get_by_role("button", name=CONVENE).click()
    expect(page.get_by_role("button", name="Tout annuler")).to_be_visible()
    sheet = page.get_by_role("table").get_by_role("link").first.get_attribute("href") or ""
    number = re.search(r"convocation=([0-9a-f-]{36})", sheet)
    assert number
    letter, statement = (
        page.request.get(f"{served.url}/convocations/{number[1]}{name}") for name in (".pdf", "/releve.pdf")
    )
    page.get_by_role("button", name="Tout annuler").click()
    expect(page.get_by_text(re.compile(r"^2\sconvocations annulées"))).to_be_visible()

    assert [(one.status, one.body()[:5]) for one in (letter, statement)] == [(200, b"%PDF-")] * 2
    assert page.request.get(f"{served.url}/convocations/{number[1]}.pdf").status == 409
