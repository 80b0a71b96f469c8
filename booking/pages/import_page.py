"""Importing a spreadsheet of places: send it, say what its columns are, see what it would do, do it."""

from __future__ import annotations

import reflex as rx

from availability.importers.resources import IMPORTERS
from availability.rights import Role
from booking.pages import import_words as words
from booking.pages.import_parts import column_field, expected_list, first_lines, option, said, send_form
from booking.pages.import_state import ImportState
from booking.pages.import_words import ColumnRow, LineRow
from portal.policy import page
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, link_button, skeleton

el = rx.el
PAGE = "/importer/"
EXPECTED = (
    ("Code", "obligatoire : il reconnaît une place d’un import à l’autre"),
    ("Type", "poste de TIG, lit de semi-liberté… ou le même pour toutes les lignes"),
    ("Nom", "tel que la justice le lira"),
    ("Lieu (code), Lieu, Commune", "inutiles si vous n’avez qu’un lieu"),
    ("Places, Places prises, En attente", "ou Lits, avec leurs noms : A-101, A-102"),
    ("Tout ce qui se cherche", "public, âge, week-end, langues, compétences…"),
)


@page(
    "/importer",
    title="Importer des places",
    roles=IMPORTERS,
    on_load=(ImportState.load,),
    entry="Importer",
    entry_for=(Role.ADMINISTRATOR,),
    order=70,
    part_of="/mes-places",
    description="Postes, lits, médiateurs, services : d’un tableur, en une fois, et autant de fois qu’on veut.",
)
def import_page() -> rx.Component:
    """Return the page."""
    state = ImportState
    return layout(
        rx.match(
            state.step,
            ("send", _send()),
            ("look", _look()),
            ("done", _done()),
            skeleton(6, "Lecture du fichier…"),
        ),
        title="Importer des places",
    )


def _send() -> rx.Component:
    state = ImportState
    form = send_form("Votre tableur", words.LIMITS, problem=state.problem, action="/importer/fichier")
    return el.div(
        el.p("Rien n’est changé avant que vous ayez vu ce qui le serait. Une case vide ne change rien."),
        form,
        el.h2("Les colonnes", class_name="fr-h5 fr-mt-4w"),
        el.p("Dans n’importe quel ordre, sous d’autres noms au besoin : vous direz lesquelles.", class_name="fr-mb-1w"),
        expected_list(EXPECTED),
        el.h2("Partir de ce qui existe", class_name="fr-h5 fr-mt-3w"),
        el.p("Le même tableau, rempli de vos places : modifiez-le, puis importez-le.", class_name="fr-mb-1w"),
        el.div(
            _download("Télécharger en Excel", "/importer/places.xlsx"),
            _download("Télécharger en CSV", "/importer/places.csv"),
            class_name="pj-actions",
        ),
        class_name="pj-import__narrow",
    )


def _download(label: str, href: str) -> rx.Component:
    return native_link(label, href=href, class_name="fr-btn fr-btn--secondary fr-icon-download-line fr-btn--icon-left")


def _look() -> rx.Component:
    state = ImportState
    return el.div(
        el.p(el.strong(state.file_said), " ", native_link("Changer de fichier", href=PAGE, class_name="fr-link")),
        el.section(
            el.h2("1. Les colonnes", class_name="fr-h5 fr-mb-1w"),
            el.div(
                rx.cond(state.wrong_columns != "", el.p(state.wrong_columns, class_name="fr-error-text")), role="alert"
            ),
            el.ul(rx.foreach(state.rows, _column), class_name="pj-plain pj-import__columns"),
            rx.cond(state.needs_kind, _kind()),
        ),
        el.section(
            el.h2("2. Ce qui serait fait", class_name="fr-h5 fr-mb-1w fr-mt-4w"),
            _preview(),
            class_name=rx.cond(state.is_working, "pj-dimmed", ""),
        ),
        el.p(state.progress, role="status", class_name="fr-text--sm fr-mb-1w pj-import__progress"),
        _go(),
    )


def _column(row: rx.Var[ColumnRow]) -> rx.Component:
    return column_field(row, ImportState.options, ImportState.choose)


def _kind() -> rx.Component:
    state = ImportState
    return el.div(
        el.label("Type de toutes les lignes", html_for="type-de-tout", class_name="fr-label"),
        el.select(
            el.option("Choisir un type", value=""),
            rx.foreach(state.kinds, option),
            id="type-de-tout",
            value=state.kind,
            on_change=state.choose_kind,
            class_name="fr-select",
        ),
        class_name="fr-select-group fr-mt-2w pj-import__kind",
    )


def _preview() -> rx.Component:
    state = ImportState
    wrong = el.div(
        el.h3(state.problems_title, class_name="fr-alert__title"),
        el.ul(rx.foreach(state.problems, said)),
        rx.cond(state.problems_more != "", el.p(state.problems_more)),
        class_name="fr-alert fr-alert--warning fr-mb-3w pj-import__problems",
    )
    nothing = el.p("Dites d’abord ce que sont les colonnes.", class_name="pj-grey")
    return el.div(
        rx.cond(
            state.figures.length() > 0,
            el.ul(rx.foreach(state.figures, said), class_name="pj-import__figures"),
            rx.cond(state.is_working, skeleton(3, "Comparaison des lignes…"), nothing),
        ),
        rx.cond(state.problems.length() > 0, wrong),
        rx.cond(state.lines.length() > 0, _table()),
    )


def _table() -> rx.Component:
    headings = ("Ligne", "Code", "Nom", "Ce qui change")
    return first_lines(headings, ImportState.lines, _row, more=ImportState.lines_more)


def _row(row: rx.Var[LineRow]) -> rx.Component:
    changes = el.ul(rx.foreach(row.changes, said), class_name="pj-plain fr-text--sm")
    return el.tr(
        el.td(row.line, role="cell"),
        el.td(row.code, role="cell"),
        el.td(row.name, role="cell"),
        el.td(badge(row.outcome, row.tone), changes, role="cell"),
        role="row",
    )


def _go() -> rx.Component:
    state = ImportState

    def choice(value: str, label: str, hint: str, checked: rx.Var[bool]) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"lignes-{value}",
                name="lignes",
                value=value,
                checked=checked,
                on_change=state.choose_all(value),
            ),
            el.label(
                label, el.span(hint, class_name="fr-hint-text"), html_for=f"lignes-{value}", class_name="fr-label"
            ),
            class_name="fr-radio-group",
        )

    choices = el.fieldset(
        el.legend("Si des lignes sont refusées", class_name="fr-fieldset__legend fr-text--regular"),
        choice("toutes", "Tout ou rien", "Rien n’est importé tant qu’une ligne est refusée.", state.all_or_none),
        choice("bonnes", "Les lignes justes", "Les autres sont laissées de côté.", ~state.all_or_none),
        class_name="fr-fieldset pj-import__choice",
    )
    button = el.button(
        state.button, type="button", on_click=state.do, disabled=state.is_working, class_name="fr-btn fr-btn--lg"
    )
    return el.div(
        rx.cond(state.problems.length() > 0, choices),
        rx.cond(state.button != "", button),
        class_name="fr-mt-3w",
    )


def _done() -> rx.Component:
    state = ImportState
    return el.div(
        el.div(
            el.h2("C’est importé", class_name="fr-alert__title"),
            el.ul(rx.foreach(state.figures, said)),
            role="status",
            class_name="fr-alert fr-alert--success fr-mb-3w",
        ),
        rx.cond(
            state.problems.length() > 0,
            el.div(
                el.h3("Laissées de côté", class_name="fr-h6"),
                el.ul(rx.foreach(state.problems, said), class_name="fr-text--sm"),
                rx.cond(state.problems_more != "", el.p(state.problems_more)),
                class_name="fr-mb-3w pj-import__problems",
            ),
        ),
        el.div(
            rx.cond(state.is_partner, link_button("Voir mes places", "/mes-places/")),
            native_link("Importer un autre fichier", href=PAGE, class_name="fr-btn fr-btn--secondary"),
            class_name="pj-actions",
        ),
    )
