"""A suggestion for one case: its order, its reasons, and that it is what the solver would choose."""

from __future__ import annotations

import pytest

from optimizer.shares.plan import Plan
from optimizer.shares.problem import Lock, Weights
from optimizer.shares.rank import Reason, Why, rank
from optimizer.shares.solve import solve
from tests.optimizer.shares.region import measure, problem, region, who


def order(*candidates: object) -> list[str]:
    """Return the professionals in the order of the suggestion."""
    return [one.professional_id for one in candidates]  # type: ignore[attr-defined]


def test_the_least_loaded_comes_first_then_the_nearest_and_who_cannot_comes_last_with_the_rules() -> None:
    people = [who("far", 40), who("full", load=10), who("near", 2), who("loaded", load=5), who("no", kinds=frozenset())]
    asked = problem(people, [])
    found = rank(asked, measure("m"))

    assert order(*found) == ["near", "far", "loaded", "full", "no"]
    assert [one.broken for one in found] == [(), (), (), ("full",), ("kind",)]
    assert found[0].reasons[0] == Reason(why=Why.LEAST_LOADED, value=100)
    assert [one.why for one in found[1].reasons] == [Why.LEAST_LOADED, Why.AWAY]
    assert [one.why for one in found[2].reasons] == [Why.LOAD, Why.NEAREST]


def test_within_the_slack_loads_are_as_good_as_each_other() -> None:
    people = [who("far", 40), who("near", 2, load=1), who("loaded", 0, load=5)]

    assert order(*rank(problem(people, [], slack=99), measure("m"))) == ["far", "near", "loaded"]
    assert order(*rank(problem(people, [], slack=100), measure("m"))) == ["near", "far", "loaded"]


def test_a_delay_is_worth_a_way_once_the_loads_are_equal() -> None:
    people = [who("soon", 30, delay_days=5), who("near", 2, delay_days=14), who("loaded", load=1)]
    found = rank(problem(people, []), measure("m"))

    assert order(*found) == ["soon", "near", "loaded"]
    assert found[0].reasons[-1] == Reason(why=Why.DELAY, value=5)
    assert order(*rank(problem(people, [], weights=Weights(day_m=3_000)), measure("m")))[0] == "near"


def test_what_was_given_weighs_and_the_measure_itself_does_not() -> None:
    held = measure("m", held_by="a", lock=Lock.MOVABLE)
    other = measure("n", held_by="b", lock=Lock.MOVABLE)
    asked = problem([who("a"), who("b")], [held, other])

    assert order(*rank(asked, held)) == ["a", "b"]
    assert rank(asked, held)[0].load_with == 1
    assert Reason(why=Why.HOLDS) in rank(asked, held)[0].reasons
    assert order(*rank(asked, held, plan=Plan(given={"n": "a"}))) == ["b", "a"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("slack", [0, 80])
def test_the_first_is_whom_the_solver_chooses_when_it_has_this_measure_alone(seed: int, slack: int) -> None:
    asked = region(seed, measures=1, professionals=12, slack=slack)
    first = rank(asked, asked.measures[0])[0]
    found = solve(asked).plan.given

    assert found == ({"m0": first.professional_id} if first.is_possible else {})


def test_the_order_of_the_problem_changes_nothing() -> None:
    asked = region(3, measures=1, professionals=30)
    turned = problem(list(reversed(asked.professionals)), [])

    assert rank(asked, asked.measures[0]) == rank(turned, asked.measures[0])
    assert rank(problem([], []), measure("m")) == ()
