"""Hearings to come and cases that wait: propose who sits where and which case goes where, watch it, apply it."""

from __future__ import annotations

import reflex as rx

from booking.pages.court_links import court_links
from booking.pages.drag_area import drag_area
from booking.pages.planning_words import CaseRow, Gauge, HearingCard
from booking.pages.plans_bar import planning_bar, repair_choices
from booking.pages.plans_parts import proposal_part, runs_part
from booking.pages.repartition_board import calendar, move_button, places_sheet, sittings_board
from booking.pages.repartition_state import RepartitionState
from booking.pages.widgets import inner_link
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, skeleton

el = rx.el
S = RepartitionState
CASE_HEADINGS = ("Dossier", "Matière", "Durée", "Échéance", "Attend depuis")


@page(
    "/repartition",
    title="Répartition",
    roles=PLANNERS,
    on_load=(S.load,),
    entry="Audiences",
    order=10,
    description="Répartir les affaires en attente dans les audiences à venir.",
)
def repartition_page() -> rx.Component:
    """Return the page."""
    return layout(
        court_links("/repartition/"),
        rx.cond(S.to_staff != "", _to_staff()),
        planning_bar(
            S,
            kind_label="Audiences",
            sentence=S.summary,
            can_repair=S.to_staff_kind != S.kind,  # else it is offered above
            propose=rx.cond(S.proposal != "", "Proposer une nouvelle répartition", "Proposer une répartition"),
        ),
        rx.cond(
            S.is_loaded,
            el.div(
                rx.cond(S.proposal != "", _proposal()),
                el.div(_hearings(), _waiting(), class_name="pj-plan__court"),
                rx.cond(S.runs.length() > 0, runs_part(S)),
            ),
            skeleton(10, "Lecture des audiences et des affaires…"),
        ),
        title="Répartition",
        wide=True,
        on_undo=S.undo,
    )


def _to_staff() -> rx.Component:
    """Return what somebody who is away leaves without a judge or a clerk."""
    return el.div(
        el.p(
            S.to_staff,
            ", quelqu’un y étant absent. ",
            inner_link("Voir qui remplace", href="/audiences/absences/", class_name="fr-link"),
        ),
        rx.cond(S.to_staff_kind == S.kind, repair_choices(S), rx.cond(S.to_staff_label != "", _other_kind())),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w pj-noprint",
    )


def _other_kind() -> rx.Component:
    """Return what leads to the hearings that miss somebody, which are not those that are planned here."""
    return el.p(
        S.to_staff_label,
        " ",
        el.button(
            "Les répartir",
            type="button",
            on_click=S.pick_kind(S.to_staff_kind),
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        class_name="fr-mb-0",
    )


def _proposal() -> rx.Component:
    shown = proposal_part(S, board=rx.fragment(calendar(), sittings_board()), line_action=move_button, are_carried=True)
    return rx.fragment(drag_area(shown, on_lift=S.lift, on_dropped=S.put, on_let_go=S.let_go), places_sheet())


# --- the court ---


def _hearings() -> rx.Component:
    none = empty_state(
        "Aucune audience à venir",
        "Les audiences des huit prochaines semaines s’affichent ici, avec leur juge, leur salle et leur remplissage.",
    )
    return el.section(
        el.h2("Audiences à venir", class_name="fr-h5"),
        rx.cond(
            S.hearings.length() > 0,
            el.ul(rx.foreach(S.hearings, _hearing), class_name="pj-plain pj-plan__hearings"),
            none,
        ),
        aria_label="Audiences à venir",
    )


def _hearing(card: rx.Var[HearingCard]) -> rx.Component:
    who = rx.cond(card.is_decided, el.span(card.who), el.span("Sans juge ni salle", class_name="pj-plan__nobody"))
    return el.li(
        el.p(el.strong(card.when), class_name="fr-mb-0"),
        el.p(card.name, class_name="fr-text--sm fr-mb-0 pj-grey"),
        el.p(who, class_name="fr-text--sm fr-mb-1v"),
        el.dl(rx.foreach(card.gauges, _gauge), class_name="pj-gauges"),
        key=card.id,
        class_name="pj-plan__hearing",
    )


def _gauge(one: rx.Var[Gauge]) -> rx.Component:
    return el.div(
        el.dt(one.label),
        el.dd(
            el.span(one.text),
            el.span(
                rx.cond(
                    one.after > 0, el.span(class_name="pj-gauge__after", style={"width": one.after.to_string() + "%"})
                ),
                el.span(class_name="pj-gauge__now", style={"width": one.percent.to_string() + "%"}),
                aria_hidden="true",
                class_name="pj-gauge",
            ),
        ),
    )


def _waiting() -> rx.Component:
    none = empty_state(
        "Aucune affaire en attente. Tout est à jour.",
        "Les affaires qui attendent une date s’affichent ici, celle dont l’échéance est la plus proche d’abord.",
    )
    return el.section(
        el.h2("Affaires en attente", class_name="fr-h5"),
        rx.cond(S.waiting.length() > 0, _cases(), none),
        aria_label="Affaires en attente",
        class_name="pj-plan__waiting",
    )


def _cases() -> rx.Component:
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in CASE_HEADINGS], role="row")
    inner = el.table(
        el.caption("Affaires en attente, l’échéance la plus proche d’abord", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(S.waiting, _case), role="rowgroup"),
        role="table",
        class_name="pj-ledger pj-plan__cases",
    )
    more = el.button(
        "Afficher les ",
        S.hidden.to_string(),
        " autres",
        type="button",
        on_click=S.show_more,
        class_name="fr-btn fr-btn--secondary pj-more",
    )
    return el.div(inner, rx.cond(S.hidden > 0, more))


def _case(row: rx.Var[CaseRow]) -> rx.Component:
    deadline = rx.cond(row.is_urgent, el.strong(row.deadline), el.span(row.deadline))
    return el.tr(
        el.td(row.ref, role="cell"),
        el.td(row.family, role="cell"),
        el.td(row.minutes, role="cell"),
        el.td(el.span("échéance ", class_name="pj-plan__label"), deadline, role="cell"),
        el.td(el.span("attend depuis ", class_name="pj-plan__label"), row.waits, role="cell"),
        key=row.id,
        role="row",
    )
