"""What only a browser can do: count down, print, follow a link without leaving the page."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


class Countdown(rx.Component):
    """Minutes and seconds left; `on_end` when there are none."""

    library = rx.asset("countdown.jsx", shared=True).importable_path
    tag = "Countdown"

    seconds: rx.Var[int]
    on_end: rx.EventHandler[rx.event.no_args_event_spec]


class PrintButton(rx.Component):
    """Prints the page; the style sheet says what of it."""

    library = rx.asset("print_button.jsx", shared=True).importable_path
    tag = "PrintButton"

    label: rx.Var[str]


countdown = Countdown.create
print_button = PrintButton.create
# Keeps the page and its connection: the address changes, `on_load` runs, nothing blinks.
inner_link = ReactRouterLink.create
