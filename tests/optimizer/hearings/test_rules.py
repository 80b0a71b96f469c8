"""Each rule that a court may add, on both sides of its boundary: panels, people, video links, locks, weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.periods import Period
from optimizer.hearings.admissible import Barred, numbers_in
from optimizer.hearings.check import check, price
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import (
    VIDEO,
    AbsurdProblem,
    Bench,
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
from optimizer.hearings.rules import bars
from optimizer.hearings.solve import solve
from optimizer.hearings.weights import Weights
from optimizer.searching import Ended
from tests.optimizer.hearings.court import ANNA, BRUNO, ROOM_A, ROOM_B, at, case, hearing, on, problem

ALL_DAY = (Period(at(0, 0), at(1, 0)),)
LAWYER, PARTY = Person(id=50, role=Role.LAWYER), Person(id=51, role=Role.PARTY)
INTERPRETER = Person(id=52, role=Role.INTERPRETER, languages=("dari",))
PRISON = FarEnd(id=60)
FILMED = Room(id=23, equipment=(VIDEO,))
ANNA_IN_A = Sitting(judge_id=1, clerk_id=11, room_id=21)
ANNA_FILMED = Sitting(judge_id=1, clerk_id=11, room_id=23)
POOL = Bench(judge_id=1, clerk_id=None)
CLERK, PROSECUTOR = Person(id=11, role=Role.CLERK), Person(id=31, role=Role.PROSECUTOR)


def court_of(hearings: list[Hearing], cases: list[Case], **columns: Any) -> Problem:
    """Return a court of everybody above, unless said otherwise."""
    everybody = {
        "benches": (ANNA, BRUNO, Bench(judge_id=3, clerk_id=13)),
        "rooms": (ROOM_A, ROOM_B, FILMED),
        "people": (LAWYER, PARTY, INTERPRETER),
        "far_ends": (PRISON,),
    }
    return Problem(hearings=tuple(hearings), cases=tuple(cases), **everybody | columns)


def rules(court: Problem, plan: Plan) -> list[str]:
    """Return the rules that a plan breaks."""
    return [violation.rule for violation in check(court, plan)]


@pytest.mark.parametrize(
    ("columns", "away", "broken"),
    [
        ({"people": frozenset({50})}, None, []),
        ({"people": frozenset({50})}, 50, ["lawyer-away"]),
        ({"people": frozenset({51})}, 51, ["party-away"]),
        ({"people": frozenset({51})}, 50, []),
        ({"people": frozenset({52})}, 52, ["interpreter-away"]),
        ({"language": "dari"}, None, []),
        ({"language": "dari"}, 52, ["no-interpreter"]),
        ({"language": "turc"}, None, ["no-interpreter"]),
        ({"formation": "JU"}, None, []),
        ({"formation": "COL"}, None, ["formation"]),
        ({"formation": None}, None, []),
    ],
)
def test_a_case_is_heard_when_its_people_are_there_and_by_its_formation(
    columns: dict[str, Any], away: int | None, broken: list[str]
) -> None:
    listed, waiting = hearing(formation="JU"), case(**columns)
    people = tuple(replace(one, away=ALL_DAY) if one.id == away else one for one in (LAWYER, PARTY, INTERPRETER))
    court = court_of([listed], [waiting], people=people)

    assert rules(court, Plan(sittings={listed.id: ANNA_IN_A}, placed={waiting.id: listed.id})) == broken


@pytest.mark.parametrize(
    ("sitting", "columns", "end", "broken"),
    [
        (ANNA_FILMED, {}, PRISON, []),
        (ANNA_IN_A, {}, PRISON, ["no-video", "no-video"]),
        (ANNA_FILMED, {"video_slots": 2}, PRISON, []),
        (ANNA_FILMED, {"video_slots": 1}, PRISON, ["video-slots"]),
        (ANNA_FILMED, {"video_slots": 2, "load": Load(cases=1, links=1)}, PRISON, ["video-slots"]),
        (ANNA_FILMED, {}, replace(PRISON, day_slots=2), []),
        (ANNA_FILMED, {}, replace(PRISON, day_slots=1), ["far-end-slots"]),
        (ANNA_FILMED, {}, replace(PRISON, away=ALL_DAY), ["far-end-away", "far-end-away"]),
    ],
)
def test_a_video_link_needs_its_two_ends(
    sitting: Sitting, columns: dict[str, Any], end: FarEnd, broken: list[str]
) -> None:
    listed, linked = hearing(**columns), [case(video_to=60), case(video_to=60)]
    court = court_of([listed], linked, far_ends=(end,))

    assert rules(court, Plan(sittings={listed.id: sitting}, placed={one.id: listed.id for one in linked})) == broken


@pytest.mark.parametrize(
    ("sitting", "broken"),
    [
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2, 3), prosecutor_id=31), []),
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2,), prosecutor_id=31), ["panel"]),
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2, 2), prosecutor_id=31), ["panel"]),
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2, 4), prosecutor_id=31), ["wrong-formation"]),
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2, 3)), ["no-prosecutor"]),
        (Sitting(judge_id=1, clerk_id=11, room_id=23, panel=(2, 3), prosecutor_id=11), ["no-prosecutor"]),
        (Sitting(judge_id=1, clerk_id=11, room_id=21, panel=(2, 3), prosecutor_id=31), ["equipment"]),
        (Sitting(judge_id=1, clerk_id=31, room_id=23, panel=(2, 3), prosecutor_id=31), ["unknown-bench"]),
    ],
)
def test_a_panel_has_its_judges_a_clerk_a_prosecutor_and_what_its_room_must_have(
    sitting: Sitting, broken: list[str]
) -> None:
    listed = hearing(formation="COL", judges=3, needs_prosecutor=True, equipment=(VIDEO,))
    others = (BRUNO, Bench(judge_id=3, clerk_id=None), Bench(judge_id=4, clerk_id=None, formations=("JU",)))
    court = court_of([listed], [], benches=(POOL, *others), people=(CLERK, PROSECUTOR))

    assert rules(court, Plan(sittings={listed.id: sitting})) == broken


def test_the_solver_staffs_a_panel_with_everybody_who_must_be_there() -> None:
    listed = hearing(formation="COL", judges=3, needs_prosecutor=True, equipment=(VIDEO,))
    benches = tuple(Bench(judge_id=number, clerk_id=None) for number in (1, 2, 3))
    court = court_of([listed], [case(formation="COL")], benches=benches, people=(CLERK, PROSECUTOR))

    outcome = solve(court, work_limit=0.1)

    assert check(court, outcome.plan) == []
    assert len(outcome.plan.placed) == 1


def test_when_whoever_sat_least_leaves_a_hearing_empty_the_solver_finds_who_holds_both() -> None:
    # In the morning Anna, who comes first, would take the wide hearing; only she sits in the narrow one at that time.
    wide, narrow = hearing(0, 9), hearing(0, 10, formation="COL")
    bruno = replace(BRUNO, formations=("JU",))
    court = problem([wide, narrow], [case()], benches=(ANNA, bruno))

    outcome = solve(replace(court, weights=Weights(lawyer=1), people=(LAWYER,)), work_limit=1)

    assert len(outcome.plan.sittings) == 2


@pytest.mark.parametrize(("given", "judge_id"), [((0, 90), 1), ((90, 0), 2)])
def test_the_judge_with_less_time_given_already_sits(given: tuple[int, int], judge_id: int) -> None:
    benches = (replace(ANNA, given_minutes=given[0]), replace(BRUNO, given_minutes=given[1]))
    court = replace(problem([hearing()], [], benches=benches), weights=Weights(spread=0, spread_minute=1))

    (sitting,) = solve(court, work_limit=0.2).plan.sittings.values()

    assert sitting.judge_id == judge_id


@pytest.mark.parametrize(("lock", "judges"), [(Lock.FROZEN, [1, 1]), (Lock.MOVABLE, [1, 1]), (Lock.FREE, [1, 2])])
def test_who_sits_now_is_kept_or_would_rather_be_or_may_change(lock: Lock, judges: list[int]) -> None:
    listed = [hearing(day, sitting=ANNA_IN_A, sitting_lock=lock) for day in (0, 1)]
    court = problem(listed, [], weights=Weights(spread=10, restaffed=30))

    outcome = solve(court, work_limit=0.3)

    assert sorted(sitting.judge_id for sitting in outcome.plan.sittings.values()) == judges
    assert outcome.score.count("restaffed") == 0


def test_a_frozen_case_stays_and_takes_its_room_and_one_that_cannot_stay_has_no_place() -> None:
    one, other = hearing(0, max_cases=1), hearing(1)
    frozen = case(hearing_id=one.id, lock=Lock.FROZEN)
    kept_out = case(hearing_id=other.id, lock=Lock.FROZEN, deadline_on=on(0))
    court = problem([one, other], [frozen, case(deadline_on=on(0)), kept_out])

    outcome = solve(court, work_limit=0.2)

    assert outcome.plan.placed == {frozen.id: one.id}
    assert check(court, Plan(sittings=outcome.plan.sittings, placed={frozen.id: other.id}))[0].rule == "frozen"
    assert outcome.unplaced[-1].reasons != ()


@pytest.mark.parametrize(("moved", "goes_first"), [(0, True), (5, True), (7, False), (10, False)])
def test_a_movable_case_moves_when_the_gain_exceeds_its_cost(moved: int, goes_first: bool) -> None:
    early, late = hearing(1), hearing(7)  # six days earlier
    placed = case(hearing_id=late.id, lock=Lock.MOVABLE)
    court = replace(problem([early, late], [placed]), weights=Weights(moved=moved))

    assert solve(court, work_limit=0.2).plan.placed[placed.id] == (early.id if goes_first else late.id)


def test_a_case_that_was_told_moves_after_one_that_was_not() -> None:
    full, free = hearing(0, max_cases=1), hearing(4)
    told = case(id=UUID(int=1), hearing_id=full.id, lock=Lock.MOVABLE, is_told=True)
    silent = case(id=UUID(int=2), hearing_id=full.id, lock=Lock.MOVABLE)
    court = replace(problem([full, free], [told, silent]), weights=Weights(moved=5, told=5))

    assert solve(court, work_limit=0.2).plan.placed == {told.id: full.id, silent.id: free.id}


def test_the_price_counts_each_rule_that_the_court_adds() -> None:
    listed = [hearing(1, max_minutes=30, overtime_minutes=15), hearing(3)]
    first = case(people=frozenset({50}), due_on=on(0), priority=2)
    second = case(people=frozenset({50}))
    third = case(people=frozenset({50}), hearing_id=listed[0].id, lock=Lock.MOVABLE, is_told=True)
    weights = Weights(day=1, overdue_day=15, lawyer=10, overtime=2, moved=3, told=4)
    court = court_of(listed, [first, second, third], weights=weights)
    plan = Plan(
        sittings={listed[0].id: ANNA_IN_A, listed[1].id: ANNA_IN_A},
        placed={first.id: listed[0].id, second.id: listed[0].id, third.id: listed[1].id},
    )

    found = {line.rule: (line.count, line.cost) for line in price(court, plan)}

    assert check(court, plan) == []
    assert found["days"] == (1 + 1 + 3, 2 + 1 + 3)
    assert found["overdue"] == (1, 30)
    assert found["lawyers"] == (2, 20)
    assert found["overtime"] == (10, 20)
    assert (found["moved"], found["told"]) == ((1, 3), (1, 4))
    assert "restaffed" not in found


def test_a_lawyer_comes_once_when_that_is_worth_the_wait() -> None:
    early, late = hearing(0, max_cases=2), hearing(2, max_cases=2)
    both = [case(people=frozenset({50}), deadline_on=on(2)) for _ in range(2)]
    alone = case(deadline_on=on(0))  # takes a place of the early hearing
    court = court_of([early, late], [*both, alone], weights=Weights(lawyer=10))

    placed = solve(court, work_limit=0.3).plan.placed

    assert {placed[one.id] for one in both} == {late.id}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"minutes": 0}, "takes no time"),
        ({"minutes": -5}, "takes no time"),
        ({"priority": 0}, "no priority"),
        ({"people": frozenset({99})}, "somebody unknown"),
        ({"video_to": 99}, "linked to nowhere"),
        ({"lock": Lock.FROZEN}, "locked in no hearing"),
    ],
)
def test_an_absurd_case_is_refused(columns: dict[str, Any], said: str) -> None:
    with pytest.raises(AbsurdProblem, match=said):
        problem([hearing()], [case(**columns)])


def test_an_absurd_court_is_refused() -> None:
    twice = case()
    for make, said in (
        (lambda: problem([hearing(id=1), hearing(1, id=1)], []), "two hearings"),
        (lambda: problem([], [twice, twice]), "two cases"),
        (lambda: problem([], [], benches=(ANNA, ANNA)), "two benches"),
        (lambda: problem([hearing(max_minutes=-1)], []), "less than nothing"),
        (lambda: problem([hearing(judges=0)], []), "no judge"),
    ):
        with pytest.raises(AbsurdProblem, match=said):
            make()
    with pytest.raises(ValueError, match="costs nothing or something"):
        Weights(day=-1)


def test_what_is_wholly_decided_is_proved_at_once() -> None:
    listed = hearing(sitting=ANNA_IN_A)
    frozen = case(hearing_id=listed.id, lock=Lock.FROZEN, people=frozenset({50}))

    outcome = solve(court_of([listed], [frozen], weights=Weights(lawyer=10)))

    assert (outcome.ended, outcome.plan.placed) == (Ended.PROVED, {frozen.id: listed.id})
    assert outcome.bound == outcome.score.total


# --- whatever the court ---


@st.composite
def courts(draw: st.DrawFn) -> Problem:
    """A court of a few hearings and cases, with every rule."""
    hours = st.integers(0, 72)
    away = st.lists(hours.map(lambda start: Period(at(0, start), at(0, start + 12))), max_size=2).map(tuple)
    yes = st.booleans()
    listed = [
        hearing(
            draw(st.integers(0, 3)),
            draw(st.sampled_from((9, 10.5, 14))),
            1.5,
            id=100 + number,
            max_cases=draw(st.integers(1, 3)),
            max_minutes=draw(st.sampled_from((20, 40))),
            overtime_minutes=draw(st.sampled_from((0, 20))),
            formation=draw(st.sampled_from((None, "JU", "COL"))),
            judges=draw(st.sampled_from((1, 1, 2))),
            needs_prosecutor=draw(yes),
            video_slots=draw(st.sampled_from((None, 1))),
            quotas=draw(st.sampled_from(({}, {"51": 1}))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    waiting = [
        case(
            minutes=draw(st.sampled_from((10, 20))),
            formation=draw(st.sampled_from((None, "JU", "COL"))),
            priority=draw(st.integers(1, 3)),
            ready_on=on(draw(st.integers(0, 2))),
            due_on=draw(st.none() | st.just(on(1))),
            deadline_on=draw(st.none() | st.just(on(2))),
            people=draw(st.frozensets(st.sampled_from((50, 51)))),
            language=draw(st.sampled_from((None, None, "dari"))),
            video_to=draw(st.sampled_from((None, None, 60))),
            refused_judges=draw(st.frozensets(st.integers(1, 2), max_size=1)),
            hearing_id=listed[0].id,
            lock=draw(st.sampled_from(Lock)),
            is_told=draw(yes),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    people = (LAWYER, PARTY, INTERPRETER, replace(PROSECUTOR, away=draw(away)), Person(id=12, role=Role.CLERK))
    return court_of(
        listed,
        waiting,
        benches=tuple(replace(one, away=draw(away)) for one in (ANNA, Bench(judge_id=2, clerk_id=None))),
        people=tuple(replace(one, away=draw(away)) for one in people[:3]) + people[3:],
        far_ends=(replace(PRISON, away=draw(away), day_slots=draw(st.sampled_from((None, 1)))),),
        weights=Weights(overdue_day=15, lawyer=10, overtime=2, moved=3, told=5, spread_minute=1),
    )


@given(courts())
@settings(max_examples=25, deadline=None)
def test_whatever_the_court_the_plan_breaks_nothing_and_costs_what_its_rules_say(court: Problem) -> None:
    outcome = solve(court, work_limit=0.03)
    again = solve(court, work_limit=0.03)

    assert check(court, outcome.plan) == []
    assert outcome.score.lines == price(court, outcome.plan)
    assert outcome.plan == again.plan
    assert outcome.bound is None or outcome.bound <= outcome.score.total + 1e-6
    barred = Barred(court, outcome.plan.sittings)
    for waiting in court.cases:  # the quick rules say what the slow ones say
        slow = {
            number
            for number, one in enumerate(court.hearings)
            if not list(bars(court, waiting, one, outcome.plan.sittings.get(one.id)))
        }
        assert set(numbers_in(barred.open(waiting))) == slow
