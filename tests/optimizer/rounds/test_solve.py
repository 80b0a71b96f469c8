"""Plans of rounds: small ones checked by hand, drawn ones checked by rules that know nothing of the solver."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.rounds.check import check, price
from optimizer.rounds.plan import Plan, Rule
from optimizer.rounds.problem import Absurd, Appointment, Lock, Rest, Travel, Window
from optimizer.rounds.solve import solve
from optimizer.searching import Ended, Progress
from tests.optimizer.rounds.teams import LUNCH, drawn, line, on, problem, request, team, told, window


def test_stops_are_made_in_the_order_of_the_road() -> None:
    found = solve(problem([request(1, 1), request(2, 2), request(3, 3)], [team()], line(0, 20, 5, 10)))

    [only] = found.plan.rounds
    assert [one.request_id for one in only.stops] in (["r2", "r3", "r1"], ["r1", "r3", "r2"])
    assert {one.rule: one.count for one in found.price}["metres"] == 40_000
    assert (found.ended, found.bound) == (Ended.PROVED, found.cost)


def test_a_team_leaves_no_sooner_than_it_must() -> None:
    found = solve(problem([request(1, 1, window(0, 10, 12))], [team(start=8)], line(0, 30)))

    [only] = found.plan.rounds
    assert (only.leaves_s, only.stops[0].arrival_s, only.stops[0].start_s) == (34_200, 36_000, 36_000)
    assert only.returns_s == 36_000 + 45 * 60 + 1_800


def test_the_window_kept_is_the_one_that_suits_the_rounds() -> None:
    apart = request(1, 1, window(0), window(1))
    found = solve(
        problem([apart, request(2, 2, window(1))], [team(day=0), team(day=1)], line(0, 30, 31)), work_limit=0.2
    )

    assert {one.day for one in found.plan.rounds} == {on(1)}


def test_a_break_is_taken_between_two_stops_even_on_the_way() -> None:
    noon = Rest(minutes=60, start_min=12 * 60, end_min=13 * 60)
    long_ones = [request(1, 1, window(0, 8, 11), minutes=120), request(2, 2, window(0, 12, 14), minutes=60)]
    found = solve(problem(long_ones, [team(start=9, rest=noon)], line(0, 30, 120)))

    [only] = found.plan.rounds
    assert (only.rest_s, only.stops[1].arrival_s) == (12 * 3600, 14 * 3600)


def test_nobody_is_visited_during_the_break() -> None:
    noon = Rest(minutes=60, start_min=12 * 60, end_min=13 * 60)
    found = solve(problem([request(1, 1, window(0, 11.5, 12.5), minutes=45)], [team(rest=noon)], line(0, 10)))

    assert [one.request_id for one in found.unplaced] == ["r1"]
    assert found.unplaced[0].reasons[0].rule is Rule.REST


def test_skills_agents_and_stops_decide_which_team_goes() -> None:
    asked = [request(1, 1, skills=frozenset({"radio"})), request(2, 2, agents=2), request(3, 3)]
    teams = [
        team(1, skills=frozenset({"radio"}), most_stops=1),
        team(2, agents=2, most_stops=1),
        team(3, most_stops=1),
    ]
    found = solve(problem(asked, teams, line(0, 5, 6, 7)), work_limit=0.05)

    assert {one.stops[0].request_id: one.team_id for one in found.plan.rounds} == {"r1": 1, "r2": 2, "r3": 3}


def test_what_a_team_carries_is_limited() -> None:
    asked = [request(number, number, load=2) for number in (1, 2, 3)]
    found = solve(problem(asked, [team(capacity=5)], line(0, 1, 2, 3)), work_limit=0.05)

    assert len(found.unplaced) == 1
    assert found.unplaced[0].reasons[0].rule is Rule.OTHERS


def test_the_priority_decides_who_is_left_out() -> None:
    asked = [request(number, number, minutes=200, priority=number) for number in (1, 2, 3, 4)]
    found = solve(problem(asked, [team()], line(0, 1, 2, 3, 4)), work_limit=0.05)

    assert [one.request_id for one in found.unplaced] == ["r1", "r2"]


def test_what_was_told_is_kept_at_any_price_and_what_is_movable_at_its_own() -> None:
    asked = [request(1, 1, window(0), window(1)), request(2, 2, window(1))]
    teams = [team(1, 0), team(1, 1), team(2, 1)]
    kept = {"r1": Appointment(team_id=1, window=window(0))}
    free = problem(asked, teams, line(0, 20, 21))
    frozen, movable = told(free, kept), told(free, kept, Lock.MOVABLE)

    assert solve(frozen, work_limit=0.05).plan.placed["r1"] == kept["r1"]
    assert solve(movable, work_limit=0.05).plan.placed["r1"].window == window(0)
    moved = solve(replace(movable, weights=replace(movable.weights, moved=1)), work_limit=0.05)
    assert moved.plan.placed["r1"].window == window(1)
    assert {one.rule: one.count for one in moved.price}["moved"] == 1


def test_a_promise_is_kept_even_after_the_last_legal_day_or_out_of_the_windows() -> None:
    late = request(1, 1, window(0), last_day=on(0))
    found = solve(
        told(problem([late], [team(day=4)], line(0, 5)), {"r1": Appointment(team_id=1, window=window(4, 9, 10))})
    )

    assert found.plan.placed["r1"].window == window(4, 9, 10)
    assert found.ended is Ended.PROVED


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([None, LUNCH]))
def test_every_plan_passes_the_check_and_costs_what_is_recounted(seed: int, rest: Rest | None) -> None:
    asked = drawn(seed, rest=rest)
    told_of: list[Progress] = []
    found = solve(asked, seed=seed, work_limit=0.15, on_progress=told_of.append)

    assert check(asked, found.plan) == []
    assert price(asked, found.plan) == found.price
    assert {one.request_id for one in found.unplaced} == asked.request_of.keys() - found.plan.placed.keys()
    assert told_of[-1].cost == found.cost == sum(one.cost for one in found.price)


def test_the_same_seed_and_work_give_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.rounds.engine.FIRST_CHOICE", 0.1)
    monkeypatch.setattr("optimizer.rounds.engine.STEPS_BEFORE_RESTART", 5)
    monkeypatch.setattr("optimizer.rounds.columns.CHOSEN_FROM", 20)
    asked = drawn(5, visits=25, teams=4, days=3)
    first, second = (solve(asked, seed=3, work_limit=0.4) for _ in range(2))

    assert first.plan == second.plan


def test_a_plan_to_start_from_is_never_made_worse() -> None:
    asked = drawn(8, visits=20, teams=3)
    start = solve(asked, work_limit=0.3)
    again = solve(asked, start=start.plan, work_limit=0.0)

    assert again.plan == start.plan


def test_what_no_longer_holds_of_a_start_is_placed_anew() -> None:
    asked = problem([request(1, 1), request(2, 2)], [team(1), team(2)], line(0, 10, 12))
    start = solve(asked, work_limit=0.05).plan
    alone = replace(asked, team_days=tuple(one for one in asked.team_days if one.team_id != start.rounds[0].team_id))
    found = solve(alone, start=start, work_limit=0.05)

    assert check(alone, found.plan) == []
    assert found.unplaced == ()


def test_nothing_to_do_is_proved_at_once() -> None:
    nobody = solve(problem([], [team()], line(0)))
    no_team = solve(problem([request(1, 1)], [], line(0, 5)))
    no_window = solve(problem([request(1, 1, window(9))], [team()], line(0, 5)))

    assert (nobody.plan, nobody.ended) == (Plan(), Ended.PROVED)
    assert (no_team.ended, no_team.unplaced[0].reasons[0].rule) == (Ended.PROVED, Rule.NO_TEAM)
    assert (no_window.ended, no_window.unplaced[0].reasons[0].rule) == (Ended.PROVED, Rule.WINDOWS)


def test_promises_that_contradict_one_another_are_kept_by_priority() -> None:
    both = [request(1, 1, minutes=60), request(2, 2, minutes=60, priority=2)]
    at_nine = window(0, 9, 9)
    promised = {one.id: Appointment(team_id=1, window=at_nine) for one in both}
    found = solve(told(problem(both, [team()], line(0, 5, 40)), promised))

    assert found.plan.placed.keys() == {"r2"}
    assert found.ended is Ended.PROVED


@pytest.mark.parametrize("windows", [(window(),), (window(0, 8, 12), window(0, 13, 17))])
def test_a_visit_that_costs_more_than_it_is_worth_waits_unless_it_was_promised(windows: tuple[Window, ...]) -> None:
    far = problem([request(1, 1, *windows)], [team()], line(0, 60), unplaced=100_000)
    promised = told(far, {"r1": Appointment(team_id=1, window=windows[0])})

    assert solve(far, work_limit=0.0).plan == Plan()
    assert solve(promised, work_limit=0.0).plan.placed.keys() == {"r1"}


def test_a_search_that_is_stopped_gives_its_best_plan() -> None:
    asked = drawn(2, visits=20, teams=3)
    found = solve(asked, on_progress=lambda _: True)

    assert found.ended is Ended.STOPPED
    assert check(asked, found.plan) == []


@pytest.mark.parametrize(
    "absurd",
    [
        lambda: window(0, 12, 11),
        lambda: request(1, 1, minutes=-5),
        lambda: request(1, 1, lock=Lock.FROZEN),
        lambda: team(start=12, end=9),
        lambda: team(end=9, rest=LUNCH),
        lambda: problem([request(1, 7)], [team()], line(0, 1)),
        lambda: problem([request(1, 1), request(1, 1)], [team()], line(0, 1)),
        lambda: problem([], [team(), team()], line(0)),
        lambda: Travel(distances_m=line(0, 1).distances_m, durations_s=line(0).durations_s),
        lambda: problem([], [], line(0), unplaced=-1),
    ],
)
def test_what_cannot_be_is_refused(absurd: object) -> None:
    with pytest.raises(Absurd):
        absurd()  # type: ignore[operator]


def test_a_problem_too_large_to_be_searched_at_once_is_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.rounds.solve.WHOLE_UP_TO", 5)
    monkeypatch.setattr("optimizer.rounds.solve.SCOPE", 6)
    monkeypatch.setattr("optimizer.rounds.solve.PART_WORK", 0.05)
    asked = drawn(4, visits=24, teams=3, days=3)
    at_once = solve(asked, work_limit=0.0)
    found = solve(asked, work_limit=0.3)

    assert check(asked, found.plan) == []
    assert found.cost < at_once.cost


def test_progress_never_goes_up_and_ends_at_the_cost_of_the_plan() -> None:
    told_of: list[Progress] = []
    found = solve(drawn(6, visits=15), work_limit=0.2, on_progress=told_of.append)
    costs = [one.cost for one in told_of]

    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == found.cost
