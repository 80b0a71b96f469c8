"""One booking opened: what is known of it, who did what, and what the actor may still do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed
from availability.history import consulted
from availability.models import Kind
from availability.rights import REQUESTERS, Actor
from availability.search import may_reserve
from booking.actions import UNDO_MINUTES
from booking.models import State
from booking.queries import BookingLine, HistoryEntry, booking_for, history_of

GIVEN_BACK = "booking-cancelled"
BY_LINK = "La personne, par son lien"
# People and programs are named by one identifier in the history.
NAMES = text("""
    SELECT id, name FROM account WHERE id = ANY(:ids)
    UNION ALL SELECT actor_id, name FROM api_client WHERE actor_id = ANY(:ids)""")


@dataclass(frozen=True)
class Step:
    """One line of history: `by` names who did it, empty for the clock."""

    entry: HistoryEntry
    by: str
    is_me: bool


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything that the sheet of a booking shows."""

    line: BookingLine
    requested_by: str
    is_mine: bool
    steps: tuple[Step, ...]
    may_act: bool
    may_take_again: bool

    @property
    def is_for_somebody(self) -> bool:
        """Say whether it can be confirmed as it is."""
        return self.line.person_id is not None or bool(self.line.case_ref)


def dossier(session: Session, actor: Actor, booking_id: UUID, *, now: datetime, is_logged: bool = False) -> Dossier:
    """Return a booking with its history. `is_logged` writes down that its person was looked at. Raises: NotFound."""
    line = booking_for(session, actor, booking_id, now=now)
    entries = history_of(session, actor, booking_id)
    if is_logged and line.person_id is not None:
        consulted(session, actor, subject="person", subject_id=line.person_id, reason="booking-sheet", at=now)
    names = _names(session, [line.requested_by, *(entry.actor_id for entry in entries if entry.actor_id)])
    if line.person_id is not None:
        names[line.person_id] = BY_LINK  # whoever holds the link of a convocation acts as its person
    may_act = _may_act(session, actor, line)
    return Dossier(
        line=line,
        requested_by=names.get(line.requested_by, ""),
        is_mine=line.requested_by == actor.account_id,
        steps=tuple(
            Step(entry, names.get(entry.actor_id, "Quelqu’un") if entry.actor_id else "", _is(entry, actor))
            for entry in entries
        ),
        may_act=may_act,
        may_take_again=may_act and _just_given_back(line, entries, now),
    )


def _names(session: Session, ids: list[UUID]) -> dict[UUID, str]:
    return {row.id: row.name for row in session.execute(NAMES, {"ids": sorted(set(ids))})}


def _is(entry: HistoryEntry, actor: Actor) -> bool:
    return entry.actor_id == actor.account_id


def _may_act(session: Session, actor: Actor, line: BookingLine) -> bool:
    """Say whether the acts of booking/actions.py would be heard: a territory of theirs, a kind that they reserve."""
    if line.territory_id not in actor.territories(REQUESTERS, kind_id=line.kind_id):
        return False
    try:
        rights = may_reserve(session, actor, session.get_one(Kind, line.kind_id))
    except NotAllowed:
        return False
    return any(right.covers(territory_id=line.territory_id) for right in rights)


def _just_given_back(line: BookingLine, entries: list[HistoryEntry], now: datetime) -> bool:
    last = entries[-1] if entries else None
    return (
        line.state is State.CANCELLED
        and last is not None
        and last.act == GIVEN_BACK
        and last.at >= now - timedelta(minutes=UNDO_MINUTES)
    )
