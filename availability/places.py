"""Where things are: communes, distances, civil time of a territory, and coordinates of an address.

An address goes to the State's address base (BAN) when one is configured; otherwise, or when it does not answer, the
offline gazetteer gives the commune. `Located.places[…].source` says which of the two did, for the user to see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import asin, cos, degrees, radians, sin, sqrt

from availability.errors import Outage
from availability.gazetteer import (
    Commune,
    best_commune,
    by_population,
    close_names,
    commune_of_insee,
    communes_named,
    communes_of_postcode,
    department_of,
    gazetteer,
    nearest_commune,
    normalise,
    suggest,
)

__all__ = [
    "Box",
    "Commune",
    "Located",
    "Place",
    "Source",
    "best_commune",
    "bounding_box",
    "close_names",
    "commune_of_insee",
    "communes_in",
    "communes_named",
    "communes_of_postcode",
    "department_of",
    "distance_km",
    "locate",
    "nearest_commune",
    "normalise",
    "pointed",
    "suggest",
    "suggested",
    "territory_time",
    "time_of_commune",
]

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
MOST_PLACES = 8
SUGGESTED_WITHIN_S = 1.0  # who types does not wait longer
WAYS = frozenset({"cours", "port", "rue"})  # kinds of way in an address, and communes too: Rue is in Somme
METROPOLITAN_TIME = ("Europe/Paris", "")
# (IANA time zone, subdivision of France in the `holidays` library) where the metropolitan rule does not hold.
TERRITORY_TIME = {
    "57": ("Europe/Paris", "57"),
    "67": ("Europe/Paris", "6AE"),
    "68": ("Europe/Paris", "6AE"),
    "971": ("America/Guadeloupe", "971"),
    "972": ("America/Martinique", "972"),
    "973": ("America/Cayenne", "973"),
    "974": ("Indian/Reunion", "974"),
    "975": ("America/Miquelon", "PM"),
    "976": ("Indian/Mayotte", "976"),
    "977": ("America/St_Barthelemy", "BL"),
    "978": ("America/Marigot", "MF"),
    "984": ("Indian/Kerguelen", "TF"),
    "986": ("Pacific/Wallis", "WF"),
    "987": ("Pacific/Tahiti", "PF"),
    "988": ("Pacific/Noumea", "NC"),
}
# Polynesia has three civil times: the Marquesas are half an hour ahead of Tahiti, the Gambier islands an hour.
TIME_OF_COMMUNE = dict.fromkeys(("98718", "98723", "98731", "98746", "98756", "98757"), "Pacific/Marquesas") | {
    "98719": "Pacific/Gambier"
}


def territory_time(department: str) -> tuple[str, str]:
    """Return (IANA time zone, subdivision for `holidays.France`, "" for the metropolitan rule) of a department.

    `department` is the code of a department or overseas collectivity; an unknown one has metropolitan time.
    """
    return TERRITORY_TIME.get(department.strip().upper(), METROPOLITAN_TIME)


def time_of_commune(insee: str) -> tuple[str, str]:
    """Return the same as `territory_time` for a commune's INSEE code, which in Polynesia is more precise."""
    zone, holiday_zone = territory_time(department_of(insee))
    return TIME_OF_COMMUNE.get(insee, zone), holiday_zone


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance between two points in degrees (haversine, within 0.5 %)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half_lat, half_lon = (phi2 - phi1) / 2, radians(lon2 - lon1) / 2
    chord = sin(half_lat) ** 2 + cos(phi1) * cos(phi2) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


@dataclass(frozen=True, slots=True)
class Box:
    """The degrees between which a circle fits. `west > east` when it crosses the antimeridian: see `spans`."""

    south: float
    north: float
    west: float
    east: float

    @property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """Return the longitudes as one or two (from, to) that a B-tree can read."""
        if self.west <= self.east:
            return ((self.west, self.east),)
        return ((self.west, 180.0), (-180.0, self.east))

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a point is in the box, edges included."""
        return self.south <= lat <= self.north and any(west <= lon <= east for west, east in self.spans)


def bounding_box(lat: float, lon: float, radius_km: float) -> Box:
    """Return the smallest box of latitudes and longitudes around the circle; all longitudes if it holds a pole."""
    angle = radius_km / EARTH_RADIUS_KM
    margin = 1e-9  # degrees, a tenth of a millimetre: a point on the circle stays in despite rounding
    south, north = lat - degrees(angle) - margin, lat + degrees(angle) + margin
    if south <= -90 or north >= 90:
        return Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0)
    reach = degrees(asin(min(1.0, sin(angle) / cos(radians(lat))))) + margin
    if reach >= 180:
        return Box(south, north, -180.0, 180.0)
    return Box(south, north, _longitude(lon - reach), _longitude(lon + reach))


def _longitude(degrees_east: float) -> float:
    return degrees_east if -180 <= degrees_east <= 180 else (degrees_east + 180) % 360 - 180


class Source(StrEnum):
    """Who gave the coordinates."""

    BAN = "BAN"  # Base Adresse Nationale: the address itself
    COMMUNE = "commune"  # the gazetteer: somewhere in the middle of the commune
    HAND = "hand"  # the pin that the user moved


@dataclass(frozen=True, slots=True)
class Place:
    """A point for a text. `score` is the confidence in it, from 0 to 1."""

    label: str
    lat: float
    lon: float
    source: Source
    score: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that leads to one place, and what tells it from others: its postcode."""

    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Located:
    """Places for a text, the best first.

    `ban_failed`: the address base was asked and did not answer properly. `not_in_base`: it answered that there is no
    such address.
    """

    places: tuple[Place, ...]
    ban_failed: bool = False
    not_in_base: bool = False

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def best(self) -> Place | None:
        """Return the first place, if there is any."""
        return self.places[0] if self.places else None


def locate(text: str, *, ban_url: str = "", timeout_s: float = 2.0) -> Located:
    """Return the places that an address or the name of a commune may mean, at most eight.

    Asks the address base at `ban_url` when there is one, and the gazetteer when it finds nothing or fails: never call
    it inside a transaction. Never raises for what the network does.
    """
    wanted = " ".join(text.split())[:200]  # the base refuses more
    if not wanted:
        return Located(())
    if not ban_url or len(wanted) < 3:
        return Located(tuple(_in_gazetteer(wanted)))
    from availability.address_base import ask  # geopy takes long to import: only who uses it waits

    answered = ask(wanted, ban_url, timeout_s, MOST_PLACES)
    places = tuple(answered or _in_gazetteer(wanted))
    return Located(places, ban_failed=answered is None, not_in_base=answered == [])


def pointed(lat: float, lon: float) -> Located:
    """Return a place put by hand, named after the commune around it."""
    commune = nearest_commune(lat, lon)
    return Located((Place(f"{commune.name} ({commune.department})", lat, lon, Source.HAND, 1.0),))


def suggested(text: str, *, ban_url: str = "", limit: int = MOST_PLACES) -> list[Suggestion]:
    """Return what may be meant by what is being typed: communes, and addresses if there is an address base.

    Never call it inside a transaction; never raises for what the network does.
    """
    typed = " ".join(text.split())[:200]
    communes = [
        Suggestion(f"{one.name} ({one.department})", one.postcodes[0] if one.postcodes else "")
        for one in suggest(typed, limit)
    ]
    try:
        addresses = _addresses(typed, ban_url, limit) if ban_url and len(typed) >= 3 else ()
    except Outage:
        addresses = ()
    exact = [Suggestion(place.label, "adresse") for place in addresses]
    # A number is that of a street; without one it is more likely a town.
    ordered = [*exact, *communes] if any(letter.isdigit() for letter in typed) else [*communes, *exact]
    return list(dict.fromkeys(ordered))[:limit]


@lru_cache(maxsize=2048)
def _addresses(typed: str, ban_url: str, limit: int) -> tuple[Place, ...]:
    """Return what the base answers, remembered for who types the same. Raises: Outage, which is not remembered."""
    from availability.address_base import ask

    answered = ask(typed, ban_url, SUGGESTED_WITHIN_S, limit)
    if answered is None:
        raise Outage
    return tuple(answered)


def _in_gazetteer(text: str) -> list[Place]:
    found = communes_in(text) or suggest(text, MOST_PLACES)
    whole = normalise(text)
    return [
        Place(
            f"{commune.name} ({commune.department})",
            commune.lat,
            commune.lon,
            Source.COMMUNE,
            1.0 if normalise(commune.name) == whole else 0.5,
        )
        for commune in found[:MOST_PLACES]
    ]


def communes_in(text: str) -> list[Commune]:
    """Return the communes that an address names, by postcode and name, else by one of them; the likeliest first."""
    postcode = _postcode(text)
    named = _named_in(text)
    if postcode is None:
        return named
    served = communes_of_postcode(postcode)
    names = tuple(f"{normalise(commune.name)} " for commune in named)
    both = [commune for commune in served if f"{normalise(commune.name)} ".startswith(names)] if names else []
    near = [commune for commune in named if postcode.startswith(_postal_start(commune))]
    return both or near or served  # a CEDEX has a postcode of its own, of the same department


def _postcode(text: str) -> str | None:
    """Return the last number of five digits: the street may have one too."""
    found = re.findall(r"(?<!\d)\d{5}(?!\d)", text)
    return found[-1] if found else None


def _postal_start(commune: Commune) -> str:
    return "20" if commune.department in ("2A", "2B") else commune.department


def _named_in(text: str) -> list[Commune]:
    """Return the communes whose name is in the text. The last name wins ("rue de Paris, Lille"), then the longest.

    "rue" before its name is no commune, else a wrong address would be in Somme.
    """
    words = normalise(re.sub(r"(?<!\d)\d{5}(?!\d)", " ", text)).split()
    known = gazetteer().by_name
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - 8), end):
            found = known.get(" ".join(words[start:end]))
            if found and not _is_a_way(words[start:end], words[end:]):
                after = "".join(words[end : end + 1]).upper().zfill(2)  # "Saint-Denis (93)"
                return [one for one in found if one.department == after] or sorted(found, key=by_population)
    return []


def _is_a_way(name: list[str], after: list[str]) -> bool:
    """Say whether a name is only the kind of way that an address goes on with; "Rue (80)" is the commune."""
    return len(name) == 1 and name[0] in WAYS and bool(after) and not after[0][0].isdigit()
