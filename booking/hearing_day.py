"""What a registry does with the list of a hearing: order it, call, hear, note what became of each case, postpone.

Every act locks the hearing, so two clerks of one court room never write over each other; what became of a case is the
outcome of its booking, and a postponement is a move of it: whoever is concerned is told as of any other move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import lock
from availability.claims import CaseClaim, readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import HearingSession
from availability.openings import local_day
from availability.rights import Actor
from availability.sealing import House, seal
from booking.actions import Beneficiary, book, cancel
from booking.hearing_day_models import CaseCall, Stage
from booking.hearing_list import CASE_NAMES
from booking.lawyer_away import away_on
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import note_outcome, undo_outcome
from booking.plans.hearings import check_planner, hearings_of
from booking.plans.kept import Scope
from booking.transitions import locked_for
from optimizer.hearings.problem import Case

A_YEAR = timedelta(days=366)
READY = timedelta(hours=2)  # before the hearing, its list may be begun
MOST_POSSIBLE = 8
MOST_NAME = 120
OPEN = (Stage.WAITING, Stage.CALLED, Stage.RUNNING)
BEFORE: dict[Stage, tuple[Stage, ...]] = {
    Stage.CALLED: (Stage.WAITING,),
    Stage.RUNNING: (Stage.WAITING, Stage.CALLED),
    Stage.DONE: OPEN,
    Stage.POSTPONED: OPEN,
}
ON_LIST = text("""
    SELECT id FROM booking WHERE resource_id = :hearing_id AND state IN ('booked', 'honoured', 'missed')
    UNION SELECT booking_id FROM case_call WHERE hearing_id = :hearing_id AND stage = 'postponed'""")


@dataclass(frozen=True)
class Possible:
    """A hearing to which a case may be postponed, and the room left in it."""

    hearing_id: int
    name: str
    starts_at: datetime
    zone: ZoneInfo
    cases_left: int
    minutes_left: int
    away: str = ""  # the lawyers of the case who said that they are not available that day


def arrange(session: Session, actor: Actor, hearing_id: int, order: Sequence[UUID], *, now: datetime) -> None:
    """Write down the order of a list. Raises: NotFound, NotAllowed, InvalidRequest when the list is another by now."""
    _locked(session, actor, hearing_id)
    there = set(session.execute(ON_LIST, {"hearing_id": hearing_id}).scalars())
    if set(order) != there or len(order) != len(there):
        raise InvalidRequest("order", "other-list")
    known = {call.booking_id: call for call in _calls(session, hearing_id)}
    for call in known.values():
        call.rank = None  # those that have left the list keep none
    for rank, booking_id in enumerate(order, 1):
        call = known.get(booking_id) or CaseCall(hearing_id=hearing_id, booking_id=booking_id)
        call.rank = rank
        session.add(call)
    session.flush()
    record(session, actor, _act("hearing-ordered", hearing_id, now, cases=len(order)))


def call_case(session: Session, actor: Actor, hearing_id: int, booking_id: UUID, *, now: datetime) -> None:
    """Ask the people of a case to come in. Raises: NotFound, NotAllowed, InvalidRequest."""
    call = _call(session, actor, hearing_id, booking_id)
    _refuse_early(session, hearing_id, now)
    _go(session, actor, call, Stage.CALLED, now, called_at=now)


def begin_case(session: Session, actor: Actor, hearing_id: int, booking_id: UUID, *, now: datetime) -> None:
    """Begin to hear a case, called or not; one at a time. Raises: NotFound, NotAllowed, InvalidRequest."""
    call = _call(session, actor, hearing_id, booking_id)
    _refuse_early(session, hearing_id, now)
    _refuse_another(session, call)
    _go(session, actor, call, Stage.RUNNING, now, began_at=now)


def end_case(
    session: Session,
    actor: Actor,
    hearing_id: int,
    booking_id: UUID,
    outcome: State,
    *,
    now: datetime,
    next_id: int | None = None,
) -> None:
    """Note that a case was heard, or that nobody came for it, and have it go on in another hearing if one is given.

    Both or neither. Raises: as `booking.outcomes.note_outcome`, and as `booking.actions.book` for what follows.
    """
    if next_id is not None:
        locked_for(session, actor, booking_id, wanting=[hearing_id, next_id])
        lock(session, [hearing_id, next_id])
    booking = note_outcome(session, actor, booking_id, outcome, now=now)
    call = _call(session, actor, hearing_id, booking_id)
    following = _fix(session, actor, booking, next_id, now) if next_id is not None else None
    _go(session, actor, call, Stage.DONE, now, ended_at=now, outcome=outcome, next_booking_id=following)


def postpone_case(
    session: Session, actor: Actor, hearing_id: int, booking_id: UUID, to_id: int, *, now: datetime
) -> None:
    """Have a case heard on another day, where its booking goes at once.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyDecided, and NotOpen or CapacityReached when there is no room.
    """
    if to_id == hearing_id:
        raise NotFound(resource_id=to_id)
    _carry(session, actor, booking_id, now, from_id=hearing_id, to_id=to_id)
    call = _call(session, actor, hearing_id, booking_id, moved=True)
    _go(session, actor, call, Stage.POSTPONED, now, ended_at=now, moved_to=to_id)


def step_back(
    session: Session, actor: Actor, hearing_id: int, booking_id: UUID, *, now: datetime, seen: Stage | None = None
) -> Stage:
    """Take back the last step of a case, and return where it stands again; `seen` is where it was thought to stand.

    Raises: NotFound, NotAllowed, InvalidRequest, also when it has taken another step meanwhile, and AlreadyDecided when
    its outcome was noted too long ago.
    """
    there = session.get(CaseCall, (hearing_id, booking_id), populate_existing=True)
    stood = Stage(there.stage) if there is not None else Stage.WAITING
    booking = session.get(Booking, booking_id, populate_existing=True)
    if there is not None and stood is Stage.DONE:
        _unfix(session, actor, there, now)
    if stood is Stage.DONE and booking is not None and booking.state != State.BOOKED:
        undo_outcome(session, actor, booking_id, now=now)
    elif there is not None and stood is Stage.POSTPONED:
        _carry(session, actor, booking_id, now, from_id=there.moved_to or 0, to_id=hearing_id, is_back=True)
    call = _call(session, actor, hearing_id, booking_id)
    if call.stage != stood or (seen is not None and seen is not stood):
        raise InvalidRequest("case", "other-stage")
    if stood is Stage.WAITING:
        raise InvalidRequest("case", "nothing-to-take-back")
    before = _before(call)
    if before is Stage.RUNNING:
        _refuse_another(session, call)
    call.moved_to, call.ended_at, call.next_booking_id = None, None, None
    if before is not Stage.RUNNING:
        call.began_at = None
    if before is Stage.WAITING:
        call.called_at = None
    call.stage = before
    session.flush()
    record(session, actor, _act("case-stepped-back", hearing_id, now, booking_id=str(booking_id), stage=before))
    return before


def name_case(
    session: Session, actor: Actor, hearing_id: int, booking_id: UUID, typed: str, *, house: House, now: datetime
) -> None:
    """Give a case the name that it is called by, or none. Raises: NotFound, NotAllowed, InvalidRequest."""
    name = " ".join(readable("case_name", typed).split())
    if len(name) > MOST_NAME:
        raise InvalidRequest("case_name", "too-long", most=MOST_NAME)
    call = _call(session, actor, hearing_id, booking_id)
    call.name_sealed = seal(house.derived(CASE_NAMES), name) if name else None
    session.flush()
    record(session, actor, _act("case-named", hearing_id, now, booking_id=str(booking_id)))


def possible_hearings(
    session: Session, actor: Actor, hearing_id: int, booking_id: UUID, *, now: datetime
) -> list[Possible]:
    """Return the next hearings of that kind in that court with room for a case. Raises: NotFound, NotAllowed."""
    booking = session.get(Booking, booking_id)
    place = session.execute(PLACE, {"id": hearing_id}).one_or_none()
    if booking is None or place is None or booking.minutes is None:
        raise NotFound(booking_id=booking_id)
    check_planner(actor, territory_id=place.territory_id, kind_id=place.kind_id)
    today = local_day(now, ZoneInfo(place.time_zone))
    court = Scope(territory_id=place.territory_id, kind_id=place.kind_id, first=today, until=today + A_YEAR)
    wanted = Case(id=booking.id, minutes=booking.minutes, family=booking.family, received_on=today, ready_on=today)
    lines = [
        line
        for line in hearings_of(session, court, now)
        if line.hearing.id != hearing_id and line.hearing.lacks(wanted, line.hearing.load) is None
    ]
    away = away_on(session, booking_id, [line.hearing.id for line in lines[:MOST_POSSIBLE]])
    return [
        Possible(
            hearing_id=line.hearing.id,
            name=line.name,
            starts_at=line.hearing.period.start,
            zone=ZoneInfo(line.time_zone),
            cases_left=line.hearing.max_cases - line.hearing.load.cases,
            minutes_left=line.hearing.max_minutes - line.hearing.load.minutes,
            away=away.get(line.hearing.id, ""),
        )
        for line in lines[:MOST_POSSIBLE]
    ]


def forget_names(session: Session, *, before: datetime) -> int:
    """Forget the names of cases whose hearing ended before an instant, and return how many."""
    return len(session.execute(FORGET, {"before": before}).all())


BOTH = text("SELECT id FROM booking WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
PLACE = text("""
    SELECT r.kind_id, s.territory_id, s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id""")
FORGET = text("""
    UPDATE case_call c SET name_sealed = NULL FROM hearing_session h
    WHERE h.resource_id = c.hearing_id AND h.ends_at < :before AND c.name_sealed IS NOT NULL RETURNING c.booking_id""")


def _carry(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    now: datetime,
    *,
    from_id: int,
    to_id: int,
    is_back: bool = False,
) -> None:
    """Move a case from a hearing to another, unless it is in neither any more; `is_back`: where it was before."""
    booking = session.get(Booking, booking_id, populate_existing=True)
    if booking is None or booking.minutes is None:
        raise NotFound(booking_id=booking_id)
    if booking.resource_id != from_id:
        raise InvalidRequest("case", "not-there-any-more")
    claim = CaseClaim(resource_id=to_id, minutes=booking.minutes, family=booking.family, is_back=is_back)
    seen = booking.revision
    move(session, actor, booking_id, claim, now=now, for_the_place=True, during=True, revision=seen)


def _fix(session: Session, actor: Actor, booking: Booking, to_id: int, now: datetime) -> UUID:
    """Have a case go on in another hearing, and return the booking of it."""
    if booking.minutes is None or to_id == booking.resource_id:
        raise NotFound(resource_id=to_id)
    claim = CaseClaim(resource_id=to_id, minutes=booking.minutes, family=booking.family)
    whose = Beneficiary(case_ref=booking.case_ref, person_id=booking.person_id)
    return book(session, actor, claim, now=now, beneficiary=whose).id


def _unfix(session: Session, actor: Actor, call: CaseCall, now: datetime) -> None:
    """Give back the date that was fixed as a case ended, if it stands."""
    if call.next_booking_id is None:
        return
    session.execute(BOTH, {"ids": [call.booking_id, call.next_booking_id]})
    following = session.get_one(Booking, call.next_booking_id, populate_existing=True)
    lock(session, [call.hearing_id, following.resource_id])
    if following.state == State.BOOKED:
        cancel(session, actor, following.id, now=now, for_the_place=True)


def _locked(session: Session, actor: Actor, hearing_id: int) -> None:
    place = lock(session, [hearing_id]).get(hearing_id)
    if place is None:
        raise NotFound(resource_id=hearing_id)
    check_planner(actor, territory_id=place.territory_id, kind_id=place.terms.kind_id)


def _call(session: Session, actor: Actor, hearing_id: int, booking_id: UUID, *, moved: bool = False) -> CaseCall:
    """Return the line of a case in the list of a hearing, which is locked; made if it has none.

    `moved`: its booking has just left the hearing. Raises: NotFound, NotAllowed.
    """
    _locked(session, actor, hearing_id)
    there = set(session.execute(ON_LIST, {"hearing_id": hearing_id}).scalars())
    if booking_id not in there and not moved:
        raise NotFound(booking_id=booking_id)
    found = session.get(CaseCall, (hearing_id, booking_id), populate_existing=True)
    if found is None:
        found = CaseCall(hearing_id=hearing_id, booking_id=booking_id)
        session.add(found)
    return found


def _calls(session: Session, hearing_id: int) -> Sequence[CaseCall]:
    chosen = select(CaseCall).where(col(CaseCall.hearing_id) == hearing_id)
    return session.exec(chosen.execution_options(populate_existing=True)).all()


def _refuse_early(session: Session, hearing_id: int, now: datetime) -> None:
    if now < session.get_one(HearingSession, hearing_id).starts_at - READY:
        raise InvalidRequest("case", "not-begun")


def _refuse_another(session: Session, call: CaseCall) -> None:
    """Refuse to hear two cases at once.

    One that was given another date while it was heard, or whose outcome was noted elsewhere, is not heard any more.
    """
    for other in _calls(session, call.hearing_id):
        if other.stage != Stage.RUNNING or other.booking_id == call.booking_id:
            continue
        booking = session.get_one(Booking, other.booking_id, populate_existing=True)
        if booking.resource_id == call.hearing_id and booking.state == State.BOOKED:
            raise InvalidRequest("case", "another-running")
        other.stage = Stage.WAITING if booking.resource_id != call.hearing_id else Stage.DONE
        session.flush()


def _go(session: Session, actor: Actor, call: CaseCall, to: Stage, now: datetime, **values: Any) -> None:
    if _stands(session, call, to) not in BEFORE[to]:
        raise InvalidRequest("case", "other-stage")
    outcome = values.pop("outcome", None)
    call.moved_to = call.next_booking_id = None
    call.stage = to
    for name, value in values.items():
        setattr(call, name, value)
    session.flush()
    facts = {"booking_id": str(call.booking_id), "stage": to} | ({"outcome": outcome} if outcome else {})
    facts |= {"next_booking_id": str(call.next_booking_id)} if call.next_booking_id else {}
    record(session, actor, _act("case-stepped", call.hearing_id, now, **facts))


def _stands(session: Session, call: CaseCall, to: Stage) -> Stage:
    """Return where a case stands: postponed or ended, it waits again once its booking is here and open again."""
    stage = Stage(call.stage)
    if stage not in (Stage.POSTPONED, Stage.DONE):
        return stage
    booking = session.get_one(Booking, call.booking_id, populate_existing=True)
    is_back = booking.resource_id == call.hearing_id and booking.state == State.BOOKED
    # A postponement has just moved it, out of here: `_carry` saw to it.
    return Stage.WAITING if is_back or to is Stage.POSTPONED else stage


def _before(call: CaseCall) -> Stage:
    """Return where a case stood before its last step."""
    if call.stage in (Stage.DONE, Stage.POSTPONED) and call.began_at is not None:
        return Stage.RUNNING
    return Stage.CALLED if call.called_at is not None and call.stage != Stage.CALLED else Stage.WAITING


def _act(name: str, hearing_id: int, now: datetime, **facts: Any) -> Act:
    return Act(act=name, subject="hearing", subject_id=hearing_id, at=now, facts=facts)
