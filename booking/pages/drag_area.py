"""A part of a page in which things are carried with the mouse: a small React component with a small Python face.

What is carried has `data-carried`, where it may be put has `data-place`, and all are told by these names. What can be
done with the mouse can be in a menu of the page. Nothing moves by itself: what is dropped is only asked for.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event


class DragArea(rx.Component):
    """Tells what is lifted, where it is dropped, and that it is let go elsewhere."""

    library = rx.asset("drag_area.jsx", shared=True).importable_path
    tag = "DragArea"

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: `on_lift(carried)`, `on_dropped(carried, place)`, `on_let_go()`."""
        own = {
            "on_lift": passthrough_event_spec(str),
            "on_dropped": passthrough_event_spec(str, str),
            "on_let_go": rx.event.no_args_event_spec,
        }
        return {**super().get_event_triggers(), **own}


drag_area = DragArea.create
