"""What the subjects of the demonstration write into: organisations, sites, resources, beds, opening rules, hearings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from math import cos, radians, sqrt
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.range import DateRange

from availability.declarations import Declaration
from availability.gazetteer import Commune
from availability.models import LocatedBy
from availability.places import time_of_commune
from portal.demo.sheets import Sheet
from portal.demo.territories import Court, JudicialMap

DISTRICT = re.compile(r"^(Paris|Lyon|Marseille) (\d+er?) Arrondissement$")
# Streets that every town could have.
STREETS = (
    "rue des Tilleuls", "avenue de la Gare", "rue du Moulin", "place de la Fontaine", "rue des Écoles",
    "chemin des Vignes", "rue de l’Église", "boulevard de la République", "rue du Lavoir", "allée des Platanes",
    "rue des Artisans", "impasse des Lilas", "quai du Port", "rue Haute", "avenue des Marronniers",
    "rue de la Poste", "cours des Halles", "route de la Forêt", "rue du Stade", "place du Marché",
)  # fmt: skip
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # RFC 5545, section 3.3.10
ONE = Declaration(capacity=1, load=0, waiting=0)
FICTION_NUMBERS = 10_000  # 06 39 98 00 00 to 06 39 98 99 99: the range reserved for fiction


@dataclass(frozen=True, kw_only=True)
class Host:
    """A site and who runs it."""

    code: str
    site_id: int
    organisation_id: int
    court: Court
    commune: Commune
    name: str
    zone: ZoneInfo
    holiday_zone: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A resource as the bookings need it. `lanes` is how many may have it at the same time."""

    id: int
    kind: str
    name: str
    host: Host
    lanes: int
    units: tuple[int, ...]
    attributes: dict[str, Any]
    declaration: Declaration
    declared_on: date | None

    @property
    def zone(self) -> ZoneInfo:
        return self.host.zone


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """When a hearing is, and what it has room for."""

    starts_at: datetime
    ends_at: datetime
    max_cases: int
    quotas: dict[str, int]

    @property
    def max_minutes(self) -> int:
        return round((self.ends_at - self.starts_at).total_seconds() / 60)


class Catalogue:
    """The rows of everything that exists, before it is written."""

    def __init__(self, judicial_map: JudicialMap, kinds: dict[str, int]) -> None:
        self.map = judicial_map
        self.kinds = kinds
        self.organisations = Sheet("organisation", "code name siret")
        self.sites = Sheet(
            "site",
            "code organisation_id territory_id name address postcode commune insee lat lon located_by time_zone"
            " holiday_zone phone email",
        )
        self.resources = Sheet(
            "resource",
            "code site_id kind_id name capacity declared_load declared_waiting declared_on is_active attributes",
        )
        self.units = Sheet("unit", "resource_id name is_active")
        self.closures = Sheet("closure", "resource_id days reason")
        self.rules = Sheet("opening_rule", "resource_id rrule anchor_on opens closes valid_from valid_until")
        self.hearings = Sheet(
            "hearing_session", "resource_id starts_at ends_at max_cases max_minutes quotas", numbered=False
        )
        self.places: list[Place] = []
        self.closed: set[int] = set()
        self.courthouses: list[Host] = []
        self.hearing_of: dict[int, Hearing] = {}

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Return the sheets in the order in which they refer to one another."""
        return self.organisations, self.sites, self.resources, self.units, self.closures, self.rules, self.hearings

    def host(self, rng: Random, code: str, name: str, commune: Commune, court: Court | None = None) -> Host:
        """Add an organisation and its one site, somewhere in the commune."""
        court = court or self.map.court_of(commune)
        time_zone, holiday_zone = time_of_commune(commune.insee)
        organisation_id = self.organisations.add(code=code, name=name, siret=None)
        lat, lon, located_by = _spot(rng, commune)
        site_id = self.sites.add(
            code=code,
            organisation_id=organisation_id,
            territory_id=court.id,
            name=name,
            address=f"{rng.randint(1, 120)} {rng.choice(STREETS)}",
            postcode=commune.postcodes[0] if commune.postcodes else "",
            commune=short_name(commune),
            insee=commune.insee,
            lat=lat,
            lon=lon,
            located_by=located_by.value,
            time_zone=time_zone,
            holiday_zone=holiday_zone,
            phone=fiction_phone(rng.randrange(FICTION_NUMBERS)),
            email=f"contact.{organisation_id}@placejuste.example",
        )
        return Host(
            code=code,
            site_id=site_id,
            organisation_id=organisation_id,
            court=court,
            commune=commune,
            name=name,
            zone=ZoneInfo(time_zone),
            holiday_zone=holiday_zone,
        )

    def place(
        self,
        host: Host,
        kind: str,
        name: str,
        *,
        declaration: Declaration = ONE,
        declared_on: date | None = None,
        attributes: dict[str, Any] | None = None,
        units: tuple[str, ...] = (),
    ) -> Place:
        """Add a resource of a host, with its beds when it has some."""
        number = self.resources.add(
            code=f"{kind}-{len(self.resources) + 1:05}",
            site_id=host.site_id,
            kind_id=self.kinds[kind],
            name=name,
            capacity=declaration.capacity,
            declared_load=declaration.load,
            declared_waiting=declaration.waiting,
            declared_on=declared_on,
            is_active=True,
            attributes=attributes or {},
        )
        place = Place(
            id=number,
            kind=kind,
            name=name,
            host=host,
            lanes=max(declaration.capacity - declaration.load, 0),
            units=tuple(self.units.add(resource_id=number, name=unit, is_active=True) for unit in units),
            attributes=attributes or {},
            declaration=declaration,
            declared_on=declared_on,
        )
        self.places.append(place)
        return place

    def close(self, place: Place, first: date, until: date, reason: str) -> None:
        """Close a place during civil days `[first, until)`; nothing is booked on it."""
        self.closed.add(place.id)
        self.closures.add(resource_id=place.id, days=DateRange(first, until), reason=reason)

    def opens(self, place: Place, weekdays: Iterable[int], opens: str, closes: str, *, since: date) -> None:
        """Open a place every week at these wall times."""
        for weekday in weekdays:
            self.rules.add(
                resource_id=place.id,
                rrule=f"FREQ=WEEKLY;BYDAY={WEEKDAYS[weekday]}",
                anchor_on=since,
                opens=time.fromisoformat(opens),
                closes=time.fromisoformat(closes),
                valid_from=since,
                valid_until=None,
            )

    def hears(self, place: Place, hearing: Hearing) -> None:
        """Give a place of shape `sessions` its date and its room for cases."""
        self.hearing_of[place.id] = hearing
        self.hearings.add(
            resource_id=place.id,
            starts_at=hearing.starts_at,
            ends_at=hearing.ends_at,
            max_cases=hearing.max_cases,
            max_minutes=hearing.max_minutes,
            quotas=hearing.quotas,
        )


def short_name(commune: Commune) -> str:
    """Return the name of a commune as on an address: "Lyon" for its arrondissements."""
    district = DISTRICT.match(commune.name)
    return district[1] if district else commune.name


def of_town(name: str) -> str:
    """Return "de Lyon", "du Havre", "des Abymes", "d’Agen"."""
    if district := DISTRICT.match(name):
        return f"du {district[2]} arrondissement de {district[1]}"
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return ("d’" if name[0] in "AEÉÈIÎOÔUYHŒ" else "de ") + name


def fiction_phone(number: int) -> str:
    """Return a phone of the range reserved for fiction, in E.164."""
    return f"+3363998{number:04}"


def _spot(rng: Random, commune: Commune) -> tuple[float, float, LocatedBy]:
    """Return a point within the built area; one in twenty is only known by its commune."""
    if rng.random() < 0.05:
        return commune.lat, commune.lon, LocatedBy.COMMUNE
    spread_km = min(0.2 + sqrt(commune.population) / 400, 1.6)
    north, east = (max(-1.5, min(1.5, rng.gauss(0, 0.6))) * spread_km for _ in range(2))
    lat = commune.lat + north / 111.2
    lon = commune.lon + east / (111.2 * cos(radians(commune.lat)))
    return round(lat, 5), round(lon, 5), LocatedBy.ADDRESS
