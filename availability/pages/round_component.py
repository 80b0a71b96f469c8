"""The map of a round: numbered stops, the line between them and the base, on the background of the map of places."""

from typing import Any, Self

import reflex as rx
from reflex_base.event import passthrough_event_spec

from availability.pages.map_component import OUTLINES

_COMPONENT = rx.asset("round_map.jsx", shared=True)
# What it shares with the map of places: Reflex puts a file beside those of the module that asks for it.
for _part in ("map_hooks.jsx", "map_drawing.jsx", "map.css"):
    rx.asset(_part, shared=True)


class RoundMap(rx.NoSSRComponent):
    """A map of stops in their order, that fills its container. It asks nothing of anybody but for tiles, if any."""

    library = _COMPONENT.importable_path
    tag = "RoundMap"
    lib_dependencies: list[str] = ["@vis.gl/react-maplibre@8.1.3", "maplibre-gl@6.17.0"]  # noqa: RUF012 - a field of Reflex

    background: rx.Var[str]
    tiles: rx.Var[str]
    tiles_credit: rx.Var[str]
    # Each with id, number (as written on it), lat, lon, label (as said), state: booked, honoured or missed, and a color
    # when several rounds are told apart.
    stops: rx.Var[list[dict[str, str | float]]]
    # [lon, lat] of where the team starts from, [] for none.
    base: rx.Var[list[float]]
    # Of several rounds, each with id, color and points: [lon, lat] from its base and back; [] for that of `stops`.
    ways: rx.Var[list[dict[str, Any]]]
    # [lon, lat] of the bases of several rounds.
    bases: rx.Var[list[list[float]]]
    # What a screen reader says of the map.
    label: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: `on_pick(id)` of a stop clicked on, besides those of every component."""
        return {**super().get_event_triggers(), "on_pick": passthrough_event_spec(str)}

    @classmethod
    def create(cls, *children: rx.Component, **props: Any) -> Self:
        """Return the map, with the bundled outlines unless told otherwise."""
        defaults: dict[str, Any] = {"background": OUTLINES, "label": "Carte de la tournée", "ways": [], "bases": []}
        return super().create(*children, **(defaults | props))


round_map = RoundMap.create
