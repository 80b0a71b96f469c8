"""What a run of any problem can do: begin from another, be changed by hand, be repaired, be lost and gone on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import HistoryLine
from availability.models import Shape
from availability.rights import Role
from booking.errors import AlreadyDecided
from booking.plans import planners
from booking.plans.hearings import plan_of, unplaced_of
from booking.plans.kept import plan_in, prices_of
from booking.plans.models import OptimizerRun, RunState
from booking.plans.runs import (
    AlreadyPlanning,
    BrokenPlan,
    apply_run,
    change_by_hand,
    fail_run,
    finish_run,
    interrupt_lost,
    job_for,
    queue,
    record_progress,
    start_run,
    take_run,
)
from booking.staffing import staff_hearing
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Sitting
from optimizer.manners import Found, Manner
from optimizer.searching import Progress
from portal.database import make_engine
from tests.booking.court import FIRST, UNTIL, SmallCourt, make_court, searched, solved
from tests.conftest import Database
from tests.factories import NOW, in_minutes, make_kind, make_territory
from tests.races import act, at_once, refusals

DEAD = NOW + timedelta(seconds=10, microseconds=1)


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two hearings and three cases, gone at the end of the test."""
    court = make_court(session)
    for day in (7, 14):
        court.hearing(session, in_days=day, max_cases=2)
    for number in range(3):
        court.case(session, number)
    return court


def ask(session: Session, court: SmallCourt, now: datetime = NOW, **asked: Any) -> UUID:
    """Ask for a plan."""
    return start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=now, **asked)


def row(session: Session, run_id: UUID) -> OptimizerRun:
    """Return a run as the table has it now."""
    return session.get_one(OptimizerRun, run_id, populate_existing=True)


def without_one(session: Session, run_id: UUID) -> tuple[Plan, UUID]:
    """Return the plan of a run without one of its cases, and that case."""
    plan = plan_of(row(session, run_id).plan)
    left = min(plan.placed)
    return replace(plan, placed={case: where for case, where in plan.placed.items() if case != left}), left


# --- from another run ---


def test_a_search_begins_from_the_plan_of_another_run(session: Session, court: SmallCourt) -> None:
    base = solved(session, court)

    run_id = ask(session, court, based_on=base, manner=Manner.BETTER, settings={"sliders": {"sooner": 3}})

    job = job_for(session, run_id, now=NOW)
    assert (job.name, job.manner, job.start) == ("hearings", Manner.BETTER, plan_of(row(session, base).plan))
    asked = row(session, run_id)
    assert (asked.based_on, asked.settings) == (base, {"sliders": {"sooner": 3}})


def test_a_search_begins_neither_from_another_court_nor_kind_nor_problem_nor_from_nothing(
    session: Session, court: SmallCourt
) -> None:
    base = solved(session, court)
    elsewhere = {
        "kind_id": make_kind(session, Shape.SESSIONS, reserved_by=(Role.REGISTRY,)).id,
        "problem": "beds",
        "territory_id": make_territory(session).id,
    }
    for column, value in elsewhere.items():
        with session.begin_nested() as trial:
            session.execute(text(f"UPDATE optimizer_run SET {column} = :value"), {"value": value})  # noqa: S608
            with pytest.raises((NotFound, NotAllowed)):
                ask(session, court, based_on=base)
            trial.rollback()

    with pytest.raises(NotFound):
        ask(session, court, based_on=UUID(int=7))
    row(session, base).plan = None
    session.flush()
    with pytest.raises(AlreadyDecided):
        ask(session, court, based_on=base)


def test_an_unknown_problem_a_manner_that_is_no_search_and_settings_that_mean_nothing_are_refused(
    session: Session, court: SmallCourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(settings: Any) -> None:
        if "sliders" in settings:
            raise InvalidRequest("sliders", "unknown-choice")

    known = planners.PLANNER_OF["hearings"]
    monkeypatch.setattr(planners, "PLANNER_OF", {"hearings": replace(known, check=picky)})
    for asked in ({"problem": "lunch"}, {"manner": Manner.BY_HAND}, {"settings": {"sliders": 1}}):
        with pytest.raises(InvalidRequest):
            ask(session, court, **asked)


# --- by hand ---


def test_a_plan_changed_by_hand_is_a_run_beside_the_first_priced(session: Session, court: SmallCourt) -> None:
    base = solved(session, court)
    plan, left = without_one(session, base)

    run_id = change_by_hand(session, court.clerk, base, plan, now=in_minutes(1))

    made, first = row(session, run_id), row(session, base)
    assert (made.manner, made.state, made.based_on) == (Manner.BY_HAND, RunState.DONE, base)
    assert (made.requested_by, made.digest) == (court.clerk.account_id, first.digest)
    assert plan_of(made.plan) == plan != plan_of(first.plan)
    assert [one.case_id for one in unplaced_of(made.plan)] == [left]
    after, before = (prices_of(one.prices["after"]) for one in (made, first))
    assert sum(one.cost for one in after) > sum(one.cost for one in before)
    assert made.prices["before"] == first.prices["before"]
    assert [line.act for line in session.exec(select(HistoryLine))].count("plan-changed") == 1
    assert len(apply_run(session, court.clerk, run_id, now=in_minutes(2)).done) == 4, "two cases, two hearings"


def test_a_plan_that_breaks_a_rule_is_refused_and_says_which(session: Session, court: SmallCourt) -> None:
    base = solved(session, court)
    plan = plan_of(row(session, base).plan)
    one = min(plan.placed.values())

    full = replace(plan, placed=dict.fromkeys(plan.placed, one))
    with pytest.raises(BrokenPlan) as refused:
        change_by_hand(session, court.clerk, base, full, now=NOW)

    assert [each.rule for each in refused.value.facts["violations"]] == ["cases"]  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        change_by_hand(session, court.stranger, base, plan, now=NOW)


# --- manners ---


@pytest.mark.parametrize("manner", [Manner.REPAIR, Manner.BETTER])
def test_a_repair_and_compromises_leave_what_is_in_force_as_it_is_where_it_holds(
    session: Session, court: SmallCourt, manner: Manner
) -> None:
    hearing_id = court.hearing(session, in_days=20)
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, hearing_id, sitting, now=NOW)
    run_id = ask(session, court, manner=manner)

    found = searched(session, run_id)

    assert found.plan.sittings[hearing_id] == sitting
    assert finish_run(session, run_id, found, now=NOW)
    assert prices_of(row(session, run_id).prices["before"]) == found.before


# --- at once ---


def test_two_problems_of_a_court_are_searched_at_once_and_one_twice_is_not(session: Session, court: SmallCourt) -> None:
    ask(session, court)
    queue(session, "beds", court.court, by=None, now=NOW, settings={})

    with pytest.raises(AlreadyPlanning), session.begin_nested():
        queue(session, "beds", court.court, by=None, now=NOW, settings={})
    taken = [take_run(session, now=NOW) for _ in range(3)]
    assert [one is None for one in taken] == [False, False, True]


def test_people_go_before_the_night_and_who_is_not_ready_leaves_a_run_a_moment_to_others(
    session: Session, court: SmallCourt
) -> None:
    night = queue(session, "beds", court.court, by=None, now=NOW, settings={})
    asked = ask(session, court, in_minutes(1))

    assert take_run(session, now=in_minutes(1), waited=timedelta(minutes=2)) is None
    assert take_run(session, now=in_minutes(1), waited=timedelta(seconds=30)) == night
    session.execute(text("UPDATE optimizer_run SET state = 'queued'"))
    assert [take_run(session, now=in_minutes(1)) for _ in range(2)] == [asked, night]


# --- lost ---


def kept(session: Session, run_id: UUID, now: datetime = NOW) -> Found:
    """Have a run's search tell a plan on its way; return what it told."""
    assert take_run(session, now=now) == run_id
    found = searched(session, run_id, now=now)
    record_progress(session, run_id, [Progress(seconds=1, cost=9)], now=now, best=found)
    record_progress(session, run_id, [Progress(seconds=2, cost=9)], now=now)  # nothing better since
    return found


def test_a_search_under_way_proposes_nothing_yet(session: Session, court: SmallCourt) -> None:
    run_id = ask(session, court)
    kept(session, run_id)

    assert row(session, run_id).plan is None
    with pytest.raises(AlreadyDecided):
        apply_run(session, court.clerk, run_id, now=NOW)


def test_a_run_whose_server_dies_proposes_its_best_plan_and_another_goes_on_from_it(
    session: Session, court: SmallCourt
) -> None:
    run_id = ask(session, court)
    found = kept(session, run_id)

    assert interrupt_lost(session, now=NOW) == 0
    again = ask(session, court, DEAD, based_on=run_id)

    lost = row(session, run_id)
    assert (lost.state, lost.ended_at, lost.so_far) == (RunState.INTERRUPTED, DEAD, None)
    assert plan_in("hearings", lost.plan) == found.plan
    assert prices_of(lost.prices["after"]) == found.price
    assert job_for(session, again, now=DEAD).start == found.plan


def test_servers_write_down_which_runs_are_lost_also_those_that_told_no_plan(
    session: Session, court: SmallCourt
) -> None:
    run_id = ask(session, court)
    take_run(session, now=NOW)

    assert interrupt_lost(session, now=DEAD) == 1
    assert interrupt_lost(session, now=DEAD) == 0
    lost = row(session, run_id)
    assert (lost.state, lost.plan, lost.prices) == (RunState.INTERRUPTED, None, {})


def test_a_run_that_breaks_proposes_its_best_plan_and_one_that_ends_its_last(
    session: Session, court: SmallCourt
) -> None:
    run_id = ask(session, court)
    found = kept(session, run_id)

    assert fail_run(session, run_id, now=NOW)
    broken, whole = row(session, run_id), row(session, solved(session, court))
    assert (broken.state, plan_in("hearings", broken.plan), broken.so_far) == (RunState.FAILED, found.plan, None)
    assert (whole.state, whole.so_far) == (RunState.DONE, None)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine on a database of this test."""
    engine = make_engine(database.url, pool_size=8)
    yield engine
    engine.dispose()


def test_servers_that_write_down_lost_runs_while_others_ask_again_never_wait_for_each_other(engine: Engine) -> None:
    court = act(engine, make_court)
    problems = ("beds", "rounds", "shares")

    def wait(session: Session, problem: str, now: datetime) -> UUID:
        return queue(session, problem, court.court, by=None, now=now, settings={})

    for problem in problems:
        act(engine, wait, problem, NOW)
        act(engine, take_run, now=NOW)

    answers = at_once(
        [
            *[partial(act, engine, interrupt_lost, now=DEAD)] * 3,
            *(partial(act, engine, wait, problem, DEAD) for problem in problems),
        ]
    )

    assert set(refusals(answers)) <= {AlreadyPlanning}
    with Session(engine) as session:
        runs = session.exec(select(OptimizerRun)).all()
    assert sum(one.state == RunState.INTERRUPTED for one in runs) == 3
