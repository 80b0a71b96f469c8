"""How many a resource takes for a while, instead of its usual capacity: a colleague away, an extra mediator.

What was taken before stands, even above the new number: it only keeps others from being taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import readable
from availability.closings import MOST_REASON
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.publishing import A_YEAR
from availability.rights import Actor
from availability.running import run_by

SHAPES = (Shape.SLOTS, Shape.PLACES)  # beds are counted one by one, a hearing says how many it takes
MOST = 10_000

ALREADY = text("""
    SELECT lower(days) AS first, upper(days) AS until, capacity FROM capacity_period
    WHERE resource_id = :id AND days && daterange(:first, :until) ORDER BY days LIMIT 1""")
SET = text("""
    INSERT INTO capacity_period (resource_id, days, capacity, reason)
    VALUES (:id, daterange(:first, :until), :capacity, :reason) RETURNING id""")
PERIOD = text("""
    SELECT lower(days) AS first, upper(days) AS until, capacity, reason FROM capacity_period
    WHERE id = :period_id AND resource_id = :id""")
FORGET = text("DELETE FROM capacity_period WHERE id = :period_id")
FORGET_FROM = text("UPDATE capacity_period SET days = daterange(lower(days), :today) WHERE id = :period_id")
TO_COME = text("""
    SELECT id, lower(days) AS first, upper(days) AS until, capacity, reason FROM capacity_period
    WHERE resource_id = :id AND upper(days) > :today ORDER BY days""")


@dataclass(frozen=True)
class Capacity:
    """A temporary capacity on civil days `[first, until)`, and its number."""

    id: int
    first: date
    until: date
    capacity: int
    reason: str = ""


def set_capacity(  # noqa: PLR0917 - the four things that a form asks, in its order
    session: Session,
    actor: Actor,
    resource_id: int,
    first: date,
    until: date,
    capacity: int,
    reason: str = "",
    *,
    now: datetime,
) -> Capacity:
    """Say how many a resource of shape slots or places takes on some days; nothing that was taken is moved.

    Days that have a temporary capacity already are refused: it is to be forgotten first. The reason is for colleagues
    and is not written in the history. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = run_by(session, actor, resource_id, SHAPES)
    today = local_day(now, place.zone)
    reason = _checked(first, until, capacity, reason, today)
    asked = {"id": place.id, "first": first, "until": until, "capacity": capacity, "reason": reason}
    if already := session.execute(ALREADY, asked).one_or_none():
        raise InvalidRequest("first", "capacity-already", **already._mapping)
    period_id = int(session.execute(SET, asked).scalar_one())
    facts = {"first": first.isoformat(), "until": until.isoformat(), "capacity": capacity}
    record(session, actor, Act(act="capacity-set", subject="resource", subject_id=place.id, at=now, facts=facts))
    return Capacity(period_id, first, until, capacity, reason)


def forget_capacity(session: Session, actor: Actor, resource_id: int, period_id: int, *, now: datetime) -> Capacity:
    """Take back what is left of a temporary capacity; return it, to be given back to `set_capacity`.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = run_by(session, actor, resource_id, SHAPES)
    today = local_day(now, place.zone)
    row = session.execute(PERIOD, {"period_id": period_id, "id": place.id}).one_or_none()
    if row is None or row.until <= today:
        raise NotFound(resource_id=resource_id, period_id=period_id)
    has_begun = row.first < today
    session.execute(FORGET_FROM if has_begun else FORGET, {"period_id": period_id, "today": today})
    left = Capacity(period_id, max(row.first, today), row.until, row.capacity, row.reason)
    facts = {"first": left.first.isoformat(), "until": left.until.isoformat(), "capacity": left.capacity}
    record(session, actor, Act(act="capacity-forgotten", subject="resource", subject_id=place.id, at=now, facts=facts))
    return left


def capacities_to_come(session: Session, resource_id: int, *, today: date) -> tuple[Capacity, ...]:
    """Return the temporary capacities of a resource that are not over, by day."""
    return tuple(Capacity(*row) for row in session.execute(TO_COME, {"id": resource_id, "today": today}))


def _checked(first: date, until: date, capacity: int, reason: str, today: date) -> str:
    """Return the reason as it is kept. Raises: InvalidRequest."""
    if first < today:
        raise InvalidRequest("first", "past", today=today)
    if until <= first:
        raise InvalidRequest("until", "not-after-start")
    if until > today + A_YEAR:
        raise InvalidRequest("until", "too-far", today=today, latest=today + A_YEAR)
    if not 0 <= capacity <= MOST:
        raise InvalidRequest("capacity", "out-of-range", least=0, most=MOST)
    reason = readable("reason", reason)
    if len(reason) > MOST_REASON:
        raise InvalidRequest("reason", "too-long", most=MOST_REASON)
    return reason
