"""Cases given together to services that take them: the list, the loads before and after, who is proposed and why."""

from __future__ import annotations

import reflex as rx

from booking.mediators import DESIGNATORS
from booking.pages.drag_area import drag_area
from booking.pages.plan_shares_state import BOARD, TYPED, PlanSharesState
from booking.pages.plan_shares_words import Bar, CaseRow, FaultRow, OutRow
from booking.pages.plans_bar import planning_bar
from booking.pages.plans_parts import proposal_part, runs_part
from booking.pages.plans_words import LineRow
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, described_by, empty_state, field, skeleton

el = rx.el
S = PlanSharesState
COURT = "pj-shares__court pj-shares__court--two"
CASE_HEADINGS = ("Dossier", "Ce qu’il demande", "Attend depuis", "Où il en est", "")


@page(
    "/designer/lot",
    title="Désigner par lot",
    roles=DESIGNATORS,
    on_load=(S.load,),
    description="Confier plusieurs dossiers à la fois, à charge égale.",
)
def plan_shares_page() -> rx.Component:
    """Return the page."""
    body = el.div(
        rx.cond(S.proposal != "", drag_area(_proposal(), on_lift=S.pick, on_dropped=S.give, on_let_go=S.let_go)),
        el.div(
            _list(),
            rx.cond(S.proposal == "", _loads()),
            class_name=rx.cond(S.proposal == "", COURT, "pj-shares__court"),
        ),
        rx.cond(S.runs.length() > 0, runs_part(S)),
    )
    return layout(
        el.p(
            inner_link("Désigner pour un seul dossier", href="/designer/", class_name="fr-link"),
            class_name="pj-noprint",
        ),
        planning_bar(
            S,
            kind_label="Mesure",
            sentence=S.summary,
            propose=rx.cond(S.proposal != "", "Proposer un nouveau partage", "Proposer un partage"),
            can_repair=False,
        ),
        rx.cond(S.is_loaded, body, skeleton(10, "Lecture des dossiers et des charges…")),
        title="Désigner par lot",
        wide=True,
        on_undo=S.undo,
    )


# --- the proposal ---


def _proposal() -> rx.Component:
    board = el.div(rx.cond(S.picked == "", _outs()), _loads(), class_name="pj-shares__board")
    return el.div(proposal_part(S, board=board, line_action=_move), class_name="pj-shares")


def _move(line: rx.Var[LineRow]) -> rx.Component:
    """Return what takes a case up: dragged, or pressed."""
    return rx.cond(
        line.is_done | line.is_fixed,
        rx.fragment(),
        el.button(
            "Déplacer",
            el.span(" ", line.label, class_name="fr-sr-only"),
            type="button",
            title="Glissez vers un service, ou appuyez",
            on_click=S.pick_and_go(line.id),
            aria_pressed=S.picked == line.id,
            custom_attrs={"data-carried": line.id, "draggable": "true"},
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-drag-move-2-line fr-btn--icon-left pj-shares__grip",
        ),
    )


def _outs() -> rx.Component:
    def row(one: rx.Var[OutRow]) -> rx.Component:
        return el.li(
            el.strong(one.ref),
            " ",
            el.span(one.asks, class_name="pj-grey"),
            el.span(one.why, class_name="pj-shares__why"),
            rx.cond(
                one.change != "", el.span(el.strong("Le plus simple : "), one.change, ".", class_name="pj-shares__why")
            ),
            key=one.id,
        )

    return rx.cond(
        S.outs.length() > 0,
        el.section(
            el.h3("Pourquoi personne ?", class_name="fr-h6 fr-mb-1w"),
            el.ul(rx.foreach(S.outs, row), class_name="pj-plain"),
            aria_label="Dossiers sans personne",
            class_name="pj-shares__outs",
        ),
    )


# --- loads ---


def _loads() -> rx.Component:
    picked = el.div(
        el.p("Confier ", el.strong(S.picked_words), " à :", class_name="fr-mb-1v"),
        el.button(
            "Le laisser où il est",
            type="button",
            on_click=S.leave,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-shares__picked",
    )
    key = el.p(
        el.span("aujourd’hui", class_name="pj-shares__key"),
        el.span("avec la proposition", class_name="pj-shares__key pj-shares__key--added"),
        class_name="fr-text--xs fr-mb-1w",
    )
    more = el.button(
        "Afficher les ",
        S.more_bars.to_string(),
        " autres services",
        type="button",
        on_click=S.show_all_bars,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w",
    )
    none = empty_state(
        "Aucun service ouvert",
        "Les services de votre ressort qui prennent cette mesure s’affichent ici, avec leur charge.",
    )
    return el.section(
        el.h3("Charge de chaque service", id=BOARD, tab_index=-1, class_name="fr-h6 fr-mb-1v"),
        rx.cond(S.picked != "", picked, rx.cond(S.proposal != "", key)),
        rx.cond(S.bars.length() > 0, el.ul(rx.foreach(S.bars, _bar), class_name="pj-plain pj-shares__bars"), none),
        rx.cond(S.more_bars > 0, more),
        aria_label="Charge de chaque service",
        class_name="pj-shares__loads",
    )


def _bar(one: rx.Var[Bar]) -> rx.Component:
    give = el.button(
        "Confier",
        el.span(" à ", one.name, class_name="fr-sr-only"),
        type="button",
        on_click=S.give(S.picked, one.id),
        class_name="fr-btn fr-btn--sm",
    )
    act = rx.cond(one.may_take, give, rx.cond(one.has_it, badge("l’a déjà", "info"), rx.fragment()))
    drawn = el.span(
        el.span(class_name="pj-shares__now", style={"width": one.now}),
        el.span(class_name="pj-shares__added", style={"width": one.added}),
        aria_hidden="true",
        class_name=rx.cond(one.is_full, "pj-shares__bar pj-shares__bar--full", "pj-shares__bar"),
    )
    return el.li(
        el.div(
            el.span(el.strong(one.name), rx.cond(one.where != "", el.span(one.where, class_name="pj-where"))),
            el.span(
                one.words, rx.cond(one.gains != "", el.strong(" (", one.gains, ")")), class_name="pj-shares__words"
            ),
            class_name="pj-shares__head",
        ),
        drawn,
        rx.cond(
            S.picked != "",
            el.div(el.span(one.cost, class_name="pj-shares__cost"), act, class_name="pj-shares__give"),
        ),
        key=one.id,
        custom_attrs={"data-place": one.id},
        class_name=rx.cond(
            (S.picked != "") & ~one.may_take, "pj-shares__service pj-shares__service--no", "pj-shares__service"
        ),
    )


# --- the list ---


def _list() -> rx.Component:
    none = empty_state(
        "Aucun dossier dans la liste",
        "Collez ci-dessus les dossiers à confier : ils seront partagés entre les services, à charge égale.",
    )
    return el.section(
        el.h2("Dossiers à confier", id="liste", tab_index=-1, class_name="fr-h5"),
        _form(),
        rx.cond(S.cases.length() > 0, _cases(), none),
        aria_label="Dossiers à confier",
        class_name="pj-shares__list",
    )


def _form() -> rx.Component:
    area = el.textarea(
        id=TYPED,
        name=TYPED,
        default_value=S.typed,
        key="dossiers-" + S.form_version.to_string(),
        rows="4",
        spell_check=False,
        auto_complete="off",
        placeholder="24/01234 ; Lyon ; Bron ; arabe ; urgent",
        aria_describedby=described_by(TYPED),
        class_name="fr-input",
    )
    faults = el.div(
        el.p("À corriger : les autres lignes sont ajoutées.", class_name="fr-error-text fr-mb-1v"),
        el.ul(rx.foreach(S.faults, _fault), class_name="fr-mb-2w"),
        role="alert",
    )
    form = rx.el.form(
        field(
            "Ajouter des dossiers",
            TYPED,
            hint="Un par ligne : numéro, communes des parties, puis langue, compétence ou « urgent », séparés par des "
            "points-virgules ou collés d’un tableur.",
            control=area,
        ),
        rx.cond(S.faults.length() > 0, faults),
        el.button("Ajouter à la liste", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.add_cases,
        class_name="fr-mb-3w",
    )
    return el.div(form, class_name="pj-noprint")


def _fault(one: rx.Var[FaultRow]) -> rx.Component:
    return el.li(el.strong(one.line), " : ", one.why, class_name="fr-text--sm")


def _cases() -> rx.Component:
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in CASE_HEADINGS], role="row")
    table = el.table(
        el.caption("Dossiers à confier, les urgents d’abord", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(S.cases, _case), role="rowgroup"),
        role="table",
        class_name="pj-ledger pj-shares__cases",
    )
    more = el.button(
        "Afficher les ",
        S.more_cases.to_string(),
        " autres",
        type="button",
        on_click=S.show_all_cases,
        class_name="fr-btn fr-btn--secondary pj-more",
    )
    return el.div(table, rx.cond(S.more_cases > 0, more))


def _case(row: rx.Var[CaseRow]) -> rx.Component:
    out = el.button(
        "Retirer",
        el.span(" le dossier ", row.ref, class_name="fr-sr-only"),
        type="button",
        on_click=S.take_out(row.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )
    return el.tr(
        el.th(
            inner_link(row.ref, href=row.href, class_name="fr-link fr-text--sm"),
            rx.cond(row.is_urgent, badge("urgent", "warning")),
            scope="row",
            role="rowheader",
        ),
        el.td(row.asks, role="cell"),
        el.td(el.span("attend depuis ", class_name="pj-shares__label"), row.since, role="cell"),
        el.td(badge(row.state, row.badge), role="cell"),
        el.td(out, role="cell"),
        key=row.id,
        role="row",
    )
