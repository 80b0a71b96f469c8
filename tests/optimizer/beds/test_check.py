"""What a plan breaks and costs, rule by rule, on both sides of each; and problems that contradict themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from optimizer.beds.check import Violation, check, price
from optimizer.beds.plan import Plan, numbered
from optimizer.beds.problem import (
    Ages,
    BadProblemError,
    Establishment,
    Lock,
    Policy,
    Problem,
    Request,
    Room,
    Sex,
    Weights,
    Work,
)
from tests.optimizer.beds.house import DAY, at, day, problem, room, who


def work(minutes: int, *, house: str = "A") -> Work:
    return Work(start_min=8 * 60, end_min=17 * 60, travel_minutes={house: minutes})


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        ("sex", (room("r", policy=Policy.MEN), who("a")), (room("r", policy=Policy.WOMEN), who("a"))),
        ("age", (room("r", ages=Ages(least=30)), who("a")), (room("r", ages=Ages(least=31)), who("a"))),
        ("age", (room("r", ages=Ages(most=30)), who("a")), (room("r", ages=Ages(most=29)), who("a"))),
        (
            "regime",
            (room("r", regimes=frozenset({"open"})), who("a", regime="open")),
            (room("r", regimes=frozenset({"open"})), who("a", regime="strict")),
        ),
        (
            "accessible",
            (room("r", is_accessible=True), who("a", needs_accessible=True)),
            (room("r"), who("a", needs_accessible=True)),
        ),
        (
            "equipment",
            (room("r", equipment=frozenset({"cot"})), who("a", equipment_required=frozenset({"cot"}))),
            (room("r"), who("a", equipment_required=frozenset({"cot"}))),
        ),
        ("reach", (room("r"), who("a", work=work(30))), (room("r"), who("a", work=work(30, house="B")))),
        ("hours", (room("r"), who("a", work=work(120))), (room("r"), who("a", work=work(121)))),
        ("dates", (room("r"), who("a", slack=0)), (room("r"), who("a", 1, slack=3))),
        ("dates", (room("r"), who("a", -2, slack=2)), (room("r"), who("a", -2, slack=1))),
        (
            "closed",
            (room("r", closed=((day(3), day(4)),)), who("a")),
            (room("r", closed=((day(2), day(3)),)), who("a")),
        ),
    ],
)
def test_a_rule_of_the_room_and_its_limit(
    rule: str, allowed: tuple[Room, Request], refused: tuple[Room, Request]
) -> None:
    for (where, request), broken in ((allowed, []), (refused, [Violation(rule=rule, request_id="a", room_id="r")])):
        given = problem([where], [request])

        assert check(given, Plan(placed={"a": at("r")})) == broken


def test_beds_are_counted_each_night_and_back_to_back_is_free() -> None:
    given = problem([room("r")], [who("a", 0, 3), who("b", 3, 2), who("c", 2, 1)])
    both = {"a": at("r", 0), "b": at("r", 3)}

    assert check(given, Plan(placed=both)) == []
    assert check(given, Plan(placed={**both, "c": at("r", 2)})) == [Violation(rule="full", room_id="r", night=day(2))]


def test_two_sexes_share_only_a_room_of_any() -> None:
    people = [who("a"), who("b", 2, sex=Sex.WOMEN)]
    both = Plan(placed={"a": at("r"), "b": at("r", 2)})

    assert check(problem([room("r", 2)], people), both) == [Violation(rule="other-sex", room_id="r", night=day(2))]
    assert check(problem([room("r", 2, policy=Policy.ANY)], people), both) == []


def test_who_is_kept_from_somebody_is_so_on_the_same_nights_only() -> None:
    rooms = [room("r", 2), room("s", 2), room("t", house="B")]
    people = [who("a", not_in_room_with=frozenset("b"), not_in_establishment_with=frozenset("c"), slack=9)]
    given = problem(rooms, [*people, who("b"), who("c")])

    assert {one.rule for one in check(given, Plan(placed={"a": at("r"), "b": at("r")}))} == {"apart-room"}
    assert {one.rule for one in check(given, Plan(placed={"a": at("r"), "c": at("s")}))} == {"apart-establishment"}
    assert check(given, Plan(placed={"a": at("r"), "b": at("s"), "c": at("t")})) == []
    assert check(given, Plan(placed={"a": at("r", 3), "b": at("r"), "c": at("s")})) == []


def test_what_is_frozen_stays_and_is_not_judged() -> None:
    women = room("r", policy=Policy.WOMEN)
    given = problem([women, room("s")], [who(id, present=at("r"), lock=Lock.FROZEN) for id in "ab"])

    assert check(given, Plan(placed={"a": at("r"), "b": at("r")})) == []
    assert check(given, Plan(placed={"a": at("r"), "b": at("s")})) == [Violation(rule="frozen", request_id="b")]
    assert [one.rule for one in check(given, Plan())] == ["frozen", "frozen"]


def test_a_plan_of_another_problem_is_refused() -> None:
    given = problem([room("r")], [who("a")])

    assert check(given, Plan(placed={"a": at("elsewhere")})) == [Violation(rule="unknown", request_id="a")]
    assert check(given, Plan(placed={"z": at("r")})) == [Violation(rule="unknown", request_id="z")]
    at_the_end_of_time = replace(at("r"), first_on=date.max)
    assert check(given, Plan(placed={"a": at_the_end_of_time})) == [Violation(rule="unknown", request_id="a")]


def test_a_price_is_told_rule_by_rule() -> None:
    given = problem(
        [room("r", 2, specialisms={"care": 2})],
        [
            who("a", 0, 4, slack=2, preferred_establishments=frozenset("B"), most_beds=1, specialisms=(("care", 3),)),
            who("b", priority=2, equipment_preferred=frozenset({"cot"}), work=work(15), present=at("r", 1)),
            who("c", priority=3),
        ],
        weights=Weights(refused=500),
    )
    lines = {line.rule: (line.count, line.cost) for line in price(given, Plan(placed={"a": at("r", 2), "b": at("r")}))}

    assert lines == {
        "refused": (1, 1_500),
        "not-preferred": (4, 80),
        "larger-room": (4, 32),
        "department": (3, 30),
        "level": (3, 30),
        "waited": (2, 10),
        "equipment-preferred": (3, 60),
        "travel": (45, 45),
        "moved": (1, 50),
    }


def test_a_refusal_costs_more_than_all_the_rest() -> None:
    given = problem([room("r")], [who("a", 0, 90, most_beds=1), who("b", slack=5)])

    assert given.refusal > (90 + 3) * (20 + 8 + 10 + 20) + 5 * 5 + 50


def test_beds_have_numbers_that_nobody_shares() -> None:
    given = problem([room("r", 2)], [who("a", 0, 3), who("b", 1, 3), who("c", 3, 3)])
    plan = Plan(placed={"a": at("r", 0), "b": at("r", 1), "c": at("r", 3)})

    assert numbered(given, plan) == {"a": 1, "b": 2, "c": 1}


@pytest.mark.parametrize(
    "asked",
    [
        {"nights": 0},
        {"nights": 10_000},
        {"slack": -1},
        {"slack": 4_000},
        {"age": -1},
        {"priority": 0},
        {"most_beds": 0},
        {"specialisms": (("care", 9),)},
        {"not_in_room_with": frozenset("a")},
        {"not_in_room_with": frozenset("z")},
        {"present": at("elsewhere")},
        {"lock": Lock.FROZEN},
        {"work": Work(start_min=600, end_min=600, travel_minutes={})},
        {"work": Work(start_min=500, end_min=600, travel_minutes={"A": -1})},
    ],
)
def test_a_request_that_contradicts_itself_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(BadProblemError):
        problem([room("r")], [who("a", **asked)])


@pytest.mark.parametrize(
    "rooms",
    [
        [room("r"), room("r")],
        [room("r", house="nowhere")],
        [room("r", -1)],
        [room("r", specialisms={"care": 0})],
        [room("r", closed=((DAY, DAY),))],
    ],
)
def test_rooms_that_contradict_themselves_are_refused(rooms: list[Room]) -> None:
    with pytest.raises(BadProblemError):
        problem(rooms, [who("a")])


def test_two_of_one_name_doors_that_never_open_and_negative_weights_are_refused() -> None:
    with pytest.raises(BadProblemError):
        problem([room("r")], [who("a"), who("a")])
    with pytest.raises(BadProblemError):
        problem([room("r")], [who("a")], weights=Weights(travel=-1))
    with pytest.raises(BadProblemError):
        Problem(establishments=(Establishment(id="A", opens_min=9, closes_min=9),), rooms=(), requests=())
