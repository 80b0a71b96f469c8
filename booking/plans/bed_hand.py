"""A plan of beds changed by hand: somebody goes to another bed, to other dates, or waits on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor
from booking.plans.bed_planner import read_ward
from booking.plans.bed_why import rebased
from booking.plans.beds import Ward, plan_of
from booking.plans.kept import run_of
from booking.plans.runs import change_by_hand
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Placement


@dataclass(frozen=True)
class Move:
    """Somebody who goes to a bed from a night on; without a bed, they wait on."""

    item: str
    room_id: str
    first: date


def moved(ward: Ward, plan: Plan, move: Move) -> Plan:
    """Return a plan with somebody elsewhere. Raises: InvalidRequest."""
    item, room_id = move.item, move.room_id
    request = ward.problem.request_of.get(item)
    if request is None or request.lock is Lock.FROZEN:
        raise InvalidRequest("item", "unknown-choice")
    if room_id and room_id not in ward.beds:
        raise InvalidRequest("bed", "unknown-choice")
    placed = {other: place for other, place in plan.placed.items() if other != item}
    if room_id:
        placed[item] = Placement(room_id=room_id, first_on=move.first)
    return Plan(placed=placed)


def move_by_hand(session: Session, actor: Actor, run_id: UUID, move: Move, *, now: datetime) -> UUID:
    """Keep the plan of a run with somebody elsewhere, beside it; return the new run.

    Raises: NotFound, NotAllowed, InvalidRequest, BrokenPlan.
    """
    run = run_of(session, actor, run_id)
    ward = read_ward(session, run, now=now)
    plan = moved(ward, rebased(ward, plan_of(run.plan)), move)
    return change_by_hand(session, actor, run_id, plan, now=now)
