"""Convening in twenty seconds: one form, no steps, and the SMS as it will be read beside it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages.person_picker import person_picker
from booking.pages.widgets import inner_link
from convocations.pages.addresses import OUTBOX
from convocations.pages.convene_state import CHANGED, CONVENERS, ConveneState
from convocations.pages.convene_words import DayChoices, Group, Option, StartChoice
from portal.policy import page
from portal.ui.changed import changed_banner
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, link_button, select_field, skeleton

el = rx.el
FORM = "convoquer"


class ConveneKeys(rx.Component):
    """Ctrl+Enter convenes, from anywhere in the form."""

    library = rx.asset("convene_keys.jsx", shared=True).importable_path
    tag = "ConveneKeys"


@page(
    "/convoquer",
    title="Convoquer",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(ConveneState.load,),
    description="Convoquer quelqu’un en vingt secondes : une personne, un créneau, le SMS tel qu’il sera lu.",
)
def convene_page() -> rx.Component:
    """Return the page."""
    state = ConveneState
    nothing = empty_state(
        state.nothing,
        "Les types de rendez-vous que votre service peut donner s’afficheront ici.",
        link_button("Revenir à ma journée", "/ma-journee/"),
    )
    shown = rx.cond(state.nothing != "", nothing, _convene())
    return layout(
        rx.cond(state.is_loaded, shown, skeleton(8, "Chargement des créneaux…")),
        title="Convoquer",
        wide=True,
    )


def _convene() -> rx.Component:
    form = rx.el.form(
        el.div(_who(), _what(), _when(), _end(), class_name="pj-convene__form"),
        el.div(_phone(), class_name="pj-convene__side"),
        on_submit=ConveneState.convene_them,
        no_validate=True,
        id=FORM,
        class_name="pj-convene",
    )
    return el.div(_done(), ConveneKeys.create(form))


def _done() -> rx.Component:
    done = ConveneState.done
    undo = el.button(
        "Annuler", type="button", on_click=ConveneState.take_back, class_name="fr-btn fr-btn--sm fr-btn--secondary"
    )
    next_ = rx.fragment(
        rx.cond(done.can_undo, undo),
        el.a(
            "Voir le lien de la personne",
            href=done.link,
            target="_blank",
            rel="noopener",
            title="Voir le lien de la personne - nouvelle fenêtre",
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        inner_link("Imprimer", href=done.letter, class_name="fr-btn fr-btn--sm fr-btn--tertiary"),
        inner_link("Voir la convocation", href=done.sheet, class_name="fr-btn fr-btn--sm fr-btn--tertiary"),
    )
    message = el.div(
        el.p(done.words),
        rx.cond(done.id != "", el.div(next_, class_name="pj-actions fr-mt-1w")),
        class_name="fr-alert fr-alert--sm fr-mb-3w " + rx.cond(done.id != "", "fr-alert--success", "fr-alert--info"),
    )
    return el.div(rx.cond(done.words != "", message), id="fait", role="status", aria_live="polite")


def _changed() -> rx.Component:
    state = ConveneState
    other = inner_link("Ouvrir la sienne", href=state.other, class_name="fr-btn fr-btn--sm fr-btn--secondary")
    return changed_banner(
        state.changes,
        state.differences,
        rx.cond(state.other != "", other),
        on_leave=state.keep_mine,
        leave_label="Garder ma saisie",
    )


def _who() -> rx.Component:
    state = ConveneState
    picker = person_picker(
        on_chosen=state.person_changed,
        label="Qui convoquez-vous ?",
        is_embedded=True,
        on_language=state.say_language,
        on_phone=state.person_changed,
    )
    already = el.p(
        state.already,
        " ",
        inner_link("Voir cette convocation", href=state.already_href, class_name="fr-link fr-link--sm"),
        class_name="fr-text--sm fr-mt-1w fr-mb-2w",
    )
    return el.section(
        picker,
        el.div(_changed(), id=CHANGED, tab_index=-1),
        el.div(
            rx.cond(state.note != "", el.p(state.note, class_name="fr-message pj-warning")),
            rx.cond(state.already != "", already),
            role="status",
            aria_live="polite",
        ),
        aria_label="Personne",
    )


def _what() -> rx.Component:
    state = ConveneState

    def kind(one: rx.Var[Option]) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id="type-" + one.value,
                name="type",
                value=one.value,
                checked=state.kind == one.value,
                on_change=state.pick_kind(one.value),
            ),
            el.label(one.label, html_for="type-" + one.value, class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    return rx.cond(
        state.booking == "",
        el.fieldset(
            el.legend("Pour quoi ?", class_name="fr-segmented__legend"),
            el.div(rx.foreach(state.kinds, kind), class_name="fr-segmented__elements"),
            class_name="fr-segmented fr-mb-3w pj-kinds",
        ),
    )


def _when() -> rx.Component:
    state = ConveneState
    taken = el.div(
        el.p(el.strong("Le rendez-vous est déjà pris")),
        el.p(state.booking, class_name="fr-mb-0"),
        class_name="pj-chosen",
    )
    return rx.cond(
        state.booking != "", taken, el.div(_where(), _mode(), rx.cond(state.mode == "slot", _starts(), _limit()))
    )


def _where() -> rx.Component:
    state = ConveneState

    def group(one: rx.Var[Group]) -> rx.Component:
        return el.optgroup(
            rx.foreach(one.options, lambda each: el.option(each.label, value=each.value)), label=one.label
        )

    none = el.p(
        "Personne ne reçoit pour ce type de rendez-vous dans votre ressort : ouvrez d’abord des créneaux à l’agenda.",
        class_name="pj-warning",
    )
    picked = select_field(
        "Chez qui ?", "where", rx.foreach(state.wheres, group), value=state.where, on_change=state.pick_where
    )
    return rx.cond(state.wheres.length() > 0, picked, none)


def _mode() -> rx.Component:
    state = ConveneState

    def mode(value: str, label: str) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"mode-{value}",
                name="mode",
                value=value,
                checked=state.mode == value,
                on_change=state.pick_mode(value),
            ),
            el.label(label, html_for=f"mode-{value}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    return el.fieldset(
        el.legend("Quand ?", class_name="fr-segmented__legend"),
        el.div(
            mode("slot", "Je choisis le créneau"),
            mode("choose", "Laisser la personne choisir"),
            class_name="fr-segmented__elements",
        ),
        class_name="fr-segmented fr-mb-2w",
    )


def _starts() -> rx.Component:
    state = ConveneState
    refused = el.p(state.problem, id="refus", tab_index=-1, class_name="fr-error-text fr-mb-2w")
    nothing = el.p("Aucun créneau libre dans les deux mois : changez d’agent ou de lieu.", class_name="pj-warning")
    soonest = el.fieldset(
        el.legend("Les prochains créneaux libres", class_name="fr-sr-only"),
        rx.foreach(state.starts, lambda one: _start(one, "debut")),
        class_name="pj-starts pj-starts--wide",
    )
    wide = rx.cond(
        state.is_wide,
        _weeks(),
        el.button(
            "Autre date",
            type="button",
            on_click=state.show_weeks(True),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-calendar-line fr-btn--icon-left",
        ),
    )
    return el.div(
        el.div(rx.cond(state.problem != "", refused), role="alert"),
        rx.cond(state.starts.length() > 0, soonest, nothing),
        wide,
        rx.cond(
            state.chosen_words != "",
            el.p("Choisi : ", el.strong(state.chosen_words), class_name="fr-mt-2w fr-mb-0", role="status"),
        ),
        class_name="fr-mb-3w",
    )


def _start(one: rx.Var[StartChoice], where: str) -> rx.Component:
    """Return a wide button that is one of a group: the arrows go from one to the next."""
    name = f"{where}-" + one.value
    return el.div(
        el.input(
            type="radio",
            id=name,
            name=where,
            value=one.value,
            checked=ConveneState.chosen == one.value,
            on_change=ConveneState.pick_start(one.value),
            aria_label=one.words,
        ),
        el.label(
            el.span(one.day, class_name="pj-start__day") if where == "debut" else rx.fragment(),
            el.strong(one.hour),
            rx.cond(one.who != "", el.span(one.who, class_name="pj-start__who")),
            html_for=name,
        ),
        class_name="pj-start",
    )


def _weeks() -> rx.Component:
    state = ConveneState

    def turning(label: str, weeks: int, icon: str, **props: Any) -> rx.Component:
        return el.button(
            label,
            type="button",
            on_click=state.turn(weeks),
            class_name=f"fr-btn fr-btn--sm fr-btn--tertiary {icon} fr-btn--icon-left",
            **props,
        )

    def day(one: rx.Var[DayChoices]) -> rx.Component:
        return el.fieldset(
            el.legend(one.label, class_name="pj-starts__day"),
            rx.foreach(one.starts, lambda each: _start(each, "semaine")),
            class_name="pj-starts",
        )

    return el.div(
        el.div(
            turning("Semaine précédente", -1, "fr-icon-arrow-left-line", disabled=~state.has_earlier),
            el.p(state.week_words, class_name="fr-mb-0", role="status"),
            turning("Semaine suivante", 1, "fr-icon-arrow-right-line"),
            class_name="pj-weeks__head",
        ),
        rx.cond(
            state.days.length() > 0,
            rx.foreach(state.days, day),
            el.p("Rien de libre cette semaine-là.", class_name="pj-grey"),
        ),
        class_name="pj-weeks",
    )


def _limit() -> rx.Component:
    state = ConveneState
    return el.div(
        el.div(
            rx.cond(state.problem != "", el.p(state.problem, id="refus", tab_index=-1, class_name="fr-error-text")),
            role="alert",
        ),
        field(
            "Jusqu’au",
            "choose_by",
            type="date",
            hint="Dernier jour pour choisir parmi les créneaux libres",
            value=state.choose_by,
            min=state.first_day,
            max=state.last_day,
            on_change=state.say_choose_by,
        ),
    )


def _end() -> rx.Component:
    state = ConveneState

    def reminder(hours: str) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"rappel-{hours}",
                name="rappel",
                value=hours,
                checked=state.reminder == hours,
                on_change=state.pick_reminder(hours),
            ),
            el.label(f"{hours}\N{NO-BREAK SPACE}h avant", html_for=f"rappel-{hours}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    return el.div(
        rx.cond(
            (state.booking != "") & (state.problem != ""),
            el.p(state.problem, id="refus", tab_index=-1, role="alert", class_name="fr-error-text fr-mb-2w"),
        ),
        el.fieldset(
            el.legend("Rappel", class_name="fr-segmented__legend fr-segmented__legend--inline"),
            el.div(reminder("48"), reminder("24"), class_name="fr-segmented__elements"),
            class_name="fr-segmented fr-segmented--sm",
        ),
        el.div(
            el.button(
                "Convoquer",
                type="submit",
                aria_keyshortcuts="Control+Enter",
                class_name="fr-btn fr-btn--lg fr-icon-send-plane-line fr-btn--icon-left",
            ),
            el.span(el.kbd("Ctrl"), " + ", el.kbd("Entrée"), class_name="fr-text--sm fr-mb-0 pj-grey pj-keyboard-only"),
            class_name="pj-convene__end",
        ),
        class_name="pj-convene__last",
    )


def _phone() -> rx.Component:
    """Return a telephone, with the SMS as it will be read; a word once nothing will be."""
    sms = ConveneState.sms
    read = rx.fragment(
        el.p(sms.body, lang=sms.language, dir=sms.direction, class_name="pj-phone__sms"),
        rx.cond(
            sms.french != "",
            el.div(
                el.p("En français", class_name="fr-text--xs pj-grey fr-mb-1v"),
                el.p(sms.french, lang="fr", class_name="pj-phone__sms pj-phone__sms--french"),
            ),
        ),
    )
    waiting = el.p("Le SMS s’écrira ici dès qu’un créneau est choisi.", class_name="pj-grey fr-text--sm")
    screen = el.div(
        el.p("SMS", class_name="pj-phone__head", aria_hidden="true"),
        el.div(rx.cond(sms.body != "", read, waiting), class_name="pj-phone__screen"),
        class_name="pj-phone",
    )
    return el.section(
        el.h2("Le SMS, tel qu’il sera lu", class_name="fr-h6 fr-mb-2w"),
        screen,
        el.div(
            rx.cond(sms.cost != "", el.p(sms.cost, class_name="fr-text--sm fr-mb-1v pj-cost")),
            rx.cond(sms.leaves != "", el.p(sms.leaves, class_name="fr-text--sm fr-mb-1v")),
            role="status",
            aria_live="polite",
        ),
        inner_link("Voir la boîte d’envoi", href=OUTBOX, class_name="fr-link fr-text--sm"),
        aria_label="Le SMS",
    )
