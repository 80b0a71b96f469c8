"""A conflict is gone when any of its reasons is; the smallest changes place the case once they are made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings

from availability.periods import Period
from optimizer.hearings.admissible import Barred
from optimizer.hearings.changes import changes
from optimizer.hearings.changing import Kind, applied
from optimizer.hearings.check import check
from optimizer.hearings.explain import Explainer, conflict
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import (
    VIDEO,
    Case,
    FarEnd,
    Hearing,
    Load,
    Lock,
    Person,
    Problem,
    Role,
    Room,
    Sitting,
)
from optimizer.hearings.rules import Bar
from optimizer.hearings.solve import solve
from tests.optimizer.hearings.court import ANNA, BRUNO, at, case, hearing, on, problem
from tests.optimizer.hearings.test_rules import courts

ALL_DAY = (Period(at(0, 0), at(1, 0)),)
ANNA_SITS = Sitting(judge_id=1, clerk_id=11, room_id=21)
FILMED, PLAIN = Room(id=23, equipment=(VIDEO,)), Room(id=21)


def lifted(court: Problem, plan: Plan, waiting: Case, bar: Bar) -> tuple[Problem, Plan]:
    """Return the court and the plan without one rule, for one case."""
    free = {
        "frozen": {"lock": Lock.FREE},
        "formation": {"formation": None},
        "after-deadline": {"deadline_on": None},
        "before-ready": {"ready_on": on(-99)},
        "no-interpreter": {"language": None},
        "no-video": {"video_to": None},
        "refused-judge": {"refused_judges": waiting.refused_judges - {bar.subject_id}},
        "lawyer-away": {"people": waiting.people - {bar.subject_id}},
        "party-away": {"people": waiting.people - {bar.subject_id}},
    }
    if bar.code in free:
        other = replace(waiting, **free[bar.code])
        court = replace(court, cases=tuple(other if one.id == waiting.id else one for one in court.cases))
    wide: dict[str, dict[str, Any]] = {
        "cases": {"max_cases": 99},
        "minutes": {"max_minutes": 999},
        "quota": {"quotas": {}},
        "video-slots": {"video_slots": None},
    }
    if bar.code in wide:
        court = replace(court, hearings=tuple(replace(one, **wide[bar.code]) for one in court.hearings))
    if bar.code.startswith("far-end"):
        court = replace(court, far_ends=tuple(replace(one, away=(), day_slots=None) for one in court.far_ends))
    sittings = dict(plan.sittings)
    if bar.code == "unstaffed":
        sittings = {
            one.id: sittings.get(one.id, Sitting(judge_id=98, clerk_id=99, room_id=23)) for one in court.hearings
        }
    return court, replace(plan, sittings=sittings)


@given(courts())
@settings(max_examples=30, deadline=None)
def test_with_any_of_its_reasons_removed_a_conflict_is_gone(court: Problem) -> None:
    plan = solve(court, work_limit=0.01).plan
    waiting = [one for one in court.cases if one.id not in plan.placed]
    assume(waiting)
    for one in waiting:
        found = conflict(court, plan, one.id)
        assert found is not None
        codes = {because.bar for because in found.reasons}
        assert _still_forbids(court, plan, one, codes)
        for bar in codes:
            assert not _still_forbids(*lifted(court, plan, one, bar), one, codes)


def _still_forbids(court: Problem, plan: Plan, waiting: Case, codes: set[Bar]) -> bool:
    """Say whether these rules alone forbid every hearing to the case."""
    explainer = Explainer(court, plan)
    forbidden = 0
    for bar, hearings in explainer.bars(court.case_of[waiting.id]):
        forbidden |= hearings if bar in codes else 0
    return forbidden == Barred(court, plan.sittings).all


@given(courts())
@settings(max_examples=25, deadline=None)
def test_each_change_that_would_place_a_case_places_it(court: Problem) -> None:
    plan = solve(court, work_limit=0.01).plan
    for waiting in court.cases:
        for change in () if waiting.id in plan.placed else changes(court, plan, waiting.id):
            made = applied(court, plan, waiting.id, change)
            assert check(*made) == []
            assert waiting.id in made[1].placed


def test_a_case_that_has_room_has_no_conflict_and_without_hearings_there_is_nothing_to_say() -> None:
    waiting = case()

    assert conflict(problem([hearing()], [waiting]), Plan(sittings={}), waiting.id) is not None
    listed = hearing()
    assert conflict(problem([listed], [waiting]), Plan(sittings={listed.id: ANNA_SITS}), waiting.id) is None
    nothing = conflict(problem([], [waiting]), Plan(), waiting.id)
    assert nothing is not None
    assert nothing.reasons == ()


def test_the_conflict_says_what_one_would_say_first() -> None:
    early, late = hearing(0), hearing(6, max_minutes=10)
    waiting = case(ready_on=on(3))
    plan = Plan(sittings={early.id: ANNA_SITS, late.id: ANNA_SITS})

    found = conflict(problem([early, late], [waiting]), plan, waiting.id)

    assert found is not None
    assert [(one.bar.code, one.hearings) for one in found.reasons] == [("before-ready", 1), ("minutes", 1)]


@pytest.mark.parametrize(
    ("columns", "waits", "kind"),
    [
        ({"max_minutes": 30}, {"minutes": 35}, Kind.MINUTES),
        ({"max_cases": 0}, {}, Kind.CASE),
        ({"quotas": {"5": 0, "51": 0}}, {}, Kind.QUOTA),
        ({"video_slots": 0}, {"video_to": 60}, Kind.VIDEO_SLOT),
        ({}, {"video_to": 61}, Kind.FAR_END),
        ({}, {"video_to": 62}, Kind.FAR_END_SLOT),
        ({}, {"people": frozenset({50})}, Kind.PERSON),
        ({}, {"language": "turc"}, Kind.INTERPRETER),
        ({}, {"refused_judges": frozenset({1})}, Kind.JUDGE),
    ],
)
def test_the_smallest_change_is_found(columns: dict[str, Any], waits: dict[str, Any], kind: Kind) -> None:
    listed, waiting = hearing(**columns), case(**waits)
    lawyer = Person(id=50, role=Role.LAWYER, away=ALL_DAY)
    ends = (FarEnd(id=60), FarEnd(id=61, away=ALL_DAY), FarEnd(id=62, day_slots=0))
    court = problem([listed], [waiting], rooms=(FILMED,), people=(lawyer,), far_ends=ends)
    plan = Plan(sittings={listed.id: replace(ANNA_SITS, room_id=23)})

    found = changes(court, plan, waiting.id)

    assert found[0].kind is kind
    assert found[0].minutes == (5 if kind is Kind.MINUTES else 0)
    assert check(*applied(court, plan, waiting.id, found[0])) == []


def test_a_room_with_a_link_another_case_moved_or_one_more_hearing() -> None:
    linked = case(video_to=60)
    listed = hearing()
    court = problem([listed], [linked], rooms=(PLAIN, FILMED), far_ends=(FarEnd(id=60),))
    assert changes(court, Plan(sittings={listed.id: ANNA_SITS}), linked.id)[0].kind is Kind.ROOM

    full, free = hearing(0, max_cases=1), hearing(3)
    urgent, relaxed = case(deadline_on=on(0)), case()
    both = problem([full, free], [urgent, relaxed])
    plan = Plan(sittings={full.id: ANNA_SITS, free.id: ANNA_SITS}, placed={relaxed.id: full.id})
    (first, *_) = changes(both, plan, urgent.id)
    assert (first.kind, first.other_id, first.to_hearing_id) == (Kind.MOVE_CASE, relaxed.id, free.id)
    assert check(*applied(both, plan, urgent.id, first)) == []

    late = case(ready_on=on(5), minutes=20)  # a Saturday
    only = problem([listed], [late], benches=(ANNA, BRUNO))
    (more,) = changes(only, Plan(sittings={listed.id: ANNA_SITS}), late.id)
    assert (more.kind, more.day) == (Kind.HEARING, on(7))


def test_what_is_frozen_or_beyond_its_deadline_is_nobody_s_to_change() -> None:
    listed = hearing(9, load=Load(cases=10))
    gone, stays = case(deadline_on=on(-1), ready_on=on(-2)), case(hearing_id=listed.id, lock=Lock.FROZEN)
    court = problem([listed], [gone, stays])
    plan = Plan(sittings={listed.id: ANNA_SITS})

    assert changes(court, plan, gone.id) == ()
    assert changes(court, plan, stays.id) == ()


def test_explanations_of_a_hundred_hearings_are_quick() -> None:
    listed: list[Hearing] = [hearing(day, max_cases=1) for day in range(100)]
    inside, waiting = [case() for _ in listed], case()
    plan = Plan(
        sittings={one.id: ANNA_SITS for one in listed},
        placed={one.id: there.id for one, there in zip(inside, listed, strict=True)},
    )

    found = conflict(problem(listed, [*inside, waiting]), plan, waiting.id)

    assert found is not None
    assert [(one.bar.code, one.hearings) for one in found.reasons] == [("cases", 100)]
