"""A plan is applied through the same acts as any booking: wholly, in part, at once, twice, too late, and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.claims import CaseClaim, TimeClaim
from availability.errors import NotFound, NotOpen, PeriodTaken
from availability.history import HistoryLine
from availability.models import HearingSession, Resource, Shape
from availability.periods import Period
from availability.rights import Actor
from booking import events
from booking.actions import Beneficiary, cancel, confirm, hold, undo_cancel
from booking.errors import AlreadyDecided
from booking.events import BookingMoved
from booking.models import Booking, State
from booking.plans.hearing_actions import keep_one_place
from booking.plans.hearings import plan_of
from booking.plans.kept import Refused
from booking.plans.models import HearingStaffing, OptimizerRun, WaitingCase
from booking.plans.runs import apply_run, start_run, undo_run
from booking.staffing import AlreadyStaffed, staff_hearing
from optimizer.hearings.problem import Sitting
from portal.database import make_engine
from tests.availability.scarce import refused
from tests.booking.court import FIRST, UNTIL, SmallCourt, make_court, seats, solved
from tests.conftest import Database
from tests.factories import NOW, close, in_days, in_minutes, make_kind, make_resource, make_site, make_territory
from tests.races import act, at_once, refusals


@dataclass(frozen=True)
class Applied:
    """What an application did, with what it made."""

    bookings: dict[UUID, UUID]
    staffings: dict[int, UUID]
    already: list[UUID]
    refused: list[Refused]


def applied(
    session: Session, actor: Actor, run_id: UUID, cases: Iterable[UUID] | None = None, *, now: datetime
) -> Applied:
    """Apply a run, or these cases of it."""
    done = apply_run(session, actor, run_id, None if cases is None else [str(one) for one in cases], now=now)
    made = session.get_one(OptimizerRun, run_id).applied
    return Applied(
        bookings={UUID(case): UUID(made["bookings"][case]) for case in done.done if not case.startswith("hearing:")},
        staffings={
            int(one.removeprefix("hearing:")): UUID(made["staffings"][one.removeprefix("hearing:")])
            for one in done.done
            if one.startswith("hearing:")
        },
        already=[UUID(one) for one in done.already],
        refused=list(done.refused),
    )


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two hearings at once and ten cases, gone at the end of the test."""
    court = make_court(session)
    _fill(session, court)
    return court


def _fill(session: Session, court: SmallCourt) -> None:
    court.hearing(session, in_days=7, max_cases=4)
    court.hearing(session, in_days=7, max_cases=4)
    for number in range(10):
        court.case(session, number)


def plan(session: Session, run_id: UUID) -> dict[UUID, int]:
    """Return where the plan of a run places cases."""
    return dict(plan_of(session.get_one(OptimizerRun, run_id).plan).placed)


def why(application: Applied) -> Counter[str]:
    """Return how many times each reason was given."""
    return Counter(one.why for one in application.refused)


def booked(session: Session) -> dict[str, int]:
    """Return the hearing of each case that is booked."""
    rows = session.exec(select(Booking).where(Booking.state == State.BOOKED))
    return {row.case_ref: row.resource_id for row in rows}


def make_court_elsewhere(session: Session) -> int:
    """Return the room of another court."""
    site = make_site(session, make_territory(session))
    return make_resource(session, site, make_kind(session, Shape.SLOTS, reserved_by=())).id


def one_of_its_people(court: SmallCourt, sitting: Sitting, who: str) -> int:
    return {"judge": sitting.judge_id, "clerk": sitting.clerk_id, "room": sitting.room_id}[who]


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep one place a case, as the application does."""
    monkeypatch.setattr(events, "_subscribers", [keep_one_place])


# --- applied ---


def test_a_plan_is_applied_through_the_acts_of_bookings(
    session: Session, court: SmallCourt, heard: list[BookingMoved]
) -> None:
    run_id = solved(session, court)

    done = applied(session, court.clerk, run_id, now=in_minutes(1))

    assert (len(done.bookings), len(done.staffings), done.refused) == (8, 2, [])
    placed = plan(session, run_id)
    by_id = {case.id: case for case in session.exec(select(WaitingCase))}
    assert booked(session) == {by_id[case].case_ref: hearing for case, hearing in placed.items()}
    assert {by_id[case].booking_id for case in placed} == set(done.bookings.values())
    assert Counter(event.after for event in heard) == {State.HELD: 8, State.BOOKED: 8}
    assert len(seats(session)) == 6
    assert len({resource for resource, _ in seats(session)}) == 6  # both judges, both clerks, both rooms
    acts = [line.act for line in session.exec(select(HistoryLine))]
    assert (acts.count("hearing-staffed"), acts.count("plan-applied"), acts.count("booking-booked")) == (2, 1, 8)
    assert sum(case.hearing_id is None for case in court.problem(session).cases) == 2


def test_a_second_application_adds_nothing(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    first = applied(session, court.clerk, run_id, now=NOW)

    second = applied(session, court.clerk, run_id, now=NOW)

    assert (second.bookings, second.staffings, second.refused) == ({}, {}, [])
    assert set(second.already) == set(first.bookings)
    assert len(seats(session)) == 6


def test_a_part_is_applied_with_its_hearings_only_and_the_rest_later(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    placed = plan(session, run_id)
    hearing_id = min(placed.values())
    part = [case for case, where in placed.items() if where == hearing_id][:2]

    first = applied(session, court.clerk, run_id, part, now=NOW)
    assert (set(first.bookings), set(first.staffings)) == (set(part), {hearing_id})
    rest = applied(session, court.clerk, run_id, now=NOW)

    assert len(rest.bookings) == 6
    assert len(booked(session)) == 8
    kept = session.get_one(OptimizerRun, run_id, populate_existing=True)
    assert len(kept.applied["bookings"]) == 8


def test_a_case_that_the_plan_does_not_place_is_not_applied(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)

    done = applied(session, court.clerk, run_id, [uuid4()], now=NOW)

    assert done == Applied({}, {}, [], [])


# --- meanwhile ---


@pytest.mark.parametrize("who", ["judge", "clerk", "room"])
def test_somebody_taken_meanwhile_keeps_one_hearing_out_and_the_rest_is_applied(
    session: Session, court: SmallCourt, who: str
) -> None:
    run_id = solved(session, court)
    sittings = plan_of(session.get_one(OptimizerRun, run_id).plan).sittings
    lost, kept = sorted(sittings)
    taken = one_of_its_people(court, sittings[lost], who)
    hearing = session.get_one(HearingSession, lost)
    period = Period(hearing.starts_at, hearing.starts_at.replace(minute=30))
    occupy(session, [TimeClaim(resource_id=taken, period=period)], Holder(id=uuid4(), now=NOW))

    done = applied(session, court.clerk, run_id, now=NOW)

    assert why(done) == {"taken": 1, "not-held": 4}
    assert next(one for one in done.refused if one.why == "taken").facts["resource_id"] == taken
    assert set(done.staffings) == {kept}
    assert set(booked(session).values()) == {kept}
    assert len(seats(session)) == 4  # the hearing that is lost left nothing behind


def test_a_judge_who_falls_ill_meanwhile_is_said(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    judge_id = court.judges[0]
    close(session, session.get_one(Resource, judge_id), in_days(7), in_days(8))

    done = applied(session, court.clerk, run_id, now=NOW)

    assert why(done) == {"closed": 1, "not-held": 4}
    assert next(one for one in done.refused if one.why == "closed").facts["resource_id"] == judge_id


def test_what_others_booked_meanwhile_leaves_less_room(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    hearing_id = min(plan(session, run_id).values())
    claim = CaseClaim(resource_id=hearing_id, minutes=20, family="51")
    other = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/99999"))
    confirm(session, court.clerk, other.id, now=NOW)

    done = applied(session, court.clerk, run_id, now=NOW)

    assert why(done) == {"full-cases": 1}
    assert len(done.bookings) == 7


def test_a_case_that_changed_meanwhile_is_left_out(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    sittings = plan_of(session.get_one(OptimizerRun, run_id).plan).sittings
    placed = list(plan(session, run_id).items())
    soon, refusing, gone = (session.get_one(WaitingCase, case) for case, _ in placed[:3])
    soon.deadline_on = in_days(6)
    refusing.refused_judges = [sittings[placed[1][1]].judge_id]
    session.delete(gone)
    session.flush()

    done = applied(session, court.clerk, run_id, now=NOW)

    assert why(done) == {"not-in-time": 1, "refused-judge": 1, "gone": 1}
    assert len(done.bookings) == 5


def test_a_hearing_that_somebody_else_holds_by_now_stays_theirs(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    sittings = plan_of(session.get_one(OptimizerRun, run_id).plan).sittings
    first, second = sorted(sittings)
    staff_hearing(session, court.clerk, first, sittings[second], now=NOW)

    done = applied(session, court.clerk, run_id, now=NOW)

    assert why(done) == {"staffed": 1, "taken": 1, "not-held": 8}


def test_a_hearing_that_has_begun_takes_nothing(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)

    done = applied(session, court.clerk, run_id, now=NOW.replace(day=9))

    assert why(done) == {"closed": 2, "not-held": 8}


def test_a_run_without_a_plan_and_one_of_another_court_are_refused(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    empty = start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=NOW)

    with refused(session, AlreadyDecided):
        applied(session, court.clerk, empty, now=NOW)
    with refused(session, NotFound):
        applied(session, court.stranger, run_id, now=NOW)
    with refused(session, NotFound):
        undo_run(session, court.stranger, run_id, now=NOW)


# --- who holds a hearing ---


def test_nobody_holds_two_hearings_at_once_but_two_in_a_row(session: Session, court: SmallCourt) -> None:
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    at_ten, at_noon, at_one = (court.hearing(session, in_days=20 + hours / 24) for hours in (0, 2, 3))

    staff_hearing(session, court.clerk, at_ten, sitting, now=NOW)
    assert staff_hearing(session, court.clerk, at_ten, sitting, now=NOW) is None
    with refused(session, PeriodTaken):
        staff_hearing(session, court.clerk, at_noon, sitting, now=NOW)
    staff_hearing(session, court.clerk, at_one, sitting, now=NOW)


def test_a_room_of_another_court_is_not_given(session: Session, court: SmallCourt) -> None:
    other = make_court_elsewhere(session)
    hearing_id = court.hearing(session, in_days=20)

    with refused(session, NotFound):
        sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=other)
        staff_hearing(session, court.clerk, hearing_id, sitting, now=NOW)
    with refused(session, NotFound):
        sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
        staff_hearing(session, court.stranger, hearing_id, sitting, now=NOW)
    with refused(session, NotOpen):
        staff_hearing(session, court.clerk, hearing_id, sitting, now=NOW.replace(day=30))
    staff_hearing(session, court.clerk, hearing_id, sitting, now=NOW)
    with refused(session, AlreadyStaffed):
        staff_hearing(
            session,
            court.clerk,
            hearing_id,
            Sitting(judge_id=court.judges[1], clerk_id=court.clerks[1], room_id=court.rooms[1]),
            now=NOW,
        )


# --- taken back ---


def test_an_application_is_taken_back_whole(session: Session, court: SmallCourt) -> None:
    before = court.problem(session)
    run_id = solved(session, court)
    applied(session, court.clerk, run_id, now=NOW)

    assert undo_run(session, court.clerk, run_id, now=in_minutes(1)) == 8

    assert (booked(session), seats(session)) == ({}, [])
    assert court.problem(session) == before
    assert undo_run(session, court.clerk, run_id, now=in_minutes(2)) == 0
    assert len(applied(session, court.clerk, run_id, now=in_minutes(3)).bookings) == 8


def test_what_was_heard_already_is_not_taken_back(session: Session) -> None:
    court = make_court(session)
    past, to_come = court.hearing(session, in_days=7, max_cases=1), court.hearing(session, in_days=14, max_cases=1)
    for number in (1, 2):
        court.case(session, number)
    run_id = solved(session, court)
    applied(session, court.clerk, run_id, now=NOW)
    begun = NOW + timedelta(days=7)  # the hearing begins at this instant

    assert undo_run(session, court.clerk, run_id, now=begun) == 1

    assert set(booked(session).values()) == {past}
    assert [one.hearing_id for one in session.exec(select(HearingStaffing))] == [past]
    assert to_come not in booked(session).values()


@pytest.mark.usefixtures("one_place")
def test_a_place_given_back_is_not_taken_back_once_the_case_has_another(session: Session) -> None:
    court = make_court(session)
    court.hearing(session, in_days=7, max_cases=4)
    court.case(session, 1)
    first = applied(session, court.clerk, solved(session, court), now=NOW)
    case_id, booking_id = next(iter(first.bookings.items()))
    cancel(session, court.clerk, booking_id, now=NOW)
    undone = undo_cancel(session, court.clerk, booking_id, now=NOW).state
    cancel(session, court.clerk, booking_id, now=NOW)
    again = applied(session, court.clerk, solved(session, court), now=NOW)

    assert undone == State.BOOKED
    assert case_id in again.bookings
    with pytest.raises(AlreadyDecided), session.begin_nested():
        undo_cancel(session, court.clerk, booking_id, now=NOW)


def test_a_hearing_that_holds_other_cases_keeps_its_judge(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    placed = plan(session, run_id)
    part = [case for case, where in placed.items() if where == min(placed.values())][:2]
    applied(session, court.clerk, run_id, part, now=NOW)
    claim = CaseClaim(resource_id=min(placed.values()), minutes=20)
    other = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/99999"))
    confirm(session, court.clerk, other.id, now=NOW)

    assert undo_run(session, court.clerk, run_id, now=NOW) == 2

    assert list(booked(session)) == ["RG 26/99999"]
    assert len(session.exec(select(HearingStaffing)).all()) == 1


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def _committed(session: Session) -> tuple[SmallCourt, UUID]:
    court = make_court(session)
    _fill(session, court)
    return court, solved(session, court)


def test_of_several_applications_at_once_each_case_is_booked_once(engine: Engine) -> None:
    court, run_id = act(engine, _committed)

    answers = at_once([partial(act, engine, applied, court.clerk, run_id, now=NOW)] * 6)

    assert refusals(answers) == []
    done = [one for one in answers if isinstance(one, Applied)]
    assert sorted(len(one.bookings) for one in done) == [0] * 5 + [8]
    with Session(engine) as session:
        assert len(booked(session)) == 8
        assert len(seats(session)) == 6


def test_two_plans_for_the_same_cases_applied_at_once_book_each_case_once(engine: Engine) -> None:
    court, first = act(engine, _committed)
    second = act(engine, solved, court)

    answers = at_once([partial(act, engine, applied, court.clerk, one, now=NOW) for one in (first, second) * 3])

    assert refusals(answers) == []
    with Session(engine) as session:
        occupied = session.execute(text("SELECT count(*), count(DISTINCT holder_id) FROM session_case")).one()
        assert tuple(occupied) == (8, 8)
        assert len(booked(session)) == 8


def test_applying_taking_back_and_booking_by_hand_at_once_is_never_a_deadlock(engine: Engine) -> None:
    court, run_id = act(engine, _committed)
    with Session(engine) as session:
        hearing_id = min(plan(session, run_id).values())

    def by_hand(session: Session, number: int) -> None:
        claim = CaseClaim(resource_id=hearing_id, minutes=5)
        case = Beneficiary(case_ref=f"RG 26/9{number:04}")
        confirm(session, court.clerk, hold(session, court.clerk, claim, now=NOW, beneficiary=case).id, now=NOW)

    acts = [
        *[partial(act, engine, applied, court.clerk, run_id, now=NOW)] * 4,
        *[partial(act, engine, undo_run, court.clerk, run_id, now=NOW)] * 4,
        *[partial(act, engine, by_hand, number) for number in range(4)],
    ]
    at_once(acts)

    with Session(engine) as session:
        held = session.execute(text("SELECT count(*) FROM session_case")).scalar()
        assert held == len(booked(session))


@pytest.mark.usefixtures("one_place")
def test_places_taken_back_while_a_plan_gives_others_leave_one_each(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        court = make_court(session)
        for days in (7, 8):
            court.hearing(session, in_days=days, max_cases=4)
        for number in range(4):
            court.case(session, number)
        booking_ids = list(applied(session, court.clerk, solved(session, court), now=NOW).bookings.values())
        for booking_id in booking_ids:
            cancel(session, court.clerk, booking_id, now=NOW)
        run_id = solved(session, court)

    at_once(
        [
            partial(act, engine, applied, court.clerk, run_id, now=NOW),
            *(partial(act, engine, undo_cancel, court.clerk, one, now=NOW) for one in booking_ids),
        ]
    )

    with Session(engine) as session:
        references = session.exec(select(Booking.case_ref).where(Booking.state == State.BOOKED)).all()
        assert sorted(references) == [f"RG 26/{number:05}" for number in range(4)]
