"""The list of courts: the judicial map (ressorts) and a site for each court."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from availability.importers.location import Location, location_of
from availability.importers.notes import LineRefused, Notes
from availability.importers.phones import phone_of
from availability.importers.report import Parsed, Problem, Report
from availability.importers.table import Line, read_table
from availability.importers.upsert import Upsert, one_at_a_time, site_values, written
from availability.models import Organisation, Site, Territory, TerritoryLevel

COLUMNS = (
    "type", "mnemo", "label", "parent_type", "parent_mnemo", "parent_label", "siret", "insee", "adresse",
    "complement", "code_postal", "departement", "ville", "lat_commune", "lon_commune", "telephone", "email",
)  # fmt: skip
COUNTRY = ("FR", "France")
# type of the file -> (level, level of what it is attached to)
LEVELS = {
    "TGI": (TerritoryLevel.JUDICIAL_COURT, TerritoryLevel.COURT_OF_APPEAL),
    "TPRX": (TerritoryLevel.PROXIMITY_COURT, TerritoryLevel.JUDICIAL_COURT),
}
PARENT_LEVELS = {"CA": TerritoryLevel.COURT_OF_APPEAL, "TGI": TerritoryLevel.JUDICIAL_COURT}
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]{2,}")


@dataclass(frozen=True)
class Court:
    """A court of the list: a territory, the organisation that it is, and its site."""

    line: int
    code: str
    name: str
    level: TerritoryLevel
    parent_code: str
    parent_name: str  # empty: not said
    siret: str | None
    address: str
    location: Location
    phone: str
    email: str


def parse_courts(data: bytes, known: Mapping[str, str] | None = None) -> Parsed[Court]:
    """Return the courts of the list, judicial courts first, and what has to be said of its lines.

    `known` gives the level of each territory that exists already: a parent may be there rather than in the file.

    Raises: FileRefused.
    """
    table = read_table(data, COLUMNS)
    reader = CourtReader({COUNTRY[0]: TerritoryLevel.COUNTRY.value, **(known or {})})
    courts = [*reader.read(table.lines, "TGI"), *reader.read(table.lines, "TPRX")]
    reader.refuse_unknown_types(table.lines)
    return Parsed(table.count, tuple(courts), reader.notes.sorted(table.remarks))


class CourtReader:
    """Reads lines while remembering which territories there are, and from which line."""

    def __init__(self, levels: dict[str, str]) -> None:
        self.levels = levels
        self.notes = Notes()
        self.read_at: dict[str, int] = {}
        self.appeal_names: dict[str, str] = {}

    def read(self, lines: Iterable[Line], kind: str) -> Iterator[Court]:
        """Yield the courts of a type. Those that others are attached to must be read first."""
        for line in lines:
            if line["type"].upper() == kind:
                try:
                    court = self._court(line, *LEVELS[kind])
                except LineRefused:
                    continue
                yield court

    def refuse_unknown_types(self, lines: Iterable[Line]) -> None:
        """Note the lines that no other reading took."""
        for line in lines:
            if line["type"].upper() not in LEVELS:
                self.notes.refuse(line, Problem.UNKNOWN_TYPE, line["type"] or line.words)

    def _court(self, line: Line, level: TerritoryLevel, parent_level: TerritoryLevel) -> Court:
        code = self._code(line, level)
        parent_code = self._parent(line, code, parent_level)
        if not line["label"]:
            raise self.notes.refuse(line, Problem.NO_NAME, line.words)
        self.levels[code] = level
        self.read_at[code] = line.number
        location = location_of(line, self.notes)
        return Court(
            line=line.number,
            code=code,
            name=line["label"],
            level=level,
            parent_code=parent_code,
            parent_name=line["parent_label"],
            siret=self._siret(line),
            address=", ".join(filter(None, (line["adresse"], line["complement"]))),
            location=location,
            phone=self._phone(line, location.department),
            email=self._email(line),
        )

    def _code(self, line: Line, level: TerritoryLevel) -> str:
        code = line["mnemo"].upper()
        if not code:
            raise self.notes.refuse(line, Problem.NO_KEY, line.words)
        if not CODE.fullmatch(code):
            raise self.notes.refuse(line, Problem.BAD_KEY, line["mnemo"])
        if code in self.read_at:
            raise self.notes.refuse(line, Problem.KEY_TWICE, f"{code} ({self.read_at[code]})")
        if self.levels.get(code, level) != level:
            raise self.notes.refuse(line, Problem.KEY_OF_ANOTHER_LEVEL, code)
        return code

    def _parent(self, line: Line, code: str, level: TerritoryLevel) -> str:
        """Return the code of what the court is attached to; a court of appeal exists by being named so."""
        parent = line["parent_mnemo"].upper()
        words = f"{line['parent_type']} {line['parent_mnemo']}".strip() or line.words
        if PARENT_LEVELS.get(line["parent_type"].upper()) != level or self.levels.get(parent, level) != level:
            raise self.notes.refuse(line, Problem.PARENT_OF_WRONG_LEVEL, words)
        if not CODE.fullmatch(parent) or parent == code:
            raise self.notes.refuse(line, Problem.UNKNOWN_PARENT, words)
        if level is TerritoryLevel.COURT_OF_APPEAL:
            self._remember_appeal(line, parent)
        elif parent not in self.levels:
            raise self.notes.refuse(line, Problem.UNKNOWN_PARENT, words)
        return parent

    def _remember_appeal(self, line: Line, parent: str) -> None:
        self.levels[parent] = TerritoryLevel.COURT_OF_APPEAL
        first = self.appeal_names.setdefault(parent, line["parent_label"])
        if line["parent_label"] != first:
            self.notes.doubt(line, Problem.PARENT_RENAMED, f"{parent} {line['parent_label']}", first)

    def _siret(self, line: Line) -> str | None:
        siret = line["siret"].replace(" ", "")
        if siret and not is_siret(siret):
            self.notes.doubt(line, Problem.BAD_SIRET, line["siret"])
            return None
        return siret or None

    def _phone(self, line: Line, department: str) -> str:
        if not line["telephone"]:
            return ""
        phone = phone_of(line["telephone"], department)
        if phone is None:
            self.notes.doubt(line, Problem.BAD_PHONE, line["telephone"])
        return phone or line["telephone"]

    def _email(self, line: Line) -> str:
        if line["email"] and not EMAIL.fullmatch(line["email"]):
            self.notes.doubt(line, Problem.BAD_EMAIL, line["email"])
        return line["email"]


def is_siret(digits: str) -> bool:
    """Say whether these are fourteen digits with the right key (ISO/IEC 7812, as INSEE uses it)."""
    if not re.fullmatch(r"[0-9]{14}", digits):
        return False
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def import_courts(session: Session, data: bytes, *, now: datetime, dry_run: bool = False) -> Report:
    """Write the list of courts in the caller's transaction, or only say what it would change.

    Running it again changes nothing. Raises: FileRefused, before anything is written.
    """
    one_at_a_time(session)
    known = dict(session.exec(select(Territory.code, Territory.level)).all())
    parsed = parse_courts(data, known)
    return written(session, parsed, write_courts, subject="courts", now=now, dry_run=dry_run)


def write_courts(upsert: Upsert, courts: Iterable[Court]) -> None:
    """Write the country, the courts of appeal, then each court with its organisation and its site."""
    courts = list(courts)
    upsert.load(Territory, {COUNTRY[0], *(code for court in courts for code in (court.code, court.parent_code))})
    upsert.load(Organisation, {court.code for court in courts})
    upsert.load(Site, {court.code for court in courts})
    country = upsert.country()
    for court in courts:
        if court.level is TerritoryLevel.JUDICIAL_COURT:
            _write_appeal(upsert, court, country)
    for court in courts:
        parent_id = upsert.id_of(Territory, court.parent_code)
        values = {"name": court.name, "level": court.level.value, "parent_id": parent_id}
        territory_id = upsert.put(Territory, court.code, **values)
        organisation_id = upsert.put(Organisation, court.code, name=court.name, siret=court.siret)
        contact = {"address": court.address, "phone": court.phone, "email": court.email}
        owner = {"organisation_id": organisation_id, "territory_id": territory_id, "name": court.name}
        upsert.put(Site, court.code, **owner, **contact, **site_values(court.location))


def _write_appeal(upsert: Upsert, court: Court, country: int) -> None:
    if not court.parent_name and upsert.has(Territory, court.parent_code):
        return
    level = TerritoryLevel.COURT_OF_APPEAL.value
    name = court.parent_name or court.parent_code
    upsert.once(Territory, court.parent_code, name=name, level=level, parent_id=country)
