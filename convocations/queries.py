"""The convocations of one's territories as people list, filter and search them. Reads only, one statement each.

What somebody may see is role x territory x kind, as for bookings: see `booking/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.errors import NotFound
from availability.openings import local_day
from availability.queries import slots_by_day
from availability.rights import Actor
from availability.sealing import House
from booking.ledger import INITIALS, LONGEST_SEARCH, MINE, SCOPE, bare, scope_values
from booking.links import LinkName
from booking.models import State
from booking.outcomes import CORRECTABLE
from booking.persons import search_name_of
from booking.reasons import words_of
from convocations.kinds import Standing

PAGE = 40  # what a screen of dense lines holds
MOST_COUNTED = 10_000


class Tab(StrEnum):
    """A part of the list. The value is what the address of the page carries."""

    UPCOMING = "a-venir"
    CHOOSING = "a-choisir"
    TO_NOTE = "a-pointer"  # over, and nobody said what became of it
    DECLINED = "ne-peut-pas-venir"
    ALL = "toutes"


@dataclass(frozen=True, kw_only=True)
class ListedConvocation:
    """Somebody summoned, or an appointment to be noted that nobody was summoned to: `id` is then None."""

    id: UUID | None
    link: LinkName | None
    standing: Standing | None
    choose_by: date | None
    confirmed_at: datetime | None
    created_at: datetime
    reminder_hours: int
    resource_ids: tuple[int, ...]
    booking_id: UUID | None
    state: State | None
    starts_at: datetime | None
    ends_at: datetime | None
    organisation_id: int  # of the place
    kind_id: int
    kind_code: str
    kind_label: str
    resource_id: int
    resource_name: str
    site_id: int
    site_name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    person_id: UUID | None
    initials: str  # empty: a person erased since
    case_ref: str
    language: str
    refuses_sms: bool
    is_blocked: bool  # at the provider, as far as it told
    key_at: datetime  # what the list is in the order of
    reason: str = ""  # why the appointment was given back or excused, or the convocation withdrawn


@dataclass(frozen=True)
class Cursor:
    """The last line already seen."""

    key_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is listed: a tab, and words found in the place, the agent, the kind, the initials or the case number."""

    tab: Tab = Tab.UPCOMING
    typed: str = ""

    @property
    def words(self) -> list[str]:
        """Return what is searched, word by word, without accents."""
        return search_name_of(self.typed[:LONGEST_SEARCH].replace("’", "'")).split()


def convocation_lines(
    session: Session, actor: Actor, query: Query, *, now: datetime, after: Cursor | None = None, limit: int = PAGE
) -> list[ListedConvocation]:
    """Return the convocations of the actor's territories: the soonest first when they are to come, else the latest."""
    values = _asked(actor, query, now) | {
        "limit": limit,
        "after_at": after.key_at if after else None,
        "after_id": after.id if after else None,
    }
    return [_line(row) for row in session.execute(_LISTED[query.tab], values)]


def cursor_after(line: ListedConvocation) -> Cursor:
    """Return where the list goes on after a line."""
    number = line.id or line.booking_id
    if number is None:
        raise ValueError("a line is a convocation or a booking")
    return Cursor(line.key_at, number)


def count_convocations(session: Session, actor: Actor, query: Query, *, now: datetime) -> int:
    """Return how many convocations the query finds, MOST_COUNTED + 1 when there are more."""
    values = _asked(actor, query, now) | {"most": MOST_COUNTED + 1}
    return int(session.execute(_COUNTED[query.tab], values).scalar_one())


def convocation_line(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> ListedConvocation:
    """Return one convocation within the actor's reach. Raises: NotFound."""
    values = scope_values(actor) | {"now": now, "id": convocation_id}
    row = session.execute(_ONE, values).one_or_none()
    if row is None:
        raise NotFound(convocation_id=convocation_id)
    return _line(row)


def convocations_at(
    session: Session, actor: Actor, resource_id: int, starts_at: datetime, *, now: datetime
) -> list[ListedConvocation]:
    """Return those summoned to one start of a resource, given back or not, within the actor's reach."""
    values = scope_values(actor) | {"now": now, "resource_id": resource_id, "starts_at": starts_at}
    return [_line(row) for row in session.execute(_AT, values)]


@dataclass(frozen=True)
class ComingGathering:
    """An appointment to which several are expected, or at which there is room for several."""

    resource_id: int
    starts_at: datetime
    resource_name: str
    kind_label: str
    site_name: str
    time_zone: str
    expected: int
    free: int = 0  # seats that somebody can still take


def gatherings(session: Session, actor: Actor, *, now: datetime, limit: int = PAGE) -> list[ComingGathering]:
    """Return the appointments to come with room for several and somebody expected, in reach, soonest first."""
    rows = session.execute(_GATHERINGS, scope_values(actor) | {"now": now, "limit": limit})
    found = [ComingGathering(**row._mapping) for row in rows]
    seats = _free_seats(session, found, now=now)
    return [replace(one, free=seats.get((one.resource_id, one.starts_at), 0)) for one in found]


def _free_seats(
    session: Session, among: Sequence[ComingGathering], *, now: datetime
) -> dict[tuple[int, datetime], int]:
    if not among:
        return {}
    zones = {one.resource_id: one.time_zone for one in among}
    days = [local_day(one.starts_at, ZoneInfo(one.time_zone)) for one in among]
    listed = slots_by_day(session, zones, first=min(days), until=max(days) + timedelta(days=1), now=now)
    return {(id_, slot.period.start): len(slot.seats) for id_, slots in listed.items() for _, slot in slots}


def words_said(session: Session, house: House, convocation_id: UUID) -> str:
    """Return what was said beside "other" of why a convocation is not to be, "" when nothing was."""
    row = session.execute(_SAID, {"id": convocation_id}).one()
    return words_of(session, house, row.person_id, row.sealed)


def _asked(actor: Actor, query: Query, now: datetime) -> dict[str, Any]:
    words = query.words
    return scope_values(actor) | {
        "now": now,
        "oldest": now - CORRECTABLE,
        "patterns": [f"%{word}%" for word in words],  # letters and digits only: nothing to escape
        "compact": "".join(words),
        "only_initials": bool(words) and all(len(word) == 1 for word in words),
        "is_searched": bool(words),
    }


def _line(row: Any) -> ListedConvocation:
    values = dict(row._mapping)
    link_id, version = values.pop("link_id"), values.pop("link_version")
    return ListedConvocation(
        **values
        | {
            "link": None if link_id is None else LinkName(link_id, version % 256),
            "standing": row.standing and Standing(row.standing),
            "state": row.state and State(row.state),
            "resource_ids": tuple(row.resource_ids or ()),
        }
    )


_COLUMNS = f"""
    SELECT c.id, c.link_id, c.link_version, c.standing, c.choose_by, c.confirmed_at,
           coalesce(c.created_at, b.created_at) AS created_at, coalesce(c.reminder_hours, 0) AS reminder_hours,
           c.resource_ids, b.id AS booking_id, b.state, b.starts_at, b.ends_at, k.id AS kind_id, k.code AS kind_code,
           k.label AS kind_label, r.id AS resource_id, r.name AS resource_name, s.id AS site_id, s.name AS site_name,
           s.organisation_id, s.address, s.postcode, s.commune, s.time_zone,
           coalesce(c.person_id, b.person_id) AS person_id,
           {INITIALS} AS initials, coalesce(b.case_ref, '') AS case_ref,
           coalesce(nullif(b.reason, ''), c.reason, '') AS reason,
           coalesce(p.language, '') AS language,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = p.id) AS refuses_sms,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = p.id AND x.how = 'provider') AS is_blocked"""  # noqa: S608 - constants only
_SUMMONED = """
    FROM convocation c JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)
    JOIN kind k ON k.id = c.kind_id LEFT JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = c.person_id"""
_BOOKED = f"""
    FROM booking b JOIN {MINE} JOIN kind k ON k.id = b.kind_id LEFT JOIN convocation c ON c.booking_id = b.id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = b.person_id"""
_FOUND = f"""
    (NOT :is_searched OR lower({INITIALS}) = :compact
     OR (NOT :only_initials
         AND {bare("concat_ws(' ', s.name, s.commune, r.name, k.label, b.case_ref)")}
             LIKE ALL (CAST(:patterns AS text[]))))"""


@dataclass(frozen=True)
class _Part:
    tables: str
    condition: str
    key: str  # an instant
    is_ascending: bool = False


# What is to be noted is an appointment, whether or not somebody was summoned to it here.
TO_NOTE = "b.state = 'booked' AND k.shape = 'slots' AND b.ends_at <= :now AND b.ends_at > :oldest"
_PARTS = {
    Tab.UPCOMING: _Part(
        _SUMMONED, "c.standing = 'set' AND b.state = 'booked' AND b.ends_at > :now", "b.starts_at", is_ascending=True
    ),
    Tab.CHOOSING: _Part(_SUMMONED, "c.standing = 'choosing'", "c.created_at"),
    Tab.TO_NOTE: _Part(_BOOKED, TO_NOTE, "b.starts_at"),
    Tab.DECLINED: _Part(_SUMMONED, "c.standing = 'declined'", "c.created_at"),
    Tab.ALL: _Part(_SUMMONED, "true", "c.created_at"),
}


def _listed(part: _Part) -> TextClause:
    way, order = (">", "ASC") if part.is_ascending else ("<", "DESC")
    number = "coalesce(c.id, b.id)"
    return text(f"""
        WITH {SCOPE} {_COLUMNS}, {part.key} AS key_at {part.tables}
        WHERE {part.condition} AND {_FOUND}
          AND (CAST(:after_id AS uuid) IS NULL
               OR ({part.key}, {number}) {way} (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
        ORDER BY key_at {order}, {number} {order} LIMIT :limit""")


def _counted(part: _Part) -> TextClause:
    return text(f"""
        WITH {SCOPE} SELECT count(*) FROM (
            SELECT 1 {part.tables} WHERE {part.condition} AND {_FOUND} LIMIT :most) AS counted""")  # noqa: S608


_LISTED = {tab: _listed(part) for tab, part in _PARTS.items()}
_COUNTED = {tab: _counted(part) for tab, part in _PARTS.items()}
_SAID = text("""
    SELECT c.person_id, CASE WHEN b.reason <> '' THEN b.reason_sealed ELSE c.reason_sealed END AS sealed
    FROM convocation c LEFT JOIN booking b ON b.id = c.booking_id WHERE c.id = :id""")
_ONE = text(f"WITH {SCOPE} {_COLUMNS}, c.created_at AS key_at {_SUMMONED} WHERE c.id = :id")
_AT = text(f"""
    WITH {SCOPE} {_COLUMNS}, c.created_at AS key_at {_SUMMONED}
    WHERE b.resource_id = :resource_id AND b.starts_at = :starts_at AND c.standing = 'set'
    ORDER BY c.created_at, c.id""")
_GATHERINGS = text(f"""
    WITH {SCOPE}
    SELECT b.resource_id, b.starts_at, min(r.name) AS resource_name, min(k.label) AS kind_label,
           min(s.name) AS site_name, min(s.time_zone) AS time_zone, count(*) AS expected {_SUMMONED}
    WHERE c.standing = 'set' AND b.state = 'booked' AND b.starts_at > :now
    GROUP BY b.resource_id, b.starts_at HAVING count(*) > 1 OR min(r.capacity) > 1
    ORDER BY b.starts_at, b.resource_id LIMIT :limit""")
