"""A visible countdown: "gardé pour vous 9:42"."""

from __future__ import annotations

import reflex as rx


class Countdown(rx.Component):
    """Counts seconds down; `since` is any text that changes when it must start again."""

    library = rx.asset("countdown.jsx", shared=True).importable_path
    tag = "Countdown"

    seconds: rx.Var[int]
    since: rx.Var[str]
    on_end: rx.EventHandler[rx.event.no_args_event_spec]


countdown = Countdown.create
