"""The judicial map of the demonstration: the real courts, under their real codes, in every department."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from availability.gazetteer import Commune, commune_of_insee
from availability.models import TerritoryLevel
from availability.places import distance_km
from portal.demo.sheets import Sheet

# Source: list of courts of the ministry of Justice, open data (mnemonics of appeal courts).
APPEAL_COURTS = {
    "CAAGEN": "Cour d’appel d’Agen",
    "CAAIXPROVE": "Cour d’appel d’Aix-en-Provence",
    "CAAMIENS": "Cour d’appel d’Amiens",
    "CAANGERS": "Cour d’appel d’Angers",
    "CABASSETER": "Cour d’appel de Basse-Terre",
    "CABASTIA": "Cour d’appel de Bastia",
    "CABESANCON": "Cour d’appel de Besançon",
    "CABORDEAUX": "Cour d’appel de Bordeaux",
    "CABOURGES": "Cour d’appel de Bourges",
    "CACAEN": "Cour d’appel de Caen",
    "CACAYEN": "Cour d’appel de Cayenne",
    "CACHAMBERY": "Cour d’appel de Chambéry",
    "CACOLMAR": "Cour d’appel de Colmar",
    "CADENISREU": "Cour d’appel de Saint-Denis de La Réunion",
    "CADIJON": "Cour d’appel de Dijon",
    "CADOUAI": "Cour d’appel de Douai",
    "CAFORTFRAN": "Cour d’appel de Fort-de-France",
    "CAGRENOBLE": "Cour d’appel de Grenoble",
    "CALIMOGES": "Cour d’appel de Limoges",
    "CALYON": "Cour d’appel de Lyon",
    "CAMETZ": "Cour d’appel de Metz",
    "CAMONTPELL": "Cour d’appel de Montpellier",
    "CANANCY": "Cour d’appel de Nancy",
    "CANIMES": "Cour d’appel de Nîmes",
    "CANOUMEA": "Cour d’appel de Nouméa",
    "CAORLEANS": "Cour d’appel d’Orléans",
    "CAPAPEETE": "Cour d’appel de Papeete",
    "CAPARIS": "Cour d’appel de Paris",
    "CAPAU": "Cour d’appel de Pau",
    "CAPOITIERS": "Cour d’appel de Poitiers",
    "CAREIMS": "Cour d’appel de Reims",
    "CARENNES": "Cour d’appel de Rennes",
    "CARIOM": "Cour d’appel de Riom",
    "CAROUEN": "Cour d’appel de Rouen",
    "CATOULOUSE": "Cour d’appel de Toulouse",
    "CAVERSAILL": "Cour d’appel de Versailles",
    "TSAPIERREM": "Tribunal supérieur d’appel de Saint-Pierre-et-Miquelon",
}


@dataclass(frozen=True)
class Department:
    """A department or an overseas collectivity."""

    code: str
    of_it: str  # "du Rhône": how its services are named
    seat: Commune


@dataclass(frozen=True)
class Court:
    """A judicial court, and the territory that it is."""

    id: int
    code: str
    name: str
    commune: Commune
    appeal: str
    department: Department


class JudicialMap:
    """Departments, courts and the territory of any commune. `sheet` holds the rows."""

    def __init__(self) -> None:
        self.sheet = Sheet("territory", "code name level parent_id")
        self.departments = {department.code: department for department in _departments()}
        self.appeals = self._appeal_courts()
        self.courts = list(self._courts())
        self.by_code = {court.code: court for court in self.courts}

    def court_of(self, commune: Commune) -> Court:
        """Return the nearest court of the department; of the country for the two islands that have none."""
        courts = self._by_department.get(commune.department, self.courts)
        return min(courts, key=lambda court: _nearness(court.commune, commune))

    def courts_in(self, department: Department) -> list[Court]:
        """Return the courts of a department, the one of its seat first; never empty."""
        courts = self._by_department.get(department.code) or [self.court_of(department.seat)]
        return sorted(courts, key=lambda court: _nearness(court.commune, department.seat))

    @cached_property
    def _by_department(self) -> dict[str, list[Court]]:
        found: defaultdict[str, list[Court]] = defaultdict(list)
        for court in self.courts:
            found[court.department.code].append(court)
        return dict(found)

    def _appeal_courts(self) -> dict[str, int]:
        self.country = self.sheet.add(code="FR", name="France", level=TerritoryLevel.COUNTRY.value, parent_id=None)
        level = TerritoryLevel.COURT_OF_APPEAL.value
        return {
            code: self.sheet.add(code=code, name=name, level=level, parent_id=self.country)
            for code, name in APPEAL_COURTS.items()
        }

    def _courts(self) -> Iterator[Court]:
        level = TerritoryLevel.JUDICIAL_COURT.value
        for row in _table("judicial_courts.csv"):
            appeal = self.appeals[row["appeal"]]
            number = self.sheet.add(code=row["code"], name=row["name"], level=level, parent_id=appeal)
            commune = town(row["insee"])
            yield Court(number, row["code"], row["name"], commune, row["appeal"], self.departments[commune.department])


def town(insee: str) -> Commune:
    """Return a commune that must exist. Raises: LookupError."""
    found = commune_of_insee(insee)
    if found is None:
        raise LookupError(insee)
    return found


def _departments() -> Iterator[Department]:
    for row in _table("departments.csv"):
        yield Department(row["code"], row["of_it"], town(row["seat"]))


def _table(name: str) -> Iterator[dict[str, str]]:
    with (files("portal.demo") / name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _nearness(one: Commune, other: Commune) -> float:
    return distance_km(one.lat, one.lon, other.lat, other.lon)
