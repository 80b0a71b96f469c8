"""To what somebody is summoned already, as whoever summons them has read it: two officers do not summon them twice.

They are compared under a lock on the person, so that the second sees what the first did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import REQUESTERS, Actor
from booking.errors import OutOfDate
from booking.meanwhile import SOMEBODY, names_of
from convocations.kinds import Standing

# It is neither erased nor summoned by somebody else until the end; places are taken for it all the same.
LOCK = text("SELECT 1 FROM person WHERE id = :id FOR NO KEY UPDATE")
OF_PERSON = text("""
    SELECT c.id, c.standing, coalesce(b.revision, 0) AS revision, k.label AS kind_label, b.starts_at, c.choose_by,
           s.name AS site_name, s.time_zone, c.requested_by, c.created_at
    FROM convocation c JOIN kind k ON k.id = c.kind_id LEFT JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    WHERE c.person_id = :person_id AND c.territory_id = ANY(:territories)
      AND (c.standing = 'choosing' OR c.standing = 'set' AND b.state IN ('requested', 'booked') AND b.starts_at > :now)
    ORDER BY c.created_at, c.id""")


@dataclass(frozen=True, kw_only=True)
class Summons:
    """A convocation that runs: `at` is empty while the person chooses."""

    id: UUID
    standing: Standing
    revision: int  # of its appointment
    kind_label: str
    at: datetime | None
    choose_by: date | None
    site_name: str
    time_zone: str
    by: str
    made_at: datetime


Seen = tuple[tuple[UUID, str, int], ...]


def summonses_of(session: Session, actor: Actor, person_id: UUID, *, now: datetime) -> tuple[Summons, ...]:
    """Return the convocations of somebody that run, in the actor's territories, the oldest first."""
    asked = {"person_id": person_id, "territories": sorted(actor.territories(REQUESTERS)), "now": now}
    rows = session.execute(OF_PERSON, asked).all()
    names = names_of(session, {row.requested_by for row in rows})
    return tuple(
        Summons(
            id=row.id,
            standing=Standing(row.standing),
            revision=row.revision,
            kind_label=row.kind_label,
            at=row.starts_at,
            choose_by=row.choose_by,
            site_name=row.site_name,
            time_zone=row.time_zone,
            by=names.get(row.requested_by, SOMEBODY),
            made_at=row.created_at,
        )
        for row in rows
    )


def seen_of(summonses: Iterable[Summons]) -> Seen:
    """Return what tells whether they have changed."""
    return tuple((one.id, one.standing.value, one.revision) for one in summonses)


def expect_summonses(session: Session, actor: Actor, person_id: UUID, seen: Seen, *, now: datetime) -> None:
    """Lock somebody, and accept that they are summoned to what was seen. Raises: NotFound, OutOfDate."""
    if session.execute(LOCK, {"id": person_id}).first() is None:
        raise NotFound(person_id=person_id)
    if seen_of(summonses_of(session, actor, person_id, now=now)) != seen:
        raise OutOfDate(person_id=person_id)
