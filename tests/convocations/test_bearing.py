"""Whoever holds the link: what they may do on this one appointment, late, twice, or at the same time as others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, PeriodTaken
from booking.actions import cancel
from booking.links import LinkName
from booking.models import Booking, State
from booking.moving import move
from booking.persons import erase_person
from convocations.actions import convene, let_choose, locked_convocation, refuses_sms, withdraw
from convocations.bearing import bearer_of, cannot_come, choose, confirm_coming, resume_sms, stop_sms
from convocations.errors import AppointmentChanged, ConvocationOver, LinkExpired, LinkUnknown, TooManyActs
from convocations.kinds import Standing
from convocations.models import MOST_ACTS, Convocation
from convocations.planning import unplan
from tests.conftest import Database
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, bearer, make_desk, make_somebody, seats
from tests.factories import NOW, in_days
from tests.races import act, at_once, refusals, wait_until_somebody_waits


def offered(session: Session, desk: Desk) -> Convocation:
    """Return a convocation whose person may choose among the slots of both agents."""
    numbers = [desk.agent.id, desk.colleague.id]
    return let_choose(session, desk.officer, desk.person.id, numbers, choose_by=in_days(7), now=NOW)


def test_the_person_chooses_then_confirms_then_moves_then_declines_then_chooses_again(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    who = bearer(session, convocation)

    choose(session, who, desk.at(NINE), seen=None, now=NOW)
    confirm_coming(session, who, seen=NINE, now=NOW)
    confirmed = convocation.confirmed_at
    choose(session, who, desk.at(TEN, desk.colleague), seen=NINE, now=NOW)
    moved = (seats(session, desk.agent), seats(session, desk.colleague), convocation.confirmed_at)
    cannot_come(session, who, seen=TEN, now=NOW)
    declined = (convocation.standing, seats(session, desk.colleague))
    choose(session, who, desk.at(HALF_PAST), seen=None, now=NOW)

    assert confirmed == NOW
    assert moved == (set(), {TEN}, None)
    assert declined == (Standing.DECLINED, set())
    assert (convocation.standing, seats(session, desk.agent)) == (Standing.SET, {HALF_PAST})
    made_by = session.execute(text("SELECT DISTINCT actor_id FROM history WHERE act LIKE 'convocation-ch%'")).scalar()
    assert made_by == desk.person.id


def test_each_act_twice_is_one(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    who = bearer(session, convocation)

    for _ in range(2):
        choose(session, who, desk.at(NINE), seen=None, now=NOW)
    for _ in range(2):
        cannot_come(session, who, seen=NINE, now=NOW)
    states = session.execute(text("SELECT state FROM booking")).scalars().all()

    assert states == [State.CANCELLED]
    assert convocation.acts == 2


def test_what_the_link_does_not_offer_is_refused(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    with pytest.raises(InvalidRequest):
        choose(session, bearer(session, convocation), desk.at(TEN, desk.colleague), seen=NINE, now=NOW)


def test_a_page_that_shows_an_old_hour_is_told_of_the_new_one(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id
    move(session, desk.officer, convocation.booking_id, desk.at(HALF_PAST), now=NOW)
    who = bearer(session, convocation)

    acts: list[Callable[..., Any]] = [
        partial(choose, session, who, desk.at(TEN)),
        partial(confirm_coming, session, who),
    ]
    for late in (*acts, partial(cannot_come, session, who)):
        with pytest.raises(AppointmentChanged):
            late(seen=NINE, now=NOW)

    assert seats(session, desk.agent) == {HALF_PAST}


def test_what_the_service_gave_back_is_not_chosen_again_by_the_link(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id
    cancel(session, desk.officer, convocation.booking_id, now=NOW)

    with pytest.raises(ConvocationOver):
        choose(session, bearer(session, convocation), desk.at(TEN), seen=None, now=NOW)


def test_nothing_is_confirmed_declined_or_moved_once_it_has_begun(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    who = bearer(session, convocation)

    for late in (confirm_coming, cannot_come, partial(choose, claim=desk.at(TEN))):
        with pytest.raises(ConvocationOver):
            late(session, who, seen=NINE, now=NINE)


@pytest.mark.parametrize(
    ("now", "expected"), [(in_days(14), None), (in_days(16), LinkExpired)], ids=["a week after", "later"]
)
def test_a_link_ends_a_week_after_its_last_day(session: Session, now: Any, expected: type[Exception] | None) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    at = datetime.combine(now, NOW.timetz())

    if expected is None:
        assert bearer(session, convocation, now=at).convocation_id == convocation.id
    else:
        with pytest.raises(expected):
            bearer(session, convocation, now=at)


def test_an_unknown_link_a_revoked_one_and_that_of_somebody_erased_say_the_same(session: Session) -> None:
    desk = make_desk(session)
    convocation, other = offered(session, desk), offered(session, desk)
    link = LinkName(convocation.link_id, convocation.link_version)
    withdraw(session, desk.officer, convocation.id, now=NOW)
    erase_person(session, desk.officer, desk.person.id, now=NOW)

    for name in (link, LinkName(12345, 1), LinkName(other.link_id, other.link_version)):
        with pytest.raises(LinkUnknown):
            bearer_of(session, name, now=NOW)


def test_a_link_used_too_often_does_nothing_more(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    who = bearer(session, convocation)
    convocation.acts = MOST_ACTS - 1
    session.flush()

    choose(session, who, desk.at(NINE), seen=None, now=NOW)
    with pytest.raises(TooManyActs), session.begin_nested():
        choose(session, who, desk.at(TEN), seen=NINE, now=NOW)

    assert seats(session, desk.agent) == {NINE}


def test_a_first_choice_comes_before_the_end_of_its_last_day(session: Session) -> None:
    desk = make_desk(session)
    convocation = let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=in_days(3), now=NOW)
    midnight = datetime(2026, 3, 5, 23, 0, tzinfo=UTC)  # in Paris
    who = bearer(session, convocation, now=midnight)

    with pytest.raises(LinkExpired):
        choose(session, who, desk.at(NINE), seen=None, now=midnight)
    choose(session, who, desk.at(NINE), seen=None, now=midnight - timedelta(seconds=1))

    assert choose(session, who, desk.at(TEN), seen=NINE, now=midnight).standing == Standing.SET


def test_messages_are_refused_and_wanted_again_by_the_link(session: Session) -> None:
    desk = make_desk(session)
    who = bearer(session, offered(session, desk))

    stop_sms(session, who, now=NOW)
    stop_sms(session, who, now=NOW)
    refused = refuses_sms(session, desk.person.id)
    resume_sms(session, who, now=NOW)

    lines = session.execute(text("SELECT count(*) FROM history WHERE act = 'sms-refused'")).scalar()
    assert lines == 1
    assert refused
    assert not refuses_sms(session, desk.person.id)


def test_of_many_who_choose_the_last_slot_at_once_one_has_it(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        people = [make_somebody(session, desk.officer) for _ in range(12)]
        links = [
            let_choose(session, desk.officer, one.id, [desk.agent.id], choose_by=in_days(7), now=NOW) for one in people
        ]
        bearers = [bearer(session, link) for link in links]

    answers = at_once(
        [partial(act, database.engine, choose, who, desk.at(NINE), seen=None, now=NOW) for who in bearers]
    )

    assert refusals(answers) == [PeriodTaken] * 11
    with Session(database.engine) as session:
        assert seats(session, desk.agent) == {NINE}
        assert session.execute(text("SELECT count(*) FROM booking WHERE state = 'booked'")).scalar() == 1


def test_the_same_link_opened_twice_gives_one_appointment(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        link = offered(session, desk)
        who = bearer(session, link)
    starts = [
        (NINE, desk.agent),
        (TEN, desk.agent),
        (NINE + timedelta(minutes=90), desk.colleague),
        (HALF_PAST, desk.colleague),
    ]

    answers = at_once(
        [
            partial(act, database.engine, choose, who, desk.at(start, agent), seen=None, now=NOW)
            for start, agent in starts
        ]
    )

    assert refusals(answers) == [AppointmentChanged] * 3
    with Session(database.engine) as session:
        assert len(seats(session, desk.agent)) + len(seats(session, desk.colleague)) == 1


def test_a_button_pressed_twice_at_once_is_pressed_once(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        who = bearer(session, offered(session, desk))

    answers = at_once([partial(act, database.engine, choose, who, desk.at(NINE), seen=None, now=NOW) for _ in range(6)])

    assert refusals(answers) == []
    with Session(database.engine) as session:
        assert seats(session, desk.agent) == {NINE}


def test_withdrawing_while_the_person_is_choosing_waits_for_them_and_is_never_a_deadlock(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        link = offered(session, desk)

    with ThreadPoolExecutor(1) as threads, Session(database.engine) as choosing, choosing.begin():
        locked_convocation(choosing, link.id)  # as choosing does, before it plans what is said of the choice
        withdrawn = threads.submit(act, database.engine, withdraw, desk.officer, link.id, now=NOW)
        wait_until_somebody_waits(database.engine)
        unplan(choosing, link.id)
        choosing.commit()

        assert withdrawn.result(timeout=30).standing == Standing.WITHDRAWN


def test_moving_and_withdrawing_at_once_leave_one_truth(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        people = [make_somebody(session, desk.officer) for _ in range(5)]
        starts = [NINE + timedelta(minutes=30 * number) for number in range(5)]
        links = [
            convene(session, desk.officer, person.id, desk.at(start), now=NOW)
            for person, start in zip(people, starts, strict=True)
        ]
        bearers = [bearer(session, link) for link in links]
        last = NINE + timedelta(minutes=150)

    at_once(
        [
            one
            for link, who, start in zip(links, bearers, starts, strict=True)
            for one in (
                partial(act, database.engine, choose, who, desk.at(last), seen=start, now=NOW),
                partial(act, database.engine, withdraw, desk.officer, link.id, now=NOW),
                partial(act, database.engine, cannot_come, who, seen=start, now=NOW),
            )
        ]
    )

    with Session(database.engine) as session:
        booked = session.execute(text("SELECT starts_at FROM booking WHERE state = 'booked'")).scalars().all()
        assert seats(session, desk.agent) == set(booked)
        standing = session.get_one(Booking, links[0].booking_id).state
        assert standing in (State.BOOKED, State.CANCELLED)
