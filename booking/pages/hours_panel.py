"""The opening hours of an agenda, changed by those who run it: the usual week, and closed days."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.closings import MOST_REASON
from booking.pages import hours_words as words
from booking.pages.agenda_calendar import focus_on
from booking.pages.agenda_state import AgendaState
from booking.pages.hours_state import ANSWER, HoursState
from booking.pages.hours_words import DayRow, Range
from portal.ui.pieces import field
from portal.ui.sheet import sheet

el = rx.el
REASONS = ("Congés", "Formation", "Réunion", "Fermeture du service", "Travaux")


def hours_button() -> rx.Component:
    """Return the button that opens the panel, for who may change the hours."""
    button = el.button(
        "Horaires d’ouverture",
        type="button",
        on_click=HoursState.open,
        class_name="fr-btn fr-btn--secondary fr-icon-time-line fr-btn--icon-left",
    )
    return rx.cond(AgendaState.may_set_hours, button)


def hours_panel() -> rx.Component:
    """Return the panel."""
    return sheet(
        el.p(AgendaState.title, ", ", AgendaState.where, class_name="pj-grey"),
        focus_on(field=HoursState.focused, turn=HoursState.turn),
        _answer(),
        el.section(el.h3("Semaine habituelle", class_name="fr-h6 fr-mb-1w"), _week_form()),
        el.section(
            el.h3("Jours de fermeture", class_name="fr-h6 fr-mb-1w"),
            _closings(),
            _closing_form(),
            class_name="fr-mt-4w",
        ),
        open=HoursState.is_open,
        title="Horaires d’ouverture",
        on_close=HoursState.close,
    )


def _answer() -> rx.Component:
    state = HoursState
    undo = el.button(
        "Annuler ce changement",
        type="button",
        on_click=state.undo,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w",
    )
    outside = el.div(
        el.p(state.outside_words, class_name="fr-mb-1v"),
        el.ul(
            rx.foreach(
                state.outside,
                lambda one: el.li(
                    rx.cond(
                        one.id != "",
                        el.button(
                            one.said,
                            type="button",
                            on_click=[state.close, AgendaState.open_outside(one.id)],
                            class_name="fr-link pj-hours__open",
                        ),
                        el.span(one.said),
                    )
                ),
            )
        ),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w",
    )
    alert = el.div(
        el.p(state.said),
        rx.cond(state.can_undo, undo),
        class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone,
    )
    return el.div(
        rx.cond(state.said != "", alert),
        rx.cond(state.outside.length() > 0, outside),
        id=ANSWER,
        tab_index=-1,
        role="status",
        aria_live="polite",
        class_name="pj-hours__answer",
    )


def _week_form() -> rx.Component:
    state = HoursState
    return rx.el.form(
        el.p("Laissez vide un jour sans ouverture. Par exemple : 9 h 30 à 12 h.", class_name="fr-hint-text fr-mb-1w"),
        rx.cond(state.later != "", el.p(state.later, class_name="fr-text--sm fr-icon-info-line pj-hours__later")),
        el.div(rx.cond(state.wrong != "", el.p(state.wrong, class_name="fr-error-text")), role="alert"),
        rx.foreach(state.rows, _row),
        el.div(
            field(
                "À partir du",
                "from_on",
                type="date",
                error=state.problems["from_on"],
                default_value=state.from_on,
                key="d" + state.version.to_string(),
                required=True,
            ),
            class_name="fr-mt-2w",
        ),
        el.p(
            "Les rendez-vous déjà pris sont maintenus ; ceux qui sont hors des nouveaux horaires vous sont montrés.",
            class_name="fr-text--sm pj-grey",
        ),
        el.button("Enregistrer les horaires", type="submit", class_name="fr-btn"),
        on_submit=state.save,
        no_validate=True,
    )


def _row(row: rx.Var[DayRow]) -> rx.Component:
    return el.fieldset(
        el.legend(row.name, class_name="pj-hours__name"),
        el.div(rx.foreach(row.ranges, _range), class_name="pj-hours__ranges"),
        class_name="pj-hours__day",
    )


def _range(one: rx.Var[Range]) -> rx.Component:
    message = one.opens_name + "-message"
    return el.div(
        el.div(
            el.span("de", aria_hidden="true"),
            _time(one.opens_name, one.opens_label, one.opens, one.problem, message),
            el.span("à", aria_hidden="true"),
            _time(one.closes_name, one.closes_label, one.closes, one.problem, message),
            class_name="pj-hours__range",
        ),
        el.div(
            rx.cond(one.problem != "", el.p(one.problem, class_name="fr-error-text fr-mt-0")),
            id=message,
            aria_live="polite",
        ),
    )


def _time(name: Any, label: Any, typed: Any, problem: Any, message: Any) -> rx.Component:
    return el.input(
        id=name,
        name=name,
        aria_label=label,
        aria_invalid=problem != "",
        aria_describedby=message,
        default_value=typed,
        key=name + HoursState.version.to_string(),
        auto_complete="off",
        max_length=words.LONGEST,
        class_name=rx.cond(problem != "", "fr-input fr-input--error pj-hours__time", "fr-input pj-hours__time"),
    )


def _closings() -> rx.Component:
    state = HoursState
    nothing = el.p("Aucune fermeture prévue. Les jours fériés du lieu sont fermés d’office.", class_name="fr-text--sm")
    listed = el.ul(
        rx.foreach(
            state.closings,
            lambda one: el.li(
                el.span(el.strong(one.days), rx.cond(one.reason != "", " – " + one.reason, "")),
                rx.cond(
                    one.id != "",
                    el.button(
                        "Rouvrir",
                        type="button",
                        aria_label="Rouvrir : " + one.days,
                        on_click=state.reopen(one.id),
                        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
                    ),
                ),
                key=one.id + one.days,
            ),
        ),
        class_name="pj-plain pj-hours__closings",
    )
    return rx.cond(state.closings.length() > 0, listed, nothing)


def _closing_form() -> rx.Component:
    state = HoursState

    def dated(label: str, name: str, typed: Any, **props: Any) -> rx.Component:
        key = name + state.version.to_string()
        return field(label, name, type="date", error=state.problems[name], default_value=typed, key=key, **props)

    return rx.el.form(
        el.div(
            dated("Premier jour", "first", state.first, required=True),
            dated("Dernier jour, inclus", "last", state.last),
            class_name="pj-form__grid",
        ),
        field(
            "Motif",
            "reason",
            hint="Vu de vos collègues : ni nom, ni raison de santé",
            error=state.problems["reason"],
            default_value=state.reason,
            key="r" + state.version.to_string(),
            list="motifs",
            auto_complete="off",
            max_length=MOST_REASON,
        ),
        el.datalist(*[el.option(value=reason) for reason in REASONS], id="motifs"),
        el.button("Fermer ces jours", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.close_some,
        no_validate=True,
        class_name="pj-form",
    )
