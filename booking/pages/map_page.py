"""The map: filters above, then the answer in a sentence, the list and the map, which hold the same places."""

from __future__ import annotations

import reflex as rx

from availability.pages.map_component import place_map
from availability.rights import SEARCHERS
from booking.pages.map_state import MapState
from booking.pages.map_words import Card
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.pages.pieces import place_state, strip_of
from booking.pages.reserve import reserve_sheet
from booking.pages.reserve_state import ReserveState
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton

el = rx.el
SEXES = (("", "Indifférent"), ("F", "Femme"), ("M", "Homme"))


@page(
    "/carte",
    title="Carte",
    roles=SEARCHERS,
    on_load=(MapState.load,),
    entry="Carte",
    order=20,
)
def map_page() -> rx.Component:
    """Return the map with its filters, its list and its sheet."""
    return layout(
        _layers(),
        el.div(
            el.div(_filters(), _answer(), _list(), class_name="pj-map-side"),
            _map(),
            class_name=rx.cond(MapState.shows_map, "pj-map-split pj-map-split--map", "pj-map-split"),
        ),
        reserve_sheet(on_close=MapState.close_site),
        title="Carte des places",
        wide=True,
    )


def _layers() -> rx.Component:
    choice = rx.foreach(
        MapState.layers,
        lambda layer: el.li(
            el.button(
                layer.label,
                type="button",
                aria_pressed=rx.cond(layer.is_current, "true", "false"),
                on_click=MapState.choose_layer(layer.code),
                class_name=rx.cond(layer.is_current, "fr-tag pj-layer", "fr-tag pj-layer"),
            )
        ),
    )
    return el.nav(el.ul(choice, class_name="fr-tags-group"), aria_label="Que cherchez-vous ?", class_name="pj-layers")


def _filters() -> rx.Component:
    typed, problems = MapState.typed, MapState.problems
    place = field(
        "Autour de",
        "lieu",
        hint="Adresse, commune ou code postal",
        error=problems["lieu"],
        default_value=typed["lieu"],
        key=typed["lieu"],
        list="communes",
        auto_complete="off",
        on_change=MapState.suggest_places.debounce(200),
    )
    boxes = [
        _box("weekend", "Ouvert le week-end"),
        _box("accessible", "Accessible en fauteuil"),
        _box("libres", "Seulement ce qui est libre"),
        _box("ailleurs", "Au-delà de mon ressort (consultation tracée)"),
    ]
    toggle = el.button(
        "Filtres",
        type="button",
        aria_expanded=rx.cond(MapState.shows_filters, "true", "false"),
        aria_controls="filtres",
        on_click=MapState.toggle_filters,
        class_name="fr-btn fr-btn--secondary fr-icon-filter-line fr-btn--icon-left pj-phone-only",
    )
    person = el.details(
        el.summary("Pour une personne : sexe, âge et adresse remplis d’avance"),
        # One picker at a time: the sheet has its own, and the ids of fields are theirs alone.
        rx.cond(
            ReserveState.is_open,
            rx.fragment(),
            person_picker(on_chosen=MapState.for_person, label="Chercher une place pour"),
        ),
        open=PersonPickerState.chosen.id != "",
        class_name="pj-why fr-mb-1w",
    )
    return el.div(
        toggle,
        person,
        rx.el.form(
            el.datalist(rx.foreach(MapState.suggestions, lambda name: el.option(value=name)), id="communes"),
            el.div(
                place,
                _date_field("Du", "du"),
                _date_field("Au (jour de sortie)", "au"),
                _number_field("Distance (km)", "rayon"),
                select_field("Sexe", "sexe", SEXES, default_value=typed["sexe"], key="s" + typed["sexe"]),
                _number_field("Âge", "age"),
                class_name="pj-filters__grid",
            ),
            el.fieldset(
                el.legend("Précisions", class_name="fr-sr-only"),
                *boxes,
                class_name="pj-filters__boxes",
            ),
            el.div(
                el.button("Chercher", type="submit", class_name="fr-btn fr-icon-search-line fr-btn--icon-left"),
                el.button(
                    "Effacer les filtres",
                    type="button",
                    on_click=MapState.forget_filters,
                    class_name="fr-btn fr-btn--tertiary-no-outline",
                ),
                class_name="pj-actions",
            ),
            on_submit=MapState.submit,
            role="search",
            id="filtres",
            aria_label="Filtres de la carte",
            class_name=rx.cond(MapState.shows_filters, "pj-filters__form pj-filters__form--open", "pj-filters__form"),
        ),
        class_name="pj-filters",
    )


def _date_field(label: str, name: str) -> rx.Component:
    typed = MapState.typed[name]
    return field(label, name, error=MapState.problems[name], type="date", default_value=typed, key=name + typed)


def _number_field(label: str, name: str) -> rx.Component:
    typed = MapState.typed[name]
    error = MapState.problems[name]
    return field(label, name, error=error, default_value=typed, key=name + typed, input_mode="numeric")


def _box(name: str, label: str) -> rx.Component:
    ticked = MapState.typed[name] != ""
    return el.div(
        el.input(
            type="checkbox",
            id=name,
            name=name,
            value="1",
            default_checked=ticked,
            key=f"{name}-" + MapState.typed[name],
        ),
        el.label(label, html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )


def _answer() -> rx.Component:
    why = el.details(
        el.summary("Pourquoi pas les autres ?"),
        el.ul(rx.foreach(MapState.reasons, el.li)),
        class_name="pj-why",
    )
    switch = el.div(
        el.button(
            "Liste",
            type="button",
            aria_pressed=rx.cond(MapState.shows_map, "false", "true"),
            on_click=MapState.show_map(False),
            class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-list-unordered fr-btn--icon-left",
        ),
        el.button(
            "Carte",
            type="button",
            aria_pressed=rx.cond(MapState.shows_map, "true", "false"),
            on_click=MapState.show_map(True),
            class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-map-pin-2-line fr-btn--icon-left",
        ),
        class_name="pj-actions pj-phone-only",
    )
    return el.div(
        el.div(
            el.p(MapState.sentence, class_name="fr-h5 fr-mb-1v", id="reponse"),
            rx.cond(MapState.located != "", el.p(MapState.located, class_name="fr-text--sm fr-mb-1v pj-grey")),
            role="status",
        ),
        rx.cond(MapState.reasons.length() > 0, why),
        switch,
        class_name="pj-answer",
        aria_busy=rx.cond(MapState.is_busy, "true", "false"),
    )


def _list() -> rx.Component:
    nothing = empty_state(
        "Rien à montrer ici",
        "Aucun lieu ne répond à cette recherche. Élargissez la distance, changez les dates, "
        "ou cherchez au-delà de votre ressort.",
        el.button(
            "Effacer les filtres",
            type="button",
            on_click=MapState.forget_filters,
            class_name="fr-btn fr-btn--secondary",
        ),
    )
    more = el.button(
        MapState.more_label, type="button", on_click=MapState.show_more, class_name="fr-btn fr-btn--secondary pj-more"
    )
    cards = el.div(
        el.ul(rx.foreach(MapState.cards, _card), class_name="pj-cards"),
        rx.cond(MapState.more_label != "", more),
    )
    content = rx.cond(
        MapState.is_loaded, rx.cond(MapState.total_cards > 0, cards, nothing), skeleton(8, "Recherche en cours…")
    )
    return el.section(
        el.h2("Lieux", class_name="fr-sr-only"),
        content,
        class_name=rx.cond(MapState.is_busy & MapState.is_loaded, "pj-map-list pj-dimmed", "pj-map-list"),
    )


def _card(item: rx.Var[Card]) -> rx.Component:
    lit = MapState.highlighted == item.site_id
    return el.li(
        el.h3(
            el.button(item.name, type="button", on_click=MapState.open_site(item.site_id), class_name="pj-card__name"),
            class_name="fr-h6 fr-mb-0",
        ),
        el.p(
            item.where,
            rx.cond(item.distance != "", " · " + item.distance, ""),
            class_name="fr-text--sm fr-mb-1v pj-grey",
        ),
        rx.cond(item.note != "", el.p(item.note, class_name="fr-text--xs fr-mb-1v pj-grey")),
        el.p(place_state(item.state, item.state_word), " ", el.strong(item.free), class_name="fr-mb-1v"),
        strip_of(item.squares),
        el.p(item.next_free, class_name="fr-text--sm fr-mb-0"),
        el.button(
            "Voir et réserver",
            type="button",
            aria_label="Voir et réserver : " + item.name,
            on_click=MapState.open_site(item.site_id),
            class_name="fr-btn fr-btn--sm fr-mt-1w",
        ),
        on_mouse_enter=MapState.point_at(item.site_id),
        id="lieu-" + item.site_id,
        class_name=rx.cond(lit, "pj-card pj-card--lit", "pj-card"),
    )


def _map() -> rx.Component:
    here = el.button(
        "Chercher ici",
        type="button",
        on_click=MapState.search_here,
        class_name="fr-btn fr-btn--sm fr-icon-search-line fr-btn--icon-left pj-here",
    )
    return el.section(
        el.h2("Carte", class_name="fr-sr-only"),
        rx.cond(MapState.here != "", here),
        place_map(
            url=MapState.points_url,
            patch=MapState.patch,
            fit=MapState.fit,
            origin=MapState.origin,
            radius_km=MapState.radius_km,
            highlighted=MapState.highlighted,
            selected=MapState.selected,
            label="Carte des places ; la liste contient les mêmes lieux",
            on_pick=MapState.open_site,
            on_hover=MapState.point_at,
            on_moved=MapState.moved,
        ),
        class_name="pj-map-frame",
    )
