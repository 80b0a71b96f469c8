"""The judicial court that a list means by "Circonscription judiciaire de …"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from availability.importers.departments import without_link
from availability.models import Site, Territory, TerritoryLevel
from availability.places import commune_of_insee, department_of, distance_km, normalise

NAMED = re.compile(r"circonscriptions? judiciaires?\s+(d[^.|,;(]+)", re.IGNORECASE)
COURT = re.compile(r"^tribunal (?:judiciaire|de premiere instance|de proximite|superieur d appel) ")


@dataclass(frozen=True)
class Jurisdiction:
    """A judicial or proximity court that exists, with what is known of its seat."""

    code: str
    name: str
    level: str
    parent_code: str | None = None
    insee: str = ""  # empty: its seat is not known
    lat: float | None = None
    lon: float | None = None

    @property
    def cities(self) -> frozenset[str]:
        """Return the normalised names under which its city is known, former communes included."""
        names = {without_link(COURT.sub("", normalise(self.name)))}
        if commune := commune_of_insee(self.insee):
            names |= {normalise(commune.name), *map(normalise, commune.also)}
        return frozenset(names)


class Jurisdictions:
    """Finds a court by city and department, or the nearest one."""

    def __init__(self, courts: Iterable[Jurisdiction]) -> None:
        self.by_code = {court.code: court for court in courts}
        self.cities = {court.code: court.cities for court in self.by_code.values()}

    def named_in(self, ressort: str, departments: Sequence[str]) -> Jurisdiction | None:
        """Return the judicial court of the first "circonscription judiciaire" of the text that is known."""
        for found in NAMED.finditer(ressort):
            for words in re.split(r"\s+et\s+", found[1]):
                if court := self._of_city(without_link(normalise(words)), departments):
                    return court
        return None

    def nearest(self, departments: Sequence[str], lat: float | None, lon: float | None) -> Jurisdiction | None:
        """Return the judicial court of the nearest seat in these departments, be it that of its proximity court."""
        near = [court for court in self.by_code.values() if court.insee and department_of(court.insee) in departments]
        if lat is None or lon is None:
            return self._judicial(near)
        located = sorted(
            (distance_km(lat, lon, court.lat, court.lon), court.code)
            for court in near
            if court.lat is not None and court.lon is not None
        )
        return next(filter(None, (self._judicial([self.by_code[code]]) for _, code in located)), None)

    def _of_city(self, city: str, departments: Sequence[str]) -> Jurisdiction | None:
        """Return the court of a city, by its name, else by the beginning of it ("Digne")."""
        if not city:
            return None
        near = [court for court in self.by_code.values() if _may_be_in(court, departments)]
        exact = [court for court in near if city in self.cities[court.code]]
        longer = [court for court in near if any(name.startswith(f"{city} ") for name in self.cities[court.code])]
        return self._judicial(exact) or self._judicial(longer)

    def _judicial(self, courts: Sequence[Jurisdiction]) -> Jurisdiction | None:
        """Return the judicial court among courts, else the one that a proximity court is attached to."""
        judicial = [court for court in courts if court.level == TerritoryLevel.JUDICIAL_COURT]
        above = [self.by_code[court.parent_code] for court in courts if court.parent_code in self.by_code]
        candidates = {court.code: court for court in judicial or above}
        return next(iter(candidates.values())) if len(candidates) == 1 else None


def _may_be_in(court: Jurisdiction, departments: Sequence[str]) -> bool:
    return not departments or not court.insee or department_of(court.insee) in departments


def known_jurisdictions(session: Session) -> list[Jurisdiction]:
    """Return the judicial and proximity courts there are, with their seat when they have a site of the same code."""
    parent = Territory.__table__.alias("parent")  # type: ignore[attr-defined]
    own, site = Territory.__table__.c, Site.__table__  # type: ignore[attr-defined]
    query = (
        select(own.code, own.name, own.level, parent.c.code, site.c.insee, site.c.lat, site.c.lon)
        .outerjoin(parent, parent.c.id == own.parent_id)
        .outerjoin(site, site.c.code == own.code)
        .where(own.level.in_((TerritoryLevel.JUDICIAL_COURT.value, TerritoryLevel.PROXIMITY_COURT.value)))
        .order_by(own.code)
    )
    return [
        Jurisdiction(code, name, level, parent_code, insee or "", lat, lon)
        for code, name, level, parent_code, insee, lat, lon in session.execute(query)
    ]
