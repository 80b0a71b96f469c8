"""Visits that wait and the teams that drive: propose rounds, see them on a map, move, repair, apply, take back."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages.round_component import round_map
from booking.pages.plan_rounds_state import DRIVERS, MORNING, PlanRoundsState
from booking.pages.plan_rounds_words import OfferRow, RoundCard, StopRow
from booking.pages.plans_bar import planning_bar
from booking.pages.plans_parts import lock_choice, proposal_part, runs_part
from booking.pages.plans_words import LineRow
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton
from portal.ui.sheet import sheet

el = rx.el
S = PlanRoundsState
LEFT = (("tous", "Toute l’équipe"), ("un", "Un agent : il en reste un"))


@page(
    "/tournees",
    title="Tournées",
    roles=DRIVERS,
    on_load=(S.load,),
    entry="Planifier les tournées",
    order=20,
    description="Proposer des tournées aux équipes, les comparer et les appliquer.",
)
def plan_rounds_page() -> rx.Component:
    """Return the page."""
    return layout(
        planning_bar(
            S,
            kind_label="Visites",
            sentence=S.summary,
            own=_today(),
            can_repair=False,
            propose=rx.cond(S.proposal != "", "Proposer de nouvelles tournées", "Proposer des tournées"),
        ),
        rx.cond(
            S.is_loaded,
            el.div(
                rx.cond(S.proposal != "", proposal_part(S, board=_board(), line_action=_move_line), _in_force()),
                rx.cond(S.runs.length() > 0, runs_part(S)),
            ),
            skeleton(10, "Lecture des demandes et des équipes…"),
        ),
        _places(),
        title="Tournées",
        wide=True,
        on_undo=S.undo,
    )


# --- this morning ---


def _today() -> rx.Component:
    """Return what happens today: somebody is absent, something is urgent."""
    urgent = el.div(
        el.p(S.urgent, class_name="fr-mb-1v"),
        el.button(
            "Voir où les insérer dès aujourd’hui",
            type="button",
            on_click=S.insert_urgent,
            disabled=S.is_active,
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-1w",
    )
    return el.div(
        rx.cond(S.urgent != "", urgent),
        rx.cond(S.absences.length() > 0, el.ul(rx.foreach(S.absences, _absent), class_name="pj-plain fr-mb-1w")),
        rx.cond(S.teams.length() > 0, _absence_form()),
        class_name="pj-rounds__today",
    )


def _absent(one: rx.Var[Any]) -> rx.Component:
    back = el.button(
        "Retirer",
        el.span(" l’absence : ", one.words, class_name="fr-sr-only"),
        type="button",
        on_click=S.is_back(one.number),
        class_name="fr-link pj-link-button",
    )
    return el.li(el.span(one.words), " ", back, key=one.number.to_string())


def _absence_form() -> rx.Component:
    teams = rx.fragment(rx.foreach(S.teams, lambda one: el.option(one.name, value=one.id)))
    start, end = MORNING
    known = el.p(
        "L’absence est déjà dans les horaires de l’équipe ? ",
        el.button(
            "Réparer les tournées", type="button", on_click=S.repair, disabled=S.is_active, class_name="pj-link-button"
        ),
        class_name="fr-text--sm fr-mt-1w fr-mb-0",
    )
    return el.details(
        el.summary("Un agent est absent ce matin ?", class_name="pj-plan__summary"),
        rx.el.form(
            select_field("Équipe", "absence-equipe", teams),
            select_field("Qui", "absence-qui", LEFT),
            field("Jour", "absence-jour", type="date", default_value=S.absence_day, key="a" + S.absence_day),
            el.div(
                field("De", "absence-debut", type="time", default_value=start),
                field("À", "absence-fin", type="time", default_value=end),
                class_name="pj-form__grid",
            ),
            el.div(
                rx.cond(S.wrong_absence != "", el.p(S.wrong_absence, class_name="fr-error-text fr-mb-1w")),
                role="alert",
            ),
            el.button("Voir ce qui doit bouger", type="submit", disabled=S.is_active, class_name="fr-btn fr-btn--sm"),
            on_submit=S.somebody_is_absent,
            class_name="pj-form",
        ),
        known,
    )


# --- the rounds of a day ---


def _in_force() -> rx.Component:
    nothing = empty_state(
        "Aucune tournée ces jours-là",
        "Les visites réservées, et celles d’une proposition, s’afficheront ici par équipe, avec la carte.",
        link_button("Voir les demandes à planifier", "/demandes-de-pose/", kind="secondary"),
    )
    booked = el.section(el.h2("Tournées réservées", class_name="fr-h5"), _board(), aria_label="Tournées réservées")
    return rx.cond(S.days.length() > 0, booked, nothing)


def _board() -> rx.Component:
    days = rx.fragment(rx.foreach(S.days, lambda one: el.option(one.label, value=one.day)))
    teams = rx.fragment(
        el.option("toutes les équipes", value=""), rx.foreach(S.teams, lambda one: el.option(one.name, value=one.id))
    )
    return el.section(
        el.div(
            el.h3("Les tournées d’un jour", class_name="fr-h6 fr-mb-0"),
            _choice("Jour affiché", "jour-affiche", days, S.board_day, S.pick_board_day),
            _choice("Équipe affichée", "equipe-affichee", teams, S.board_team, S.pick_board_team),
            class_name="pj-rounds__head",
        ),
        el.div(
            el.div(
                round_map(
                    stops=S.points,
                    base=[],
                    bases=S.bases,
                    ways=S.ways,
                    on_pick=S.light,
                    label="Carte des tournées du jour ; les listes contiennent les mêmes passages, dans le même ordre",
                ),
                class_name="pj-rounds__map pj-noprint",
            ),
            el.div(
                rx.foreach(S.cards, _card),
                rx.cond(S.cards.length() == 0, el.p("Cette équipe ne part pas ce jour-là.")),
                class_name="pj-rounds__cards",
            ),
            class_name="pj-rounds",
        ),
        aria_label="Les tournées d’un jour",
        class_name="fr-my-3w",
    )


def _choice(label: str, name: str, options: rx.Component, value: rx.Var[str], pick: Any) -> rx.Component:
    return el.div(
        el.label(label, html_for=name, class_name="fr-sr-only"),
        el.select(options, id=name, value=value, on_change=pick, class_name="fr-select"),
        class_name="pj-noprint",
    )


def _card(card: rx.Var[RoundCard]) -> rx.Component:
    return el.article(
        el.h4(
            el.span(class_name="pj-rounds__colour", style={"background": card.colour}, aria_hidden="true"),
            inner_link(card.team, href=card.href, class_name="fr-link"),
            class_name="fr-text--md fr-mb-0",
        ),
        el.p(
            card.hours,
            rx.cond(card.pause != "", ", " + card.pause, ""),
            " – ",
            card.road,
            class_name="fr-text--sm fr-mb-1v pj-grey",
        ),
        el.ol(rx.foreach(card.stops, lambda stop: _stop(stop, card)), class_name="pj-rounds__stops"),
        key=card.id,
        class_name="pj-rounds__card",
    )


def _stop(stop: rx.Var[StopRow], card: rx.Var[RoundCard]) -> rx.Component:
    return el.li(
        el.span(stop.number, class_name="pj-rounds__number", style={"background": card.colour}, aria_hidden="true"),
        el.span(el.strong(stop.hour), " ", stop.who, class_name="pj-rounds__who"),
        rx.cond(stop.note != "", badge(stop.note, stop.tone)),
        rx.cond(stop.lock != "", lock_choice(S, stop.id, stop.who, stop.lock, where="-passage")),
        rx.cond(stop.can_move, _move(stop.id, stop.who)),
        key=stop.id,
        id="passage-" + stop.id,
        tab_index=-1,
        class_name=rx.cond(S.lit == stop.id, "pj-rounds__stop pj-stop--lit", "pj-rounds__stop"),
    )


# --- one visit elsewhere ---


def _move_line(one: rx.Var[LineRow]) -> rx.Component:
    label = rx.cond(one.kind == "out", "Que faudrait-il ?", "Déplacer vers…")
    return _move(one.id, one.label, label)


def _move(item: rx.Var[str], who: rx.Var[str], label: rx.Var[str] | str = "Déplacer vers…") -> rx.Component:
    return el.button(
        label,
        el.span(" ", who, class_name="fr-sr-only"),
        type="button",
        on_click=S.choose_place(item),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary pj-noprint",
    )


def _places() -> rx.Component:
    nowhere = el.button(
        "Laisser sans créneau",
        type="button",
        on_click=S.put(""),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-mt-2w",
    )
    return sheet(
        el.p(S.carried_title, class_name="fr-text--bold"),
        rx.cond(S.conflict != "", el.p(S.conflict)),
        rx.cond(S.change != "", el.p(S.change, class_name="fr-text--bold")),
        rx.cond(
            S.offers.length() > 0,
            el.ul(rx.foreach(S.offers, _offer), class_name="pj-plain pj-offers"),
            el.p("Aucune autre tournée ne peut la prendre sans rien changer d’autre."),
        ),
        rx.cond(S.conflict == "", nowhere),
        open=S.carried != "",
        title=rx.cond(S.conflict != "", "Que faudrait-il ?", "Déplacer vers…"),
        on_close=S.let_go,
    )


def _offer(one: rx.Var[OfferRow]) -> rx.Component:
    return el.li(
        el.button(
            el.strong(one.title),
            el.span(one.words, class_name="fr-text--sm fr-mb-0"),
            el.span("Placer ici", class_name="pj-offer__act", aria_hidden="true"),
            type="button",
            on_click=S.put(one.place),
            class_name="pj-choice pj-offer",
        ),
        key=one.place,
    )
