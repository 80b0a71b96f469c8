"""The page shown for an address that does not exist; the server answers 404 with it."""

from __future__ import annotations

import reflex as rx

from portal.policy import PUBLIC, page
from portal.ui.layout import layout
from portal.ui.pieces import link_button


@page("/404", title="Page introuvable", roles=(PUBLIC,))
def not_found() -> rx.Component:
    """Return the page."""
    return layout(
        rx.el.p("Erreur 404", class_name="fr-text--sm"),
        rx.el.p("L’adresse a peut-être été mal recopiée, ou la page a été déplacée.", class_name="fr-text--lead"),
        link_button("Revenir à l’accueil", "/"),
        title="Page introuvable",
    )
