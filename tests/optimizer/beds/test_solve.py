"""Every plan is checked, priced again by hand, and as good as can be when the problem is small."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings

from optimizer.beds.check import check, price
from optimizer.beds.plan import Outcome, Plan, numbered
from optimizer.beds.problem import Lock, Policy, Problem, Sex
from optimizer.beds.solve import greedy, solve
from optimizer.searching import Ended, Progress
from tests.optimizer.beds.house import at, best_by_hand, cost, problem, room, small_problems, who


def crowded(people: int = 90, rooms: int = 12, nights: int = 20) -> Problem:
    """Return more people than beds, of both sexes, with dates that may shift."""
    random = Random(7)  # noqa: S311
    return problem(
        [room(f"r{number}", 1 + number % 4, "AB"[number % 2]) for number in range(rooms)],
        [
            who(
                f"p{number}",
                random.randrange(nights),
                random.randint(2, 9),
                slack=random.randrange(4),
                sex=random.choice(list(Sex)),
                priority=random.choice([1, 1, 3]),
                most_beds=random.choice([None, 1, 2]),
                preferred_establishments=frozenset(random.choice(["A", "B", ""])),
                not_in_room_with=frozenset({f"p{number - 1}"} if number % 9 == 8 else ()),
            )
            for number in range(people)
        ],
    )


def test_the_more_urgent_has_the_only_bed() -> None:
    found = solve(problem([room("r")], [who("a"), who("b", priority=2)]))

    assert found.plan.placed == {"b": at("r")}
    assert found.unplaced == ("a",)
    assert found.ended is Ended.PROVED


def test_a_stay_begins_later_when_that_gives_both_a_bed() -> None:
    found = solve(problem([room("r")], [who("a", 0, 3), who("b", 1, 3, slack=2)]))

    assert found.plan.placed == {"a": at("r", 0), "b": at("r", 3)}
    assert {line.rule: line.cost for line in found.price} == {"refused": 0, "waited": 2 * 5}


def test_men_and_women_share_a_room_of_any_sex_only() -> None:
    people = [who("a"), who("b", sex=Sex.WOMEN)]

    assert len(solve(problem([room("r", 2)], people)).unplaced) == 1
    assert len(solve(problem([room("r", 2, policy=Policy.ANY)], people)).unplaced) == 0
    assert solve(problem([room("r", 2, policy=Policy.WOMEN)], people)).unplaced == ("a",)


def test_who_is_there_moves_only_for_somebody_who_would_have_no_bed() -> None:
    rooms = [room("r"), room("s", equipment=frozenset({"cot"}))]
    there = who("a", present=at("s"), lock=Lock.MOVABLE)
    needing = who("b", equipment_required=frozenset({"cot"}))

    assert solve(problem(rooms, [there, who("b")])).plan.placed == {"a": at("s"), "b": at("r")}
    assert solve(problem(rooms, [there, needing])).plan.placed == {"a": at("r"), "b": at("s")}
    assert solve(problem(rooms, [replace(there, lock=Lock.FROZEN), needing])).unplaced == ("b",)


@given(small_problems())
@settings(max_examples=40, deadline=None)
def test_every_plan_is_possible_and_its_price_is_that_of_a_recount(given: Problem) -> None:
    found = solve(given, work_limit=0.05)

    assert check(given, found.plan) == []
    assert found.price == price(given, found.plan)
    assert found.cost == recounted(given, found.plan)
    assert found.bound is not None
    assert found.bound <= found.cost
    assert set(found.unplaced) == {request.id for request in given.requests} - found.plan.placed.keys()
    assert all(bed <= given.room_of[found.plan.placed[id].room_id].beds for id, bed in beds_of_the_free(given, found))


@given(small_problems(people=3, slack=1))
@settings(max_examples=40, deadline=None)
def test_nothing_found_by_hand_is_better(given: Problem) -> None:
    found = solve(given)

    assert found.ended is Ended.PROVED
    assert found.cost == found.bound == best_by_hand(given)


def test_the_same_seed_and_work_give_the_same_plan_and_more_work_no_worse() -> None:
    given = crowded()
    first, again = (solve(given, seed=3, work_limit=0.2) for _ in range(2))
    further = solve(given, seed=4, work_limit=0.1, start=first.plan)

    assert first.plan == again.plan
    assert check(given, first.plan) == check(given, further.plan) == []
    assert further.cost <= first.cost < cost(given, greedy(given))


def test_what_is_still_possible_of_a_start_is_kept() -> None:
    given = problem([room("r"), room("s")], [who("a"), who("b"), who("c", 5)])
    start = Plan(placed={"a": at("s"), "b": at("s"), "c": at("elsewhere"), "gone": at("r")})
    found = solve(given, start=start)

    assert found.plan.placed["a"] == at("s")
    assert found.unplaced == ()


def test_the_search_tells_its_first_plan_and_stops_when_asked() -> None:
    told: list[Progress] = []

    def stop(progress: Progress) -> bool:
        told.append(progress)
        return True

    given = crowded()
    found = solve(given, on_progress=stop)

    assert len(told) == 1
    assert found.ended is Ended.STOPPED
    assert found.cost == told[0].cost == cost(given, greedy(given))
    assert check(given, found.plan) == []


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (problem([], []), 0),
        (problem([room("r")], []), 0),
        (problem([], [who("a")]), 1),
        (problem([room("r", 0)], [who("a")]), 1),
        (problem([room("r")], [who("a", needs_accessible=True)]), 1),
        (problem([room("r")], [who("a", present=at("r"), lock=Lock.FROZEN)]), 0),
        (problem([room("r")], [who(id, present=at("r"), lock=Lock.FROZEN) for id in "ab"]), 0),
        (problem([room("r")], [who("a", present=at("r"), lock=Lock.FROZEN), who("b")]), 1),
    ],
)
def test_empty_impossible_and_frozen_problems_are_answered_at_once(given: Problem, refused: int) -> None:
    found = solve(given)

    assert found.ended is Ended.PROVED
    assert len(found.unplaced) == refused
    assert check(given, found.plan) == []


def recounted(given: Problem, plan: Plan) -> float:
    """Return the cost of a plan, counted another way than the product does: night by night."""
    total, weights = 0, given.weights
    for request in given.requests:
        placement = plan.placed.get(request.id)
        if placement is None:
            total += request.priority * given.refusal
            continue
        where = given.room_of[placement.room_id]
        house = given.establishment_of[where.establishment_id]
        needs = [name for name, nights in request.specialisms for _ in range(nights)]
        for night in range(request.nights):
            total += request.work.travel_minutes.get(house.id, 0) if request.work else 0
            total += 20 * bool(request.preferred_establishments and house.id not in request.preferred_establishments)
            total += 8 * bool(request.most_beds and where.beds > request.most_beds)
            total += 20 * len(request.equipment_preferred - request.equipment_required - where.equipment)
            if night < len(needs):
                total += 10 * (needs[night] not in house.specialisms)
                level = where.specialisms.get(needs[night])
                total += 20 if level is None else 10 * (level - 1)
        total += 5 * max((placement.first_on - request.earliest_on).days, 0)
        if request.present and placement != request.present:
            total += weights.moved if request.lock is Lock.FREE else weights.moved_told
    return total


def beds_of_the_free(given: Problem, found: Outcome) -> list[tuple[str, int]]:
    """Return the beds of the rooms where nobody is frozen: these may have more people than beds."""
    frozen = {one.present.room_id for one in given.requests if one.present and one.lock is Lock.FROZEN}
    beds = numbered(given, found.plan)
    taken = Counter(
        (found.plan.placed[id].room_id, bed, found.plan.placed[id].first_on + timedelta(days=night))
        for id, bed in beds.items()
        for night in range(given.request_of[id].nights)
    )
    assert set(taken.values()) <= {1}
    return [(id, bed) for id, bed in beds.items() if found.plan.placed[id].room_id not in frozen]
