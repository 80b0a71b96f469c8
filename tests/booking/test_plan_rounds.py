"""Rounds are read from the database, planned on the grid of the slots, applied through the acts of fittings, undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import TimeClaim
from availability.errors import InvalidRequest
from availability.periods import Period
from availability.rights import Role
from booking import events
from booking.fitting_actions import book_offer, close_request, give_back, keep_visits_possible, move_visit
from booking.fitting_queries import offers_for, request_for
from booking.fittings import Home, Needs, Pause, Window, km_between, travel_minutes
from booking.plans.kept import Application
from booking.plans.round_actions import goals_of
from booking.plans.round_days import Beat, hours_of, present_on, windows_on
from booking.plans.round_offers import best_slots
from booking.plans.round_ways import ways
from booking.plans.round_wishes import WISHES, Absence, absences_of, kept, weights_of
from booking.plans.rounds import plannable_kinds, work
from booking.plans.runs import apply_run, undo_run
from optimizer import judge
from optimizer.manners import Manner
from optimizer.rounds.problem import Lock, Rest
from portal.database import make_engine
from portal.identity import Account, AccountRight
from tests.booking.fitting_town import (
    GIVORS,
    LYON,
    PARIS,
    PARIS_TIME,
    VILLEURBANNE,
    FittingTown,
    a_request,
    make_fitting_town,
    on,
)
from tests.booking.fleet import booked, fleet, run_of, solved
from tests.conftest import Database
from tests.factories import NOW, close, in_days, make_opening
from tests.races import act, at_once

LUNCH = Rest(minutes=60, start_min=720, end_min=780)
BEAT = Beat(step=15, duration=45, gap=15)
DAY = date(2026, 3, 3)


@pytest.fixture
def town(session: Session, monkeypatch: pytest.MonkeyPatch) -> FittingTown:
    """Two teams in Lyon, with the checks that follow events as the application has them."""
    monkeypatch.setattr(events, "_subscribers", [keep_visits_possible])
    return make_fitting_town(session)


# --- on the grid ---


@pytest.mark.parametrize(
    ("openings", "closed", "left"),
    [
        ([(510, 1050)], [], (510, 1050, Rest(minutes=45, start_min=690, end_min=840), ())),
        ([(540, 720)], [], (540, 720, None, ())),  # a short day has no break
        ([(480, 720), (780, 1020)], [], (480, 1020, LUNCH, ())),
        ([(480, 720), (735, 1020)], [], (480, 1020, None, ((720, 735),))),  # too short to eat
        ([(480, 720), (780, 900), (915, 1020)], [], (480, 1020, LUNCH, ((900, 915),))),
        ([(540, 720)], [(500, 571)], (585, 720, None, ())),  # back at work on the grid
        ([(540, 720)], [(600, 640)], (540, 720, None, ((600, 640),))),
        ([(540, 720)], [(700, 800)], (540, 700, None, ())),
    ],
)  # fmt: skip
def test_a_day_of_work_is_what_openings_and_absences_leave(
    openings: list[tuple[int, int]], closed: list[tuple[int, int]], left: Any
) -> None:
    hours = hours_of(openings, closed, BEAT, Pause())

    assert hours is not None
    assert (hours.start, hours.end, hours.rest, hours.blocks) == left


def test_of_a_day_that_is_closed_nothing_is_left() -> None:
    assert hours_of([(540, 720)], [(0, 1440)], BEAT, Pause()) is None


def test_a_visit_begins_on_the_grid_while_somebody_is_at_home() -> None:
    found = windows_on(DAY, [(540, 720), (545, 720)], [(0, 601), (640, 800)], BEAT, soonest=0)

    # Of the second opening, whose grid is another, starts are on its own.
    assert [(one.start_min, one.end_min) for one in found] == [(540, 555), (545, 545), (645, 675), (650, 665)]


def test_the_ways_are_those_of_the_rules_up_to_the_next_start() -> None:
    places = [LYON, VILLEURBANNE, GIVORS]
    travel = ways([LYON], places, BEAT)
    minutes = [[travel.leg(start, end)[1] // 60 for end in range(5)] for start in range(5)]

    for start in range(3):
        for end in range(3):
            apart = travel_minutes(km_between(places[start], places[end]))
            between = minutes[1 + start][1 + end]
            assert max(apart, BEAT.gap) <= between < max(apart, BEAT.gap) + BEAT.step
            assert (BEAT.duration + between) % BEAT.step == 0
        assert minutes[1 + start][0] == travel_minutes(km_between(places[start], LYON))
        assert minutes[0][1 + start] == -(-minutes[1 + start][0] // BEAT.step) * BEAT.step
    assert minutes[4] == [0, 15, 15, 15, 0]


def test_the_hours_at_home_of_a_night_count_on_both_of_its_days() -> None:
    home = Home(at=LYON, zone=PARIS_TIME, windows=(Window(1, time(22), time(10)),))  # from Tuesday to Wednesday

    found = present_on(home, DAY, DAY + timedelta(days=2), PARIS_TIME)

    assert found == {DAY: [(1320, 2040)], DAY + timedelta(days=1): [(-120, 600)]}


# --- what is asked ---


def test_wishes_weigh_and_what_is_no_wish_is_refused() -> None:
    usual = WISHES.weights

    assert weights_of({}) == usual
    assert weights_of({"sliders": {"road": 4}}).metre == 4 * usual.metre
    assert weights_of({"sliders": {"moves": 0}}).moved == 0
    assert weights_of({"rules": {"round": 3}}).round == 3 * usual.round
    for wrong in (
        {"sliders": {"road": 5}},
        {"sliders": {"speed": 2}},
        {"rules": {"unplaced": 2}},
        {"rules": {"round": True}},
        {"locks": {"a": "glued"}},
        {"more": 1},
    ):
        with pytest.raises(InvalidRequest):
            weights_of(wrong)


def test_an_absence_is_kept_and_read_and_anything_else_is_refused() -> None:
    absence = Absence(team_id=3, day=DAY, start_min=480, end_min=720, agents=1)

    assert absences_of({"absent": [kept(absence)]}) == (absence,)
    for wrong in ([1], ["a"], [{}], [kept(absence) | {"from": "13:00"}], [kept(absence) | {"day": 4}], "x", [{}] * 30):
        with pytest.raises(InvalidRequest):
            absences_of({"absent": wrong})


# --- read ---


def test_who_waits_and_what_is_booked_are_read_with_the_days_of_the_teams(session: Session, town: FittingTown) -> None:
    waiting = a_request(session, town, needs=Needs(agents=2))
    visit = booked(session, town, at="10:00")
    close(session, town.teams[1], in_days(2), in_days(3))
    found = fleet(session, town)

    requests = found.problem.request_of
    assert set(requests) == found.items == {str(waiting.id), str(visit)}
    assert requests[str(waiting.id)].agents == 2
    assert requests[str(visit)].lock is Lock.MOVABLE
    assert len(found.problem.team_days) == 9  # five days of two teams, one of them closed
    assert set(found.in_force.placed) == {str(visit)}
    assert judge.violations("rounds", found.problem, found.in_force) == []
    assert work(session, now=NOW) == []  # nobody plans there
    account = Account(login="agent@justice.invalid", name="Agente Fictive")
    session.add(account)
    session.flush()
    session.add(AccountRight(account_id=account.id, role=Role.MONITORING_AGENT, territory_id=town.world.here.id))
    session.flush()
    assert work(session, now=NOW) == [(town.world.here.id, town.kind.id)]
    assert [kind.id for kind in plannable_kinds(session, town.agent)] == [town.kind.id]


def test_what_is_booked_closer_than_it_should_be_stands_all_the_same(session: Session, town: FittingTown) -> None:
    first, second = booked(session, town, at="09:00"), booked(session, town, at="11:00")
    session.execute(text("UPDATE fitting_request SET lat = 45.2, lon = 4.2 WHERE id = :id"), {"id": second})
    found = fleet(session, town)

    assert set(found.in_force.placed) == {str(first), str(second)}
    assert judge.violations("rounds", found.problem, found.in_force) == []


def test_a_team_goes_nowhere_while_it_is_absent_or_has_something_else(session: Session, town: FittingTown) -> None:
    team = town.teams[0]
    make_opening(session, team, on(1, "14:00"), hours=2)
    elsewhere = TimeClaim(resource_id=team.id, period=Period(on(1, "09:30"), on(1, "10:10")))
    occupy(session, [elsewhere], Holder(id=uuid4(), now=NOW))
    found = fleet(session, town)

    (block,) = [one for one in found.problem.requests if one.id.startswith("busy:")]
    assert block.present is not None
    # With a quarter before and after, it is over at 10:25; the next start is at 10:30, a quarter after the block.
    assert (block.present.window.start_min, block.minutes) == (555, 60)
    day = found.problem.team_day_of[team.id, in_days(1)]
    assert (day.start_min, day.end_min, day.rest) == (540, 960, Rest(minutes=120, start_min=720, end_min=840))


def test_a_home_that_one_team_reaches_is_for_that_one(session: Session, town: FittingTown) -> None:
    town.teams[0].attributes = {"reach_km": 5}
    session.flush()
    far, nowhere = a_request(session, town, at=GIVORS), a_request(session, town, at=PARIS)
    found = fleet(session, town)

    days = {one.team_id: one for one in found.problem.team_days}
    requests = found.problem.request_of
    assert not days[town.teams[0].id].can_serve(requests[str(far.id)])
    assert days[town.teams[1].id].can_serve(requests[str(far.id)])
    assert not any(one.can_serve(requests[str(nowhere.id)]) for one in days.values())


# --- applied ---


def places(session: Session, town: FittingTown) -> dict[str, tuple[int, Any]]:
    rows = session.execute(
        text("""SELECT v.request_id, b.resource_id, b.starts_at FROM fitting_visit v JOIN booking b
                ON b.id = v.booking_id WHERE b.state = 'booked'""")
    )
    return {str(row.request_id): (row.resource_id, row.starts_at) for row in rows}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_planned_can_be_booked_once_and_given_back(session: Session, town: FittingTown, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - a town, not a secret
    for _ in range(10):
        at = (LYON[0] + rng.uniform(-0.15, 0.15), LYON[1] + rng.uniform(-0.2, 0.2))
        hours = rng.choice([(8, 20), (9, 11), (10, 12), (22, 10)])
        windows = tuple(Window(day, time(hours[0]), time(hours[1])) for day in rng.sample(range(7), 4))
        urgent = {"needs": Needs(agents=rng.randint(1, 2)), "is_urgent": rng.random() < 0.2}
        a_request(session, town, at=at, windows=windows, **urgent)
    there = booked(session, town, at="10:15")
    before = places(session, town)
    run_id = solved(session, town)
    planned = {one for one in judge_placed(session, run_id) if one != str(there)}

    done = apply_run(session, town.agent, run_id, now=NOW)
    again = apply_run(session, town.agent, run_id, now=NOW)

    assert planned
    assert done.refused == again.refused == ()
    assert planned <= set(done.done)
    assert (again.done, set(again.already)) == ((), planned | {str(there)})
    assert undo_run(session, town.agent, run_id, now=NOW) == len(done.done)
    assert places(session, town) == before


def judge_placed(session: Session, run_id: Any) -> set[str]:
    plan = run_of(session, run_id).plan
    return {stop["request_id"] for one in plan["plan"]["rounds"] for stop in one["stops"]}


def test_a_part_is_applied_and_the_rest_waits(session: Session, town: FittingTown) -> None:
    first, second = (a_request(session, town) for _ in range(2))
    run_id = solved(session, town)

    done = apply_run(session, town.agent, run_id, [str(first.id)], now=NOW)

    assert done == Application(done=(str(first.id),))
    assert set(places(session, town)) == {str(first.id)}
    assert apply_run(session, town.agent, run_id, now=NOW).done == (str(second.id),)


def test_what_changed_meanwhile_is_told_and_the_rest_is_applied(session: Session, town: FittingTown) -> None:
    taken, closed, elsewhere, fine = (a_request(session, town) for _ in range(4))
    moved, given_back = booked(session, town, day=4), booked(session, town, day=4, team=1)
    run_id = solved(session, town)
    later = NOW + timedelta(minutes=5)
    goals = {one.item: one for one in goals_in(session, run_id)}
    other = a_request(session, town)
    goal = goals[str(taken.id)]
    book_offer(session, town.agent, other.id, goal.team_id, goal.start, now=later)
    close_request(session, town.agent, closed.id, now=later)
    book_offer(session, town.agent, elsewhere.id, town.teams[0].id, on(8, "09:00"), now=later)
    move_visit(session, town.agent, moved, town.teams[1].id, on(8, "09:00"), now=later)
    give_back(session, town.agent, given_back, now=later)

    done = apply_run(session, town.agent, run_id, now=later)

    assert done.done == (str(fine.id),)
    assert {one.item: one.why for one in done.refused} == {
        str(taken.id): "taken",
        str(closed.id): "changed",
        str(elsewhere.id): "changed",
        str(moved): "changed",
        str(given_back): "changed",
    }


def goals_in(session: Session, run_id: Any) -> Any:
    return goals_of(session, run_of(session, run_id))


def test_a_team_absent_in_the_morning_leaves_its_visits_to_the_other_and_they_come_back(
    session: Session, town: FittingTown
) -> None:
    morning = [booked(session, town, day=1, at=at) for at in ("09:15", "10:15")]
    stays = booked(session, town, day=1, team=1, at="11:15")
    before = places(session, town)
    away = kept(Absence(team_id=town.teams[0].id, day=in_days(1), start_min=480, end_min=1080))
    run_id = solved(session, town, manner=Manner.REPAIR, absent=[away])

    done = apply_run(session, town.agent, run_id, now=NOW)

    assert (set(done.done), done.refused) == ({str(one) for one in morning}, ())
    after = places(session, town)
    assert after[str(stays)] == before[str(stays)]
    assert all(after[str(one)] != before[str(one)] for one in morning)
    assert not any(team == town.teams[0].id and start < on(2, "00:00") for team, start in after.values())
    assert undo_run(session, town.agent, run_id, now=NOW) == 2
    assert places(session, town) == before
    assert len(apply_run(session, town.agent, run_id, now=NOW).done) == 2  # taken back is not changed


def test_two_who_take_the_slots_of_each_other_in_turn_move(session: Session, town: FittingTown) -> None:
    """One leaves the slot that another takes: the order in which they are tried does not matter."""
    first = booked(session, town, day=1, at="10:00")
    run_id = solved(session, town, locks={str(first): "free"})
    run = run_of(session, run_id)
    assert run.plan is not None
    second = booked(session, town, day=2, at="10:00")

    run.created_at = NOW + timedelta(seconds=1)
    run.plan = {"plan": {"rounds": [a_round(town, 1, [(second, 600)]), a_round(town, 3, [(first, 600)])]}}
    session.flush()
    done = apply_run(session, town.agent, run_id, now=NOW)

    assert (set(done.done), done.refused) == ({str(first), str(second)}, ())
    assert places(session, town)[str(second)] == (town.teams[0].id, on(1, "10:00"))


def a_round(town: FittingTown, day: int, stops: list[Any]) -> dict[str, Any]:
    on_day = in_days(day).isoformat()
    return {
        "team_id": town.teams[0].id,
        "day": on_day,
        "leaves_s": 0,
        "rest_s": None,
        "returns_s": 0,
        "stops": [
            {
                "request_id": str(request_id),
                "window": {"day": on_day, "start_min": minutes, "end_min": minutes},
                "arrival_s": 60 * minutes,
                "start_s": 60 * minutes,
                "departure_s": 60 * minutes,
            }
            for request_id, minutes in stops
        ],
    }


# --- offered ---


def test_the_best_slots_are_beside_what_is_booked_and_each_can_be_taken(session: Session, town: FittingTown) -> None:
    booked(session, town, day=3, at="09:30")
    request = a_request(session, town)
    line = request_for(session, town.agent, request.id, now=NOW)
    best = best_slots(session, line, offers_for(session, town.agent, line, now=NOW), now=NOW)

    assert len(best) == 5
    assert (best[0].day, best[0].added_minutes) == (in_days(3), 0)
    for one in best:
        with session.begin_nested() as trial:
            book_offer(session, town.agent, request.id, one.resource_id, one.start, now=NOW)
            trial.rollback()


def test_nothing_is_offered_where_no_team_goes(session: Session, town: FittingTown) -> None:
    line = request_for(session, town.agent, a_request(session, town, at=PARIS).id, now=NOW)

    assert best_slots(session, line, offers_for(session, town.agent, line, now=NOW), now=NOW) == ()


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine of this test."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def prepare(session: Session) -> tuple[FittingTown, list[Any]]:
    town = make_fitting_town(session, days=6)
    for number in range(4):
        a_request(session, town, at=(VILLEURBANNE, GIVORS)[number % 2])
    return town, [solved(session, town) for _ in range(2)]


def test_plans_applied_and_taken_back_at_once_book_each_visit_once(engine: Engine) -> None:
    town, runs = act(engine, prepare)
    applying = [partial(act, engine, apply_run, town.agent, run_id, now=NOW) for run_id in runs * 4]
    undoing = [partial(act, engine, undo_run, town.agent, run_id, now=NOW) for run_id in runs]

    answers = at_once(applying)
    with engine.connect() as connection:
        visits = Counter(connection.execute(text("SELECT request_id FROM fitting_visit")).scalars())
    both = at_once([*applying, *undoing])

    assert all(isinstance(one, Application) for one in answers)
    assert sorted(visits.values()) == [1, 1, 1, 1]
    assert all(isinstance(one, Application | int) for one in both)  # never a deadlock
