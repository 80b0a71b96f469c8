"""A series with its occurrences, and the list of series."""

from __future__ import annotations

import reflex as rx

from availability.rights import REQUESTERS
from booking.pages import series_words as words
from booking.pages.reason_part import reason_form
from booking.pages.series_parts import bar
from booking.pages.series_state import GIVING_BACK, SeriesListState, SeriesState
from booking.pages.series_words import ListRow, Option, Row
from booking.pages.widgets import inner_link, print_button
from booking.words import GIVEN_BACK_WORDS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, link_button, skeleton

el = rx.el
S = SeriesState
L = SeriesListState
HEADINGS = ("Série", "Pour", "Fait", "Date limite", "État")


@page(
    "/serie",
    title="Série",
    roles=REQUESTERS,
    on_load=(S.load,),
    part_of="/reservations",
    description="Ce qui est dû, fait, prévu et à placer.",
)
def series_page() -> rx.Component:
    """Return the page of one series."""
    missing = empty_state(
        "Série introuvable",
        "Elle n’existe pas, ou ne vous est pas accessible.",
        inner_link("Toutes les séries", href=words.LIST, class_name="fr-btn fr-btn--secondary"),
    )
    body = rx.match(
        S.step,
        ("shown", _shown()),
        ("missing", missing),
        skeleton(8, "Lecture de la série…"),
    )
    return layout(body, title=rx.cond(S.title != "", S.title, "Série"), on_undo=S.undo)


def _shown() -> rx.Component:
    about = (("Pour", S.whom), ("Où", S.where), ("Date limite", S.limit))
    return el.div(
        el.div(badge(S.state, S.badge), class_name="fr-mb-1w"),
        el.dl(
            *[
                rx.cond(said != "", el.div(el.dt(name), el.dd(said), class_name="pj-about__line"))
                for name, said in about
            ],
            class_name="pj-about",
        ),
        rx.cond(
            S.warning != "",
            el.div(
                el.p(S.warning),
                class_name=rx.cond(
                    S.is_late,
                    "fr-alert fr-alert--sm fr-alert--error fr-mb-2w",
                    "fr-alert fr-alert--sm fr-alert--info fr-mb-2w",
                ),
            ),
        ),
        el.dl(
            rx.foreach(S.figures, lambda one: el.div(el.dt(one.label), el.dd(one.value))),
            class_name="pj-series__figures",
        ),
        bar(S.done, S.planned),
        _actions(),
        el.h2("Dates", class_name="fr-h5 fr-mt-4w"),
        el.ol(rx.foreach(S.rows, _row), class_name="pj-occurrences"),
    )


def _actions() -> rx.Component:
    button = el.button(
        "Rendre tout le reste",
        type="submit",
        class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
    )
    label = "Motif, si le reste est rendu"
    give_back = reason_form(GIVING_BACK, GIVEN_BACK_WORDS, button, label=label, on_submit=S.cancel)
    return el.div(
        rx.cond(
            S.extend_href != "",
            link_button("Placer ce qui reste (" + S.left + ")", S.extend_href, icon="fr-icon-calendar-line"),
        ),
        rx.cond(S.can_cancel, give_back),
        print_button(label="Imprimer"),
        inner_link("Toutes les séries", href=words.LIST, class_name="fr-btn fr-btn--tertiary"),
        class_name="pj-actions pj-noprint fr-mt-2w",
    )


def _row(row: rx.Var[Row]) -> rx.Component:
    return el.li(
        el.div(
            el.span(row.number, class_name="pj-occurrence__number"),
            el.span(
                inner_link(row.when, href=row.href, class_name="fr-link"),
                rx.cond(row.where != "", el.span(" – ", row.where, class_name="pj-grey")),
                class_name="pj-occurrence__when",
            ),
            rx.cond(row.said != "", el.strong(row.said)),
            badge(row.state, row.badge),
            rx.cond(row.can_move, _move_button(row)),
            class_name="pj-occurrence__line",
        ),
        rx.cond(S.moving_id == row.id, _moves(row)),
        key=row.id,
    )


def _move_button(row: rx.Var[Row]) -> rx.Component:
    return el.button(
        "Déplacer",
        type="button",
        aria_label="Déplacer : " + row.when,
        aria_expanded=rx.cond(S.moving_id == row.id, "true", "false"),
        on_click=S.begin_move(row.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary pj-noprint",
    )


def _moves(row: rx.Var[Row]) -> rx.Component:
    def option(one: rx.Var[Option]) -> rx.Component:
        button = el.button(
            one.label,
            type="button",
            on_click=S.move_it(row.id, one.value),
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        )
        return el.li(button, key=one.value)

    return el.div(
        rx.cond(S.problem != "", el.p(S.problem, class_name="fr-text--sm fr-mb-1v")),
        el.ul(rx.foreach(S.moves, option), class_name="pj-occurrence__options", aria_label="À la place"),
        role="status",
        class_name="pj-occurrence__choices",
    )


@page(
    "/series",
    title="Séries",
    roles=REQUESTERS,
    on_load=(L.load,),
    part_of="/reservations",
    description="Les séries de visites, d’heures de TIG et de stages de votre ressort.",
)
def series_list_page() -> rx.Component:
    """Return the list of series."""
    nothing = empty_state(
        rx.cond(L.only_late, "Aucune série en retard", "Aucune série pour l’instant"),
        "Des visites régulières, les heures d’un TIG ou les jours d’un stage se réservent en une fois : depuis la "
        "carte, choisissez un lieu, puis « Répéter… ».",
        link_button("Chercher une place sur la carte", "/carte/", icon="fr-icon-map-pin-2-line"),
    )
    return layout(
        rx.cond(
            L.is_loaded,
            el.div(
                el.div(
                    el.p(L.summary, role="status", class_name="fr-mb-0"),
                    rx.cond(
                        L.only_late,
                        inner_link("Toutes les séries", href=words.LIST, class_name="fr-link"),
                        inner_link("En retard seulement", href=words.LIST + "?etat=en-retard", class_name="fr-link"),
                    ),
                    class_name="pj-ledger__answer",
                ),
                rx.cond(L.rows.length() > 0, _table(), nothing),
            ),
            skeleton(8, "Lecture des séries…"),
        ),
        title="Séries",
        wide=True,
    )


def _table() -> rx.Component:
    # Roles are said again: the narrow layout displays rows as cards, which would drop them.
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in HEADINGS], role="row")
    return el.table(
        el.caption("Séries, celles en retard d’abord", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(L.rows, _line), role="rowgroup"),
        role="table",
        class_name="pj-ledger pj-series__list",
    )


def _line(row: rx.Var[ListRow]) -> rx.Component:
    what = el.td(
        inner_link(row.what, href=row.href, class_name="pj-ledger__open"),
        el.span(row.where, class_name="pj-ledger__detail"),
        role="cell",
    )
    return el.tr(
        what,
        el.td(row.whom, role="cell"),
        el.td(row.progress, bar(row.done), role="cell"),
        el.td(row.limit, role="cell"),
        el.td(badge(row.state, row.badge), role="cell"),
        role="row",
    )
