"""The form beside the grid of an establishment: dates, bed and exchange, typed; and the exchange that a drop asks."""

from __future__ import annotations

import reflex as rx

from booking.pages.beds_board import stay_options
from booking.pages.establishment_moves import StayMovesState
from booking.pages.establishment_state import EstablishmentState
from booking.pages.stay_words import Option
from portal.ui.pieces import field, select_field

el = rx.el
FORM = "changer"


def swap_asked() -> rx.Component:
    """Return the question that a bar dropped on another one asks."""
    state = StayMovesState
    question = el.div(
        el.h3("Échanger les deux lits ?", class_name="fr-alert__title"),
        el.p(state.swap_text),
        el.div(
            el.button("Échanger", type="button", on_click=state.swap, class_name="fr-btn fr-btn--sm", auto_focus=True),
            el.button(
                "Renoncer", type="button", on_click=state.give_up_swap, class_name="fr-btn fr-btn--sm fr-btn--secondary"
            ),
            class_name="pj-actions fr-mt-1w",
        ),
        class_name="fr-alert fr-alert--info fr-mb-2w",
    )
    return el.div(rx.cond(state.swap_text != "", question), role="status", class_name="pj-noprint")


def moves_part() -> rx.Component:
    """Return the form by which a stay is changed without dragging it."""
    state, grid = StayMovesState, EstablishmentState
    return el.section(
        el.h2("Changer un séjour", id=FORM, class_name="fr-h5 fr-mb-1w"),
        el.p(
            "Faites glisser une barre sur un autre lit ou d’autres dates, son bord pour prolonger ou raccourcir, ou "
            "sur une autre barre pour échanger les lits. Au clavier : Espace sur une barre, les flèches, Entrée pour "
            "déposer, Échap pour renoncer. Ou ici, en choisissant un séjour dans la liste ou d’un clic sur sa barre :",
            class_name="fr-text--sm pj-grey",
        ),
        el.div(
            select_field(
                "Séjour",
                "sejour",
                rx.fragment(
                    el.option("Choisir un séjour", value=""),
                    stay_options(grid=grid.grid, patch=grid.patch, on_missed=grid.send_all),
                ),
                value=state.chosen,
                on_change=state.choose,
            ),
            class_name="pj-form",
        ),
        rx.cond(state.chosen != "", _forms()),
        aria_labelledby=FORM,
        class_name="pj-noprint fr-mt-4w pj-moves",
    )


def _forms() -> rx.Component:
    state = StayMovesState
    version = state.version.to_string()
    kept = rx.cond(state.has_begun, "Le séjour a commencé : l’arrivée reste.", "")
    dates = el.form(
        field(
            "Arrivée",
            "arrivee",
            type="date",
            hint=kept,
            default_value=state.first,
            key="arrivee" + version,
            disabled=~state.may_date | state.has_begun,
            on_change=lambda value: state.note("arrivee", value),
        ),
        field(
            "Départ",
            "depart",
            type="date",
            default_value=state.until,
            key="depart" + version,
            disabled=~state.may_date,
            on_change=lambda value: state.note("depart", value),
        ),
        select_field(
            "Lit",
            "lit",
            rx.foreach(state.beds, _option),
            default_value=state.unit,
            key="lit" + version,
            on_change=lambda value: state.note("lit", value),
        ),
        el.button("Changer le séjour", type="submit", class_name="fr-btn"),
        on_submit=state.submit,
        no_validate=True,
        class_name="pj-moves__row",
    )
    exchange = el.form(
        select_field(
            "Ou échanger son lit avec",
            "autre",
            rx.fragment(el.option("Choisir un séjour", value=""), rx.foreach(state.others, _option)),
            key="autre" + version,
        ),
        el.button("Échanger les lits", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.submit_swap,
        class_name="pj-moves__row",
    )
    return el.div(
        dates,
        el.p(state.effect, role="status", class_name="fr-text--sm fr-mb-1w"),
        rx.cond(
            ~state.may_date,
            el.p("Les dates sont décidées par le service qui a réservé.", class_name="fr-text--sm pj-grey"),
        ),
        rx.cond(state.others.length() > 0, exchange),
    )


def _option(option: rx.Var[Option]) -> rx.Component:
    return el.option(option.label, value=option.value)
