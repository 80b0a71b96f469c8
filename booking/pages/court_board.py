"""The week of a court as a board whose sessions are dragged: a small React component with a small Python face.

Its JavaScript is in `court_board.jsx`, beside this file. It reads what it moves from the table inside it: cells carry
`data-lane` and `data-day`, sessions `data-session`, `data-minutes`, `data-length`. What can be done with a mouse can be
with the keyboard, and in the form of the page. Nothing moves by itself: what is dropped is only asked for.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event


class CourtBoard(rx.Component):
    """A table of lanes and days; each session in it is moved to another cell, or another hour of one."""

    library = rx.asset("court_board.jsx", shared=True).importable_path
    tag = "CourtBoard"

    # The hours of the cells: the first one, and how many.
    first: rx.Var[int]
    hours: rx.Var[int]
    label: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: `on_dropped(session, lane, day, minutes)`; `on_choose(session)`, a click or Enter."""
        own = {
            "on_dropped": passthrough_event_spec(str, str, str, int),
            "on_choose": passthrough_event_spec(str),
        }
        return {**super().get_event_triggers(), **own}


court_board = CourtBoard.create
