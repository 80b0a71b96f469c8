"""Roads between points when no routing engine says better: the estimate of `availability.travel`, for all pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from availability.places import EARTH_RADIUS_KM
from availability.travel import DETOUR, LINES
from optimizer.rounds.problem import Travel


def estimated(points: Sequence[tuple[float, float]]) -> Travel:
    """Return the estimate between points given as latitude and longitude, in degrees. Nothing from a point to itself.

    The distance is that of the road; five minutes to get under way and to park are in the duration.
    """
    lat, lon = np.radians(np.array(points, dtype=float).reshape(-1, 2)).T
    across = np.sin((lat[:, None] - lat) / 2) ** 2
    around = np.sin((lon[:, None] - lon) / 2) ** 2 * np.cos(lat[:, None]) * np.cos(lat)
    crow_km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(across + around, 0.0, 1.0)))
    minutes = np.min([start + slope * crow_km for start, slope in LINES], axis=0)
    seconds = np.ceil(60 * minutes).astype(np.int64)
    np.fill_diagonal(seconds, 0)
    return Travel(distances_m=np.rint(1000 * DETOUR * crow_km).astype(np.int64), durations_s=seconds)
