"""Somebody is ill: what must change changes and nothing else; better plans are proposed with what they move."""

from __future__ import annotations

from dataclasses import replace

from availability.periods import Period
from optimizer.hearings.check import check, score
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Bench, Person, Problem, Role, Room, Sitting
from optimizer.hearings.repair import better, repair
from optimizer.hearings.solve import solve
from tests.optimizer.hearings.court import ANNA, BRUNO, at, case, hearing, month, on, problem

AWAY = (Period(at(0, 0), at(5, 0)),)


def without(court: Problem, judge_id: int, *away: Period) -> Problem:
    """Return the court while a judge is away."""
    benches = tuple(replace(one, away=away) if one.judge_id == judge_id else one for one in court.benches)
    return replace(court, benches=benches)


def test_a_colleague_stands_in_and_no_case_moves() -> None:
    listed, cases = hearing(1), [case(), case()]
    in_force = Plan(
        sittings={listed.id: Sitting(judge_id=1, clerk_id=11, room_id=22)}, placed={one.id: listed.id for one in cases}
    )

    found = repair(without(problem([listed], cases), 1, *AWAY), in_force)

    assert found.plan.sittings == {listed.id: Sitting(judge_id=2, clerk_id=12, room_id=22)}
    assert (found.moved, found.restaffed, found.lost) == ((), (listed.id,), ())


def test_of_a_panel_only_who_is_away_is_replaced() -> None:
    listed = hearing(1, judges=2)
    benches = tuple(Bench(judge_id=number, clerk_id=None) for number in (1, 2, 3))
    clerks = tuple(Person(id=number, role=Role.CLERK) for number in (11, 12))
    court = Problem(hearings=(listed,), benches=benches, rooms=(Room(id=21), Room(id=22)), cases=(), people=clerks)
    in_force = Plan(sittings={listed.id: Sitting(judge_id=3, clerk_id=12, room_id=22, panel=(1,))})

    found = repair(without(court, 1, *AWAY), in_force)

    assert found.plan.sittings == {listed.id: Sitting(judge_id=3, clerk_id=12, room_id=22, panel=(2,))}


def test_the_cases_of_a_hearing_that_nobody_can_hold_move_and_no_other() -> None:
    lost, free, full = hearing(1), hearing(6), hearing(2, max_cases=1)
    hit, other = case(), case()
    court = problem([lost, free, full], [hit, other], benches=(ANNA, BRUNO))
    sits = {one.id: Sitting(judge_id=1, clerk_id=11, room_id=21) for one in (lost, free)}
    in_force = Plan(
        sittings={**sits, full.id: Sitting(judge_id=2, clerk_id=12, room_id=22)},
        placed={hit.id: lost.id, other.id: full.id},
    )
    ill = without(without(court, 1, *AWAY), 2, lost.period)

    found = repair(ill, in_force)

    assert check(ill, found.plan) == []
    assert (found.moved, found.lost, found.restaffed) == ((hit.id,), (lost.id,), ())
    assert found.plan.placed == {hit.id: free.id, other.id: full.id}


def test_of_a_month_only_cases_that_were_hit_move_and_compromises_cost_less_and_move_little() -> None:
    court = month(hearings=20, cases=150)
    in_force = solve(court, work_limit=0.4).plan
    ill = court
    for judge_id in (1, 2, 3, 4):
        ill = without(ill, judge_id, court.hearings[4].period)
    repaired = repair(ill, in_force)
    needless = [one for one in repaired.moved if in_force.placed[one] in repaired.plan.sittings]

    menu = better(ill, in_force, work_limit=0.6, most_moved=0.2)

    assert needless == []
    assert menu[0].score == repaired.score
    assert len(menu) > 1
    costs, moves = [one.score.total for one in menu], [len(one.moved) for one in menu]
    assert costs == sorted(costs, reverse=True)
    assert moves == sorted(moves)
    assert moves[-1] <= max(0.2 * len(in_force.placed), moves[0])
    assert all(check(ill, one.plan) == [] and one.score == score(ill, one.plan) for one in menu)
    assert menu == better(ill, in_force, work_limit=0.6, most_moved=0.2)


def test_those_told_move_last() -> None:
    early, late = hearing(1), hearing(11)
    told, silent = case(is_told=True, ready_on=on(0)), case(ready_on=on(0))
    sits = {one.id: Sitting(judge_id=1, clerk_id=11, room_id=21) for one in (early, late)}
    in_force = Plan(sittings=sits, placed={told.id: late.id, silent.id: late.id})

    menu = better(problem([early, late], [told, silent]), in_force, work_limit=0.3, most_moved=0.5)

    assert [one.moved for one in menu] == [(), (silent.id,)]
