"""Takes the focus to a field that the server names: what is wrong, what was just added."""

from __future__ import annotations

import reflex as rx


class FocusOn(rx.Component):
    """Takes the focus to `field` each time `turn` grows; draws nothing."""

    library = rx.asset("focus.jsx", shared=True).importable_path
    tag = "FocusOn"

    field: rx.Var[str]
    turn: rx.Var[int]


focus_on = FocusOn.create
