"""The saved searches beside the map: save the one shown, open, rename, delete."""

from __future__ import annotations

import reflex as rx

from booking.pages.saved_state import SavedState
from booking.pages.saved_words import SavedLine
from booking.pages.widgets import inner_link
from portal.ui.pieces import badge, field

el = rx.el


def saved_panel() -> rx.Component:
    """Return the list, folded."""
    empty = el.p(
        "Aucune pour l’instant. Cherchez, puis « Me prévenir » : vous saurez dès qu’une place se libère.",
        class_name="fr-text--sm pj-grey",
    )
    lines = el.ul(rx.foreach(SavedState.lines, _line), class_name="pj-plain pj-saved__lines")
    return el.details(
        el.summary(SavedState.summary),
        rx.cond(SavedState.lines.length() > 0, lines, empty),
        class_name="pj-why pj-saved",
        id="recherches",
    )


def save_button() -> rx.Component:
    """Return the button that saves the search shown, or says that it is."""
    save = el.button(
        "Me prévenir",
        type="button",
        title="Enregistrer cette recherche, et être prévenu quand une place se libère",
        on_click=SavedState.save_it,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-notification-3-line fr-btn--icon-left",
    )
    saved = el.p("Recherche enregistrée", class_name="fr-badge fr-badge--success fr-badge--sm fr-mb-0")
    return rx.cond(SavedState.is_saved, saved, save)


def _line(line: rx.Var[SavedLine]) -> rx.Component:
    acts = el.div(
        el.button(
            "Renommer",
            type="button",
            aria_label="Renommer " + line.label,
            on_click=SavedState.start_renaming(line.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        el.button(
            "Supprimer",
            type="button",
            aria_label="Supprimer " + line.label,
            on_click=SavedState.forget_it(line.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-saved__acts",
    )
    shown = el.div(
        inner_link(
            line.label, href=line.href, aria_current=rx.cond(line.is_current, "page", "false"), class_name="fr-link"
        ),
        rx.cond(line.news != "", badge(line.news, "new")),
        el.p(line.detail, class_name="fr-text--xs fr-mb-0 pj-grey"),
        class_name="pj-saved__name",
    )
    form = el.form(
        field(
            "Nom de la recherche",
            "nom-recherche",
            error=SavedState.problem,
            default_value=SavedState.typed,
            max_length=400,
        ),
        el.div(
            el.button("Renommer", type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Annuler",
                type="button",
                on_click=SavedState.start_renaming(""),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-actions",
        ),
        on_submit=SavedState.rename_it,
        class_name="pj-saved__form",
    )
    return el.li(
        rx.cond(SavedState.renaming == line.id, form, rx.fragment(shown, acts)),
        class_name="pj-saved__line",
    )
