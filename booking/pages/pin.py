"""A pin put by hand, read from the map or from what was typed. Pure."""

from __future__ import annotations

from math import isfinite

BOUNDS = {"lat": 90.0, "lon": 180.0}
WORDS = {
    "lat": "La latitude est un nombre de degrés, de −90 à 90, comme 45,764.",
    "lon": "La longitude est un nombre de degrés, de −180 à 180, comme 4,836.",
}


def read_pin(lat: object, lon: object) -> tuple[tuple[float, float] | None, dict[str, str]]:
    """Return (latitude, longitude), or None and what is wrong with each."""
    read = {"lat": _degrees(lat, BOUNDS["lat"]), "lon": _degrees(lon, BOUNDS["lon"])}
    if read["lat"] is not None and read["lon"] is not None:
        return (read["lat"], read["lon"]), {}
    return None, {name: WORDS[name] for name, value in read.items() if value is None}


def _degrees(typed: object, most: float) -> float | None:
    try:
        value = float(str(typed).strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= most else None
