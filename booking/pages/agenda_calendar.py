"""The week as a grid of hours: a FullCalendar component with a small Python face, and two pieces beside it.

Its JavaScript is in `agenda.jsx` (the grid) and `agenda_keys.jsx` (whose hour it is, the keys), beside this file.
The grid is for mouse and finger: the list beside it says and does the same by keyboard.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event

_GRID = rx.asset("agenda.jsx", shared=True)
_KEYS = rx.asset("agenda_keys.jsx", shared=True)
rx.asset("agenda.css", shared=True)


class AgendaGrid(rx.NoSSRComponent):
    """Seven days in columns, in the civil time of `zone`, whatever that of the browser is."""

    library = _GRID.importable_path
    tag = "AgendaGrid"
    lib_dependencies: list[str] = ["@fullcalendar/react@7.1.4", "temporal-polyfill@1.0.8"]  # noqa: RUF012 - a field of Reflex

    # First day, zone, instant of the page's clock, hidden weekdays (0 is Sunday), hours drawn, minutes of a row.
    monday: rx.Var[str]
    zone: rx.Var[str]
    now: rx.Var[str]
    hidden: rx.Var[list[int]]
    first: rx.Var[str]
    last: rx.Var[str]
    step: rx.Var[int]
    # What is drawn, each with a `kind`: opening, closed, free, shown, taken, busy. See agenda_words.py.
    events: rx.Var[list[dict[str, Any]]]
    # Every start of the grid of slots, as instants: what is dropped near one is drawn to it.
    starts: rx.Var[list[str]]
    # Draws the events again, where they are, when it changes: so a refused drag snaps back.
    revision: rx.Var[int]
    # What a screen reader says of the grid.
    label: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: the three of the grid, besides those of every component.

        `on_free(start)`: free slot clicked on. `on_taken(id)`: appointment clicked on.
        `on_move(id, start)`: appointment dropped at an instant.
        """
        own = {
            "on_free": passthrough_event_spec(str),
            "on_taken": passthrough_event_spec(str),
            "on_move": passthrough_event_spec(str, str),
        }
        return {**super().get_event_triggers(), **own}


class ZoneNote(rx.NoSSRComponent):
    """Says whose hour is shown, when it is not that of the browser."""

    library = _KEYS.importable_path
    tag = "ZoneNote"

    zone: rx.Var[str]
    words: rx.Var[str]
    at: rx.Var[str]


class ShortcutKeys(rx.Component):
    """Clicks what declares the key pressed, with the Alt key, as its `aria-keyshortcuts`."""

    library = _KEYS.importable_path
    tag = "ShortcutKeys"


class FocusOn(rx.Component):
    """Takes the focus to the field of that id, each time `turn` grows."""

    library = _KEYS.importable_path
    tag = "FocusOn"

    field: rx.Var[str]
    turn: rx.Var[int]


agenda_grid = AgendaGrid.create
zone_note = ZoneNote.create
shortcut_keys = ShortcutKeys.create
focus_on = FocusOn.create
