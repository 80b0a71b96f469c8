"""The map: filters above, then the answer in a sentence, and the same places as a map and a list, or a table."""

from __future__ import annotations

import reflex as rx

from availability.pages.map_component import place_map
from availability.rights import SEARCHERS
from booking.pages.map_filters import map_filters
from booking.pages.map_state import MapState
from booking.pages.map_words import Card, Reason
from booking.pages.pieces import place_state, strip_of
from booking.pages.reserve import reserve_sheet
from booking.pages.saved_panel import save_button, saved_panel
from booking.pages.saved_state import SavedState
from booking.pages.services_table import services_table
from booking.pages.why_part import why_part
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, skeleton

el = rx.el
VIEWS = (
    ("carte", "Carte", "fr-icon-map-pin-2-line"),
    ("liste", "Liste", "fr-icon-list-unordered"),
    ("tableau", "Tableau", "fr-icon-table-2"),
)
SPLIT = "pj-map-split"


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
    view = MapState.typed["vue"]
    shape = rx.match(
        view,
        ("carte", f"{SPLIT} {SPLIT}--map"),
        ("liste", f"{SPLIT} {SPLIT}--list"),
        ("tableau", f"{SPLIT} {SPLIT}--table"),
        SPLIT,
    )
    results = el.div(_answer(), _results(), class_name="pj-map-results")
    return layout(
        _layers(),
        el.div(
            el.div(map_filters(), saved_panel(), class_name="pj-map-filters"),
            results,
            rx.cond((view == "") | (view == "carte"), _map()),
            class_name=shape,
        ),
        reserve_sheet(on_close=MapState.close_site),
        title="Carte des places",
        wide=True,
        on_undo=SavedState.undo,
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
                class_name="fr-tag pj-layer",
            )
        ),
    )
    return el.nav(el.ul(choice, class_name="fr-tags-group"), aria_label="Que cherchez-vous ?", class_name="pj-layers")


def _views() -> rx.Component:
    """Return the choice of a view. Without one, a wide screen shows list and map, a narrow one the list."""

    def choices(unsaid: str, name: str) -> rx.Component:
        view = MapState.typed["vue"]
        buttons = []
        for code, label, icon in VIEWS:
            is_current = (view == code) | (view == "") if code == unsaid else view == code
            buttons.append(
                el.button(
                    label,
                    type="button",
                    aria_pressed=rx.cond(is_current, "true", "false"),
                    on_click=MapState.choose_view(code),
                    class_name=f"fr-btn fr-btn--sm fr-btn--secondary {icon} fr-btn--icon-left",
                )
            )
        return el.div(*buttons, role="group", aria_label="Montrer comme", class_name=f"pj-views {name}")

    return rx.fragment(choices("carte", "pj-wide-only"), choices("liste", "pj-phone-only"))


def _answer() -> rx.Component:
    state = MapState
    why = el.details(
        el.summary(state.why_title),
        el.ul(rx.foreach(state.reasons, _reason), class_name="pj-plain pj-reasons"),
        open=state.reason_title != "",
        class_name="pj-why",
        id="pourquoi-pas",
    )
    shown = el.div(
        el.h2(state.reason_title, class_name="fr-h6 fr-mb-0"),
        el.button(
            "Revenir à ce qui convient",
            type="button",
            on_click=state.show_reason(""),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-arrow-left-line fr-btn--icon-left",
        ),
        class_name="pj-reason-shown",
    )
    return el.div(
        el.div(el.p(state.sentence, class_name="fr-h5 fr-mb-1v", id="reponse"), role="status"),
        rx.cond(
            state.wider.href != "",
            el.p(inner_link(state.wider.words, href=state.wider.href, class_name="fr-link"), class_name="fr-mb-1v"),
        ),
        rx.cond(state.reasons.length() > 0, why),
        el.div(_views(), el.div(save_button(), _wait(), class_name="pj-actions"), class_name="pj-answer__acts"),
        rx.cond(state.reason_title != "", shown),
        class_name="pj-answer",
        aria_busy=rx.cond(state.is_busy, "true", "false"),
    )


def _wait() -> rx.Component:
    link = inner_link(
        "Mettre en liste d’attente",
        href=MapState.waiting_href,
        title="Garder son tour : ce qui se libère est proposé dans l’ordre",
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-time-line fr-btn--icon-left",
    )
    return rx.cond(MapState.waiting_href != "", link)


def _reason(reason: rx.Var[Reason]) -> rx.Component:
    return el.li(
        el.button(
            reason.words,
            type="button",
            aria_pressed=rx.cond(reason.is_current, "true", "false"),
            on_click=MapState.show_reason(rx.cond(reason.is_current, "", reason.code)),
            class_name="pj-reason",
        ),
        why_part(reason.why, about=reason.words),
    )


def _results() -> rx.Component:
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
        _wait(),
    )
    more = el.button(
        MapState.more_label, type="button", on_click=MapState.show_more, class_name="fr-btn fr-btn--secondary pj-more"
    )
    cards = el.div(
        el.ul(rx.foreach(MapState.cards, _card), class_name="pj-cards"),
        rx.cond(MapState.more_label != "", more),
    )
    filled = rx.cond(MapState.typed["vue"] == "tableau", services_table(), cards)
    content = rx.cond(
        MapState.is_loaded, rx.cond(MapState.total_cards > 0, filled, nothing), skeleton(8, "Recherche en cours…")
    )
    return el.section(
        el.h2("Lieux", class_name="fr-sr-only"),
        content,
        class_name=rx.cond(MapState.is_busy & MapState.is_loaded, "pj-map-list pj-dimmed", "pj-map-list"),
    )


def _card(item: rx.Var[Card]) -> rx.Component:
    lit = MapState.highlighted == item.site_id
    stale = rx.cond(item.is_stale, el.span(" · à confirmer", class_name="pj-services__stale"))
    change = rx.cond(
        item.change != "",
        inner_link(item.change, href=item.change_href, class_name="fr-link fr-link--sm"),
        el.span("Aucun réglage de la recherche n’y suffit.", class_name="fr-text--sm pj-grey"),
    )
    why = el.div(el.p(item.why, class_name="fr-text--sm fr-mb-0"), change, class_name="pj-card__why")
    return el.li(
        el.h3(
            el.button(item.name, type="button", on_click=MapState.open_site(item.site_id), class_name="pj-card__name"),
            class_name="fr-h6 fr-mb-0",
        ),
        el.p(item.where, class_name="fr-text--sm fr-mb-0 pj-grey"),
        rx.cond(item.way != "", el.p(item.way, class_name="fr-text--sm fr-mb-1v pj-card__way")),
        rx.cond(item.note != "", el.p(item.note, class_name="fr-text--xs fr-mb-1v pj-grey")),
        el.p(place_state(item.state, item.state_word), " ", el.strong(item.free), class_name="fr-mb-1v"),
        rx.cond(item.why != "", why),
        strip_of(item.squares),
        el.p(item.next_free, class_name="fr-text--sm fr-mb-0"),
        rx.cond(
            item.badges.length() > 0,
            el.ul(
                rx.foreach(item.badges, lambda words: el.li(el.p(words, class_name="fr-tag fr-tag--sm"))),
                class_name="fr-tags-group pj-card__badges",
            ),
        ),
        rx.cond(item.declared != "", el.p(item.declared, stale, class_name="fr-text--xs fr-mb-0 pj-grey")),
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
            on_pin=MapState.put_pin,
        ),
        class_name="pj-map-frame",
    )
