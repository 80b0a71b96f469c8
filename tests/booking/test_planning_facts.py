"""Every fact that the solver knows is read where the court keeps it: who, in what language, from where, until when."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.claims import CaseClaim, TimeClaim
from availability.errors import InvalidRequest, PeriodTaken
from availability.models import Absence, CalendarFeed, Resource, Shape
from availability.openings import instant_of
from availability.periods import Period
from booking.actions import Beneficiary, confirm, hold
from booking.bench_models import Skill, WorkShare
from booking.hearing_template_models import Formation, HearingTemplate, TemplateSession
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_KIND
from booking.lawyer_models import LawyerAway, LawyerCase, LawyerProfile
from booking.plans.hearing_people import names_of
from booking.plans.hearing_wishes import weights_of
from booking.plans.hearings import problem_of
from booking.plans.models import HearingStaffing, WaitingCase
from booking.staffing import sitting_of, staff_hearing
from optimizer.hearings.problem import VIDEO, Lock, Problem, Role, Sitting
from optimizer.hearings.weights import Weights
from optimizer.manners import Manner
from tests.availability.scarce import refused
from tests.booking.court import SmallCourt, make_court
from tests.factories import NOW, close, in_days, make_kind, make_resource, make_site, make_territory

PARIS = ZoneInfo("Europe/Paris")
WITH_VIDEO = {"equipment": [VIDEO]}


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court, gone at the end of the test."""
    return make_court(session)


def beside(session: Session, court: SmallCourt, code: str, name: str = "Quelqu’un", **columns: Any) -> int:
    """Add somebody, or something, who is held with sessions."""
    kind = make_kind(session, Shape.SLOTS, reserved_by=(), code=code)
    return make_resource(session, columns.pop("site", court.site), kind, name=name, **columns).id


def from_template(session: Session, court: SmallCourt, hearing_id: int, **columns: Any) -> None:
    """Say that a template opened a hearing."""
    held = columns.pop("held_ids", [])
    template = HearingTemplate(
        site_id=court.site.id,
        kind_id=court.kind.id,
        name="Chambre",
        anchor_on=in_days(1),
        valid_from=in_days(1),
        starts=time(10),
        max_minutes=180,
        max_cases=10,
        created_at=NOW,
        **columns,
    )
    session.add(template)
    session.flush()
    session.add(
        TemplateSession(
            resource_id=hearing_id, template_id=template.id, on_day=in_days(7), holder_id=uuid4(), held_ids=held
        )
    )
    session.flush()


def assisted(session: Session, court: SmallCourt, *references: str) -> UUID:
    """Return the account of a lawyer of these cases."""
    account_id = uuid4()
    session.add(LawyerProfile(account_id=account_id, name="Me Fictive", email="me@example.org", created_at=NOW))
    for one in references:
        session.add(
            LawyerCase(
                account_id=account_id, territory_id=court.territory_id, case_ref=one, named_by=uuid4(), since_at=NOW
            )
        )
    session.flush()
    return account_id


def placed(session: Session, court: SmallCourt, hearing_id: int, number: int) -> UUID:
    """Add a case that has its place."""
    case_id = court.case(session, number)
    case = session.get_one(WaitingCase, case_id)
    claim = CaseClaim(resource_id=hearing_id, minutes=case.minutes, family=case.family)
    booking = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref=case.case_ref))
    confirm(session, court.clerk, booking.id, now=NOW)
    case.booking_id = booking.id
    session.flush()
    return case_id


def read(session: Session, court: SmallCourt, manner: Manner = Manner.PLAN, **settings: Any) -> Problem:
    """Return the problem as a run of that manner reads it."""
    return problem_of(session, court.court, now=NOW, manner=manner, settings=settings)


def test_what_is_said_of_a_case_is_read(session: Session, court: SmallCourt) -> None:
    prison = make_site(session, make_territory(session))
    court.case(
        session,
        1,
        formation="panel",
        priority=3,
        due_on=in_days(20),
        language="ar",
        held_at_id=prison.id,
        by_video=True,
    )
    court.case(session, 2, held_at_id=prison.id, deadline_on=in_days(90))

    linked, brought = read(session, court).cases

    assert (linked.formation, linked.priority, linked.due_on, linked.language) == ("panel", 3, in_days(20), "ar")
    assert (linked.video_to, linked.is_detained) == (prison.id, True)
    assert (brought.video_to, brought.is_detained) == (None, True)


def test_lawyers_are_those_of_the_case_and_away_when_they_said_so(session: Session, court: SmallCourt) -> None:
    account_id = assisted(session, court, "RG 26/00001", "RG 26/00002")
    session.add(LawyerAway(account_id=account_id, days=Range(in_days(7), in_days(9))))
    for number in (1, 2, 3):
        court.case(session, number)
    court.hearing(session)

    problem = read(session, court)

    (lawyer,) = problem.having(Role.LAWYER)
    assert sorted(len(case.people) for case in problem.cases) == [0, 1, 1]
    assert lawyer.away == (Period(instant_of(in_days(7), time(), PARIS), instant_of(in_days(9), time(), PARIS)),)
    assert names_of(session, [lawyer.id]) == {lawyer.id: "Me Fictive"}


def test_interpreters_speak_what_they_speak_and_are_away_as_anybody(session: Session, court: SmallCourt) -> None:
    interpreter = beside(session, court, INTERPRETER_KIND, attributes={"languages": ["ar", "sq"]})
    busy = Period(NOW + timedelta(days=8), NOW + timedelta(days=8, hours=2))
    occupy(session, [TimeClaim(resource_id=interpreter, period=busy)], Holder(id=uuid4(), now=NOW))

    (person,) = read(session, court).having(Role.INTERPRETER)

    assert (person.languages, person.away) == (("ar", "sq"), (busy,))


def test_a_prison_is_there_as_long_as_one_of_its_links_is_free(session: Session, court: SmallCourt) -> None:
    prison = make_site(session, make_territory(session))
    ends = [beside(session, court, VIDEO_KIND, site=prison)]
    kind = session.get_one(Resource, ends[0]).kind_id
    other = Resource(code="PARLOIR-2", site_id=prison.id, kind_id=kind, name="Parloir 2")
    session.add(other)
    session.flush()
    hours = [Period(NOW + timedelta(days=8, hours=one), NOW + timedelta(days=8, hours=one + 2)) for one in (0, 1)]
    for end, busy in zip((ends[0], other.id), hours, strict=True):
        occupy(session, [TimeClaim(resource_id=end, period=busy)], Holder(id=uuid4(), now=NOW))
    court.case(session, 1, held_at_id=prison.id, by_video=True)
    court.hearing(session)

    (end,) = read(session, court).far_ends

    assert (end.id, end.away) == (prison.id, (Period(hours[1].start, hours[0].end),))


def test_rooms_with_a_link_are_known_and_a_session_that_needs_one_says_so(session: Session, court: SmallCourt) -> None:
    session.get_one(Resource, court.rooms[1]).attributes = WITH_VIDEO
    hearing_id = court.hearing(session)
    from_template(session, court, hearing_id, needs_video=True)

    problem = read(session, court)

    assert [room.equipment for room in problem.rooms] == [(), (VIDEO,)]
    assert problem.hearings[0].equipment == (VIDEO,)


@pytest.mark.parametrize(("is_named", "is_needed"), [(False, True), (True, False)])
def test_a_panel_and_its_prosecutor_are_asked_for_unless_the_template_keeps_one(
    session: Session, court: SmallCourt, is_named: bool, is_needed: bool
) -> None:
    prosecutor = beside(session, court, PROSECUTOR_KIND)
    hearing_id = court.hearing(session)
    held = [prosecutor] if is_named else []
    from_template(session, court, hearing_id, formation=Formation.PANEL, judges=3, prosecutors=1, held_ids=held)

    problem = read(session, court)

    (hearing,) = problem.hearings
    assert (hearing.formation, hearing.judges, hearing.needs_prosecutor) == ("panel", 3, is_needed)
    assert [one.id for one in problem.having(Role.PROSECUTOR)] == [prosecutor]


def test_a_judge_sits_in_the_formations_of_their_skills_of_this_kind_only(session: Session, court: SmallCourt) -> None:
    other = make_kind(session, Shape.SESSIONS, reserved_by=())
    session.add(Skill(resource_id=court.judges[0], kind_id=court.kind.id, formation=Formation.PANEL))
    session.add(Skill(resource_id=court.judges[1], kind_id=other.id, formation=Formation.PANEL))
    session.flush()

    (bench,) = read(session, court).benches

    assert (bench.judge_id, bench.formations) == (court.judges[0], ("panel",))


def test_what_judges_sat_before_counts_and_the_time_that_they_do_not_work_is_as_given(
    session: Session, court: SmallCourt
) -> None:
    earlier = court.hearing(session, in_days=0.5)
    one = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, earlier, one, now=NOW)

    assert [bench.given_minutes for bench in read(session, court).benches] == [180, 0]
    session.add(WorkShare(resource_id=court.judges[1], percent=50))
    session.flush()
    assert [bench.given_minutes for bench in read(session, court).benches] == [180, 60]


def test_a_panel_and_a_prosecutor_give_their_time_with_the_judge(session: Session, court: SmallCourt) -> None:
    prosecutor, hearings = beside(session, court, PROSECUTOR_KIND), [court.hearing(session) for _ in range(2)]
    whole = Sitting(
        judge_id=court.judges[0],
        clerk_id=court.clerks[0],
        room_id=court.rooms[0],
        panel=(court.judges[1],),
        prosecutor_id=prosecutor,
    )
    staff_hearing(session, court.clerk, hearings[0], whole, now=NOW)

    assert sitting_of(session.exec(select(HearingStaffing)).one()) == whole
    assert read(session, court).hearings[0].sitting == whole
    with refused(session, PeriodTaken):
        alone = Sitting(judge_id=court.judges[1], clerk_id=court.clerks[1], room_id=court.rooms[1])
        staff_hearing(session, court.clerk, hearings[1], alone, now=NOW)


def test_of_a_panel_one_who_is_away_sets_the_sitting_free(session: Session, court: SmallCourt) -> None:
    hearings = [court.hearing(session, in_days=days) for days in (7, 8)]
    both = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0], panel=(court.judges[1],))
    for hearing_id in hearings:
        staff_hearing(session, court.clerk, hearing_id, both, now=NOW)
    close(session, session.get_one(Resource, court.judges[1]), in_days(7), in_days(8))

    assert [one.sitting_lock for one in read(session, court).hearings] == [Lock.MOVABLE, Lock.FROZEN]


def test_who_has_the_hearing_in_a_calendar_of_their_own_still_holds_it(session: Session, court: SmallCourt) -> None:
    hearing_id = court.hearing(session)
    one = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, hearing_id, one, now=NOW)
    feed = CalendarFeed(
        resource_id=court.judges[0], url_sealed=b"", host="", next_at=NOW, added_by=uuid4(), created_at=NOW
    )
    session.add(feed)
    session.flush()
    period = read(session, court).hearings[0].period
    session.add(Absence(resource_id=court.judges[0], feed_id=feed.id, during=Range(period.start, period.end)))

    assert [one.sitting_lock for one in read(session, court, Manner.REPAIR).hearings] == [Lock.FROZEN]


def test_whose_people_were_told_stays_in_a_new_plan_and_may_move_in_a_repair(
    session: Session, court: SmallCourt
) -> None:
    hearing_id = court.hearing(session)
    told, untold = placed(session, court, hearing_id, 1), placed(session, court, hearing_id, 2)
    assisted(session, court, "RG 26/00001")

    def locks(manner: Manner, **settings: Any) -> dict[UUID, Lock]:
        return {case.id: case.lock for case in read(session, court, manner, **settings).cases}

    assert [case.is_told for case in read(session, court).cases if case.id == told] == [True]
    assert locks(Manner.PLAN) == {told: Lock.FROZEN, untold: Lock.MOVABLE}
    assert locks(Manner.REPAIR) == {told: Lock.MOVABLE, untold: Lock.MOVABLE}
    asked = {str(told): "free", str(untold): "frozen"}
    assert locks(Manner.PLAN, locks=asked) == {told: Lock.FREE, untold: Lock.FROZEN}


def test_nothing_is_frozen_where_it_can_no_longer_be_heard(session: Session, court: SmallCourt) -> None:
    hearing_id = court.hearing(session)
    case_id = placed(session, court, hearing_id, 1)
    asked = {"locks": {str(case_id): "frozen"}}

    assert read(session, court, **asked).cases[0].lock is Lock.FROZEN
    session.get_one(WaitingCase, case_id).deadline_on = date(2026, 3, 3)
    session.flush()
    assert read(session, court, **asked).cases[0].lock is Lock.MOVABLE


def test_wishes_change_what_rules_cost_and_what_is_unknown_is_refused() -> None:
    usual, sooner = weights_of({}), weights_of({"sliders": {"sooner": 4}, "rules": {"lawyer": 0}})

    assert isinstance(usual, Weights)
    assert (sooner.day, sooner.lawyer, sooner.moved) == (4 * usual.day, 0, usual.moved)
    for wrong in ({"sliders": {"faster": 1}}, {"sliders": {"sooner": 9}}, {"rules": {"unplaced": 0}}, {"other": 1}):
        with pytest.raises(InvalidRequest):
            weights_of(wrong)
