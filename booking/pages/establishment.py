"""An establishment: beds in rows, nights in columns, bars that are dragged; printed on one landscape sheet."""

from __future__ import annotations

import reflex as rx

from availability.rights import Role
from booking.pages.beds_board import bed_rows, beds_board
from booking.pages.establishment_moves import StayMovesState
from booking.pages.establishment_moves_part import moves_part, swap_asked
from booking.pages.establishment_state import VIEWERS, EstablishmentState
from booking.pages.establishment_words import ChoiceRow, Column
from booking.pages.widgets import inner_link, print_button
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, link_button, skeleton, table

el = rx.el
PICTURE = (("booked", "occupé"), ("held", "en cours de réservation"), ("requested", "demandé"), ("closed", "fermé"))
BOARD = "Lits et nuits : les séjours se déplacent à la souris, au clavier (Espace), ou par le formulaire plus bas"


@page(
    "/etablissement",
    title="Occupation",
    roles=VIEWERS,
    on_load=(EstablishmentState.load, StayMovesState.follow),
    entry="Occupation",
    order=60,
    entry_for=(Role.PARTNER, Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE),
    description="Les lits d’un établissement, nuit par nuit.",
)
def establishment_page() -> rx.Component:
    """Return the page."""
    body = rx.match(
        EstablishmentState.step,
        ("grid", _establishment()),
        ("choose", _choices()),
        ("nothing", _nothing()),
        skeleton(12, "Ouverture de l’établissement…"),
    )
    return layout(body, title=EstablishmentState.title, wide=True, on_undo=StayMovesState.undo)


def _establishment() -> rx.Component:
    state = EstablishmentState
    return el.div(
        el.p(state.where, class_name="pj-grey fr-mb-2w"),
        el.div(
            el.ul(el.li(state.arrivals), el.li(state.departures), class_name="pj-plain"),
            el.ul(rx.foreach(state.totals, _said), class_name="pj-plain"),
            class_name="pj-house__head",
        ),
        rx.cond(state.to_rehouse != "", _closing()),
        _window(),
        swap_asked(),
        rx.cond(state.has_beds, _grid(), _no_bed()),
        rx.cond(state.has_beds, _picture()),
        rx.cond(state.has_stays, moves_part()),
        class_name=rx.cond(rx.State.is_hydrated, "pj-house", "pj-house pj-dimmed"),
    )


def _closing() -> rx.Component:
    state = EstablishmentState
    propose = inner_link("Proposer un lit ailleurs", href=state.rehouse_href, class_name="fr-btn fr-btn--sm fr-mt-1w")
    return el.div(
        el.p(state.to_rehouse),
        rx.cond(state.may_rehouse, propose, el.p("Les services qui ont réservé peuvent les reloger.")),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w pj-noprint",
    )


def _said(words_: rx.Var[str]) -> rx.Component:
    return el.li(words_)


def _window() -> rx.Component:
    state = EstablishmentState
    links = el.ul(
        el.li(_window_link(state.step_words + " avant", state.previous, "fr-icon-arrow-left-s-line")),
        rx.cond(state.present != "", el.li(_window_link("Aujourd’hui", state.present, "fr-icon-calendar-line"))),
        el.li(_window_link(state.step_words + " après", state.following, "fr-icon-arrow-right-s-line")),
        el.li(_window_link(state.longer_words, state.longer, "fr-icon-zoom-out-line")),
        el.li(print_button(label="Imprimer", small=True)),
        class_name="pj-actions pj-house__links",
    )
    return el.div(
        el.h2(state.period, id="periode", class_name="fr-h6 fr-mb-0"),
        el.nav(links, aria_label="Période affichée", class_name="pj-noprint"),
        class_name="pj-house__window",
    )


def _window_link(label: str | rx.Var[str], href: rx.Var[str], icon: str) -> rx.Component:
    return inner_link(label, href=href, class_name=f"fr-btn fr-btn--sm fr-btn--tertiary {icon} fr-btn--icon-left")


def _grid() -> rx.Component:
    state = EstablishmentState
    grid = el.table(
        el.caption("Lits par section, nuit par nuit", class_name="fr-sr-only"),
        _headings(),
        bed_rows(grid=state.grid, patch=state.patch, nights=state.columns.length(), on_missed=state.send_all),
        _foot(),
        class_name="pj-grid",
    )
    marks = rx.fragment(
        rx.foreach(state.weekends, lambda at: el.div(class_name="pj-grid__weekend", style={"--at": at})),
        rx.cond(
            state.today_at >= 0, el.div(class_name="pj-grid__today", style={"--at": state.today_at}, aria_hidden="true")
        ),
    )
    canvas = beds_board(
        marks,
        grid,
        grid=state.grid,
        patch=state.patch,
        first=state.first_iso,
        today=state.today_iso,
        turn=StayMovesState.turn,
        busy=~rx.State.is_hydrated,
        label=BOARD,
        class_name="pj-grid__canvas",
        style={"--nights": state.columns.length()},
        on_drop=StayMovesState.drop,
        on_swap=StayMovesState.ask_swap,
        on_choose=StayMovesState.pick,
    )
    # Focusable, so that the arrow keys scroll it.
    return el.div(canvas, class_name="pj-grid__scroll", tab_index=0, role="region", aria_labelledby="periode")


def _headings() -> rx.Component:
    state = EstablishmentState
    corner = el.th("Lit", scope="col", row_span=2, class_name="pj-grid__bed")
    return el.thead(
        el.tr(
            corner,
            rx.foreach(
                state.months,
                lambda month: el.th(
                    el.span(month.name), scope="colgroup", col_span=month.span, class_name="pj-grid__month"
                ),
            ),
        ),
        el.tr(rx.foreach(state.columns, _column)),
    )


def _column(column: rx.Var[Column]) -> rx.Component:
    return el.th(
        el.span(column.weekday, class_name="pj-grid__weekday", aria_hidden="true"),
        el.span(column.number, aria_hidden="true"),
        el.span(column.spoken, class_name="fr-sr-only"),
        scope="col",
        class_name="pj-grid__night pj-grid__night--" + column.tone,
    )


def _foot() -> rx.Component:
    state = EstablishmentState
    row = el.tr(
        el.th("Lits occupés", scope="row", class_name="pj-grid__bed"),
        rx.foreach(
            state.figures,
            lambda figure: el.td(
                el.span(figure.text, aria_hidden="true"),
                el.span(figure.spoken, class_name="fr-sr-only"),
                class_name="pj-grid__figure pj-grid__figure--" + figure.tone,
            ),
        ),
    )
    return el.tfoot(row, _curve())


def _curve() -> rx.Component:
    state = EstablishmentState
    picture = el.svg(
        el.svg.path(d=state.area, class_name="pj-curve__area"),
        el.svg.path(d=state.line, class_name="pj-curve__line", vector_effect="non-scaling-stroke"),
        view_box="0 0 " + state.columns.length().to_string() + " 1",
        preserve_aspect_ratio="none",
        role="img",
        aria_label=state.curve_label,
        class_name="pj-curve",
    )
    name = el.th(
        el.span("complet", class_name="pj-curve__top", aria_hidden="true"),
        el.span("Occupation"),
        el.span("vide", class_name="pj-curve__bottom", aria_hidden="true"),
        scope="row",
        class_name="pj-grid__bed pj-grid__bed--curve",
    )
    return el.tr(name, el.td(picture, col_span=state.columns.length(), class_name="pj-grid__curve"))


def _picture() -> rx.Component:
    items = [
        el.li(el.span(class_name=f"pj-stay pj-stay--{tone} pj-key", aria_hidden="true"), word) for tone, word in PICTURE
    ]
    return el.ul(*items, class_name="pj-keys", aria_label="Légende")


def _no_bed() -> rx.Component:
    return empty_state(
        "Pas de lit ici",
        "Cet établissement n’a pas de lit que vous puissiez voir. Ses autres places sont sur la carte.",
        link_button("Ouvrir la carte", "/carte/", kind="secondary"),
    )


def _choices() -> rx.Component:
    return el.div(
        el.p("Choisissez un établissement pour voir ses lits, nuit par nuit.", class_name="fr-text--lead"),
        table(
            "Établissements",
            ("Établissement", "Commune", "Lits", "Cette nuit"),
            rx.foreach(EstablishmentState.choices, _choice),
            dense=True,
        ),
    )


def _choice(choice: rx.Var[ChoiceRow]) -> rx.Component:
    return el.tr(
        el.th(inner_link(choice.name, href=choice.href, class_name="fr-link"), scope="row"),
        el.td(choice.commune),
        el.td(choice.beds),
        el.td(choice.free),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "Aucun établissement avec des lits",
        "Les centres et sections de semi-liberté de votre ressort, ou de votre organisme, s’afficheront ici.",
        rx.cond(EstablishmentState.is_host, link_button("Mes places", "/mes-places/")),
    )
