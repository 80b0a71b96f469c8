"""The year of a court on one page: twelve months, how many sessions each day has and how full they are."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages.court_links import court_links
from booking.pages.court_year_state import CourtYearState
from booking.pages.court_year_words import YearCell, YearMonth, YearWeek
from booking.pages.hearing_templates_words import DAYS
from booking.pages.widgets import inner_link, print_button
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import select_field, skeleton

el = rx.el
S = CourtYearState
LEGEND = (
    ("open", "3", "60%", "nombre d’audiences ; la barre monte avec le remplissage"),
    ("open", "○", "0%", "une audience n’a pas encore de juge, ou de salle"),
    ("off", "×", "", "férié, vacations ou fermé"),
)


@page(
    "/audiences/annee",
    title="Année du tribunal",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="Les audiences de l’année, jour par jour, et leur remplissage.",
)
def court_year_page() -> rx.Component:
    """Return the page."""
    return layout(
        court_links("/audiences/annee/"),
        rx.cond(S.is_loaded, el.div(_head(), _filters(), _months()), skeleton(12, "Lecture de l’année…")),
        title="Année du tribunal",
        wide=True,
    )


def _head() -> rx.Component:
    icon = "fr-btn fr-btn--sm fr-btn--secondary fr-btn--icon-left fr-icon-arrow-{}-line"
    return el.div(
        el.div(
            el.h2(S.year, id="annee", class_name="fr-h4 fr-mb-0"),
            el.p(S.summary, class_name="fr-mb-0"),
        ),
        el.nav(
            inner_link("Année précédente", href=S.before, class_name=icon.format("left")),
            inner_link("Année suivante", href=S.after, class_name=icon.format("right")),
            print_button(label="Imprimer", small=True),
            aria_label="Autres années",
            class_name="pj-actions pj-noprint",
        ),
        class_name="pj-court__head",
    )


def _filters() -> rx.Component:
    return el.div(
        choice("Type", "type", S.kinds, S.asked["type"], S.pick),
        choice("Chambre", "chambre", S.chambers, S.asked["chambre"], S.pick, empty="Toutes"),
        choice("Juge", "juge", S.judges, S.asked["juge"], S.pick),
        choice("Salle", "salle", S.rooms, S.asked["salle"], S.pick, empty="Toutes"),
        role="group",
        aria_label="Ce que montre le calendrier",
        class_name="pj-court__filters pj-noprint",
    )


def choice(
    label: str, name: str, options: rx.Var[list[tuple[str, str]]], value: rx.Var[str], pick: Any, *, empty: str = "Tous"
) -> rx.Component:
    """Return a filter of a calendar, which goes to another address at once."""
    choices = rx.fragment(el.option(empty, value=""), rx.foreach(options, lambda one: el.option(one[1], value=one[0])))
    return select_field(label, name, choices, value=value, on_change=lambda typed: pick(name, typed))


def _months() -> rx.Component:
    legend = el.ul(
        *[
            el.li(
                el.span(
                    el.span(mark, class_name="pj-court__count"),
                    el.span(class_name="pj-court__bar", style={"--fill": fill}) if fill else rx.fragment(),
                    aria_hidden="true",
                    class_name=f"pj-court__day pj-court__day--{what}",
                ),
                words,
            )
            for what, mark, fill, words in LEGEND
        ],
        class_name="pj-plain pj-court__legend",
    )
    turn = "fr-btn fr-btn--tertiary fr-btn--icon-left fr-icon-arrow-{}-line"
    phone = el.div(
        el.button("Mois précédent", type="button", on_click=S.turn(-1), class_name=turn.format("left")),
        el.button("Mois suivant", type="button", on_click=S.turn(1), class_name=turn.format("right")),
        class_name="pj-court__turn pj-noprint",
    )
    return el.section(
        legend,
        phone,
        el.div(rx.foreach(S.months, _month), class_name="pj-court__year"),
        aria_labelledby="annee",
    )


def _month(one: rx.Var[YearMonth]) -> rx.Component:
    head = [el.th(el.abbr(name[0].upper(), title=name), scope="col") for name in DAYS]
    shown = rx.cond(S.month == one.id, "pj-court__month pj-court__month--shown", "pj-court__month")
    return el.table(
        el.caption(
            el.span(one.label, rx.cond(one.open_href != "", _opens(one)), class_name="pj-court__caption"),
            el.span(one.total, class_name="pj-court__total"),
        ),
        el.thead(el.tr(*head)),
        el.tbody(rx.foreach(one.weeks, _week)),
        key=one.id,
        class_name=shown,
    )


def _opens(one: rx.Var[YearMonth]) -> rx.Component:
    hidden = el.span(" les audiences de ", one.label, class_name="fr-sr-only")
    return inner_link("Ouvrir", hidden, href=one.open_href, class_name="fr-link fr-link--sm pj-noprint")


def _week(one: rx.Var[YearWeek]) -> rx.Component:
    return el.tr(rx.foreach(one.cells, _cell))


def _cell(one: rx.Var[YearCell]) -> rx.Component:
    inside = rx.fragment(
        el.span(one.text, class_name="pj-court__number", aria_hidden="true"),
        rx.cond(one.mark != "", el.span(one.mark, class_name="pj-court__mark", aria_hidden="true")),
        rx.cond(one.count != "", el.span(one.count, class_name="pj-court__count", aria_hidden="true")),
        rx.cond(one.fill != "", el.span(class_name="pj-court__bar", style={"--fill": one.fill}, aria_hidden="true")),
    )
    # Days without a session are for the mouse: the Tab key goes from one with sessions to the next.
    link = inner_link(
        inside,
        href=one.href,
        title=one.label,
        aria_label=one.label,
        tab_index=rx.cond(one.count != "", 0, -1),
        class_name="pj-court__day pj-court__day--" + one.what,
    )
    return el.td(rx.cond(one.text != "", link))
