"""A plan of beds changed by hand: somebody goes to another bed, to other dates, or waits on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor
from booking.plans.bed_planner import read_ward
from booking.plans.bed_why import rebased, why
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


def moved(ward: Ward, plan: Plan, moves: Sequence[Move]) -> Plan:
    """Return a plan with some people elsewhere. Raises: InvalidRequest."""
    for move in moves:
        plan = _with(ward, plan, move)
    return plan


def _with(ward: Ward, plan: Plan, move: Move) -> Plan:
    item, room_id = move.item, move.room_id
    request = ward.problem.request_of.get(item)
    if request is None or request.lock is Lock.FROZEN:
        raise InvalidRequest("item", "unknown-choice")
    if room_id not in ward.beds and (room_id or item in ward.stays):
        raise InvalidRequest("bed", "unknown-choice")
    placed = {other: place for other, place in plan.placed.items() if other != item}
    if room_id:
        placed[item] = Placement(room_id=room_id, first_on=move.first)
    return Plan(placed=placed)


def move_by_hand(session: Session, actor: Actor, run_id: UUID, *moves: Move, now: datetime) -> UUID:
    """Keep the plan of a run with some people elsewhere, beside it; return the new run.

    Raises: NotFound, NotAllowed, InvalidRequest, BrokenPlan.
    """
    run = run_of(session, actor, run_id)
    ward = read_ward(session, run, now=now)
    plan = moved(ward, rebased(ward, plan_of(run.plan)), moves)
    return change_by_hand(session, actor, run_id, plan, now=now)


def change_as_proposed(session: Session, actor: Actor, run_id: UUID, item: str, number: int, *, now: datetime) -> UUID:
    """Make one of the smallest changes that would give somebody a bed; return the new run.

    Raises: NotFound, NotAllowed, InvalidRequest when it is none that whoever plans may make, BrokenPlan.
    """
    run = run_of(session, actor, run_id)
    ward = read_ward(session, run, now=now)
    plan = rebased(ward, plan_of(run.plan))
    if item not in ward.entries or item in plan.placed:
        raise InvalidRequest("item", "unknown-choice")
    ways = why(ward, plan, item)[1]
    if not 0 <= number < len(ways) or not ways[number].can_do:
        raise InvalidRequest("number", "unknown-choice")
    way = ways[number]
    others = [Move(way.moved, way.moved_to.room_id, way.moved_to.first_on)] if way.moved_to else []
    mine = Move(item, str(way.bed.unit_id), way.first)
    return change_by_hand(session, actor, run_id, moved(ward, plan, [*others, mine]), now=now)
