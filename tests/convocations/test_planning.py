"""Every act of an appointment, and what it makes worth saying or untrue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import CaseClaim
from booking.actions import Beneficiary, accept, cancel, confirm, hold, undo_cancel
from booking.events import subscribe
from booking.host_requests import undo_answer
from booking.models import State
from booking.moving import move
from booking.outcomes import excuse, note_as_host, note_outcome, undo_as_host, undo_excuse
from booking.session_clashes import seating_of
from booking.session_moving import move_session
from booking.staffing import staff_hearing
from convocations.actions import convene, let_choose, summon, withdraw
from convocations.bearing import cannot_come, choose, confirm_coming
from convocations.delivery import claim_due
from convocations.errors import ConvocationOver
from convocations.outbox import Part, Query, messages
from convocations.pages.problems import said
from convocations.planning import follow
from convocations.routes import Routes
from optimizer.hearings.problem import Sitting
from tests.booking.court import make_court
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, bearer, make_desk, make_somebody, planned, sent
from tests.factories import NOW, in_days

SOON = NOW + timedelta(seconds=30)
TWO_DAYS_BEFORE = datetime(2026, 3, 7, 18, 30, tzinfo=UTC)  # the Sunday 8th is not a day for messages: Saturday, 19:30
AFTER = NINE + timedelta(hours=1)


def test_an_appointment_is_confirmed_at_once_and_reminded_two_days_before(session: Session) -> None:
    desk = make_desk(session)

    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    assert planned(session, convocation.id) == {"confirmation": SOON, "reminder": TWO_DAYS_BEFORE}


def test_a_day_before_by_choice(session: Session) -> None:
    desk = make_desk(session)

    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW, reminder_hours=24)

    assert planned(session, convocation.id)["reminder"] == NINE - timedelta(hours=24)


def test_who_lives_overseas_is_told_by_their_own_clock(session: Session) -> None:
    desk = make_desk(session)
    desk.person.time_zone, desk.person.holiday_zone = "Pacific/Noumea", "NC"
    session.flush()

    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    # NOW is 20:00 there: the confirmation waits for the morning; 48 hours before is a Sunday evening there.
    assert planned(session, convocation.id) == {
        "confirmation": datetime(2026, 3, 2, 21, 0, tzinfo=UTC),
        "reminder": datetime(2026, 3, 7, 8, 30, tzinfo=UTC),
    }


def test_withdrawn_within_half_a_minute_nothing_is_ever_said(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    withdraw(session, desk.officer, convocation.id, now=NOW + timedelta(seconds=20))

    assert planned(session, convocation.id) == {}


def test_cancelled_after_it_was_said_is_said_too_once_it_can_no_longer_be_undone(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id

    cancel(session, desk.officer, convocation.booking_id, now=NOW)
    after_cancel = planned(session, convocation.id)
    undo_cancel(session, desk.officer, convocation.booking_id, now=NOW)

    assert after_cancel == {"cancellation": NOW + timedelta(minutes=10)}
    assert planned(session, convocation.id) == {"reminder": TWO_DAYS_BEFORE}  # they were told nothing else meanwhile


def test_cancelled_and_told_so_then_taken_back_is_told_again(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id
    excuse(session, desk.officer, convocation.booking_id, now=NOW)
    sent(session, convocation.id)

    undo_excuse(session, desk.officer, convocation.booking_id, now=NOW)

    assert planned(session, convocation.id) == {"change": SOON, "reminder": TWO_DAYS_BEFORE}


def test_moved_before_anything_left_is_news_and_moved_after_is_a_change(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id

    move(session, desk.officer, convocation.booking_id, desk.at(HALF_PAST), now=NOW)
    before = planned(session, convocation.id)
    sent(session, convocation.id)
    move(session, desk.officer, convocation.booking_id, desk.at(TEN), now=NOW)

    half_an_hour = timedelta(minutes=30)
    assert before == {"confirmation": SOON, "reminder": TWO_DAYS_BEFORE}
    assert planned(session, convocation.id) == {"change": SOON, "reminder": TWO_DAYS_BEFORE}
    abouts = session.execute(
        text("SELECT DISTINCT about_at FROM message WHERE convocation_id = :id AND state = 'planned'"),
        {"id": convocation.id},
    ).scalars()
    assert list(abouts) == [NINE + 2 * half_an_hour]


def test_those_convened_to_a_session_that_moves_are_told_of_its_new_hour_and_not_again_of_one_that_they_know(
    session: Session,
) -> None:
    subscribe(follow)
    court = make_court(session)
    hearing = court.hearing(session, in_days=9)
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, hearing, sitting, now=NOW)
    convened = []
    for _ in range(3):
        person = make_somebody(session, court.clerk)
        claim = CaseClaim(resource_id=hearing, minutes=20)
        booking = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
        confirm(session, court.clerk, booking.id, now=NOW)
        convened.append(summon(session, court.clerk, booking.id, now=NOW).id)
    *told, new = convened
    for one in told:
        sent(session, one)
    before = seating_of(session, hearing)
    to = replace(before, day=in_days(16), starts=time(14))

    move_session(session, court.clerk, hearing, to, now=NOW)

    there = datetime(2026, 3, 18, 13, 0, tzinfo=UTC)
    for one in convened:
        first = "confirmation" if one == new else "change"
        assert about(session, one) == {(first, there), ("reminder", there)}
        assert planned(session, one) == {first: SOON, "reminder": there - timedelta(hours=48)}
    move_session(session, court.clerk, hearing, before, now=NOW, is_undo=True)
    was = NOW + timedelta(days=9)
    assert [about(session, one) for one in told] == [{("reminder", was)}] * 2, "they know it still"
    assert about(session, new) == {("confirmation", was), ("reminder", was)}
    sent(session, new)
    move_session(session, court.clerk, hearing, to, now=NOW + timedelta(hours=1))
    sent(session, new)
    move_session(session, court.clerk, hearing, before, now=NOW + timedelta(hours=2), is_undo=True)
    assert about(session, new) == {("change", was), ("reminder", was)}, "they were told of the other one since"


def about(session: Session, convocation_id: UUID) -> set[tuple[str, datetime]]:
    """Return what waits to leave, and of which hour."""
    rows = session.execute(
        text("SELECT kind, about_at FROM message WHERE convocation_id = :id AND state = 'planned'"),
        {"id": convocation_id},
    )
    return {(row.kind, row.about_at) for row in rows}


def test_who_said_that_they_come_said_it_of_the_hour_that_it_had(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    confirm_coming(session, bearer(session, convocation), seen=NINE, now=NOW)
    session.flush()
    assert convocation.booking_id

    move(session, desk.officer, convocation.booking_id, desk.at(TEN), now=NOW)

    session.refresh(convocation)
    assert convocation.confirmed_at is None


def test_an_excuse_takes_the_reminder_away_and_its_undo_brings_it_back(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id

    excuse(session, desk.officer, convocation.booking_id, now=NOW)
    after_excuse = planned(session, convocation.id)
    undo_excuse(session, desk.officer, convocation.booking_id, now=NOW)

    assert after_excuse == {}
    assert planned(session, convocation.id) == {"confirmation": SOON, "reminder": TWO_DAYS_BEFORE}


def test_a_reminder_that_left_is_not_planned_again_for_the_same_hour(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    session.execute(text("UPDATE message SET state = 'sent', sent_at = due_at WHERE state = 'planned'"))
    assert convocation.booking_id

    excuse(session, desk.officer, convocation.booking_id, now=NOW)
    undo_excuse(session, desk.officer, convocation.booking_id, now=NOW)

    assert planned(session, convocation.id) == {}


def test_who_missed_it_is_told_unless_that_is_corrected_meanwhile(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id

    note_outcome(session, desk.officer, convocation.booking_id, State.MISSED, now=AFTER)
    after_missed = planned(session, convocation.id)
    note_outcome(session, desk.officer, convocation.booking_id, State.HONOURED, now=AFTER)

    assert after_missed == {"missed": AFTER + timedelta(minutes=10)}
    assert planned(session, convocation.id) == {}


def test_who_their_host_says_missed_it_is_told_as_well_unless_that_is_taken_back(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id

    note_as_host(session, desk.world.host, convocation.booking_id, State.MISSED, now=AFTER)
    after_missed = planned(session, convocation.id)
    undo_as_host(session, desk.world.host, convocation.booking_id, now=AFTER)

    assert after_missed == {"missed": AFTER + timedelta(minutes=10)}
    assert planned(session, convocation.id) == {}


def test_an_absence_that_was_told_is_not_told_twice_however_often_it_is_corrected(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id
    note_outcome(session, desk.officer, convocation.booking_id, State.MISSED, now=AFTER)
    sent(session, convocation.id)

    for outcome in (State.HONOURED, State.MISSED):
        note_outcome(session, desk.officer, convocation.booking_id, outcome, now=AFTER)
    excuse(session, desk.officer, convocation.booking_id, now=AFTER)
    undo_excuse(session, desk.officer, convocation.booking_id, now=AFTER)

    assert planned(session, convocation.id) == {}


def test_who_may_choose_is_asked_then_confirmed_and_reminded(session: Session) -> None:
    desk = make_desk(session)
    convocation = let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=in_days(7), now=NOW)
    offered = planned(session, convocation.id)

    choose(session, bearer(session, convocation), desk.at(NINE), seen=None, now=NOW)

    assert offered == {"offer": SOON}
    assert planned(session, convocation.id) == {"confirmation": SOON, "reminder": TWO_DAYS_BEFORE}


def test_what_its_person_gave_back_or_is_no_longer_summoned_to_is_not_taken_back_behind_them(session: Session) -> None:
    desk = make_desk(session)
    declined, withdrawn = (
        convene(session, desk.officer, desk.person.id, desk.at(start), now=NOW) for start in (NINE, TEN)
    )
    assert declined.booking_id
    assert withdrawn.booking_id
    cannot_come(session, bearer(session, declined), seen=NINE, now=NOW)
    withdraw(session, desk.officer, withdrawn.id, now=NOW)

    for booking_id in (declined.booking_id, withdrawn.booking_id):
        with pytest.raises(ConvocationOver) as refused:
            undo_cancel(session, desk.officer, booking_id, now=NOW)
        assert said(refused.value) == "La personne l’a rendu, ou sa convocation est retirée : convoquez-la à nouveau."


def test_who_gave_one_hour_back_and_took_another_is_not_given_both(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    given_back = convocation.booking_id
    assert given_back
    cannot_come(session, bearer(session, convocation), seen=NINE, now=NOW)
    choose(session, bearer(session, convocation), desk.at(TEN), seen=None, now=NOW)

    with pytest.raises(ConvocationOver) as refused:
        undo_cancel(session, desk.officer, given_back, now=NOW)

    assert said(refused.value) == "La personne a pris une autre heure depuis."


def test_who_can_no_longer_be_told_in_time_is_shown_to_an_agent(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id
    too_late = NINE - timedelta(minutes=5)

    cancel(session, desk.officer, convocation.booking_id, now=too_late)
    after_cancel = planned(session, convocation.id)
    claimed = claim_due(
        session, house=HOUSE, origin="", routes=Routes(), now=NINE + timedelta(minutes=5), lease=timedelta(minutes=1)
    )
    listed = messages(session, desk.officer, Query(part=Part.TO_HANDLE), house=HOUSE)

    assert after_cancel == {"cancellation": too_late + timedelta(minutes=10)}  # it may still be undone until then
    assert claimed.outgoing == []
    assert [(one.kind, one.state, one.failure) for one in listed] == [("cancellation", "outdated", "too-late")]


def test_what_is_cancelled_once_it_has_begun_is_for_nobody_to_handle(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)
    assert convocation.booking_id

    cancel(session, desk.officer, convocation.booking_id, now=NINE)

    assert planned(session, convocation.id) == {}


def test_who_declines_at_the_last_moment_by_the_link_is_for_nobody_to_handle(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)

    cannot_come(session, bearer(session, convocation), seen=NINE, now=NINE - timedelta(minutes=5))

    assert planned(session, convocation.id) == {}


def test_who_declines_by_the_link_is_not_told_what_they_know(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, convocation.id)

    cannot_come(session, bearer(session, convocation), seen=NINE, now=NOW)

    assert planned(session, convocation.id) == {}


def test_a_host_does_not_take_back_that_it_accepted_once_somebody_is_summoned_there(session: Session) -> None:
    desk = make_desk(session, host_accepts=True)
    whom = Beneficiary(person_id=desk.person.id)
    held = hold(session, desk.officer, desk.at(NINE), now=NOW, beneficiary=whom)
    confirm(session, desk.officer, held.id, now=NOW)
    accept(session, desk.world.host, held.id, now=NOW)
    convocation = summon(session, desk.officer, held.id, now=NOW)

    with pytest.raises(ConvocationOver), session.begin_nested():
        undo_answer(session, desk.world.host, held.id, now=NOW)

    assert set(planned(session, convocation.id)) == {"confirmation", "reminder"}
