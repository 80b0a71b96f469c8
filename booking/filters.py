"""The filters of the map, as they stand in its address: read with patience, written without noise. Pure.

A bad value is reported beside its field and set aside; what was typed is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, time, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from availability.attributes import Attribute, AttributeType, schema
from availability.errors import InvalidRequest
from availability.models import Kind, Shape
from availability.search import MAX_RADIUS_KM, Wish, Work
from availability.travel import reach_km

DEFAULT_NIGHTS = 3
DEFAULT_DAYS = 30
DEFAULT_RADIUS_KM = 50
DEFAULT_TRAVEL_MIN = 45
MOST_TRAVEL_MIN = 240
BEYOND = 1.5  # how much farther than the travel time allows one looks, to say what is just too far
WORK_DAYS = "12345"
MOST_ATTRIBUTES = 20
ATTRIBUTE_NAME = re.compile(r"c_[a-z][a-z0-9_]{0,40}")  # "c_" then the code of an attribute of the kind
# Attributes that every kind names alike, and their names in the address; a person's file fills them.
PROFILE = {"sex": "sexe", "age": "age", "weekend": "weekend", "accessible": "accessible"}


@dataclass(frozen=True)
class Filters:
    """What was typed, as text, under the names that the address carries; `problems` is by field."""

    type: str = ""
    du: str = ""
    au: str = ""
    lieu: str = ""
    point: str = ""  # lat,lon of a pin put by hand; it wins over `lieu`
    mesure: str = ""  # "min": travel time, as `trajet` says; otherwise distance, as `rayon` says
    rayon: str = ""
    trajet: str = ""
    debut: str = ""  # hours of work, at `lieu`
    fin: str = ""
    jours: str = ""  # days worked: "12345" is from Monday to Friday
    sexe: str = ""
    age: str = ""
    weekend: str = ""
    accessible: str = ""
    charge: str = ""  # load, in per cent of the capacity
    delai: str = ""  # days before the first appointment
    recent: str = ""  # declared lately
    libres: str = ""
    ailleurs: str = ""  # beyond one's own territories
    cadre: str = ""  # west,south,east,north of the map: "Chercher ici"
    personne: str = ""
    site: str = ""  # whose sheet is open
    vue: str = ""  # how the answer is shown: "" (map and list), "liste", "tableau"
    tri: str = ""  # of the table: a column, "-" before it for the greatest first
    page: str = ""  # of the table
    raison: str = ""  # the reason whose places are shown
    attributs: dict[str, str] = field(default_factory=dict)  # of the kind's schema, by name in the address
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
        return self.typed().get(name, "") in ("1", "on", "true")

    def without(self, *names: str) -> Filters:
        """Return the same filters, but for those names, which are left empty."""
        kept = {name: value for name, value in self.typed().items() if name not in names}
        return Filters.read(kept)


@dataclass(frozen=True)
class Reading:
    """The filters understood: a wish, and the sentence of each problem by field."""

    filters: Filters
    wish: Wish
    problems: dict[str, str]


def understand(filters: Filters, kind: Kind, near: tuple[float, float] | None, *, today: date) -> Reading:
    """Return the wish that the filters express, a default standing in for every value that cannot be used."""
    problems: dict[str, str] = {}
    first, until = _days(filters, kind, today, problems)
    bounds = _bounds(filters.cadre)
    attributes = schema_of(kind)
    by_travel = near and filters.mesure == "min"
    travel_min = (TRAVEL.read(filters, problems) or DEFAULT_TRAVEL_MIN) if by_travel else None
    load = LOAD.read(filters, problems) if kind.shape == Shape.PLACES else None
    has_delay = kind.shape in (Shape.SLOTS, Shape.SESSIONS) or any(one.is_delay for one in attributes)
    wish = Wish(
        kind=kind,
        first=first,
        until=until,
        near=near,
        radius_km=_reach(filters, travel_min, problems) if near and not bounds else None,
        bounds=bounds,
        sex=filters.sexe if filters.sexe in ("F", "M") else None,
        age=AGE.read(filters, problems),
        weekend=filters.flag("weekend"),
        accessible=filters.flag("accessible"),
        attributes=_asked(filters, attributes, problems),
        work=_work(filters, attributes, near, problems),
        max_travel_min=travel_min,
        max_delay_days=DELAY.read(filters, problems) if has_delay else None,
        max_load=None if load is None else load / 100,
        fresh=filters.flag("recent") and kind.shape == Shape.PLACES,
        beyond=filters.flag("ailleurs"),
    )
    return Reading(replace(filters, problems=problems), wish, problems)


def schema_of(kind: Kind) -> tuple[Attribute, ...]:
    """Return what a kind is searched on, in order."""
    return schema(kind.searchable or {})


def name_of(attribute: Attribute) -> str:
    """Return the name of an attribute in the address."""
    return PROFILE.get(attribute.code, f"c_{attribute.code}")


def point_in(typed: str) -> tuple[float, float] | None:
    """Return (latitude, longitude) of a pin put by hand, or None."""
    try:
        lat, lon = (float(part) for part in typed.split(","))
    except ValueError:
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _text(value: object) -> str:
    """Return what was typed; a box that a form sends as true or false stands as "1" or nothing."""
    if isinstance(value, bool):
        return "1" if value else ""
    return "".join(letter for letter in str(value) if letter.isprintable()).strip()[:200]


def _days(filters: Filters, kind: Kind, today: date, problems: dict[str, str]) -> tuple[date, date]:
    length = timedelta(days=DEFAULT_NIGHTS if kind.shape == Shape.NIGHTS else DEFAULT_DAYS)
    first = _date(filters.du, "du", problems) or today
    if first < today:
        problems["du"] = "Cette date est passée : la recherche commence aujourd’hui."
        first = today
    until = _date(filters.au, "au", problems) or first + length
    if until <= first:
        problems["au"] = "La fin doit être après le début."
        until = first + length
    if (until - first).days > 731:
        problems["au"] = "La période est trop longue : deux ans au plus."
        until = first + timedelta(days=731)
    return first, until


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


def _reach(filters: Filters, travel_min: int | None, problems: dict[str, str]) -> float:
    """Return how far to look: the distance typed, or somewhat farther than the travel time allows."""
    if travel_min is None:
        return _radius(filters, problems)
    return float(min(MAX_RADIUS_KM, max(5, ceil(reach_km(travel_min) * BEYOND / 5) * 5)))


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


@dataclass(frozen=True)
class Whole:
    """A filter that is a whole number, between two bounds, both included; `words` say so."""

    name: str
    least: int
    most: int
    words: str

    def read(self, filters: Filters, problems: dict[str, str]) -> int | None:
        """Return the number typed, or None after saying what is wrong with it."""
        typed = filters.typed()[self.name]
        if not typed:
            return None
        if typed.isascii() and typed.isdecimal() and self.least <= int(typed[:9]) <= self.most:
            return int(typed)
        problems[self.name] = self.words
        return None


@dataclass(frozen=True)
class WorkHours:
    """When somebody works, every week, in wall time; Monday is 0."""

    starts: time
    ends: time
    weekdays: tuple[int, ...]


AGE = Whole("age", 13, 120, "L’âge se donne en années, de 13 à 120.")
TRAVEL = Whole("trajet", 1, MOST_TRAVEL_MIN, f"Le temps de trajet se donne en minutes, de 1 à {MOST_TRAVEL_MIN}.")
DELAY = Whole("delai", 0, 3660, "Le délai se donne en jours.")
LOAD = Whole("charge", 1, 500, "La charge se donne en pour cent de la capacité.")


def _work(
    filters: Filters, attributes: tuple[Attribute, ...], near: tuple[float, float] | None, problems: dict[str, str]
) -> Work | None:
    """Return when one works at the address, for a kind whose doors have hours."""
    if not (filters.debut or filters.fin) or not any(one.type is AttributeType.HOURS for one in attributes):
        return None
    starts, ends = (_hour(filters, name, problems) for name in ("debut", "fin"))
    days = frozenset(int(day) - 1 for day in (filters.jours or WORK_DAYS) if day in "1234567")
    if starts is None or ends is None:
        return None
    if not days:
        problems["jours"] = "Choisissez au moins un jour travaillé."
        return None
    if near is None:
        problems["lieu"] = "Indiquez l’adresse du travail : c’est elle qui dit si ces horaires sont tenables."
        return None
    return Work(*near, starts, ends, days)


def hours_of_work(filters: Filters) -> WorkHours | None:
    """Return when somebody works, as the search says it, wherever that is; None when it does not."""
    starts, ends = (_hour(filters, name, {}) for name in ("debut", "fin"))
    days = sorted({int(day) - 1 for day in (filters.jours or WORK_DAYS) if day in "1234567"})
    return WorkHours(starts, ends, tuple(days)) if starts is not None and ends is not None and days else None


def _hour(filters: Filters, name: str, problems: dict[str, str]) -> time | None:
    typed = filters.typed()[name]
    if re.fullmatch(r"([01]?\d|2[0-3])(:[0-5]\d| ?[hH] ?([0-5]\d)?)", typed):
        hour, minute = re.findall(r"\d+", typed + " 00")[:2]
        return time(int(hour), int(minute))
    problems[name] = "Indiquez une heure, comme 06:00." if typed else "Indiquez aussi cette heure."
    return None


def _asked(filters: Filters, attributes: tuple[Attribute, ...], problems: dict[str, str]) -> dict[str, Any]:
    """Return what is asked of the attributes that a kind has, besides those of a person's file."""
    asked: dict[str, Any] = {}
    for one in attributes:
        typed = filters.attributs.get(name_of(one), "")
        if not typed or one.code in PROFILE or one.type is AttributeType.HOURS:
            continue
        try:
            asked[one.code] = one.read(typed)
        except InvalidRequest as refusal:
            problems[name_of(one)] = _refused(refusal, one)
    return asked


def _refused(refusal: InvalidRequest, attribute: Attribute) -> str:
    if refusal.problem in ("not-numeric", "out-of-range", "beyond"):
        bounds = [f"{bound:g}" for bound in (attribute.smallest, attribute.largest) if bound is not None]
        return "Indiquez un nombre" + (f", de {bounds[0]} à {bounds[1]}." if len(bounds) == 2 else ".")
    if refusal.problem == "unknown-choice":
        return "Ce choix n’existe pas : choisissez dans la liste."
    return "Cette valeur ne se lit pas."


def _bounds(typed: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in typed.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -90 <= south < north <= 90 and west < east else None
