"""Formal convocations: that a letter was handed over, or served otherwise. The date and the kind, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.openings import local_day
from availability.rights import Actor
from convocations.actions import convocation_for, locked_convocation, write_down
from convocations.paper_models import ServedHow

ZONE = text("""
    SELECT s.time_zone FROM convocation c JOIN resource r ON r.id = c.resource_ids[1] JOIN site s ON s.id = r.site_id
    WHERE c.id = :id""")
NOTE = text("""
    INSERT INTO formal_service (id, convocation_id, how, on_day, noted_by, noted_at)
    VALUES (gen_random_uuid(), :id, :how, :on_day, :by, :now) ON CONFLICT DO NOTHING""")
TAKE_BACK = text("DELETE FROM formal_service WHERE convocation_id = :id AND how = :how AND on_day = :on_day")
SERVED = text("""
    SELECT how, on_day, noted_by, noted_at FROM formal_service WHERE convocation_id = :id ORDER BY on_day, noted_at""")


@dataclass(frozen=True)
class Served:
    """That a convocation was served, and who wrote it down."""

    how: ServedHow
    on_day: date
    noted_by: UUID
    noted_at: datetime


def note_served(
    session: Session, actor: Actor, convocation_id: UUID, how: ServedHow, on_day: date, *, now: datetime
) -> None:
    """Write down that a convocation was served on a day, once however often it is said.

    Raises: NotFound, NotAllowed, InvalidRequest when that day is to come, or before the convocation.
    """
    seen = convocation_for(session, actor, convocation_id)
    zone = ZoneInfo(session.execute(ZONE, {"id": convocation_id}).scalar_one())
    if on_day > local_day(now, zone):
        raise InvalidRequest("on_day", "too-late")
    if on_day < local_day(seen.created_at, zone):
        raise InvalidRequest("on_day", "past")
    convocation = locked_convocation(session, convocation_id)
    values = {"id": convocation_id, "how": how, "on_day": on_day, "by": actor.account_id, "now": now}
    if session.execute(NOTE, values).rowcount:  # type: ignore[attr-defined]
        write_down(session, actor, convocation, "convocation-served", now, how=how.value, on_day=on_day.isoformat())


def take_back_served(
    session: Session, actor: Actor, convocation_id: UUID, how: ServedHow, on_day: date, *, now: datetime
) -> None:
    """Take back what was noted; the history keeps both. Raises: NotFound, NotAllowed."""
    convocation_for(session, actor, convocation_id)
    convocation = locked_convocation(session, convocation_id)
    if session.execute(TAKE_BACK, {"id": convocation_id, "how": how, "on_day": on_day}).rowcount:  # type: ignore[attr-defined]
        facts = {"how": how.value, "on_day": on_day.isoformat()}
        write_down(session, actor, convocation, "convocation-not-served", now, **facts)


def served_of(session: Session, actor: Actor, convocation_id: UUID) -> tuple[Served, ...]:
    """Return how and when a convocation was served. Raises: NotFound."""
    convocation_for(session, actor, convocation_id)
    rows = session.execute(SERVED, {"id": convocation_id})
    return tuple(Served(ServedHow(row.how), row.on_day, row.noted_by, row.noted_at) for row in rows)
