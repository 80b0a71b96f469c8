"""A page behind another tab waits for changes, says that it is behind, and catches up when it is looked at."""

from __future__ import annotations

import reflex as rx

from portal.live import SightState

el = rx.el


class Sight(rx.Component):
    """Tells the server whether the page is in front."""

    library = rx.asset("sight.jsx", shared=True).importable_path
    tag = "Sight"

    on_hide: rx.EventHandler[rx.event.no_args_event_spec]
    on_show: rx.EventHandler[rx.event.no_args_event_spec]


def sight() -> rx.Component:
    """Return what watches, and the line that says that what is shown is behind."""
    words = "D’autres ont travaillé pendant que cet onglet était derrière un autre : mise à jour…"
    behind = el.div(el.div(el.p(words), class_name="fr-container"), class_name="pj-connection pj-behind")
    return rx.fragment(
        Sight.create(on_hide=SightState.hide, on_show=SightState.show),
        el.div(rx.cond(SightState.is_behind, behind), role="status", aria_live="polite"),
    )
