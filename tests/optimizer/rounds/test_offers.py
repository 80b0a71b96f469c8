"""Windows offered on the plan as it is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.rounds.check import check, price
from optimizer.rounds.draft import Draft
from optimizer.rounds.offers import offers
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Appointment
from optimizer.rounds.solve import solve
from tests.optimizer.rounds.teams import drawn, line, problem, request, team, told, window


def test_the_window_of_a_team_that_goes_by_comes_first() -> None:
    asked = problem([request(1, 1, window(1))], [team(1, 0), team(1, 1), team(2, 1)], line(0, 30, 31), day_waited=0)
    plan = solve(asked, work_limit=0.0).plan
    found = offers(asked, plan, request(2, 2, window(0, 9, 11), window(1, 9, 11), window(1, 14, 16)))

    assert [(one.window, one.team_id, one.metres) for one in found] == [
        (window(1, 9, 11), 1, 2_000),
        (window(1, 14, 16), 1, 2_000),
        (window(0, 9, 11), 1, 62_000),
    ]


def test_no_more_than_five_are_offered_and_none_where_nothing_fits() -> None:
    asked = problem([], [team(1, day) for day in range(9)], line(0, 30))

    assert len(offers(asked, Plan(), request(1, 1, *(window(day) for day in range(9))))) == 5
    assert offers(asked, Plan(), request(1, 1, *(window(day, 0, 1) for day in range(9)))) == ()


def test_who_has_a_place_already_is_offered_it_again() -> None:
    asked = problem([request(1, 1, window(0, 9, 9), minutes=500)], [team()], line(0, 30))
    plan = solve(asked).plan

    assert [one.window for one in offers(asked, plan, asked.requests[0])] == [window(0, 9, 9)]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_an_offer_that_is_taken_costs_what_it_said_and_moves_nobody(seed: int) -> None:
    asked = drawn(seed, visits=10)
    newcomer = asked.requests[0]
    others = problem([*asked.requests[1:]], [*asked.team_days], asked.travel)
    plan = solve(others, work_limit=0.0).plan
    before = sum(one.cost for one in price(others, plan))
    for offer in offers(others, plan, newcomer):
        promised = {newcomer.id: Appointment(team_id=offer.team_id, window=offer.window)}
        taken = told(others.with_requests(newcomer), promised)
        draft = Draft.of(taken, plan)
        draft.fill()

        assert check(taken, draft.plan()) == []
        assert {**plan.placed, **promised} == {
            one: kept for one, kept in draft.plan().placed.items() if one in plan.placed or one == newcomer.id
        }
        waiting = sum(others.weights.unplaced * one.priority for one in draft.unplaced)
        was_waiting = sum(
            others.weights.unplaced * one.priority for one in others.requests if one.id not in plan.placed
        )
        assert draft.cost - waiting == pytest.approx(before - was_waiting + offer.cost)


def test_answers_that_somebody_waits_for_import_no_solver() -> None:
    program = """if True:
        import sys
        import optimizer.rounds.changes, optimizer.rounds.check, optimizer.rounds.offers, optimizer.rounds.repair
        sys.exit(bool({"ortools", "pyvrp"} & sys.modules.keys()))"""

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
