"""A plan applied, wholly or in part; hearing_undo.py takes it back.

Cases that wait go through `hold` and `confirm`, those that have a place through `move`; judges, clerks and rooms give
their time, and other ones take over a hearing that somebody cannot hold. Each is in a savepoint: what is refused
meanwhile is told with its reason, and the rest is applied. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
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
from booking.actions import Beneficiary, confirm, hold
from booking.errors import AlreadyDecided, QuotaReached
from booking.events import BookingMoved, Event
from booking.models import Booking, State
from booking.plans.hearing_locks import HEARING
from booking.plans.hearing_moves import Move, move_all, until_none_gives
from booking.plans.hearings import PLACED, people_of, plan_of
from booking.plans.kept import Application, Refused, instants_of
from booking.plans.models import HearingStaffing, OptimizerRun, WaitingCase
from booking.session_moving import lock_lines
from booking.staffing import AlreadyStaffed, reseat_hearing, sitting_of, staff_hearing
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Sitting

KEPT_FOR = text("SELECT unnest(held_ids) FROM template_session WHERE resource_id = ANY(:ids)")
# Read only: an application locks the bookings that its cases had, so that it and an undo see each other.
PLACED_ELSEWHERE = text("""
    SELECT 1 FROM booking b
    JOIN waiting_case w ON w.territory_id = b.territory_id AND w.kind_id = b.kind_id AND w.case_ref = b.case_ref
    JOIN booking other ON other.id = w.booking_id AND other.id <> b.id AND other.state = ANY(:placed)
    WHERE b.id = :booking_id""")
# What somebody did since the plan was asked for is theirs, whatever the plan says; what it did itself is not.
PLACED_SINCE = text("""
    SELECT b.created_at >= :since AND b.created_at <> ALL(:ours) OR EXISTS (
        SELECT FROM history h WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text)
          AND h.act = 'booking-moved' AND h.at >= :since AND h.at <> ALL(:ours)) FROM booking b WHERE b.id = :id""")
SEATED_SINCE = text("""
    SELECT f.created_at >= :since AND f.created_at <> ALL(:ours) OR EXISTS (
        SELECT FROM history h WHERE h.subject = 'hearing' AND h.subject_id = CAST(f.hearing_id AS text)
          AND h.act = 'hearing-session-moved' AND h.at >= :since AND h.at <> ALL(:ours))
    FROM hearing_staffing f WHERE f.hearing_id = :id""")
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
    """What an application did: bookings by case, staffings by hearing, what moved, what was there, what was refused.

    `reseated`: by hearing, who held it before. `moved`: by case, its booking, the hearing that it left, and where it
    is.
    """

    bookings: dict[UUID, UUID] = field(default_factory=dict)
    staffings: dict[int, UUID] = field(default_factory=dict)
    reseated: dict[int, Sitting] = field(default_factory=dict)
    moved: dict[UUID, tuple[UUID, int, int]] = field(default_factory=dict)
    already: list[UUID] = field(default_factory=list)
    refused: list[NotDone] = field(default_factory=list)


def apply_plan(
    session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
) -> Application:
    """Staff the hearings, book and move the cases as a run proposes: all of them, or these cases and their hearings.

    An item may be a hearing too, to have it held as proposed and nothing else (see `HEARING`).
    What is there already stays as it is, so a second application adds nothing; neither does it undo what somebody did
    since the run was asked for. A case that the plan leaves out keeps the place that it has. A savepoint each.
    Raises: NotAllowed.
    """
    plan = plan_of(run.plan)
    chosen = None if items is None else set(items)
    wanted = {case: hearing for case, hearing in plan.placed.items() if chosen is None or str(case) in chosen}
    named = {one for one in plan.sittings if chosen is None or f"{HEARING}{one}" in chosen}
    hearing_ids = sorted({*named, *wanted.values()})
    # In the order of docs/locking.md: the lines of sessions, what waits, then all that becomes scarcer, sorted, once.
    held_now = seated(session, hearing_ids)
    lock_lines(session, [one for one, sitting in held_now.items() if plan.sittings.get(one) != sitting])
    cases = _waiting(session, run, wanted)
    places = _places(session, cases.values())
    kept = session.execute(KEPT_FOR, {"ids": hearing_ids}).scalars()  # what templates kept for them is given back
    people = {one for sitting in held_now.values() for one in people_of(sitting)}
    lock(
        session,
        {*hearing_ids, *_people(plan, hearing_ids), *people, *kept, *(one.resource_id for one in places.values())},
    )
    session.expire_all()
    applying = _Applying(session, actor, run, now)
    held_now = seated(session, hearing_ids)  # read again, under the locks
    as_planned = {one for one in hearing_ids if one in held_now and held_now[one] == plan.sittings.get(one)}
    held = applying.seat({one: plan.sittings.get(one) for one in hearing_ids if one not in as_planned})
    cases = _waiting(session, run, wanted)  # of one statement: what was read before is expired
    applying.place(cases, wanted, {one: plan.sittings[one] for one in held | as_planned})
    gone = [case_id for case_id in wanted if case_id not in cases]
    applying.done.refused.extend(NotDone(hearing_id=wanted[one], case_id=one, why="gone") for one in gone)
    _keep(run, applying.done)
    return _told(applying.done)


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

    def __init__(self, session: Session, actor: Actor, run: OptimizerRun, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.since: dict[str, Any] = {"since": run.created_at, "ours": instants_of(session, run)}
        self.now = now
        self.done = Done()

    def seat(self, sittings: Mapping[int, Sitting | None]) -> set[int]:
        """Have each hearing held as the plan says; return those that are."""

        def one(hearing_id: int) -> None:
            sitting = sittings[hearing_id]
            if sitting is None:
                raise NotFound(resource_id=hearing_id)
            self._seat(hearing_id, sitting)

        held, left = until_none_gives(self.session, sorted(sittings), one)
        self.done.refused.extend(refused(why, hearing_id) for hearing_id, why in left)
        return set(held)

    def _seat(self, hearing_id: int, sitting: Sitting) -> None:
        was = seated(self.session, [hearing_id]).get(hearing_id)
        if was in (None, sitting):
            staffing_id = staff_hearing(self.session, self.actor, hearing_id, sitting, now=self.now)
            if staffing_id is not None:
                self.done.staffings[hearing_id] = staffing_id
            return
        if execute(self.session, SEATED_SINCE, {"id": hearing_id, **self.since}).scalar():
            raise AlreadyStaffed(hearing_id=hearing_id)
        reseat_hearing(self.session, self.actor, hearing_id, sitting, now=self.now)
        self.done.reseated[hearing_id] = was

    def place(self, cases: Mapping[UUID, WaitingCase], wanted: Mapping[UUID, int], held: Mapping[int, Sitting]) -> None:
        """Move the cases that have a place, then place those that wait; without its judge, a hearing gets none."""
        new: list[WaitingCase] = []
        moves: list[Move] = []
        places = _places(self.session, cases.values())
        for case in cases.values():
            hearing_id, booking = wanted[case.id], places.get(case.id)
            if booking is not None and (booking.resource_id == hearing_id or self._is_since(booking)):
                self.done.already.append(case.id)
            elif hearing_id not in held:
                self.done.refused.append(NotDone(hearing_id=hearing_id, case_id=case.id, why="not-held"))
            elif (late := self._no_longer(case, hearing_id, held[hearing_id])) is not None:
                self.done.refused.append(refused(late, hearing_id, case.id))
            elif booking is None:
                new.append(case)
            else:
                claim = claim_of(hearing_id, case.minutes, case.family)
                moves.append(Move(case_id=case.id, booking_id=booking.id, from_id=booking.resource_id, claim=claim))
        moved, left = move_all(self.session, self.actor, moves, now=self.now)
        self.done.moved.update({one.case_id: (one.booking_id, one.from_id, one.to_id) for one in moved})
        self.done.refused.extend(refused(why, wanted[case_id], case_id) for case_id, why in left.items())
        for case in new:
            self._placed(case, wanted[case.id])

    def _is_since(self, booking: Booking) -> bool:
        """Say whether somebody gave the case this place after the plan was asked for: it stays there."""
        asked = {"id": booking.id, **self.since}
        return booking.state != State.BOOKED or bool(execute(self.session, PLACED_SINCE, asked).scalar())

    def _no_longer(self, case: WaitingCase, hearing_id: int, sitting: Sitting) -> Refusal | None:
        """Return why a case may no longer be heard that day by those judges: it may have changed since the plan."""
        row = execute(self.session, DAY_OF, {"id": hearing_id}).one()
        day = local_day(row.starts_at, ZoneInfo(row.time_zone))
        if day < case.ready_on or (case.deadline_on is not None and day > case.deadline_on):
            return NotInTime(hearing_id=hearing_id)
        refused_here = {*case.refused_judges}.intersection(sitting.judges)
        return JudgeRefused(judge_id=min(refused_here)) if refused_here else None

    def _placed(self, case: WaitingCase, hearing_id: int) -> None:
        case_id = case.id
        try:
            with self.session.begin_nested():
                claim, beneficiary = (
                    claim_of(hearing_id, case.minutes, case.family),
                    Beneficiary(case_ref=case.case_ref),
                )
                booking = hold(self.session, self.actor, claim, now=self.now, beneficiary=beneficiary)
                confirm(self.session, self.actor, booking.id, now=self.now)
                case.booking_id = booking.id
                self.session.flush()
                self.done.bookings[case_id] = booking.id
        except NotAllowed:
            raise
        except Refusal as refusal:
            self.done.refused.append(refused(refusal, hearing_id, case_id))


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


def claim_of(hearing_id: int, minutes: int, family: str) -> CaseClaim:
    """Return what a case asks of a hearing."""
    return CaseClaim(resource_id=hearing_id, minutes=minutes, family=family)


def _places(session: Session, cases: Iterable[WaitingCase]) -> dict[UUID, Booking]:
    """Return the bookings of the cases that have their place, here or elsewhere: one given back makes it wait again."""
    case_of = {case.booking_id: case.id for case in cases if case.booking_id is not None}
    had = select(Booking).where(col(Booking.id).in_(case_of), col(Booking.state).in_(PLACED))
    found = session.exec(had.execution_options(populate_existing=True))
    return {case_of[booking.id]: booking for booking in found}


def seated(session: Session, hearing_ids: Sequence[int]) -> dict[int, Sitting]:
    """Return who holds these hearings now."""
    chosen = select(HearingStaffing).where(col(HearingStaffing.hearing_id).in_(hearing_ids))
    rows = session.exec(chosen.execution_options(populate_existing=True))
    return {row.hearing_id: sitting_of(row) for row in rows}


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
    """Add what was applied to what the run led to already; of what moved twice, the first place is kept."""
    before = run.applied
    moved = {str(case): [str(booking), was, now] for case, (booking, was, now) in done.moved.items()}
    for case, (_, first, _) in before.get("moved", {}).items():
        if case in moved:
            moved[case][1] = first
    new: dict[str, dict[str, Any]] = {
        "bookings": {str(case): str(booking) for case, booking in done.bookings.items()},
        "staffings": {str(hearing): str(staffing) for hearing, staffing in done.staffings.items()},
        "reseated": {str(hearing): asdict(was) for hearing, was in done.reseated.items()},
        "moved": moved,
    }
    run.applied = {name: before.get(name, {}) | added for name, added in new.items()} | {
        "refused": [
            [one.hearing_id, str(one.case_id) if one.case_id else None, one.why, one.resource_id]
            for one in done.refused
        ],
    }


def _told(done: Done) -> Application:
    """Return what is said of an application of any problem; a hearing that is staffed is an item too."""
    hearings = [f"{HEARING}{one}" for one in (*done.staffings, *done.reseated)]
    return Application(
        done=(*(str(one) for one in (*done.bookings, *done.moved)), *hearings),
        already=tuple(str(one) for one in done.already),
        refused=tuple(
            Refused(
                why=one.why,
                item=str(one.case_id) if one.case_id else f"{HEARING}{one.hearing_id}",
                facts={"hearing_id": one.hearing_id, "resource_id": one.resource_id},
            )
            for one in done.refused
        ),
    )
