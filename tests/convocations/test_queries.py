"""The convocations of a service, as its people list, filter and search them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import KindRight
from availability.rights import Role
from booking.actions import Beneficiary, confirm, hold
from booking.models import State
from booking.outcomes import excuse, note_outcome
from convocations.actions import convene, let_choose, withdraw
from convocations.bearing import cannot_come, confirm_coming
from convocations.kinds import Standing
from convocations.queries import (
    Query,
    Tab,
    convocation_line,
    convocation_lines,
    count_convocations,
    cursor_after,
)
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, bearer, make_desk, make_somebody
from tests.factories import NOW, in_days, make_actor, make_territory

AFTER = TEN + timedelta(hours=2)


@pytest.fixture
def desk(session: Session) -> Desk:
    return make_desk(session)


def in_tab(session: Session, desk: Desk, tab: Tab, *, typed: str = "", now: object = NOW) -> list[object]:
    listed = convocation_lines(session, desk.officer, Query(tab=tab, typed=typed), now=now)  # type: ignore[arg-type]
    assert count_convocations(session, desk.officer, Query(tab=tab, typed=typed), now=now) == len(listed)  # type: ignore[arg-type]
    return [line.id for line in listed]


def test_what_is_to_come_is_the_soonest_first_and_each_tab_has_its_own(session: Session, desk: Desk) -> None:
    late = convene(session, desk.officer, desk.person.id, desk.at(TEN), now=NOW)
    soon = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    choosing = let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=in_days(5), now=NOW)
    away = convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=NOW)
    cannot_come(session, bearer(session, away), seen=HALF_PAST, now=NOW)

    assert in_tab(session, desk, Tab.UPCOMING) == [soon.id, late.id]
    assert in_tab(session, desk, Tab.CHOOSING) == [choosing.id]
    assert in_tab(session, desk, Tab.DECLINED) == [away.id]
    assert set(in_tab(session, desk, Tab.ALL)) == {soon.id, late.id, choosing.id, away.id}


def test_what_is_over_waits_for_its_outcome_and_leaves_the_tab_once_noted(session: Session, desk: Desk) -> None:
    came = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    excused = convene(session, desk.officer, desk.person.id, desk.at(TEN), now=NOW)
    assert in_tab(session, desk, Tab.TO_NOTE, now=NINE) == []
    assert in_tab(session, desk, Tab.TO_NOTE, now=AFTER) == [excused.id, came.id]

    assert came.booking_id is not None
    assert excused.booking_id is not None
    note_outcome(session, desk.officer, came.booking_id, State.HONOURED, now=AFTER)
    excuse(session, desk.officer, excused.booking_id, now=AFTER)

    assert in_tab(session, desk, Tab.TO_NOTE, now=AFTER) == []
    assert in_tab(session, desk, Tab.UPCOMING, now=AFTER) == []


def test_an_appointment_without_convocation_is_noted_too(session: Session, desk: Desk) -> None:
    whom = Beneficiary(person_id=desk.person.id)
    booking = hold(session, desk.officer, desk.at(NINE), now=NOW, beneficiary=whom)
    confirm(session, desk.officer, booking.id, now=NOW)

    line = convocation_lines(session, desk.officer, Query(tab=Tab.TO_NOTE), now=AFTER)[0]

    assert (line.id, line.link, line.booking_id, line.initials) == (None, None, booking.id, "AD")


def test_pages_follow_each_other_without_a_gap_or_a_repeat(session: Session, desk: Desk) -> None:
    made = {
        convene(session, desk.officer, desk.person.id, desk.at(start), now=NOW).id for start in (NINE, HALF_PAST, TEN)
    }
    for tab in (Tab.UPCOMING, Tab.ALL):
        query, seen, after = Query(tab=tab), [], None
        while page := convocation_lines(session, desk.officer, query, now=NOW, after=after, limit=2):
            seen += [line.id for line in page]
            after = cursor_after(page[-1])

        assert (len(seen), set(seen)) == (3, made)


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [("a.d.", True), ("AD", True), ("agent a", True), ("Agent B", False), ("zz", False), ("%", True), ("_", True)],
)
def test_a_search_finds_initials_and_agents(session: Session, desk: Desk, typed: str, is_found: bool) -> None:
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    assert in_tab(session, desk, Tab.UPCOMING, typed=typed) == ([made.id] if is_found else [])


def test_another_territory_another_role_or_another_kind_sees_nothing(session: Session, desk: Desk) -> None:
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    strangers = (
        make_actor(Role.PROBATION_OFFICER, make_territory(session)),
        make_actor(Role.FAMILY_JUDGE, desk.world.here),
        make_actor(Role.PARTNER, desk.world.here),
    )
    assert session.get(KindRight, (desk.kind.id, Role.FAMILY_JUDGE.value)) is None
    for stranger in strangers:
        assert convocation_lines(session, stranger, Query(tab=Tab.ALL), now=NOW) == []
        with pytest.raises(NotFound):
            convocation_line(session, stranger, made.id, now=NOW)
    with pytest.raises(NotFound):
        convocation_line(session, desk.officer, uuid4(), now=NOW)


def test_one_line_says_the_answer_of_the_person_and_where_it_stands(session: Session, desk: Desk) -> None:
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW, reminder_hours=24)
    confirm_coming(session, bearer(session, made), seen=NINE, now=NOW)
    session.flush()

    line = convocation_line(session, desk.officer, made.id, now=NOW)
    assert (line.standing, line.state, line.starts_at, line.confirmed_at) == (Standing.SET, State.BOOKED, NINE, NOW)
    assert (line.initials, line.reminder_hours, line.refuses_sms) == ("AD", 24, False)

    withdraw(session, desk.officer, made.id, now=NOW)
    session.flush()
    assert convocation_line(session, desk.officer, made.id, now=NOW).standing is Standing.WITHDRAWN


def test_whoever_was_erased_has_no_initials_left(session: Session, desk: Desk) -> None:
    other = make_somebody(session, desk.officer)
    made = convene(session, desk.officer, other.id, desk.at(NINE), now=NOW)
    session.delete(other)
    session.flush()

    assert convocation_line(session, desk.officer, made.id, now=NOW).initials == ""
