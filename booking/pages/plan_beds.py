"""Beds given to those who wait: propose who goes where, look closely at one, change by hand, apply."""

from __future__ import annotations

import reflex as rx

from booking.pages.beds_board import bed_rows, beds_board
from booking.pages.establishment_words import Column, Month
from booking.pages.plan_beds_state import ROLES, PlanBedsState
from booking.pages.plan_beds_words import Named, WayRow
from booking.pages.plans_bar import planning_bar
from booking.pages.plans_parts import proposal_part, runs_part
from booking.pages.plans_words import LineRow
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, link_button, select_field, skeleton

el = rx.el
S = PlanBedsState
PICTURE = (
    ("proposed", "proposé"),
    ("shifted", "réservé, peut changer de lit"),
    ("booked", "réservé par votre ressort"),
    ("other", "occupé"),
    ("closed", "fermé"),
)
BOARD = (
    "Lits et nuits de la proposition : les séjours proposés se déplacent à la souris, au clavier (Espace), ou de près"
)


@page(
    "/attente/repartir",
    title="Répartir les lits",
    roles=ROLES,
    on_load=(S.load,),
    part_of="/reservations",
    description="Donner les lits, sur des semaines, au plus grand nombre de ceux qui attendent.",
)
def plan_beds_page() -> rx.Component:
    """Return the page."""
    return layout(
        planning_bar(
            S,
            kind_label="Lits",
            sentence=S.summary,
            propose=rx.cond(S.proposal != "", "Proposer une nouvelle répartition", "Proposer une répartition"),
            own=_may_move(),
            can_repair=False,
        ),
        rx.cond(
            S.is_loaded,
            el.div(
                rx.cond(S.proposal != "", proposal_part(S, board=_board(), line_action=_closer), _nothing_yet()),
                _apart(),
                rx.cond(S.runs.length() > 0, runs_part(S)),
            ),
            skeleton(10, "Lecture de la liste d’attente et des lits…"),
        ),
        title="Répartir les lits",
        lead=el.p(
            "La liste sert chacun à son tour. Ici, tous ceux qui attendent sont placés ensemble : le plus possible ont "
            "un lit, les plus urgents d’abord. Rien n’est réservé avant que vous n’appliquiez. ",
            inner_link("Voir la liste d’attente", href="/attente/", class_name="fr-link"),
            class_name="fr-text--sm pj-grey",
        ),
        wide=True,
        on_undo=S.undo,
    )


def _may_move() -> rx.Component:
    return el.div(
        el.input(type="checkbox", id="peut-bouger", checked=S.may_move, on_change=S.set_may_move),
        el.label(
            "Les séjours à venir peuvent changer de lit",
            el.span(
                "Ceux de votre ressort, dans leur section, aux mêmes dates : il se dégage de longues périodes libres.",
                class_name="fr-hint-text",
            ),
            html_for="peut-bouger",
            class_name="fr-label",
        ),
        class_name="fr-checkbox-group fr-checkbox-group--sm fr-mb-2w",
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "Aucune proposition encore",
        "Ceux qui attendent, et les lits qu’ils auraient, s’afficheront ici, à côté de ce qui est réservé aujourd’hui.",
        link_button("Voir la liste d’attente", "/attente/", kind="secondary"),
    )


def _closer(line: rx.Var[LineRow]) -> rx.Component:
    """Return the button that looks closely at one of the lines."""
    return rx.cond(
        line.is_fixed | line.is_done,
        rx.fragment(),
        el.button(
            rx.cond(line.kind == "out", "Pourquoi ?", "Déplacer"),
            el.span(", ", line.label, class_name="fr-sr-only"),
            type="button",
            on_click=S.choose(line.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
    )


# --- the grid ---


def _board() -> rx.Component:
    return el.section(
        el.h3("Lits de la proposition, nuit par nuit", class_name="fr-h6 fr-mb-1w"),
        _window(),
        rx.cond(
            S.houses.length() > 0,
            rx.fragment(_grid(), _all_beds(), _picture()),
            el.p("Aucun lit de ce type n’est à portée de ceux qui attendent.", class_name="fr-text--sm"),
        ),
        rx.cond(S.chosen.id != "", _close()),
        aria_label="Lits de la proposition",
        class_name="pj-house fr-mb-3w",
    )


def _window() -> rx.Component:
    options = rx.fragment(rx.foreach(S.houses, lambda one: el.option(one.label, value=one.id)))
    turn = "fr-btn fr-btn--sm fr-btn--tertiary fr-btn--icon-left"
    return el.div(
        rx.cond(
            S.houses.length() > 1,
            select_field("Établissement", "etablissement", options, value=S.house, on_change=S.pick_house),
        ),
        el.p(S.period, id="nuits", role="status", class_name="fr-text--bold fr-mb-0"),
        el.div(
            el.button(
                "4 semaines avant", type="button", on_click=S.step(-1), class_name=f"{turn} fr-icon-arrow-left-s-line"
            ),
            el.button(
                "4 semaines après", type="button", on_click=S.step(1), class_name=f"{turn} fr-icon-arrow-right-s-line"
            ),
            class_name="pj-actions pj-noprint",
        ),
        class_name="pj-house__window",
    )


def _grid() -> rx.Component:
    table = el.table(
        el.caption("Lits par section, nuit par nuit, avec ceux que la proposition y met", class_name="fr-sr-only"),
        el.thead(
            el.tr(el.th("Lit", scope="col", row_span=2, class_name="pj-grid__bed"), rx.foreach(S.months, _month)),
            el.tr(rx.foreach(S.columns_of_nights, _night)),
        ),
        bed_rows(grid=S.grid, patch=S.patch, nights=S.columns_of_nights.length(), on_missed=S.send_all),
        class_name="pj-grid",
    )
    marks = rx.foreach(S.weekends, lambda at: el.div(class_name="pj-grid__weekend", style={"--at": at}))
    canvas = beds_board(
        marks,
        table,
        grid=S.grid,
        patch=S.patch,
        first=S.first_iso,
        today=S.today_iso,
        turn=S.turn,
        busy=~rx.State.is_hydrated | S.is_active,
        label=BOARD,
        class_name="pj-grid__canvas",
        style={"--nights": S.columns_of_nights.length()},
        on_drop=S.drop,
        on_choose=S.choose,
    )
    return el.div(canvas, class_name="pj-grid__scroll", tab_index=0, role="region", aria_labelledby="nuits")


def _all_beds() -> rx.Component:
    """Return what shows every bed of a large establishment: one may want to put somebody there."""
    label = rx.cond(S.all_beds, "N’afficher que les lits concernés", "Afficher les " + S.beds_left_out)
    button = el.button(
        label,
        type="button",
        on_click=S.show_all_beds(~S.all_beds),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-mt-1w pj-noprint",
    )
    return rx.cond(S.all_beds | (S.beds_left_out != ""), button)


def _month(month: rx.Var[Month]) -> rx.Component:
    return el.th(el.span(month.name), scope="colgroup", col_span=month.span, class_name="pj-grid__month")


def _night(column: rx.Var[Column]) -> rx.Component:
    return el.th(
        el.span(column.weekday, class_name="pj-grid__weekday", aria_hidden="true"),
        el.span(column.number, aria_hidden="true"),
        el.span(column.spoken, class_name="fr-sr-only"),
        scope="col",
        class_name="pj-grid__night pj-grid__night--" + column.tone,
    )


def _picture() -> rx.Component:
    items = [
        el.li(el.span(class_name=f"pj-stay pj-stay--{tone} pj-key", aria_hidden="true"), word) for tone, word in PICTURE
    ]
    return el.ul(*items, class_name="pj-keys", aria_label="Légende")


# --- one of them, closely ---


def _close() -> rx.Component:
    one = S.chosen
    options = rx.fragment(
        el.option(rx.cond(one.now != "", "Choisir un autre lit…", "Choisir un lit…"), value=""),
        rx.foreach(one.spots, lambda spot: el.option(spot.label, value=spot.id)),
    )
    leave = el.button(
        "Fermer",
        type="button",
        on_click=S.leave,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-close-line fr-btn--icon-left",
    )
    return el.section(
        el.div(
            el.h3(one.label, ", de près", id="de-pres", tab_index=-1, class_name="fr-h6 fr-mb-0"),
            leave,
            class_name="pj-beds__title",
        ),
        rx.cond(one.now != "", el.p("Dans la proposition : ", one.now, class_name="fr-mb-1w")),
        rx.cond(one.reasons.length() > 0, _why()),
        rx.cond(one.ways.length() > 0, _ways()),
        rx.cond(
            (one.spots.length() > 0),
            select_field("Lit et première nuit", "lit-choisi", options, value=one.spot, on_change=S.pick_spot),
            el.p("Aucun autre lit n’est libre à ses dates.", class_name="fr-text--sm"),
        ),
        rx.cond(one.spot != "", _cost()),
        rx.cond(
            one.can_leave,
            el.button(
                "Laisser en attente dans la proposition",
                type="button",
                on_click=S.leave_out,
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
        ),
        aria_label="De près",
        class_name="pj-beds__close pj-noprint",
    )


def _why() -> rx.Component:
    return el.div(
        el.p("Pourquoi aucun lit ne lui est donné :", class_name="fr-mb-1v"),
        el.ul(rx.foreach(S.chosen.reasons, _line), class_name="fr-mb-1w"),
    )


def _line(said: rx.Var[str]) -> rx.Component:
    return el.li(said)


def _ways() -> rx.Component:
    return el.div(
        el.p("Ce qui lui en donnerait un, du plus petit changement au plus grand :", class_name="fr-mb-1v"),
        el.ul(rx.foreach(S.chosen.ways, _way), class_name="pj-plain pj-beds__ways fr-mb-2w"),
    )


def _way(way: rx.Var[WayRow]) -> rx.Component:
    do = el.button(
        "Faire ce changement",
        type="button",
        on_click=S.make_way(way.number),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    return el.li(el.span(way.label), rx.cond(way.can_do, do), key=way.number.to_string())


def _cost() -> rx.Component:
    one = S.chosen
    keep = el.button(
        "Garder ce déplacement",
        type="button",
        on_click=S.keep_spot,
        class_name="fr-btn fr-btn--sm fr-icon-check-line fr-btn--icon-left",
    )
    told = rx.fragment(
        rx.cond(one.better != "", el.p(el.strong("Gain : "), one.better, ".", class_name="fr-mb-1v")),
        rx.cond(one.worse != "", el.p(el.strong("En contrepartie : "), one.worse, ".", class_name="fr-mb-1v")),
        rx.cond((one.better == "") & (one.worse == ""), el.p("Cela ne coûte ni ne gagne rien.", class_name="fr-mb-1v")),
        keep,
    )
    impossible = el.p(one.broken, class_name="fr-message fr-message--error fr-mb-1w")
    return el.div(rx.cond(one.broken != "", impossible, told), role="status", class_name="fr-mb-2w")


# --- who must not meet ---


def _apart() -> rx.Component:
    people = rx.fragment(
        el.option("Choisir…", value=""), rx.foreach(S.people, lambda one: el.option(one.label, value=one.id))
    )
    form = el.form(
        field(
            "Une personne qui attend", "une", control=el.select(people, id="une", name="une", class_name="fr-select")
        ),
        field("Une autre", "autre", control=el.select(people, id="autre", name="autre", class_name="fr-select")),
        el.button("Noter", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.keep_them_apart,
        reset_on_submit=True,
        class_name="pj-beds__apart",
    )
    return el.details(
        el.summary("Ne pas héberger ensemble (", S.apart.length().to_string(), ")", class_name="pj-plan__summary"),
        el.p(
            "Deux personnes d’une même affaire, par exemple : la recherche ne les met jamais, les mêmes nuits, dans un "
            "même établissement. La raison reste dans le dossier.",
            class_name="fr-text--sm",
        ),
        el.ul(rx.foreach(S.apart, _pair), class_name="pj-plain fr-mb-2w"),
        rx.cond(S.people.length() > 1, form),
        class_name="pj-noprint fr-mt-3w",
    )


def _pair(one: rx.Var[Named]) -> rx.Component:
    return el.li(
        el.span(one.label),
        " ",
        el.button(
            "Retirer",
            el.span(", ", one.label, class_name="fr-sr-only"),
            type="button",
            on_click=S.let_them_together(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        key=one.id,
    )
