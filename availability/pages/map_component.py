"""The map of places: a MapLibre component with a small Python face.

Its JavaScript is in `map*.jsx` beside this file: `map.jsx` (the component), `map_hooks.jsx` (data and
events), `map_drawing.jsx` (what is painted). Points travel by REST, only changes travel by the socket.
"""

from typing import Any, Self

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event

OUTLINES = "/departements.json"

# One call a file, so that Reflex puts them side by side and their relative imports hold.
_COMPONENT = rx.asset("map.jsx", shared=True)
for _part in ("map_hooks.jsx", "map_drawing.jsx", "map.css"):
    rx.asset(_part, shared=True)


class PlaceMap(rx.NoSSRComponent):
    """A map of places that fills its container, whose height is set by a CSS class of the page.

    `url` answers a GeoJSON FeatureCollection of points with the properties `id` (str), `name`, `free`,
    `total`, `state` ("free", "held", "full" or "closed") and, if some lie outside the searched area, `near` (bool:
    those with false are drawn faint).
    """

    library = _COMPONENT.importable_path
    tag = "PlaceMap"
    lib_dependencies: list[str] = ["@vis.gl/react-maplibre@8.1.3", "maplibre-gl@6.17.0"]  # noqa: RUF012 - a field of Reflex

    # Outlines drawn when there is no tile service.
    background: rx.Var[str]
    # Address of a vector style, or of raster tiles if it holds {z}/{x}/{y}; empty: outlines, nothing from outside.
    tiles: rx.Var[str]
    # Credit of raster tiles (a vector style brings its own).
    tiles_credit: rx.Var[str]
    # Address of the points; another address fetches again, the same address does not.
    url: rx.Var[str]
    # Changes since the fetch, {id: {"free": 3, "state": "free"}}; give a new dict, emptied with each new `url`.
    patch: rx.Var[dict[str, dict[str, int | str]]]
    # Place whose card is pointed at, and place whose sheet is open ("" for none): drawn above clusters.
    highlighted: rx.Var[str]
    selected: rx.Var[str]
    # Where the map opens (metropolitan France unless `zoom` is given); later changes are ignored, use `fit`.
    center: rx.Var[list[float]]
    zoom: rx.Var[float]
    # [west, south, east, north] to show whenever it changes, [] to leave the map where it is.
    fit: rx.Var[list[float]]
    # [lon, lat] of the searched address, [] for none, with the circle around it (0: no circle).
    origin: rx.Var[list[float]]
    radius_km: rx.Var[float]
    # What a screen reader says of the map.
    label: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return the events: the four of the map, besides those of every component.

        `on_pick(id)`: place clicked on. `on_hover(id)`: place pointed at, "" when the pointer leaves it.
        `on_moved([west, south, east, north], zoom)`: after a move made by the user, never by `fit`.
        `on_pin(lat, lon)`: the marker of `origin` was dragged, or moved by the arrows; without it, it stays put.
        """
        own = {
            "on_pick": passthrough_event_spec(str),
            "on_hover": passthrough_event_spec(str),
            "on_moved": passthrough_event_spec(list[float], float),
            "on_pin": passthrough_event_spec(float, float),
        }
        return {**super().get_event_triggers(), **own}

    @classmethod
    def create(cls, *children: rx.Component, **props: Any) -> Self:
        """Return the map, with the bundled outlines unless told otherwise."""
        defaults: dict[str, Any] = {"background": OUTLINES, "label": "Carte des lieux"}
        return super().create(*children, **(defaults | props))


place_map = PlaceMap.create
