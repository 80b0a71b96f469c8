"""The judge of plans knows each rule on both sides of its boundary, without the solver."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.shares.check import check, price, standing, total
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Balance, Lock, Weights
from tests.optimizer.shares.region import measure, problem, who


@pytest.mark.parametrize(
    ("asks", "has", "rule"),
    [
        ({}, {}, None),
        ({"conflicts": frozenset({"a"})}, {}, "conflict"),
        ({"conflicts": frozenset({"b"})}, {}, None),
        ({"kind": "inquiry"}, {}, "kind"),
        ({"languages": frozenset({"ar", "en"})}, {"languages": frozenset({"ar"})}, "language"),
        ({"languages": frozenset({"ar"})}, {"languages": frozenset({"ar", "en"})}, None),
        ({"attributes": frozenset({"violence"})}, {}, "attribute"),
        ({"departments": frozenset({"69", "38"})}, {"departments": frozenset({"01", "38"})}, None),
        ({"departments": frozenset({"69"})}, {"departments": frozenset({"01"})}, "zone"),
        ({"departments": frozenset({"69"})}, {}, None),
        ({}, {"departments": frozenset({"01"})}, None),
        ({"distances_m": {"a": 20_000}}, {"limit_m": 20_000}, None),
        ({"distances_m": {"a": 20_001}}, {"limit_m": 20_000}, "distance"),
        ({"points": ()}, {"limit_m": 0}, None),
        ({"load": 4}, {"load": 6}, None),
        ({"load": 5}, {"load": 6}, "full"),
    ],
)
def test_each_rule_forbids_what_it_says_and_nothing_more(
    asks: dict[str, Any], has: dict[str, Any], rule: str | None
) -> None:
    asked = problem([who("a", **has)], [measure("m", **asks)])

    assert [one.rule for one in check(asked, Plan(given={"m": "a"}))] == ([rule] if rule else [])
    assert check(asked, Plan()) == []


def test_a_frozen_measure_stays_though_the_rules_forbid_it_and_its_holder_is_full() -> None:
    frozen = measure("m", kind="inquiry", load=20, held_by="a", lock=Lock.FROZEN)
    asked = problem([who("a"), who("b")], [frozen])

    assert check(asked, Plan(given={"m": "a"})) == []
    assert [one.rule for one in check(asked, Plan(given={"m": "b"}))] == ["frozen"]
    assert [one.rule for one in check(asked, Plan())] == ["frozen"]


def test_what_the_problem_does_not_know_is_a_violation() -> None:
    asked = problem([who("a")], [measure("m")])

    assert [one.rule for one in check(asked, Plan(given={"m": "z"}))] == ["unknown-professional"]
    assert [one.rule for one in check(asked, Plan(given={"z": "a"}))] == ["unknown-measure"]


def test_the_price_says_each_rule_once() -> None:
    people = [who("a", load=1, price_euros=30), who("b", 40, delay_days=2)]
    measures = [
        measure("near", preferred=frozenset({"b"}), distances_m={"a": 7_000}),
        measure("moved", points=(), held_by="b", lock=Lock.MOVABLE),
        measure("stays", 0, held_by="b", lock=Lock.MOVABLE),
        measure("waits", priority=3),
    ]
    asked = problem(people, measures, balance=Balance.ABSOLUTE, weights=Weights(moved_m=5_000, euro_m=10, day_m=3_000))
    plan = Plan(given={"near": "a", "moved": "a", "stays": "b"})
    lines = {line.rule: (line.count, pytest.approx(line.cost)) for line in price(asked, plan)}

    assert check(asked, plan) == []
    assert lines == {
        "unplaced": (1, 3e12),
        "largest-load": (3, 3e6),
        "distance-km": (pytest.approx(47, abs=0.01), pytest.approx(47, abs=0.01)),
        "distance-unknown": (1, 100),
        "delay-days": (2, 6),
        "moved": (1, 5),
        "not-preferred": (1, 20),
        "euros": (60, 0.6),
    }
    undone, level, last = standing(asked, plan)
    assert total(price(asked, plan)) == pytest.approx(undone * 1e12 + level * 1e6 + last / 1000)


def test_somebody_overloaded_to_whom_nothing_is_given_does_not_count() -> None:
    asked = problem([who("a", load=12), who("b", load=2)], [measure("m")], balance=Balance.ABSOLUTE)

    assert standing(asked, Plan(given={"m": "b"}))[:2] == (0, 3)
