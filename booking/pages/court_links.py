"""The pages of the hearings of a court, one from another: they share one entry of the menu."""

from __future__ import annotations

import reflex as rx

from booking.pages.widgets import inner_link
from portal.ui.layout import if_open

el = rx.el
LINKS = (
    ("/repartition/", "Répartition"),
    ("/audiences/jour/", "Jour"),
    ("/audiences/semaine/", "Semaine"),
    ("/audiences/annee/", "Année"),
    ("/audiences/ouvrir/", "Ouvrir un mois"),
    ("/audiences/modeles/", "Modèles"),
    ("/audiences/natures/", "Nomenclature"),
    ("/audiences/absences/", "Absences et charges"),
    ("/reunir/", "Dates communes"),
    ("/avocats/", "Avocats"),
    ("/affichage/", "Affichage"),
    ("/visioconferences/", "Visioconférences"),
)


def court_links(current: str) -> rx.Component:
    """Return the links to those of these pages that the viewer may open; `current` is the one that is shown."""
    return el.nav(
        el.ul(*[_link(href, label, current) for href, label in LINKS], class_name="pj-plain pj-court__links"),
        aria_label="Pages des audiences",
        class_name="pj-noprint",
    )


def _link(href: str, label: str, current: str) -> rx.Component:
    link = inner_link(label, href=href, aria_current="page" if href == current else "false", class_name="fr-link")
    return if_open(href, el.li(link))
