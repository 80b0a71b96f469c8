"""The check finds what is wrong in a plan that was right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.rounds.check import check
from optimizer.rounds.plan import Plan, Round, Stop
from optimizer.rounds.problem import Appointment, Problem
from tests.optimizer.rounds.teams import LUNCH, line, on, problem, request, team, told, window

HOUR = 3600


def stop(number: int, arrival: float, minutes: int = 45) -> Stop:
    """Return a stop that begins as the team arrives, in hours."""
    start_s = round(arrival * HOUR)
    return Stop(
        request_id=f"r{number}", window=window(), arrival_s=start_s, start_s=start_s, departure_s=start_s + minutes * 60
    )


RIGHT = Round(
    team_id=1,
    day=on(0),
    leaves_s=8 * HOUR,
    stops=(stop(1, 8.5), stop(2, 9.5)),
    rest_s=12 * HOUR,
    returns_s=round(12.75 * HOUR),
)


def asked(*, columns: dict[str, object] | None = None, **of_team: object) -> Problem:
    """Return two requests, at half an hour from the base and at three quarters; the first with these columns."""
    first = request(1, 1, **(columns or {}))
    return problem([first, request(2, 2)], [team(**({"rest": LUNCH} | of_team))], line(0, 30, 45))


def test_a_plan_that_is_right_passes() -> None:
    assert check(asked(), Plan(rounds=(RIGHT,))) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("twice", lambda one: replace(one, stops=(one.stops[0], *one.stops))),
        ("team_day", lambda one: replace(one, team_id=9)),
        ("empty", lambda one: replace(one, stops=())),
        ("request", lambda one: replace(one, stops=(stop(7, 8.5), *one.stops))),
        ("road", lambda one: replace(one, stops=(stop(1, 8.49), one.stops[1]))),
        ("road", lambda one: replace(one, stops=(one.stops[0], stop(2, 9.49)))),
        ("road", lambda one: replace(one, stops=one.stops[:1], rest_s=9.25 * HOUR, returns_s=9.5 * HOUR)),
        ("hours", lambda one: replace(one, leaves_s=8 * HOUR - 1)),
        ("rest", lambda one: replace(one, rest_s=None)),
        ("rest", lambda one: replace(one, rest_s=11 * HOUR)),
        ("rest", lambda one: replace(one, stops=(one.stops[0], stop(2, 12.5)), returns_s=14 * HOUR)),
        ("window", lambda one: replace(one, stops=(one.stops[0], replace(one.stops[1], window=window(0, 8, 9))))),
        ("minutes", lambda one: replace(one, stops=(one.stops[0], stop(2, 9.5, minutes=44)))),
    ],
)
def test_each_fault_is_found(rule: str, change: Callable[[Round], Round]) -> None:
    assert rule in {one.rule for one in check(asked(), Plan(rounds=(change(RIGHT),)))}


@pytest.mark.parametrize(
    ("rule", "columns", "of_team"),
    [
        ("skills", {"skills": frozenset({"radio"})}, {}),
        ("agents", {"agents": 2}, {}),
        ("last_day", {"last_day": on(-1)}, {}),
        ("windows", {"windows": (window(0, 8, 9),)}, {}),
        ("capacity", {"load": 2}, {"capacity": 1}),
        ("most_stops", {}, {"most_stops": 1}),
        ("hours", {}, {"end": 12.5, "rest": None}),
    ],
)
def test_a_plan_is_judged_by_what_is_asked(rule: str, columns: dict[str, object], of_team: dict[str, object]) -> None:
    judged = asked(columns=columns, **of_team)

    assert {one.rule for one in check(judged, Plan(rounds=(RIGHT,)))} == {rule}


def test_a_promise_is_to_a_team_and_a_window() -> None:
    other_team = told(asked(), {"r1": Appointment(team_id=2, window=window())})
    other_window = told(asked(), {"r1": Appointment(team_id=1, window=window(0, 8, 9))})

    assert [one.rule for one in check(other_team, Plan(rounds=(RIGHT,)))] == ["frozen"]
    assert [one.rule for one in check(other_window, Plan(rounds=(RIGHT,)))] == ["frozen"]


def test_two_rounds_of_a_team_on_one_day_are_one_too_many() -> None:
    apart = [replace(RIGHT, stops=(one,)) for one in RIGHT.stops]

    assert "twice" in {one.rule for one in check(asked(), Plan(rounds=tuple(apart)))}
