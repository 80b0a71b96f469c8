"""Why a measure has nobody: each reason is removed in turn, and the change is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.shares.check import check
from optimizer.shares.explain import applied, explain, newcomer, why_there
from optimizer.shares.plan import Plan, Step
from optimizer.shares.problem import Lock, Problem
from optimizer.shares.rank import rank
from optimizer.shares.solve import solve
from tests.optimizer.shares.region import measure, problem, region, who

ALL = frozenset({"mediation", "inquiry", "ar", "en", "pt", "69", "38", "violence"})


def without(asked: Problem, rule: str) -> Problem:
    """Return the problem in which a rule forbids nothing any more."""
    asks: dict[str, dict[str, Any]] = {
        "conflict": {"conflicts": frozenset()},
        "language": {"languages": frozenset()},
        "attribute": {"attributes": frozenset()},
        "zone": {"departments": frozenset()},
    }
    has: dict[str, dict[str, Any]] = {
        "kind": {"kinds": ALL},
        "distance": {"limit_m": None},
        "full": {"capacity": 1_000_000},
    }
    return replace(
        asked,
        measures=tuple(replace(one, **asks.get(rule, {})) for one in asked.measures),
        professionals=tuple(replace(one, **has.get(rule, {})) for one in asked.professionals),
    )


def somebody_can(asked: Problem, plan: Plan, measure_id: str) -> bool:
    return any(not check(asked, Plan(given={**plan.given, measure_id: one.id})) for one in asked.professionals)


def hard(seed: int) -> Problem:
    """Return a region that cannot take everything."""
    asked = region(seed, measures=40, professionals=8, loads=(1, 2, 3))
    small = tuple(replace(one, capacity=one.capacity // 3, load=0) for one in asked.professionals)
    return replace(asked, professionals=small)


@pytest.mark.parametrize("seed", range(6))
def test_the_reasons_leave_nobody_and_with_any_of_them_set_aside_somebody_is_left(seed: int) -> None:
    asked = hard(seed)
    plan = solve(asked, work_limit=0.2).plan
    rules = ("conflict", "kind", "attribute", "language", "zone", "distance", "full")
    waiting = explain(asked, plan)

    assert waiting
    for one in waiting:
        only = asked
        for rule in rules:
            if rule not in one.reasons:
                only = without(only, rule)
        assert not somebody_can(only, plan, one.measure_id)
        for reason in one.reasons:
            assert somebody_can(without(only, reason), plan, one.measure_id)


@pytest.mark.parametrize("seed", range(6))
def test_the_smallest_change_once_applied_gives_the_measure_a_place(seed: int) -> None:
    asked = hard(seed)
    plan = solve(asked, work_limit=0.2).plan

    for one in explain(asked, plan):
        assert one.change is not None
        changed = applied(asked, one.change)
        taker = one.change.professional_id or newcomer(asked.measure_of[one.measure_id]).id
        assert check(changed, Plan(given={**plan.given, one.measure_id: taker})) == []


def test_the_smallest_change_is_the_easiest_of_the_fewest() -> None:
    people = [who("full", load=10), who("one-more", load=9), who("mute", languages=frozenset())]
    asked = problem(people, [measure("m", load=2, languages=frozenset())])
    speaking = problem(
        [replace(one, languages=frozenset({"ar"} if one.id != "mute" else ())) for one in people],
        [measure("m", load=2, languages=frozenset({"ar"}))],
    )
    (found,) = explain(speaking, Plan())

    assert explain(asked, Plan())[0].reasons == ()
    assert found.reasons == ("language", "full")
    assert found.change is not None
    assert (found.change.professional_id, found.change.steps) == ("one-more", (Step(rule="full", by=1),))


def test_when_all_have_a_conflict_of_interest_or_nobody_is_there_somebody_new_is_needed() -> None:
    of_family = measure("m", conflicts=frozenset({"a"}), languages=frozenset({"ar"}), load=3)
    for people in ([who("a", languages=frozenset({"ar"}))], []):
        asked = problem(people, [of_family])
        (found,) = explain(asked, Plan())

        assert found.reasons == (("conflict",) if people else ("new-professional",))
        assert found.change is not None
        assert found.change.professional_id is None
        assert rank(applied(asked, found.change), of_family)[0].is_possible


def test_a_frozen_measure_elsewhere_takes_the_room_and_the_change_says_how_much_is_missing() -> None:
    frozen = measure("f", load=9, held_by="a", lock=Lock.FROZEN)
    found = solve(problem([who("a")], [frozen, measure("m", load=3)]))

    assert found.plan.given == {"f": "a"}
    assert found.unplaced[0].reasons == ("full",)
    assert found.unplaced[0].change is not None
    assert found.unplaced[0].change.steps == (Step(rule="full", by=2),)


def test_who_would_be_better_for_one_measure_alone_comes_before_the_one_who_has_it() -> None:
    asked = problem([who("a"), who("b", 10), who("c", 20)], [measure("m"), measure("n"), measure("o")])
    plan = Plan(given={"m": "c", "n": "a", "o": "a"})

    assert [one.professional_id for one in why_there(asked, plan, asked.measures[0])] == ["b", "c"]
    assert [one.professional_id for one in why_there(asked, plan, asked.measures[1])] == ["b", "a"]
    assert why_there(asked, Plan(given={"m": "a"}), asked.measures[0])[0].professional_id == "a"
