"""Where sites are looked for, as SQL: territories, frames of a map, circles.

The bounding box is a B-tree range on (lat, lon), the circle is haversine: 0.7 ms for 50 km among 50,000 sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from availability.places import Box, bounding_box
from availability.rights import Right
from availability.travel import reach_km
from availability.wishes import Wish


def distance_from(point: str) -> str:
    """Return the kilometres from a point whose parameters are `{point}_lat` and `{point}_lon`; haversine.

    A place without coordinates has no distance: least() would take its NULL for the antipodes.
    """
    return f"""
    CASE WHEN s.lat IS NOT NULL THEN
    12742.0176 * asin(sqrt(least(1, pow(sin(radians(s.lat - :{point}_lat) / 2), 2)
      + cos(radians(:{point}_lat)) * cos(radians(s.lat)) * pow(sin(radians(s.lon - :{point}_lon) / 2), 2)))) END"""


def scope_of(rights: Sequence[Right], *, beyond: bool) -> tuple[str, dict[str, Any]]:
    """Return which sites are seen: those of the territories, or any beyond them; a partner's own in any case."""
    everywhere = [right.territory_ids for right in rights if right.organisation_id is None]
    own = [right for right in rights if right.organisation_id is not None]
    if everywhere and beyond:
        return "true", {}
    clauses = ["s.territory_id = ANY(:territories)"] if everywhere else []
    values: dict[str, Any] = {"territories": sorted(frozenset().union(*everywhere))} if everywhere else {}
    for number, right in enumerate(own):
        clauses.append(f"s.organisation_id = :host_{number} AND s.territory_id = ANY(:hosted_{number})")
        values |= {f"host_{number}": right.organisation_id, f"hosted_{number}": sorted(right.territory_ids)}
    return f"({' OR '.join(clauses)})", values


def sites_of(wish: Wish, *, only_suitable: bool) -> tuple[list[str], dict[str, Any]]:
    """Return what a site must be: in the circle, in the frame, among those named."""
    clauses: list[str] = []
    values: dict[str, Any] = {}
    if wish.site_ids is not None:
        clauses.append("s.id = ANY(:site_ids)")
        values["site_ids"] = list(wish.site_ids)
    if wish.bounds is not None:
        clauses.append("s.lat BETWEEN :south AND :north AND s.lon BETWEEN :west AND :east")
        values |= dict(zip(("west", "south", "east", "north"), wish.bounds, strict=True))
    if wish.near and wish.radius_km:
        box = bounding_box(*wish.near, wish.radius_km)
        clauses += [_within(box), f"{distance_from('near')} <= :radius_km"]
        values |= _edges(box) | {"radius_km": wish.radius_km}
    elif only_suitable and wish.origin and wish.max_travel_min and not wish.times:
        box = bounding_box(*wish.origin, max(reach_km(wish.max_travel_min), 0.0))  # farther is too long, and left out
        clauses.append(_within(box))
        values |= _edges(box)
    return clauses, values


def _within(box: Box) -> str:
    """Return the range that a B-tree reads; two of longitudes when the circle crosses the antimeridian."""
    longitudes = (f"s.lon BETWEEN :west_{number} AND :east_{number}" for number in range(len(box.spans)))
    return f"s.lat BETWEEN :box_south AND :box_north AND ({' OR '.join(longitudes)})"


def _edges(box: Box) -> dict[str, float]:
    edges = {"box_south": box.south, "box_north": box.north}
    for number, (west, east) in enumerate(box.spans):
        edges |= {f"west_{number}": west, f"east_{number}": east}
    return edges
