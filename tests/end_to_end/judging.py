"""What axe-core finds serious on a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

SERIOUS = ("serious", "critical")
OF_COLOURS = ("color-contrast", "link-in-text-block")  # of the rules that are on by default
# What fades in is judged once it is there; what turns for ever is not waited for.
AT_REST = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect?.getComputedTiming().endTime < Infinity)
    .map((one) => one.finished.catch(() => null))).then(() => null)"""
# Something that was dimmed meanwhile was judged half-seen: null then.
RUN = """async ([within, options]) => {
    const awaited = () => document.querySelector(".pj-dimmed") !== null;
    let dimmed = awaited();
    const watch = new MutationObserver(() => { dimmed ||= awaited(); });
    watch.observe(document, { subtree: true, childList: true, attributeFilter: ["class"] });
    const found = await axe.run(within, options);
    watch.disconnect();
    return dimmed || awaited() ? null : found.violations;
}"""


def serious(page: Page, *, within: str = "html", only_colours: bool = False) -> list[str]:
    """Return the serious violations that a page shows, once nothing is dimmed to be awaited."""
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in violations(page, within=within, only_colours=only_colours)
        if one["impact"] in SERIOUS
    ]


def serious_in_both_schemes(page: Page) -> list[str]:
    """Return the serious violations in light, then those of colours in dark: nothing else depends on the scheme."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-fr-theme", scheme)
        found += serious(page, only_colours=scheme == "dark")
    return found


def violations(page: Page, *, within: str = "html", only_colours: bool = False) -> list[dict[str, Any]]:
    """Return all that axe-core finds, once nothing is dimmed to be awaited."""
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": OF_COLOURS} if only_colours else {})
    found: list[dict[str, Any]] | None = None
    while found is None:
        expect(page.locator(".pj-dimmed")).to_have_count(0)
        page.evaluate(AT_REST)
        found = page.evaluate(RUN, [within, options])
    return found
