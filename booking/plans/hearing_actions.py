"""A plan applied, wholly or in part, and an application taken back.

Cases go through `hold` and `confirm`, and the judge, the clerk and the room give their time. Each is in a savepoint:
what is refused meanwhile is told with its reason, and the rest is applied. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import lock
from availability.claims import CaseClaim
from availability.errors import CapacityReached, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import run as execute
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.errors import AlreadyDecided, QuotaReached
from booking.events import BookingMoved, Event
from booking.models import Booking, State
from booking.plans.hearings import PLACED, people_of, plan_of
from booking.plans.kept import Application, Refused
from booking.plans.models import HearingStaffing, OptimizerRun, WaitingCase
from booking.staffing import AlreadyStaffed, sitting_of, staff_hearing, unstaff_hearing
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Sitting

IS_TO_FREE = text("""
    SELECT h.starts_at > :now AND NOT EXISTS (SELECT FROM session_case c WHERE c.resource_id = h.resource_id)
    FROM hearing_session h WHERE h.resource_id = :id""")
KEPT_FOR = text("SELECT unnest(held_ids) FROM template_session WHERE resource_id = ANY(:ids)")
# Read only: an application locks the bookings that its cases had, so that it and an undo see each other.
PLACED_ELSEWHERE = text("""
    SELECT 1 FROM booking b
    JOIN waiting_case w ON w.territory_id = b.territory_id AND w.kind_id = b.kind_id AND w.case_ref = b.case_ref
    JOIN booking other ON other.id = w.booking_id AND other.id <> b.id AND other.state = ANY(:placed)
    WHERE b.id = :booking_id""")
DAY_OF = text("""
    SELECT h.starts_at, s.time_zone FROM hearing_session h
    JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id WHERE h.resource_id = :id""")
# Why something was not applied, by the refusal that said so; the French is in booking/pages/planning_words.py.
WHY = {
    PeriodTaken: "taken",
    NotOpen: "closed",
    AlreadyStaffed: "staffed",
    QuotaReached: "quota",
    NotFound: "gone",
}


class NotInTime(Refusal):
    """The hearing is before the notice of the case, or after its deadline."""


class JudgeRefused(Refusal):
    """The judge who holds the hearing may not hear this case."""


@dataclass(frozen=True, kw_only=True)
class NotDone:
    """What could not be applied: a hearing, or a case of it, and why. `resource_id` is who or what was not free."""

    hearing_id: int
    why: str
    case_id: UUID | None = None
    resource_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Done:
    """What an application did: bookings by case, staffings by hearing, what was there already, what was refused."""

    bookings: dict[UUID, UUID] = field(default_factory=dict)
    staffings: dict[int, UUID] = field(default_factory=dict)
    already: list[UUID] = field(default_factory=list)
    refused: list[NotDone] = field(default_factory=list)


def apply_plan(
    session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
) -> Application:
    """Staff the hearings and book the cases that a run proposes: all of them, or these cases and their hearings.

    What is there already stays as it is, so a second application adds nothing. A savepoint each.
    Raises: NotAllowed.
    """
    plan = plan_of(run.plan)
    case_ids = None if items is None else {UUID(one) for one in items}
    wanted = {case: hearing for case, hearing in plan.placed.items() if case_ids is None or case in case_ids}
    hearing_ids = sorted(set(wanted.values()) if case_ids is not None else {*plan.sittings, *wanted.values()})
    # In the order of docs/locking.md: what waits, then everything that becomes scarcer, sorted, once.
    cases = _waiting(session, run, wanted)
    kept = session.execute(KEPT_FOR, {"ids": hearing_ids}).scalars()  # what templates kept for them is given back
    lock(session, [*hearing_ids, *_people(plan, hearing_ids), *kept])
    applying = _Applying(session, actor, now)
    for hearing_id in hearing_ids:
        here = [case for case_id, case in cases.items() if wanted[case_id] == hearing_id]
        applying.hearing(hearing_id, plan.sittings.get(hearing_id), here)
    gone = [case_id for case_id in wanted if case_id not in cases]
    applying.done.refused.extend(NotDone(hearing_id=wanted[one], case_id=one, why="gone") for one in gone)
    _keep(run, applying.done)
    return _told(applying.done)


def take_back(session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int:
    """Give back everything that was applied of a run, is still booked and is to come; return how many cases wait again.

    A hearing that holds other cases meanwhile keeps its judge, and one that has begun was held by whom it was.
    """
    ids = {kind: [UUID(one) for one in run.applied.get(kind, {}).values()] for kind in ("bookings", "staffings")}
    chosen = select(Booking).where(col(Booking.id).in_(ids["bookings"])).order_by(col(Booking.id)).with_for_update()
    bookings = session.exec(chosen.execution_options(populate_existing=True)).all()
    staffings = session.exec(select(HearingStaffing).where(col(HearingStaffing.id).in_(ids["staffings"]))).all()
    held = [one for staffing in staffings for one in (staffing.hearing_id, *people_of(sitting_of(staffing)))]
    held += session.execute(KEPT_FOR, {"ids": [staffing.hearing_id for staffing in staffings]}).scalars()
    lock(session, [*held, *(booking.resource_id for booking in bookings)])
    still_booked = [one.id for one in bookings if one.state == State.BOOKED and one.starts_at and one.starts_at > now]
    for booking_id in still_booked:
        cancel(session, actor, booking_id, now=now, for_the_place=True)  # the registry holds the hearing
    for staffing in staffings:
        if execute(session, IS_TO_FREE, {"id": staffing.hearing_id, "now": now}).scalar():
            unstaff_hearing(session, actor, staffing, now=now)
    return len(still_booked)


def keep_one_place(session: Session, event: Event) -> None:
    """Refuse, as a subscriber of events, to take back the place of a case that was given another one meanwhile.

    Raises: AlreadyDecided.
    """
    if not isinstance(event, BookingMoved) or not event.is_undo:
        return
    if execute(session, PLACED_ELSEWHERE, {"booking_id": event.booking_id, "placed": PLACED}).first():
        raise AlreadyDecided(booking_id=event.booking_id, state=State.CANCELLED)


class _Applying:
    """One application as it goes: what is done, and what is refused on the way."""

    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.done = Done()

    def hearing(self, hearing_id: int, sitting: Sitting | None, cases: Iterable[WaitingCase]) -> None:
        """Staff a hearing, then place its cases; without its judge or its room, none of its cases is placed."""
        try:
            if sitting is None:
                raise NotFound(resource_id=hearing_id)
            with self.session.begin_nested():
                staffing_id = staff_hearing(self.session, self.actor, hearing_id, sitting, now=self.now)
        except NotAllowed:
            raise
        except Refusal as refusal:
            self._not_held(refused(refusal, hearing_id), cases)
            return
        if staffing_id is not None:
            self.done.staffings[hearing_id] = staffing_id
        for case in cases:
            self._case(hearing_id, sitting, case)

    def _not_held(self, why: NotDone, cases: Iterable[WaitingCase]) -> None:
        self.done.refused.append(why)
        for case in cases:
            if _has_place(self.session, case):
                self.done.already.append(case.id)
            else:
                self.done.refused.append(NotDone(hearing_id=why.hearing_id, case_id=case.id, why="not-held"))

    def _case(self, hearing_id: int, sitting: Sitting, case: WaitingCase) -> None:
        case_id = case.id
        if _has_place(self.session, case):
            self.done.already.append(case_id)
            return
        try:
            with self.session.begin_nested():
                self.done.bookings[case_id] = self._placed(hearing_id, sitting, case)
        except NotAllowed:
            raise
        except Refusal as refusal:
            self.done.refused.append(refused(refusal, hearing_id, case_id))

    def _placed(self, hearing_id: int, sitting: Sitting, case: WaitingCase) -> UUID:
        """Book a case, if it may still be heard that day by that judge: it may have changed since the plan."""
        row = execute(self.session, DAY_OF, {"id": hearing_id}).one()
        day = local_day(row.starts_at, ZoneInfo(row.time_zone))
        if day < case.ready_on or (case.deadline_on is not None and day > case.deadline_on):
            raise NotInTime(hearing_id=hearing_id)
        if sitting.judge_id in case.refused_judges:
            raise JudgeRefused(judge_id=sitting.judge_id)
        claim = CaseClaim(resource_id=hearing_id, minutes=case.minutes, family=case.family)
        beneficiary = Beneficiary(case_ref=case.case_ref)
        booking = hold(self.session, self.actor, claim, now=self.now, beneficiary=beneficiary)
        confirm(self.session, self.actor, booking.id, now=self.now)
        case.booking_id = booking.id
        self.session.flush()
        return booking.id


def refused(refusal: Refusal, hearing_id: int, case_id: UUID | None = None) -> NotDone:
    """Return what was not applied and why, with whose time was not free when that is the reason."""
    about = refusal.facts.get("resource_id")
    other = about if isinstance(about, int) and about != hearing_id else None
    if isinstance(refusal, CapacityReached):
        why = f"full-{refusal.facts['why']}"
    elif isinstance(refusal, NotInTime | JudgeRefused):
        why = "not-in-time" if isinstance(refusal, NotInTime) else "refused-judge"
    else:
        why = WHY.get(type(refusal), "refused")
    return NotDone(hearing_id=hearing_id, case_id=case_id, why=why, resource_id=other)


def _has_place(session: Session, case: WaitingCase) -> bool:
    """Say whether the case has its place, here or elsewhere: a booking given back makes it wait again."""
    if case.booking_id is None:
        return False
    booking = session.get(Booking, case.booking_id, populate_existing=True)
    return booking is not None and booking.state in PLACED


def _waiting(session: Session, run: OptimizerRun, case_ids: Iterable[UUID]) -> dict[UUID, WaitingCase]:
    """Return these cases of the court, locked with the bookings that they had, the most urgent first."""
    wanted = (
        select(WaitingCase)
        .where(
            col(WaitingCase.id).in_(list(case_ids)),
            WaitingCase.territory_id == run.territory_id,
            WaitingCase.kind_id == run.kind_id,
        )
        .order_by(col(WaitingCase.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.exec(wanted).all()
    had = select(Booking.id).where(col(Booking.id).in_([case.booking_id for case in found if case.booking_id]))
    session.exec(had.order_by(col(Booking.id)).with_for_update()).all()
    return {case.id: case for case in sorted(found, key=lambda one: (one.deadline_on or date.max, one.received_on))}


def _people(plan: Plan, hearing_ids: Iterable[int]) -> list[int]:
    sittings = [plan.sittings[one] for one in hearing_ids if one in plan.sittings]
    return [one for sitting in sittings for one in people_of(sitting)]


def _keep(run: OptimizerRun, done: Done) -> None:
    """Add what was applied to what the run led to already."""
    bookings = {str(case): str(booking) for case, booking in done.bookings.items()}
    staffings = {str(hearing): str(staffing) for hearing, staffing in done.staffings.items()}
    run.applied = {
        "bookings": run.applied.get("bookings", {}) | bookings,
        "staffings": run.applied.get("staffings", {}) | staffings,
        "refused": [
            [one.hearing_id, str(one.case_id) if one.case_id else None, one.why, one.resource_id]
            for one in done.refused
        ],
    }


def _told(done: Done) -> Application:
    """Return what is said of an application of any problem; a hearing that is staffed is an item too."""
    hearings = [f"hearing:{one}" for one in done.staffings]
    return Application(
        done=(*(str(one) for one in done.bookings), *hearings),
        already=tuple(str(one) for one in done.already),
        refused=tuple(
            Refused(
                why=one.why,
                item=str(one.case_id) if one.case_id else f"hearing:{one.hearing_id}",
                facts={"hearing_id": one.hearing_id, "resource_id": one.resource_id},
            )
            for one in done.refused
        ),
    )
