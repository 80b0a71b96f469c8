"""The week of a court, by room or by judge: sessions as blocks that are dragged, or moved by their form."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages.focus import focus_on
from booking.pages.court_board import court_board
from booking.pages.court_links import court_links
from booking.pages.court_week_state import CourtWeekState
from booking.pages.court_week_words import Block, DayHead, Lane, LaneDay, View
from booking.pages.court_year import choice
from booking.pages.widgets import inner_link, print_button
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton
from portal.ui.sheet import sheet

el = rx.el
S = CourtWeekState
BOARD = "Audiences de la semaine : elles se déplacent à la souris, au clavier (Espace), ou par leur fiche (Entrée)"


@page(
    "/audiences/semaine",
    title="Semaine du tribunal",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="Les audiences d’une semaine, par salle ou par juge, et leur déplacement.",
)
def court_week_page() -> rx.Component:
    """Return the page."""
    return layout(
        court_links("/audiences/semaine/"),
        rx.cond(S.is_loaded, el.div(_head(), _filters(), _week()), skeleton(12, "Lecture de la semaine…")),
        _opened(),
        focus_on(field=S.focused, turn=S.turn),  # after the sheet: while it is open, nothing else takes the focus
        title="Semaine du tribunal",
        wide=True,
        on_undo=S.undo,
    )


def _head() -> rx.Component:
    icon = "fr-btn fr-btn--sm fr-btn--secondary fr-btn--icon-left fr-icon-arrow-{}-line"
    return el.div(
        el.div(el.h2(S.period, id="semaine", class_name="fr-h5 fr-mb-0"), el.p(S.summary, class_name="fr-mb-0")),
        el.nav(
            inner_link("Semaine précédente", href=S.before, class_name=icon.format("left")),
            inner_link("Cette semaine", href=S.present, class_name="fr-btn fr-btn--sm fr-btn--tertiary"),
            inner_link("Semaine suivante", href=S.after, class_name=icon.format("right")),
            print_button(label="Imprimer", small=True),
            aria_label="Autres semaines",
            class_name="pj-actions pj-noprint",
        ),
        class_name="pj-court__head",
    )


def _filters() -> rx.Component:
    views = el.nav(
        el.ul(rx.foreach(S.views, _view), class_name="pj-plain pj-cweek__views"),
        aria_label="Lignes de la semaine",
    )
    return el.div(
        views,
        choice("Type", "type", S.kinds, S.asked["type"], S.pick),
        choice("Juge", "juge", S.judges, S.asked["juge"], S.pick),
        choice("Salle", "salle", S.rooms, S.asked["salle"], S.pick, empty="Toutes"),
        class_name="pj-court__filters pj-noprint",
    )


def _view(one: rx.Var[View]) -> rx.Component:
    return el.li(
        inner_link(
            one.label,
            href=one.href,
            aria_current=rx.cond(one.is_current, "page", "false"),
            class_name=rx.cond(one.is_current, "fr-btn fr-btn--sm", "fr-btn fr-btn--sm fr-btn--tertiary"),
        ),
        key=one.label,
    )


def _week() -> rx.Component:
    turn = "fr-btn fr-btn--tertiary fr-btn--icon-left fr-icon-arrow-{}-line"
    phone = el.div(
        el.button("Jour précédent", type="button", on_click=S.turn_day(-1), class_name=turn.format("left")),
        el.button("Jour suivant", type="button", on_click=S.turn_day(1), class_name=turn.format("right")),
        class_name="pj-cweek__turn pj-noprint",
    )
    grid = el.table(
        el.caption(S.period, class_name="fr-sr-only"),
        el.thead(el.tr(el.th("Ligne", scope="col", class_name="pj-cweek__corner"), rx.foreach(S.heads, _column))),
        el.tbody(rx.foreach(S.lanes, _lane)),
        class_name="pj-cweek",
        style={"--hours": S.hours},
    )
    nothing = empty_state(
        "Ni salle, ni juge, ni audience.",
        "Les salles et les juges du tribunal, avec leurs audiences de la semaine, s’affichent ici.",
    )
    board = court_board(grid, first=S.first, hours=S.hours, label=BOARD, on_dropped=S.drop, on_choose=S.choose)
    return el.section(phone, rx.cond(S.lanes.length() > 0, board, nothing), aria_labelledby="semaine")


def _column(one: rx.Var[DayHead]) -> rx.Component:
    return el.th(
        one.label,
        rx.cond(one.is_today, el.span(" aujourd’hui", class_name="pj-cweek__today")),
        rx.cond(one.off != "", el.span(one.off, class_name="pj-cweek__off")),
        scope="col",
        key=one.day,
        class_name=rx.cond(S.shown == one.day, "pj-cweek__column pj-cweek__column--shown", "pj-cweek__column"),
    )


def _lane(one: rx.Var[Lane]) -> rx.Component:
    return el.tr(
        el.th(one.label, scope="row", class_name="pj-cweek__lane"),
        rx.foreach(one.days, lambda cell: _cell(one, cell)),
        custom_attrs={"data-label": one.label, "data-empty": rx.cond(one.is_empty, "true", "false")},
        key=one.id,
        class_name=rx.cond(one.is_empty, "pj-cweek__row pj-cweek__row--empty", "pj-cweek__row"),
    )


def _cell(lane: rx.Var[Lane], one: rx.Var[LaneDay]) -> rx.Component:
    shown = rx.cond(S.shown == one.day, " pj-cweek__column--shown", "")
    return el.td(
        el.div(rx.foreach(one.blocks, _block), class_name="pj-cweek__hours"),
        custom_attrs={"data-lane": lane.id, "data-day": one.day},
        key=one.day,
        class_name="pj-cweek__column pj-cweek__cell" + rx.cond(one.is_off, " pj-cweek__cell--off", "") + shown,
    )


def _block(one: rx.Var[Block]) -> rx.Component:
    place = {"--top": one.top, "--height": one.height, "--left": one.left, "--width": one.width}
    beside = el.div(
        el.span(one.hours, class_name="pj-cweek__at"),
        el.strong(one.title),
        el.span(one.fill),
        title=one.label,
        style=place,
        key=one.label,
        class_name="pj-cweek__session pj-cweek__session--" + one.tone,
    )
    return rx.cond(one.id != "", _movable(one, place), beside)


def _movable(one: rx.Var[Block], place: dict[str, Any]) -> rx.Component:
    return el.button(
        el.span(one.hours, class_name="pj-cweek__at"),
        el.strong(one.title),
        rx.cond(one.flags != "", el.span(one.flags, class_name="pj-cweek__flags")),
        el.span(one.fill),
        type="button",
        id="audience-" + one.id,
        aria_label=one.label,
        title=one.label,
        custom_attrs={
            "data-session": one.id,
            "data-minutes": one.minutes,
            "data-length": one.lasts,
            "data-title": one.title,
        },
        style=place,
        key=one.id,
        class_name="pj-cweek__session pj-cweek__session--" + one.tone,
    )


# --- the session that is open ---


def _opened() -> rx.Component:
    return sheet(
        el.ul(rx.foreach(S.about, el.li), class_name="pj-plain fr-mb-1w"),
        rx.cond(S.flags.length() > 0, el.ul(rx.foreach(S.flags, el.li), class_name="pj-cweek__wrong")),
        el.p(inner_link("Ouvrir sa liste", href=S.list_href, class_name="fr-link")),
        _form(),
        open=S.chosen != "",
        title=S.title,
        on_close=S.leave,
    )


def _form() -> rx.Component:
    return el.form(
        el.h3("Déplacer", class_name="fr-h6 fr-mb-1w"),
        el.div(
            _when("Jour", "day", "date"),
            _when("Début", "starts", "time"),
            _who("Salle", "room", S.rooms, "Pas encore"),
            _who("Juge", "judge", S.judges, "Pas encore"),
            _who("Greffier", "clerk", S.clerks, "Celui du juge"),
            class_name="pj-form__grid",
        ),
        rx.cond(S.is_seen | (S.in_the_way.length() > 0), _entailed()),
        el.div(
            el.button(
                rx.cond(
                    S.is_seen & ~S.is_retyped & (S.in_the_way.length() == 0),
                    "Déplacer l’audience",
                    "Voir ce que cela entraîne",
                ),
                type="submit",
                class_name="fr-btn",
            ),
            el.button("Ne pas déplacer", type="button", on_click=S.leave, class_name="fr-btn fr-btn--tertiary"),
            class_name="pj-actions",
        ),
        on_submit=S.submit,
        no_validate=True,
        key="f" + S.version.to_string(),
        class_name="pj-form",
    )


def _when(label: str, name: str, kind: str) -> rx.Component:
    return field(
        label, name, type=kind, error=S.problems[name], default_value=S.typed[name], on_change=lambda _: S.retype()
    )


def _who(label: str, name: str, options: rx.Var[list[tuple[str, str]]], nobody: str) -> rx.Component:
    choices = rx.fragment(el.option(nobody, value=""), rx.foreach(options, lambda one: el.option(one[1], value=one[0])))
    return select_field(
        label,
        name,
        choices,
        error=S.problems[name],
        default_value=S.typed[name],
        on_change=lambda _: S.retype(),
    )


def _entailed() -> rx.Component:
    blocked = S.in_the_way.length() > 0
    return el.div(
        el.p(
            rx.cond(blocked, "Ce déplacement n’est pas possible", "Ce que cela entraîne"), class_name="fr-alert__title"
        ),
        rx.cond(blocked, el.ul(rx.foreach(S.in_the_way, el.li))),
        rx.cond(~blocked & (S.entails.length() > 0), el.ul(rx.foreach(S.entails, el.li))),
        rx.cond(
            S.to_know.length() > 0,
            rx.fragment(el.p("À savoir", class_name="fr-text--bold fr-mb-0"), el.ul(rx.foreach(S.to_know, el.li))),
        ),
        el.p(rx.cond(S.is_retyped, "C’était avant votre dernier changement.", "Rien n’est encore fait.")),
        id="ce-que-cela-entraine",
        tab_index=-1,
        class_name=rx.cond(blocked, "fr-alert fr-alert--error fr-mb-2w", "fr-alert fr-alert--info fr-mb-2w"),
    )
