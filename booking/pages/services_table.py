"""The table of services by load: another view of the same answer."""

from __future__ import annotations

import reflex as rx

from booking.pages.map_state import MapState
from booking.pages.pieces import place_state
from booking.pages.table_words import HEADINGS, Heading, Row
from booking.pages.widgets import inner_link

el = rx.el


def services_table() -> rx.Component:
    """Return the page of the table that is shown, with its headings that sort and its pages."""
    table = MapState.table
    turn = el.nav(
        rx.cond(table.before != "", inner_link("Page précédente", href=table.before, class_name="fr-link")),
        el.span(table.pages, class_name="pj-grey"),
        rx.cond(table.after != "", inner_link("Page suivante", href=table.after, class_name="fr-link")),
        aria_label="Pages du tableau",
        class_name="pj-services__pages",
    )
    grid = el.table(
        el.caption(table.caption, class_name="pj-services__caption"),
        el.thead(el.tr(rx.foreach(table.headings, _heading))),
        el.tbody(rx.foreach(table.rows, _row)),
        class_name="pj-ledger pj-services",
    )
    return el.div(
        el.div(grid, tab_index=0, role="region", aria_label="Tableau des services", class_name="pj-services__scroll"),
        rx.cond(table.pages != "", turn),
    )


def _heading(one: rx.Var[Heading]) -> rx.Component:
    return el.th(
        inner_link(
            one.label,
            el.span(" : ", one.hint, class_name="fr-sr-only"),
            href=one.href,
            class_name="pj-services__sort pj-services__sort--" + one.sort,
        ),
        scope="col",
        aria_sort=one.sort,
    )


def _row(line: rx.Var[Row]) -> rx.Component:
    bar = el.div(
        el.span(
            class_name=rx.cond(line.is_over, "pj-gauge__now pj-gauge__now--over", "pj-gauge__now"),
            style={"width": line.load_width},
        ),
        class_name="pj-gauge",
        aria_hidden="true",
    )
    declared = rx.cond(
        line.is_stale,
        el.span(line.declared, " · ancienne", class_name="pj-services__stale"),
        el.span(line.declared),
    )
    return el.tr(
        el.th(
            el.button(line.name, type="button", on_click=MapState.open_site(line.site_id), class_name="pj-card__name"),
            el.span(line.site, class_name="pj-ledger__detail"),
            scope="row",
        ),
        _cell("libres", el.strong(line.free), " ", place_state(line.state, line.state_word)),
        _cell("charge", bar, el.span(line.load, class_name="pj-services__load")),
        *[
            rx.cond(MapState.table.columns.contains(code), _cell(code, content))
            for code, content in (
                ("attente", line.waiting),
                ("delai", line.delay),
                ("trajet", line.way),
                ("age", declared),
            )
        ],
        on_mouse_enter=MapState.point_at(line.site_id),
    )


def _cell(code: str, *content: rx.Component | rx.Var[str] | str) -> rx.Component:
    """Return a cell; on a phone its heading stands before it."""
    return el.td(el.span(HEADINGS[code], class_name="pj-services__label", aria_hidden="true"), el.div(*content))
