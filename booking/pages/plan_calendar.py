"""A week of a proposal, by room or by judge, as a table; on a phone, day by day as a list.

    plan_calendar(S.week, on_view=S.look_by, on_week=S.look_at, on_open=S.unfold)

`week` is a `PlanWeek` of the state (see `plan_calendar_words.week_of`). `on_view` is given "salle" or "juge", `on_week`
the Monday of another week, `on_open` the number of a hearing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from booking.pages.plan_calendar_words import VIEWS, PlanBlock, PlanCell, PlanDay, PlanLane, PlanWeek
from booking.pages.planning_words import Gauge
from portal.ui.pieces import empty_state

el = rx.el
Handler = Callable[[Any], Any]
BADGE = "fr-badge fr-badge--sm fr-badge--no-icon fr-badge--"  # a span: a button holds no paragraph
TURN = "fr-btn fr-btn--sm fr-btn--tertiary fr-btn--icon-left fr-icon-arrow-{}-line"


def plan_calendar(
    week: rx.Var[PlanWeek], *, on_view: Handler, on_week: Handler, on_open: Handler, title_id: str = "calendrier"
) -> rx.Component:
    """Return the calendar."""
    return el.section(
        _head(week, on_view, on_week, title_id),
        rx.cond(
            week.lanes.length() > 0,
            rx.fragment(_table(week, on_open), _list(week, on_open)),
            empty_state("Aucune audience cette semaine.", "Choisissez une autre semaine, ou une période plus longue."),
        ),
        aria_labelledby=title_id,
        class_name="pj-pcal",
    )


def _head(week: rx.Var[PlanWeek], on_view: Handler, on_week: Handler, title_id: str) -> rx.Component:
    return el.div(
        el.div(
            el.h3(week.period, id=title_id, class_name="fr-h6 fr-mb-0"),
            el.p(week.summary, role="status", class_name="fr-text--sm fr-mb-0"),
        ),
        el.div(
            *[_view(week, name, label, on_view) for name, label in VIEWS],
            _turn("Semaine précédente", "left", week.before, on_week),
            _turn("Semaine suivante", "right", week.after, on_week),
            class_name="pj-actions pj-noprint",
        ),
        class_name="pj-pcal__head",
    )


def _view(week: rx.Var[PlanWeek], name: str, label: str, on_view: Handler) -> rx.Component:
    is_current = week.view == name
    return el.button(
        label,
        type="button",
        on_click=on_view(name),
        aria_pressed=rx.cond(is_current, "true", "false"),
        class_name=rx.cond(is_current, "fr-btn fr-btn--sm", "fr-btn fr-btn--sm fr-btn--tertiary"),
    )


def _turn(label: str, side: str, monday: rx.Var[str], on_week: Handler) -> rx.Component:
    return el.button(
        label, type="button", on_click=on_week(monday), disabled=monday == "", class_name=TURN.format(side)
    )


def _table(week: rx.Var[PlanWeek], on_open: Handler) -> rx.Component:
    corner = rx.cond(week.view == "juge", "Juge", "Salle")
    heads = rx.foreach(week.days, lambda one: el.th(one.head, scope="col", key=one.day))
    return el.div(
        el.table(
            el.caption(week.period, class_name="fr-sr-only"),
            el.thead(el.tr(el.th(corner, scope="col", class_name="pj-pcal__corner"), heads)),
            el.tbody(rx.foreach(week.lanes, lambda lane: _lane(lane, on_open))),
            class_name="pj-pcal__table",
        ),
        class_name="pj-pcal__wide",
    )


def _lane(lane: rx.Var[PlanLane], on_open: Handler) -> rx.Component:
    def cell(one: rx.Var[PlanCell]) -> rx.Component:
        return el.td(rx.foreach(one.blocks, lambda block: _block(block, on_open)), key=one.day)

    return el.tr(el.th(lane.label, scope="row"), rx.foreach(lane.cells, cell), key=lane.id)


def _list(week: rx.Var[PlanWeek], on_open: Handler) -> rx.Component:
    def one_day(one: rx.Var[PlanDay]) -> rx.Component:
        return rx.cond(
            one.blocks.length() > 0,
            el.li(
                el.h4(one.label, class_name="fr-text--md fr-mb-1v"),
                el.div(rx.foreach(one.blocks, lambda block: _block(block, on_open)), class_name="pj-pcal__day"),
                key=one.day,
            ),
        )

    return el.ul(rx.foreach(week.days, one_day), class_name="pj-plain pj-pcal__list")


def _block(one: rx.Var[PlanBlock], on_open: Handler) -> rx.Component:
    """Return a hearing, which its whole surface opens; what it says is its name, once."""
    return el.button(
        el.span(one.hours, class_name="pj-pcal__hours"),
        el.strong(one.title),
        rx.cond(one.who != "", el.span(one.who)),
        rx.cond(one.word != "", el.span(one.word, class_name=BADGE + one.badge)),
        rx.cond(one.change != "", el.span(one.change, class_name="pj-pcal__change")),
        el.span(rx.foreach(one.gauges, _gauge), class_name="pj-pcal__gauges"),
        type="button",
        on_click=on_open(one.id),
        aria_label=one.label,
        key=one.id,
        class_name="pj-pcal__block pj-pcal__block--" + rx.cond(one.badge != "", one.badge, "same"),
    )


def _gauge(one: rx.Var[Gauge]) -> rx.Component:
    return el.span(
        el.span(one.label, " ", one.text),
        el.span(
            el.span(class_name="pj-gauge__after", style={"width": one.after.to_string() + "%"}),
            el.span(class_name="pj-gauge__now", style={"width": one.percent.to_string() + "%"}),
            class_name="pj-gauge",
        ),
        key=one.label,
        class_name="pj-pcal__gauge",
    )
