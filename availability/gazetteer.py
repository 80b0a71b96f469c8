"""The communes of France with their coordinates, offline: what finds a place when no address service answers.

`data/communes.csv` is made by `tools/build_gazetteer.py`; its coordinates are those of GeoNames (CC-BY 4.0), its
names, codes, postcodes and populations those of Etalab's "découpage administratif" (INSEE and La Poste, Licence
Ouverte 2.0). See docs/data.md.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property, lru_cache
from heapq import nsmallest
from importlib.resources import files
from math import cos, radians
from typing import NamedTuple

OVERSEAS = ("97", "98")
PLAIN = str.maketrans(
    {letter: unicodedata.normalize("NFKD", letter)[0] for letter in "àáâäãåçèéêëìíîïñòóôöõùúûüýÿ"}
    | {"œ": "oe", "æ": "ae", "ß": "ss"}
    | dict.fromkeys("'’ʼ`´-‐‑–—_.,;:()[]\"/\t\n\r\xa0\u202f", " ")
)
SHORTENED = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
CEDEX = re.compile(r" cedex( \d{1,2})?\b")
DISTRICT = re.compile(r"\b0?([1-9]\d?)(?: ?(?:ers?|e|i?emes?|nd|arr(?:ondissements?|t|dt)?))*(?= |$)")


def normalise(name: str) -> str:
    """Return the name as it is compared: no case, accent, hyphen, apostrophe, CEDEX; "St" is "saint".

    An arrondissement is its number: "PARIS-17E-ARRONDISSEMENT" gives "paris 17".
    """
    plain = name.lower()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()
    plain = plain.replace("s/", "sur ").translate(PLAIN)
    words = [SHORTENED.get(word, word) for word in plain.split()]
    joined = " ".join(words)
    if "cedex" in words:
        joined = CEDEX.sub("", f" {joined}").strip()
    return DISTRICT.sub(r"\1", joined) if any("0" <= letter <= "9" for letter in joined) else joined


def normalise_all(names: list[str]) -> list[str]:
    """Return `normalise` of each name, ten times faster: names of a list of reference need little."""
    plain = "|".join(names).lower().translate(PLAIN).split("|")
    simple = re.compile(r"[a-z]+(?: [a-z]+)*").fullmatch
    return [
        flat if simple(flat) and not SHORTENED.keys() & flat.split() else normalise(name)
        for flat, name in zip(plain, names, strict=True)
    ]


class Commune(NamedTuple):
    """A commune, or an arrondissement of Paris, Lyon or Marseille. (A tuple: 15,000 are read in 30 ms.)"""

    insee: str
    name: str
    postcodes: tuple[str, ...]
    lat: float
    lon: float
    population: int
    also: tuple[str, ...]  # names of the former communes that it took in

    @property
    def department(self) -> str:
        """Return the code of its department or overseas collectivity: "2A", "59", "974", "988"."""
        return department_of(self.insee)

    @property
    def is_district(self) -> bool:
        """Say whether it is an arrondissement: the whole city is another row."""
        return self.insee.startswith(("751", "6938", "132"))


def department_of(code: str) -> str:
    """Return the department that a commune's INSEE code, or a postcode outside of Corsica, begins with."""
    return code[:3] if code.startswith(OVERSEAS) else code[:2]


class Gazetteer:
    """Every commune and the few indexes that searches need. Use `gazetteer()`, which keeps one."""

    def __init__(self, text: str) -> None:
        self.communes = [_commune(line) for line in text.splitlines()[1:]]
        self.names = normalise_all([commune.name for commune in self.communes])

    @cached_property
    def by_insee(self) -> dict[str, Commune]:
        """Return communes by INSEE code."""
        return {commune.insee: commune for commune in self.communes}

    @cached_property
    def by_postcode(self) -> dict[str, list[Commune]]:
        """Return communes by postcode; in each, an arrondissement before its city, then the most populated."""
        found: defaultdict[str, list[Commune]] = defaultdict(list)
        for commune in sorted(self.communes, key=lambda one: (not one.is_district, *by_population(one))):
            for postcode in commune.postcodes:
                found[postcode].append(commune)
        return dict(found)

    @cached_property
    def by_name(self) -> dict[str, list[Commune]]:
        """Return communes by normalised name; own names before those of former communes."""
        found: defaultdict[str, list[Commune]] = defaultdict(list)
        for name, commune in zip(self.names, self.communes, strict=True):
            found[name].append(commune)
        for communes in found.values():
            communes.sort(key=by_population)
        for name, commune in self.former_names:
            if commune not in found[name]:
                found[name].append(commune)
        return dict(found)

    @cached_property
    def _in_order(self) -> list[tuple[str, int]]:
        return sorted((name, index) for index, name in enumerate(self.names))

    def beginning_with(self, start: str) -> Iterator[Commune]:
        """Yield the communes whose normalised name begins so, in alphabetical order."""
        for position in range(bisect_left(self._in_order, (start, 0)), len(self._in_order)):
            name, index = self._in_order[position]
            if not name.startswith(start):
                return
            yield self.communes[index]

    @cached_property
    def former_names(self) -> list[tuple[str, Commune]]:
        """Return (normalised name of a former commune, commune that it is a part of)."""
        pairs = [(former, commune) for commune in self.communes for former in commune.also]
        names = normalise_all([former for former, _ in pairs])
        return [(name, commune) for name, (_, commune) in zip(names, pairs, strict=True)]


def _commune(line: str) -> Commune:
    insee, name, postcodes, lat, lon, population, also = line.split(",")
    former = tuple(also.split("|")) if also else ()
    return Commune(insee, name, tuple(postcodes.split()), float(lat), float(lon), int(population), former)


def by_population(commune: Commune) -> tuple[int, str]:
    """Return the sorting key that puts the most populated first, always in the same order."""
    return -commune.population, commune.insee


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Return the gazetteer, read once."""
    source = files("availability") / "data" / "communes.csv"
    return Gazetteer(source.read_text(encoding="utf-8"))


def commune_of_insee(code: str) -> Commune | None:
    """Return the commune with this INSEE code, when its coordinates are known."""
    return gazetteer().by_insee.get(code.strip().upper())


def communes_of_postcode(postcode: str) -> list[Commune]:
    """Return the communes that a postcode serves: an arrondissement first, then the most populated."""
    return list(gazetteer().by_postcode.get(postcode.strip(), ()))


def communes_named(name: str, department: str | None = None) -> list[Commune]:
    """Return the communes of this very name, the most populated first; former communes come last."""
    found = gazetteer().by_name.get(normalise(name), ())
    return [commune for commune in found if department in (None, commune.department)]


def best_commune(name: str, department: str | None = None) -> Commune | None:
    """Return the commune most likely meant: of this name, else whose name begins so ("Digne": Digne-les-Bains)."""
    exact = communes_named(name, department)
    if exact:
        return exact[0]
    start = normalise(name) + " "
    if len(start) < 4:
        return None
    longer = [one for one in gazetteer().beginning_with(start) if department in (None, one.department)]
    return min(longer, key=by_population, default=None)


def suggest(text: str, limit: int = 8) -> list[Commune]:
    """Return communes for what is being typed, a name or a postcode: whole name, then start, then inner word.

    Within each rank the most populated come first. Nothing typed, nothing suggested.
    """
    digits = "".join(text.split())
    if digits.isascii() and digits.isdecimal():
        return _with_postcode(digits, limit)
    wanted = normalise(text)
    if not wanted or limit < 1:
        return []
    best: dict[str, tuple[int, int, Commune]] = {}
    for rank, commune in _ranked(wanted):
        known = best.get(commune.insee)
        if known is None or rank < known[0]:
            best[commune.insee] = (rank, -commune.population, commune)
    return [entry[2] for entry in nsmallest(limit, best.values(), key=lambda entry: (*entry[:2], entry[2].insee))]


def nearest_commune(lat: float, lon: float) -> Commune:
    """Return the commune whose middle is the nearest to a point."""
    wide = cos(radians(lat))  # a degree of longitude, in degrees of latitude

    def apart(one: Commune) -> float:
        east = abs(one.lon - lon)
        return (one.lat - lat) ** 2 + (min(east, 360 - east) * wide) ** 2

    return min(gazetteer().communes, key=apart)


def close_names(text: str, limit: int = 3) -> list[Commune]:
    """Return the communes whose name is nearly what was typed, the closest first: "Grenbole" is Grenoble."""
    wanted = normalise(text)
    if len(wanted) < 4:
        return []
    known = gazetteer().by_name
    begun = {name for name in known if name[:1] == wanted[:1] and abs(len(name) - len(wanted)) < 3}
    return [known[name][0] for name in get_close_matches(wanted, begun, n=limit, cutoff=0.8)]


def _ranked(wanted: str) -> Iterator[tuple[int, Commune]]:
    """Yield (rank, commune) for each name that has `wanted` at the start of one of its words."""
    inner = " " + wanted
    known = gazetteer()
    for name, commune in zip(known.names, known.communes, strict=True):
        if name.startswith(wanted):
            yield (0 if name == wanted else 1), commune
        elif inner in name:
            yield 2, commune
    for name, commune in known.former_names:
        if name.startswith(wanted):
            yield (1 if name == wanted else 3), commune


def _with_postcode(digits: str, limit: int) -> list[Commune]:
    if len(digits) > 5:
        return []
    served = gazetteer().by_postcode
    if len(digits) == 5:
        return served.get(digits, [])[:limit]
    found = {
        commune.insee: commune
        for postcode, communes in served.items()
        if postcode.startswith(digits)
        for commune in communes
    }
    return nsmallest(limit, found.values(), key=by_population)
