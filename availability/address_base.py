"""The State's address base (Base Adresse Nationale), asked through geopy."""

from __future__ import annotations

from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from geopy.exc import GeopyError
from geopy.geocoders import BANFrance

from availability.places import Place, Source


def ask(text: str, ban_url: str, timeout_s: float, limit: int) -> list[Place] | None:
    """Return the places that the base finds for a text, none perhaps; None when it fails."""
    try:
        base = urlsplit(ban_url)
        domain = f"{base.netloc}{base.path.removesuffix('/').removesuffix('/search')}"
        geocoder = AddressBase(domain=domain, scheme=base.scheme, timeout=timeout_s, user_agent="placejuste")
        found: list[Place] = geocoder.geocode(text, exactly_one=False, limit=limit)
    except (GeopyError, LookupError, TypeError, ValueError, AttributeError):
        # all but the first are an answer, or an address of the base, that has not the right shape
        return None
    return found


class AddressBase(BANFrance):  # type: ignore[misc]
    """The BAN, read strictly: geopy takes any JSON without features for "nothing found", and loses the score."""

    def _parse_json(self, response: Any, exactly_one: bool) -> list[Place]:  # noqa: ARG002 - as geopy calls it
        return [_place(feature) for feature in response["features"]]


def _place(feature: Any) -> Place:
    """Return the place of a GeoJSON feature of the BAN. Raises LookupError, TypeError or ValueError on another."""
    lon, lat = (float(degree) for degree in feature["geometry"]["coordinates"])
    properties = feature["properties"]
    score = float(properties.get("score", 0))
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and isfinite(score)):
        raise ValueError("not on earth")
    return Place(str(properties["label"]), lat, lon, Source.BAN, min(1.0, max(0.0, score)))
