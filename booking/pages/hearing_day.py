"""The day of a court room: the list of a hearing in order, what becomes of each case, and where it goes."""

from __future__ import annotations

import reflex as rx

from availability.pages.focus import focus_on
from booking.pages.court_links import court_links
from booking.pages.hearing_day_state import HearingDayState
from booking.pages.hearing_day_words import CaseRow, Elsewhere, HearingTab
from booking.pages.sortable import sortable_list
from booking.pages.widgets import inner_link, print_button
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import Text, badge, empty_state, field, link_button, skeleton

el = rx.el
S = HearingDayState


@page(
    "/audiences/jour",
    title="Audiences du jour",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="La liste de chaque audience, dans l’ordre, et ce qu’il advient de chaque affaire.",
)
def hearing_day_page() -> rx.Component:
    """Return the hearings of a day."""
    return layout(
        court_links("/audiences/jour/"),
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(
            S.is_loaded,
            el.div(_days(), rx.cond(S.tabs.length() > 0, rx.fragment(_tabs(), _hearing()), _nothing())),
            skeleton(8, "Lecture des audiences du jour…"),
        ),
        title="Audiences du jour",
        wide=True,
        on_undo=S.undo,
    )


def _days() -> rx.Component:
    icon = "fr-btn fr-btn--secondary fr-btn--icon-left fr-icon-arrow-{}-line"
    return el.div(
        el.h2(S.day_words, class_name="fr-h5 fr-mb-0 pj-capital"),
        el.nav(
            inner_link("Veille", href=S.before, class_name=icon.format("left")),
            inner_link("Aujourd’hui", href=S.today, class_name="fr-btn fr-btn--tertiary"),
            inner_link("Lendemain", href=S.after, class_name=icon.format("right")),
            aria_label="Autres jours",
            class_name="pj-round__days pj-noprint",
        ),
        class_name="pj-round__head",
    )


def _nothing() -> rx.Component:
    return empty_state(
        "Aucune audience ce jour.",
        "Aucune audience de votre greffe ne commence ce jour.",
        rx.cond(S.next_href != "", link_button(S.next_words, S.next_href)),
    )


def _tabs() -> rx.Component:
    return el.nav(
        el.ul(rx.foreach(S.tabs, _tab), class_name="fr-raw-list pj-day__tabs"),
        aria_label="Audiences de ce jour",
        class_name="pj-noprint",
    )


def _tab(one: rx.Var[HearingTab]) -> rx.Component:
    return el.li(
        inner_link(
            el.strong(one.when, " – ", one.where),
            el.span(one.kind, class_name="fr-text--sm"),
            el.span(one.count, class_name="fr-text--sm pj-grey"),
            href=one.href,
            aria_current=rx.cond(S.hearing == one.id, "page", "false"),
            class_name="pj-day__tab",
        ),
        key=one.id,
    )


def _hearing() -> rx.Component:
    return el.section(
        el.div(
            el.div(
                el.h2(S.title, id="audience", class_name="fr-h4 fr-mb-0"),
                el.p(S.holders, class_name="fr-mb-0 pj-grey"),
            ),
            el.div(
                rx.cond(
                    S.cases.length() > 1,
                    el.button(
                        "Ordonner",
                        type="button",
                        title="Regrouper avocats, visioconférences et interprètes",
                        on_click=S.best_order,
                        class_name="fr-btn fr-btn--secondary fr-btn--icon-left fr-icon-sort-desc",
                    ),
                ),
                print_button(label="Imprimer la liste"),
                class_name="pj-actions pj-noprint",
            ),
            class_name="pj-day__head",
        ),
        rx.cond(
            S.cases.length() > 0,
            sortable_list(rx.foreach(S.cases, _case), on_order=S.order, label="Affaires, dans l’ordre"),
            empty_state("Aucune affaire.", "Rien n’est encore fixé à cette audience."),
        ),
        aria_labelledby="audience",
    )


def _case(case: rx.Var[CaseRow]) -> rx.Component:
    return el.li(
        el.div(
            el.span(case.rank, class_name="pj-day__rank", aria_hidden="true"),
            el.span(case.at, class_name="pj-day__at"),
            el.div(
                el.h3(case.label, class_name="fr-text--md fr-mb-0"),
                rx.cond(case.name != "", el.p(case.name, class_name="fr-mb-0")),
                el.p(case.facts, class_name="fr-text--sm fr-mb-0 pj-grey"),
                class_name="pj-day__what",
            ),
            el.div(
                rx.cond(case.stage != "", badge(case.stage, case.badge)),
                rx.cond(case.note != "", el.span(case.note, class_name="fr-text--sm")),
                class_name="pj-day__stage",
            ),
            _acts(case),
            class_name="pj-day__line",
        ),
        rx.cond(S.postponing == case.id, _postponing(case)),
        rx.cond(S.naming == case.id, _naming(case)),
        key=case.id,
        id="affaire-" + case.id,
        tab_index=-1,
        draggable=~case.is_over,
        custom_attrs={"data-line": case.id},
        class_name=rx.cond(case.is_over, "pj-day__case pj-day__case--over", "pj-day__case"),
    )


def _acts(case: rx.Var[CaseRow]) -> rx.Component:
    def button(label: str, on_click: object, kind: Text = "secondary", **props: object) -> rx.Component:
        return el.button(
            label,
            el.span(" l’affaire ", case.label, class_name="fr-sr-only"),
            type="button",
            on_click=on_click,
            class_name="fr-btn fr-btn--sm fr-btn--" + kind,
            **props,
        )

    return el.div(
        rx.cond(case.can_call, button("Appeler", S.call(case.id))),
        rx.cond(case.can_begin, button("Commencer", S.begin(case.id), rx.cond(case.can_call, "tertiary", "secondary"))),
        rx.cond(case.can_end, button("Terminer", S.heard(case.id))),
        rx.cond(
            case.can_end,
            button("Fixer la suite", S.open_next(case.id), "tertiary", title="Terminer, et fixer la date suivante"),
        ),
        rx.cond(case.can_miss, button("Absents", S.missed(case.id), "tertiary")),
        rx.cond(case.can_postpone, button("Renvoyer", S.open_postponing(case.id), "tertiary")),
        rx.cond(case.can_step_back, button("Revenir en arrière", S.back(case.id), "tertiary")),
        button("Nommer", S.open_naming(case.id), "tertiary-no-outline"),
        el.span(
            button(
                "↑",
                S.up(case.id),
                "tertiary-no-outline",
                id="monter-" + case.id,
                disabled=case.is_first,
                title="Monter",
                aria_label="Monter l’affaire " + case.label,
            ),
            button(
                "↓",
                S.down(case.id),
                "tertiary-no-outline",
                id="descendre-" + case.id,
                disabled=case.is_last,
                title="Descendre",
                aria_label="Descendre l’affaire " + case.label,
            ),
            class_name="pj-day__order",
        ),
        class_name="pj-day__acts pj-noprint",
    )


def _postponing(case: rx.Var[CaseRow]) -> rx.Component:
    return el.div(
        el.h4(
            rx.cond(S.is_next, "Entendue : la suite à quelle audience ?", "Renvoyer à quelle audience ?"),
            class_name="fr-h6 fr-mb-1w",
        ),
        rx.cond(
            S.possible.length() > 0,
            el.ul(rx.foreach(S.possible, _possible), class_name="fr-raw-list pj-day__dates"),
            el.p("Aucune audience à venir n’a de place pour elle : ouvrez-en une autre d’abord."),
        ),
        el.button(
            rx.cond(S.is_next, "Ne pas terminer", "Ne pas renvoyer"),
            type="button",
            on_click=S.close_postponing,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        id="renvoi-" + case.id,
        tab_index=-1,
        role="group",
        aria_label=rx.cond(S.is_next, "Suite de l’affaire ", "Renvoi de l’affaire ") + case.label,
        class_name="pj-day__form pj-noprint",
    )


def _possible(one: rx.Var[Elsewhere]) -> rx.Component:
    return el.li(
        el.button(
            one.label, type="button", on_click=S.postpone(one.id), class_name="fr-btn fr-btn--sm fr-btn--secondary"
        ),
        key=one.id,
    )


def _naming(case: rx.Var[CaseRow]) -> rx.Component:
    return el.form(
        field(
            "Nom de l’affaire",
            "nom-affaire",
            hint="Comme il se dit à l’appel, par exemple « Exemple c/ Fictif ». Oublié un mois après l’audience.",
            error=S.name_error,
            default_value=case.name,
            max_length=120,
            auto_complete="off",
        ),
        el.div(
            el.button("Enregistrer", type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Annuler", type="button", on_click=S.close_naming, class_name="fr-btn fr-btn--sm fr-btn--tertiary"
            ),
            class_name="pj-actions",
        ),
        on_submit=S.name,
        class_name="pj-day__form pj-noprint",
    )
