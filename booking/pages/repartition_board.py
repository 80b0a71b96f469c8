"""The hearings of a proposal as cards: ticked, locked, and their cases carried from one to another."""

from __future__ import annotations

import reflex as rx

from booking.pages.plan_calendar import plan_calendar
from booking.pages.planning_words import CaseRow, SittingCard
from booking.pages.plans_parts import lock_choice
from booking.pages.plans_words import LineRow
from booking.pages.repartition_moves import NOWHERE, OfferRow
from booking.pages.repartition_state import RepartitionState
from booking.pages.widgets import inner_link
from portal.ui.pieces import badge
from portal.ui.sheet import sheet

el = rx.el
S = RepartitionState


def sittings_board() -> rx.Component:
    """Return the hearings of the proposal."""
    return el.section(
        el.h3("Audiences proposées", class_name="fr-h6 fr-mb-1v"),
        el.p(
            "Ouvrez une audience pour voir ses affaires ; glissez une affaire vers une autre, ou « Déplacer vers… ».",
            class_name="fr-text--sm fr-mb-1w pj-noprint",
        ),
        el.ul(rx.foreach(S.sittings, _sitting), class_name="pj-plain pj-plan__sittings"),
        aria_label="Audiences proposées",
    )


def calendar() -> rx.Component:
    """Return a week of the proposal, by room or by judge; a hearing of it leads to its cases."""
    return el.details(
        el.summary("Calendrier par salle et par juge", class_name="pj-plan__summary"),
        plan_calendar(S.week, on_view=S.look_by, on_week=S.look_at, on_open=S.open_hearing),
        class_name="fr-mb-2w",
    )


def move_button(one: rx.Var[LineRow]) -> rx.Component:
    """Return the button of a line that opens why its case is there, or nowhere, and where it could go."""
    return _move(one.id, one.label, rx.cond(one.then == "", "Pourquoi, et où ?", "Déplacer vers…"))


def places_sheet() -> rx.Component:
    """Return why a case is where it is or has no place, what would place it, and where it could go."""
    why = el.section(
        el.h3("Pourquoi", class_name="fr-h6 fr-mb-1v"),
        el.p(S.why, class_name="fr-mb-1w"),
        rx.cond(S.reasons.length() > 0, el.ul(rx.foreach(S.reasons, el.li), class_name="fr-mb-2w")),
        aria_label="Pourquoi",
    )
    changes = el.section(
        el.h3("Ce qui lui donnerait une place", class_name="fr-h6 fr-mb-1v"),
        el.ul(rx.foreach(S.changes, el.li), class_name="fr-mb-2w"),
        aria_label="Ce qui lui donnerait une place",
    )
    barred = el.details(
        el.summary("Les autres audiences (", S.barred.length(), "), et pourquoi pas", class_name="pj-plan__summary"),
        el.ul(rx.foreach(S.barred, _offer), class_name="pj-plain pj-offers"),
    )
    return sheet(
        why,
        rx.cond(S.changes.length() > 0, changes),
        el.h3("Déplacer vers…", class_name="fr-h6 fr-mb-1v"),
        rx.cond(
            S.offers.length() > 0,
            el.ul(rx.foreach(S.offers, _offer), class_name="pj-plain pj-offers"),
            el.p("Aucune audience ne peut la recevoir."),
        ),
        rx.cond(S.barred.length() > 0, barred),
        open=S.is_choosing,
        title=S.carried_title,
        on_close=S.let_go,
    )


def _offer(one: rx.Var[OfferRow]) -> rx.Component:
    can = el.button(
        rx.cond(one.place == NOWHERE, "Retirer", "Placer ici"),
        el.span(", ", one.title, class_name="fr-sr-only"),
        type="button",
        on_click=S.put(S.carried, one.place),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    words = rx.cond(
        one.can,
        el.span(one.words, " ", el.span(one.cost, class_name="pj-grey")),
        el.span("impossible : ", one.words),
    )
    return el.li(
        el.span(el.strong(one.title), words, class_name="pj-offers__what"),
        rx.cond(one.can, can),
        key=one.place,
        class_name=rx.cond(one.can, "pj-offers__one", "pj-offers__one pj-offers__one--barred"),
    )


def _sitting(card: rx.Var[SittingCard]) -> rx.Component:
    name = "audience-" + card.id
    whole = el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=S.ticked[card.id] == card.size,
            on_change=lambda value: S.tick_group(card.id, value),
        ),
        el.label(card.title, el.span(card.who, class_name="fr-hint-text"), html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm pj-plan__whole",
    )
    unfold = el.button(
        card.summary,
        el.span(" – audience du ", card.title, class_name="fr-sr-only"),
        rx.cond(S.ticked[card.id] < card.size, " (" + S.ticked[card.id].to_string() + " cochées)", ""),
        type="button",
        aria_expanded=card.is_open,
        on_click=S.unfold(card.id),
        class_name="pj-plan__summary pj-plan__fold",
    )
    inside = el.ul(
        rx.foreach(card.cases, _case),
        class_name=rx.cond(
            card.is_open, "pj-plain pj-plan__inside", "pj-plain pj-plan__inside pj-plan__inside--folded"
        ),
    )
    return el.li(
        el.div(
            whole,
            rx.cond(card.is_new, badge("à confier", "new"), badge("déjà confiée", "")),
            class_name="pj-plan__head",
        ),
        _answer(card),
        el.div(unfold, lock_choice(S, card.lock_id, card.title, card.lock), class_name="pj-plan__tools"),
        inside,
        key=card.id,
        custom_attrs={"data-place": card.id},
        class_name=[
            "pj-plan__card",
            rx.cond(card.is_open, "pj-plan__card--open", ""),
            rx.cond(
                S.is_choosing | ~S.answers.contains(card.id),
                "",
                rx.cond(S.answers[card.id].can, "pj-plan__card--lit", "pj-plan__card--barred"),
            ),
        ],
    )


def _answer(card: rx.Var[SittingCard]) -> rx.Component:
    """Return what a hearing answers to the case that is carried over it."""
    one = S.answers[card.id]
    said = rx.cond(one.can, el.span("✓ ", one.words, ", ", one.cost), el.span("✗ ", one.words))
    return rx.cond(S.answers.contains(card.id) & ~S.is_choosing, el.p(said, class_name="pj-plan__answer"))


def _case(row: rx.Var[CaseRow]) -> rx.Component:
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
    return el.li(
        rx.cond(row.place != "", placed, choice),
        el.div(
            lock_choice(S, row.id, row.ref, row.lock),
            _move(row.id, row.ref, "Déplacer vers…"),
            class_name="pj-plan__tools",
        ),
        key=row.id,
        custom_attrs={"data-carried": row.id, "draggable": "true"},
    )


def _move(case_id: rx.Var[str], ref: rx.Var[str], words: rx.Var[str] | str) -> rx.Component:
    return el.button(
        words,
        el.span(" ", ref, class_name="fr-sr-only"),
        type="button",
        on_click=S.choose_place(case_id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline pj-noprint",
    )
