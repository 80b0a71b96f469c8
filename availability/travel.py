"""How long the road takes, by an honest estimate. Pure; a routing engine says better: see availability/routing.py.

Door to door, by car, in minutes: five to get under way and to park, then the crow's distance lengthened by the detours
of roads, at a speed that grows with the distance. See docs/decisions/0015-travel-times.md for how far it is from trips
that are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from availability.places import distance_km

# Mean detour of the road over the crow's flight. Source: 1.34 around 300 European cities (Environment and Planning B,
# 2023, doi 10.1177/23998083231168870); 1.3 between cities (Wang, Bette, Schreckenberg, Guhr, 2024, arXiv 2406.06490).
DETOUR = 1.3
UNDER_WAY_MIN = 5.0
# Kilometres of road up to which a speed holds, km/h: town, outskirts, main roads, motorways. Below the limits of
# 50, 80, 110 and 130 (code de la route, art. R413-2 and R413-3), because one also stops and turns.
SPEEDS = ((5.0, 30.0), (20.0, 55.0), (60.0, 75.0), (float("inf"), 100.0))


def _lines() -> tuple[tuple[float, float], ...]:
    """Return the estimate as straight lines (minutes at the start, minutes a kilometre of flight): the lowest holds."""
    lines, elapsed, begins = [], UNDER_WAY_MIN, 0.0
    for ends, speed in SPEEDS:
        lines.append((elapsed - begins * 60 / speed, DETOUR * 60 / speed))
        elapsed, begins = elapsed + (ends - begins) * 60 / speed, ends
    return tuple(lines)


LINES = _lines()


@dataclass(frozen=True)
class Land:
    """Latitudes and longitudes within which roads join any two points."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a point is there, edges included."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


# Boxes drawn around each land, so that no sea is crossed by car; small islands near the coast are taken with it.
LANDS = (
    Land(41.0, 51.5, -5.5, 8.45),  # mainland France and what it touches
    Land(41.2, 43.2, 8.45, 9.7),  # Corsica
    Land(15.94, 16.53, -61.85, -61.36),  # Guadeloupe, west of its eastern cape
    Land(16.1, 16.53, -61.36, -61.15),  # Guadeloupe, its eastern cape
    Land(15.85, 16.03, -61.36, -61.17),  # Marie-Galante
    Land(14.35, 14.95, -61.3, -60.75),  # Martinique
    Land(18.0, 18.15, -63.2, -62.95),  # Saint-Martin
    Land(17.85, 17.98, -62.95, -62.75),  # Saint-Barthélemy
    Land(2.0, 6.0, -54.7, -51.5),  # Guyane
    Land(-21.5, -20.8, 55.15, 55.9),  # La Réunion
    Land(-13.05, -12.6, 45.0, 45.25),  # Mayotte, Grande-Terre
    Land(-12.83, -12.75, 45.25, 45.32),  # Mayotte, Petite-Terre
    Land(46.7, 46.9, -56.3, -56.1),  # Saint-Pierre
    Land(46.9, 47.2, -56.5, -56.2),  # Miquelon
    Land(-22.6, -19.9, 163.9, 167.1),  # Nouvelle-Calédonie, Grande Terre
    Land(-17.95, -17.45, -149.65, -149.1),  # Tahiti
    Land(-17.62, -17.45, -149.95, -149.75),  # Moorea
    Land(-13.4, -13.15, -176.3, -176.1),  # Wallis
)
# Of two boxes joined by a road, both are one land.
JOINED = ((LANDS[2], LANDS[3]),)
AROUND = 0.15  # degrees, some 16 km: where a point is on no known land, its own surroundings are its land


def land_of(lat: float, lon: float) -> tuple[Land, ...]:
    """Return the boxes that roads join to a point."""
    for boxes in (*JOINED, *((land,) for land in LANDS)):
        if any(box.holds(lat, lon) for box in boxes):
            return boxes
    return (Land(lat - AROUND, lat + AROUND, lon - AROUND, lon + AROUND),)


def minutes_for(crow_km: float) -> int:
    """Return the estimate for a distance as the crow flies."""
    return ceil(min(start + slope * crow_km for start, slope in LINES))


def reach_km(minutes: float) -> float:
    """Return the distance, as the crow flies, beyond which the estimate exceeds so many minutes."""
    return max((minutes - start) / slope for start, slope in LINES)


def estimated(origin: tuple[float, float], lat: float | None, lon: float | None) -> int | None:
    """Return the minutes between two points; None when no road joins them, or when one is not known."""
    if lat is None or lon is None or not any(box.holds(lat, lon) for box in land_of(*origin)):
        return None
    return minutes_for(distance_km(*origin, lat, lon))
