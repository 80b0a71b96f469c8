"""An application taken back: what it booked is given back, what it moved goes back, who held a hearing does again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import lock
from availability.rights import Actor
from availability.statements import run as execute
from booking.actions import cancel
from booking.models import Booking, State
from booking.plans.hearing_actions import KEPT_FOR, claim_of, seated
from booking.plans.hearing_moves import Move, move_all, until_none_gives
from booking.plans.hearings import people_of, plan_of
from booking.plans.models import HearingStaffing, OptimizerRun
from booking.session_moving import lock_lines
from booking.staffing import reseat_hearing, sitting_of, unstaff_hearing
from optimizer.hearings.problem import Sitting

IS_TO_FREE = text("""
    SELECT h.starts_at > :now AND NOT EXISTS (SELECT FROM session_case c WHERE c.resource_id = h.resource_id)
    FROM hearing_session h WHERE h.resource_id = :id""")


def take_back(session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int:
    """Give back all that was applied of a run and is to come, and put back what moved; return of how many cases.

    A hearing that holds other cases meanwhile keeps its judge, and one that has begun was held by whom it was. A case
    that somebody has moved since stays where they put it.
    """
    applied = Applied.of(run)
    lock_lines(session, sorted(applied.reseated))
    chosen = select(Booking).where(col(Booking.id).in_(applied.booking_ids)).order_by(col(Booking.id)).with_for_update()
    found = {one.id: one for one in session.exec(chosen.execution_options(populate_existing=True))}
    staffings = session.exec(
        select(HearingStaffing).where(col(HearingStaffing.id).in_([*applied.staffings.values()]))
    ).all()
    now_seated = seated(session, sorted(applied.reseated))
    held = {one for staffing in staffings for one in (staffing.hearing_id, *people_of(sitting_of(staffing)))}
    held |= {one for sitting in (*now_seated.values(), *applied.reseated.values()) for one in people_of(sitting)}
    held |= {*applied.reseated, *(one for _, *ids in applied.moved.values() for one in ids)}
    held |= {*session.execute(KEPT_FOR, {"ids": [staffing.hearing_id for staffing in staffings]}).scalars()}
    lock(session, {*held, *(booking.resource_id for booking in found.values())})
    to_come = {one.id for one in found.values() if one.state == State.BOOKED and one.starts_at and one.starts_at > now}
    placed = plan_of(run.plan).placed
    cancelled = [
        booking_id
        for case_id, booking_id in applied.bookings.items()
        if booking_id in to_come and found[booking_id].resource_id == placed[UUID(case_id)]
    ]
    for booking_id in cancelled:
        cancel(session, actor, booking_id, now=now, for_the_place=True)  # the registry holds the hearing
    back = [
        Move(
            case_id=case_id,
            booking_id=booking_id,
            from_id=to_id,
            claim=claim_of(from_id, found[booking_id].minutes or 0, found[booking_id].family),
        )
        for case_id, (booking_id, from_id, to_id) in applied.moved.items()
        if booking_id in to_come and found[booking_id].resource_id == to_id
    ]
    moved, _ = move_all(session, actor, back, now=now)
    for staffing in staffings:
        if execute(session, IS_TO_FREE, {"id": staffing.hearing_id, "now": now}).scalar():
            unstaff_hearing(session, actor, staffing, now=now)
    _seat_back(session, actor, applied, now)
    return len(cancelled) + len(moved)


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What a run led to, as its row keeps it. See `Done`; `reseated`: who held the hearing before."""

    bookings: dict[str, UUID]
    staffings: dict[str, UUID]
    reseated: dict[int, Sitting]
    seated: dict[int, Sitting]  # what the plan put in the place of these
    moved: dict[UUID, tuple[UUID, int, int]]

    @classmethod
    def of(cls, run: OptimizerRun) -> Applied:
        """Return what a run led to."""
        kept, plan = run.applied, plan_of(run.plan)
        reseated = {int(one): Sitting(**_tuples(was)) for one, was in kept.get("reseated", {}).items()}
        return cls(
            bookings={case: UUID(one) for case, one in kept.get("bookings", {}).items()},
            staffings={hearing: UUID(one) for hearing, one in kept.get("staffings", {}).items()},
            reseated=reseated,
            seated={one: plan.sittings[one] for one in reseated},
            moved={
                UUID(case): (UUID(booking), int(before), int(after))
                for case, (booking, before, after) in kept.get("moved", {}).items()
            },
        )

    @property
    def booking_ids(self) -> list[UUID]:
        """Return the bookings that were made or moved."""
        return [*self.bookings.values(), *(booking_id for booking_id, _, _ in self.moved.values())]


def _tuples(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "panel": tuple(kept["panel"])}


def _seat_back(session: Session, actor: Actor, applied: Applied, now: datetime) -> None:
    """Have those who held a hearing before named again for it, when nobody changed it since: also who is away."""

    def back(hearing_id: int) -> None:
        there = seated(session, [hearing_id]).get(hearing_id)
        if there == applied.seated[hearing_id]:
            reseat_hearing(session, actor, hearing_id, applied.reseated[hearing_id], now=now, is_undo=True)

    until_none_gives(session, sorted(applied.reseated), back)
