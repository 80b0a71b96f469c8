"""A plan of fair shares applied, wholly or in part, and an application taken back.

Each case goes through `designate`, as on the judge's page, in a savepoint: what is refused meanwhile is told with its
reason, and the rest is applied. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import CapacityReached, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.rights import Actor
from booking.actions import cancel
from booking.bulk import lock_all
from booking.conflicts import lock_case
from booking.designations import AlreadyDesignated, NotSuitable, Wanted, designate
from booking.errors import AlreadyDecided, QuotaReached
from booking.models import Booking, State
from booking.plans.kept import Application, Refused, plan_in
from booking.plans.models import OptimizerRun
from booking.plans.share_models import CaseToDesignate
from booking.plans.shares import CaseLine, lines_of

CASES_OF = text("SELECT case_ref FROM booking WHERE id = ANY(:ids)")
# Why something was not applied, by the refusal that said so; the French is in booking/pages/plan_shares_words.py.
WHY = {
    AlreadyDesignated: "designated",
    AlreadyDecided: "decided",
    CapacityReached: "full",
    PeriodTaken: "full",
    NotOpen: "closed",
    QuotaReached: "quota",
    NotFound: "gone",
}


@dataclass(kw_only=True)
class _Done:
    """One application as it goes, by case."""

    bookings: dict[str, str] = field(default_factory=dict)
    moved_from: dict[str, int] = field(default_factory=dict)
    already: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def apply_plan(
    session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
) -> Application:
    """Designate whom a run proposes, for all its cases or for these. Who was asked already stays as it is.

    A case that the plan moves is taken from whom it was asked of, if they have not answered, in the same savepoint.
    Raises: NotAllowed, NotFound when it is not the actor's own court.
    """
    if actor.home_territory_id != run.territory_id:
        raise NotFound(run_id=run.id)
    given = plan_in("shares", run.plan).given
    wanted = {case: int(who) for case, who in given.items() if items is None or case in items}
    lines = _locked(session, run, wanted, now=now)
    done = _Done()
    for case in sorted(wanted, key=lambda one: _turn(lines.get(one))):
        _apply(session, actor, run, done, (case, lines.get(case), wanted[case]), now=now)
    run.applied = {
        "bookings": run.applied.get("bookings", {}) | done.bookings,
        "moved_from": run.applied.get("moved_from", {}) | done.moved_from,
        "refused": [[one.item, one.why, one.facts.get("resource_id")] for one in done.refused],
    }
    return Application(done=tuple(done.bookings), already=tuple(done.already), refused=tuple(done.refused))


def take_back(session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int:
    """Take back the designations of a run that no service has accepted; return how many cases wait again.

    A case that it moved is asked again of whom it was taken from, if they can still take it.
    """
    made = {case: UUID(number) for case, number in run.applied.get("bookings", {}).items()}
    before: Mapping[str, int] = run.applied.get("moved_from", {})
    for case_ref in sorted(session.execute(CASES_OF, {"ids": list(made.values())}).scalars()):
        lock_case(session, run.territory_id, run.kind_id, case_ref)
    lock_all(session, list(made.values()), wanting=before.values())
    count = 0
    for case, number in made.items():
        booking = session.get_one(Booking, number, populate_existing=True)
        if booking.state != State.REQUESTED or booking.expires_at is None or booking.expires_at <= now:
            continue
        cancel(session, actor, number, now=now, for_the_place=True)  # a judge decides it
        count += 1
        if case in before:
            _ask_again(session, actor, case, before[case], now=now)
    return count


def _ask_again(session: Session, actor: Actor, case: str, resource_id: int, *, now: datetime) -> None:
    line = session.get(CaseToDesignate, UUID(case))
    if line is None:
        return
    try:
        with session.begin_nested():
            designate(session, actor, Wanted(resource_id=resource_id, case_ref=line.case_ref), now=now)
    except Refusal:
        return  # the case waits, as one that was never given: its line says so


def _locked(session: Session, run: OptimizerRun, wanted: Mapping[str, int], *, now: datetime) -> dict[str, CaseLine]:
    """Return the lines of these cases as they are now, with everything locked in the order of docs/locking.md."""
    ids = [UUID(case) for case in wanted]
    for case_ref in sorted(session.exec(select(CaseToDesignate.case_ref).where(col(CaseToDesignate.id).in_(ids)))):
        lock_case(session, run.territory_id, run.kind_id, case_ref)
    lines = lines_of(session, run.territory_id, run.kind_id, now=now)
    found = {str(line.id): line for line in lines if str(line.id) in wanted}
    moved = [line.booking_id for case, line in found.items() if line.booking_id and line.held_by != wanted[case]]
    lock_all(session, moved, wanting=wanted.values())
    return found


def _turn(line: CaseLine | None) -> tuple[Any, ...]:
    """Return when a case is served: what is moved makes room first, then the urgent, then who has waited longest."""
    if line is None:
        return (2,)
    return (0 if line.held_by is not None else 1, not line.is_urgent, line.created_at, line.case_ref)


def _apply(
    session: Session,
    actor: Actor,
    run: OptimizerRun,
    done: _Done,
    asked: tuple[str, CaseLine | None, int],
    *,
    now: datetime,
) -> None:
    case, line, resource_id = asked
    try:
        if line is None:
            raise NotFound(case_id=case)
        if line.held_by == resource_id:
            done.already.append(case)
            return
        with session.begin_nested():
            booking = _designated(session, actor, run, line, resource_id, now=now)
    except NotAllowed:
        raise
    except Refusal as refusal:
        done.refused.append(_refused(refusal, case, resource_id))
        return
    done.bookings[case] = str(booking.id)
    if line.held_by is not None:
        done.moved_from[case] = line.held_by


def _designated(
    session: Session, actor: Actor, run: OptimizerRun, line: CaseLine, resource_id: int, *, now: datetime
) -> Booking:
    """Ask the service, having taken the case from another if the plan knew that it was there.

    Raises: what `designate` and `cancel` raise.
    """
    if line.booking_id is not None:
        is_known = line.designated_at is not None and line.designated_at < run.created_at
        if not is_known or line.is_convened:
            raise AlreadyDesignated(booking_id=line.booking_id, case_ref=line.case_ref, resource_id=line.held_by)
        booking = session.get_one(Booking, line.booking_id, populate_existing=True)
        if booking.state != State.REQUESTED:
            raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))
        cancel(session, actor, booking.id, now=now, for_the_place=True)
    wanted = Wanted(resource_id=resource_id, case_ref=line.case_ref, need=line.need)
    return designate(session, actor, wanted, now=now)


def _refused(refusal: Refusal, case: str, resource_id: int) -> Refused:
    why = f"unfit-{refusal.facts['why']}" if isinstance(refusal, NotSuitable) else WHY.get(type(refusal), "refused")
    return Refused(why=why, item=case, facts={"resource_id": resource_id})
