"""The waiting list in a browser: from the map to the list, an offer left and taken back, a wait withdrawn, put back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from availability.rights import Role
from tests.end_to_end.judging import serious

OpenPage = Callable[..., Page]


def test_from_the_map_somebody_waits_at_their_rank_and_an_offer_is_left_then_taken_back(open_page: OpenPage) -> None:
    page = open_page("/carte/?type=chrs&lieu=Lyon&rayon=5", Role.PROBATION_OFFICER)
    page.get_by_role("link", name="Mettre en liste d’attente").first.click()
    form = page.get_by_role("dialog", name="Mettre en liste d’attente")
    expect(form.get_by_text("À moins de 5")).to_be_visible()
    form.locator("[name=case_ref]").fill("26/00777")
    form.get_by_label("Combien de nuits").fill("999")
    form.get_by_role("button", name="Mettre en liste d’attente").click()
    expect(form.get_by_text("pas plus que les jours de la période")).to_be_visible()
    expect(form.locator("[name=case_ref]")).to_have_value("26/00777")
    form.get_by_label("Combien de nuits").fill("")
    form.get_by_role("button", name="Mettre en liste d’attente").click()

    expect(page.get_by_text("sur la liste : inscription le")).to_be_visible()
    mine = page.locator(".pj-wait__card").filter(has_text="26/00777")
    expect(mine).to_be_visible()
    mine.get_by_role("button", name="Retirer de la liste").click()
    expect(mine).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(mine).to_be_visible()
    mine.get_by_role("button", name="Retirer de la liste").click()
    expect(mine).to_have_count(0)

    offer = page.locator(".pj-wait__card--offer")
    expect(offer.get_by_text("Gardée jusqu’au")).to_be_visible()
    offer.get_by_role("button", name="Laisser au suivant").click()
    expect(offer.get_by_label("Pourquoi laisser")).to_be_visible()
    offer.get_by_role("button", name="Laisser au suivant").click()
    expect(offer.get_by_text("Choisissez un motif")).to_be_visible()
    offer.get_by_label("Pourquoi laisser").select_option("too-far")
    offer.get_by_role("button", name="Laisser au suivant").click()
    expect(offer).to_have_count(0)
    page.get_by_role("button", name="Annuler").click()
    expect(offer.get_by_text("Gardée jusqu’au")).to_be_visible()

    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert serious(page) == []
