"""Importing people and hearings: send a list, say what its columns are, see what it would do, do it, undo it."""

from __future__ import annotations

import reflex as rx

from booking.pages.import_parts import column_field, expected_list, first_lines, option, said, send_form
from convocations.imports.sent import IMPORTERS
from convocations.pages import people_import_words as words
from convocations.pages.people_import_state import PeopleImportState
from convocations.pages.people_import_words import ColumnRow, FolderRow, GoneRow, ImportRow, LineRow, Option
from portal.policy import page
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, select_field, skeleton

el = rx.el
PAGE = "/importer/personnes/"
DOWNLOAD = "fr-btn fr-btn--secondary fr-icon-download-line fr-btn--icon-left"
EXPECTED = (
    ("Personnes", "l’export d’APPI tel quel, ou toute liste avec nom, prénom et date de naissance"),
    ("Audiences et rendez-vous", "date, heure, agent ou salle, nom, prénom, date de naissance, téléphone"),
)


@page(
    "/importer/personnes",
    title="Importer des personnes et des audiences",
    roles=IMPORTERS,
    on_load=(PeopleImportState.load,),
    part_of="/convocations",
    description="APPI, Cassiopée, Pilot, WinCI : les personnes, leurs audiences et leurs SMS, sans rien retaper.",
)
def people_import_page() -> rx.Component:
    """Return the page."""
    state = PeopleImportState
    return layout(
        rx.match(
            state.step,
            ("send", _send()),
            ("look", _look()),
            ("running", _running()),
            ("stopped", _stopped()),
            ("done", _done()),
            skeleton(6, "Lecture du fichier…"),
        ),
        title="Importer des personnes et des audiences",
    )


def _send() -> rx.Component:
    state = PeopleImportState
    form = send_form("Votre liste", words.LIMITS, problem=state.problem, action="/importer/personnes/fichier")
    return el.div(
        rx.foreach(state.folders, _folder),
        el.p(state.told, role="status", class_name="fr-mb-1w"),
        el.p(
            "Rien n’est fait avant que vous ayez vu ce qui le serait. Le même fichier deux fois ne change rien. "
            "Il est effacé une fois importé, au plus tard le lendemain."
        ),
        form,
        el.h2("Ce qui peut être importé", class_name="fr-h5 fr-mt-4w"),
        expected_list(EXPECTED),
        el.h2("Essayer", class_name="fr-h5 fr-mt-3w"),
        el.p("Deux petites listes fictives, pour voir comment un fichier est lu.", class_name="fr-mb-1w"),
        el.div(
            native_link("Exemple de personnes", href="/importer/personnes/exemple-personnes.csv", class_name=DOWNLOAD),
            native_link("Exemple d’audiences", href="/importer/personnes/exemple-audiences.csv", class_name=DOWNLOAD),
            class_name="pj-actions",
        ),
        rx.cond(
            state.past.length() > 0,
            el.section(
                el.h2("Derniers imports", class_name="fr-h5 fr-mt-4w fr-mb-1w"),
                el.ul(rx.foreach(state.past, _past), class_name="pj-plain pj-pimport__past"),
            ),
        ),
        class_name="pj-import__narrow",
    )


def _past(row: rx.Var[ImportRow]) -> rx.Component:
    return el.li(
        native_link(row.name, href=f"{PAGE}?import=" + row.id, class_name="fr-link"),
        el.span(row.words, class_name="fr-text--sm pj-grey"),
        badge(row.state),
        key=row.id,
    )


def _look() -> rx.Component:
    state = PeopleImportState
    return el.div(
        el.p(el.strong(state.file_said), " ", native_link("Changer de fichier", href=PAGE, class_name="fr-link")),
        el.section(
            el.h2("1. Ce que c’est", class_name="fr-h5 fr-mb-1w"),
            _matching(),
            rx.cond(state.is_hearings, _hearing_options()),
            _tick(
                "guesses_years",
                "Lire 90 comme 1990",
                "Sinon, une année à deux chiffres est refusée.",
                state.guesses_years,
            ),
            el.details(
                el.summary("Les colonnes", class_name="pj-pimport__summary"),
                el.ul(rx.foreach(state.rows, _column), class_name="pj-plain pj-import__columns"),
                open=state.wrong != "",
            ),
            el.div(rx.cond(state.wrong != "", el.p(state.wrong, class_name="fr-error-text")), role="alert"),
        ),
        el.section(
            el.h2("2. Ce qui serait fait", class_name="fr-h5 fr-mb-1w fr-mt-4w"),
            _preview(),
            class_name=rx.cond(state.is_working, "pj-dimmed", ""),
        ),
        el.p(state.progress, role="status", class_name="fr-text--sm fr-mb-1w pj-import__progress"),
        rx.cond(
            state.button != "",
            el.button(
                state.button,
                type="button",
                on_click=state.do,
                disabled=state.is_working,
                class_name="fr-btn fr-btn--lg pj-pimport__go",
            ),
        ),
        _keep(),
    )


def _matching() -> rx.Component:
    state = PeopleImportState
    return el.div(
        el.label(
            "Application d’où vient la liste",
            el.span("Les colonnes sont reconnues pour elle ; vous pouvez les changer.", class_name="fr-hint-text"),
            html_for="correspondance",
            class_name="fr-label",
        ),
        el.select(
            rx.foreach(state.matchings, option),
            id="correspondance",
            value=state.matching,
            on_change=state.choose_matching,
            class_name="fr-select",
        ),
        class_name="fr-select-group pj-import__kind",
    )


def _hearing_options() -> rx.Component:
    state = PeopleImportState

    def choice(name: str, label: str, first: str, options: rx.Var[list[Option]], value: rx.Var[str]) -> rx.Component:
        return el.div(
            el.label(label, html_for=f"choix-{name}", class_name="fr-label"),
            el.select(
                el.option(first, value=""),
                rx.foreach(options, option),
                id=f"choix-{name}",
                value=value,
                on_change=lambda typed: state.choose_option(name, typed),
                class_name="fr-select",
            ),
            class_name="fr-select-group pj-import__kind",
        )

    return el.div(
        choice("kind", "Type de rendez-vous ou d’audience", "Choisir un type", state.kinds, state.kind),
        rx.cond(
            state.places.length() > 0,
            choice("resource_id", "Où, quand la liste ne le dit pas", "La liste le dit", state.places, state.place),
        ),
        select_field(
            "Rappel par SMS",
            "rappel",
            [("48", "48 h avant"), ("24", "24 h avant")],
            hint="Des SMS d’information : ils ne valent ni avis, ni convocation formelle.",
            value=state.reminder,
            on_change=lambda typed: state.choose_option("reminder_hours", typed),
        ),
        _tick(
            "is_whole",
            "La liste est complète",
            "Ce qui n’y est plus, aux mêmes dates, vous sera proposé à l’annulation.",
            state.is_whole,
        ),
        class_name="pj-pimport__options",
    )


def _tick(name: str, label: str, hint: str, value: rx.Var[bool]) -> rx.Component:
    return el.div(
        el.input(
            type="checkbox",
            id=f"oui-{name}",
            checked=value,
            on_change=lambda is_ticked: PeopleImportState.tick(name, is_ticked),
        ),
        el.label(label, el.span(hint, class_name="fr-hint-text"), html_for=f"oui-{name}", class_name="fr-label"),
        class_name="fr-checkbox-group fr-mb-2w",
    )


def _column(row: rx.Var[ColumnRow]) -> rx.Component:
    return column_field(row, PeopleImportState.options, PeopleImportState.choose)


def _preview() -> rx.Component:
    state = PeopleImportState
    nothing = rx.cond(
        state.is_working,
        skeleton(3, "Comparaison des lignes…"),
        el.p("Complétez d’abord le point 1.", class_name="pj-grey"),
    )
    return el.div(
        rx.cond(state.figures.length() > 0, _figures(), nothing),
        rx.cond(state.gone.length() > 0, _gone()),
        rx.cond(state.lines.length() > 0, _table(is_done=False)),
    )


def _figures() -> rx.Component:
    state = PeopleImportState
    return rx.fragment(
        el.ul(rx.foreach(state.figures, said), class_name="pj-import__figures"),
        rx.cond(state.letters != "", el.p(state.letters, class_name="fr-text--sm fr-mb-1w")),
    )


def _gone() -> rx.Component:
    return el.fieldset(
        el.legend(
            "Ces rendez-vous ne sont plus dans la liste. Cochez ceux à annuler",
            el.span("Les personnes déjà prévenues le seront de l’annulation.", class_name="fr-hint-text"),
            class_name="fr-fieldset__legend fr-text--regular",
        ),
        rx.foreach(PeopleImportState.gone, _gone_one),
        class_name="fr-fieldset pj-pimport__gone",
    )


def _gone_one(row: rx.Var[GoneRow]) -> rx.Component:
    field = "annuler-" + row.id
    return el.div(
        el.input(
            type="checkbox",
            id=field,
            checked=row.is_chosen,
            on_change=lambda is_ticked: PeopleImportState.call_off(row.id, is_ticked),
        ),
        el.label(row.words, html_for=field, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
        key=field,
    )


def _table(*, is_done: bool) -> rx.Component:
    headings = ("Ligne", "Résultat", "Explication") if is_done else ("Ligne", "Personne", "Ce qui serait fait")
    row, more = _done_row if is_done else _row, PeopleImportState.lines_more
    return first_lines(headings, PeopleImportState.lines, row, more=more)


def _row(row: rx.Var[LineRow]) -> rx.Component:
    field = "qui-" + row.line
    asked = el.div(
        el.label("De qui s’agit-il ?", html_for=field, class_name="fr-label fr-text--sm"),
        el.select(
            el.option("À préciser", value=""),
            rx.foreach(row.choices, option),
            id=field,
            value=row.chosen,
            on_change=lambda value: PeopleImportState.decide(row.line, value),
            class_name="fr-select",
        ),
        class_name="pj-pimport__who",
    )
    return el.tr(
        el.td(row.line, role="cell"),
        el.td(row.who, rx.cond(row.when != "", el.div(row.when, class_name="fr-text--sm pj-grey")), role="cell"),
        el.td(
            badge(row.outcome, row.tone),
            rx.cond(row.why != "", el.p(row.why, class_name="fr-text--sm fr-mb-0")),
            rx.cond(row.choices.length() > 0, asked),
            role="cell",
        ),
        role="row",
        key=row.line,
    )


def _done_row(row: rx.Var[LineRow]) -> rx.Component:
    letter = native_link("Imprimer la lettre", href=row.letter, class_name="fr-link fr-text--sm")
    return el.tr(
        el.td(row.line, role="cell"),
        el.td(badge(row.outcome, row.tone), role="cell"),
        el.td(row.why, rx.cond(row.letter != "", el.div(letter)), role="cell"),
        role="row",
        key=row.line,
    )


def _keep() -> rx.Component:
    state = PeopleImportState
    watched = el.div(
        el.label(
            "Dossier surveillé",
            el.span("Les listes qui y sont déposées sont lues ainsi. Vide : aucun.", class_name="fr-hint-text"),
            html_for="dossier",
            class_name="fr-label",
        ),
        el.input(id="dossier", name="dossier", default_value=state.folder, max_length=40, class_name="fr-input"),
        class_name="fr-input-group",
    )
    form = el.form(
        el.div(
            el.label("Nom", html_for="nom", class_name="fr-label"),
            el.input(id="nom", name="nom", default_value=state.name, max_length=80, class_name="fr-input"),
            class_name="fr-input-group",
        ),
        rx.cond(state.watches, watched),
        _tick(
            "at_once",
            "Importer sans validation ce qui arrive tout seul",
            "Du dossier surveillé ou d’un logiciel ; sinon, quelqu’un valide ici.",
            state.at_once,
        ),
        el.button("Garder cette correspondance", type="submit", class_name="fr-btn fr-btn--secondary"),
        el.p(state.saved, role="status", class_name="fr-text--sm fr-mt-1w"),
        on_submit=state.keep_matching,
        class_name="pj-import__narrow",
    )
    return el.details(
        el.summary("Garder ces réglages pour les prochaines listes", class_name="pj-pimport__summary"),
        form,
        class_name="fr-mt-4w",
    )


def _running() -> rx.Component:
    state = PeopleImportState
    return el.div(
        el.h2("L’import est en cours", class_name="fr-h5"),
        el.p(state.progress, role="status", class_name="fr-text--lead"),
        el.p("Vous pouvez quitter cette page : il continue, et vous le retrouverez ici.", class_name="pj-grey"),
    )


def _stopped() -> rx.Component:
    state = PeopleImportState
    return el.div(
        el.p(el.strong(state.file_said)),
        el.div(
            el.h2(state.stopped, class_name="fr-alert__title"),
            el.p(state.progress),
            class_name="fr-alert fr-alert--warning fr-mb-3w",
        ),
        el.div(
            el.button("Reprendre à mon nom", type="button", on_click=state.take_over, class_name="fr-btn"),
            native_link("Télécharger le rapport", href=state.report, class_name=DOWNLOAD),
            class_name="pj-actions",
        ),
    )


def _folder(row: rx.Var[FolderRow]) -> rx.Component:
    taken = el.button(
        "Reprendre à mon nom",
        el.span(row.name, class_name="fr-sr-only"),
        type="button",
        on_click=PeopleImportState.take_folder_over(row.id),
        class_name="fr-btn fr-btn--sm fr-mt-1w",
    )
    return el.div(
        el.h2(row.name, class_name="fr-alert__title"),
        el.p(row.why),
        taken,
        class_name="fr-alert fr-alert--warning fr-mb-3w",
        key=row.id,
    )


def _done() -> rx.Component:
    state = PeopleImportState
    return el.div(
        el.p(el.strong(state.file_said)),
        rx.cond(
            state.told != "",
            el.div(el.p(state.told), role="status", class_name="fr-alert fr-alert--info fr-alert--sm fr-mb-3w"),
            el.div(
                el.h2(state.title, class_name="fr-alert__title"),
                el.ul(rx.foreach(state.figures, said)),
                rx.cond(state.letters != "", el.p(state.letters)),
                role="status",
                class_name=rx.cond(
                    state.is_bad, "fr-alert fr-alert--warning fr-mb-3w", "fr-alert fr-alert--success fr-mb-3w"
                ),
            ),
        ),
        el.div(
            rx.cond(
                state.can_resume,
                el.button("Reprendre les lignes restantes", type="button", on_click=state.reopen, class_name="fr-btn"),
            ),
            native_link("Télécharger le rapport", href=state.report, class_name=DOWNLOAD),
            rx.cond(
                state.can_undo,
                el.button("Annuler l’import", type="button", on_click=state.undo, class_name="fr-btn fr-btn--tertiary"),
            ),
            native_link("Importer une autre liste", href=PAGE, class_name="fr-btn fr-btn--tertiary"),
            class_name="pj-actions fr-mb-3w",
        ),
        rx.cond(state.lines.length() > 0, _table(is_done=True)),
    )
