"""The judge of plans knows each rule on both sides of its boundary, without the solver."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from availability.periods import Period
from optimizer.hearings.check import check, score
from optimizer.hearings.explain import explain
from optimizer.hearings.plan import Plan, Reason
from optimizer.hearings.problem import Bench, Load, Room, Sitting
from tests.optimizer.hearings.court import ANNA, BRUNO, ROOM_A, ROOM_B, at, case, hearing, on, problem

ANNA_IN_A = Sitting(judge_id=1, clerk_id=11, room_id=21)
ANNA_IN_B = Sitting(judge_id=1, clerk_id=11, room_id=22)
BRUNO_IN_A = Sitting(judge_id=2, clerk_id=12, room_id=21)
BRUNO_IN_B = Sitting(judge_id=2, clerk_id=12, room_id=22)


def rules(*violations: object) -> list[str]:
    """Return the rules that are broken."""
    return [violation.rule for violation in violations]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("second", "broken"),
    [
        (ANNA_IN_B, ["judge-twice", "clerk-twice"]),
        (BRUNO_IN_A, ["room-twice"]),
        (ANNA_IN_A, ["judge-twice", "clerk-twice", "room-twice"]),
        (BRUNO_IN_B, []),
    ],
)
def test_nobody_and_no_room_is_in_two_hearings_at_the_same_time(second: Sitting, broken: list[str]) -> None:
    one, other = hearing(0, 9, 3), hearing(0, 11.5, 3)
    plan = Plan(sittings={one.id: ANNA_IN_A, other.id: second})

    assert rules(*check(problem([one, other], []), plan)) == broken


def test_back_to_back_hearings_have_the_same_judge_and_room() -> None:
    one, other = hearing(0, 9, 3), hearing(0, 12, 3)

    assert check(problem([one, other], []), Plan(sittings={one.id: ANNA_IN_A, other.id: ANNA_IN_A})) == []


@pytest.mark.parametrize(("until", "broken"), [(9, []), (9.5, ["bench-away", "room-away"])])
def test_an_absence_ends_before_the_hearing_or_forbids_it(until: float, broken: list[str]) -> None:
    away = (Period(at(0, 6), at(0, until)),)
    listed = hearing(0, 9)
    court = problem([listed], [], benches=(Bench(judge_id=1, clerk_id=11, away=away),), rooms=(Room(id=21, away=away),))

    assert rules(*check(court, Plan(sittings={listed.id: ANNA_IN_A}))) == broken


def test_a_judge_sits_with_their_own_clerk_and_in_a_room_of_the_court() -> None:
    listed = hearing()
    stranger = Sitting(judge_id=1, clerk_id=12, room_id=99)

    assert rules(*check(problem([listed], []), Plan(sittings={listed.id: stranger}))) == [
        "unknown-bench",
        "unknown-room",
    ]


def test_what_was_decided_stays() -> None:
    listed = hearing(sitting=ANNA_IN_A)
    court = problem([listed], [])

    assert rules(*check(court, Plan())) == ["decided"]
    assert rules(*check(court, Plan(sittings={listed.id: BRUNO_IN_B}))) == ["decided"]
    assert check(court, Plan(sittings={listed.id: ANNA_IN_A})) == []


@pytest.mark.parametrize(
    ("columns", "broken"),
    [
        ({}, []),
        ({"deadline_on": on(7)}, []),
        ({"deadline_on": on(6)}, ["after-deadline"]),
        ({"ready_on": on(7)}, []),
        ({"ready_on": on(8)}, ["before-ready"]),
        ({"refused_judges": frozenset({2})}, []),
        ({"refused_judges": frozenset({1})}, ["refused-judge"]),
        ({"minutes": 180}, []),
        ({"minutes": 181}, ["minutes"]),
    ],
)
def test_a_case_is_heard_in_its_time_by_a_judge_who_may(columns: dict[str, object], broken: list[str]) -> None:
    listed, waiting = hearing(7), case(**columns)
    plan = Plan(sittings={listed.id: ANNA_IN_A}, placed={waiting.id: listed.id})

    assert rules(*check(problem([listed], [waiting]), plan)) == broken


@pytest.mark.parametrize(
    ("columns", "broken"),
    [
        ({"max_cases": 2}, []),
        ({"max_cases": 1}, ["cases"]),
        ({"max_minutes": 40}, []),
        ({"max_minutes": 39}, ["minutes"]),
        ({"quotas": {"51": 2}}, []),
        ({"quotas": {"51": 1}}, ["quota"]),
        ({"quotas": {"53": 0}}, []),
        ({"max_cases": 3, "load": Load(cases=1, minutes=10)}, []),
        ({"max_cases": 3, "load": Load(cases=2, minutes=10)}, ["cases"]),
        ({"quotas": {"51": 3}, "load": Load(cases=2, minutes=10, families={"51": 2})}, ["quota"]),
    ],
)
def test_a_hearing_holds_cases_minutes_and_quotas_with_what_is_there(
    columns: dict[str, object], broken: list[str]
) -> None:
    listed, waiting = hearing(**columns), [case(), case()]
    plan = Plan(sittings={listed.id: ANNA_IN_A}, placed={one.id: listed.id for one in waiting})

    assert rules(*check(problem([listed], waiting), plan)) == broken


def test_a_case_is_not_heard_where_nobody_sits() -> None:
    listed, waiting = hearing(), case()

    assert rules(*check(problem([listed], [waiting]), Plan(placed={waiting.id: listed.id}))) == ["unstaffed"]


def test_what_the_problem_does_not_know_is_said() -> None:
    gone, listed, waiting = hearing(), hearing(), case()
    plan = Plan(sittings={gone.id: ANNA_IN_A}, placed={waiting.id: gone.id, case().id: listed.id})

    assert rules(*check(problem([listed], [waiting]), plan)) == ["unknown-hearing", "unknown-hearing", "unknown-case"]


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (lambda: (hearing(5), case(deadline_on=on(4)), ANNA_IN_A), ["after-deadline"]),
        (lambda: (hearing(5), case(ready_on=on(6)), ANNA_IN_A), ["before-ready"]),
        (lambda: (hearing(5), case(), None), ["unstaffed"]),
        (lambda: (hearing(5), case(refused_judges=frozenset({1})), ANNA_IN_A), ["refused-judge"]),
        (lambda: (hearing(5, quotas={"51": 0}), case(), ANNA_IN_A), ["quota"]),
        (lambda: (hearing(5, max_cases=0), case(), ANNA_IN_A), ["cases"]),
        (lambda: (hearing(5, max_minutes=19), case(), ANNA_IN_A), ["minutes"]),
        (lambda: (hearing(5), case(), ANNA_IN_A), ["free"]),
    ],
)
def test_each_hearing_says_why_it_does_not_take_a_case(make: Callable[..., tuple], reasons: list[str]) -> None:
    listed, waiting, sitting = make()
    plan = Plan(sittings={listed.id: sitting} if sitting else {})

    (told,) = explain(problem([listed], [waiting]), plan)

    assert [reason.code for reason in told.reasons] == reasons


def test_the_most_frequent_answer_comes_first_with_its_count() -> None:
    hearings = [hearing(1), hearing(10), hearing(11, max_minutes=10)]
    waiting = case(ready_on=on(9), deadline_on=on(20), refused_judges=frozenset({2}))
    plan = Plan(sittings={hearings[1].id: BRUNO_IN_A, hearings[2].id: BRUNO_IN_B})

    (told,) = explain(problem(hearings, [waiting]), plan)

    assert told.reasons == (Reason(code="refused-judge", hearings=2), Reason(code="before-ready", hearings=1))


def test_the_score_counts_each_rule() -> None:
    hearings = [hearing(1), hearing(2), hearing(3)]
    early, urgent, later = case(ready_on=on(0)), case(deadline_on=on(3)), case(deadline_on=on(4))
    plan = Plan(sittings={hearings[0].id: ANNA_IN_A, hearings[1].id: ANNA_IN_B}, placed={early.id: hearings[1].id})

    found = score(problem(hearings, [early, urgent, later], benches=(ANNA, BRUNO), rooms=(ROOM_A, ROOM_B)), plan)

    assert {line.rule: line.count for line in found.lines} == {
        "unplaced": 2,
        "late": 1,  # the other one may still be heard after the last of these hearings
        "unstaffed": 1,
        "spread": 2,
        "days": 2,
    }
    assert found.total == 2 * 100_000 + 100_000 + 20_000 + 2 * 200 + 2
