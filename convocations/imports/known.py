"""What the lines of an export are compared with: people, what was imported before, places, bookings. Reads only.

A handful of statements for a whole file, or for one line at the moment of doing it: both are compared by the same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed
from availability.models import Kind, Shape
from availability.periods import Period
from availability.places import normalise
from availability.queries import kinds_for, slots_by_day
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from availability.search import may_reserve
from availability.slots import Slot
from booking.models import State
from booking.persons import SEEN, search_name_of
from convocations.import_models import ImportKnown, What
from convocations.imports.lines import Line
from convocations.imports.options import Options

PEOPLE = text(f"""
    WITH found AS (
        SELECT id FROM person WHERE birth_on = ANY(:births)
        UNION SELECT id FROM person WHERE search_name = ANY(:names)
        UNION SELECT id FROM person WHERE search_name LIKE ANY(:beginnings)
        UNION SELECT id FROM person WHERE file_number = ANY(:numbers)
        UNION SELECT person_id FROM person_file WHERE lower(number) = ANY(:lowered)
        UNION SELECT unnest(CAST(:ids AS uuid[])))
    SELECT p.id, p.family_name, p.given_name, p.usage_name, p.aliases, p.birth_on, p.search_name, p.file_number,
           p.address_sealed IS NOT NULL AS has_address, p.language,
           ARRAY(SELECT lower(n.number) FROM person_file n WHERE n.person_id = p.id) AS files,
           ARRAY(SELECT n.number_index FROM person_phone n WHERE n.person_id = p.id AND n.until_on IS NULL) AS phones,
           EXISTS (SELECT FROM person_phone n WHERE n.person_id = p.id AND n.is_for_messages) AS has_messages
    FROM found JOIN person p USING (id) WHERE p.merged_into IS NULL AND {SEEN}""")  # noqa: S608 - constants only
BOOKINGS = text("""
    SELECT b.id, b.person_id, b.resource_id, b.starts_at, b.state, b.kind_id, c.id AS convocation_id
    FROM booking b LEFT JOIN convocation c ON c.booking_id = b.id
    WHERE b.id = ANY(:ids)
       OR (b.person_id = ANY(:people) AND b.kind_id = :kind_id AND b.state = 'booked'
           AND b.starts_at = ANY(:starts))""")
PLACES = text("""
    SELECT r.id, r.code, r.name, s.name AS site_name, s.time_zone, h.starts_at
    FROM resource r JOIN site s ON s.id = r.site_id LEFT JOIN hearing_session h ON h.resource_id = r.id
    WHERE r.kind_id = :kind_id AND r.is_active AND s.territory_id = ANY(:territories)
      AND (h.resource_id IS NULL OR h.starts_at BETWEEN :since AND :until)
    ORDER BY r.id""")
A_DAY = timedelta(days=1)
IMPORTABLE = (Shape.SLOTS, Shape.SESSIONS)


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A person known here, as lines are compared with them."""

    id: UUID
    family_name: str
    given_name: str
    usage_name: str
    aliases: tuple[str, ...]
    birth_on: date
    search_name: str
    file_number: str
    language: str
    files: frozenset[str]  # lower case
    phones: frozenset[bytes]  # blind indexes
    has_messages: bool
    has_address: bool

    @property
    def own_names(self) -> str:
        """Return the names without that of usage."""
        return search_name_of(self.family_name, self.given_name)

    @property
    def numbers(self) -> frozenset[str]:
        """Return every number by which a file of theirs is known."""
        return self.files | ({self.file_number.lower()} if self.file_number else frozenset())


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """A booking that a line may be of."""

    id: UUID
    person_id: UUID | None
    resource_id: int
    starts_at: datetime | None
    state: State
    kind_id: int
    convocation_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Where:
    """An agent, a room or a hearing that a line may name."""

    id: int
    code: str
    name: str
    site_name: str
    zone: ZoneInfo
    starts_at: datetime | None  # of a hearing

    def is_said(self, words: str) -> bool:
        """Say whether words name it: its code, its name, or a part of its name."""
        said = normalise(words)
        own = normalise(self.name)
        whole = (normalise(self.code), own, normalise(f"{self.name} {self.site_name}"))
        return bool(said) and (said in whole or f" {said} " in f" {own} ")


@dataclass(kw_only=True)
class Known:
    """Everything that lines are compared with."""

    people: dict[UUID, Somebody]
    keys: Mapping[bytes, ImportKnown]
    house: House
    kind: Kind | None = None
    places: tuple[Where, ...] = ()
    bookings: dict[UUID, Appointment] = field(default_factory=dict)
    default_place: int = 0  # where none is said, or several are
    free: dict[int, dict[datetime, Slot]] | None = None  # starts of each place; None: the act will tell
    wanted: dict[int, list[Period]] = field(default_factory=dict)  # by the lines above, of each place

    def __post_init__(self) -> None:
        self.by_birth: dict[date, list[Somebody]] = {}
        self.by_names: dict[str, list[Somebody]] = {}
        self.by_number: dict[str, list[Somebody]] = {}
        for one in self.people.values():
            self.by_birth.setdefault(one.birth_on, []).append(one)
            for names in {one.own_names, one.search_name, search_name_of(one.usage_name, one.given_name)}:
                self.by_names.setdefault(names, []).append(one)
            for number in one.numbers:
                self.by_number.setdefault(number, []).append(one)
        self.at_once = {(one.person_id, one.resource_id, one.starts_at): one for one in self.bookings.values()}

    def index(self, key: str) -> bytes:
        """Return how the key of a line is kept."""
        return self.house.blind_index(f"import {key}")


def known_to(
    session: Session, actor: Actor, lines: Sequence[Line], *, source: str, options: Options, what: What, house: House
) -> Known:
    """Return what these lines are compared with, within the actor's territories. Raises: InvalidRequest."""
    indexes = [house.blind_index(f"import {line.key}") for line in lines]
    kept = select(ImportKnown).where(
        ImportKnown.territory_id == actor.home_territory_id,
        ImportKnown.source == source,
        col(ImportKnown.key).in_(indexes),
    )
    keys = {one.key: one for one in session.exec(kept, execution_options={"populate_existing": True})}
    people = _people(session, actor, lines, {one.person_id for one in keys.values()})
    if what is What.PEOPLE:
        return Known(people=people, keys=keys, house=house)
    kind = kind_named(session, actor, options.kind)
    places = _places(session, actor, kind, lines)
    ids = [one.booking_id for one in keys.values() if one.booking_id]
    bookings = _bookings(session, kind, ids, people, {start for line in lines for start in _starts(line, places)})
    return Known(
        people=people,
        keys=keys,
        house=house,
        kind=kind,
        places=places,
        bookings=bookings,
        default_place=options.resource_id,
    )


def importable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds of appointments and hearings that the actor may reserve and no host has to accept."""
    found = [kind for kind in kinds_for(session, actor) if kind.shape in IMPORTABLE and not kind.host_accepts]
    return [kind for kind in found if _may(session, actor, kind)]


def kind_named(session: Session, actor: Actor, code: str) -> Kind:
    """Return a kind that lines may be of. Raises: InvalidRequest."""
    found = next((kind for kind in importable_kinds(session, actor) if kind.code == code), None)
    if found is None:
        raise InvalidRequest("kind", "unknown-choice")
    return found


def places_of(session: Session, actor: Actor, kind: Kind) -> tuple[Where, ...]:
    """Return where appointments of a kind are, for who chooses one for all the lines."""
    return _where(session, actor, kind, datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))


def look_at_hours(session: Session, known: Known, wanted: Iterable[tuple[int, datetime]], *, now: datetime) -> None:
    """Note which starts are open and free, so that a preview says what the act would refuse."""
    found = list(wanted)
    zones = {one.id: one.zone.key for one in known.places if one.id in {resource_id for resource_id, _ in found}}
    coming = [start for _, start in found if start > now]
    if known.kind is None or known.kind.shape != Shape.SLOTS or not coming:
        return
    until = min(max(coming), now + timedelta(days=known.kind.max_ahead_days + 1)).date() + 2 * A_DAY
    listed = slots_by_day(session, zones, first=now.date() - A_DAY, until=until, now=now)
    known.free = {resource_id: {slot.period.start: slot for _, slot in slots} for resource_id, slots in listed.items()}


def _people(session: Session, actor: Actor, lines: Sequence[Line], ids: set[UUID]) -> dict[UUID, Somebody]:
    numbers = {line.file_number for line in lines if line.file_number}
    asked = {
        "births": list({line.birth_on for line in lines if line.birth_on}),
        "names": list({name for line in lines for name in (line.own_names, line.search_name) if name}),
        "beginnings": list({f"{line.own_names}%" for line in lines if line.birth_on is None and line.own_names}),
        "numbers": list(numbers),
        "lowered": [one.lower() for one in numbers | {line.prosecution for line in lines if line.prosecution}],
        "ids": list(ids),
        "territories": sorted(actor.territories(REQUESTERS)),
    }
    return {row.id: _somebody(row) for row in session.execute(PEOPLE, asked)}


def _somebody(row: Any) -> Somebody:
    same = ("id", "family_name", "given_name", "usage_name", "birth_on", "search_name", "file_number", "language",
            "has_messages", "has_address")  # fmt: skip
    return Somebody(
        **{name: getattr(row, name) for name in same},
        aliases=tuple(row.aliases),
        files=frozenset(row.files),
        phones=frozenset(bytes(one) for one in row.phones),
    )


def _places(session: Session, actor: Actor, kind: Kind, lines: Sequence[Line]) -> tuple[Where, ...]:
    days = [line.day for line in lines if line.day]
    first, last = (min(days), max(days)) if days else (date(1970, 1, 1), date(1970, 1, 1))
    since = datetime.combine(first, time(), UTC) - A_DAY
    return _where(session, actor, kind, since, datetime.combine(last, time(), UTC) + 2 * A_DAY)


def _where(session: Session, actor: Actor, kind: Kind, since: datetime, until: datetime) -> tuple[Where, ...]:
    territories = sorted({one for right in may_reserve(session, actor, kind) for one in right.territory_ids})
    asked = {"kind_id": kind.id, "territories": territories, "since": since, "until": until}
    names = ("id", "code", "name", "site_name", "starts_at")
    return tuple(
        Where(**{name: getattr(row, name) for name in names}, zone=ZoneInfo(row.time_zone))
        for row in session.execute(PLACES, asked)
    )


def _starts(line: Line, places: Sequence[Where]) -> set[datetime]:
    if line.day is None or line.hour is None:
        return set()
    return {datetime.combine(line.day, line.hour, zone).astimezone(UTC) for zone in {one.zone for one in places}}


def _bookings(
    session: Session, kind: Kind, ids: Sequence[UUID], people: Mapping[UUID, Somebody], starts: set[datetime]
) -> dict[UUID, Appointment]:
    asked = {"ids": list(ids), "people": list(people), "kind_id": kind.id, "starts": list(starts)}
    names = ("id", "person_id", "resource_id", "starts_at", "kind_id", "convocation_id")
    return {
        row.id: Appointment(**{name: getattr(row, name) for name in names}, state=State(row.state))
        for row in session.execute(BOOKINGS, asked)
    }


def _may(session: Session, actor: Actor, kind: Kind) -> bool:
    try:
        return bool(may_reserve(session, actor, kind))
    except NotAllowed:
        return False
