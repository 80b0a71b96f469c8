"""The boxes of the list, the bar under it once some are ticked, and the preview of an act."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.bulk import Bulk
from booking.pages.booking_words import Row
from booking.pages.bulk_state import ALL, EACH, BulkState
from booking.pages.bulk_words import LABELS, ForeseenRow
from booking.pages.reason_part import reason_fields
from booking.words import EXCUSE_WORDS, GIVEN_BACK_WORDS
from portal.ui.pieces import badge
from portal.ui.sheet import sheet

el = rx.el
ICONS = {
    Bulk.GIVE_BACK: "fr-icon-arrow-go-back-line",
    Bulk.CONFIRM: "fr-icon-check-line",
    Bulk.EXCUSE: "fr-icon-chat-check-line",
    Bulk.CAME: "fr-icon-user-add-line",
    Bulk.MISSED: "fr-icon-close-line",
}
MODES = ((EACH, "Faire celles qui sont possibles"), (ALL, "Tout ou rien"))


def row_box(row: rx.Var[Row]) -> rx.Component:
    """Return the box of one line; shift and a click, or shift and space, tick all those between."""
    return el.td(
        _box("cocher-" + row.id, "Cocher " + row.place + ", " + row.when, BulkState.selected.contains(row.id))(
            on_click=BulkState.toggle(row.id)
        ),
        role="cell",
        class_name="pj-ledger__box",
    )


def all_box(shown: rx.Var[int]) -> rx.Component:
    """Return the box of the heading."""
    is_all = (BulkState.selected.length() == shown) & (shown > 0)
    return el.th(
        _box("cocher-tout", "Cocher toutes les lignes affichées", is_all)(on_click=BulkState.toggle_all),
        scope="col",
        role="columnheader",
        class_name="pj-ledger__box",
    )


def all_on_a_phone(shown: rx.Var[int]) -> rx.Component:
    """Return the box of all where lines are cards: there is no heading that would hold it."""
    is_all = (BulkState.selected.length() == shown) & (shown > 0)
    return el.div(
        el.input(
            type="checkbox", id="cocher-tout-telephone", checked=is_all, read_only=True, on_click=BulkState.toggle_all
        ),
        el.label("Tout cocher", html_for="cocher-tout-telephone", class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm pj-ledger__all",
    )


def _box(name: Any, label: Any, is_ticked: Any) -> Any:
    def made(**events: Any) -> rx.Component:
        return el.div(
            el.input(type="checkbox", id=name, checked=is_ticked, read_only=True, **events),
            el.label(el.span(label, class_name="fr-sr-only"), html_for=name, class_name="fr-label"),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
        )

    return made


def selection_bar() -> rx.Component:
    """Return what can be done of the lines ticked; nothing while there is none."""
    state = BulkState
    buttons = [
        el.button(
            LABELS[bulk],
            type="button",
            on_click=state.foresee(bulk.value),
            class_name=f"fr-btn fr-btn--sm fr-btn--secondary {ICONS[bulk]} fr-btn--icon-left",
        )
        for bulk in Bulk
    ]
    none = el.button(
        "Tout décocher", type="button", on_click=state.clear, class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline"
    )
    bar = el.div(
        el.p(state.counted, class_name="fr-text--bold fr-mb-0"),
        *buttons,
        none,
        role="group",
        aria_label="Ce qui est coché",
        class_name="pj-bulk pj-noprint",
    )
    said = el.p(rx.cond(state.selected.length() > 0, state.counted, ""), role="status", class_name="fr-sr-only")
    return rx.fragment(said, rx.cond(state.selected.length() > 0, bar))


def preview_sheet(after: Any) -> rx.Component:
    """Return the preview: line by line what would happen, then the two ways of doing it."""
    state = BulkState
    body = el.div(
        rx.cond(
            state.problem != "",
            el.div(el.p(state.problem), class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w", role="alert"),
        ),
        el.p(state.summary, role="status", class_name="fr-text--bold"),
        el.ul(rx.foreach(state.rows, _foreseen), class_name="pj-cards"),
        rx.cond((state.refused > 0) & (state.possible > 0), _modes()),
        rx.el.form(
            rx.cond(state.possible > 0, _reasons()),
            el.div(
                rx.cond(state.possible > 0, _apply()),
                el.button("Laisser", type="button", on_click=state.close, class_name="fr-btn fr-btn--tertiary"),
                class_name="pj-actions fr-mt-2w",
            ),
            on_submit=[state.apply, after],
        ),
    )
    return sheet(body, open=state.is_open, title=state.title, on_close=state.close)


def _apply() -> rx.Component:
    state = BulkState
    is_vain = (state.mode == ALL) & (state.refused > 0)
    return el.button(state.apply_label, type="submit", disabled=is_vain, class_name="fr-btn")


def _reasons() -> rx.Component:
    return rx.match(
        BulkState.bulk,
        (Bulk.GIVE_BACK.value, reason_fields(Bulk.GIVE_BACK, GIVEN_BACK_WORDS, label="Motif, le même pour toutes")),
        (Bulk.EXCUSE.value, reason_fields(Bulk.EXCUSE, EXCUSE_WORDS, label="Motif, le même pour toutes")),
        rx.fragment(),
    )


def _modes() -> rx.Component:
    return el.fieldset(
        el.legend("Certaines sont refusées", class_name="fr-fieldset__legend fr-fieldset__legend--regular"),
        *[
            el.div(
                el.div(
                    el.input(
                        type="radio",
                        id=f"bulk-{mode}",
                        name="bulk-mode",
                        value=mode,
                        checked=BulkState.mode == mode,
                        on_change=BulkState.pick_mode(mode),
                    ),
                    el.label(label, html_for=f"bulk-{mode}", class_name="fr-label"),
                    class_name="fr-radio-group fr-radio-group--sm",
                ),
                class_name="fr-fieldset__element",
            )
            for mode, label in MODES
        ],
        class_name="fr-fieldset fr-mt-2w",
    )


def _foreseen(row: rx.Var[ForeseenRow]) -> rx.Component:
    becomes = el.p(
        row.before,
        el.span(" → ", aria_hidden="true"),
        el.span(" devient ", class_name="fr-sr-only"),
        el.strong(row.after),
        class_name="fr-text--sm fr-mb-0",
    )
    stays = el.div(badge("Refusée", "error"), el.p(row.why, class_name="fr-text--sm fr-mb-0"))
    return el.li(
        el.p(row.place, class_name="fr-text--bold fr-mb-0"),
        el.p(row.when, rx.cond(row.whom != "", " · " + row.whom, ""), class_name="fr-text--sm fr-mb-0"),
        rx.cond(row.why != "", stays, becomes),
        class_name="pj-card",
    )
