"""Public instances of vehicle routing go through the model of rounds, and are judged from their file alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.route_instances import FAMILIES, as_text, made
from benchmarks.routes import Customer, Instance, as_problem, as_routes, judged, ours, read
from optimizer.rounds.check import check, price
from optimizer.rounds.solve import solve

THREE = Instance(
    "THREE",
    2,
    10,
    (
        Customer(0, 0, 0, 0, 100, 0),
        Customer(1, 1, 4, 0, 90, 10),
        Customer(2, 2, 4, 30, 40, 10),
        Customer(0, 7, 5, 0, 45, 10),
    ),
)


def test_a_leg_is_truncated_to_a_tenth() -> None:
    assert THREE.tenths.tolist() == [[0, 14, 28, 70], [14, 0, 14, 60], [28, 14, 0, 53], [70, 60, 53, 0]]


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "THREE.txt"
    path.write_text(as_text(THREE))

    assert read(path) == THREE


def test_the_plan_of_an_instance_is_its_shortest_routes() -> None:
    found = solve(as_problem(THREE), work_limit=0.05)
    result = judged(THREE, as_routes(found.plan), 0.0)

    assert (result.vehicles, result.tenths, result.wrong) == (2, 70 + 53 + 28 + 14 + 14, "")
    assert {one.rule: one.count for one in found.price}["metres"] == result.tenths


@pytest.mark.parametrize(
    ("routes", "wrong"),
    [
        ([[1, 2], [3]], ""),
        ([[1, 2]], "not each customer once"),
        ([[1, 2], [3], [1]], "not each customer once"),
        ([[1], [2], [3]], "too many vehicles"),
        ([[1, 2, 3]], "too full"),
        ([[2, 3], [1]], "late at 3"),
    ],
)
def test_routes_are_judged_by_the_file(routes: list[list[int]], wrong: str) -> None:
    assert judged(replace(THREE, capacity=10), routes, 0.0).wrong.startswith(wrong)
    assert bool(judged(THREE, routes, 0.0).wrong) == bool(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_made_instance_can_be_served_and_is_the_same_each_time(family: str) -> None:
    instance = made(family, 40, 1)
    problem = as_problem(instance)
    found = solve(problem, work_limit=0.0)

    assert made(family, 40, 1) == instance
    assert judged(instance, as_routes(found.plan), 0.0).wrong == ""
    assert check(problem, found.plan) == []
    assert price(problem, found.plan) == found.price


def test_a_line_says_name_vehicles_distance_seconds_and_verdict() -> None:
    line = ours(THREE, 0.1, 0).line()

    assert line.split()[:4] == ["THREE", "2", "vehicles", "17.9"]
    assert line.endswith("valid")
