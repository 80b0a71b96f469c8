"""A conflict is one, and without any of its reasons it is gone; a change that would place somebody does place them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given, settings

from optimizer.beds.changes import Change, Kind, applied, smallest_changes, waived
from optimizer.beds.check import check
from optimizer.beds.explain import broken, why_not, why_there
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Policy, Problem
from optimizer.beds.rules import OF_THE_ROOM, RULES
from optimizer.beds.scene import Scene
from optimizer.beds.solve import greedy
from tests.optimizer.beds.house import at, cost, day, places, problem, room, small_problems, who


def codes(given: Problem, plan: Plan, id: str) -> list[str]:
    return [reason.code for reason in why_not(Scene(given, plan), id)]


def test_the_reason_is_the_regime_when_no_date_and_no_departure_would_help() -> None:
    given = problem(
        [room("r", regimes=frozenset({"open"})), room("s", policy=Policy.WOMEN)],
        [who("a", regime="strict"), who("b", regime="open")],
    )
    plan = Plan(placed={"b": at("r")})
    reasons = why_not(Scene(given, plan), "a")

    assert [(reason.code, reason.rooms) for reason in reasons] == [("sex", 1), ("regime", 1)]


def test_where_there_is_no_room_at_all_that_is_the_reason_and_nothing_helps() -> None:
    given = problem([], [who("a")])

    assert codes(given, Plan(), "a") == ["no-room"]
    assert smallest_changes(Scene(given, Plan()), "a") == ()


def test_who_could_have_a_place_is_told_that_nothing_stands_in_the_way() -> None:
    given = problem([room("r")], [who("a")])
    first, *_ = smallest_changes(Scene(given, Plan()), "a")

    assert codes(given, Plan(), "a") == []
    assert (first.kind, first.placement) == (Kind.NOTHING, at("r"))


def test_a_full_room_is_a_matter_of_dates_and_one_is_told_what_would_help() -> None:
    given = problem([room("r"), room("s", policy=Policy.WOMEN)], [who("a"), who("b", 0, 5, lock=Lock.FREE)])
    plan = Plan(placed={"b": at("r")})
    changes = {change.kind: change for change in smallest_changes(Scene(given, plan), "a")}

    assert codes(given, plan, "a") == ["sex", "dates", "full"]
    assert changes.keys() == {Kind.LATER, Kind.BED, Kind.WAIVE}
    assert (changes[Kind.LATER].placement, changes[Kind.LATER].days) == (at("r", 5), 5)
    assert changes[Kind.BED].placement == at("r")
    assert (changes[Kind.WAIVE].placement, changes[Kind.WAIVE].rules) == (at("s"), ("sex",))


def test_the_smallest_change_is_that_somebody_else_takes_another_room() -> None:
    rooms = [room("r", is_accessible=True), room("s")]
    given = problem(rooms, [who("a", needs_accessible=True), who("b"), who("c", 0, 9, present=at("r", 4))])
    plan = Plan(placed={"b": at("r"), "c": at("r", 4)})
    first, *_ = smallest_changes(Scene(given, plan), "a")

    assert (first.kind, first.placement, first.moved_id, first.moved_to) == (Kind.MOVE, at("r"), "b", at("s"))


def test_who_is_kept_from_somebody_is_told_from_whom_only_by_their_number() -> None:
    given = problem([room("r", 2)], [who("a", not_in_establishment_with=frozenset("b")), who("b")])
    reasons = why_not(Scene(given, Plan(placed={"b": at("r")})), "a")

    assert [(reason.code, reason.people) for reason in reasons] == [("dates", ()), ("apart-establishment", ("b",))]


def test_a_place_is_told_with_its_price_and_what_keeps_one_from_a_better_one() -> None:
    given = problem(
        [room("r"), room("s", house="B"), room("t", house="B", policy=Policy.WOMEN)],
        [who("a", preferred_establishments=frozenset("B")), who("b")],
    )
    scene = Scene(given, Plan(placed={"a": at("r"), "b": at("s")}))
    lines, better = why_there(scene, "a")

    assert [(line.rule, line.cost) for line in lines] == [("not-preferred", 60)]
    assert [(one.placement, one.saves, one.rules) for one in better] == [
        (at("s"), 60, ("full",)),
        (at("t"), 60, ("sex",)),
    ]


@given(small_problems())
@settings(max_examples=60, deadline=None)
def test_without_any_one_of_its_reasons_a_conflict_is_gone(given: Problem) -> None:
    plan = greedy(given)
    assume(is_sound(given, plan))
    scene = Scene(given, plan)
    for request in given.requests:
        if request.id not in plan.placed:
            reasons = [reason.code for reason in why_not(scene, request.id)]

            assert not has_a_place(only(given, request.id, reasons), plan, request.id)
            for reason in reasons:
                others = [one for one in reasons if one != reason]
                assert has_a_place(only(given, request.id, others), plan, request.id), (request.id, reason)


@given(small_problems())
@settings(max_examples=60, deadline=None)
def test_each_change_places_who_had_no_bed_and_breaks_nothing(given: Problem) -> None:
    plan = greedy(given)
    assume(is_sound(given, plan))
    for request in given.requests:
        if request.id not in plan.placed:
            changes = smallest_changes(Scene(given, plan), request.id)

            assert [change.effort for change in changes] == sorted(change.effort for change in changes)
            for change in changes:
                works(given, plan, change)
            if any(one.beds for one in given.rooms):
                assert changes


@given(small_problems(people=4))
@settings(max_examples=40, deadline=None)
def test_what_a_place_would_break_is_what_the_check_finds(given: Problem) -> None:
    plan = greedy(given)
    for request in given.requests:
        if request.lock is not Lock.FROZEN:
            others = {id: one for id, one in plan.placed.items() if id != request.id}
            scene = Scene(given, Plan(placed=others))
            for placement in places(given, request):
                found = {one.rule for one in check(given, Plan(placed={**others, request.id: placement}))}

                assert found == set(broken(scene, request, placement))


def is_sound(given: Problem, plan: Plan) -> bool:
    """Say whether what is frozen keeps the rules too: otherwise a room may have both sexes to begin with."""
    thawed = tuple(replace(one, lock=Lock.MOVABLE if one.present else one.lock) for one in given.requests)
    return not check(replace(given, requests=thawed), plan)


def works(given: Problem, plan: Plan, change: Change) -> None:
    """See that a change, once made, leaves nothing broken, and moves nobody but those whom it says."""
    then, there = applied(given, plan, change)

    assert check(then, there) == []
    assert there.placed[change.request_id] == change.placement
    moved = {id for id, one in plan.placed.items() if there.placed[id] != one}
    assert moved == ({change.moved_id} if change.moved_id else set())
    if change.kind is Kind.LATER:
        asked = given.request_of[change.request_id]
        assert change.placement.first_on == asked.latest_on + timedelta(days=change.days)
    if change.kind in (Kind.NOTHING, Kind.MOVE):
        assert then == given
        assert cost(then, there) < cost(given, plan)


def only(given: Problem, id: str, rules: Iterable[str]) -> Problem:
    """Return the problem in which one person meets no rule but these. The rules of the others loosen at most."""
    dropped = [rule for rule in RULES if rule not in rules]
    for one in given.rooms:
        for rule in OF_THE_ROOM:
            if rule in dropped:
                given = waived(given, id, rule, one.id)
    request, rooms = given.request_of[id], list(given.rooms)
    if "other-sex" in dropped:
        rooms = [replace(one, policy=Policy.ANY) if one.policy is Policy.ONE_SEX else one for one in rooms]
    if "full" in dropped:
        rooms = [replace(one, beds=one.beds + 9) for one in rooms]
    if "closed" in dropped:
        rooms = [replace(one, closed=()) for one in rooms]
    if "dates" in dropped:
        request = replace(request, latest_on=max(day(40), request.latest_on))
    apart = ("apart-room", "not_in_room_with"), ("apart-establishment", "not_in_establishment_with")
    requests = [request if one.id == id else one for one in given.requests]
    for rule, name in apart:
        if rule in dropped:
            requests = [
                replace(one, **{name: frozenset() if one.id == id else getattr(one, name) - {id}}) for one in requests
            ]
    return replace(given, rooms=tuple(rooms), requests=tuple(requests))


def has_a_place(given: Problem, plan: Plan, id: str) -> bool:
    """Say whether somebody can be put anywhere, the others staying where they are."""
    broken_now = check(given, plan)
    return any(
        check(given, Plan(placed={**plan.placed, id: placement})) == broken_now
        for placement in places(given, given.request_of[id])
    )
