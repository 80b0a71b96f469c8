"""The double convocation: a meeting, then a hearing; set together, moved in order, cancelled and restored together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from availability.claims import CaseClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, PeriodTaken
from availability.models import Kind, Resource, Shape
from availability.rights import Actor, Role
from availability.statements import by_key
from booking import designations, doubles, events, transitions
from booking.actions import cancel, hold, lapse, refuse, undo_cancel
from booking.designation_models import HEARING_AFTER_MEETING, DoubleConvocation
from booking.designations import Wanted, designate, designation
from booking.doubles import (
    AlreadyConvened,
    MeetingAfterHearing,
    Pair,
    PairGone,
    double_of,
    keep_together,
    next_pairs,
)
from booking.errors import AlreadyDecided
from booking.host_requests import undo_answer
from booking.models import Booking, State
from booking.moving import move
from booking.reasons import Reason
from tests.conftest import Database
from tests.factories import (
    NOW,
    World,
    make_actor,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_world,
)
from tests.races import PATIENCE_S, act, at_once, refusals

CASE = "RG 26/00001"
# What `lock_booking` locked before there were doubles: one booking at a time.
_ALONE = by_key(transitions._BOOKINGS_TOGETHER.text.replace(f"ANY({transitions._TOGETHER})", "ANY(ARRAY[:booking_id])"))
JUDGES = [Role.FAMILY_JUDGE]
TOMORROW = NOW + timedelta(days=1)


@dataclass(frozen=True)
class Court:
    """A mediator whose service informs couples every morning of ten days, and hearings of one court after them."""

    world: World
    judge: Actor
    kind: Kind
    mediator: Resource
    meetings: Resource
    hearings: tuple[Resource, ...]

    def pair(self, day: int = 1, hearing: int = 0) -> Pair:
        """Return the meeting at nine on that day, with one of the hearings."""
        return Pair(
            meeting_id=self.meetings.id,
            meeting_starts_at=NOW + timedelta(days=day),
            hearing_id=self.hearings[hearing].id,
        )

    def wanted(self, pair: Pair | None, case_ref: str = CASE) -> Wanted:
        """Return what the judge wants."""
        return Wanted(resource_id=self.mediator.id, case_ref=case_ref, pair=pair)


def make_court(session: Session, **meeting: Any) -> Court:
    """Return a court with hearings in five, eight and twelve days."""
    world = make_world(session)
    informing = make_kind(session, Shape.SLOTS, reserved_by=JUDGES, slot_step_min=60, slot_duration_min=60, **meeting)
    hearing = make_kind(session, Shape.SESSIONS, reserved_by=JUDGES)
    kind = make_kind(
        session,
        Shape.PLACES,
        reserved_by=JUDGES,
        host_accepts=True,
        is_designated=True,
        meeting_kind_id=informing.id,
        hearing_kind_id=hearing.id,
    )
    meetings = make_resource(session, world.site, informing, capacity=1)
    for day in range(11):
        make_opening(session, meetings, NOW + timedelta(days=day), hours=2)
    court = make_site(session, world.here)
    hearings = tuple(make_resource(session, court, hearing, name=f"Cabinet {number}") for number in (1, 2, 3))
    for resource, day in zip(hearings, (5, 8, 12), strict=True):
        make_hearing(session, resource, starts_at=NOW + timedelta(days=day), max_cases=1)
    mediator = make_resource(session, world.site, kind, capacity=5)
    return Court(world, make_actor(Role.FAMILY_JUDGE, world.here), kind, mediator, meetings, hearings)


@pytest.fixture
def court(session: Session, monkeypatch: pytest.MonkeyPatch) -> Court:
    """Return a court whose doubles are kept together."""
    monkeypatch.setattr(events, "_subscribers", [keep_together])
    return make_court(session)


def convened(session: Session, court: Court, pair: Pair | None = None, case_ref: str = CASE) -> DoubleConvocation:
    """Return the double convocation that a designation sets."""
    made = designate(session, court.judge, court.wanted(pair or court.pair(), case_ref), now=NOW)
    double = double_of(session, made.id)
    assert double is not None
    return double


def states(session: Session, double: DoubleConvocation) -> tuple[str, str, str]:
    """Return where the designation, the meeting and the hearing stand."""
    ids = (double.designation_id, double.meeting_id, double.hearing_id)
    found = {row.id: row.state for row in session.exec(select(Booking).execution_options(populate_existing=True))}
    return tuple(str(found[one]) for one in ids)  # type: ignore[return-value]


def taken(session: Session) -> tuple[int, int, int]:
    """Return how many places, seats and cases are taken."""
    places, seats, cases = (
        session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - constants
        for table in ("place_period", "seat_time", "session_case")
    )
    return places, seats, cases


# --- what is offered ---


def test_the_next_pairs_are_one_meeting_a_day_each_with_the_first_hearing_after_it(
    session: Session, court: Court
) -> None:
    hold(session, court.judge, SlotClaim(resource_id=court.meetings.id, start=TOMORROW), now=NOW)

    offered = next_pairs(session, court.judge, court.kind, court.mediator.id, now=NOW)

    # NOW is when the first of today begins; tomorrow's first is held, so its second is offered.
    starts = [NOW, TOMORROW + timedelta(hours=1), NOW + timedelta(days=2)]
    assert [one.pair.meeting_starts_at for one in offered] == starts
    assert {one.pair.hearing_id for one in offered} == {court.hearings[0].id}


def test_a_hearing_of_the_same_day_full_or_elsewhere_is_not_offered(session: Session, court: Court) -> None:
    full = hold(session, court.judge, CaseClaim(resource_id=court.hearings[1].id, minutes=15), now=NOW)
    assert full.state == State.HELD

    offered = next_pairs(session, court.judge, court.kind, court.mediator.id, now=NOW, count=20)

    hearing_of = {one.pair.meeting_starts_at: one.pair.hearing_id for one in offered}
    assert hearing_of[NOW + timedelta(days=4)] == court.hearings[0].id
    assert hearing_of[NOW + timedelta(days=5)] == court.hearings[2].id
    session.get_one(Kind, court.kind.hearing_kind_id).min_notice_days = 6
    session.flush()
    first = next_pairs(session, court.judge, court.kind, court.mediator.id, now=NOW)[0]
    assert first.pair.hearing_id == court.hearings[2].id  # in five days is too soon, in eight it is full
    elsewhere = make_actor(Role.FAMILY_JUDGE, court.world.elsewhere, court.world.here)
    assert next_pairs(session, elsewhere, court.kind, court.mediator.id, now=NOW) == []
    assert next_pairs(session, court.world.officer, court.kind, court.mediator.id, now=NOW) == []


# --- setting ---


def test_one_act_designates_and_sets_both(session: Session, court: Court) -> None:
    double = convened(session, court)

    assert states(session, double) == (State.REQUESTED, State.BOOKED, State.BOOKED)
    assert taken(session) == (1, 1, 1)
    assert double.meeting_ends_at == TOMORROW + timedelta(hours=1)
    said = designation(session, court.judge, double.designation_id, now=NOW)
    assert said.meeting is not None
    assert said.hearing is not None
    assert (said.meeting.at, said.hearing.at) == (TOMORROW, NOW + timedelta(days=5))
    assert convened(session, court).id == double.id  # the same again
    with pytest.raises(AlreadyConvened):
        convened(session, court, court.pair(day=2))


def test_a_designation_made_before_is_convened_afterwards(session: Session, court: Court) -> None:
    made = designate(session, court.judge, court.wanted(None), now=NOW)

    assert convened(session, court).designation_id == made.id
    assert taken(session) == (1, 1, 1)


@pytest.mark.parametrize("why", ["meeting taken", "hearing full", "wrong order", "other service"])
def test_both_are_set_or_nothing_is(session: Session, court: Court, why: str) -> None:
    pair, refusal = court.pair(), PeriodTaken
    if why == "meeting taken":
        hold(session, court.judge, SlotClaim(resource_id=court.meetings.id, start=TOMORROW), now=NOW)
    elif why == "hearing full":
        hold(session, court.judge, CaseClaim(resource_id=court.hearings[0].id, minutes=15), now=NOW)
        refusal = CapacityReached
    elif why == "wrong order":
        pair, refusal = court.pair(day=5), MeetingAfterHearing
    else:
        stranger = make_resource(
            session, make_site(session, court.world.here), session.get_one(Kind, court.meetings.kind_id)
        )
        pair, refusal = Pair(**vars(pair) | {"meeting_id": stranger.id}), InvalidRequest
    before = taken(session)

    with pytest.raises(refusal), session.begin_nested():
        designate(session, court.judge, court.wanted(pair), now=NOW)

    assert taken(session) == before


def test_the_database_itself_refuses_a_hearing_that_is_not_after_the_meeting(session: Session, court: Court) -> None:
    double = convened(session, court)
    later = text("UPDATE double_convocation SET meeting_ends_at = hearing_starts_at - CAST(:gap AS interval)")

    session.execute(later, {"gap": "1 microsecond"})
    with pytest.raises(IntegrityError, match=HEARING_AFTER_MEETING), session.begin_nested():
        session.execute(later, {"gap": "0"})
    assert double.cancelled_at is None


# --- cancelling, and taking back ---


@pytest.mark.parametrize("which", ["designation_id", "meeting_id", "hearing_id"])
def test_the_two_are_cancelled_and_taken_back_together(session: Session, court: Court, which: str) -> None:
    double = convened(session, court)
    cancel(session, court.judge, getattr(double, which), now=NOW, reason=Reason("measure-ended"))
    why = [session.get_one(Booking, one).reason for one in (double.meeting_id, double.hearing_id)]

    assert why == ["measure-ended"] * 2
    asked = State.CANCELLED if which == "designation_id" else State.REQUESTED
    assert states(session, double) == (asked, State.CANCELLED, State.CANCELLED)
    assert taken(session) == (int(which != "designation_id"), 0, 0)
    assert double_of(session, double.designation_id) is None

    undo_cancel(session, court.judge, getattr(double, which), now=NOW + timedelta(minutes=1))
    assert states(session, double) == (State.REQUESTED, State.BOOKED, State.BOOKED)
    assert taken(session) == (1, 1, 1)


def test_a_service_that_takes_its_refusal_back_has_both_appointments_back(session: Session, court: Court) -> None:
    double = convened(session, court)
    before = states(session, double)
    refuse(session, court.world.host, double.designation_id, reason="full", now=NOW)
    assert states(session, double)[1:] == (State.CANCELLED, State.CANCELLED)

    undo_answer(session, court.world.host, double.designation_id, now=NOW)

    assert states(session, double) == before


def test_a_service_that_refuses_or_does_not_answer_frees_both(session: Session, court: Court) -> None:
    first = convened(session, court)
    refuse(session, court.world.host, first.designation_id, reason="full", now=NOW)
    second = convened(session, court, case_ref="RG 26/00002")
    session.execute(text("UPDATE booking SET expires_at = :now WHERE state = 'requested'"), {"now": NOW})

    assert lapse(session, second.designation_id, now=NOW)
    assert states(session, first) == (State.REFUSED, State.CANCELLED, State.CANCELLED)
    assert states(session, second) == (State.LAPSED, State.CANCELLED, State.CANCELLED)
    assert taken(session) == (0, 0, 0)


def test_an_undo_says_what_is_gone_and_restores_nothing(session: Session, court: Court) -> None:
    double = convened(session, court)
    cancel(session, court.judge, double.meeting_id, now=NOW)
    hold(session, court.judge, CaseClaim(resource_id=court.hearings[0].id, minutes=15), now=NOW)

    with pytest.raises(PairGone) as refusal, session.begin_nested():
        undo_cancel(session, court.judge, double.meeting_id, now=NOW)

    assert refusal.value.facts["which"] == "hearing"
    assert states(session, double)[1:] == (State.CANCELLED, State.CANCELLED)


def test_a_meeting_that_took_place_stays_when_the_hearing_is_cancelled(session: Session, court: Court) -> None:
    double = convened(session, court)

    cancel(session, court.judge, double.hearing_id, now=TOMORROW + timedelta(hours=2))

    assert states(session, double)[1:] == (State.BOOKED, State.CANCELLED)


# --- moving ---


def test_a_move_keeps_the_order_or_is_refused(session: Session, court: Court) -> None:
    double = convened(session, court)
    to_third = SlotClaim(resource_id=court.meetings.id, start=NOW + timedelta(days=3))
    move(session, court.judge, double.meeting_id, to_third, now=NOW)

    session.refresh(double)
    assert double.meeting_ends_at == NOW + timedelta(days=3, hours=1)
    too_late = SlotClaim(resource_id=court.meetings.id, start=NOW + timedelta(days=6))
    with pytest.raises(MeetingAfterHearing), session.begin_nested():
        move(session, court.judge, double.meeting_id, too_late, now=NOW)
    move(session, court.judge, double.hearing_id, CaseClaim(resource_id=court.hearings[2].id, minutes=15), now=NOW)
    move(session, court.judge, double.meeting_id, too_late, now=NOW)
    session.refresh(double)
    assert double.hearing_starts_at - double.meeting_ends_at == timedelta(days=5, hours=23)


def test_nothing_is_offered_of_hearings_whose_kind_is_no_longer_in_service(session: Session, court: Court) -> None:
    assert next_pairs(session, court.judge, court.kind, court.mediator.id, now=NOW)
    session.get_one(Kind, court.kind.hearing_kind_id).is_active = False
    session.flush()

    assert next_pairs(session, court.judge, court.kind, court.mediator.id, now=NOW) == []


# --- at once ---


def _ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[Court, DoubleConvocation]:
    monkeypatch.setattr(events, "_subscribers", [keep_together])

    def made(session: Session) -> tuple[Court, DoubleConvocation]:
        court = make_court(session)
        # Meeting on day 2, hearing on day 12: either can be moved alone to day 7 and day 5.
        return court, convened(session, court, court.pair(day=2, hearing=2))

    return act(database.engine, made)


def _moves(database: Database, court: Court, double: DoubleConvocation) -> list[Callable[[], Booking]]:
    later = SlotClaim(resource_id=court.meetings.id, start=NOW + timedelta(days=7))
    sooner = CaseClaim(resource_id=court.hearings[0].id, minutes=15)
    wanted = ((double.meeting_id, later), (double.hearing_id, sooner))
    return [lambda one=one, to=to: act(database.engine, move, court.judge, one, to, now=NOW) for one, to in wanted]


def _order(database: Database, double: DoubleConvocation) -> tuple[datetime, datetime]:
    with Session(database.engine) as session:
        meeting, hearing = (session.get_one(Booking, one) for one in (double.meeting_id, double.hearing_id))
    assert meeting.ends_at is not None
    assert hearing.starts_at is not None
    return meeting.ends_at, hearing.starts_at


def test_a_meeting_moved_later_and_its_hearing_sooner_at_once_one_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, double = _ready(database, monkeypatch)

    assert refusals(at_once(_moves(database, court, double))) == [MeetingAfterHearing]
    meeting_ends_at, hearing_starts_at = _order(database, double)
    assert meeting_ends_at < hearing_starts_at


def test_control_without_the_common_lock_and_the_constraint_the_hearing_is_before_the_meeting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, double = _ready(database, monkeypatch)
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE double_convocation DROP CONSTRAINT {HEARING_AFTER_MEETING}"))
    _take_the_guard_away(monkeypatch)

    assert refusals(at_once(_moves(database, court, double))) == []
    meeting_ends_at, hearing_starts_at = _order(database, double)
    assert hearing_starts_at < meeting_ends_at


def _take_the_guard_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock each booking alone, and let both look at the order before either is done."""
    monkeypatch.setattr(transitions, "_BOOKINGS_TOGETHER", _ALONE)
    both_looked = Barrier(2, timeout=PATIENCE_S)
    look = doubles._in_order

    def looked(meeting: Booking, hearing: Booking) -> tuple[datetime, datetime]:
        found = look(meeting, hearing)
        both_looked.wait()
        return found

    monkeypatch.setattr(doubles, "_in_order", looked)


def test_cancelling_moving_and_refusing_at_once_is_never_a_deadlock_and_leaves_one_truth(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, double = _ready(database, monkeypatch)
    ends: list[Callable[[], Any]] = [
        lambda: act(database.engine, cancel, court.judge, double.meeting_id, now=NOW),
        lambda: act(database.engine, cancel, court.judge, double.hearing_id, now=NOW),
        lambda: act(database.engine, refuse, court.world.host, double.designation_id, reason="full", now=NOW),
    ]

    at_once([*_moves(database, court, double), *ends, *_moves(database, court, double)])

    with Session(database.engine) as session:
        assert states(session, double) == (State.REFUSED, State.CANCELLED, State.CANCELLED)
        assert taken(session) == (0, 0, 0)


def test_a_designation_cancelled_while_it_is_being_convened_has_no_appointment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [keep_together])
    court = act(database.engine, make_court)
    act(database.engine, designate, court.judge, court.wanted(None), now=NOW)
    lock_booking = designations.lock_booking

    def cancelled_just_before(session: Session, booking_id: UUID, **wanting: Any) -> Any:
        act(database.engine, cancel, court.judge, booking_id, now=NOW)
        return lock_booking(session, booking_id, **wanting)

    monkeypatch.setattr(designations, "lock_booking", cancelled_just_before)
    with pytest.raises(AlreadyDecided):
        act(database.engine, designate, court.judge, court.wanted(court.pair()), now=NOW)

    with Session(database.engine) as session:
        assert taken(session) == (0, 0, 0)


def test_two_judges_who_want_the_last_hearing_each_have_both_or_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [keep_together])
    court = act(database.engine, make_court)

    def given(case_ref: str, day: int) -> Callable[[], Booking]:
        wanted = court.wanted(court.pair(day=day), case_ref)
        return lambda: act(database.engine, designate, court.judge, wanted, now=NOW)

    answers = at_once([given("RG 26/00001", 1), given("RG 26/00002", 2), given("RG 26/00003", 3)])

    assert refusals(answers) == [CapacityReached, CapacityReached]
    with Session(database.engine) as session:
        assert taken(session) == (1, 1, 1)
