"""Small pieces of the design system that every screen uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

el = rx.el
Text = str | rx.Var[str]


def badge(label: Text, kind: Text = "", *, icon: bool = False) -> rx.Component:
    """Return a badge: success, info, warning, error, new or plain. The word says it, the colour only helps."""
    kind_class = rx.cond(kind != "", "fr-badge--" + kind, "") if isinstance(kind, rx.Var) else ""
    if isinstance(kind, str) and kind:
        kind_class = f"fr-badge--{kind}"
    plain = "" if icon else " fr-badge--no-icon"
    return el.p(label, class_name=["fr-badge", "fr-badge--sm" + plain, kind_class])


def empty_state(title: Text, text: Text, *actions: rx.Component) -> rx.Component:
    """Return what a screen shows while it holds nothing: what will be there, and the first thing to do."""
    return el.div(
        el.p(title, class_name="fr-h5"),
        el.p(text),
        el.div(*actions, class_name="pj-actions") if actions else rx.fragment(),
        class_name="pj-empty",
    )


def skeleton(lines: int = 3, label: str = "Chargement…") -> rx.Component:
    """Return grey lines in the place of a content that is coming."""
    bars = [el.div(class_name="pj-skeleton__line", aria_hidden="true") for _ in range(lines)]
    return el.div(el.p(label, class_name="fr-sr-only"), *bars, class_name="pj-skeleton", role="status")


def field(
    label: Text,
    name: str,
    *,
    hint: Text = "",
    error: Text = "",
    control: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """Return a labelled input with its hint and its error tied to it; `control` replaces the input.

    A `control` of one's own takes `id=name` and `aria_describedby=described_by(name)`.
    """
    has_error = error != "" if isinstance(error, rx.Var) else bool(error)
    wrong = " fr-input-group--error"
    described = {"id": name, "name": name, "aria_describedby": described_by(name)}
    hint_part = el.span(hint, class_name="fr-hint-text") if isinstance(hint, rx.Var) or hint else rx.fragment()
    message = el.p(error, class_name="fr-error-text")
    if isinstance(has_error, rx.Var):
        group_class: Any = rx.cond(has_error, "fr-input-group" + wrong, "fr-input-group")
        message = rx.cond(has_error, message)
    else:
        group_class = "fr-input-group" + (wrong if has_error else "")
        message = message if has_error else rx.fragment()
    return el.div(
        el.label(label, hint_part, html_for=name, class_name="fr-label"),
        control or el.input(class_name="fr-input", aria_invalid=has_error, **described, **props),
        el.div(message, id=f"{name}-message", aria_live="polite", class_name="fr-messages-group"),
        class_name=group_class,
    )


def described_by(name: str) -> str:
    """Return the id of the message that describes a field."""
    return f"{name}-message"


def select_field(
    label: Text,
    name: str,
    options: Sequence[tuple[str, str]] | rx.Component,
    *,
    hint: Text = "",
    error: Text = "",
    **props: Any,
) -> rx.Component:
    """Return a labelled drop-down list of (value, label), with its hint and its error tied to it."""
    choices = options if isinstance(options, rx.Component) else rx.fragment(*_options(options))
    hint_part = el.span(hint, class_name="fr-hint-text") if isinstance(hint, rx.Var) or hint else rx.fragment()
    group_class: Any = "fr-select-group"
    message: rx.Component = rx.fragment()
    if isinstance(error, rx.Var):
        group_class = rx.cond(error != "", "fr-select-group fr-select-group--error", "fr-select-group")
        message = rx.cond(error != "", el.p(error, class_name="fr-error-text"))
    described = {"id": name, "name": name, "aria_describedby": described_by(name)}
    return el.div(
        el.label(label, hint_part, html_for=name, class_name="fr-label"),
        el.select(choices, class_name="fr-select", **(described | props)),
        el.div(message, id=described_by(name), aria_live="polite", class_name="fr-messages-group"),
        class_name=group_class,
    )


def _options(options: Sequence[tuple[str, str]]) -> list[rx.Component]:
    return [el.option(label, value=value) for value, label in options]


def table(
    caption: Text, headings: Sequence[Text], rows: rx.Component | Sequence[rx.Component], *, dense: bool = False
) -> rx.Component:
    """Return a table with its caption; `rows` are `el.tr`, or a foreach that makes them."""
    body = rows if isinstance(rows, rx.Component) else rx.fragment(*rows)
    head = el.tr(*[el.th(heading, scope="col") for heading in headings])
    inner = el.table(el.caption(caption), el.thead(head), el.tbody(body))
    for class_name in ("fr-table__content", "fr-table__container", "fr-table__wrapper"):
        inner = el.div(inner, class_name=class_name)
    size = " fr-table--sm" if dense else ""
    return el.div(inner, class_name="fr-table" + size)


def link_button(label: Text, href: Text, *, kind: str = "", icon: str = "") -> rx.Component:
    """Return a link that looks like a button: primary, or secondary, tertiary."""
    classes = ["fr-btn"] + ([f"fr-btn--{kind}"] if kind else []) + ([icon, "fr-btn--icon-left"] if icon else [])
    return el.a(label, href=href, class_name=" ".join(classes))
