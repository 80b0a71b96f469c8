"""The sheet at the right where one thing opens: full screen on a phone, Esc closes it, focus comes back."""

from __future__ import annotations

from typing import Any

import reflex as rx


class Sheet(rx.Component):
    """A modal side panel driven by state."""

    library = rx.asset("sheet.jsx", shared=True).importable_path
    tag = "Sheet"

    open: rx.Var[bool]
    label: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def sheet(*children: rx.Component, open: rx.Var[bool] | bool, title: rx.Var[str] | str, on_close: Any) -> rx.Component:
    """Return the panel; `on_close` must set `open` to false."""
    heading = rx.el.h2(title, class_name="fr-h4 pj-sheet__title")
    return Sheet.create(heading, *children, open=open, label=title, on_close=on_close)
