"""The screens of a court: their names, their rooms, their addresses, and what they may say of each kind of hearings."""

from __future__ import annotations

import reflex as rx

from booking.hearing_day_models import Shown
from booking.pages.court_links import court_links
from booking.pages.screens_state import KindRow, RoomChoice, ScreenCard, ScreensState, WayRow
from booking.pages.widgets import copy_button, outer_link
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, select_field, skeleton

el = rx.el
S = ScreensState
SHOWN = (
    (Shown.NUMBER.value, "Numéro de l’affaire seulement (chambre du conseil, huis clos)"),
    (Shown.NAME.value, "Nom de l’affaire (audience publique)"),
)


@page(
    "/affichage",
    title="Affichage",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="Les écrans des halls et des salles, ce qu’ils disent des audiences, et l’accès aux salles.",
)
def screens_page() -> rx.Component:
    """Return the page."""
    return layout(
        court_links("/affichage/"),
        rx.cond(
            S.is_loaded,
            el.div(el.div(_screens(), _publicity(), _ways()), _form(), class_name="pj-screens"),
            skeleton(6, "Lecture des écrans…"),
        ),
        title="Affichage",
        wide=True,
        on_undo=S.undo,
    )


def _screens() -> rx.Component:
    return el.section(
        el.h2("Écrans", class_name="fr-h5"),
        rx.cond(
            S.screens.length() > 0,
            el.ul(rx.foreach(S.screens, _screen), class_name="fr-raw-list"),
            empty_state(
                "Aucun écran.",
                "Ajoutez-en un, puis ouvrez son adresse sur l’écran du hall ou de la salle : il se tient à jour seul.",
            ),
        ),
        aria_label="Écrans",
    )


def _screen(one: rx.Var[ScreenCard]) -> rx.Component:
    def button(label: str, on_click: object) -> rx.Component:
        return el.button(
            label,
            el.span(" : ", one.name, class_name="fr-sr-only"),
            type="button",
            on_click=on_click,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        )

    return el.li(
        el.div(
            el.h3(one.name, class_name="fr-text--lg fr-mb-0"),
            badge(one.seen, rx.cond(one.is_lit, "success", "")),
            class_name="pj-day__head",
        ),
        el.p(one.rooms, class_name="fr-text--sm pj-grey fr-mb-1w"),
        el.div(
            outer_link(
                "Ouvrir",
                href=one.address,
                target="_blank",
                aria_label="Ouvrir l’écran " + one.name + " (nouvel onglet)",
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
            copy_button(label="Copier l’adresse", text=one.address),
            button("Modifier", S.edit(one.id)),
            button("Nouvelle adresse", S.renew(one.id)),
            button("Retirer", S.remove(one.id)),
            class_name="pj-actions",
        ),
        key=one.id,
        class_name="pj-screens__one",
    )


def _form() -> rx.Component:
    return el.section(
        el.h2(rx.cond(S.editing != "", "Modifier l’écran", "Ajouter un écran"), class_name="fr-h5"),
        el.form(
            field(
                "Nom de l’écran",
                "nom-ecran",
                hint="Où il est : « Hall principal », « Porte de la salle 2 ».",
                error=S.name_error,
                default_value=S.name,
                max_length=60,
                auto_complete="off",
            ),
            el.fieldset(
                el.legend(
                    "Salles",
                    el.span("Aucune cochée : toutes les salles du tribunal.", class_name="fr-hint-text"),
                    class_name="fr-fieldset__legend fr-fieldset__legend--regular",
                ),
                rx.foreach(S.rooms, _room),
                class_name="fr-fieldset",
            ),
            el.div(
                el.button("Enregistrer", type="submit", class_name="fr-btn"),
                rx.cond(
                    S.editing != "",
                    el.button("Annuler", type="button", on_click=S.cancel, class_name="fr-btn fr-btn--tertiary"),
                ),
                class_name="pj-actions",
            ),
            on_submit=S.save,
            key=S.turn.to_string(),
        ),
        aria_label="Ajouter ou modifier un écran",
        class_name="pj-screens__form",
    )


def _room(room: rx.Var[RoomChoice]) -> rx.Component:
    return el.div(
        el.div(
            el.input(type="checkbox", id="salle-" + room.id, name="salle-" + room.id, default_checked=room.is_ticked),
            el.label(room.name, html_for="salle-" + room.id, class_name="fr-label"),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
        ),
        key=room.id,
        class_name="fr-fieldset__element",
    )


def _publicity() -> rx.Component:
    return el.section(
        el.h2("Ce que disent les écrans", class_name="fr-h5 fr-mt-4w"),
        el.p(
            "Une affaire sans nom s’affiche par son numéro. Le nom d’une affaire se donne dans la liste du jour.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.foreach(S.kinds, _kind),
        aria_label="Ce que disent les écrans",
    )


def _kind(kind: rx.Var[KindRow]) -> rx.Component:
    options = rx.fragment(*[el.option(label, value=value) for value, label in SHOWN])
    return el.div(
        select_field(
            kind.label,
            "publicite-" + kind.id,
            options,
            value=kind.shown,
            on_change=lambda shown: S.show_as(kind.id, shown),
        ),
        key=kind.id,
        class_name="pj-screens__kind",
    )


def _ways() -> rx.Component:
    return rx.cond(
        S.ways.length() > 0,
        el.section(
            el.h2("Accès aux salles", class_name="fr-h5 fr-mt-4w"),
            el.p(
                "De la porte à la salle : « 1er étage, escalier B, à droite ». L’accueil le dit et l’imprime.",
                class_name="fr-text--sm pj-grey",
            ),
            el.form(
                rx.foreach(S.ways, _way),
                el.button("Noter les accès", type="submit", class_name="fr-btn fr-btn--secondary"),
                on_submit=S.save_ways,
            ),
            aria_label="Accès aux salles",
        ),
    )


def _way(one: rx.Var[WayRow]) -> rx.Component:
    return field(
        one.room + " – accès",
        "acces-" + one.id,
        error=one.error,
        default_value=one.words,
        max_length=160,
        auto_complete="off",
        key=one.id,
    )
