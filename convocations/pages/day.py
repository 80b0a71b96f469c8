"""What waits of messages in one's day: those to deal with by hand, and those that should have left."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor, Role
from booking.pages.day_waiting import Waiting
from booking.words import many
from convocations.callbacks import count_callbacks
from convocations.imports.sent import IMPORTERS
from convocations.imports.stopping import count_stopped
from convocations.outbox import Part, count_to_handle
from convocations.pages.addresses import IMPORT, TO_CALL_BACK
from convocations.pages.convene_state import CONVENERS

TO_HANDLE = f"/convocations/messages/?etat={Part.TO_HANDLE}"
OVERDUE = timedelta(minutes=15)  # what is due leaves within a minute
# Of the territories that one administers: by who convened, or who asked the host.
STUCK = text("""
    SELECT count(*) FROM message m LEFT JOIN convocation c ON c.id = m.convocation_id
    LEFT JOIN host_request h ON h.id = m.host_request_id LEFT JOIN booking b ON b.id = h.booking_id
    WHERE m.state = 'planned' AND m.due_at <= :before
      AND coalesce(c.territory_id, b.territory_id) = ANY(:territories)""")


def messages_wait(session: Session, actor: Actor, now: datetime) -> list[Waiting]:
    """Return what waits of messages for this actor."""
    lines = []
    if actor.has(*REQUESTERS) and (count := count_to_handle(session, actor)):
        lines.append(Waiting(many(count, "SMS à traiter", "SMS à traiter"), TO_HANDLE, is_late=True))
    if actor.has(*CONVENERS) and (asked := count_callbacks(session, actor)):
        lines.append(Waiting(many(asked, "personne à rappeler", "personnes à rappeler"), TO_CALL_BACK))
    if actor.has(*IMPORTERS) and (stopped := count_stopped(session, actor)):
        words = many(stopped, "import arrêté", "imports arrêtés")
        lines.append(Waiting(f"{words}, à reprendre à votre nom", IMPORT, is_late=True))
    if stuck := _stuck(session, actor, now):
        words = many(stuck, "SMS dû n’est pas parti", "SMS dus ne sont pas partis")
        lines.append(Waiting(f"{words} depuis plus d’un quart d’heure", is_late=True))
    return lines


def _stuck(session: Session, actor: Actor, now: datetime) -> int:
    """Return how many messages of the territories that the actor administers should have left."""
    territories = sorted(actor.territories([Role.ADMINISTRATOR]))
    asked = {"before": now - OVERDUE, "territories": territories}
    return int(session.execute(STUCK, asked).scalar_one()) if territories else 0
