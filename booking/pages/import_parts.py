"""The pieces of every page that imports a file: sending it, saying what its columns are, the first lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from portal.ui.dsfr import NativeForm

el = rx.el


class SendForm(NativeForm):
    """A form that the browser posts itself, with a file."""

    enc_type: rx.Var[str]


def send_form(label: str, limits: str, *, problem: rx.Var[str], action: str) -> rx.Component:
    """Return the choice of a file, with what is wrong with the one that was sent."""
    wrong = problem != ""
    chosen = el.div(
        el.label(label, el.span(limits, class_name="fr-hint-text"), html_for="fichier", class_name="fr-label"),
        el.input(
            type="file",
            id="fichier",
            name="fichier",
            accept=".csv,.txt,.tsv,.xlsx",
            required=True,
            aria_describedby="fichier-message",
            class_name="fr-upload",
        ),
        el.div(rx.cond(wrong, el.p(problem, class_name="fr-error-text")), id="fichier-message", aria_live="polite"),
        class_name=rx.cond(wrong, "fr-upload-group fr-upload-group--error", "fr-upload-group"),
    )
    return SendForm.create(
        chosen,
        el.button("Continuer", type="submit", class_name="fr-btn fr-mt-2w"),
        action=action,
        method="post",
        enc_type="multipart/form-data",
    )


def expected_list(expected: Sequence[tuple[str, str]]) -> rx.Component:
    """Return what the file may say: name and explanation of each."""
    return el.ul(*[el.li(el.strong(name), f" : {what}") for name, what in expected], class_name="fr-text--sm")


def column_field(row: Any, options: Any, on_choose: Callable[[Any, Any], Any]) -> rx.Component:
    """Return a column of the file, and the choice of what it is; `on_choose` is given its number and that choice."""
    field = "colonne-" + row.number.to_string()
    return el.li(
        el.label(
            el.strong(row.heading),
            el.span(row.samples, class_name="fr-hint-text"),
            html_for=field,
            class_name="fr-label pj-import__heading",
        ),
        el.select(
            rx.foreach(options, option),
            id=field,
            value=rx.cond(row.field == "", "aside", row.field),
            on_change=lambda value: on_choose(row.number.to_string(), value),
            class_name=rx.cond(row.field == "", "fr-select pj-import__aside", "fr-select"),
        ),
        key=field,
    )


def first_lines(
    headings: Sequence[str], lines: Any, line: Callable[[Any], rx.Component], *, more: rx.Var[str]
) -> rx.Component:
    """Return the first lines of a file, and what is said of the others."""
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in headings], role="row")
    inner = el.table(
        el.caption("Les premières lignes", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(lines, line), role="rowgroup"),
        role="table",
        class_name="pj-import__table",
    )
    return el.div(inner, rx.cond(more != "", el.p(more, class_name="fr-text--sm pj-grey fr-mt-1w")))


def option(each: Any) -> rx.Component:
    """Return a choice of a list."""
    return el.option(each.label, value=each.value)


def said(words: rx.Var[str]) -> rx.Component:
    """Return a line of a list."""
    return el.li(words)
