"""The list of what is sent, whatever it is: its lines, and how the state of one is said."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.ui.pieces import badge

el = rx.el


def outbox_line(number: Any, *cells: Any) -> rx.Component:
    """Return a line: what each cell holds, a component, a text, or a tuple of them."""
    held = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
    return el.tr(*[el.td(*each, role="cell") for each in held], key=number, role="row")


def opener(words: Any, on_click: Any) -> rx.Component:
    """Return the button that opens a line."""
    return el.button(words, type="button", on_click=on_click, class_name="pj-ledger__open pj-message__open")


def detail(words: Any) -> rx.Component:
    """Return what is said under the content of a cell, when there is something to say."""
    return rx.cond(words != "", el.span(words, class_name="pj-ledger__detail"))


def state_cell(row: Any) -> tuple[rx.Component, ...]:
    """Return where a line stands, and why."""
    return badge(row.state, row.badge), detail(row.why)


def state_heading(row: Any) -> rx.Component:
    """Return the same at the top of what is open."""
    return el.div(
        el.div(badge(row.state, row.badge), class_name="fr-mb-1w"),
        rx.cond(row.why != "", el.p(row.why, class_name="fr-mb-1w")),
    )


def outer_button(words: str, href: Any) -> rx.Component:
    """Return the link that an SMS or an e-mail holds, in another window."""
    return el.a(
        words, href=href, target="_blank", rel="noopener", title=f"{words} - nouvelle fenêtre", class_name="fr-btn"
    )


def told_alert(words: rx.Var[str]) -> rx.Component:
    """Return what whoever opens the page is told, when there is something."""
    return rx.cond(words != "", el.div(el.p(words), class_name="fr-alert fr-alert--info fr-alert--sm fr-mb-3w"))
