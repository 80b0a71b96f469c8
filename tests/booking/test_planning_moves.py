"""A plan moves what has a place already, and who holds a hearing: all at once, once, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from availability.claims import CaseClaim
from availability.errors import NotFound
from availability.models import Resource
from booking.actions import Beneficiary, confirm, hold
from booking.events import BookingMoved, BookingRescheduled
from booking.models import Booking, State
from booking.moving import move
from booking.plans.kept import digest_of, keep, run_of
from booking.plans.models import HearingStaffing, OptimizerRun, RunState, WaitingCase
from booking.plans.runs import apply_run, judged, reading_of, undo_run
from booking.staffing import sitting_of, staff_hearing
from optimizer.beside import search
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Sitting
from optimizer.manners import Job, Manner
from portal.database import make_engine
from tests.booking.court import FIRST, UNTIL, SmallCourt, make_court
from tests.conftest import Database
from tests.factories import NOW, close, in_days, in_minutes
from tests.races import act, at_once, refusals

LATER = in_minutes(5)


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court, gone at the end of the test."""
    return make_court(session)


def sitting(court: SmallCourt, number: int = 0) -> Sitting:
    """Return one of its judges, with their clerk, in a room."""
    return Sitting(judge_id=court.judges[number], clerk_id=court.clerks[number], room_id=court.rooms[number])


def placed(session: Session, court: SmallCourt, hearing_id: int, number: int) -> UUID:
    """Add a case that has its place in a hearing."""
    case_id = court.case(session, number)
    case = session.get_one(WaitingCase, case_id)
    claim = CaseClaim(resource_id=hearing_id, minutes=case.minutes, family=case.family)
    booking = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref=case.case_ref))
    confirm(session, court.clerk, booking.id, now=NOW)
    case.booking_id = booking.id
    session.flush()
    return case_id


def two_full(session: Session, court: SmallCourt) -> tuple[tuple[int, int], list[UUID]]:
    """Return two full hearings that are held, and the two cases of each."""
    hearings = court.hearing(session, in_days=7, max_cases=2), court.hearing(session, in_days=8, max_cases=2)
    cases = [placed(session, court, hearings[number // 2], number) for number in range(4)]
    for hearing_id in hearings:
        staff_hearing(session, court.clerk, hearing_id, sitting(court), now=NOW)
    return hearings, cases


def proposed(session: Session, court: SmallCourt, *, manner: Manner = Manner.PLAN, plan: Plan | None = None) -> UUID:
    """Return a run that proposes a plan: this one, or what its search finds."""
    run = OptimizerRun(
        manner=manner,
        territory_id=court.territory_id,
        kind_id=court.kind.id,
        first_on=FIRST,
        until_on=UNTIL,
        state=RunState.DONE,
        created_at=in_minutes(1),
        heartbeat_at=in_minutes(1),
    )
    session.add(run)
    session.flush()
    reading = reading_of(session, run, now=NOW)
    run.digest = digest_of(reading.problem)
    if plan is not None:
        keep(run, judged("hearings", reading, plan))
    else:
        job = Job(name="hearings", manner=manner, problem=reading.problem, in_force=reading.in_force)
        keep(run, search(job, stop=lambda: False, progress=lambda _: None, limit_s=1))
    session.flush()
    return run.id


def exchanged(session: Session, court: SmallCourt) -> tuple[UUID, tuple[int, int], list[UUID]]:
    """Return a run that exchanges a case of each of two full hearings."""
    hearings, cases = two_full(session, court)
    first, second = hearings
    plan = Plan(
        sittings=dict.fromkeys(hearings, sitting(court)),
        placed=dict(zip(cases, (first, second, first, second), strict=True)),
    )
    return proposed(session, court, plan=plan), hearings, cases


def where(session: Session) -> dict[UUID, int]:
    """Return the hearing of each case."""
    rows = session.exec(select(WaitingCase.id, Booking.resource_id).where(WaitingCase.booking_id == Booking.id))
    return {row[0]: row[1] for row in rows}


def seated(session: Session) -> dict[int, Sitting]:
    """Return who holds each hearing."""
    return {one.hearing_id: sitting_of(one) for one in session.exec(select(HearingStaffing))}


def test_a_case_that_has_a_place_is_moved_as_any_booking_is_and_back(
    session: Session, court: SmallCourt, heard: list[BookingMoved | BookingRescheduled]
) -> None:
    before, after = court.hearing(session, in_days=30), court.hearing(session, in_days=7)
    case_id = placed(session, court, before, 1)
    plan = Plan(sittings={after: sitting(court)}, placed={case_id: after})
    run_id = proposed(session, court, plan=plan)
    heard.clear()

    done = apply_run(session, court.clerk, run_id, now=LATER)

    assert (set(done.done), done.refused) == ({str(case_id), f"hearing:{after}"}, ())
    assert where(session) == {case_id: after}
    assert [type(one) for one in heard] == [BookingRescheduled]
    assert apply_run(session, court.clerk, run_id, now=LATER).already == (str(case_id),)
    assert undo_run(session, court.clerk, run_id, now=LATER) == 1
    assert (where(session), seated(session)) == ({case_id: before}, {})


def test_cases_of_full_hearings_exchange_their_places(session: Session, court: SmallCourt) -> None:
    run_id, (first, second), cases = exchanged(session, court)

    done = apply_run(session, court.clerk, run_id, now=LATER)

    assert (set(done.done), done.refused) == ({str(cases[1]), str(cases[2])}, ())
    assert list(where(session).values()).count(first) == 2
    assert where(session)[cases[1]] == second
    assert undo_run(session, court.clerk, run_id, now=LATER) == 2
    assert where(session)[cases[1]] == first
    assert (
        len(apply_run(session, court.clerk, run_id, now=in_minutes(6)).done) == 2
    )  # its own undo is nobody else's act


def test_a_case_takes_the_room_that_another_leaves_whatever_the_order(session: Session, court: SmallCourt) -> None:
    (first, second), cases = two_full(session, court)
    third, waiting = court.hearing(session, in_days=9), court.case(session, 9)
    after = dict(zip((*cases, waiting), (first, second, second, third, first), strict=True))
    plan = Plan(sittings=dict.fromkeys((first, second, third), sitting(court)), placed=after)

    done = apply_run(session, court.clerk, proposed(session, court, plan=plan), now=LATER)

    assert done.refused == ()
    assert where(session) == after


def test_what_somebody_moved_since_the_plan_stays_where_they_put_it(session: Session, court: SmallCourt) -> None:
    run_id, _, cases = exchanged(session, court)
    elsewhere = court.hearing(session, in_days=9)
    booking_id = session.get_one(WaitingCase, cases[1]).booking_id
    assert booking_id is not None
    move(session, court.clerk, booking_id, CaseClaim(resource_id=elsewhere, minutes=20, family="51"), now=in_minutes(2))

    done = apply_run(session, court.clerk, run_id, now=LATER)

    assert str(cases[1]) in done.already
    assert where(session)[cases[1]] == elsewhere
    assert str(cases[2]) in done.done  # there is room now


def test_what_somebody_moved_since_it_was_applied_is_not_taken_back(session: Session, court: SmallCourt) -> None:
    here, elsewhere = court.hearing(session, in_days=7), court.hearing(session, in_days=9)
    case_id = court.case(session, 1)
    run_id = proposed(session, court, plan=Plan(sittings={here: sitting(court)}, placed={case_id: here}))
    apply_run(session, court.clerk, run_id, now=LATER)
    booking_id = session.get_one(WaitingCase, case_id).booking_id
    assert booking_id is not None
    move(session, court.clerk, booking_id, CaseClaim(resource_id=elsewhere, minutes=20, family="51"), now=in_minutes(6))

    assert undo_run(session, court.clerk, run_id, now=in_minutes(7)) == 0

    assert where(session) == {case_id: elsewhere}
    assert session.get_one(Booking, booking_id).state == State.BOOKED


def test_a_case_that_the_plan_leaves_out_keeps_its_place(session: Session, court: SmallCourt) -> None:
    hearing_id = court.hearing(session)
    case_id = placed(session, court, hearing_id, 1)
    plan = Plan(sittings={hearing_id: sitting(court)})

    apply_run(session, court.clerk, proposed(session, court, plan=plan), now=LATER)

    assert where(session) == {case_id: hearing_id}


def test_a_judge_who_falls_ill_is_replaced_and_no_case_moves_and_is_named_again_by_the_undo(
    session: Session, court: SmallCourt
) -> None:
    (first, second), cases = two_full(session, court)
    close(session, session.get_one(Resource, court.judges[0]), in_days(7), in_days(8))
    before = where(session)
    run_id = proposed(session, court, manner=Manner.REPAIR)

    done = apply_run(session, court.clerk, run_id, now=LATER)

    assert (done.done, done.refused) == ((f"hearing:{first}",), ())
    assert len(done.already) == len(cases)
    assert where(session) == before
    other = seated(session)
    assert (other[first].judge_id, other[second]) == (court.judges[1], sitting(court))
    assert undo_run(session, court.clerk, run_id, now=LATER) == 0
    assert seated(session)[first] == sitting(court)
    assert apply_run(session, court.clerk, run_id, ["nothing", f"hearing:{second}"], now=LATER).done == ()
    assert apply_run(session, court.clerk, run_id, [f"hearing:{first}"], now=LATER).done == (f"hearing:{first}",)


def test_cases_of_a_hearing_that_nobody_can_hold_move_and_the_others_do_not(
    session: Session, court: SmallCourt
) -> None:
    (first, second), cases = two_full(session, court)
    for judge_id in court.judges:
        close(session, session.get_one(Resource, judge_id), in_days(7), in_days(8))
    third = court.hearing(session, in_days=9)
    run_id = proposed(session, court, manner=Manner.REPAIR)

    done = apply_run(session, court.clerk, run_id, now=LATER)

    assert done.refused == ()
    assert where(session) == dict(zip(cases, (third, third, second, second), strict=True))
    assert undo_run(session, court.clerk, run_id, now=LATER) == 2
    assert where(session)[cases[0]] == first


def test_judges_who_wait_for_each_other_are_told_and_nobody_is_in_two_places(
    session: Session, court: SmallCourt
) -> None:
    hearings = [court.hearing(session, in_days=7) for _ in range(2)]
    for number, hearing_id in enumerate(hearings):
        staff_hearing(session, court.clerk, hearing_id, sitting(court, number), now=NOW)
    mixed = replace(sitting(court), judge_id=court.judges[1], clerk_id=court.clerks[1])
    plan = Plan(sittings={hearings[0]: mixed, hearings[1]: replace(sitting(court, 1), judge_id=court.judges[0])})

    done = apply_run(session, court.clerk, proposed(session, court, plan=plan), now=LATER)

    assert Counter(one.why for one in done.refused) == {"taken": 2}
    assert seated(session) == {hearing_id: sitting(court, number) for number, hearing_id in enumerate(hearings)}


def test_what_is_too_near_to_be_taken_is_repaired_and_nobody_comes_there(session: Session, court: SmallCourt) -> None:
    (_, second), cases = two_full(session, court)
    waiting = court.case(session, 9)
    court.kind.min_notice_days = 8  # after the first hearing
    for judge_id in court.judges:
        close(session, session.get_one(Resource, judge_id), in_days(7), in_days(8))
    third = court.hearing(session, in_days=9, max_cases=3)

    assert [one.id for one in court.problem(session).hearings] == [second, third]
    done = apply_run(session, court.clerk, proposed(session, court, manner=Manner.REPAIR), now=LATER)

    assert done.refused == ()
    assert where(session) == dict(zip((*cases, waiting), (third, third, second, second, third), strict=True))


def test_compromises_are_found_beside_a_repair(session: Session, court: SmallCourt) -> None:
    two_full(session, court)
    court.hearing(session, in_days=3)

    run = session.get_one(OptimizerRun, proposed(session, court, manner=Manner.BETTER))

    assert run.plan is not None
    assert run.prices["after"]


def test_a_stranger_moves_nothing(session: Session, court: SmallCourt) -> None:
    run_id, _, _ = exchanged(session, court)

    with pytest.raises(NotFound):
        apply_run(session, court.stranger, run_id, now=LATER)
    assert run_of(session, court.clerk, run_id).applied == {}


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def test_moving_moving_back_and_booking_by_hand_at_once_leave_each_hearing_within_its_limits(engine: Engine) -> None:
    def committed(session: Session) -> tuple[SmallCourt, tuple[UUID, tuple[int, int], list[UUID]]]:
        court = make_court(session)
        return court, exchanged(session, court)

    court, (run_id, hearings, cases) = act(engine, committed)

    def by_hand(session: Session, number: int) -> None:
        claim = CaseClaim(resource_id=hearings[number % 2], minutes=5)
        case = Beneficiary(case_ref=f"RG 26/9{number:04}")
        confirm(session, court.clerk, hold(session, court.clerk, claim, now=LATER, beneficiary=case).id, now=LATER)

    acts: list[Callable[[], object]] = [
        *[partial(act, engine, apply_run, court.clerk, run_id, now=LATER)] * 4,
        *[partial(act, engine, undo_run, court.clerk, run_id, now=LATER + timedelta(minutes=1))] * 4,
        *[partial(act, engine, by_hand, number) for number in range(4)],
    ]
    answers = at_once(acts)

    assert len(refusals(answers)) == 4  # those by hand: both hearings are full, also while cases exchange
    with Session(engine) as session:
        assert Counter(where(session).values()) == dict.fromkeys(hearings, 2)
        assert set(where(session)) == set(cases)
        booked = session.exec(select(Booking).where(Booking.state == State.BOOKED)).all()
        assert len(booked) == len(cases)
