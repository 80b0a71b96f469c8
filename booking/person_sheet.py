"""Everything of one person's file, for who opens it: each opening is logged. And the list of people, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Result, text
from sqlmodel import Session, col, select

from availability.history import consulted
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, unseal
from booking.models import Person
from booking.person_models import FileKind, PersonFile, PersonMerge
from booking.person_phones import PhoneLine, opened, phones_of
from booking.persons import FORGIVE, SEEN, person_for, point_of, search_name_of
from booking.queries import visible_to
from booking.sealing import key_of

PAGE = 40  # what a screen of dense lines holds
MOST_COUNTED = 10_000
MOST_LINES = 200

FOLLOWINGS = text("""
    SELECT f.id, f.territory_id, coalesce(o.name, t.name) AS service, a.name AS officer, f.officer_id, f.since_on,
           f.until_on
    FROM person_following f JOIN territory t ON t.id = f.territory_id
    LEFT JOIN organisation o ON o.id = f.organisation_id LEFT JOIN account a ON a.id = f.officer_id
    WHERE f.person_id = :id ORDER BY f.until_on DESC NULLS FIRST, f.since_on DESC, f.id""")
STOPPED = text("SELECT at, how FROM sms_refusal WHERE person_id = :id")
# Of the file and of those merged into it: history does not move. Of bookings, those that whoever looks may see.
HISTORY = """
    WITH RECURSIVE files AS (
        SELECT CAST(:id AS uuid) AS id
        UNION SELECT p.id FROM person p JOIN files ON p.merged_into = files.id)
    SELECT h.at, h.act, h.subject, h.subject_id, h.facts, a.name AS who, h.actor_id IS NULL AS is_clock,
           h.actor_id = h.person_id AS is_themselves
    FROM history h LEFT JOIN account a ON a.id = h.actor_id
    WHERE h.person_id IN (SELECT id FROM files) AND (h.subject = 'person' OR (h.subject = 'booking' AND EXISTS (
        SELECT FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
        WHERE CAST(b.id AS text) = h.subject_id AND {visible})))
    ORDER BY h.id DESC LIMIT :limit"""
ENGAGEMENTS = """
    SELECT b.id, b.state, k.label AS kind, s.name AS site, s.time_zone, b.first_on, b.until_on, b.starts_at, b.ends_at,
           b.created_at, k.shape, c.id AS convocation_id
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id LEFT JOIN convocation c ON c.booking_id = b.id
    WHERE b.person_id = :id AND b.state NOT IN ('held', 'lapsed') AND {visible}
    ORDER BY coalesce(b.starts_at, CAST(b.first_on AS timestamp) AT TIME ZONE 'UTC') DESC, b.id LIMIT :limit"""
_MATCH = """
      AND (:is_all OR p.search_name LIKE :part OR p.search_name %> :wanted OR lower(p.file_number) = :typed
           OR p.id IN (SELECT n.person_id FROM person_file n WHERE lower(n.number) = :typed)
           OR p.id IN (SELECT n.person_id FROM person_phone n WHERE n.number_index = ANY(:numbers)))"""
LISTED = text(f"""
    SELECT p.id, p.family_name, p.given_name, p.usage_name, p.birth_on, p.sex, p.file_number, p.created_at,
           next.starts_at AS next_at, next.time_zone AS zone, t.name AS service,
           p.territory_id = ANY(:territories) AS is_held_here
    FROM person p JOIN territory t ON t.id = p.territory_id
    LEFT JOIN LATERAL (
        SELECT b.starts_at, s.time_zone FROM booking b JOIN resource r ON r.id = b.resource_id
        JOIN site s ON s.id = r.site_id
        WHERE b.person_id = p.id AND b.state = 'booked' AND b.starts_at > :now
        ORDER BY b.starts_at LIMIT 1) next ON true
    WHERE p.merged_into IS NULL AND {SEEN} {_MATCH}
    ORDER BY CASE WHEN :is_all THEN 0 ELSE -word_similarity(:wanted, p.search_name) END, p.search_name, p.birth_on, p.id
    LIMIT :limit""")  # noqa: S608 - constants only
COUNTED = text(f"""
    SELECT count(*) FROM (SELECT FROM person p WHERE p.merged_into IS NULL AND {SEEN} {_MATCH} LIMIT :most) found
    """)  # noqa: S608 - constants only


@dataclass(frozen=True, kw_only=True)
class ListedPerson:
    """A person in the list of those whom a service knows."""

    id: UUID
    family_name: str
    given_name: str
    usage_name: str
    birth_on: date
    sex: str
    file_number: str
    created_at: datetime
    next_at: datetime | None
    zone: str | None
    service: str
    is_held_here: bool


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """A file number besides that of the file here."""

    id: UUID
    kind: FileKind
    number: str


@dataclass(frozen=True, kw_only=True)
class FollowingLine:
    """A service that follows, or followed."""

    id: UUID
    territory_id: int
    service: str
    officer: str | None
    officer_id: UUID | None
    since_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """A booking of the person, of whatever service."""

    id: UUID
    state: str
    kind: str
    site: str
    time_zone: str
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    shape: str
    convocation_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class HistoryOf:
    """One act on the file, or for the person."""

    at: datetime
    act: str
    subject: str
    subject_id: str
    facts: dict[str, Any]
    who: str | None
    is_clock: bool
    is_themselves: bool | None


@dataclass(frozen=True, kw_only=True)
class MergedFile:
    """A file that was merged into this one."""

    merge_id: UUID
    name: str
    birth_on: date
    file_number: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonSheet:
    """A file in clear. `point` is where the address is, and which source said so; None when nobody knows."""

    person: Person
    address: str
    point: tuple[float, float, str] | None
    is_held_here: bool
    phones: Sequence[PhoneLine]
    files: Sequence[FileLine]
    followings: Sequence[FollowingLine]
    merged: Sequence[MergedFile]
    stopped_at: datetime | None  # since when they want no message on any number
    stopped_how: str


def person_sheet(
    session: Session, actor: Actor, person_id: UUID, *, house: House, reason: str, now: datetime
) -> PersonSheet:
    """Return a file in clear, and log that it was looked at. Raises: NotFound."""
    person = person_for(session, actor, person_id)
    consulted(session, actor, subject="person", subject_id=person_id, reason=reason, at=now)
    person_key = key_of(session, house, person_id) or b""
    files = session.exec(select(PersonFile).where(PersonFile.person_id == person_id).order_by(col(PersonFile.kind)))
    followings = session.execute(FOLLOWINGS, {"id": person_id})
    stopped = session.execute(STOPPED, {"id": person_id}).one_or_none()
    return PersonSheet(
        person=person,
        address=unseal(person_key, person.address_sealed) if person.address_sealed else "",
        point=point_of(person, person_key),
        is_held_here=person.territory_id in actor.territories(REQUESTERS),
        phones=[opened(one, person_key) for one in phones_of(session, person_id)],
        files=[FileLine(id=one.id, kind=FileKind(one.kind), number=one.number) for one in files],
        followings=[FollowingLine(**row._mapping) for row in followings],
        merged=_merged(session, person_id),
        stopped_at=stopped.at if stopped else None,
        stopped_how=stopped.how if stopped else "",
    )


def history_of_person(session: Session, actor: Actor, person_id: UUID, *, limit: int = MOST_LINES) -> list[HistoryOf]:
    """Return what was done of a file and for its person, the latest first. Raises: NotFound."""
    person_for(session, actor, person_id)
    return [HistoryOf(**row._mapping) for row in _seen_by(session, actor, HISTORY, person_id, limit)]


def engagements_of(session: Session, actor: Actor, person_id: UUID, *, limit: int = MOST_LINES) -> list[Engagement]:
    """Return what somebody has and had booked, the latest first. Raises: NotFound."""
    person_for(session, actor, person_id)
    return [Engagement(**row._mapping) for row in _seen_by(session, actor, ENGAGEMENTS, person_id, limit)]


def persons_listed(
    session: Session, actor: Actor, typed: str, *, now: datetime, numbers: Sequence[bytes] = (), limit: int = PAGE
) -> tuple[list[ListedPerson], int]:
    """Return the people of the actor's found by name, file number or phone, all of them when nothing is typed.

    `numbers` are the blind indexes of what was typed, when it may be a phone. With how many there are in all, at most
    MOST_COUNTED + 1.
    """
    territories = sorted(actor.territories(REQUESTERS))
    wanted = search_name_of(typed)
    asked = {
        "territories": territories,
        "is_all": not typed.strip(),
        "wanted": wanted,
        "part": f"%{wanted}%" if wanted else "",
        "typed": typed.strip().lower() if typed.isprintable() else "",
        "numbers": list(numbers),
        "now": now,
        "limit": limit,
        "most": MOST_COUNTED + 1,
    }
    session.execute(FORGIVE)
    found = [ListedPerson(**row._mapping) for row in session.execute(LISTED, asked)]
    total = len(found) if len(found) < limit else int(session.execute(COUNTED, asked).scalar_one())
    return found, total


def _seen_by(session: Session, actor: Actor, statement: str, person_id: UUID, limit: int) -> Result[Any]:
    visible, values = visible_to(actor)
    asked = values | {"id": person_id, "limit": limit}
    return session.execute(text(statement.format(visible=visible)), asked)


def _merged(session: Session, person_id: UUID) -> list[MergedFile]:
    query = (
        select(PersonMerge, Person)
        .join(Person, col(Person.id) == col(PersonMerge.absorbed_id))
        .where(PersonMerge.kept_id == person_id, col(PersonMerge.undone_at).is_(None))
        .order_by(col(PersonMerge.at).desc())
    )
    return [
        MergedFile(
            merge_id=merge.id,
            name=f"{absorbed.family_name} {absorbed.given_name}",
            birth_on=absorbed.birth_on,
            file_number=absorbed.file_number,
            at=merge.at,
        )
        for merge, absorbed in session.exec(query).all()
    ]
