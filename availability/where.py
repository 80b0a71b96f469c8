"""Where sites are looked for, as SQL: territories, frames of a map, circles.

The bounding box is a B-tree range on (lat, lon), the circle is haversine: 0.7 ms for 50 km among 50,000 sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from availability.places import Box, bounding_box
from availability.rights import Right
from availability.wishes import Wish

# A place without coordinates has no distance: least() would take its NULL for the antipodes.
CIRCLE = """
    CASE WHEN s.lat IS NOT NULL THEN
    12742.0176 * asin(sqrt(least(1, pow(sin(radians(s.lat - :lat) / 2), 2)
      + cos(radians(:lat)) * cos(radians(s.lat)) * pow(sin(radians(s.lon - :lon) / 2), 2)))) END"""


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


def box_of(wish: Wish) -> Box | None:
    return bounding_box(*wish.near, wish.radius_km) if wish.near and wish.radius_km else None


def within_box(box: Box) -> str:
    """Return the range that a B-tree reads; two of longitudes when the circle crosses the antimeridian."""
    longitudes = (f"s.lon BETWEEN :west_{number} AND :east_{number}" for number in range(len(box.spans)))
    return f"s.lat BETWEEN :box_south AND :box_north AND ({' OR '.join(longitudes)})"


def box_values(box: Box | None) -> dict[str, float]:
    if box is None:
        return {}
    edges = {"box_south": box.south, "box_north": box.north}
    for number, (west, east) in enumerate(box.spans):
        edges |= {f"west_{number}": west, f"east_{number}": east}
    return edges
