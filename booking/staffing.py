"""Who holds a hearing and where: the time of a judge, a clerk and a room, taken and given back together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from availability.actions import Holder, lock, release, take
from availability.claims import TimeClaim
from availability.errors import NotFound, NotOpen, PeriodTaken, Refusal
from availability.history import Act, record
from availability.models import HearingSession, Shape
from availability.periods import Period
from availability.rights import Actor
from booking.hearing_generation import hold_again, hold_part
from booking.hearing_template_models import TemplateSession
from booking.plans.hearings import check_planner, people_of
from booking.plans.models import HearingStaffing
from booking.session_clashes import seating_of
from booking.session_moving import CannotMove, move_session
from optimizer.hearings.problem import Sitting


class AlreadyStaffed(Refusal):
    """Somebody else holds this hearing, or it is held elsewhere."""


def staff_hearing(session: Session, actor: Actor, hearing_id: int, sitting: Sitting, *, now: datetime) -> UUID | None:
    """Have a judge with a clerk, and a panel and a prosecutor if need be, hold a hearing in a room.

    None when they do already.

    Raises: NotFound, NotAllowed, NotOpen, PeriodTaken, AlreadyStaffed.
    """
    kept = session.get(TemplateSession, hearing_id)
    locked = lock(session, [hearing_id, *people_of(sitting), *(kept.held_ids if kept else ())])
    place = locked.get(hearing_id)
    hearing = session.get(HearingSession, hearing_id)
    if place is None or hearing is None:
        raise NotFound(resource_id=hearing_id)
    check_planner(actor, territory_id=place.territory_id, kind_id=place.terms.kind_id)
    if {locked[one].territory_id for one in people_of(sitting) if one in locked} != {place.territory_id}:
        raise NotFound(resource_id=sitting.room_id)
    if hearing.starts_at <= now or not place.is_active:  # begun, or withdrawn meanwhile
        raise NotOpen(resource_id=hearing_id, why="no-session")
    there = session.exec(select(HearingStaffing).where(HearingStaffing.hearing_id == hearing_id)).one_or_none()
    if there is not None:
        if sitting_of(there) == sitting:
            return None
        raise AlreadyStaffed(hearing_id=hearing_id)
    staffing = HearingStaffing(
        hearing_id=hearing_id,
        judge_id=sitting.judge_id,
        clerk_id=sitting.clerk_id,
        room_id=sitting.room_id,
        panel=list(sitting.panel),
        prosecutor_id=sitting.prosecutor_id,
        created_at=now,
    )
    if kept is not None and kept.held_ids:  # its template kept a room and people: who holds it is decided now
        hold_part(session, locked, kept, Period(hearing.starts_at, hearing.ends_at), now)
    period = Period(hearing.starts_at, hearing.ends_at)
    claims = [TimeClaim(resource_id=one, period=period) for one in people_of(sitting)]
    take(session, locked, claims, Holder(id=staffing.id, now=now))
    session.add(staffing)
    session.flush()
    facts = {
        "judge_id": sitting.judge_id,
        "clerk_id": sitting.clerk_id,
        "room_id": sitting.room_id,
        "panel": list(sitting.panel),
        "prosecutor_id": sitting.prosecutor_id,
    }
    record(
        session,
        actor,
        Act(act="hearing-staffed", subject="hearing", subject_id=hearing_id, at=now, facts=facts),
    )
    return staffing.id


def reseat_hearing(
    session: Session, actor: Actor, hearing_id: int, sitting: Sitting, *, now: datetime, is_undo: bool = False
) -> None:
    """Have others hold a hearing that somebody holds, or hold it elsewhere: its cases stay in it.

    Raises: NotFound, NotAllowed, NotOpen when one of them is away, PeriodTaken, OutOfDate.
    """
    before = seating_of(session, hearing_id)
    names = {name: getattr(sitting, name) for name in ("judge_id", "clerk_id", "room_id", "panel", "prosecutor_id")}
    wanted = replace(before, by_hand=before.by_hand if is_undo else True, **names)
    try:
        move_session(session, actor, hearing_id, wanted, now=now, is_undo=is_undo)
    except CannotMove as refusal:
        clash = refusal.clashes[0]
        why = PeriodTaken if clash.code == "taken" else NotOpen
        raise why(resource_id=clash.resource_id or hearing_id, why=clash.code) from refusal


def unstaff_hearing(session: Session, actor: Actor, staffing: HearingStaffing, now: datetime) -> None:
    """Give back the time of those who held a hearing; what its template kept for it is kept again, if it is free.

    The caller has locked the hearing, those people and that room.
    """
    release(session, Shape.SLOTS, people_of(sitting_of(staffing)), staffing.id)
    act = Act(act="hearing-unstaffed", subject="hearing", subject_id=staffing.hearing_id, at=now, facts={})
    session.delete(staffing)
    session.flush()
    hold_again(session, staffing.hearing_id, now=now)
    record(session, actor, act)


def sitting_of(staffing: HearingStaffing) -> Sitting:
    """Return who holds a hearing and where."""
    return Sitting(
        judge_id=staffing.judge_id,
        clerk_id=staffing.clerk_id,
        room_id=staffing.room_id,
        panel=tuple(staffing.panel),
        prosecutor_id=staffing.prosecutor_id,
    )
