"""The list of a hearing on its day: ordered, called, heard one at a time, ended, postponed; each step taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from availability.claims import CaseClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound
from availability.history import HistoryLine
from availability.models import HearingSession, Territory
from availability.rights import Role
from availability.sealing import House
from booking import events
from booking.actions import cancel
from booking.events import BookingRescheduled, Event
from booking.hearing_day import (
    arrange,
    begin_case,
    call_case,
    end_case,
    forget_names,
    name_case,
    possible_hearings,
    postpone_case,
    step_back,
)
from booking.hearing_day_models import CaseCall, Stage
from booking.hearing_list import CaseOnList, expected, hearing_list, hearings_on
from booking.lawyer_news import tell_lawyers
from booking.lawyers import name_lawyer
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import note_outcome, undo_outcome
from booking.pages.hearing_day_words import COUNSEL_TOLD, rows, told
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.bar import make_lawyer
from tests.booking.court_day import BEGUN, HOUSE, IN_A_WEEK, Day, booked, made_day
from tests.conftest import Database
from tests.factories import NOW, in_days, make_actor
from tests.races import act, at_once, refusals

AFTER = text("SELECT id, case_ref, minutes, state FROM booking WHERE resource_id = :id")
TOLD_LAWYERS = text("SELECT kind FROM host_mail WHERE booking_id = :id AND state = 'planned' ORDER BY kind")


@pytest.fixture
def day(session: Session) -> Day:
    """A day in court, gone at the end of the test."""
    return made_day(session)


# --- read ---


def test_a_list_is_in_the_order_in_which_cases_came_each_when_it_should_begin(session: Session, day: Day) -> None:
    cases = day.list(session, IN_A_WEEK).cases

    assert [one.case_ref for one in cases] == ["RG 26/00001", "RG 26/00002", "RG 26/00003"]
    assert [one.expected_at - IN_A_WEEK for one in cases] == [timedelta(minutes=at) for at in (0, 20, 40)]


def test_a_case_that_lasts_moves_those_that_follow(session: Session, day: Day) -> None:
    begin_case(session, day.court.clerk, day.hearing, day.cases[0], now=BEGUN)

    late = BEGUN + timedelta(minutes=50)

    assert [one.expected_at for one in day.list(session, late).cases] == [BEGUN, late, late + timedelta(minutes=20)]


STEPS = st.lists(st.tuples(st.integers(1, 90), st.sampled_from(list(Stage)), st.integers(0, 200)), max_size=12)


@settings(max_examples=60)
@given(steps=STEPS, minutes_in=st.integers(-60, 300))
def test_nothing_that_is_to_come_is_expected_in_the_past_nor_before_what_precedes_it(
    steps: list[tuple[int, Stage, int]], minutes_in: int
) -> None:
    now = IN_A_WEEK + timedelta(minutes=minutes_in)
    cases = [
        CaseOnList(
            booking_id=uuid4(),
            rank=rank,
            case_ref="",
            name="",
            minutes=minutes,
            family="",
            stage=stage,
            state=State.BOOKED,
            began_at=IN_A_WEEK + timedelta(minutes=at) if stage in (Stage.RUNNING, Stage.DONE) else None,
            ended_at=IN_A_WEEK + timedelta(minutes=at + 10) if stage in (Stage.DONE, Stage.POSTPONED) else None,
            expected_at=now,
        )
        for rank, (minutes, stage, at) in enumerate(steps, 1)
    ]

    to_come = [one for one in expected(cases, IN_A_WEEK, now) if one.stage in (Stage.WAITING, Stage.CALLED)]

    assert all(one.expected_at >= max(now, IN_A_WEEK) for one in to_come)
    for one, following in pairwise(to_come):
        assert following.expected_at >= one.expected_at + timedelta(minutes=one.minutes)


def test_a_registry_sees_the_hearings_of_its_court_that_day_with_who_holds_them(session: Session, day: Day) -> None:
    court = day.court
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[1])
    staff_hearing(session, court.clerk, day.hearing, sitting, now=NOW)

    found = hearings_on(session, court.clerk, in_days(7), house=HOUSE, now=BEGUN)

    assert [(one.id, one.room, one.judge, one.clerk) for one in found] == [
        (day.hearing, "Salle 2", "Juge 1", "Greffe 1")
    ]
    assert hearings_on(session, court.clerk, in_days(8), house=HOUSE, now=BEGUN) == []
    assert hearings_on(session, court.stranger, in_days(7), house=HOUSE, now=BEGUN) == []


def test_a_list_is_not_for_another_court_nor_for_another_role(session: Session, day: Day) -> None:
    officer = make_actor(Role.PROBATION_OFFICER, session.get_one(Territory, day.court.territory_id))

    with pytest.raises(NotFound):
        hearing_list(session, day.court.stranger, day.hearing, house=HOUSE, now=BEGUN)
    with pytest.raises(NotAllowed):
        hearing_list(session, officer, day.hearing, house=HOUSE, now=BEGUN)
    for step in (call_case, begin_case, step_back):
        with pytest.raises(NotFound):
            step(session, day.court.stranger, day.hearing, day.cases[0], now=BEGUN)
        with pytest.raises(NotAllowed):
            step(session, officer, day.hearing, day.cases[0], now=BEGUN)


# --- ordered ---


def test_the_order_written_down_is_that_of_the_list_and_new_cases_come_last(session: Session, day: Day) -> None:
    first, second, third = day.cases
    arrange(session, day.court.clerk, day.hearing, [third, first, second], now=BEGUN - timedelta(hours=1))
    fourth = booked(session, day.court, day.hearing, 4)

    assert [one.booking_id for one in day.list(session).cases] == [third, first, second, fourth]
    arrange(session, day.court.clerk, day.hearing, [fourth, first, third, second], now=BEGUN)
    assert [one.booking_id for one in day.list(session).cases] == [fourth, first, third, second]


def test_an_order_of_another_list_is_refused(session: Session, day: Day) -> None:
    first, second, third = day.cases
    for order in ([first, second], [first, second, third, uuid4()], [first, first, second, third]):
        with pytest.raises(InvalidRequest, match="other-list"):
            arrange(session, day.court.clerk, day.hearing, order, now=BEGUN)


def test_a_case_that_left_the_list_keeps_no_rank_that_another_could_want(session: Session, day: Day) -> None:
    first, second, third = day.cases
    arrange(session, day.court.clerk, day.hearing, [third, first, second], now=NOW)
    cancel(session, day.court.clerk, third, now=NOW)

    arrange(session, day.court.clerk, day.hearing, [second, first], now=NOW)

    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert [one.booking_id for one in day.list(session).cases] == [second, first]


# --- step by step ---


def test_a_case_is_called_heard_and_ended_which_is_the_outcome_of_its_booking(session: Session, day: Day) -> None:
    case, clerk = day.cases[0], day.court.clerk
    call_case(session, clerk, day.hearing, case, now=BEGUN)
    begin_case(session, clerk, day.hearing, case, now=BEGUN + timedelta(minutes=2))
    end_case(session, clerk, day.hearing, case, State.HONOURED, now=BEGUN + timedelta(minutes=20))

    line = day.list(session).cases[0]
    assert (line.stage, line.state) == (Stage.DONE, State.HONOURED)
    assert (line.called_at, line.began_at) == (BEGUN, BEGUN + timedelta(minutes=2))
    assert line.ended_at == BEGUN + timedelta(minutes=20)
    acts = [one.act for one in session.exec(select(HistoryLine).where(HistoryLine.subject == "hearing"))]
    assert acts.count("case-stepped") == 3


def test_one_case_is_heard_at_a_time(session: Session, day: Day) -> None:
    begin_case(session, day.court.clerk, day.hearing, day.cases[0], now=BEGUN)

    with pytest.raises(InvalidRequest, match="another-running"):
        begin_case(session, day.court.clerk, day.hearing, day.cases[1], now=BEGUN)


def test_of_many_clerks_at_once_one_begins_a_case(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        day = made_day(session)
    begin = partial(act, database.engine, begin_case, day.court.clerk, day.hearing, now=BEGUN)

    answers = at_once([partial(begin, case) for case in day.cases * 4])

    with Session(database.engine) as session:
        assert day.stages(session).count(Stage.RUNNING) == 1
    assert len(refusals(answers)) == len(answers) - 1


def test_a_case_that_was_given_another_date_while_it_was_heard_stops_no_other(session: Session, day: Day) -> None:
    first, second, _ = day.cases
    early = IN_A_WEEK - timedelta(hours=1)
    begin_case(session, day.court.clerk, day.hearing, first, now=early)
    move(session, day.court.clerk, first, CaseClaim(resource_id=day.later, minutes=20, family="51"), now=early)

    begin_case(session, day.court.clerk, day.hearing, second, now=early)

    assert day.stages(session) == [Stage.RUNNING, Stage.WAITING]


def test_a_case_that_nobody_came_for_is_missed_without_having_been_heard(session: Session, day: Day) -> None:
    call_case(session, day.court.clerk, day.hearing, day.cases[1], now=BEGUN)
    end_case(session, day.court.clerk, day.hearing, day.cases[1], State.MISSED, now=BEGUN)

    line = day.list(session).cases[1]
    assert (line.stage, line.state, line.began_at) == (Stage.DONE, State.MISSED, None)


def test_a_list_is_begun_two_hours_before_at_the_earliest(session: Session, day: Day) -> None:
    for step in (call_case, begin_case):
        with pytest.raises(InvalidRequest, match="not-begun"):
            step(session, day.court.clerk, day.hearing, day.cases[0], now=IN_A_WEEK - timedelta(hours=3))


def test_nothing_is_ended_before_the_hearing_begins_and_what_is_over_takes_no_other_step(
    session: Session, day: Day
) -> None:
    clerk, case = day.court.clerk, day.cases[0]
    with pytest.raises(InvalidRequest, match="not-begun"):
        end_case(session, clerk, day.hearing, case, State.HONOURED, now=IN_A_WEEK - timedelta(minutes=1))
    end_case(session, clerk, day.hearing, case, State.HONOURED, now=BEGUN)
    for step in (call_case, begin_case):
        with pytest.raises(InvalidRequest, match="other-stage"):
            step(session, clerk, day.hearing, case, now=BEGUN)


def test_each_step_is_taken_back_until_it_waits_again(session: Session, day: Day) -> None:
    case, clerk = day.cases[0], day.court.clerk
    call_case(session, clerk, day.hearing, case, now=BEGUN)
    begin_case(session, clerk, day.hearing, case, now=BEGUN)
    end_case(session, clerk, day.hearing, case, State.HONOURED, now=BEGUN)

    back = [step_back(session, clerk, day.hearing, case, now=BEGUN) for _ in range(3)]

    assert back == [Stage.RUNNING, Stage.CALLED, Stage.WAITING]
    assert session.get_one(Booking, case).state == State.BOOKED
    line = day.list(session).cases[0]
    assert (line.called_at, line.began_at, line.ended_at) == (None, None, None)
    with pytest.raises(InvalidRequest, match="nothing-to-take-back"):
        step_back(session, clerk, day.hearing, case, now=BEGUN)


def test_an_outcome_is_not_taken_back_under_a_case_that_is_being_heard(session: Session, day: Day) -> None:
    first, second, _ = day.cases
    clerk = day.court.clerk
    begin_case(session, clerk, day.hearing, first, now=BEGUN)
    end_case(session, clerk, day.hearing, first, State.HONOURED, now=BEGUN)
    begin_case(session, clerk, day.hearing, second, now=BEGUN)

    with pytest.raises(InvalidRequest, match="another-running"):
        step_back(session, clerk, day.hearing, first, now=BEGUN)


def test_what_a_colleague_did_meanwhile_is_not_taken_back_in_the_place_of_what_one_saw(
    session: Session, day: Day
) -> None:
    clerk, case = day.court.clerk, day.cases[0]
    begin_case(session, clerk, day.hearing, case, now=BEGUN)
    end_case(session, clerk, day.hearing, case, State.HONOURED, now=BEGUN)

    with pytest.raises(InvalidRequest, match="other-stage"), session.begin_nested():
        step_back(session, clerk, day.hearing, case, now=BEGUN, seen=Stage.RUNNING)

    line = day.list(session).cases[0]
    assert (line.stage, line.state) == (Stage.DONE, State.HONOURED)


def test_taking_back_and_ending_at_once_leave_the_list_and_the_booking_agreed(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        day = made_day(session)
        begin_case(session, day.court.clerk, day.hearing, day.cases[0], now=BEGUN)
    of_case = (day.court.clerk, day.hearing, day.cases[0])
    back = partial(act, database.engine, step_back, *of_case, now=BEGUN, seen=Stage.RUNNING)
    end = partial(act, database.engine, end_case, *of_case, State.HONOURED, now=BEGUN)

    at_once([back, end, back, end])

    with Session(database.engine) as session:
        kept = session.get_one(CaseCall, (day.hearing, day.cases[0]))
        state = session.get_one(Booking, day.cases[0]).state
        assert (kept.stage == Stage.DONE) == (state == State.HONOURED)


def test_an_outcome_noted_or_taken_back_elsewhere_stops_nothing_here(session: Session, day: Day) -> None:
    clerk, (first, second, _) = day.court.clerk, day.cases
    begin_case(session, clerk, day.hearing, first, now=BEGUN)
    note_outcome(session, clerk, first, State.HONOURED, now=BEGUN)
    begin_case(session, clerk, day.hearing, second, now=BEGUN)
    assert day.stages(session)[:2] == [Stage.DONE, Stage.RUNNING]

    end_case(session, clerk, day.hearing, second, State.HONOURED, now=BEGUN)
    undo_outcome(session, clerk, second, now=BEGUN)
    assert day.stages(session)[1] is Stage.WAITING
    begin_case(session, clerk, day.hearing, second, now=BEGUN)
    assert day.stages(session)[1] is Stage.RUNNING


# --- postponed ---


def test_a_postponed_case_stays_on_the_list_has_its_place_elsewhere_and_whoever_follows_it_is_told(
    session: Session, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    monkeypatch.setattr(events, "_subscribers", [lambda _session, event: told.append(event)])
    begin_case(session, day.court.clerk, day.hearing, day.cases[0], now=BEGUN)

    postpone_case(session, day.court.clerk, day.hearing, day.cases[0], day.later, now=BEGUN)

    booking = session.get_one(Booking, day.cases[0])
    line = day.list(session).cases[0]
    assert (booking.resource_id, booking.state) == (day.later, State.BOOKED)
    assert (line.stage, line.moved_on) == (Stage.POSTPONED, NOW + timedelta(days=14))
    assert [type(one) for one in told] == [BookingRescheduled]


def test_a_postponement_is_taken_back_into_the_hearing_that_has_begun(session: Session, day: Day) -> None:
    clerk, case = day.court.clerk, day.cases[0]
    session.get_one(HearingSession, day.hearing).last_take_on = in_days(-8)
    begin_case(session, clerk, day.hearing, case, now=BEGUN)
    postpone_case(session, clerk, day.hearing, case, day.later, now=BEGUN)

    assert step_back(session, clerk, day.hearing, case, now=BEGUN) is Stage.RUNNING

    assert session.get_one(Booking, case).resource_id == day.hearing
    assert day.stages(session) == [Stage.RUNNING, Stage.WAITING, Stage.WAITING]


def test_what_was_postponed_and_given_yet_another_date_is_not_taken_back(session: Session, day: Day) -> None:
    clerk, case = day.court.clerk, day.cases[0]
    postpone_case(session, clerk, day.hearing, case, day.later, now=BEGUN)
    third = day.court.hearing(session, in_days=21)
    move(session, clerk, case, CaseClaim(resource_id=third, minutes=20, family="51"), now=BEGUN)

    for step in (step_back, partial(postpone_case, to_id=day.later)):
        with pytest.raises(InvalidRequest, match="not-there-any-more"):
            step(session, clerk, day.hearing, case, now=BEGUN)


def test_what_came_back_by_another_way_waits_again(session: Session, day: Day) -> None:
    clerk, case = day.court.clerk, day.cases[0]
    early = IN_A_WEEK - timedelta(hours=2)
    postpone_case(session, clerk, day.hearing, case, day.later, now=early)
    move(session, clerk, case, CaseClaim(resource_id=day.hearing, minutes=20, family="51"), now=early)

    assert day.stages(session)[0] is Stage.WAITING
    call_case(session, clerk, day.hearing, case, now=early)
    assert day.stages(session)[0] is Stage.CALLED


def test_the_hearings_offered_are_those_with_room_and_each_of_them_takes_the_case(session: Session) -> None:
    day = made_day(session, later_cases=1)
    clerk = day.court.clerk
    third = day.court.hearing(session, in_days=21, max_minutes=10)
    fourth = day.court.hearing(session, in_days=28)
    assert [one.hearing_id for one in possible_hearings(session, clerk, day.hearing, day.cases[0], now=BEGUN)] == [
        day.later,
        fourth,
    ]
    postpone_case(session, clerk, day.hearing, day.cases[0], day.later, now=BEGUN)

    assert [one.hearing_id for one in possible_hearings(session, clerk, day.hearing, day.cases[1], now=BEGUN)] == [
        fourth
    ]
    for full in (day.later, third):
        with pytest.raises(CapacityReached), session.begin_nested():
            postpone_case(session, clerk, day.hearing, day.cases[1], full, now=BEGUN)
    assert session.get_one(Booking, day.cases[1], populate_existing=True).resource_id == day.hearing


@pytest.mark.parametrize(
    ("action", "stage"),
    [
        (lambda day: partial(postpone_case, to_id=day.later), Stage.POSTPONED),
        (lambda day: partial(end_case, outcome=State.HONOURED, next_id=day.later), Stage.DONE),
    ],
)
def test_of_many_postponed_or_ended_at_once_to_the_last_place_one_goes_and_the_others_stay(
    database: Database, action: Callable[[Day], Callable[..., None]], stage: Stage
) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        day = made_day(session, later_cases=1)
    goes = partial(act, database.engine, action(day), day.court.clerk, day.hearing, now=BEGUN)

    answers = at_once([partial(goes, case) for case in day.cases])

    with Session(database.engine) as session:
        assert sorted(day.stages(session)) == sorted([stage, Stage.WAITING, Stage.WAITING])
        assert sorted(session.get_one(Booking, one).state == State.BOOKED for one in day.cases) == sorted(
            [stage is Stage.POSTPONED, True, True]
        )
    assert len(refusals(answers)) == 2


def test_a_case_is_ended_and_goes_on_at_another_date_in_one_act_that_is_taken_back_whole(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [tell_lawyers])
    day = made_day(session, later_cases=1)
    clerk, (case, other, _) = day.court.clerk, day.cases
    lawyer = make_lawyer(session, day.court)
    name_lawyer(session, clerk, lawyer.account_id, case_ref="RG 26/00001", now=NOW)
    begin_case(session, clerk, day.hearing, case, now=BEGUN)

    end_case(session, clerk, day.hearing, case, State.HONOURED, now=BEGUN, next_id=day.later)

    line = day.list(session).cases[0]
    assert (line.stage, line.next_on, line.has_counsel) == (Stage.DONE, NOW + timedelta(days=14), True)
    (row,) = rows(day.list(session))[:1]
    assert row.note.startswith("suite le")
    assert told(row, is_next=True).endswith(COUNSEL_TOLD)
    after = session.execute(AFTER, {"id": day.later}).one()
    assert (after.case_ref, after.minutes, after.state) == ("RG 26/00001", 20, State.BOOKED)
    assert session.execute(TOLD_LAWYERS, {"id": after.id}).scalars().all() == ["lawyer-reminder", "lawyer-set"]
    with pytest.raises(CapacityReached), session.begin_nested():
        end_case(session, clerk, day.hearing, other, State.HONOURED, now=BEGUN, next_id=day.later)
    assert session.get_one(Booking, other, populate_existing=True).state == State.BOOKED  # both, or neither
    with pytest.raises(NotFound):
        end_case(session, clerk, day.hearing, other, State.HONOURED, now=BEGUN, next_id=day.hearing)

    assert step_back(session, clerk, day.hearing, case, now=BEGUN) is Stage.RUNNING
    assert session.execute(AFTER, {"id": day.later}).one().state == State.CANCELLED
    assert session.execute(TOLD_LAWYERS, {"id": after.id}).scalars().all() == []
    assert day.list(session).cases[0].next_on is None


# --- named ---


def test_the_name_of_a_case_is_sealed_and_forgotten(session: Session, day: Day) -> None:
    name_case(session, day.court.clerk, day.hearing, day.cases[0], "  Exemple c/ Fictif ", house=HOUSE, now=BEGUN)

    assert day.list(session).cases[0].name == "Exemple c/ Fictif"
    kept = session.get_one(CaseCall, (day.hearing, day.cases[0])).name_sealed
    assert b"Exemple" not in (kept or b"Exemple")
    elsewhere = hearing_list(session, day.court.clerk, day.hearing, house=House(b"another house, elsewhere"), now=BEGUN)
    assert elsewhere.cases[0].name == ""
    assert forget_names(session, before=BEGUN) == 0
    assert forget_names(session, before=BEGUN + timedelta(days=31)) == 1
    session.expire_all()
    assert day.list(session).cases[0].name == ""


def test_a_name_too_long_is_refused_and_a_case_given_back_has_left_the_list(session: Session, day: Day) -> None:
    with pytest.raises(InvalidRequest, match="too-long"):
        name_case(session, day.court.clerk, day.hearing, day.cases[0], "x" * 121, house=HOUSE, now=BEGUN)
    cancel(session, day.court.clerk, day.cases[0], now=IN_A_WEEK - timedelta(days=1))

    with pytest.raises(NotFound):
        call_case(session, day.court.clerk, day.hearing, day.cases[0], now=BEGUN)
    assert len(day.list(session).cases) == 2
