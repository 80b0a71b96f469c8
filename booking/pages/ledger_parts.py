"""The pieces that every list of the application has: parts to choose from, a search, a table that becomes cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import reflex as rx

from booking.pages.widgets import inner_link

el = rx.el


def segments(
    name: str,
    parts: Mapping[Any, str],
    *,
    current: rx.Var[str],
    on_pick: Callable[[str], Any],
    legend: str = "",
    wraps: bool = True,
) -> rx.Component:
    """Return a segmented control: value and words of each part; `wraps` on a narrow screen.

    Without a `legend`, which stands above, it chooses the part of a list that is shown.
    """

    def part(value: str, words: str) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"{name}-{value}",
                name=name,
                value=value,
                checked=current == value,
                on_change=on_pick(value),
            ),
            el.label(words, html_for=f"{name}-{value}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    shape = "fr-mb-2w pj-kinds" if legend else "pj-tabs" if wraps else ""
    return el.fieldset(
        el.legend(
            legend or "Afficher",
            class_name="fr-segmented__legend" + ("" if legend else " fr-segmented__legend--inline"),
        ),
        el.div(*[part(str(value), words) for value, words in parts.items()], class_name="fr-segmented__elements"),
        class_name=f"fr-segmented fr-segmented--sm {shape}".rstrip(),
    )


def search_bar(label: str, *, typed: rx.Var[str], on_submit: Any, longest: int) -> rx.Component:
    """Return the search of a list."""
    return rx.el.form(
        el.div(
            el.label(label, html_for="recherche", class_name="fr-label"),
            el.input(
                type="search",
                id="recherche",
                name="q",
                placeholder=label,
                default_value=typed,
                max_length=longest,
                auto_complete="off",
                class_name="fr-input",
            ),
            el.button("Rechercher", type="submit", title="Rechercher", class_name="fr-btn"),
            role="search",
            class_name="fr-search-bar",
        ),
        on_submit=on_submit,
        class_name="pj-ledger__search",
    )


def answered(summary: rx.Var[str], typed: rx.Var[str], everything: Any, content: rx.Component) -> rx.Component:
    """Return what a list found, dimmed until it can be used; `everything` is the address of the same, unsearched."""
    return el.div(
        el.div(
            el.p(summary, role="status", class_name="fr-mb-0"),
            rx.cond(typed != "", inner_link("Effacer la recherche", href=everything, class_name="fr-link")),
            class_name="pj-ledger__answer",
        ),
        content,
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def ledger(caption: str, headings: Iterable[str], rows: rx.Component, *, first: rx.Component | None = None) -> Any:
    """Return the table; `first` is a heading before the others.

    Roles are said again: the narrow layout displays rows as cards, which would drop them.
    """
    named = [el.th(heading, scope="col", role="columnheader") for heading in headings]
    return el.table(
        el.caption(caption, class_name="fr-sr-only"),
        el.thead(el.tr(*([first] if first else []), *named, role="row"), role="rowgroup"),
        el.tbody(rows, role="rowgroup"),
        role="table",
        class_name="pj-ledger",
    )


def more_button(count: int, on_click: Any) -> rx.Component:
    """Return the button that shows the next lines."""
    return el.button(
        f"Afficher {count} de plus",
        type="button",
        on_click=on_click,
        class_name="fr-btn fr-btn--secondary pj-more",
    )


def found_line(line: Any) -> rx.Component:
    """Return something found, with a name, a detail and an address, as a wide link of a list."""
    return el.li(
        inner_link(
            el.strong(line.name),
            el.span(line.detail, class_name="fr-text--sm fr-mb-0"),
            href=line.href,
            class_name="pj-choice pj-agenda__choice",
        )
    )


def found_group(group: Any) -> rx.Component:
    """Return what was found at one site."""
    return el.section(
        el.h2(group.site, class_name="fr-h6 fr-mb-1v"),
        el.ul(rx.foreach(group.lines, found_line), class_name="pj-plain"),
    )
