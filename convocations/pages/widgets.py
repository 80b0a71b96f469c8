"""What only a browser can do: ask again every few seconds."""

from __future__ import annotations

import reflex as rx


class Ticker(rx.Component):
    """Tells `on_tick` every `seconds` while the page is looked at."""

    library = rx.asset("ticker.jsx", shared=True).importable_path
    tag = "Ticker"

    seconds: rx.Var[int]
    on_tick: rx.EventHandler[rx.event.no_args_event_spec]


ticker = Ticker.create
