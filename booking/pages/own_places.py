"""The partner's own page: what one runs, "Toujours vrai ?" in one tap a line, and everything else in a sheet."""

from __future__ import annotations

import reflex as rx

from availability.rights import Role
from booking.pages import own_places_words as words
from booking.pages.own_place_sheet import own_place_sheet
from booking.pages.own_places_state import OwnPlacesState, OwnPlaceState
from booking.pages.own_places_words import PlaceLine
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, link_button, skeleton

el = rx.el
FEW = 6  # so many are seen at a glance: no search among them


@page(
    "/mes-places",
    title="Mes places",
    roles=(Role.PARTNER,),
    on_load=(OwnPlacesState.load, OwnPlaceState.load),
    entry="Mes places",
    order=20,
    description="Vos places, vos lits, vos horaires et vos fermetures, tenus à jour en deux minutes.",
)
def own_places_page() -> rx.Component:
    """Return the places of a partner."""
    state = OwnPlacesState
    return layout(
        rx.cond(
            state.is_loaded,
            rx.cond(state.of_all > 0, _everything(), _nothing()),
            skeleton(6, "Lecture des places…"),
        ),
        own_place_sheet(),
        title="Mes places",
        lead=el.p("Ce que la justice voit de vous. Deux minutes par semaine suffisent."),
        on_undo=state.undo,
    )


def _nothing() -> rx.Component:
    return empty_state(
        "Vous n’avez encore aucune place",
        "Lits, postes, médiateurs, permanences : ils s’afficheront ici, et se confirmeront d’un geste. "
        "Importez-les d’un tableur, ou demandez à votre administrateur de les créer.",
        link_button("Importer un tableur", "/importer/"),
    )


def _everything() -> rx.Component:
    state = OwnPlacesState
    lines = el.ul(rx.foreach(state.lines, _line), class_name="pj-requests")
    return el.div(
        _head(),
        rx.cond(state.of_all > FEW, _search()),
        rx.cond(state.lines.length() > 0, lines, _not_found()),
        _pages(),
        el.div(
            link_button("Importer un tableur", "/importer/", kind="secondary", icon="fr-icon-upload-line"),
            class_name="pj-actions fr-mt-3w",
        ),
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def _head() -> rx.Component:
    state = OwnPlacesState
    everything = el.button(
        "Tout est toujours vrai",
        type="button",
        on_click=state.all_still_true,
        class_name="fr-btn fr-btn--secondary fr-icon-check-line fr-btn--icon-left",
    )
    return el.div(
        el.p(state.summary, role="status", class_name="fr-text--bold fr-mb-0"),
        rx.cond(state.of_all > 1, everything),
        class_name="pj-own__head",
    )


def _search() -> rx.Component:
    state = OwnPlacesState
    bar = el.div(
        el.label("Nom, lieu, commune ou type", html_for="recherche", class_name="fr-label"),
        el.input(
            type="search",
            id="recherche",
            name="q",
            placeholder="Nom, lieu, commune ou type",
            default_value=state.typed,
            key="q" + state.typed,
            max_length=words.LONGEST_SEARCH,
            auto_complete="off",
            class_name="fr-input",
        ),
        el.button("Rechercher", type="submit", title="Rechercher", class_name="fr-btn"),
        role="search",
        class_name="fr-search-bar",
    )
    is_filtered = state.only_stale | (state.typed != "")
    links = el.div(
        rx.cond(
            ~state.only_stale & (state.stale > 0),
            inner_link("À vérifier seulement", href=state.stale_href, class_name="fr-link"),
        ),
        rx.cond(is_filtered, inner_link("Tout afficher", href=words.ADDRESS, class_name="fr-link")),
        class_name="pj-own__links",
    )
    return el.div(rx.el.form(bar, on_submit=state.search), links, class_name="pj-own__search")


def _not_found() -> rx.Component:
    state = OwnPlacesState
    fresh = empty_state("Tout est à jour", "Aucune ligne n’est à vérifier.")
    searched = empty_state(
        "Rien ne correspond",
        "Cherchez le nom d’une place, d’un lieu, d’une commune, ou un type.",
        inner_link("Tout afficher", href=words.ADDRESS, class_name="fr-btn fr-btn--secondary"),
    )
    return rx.cond(state.typed != "", searched, fresh)


def _pages() -> rx.Component:
    state = OwnPlacesState

    def step(label: str, href: rx.Var[str]) -> rx.Component:
        return rx.cond(
            href != "", inner_link(label, href=href, class_name="fr-btn fr-btn--sm fr-btn--tertiary"), el.span()
        )

    inner = el.nav(
        step("Page précédente", state.previous),
        el.span(state.where_in_pages, class_name="fr-text--sm fr-mb-0"),
        step("Page suivante", state.following),
        aria_label="Pages",
        class_name="pj-own__pages",
    )
    return rx.cond(state.where_in_pages != "", inner)


def _line(line: rx.Var[PlaceLine]) -> rx.Component:
    stale = el.span(line.age, " : à vérifier", class_name="pj-age pj-age--stale fr-icon-warning-line fr-icon--sm")
    return el.li(
        el.h2(line.name, class_name="fr-h6 fr-mb-1v"),
        el.p(line.where, class_name="fr-text--sm fr-mb-1v pj-grey"),
        el.p(el.strong(line.figures), class_name="fr-mb-1v"),
        rx.foreach(line.notes, _note),
        el.p(rx.cond(line.is_stale, stale, el.span(line.age, class_name="pj-age")), class_name="fr-mb-1w"),
        el.div(
            el.button(
                "Toujours vrai",
                type="button",
                aria_label="Toujours vrai : " + line.name,
                on_click=OwnPlacesState.still_true(line.id),
                class_name=rx.cond(
                    line.is_stale,
                    "fr-btn fr-icon-check-line fr-btn--icon-left",
                    "fr-btn fr-btn--secondary fr-icon-check-line fr-btn--icon-left",
                ),
            ),
            inner_link(
                "Modifier",
                href=line.href,
                prevent_scroll_reset=True,
                aria_label="Modifier : " + line.name,
                class_name="fr-btn fr-btn--secondary",
            ),
            class_name="pj-actions pj-request__answers pj-request__answers--wide",
        ),
        key=line.id,
        class_name="pj-request",
    )


def _note(words_: rx.Var[str]) -> rx.Component:
    return el.p(words_, class_name="fr-text--sm fr-mb-1v fr-icon-information-line fr-icon--sm pj-own__note")
