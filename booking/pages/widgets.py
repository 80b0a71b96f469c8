"""What only a browser can do: print, follow a link without leaving the page."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


class PrintButton(rx.Component):
    """Prints the page; the style sheet says what of it."""

    library = rx.asset("print_button.jsx", shared=True).importable_path
    tag = "PrintButton"

    label: rx.Var[str]
    small: rx.Var[bool]


print_button = PrintButton.create
# Keeps the page and its connection: the address changes, `on_load` runs, nothing blinks.
inner_link = ReactRouterLink.create
