"""A judge's absence is seen and handled in a real browser, and a session is dragged to another day and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.conftest import DRAWN
from tests.end_to_end.judging import serious_in_both_schemes
from tests.served import Served

OpenPage = Callable[..., Page]
# A session of ours, in eight weeks or so, where the demonstration has none of that kind: held by the first judge.
OURS = "Audience fictive du parcours"
MADE = """
    WITH court AS (
        SELECT site_id, kind_id FROM resource WHERE name = 'Audience JCP du jour'),
    made AS (
        INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
        SELECT 'AUD-PARCOURS', site_id, kind_id, :name, 1, 0, 0, true FROM court RETURNING id),
    heard AS (
        INSERT INTO hearing_session (resource_id, starts_at, ends_at, max_cases, max_minutes)
        SELECT id, CAST(:day AS date) + time '09:00', CAST(:day AS date) + time '11:00', 10, 120 FROM made
        RETURNING resource_id, starts_at, ends_at),
    bench AS (
        SELECT c.judge_id, c.clerk_id, (SELECT min(r.id) FROM resource r JOIN kind k ON k.id = r.kind_id
                                        WHERE k.code = 'salle') AS room_id
        FROM cabinet c ORDER BY c.judge_id LIMIT 1),
    held AS (
        INSERT INTO hearing_staffing (id, hearing_id, judge_id, clerk_id, room_id, created_at)
        SELECT gen_random_uuid(), resource_id, judge_id, clerk_id, room_id, starts_at - interval '90 days'
        FROM heard, bench RETURNING id, hearing_id, judge_id, clerk_id, room_id)
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    SELECT unnest(ARRAY[judge_id, clerk_id, room_id]), 1, tstzrange(starts_at, ends_at), held.id
    FROM held JOIN heard ON heard.resource_id = held.hearing_id"""
GONE = """
    DELETE FROM replacement WHERE hearing_id IN (SELECT id FROM resource WHERE name = :name);
    DELETE FROM seat_time WHERE holder_id IN (SELECT f.id FROM hearing_staffing f
        JOIN resource r ON r.id = f.hearing_id WHERE r.name = :name);
    DELETE FROM hearing_staffing WHERE hearing_id IN (SELECT id FROM resource WHERE name = :name);
    DELETE FROM hearing_session WHERE resource_id IN (SELECT id FROM resource WHERE name = :name);
    DELETE FROM resource WHERE name = :name;
    DELETE FROM closure WHERE reason = :name"""
JUDGE = text("SELECT r.name FROM cabinet c JOIN resource r ON r.id = c.judge_id ORDER BY c.judge_id LIMIT 1")


def a_wednesday() -> date:
    """Return a Wednesday that the demonstration leaves alone."""
    day = datetime.now(UTC).date() + timedelta(weeks=14)
    return day + timedelta(days=(2 - day.weekday()) % 7)


@pytest.fixture
def ours(served: Served) -> Iterator[date]:
    """The day of our session, which is gone afterwards."""
    day = a_wednesday()
    with served.engine.begin() as connection:
        connection.execute(text(MADE), {"name": OURS, "day": day})
    yield day
    with served.engine.begin() as connection:
        for statement in GONE.split(";"):
            connection.execute(text(statement), {"name": OURS})


def look_at_another_month_meanwhile(page: Page) -> None:
    """Type a reason, choose a month of the loads at the foot of the page: one stays there, and so does the reason."""
    page.get_by_label("Motif").fill(OURS)
    month = page.get_by_label("Mois")
    month.scroll_into_view_if_needed()
    there = page.evaluate("window.scrollY")
    month.select_option(index=0)
    expect(page).to_have_url(re.compile(r"/audiences/absences/\?mois="))
    page.evaluate(DRAWN)
    assert there > 0
    page.wait_for_function("there => window.scrollY === there", arg=there)
    page.reload()
    expect(page.get_by_label("Motif")).to_have_value(OURS)


def change_and_look_again(page: Page) -> None:
    """Type another hour and the first one again: what was shown is said to be of before, then is shown again."""
    entailed, starts = page.locator("#ce-que-cela-entraine"), page.get_by_label("Début")
    for typed in ("23:00", starts.input_value()):
        starts.fill(typed)
        expect(entailed).to_contain_text("C’était avant votre dernier changement.")
    page.get_by_role("button", name="Voir ce que cela entraîne").click()
    expect(entailed).to_contain_text("Rien n’est encore fait.")


def move_nowhere(page: Page, session: Locator) -> None:
    """Send the form of a session as it is, once its move was taken back."""
    expect(page.locator("#message")).to_be_focused()
    session.press("Enter")
    page.get_by_role("button", name="Voir ce que cela entraîne").click()
    expect(page.get_by_text("L’audience est déjà ainsi")).to_be_visible()


def test_a_judges_absence_is_seen_replaced_and_taken_back_and_a_session_is_dragged(
    open_page: OpenPage, served: Served, ours: date
) -> None:
    with served.engine.connect() as connection:
        judge = str(connection.execute(JUDGE).scalar_one())
    page = open_page("/audiences/absences/", Role.REGISTRY)
    page.get_by_role("button", name="Noter l’absence").click()
    expect(page.get_by_text("Choisissez qui est absent.")).to_be_visible()
    page.get_by_label("Qui").select_option(label=f"{judge}, juge")
    page.get_by_label("Premier jour").fill(ours.isoformat())
    page.get_by_label("Dernier jour").fill(ours.isoformat())
    look_at_another_month_meanwhile(page)
    page.get_by_role("button", name="Noter l’absence").click()
    expect(page.locator("#message")).to_contain_text("L’absence est notée.")
    gap = page.locator("li.pj-bench__gap").filter(has_text=f"{OURS}, 0")
    expect(gap).to_contain_text(f"Absent : {judge}, juge")
    held = page.locator("details").filter(has_text=f", {judge}")
    held.locator("summary").press("Enter")
    held.get_by_role("checkbox", name=re.compile("juge unique")).first.press("Space")
    held.get_by_role("button", name=re.compile("^Enregistrer")).press("Enter")
    expect(page.locator("#message")).to_contain_text(f"{judge} tient ")
    page.locator("#message").get_by_role("button", name="Annuler").press("Enter")
    expect(held.locator("summary")).to_contain_text("toutes les audiences du tribunal")

    page.goto("/repartition/")
    expect(page.get_by_text(re.compile("à pourvoir, quelqu’un"))).to_be_visible()
    page.get_by_role("link", name="Voir qui remplace").click()
    expect(gap).to_be_visible()
    assert serious_in_both_schemes(page) == []
    mine = page.locator("li.pj-bench__gap").filter(has_text="1\u00a0audience à pourvoir").filter(has_text=OURS)
    mine.get_by_role("button", name=re.compile("^Tout remplacer")).click()
    expect(page.locator("#message")).to_contain_text("1\u00a0audience pourvue")
    expect(gap).to_have_count(0)
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(gap).to_be_visible()
    gap.get_by_role("button", name=re.compile("^Remplacer")).click()
    expect(gap).to_have_count(0)

    monday = ours - timedelta(days=2)
    page.goto(f"/audiences/semaine/?vue=salle&semaine={monday}")
    block = page.locator(f"[data-title^='{OURS}']")
    expect(block).to_be_visible()
    page.mouse.move(0, 0)
    block.drag_to(page.locator(f"tr:has([data-title^='{OURS}']) [data-day='{ours + timedelta(days=1)}']"))
    entailed = page.locator("#ce-que-cela-entraine")
    expect(entailed).to_contain_text("Aucune affaire n’y est fixée.")
    assert serious_in_both_schemes(page) == []
    change_and_look_again(page)
    page.get_by_role("button", name="Déplacer l’audience").click()
    expect(page.locator("#message")).to_contain_text("Déplacée.")
    moved = page.locator(f"[data-day='{ours + timedelta(days=1)}'] [data-title^='{OURS}']")
    expect(moved).to_be_focused()
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(moved).to_have_count(0)
    move_nowhere(page, page.locator(f"[data-day='{ours}'] [data-title^='{OURS}']"))
