"""What only a browser can do: print, copy, follow a link without leaving the page."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink


class PrintButton(rx.Component):
    """Prints the page; the style sheet says what of it."""

    library = rx.asset("print_button.jsx", shared=True).importable_path
    tag = "PrintButton"

    label: rx.Var[str]
    small: rx.Var[bool]


class CopyButton(rx.Component):
    """Copies a text, and says that it did."""

    library = rx.asset("copy_button.jsx", shared=True).importable_path
    tag = "CopyButton"

    label: rx.Var[str]
    text: rx.Var[str]


print_button = PrintButton.create
copy_button = CopyButton.create
# Keeps the page and its connection: the address changes, `on_load` runs, nothing blinks.
inner_link = ReactRouterLink.create


class OuterLink(rx.el.Div):  # type: ignore[misc] # Reflex loads it lazily, untyped
    """A link to another program (maps, telephone) or to another site, which is not told where it was clicked."""

    tag = "a"

    href: rx.Var[str]
    target: rx.Var[str]
    rel: rx.Var[str]


def outer_link(*children: rx.Component | rx.Var[str] | str, href: rx.Var[str] | str, **props: Any) -> rx.Component:
    """Return such a link; one to another site opens in another tab."""
    return OuterLink.create(*children, href=href, rel="noopener noreferrer", **props)
