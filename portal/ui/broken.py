"""What is shown when a page fails in the browser itself."""

from __future__ import annotations

import reflex as rx
from reflex_base.vars.base import Var
from reflex_components_core.base.error_boundary import ErrorBoundary

el = rx.el


def broken_page() -> rx.Component:
    """Return the boundary that catches a failure of rendering, and says so in French."""
    message = el.div(
        el.h1("Cette page n’a pas pu s’afficher"),
        el.p("L’erreur a été signalée. Rien de ce que vous aviez enregistré n’est perdu."),
        el.p(el.a("Revenir à l’accueil", href="/", class_name="fr-btn")),
        role="alert",
        class_name="fr-container fr-my-7w",
    )
    return ErrorBoundary.create(fallback_render=Var.create(message))
