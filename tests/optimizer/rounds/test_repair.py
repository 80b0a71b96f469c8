"""After an absence, an urgent request or a withdrawal: what must move does, and nobody else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.rounds.check import check
from optimizer.rounds.problem import Kind, Lock
from optimizer.rounds.repair import absent, as_present, repair, with_agents
from optimizer.rounds.solve import solve
from tests.optimizer.rounds.teams import LUNCH, drawn, line, on, problem, request, team, told, window

FAR = line(0, 30, 31, 32, 33)


def test_an_urgent_request_goes_where_there_is_room_and_moves_nobody() -> None:
    asked = problem([request(1, 1), request(2, 2)], [team(1), team(2)], FAR)
    plan = solve(asked, work_limit=0.05).plan
    urgent = request(9, 3, window(0, 9, 10), kind=Kind.URGENT, priority=5)
    found = repair(asked.with_requests(urgent), plan)

    assert (found.moved, found.lost) == ((), ())
    assert found.plan.placed["r9"].window == window(0, 9, 10)
    assert check(found.problem, found.plan) == []


def test_an_urgent_request_takes_the_place_of_one_that_was_not_told_and_can_go_elsewhere() -> None:
    full = [request(number, number, window(0), window(1), minutes=240) for number in (1, 2)]
    asked = problem(full, [team(1, 0), team(1, 1)], FAR)
    plan = solve(asked, work_limit=0.05).plan
    first = next(one for one in plan.placed if plan.placed[one].window == window(0))
    held = told(asked, {"r1": plan.placed["r1"]}, Lock.FROZEN if first != "r1" else Lock.MOVABLE)
    urgent = request(9, 3, window(0), kind=Kind.URGENT, priority=5, minutes=200)
    found = repair(held.with_requests(urgent), plan)

    assert found.plan.placed["r9"].window == window(0)
    assert len(found.moved) <= 1
    assert found.lost == ()
    assert check(found.problem, found.plan) == []


def test_what_was_told_does_not_make_room_even_for_an_urgent_request() -> None:
    asked = problem([request(1, 1, window(0), minutes=500)], [team()], FAR)
    plan = solve(asked).plan
    held = told(asked, dict(plan.placed))
    found = repair(held.with_requests(request(9, 2, priority=9, minutes=200)), plan)

    assert found.plan.placed == plan.placed


def test_after_a_morning_of_absence_the_told_keep_their_window_with_another_team() -> None:
    asked = problem(
        [request(1, 1, window(0, 9, 10)), request(2, 2, window(0, 14, 16))], [team(1, rest=LUNCH), team(2)], FAR
    )
    plan = solve(asked, work_limit=0.05).plan
    team_id = plan.placed["r1"].team_id
    held = told(asked, dict(plan.placed))
    found = repair(absent(held, team_id, on(0), start_min=8 * 60, end_min=13 * 60), plan)

    assert found.moved == ("r1",)
    assert found.plan.placed["r1"].window == window(0, 9, 10)
    assert found.plan.placed["r1"].team_id != team_id
    assert found.plan.placed["r2"] == plan.placed["r2"]
    assert check(found.problem, found.plan) == []


def test_a_team_absent_all_day_has_no_round_left() -> None:
    asked = problem([request(1, 1)], [team(1)], FAR)
    plan = solve(asked).plan
    found = repair(absent(asked, 1, on(0), start_min=0, end_min=1440), plan)

    assert found.lost == ("r1",)
    assert found.plan.rounds == ()


def test_an_agent_who_is_missing_costs_the_visits_in_pairs_only() -> None:
    asked = problem([request(1, 1, agents=2), request(2, 2)], [team(1, agents=2)], FAR)
    plan = solve(asked, work_limit=0.05).plan
    found = repair(with_agents(asked, 1, on(0), 1), plan)

    assert (found.lost, found.plan.placed.keys()) == (("r1",), {"r2"})


def test_a_request_that_is_withdrawn_leaves_the_others_where_they_are() -> None:
    asked = problem([request(number, number) for number in (1, 2, 3)], [team()], FAR)
    plan = solve(asked, work_limit=0.05).plan
    fewer = replace(asked, requests=asked.requests[1:])
    found = repair(fewer, plan)

    assert (found.moved, found.lost) == ((), ())
    assert found.plan.placed.keys() == {"r2", "r3"}


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_an_absence_moves_nobody_of_another_round_unless_it_makes_room(seed: int, is_told: bool) -> None:
    asked = drawn(seed, visits=12, teams=3)
    plan = solve(asked, work_limit=0.0).plan
    held = told(asked, dict(plan.placed)) if is_told else as_present(asked, plan)
    hit = {one for one, kept in plan.placed.items() if (kept.team_id, kept.window.day) == (1, on(0))}
    found = repair(absent(held, 1, on(0), start_min=0, end_min=12 * 60), plan)

    assert check(found.problem, found.plan) == []
    if is_told:
        assert {*found.moved, *found.lost} <= hit
