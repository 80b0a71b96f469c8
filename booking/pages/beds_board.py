"""The beds of an establishment as a board whose bars are dragged: a small React component with a small Python face.

Its JavaScript is in `beds.jsx`, beside this file. It reads what it moves from the table inside it: rows carry
`data-unit`, `data-section`, `data-name`, bars `data-booking`, `data-may`, `data-from`, `data-until`. What can be done
with a mouse can be with the keyboard, and in the form of the page.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event

_BOARD = rx.asset("beds.jsx", shared=True)
_ROWS = rx.asset("beds_rows.jsx", shared=True)
rx.asset("beds.css", shared=True)


class BedsBoard(rx.Component):
    """A table of beds and nights; each bar that may be is moved, lengthened, or exchanged with another."""

    library = _BOARD.importable_path
    tag = "BedsBoard"

    # Civil days, as the calendar writes them: the first night shown, and today there.
    first: rx.Var[str]
    today: rx.Var[str]
    # What its rows show, as they were sent: when it changes, what is being dragged is judged again.
    grid: rx.Var[dict[str, Any]]
    patch: rx.Var[dict[str, Any]]
    # Grows with each answer to a drop: the bar is where the table says, dropped or back.
    turn: rx.Var[int]
    # Nothing is dragged meanwhile.
    busy: rx.Var[bool]
    label: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events, besides those of every component.

        `on_drop(booking, bed, first, until)`: dropped there; `on_swap(booking, other)`: dropped on another's bar;
        `on_choose(booking)`: a click on a bar that opens no file.
        """
        own = {
            "on_drop": passthrough_event_spec(str, int, str, str),
            "on_swap": passthrough_event_spec(str, str),
            "on_choose": passthrough_event_spec(str),
        }
        return {**super().get_event_triggers(), **own}


class BedRows(rx.Component):
    """The beds by section, in a table: `grid` is all of them, `patch` those that changed since."""

    library = _ROWS.importable_path
    tag = "BedRows"

    grid: rx.Var[dict[str, Any]]
    patch: rx.Var[dict[str, Any]]
    nights: rx.Var[int]
    # Changes were told that this page never had.
    on_missed: rx.EventHandler[rx.event.no_args_event_spec]


class StayOptions(rx.Component):
    """The stays that may be changed, as the options of a list."""

    library = _ROWS.importable_path
    tag = "StayOptions"

    grid: rx.Var[dict[str, Any]]
    patch: rx.Var[dict[str, Any]]
    on_missed: rx.EventHandler[rx.event.no_args_event_spec]


beds_board = BedsBoard.create
bed_rows = BedRows.create
stay_options = StayOptions.create
