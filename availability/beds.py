"""Beds put out of service and back, by those who run them. Whoever has the bed keeps it: it takes nobody new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.declarations import hosted
from availability.errors import NotFound
from availability.history import Act, record
from availability.openings import local_day
from availability.rights import Actor

SECTION = text("SELECT resource_id FROM unit WHERE id = :id")
SET = text("UPDATE unit SET is_active = :in_service WHERE id = :id AND is_active <> :in_service")
STAYS = text("""
    SELECT holder_id, min(night) AS first, max(night) + 1 AS until FROM bed_night
    WHERE unit_id = :id AND night >= :today AND (expires_at IS NULL OR expires_at > :now)
    GROUP BY holder_id ORDER BY first""")


@dataclass(frozen=True)
class StayThere:
    """Somebody who has a bed for nights `[first, until)` from today on."""

    holder_id: UUID
    first: date
    until: date


def set_bed_in_service(
    session: Session, actor: Actor, unit_id: int, in_service: bool, *, now: datetime
) -> tuple[StayThere, ...]:
    """Put a bed out of service, or back; return who has it from today on: they keep it, and somebody must look.

    Raises: NotFound.
    """
    resource_id = session.execute(SECTION, {"id": unit_id}).scalar()
    if resource_id is None:
        raise NotFound(unit_id=unit_id)
    place = hosted(session, actor, [int(resource_id)])[int(resource_id)]
    if session.execute(SET, {"id": unit_id, "in_service": in_service}).rowcount:  # type: ignore[attr-defined]
        facts = {"unit_id": unit_id, "in_service": in_service}
        record(session, actor, Act(act="bed-in-service", subject="resource", subject_id=place.id, at=now, facts=facts))
    asked = {"id": unit_id, "today": local_day(now, place.zone), "now": now}
    return tuple(StayThere(*row) for row in session.execute(STAYS, asked))
