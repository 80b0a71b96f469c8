"""The top of every planning page: what is planned and wished, the buttons that search, and the search as it runs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages.plans_state import PlansState
from booking.pages.plans_words import CHART_HEIGHT, CHART_WIDTH, SliderView, WeightView
from portal.ui.pieces import described_by, field, select_field

el = rx.el
State = type[PlansState]
FACTOR_CHOICES = (
    ("0", "ne compte pas"),
    ("0.5", "deux fois moins"),
    ("1", "comme d’habitude"),
    ("2", "deux fois plus"),
    ("5", "cinq fois plus"),
    ("20", "vingt fois plus"),
)


def planning_bar(
    state: State,
    *,
    kind_label: str,
    propose: rx.Var[str] | str,
    sentence: rx.Var[str] | str = "",
    own: rx.Component | None = None,
    can_repair: rx.Var[bool] | bool = True,
) -> rx.Component:
    """Return what is planned and wished, the buttons, the search while it runs; `own` is what only one page asks."""
    return el.section(
        el.div(
            _scope(state, kind_label),
            own or rx.fragment(),
            _wishes(state),
            class_name="pj-plans__asked",
        ),
        el.div(
            el.p(sentence, class_name="fr-mb-1w"),
            rx.cond(
                state.is_active, _search(state), rx.cond(state.kinds.length() > 0, _buttons(state, propose, can_repair))
            ),
            rx.cond(
                ~state.is_active & (state.ended != ""), el.p(state.ended, class_name="fr-text--sm fr-mt-1w fr-mb-0")
            ),
            id="recherche",
            tab_index=-1,
            class_name="pj-plans__act",
        ),
        aria_label="Recherche",
        class_name="pj-plans__bar pj-noprint",
    )


def _scope(state: State, kind_label: str) -> rx.Component:
    options = rx.fragment(rx.foreach(state.kinds, lambda one: el.option(one.label, value=one.code)))
    kinds = select_field(kind_label, "type", options, value=state.kind, on_change=state.pick_kind)
    return el.div(
        rx.cond(state.kinds.length() > 1, kinds),
        *(_days(state) if state.desk.has_days else ()),
        class_name="pj-plans__scope",
    )


def _days(state: State) -> tuple[rx.Component, rx.Component]:
    return (
        _day("Du", "du", state.first, state.first_allowed, state.pick_first),
        _day("Au", "au", state.last, state.first, state.pick_last),
    )


def _day(label: str, name: str, value: Any, least: Any, pick: Any) -> rx.Component:
    # Not controlled: a date that is being typed is not one yet, and must not be taken from under the fingers.
    box = el.input(
        type="date",
        key=name + value,
        default_value=value,
        min=least,
        on_change=pick.debounce(600),
        id=name,
        name=name,
        aria_describedby=described_by(name),
        class_name="fr-input",
    )
    return field(label, name, control=box)


def _wishes(state: State) -> rx.Component:
    detail = el.details(
        el.summary("Réglages en détail", class_name="pj-plan__summary"),
        el.div(rx.foreach(state.weights, lambda one: _weight(state, one)), class_name="pj-plans__weights"),
        el.button(
            "Revenir aux réglages habituels",
            type="button",
            on_click=state.usual_wishes,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
    )
    return el.fieldset(
        el.legend("Ce qui compte le plus", class_name="fr-text--bold fr-mb-1v"),
        el.div(rx.foreach(state.sliders, lambda one: _slider(state, one)), class_name="pj-plans__sliders"),
        detail,
        class_name="pj-bare pj-plans__wishes",
    )


def _slider(state: State, one: rx.Var[SliderView]) -> rx.Component:
    name = "curseur-" + one.name
    return el.div(
        el.label(one.label, el.span(one.hint, class_name="fr-hint-text"), html_for=name, class_name="fr-label"),
        el.input(
            type="range",
            min=0,
            max=4,
            step=1,
            id=name,
            value=one.level,
            aria_valuetext=one.word,
            on_change=lambda level: state.set_level(one.name, level),
            class_name="pj-plans__range",
        ),
        el.output(one.word, html_for=name, aria_hidden="true", class_name="pj-plans__word"),
        key=one.name,
        class_name="pj-plans__slider",
    )


def _weight(state: State, one: rx.Var[WeightView]) -> rx.Component:
    known = [value for value, _ in FACTOR_CHOICES]
    other = rx.cond(
        rx.Var.create(known).contains(one.factor), rx.fragment(), el.option("× " + one.factor, value=one.factor)
    )
    return el.div(
        el.label(one.label, html_for="poids-" + one.name, class_name="fr-label fr-text--sm"),
        el.select(
            other,
            *[el.option(label, value=value) for value, label in FACTOR_CHOICES],
            id="poids-" + one.name,
            value=one.factor,
            on_change=lambda factor: state.set_factor(one.name, factor),
            class_name="fr-select",
        ),
        key=one.name,
    )


def _buttons(state: State, propose: rx.Var[str] | str, can_repair: rx.Var[bool] | bool) -> rx.Component:
    main = el.button(
        propose,
        type="button",
        id="proposer",
        on_click=state.propose,
        class_name="fr-btn fr-icon-flashlight-line fr-btn--icon-left",
    )
    kept = el.p(
        "La recherche respectera ",
        state.locked,
        " plus bas. ",
        el.button("Tout déverrouiller", type="button", on_click=state.unlock_all, class_name="fr-link pj-link-button"),
        class_name="fr-text--sm fr-mb-0",
    )
    return el.div(
        el.div(main, rx.cond(can_repair, repair_menu(state)), class_name="pj-actions"),
        rx.cond(state.locked != "", kept),
        class_name="pj-plans__buttons",
    )


def repair_menu(state: State) -> rx.Component:
    """Return the two ways of putting right a plan that somebody's absence broke."""
    return el.details(
        el.summary("Quelqu’un est absent ?", class_name="pj-plan__summary"),
        repair_choices(state),
        class_name="pj-plans__menu",
    )


def repair_choices(state: State) -> rx.Component:
    """Return the two buttons, each with what it does."""
    return el.ul(
        el.li(
            el.button(
                "Réparer",
                type="button",
                on_click=state.repair,
                disabled=state.is_active,
                class_name="fr-btn fr-btn--secondary",
            ),
            el.span("Ne déplace que ce qui ne tient plus, en une seconde.", class_name="fr-text--sm"),
        ),
        el.li(
            el.button(
                "Chercher des compromis",
                type="button",
                on_click=state.compromise,
                disabled=state.is_active,
                class_name="fr-btn fr-btn--secondary",
            ),
            el.span("Déplace un peu plus si cela en vaut la peine : vous choisirez.", class_name="fr-text--sm"),
        ),
        class_name="pj-plain pj-plans__choices",
    )


def _search(state: State) -> rx.Component:
    stop = el.button(
        rx.cond(state.is_stopping, "Arrêt en cours…", "Arrêter"),
        type="button",
        on_click=state.stop,
        disabled=state.is_stopping,
        class_name="fr-btn fr-btn--secondary fr-icon-stop-circle-line fr-btn--icon-left",
    )
    return el.div(
        el.div(
            el.p(state.figures, role="status", class_name="pj-plan__figures"),
            el.p(state.chart.words, class_name="fr-text--sm fr-mb-1w"),
            stop,
        ),
        rx.cond(state.chart.value != "", _chart(state)),
        class_name="pj-plan__search",
    )


def _chart(state: State) -> rx.Component:
    """Return the curve of the best value and of the bound; the same is said in words beside it."""
    drawing = el.svg(
        el.svg.polyline(points=state.chart.bound, class_name="pj-plans__bound"),
        el.svg.polyline(points=state.chart.value, class_name="pj-plans__value"),
        view_box=f"0 0 {CHART_WIDTH} {CHART_HEIGHT}",
        preserve_aspect_ratio="none",
        role="img",
        aria_label="Coût de la meilleure proposition trouvée au fil du temps, et mieux possible. " + state.chart.words,
        class_name="pj-plan__curve",
    )
    return el.figure(
        drawing,
        el.p(rx.foreach(state.chart.seconds, el.span), aria_hidden="true", class_name="pj-plans__axis"),
        el.figcaption(
            el.span("coût trouvé : plus bas, mieux c’est", class_name="pj-plans__key pj-plans__key--value"),
            rx.cond(
                state.chart.bound != "", el.span("mieux possible", class_name="pj-plans__key pj-plans__key--bound")
            ),
        ),
        class_name="pj-plans__chart",
    )
