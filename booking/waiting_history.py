"""What happened to somebody who waits: acts, offers and their answers, each time they were passed over. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Actor
from booking.meanwhile import names_of
from booking.waiting_models import OfferOutcome
from booking.waiting_queries import ListedEntry, entry_for

OFFERS = text("""
    SELECT o.booking_id, s.name AS site_name, r.name AS resource_name, o.offered_at, o.ends_at, o.outcome, o.reason,
           o.ended_at
    FROM waiting_offer o JOIN resource r ON r.id = o.resource_id JOIN site s ON s.id = r.site_id
    WHERE o.entry_id = :id ORDER BY o.offered_at, o.id""")
# An offer and its answer are told from the offers: they say which place, and why it was left.
ACTS = text("""
    SELECT at, actor_id, act, facts FROM history
    WHERE subject = 'waiting' AND subject_id = :id
      AND NOT (act = 'waiting-offered' AND NOT facts ? 'undo')
      AND NOT (act IN ('waiting-waiting', 'waiting-served') AND coalesce(facts ->> 'before', '') = 'offered'
               AND NOT facts ? 'undo')
    ORDER BY id""")


class Happened(StrEnum):
    """What a line tells."""

    ACT = "act"
    OFFERED = "offered"
    ANSWERED = "answered"
    PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class WaitStep:
    """One line: `act` names what was done, or the outcome of an offer, or why they were passed over."""

    at: datetime
    what: Happened
    act: str
    by: str = ""  # empty for the clock
    is_me: bool = False
    site_name: str = ""
    resource_name: str = ""
    reason: str = ""
    until: datetime | None = None
    facts: dict[str, Any] | None = None

    @property
    def deadline_on(self) -> date | None:
        """Return the legal deadline that an act gave; none when it took it away."""
        said = (self.facts or {}).get("to")
        return date.fromisoformat(said) if said else None


def waiting_history(
    session: Session, actor: Actor, entry_id: UUID, *, now: datetime
) -> tuple[ListedEntry, list[WaitStep]]:
    """Return an entry as it is listed and all that happened to it, in the order of time. Raises: NotFound."""
    entry = entry_for(session, actor, entry_id, now=now)
    if entry is None:
        raise NotFound(entry_id=entry_id)
    steps = [*_acts(session, actor, entry_id), *_offers(session, entry_id), *_passes(entry)]
    return entry, sorted(steps, key=lambda step: step.at)  # stable: an offer comes before its answer


def _acts(session: Session, actor: Actor, entry_id: UUID) -> list[WaitStep]:
    rows = session.execute(ACTS, {"id": str(entry_id)}).all()
    names = names_of(session, [row.actor_id for row in rows if row.actor_id])
    return [
        WaitStep(
            at=row.at,
            what=Happened.ACT,
            act=row.act,
            by=names.get(row.actor_id, "quelqu’un") if row.actor_id else "",
            is_me=row.actor_id == actor.account_id,
            facts=row.facts,
        )
        for row in rows
    ]


def _offers(session: Session, entry_id: UUID) -> list[WaitStep]:
    steps = []
    for row in session.execute(OFFERS, {"id": entry_id}):
        where = {"site_name": row.site_name, "resource_name": row.resource_name}
        steps.append(WaitStep(at=row.offered_at, what=Happened.OFFERED, act="", until=row.ends_at, **where))
        if row.outcome is not None:
            outcome = OfferOutcome(row.outcome)
            steps.append(WaitStep(at=row.ended_at, what=Happened.ANSWERED, act=outcome, reason=row.reason, **where))
    return steps


def _passes(entry: ListedEntry) -> list[WaitStep]:
    return [
        WaitStep(
            at=one.at,
            what=Happened.PASSED,
            act=one.why,
            site_name=one.site_name,
            resource_name=one.resource_name,
        )
        for one in entry.skips
    ]
