"""The frame of every page: skip links, header, navigation, message, content, footer."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors
from reflex_components_core.react_router.dom import ReactRouterLink

from portal.session import Entry, SessionState
from portal.ui.dsfr import native_form, native_link
from portal.ui.notice import notice
from portal.ui.sight import sight

el = rx.el
SERVICE = "PlaceJuste"
TAGLINE = "Voir ce qui est libre dans la justice, et le prendre"


def layout(
    *children: rx.Component,
    title: rx.Var[str] | str,
    lead: rx.Component | None = None,
    wide: bool = False,
    is_front: bool = False,
    on_undo: rx.EventHandler | None = None,
) -> rx.Component:
    """Return a whole page; `wide` uses the full width, for maps and dense tables; the front page has a large title.

    Every page, its header and its footer begin at the same edge: going from one to another moves nothing.
    """
    container = "fr-container-fluid pj-wide" + ("" if wide else " pj-read")
    return el.div(
        _skip_links(),
        _connection_banner(),
        sight(),
        _header(),
        el.main(
            el.div(notice(on_undo), class_name=f"{container} pj-notice-bar"),
            el.div(
                el.h1(title, class_name="" if is_front else "fr-h3 fr-mb-2w"),
                rx.cond(SessionState.is_refused, rx.fragment(), rx.fragment(lead or rx.fragment(), *children)),
                class_name=container,
            ),
            id="contenu",
            role="main",
            tab_index=-1,
            class_name="pj-main",
        ),
        _footer(),
    )


def next_pages() -> rx.Component:
    """Return the other pages of the navigation as buttons, for a page that has nothing to show."""
    return el.div(rx.foreach(SessionState.entries, _next_page), class_name="pj-actions")


def if_open(address: str, shown: rx.Component) -> rx.Component:
    """Return what is shown to those only who may open the page at an address; the page guards itself."""
    return rx.cond(SessionState.may_open.contains(address), shown)


def _next_page(entry: rx.Var[Entry]) -> rx.Component:
    link = ReactRouterLink.create(entry.label, to=entry.href, class_name="fr-btn fr-btn--secondary")
    return rx.cond(entry.is_current, rx.fragment(), link)


def _skip_links() -> rx.Component:
    links = (("Aller au contenu", "#contenu"), ("Aller au menu", "#menu"), ("Aller au pied de page", "#pied"))
    items = [el.li(native_link(label, href=href, class_name="fr-link")) for label, href in links]
    inner = el.nav(
        el.ul(*items, class_name="fr-skiplinks__list"),
        role="navigation",
        aria_label="Accès rapide",
        class_name="fr-container",
    )
    return el.div(inner, class_name="fr-skiplinks")


def _connection_banner() -> rx.Component:
    text = el.p("Connexion perdue, reconnexion… Ce qui est affiché peut dater ; rien n’est perdu.")
    banner = el.div(el.div(text, class_name="fr-container"), class_name="pj-connection")
    return el.div(rx.cond(has_connection_errors, banner), role="status", aria_live="assertive")


def _header() -> rx.Component:
    row = el.div(_brand(), _tools(), class_name="fr-header__body-row")
    body = el.div(el.div(row, class_name="fr-container"), class_name="fr-header__body")
    return el.header(body, _menu(), role="banner", class_name="fr-header")


def _brand() -> rx.Component:
    logo = el.div(
        el.p("République", el.br(), "Française", class_name="fr-logo"),
        class_name="fr-header__logo",
    )
    # DSFR's script needs this button and the modal menu, even on a wide screen.
    opener = el.button(
        "Menu",
        class_name="fr-btn--menu fr-btn",
        data_fr_opened="false",
        aria_controls="modal-menu",
        id="bouton-menu",
        type="button",
        title="Menu",
    )
    name = el.p(SERVICE, _demo_badge(), class_name="fr-header__service-title")
    home = el.a(name, href="/", title=f"Accueil – {SERVICE}")
    service = el.div(home, el.p(TAGLINE, class_name="fr-header__service-tagline"), class_name="fr-header__service")
    top = el.div(logo, el.div(opener, class_name="fr-header__navbar"), class_name="fr-header__brand-top")
    return el.div(top, service, class_name="fr-header__brand fr-enlarge-link")


def _demo_badge() -> rx.Component:
    label = "démonstration — service fictif"
    return rx.cond(SessionState.is_demo, el.span(label, class_name="fr-badge fr-badge--sm fr-badge--green-emeraude"))


def _tools() -> rx.Component:
    return el.div(el.div(_account(), class_name="fr-header__tools-links"), class_name="fr-header__tools")


def _account() -> rx.Component:
    leave = el.button(
        "Se déconnecter", type="submit", title="Se déconnecter", class_name="fr-btn fr-icon-logout-box-r-line"
    )
    signed_in = el.ul(
        el.li(el.p(SessionState.name, class_name="fr-icon-account-circle-line pj-who")),
        el.li(native_form(leave, action="/auth/logout", method="post")),
        class_name="fr-btns-group",
    )
    enter = el.ul(
        el.li(el.a("Se connecter", href="/connexion/", class_name="fr-btn fr-icon-lock-line")),
        class_name="fr-btns-group",
    )
    return rx.cond(SessionState.name != "", signed_in, enter)


def _menu() -> rx.Component:
    close = el.button(
        "Fermer",
        class_name="fr-btn--close fr-btn",
        type="button",
        aria_controls="modal-menu",
        id="fermer-menu",
        title="Fermer",
    )
    entries = el.ul(rx.foreach(SessionState.entries, _entry), class_name="fr-nav__list")
    navigation = el.nav(
        entries, id="menu", class_name="fr-nav", role="navigation", aria_label="Menu principal", tab_index=-1
    )
    # On a phone DSFR hides the tools and shows these links in the menu.
    links = el.div(_account(), class_name="fr-header__menu-links")
    inner = el.div(close, links, navigation, class_name="fr-container")
    return el.div(inner, class_name="fr-header__menu fr-modal", id="modal-menu", aria_labelledby="bouton-menu")


def _entry(entry: rx.Var[Entry]) -> rx.Component:
    current = rx.cond(entry.is_current, "page", "false")
    link = ReactRouterLink.create(entry.label, to=entry.href, aria_current=current, class_name="fr-nav__link")
    return el.li(link, class_name="fr-nav__item")


def _footer() -> rx.Component:
    fictional = rx.cond(SessionState.is_demo, " Personnes, places et décisions y sont fictives.", "")
    statement = el.p(
        "Ce site n’est pas un service de l’État : c’est la démonstration d’un logiciel libre, qui montre le système "
        "de design de l’État à ce seul titre.",
        fictional,
        class_name="fr-footer__content-desc",
    )
    body = el.div(
        el.div(el.p(SERVICE, class_name="fr-logo pj-logo"), class_name="fr-footer__brand"),
        el.div(statement, class_name="fr-footer__content"),
        class_name="fr-footer__body",
    )
    licence = el.p("Logiciel libre sous licence MIT. Lieux : GeoNames (CC BY 4.0).")
    bottom = el.div(el.div(licence, class_name="fr-footer__bottom-copy"), class_name="fr-footer__bottom")
    return el.footer(
        el.div(body, bottom, class_name="fr-container"), role="contentinfo", id="pied", class_name="fr-footer"
    )
