"""The dates of a court as months, beside their list: each day with dates is a button, with its words."""

from __future__ import annotations

import reflex as rx

from booking.pages.date_calendar_words import DayCell, DayMonth, DayWeek
from booking.pages.hearing_templates_words import DAYS
from booking.pages.take_date_state import TakeDateState

el = rx.el
S = TakeDateState
LEGEND = (
    ("room", "2", "dates avec de la place, et combien"),
    ("full", "×", "complet : on peut y attendre une place"),
)


def date_calendar() -> rx.Component:
    """Return the months of the dates that are shown."""
    turn = "fr-btn fr-btn--sm fr-btn--tertiary fr-btn--icon-left fr-icon-arrow-{}-line"
    phone = el.div(
        el.button("Mois précédent", type="button", on_click=S.turn_month(-1), class_name=turn.format("left")),
        el.button("Mois suivant", type="button", on_click=S.turn_month(1), class_name=turn.format("right")),
        class_name="pj-dates__turn",
    )
    return el.div(
        el.a("Passer le calendrier", href="#liste-dates", class_name="fr-link fr-link--sm"),
        phone,
        el.div(rx.foreach(S.grid, _month), class_name="pj-dates__months"),
        el.ul(
            *[
                el.li(el.span(mark, aria_hidden="true", class_name=f"pj-dates__mark pj-dates__mark--{what}"), words)
                for what, mark, words in LEGEND
            ],
            class_name="pj-plain pj-dates__legend",
        ),
        role="group",
        aria_label="Calendrier des dates",
        class_name="pj-dates__calendar",
    )


def _month(one: rx.Var[DayMonth]) -> rx.Component:
    head = [el.th(el.abbr(name[0].upper(), title=name), scope="col") for name in DAYS]
    return el.table(
        el.caption(one.label, el.span(" · ", one.total, class_name="pj-grey")),
        el.thead(el.tr(*head)),
        el.tbody(rx.foreach(one.weeks, _week)),
        key=one.id,
        class_name=rx.cond(S.month == one.id, "pj-dates__month pj-dates__month--shown", "pj-dates__month"),
    )


def _week(one: rx.Var[DayWeek]) -> rx.Component:
    return el.tr(rx.foreach(one.cells, _cell))


def _cell(one: rx.Var[DayCell]) -> rx.Component:
    choice = el.button(
        el.span(one.number, aria_hidden="true"),
        el.span(one.mark, aria_hidden="true", class_name="pj-dates__mark pj-dates__mark--" + one.what),
        type="button",
        id="jour-" + one.id,
        title=one.label,
        aria_label=one.label,
        aria_pressed=S.day == one.id,
        on_click=S.choose_day(one.id),
        class_name="pj-dates__day",
    )
    return el.td(rx.cond(one.id != "", choice, el.span(one.number, class_name="pj-grey")))
