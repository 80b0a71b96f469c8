"""What is absurd is refused at once, and groups that share nothing are apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizer.shares.problem import Balance, Lock, Point
from tests.optimizer.shares.region import measure, north, problem, who


@pytest.mark.parametrize(
    ("absurd", "said"),
    [
        (lambda: Point(lat=91, lon=0), "no such place"),
        (lambda: Point(lat=float("nan"), lon=0), "no such place"),
        (lambda: who("a", capacity=-1), "capacity is -1"),
        (lambda: who("a", load=10**9), "load is"),
        (lambda: measure("m", load=0), "load is 0"),
        (lambda: measure("m", distances_m={"a": -1}), "a distance is between"),
        (lambda: measure("m", lock=Lock.FROZEN), "nobody has it"),
        (lambda: problem([who("a"), who("a")], []), "professional twice: a"),
        (lambda: problem([], [measure("m"), measure("m")]), "measure twice: m"),
        (lambda: problem([who("a")], [measure("m", held_by="b")]), "unknown professional b"),
    ],
)
def test_what_is_absurd_is_refused_and_says_what(absurd: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        absurd()


def test_a_relative_load_is_in_thousandths_of_the_capacity_and_an_absolute_one_as_it_is() -> None:
    half_time = who("a", capacity=3)
    relative, absolute = (problem([half_time], [], balance=one) for one in Balance)

    assert [relative.level(half_time, load) for load in (0, 1, 2, 3)] == [0, 334, 667, 1000]
    assert [relative.most_load(half_time, level) for level in (333, 334, 1000, 2000)] == [0, 1, 3, 3]
    assert absolute.level(half_time, 2) == 2
    assert absolute.most_load(half_time, 9) == 3


def test_those_who_share_no_measure_are_of_two_groups_and_what_suits_nobody_is_of_none() -> None:
    people = [who("a"), who("b", kinds=frozenset({"inquiry"})), who("c", kinds=frozenset({"inquiry"}))]
    asked = problem(people, [measure("m"), measure("i", kind="inquiry"), measure("x", kind="expert"), measure("n", 1)])

    assert [[[one.id for one in part] for part in group] for group in asked.groups] == [
        [["m", "n"], ["a"]],
        [["i"], ["b", "c"]],
    ]


def test_the_farthest_address_counts_and_a_distance_by_road_is_believed() -> None:
    at_the_door = measure("m", points=(north(0), north(30)))
    by_road = measure("m", points=(north(0),), distances_m={"a": 42_000})
    asked = problem([who("a")], [])

    from optimizer.shares.fit import cost_m, distance_m

    assert distance_m(at_the_door, who("a")) == pytest.approx(30_000, abs=10)
    assert distance_m(by_road, who("a")) == 42_000
    assert distance_m(measure("m", points=()), who("a")) is None
    assert cost_m(asked, measure("m", points=()), who("a")) == asked.weights.unknown_m
