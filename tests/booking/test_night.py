"""At night, where something waits and has changed, a proposal is made ready, and nothing is applied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from availability.models import Site
from booking.models import Booking
from booking.plans.models import OptimizerRun, RunState, WaitingCase
from booking.plans.night import Court, forget_runs, propose, to_propose
from booking.plans.runs import (
    AlreadyPlanning,
    apply_run,
    change_by_hand,
    finish_run,
    queue,
    record_progress,
    start_run,
    take_run,
)
from optimizer.manners import Manner
from optimizer.searching import Progress
from portal import clock, night
from portal import database as portal_database
from portal.database import make_engine
from portal.night import Night
from portal.settings import Settings
from tests.booking.court import SmallCourt, make_court, searched, solved
from tests.conftest import Database
from tests.factories import NOW, in_days
from tests.races import act, at_once, refusals

NIGHT = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)  # half past three in Paris
NEXT_NIGHT = NIGHT + timedelta(days=1)


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with a hearing and a case that waits, gone at the end of the test."""
    return a_court(session)


def a_court(session: Session) -> SmallCourt:
    """Return a court where something waits."""
    court = make_court(session)
    court.hearing(session, in_days=7)
    court.case(session, 1)
    return court


def its_night(court: SmallCourt) -> Court:
    """Return the court as the night names it."""
    return Court(problem="hearings", territory_id=court.territory_id, kind_id=court.kind.id)


def made(session: Session, court: SmallCourt, now: datetime) -> UUID:
    """Return a proposal of the night, its search ended."""
    run_id = propose(session, its_night(court), now=now)
    assert run_id is not None
    take_run(session, now=now)
    assert finish_run(session, run_id, searched(session, run_id, now=now), now=now)
    return run_id


def row(session: Session, run_id: UUID) -> OptimizerRun:
    """Return a run as the table has it now."""
    return session.get_one(OptimizerRun, run_id, populate_existing=True)


# --- when and where ---


@pytest.mark.parametrize(("hour", "is_night"), [(1.99, False), (2, True), (4.99, True), (5, False), (14, False)])
def test_the_night_is_from_three_to_six_on_the_clocks_of_the_place(
    session: Session, court: SmallCourt, hour: float, is_night: bool
) -> None:
    at = datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour)

    assert to_propose(session, now=at) == [its_night(court)] * is_night


def test_where_it_is_another_hour_it_is_another_night(session: Session, court: SmallCourt) -> None:
    session.get_one(Site, court.site.id).time_zone = "Indian/Reunion"
    session.flush()

    assert to_propose(session, now=NIGHT) == []
    assert to_propose(session, now=NIGHT - timedelta(hours=3)) == [its_night(court)]


def test_where_nothing_waits_nothing_is_proposed(session: Session, court: SmallCourt) -> None:
    session.delete(session.exec(select(WaitingCase)).one())
    session.flush()

    assert to_propose(session, now=NIGHT) == []


def test_one_court_comes_after_the_other(session: Session, court: SmallCourt) -> None:
    other = a_court(session)

    assert to_propose(session, now=NIGHT) == [its_night(court), its_night(other)]
    run_id = propose(session, its_night(court), now=NIGHT)
    assert to_propose(session, now=NIGHT) == []
    session.get_one(OptimizerRun, run_id).state = RunState.DONE
    session.flush()
    assert to_propose(session, now=NIGHT) == [its_night(court), its_night(other)]


# --- what ---


def test_a_proposal_is_of_nobody_and_applied_by_nobody(session: Session, court: SmallCourt) -> None:
    run = row(session, made(session, court, NIGHT))

    assert (run.requested_by, run.state, run.applied_at) == (None, RunState.DONE, None)
    assert run.plan is not None
    assert (run.first_on, run.until_on) == (NIGHT.date() + timedelta(days=1), NIGHT.date() + timedelta(days=57))
    assert session.exec(select(Booking)).all() == []
    assert apply_run(session, court.clerk, run.id, now=NIGHT).done


def test_it_is_wished_as_the_last_time_that_somebody_asked(session: Session, court: SmallCourt) -> None:
    wishes = {"locks": {str(uuid4()): "free"}}
    first, until = in_days(3), in_days(10)
    asked = partial(start_run, session, court.clerk, court.kind.id, now=NOW)
    run_id = asked(first=first, until=until, settings=wishes)
    session.get_one(OptimizerRun, run_id).state = RunState.STOPPED
    session.flush()
    asked(first=in_days(1), until=in_days(2), manner=Manner.REPAIR)
    session.execute(text("UPDATE optimizer_run SET state = 'stopped'"))

    proposed = row(session, made(session, court, NEXT_NIGHT))

    later = NEXT_NIGHT.date() - NOW.date()
    assert (proposed.settings, proposed.first_on, proposed.until_on) == (wishes, first + later, until + later)


def test_wishes_that_mean_nothing_any_more_are_left_out(session: Session, court: SmallCourt) -> None:
    run_id = solved(session, court)
    row(session, run_id).settings = {"sliders": {"gone": 1}}
    session.flush()
    court.case(session, 2)

    assert row(session, made(session, court, NIGHT)).settings == {}


def test_nothing_is_proposed_again_until_something_changes(session: Session, court: SmallCourt) -> None:
    made(session, court, NIGHT)

    assert propose(session, its_night(court), now=NEXT_NIGHT) is None
    court.case(session, 2)
    assert propose(session, its_night(court), now=NEXT_NIGHT) is not None


def test_nothing_is_proposed_when_somebody_has_just_had_the_same_problem_solved(
    session: Session, court: SmallCourt
) -> None:
    solved(session, court)

    assert propose(session, its_night(court), now=NIGHT) is None


# --- what becomes of it ---


def test_an_old_proposal_is_replaced_unless_somebody_used_it(session: Session, court: SmallCourt) -> None:
    old = made(session, court, NIGHT)
    court.case(session, 2)
    asked = solved(session, court)
    used = made_again(session, court, NIGHT + timedelta(hours=1))
    change_by_hand(session, court.clerk, used, searched(session, used, now=NIGHT).plan, now=NIGHT)
    applied = made_again(session, court, NEXT_NIGHT)
    apply_run(session, court.clerk, applied, now=NEXT_NIGHT)
    last = made_again(session, court, NEXT_NIGHT + timedelta(hours=1))

    kept = set(session.exec(select(OptimizerRun.id).where(col(OptimizerRun.manner) == Manner.PLAN)))
    assert kept == {asked, used, applied, last}
    assert old not in kept


def made_again(session: Session, court: SmallCourt, now: datetime) -> UUID:
    """Return a proposal of the night after something has changed."""
    court.case(session, 10 + now.day * 24 + now.hour)
    return made(session, court, now)


def test_an_old_proposal_stays_when_the_next_search_fails(session: Session, court: SmallCourt) -> None:
    old = made(session, court, NIGHT)
    court.case(session, 2)
    propose(session, its_night(court), now=NEXT_NIGHT)
    session.execute(text("UPDATE optimizer_run SET state = 'failed' WHERE state = 'queued'"))

    assert row(session, old).plan is not None


def test_the_night_makes_way_for_who_asks(session: Session, court: SmallCourt) -> None:
    run_id = propose(session, its_night(court), now=NIGHT)
    assert run_id is not None
    take_run(session, now=NIGHT)
    best = searched(session, run_id, now=NIGHT)
    record_progress(session, run_id, [], now=NIGHT, best=best)

    start_run(session, court.clerk, court.kind.id, first=in_days(2), until=in_days(20), now=NIGHT)

    stopped = row(session, run_id)
    assert (stopped.state, stopped.so_far, stopped.plan is None) == (RunState.STOPPED, None, False)
    assert record_progress(session, run_id, [Progress(seconds=1, cost=1)], now=NIGHT), "its server is told to stop"
    assert not finish_run(session, run_id, best, now=NIGHT)
    court.case(session, 2)
    with pytest.raises(AlreadyPlanning), session.begin_nested():
        propose(session, its_night(court), now=NEXT_NIGHT)


def test_a_search_of_the_night_ends_for_whoever_found_nobody_free_and_is_made_again_the_next_night(
    session: Session, court: SmallCourt
) -> None:
    run_id = propose(session, its_night(court), now=NIGHT)
    assert run_id is not None
    take_run(session, now=NIGHT)
    elsewhere = a_court(session)
    start_run(session, elsewhere.clerk, elsewhere.kind.id, first=in_days(2), until=in_days(20), now=NIGHT)
    patient, late = (NIGHT + timedelta(seconds=seconds) for seconds in (1, 1.1))

    assert not record_progress(session, run_id, [], now=patient)
    assert record_progress(session, run_id, [], now=late)
    finish_run(session, run_id, searched(session, run_id, now=late, stop=True), now=late)
    assert (row(session, run_id).state, row(session, run_id).plan is None) == (RunState.STOPPED, False)
    assert propose(session, its_night(court), now=NEXT_NIGHT) is not None


def test_runs_go_after_three_months_and_those_that_were_applied_after_a_year(
    session: Session, court: SmallCourt
) -> None:
    def left(days: int) -> int:
        forget_runs(session, now=NOW + timedelta(days=days))
        return len(session.exec(select(OptimizerRun)).all())

    applied = solved(session, court)
    apply_run(session, court.clerk, applied, now=NOW)
    solved(session, court)

    assert [left(days) for days in (90, 91, 365, 366)] == [2, 1, 1, 0]


# --- at once, and on the clock ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine on a database of this test."""
    engine = make_engine(database.url, pool_size=8)
    yield engine
    engine.dispose()


def test_of_several_clocks_and_people_at_once_one_search_goes_on(engine: Engine) -> None:
    court = act(engine, a_court)

    def ask(session: Session) -> UUID:
        return start_run(session, court.clerk, court.kind.id, first=in_days(2), until=in_days(20), now=NIGHT)

    nights = [partial(act, engine, propose, its_night(court), now=NIGHT)] * 4
    answers = at_once([*nights, *[partial(act, engine, ask)] * 2])

    assert set(refusals(answers)) == {AlreadyPlanning}
    with Session(engine) as session:
        runs = session.exec(select(OptimizerRun)).all()
    active = [run for run in runs if run.state == RunState.QUEUED]
    assert [run.requested_by for run in active] == [court.clerk.account_id], "people go before"


async def test_the_clock_asks_for_one_proposal_after_the_other_and_looks_once_a_night(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_database, "engine", lambda: engine)
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    courts = [act(engine, a_court) for _ in range(3)]
    free = [its_night(court) for court in courts[1:]]

    def asked(session: Session) -> set[int]:
        return {run.territory_id for run in session.exec(select(OptimizerRun)) if run.requested_by is None}

    act(engine, queue, "hearings", courts[0].court, by=uuid4(), now=NIGHT, settings={})
    clock_of_the_night = Night()
    for turn in range(4):
        await clock_of_the_night.propose()
        assert act(engine, asked) == {one.territory_id for one in free[: turn + 1]}
        await clock_of_the_night.propose()  # its search goes on
        act(engine, lambda session: session.execute(text("UPDATE optimizer_run SET state = 'stopped'")))

    monkeypatch.setattr(night, "settings", lambda: Settings(nightly_plans=False))
    await Night().propose()
    assert len(act(engine, asked)) == 2
