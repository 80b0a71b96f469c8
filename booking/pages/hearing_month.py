"""A month opened in one act: what each template would open is shown first, with the dates left out and why."""

from __future__ import annotations

import reflex as rx

from availability.pages.focus import focus_on
from booking.pages.court_links import court_links
from booking.pages.hearing_month_state import HearingMonthState
from booking.pages.hearing_month_words import MonthRow
from booking.pages.widgets import inner_link
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.dates import NBSP
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, link_button, skeleton

el = rx.el
S = HearingMonthState


@page(
    "/audiences/ouvrir",
    title="Ouvrir un mois",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="Ouvrir d’un geste les audiences d’un mois, d’après vos modèles.",
)
def hearing_month_page() -> rx.Component:
    """Return the page."""
    none = empty_state(
        "Aucun modèle en vigueur ce mois-ci",
        "Un mois s’ouvre d’après les modèles d’audiences de votre tribunal.",
        link_button("Écrire un modèle", "/audiences/modeles/"),
    )
    later = empty_state(
        "Aucun modèle en vigueur ce mois-ci",
        S.later,
        inner_link(S.later_label, href=S.later_href, class_name="fr-btn"),
    )
    body = el.div(_head(), rx.cond(S.rows.length() > 0, _templates(), rx.cond(S.later != "", later, none)))
    return layout(
        court_links("/audiences/ouvrir/"),
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(S.is_loaded, body, skeleton(8, "Lecture du mois…")),
        title="Ouvrir un mois",
        on_undo=S.undo,
    )


def _head() -> rx.Component:
    icon = "fr-btn fr-btn--sm fr-btn--secondary fr-btn--icon-left fr-icon-arrow-{}-line"
    return el.div(
        el.h2(S.label, id="mois", class_name="fr-h4 fr-mb-0"),
        el.nav(
            rx.cond(S.before != "", inner_link("Mois précédent", href=S.before, class_name=icon.format("left"))),
            rx.cond(S.after != "", inner_link("Mois suivant", href=S.after, class_name=icon.format("right"))),
            aria_label="Autres mois",
            class_name="pj-actions",
        ),
        class_name="pj-court__head",
    )


def _templates() -> rx.Component:
    return el.section(
        el.div(
            el.p(S.summary, id="ce-qui-s-ouvre", aria_live="polite", class_name="fr-mb-0"),
            el.div(
                rx.cond(
                    S.open_label != "",
                    el.button(S.open_label, type="button", on_click=S.open, class_name="fr-btn"),
                ),
                rx.cond(
                    S.can_shut,
                    el.button("Refermer ce mois", type="button", on_click=S.shut, class_name="fr-btn fr-btn--tertiary"),
                ),
                el.button(
                    rx.cond(S.is_all, "Tout décocher", "Tout cocher"),
                    type="button",
                    on_click=S.tick_all,
                    class_name="fr-btn fr-btn--tertiary",
                ),
                class_name="pj-actions",
            ),
            class_name="pj-month__act",
        ),
        el.ul(rx.foreach(S.rows, _row), class_name=rx.cond(S.is_busy, "pj-plain pj-dimmed", "pj-plain")),
        aria_labelledby="mois",
    )


def _row(one: rx.Var[MonthRow]) -> rx.Component:
    name = "modele-" + one.id
    choice = el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=one.is_ticked,
            on_change=lambda value: S.tick(one.id, value),
        ),
        el.label(one.name, el.span(one.where, class_name="fr-hint-text"), html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group",
    )
    return el.li(
        choice,
        el.div(
            rx.cond(one.made != "", el.p(f"À ouvrir{NBSP}: ", el.strong(one.made), class_name="fr-mb-0")),
            rx.cond(one.there != "", el.p(one.there, class_name="fr-mb-0")),
            rx.cond(one.left.length() > 0, el.ul(rx.foreach(one.left, el.li), class_name="pj-month__left")),
            rx.cond(one.nothing != "", el.p(one.nothing, class_name="pj-grey fr-mb-0")),
        ),
        key=one.id,
        class_name="pj-month__row",
    )
