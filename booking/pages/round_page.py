"""The day of a team: its stops in order, and the same on a map. Made for a phone held in one hand."""

from __future__ import annotations

import reflex as rx

from availability.pages.focus import focus_on
from availability.pages.round_component import round_map
from booking.pages.round_state import DRIVERS, RoundState
from booking.pages.round_words import StopCard
from booking.pages.widgets import inner_link, outer_link, print_button
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton

el = rx.el
S = RoundState


@page(
    "/tournee",
    title="Tournée",
    roles=DRIVERS,
    on_load=(RoundState.load,),
    entry="Tournée",
    order=10,
    description="Les poses d’une équipe, dans l’ordre de la journée.",
)
def round_page() -> rx.Component:
    """Return the round of a team on a day."""
    split = el.div(
        _map(),
        _list(),
        class_name=rx.cond(S.shows_map, "pj-round pj-round--map", "pj-round"),
    )
    return layout(
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(
            S.is_loaded,
            el.div(_days(), _choice(), rx.cond(S.stops.length() > 0, rx.fragment(_switch(), split), _nothing())),
            skeleton(8, "Lecture de la tournée…"),
        ),
        title="Tournée",
        wide=True,
        on_undo=RoundState.undo,
    )


def _choice() -> rx.Component:
    options = rx.foreach(S.teams, lambda one: el.option(one.label, value=one.id))
    inner = el.div(
        select_field("Équipe", "equipe", options, value=S.team, on_change=S.pick_team),
        field("Jour", "jour", type="date", default_value=S.day, key=S.day, on_change=S.pick_day.debounce(500)),
        class_name="pj-round__choice",
    )
    return el.details(
        el.summary(S.team_name, " – changer d’équipe ou de jour"), inner, class_name="pj-why fr-mb-2w pj-noprint"
    )


def _days() -> rx.Component:
    return el.div(
        el.div(
            el.h2(S.day_words, class_name="fr-h5 fr-mb-0 pj-capital"),
            el.p(S.team_name, class_name="fr-text--sm fr-mb-0 pj-print-only"),
            rx.cond(S.summary != "", el.p(S.summary, role="status", class_name="fr-text--sm fr-mb-0 pj-grey")),
        ),
        el.nav(
            inner_link(
                "Veille", href=S.before, class_name="fr-btn fr-btn--secondary fr-icon-arrow-left-line fr-btn--icon-left"
            ),
            inner_link("Aujourd’hui", href=S.today, class_name="fr-btn fr-btn--tertiary"),
            inner_link(
                "Lendemain",
                href=S.after,
                class_name="fr-btn fr-btn--secondary fr-icon-arrow-right-line fr-btn--icon-right",
            ),
            aria_label="Autres jours",
            class_name="pj-round__days pj-noprint",
        ),
        class_name="pj-round__head",
    )


def _switch() -> rx.Component:
    return el.div(
        _switch_button("Liste", False, "fr-icon-list-unordered"),
        _switch_button("Carte", True, "fr-icon-map-pin-2-line"),
        class_name="pj-actions pj-phone-only pj-noprint fr-mb-2w",
    )


def _switch_button(label: str, shows_map: bool, icon: str) -> rx.Component:
    return el.button(
        label,
        type="button",
        aria_pressed=rx.cond(S.shows_map == shows_map, "true", "false"),
        on_click=S.show_map(shows_map),
        class_name=f"fr-btn fr-btn--secondary {icon} fr-btn--icon-left",
    )


def _map() -> rx.Component:
    return el.section(
        el.h2("Carte", class_name="fr-sr-only"),
        round_map(
            stops=S.points,
            base=S.base,
            on_pick=S.pick,
            label="Carte de la tournée ; la liste contient les mêmes passages, dans le même ordre",
        ),
        class_name="pj-round__map pj-noprint",
    )


def _list() -> rx.Component:
    return el.section(
        el.h2("Passages", class_name="fr-sr-only"),
        el.ol(rx.foreach(S.stops, _stop), class_name="pj-stops"),
        print_button(label="Imprimer"),
        class_name="pj-round__list",
    )


def _stop(stop: rx.Var[StopCard]) -> rx.Component:
    whom = stop.number + ", " + stop.hours
    return el.li(
        rx.cond(stop.pause != "", el.p(stop.pause, class_name="fr-text--sm fr-icon-time-line pj-stop__pause")),
        el.span(stop.number, class_name="pj-stop__number pj-stop__number--" + stop.state_code, aria_hidden="true"),
        el.div(
            el.h3(stop.hours, " · ", stop.initials, class_name="fr-text--lg fr-mb-0"),
            badge(stop.state, stop.badge),
            class_name="pj-stop__head",
        ),
        rx.cond(stop.address != "", el.p(stop.address, class_name="fr-mb-0")),
        rx.cond(stop.address_note != "", el.p(stop.address_note, class_name="fr-text--xs fr-mb-0 pj-grey")),
        el.p(
            stop.measure,
            rx.cond(stop.way != "", " – " + stop.way, ""),
            class_name="fr-text--sm fr-mb-1w pj-grey",
        ),
        _contact(stop),
        el.div(
            _way_buttons(stop),
            rx.cond(
                stop.can_call,
                _button("Appeler", whom, S.call(stop.id), "fr-btn--secondary fr-icon-phone-line"),
            ),
            rx.cond(
                stop.can_fit,
                _button(
                    rx.cond(stop.is_noted, "Corriger : " + stop.done.lower(), stop.done),
                    whom,
                    S.fitted(stop.id),
                    rx.cond(stop.is_noted, "fr-btn--tertiary fr-icon-check-line", "fr-icon-check-line"),
                ),
            ),
            rx.cond(
                stop.can_miss,
                _button(
                    rx.cond(stop.is_noted, "Corriger : absent", "Absent"),
                    whom,
                    S.missed(stop.id),
                    rx.cond(
                        stop.is_noted, "fr-btn--tertiary fr-icon-close-line", "fr-btn--secondary fr-icon-close-line"
                    ),
                ),
            ),
            class_name="pj-stop__buttons pj-noprint",
        ),
        rx.cond(stop.later != "", el.p(stop.later, class_name="fr-text--sm fr-mb-0 pj-grey pj-noprint")),
        rx.cond(
            stop.href != "",
            inner_link("Voir la demande", href=stop.href, class_name="fr-link fr-link--sm pj-noprint"),
        ),
        key=stop.id,
        id="passage-" + stop.id,
        tab_index=-1,
        class_name=rx.cond(S.lit == stop.id, "pj-stop pj-stop--lit", "pj-stop"),
    )


def _way_buttons(stop: rx.Var[StopCard]) -> rx.Component:
    """Return the way there: with the map program of a phone, on the map of a site on a computer."""
    classes = "fr-btn fr-btn--secondary fr-icon-road-map-line fr-btn--icon-left"
    label = "Itinéraire vers le passage " + stop.number
    return rx.cond(
        stop.geo != "",
        rx.fragment(
            outer_link("Itinéraire", href=stop.geo, aria_label=label, class_name=f"{classes} pj-hand"),
            outer_link(
                "Itinéraire",
                href=stop.directions,
                target="_blank",
                aria_label=label + " (OpenStreetMap, nouvel onglet)",
                class_name=f"{classes} pj-desk",
            ),
        ),
    )


def _button(label: rx.Var[str] | str, whom: rx.Var[str], on_click: object, kind: rx.Var[str] | str) -> rx.Component:
    return el.button(
        label,
        el.span(" – passage ", whom, class_name="fr-sr-only"),
        type="button",
        on_click=on_click,
        class_name=["fr-btn", "fr-btn--icon-left", kind],
    )


def _contact(stop: rx.Var[StopCard]) -> rx.Component:
    contact = S.contact
    phone = rx.cond(
        contact.href != "",
        outer_link(contact.phone, href=contact.href, class_name="fr-btn fr-icon-phone-line fr-btn--icon-left"),
        el.span(contact.phone),
    )
    shown = el.div(
        el.p(el.strong(contact.name), class_name="fr-mb-1v"),
        phone,
        id="contact-" + stop.id,
        tab_index=-1,
        class_name="pj-stop__contact pj-noprint",
    )
    return el.div(rx.cond(contact.id == stop.id, shown), role="status", aria_live="polite")


def _nothing() -> rx.Component:
    return empty_state(
        "Aucun passage ce jour-là",
        "Les poses réservées pour cette équipe s’afficheront ici dans l’ordre, avec la route entre elles.",
        link_button("Voir les demandes à planifier", "/demandes-de-pose/?etat=a-planifier", kind="secondary"),
    )
