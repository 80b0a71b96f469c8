"""What others did of a booking since somebody looked at it: an act on another revision is refused, and says what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from availability.statements import by_key, run
from booking.errors import ChangedMeanwhile
from booking.models import Booking, State
from booking.reasons import told_facts

BY_LINK = "La personne, par son lien,"
BY_HOST_LINK = "Le lieu, par le lien de son courriel,"
SOMEBODY = "Quelqu’un"
MOST_TOLD = 20  # lines: whoever left a sheet open for a year reads the last ones
# People and programs are named by one identifier in the history.
NAMES = text("""
    SELECT id, name FROM account WHERE id = ANY(:ids)
    UNION ALL SELECT actor_id, name FROM api_client WHERE actor_id = ANY(:ids)
    UNION ALL SELECT id, :by_link FROM host_request WHERE id = ANY(:ids)""")
# Each change of a booking raises its revision by one and writes one line: the last n lines are the last n changes, but
# for those of its files, which change nothing of it.
_LAST_LINES = by_key("""
    SELECT at, actor_id, act, facts FROM history WHERE subject = 'booking' AND subject_id = :id
      AND act NOT IN ('booking-file-added', 'booking-file-removed', 'booking-file-put-back')
    ORDER BY id DESC LIMIT :count""")

_OF_RESOURCE = by_key("""
    SELECT at, actor_id, act, facts FROM history WHERE subject = 'resource' AND subject_id = :id AND at >= :since
    ORDER BY id DESC LIMIT :count""")


@dataclass(frozen=True)
class Changed:
    """One change made meanwhile; `by` names who made it, empty for the clock."""

    at: datetime
    actor_id: UUID | None
    by: str
    is_me: bool
    act: str
    facts: dict[str, Any]


def expect_revision(session: Session, actor: Actor, booking: Booking, revision: int | None) -> None:
    """Accept a locked booking at the revision that the actor has seen; None: whatever it is now.

    What lapsed is left to the act, which answers the same before and after the clock has written it down.
    Raises: ChangedMeanwhile.
    """
    if revision in (None, booking.revision) or booking.state == State.LAPSED:
        return
    raise ChangedMeanwhile(
        booking_id=booking.id,
        revision=booking.revision,
        changes=changes_since(session, actor, booking, revision or 0),
    )


def changes_since(session: Session, actor: Actor, booking: Booking, revision: int) -> tuple[Changed, ...]:
    """Return what was done of a booking after one of its revisions, oldest first."""
    count = min(max(booking.revision - revision, 0), MOST_TOLD)
    rows = run(session, _LAST_LINES, {"id": str(booking.id), "count": count}).all()
    names = names_of(session, (row.actor_id for row in rows if row.actor_id))
    if booking.person_id is not None:
        names[booking.person_id] = BY_LINK  # whoever holds the link of a convocation acts as its person
    return tuple(_changed(row, names, actor, booking.territory_id) for row in reversed(rows))


def touched_since(session: Session, actor: Actor, resource_id: int, since: datetime) -> tuple[Changed, ...]:
    """Return what was done of what a resource publishes after an instant, oldest first."""
    rows = run(session, _OF_RESOURCE, {"id": str(resource_id), "since": since, "count": MOST_TOLD}).all()
    names = names_of(session, (row.actor_id for row in rows if row.actor_id))
    return tuple(_changed(row, names, actor) for row in reversed(rows))


def _changed(row: Any, names: dict[UUID, str], actor: Actor, territory_id: int = 0) -> Changed:
    return Changed(
        at=row.at,
        actor_id=row.actor_id,
        by=names.get(row.actor_id, SOMEBODY) if row.actor_id else "",
        is_me=row.actor_id == actor.account_id,
        act=row.act,
        facts=told_facts(actor, row.act, row.facts, territory_id),
    )


def names_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of accounts and programs."""
    return {row.id: row.name for row in session.execute(NAMES, {"ids": sorted(set(ids)), "by_link": BY_HOST_LINK})}
