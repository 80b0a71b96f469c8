"""The best order of a list: lawyers wait least; who is brought from prison, on a screen or interpreted, together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.errors import NotFound
from availability.openings import local_day
from availability.periods import Period
from availability.rights import Actor
from booking.hearing_day import arrange
from booking.hearing_day_models import Stage
from booking.models import State
from booking.plans.hearings import check_planner
from optimizer.hearings.order import order
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, FarEnd, Hearing, Person, Problem, Role

HEARING = text("""
    SELECT r.kind_id, s.territory_id, s.time_zone, h.starts_at, h.ends_at, h.max_minutes
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    WHERE r.id = :hearing_id AND r.is_active""")
# In the order that the list has now, with what decides of another one.
ON_LIST = text("""
    SELECT b.id, b.minutes, b.family, b.created_at, b.resource_id = :hearing_id AND b.state = :booked AS is_there,
           c.stage, w.language, w.held_at_id, coalesce(w.by_video, false) AS by_video,
           coalesce(w.priority, 1) AS priority,
           ARRAY(SELECT l.account_id FROM lawyer_case l WHERE l.ended_at IS NULL AND l.territory_id = :territory_id
                 AND (l.case_ref <> '' AND l.case_ref = b.case_ref OR l.person_id = b.person_id) ORDER BY 1) AS lawyers
    FROM (SELECT id FROM booking WHERE resource_id = :hearing_id AND state IN ('booked', 'honoured', 'missed')
          UNION SELECT booking_id FROM case_call WHERE hearing_id = :hearing_id AND stage = 'postponed') x
    JOIN booking b ON b.id = x.id
    LEFT JOIN case_call c ON c.booking_id = b.id AND c.hearing_id = :hearing_id
    LEFT JOIN waiting_case w ON w.booking_id = b.id
    ORDER BY c.rank NULLS LAST, b.created_at, b.id""")


def order_list(session: Session, actor: Actor, hearing_id: int, *, now: datetime) -> list[UUID]:
    """Put what is still to be heard of a list in its best order; return the order that it had.

    What is over, or being heard, stays before. Raises: NotFound, NotAllowed.
    """
    row = session.execute(HEARING, {"hearing_id": hearing_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=hearing_id)
    check_planner(actor, territory_id=row.territory_id, kind_id=row.kind_id)
    lock(session, [hearing_id])
    asked = {"hearing_id": hearing_id, "territory_id": row.territory_id, "booked": State.BOOKED.value}
    listed = session.execute(ON_LIST, asked).all()
    waiting = [one for one in listed if _is_to_hear(one)]
    before = [one.id for one in listed if not _is_to_hear(one)]
    arrange(session, actor, hearing_id, [*before, *_best(row, waiting)], now=now)
    return [one.id for one in listed]


def _is_to_hear(row: Any) -> bool:
    return row.is_there and row.stage in (None, Stage.WAITING, Stage.CALLED, Stage.POSTPONED)


def _best(hearing: Any, listed: Sequence[Any]) -> list[UUID]:
    """Return these cases in the order in which they are best called."""
    zone = ZoneInfo(hearing.time_zone)
    accounts = sorted({account for row in listed for account in row.lawyers})
    number = {account: place for place, account in enumerate(accounts, 1)}
    prisons = sorted({row.held_at_id for row in listed if row.by_video})
    held = Hearing(
        id=1,
        period=Period(hearing.starts_at, hearing.ends_at),
        day=local_day(hearing.starts_at, zone),
        max_cases=len(listed),
        max_minutes=hearing.max_minutes,
    )
    cases = tuple(_case(row, {number[one] for one in row.lawyers}, zone) for row in listed)
    problem = Problem(
        hearings=(held,),
        benches=(),
        rooms=(),
        cases=cases,
        people=tuple(Person(id=one, role=Role.LAWYER) for one in number.values()),
        far_ends=tuple(FarEnd(id=one) for one in prisons),
    )
    plan = Plan(placed={case.id: held.id for case in cases})
    return [call.case_id for call in order(problem, plan, held.id)]


def _case(row: Any, lawyers: set[int], zone: ZoneInfo) -> Case:
    day = local_day(row.created_at, zone)
    return Case(
        id=row.id,
        minutes=row.minutes or 1,
        family=row.family,
        received_on=day,
        ready_on=day,
        priority=row.priority,
        people=frozenset(lawyers),
        language=row.language,
        video_to=row.held_at_id if row.by_video else None,
        is_detained=row.held_at_id is not None,
    )
