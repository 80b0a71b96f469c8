"""Fair shares: by hand on tiny cases, beside every possibility on small ones, and what must always hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.searching import Ended, Progress
from optimizer.shares.check import check, price, standing, total
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Balance, Lock, Problem, Weights
from optimizer.shares.solve import solve
from tests.optimizer.shares.region import measure, problem, region, who


def best_of_all(asked: Problem) -> tuple[int, int, int]:
    """Return the standing of the best plan, looking at every one."""
    return min(standing(asked, plan) for plan in every_plan(asked))


def every_plan(asked: Problem) -> Iterator[Plan]:
    """Yield the plans that break no rule."""
    ids = [one.id for one in asked.measures]
    choices = [(None, *(one.id for one in asked.professionals))] * len(ids)
    plans = (
        Plan(given={key: who_id for key, who_id in zip(ids, chosen, strict=True) if who_id})
        for chosen in product(*choices)
    )
    yield from (plan for plan in plans if not check(asked, plan))


def test_the_largest_load_comes_before_the_distance() -> None:
    asked = problem([who("near"), who("far", 50)], [measure("m"), measure("n")])

    assert set(solve(asked).plan.given.values()) == {"near", "far"}


def test_a_slack_lets_the_distance_decide() -> None:
    asked = problem([who("near"), who("far", 50)], [measure("m"), measure("n")], slack=100)
    found = solve(asked)

    assert set(found.plan.given.values()) == {"near"}
    assert found.ended is Ended.PROVED


def test_each_group_is_balanced_for_itself() -> None:
    inquiry = frozenset({"inquiry"})
    people = [who("loaded", load=8), who("b", kinds=inquiry), who("c", 50, kinds=inquiry)]
    asked = problem(people, [measure("m"), measure("i", kind="inquiry"), measure("j", kind="inquiry")])

    assert sorted(solve(asked).plan.given.values()) == ["b", "c", "loaded"]


def test_what_one_must_have_does_not_load_the_others_when_loads_are_to_be_even() -> None:
    people = [who("speaks", load=8, languages=frozenset({"ar"})), who("near"), who("far", 30), who("farther", 60)]
    measures = [measure("spoken", languages=frozenset({"ar"})), *(measure(name) for name in "mnopqr")]
    asked = problem(people, measures)
    loads = {is_even: solve(replace(asked, is_even=is_even)) for is_even in (False, True)}

    assert loads[False].plan.loads(asked) == {"speaks": 9, "near": 6, "far": 0, "farther": 0}
    assert loads[True].plan.loads(asked) == {"speaks": 9, "near": 2, "far": 2, "farther": 2}
    assert loads[True].ended is Ended.PROVED
    slack = solve(replace(asked, is_even=True, slack=100)).plan.loads(asked)
    assert slack == {"speaks": 9, "near": 3, "far": 3, "farther": 0}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 3))
def test_even_loads_leave_no_more_undone_and_no_larger_load(seed: int, measures: int, professionals: int) -> None:
    asked = region(seed, measures=measures, professionals=professionals, loads=(1, 2), is_even=True)
    found = solve(asked, work_limit=5)

    assert check(asked, found.plan) == []
    assert standing(asked, found.plan)[:2] == best_of_all(asked)[:2]


def test_relative_loads_spare_who_works_half_time_and_absolute_ones_do_not() -> None:
    people = [who("half", capacity=4), who("whole", 50, capacity=8)]
    measures = [measure(name) for name in "mnopqr"]
    shares = {
        balance: solve(problem(people, measures, balance=balance)).plan.loads(problem(people, measures))
        for balance in Balance
    }

    assert shares[Balance.RELATIVE] == {"half": 2, "whole": 4}
    assert shares[Balance.ABSOLUTE] == {"half": 3, "whole": 3}


def test_a_movable_measure_moves_only_when_it_gains_more_than_it_costs() -> None:
    people = [who("a"), who("b", 50)]
    near_b = measure("m", 50, held_by="a", lock=Lock.MOVABLE)
    balanced = [near_b, measure("n", held_by="b", lock=Lock.MOVABLE)]

    moved = solve(problem(people, balanced)).plan.given
    stayed = solve(problem(people, [replace(one, points=()) for one in balanced])).plan.given

    assert moved == {"m": "a", "n": "b"}  # two moves of fifty kilometres, for as many spared: not worth more
    assert stayed == {"m": "a", "n": "b"}
    assert solve(problem(people, [replace(one, lock=Lock.FREE) for one in balanced])).plan.given == {"m": "b", "n": "a"}


def test_wishes_count_and_a_conflict_of_interest_forbids() -> None:
    people = [who("near"), who("wished", 15)]
    wish = measure("m", preferred=frozenset({"wished"}))

    assert solve(problem(people, [wish])).plan.given == {"m": "wished"}
    assert solve(problem(people, [replace(wish, conflicts=frozenset({"wished"}))])).plan.given == {"m": "near"}


def test_when_not_all_can_be_taken_priorities_decide() -> None:
    asked = problem([who("a", capacity=2)], [measure("m"), measure("urgent", priority=3), measure("n", priority=2)])
    found = solve(asked)

    assert set(found.plan.given) == {"urgent", "n"}
    assert [one.measure_id for one in found.unplaced] == ["m"]
    assert found.ended is Ended.PROVED


@pytest.mark.parametrize(
    "asked",
    [
        problem([], []),
        problem([], [measure("m")]),
        problem([who("a")], []),
        problem([who("a", capacity=0)], [measure("m")]),
        problem([who("a")], [measure("m", held_by="a", lock=Lock.FROZEN)]),
        problem([who("a", load=99)], [measure("m", load=50, held_by="a", lock=Lock.FROZEN), measure("n")]),
    ],
)
def test_what_leaves_nothing_to_decide_is_answered_exactly_and_at_once(asked: Problem) -> None:
    found = solve(asked, work_limit=0)

    assert found.ended is Ended.PROVED
    assert found.plan.given == {one.id: "a" for one in asked.measures if one.is_frozen}
    assert check(asked, found.plan) == []
    assert found.bound == total(found.price)


def test_absurdly_large_figures_are_still_solved_exactly() -> None:
    heavy = Weights(moved_m=20_040_000, not_preferred_m=20_040_000, euro_m=1_000, unknown_m=20_040_000, day_m=400_000)
    people = [who(name, capacity=1_000_000, price_euros=100_000) for name in "abc"]
    measures = [
        measure(f"m{number}", load=load, priority=1_000, preferred=frozenset("z"), held_by="a", lock=Lock.MOVABLE)
        for number, load in enumerate((500_000, 499_999, 1_000_000, 1, 999_999))
    ]
    asked = problem(people, measures, weights=heavy)
    found = solve(asked, work_limit=5)

    assert check(asked, found.plan) == []
    assert found.unplaced == ()
    assert found.ended is Ended.PROVED


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(Balance),
    st.sampled_from([(1,), (2, 3, 5)]),
)
def test_small_problems_are_solved_as_well_as_looking_at_every_plan(
    seed: int, measures: int, professionals: int, balance: Balance, loads: tuple[int, ...]
) -> None:
    asked = region(seed, measures=measures, professionals=professionals, loads=loads, balance=balance)
    found = solve(asked, seed=seed, work_limit=20)

    assert check(asked, found.plan) == []
    assert standing(asked, found.plan) == best_of_all(asked)
    assert found.price == price(asked, found.plan)
    assert found.bound is not None
    assert found.bound <= total(found.price) + 1e-3
    assert (found.ended is Ended.PROVED) == (found.bound > total(found.price) - 1e-3)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(Balance), st.sampled_from([(1,), (4, 6, 9)]))
def test_any_start_is_never_made_worse_and_every_plan_passes_the_check(
    seed: int, balance: Balance, loads: tuple[int, ...]
) -> None:
    asked = region(seed, measures=30, professionals=6, loads=loads, balance=balance)
    start = solve(asked, seed=seed, work_limit=0).plan
    again = solve(asked, seed=seed, work_limit=0.3, start=Plan(given={**start.given, "gone": "p0", "m0": "gone"}))

    assert check(asked, start) == check(asked, again.plan) == []
    without_first = Plan(given={key: value for key, value in start.given.items() if key != "m0"})
    assert standing(asked, again.plan) <= standing(asked, without_first)
    assert total(again.price) >= (again.bound or 0) - 1e-3


@pytest.mark.parametrize("loads", [(1,), (3, 5, 8)])
def test_the_same_seed_and_the_same_work_give_the_same_plan(loads: tuple[int, ...]) -> None:
    asked = region(1, measures=60, professionals=8, loads=loads)
    one, other = (solve(asked, seed=4, work_limit=0.5) for _ in range(2))

    assert one.plan == other.plan


def test_a_hard_group_leaves_the_next_one_its_part_of_the_work() -> None:
    hard = region(1, measures=40, professionals=6, loads=(4, 6, 9))
    others = [who("x", kinds=frozenset({"expert"})), who("y", 30, kinds=frozenset({"expert"}))]
    reports = [measure(f"e{number}", number, kind="expert", load=2 + number % 2) for number in range(8)]
    asked = problem([*hard.professionals, *others], [*hard.measures, *reports])
    found = solve(asked, work_limit=0.5)
    alone = solve(problem(others, reports), work_limit=5)

    assert {key: value for key, value in found.plan.given.items() if key.startswith("e")} == alone.plan.given
    assert alone.ended is Ended.PROVED


def test_three_hundred_measures_are_proved_for_twenty_five_professionals() -> None:
    found = solve(region(1, measures=300, professionals=25), work_limit=5)

    assert found.ended is Ended.PROVED
    assert total(found.price) == pytest.approx(found.bound or 0)


def test_the_search_is_told_of_and_stops_when_it_is_asked_to() -> None:
    asked = region(2, measures=60, professionals=6, loads=(4, 6, 9))
    told: list[Progress] = []

    def stop(progress: Progress) -> bool:
        told.append(progress)
        return True

    found = solve(asked, on_progress=stop)

    assert found.ended in (Ended.STOPPED, Ended.PROVED)
    assert len(told) <= 3
    assert check(asked, found.plan) == []
