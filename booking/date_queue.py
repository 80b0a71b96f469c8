"""The list of those who wait for dates, as a lawyer reads their own part of it and a registry the whole. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from booking.lawyer_looking import Asked, open_dates
from booking.lawyer_models import Procedure, WhyNone
from booking.lawyer_rules import rules_for
from booking.lawyers import LAWYERS
from booking.plans.hearings import PLANNERS
from booking.waiting_models import WaitingState

MOST = 300
# In the order in which they are served.
_WAITS = """
    SELECT w.id, w.account_id, w.site_id, s.name AS court, s.time_zone, w.procedure, w.nature, w.hearing_id,
           h.starts_at, w.state, w.created_at, p.name AS lawyer,
           (SELECT count(*) FROM date_offer o WHERE o.wait_id = w.id AND o.outcome IN ('declined', 'lapsed')) AS left,
           f.booking_id, f.ends_at, fr.name AS offered_name, fh.starts_at AS offered_at
    FROM date_wait w JOIN site s ON s.id = w.site_id LEFT JOIN lawyer_profile p ON p.account_id = w.account_id
    LEFT JOIN hearing_session h ON h.resource_id = w.hearing_id
    LEFT JOIN date_offer f ON f.wait_id = w.id AND f.outcome IS NULL AND f.ends_at > :now
    LEFT JOIN resource fr ON fr.id = f.hearing_id LEFT JOIN hearing_session fh ON fh.resource_id = f.hearing_id
    WHERE w.state IN ('waiting', 'offered') AND (w.hearing_id IS NULL OR h.starts_at > :now)
      AND {whose}
    ORDER BY w.site_id, w.created_at, w.id LIMIT :most"""
OF_COURTS = text(_WAITS.format(whose="s.territory_id = ANY(:mine)"))
# Those of the courts in which they wait: a rank counts the others, and shows nothing of them.
BESIDE = text(
    _WAITS.format(
        whose="""w.site_id IN (SELECT site_id FROM date_wait
                               WHERE account_id = :account_id AND state IN ('waiting', 'offered'))"""
    )
)


@dataclass(frozen=True, kw_only=True)
class HeldDate:
    """A date that is held for a wait until `ends_at`."""

    booking_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class ListedWait:
    """Somebody who waits. `rank` is theirs, from 1, among those who could be served by the same hearing.

    `why` is why there is nothing for them as of now; `left` is how many dates they had and left.
    """

    id: UUID
    lawyer: str
    court: str
    zone: ZoneInfo
    asked: Asked
    hearing_id: int | None  # None: any
    starts_at: datetime | None
    created_at: datetime
    rank: int
    left: int
    held: HeldDate | None
    why: WhyNone | None = None


def own_waits(session: Session, actor: Actor, *, now: datetime) -> list[ListedWait]:
    """Return what the actor waits for, what is held for them first."""
    if not actor.has(*LAWYERS):
        return []
    asked = {"account_id": actor.account_id, "now": now, "most": 10 * MOST}
    rows = session.execute(BESIDE, asked).all()
    ranks = _ranks(session, rows)
    mine = [row for row in rows if row.account_id == actor.account_id]
    listed = [_wait(row, ranks[row.id], _why(session, actor, row, now)) for row in mine]
    return sorted(listed, key=lambda one: (one.held is None, one.created_at))


def queue_of(session: Session, actor: Actor, *, now: datetime) -> list[ListedWait]:
    """Return who waits in the actor's courts, by court, in the order in which they are served."""
    rows = session.execute(OF_COURTS, {"mine": sorted(actor.territories(PLANNERS)), "now": now, "most": MOST}).all()
    ranks = _ranks(session, rows)
    return [_wait(row, ranks[row.id]) for row in rows]


def _ranks(session: Session, rows: Sequence[Any]) -> dict[UUID, int]:
    """Return the rank of each: one more than those before them whom one hearing could serve as well."""
    kinds = {key: _kinds(session, *key) for key in {(row.site_id, row.procedure, row.nature) for row in rows}}
    reach = {row.id: kinds[row.site_id, row.procedure, row.nature] for row in rows}
    return {row.id: 1 + sum(_meet(row, before, reach) for before in rows[:number]) for number, row in enumerate(rows)}


def _kinds(session: Session, site_id: int, procedure: str, nature: str) -> set[int]:
    return {rule.kind_id for rule in rules_for(session, site_id, Procedure(procedure), nature)}


def _meet(one: Any, other: Any, reach: dict[UUID, set[int]]) -> bool:
    if one.site_id != other.site_id or not reach[one.id] & reach[other.id]:
        return False
    return one.hearing_id is None or other.hearing_id in (None, one.hearing_id)


def _why(session: Session, actor: Actor, row: Any, now: datetime) -> WhyNone | None:
    """Return why they wait on: it may be another reason than the one for which they entered the list."""
    if row.state == WaitingState.OFFERED:
        return None
    return open_dates(session, actor, _asked(row), now=now, hearing_id=row.hearing_id).why


def _asked(row: Any) -> Asked:
    return Asked(site_id=row.site_id, procedure=Procedure(row.procedure), nature=row.nature)


def _wait(row: Any, rank: int, why: WhyNone | None = None) -> ListedWait:
    held = None
    if row.booking_id is not None:
        held = HeldDate(booking_id=row.booking_id, name=row.offered_name, starts_at=row.offered_at, ends_at=row.ends_at)
    return ListedWait(
        id=row.id,
        lawyer=row.lawyer or "",
        court=row.court,
        zone=ZoneInfo(row.time_zone),
        asked=_asked(row),
        hearing_id=row.hearing_id,
        starts_at=row.starts_at,
        created_at=row.created_at,
        rank=rank,
        left=row.left,
        held=held,
        why=why,
    )
