"""The list of probation services (SPIP): an organisation for each service, a site for each antenna.

The list has no code: the key is the normalised name of the service and of the antenna. It has no coordinates either:
the gazetteer places an antenna at its commune. An arrêté quoted within a cell ("(Arr. 17 sept. 2003, art. 5)") and a
final dot are left out of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from availability.importers.departments import department_named, without_link
from availability.importers.jurisdictions import Jurisdiction, Jurisdictions, known_jurisdictions
from availability.importers.location import Location, at_commune, nowhere
from availability.importers.notes import LineRefused, Notes
from availability.importers.report import Parsed, Problem, Report
from availability.importers.table import Line, read_table
from availability.importers.upsert import Upsert, one_at_a_time, site_values, written
from availability.models import Organisation, Site, Territory
from availability.places import Commune, best_commune, communes_named, normalise

COLUMNS = ("spip", "siege", "antenne", "ressort")
CITATION = re.compile(r"\(arr\.[^)]*\)\.?", re.IGNORECASE)
NO_ANTENNA = ("", "neant")
SERVICE = re.compile(r"^service penitentiaire d insertion et de probation |^spip ")
SERVICE_WRITTEN = re.compile(r"^service\s+p\S+\s+d\S+\s+et\s+de\s+probation\s+|^spip\s+", re.IGNORECASE)
ANTENNA = re.compile(r"^antenne ")
# Saint-Barthélemy and Saint-Martin left Guadeloupe in 2007; the services did not follow.
STILL_SERVED = {"971": ("971", "977", "978")}
# A name that begins so says nothing alone: "saint" is not a shortened Saint-Sulpice.
TOO_SHORT = {"saint", "sainte", "saints", "saintes", "le", "la", "les", "l", "val", "mont", "bourg", "ville"}


@dataclass(frozen=True)
class Antenna:
    """A line of the list: a service, and one of its antennas or its seat."""

    line: int
    service_code: str
    service_name: str
    code: str
    name: str
    territory_code: str | None  # none: the country
    location: Location


def parse_services(data: bytes, courts: Sequence[Jurisdiction] = ()) -> Parsed[Antenna]:
    """Return the antennas of the list and what has to be said of its lines.

    `courts` are those among which the ressort of an antenna is looked for.

    Raises: FileRefused.
    """
    table = read_table(data, COLUMNS)
    reader = ServiceReader(Jurisdictions(courts))
    antennas = reader.read(table.lines)
    return Parsed(table.count, tuple(antennas), reader.notes.sorted(table.remarks))


class ServiceReader:
    """Reads lines while remembering the keys already taken and the last seat written."""

    def __init__(self, courts: Jurisdictions) -> None:
        self.courts = courts
        self.notes = Notes()
        self.read_at: dict[str, int] = {}
        self.seats: dict[str, str] = {}

    def read(self, lines: Iterable[Line]) -> list[Antenna]:
        """Return the antennas of the lines that have a key of their own."""
        found = []
        for line in lines:
            try:
                found.append(self._antenna(line))
            except LineRefused:
                continue
        return found

    def _antenna(self, line: Line) -> Antenna:
        name, antenna = cleaned(line["spip"]), cleaned(line["antenne"])
        words = SERVICE.sub("", normalise(name))
        if not words:
            raise self.notes.refuse(line, Problem.NO_NAME, line.words)
        service_code = f"spip-{words.replace(' ', '-')}"
        town = without_link(ANTENNA.sub("", normalise(antenna)))
        code = service_code if town in NO_ANTENNA else f"{service_code}-{town.replace(' ', '-')}"
        if code in self.read_at:
            self.notes.doubt(line, Problem.SAME_SERVICE_AND_ANTENNA, line.words, str(self.read_at[code]))
            raise LineRefused
        self.read_at[code] = line.number
        departments = self._departments(line, words)
        location = self._location(line, service_code, town, departments)
        return Antenna(
            line=line.number,
            service_code=service_code,
            service_name=name,
            code=code,
            name=_site_name(name, antenna),
            territory_code=self._territory(line, departments, location),
            location=location,
        )

    def _departments(self, line: Line, words: str) -> tuple[str, ...]:
        """Return the departments that a service named so works in; none when the name tells none."""
        department = department_named(words)
        if not department:
            self.notes.doubt(line, Problem.UNKNOWN_DEPARTMENT, line["spip"])
            return ()
        return STILL_SERVED.get(department, (department,))

    def _location(self, line: Line, service_code: str, town: str, departments: Sequence[str]) -> Location:
        """Return the commune of the antenna, else that of the seat; a seat left blank is that of the line above."""
        seat = normalise(cleaned(line["siege"])) or self.seats.get(service_code, "")
        self.seats[service_code] = seat
        if not line["antenne"]:
            self.notes.doubt(line, Problem.NO_ANTENNA, line.words, seat)
        at_seat = commune_within(seat, departments)
        at_town = at_seat if town in NO_ANTENNA else commune_within(town, departments)
        if at_town is None and at_seat is not None:
            self.notes.doubt(line, Problem.PLACED_AT_SEAT, line["antenne"], at_seat.name)
        found = at_town or at_seat
        if found is None:
            self.notes.doubt(line, Problem.NOWHERE, line["antenne"] or line["siege"] or line.words)
            return nowhere(departments[0] if departments else "")
        return at_commune(found)

    def _territory(self, line: Line, departments: Sequence[str], location: Location) -> str | None:
        ressort = CITATION.sub("", line["ressort"])
        named = self.courts.named_in(ressort, departments)
        if named:
            return named.code
        guessed = self.courts.nearest(departments, location.lat, location.lon)
        if guessed:
            self.notes.doubt(line, Problem.TERRITORY_GUESSED, line["ressort"] or line.words, guessed.name)
            return guessed.code
        self.notes.doubt(line, Problem.TERRITORY_UNKNOWN, line["ressort"] or line.words)
        return None


def cleaned(cell: str) -> str:
    """Return a cell without the arrêté that it quotes, nor the dots and bars around."""
    return CITATION.sub("", cell).strip(" .|")


def commune_within(words: str, departments: Sequence[str]) -> Commune | None:
    """Return the commune that normalised words name or begin with: "aix salon de provence" gives Aix-en-Provence.

    Without departments, any will do.
    """
    parts = words.split()
    starts = [" ".join(parts[:size]) for size in range(len(parts), 0, -1)]
    within: Sequence[str | None] = departments or (None,)
    exact = (found for start in starts for one in within for found in communes_named(start, one))
    longer = (best_commune(start, one) for start in starts if start not in TOO_SHORT for one in within)
    return next(exact, None) or next(filter(None, longer), None)


def _site_name(service: str, antenna: str) -> str:
    """Return "SPIP de l'Ain, antenne de Laon"."""
    short = SERVICE_WRITTEN.sub("SPIP ", service)
    if normalise(antenna) in NO_ANTENNA:
        return short
    return (
        f"{short}, {antenna[:1].lower()}{antenna[1:]}" if ANTENNA.match(normalise(antenna)) else f"{short}, {antenna}"
    )


def import_services(session: Session, data: bytes, *, now: datetime, dry_run: bool = False) -> Report:
    """Write the list of services in the caller's transaction, or only say what it would change.

    Courts should be there first: without them every service is attached to the country, and reported. Running it again
    changes nothing. Raises: FileRefused, before anything is written.
    """
    one_at_a_time(session)
    parsed = parse_services(data, known_jurisdictions(session))
    return written(session, parsed, write_services, subject="services", now=now, dry_run=dry_run)


def write_services(upsert: Upsert, antennas: Iterable[Antenna]) -> None:
    """Write the country when it is missing, then each service with the sites of its antennas."""
    antennas = list(antennas)
    upsert.load(Territory, {"FR", *(one.territory_code for one in antennas if one.territory_code)})
    upsert.load(Organisation, {one.service_code for one in antennas})
    upsert.load(Site, {one.code for one in antennas})
    country = upsert.country()
    for one in antennas:
        organisation_id = upsert.once(Organisation, one.service_code, name=one.service_name)
        territory_id = upsert.id_of(Territory, one.territory_code) if one.territory_code else country
        owner = {"organisation_id": organisation_id, "territory_id": territory_id, "name": one.name}
        upsert.put(Site, one.code, **owner, **site_values(one.location))
