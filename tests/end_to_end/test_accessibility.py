"""axe-core finds no serious violation on any page, for whoever may open it; nothing overflows a small phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

import portal.app  # noqa: F401 - registers the pages
from availability.rights import Role
from portal.session import PAGES
from tests.end_to_end.judging import serious, serious_in_both_schemes

OpenPage = Callable[..., Page]
EVERY_PAGE = sorted(PAGES)


def somebody_for(route: str) -> Role | None:
    """Return a role that may open a page, or None when it is public."""
    policy = PAGES[route].policy
    if policy.is_public:
        return None
    return min(policy.audience) if isinstance(policy.audience, frozenset) else Role.PROBATION_OFFICER


@pytest.mark.parametrize("route", EVERY_PAGE)
def test_nothing_overflows_at_320_pixels_and_no_serious_violation_in_light_or_dark(
    open_page: OpenPage, route: str
) -> None:
    page = open_page(route if route.startswith("/") else f"/{route}", somebody_for(route), width=320)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1440, "height": 900})
    assert serious_in_both_schemes(page) == []


def test_the_open_sheet_has_no_serious_violation(open_page: OpenPage) -> None:
    page = open_page("/carte/?type=semi-liberte&lieu=Lyon", Role.PROBATION_OFFICER)
    page.locator(".pj-card button").first.click()
    page.wait_for_selector(".pj-line")

    assert serious(page) == []


def test_who_may_not_open_a_page_is_told_so_and_waits_for_nothing_of_it(open_page: OpenPage) -> None:
    page = open_page("/types/", Role.PROBATION_OFFICER)

    expect(page.locator("#message")).to_contain_text("Accès refusé")
    expect(page.locator(".pj-skeleton")).to_have_count(0)
    page.get_by_role("link", name="Revenir à ma première page").click()
    expect(page.get_by_role("heading", name="Ma journée", level=1)).to_be_visible()
    expect(page.locator("#contenu")).not_to_contain_text("Accès refusé")
