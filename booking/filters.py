"""The filters of the map, as they stand in its address: read with patience, written without noise. Pure.

A bad value is reported beside its field and set aside; what was typed is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from availability.models import Kind
from availability.search import MAX_RADIUS_KM, Wish

DEFAULT_NIGHTS = 3
DEFAULT_DAYS = 30
DEFAULT_RADIUS_KM = 50
MOST_ATTRIBUTES = 20
ATTRIBUTE_NAME = re.compile(r"c_[a-z][a-z0-9_]{0,40}")  # "c_" then the code of an attribute of the kind


@dataclass(frozen=True)
class Filters:
    """What was typed, as text, under the names that the address carries; `problems` is by field."""

    type: str = ""
    du: str = ""
    au: str = ""
    lieu: str = ""
    rayon: str = ""
    sexe: str = ""
    age: str = ""
    weekend: str = ""
    accessible: str = ""
    libres: str = ""
    ailleurs: str = ""  # beyond one's own territories
    cadre: str = ""  # west,south,east,north of the map: "Chercher ici"
    point: str = ""  # lat,lon of a pin put by hand; it wins over `lieu`
    personne: str = ""
    site: str = ""  # whose sheet is open
    vue: str = ""  # how the answer is shown: "" (map and list), "liste", "tableau"
    tri: str = ""  # of the table: a column, "-" before it for the greatest first
    page: str = ""  # of the table
    raison: str = ""  # the reason whose places are shown
    attributs: dict[str, str] = field(default_factory=dict)  # of the kind's schema, by address name
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, parameters: Mapping[str, object]) -> Filters:
        """Return the filters of an address or of a form; unknown names are ignored, texts are trimmed."""
        known = {each.name for each in fields(cls)} - {"problems", "attributs"}
        typed: dict[str, Any] = {name: _text(value) for name, value in parameters.items() if name in known}
        named = {name: _text(value) for name, value in parameters.items() if ATTRIBUTE_NAME.fullmatch(str(name))}
        return cls(**typed, attributs={name: value for name, value in sorted(named.items())[:MOST_ATTRIBUTES] if value})

    def typed(self) -> dict[str, str]:
        """Return every filter as text, those of the kind's schema included, by the name that the address carries."""
        plain = {name: value for name, value in vars(self).items() if name not in ("problems", "attributs")}
        return plain | self.attributs

    def to_query(self) -> str:
        """Return the part of the address after "?"; empty filters are left out."""
        return urlencode({name: value for name, value in self.typed().items() if value})

    def flag(self, name: str) -> bool:
        """Say whether a box is ticked."""
        return getattr(self, name) in ("1", "on", "true")


@dataclass(frozen=True)
class Reading:
    """The filters understood: a wish, and the sentence of each problem by field."""

    filters: Filters
    wish: Wish
    problems: dict[str, str]


def understand(filters: Filters, kind: Kind, near: tuple[float, float] | None, *, today: date) -> Reading:
    """Return the wish that the filters express, a default standing in for every value that cannot be used."""
    problems: dict[str, str] = {}
    first = _date(filters.du, "du", problems) or today
    if first < today:
        problems["du"] = "Cette date est passée : la recherche commence aujourd’hui."
        first = today
    until = _date(filters.au, "au", problems) or first + timedelta(days=_default_length(kind))
    if until <= first:
        problems["au"] = "La fin doit être après le début."
        until = first + timedelta(days=_default_length(kind))
    if (until - first).days > 731:
        problems["au"] = "La période est trop longue : deux ans au plus."
        until = first + timedelta(days=731)
    bounds = _bounds(filters.cadre)
    wish = Wish(
        kind=kind,
        first=first,
        until=until,
        near=near,
        radius_km=_radius(filters, problems) if near and not bounds else None,
        bounds=bounds,
        sex=filters.sexe if filters.sexe in ("F", "M") else None,
        age=_age(filters, problems),
        weekend=filters.flag("weekend"),
        accessible=filters.flag("accessible"),
        beyond=filters.flag("ailleurs"),
    )
    return Reading(replace(filters, problems=problems), wish, problems)


def _text(value: object) -> str:
    """Return what was typed; a box that a form sends as true or false stands as "1" or nothing."""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value).strip()[:200]


def _default_length(kind: Kind) -> int:
    return DEFAULT_NIGHTS if kind.shape == "nights" else DEFAULT_DAYS


def _date(typed: str, name: str, problems: dict[str, str]) -> date | None:
    if not typed:
        return None
    try:
        read = date.fromisoformat(typed)
    except ValueError:
        problems[name] = "Cette date ne se lit pas : choisissez-la dans le calendrier."
        return None
    if not 2000 <= read.year <= 2100:
        problems[name] = "Cette date est trop loin."
        return None
    return read


def _radius(filters: Filters, problems: dict[str, str]) -> float:
    if not filters.rayon:
        return DEFAULT_RADIUS_KM
    try:
        radius = float(filters.rayon.replace(",", "."))
    except ValueError:
        radius = -1.0
    if 0 < radius <= MAX_RADIUS_KM:
        return radius
    problems["rayon"] = "La distance se donne en kilomètres, de 1 à 1 000."
    return DEFAULT_RADIUS_KM


def _age(filters: Filters, problems: dict[str, str]) -> int | None:
    if not filters.age:
        return None
    if filters.age.isdecimal() and 13 <= int(filters.age) <= 120:
        return int(filters.age)
    problems["age"] = "L’âge se donne en années, de 13 à 120."
    return None


def point_in(typed: str) -> tuple[float, float] | None:
    """Return (latitude, longitude) of a pin put by hand, or None."""
    try:
        lat, lon = (float(part) for part in typed.split(","))
    except ValueError:
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _bounds(typed: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in typed.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -90 <= south < north <= 90 and west < east else None
