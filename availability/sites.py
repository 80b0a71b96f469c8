"""Search results gathered by site: what one pin of the map and one card of the list show. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from availability.search import Found

# A site is as good as its best resource.
BEST_FIRST = ("free", "held", "full", "closed", "other")


@dataclass(frozen=True)
class Spot:
    """A site and those of its resources that the wish concerns; counts are of places."""

    site_id: int
    name: str
    where: str
    lat: float | None
    lon: float | None
    located_by: str
    distance_km: float | None
    free: int
    held: int
    total: int
    state: str
    resources: tuple[Found, ...]


def by_site(found: Iterable[Found]) -> list[Spot]:
    """Return one spot a site: those with something free first, each group in the order of the search."""
    gathered: dict[int, list[Found]] = {}
    for one in found:
        gathered.setdefault(one.site_id, []).append(one)
    spots = [_spot(resources) for resources in gathered.values()]
    return sorted(spots, key=lambda spot: spot.state != "free")


def _spot(resources: list[Found]) -> Spot:
    first = resources[0]
    return Spot(
        site_id=first.site_id,
        name=first.site_name,
        where=address_line(first.address, first.postcode, first.commune),
        lat=first.lat,
        lon=first.lon,
        located_by=first.located_by,
        distance_km=first.distance_km,
        free=sum(one.free for one in resources if one.suits),
        held=sum(one.held for one in resources if one.mismatch is None),
        total=sum(one.total for one in resources),
        state=min((one.state for one in resources), key=BEST_FIRST.index),
        resources=tuple(resources),
    )


def address_line(address: str, postcode: str, commune: str) -> str:
    """Return a postal address on one line, without empty parts."""
    town = " ".join(part for part in (postcode, commune) if part)
    return ", ".join(part for part in (address, town) if part)
