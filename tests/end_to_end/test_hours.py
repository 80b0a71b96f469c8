"""Hours in a real browser: drawn with the mouse, then with the keyboard alone to the last appointment left outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from playwright.sync_api import Page, expect
from sqlmodel import Session

from availability.closings import ClosedDays, close_days
from availability.hours import rules_from
from availability.openings import A_DAY, Rule
from booking.agenda import monday_of
from tests.end_to_end.judging import serious_in_both_schemes
from tests.end_to_end.test_agenda import CASE, OFFICER, PARIS, OpenPage, Quiet

ROWS = 13 * 60  # minutes that the grid draws, from seven


def opened(open_page: OpenPage, quiet: Quiet, **options: object) -> Page:
    """Open the hours of the quiet agent, in the week of the appointment."""
    page = open_page(f"/horaires/?ressource={quiet.agent}&semaine={_monday(quiet)}", OFFICER, **options)
    expect(page.get_by_role("heading", name="Par écrit")).to_be_attached()
    return page


def test_an_opening_is_drawn_moved_and_lengthened_with_the_mouse_and_nothing_is_written(
    open_page: OpenPage,
    quiet: Quiet,
) -> None:
    page, before = opened(open_page, quiet), _rules(quiet)
    _carry(page, (5, 9), (5, 11), meanwhile=partial(_somebody_closes_a_day, page, quiet))
    block = page.locator("button.pj-block").filter(has_text="9\u00a0h – 11\u00a0h")
    expect(block).to_have_attribute("aria-label", re.compile("tous les samedis"))
    expect(page.get_by_text("Ajouté")).to_be_visible()
    _carry(page, (5, 10), (6, 11))  # taken in its midst
    expect(page.locator("button.pj-block").filter(has_text="10\u00a0h – 12\u00a0h")).to_have_attribute(
        "aria-label", re.compile("tous les dimanches")
    )
    _carry(page, (6, 11.88), (6, 13))  # by its edge
    expect(page.locator("button.pj-block").filter(has_text="10\u00a0h – 13\u00a0h")).to_be_visible()
    page.select_option("#code", "m-1")
    page.get_by_role("button", name="Appliquer").click()
    expect(page.locator(".pj-hours__editor")).to_contain_text("le dernier dimanche du mois")
    for _ in range(4):
        page.get_by_role("button", name="Défaire").click()

    expect(page.get_by_text("Rien n’a changé.")).to_be_visible()
    assert _rules(quiet) == before


def test_with_the_keyboard_alone_hours_are_changed_one_left_outside_is_moved_and_all_is_taken_back(
    open_page: OpenPage,
    quiet: Quiet,
) -> None:
    page, before, day = opened(open_page, quiet), _rules(quiet), quiet.starts[0].astimezone(PARIS).date()
    mornings = page.locator(f"[data-block$='{day}']")
    expect(mornings.first).to_be_visible()
    for left in reversed(range(mornings.count())):
        mornings.first.press("Delete")
        expect(mornings).to_have_count(left)
        expect(page.locator(".pj-hours__cursor")).to_be_focused()
    for key in (
        *["ArrowLeft"] * 6,
        *["ArrowRight"] * day.weekday(),
        "Home",
        *["ArrowDown"] * 14,
        "Enter",
        "ArrowDown",
        "Enter",
    ):
        page.keyboard.press(key)
    expect(page.locator(".pj-block--changed")).to_contain_text("14\u00a0h – 15\u00a0h")
    expect(page.locator(".pj-hours__would-be")).to_contain_text(CASE)
    page.get_by_role("button", name=re.compile("^Enregistrer à partir du")).press("Enter")
    expect(page.locator("#message")).to_contain_text("Nouveaux horaires à partir du")
    row = page.locator(".pj-hours__outside > li").filter(has_text=CASE)
    row.get_by_role("button", name=re.compile("^Déplacer")).first.press("Enter")
    expect(page.locator("#message")).to_contain_text("Rendez-vous déplacé")
    expect(row).to_have_count(0)
    assert quiet.at() != quiet.starts[0]
    page.get_by_role("button", name="Annuler", exact=True).press("Enter")
    expect(row).to_be_visible()
    assert quiet.at() == quiet.starts[0]
    page.get_by_role("button", name="Annuler aussi le précédent").press("Enter")

    expect(row).to_have_count(0)
    assert _rules(quiet) == before


def test_days_are_closed_and_a_week_copied_from_lists_on_a_phone(open_page: OpenPage, quiet: Quiet) -> None:
    page, day = opened(open_page, quiet, width=375), quiet.starts[0].astimezone(PARIS).date()
    expect(page.locator(".pj-week")).to_be_hidden()
    page.locator("#n5_de").fill("neuf")
    page.locator("#n5_a").fill("12h")
    page.get_by_role("button", name="Voir l’effet").click()
    expect(page.locator("#n5_de")).to_be_focused()
    expect(page.locator("#n5_de")).to_have_value("neuf")
    expect(page.locator("#n5-message")).to_contain_text("ne se lit pas")
    page.locator("#n5_de").fill("9")
    page.get_by_role("button", name="Voir l’effet").click()
    expect(page.get_by_text("Ajouté")).to_be_visible()
    page.get_by_role("button", name="Tout remettre comme avant").click()
    page.locator("#first").fill(str(day))
    page.locator("#reason").fill("Formation")
    page.get_by_role("button", name="Fermer ces jours").click()
    expect(page.locator(".pj-hours__outside")).to_contain_text(CASE)
    page.get_by_role("button", name="Grille").click()
    expect(page.locator(".pj-week__head")).to_contain_text("Formation")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="Annuler", exact=True).click()
    expect(page.get_by_text("Aucune fermeture prévue.")).to_be_visible()
    page.locator(".pj-hours__targets label").last.click()
    page.get_by_role("button", name="Copier la semaine").click()
    expect(page.locator("#message")).to_contain_text("copiée sur 1\u00a0semaine")
    page.get_by_role("button", name="Annuler", exact=True).click()

    expect(page.locator("#message")).to_contain_text("C’est annulé")


def test_the_grid_and_an_opening_chosen_have_no_serious_violation(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet)
    page.locator("button.pj-block").first.press("Enter")
    expect(page.locator(".pj-hours__editor")).to_be_visible()
    page.locator("button.pj-block").last.press("Delete")
    expect(page.get_by_text("Retiré")).to_be_visible()

    assert serious_in_both_schemes(page) == []


def _monday(quiet: Quiet) -> date:
    return monday_of(quiet.starts[0].astimezone(PARIS).date())


def _rules(quiet: Quiet) -> tuple[Rule, ...]:
    with Session(quiet.served.engine) as session:
        return tuple(sorted(rules_from(session, quiet.agent, _monday(quiet)), key=str))


def _somebody_closes_a_day(page: Page, quiet: Quiet) -> None:
    """Return once the week is drawn again with the day that a colleague has just closed."""
    shown, why = page.locator("main"), "Inventaire fictif"
    expect(shown).not_to_contain_text(why)
    day = _monday(quiet) + (1 if quiet.starts[0].astimezone(PARIS).weekday() == 0 else 0) * A_DAY
    with Session(quiet.served.engine) as session, session.begin():
        close_days(session, quiet.actor, quiet.agent, ClosedDays(day, day + A_DAY, why), now=datetime.now(UTC))
    expect(shown).to_contain_text(why)


def _carry(
    page: Page,
    start: tuple[int, float],
    end: tuple[int, float],
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Press at a day and an hour, and let go at others, as a hand does; `meanwhile` happens under the hand."""
    page.locator(".pj-week__area").scroll_into_view_if_needed()
    x, y = _point(page, *start)
    page.mouse.move(x, y + 1)
    page.mouse.down()
    page.mouse.move(x + 2, y + 8, steps=2)
    page.mouse.move(*_point(page, *end), steps=8)
    meanwhile()
    page.mouse.move(*_point(page, *end))  # the grid may stand lower since
    page.mouse.up()


def _point(page: Page, day: int, hour: float) -> tuple[float, float]:
    """Return where a day and an hour are drawn."""
    box = page.locator(".pj-week__area").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * (day + 0.5) / 7, box["y"] + box["height"] * (hour - 7) * 60 / ROWS
