"""The frame of every page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from availability.rights import Role
from tests.conftest import go
from tests.served import Served

OpenPage = Callable[..., Page]
# A server that is gone, seen from the page: open sockets close, new ones find nobody.
BREAKABLE_SOCKETS = """
  const Real = window.WebSocket; const open = new Set(); let isCut = false;
  window.WebSocket = class extends Real {
    constructor(url, protocols) {
      super(isCut ? "ws://127.0.0.1:9/" : url, protocols);
      open.add(this);
    }
  };
  window.cutTheLine = (cut) => { isCut = cut; if (cut) open.forEach((socket) => socket.close()); };
"""


def test_one_click_signs_in_and_the_policy_of_content_is_never_broken(open_page: OpenPage) -> None:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page = open_page("/connexion/", csp=True)
    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    go(page, "/")
    expect(page.locator("h1")).to_have_text("Ce qui est libre, tout de suite")
    page.locator(".pj-person").first.click()
    expect(page.locator(".fr-header__tools .pj-who")).to_have_text("Camille Exemple")
    expect(page).not_to_have_url(re.compile(r":\d+/(connexion/?)?$"))
    expect(page.get_by_role("navigation", name="Menu principal").get_by_role("link").first).to_be_visible()

    page.locator(".fr-header__tools").get_by_role("button", name="Se déconnecter").click()
    expect(page.locator(".pj-person").first).to_be_visible()

    assert page.context.cookies() == []
    assert said == []


def test_a_guarded_page_asks_to_sign_in_then_comes_back(open_page: OpenPage) -> None:
    page = open_page("/carte/?rayon=30")
    expect(page).to_have_url(re.compile(r"/connexion/\?suite=/carte"))
    expect(page.locator(".pj-narrow input[name=suite]")).to_have_attribute("value", re.compile("^/carte"))
    page.locator(".pj-person").first.click()
    expect(page).to_have_url(re.compile(r"/carte/\?rayon=30"))


def test_a_failed_sign_in_keeps_what_was_typed(open_page: OpenPage) -> None:
    page = open_page("/connexion/")
    page.fill("#login", "quelqu.un")
    page.fill("#password", "non")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("Identifiant ou mot de passe incorrect")
    expect(page.locator("#login")).to_have_value("quelqu.un")
    expect(page.locator("#password")).to_have_value("")
    assert "quelqu.un" not in page.url


def test_the_menu_of_a_phone_follows_who_is_signed_in_and_closes_when_one_goes(open_page: OpenPage) -> None:
    page = open_page("/404/", Role.PROBATION_OFFICER, width=375)
    page.get_by_role("button", name="Menu").click()
    menu = page.locator("#modal-menu")
    expect(menu.get_by_text("Se déconnecter")).to_be_visible()
    entry = menu.locator(".fr-nav__link").first
    wanted = entry.get_attribute("href") or ""
    entry.click()

    expect(page).to_have_url(re.compile(wanted))
    expect(menu).not_to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page overflows"


def test_the_keyboard_reaches_the_content_at_once(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#contenu")).to_be_focused()
    page.keyboard.press("Tab")

    assert page.evaluate("document.getElementById('contenu').contains(document.activeElement)")


def test_an_unknown_address_leads_back_home(open_page: OpenPage) -> None:
    page = open_page("/nulle-part")
    expect(page.locator("h1")).to_have_text("Page introuvable")
    page.get_by_role("link", name="Revenir à l’accueil").click()
    expect(page.locator("h1")).to_have_text("Ce qui est libre, tout de suite")


def test_a_lost_connection_is_said_in_french_until_it_is_back(open_page: OpenPage) -> None:
    page = open_page("/connexion/")
    page.add_init_script(BREAKABLE_SOCKETS)
    go(page, "/connexion/")
    banner = page.get_by_text("Connexion perdue, reconnexion…")
    expect(banner).to_have_count(0)

    page.evaluate("window.cutTheLine(true)")
    expect(banner).to_be_visible()

    page.evaluate("window.cutTheLine(false)")
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_of_the_system_is_followed(open_page: OpenPage, served: Served, scheme: str) -> None:
    page = open_page("/connexion/")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-fr-theme", scheme)
    expect(page.get_by_text("démonstration — service fictif").first).to_be_visible()
    expect(page.locator("#pied")).to_contain_text("n’est pas un service de l’État")
