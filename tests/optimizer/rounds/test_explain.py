"""Why a request has no place, judged by removing each reason, and what would give it one, judged by doing it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.rounds.changes import applied, smallest_change
from optimizer.rounds.draft import Draft
from optimizer.rounds.explain import conflict, fits
from optimizer.rounds.plan import Plan, Rule
from optimizer.rounds.problem import Appointment, Problem
from optimizer.rounds.solve import solve
from tests.optimizer.rounds.teams import LUNCH, drawn, line, on, problem, request, team, told, window


def lone(columns: dict[str, Any], of_team: dict[str, Any]) -> Problem:
    """Return one request, half an hour from the base of one team."""
    windows = columns.pop("windows", (window(),))
    return problem([request(1, 1, *windows, **columns)], [team(**of_team)], line(0, 30))


@pytest.mark.parametrize(
    ("rules", "columns", "of_team"),
    [
        ({Rule.SKILLS}, {"skills": frozenset({"radio"})}, {}),
        ({Rule.AGENTS}, {"agents": 2}, {}),
        ({Rule.LAST_DAY}, {"last_day": on(-1)}, {}),
        ({Rule.WINDOWS}, {"windows": (window(3),)}, {}),
        ({Rule.WINDOWS, Rule.HOURS}, {"windows": (window(0, 18, 19),)}, {}),
        ({Rule.HOURS}, {"minutes": 600}, {}),
        ({Rule.CAPACITY}, {"load": 3}, {"capacity": 2}),
        ({Rule.MOST_STOPS}, {}, {"most_stops": 0}),
        ({Rule.WINDOWS, Rule.REST}, {"windows": (window(0, 9, 9),), "minutes": 300}, {"rest": LUNCH}),
    ],
)
def test_a_conflict_names_the_rules_that_keep_a_request_out(
    rules: set[Rule], columns: dict[str, Any], of_team: dict[str, Any]
) -> None:
    assert set(conflict(lone(columns, of_team), Plan(), "r1")) == rules


def test_others_are_a_reason_where_they_take_the_time() -> None:
    asked = problem(
        [request(1, 1, minutes=400, priority=2), request(2, 1, window(0, 8, 15), minutes=200)], [team()], line(0, 30)
    )
    plan = solve(asked).plan

    assert set(conflict(asked, plan, "r2")) == {Rule.OTHERS, Rule.HOURS}


def test_where_nobody_works_that_is_the_reason() -> None:
    asked = problem([request(1, 1)], [], line(0, 30))

    assert conflict(asked, Plan(), "r1") == (Rule.NO_TEAM,)
    assert smallest_change(asked, Plan(), "r1") is None


def crowded(seed: int) -> Problem:
    """Return more requests than the teams can serve."""
    return drawn(seed, visits=20, teams=1, days=2)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_with_any_one_reason_removed_the_conflict_is_gone(seed: int) -> None:
    asked = crowded(seed)
    plan = solve(asked, work_limit=0.0).plan
    draft = Draft.of(asked, plan)
    for request_id in asked.request_of.keys() - plan.placed.keys():
        one, found = asked.request_of[request_id], conflict(asked, plan, request_id)
        others = frozenset(Rule) - set(found)

        assert found
        assert not fits(draft, one, others)
        assert all(fits(draft, one, others | {rule}) for rule in found)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_the_smallest_change_is_enough_once_made(seed: int) -> None:
    asked = crowded(seed)
    plan = solve(asked, work_limit=0.0).plan
    for request_id in asked.request_of.keys() - plan.placed.keys():
        change = smallest_change(asked, plan, request_id)
        assert change
        changed = applied(asked, request_id, change)
        draft = Draft.of(changed, plan)

        assert draft.plan() == plan or draft.plan().placed == plan.placed
        assert fits(draft, changed.request_of[request_id])


@pytest.mark.parametrize(
    ("expected", "columns", "of_team"),
    [
        ({"minutes_later": 30}, {"windows": (window(0, 8, 9),), "minutes": 540}, {"start": 8.5}),
        ({"skills": frozenset({"radio"})}, {"skills": frozenset({"radio"})}, {}),
        ({"agents": 1}, {"agents": 2}, {}),
        ({"stops": 1}, {}, {"most_stops": 0}),
        ({"load": 1}, {"load": 3}, {"capacity": 2}),
        ({"minutes_earlier": 45}, {"windows": (window(0, 7.75, 7.75),)}, {}),
        ({"days_late": 1, "window": window(1)}, {"windows": (window(1),), "last_day": on(0)}, {"day": 1}),
        ({"window": window(1, 8.5, 9.5)}, {"windows": (window(0),)}, {"day": 1}),
    ],
)
def test_the_smallest_change_is_the_one_that_one_would_make(
    expected: dict[str, Any], columns: dict[str, Any], of_team: dict[str, Any]
) -> None:
    asked = lone(columns, of_team)
    change = smallest_change(asked, Plan(), "r1")

    assert change
    assert {name: getattr(change, name) for name in expected} == expected
    assert fits(Draft(applied(asked, "r1", change)), applied(asked, "r1", change).request_of["r1"])


def test_a_promise_that_cannot_be_kept_is_broken_only_if_nothing_smaller_helps() -> None:
    asked = told(
        problem([request(1, 1)], [team(2)], line(0, 30)), {"r1": Appointment(team_id=1, window=window(0, 9, 10))}
    )
    change = smallest_change(asked, Plan(), "r1")

    assert conflict(asked, Plan(), "r1") == (Rule.TEAM,)
    assert change
    assert change.breaks_promise
    assert fits(Draft(applied(asked, "r1", change)), applied(asked, "r1", change).requests[0])
