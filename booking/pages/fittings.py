"""Requests for a bracelet by legal deadline; one opens in the sheet at the right, with the slots that fit it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.fitting_queries import FITTERS
from booking.pages.fitting_words import OfferButton, OfferDay, Row
from booking.pages.fittings_state import ADDRESS, GIVING_BACK, PARTS, FittingSheetState, FittingsState
from booking.pages.ledger_parts import ledger, segments
from booking.pages.reason_part import reason_form
from booking.pages.why_part import why_part
from booking.pages.widgets import inner_link
from booking.words import GIVEN_BACK_WORDS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, skeleton
from portal.ui.sheet import sheet

el = rx.el
PART_WORDS = {part: words for part, (words, _) in PARTS.items()}
HEADINGS = ("Personne", "Date limite", "En pratique", "État")
NEW = f"{ADDRESS}nouvelle/"


@page(
    "/demandes-de-pose",
    title="Demandes de pose",
    roles=FITTERS,
    on_load=(FittingsState.load, FittingSheetState.load),
    entry="Demandes de pose",
    order=55,
    description="Les bracelets à poser, par date limite, et les créneaux qui conviennent.",
)
def fittings_page() -> rx.Component:
    """Return the list of requests."""
    state = FittingsState
    return layout(
        el.div(
            segments("etat", PART_WORDS, current=FittingsState.part, on_pick=FittingsState.pick_part, wraps=False),
            link_button("Nouvelle demande", NEW, icon="fr-icon-add-line"),
            class_name="pj-ledger__filters pj-noprint",
        ),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Lecture des demandes…")),
        _sheet(),
        title="Demandes de pose",
        wide=True,
    )


def _list() -> rx.Component:
    table = ledger("Demandes de pose, la plus urgente d’abord", HEADINGS, rx.foreach(FittingsState.rows, _row))
    nothing = empty_state(
        "Aucune demande ici",
        "Les bracelets à poser s’afficheront ici, la date limite la plus proche d’abord, avec les créneaux des équipes "
        "qui peuvent s’y rendre.",
        link_button("Nouvelle demande", NEW, icon="fr-icon-add-line"),
    )
    return el.div(
        el.p(FittingsState.summary, role="status", class_name="fr-mb-1w"),
        rx.cond(FittingsState.rows.length() > 0, table, nothing),
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def _row(row: rx.Var[Row]) -> rx.Component:
    who = el.td(
        inner_link(row.who, href=row.href, prevent_scroll_reset=True, class_name="pj-ledger__open"),
        el.span(row.measure, class_name="pj-ledger__detail"),
        role="cell",
    )
    legal = el.td(
        el.span("Date limite : ", class_name="pj-narrow-only"),
        el.strong(row.legal),
        rx.cond(row.legal_note != "", _note(row.legal_note, row.urgency)),
        role="cell",
    )
    usual = el.td(
        el.span("En pratique : ", class_name="pj-narrow-only"),
        row.practical,
        el.span(row.asked, class_name="pj-ledger__detail"),
        role="cell",
    )
    state = el.td(
        badge(row.stage, row.badge),
        rx.cond(row.detail != "", el.span(row.detail, class_name="pj-ledger__detail")),
        role="cell",
    )
    return el.tr(who, legal, usual, state, key=row.id, role="row")


def _note(words: rx.Var[str], urgency: rx.Var[str]) -> rx.Component:
    return el.span(words, class_name="pj-urgency pj-urgency--" + urgency)


def _sheet() -> rx.Component:
    state = FittingSheetState
    body = rx.match(
        state.step,
        ("loading", skeleton(8, "Ouverture de la demande…")),
        ("missing", el.p("Cette demande n’existe pas, ou ne vous est pas accessible.")),
        ("shown", _shown()),
        rx.fragment(),
    )
    return sheet(body, open=state.is_open, title=state.title, on_close=FittingsState.close_sheet)


def _shown() -> rx.Component:
    view = FittingSheetState.view
    return el.div(
        el.div(badge(view.stage, view.badge), class_name="fr-mb-1w"),
        _answer(),
        _facts(),
        _actions(),
        rx.cond(view.can_offer, _offers()),
        rx.cond(view.can_offer, _deadline()),
        class_name="pj-booking",
    )


def _answer() -> rx.Component:
    state = FittingSheetState
    undo = el.button(
        "Annuler",
        type="button",
        on_click=[state.take_it_back, FittingsState.refresh],
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w",
    )
    alert = el.div(
        el.p(state.said),
        why_part(state.why),
        rx.cond(state.undo != "", undo),
        class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone,
    )
    return el.div(
        rx.cond(state.said != "", alert),
        id="pose-reponse",
        tab_index=-1,
        role="status",
        aria_live="polite",
        class_name="pj-noprint",
    )


def _facts() -> rx.Component:
    view = FittingSheetState.view
    legal = el.dd(el.span(view.legal, class_name="pj-urgency pj-urgency--" + view.urgency))
    facts: tuple[tuple[str, Any], ...] = (
        ("Mesure", view.measure),
        ("Visite", view.visit),
        ("Ordonnance", view.ordered),
        ("En pratique", view.practical),
        ("Créneau", view.booked),
        ("Domicile", view.address),
        ("Présence", view.windows),
    )
    lines = [
        rx.cond(words != "", el.div(el.dt(name), el.dd(words), class_name="pj-about__line")) for name, words in facts
    ]
    return el.dl(el.div(el.dt("Date limite"), legal, class_name="pj-about__line"), *lines, class_name="pj-about")


def _actions() -> rx.Component:
    view, state = FittingSheetState.view, FittingSheetState
    give_back = reason_form(
        GIVING_BACK,
        GIVEN_BACK_WORDS,
        el.button(
            "Rendre le créneau",
            type="submit",
            class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
        ),
        on_submit=[state.give_back, FittingsState.refresh],
    )
    close = el.button(
        "Clore la demande",
        type="button",
        on_click=[state.close, FittingsState.refresh],
        class_name="fr-btn fr-btn--tertiary",
    )
    reopen = el.button(
        "Rouvrir la demande",
        type="button",
        on_click=[state.reopen, FittingsState.refresh],
        class_name="fr-btn fr-btn--secondary",
    )
    seen = link_button("Voir la tournée", view.round_href, kind="secondary", icon="fr-icon-car-line")
    convene = link_button("Convoquer", view.convene_href, icon="fr-icon-send-plane-line")
    acts = el.div(
        rx.cond(view.convene_href != "", convene),
        rx.cond(view.round_href != "", seen),
        rx.cond(view.can_close, close),
        rx.cond(view.can_reopen, reopen),
        class_name="pj-actions fr-mb-2w",
    )
    return el.div(acts, rx.cond(view.can_give_back, give_back), class_name="pj-noprint fr-mb-3w")


def _offers() -> rx.Component:
    state = FittingSheetState
    best = el.div(
        el.h4("Les meilleurs créneaux, d’après les tournées", class_name="fr-text--md fr-mb-1v"),
        el.p(
            "Peu de route en plus, et tôt ; les autres rendez-vous ne bougent pas.",
            class_name="fr-text--sm fr-mb-1w pj-grey",
        ),
        el.ul(rx.foreach(state.best, lambda one: el.li(_offer(one, one.when))), class_name="pj-offers"),
        class_name="pj-best",
    )
    why_not = el.details(
        el.summary("Pourquoi pas les autres ?"), el.ul(rx.foreach(state.reasons, el.li)), class_name="pj-why fr-mt-2w"
    )
    return el.section(
        el.h3("Créneaux qui conviennent", class_name="fr-h6 fr-mb-1v"),
        el.p(state.offers, role="status", class_name="fr-mb-2w"),
        rx.cond(state.best.length() > 0, best),
        rx.foreach(state.days, _day),
        rx.cond(state.reasons.length() > 0, why_not),
        class_name="pj-noprint",
    )


def _day(shown: rx.Var[OfferDay]) -> rx.Component:
    more = el.details(
        el.summary(shown.more_words),
        el.ul(rx.foreach(shown.more, lambda one: el.li(_offer(one, one.hour))), class_name="pj-offers fr-mt-1w"),
        class_name="pj-why fr-mt-1w",
    )
    return el.div(
        el.h4(shown.day, class_name="fr-text--md fr-mb-1w fr-mt-2w"),
        el.ul(rx.foreach(shown.offers, lambda one: el.li(_offer(one, one.hour))), class_name="pj-offers"),
        rx.cond(shown.more_words != "", more),
    )


def _offer(one: rx.Var[OfferButton], title: rx.Var[str]) -> rx.Component:
    return el.button(
        el.strong(title),
        el.span(
            one.team,
            ", ",
            one.detour,
            rx.cond(one.note != "", ", " + one.note, ""),
            class_name="fr-text--sm fr-mb-0",
        ),
        el.span("Réserver", class_name="pj-offer__act", aria_hidden="true"),
        type="button",
        aria_label="Réserver " + one.when + ", " + one.team + ", " + one.detour,
        on_click=[FittingSheetState.take(one.resource_id, one.start), FittingsState.refresh],
        class_name="pj-choice pj-offer",
    )


def _deadline() -> rx.Component:
    view = FittingSheetState.view
    return el.details(
        el.summary("Changer la date limite"),
        rx.el.form(
            field(
                "Date limite fixée par la décision",
                "date_limite",
                hint="Vide : aucune date limite",
                type="date",
                default_value=view.deadline_on,
                key=view.id + view.deadline_on,
            ),
            el.button("Enregistrer", type="submit", class_name="fr-btn fr-btn--sm fr-btn--secondary"),
            on_submit=[FittingSheetState.set_deadline, FittingsState.refresh],
            class_name="pj-form",
        ),
        class_name="pj-why fr-mt-3w pj-noprint",
    )
