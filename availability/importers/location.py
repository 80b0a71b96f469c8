"""Where the place of a line is, with the civil time and the holidays that rule there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from availability.gazetteer import best_commune
from availability.importers.notes import Notes
from availability.importers.report import Problem
from availability.importers.table import Line
from availability.models import LocatedBy
from availability.places import (
    Commune,
    commune_of_insee,
    department_of,
    distance_km,
    normalise,
    territory_time,
    time_of_commune,
)

# A source that says "latitude of the commune" may give the middle of its area, kilometres away from the town.
FAR_KM = 15
ELSEWHERE_KM = 100  # even Maripasoula is smaller: the coordinates are those of somewhere else
INSEE = re.compile(r"(?:\d{2}|2[AB])\d{3}")
POSTCODE = re.compile(r"\d{5}")
DEGREES = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,20})?", re.ASCII)


@dataclass(frozen=True)
class Location:
    """The columns of a site that say where it is."""

    postcode: str
    commune: str
    insee: str
    lat: float | None
    lon: float | None
    located_by: LocatedBy
    time_zone: str
    holiday_zone: str

    @property
    def department(self) -> str:
        """Return the department, as far as the commune or the postcode tells."""
        return department_of(self.insee or self.postcode)


def at_commune(commune: Commune) -> Location:
    """Return the middle of the commune."""
    time_zone, holiday_zone = time_of_commune(commune.insee)
    postcode = commune.postcodes[0] if len(commune.postcodes) == 1 else ""
    where = commune.lat, commune.lon, LocatedBy.COMMUNE
    return Location(postcode, commune.name, commune.insee, *where, time_zone, holiday_zone)


def nowhere(department: str) -> Location:
    """Return a place of which only the department may be known."""
    return Location("", "", "", None, None, LocatedBy.NOWHERE, *territory_time(department))


def location_of(line: Line, notes: Notes) -> Location:
    """Return where a line of the list of courts says to be: its own coordinates, else the middle of its commune."""
    insee = _insee(line, notes)
    postcode = _postcode(line, notes)
    department = department_of(insee or postcode) or line["departement"]
    commune = commune_of_insee(insee) if insee else _commune_by_name(line["ville"], department)
    town = _town(line, insee, commune, notes)
    lat, lon, located_by = _point(line, commune, notes)
    if located_by is LocatedBy.NOWHERE:
        notes.doubt(line, Problem.NOWHERE, f"{line['insee']} {line['ville']}".strip() or line.words)
    if not postcode and commune and len(commune.postcodes) == 1:
        postcode = commune.postcodes[0]
    insee = insee or (commune.insee if commune else "")
    zones = time_of_commune(insee) if insee else territory_time(department)
    return Location(postcode, town, insee, lat, lon, located_by, *zones)


def _insee(line: Line, notes: Notes) -> str:
    code = line["insee"].upper()
    if not INSEE.fullmatch(code):
        notes.doubt(line, Problem.BAD_INSEE, line["insee"] or line["ville"])
        return ""
    if (department := line["departement"].upper()) and department_of(code) != department:
        notes.doubt(line, Problem.INSEE_ELSEWHERE, f"{code} / {department}")
    return code


def _postcode(line: Line, notes: Notes) -> str:
    if line["code_postal"] and not POSTCODE.fullmatch(line["code_postal"]):
        notes.doubt(line, Problem.BAD_POSTCODE, line["code_postal"])
        return ""
    return line["code_postal"]


def _commune_by_name(name: str, department: str) -> Commune | None:
    return best_commune(name, department) if name and department else None


def _town(line: Line, insee: str, commune: Commune | None, notes: Notes) -> str:
    """Return the official name of the commune, or the town as written when it is another one."""
    written = line["ville"]
    if commune is None:
        return written
    if not written or _is_named(commune, written):
        return commune.name
    if insee:
        notes.doubt(line, Problem.OTHER_TOWN, f"{insee} / {written}", commune.name)
    return written


def _is_named(commune: Commune, written: str) -> bool:
    """Say whether the name is that of the commune, its beginning ("Evry"), or that of one it took in."""
    name = normalise(written)
    return f"{normalise(commune.name)} ".startswith(f"{name} ") or name in map(normalise, commune.also)


def _point(line: Line, commune: Commune | None, notes: Notes) -> tuple[float | None, float | None, LocatedBy]:
    source = _source_point(line, notes)
    if source and commune:
        apart = distance_km(*source, commune.lat, commune.lon)
        words = f"{line['lat_commune']} {line['lon_commune']}"
        if apart > ELSEWHERE_KM:
            notes.doubt(line, Problem.COORDINATES_ELSEWHERE, words, f"{commune.name}, {apart:.0f} km")
            source = None
        elif apart > FAR_KM:
            notes.doubt(line, Problem.COORDINATES_FAR, words, f"{commune.name}, {apart:.0f} km")
    if source:
        return *source, LocatedBy.SOURCE
    if commune:
        return commune.lat, commune.lon, LocatedBy.COMMUNE
    return None, None, LocatedBy.NOWHERE


def _source_point(line: Line, notes: Notes) -> tuple[float, float] | None:
    lat, lon = line["lat_commune"], line["lon_commune"]
    if not lat and not lon:
        return None
    if DEGREES.fullmatch(lat) and DEGREES.fullmatch(lon):
        point = float(lat.replace(",", ".")), float(lon.replace(",", "."))
        if abs(point[0]) <= 90 and abs(point[1]) <= 180:
            return point
    notes.doubt(line, Problem.BAD_COORDINATES, f"{lat} {lon}".strip())
    return None
