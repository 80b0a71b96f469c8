"""A session that goes elsewhere takes its cases with it, or stays whole; what it entails is known before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import CaseClaim
from availability.errors import NotAllowed, NotFound
from availability.models import HearingSession, Resource, Territory
from booking import events
from booking.actions import Beneficiary, confirm, hold
from booking.court_calendar import staff_of
from booking.errors import OutOfDate
from booking.events import BookingRescheduled
from booking.hearing_generation import generate
from booking.hearing_template_models import TemplateSession
from booking.hearing_template_spec import People
from booking.hearing_templates import SessionChange, change_session, write_template
from booking.lawyer_away import add_away
from booking.lawyer_models import LawyerCase
from booking.models import Booking
from booking.pages.court_week_words import clash_words
from booking.session_clashes import Seating, seating_of, wanted_from
from booking.session_moving import CannotMove, entailed, move_session
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.bar import make_lawyer
from tests.booking.court import SmallCourt, make_court, seats
from tests.booking.court_day import booked
from tests.booking.test_hearing_templates import spec_of
from tests.booking.town import make_person
from tests.factories import NOW, TODAY, close, in_days

HISTORY = text("SELECT act FROM history WHERE act LIKE '%moved' ORDER BY id")


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def held(session: Session, court: SmallCourt, number: int = 0, **columns: Any) -> int:
    """Return a hearing of next Monday at ten, held by a judge with their clerk in a room."""
    hearing = court.hearing(session, **columns)
    by = Sitting(judge_id=court.judges[number], clerk_id=court.clerks[number], room_id=court.rooms[number])
    staff_hearing(session, court.clerk, hearing, by, now=NOW)
    return hearing


def wanted(session: Session, court: SmallCourt, hearing: int, **asked: Any) -> Seating:
    """Return what a form asks for; what is not said stays."""
    before = seating_of(session, hearing)
    values = {"day": before.day, "starts": before.starts} | asked
    return wanted_from(before, staff_of(session, court.clerk), **values)


def starts(session: Session, booking_id: Any) -> datetime | None:
    """Return when a booking is."""
    return session.get_one(Booking, booking_id, populate_existing=True).starts_at


def codes(clashes: Any) -> list[str]:
    """Return what a list of clashes is about."""
    return [one.code for one in clashes]


def test_a_session_moves_with_its_cases_its_judge_and_its_room_and_back(session: Session, court: SmallCourt) -> None:
    hearing = held(session, court)
    case = booked(session, court, hearing, 1)
    before, was = seating_of(session, hearing), starts(session, case)
    heard: list[object] = []
    events.subscribe(lambda _, event: heard.append(event))
    to = wanted(session, court, hearing, day=in_days(9), starts=time(14), room_id=court.rooms[1])

    seen = entailed(session, court.clerk, hearing, to, now=NOW)

    assert (seen.cases, seen.minutes, seen.blocking, codes(seen.warnings)) == (1, 20, (), [])
    assert (seating_of(session, hearing), starts(session, case)) == (before, was)
    heard.clear()
    returned = move_session(session, court.clerk, hearing, to, now=NOW, seen=seen.digest)
    assert returned == before
    there = NOW + timedelta(days=9, hours=4)
    assert session.get_one(HearingSession, hearing).starts_at == starts(session, case) == there
    assert seating_of(session, hearing) == replace(to, by_hand=False)
    assert {one for one, _ in seats(session)} == {court.judges[0], court.clerks[0], court.rooms[1]}
    assert [type(one) for one in heard] == [BookingRescheduled]
    assert session.execute(HISTORY).scalars().all() == ["booking-moved", "hearing-session-moved"]

    left = seating_of(session, hearing)
    elsewhere = wanted(session, court, hearing, starts=time(15))
    move_session(session, court.clerk, hearing, elsewhere, now=NOW)
    with pytest.raises(OutOfDate):  # somebody moved it since
        move_session(session, court.clerk, hearing, returned, now=NOW, is_undo=True, left=left)
    left = seating_of(session, hearing)
    move_session(session, court.clerk, hearing, returned, now=NOW, is_undo=True, left=left)
    assert (seating_of(session, hearing), starts(session, case)) == (before, was)
    assert {one for one, _ in seats(session)} == {court.judges[0], court.clerks[0], court.rooms[0]}


def test_what_stands_in_the_way_is_all_said_and_nothing_moves(session: Session, court: SmallCourt) -> None:
    hearing, other = held(session, court), held(session, court, 1, in_days=9)
    case = booked(session, court, hearing, 1)
    close(session, session.get_one(Resource, court.judges[0]), in_days(9), in_days(10))
    to = wanted(session, court, hearing, day=in_days(9), room_id=court.rooms[1])

    seen = entailed(session, court.clerk, hearing, to, now=NOW)

    assert {(one.code, one.resource_id) for one in seen.blocking} == {
        ("away", court.judges[0]),
        ("taken", court.rooms[1]),
    }
    assert (
        next(one.at for one in seen.blocking if one.code == "taken") == session.get_one(HearingSession, other).starts_at
    )
    with pytest.raises(CannotMove):
        move_session(session, court.clerk, hearing, to, now=NOW)
    assert starts(session, case) == NOW + timedelta(days=7)
    past = wanted(session, court, hearing, day=in_days(-1))
    assert codes(entailed(session, court.clerk, hearing, past, now=NOW).blocking) == ["past"]
    occupy(
        session,
        [CaseClaim(resource_id=hearing, minutes=10)],
        Holder(id=uuid4(), now=NOW, expires_at=NOW + timedelta(minutes=10)),
    )
    to = wanted(session, court, hearing, day=in_days(8))
    assert codes(entailed(session, court.clerk, hearing, to, now=NOW).blocking) == ["being-reserved"]


def test_what_one_should_know_is_said_and_does_not_forbid(session: Session, court: SmallCourt) -> None:
    hearing, elsewhere = held(session, court), court.hearing(session, in_days=8)
    person = make_person(session, session.get_one(Territory, court.territory_id))
    for one in (hearing, elsewhere):
        claim = CaseClaim(resource_id=one, minutes=20)
        made = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
        confirm(session, court.clerk, made.id, now=NOW)
    waiting = court.case(session, 1, ready_on=in_days(8), deadline_on=in_days(60), refused_judges=[court.judges[1]])
    case = booked(session, court, hearing, 1)
    session.execute(text("UPDATE waiting_case SET booking_id = :b WHERE id = :id"), {"b": case, "id": waiting})
    to = wanted(session, court, hearing, day=in_days(8), judge_id=court.judges[1])

    seen = entailed(session, court.clerk, hearing, to, now=NOW)

    assert to.clerk_id == court.clerks[1], "a judge comes with their clerk"
    assert {one.code: one.count for one in seen.warnings} == {"judge-refused": 1, "people-elsewhere": 1}
    assert (seen.people, seen.by_sms, seen.otherwise, seen.blocking) == (1, 0, 1, ())
    holiday = wanted(session, court, hearing, day=in_days(35))  # Easter Monday
    assert codes(entailed(session, court.clerk, hearing, holiday, now=NOW).warnings) == ["off-holiday"]


def test_lawyers_who_would_be_away_or_elsewhere_are_named_and_the_others_are_not(
    session: Session, court: SmallCourt
) -> None:
    hearing, elsewhere = held(session, court), court.hearing(session, in_days=9)
    cases = [booked(session, court, *where) for where in ((hearing, 1), (hearing, 2), (hearing, 3), (elsewhere, 4))]
    refs = [session.get_one(Booking, one).case_ref for one in cases]
    away, busy, free, ended = (make_lawyer(session, court) for _ in range(4))
    of = {"territory_id": court.territory_id, "named_by": court.clerk.account_id, "since_at": NOW}
    for lawyer, theirs in ((away, refs[:1]), (busy, refs[1:2] + refs[3:]), (free, refs[2:3])):
        session.add_all(LawyerCase(account_id=lawyer.account_id, case_ref=one, **of) for one in theirs)
    session.add(LawyerCase(account_id=ended.account_id, case_ref=refs[0], ended_at=NOW, **of))
    for lawyer in (away, ended):
        add_away(session, lawyer, in_days(9), in_days(9), today=TODAY, now=NOW)
    to, stays = (wanted(session, court, hearing, day=in_days(day), starts=time(9)) for day in (9, 8))

    seen = entailed(session, court.clerk, hearing, to, now=NOW)

    assert {(one.code, one.what, one.at) for one in seen.warnings} == {
        ("lawyer-away", away.name, None),
        ("lawyer-elsewhere", busy.name, session.get_one(HearingSession, elsewhere).starts_at),
    }
    assert entailed(session, court.clerk, hearing, stays, now=NOW).warnings == ()
    said = {clash_words(one, seen.zone, staff_of(session, court.clerk)) for one in seen.warnings}
    assert said == {
        f"{away.name}, avocat d’une affaire, s’est dit indisponible ce jour.",
        f"{busy.name}, avocat d’une affaire, a alors une autre audience à\u00a010\u00a0h.",
    }


def test_a_session_of_a_template_is_left_where_it_was_put_and_goes_back_to_it(
    session: Session, court: SmallCourt
) -> None:
    spec = spec_of(court, room_id=court.rooms[0], people=People(named_ids=(court.judges[0],)), horizon_days=7)
    template = write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW).template_id
    hearing = session.execute(text("SELECT resource_id FROM template_session ORDER BY on_day LIMIT 1")).scalar_one()
    to = wanted(session, court, hearing, day=in_days(3), room_id=court.rooms[1])

    before = move_session(session, court.clerk, hearing, to, now=NOW)

    assert {one for one, _ in seats(session)} == {court.judges[0], court.rooms[1]}
    assert not seating_of(session, hearing).is_staffed, "nobody said which clerk"
    assert generate(session, template, now=NOW).made == ()
    session.expire_all()
    assert seating_of(session, hearing).day == in_days(3)
    change_session(session, court.clerk, hearing, SessionChange(starts=time(15), max_minutes=60, max_cases=2), now=NOW)
    assert seating_of(session, hearing).day == in_days(3)

    judge = wanted(session, court, hearing, judge_id=court.judges[1])
    assert judge.is_staffed, "a judge with their clerk, and the room that it has"
    move_session(session, court.clerk, hearing, judge, now=NOW)
    assert {one for one, _ in seats(session)} == {court.judges[1], court.clerks[1], court.rooms[1]}
    move_session(session, court.clerk, hearing, before, now=NOW, is_undo=True)
    assert {one for one, _ in seats(session)} == {court.judges[0], court.rooms[0]}
    assert not session.get_one(TemplateSession, hearing).by_hand


def test_a_move_that_was_seen_otherwise_or_is_not_theirs_is_refused(session: Session, court: SmallCourt) -> None:
    hearing = held(session, court)
    to = wanted(session, court, hearing, day=in_days(9))
    seen = entailed(session, court.clerk, hearing, to, now=NOW)
    booked(session, court, hearing, 1)

    with pytest.raises(OutOfDate):
        move_session(session, court.clerk, hearing, to, now=NOW, seen=seen.digest)
    with pytest.raises((NotFound, NotAllowed)):
        entailed(session, court.stranger, hearing, to, now=NOW)
    strange = replace(to, judge_id=court.rooms[0])
    assert "unknown" in codes(entailed(session, court.clerk, hearing, strange, now=NOW).blocking)
    alone = court.hearing(session, in_days=12)
    only_a_room = wanted(session, court, alone, room_id=court.rooms[0])
    assert codes(entailed(session, court.clerk, alone, only_a_room, now=NOW).blocking) == ["not-whole"]
