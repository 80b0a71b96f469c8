"""A list whose lines are dragged into another order; beside it, buttons do the same by keyboard and by finger."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event


class SortableList(rx.Component):
    """An ordered list; each line that can be dragged has `draggable` and its id as `data-line`."""

    library = rx.asset("sortable.jsx", shared=True).importable_path
    tag = "SortableList"

    label: rx.Var[str]  # what a screen reader says of the list

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: `on_order(ids)` when a line was dropped elsewhere, besides those of every component."""
        return {**super().get_event_triggers(), "on_order": passthrough_event_spec(list[str])}


sortable_list = SortableList.create
