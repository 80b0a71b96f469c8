"""The problem of a court is what its tables say, and the search is asked, followed, stopped and ended once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import CaseClaim, TimeClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Absence, CalendarFeed, Resource, Territory
from availability.openings import instant_of
from availability.periods import Period
from availability.rights import Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.plans.hearings import (
    board,
    hearings_of,
    plan_of,
    plannable_kinds,
    score_of,
    unplaced_of,
    waiting_count,
)
from booking.plans.kept import digest_of, followed_run, run_of, state_at
from booking.plans.models import OptimizerRun, RunState, WaitingCase
from booking.plans.runs import (
    MOST_POINTS,
    AlreadyPlanning,
    fail_run,
    finish_run,
    record_progress,
    request_stop,
    start_run,
    take_run,
    thinned,
)
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Load, Lock, Sitting
from optimizer.searching import Progress
from portal.database import make_engine
from tests.booking.court import FIRST, UNTIL, SmallCourt, make_court, searched, solved
from tests.conftest import Database
from tests.factories import NOW, TODAY, close, in_days, in_minutes, make_actor
from tests.races import act, at_once, refusals


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court, gone at the end of the test."""
    return make_court(session)


def asked(session: Session, court: SmallCourt, now: datetime = NOW) -> OptimizerRun:
    """Return a run that has just been asked for."""
    run_id = start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=now)
    return session.get_one(OptimizerRun, run_id, populate_existing=True)


def seen(session: Session, run: OptimizerRun) -> OptimizerRun:
    """Return the run as the table has it now."""
    return session.get_one(OptimizerRun, run.id, populate_existing=True)


def points(count: int) -> list[Progress]:
    """Return so many points of a curve."""
    return [Progress(seconds=number / 2, cost=1000 - number, bound=None, unplaced=9) for number in range(count)]


# --- the problem ---


def test_the_problem_has_what_is_there_and_what_is_decided(session: Session, court: SmallCourt) -> None:
    hearing_id = court.hearing(session, quotas={"51": 4})
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, hearing_id, sitting, now=NOW)
    for family, minutes in (("51", 20), ("51", 10), ("53", 15)):
        occupy(
            session, [CaseClaim(resource_id=hearing_id, minutes=minutes, family=family)], Holder(id=uuid4(), now=NOW)
        )
    waiting = court.case(session, 1, refused_judges=[court.judges[1]])

    problem = court.problem(session)

    (hearing,) = problem.hearings
    assert hearing.load == Load(cases=3, minutes=45, families={"51": 2, "53": 1})
    assert (hearing.sitting, hearing.quotas, hearing.day) == (sitting, {"51": 4}, in_days(7))
    assert [(bench.judge_id, bench.clerk_id) for bench in problem.benches] == list(
        zip(court.judges, court.clerks, strict=True)
    )
    assert [room.id for room in problem.rooms] == list(court.rooms)
    assert problem.cases[0].id == waiting
    assert problem.cases[0].refused_judges == {court.judges[1]}


def test_an_expired_hold_in_a_hearing_counts_for_nothing(session: Session, court: SmallCourt) -> None:
    hearing_id = court.hearing(session)
    holder = Holder(id=uuid4(), now=NOW, expires_at=in_minutes(10))
    occupy(session, [CaseClaim(resource_id=hearing_id, minutes=20)], holder)

    assert court.problem(session, in_minutes(9)).hearings[0].load.cases == 1
    assert court.problem(session, in_minutes(10)).hearings[0].load.cases == 0


def test_absences_and_other_work_of_judge_and_clerk_are_those_of_the_bench(session: Session, court: SmallCourt) -> None:
    close(session, session.get_one(Resource, court.clerks[0]), in_days(3), in_days(5))
    busy = Period(NOW + timedelta(days=8), NOW + timedelta(days=8, hours=2))
    occupy(session, [TimeClaim(resource_id=court.judges[0], period=busy)], Holder(id=uuid4(), now=NOW))

    first, second = court.problem(session).benches

    absent = Period(*(instant_of(in_days(day), time(), ZoneInfo("Europe/Paris")) for day in (3, 5)))
    assert set(first.away) == {busy, absent}
    assert second.away == ()


def test_a_judge_whose_own_calendar_is_busy_is_away(session: Session, court: SmallCourt) -> None:
    elsewhere = Period(NOW + timedelta(days=8), NOW + timedelta(days=8, hours=2))
    feed = CalendarFeed(
        resource_id=court.judges[1], url_sealed=b"", host="", next_at=NOW, added_by=uuid4(), created_at=NOW
    )
    session.add(feed)
    session.flush()
    session.add(Absence(resource_id=court.judges[1], feed_id=feed.id, during=Range(elsewhere.start, elsewhere.end)))

    first, second = court.problem(session).benches

    assert (first.away, second.away) == ((), (elsewhere,))


@pytest.mark.parametrize(("days", "is_there"), [(0, False), (0.5, False), (1, True), (59, True), (60, False)])
def test_the_window_is_of_civil_days(session: Session, court: SmallCourt, days: float, is_there: bool) -> None:
    court.hearing(session, in_days=days)

    assert bool(court.problem(session).hearings) is is_there


def test_a_closed_hearing_one_elsewhere_and_one_out_of_service_are_not_planned(
    session: Session, court: SmallCourt
) -> None:
    closed, out = court.hearing(session, in_days=7), court.hearing(session, in_days=9)
    close(session, session.get_one(Resource, closed), in_days(7), in_days(8))
    session.get_one(Resource, out).is_active = False
    session.flush()

    assert court.problem(session).hearings == ()


def test_the_notice_and_the_horizon_of_the_kind_rule_here_too(session: Session, court: SmallCourt) -> None:
    court.kind.min_notice_days, court.kind.max_ahead_days = 10, 20
    session.flush()
    for days in (9, 10, 20, 21):
        court.hearing(session, in_days=days)

    assert [(one.day - TODAY).days for one in court.problem(session).hearings] == [10, 20]


def test_a_case_waits_until_it_has_its_place_and_again_when_that_is_given_back(
    session: Session, court: SmallCourt
) -> None:
    hearing_id, case_id = court.hearing(session), court.case(session, 1)
    claim = CaseClaim(resource_id=hearing_id, minutes=20, family="51")
    booking = hold(session, court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/00001"))
    confirm(session, court.clerk, booking.id, now=NOW)
    session.get_one(WaitingCase, case_id).booking_id = booking.id
    session.flush()

    (placed,) = court.problem(session).cases
    assert (placed.hearing_id, placed.lock) == (hearing_id, Lock.MOVABLE)
    assert court.problem(session).hearings[0].load == Load()  # counted once: in the plan
    assert hearings_of(session, court.court, NOW)[0].hearing.load.cases == 1
    assert waiting_count(session, court.clerk) == 0
    cancel(session, court.clerk, booking.id, now=NOW)
    assert waiting_count(session, court.clerk) == 1
    assert [(case.id, case.hearing_id) for case in court.problem(session).cases] == [(case_id, None)]


def test_the_digest_tells_a_change_and_nothing_else(session: Session, court: SmallCourt) -> None:
    court.hearing(session)
    before = digest_of(court.problem(session))

    assert digest_of(court.problem(session, in_minutes(5))) == before
    court.case(session, 1)
    assert digest_of(court.problem(session)) != before


# --- rights ---


def test_only_the_registry_of_the_court_plans_there(session: Session, court: SmallCourt) -> None:
    officer = make_actor(Role.PROBATION_OFFICER, session.get_one(Territory, court.territory_id))

    with pytest.raises(NotAllowed):
        start_run(session, officer, court.kind.id, first=FIRST, until=UNTIL, now=NOW)
    run = asked(session, court)
    for act_on in (run_of, followed_run, partial(request_stop, now=NOW)):
        with pytest.raises(NotFound):
            act_on(session, court.stranger, run.id)
    with pytest.raises(NotFound):
        board(session, court.stranger, court.court, now=NOW)
    assert plannable_kinds(session, officer) == []
    assert [kind.id for kind in plannable_kinds(session, court.clerk)] == [court.kind.id]


def test_whoever_follows_a_search_reads_its_points_and_not_its_plans(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    session.expunge_all()

    followed = followed_run(session, court.clerk, run_id)

    assert followed is not None
    assert followed.progress == []
    assert {"plan", "so_far", "applied"} <= inspect(followed).unloaded
    assert followed_run(session, court.clerk, uuid4()) is None


def test_an_empty_window_is_refused(session: Session, court: SmallCourt) -> None:
    with pytest.raises(InvalidRequest):
        start_run(session, court.clerk, court.kind.id, first=FIRST, until=FIRST, now=NOW)


# --- the search ---


def test_a_run_is_asked_taken_followed_and_done(session: Session, court: SmallCourt) -> None:
    hearing_id, case_id = court.hearing(session), court.case(session, 1)
    late = [court.case(session, number, deadline_on=in_days(number)) for number in (4, 3, 2)]
    run = asked(session, court)
    run_id = take_run(session, now=NOW)
    assert run_id is not None
    problem = court.problem(session)

    must_stop = record_progress(session, run_id, points(3), now=in_minutes(1))
    assert (must_stop, seen(session, run).progress[-1]) == (False, [1.0, 998, None, 9])
    found = searched(session, run_id)
    assert finish_run(session, run_id, found, now=in_minutes(2))

    kept = seen(session, run)
    assert (kept.state, kept.ended_at, kept.digest) == (RunState.DONE, in_minutes(2), digest_of(problem))
    assert plan_of(kept.plan) == found.plan
    assert plan_of(kept.plan).placed == {case_id: hearing_id}
    assert unplaced_of(kept.plan) == found.unplaced
    assert [one.case_id for one in unplaced_of(kept.plan)] == late[::-1]
    assert score_of(kept).lines == found.price
    assert take_run(session, now=NOW) is None


def test_a_stop_is_seen_at_the_next_sign_of_life(session: Session, court: SmallCourt) -> None:
    run = asked(session, court)
    take_run(session, now=NOW)
    request_stop(session, court.clerk, run.id, now=in_minutes(1))

    assert record_progress(session, run.id, points(1), now=in_minutes(1))
    found = searched(session, run.id, stop=True)
    assert finish_run(session, run.id, found, now=in_minutes(1))
    assert seen(session, run).state == RunState.STOPPED


def test_a_run_that_nobody_took_yet_stops_at_once(session: Session, court: SmallCourt) -> None:
    run = asked(session, court)
    request_stop(session, court.clerk, run.id, now=NOW)

    assert seen(session, run).state == RunState.STOPPED
    assert take_run(session, now=NOW) is None
    request_stop(session, court.clerk, run.id, now=NOW)  # twice is once


def test_a_court_has_one_run_at_a_time(session: Session, court: SmallCourt) -> None:
    asked(session, court)

    with pytest.raises(AlreadyPlanning):
        asked(session, court)


def test_a_run_whose_server_died_is_interrupted_and_another_can_start(session: Session, court: SmallCourt) -> None:
    run = asked(session, court)
    take_run(session, now=NOW)
    alive, dead = NOW + timedelta(seconds=10), NOW + timedelta(seconds=10, microseconds=1)

    assert state_at(seen(session, run), alive) is RunState.RUNNING
    with pytest.raises(AlreadyPlanning):
        asked(session, court, alive)
    assert state_at(seen(session, run), dead) is RunState.INTERRUPTED
    asked(session, court, dead)
    assert seen(session, run).state == RunState.INTERRUPTED
    # Its server was only slow: what it says no longer counts, and it is told to stop.
    assert record_progress(session, run.id, points(1), now=dead)
    found = searched(session, run.id, now=dead)
    assert not finish_run(session, run.id, found, now=dead)
    assert not fail_run(session, run.id, now=dead)


def test_a_search_that_breaks_is_told(session: Session, court: SmallCourt) -> None:
    run = asked(session, court)
    take_run(session, now=NOW)

    assert fail_run(session, run.id, now=NOW)
    assert seen(session, run).state == RunState.FAILED
    asked(session, court)


def test_a_search_that_is_killed_because_it_does_not_stop_was_stopped(session: Session, court: SmallCourt) -> None:
    run = asked(session, court)
    take_run(session, now=NOW)
    request_stop(session, court.clerk, run.id, now=NOW)

    assert fail_run(session, run.id, now=NOW)
    assert (seen(session, run).state, seen(session, run).plan) == (RunState.STOPPED, None)


@pytest.mark.parametrize("count", [0, 1, MOST_POINTS, MOST_POINTS + 1, 10 * MOST_POINTS + 3])
def test_a_long_curve_is_thinned_and_keeps_its_last_point(count: int) -> None:
    kept = thinned(points(count))

    assert len(kept) <= MOST_POINTS
    assert kept[-1:] == points(count)[-1:]


def test_the_board_shows_the_court_and_its_last_runs(session: Session, court: SmallCourt) -> None:
    court.hearing(session)
    first, second = court.case(session, 1, deadline_on=in_days(30)), court.case(session, 2, deadline_on=in_days(2))
    run_id = solved(session, court)

    shown = board(session, court.clerk, court.court, now=NOW)

    assert [line.id for line in shown.waiting] == [second, first]
    assert [run.id for run in shown.runs] == [run_id]
    assert set(shown.cases) == {first, second}
    assert shown.names[court.rooms[1]] == "Salle 2"
    assert shown.runs[0].digest == shown.digest


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def _ask(session: Session, court: SmallCourt) -> object:
    return start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=NOW)


def test_of_twenty_who_ask_at_once_one_starts_a_search(engine: Engine) -> None:
    court = act(engine, make_court)

    answers = at_once([partial(act, engine, _ask, court)] * 20)

    assert refusals(answers) == [AlreadyPlanning] * 19


def test_control_without_the_index_all_of_them_start_one(engine: Engine) -> None:
    court = act(engine, make_court)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX optimizer_run_one_per_court"))

    assert refusals(at_once([partial(act, engine, _ask, court)] * 8)) == []


def test_of_ten_servers_at_once_one_takes_the_run(engine: Engine) -> None:
    court = act(engine, make_court)
    act(engine, _ask, court)

    taken = at_once([partial(act, engine, take_run, now=NOW)] * 10)

    assert len([one for one in taken if one is not None]) == 1
