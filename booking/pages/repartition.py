"""Hearings to come and cases that wait: propose who sits where and which case goes where, watch it, apply it."""

from __future__ import annotations

import reflex as rx

from booking.pages.court_links import court_links
from booking.pages.planning_words import (
    CURVE_HEIGHT,
    CURVE_WIDTH,
    CaseRow,
    Gauge,
    HearingCard,
    Refusals,
    RunLine,
    SittingCard,
)
from booking.pages.repartition_state import RepartitionState
from booking.pages.widgets import inner_link, print_button
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, select_field, skeleton

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
        _bar(),
        rx.cond(
            S.is_loaded,
            el.div(
                rx.cond(S.proposal != "", _proposal()),
                el.div(_hearings(), _waiting(), class_name="pj-plan__court"),
                rx.cond(S.runs.length() > 0, _history()),
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
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w pj-noprint",
    )


def _bar() -> rx.Component:
    """Return what is planned, the button that proposes, and the search while it runs."""
    options = rx.fragment(rx.foreach(S.kinds, lambda one: el.option(one.label, value=one.code)))
    choice = select_field("Audiences", "type", options, value=S.kind, on_change=S.pick_kind)
    propose = el.button(
        rx.cond(S.proposal != "", "Proposer une nouvelle répartition", "Proposer une répartition"),
        type="button",
        id="proposer",
        on_click=S.propose,
        class_name="fr-btn fr-icon-flashlight-line fr-btn--icon-left",
    )
    return el.section(
        el.div(rx.cond(S.kinds.length() > 1, choice), class_name="pj-plan__kind"),
        el.div(
            el.p(S.sentence, class_name="fr-mb-1w"),
            rx.cond(S.is_active, _search(), rx.cond(S.kinds.length() > 0, propose)),
            rx.cond(~S.is_active & (S.ended != ""), el.p(S.ended, class_name="fr-text--sm fr-mt-1w fr-mb-0")),
            id="recherche",
            tab_index=-1,
            class_name="pj-plan__act",
        ),
        aria_label="Recherche d’une répartition",
        class_name="pj-plan__bar",
    )


def _search() -> rx.Component:
    stop = el.button(
        rx.cond(S.is_stopping, "Arrêt en cours…", "Arrêter"),
        type="button",
        on_click=S.stop,
        disabled=S.is_stopping,
        class_name="fr-btn fr-btn--secondary fr-icon-stop-circle-line fr-btn--icon-left",
    )
    drawing = el.svg(
        el.svg.polyline(points=S.curve, fill="none", stroke="currentColor", stroke_width="2"),
        view_box=f"0 0 {CURVE_WIDTH} {CURVE_HEIGHT}",
        role="img",
        aria_label="Coût de la meilleure répartition trouvée : plus c’est bas, mieux c’est",
        class_name="pj-plan__curve",
    )
    return el.div(
        el.p(S.figures, role="status", class_name="pj-plan__figures"), drawing, stop, class_name="pj-plan__search"
    )


# --- the proposal ---


def _proposal() -> rx.Component:
    stale = el.p(
        "Une audience ou une affaire a changé depuis ce calcul : ce qui ne convient plus sera dit à l’application.",
        class_name="fr-text--sm fr-icon-warning-line pj-plan__stale",
    )
    apply = el.button(
        S.apply_label,
        type="button",
        on_click=S.apply,
        disabled=~S.can_apply | S.is_active,
        class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
    )
    undo = el.button(
        "Annuler l’application",
        type="button",
        on_click=S.undo,
        class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
    )
    return el.section(
        el.h2("Proposition", class_name="fr-h5 fr-mb-1w"),
        el.p(S.proposal, class_name="fr-mb-1w"),
        rx.cond(S.is_stale, stale),
        el.div(
            rx.cond(S.can_apply, apply, rx.cond(S.is_applied, badge(S.applied, "success"))),
            rx.cond(S.is_applied, undo),
            print_button(label="Imprimer"),
            class_name="pj-actions fr-mb-2w pj-noprint",
        ),
        rx.cond(~S.can_apply & (S.left_out.length() > 0), el.p(S.what_next, class_name="fr-text--sm")),
        rx.cond(S.refused.length() > 0, _refused()),
        el.ul(rx.foreach(S.sittings, _sitting), class_name="pj-plain pj-plan__sittings"),
        _unplaced(),
        aria_label="Proposition",
        class_name="pj-plan__proposal",
    )


def _refused() -> rx.Component:
    return el.div(
        el.h3("Ce qui n’a pas pu être appliqué", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(S.refused, _refusal), class_name="fr-mb-0"),
        class_name="pj-plan__refused",
    )


def _refusal(one: rx.Var[Refusals]) -> rx.Component:
    return el.li(el.strong(one.what), " : ", one.why)


def _sitting(card: rx.Var[SittingCard]) -> rx.Component:
    name = "audience-" + card.id
    whole = el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=S.ticked[card.id] == card.cases.length(),
            on_change=lambda value: S.tick_hearing(card.id, value),
        ),
        el.label(
            card.title,
            el.span(card.who, class_name="fr-hint-text"),
            html_for=name,
            class_name="fr-label",
        ),
        class_name="fr-checkbox-group fr-checkbox-group--sm pj-plan__whole",
    )
    return el.li(
        el.div(
            whole,
            rx.cond(card.is_new, badge("à confier", "new"), badge("déjà confiée", "")),
            class_name="pj-plan__head",
        ),
        el.details(
            el.summary(
                card.summary,
                el.span(" – audience du ", card.title, class_name="fr-sr-only"),
                rx.cond(
                    S.ticked[card.id] < card.cases.length(), " (" + S.ticked[card.id].to_string() + " cochées)", ""
                ),
                class_name="pj-plan__summary",
            ),
            el.ul(rx.foreach(card.cases, _ticked_case), class_name="pj-plain"),
        ),
        key=card.id,
        class_name="pj-plan__card",
    )


def _ticked_case(row: rx.Var[CaseRow]) -> rx.Component:
    name = "affaire-" + row.id
    facts = el.span(row.family, ", ", row.minutes, ", ", row.due, class_name="fr-hint-text")
    choice = el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=~S.left_out.contains(row.id),
            on_change=lambda value: S.tick(row.id, value),
        ),
        el.label(row.ref, facts, html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )
    placed = el.div(
        inner_link(row.ref, href=row.href, class_name="fr-link"),
        " ",
        badge("placée", "success"),
        facts,
        class_name="pj-plan__placed",
    )
    return el.li(rx.cond(row.place != "", placed, choice), key=row.id)


def _unplaced() -> rx.Component:
    none = el.p("Toutes les affaires ont une place.", class_name="fr-mb-0")
    some = el.div(
        el.p(S.unplaced_summary, class_name="fr-text--sm fr-mb-1w"),
        el.ul(rx.foreach(S.unplaced, _unplaced_case), class_name="pj-plain"),
    )
    return el.section(
        el.h3("Sans place, et pourquoi", class_name="fr-h6 fr-mb-1w"),
        rx.cond(S.unplaced.length() > 0, some, none),
        aria_label="Affaires sans place",
        class_name="pj-plan__unplaced",
    )


def _unplaced_case(row: rx.Var[CaseRow]) -> rx.Component:
    return el.li(
        el.strong(row.ref),
        el.span(row.family, ", ", row.minutes, ", ", row.due, class_name="pj-plan__facts"),
        el.span(row.why, class_name="pj-plan__why"),
        key=row.id,
    )


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


def _history() -> rx.Component:
    return el.section(
        el.h2("Recherches précédentes", class_name="fr-h5"),
        el.ul(rx.foreach(S.runs, _run), class_name="pj-plain"),
        aria_label="Recherches précédentes",
        class_name="fr-mt-4w",
    )


def _run(line: rx.Var[RunLine]) -> rx.Component:
    return el.li(
        el.span(line.when),
        badge(line.state, line.badge),
        el.span(line.found),
        el.span("Appliquée : ", line.applied, class_name="pj-grey"),
        rx.cond(
            line.is_applied,
            el.button(
                "Annuler cette application",
                el.span(", recherche du ", line.when, class_name="fr-sr-only"),
                type="button",
                on_click=S.undo_earlier(line.id),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
        ),
        key=line.id,
        class_name="pj-plan__run",
    )
