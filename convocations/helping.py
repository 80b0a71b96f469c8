"""A front desk opens the link with its person: found by name and birth date, by the number of the convocation, or by
the link itself.

What is done then is done by the person, and each line of the history says who helped. It lasts half an hour, for one
convocation; a mark in the address tells it, of which only a digest is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.history import consulted
from availability.rights import Actor, Role
from booking.links import LinkName
from booking.persons import search_name_of
from convocations.actions import write_down
from convocations.errors import HelpOver
from convocations.link_models import LinkHelp
from convocations.models import Convocation

# Who receives people: the registry keeps the single front desk of courts (SAUJ).
HELPERS = (Role.REGISTRY, Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE, Role.MONITORING_AGENT)
LASTS = timedelta(minutes=30)
MARK_BYTES = 16
NUMBER_LENGTH = 8
MOST = 10
_LIVING = """
    FROM convocation c JOIN person p ON p.id = c.person_id JOIN kind k ON k.id = c.kind_id
    LEFT JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    WHERE c.territory_id = ANY(:territories) AND c.standing <> 'withdrawn'
      AND coalesce(b.ends_at, c.choose_by + interval '1 day', c.created_at) + interval '7 days' > :now"""
_COLUMNS = """
    SELECT c.id, p.given_name, p.family_name, k.label AS appointment, c.standing, b.starts_at, s.time_zone,
           s.name AS site_name, c.territory_id, c.kind_id, b.id AS booking_id"""
BY_PERSON = text(f"""
    {_COLUMNS} {_LIVING} AND p.birth_on = :birth_on
      AND string_to_array(p.search_name, ' ') @> CAST(:words AS text[])
    ORDER BY b.starts_at NULLS LAST, c.created_at DESC LIMIT {MOST}""")
BY_LINK = text(f"{_COLUMNS} {_LIVING} AND c.link_id = :link_id AND c.link_version % 256 = :version")
BY_NUMBER = text(f"{_COLUMNS} {_LIVING} AND c.id BETWEEN :first AND :last ORDER BY c.id LIMIT {MOST}")
HELPED = text("""
    SELECT account_id FROM link_help WHERE mark = :mark AND convocation_id = :id AND until > :now""")
HELPS = text("""
    SELECT h.at, a.name AS helper FROM link_help h LEFT JOIN account a ON a.id = h.account_id
    WHERE h.convocation_id = :id ORDER BY h.at DESC LIMIT 5""")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A convocation of somebody who stands at the desk. Instants are to be shown in `time_zone`."""

    id: UUID
    given_name: str
    family_name: str
    appointment: str
    standing: str
    starts_at: datetime | None
    time_zone: str
    site_name: str
    booking_id: UUID | None


def number_of(convocation_id: UUID) -> str:
    """Return the number of a convocation, as it is printed and read aloud."""
    return convocation_id.hex[:NUMBER_LENGTH]


def find_to_help(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    name: str = "",
    birth_on: date | None = None,
    number: str = "",
    link: LinkName | None = None,
) -> list[Found]:
    """Return the convocations of somebody in the territories where the actor receives, and log the look at each.

    Raises: InvalidRequest when neither a link, nor a number, nor a name and a birth date, are given.
    """
    asked: dict[str, Any] = {"territories": sorted(actor.territories(HELPERS)), "now": now}
    if link is not None:
        rows = session.execute(BY_LINK, asked | {"link_id": link.link_id, "version": link.version}).all()
    elif number.strip():
        first, last = _between(number)
        rows = session.execute(BY_NUMBER, asked | {"first": first, "last": last}).all()
    else:
        words = search_name_of(name).split()
        if not words:
            raise InvalidRequest("name", "required")
        if birth_on is None:
            raise InvalidRequest("birth_on", "required")
        rows = session.execute(BY_PERSON, asked | {"birth_on": birth_on, "words": words}).all()
    reached = [row for row in rows if _reaches(actor, row.territory_id, row.kind_id)]
    for row in reached:
        consulted(session, actor, subject="convocation", subject_id=row.id, reason="front-desk", at=now)
    return [Found(**{one.name: row._mapping[one.name] for one in fields(Found)}) for row in reached]


def open_with(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> tuple[LinkName, str]:
    """Begin to help somebody with their link: the link, and the mark of the help. Raises: NotFound."""
    convocation = session.get(Convocation, convocation_id, populate_existing=True)
    if convocation is None or not _reaches(actor, convocation.territory_id, convocation.kind_id):
        raise NotFound(convocation_id=convocation_id)
    mark = token_urlsafe(MARK_BYTES)
    session.add(
        LinkHelp(
            mark=_digest(mark),
            convocation_id=convocation_id,
            account_id=actor.account_id,
            at=now,
            until=now + LASTS,
        )
    )
    write_down(session, actor, convocation, "convocation-helped", now)
    return LinkName(convocation.link_id, convocation.link_version), mark


def helper_of(session: Session, mark: str, convocation_id: UUID, *, now: datetime) -> UUID:
    """Return who helps with this link under this mark. Raises: HelpOver."""
    helping = {"mark": _digest(mark), "id": convocation_id, "now": now}
    found = session.execute(HELPED, helping).scalar()
    if found is None:
        raise HelpOver(convocation_id=convocation_id)
    return UUID(str(found))


def helps_of(session: Session, convocation_id: UUID) -> Sequence[tuple[datetime, str]]:
    """Return when a link was opened with its person, and by whom, the latest first."""
    return [(row.at, row.helper or "") for row in session.execute(HELPS, {"id": convocation_id})]


def _reaches(actor: Actor, territory_id: int, kind_id: int) -> bool:
    return territory_id in actor.territories(HELPERS, kind_id=kind_id)


def _between(number: str) -> tuple[UUID, UUID]:
    """Return the first and the last identifier that begin so. Raises: InvalidRequest."""
    bare = "".join(letter for letter in number.lower() if letter.isalnum())
    if len(bare) != NUMBER_LENGTH or not set(bare) <= set("0123456789abcdef"):
        raise InvalidRequest("number", "unreadable")
    rest = 32 - NUMBER_LENGTH
    return UUID(bare + "0" * rest), UUID(bare + "f" * rest)


def _digest(mark: str) -> bytes:
    return sha256(mark.encode()).digest()
