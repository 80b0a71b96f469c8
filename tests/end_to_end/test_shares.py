"""A judge lists cases, has them shared out, moves one by hand, applies it and takes it back, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import WAIT_MS
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
JUDGE = Role.FAMILY_JUDGE
ADDRESS = "/designer/lot/?type=mediation-familiale"
REF = "RG 26/77001"
# The demonstration is shared: services have room whatever it drew, and everything is as it was after.
ROOM = """
    UPDATE resource SET capacity = capacity + 50 WHERE is_active
    AND kind_id = (SELECT id FROM kind WHERE code = 'mediation-familiale')"""
AS_IT_WAS = f"""
    DELETE FROM optimizer_run;
    DELETE FROM case_to_designate WHERE case_ref = '{REF}';
    DELETE FROM place_period WHERE holder_id IN (SELECT id FROM booking WHERE case_ref = '{REF}');
    UPDATE booking SET state = 'cancelled', expires_at = NULL WHERE case_ref = '{REF}';
    {ROOM.replace("+ 50", "- 50")}"""  # noqa: S608 - constants only


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    """Wait longer than usual: the first search starts its process."""
    expect.set_options(timeout=2 * WAIT_MS)
    yield
    expect.set_options(timeout=WAIT_MS)


@pytest.fixture(autouse=True)
def roomy(served: Served) -> Iterator[None]:
    """Have room everywhere, and leave the court as it was found."""
    _run(served, ROOM)
    yield
    _run(served, AS_IT_WAS)


def _run(served: Served, statements: str) -> None:
    with served.engine.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return a button by its words."""
    return page.get_by_role("button", name=name)


def test_cases_are_listed_shared_out_moved_by_hand_applied_and_taken_back(open_page: OpenPage) -> None:
    page = open_page(ADDRESS, JUDGE)
    field = page.get_by_label("Ajouter des dossiers")
    field.fill("26/77001 ; Lyon\n26/77002 ; Zzyx")
    button(page, "Ajouter à la liste").click()
    expect(page.get_by_text("ni commune, ni langue, ni compétence connue")).to_be_visible()
    expect(field).to_have_value("26/77002 ; Zzyx")
    row = page.get_by_role("row").filter(has_text=REF)
    expect(row).to_contain_text("à confier", ignore_case=True)

    button(page, re.compile("^Proposer un")).click()
    proposal = page.get_by_role("region", name="Proposition", exact=True)
    expect(proposal).to_be_visible()
    assert serious_in_both_schemes(page) == []
    page.get_by_label("Chercher").fill("77001")
    lines = proposal.locator(".pj-plans__line")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("→")
    before = lines.locator(".pj-plans__way").inner_text()

    button(page, f"Déplacer {REF}").click()
    loads = page.get_by_role("region", name="Charge de chaque service")
    expect(page.locator("#charges")).to_be_focused()
    expect(loads.get_by_text("avec ce dossier").first).to_be_visible()
    button(page, re.compile("^Confier à")).first.click()
    expect(proposal.get_by_text("modifiée à la main").first).to_be_visible()
    expect(lines).to_have_count(1)
    expect(lines.locator(".pj-plans__way")).not_to_have_text(before)
    expect(lines.get_by_role("combobox")).to_have_value("frozen")  # a search that goes on keeps it

    button(page, "Tout décocher").click()
    expect(page.get_by_text("Cochez une ligne pour l’appliquer.")).to_be_visible()
    lines.locator(".fr-checkbox-group label").click()
    button(page, "Appliquer 1\u00a0dossier").click()
    expect(row).to_contain_text("demandé à", ignore_case=True)
    button(page, "Annuler l’application").click()
    expect(row).to_contain_text("à confier", ignore_case=True)
    button(page, f"Retirer le dossier {REF}").click()
    expect(row).to_have_count(0)
