"""The week of opening hours as a grid that is drawn on: a small React component with a small Python face.

Its JavaScript is in `hours.jsx`, beside this file. Hours are wall time: no zone, no instant. What can be drawn on it
with a mouse or a finger can be with the keyboard, and in the form of the page.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event

_GRID = rx.asset("hours.jsx", shared=True)
rx.asset("hours.css", shared=True)


class HoursGrid(rx.Component):
    """Seven days in columns; each opening is a block that is drawn, moved, lengthened, removed."""

    library = _GRID.importable_path
    tag = "HoursGrid"

    # See hours_week.py: the days, the blocks, the minutes drawn, and to how many of them a stroke is drawn.
    days: rx.Var[list[dict[str, Any]]]
    blocks: rx.Var[list[dict[str, Any]]]
    first: rx.Var[int]
    last: rx.Var[int]
    snap: rx.Var[int]
    # Draws again what stands when it changes: a stroke that was refused goes away.
    revision: rx.Var[int]
    # What a screen reader says of the grid, and the keys.
    label: rx.Var[str]
    help: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events, besides those of every component; times are minutes after midnight of the day.

        `on_draw(day, opens, closes)`: an opening drawn; `on_change(id, day, opens, closes)`: one moved or lengthened;
        `on_remove(id)`, `on_pick(id)`: one removed, one chosen; `on_undo()`: the last stroke taken back.
        """
        own = {
            "on_draw": passthrough_event_spec(int, int, int),
            "on_change": passthrough_event_spec(str, int, int, int),
            "on_remove": passthrough_event_spec(str),
            "on_pick": passthrough_event_spec(str),
            "on_undo": rx.event.no_args_event_spec,
        }
        return {**super().get_event_triggers(), **own}


hours_grid = HoursGrid.create
