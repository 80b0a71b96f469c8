"""Who comes today, noted on a phone with one thumb; and the sheet of a month, to print."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.rights import Role
from booking.pages import presences_words as words
from booking.pages.presences_state import PresenceSheetState, PresencesState
from booking.pages.presences_words import Card, Group, SheetRow
from booking.pages.widgets import inner_link, print_button
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, link_button, skeleton

el = rx.el
S = PresencesState
M = PresenceSheetState


@page(
    "/presences",
    title="Présences",
    roles=(Role.PARTNER,),
    on_load=(S.load,),
    entry="Présences",
    order=30,
    description="Qui est venu aujourd’hui, et combien d’heures : un geste par personne.",
)
def presences_page() -> rx.Component:
    """Return the people of a day."""
    nothing = empty_state(
        "Personne n’est attendu ce jour-là",
        "Les rendez-vous, les postes de TIG et les lits réservés chez vous s’afficheront ici, jour par jour.",
        link_button("Voir mes places", "/mes-places/", kind="secondary"),
    )
    people = el.div(
        el.p(S.summary, role="status", class_name="fr-text--bold fr-mb-1w"),
        rx.foreach(S.groups, _group),
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )
    return layout(
        rx.cond(
            S.is_loaded,
            el.div(_days(), rx.cond(S.groups.length() > 0, people, nothing), _links()),
            skeleton(8, "Lecture des présences…"),
        ),
        title="Présences",
        on_undo=S.undo_all,
    )


def _days() -> rx.Component:
    previous = inner_link(
        "Veille", href=S.before, class_name="fr-btn fr-btn--secondary fr-icon-arrow-left-line fr-btn--icon-left"
    )
    today = inner_link(
        "Aujourd’hui",
        href=S.today,
        aria_current=rx.cond(S.is_today, "date", "false"),
        class_name="fr-btn fr-btn--tertiary",
    )
    following = inner_link(
        "Lendemain", href=S.after, class_name="fr-btn fr-btn--secondary fr-icon-arrow-right-line fr-btn--icon-right"
    )
    return el.div(
        el.h2(S.heading, class_name="fr-h5 fr-mb-0"),
        el.nav(previous, today, following, aria_label="Autres jours", class_name="pj-round__days pj-noprint"),
        class_name="pj-round__head",
    )


def _links() -> rx.Component:
    return el.div(
        field("Aller au jour", "jour", type="date", value=S.day, on_change=S.pick_day.debounce(600)),
        inner_link(
            "Feuille de présence du mois",
            href=S.sheet_href,
            class_name="fr-btn fr-btn--secondary fr-icon-printer-line fr-btn--icon-left",
        ),
        class_name="pj-presences__links pj-noprint",
    )


def _group(group: rx.Var[Group]) -> rx.Component:
    everybody = el.button(
        "Tous présents",
        type="button",
        on_click=S.all_came(group.name),
        class_name="fr-btn fr-btn--secondary fr-btn--sm fr-icon-check-line fr-btn--icon-left",
    )
    return el.section(
        el.div(
            el.h3(group.label, " ", el.small(group.count, class_name="pj-grey"), class_name="fr-h6 fr-mb-0"),
            rx.cond(group.can_all, everybody),
            class_name="pj-presences__head",
        ),
        el.ul(rx.foreach(group.cards, _card), class_name="pj-presences"),
        key=group.name,
    )


def _card(card: rx.Var[Card]) -> rx.Component:
    problem = el.p(S.problem, class_name="fr-error-text")
    return el.li(
        el.div(
            el.p(el.strong(card.whom), class_name="pj-presence__whom"),
            rx.cond(card.when != "", el.p(card.when, class_name="pj-presence__when")),
            class_name="pj-presence__top",
        ),
        el.p(card.what, class_name="fr-text--sm fr-mb-0 pj-grey"),
        rx.cond(card.progress != "", el.p(card.progress, class_name="fr-text--sm fr-mb-0")),
        rx.cond(card.can_note, rx.fragment(rx.cond(card.has_minutes, _hours(card)), _answers(card))),
        rx.cond(card.not_yet != "", el.p(card.not_yet, class_name="fr-text--sm fr-mb-0 pj-grey")),
        el.div(
            rx.cond(card.said != "", el.p(el.strong(card.said), " ", card.by, class_name="fr-text--sm fr-mb-0")),
            rx.cond(card.warning != "", el.p(card.warning, class_name="fr-text--sm fr-mb-0 pj-presence__warning")),
            rx.cond(S.problem_id == card.id, problem),
            role="status",
        ),
        rx.cond(card.can_undo, _undo(card)),
        key=card.id,
        class_name="pj-presence pj-presence--" + card.answer,
    )


def _answers(card: rx.Var[Card]) -> rx.Component:
    def button(label: rx.Var[str], answer: str, event: Any, icon: str) -> rx.Component:
        is_it = card.answer == answer
        return el.button(
            label,
            type="button",
            aria_pressed=rx.cond(is_it, "true", "false"),
            aria_label=label + " : " + card.whom,
            on_click=event(card.id),
            class_name=rx.cond(
                is_it, f"fr-btn {icon} fr-btn--icon-left", f"fr-btn fr-btn--secondary {icon} fr-btn--icon-left"
            ),
        )

    return el.div(
        button(card.yes, "came", S.came, "fr-icon-check-line"),
        button(card.no, "missed", S.missed, "fr-icon-close-line"),
        class_name="pj-presence__answers pj-noprint",
    )


def _hours(card: rx.Var[Card]) -> rx.Component:
    def step(label: str, event: Any, can: rx.Var[bool], sign: str) -> rx.Component:
        return el.button(
            sign,
            type="button",
            title=label,
            aria_label=label + " : " + card.whom,
            disabled=~can,
            on_click=event(card.id),
            class_name="fr-btn fr-btn--tertiary",
        )

    return el.div(
        step("Une demi-heure de moins", S.less, card.can_less, "−"),
        el.span(card.minutes, aria_live="polite", class_name="pj-presence__hours"),
        step("Une demi-heure de plus", S.more, card.can_more, "+"),
        role="group",
        aria_label="Heures faites : " + card.whom,
        class_name="pj-presence__stepper pj-noprint",
    )


def _undo(card: rx.Var[Card]) -> rx.Component:
    return el.button(
        "Annuler",
        type="button",
        aria_label="Annuler ce qui vient d’être noté : " + card.whom,
        on_click=S.undo(card.id),
        class_name="fr-btn fr-btn--tertiary-no-outline fr-icon-arrow-go-back-line fr-btn--icon-left pj-noprint",
    )


@page(
    "/presences/feuille",
    title="Feuille de présence",
    roles=(Role.PARTNER,),
    on_load=(M.load,),
    part_of="/presences",
    description="Les présences d’un mois, à imprimer.",
)
def presence_sheet_page() -> rx.Component:
    """Return the sheet of a month."""
    return layout(
        rx.cond(M.is_loaded, _sheet(), skeleton(8, "Lecture des présences…")),
        title="Feuille de présence",
        wide=True,
    )


def _sheet() -> rx.Component:
    nothing = empty_state(
        "Personne n’est attendu ce mois-là",
        "La feuille aura une ligne par personne, et une colonne par jour.",
        inner_link("Présences du jour", href=words.ADDRESS, class_name="fr-btn fr-btn--secondary"),
    )
    days = el.nav(
        inner_link("Mois précédent", href=M.before, class_name="fr-btn fr-btn--secondary"),
        field("Mois", "mois", type="month", value=M.typed, on_change=M.pick_month.debounce(600)),
        inner_link("Mois suivant", href=M.after, class_name="fr-btn fr-btn--secondary"),
        print_button(label="Imprimer"),
        inner_link("Présences du jour", href=words.ADDRESS, class_name="fr-btn fr-btn--tertiary"),
        aria_label="Autres mois",
        class_name="pj-presences__months pj-noprint",
    )
    return el.div(
        el.h2(M.month, class_name="fr-h5 fr-mb-1w pj-capital"),
        el.p(M.host, class_name="fr-text--sm fr-mb-1w pj-print-only"),
        days,
        rx.cond(M.rows.length() > 0, _table(), nothing),
    )


def _table() -> rx.Component:
    head = el.tr(
        el.th("Personne", scope="col"),
        rx.foreach(M.days, lambda day: el.th(day, scope="col", class_name="pj-sheet-month__day")),
        el.th("Total", scope="col"),
        el.th("Signature", scope="col", class_name="pj-print-only"),
    )
    table = el.table(
        el.caption("P : présent(e) – A : absent(e) – · : à noter. Pour les postes, les heures faites."),
        el.thead(head),
        el.tbody(rx.foreach(M.rows, _row)),
        class_name="pj-sheet-month",
    )
    return el.div(table, class_name="pj-sheet-month__scroll", tab_index=0, role="region", aria_label="Feuille du mois")


def _row(row: rx.Var[SheetRow]) -> rx.Component:
    return el.tr(
        el.th(row.whom, el.span(row.what, class_name="pj-sheet-month__what"), scope="row"),
        rx.foreach(row.marks, lambda mark: el.td(mark, class_name="pj-sheet-month__day")),
        el.td(row.total, class_name="pj-sheet-month__total"),
        el.td(class_name="pj-print-only"),
    )
