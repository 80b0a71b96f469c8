"""The ways between bases and homes as the optimizer takes them: the estimate of `booking.fittings`, for all pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from availability.places import EARTH_RADIUS_KM
from booking.fittings import DRIVEN_KM_PER_HOUR, ROAD_PER_STRAIGHT_KM, Point
from booking.plans.round_days import Beat
from optimizer.matrices import Matrix
from optimizer.rounds.problem import Travel


def ways(bases: Sequence[Point], homes: Sequence[Point], beat: Beat) -> Travel:
    """Return the ways between bases, then homes, then one place that is nowhere, to which and from which none is.

    A way to a home lasts until the next start of the grid: see `round_days`.
    """
    road_km = ROAD_PER_STRAIGHT_KM * _crow_km([*bases, *homes])
    minutes = np.ceil(road_km / DRIVEN_KM_PER_HOUR * 60).astype(np.int64)
    places = len(bases) + len(homes) + 1
    to_home = slice(len(bases), places - 1)
    waits = np.zeros((places, places), dtype=np.int64)
    waits[:-1, :-1] = minutes
    ends = beat.duration + np.maximum(waits[to_home, to_home], beat.gap)
    waits[to_home, to_home] = _up(ends, beat.step) - beat.duration
    waits[: len(bases), to_home] = _up(minutes[: len(bases), len(bases) :], beat.step)
    waits[-1, to_home] = beat.after(0)  # out of what is nowhere, one is back on the grid
    metres = np.zeros((places, places), dtype=np.int64)
    metres[:-1, :-1] = np.rint(1000 * road_km)
    return Travel(distances_m=metres, durations_s=60 * waits)


def _crow_km(points: Sequence[Point]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the distances of `availability.places.distance_km`, for all pairs."""
    lat, lon = np.radians(np.array(points, dtype=float).reshape(-1, 2)).T
    across = np.sin((lat[:, None] - lat) / 2) ** 2
    around = np.sin((lon[:, None] - lon) / 2) ** 2 * np.cos(lat[:, None]) * np.cos(lat)
    distances: np.ndarray[tuple[int, int], np.dtype[np.float64]] = (
        2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(across + around)))
    )
    return distances


def _up(minutes: Matrix, step: int) -> Matrix:
    return -(-minutes // step) * step
