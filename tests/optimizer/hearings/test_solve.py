"""Plans are found, are valid whatever the court, never get worse, and can be stopped at any moment."""

from __future__ import annotations

import time
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from availability.periods import Period
from optimizer.hearings.check import check, score
from optimizer.hearings.explain import explain
from optimizer.hearings.greedy import filled
from optimizer.hearings.plan import Plan, Progress
from optimizer.hearings.problem import Bench, Case, Hearing, Load, Problem, Room, Sitting
from optimizer.hearings.rules import FREE
from optimizer.hearings.solve import solve
from optimizer.hearings.staffing import staffed
from tests.optimizer.hearings.court import ANNA, BRUNO, ROOM_A, at, case, hearing, month, on, problem

WORK = 0.5


def test_the_urgent_case_has_the_only_place_of_the_early_hearing() -> None:
    early, late = hearing(1, max_cases=1), hearing(8)
    relaxed, urgent = case(deadline_on=on(30)), case(deadline_on=on(2))

    outcome = solve(problem([early, late], [relaxed, urgent]))

    assert outcome.plan.placed == {urgent.id: early.id, relaxed.id: late.id}
    assert (outcome.unplaced, outcome.ended) == ((), "proved")


def test_the_solver_does_better_than_the_most_urgent_first() -> None:
    # The urgent long case would take the room of the three short ones, which nothing else can hear.
    listed = hearing(1, max_minutes=60)
    long = case(minutes=60, deadline_on=on(1))
    short = [case(minutes=20, deadline_on=on(2)) for _ in range(3)]
    court = problem([listed], [long, *short])
    by_hand = filled(court, staffed(court, Plan()))

    outcome = solve(court)

    assert set(by_hand.placed) == {long.id}
    assert set(outcome.plan.placed) == {one.id for one in short}


def test_the_judge_that_a_case_refuses_is_sent_elsewhere() -> None:
    listed, waiting = hearing(1), case(refused_judges=frozenset({1}))

    outcome = solve(problem([listed], [waiting]))

    assert outcome.plan.sittings[listed.id].judge_id == 2
    assert outcome.plan.placed == {waiting.id: listed.id}


def test_one_room_and_two_hearings_at_once_leave_one_of_them_empty() -> None:
    one, other = hearing(1, 9), hearing(1, 10)

    outcome = solve(problem([one, other], [case()], rooms=(ROOM_A,)))

    assert len(outcome.plan.sittings) == 1
    assert len(outcome.plan.placed) == 1


def test_back_to_back_in_one_room_with_one_judge() -> None:
    one, other = hearing(1, 9, 3), hearing(1, 12, 3)

    outcome = solve(problem([one, other], [], benches=(ANNA,), rooms=(ROOM_A,)))

    assert set(outcome.plan.sittings) == {one.id, other.id}


def test_work_is_shared_between_the_judges() -> None:
    outcome = solve(problem([hearing(day) for day in range(4)], []))

    judges = [sitting.judge_id for sitting in outcome.plan.sittings.values()]
    assert sorted(judges) == [1, 1, 2, 2]


def test_an_absent_judge_does_not_sit() -> None:
    away = Bench(judge_id=1, clerk_id=11, away=(Period(at(0, 0), at(5, 0)),))
    listed = [hearing(1), hearing(2), hearing(6)]

    outcome = solve(problem(listed, [], benches=(away, BRUNO)))

    assert [outcome.plan.sittings[one.id].judge_id for one in listed[:2]] == [2, 2]


def test_a_court_without_hearings_judges_rooms_or_cases_has_a_plan() -> None:
    assert solve(problem([], [case()])).unplaced[0].reasons == ()
    assert solve(problem([hearing()], [])).plan.placed == {}
    for nobody in (problem([hearing()], [case()], benches=()), problem([hearing()], [case()], rooms=())):
        outcome = solve(nobody)
        assert [reason.code for reason in outcome.unplaced[0].reasons] == ["unstaffed"]


def test_what_was_decided_is_kept_and_what_is_there_counts() -> None:
    decided = Sitting(judge_id=2, clerk_id=12, room_id=21)
    full = hearing(1, max_cases=3, load=Load(cases=3, minutes=30), sitting=decided)
    nearly = hearing(2, max_cases=3, load=Load(cases=2, minutes=30), sitting=decided)

    outcome = solve(problem([full, nearly], [case(), case()]))

    assert outcome.plan.sittings == {full.id: decided, nearly.id: decided}
    assert list(outcome.plan.placed.values()) == [nearly.id]


def test_the_same_seed_gives_the_same_plan() -> None:
    court = month(3, hearings=6, cases=50)

    first, second = (solve(court, seed=7, work_limit=0.5) for _ in range(2))

    assert first.plan == second.plan


def test_a_month_of_a_court_is_planned_better_than_by_hand_and_every_case_left_is_explained() -> None:
    court = month()
    by_hand = filled(court, staffed(court, Plan()))

    outcome = solve(court, work_limit=WORK)

    assert check(court, outcome.plan) == []
    assert outcome.score.total < score(court, by_hand).total
    assert len(outcome.unplaced) == 150 - len(outcome.plan.placed)
    assert all(FREE not in {reason.code for reason in one.reasons} for one in outcome.unplaced)


def test_a_plan_to_start_from_is_never_made_worse() -> None:
    court = month()
    good = solve(court, work_limit=WORK)

    again = solve(court, start=good.plan, on_progress=lambda _: True)

    assert again.ended == "stopped"
    assert again.score.total <= good.score.total


def test_what_no_longer_holds_of_a_plan_to_start_from_is_left_out() -> None:
    listed, waiting, gone = hearing(1, quotas={"51": 0}), case(), case()
    stale = Plan(
        sittings={
            listed.id: Sitting(judge_id=9, clerk_id=19, room_id=21),
            999: Sitting(judge_id=1, clerk_id=11, room_id=21),
        },
        placed={waiting.id: listed.id, gone.id: 999},
    )
    court = problem([listed], [waiting])

    outcome = solve(court, start=stale)

    assert check(court, outcome.plan) == []
    assert outcome.plan.placed == {}


def test_stopped_it_returns_the_best_so_far_within_a_second() -> None:
    court = month()
    told: list[Progress] = []
    asked_at: list[float] = []

    def tell(where: Progress) -> bool:
        told.append(where)
        if len(told) >= 6 and not asked_at:
            asked_at.append(time.process_time())
        return bool(asked_at)

    outcome = solve(court, on_progress=tell, limit_s=120)

    assert time.process_time() - asked_at[0] < 1  # of work: others may be at it on the machine
    assert outcome.ended == "stopped"
    assert check(court, outcome.plan) == []
    assert outcome.score.total == min(one.cost for one in told)


def test_progress_never_goes_back() -> None:
    told: list[Progress] = []

    solve(month(), on_progress=told.append, work_limit=WORK)

    scores = [one.cost for one in told]
    assert scores == sorted(scores, reverse=True)
    assert [one.seconds for one in told] == sorted(one.seconds for one in told)


# --- whatever the court ---

days = st.integers(0, 3)
families = st.sampled_from(("48", "51"))


@st.composite
def hearings(draw: st.DrawFn, number: int) -> Hearing:
    return hearing(
        draw(days),
        draw(st.sampled_from((9, 10.5, 12, 14))),
        draw(st.sampled_from((1.5, 3))),
        id=100 + number,
        max_cases=draw(st.integers(0, 3)),
        max_minutes=draw(st.sampled_from((0, 30, 60))),
        quotas=draw(st.dictionaries(families, st.integers(0, 2))),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    ready = draw(days)
    return case(
        minutes=draw(st.sampled_from((10, 20, 40))),
        family=draw(families),
        ready_on=on(ready),
        deadline_on=draw(st.none() | st.integers(0, 4).map(on)),
        refused_judges=draw(st.frozensets(st.integers(1, 2), max_size=2)),
    )


@st.composite
def absences(draw: st.DrawFn) -> tuple[Period, ...]:
    starts = draw(st.lists(st.integers(0, 80), max_size=2))
    return tuple(Period(at(0, start), at(0, start) + timedelta(hours=draw(st.integers(1, 24)))) for start in starts)


@st.composite
def courts(draw: st.DrawFn) -> Problem:
    listed = [draw(hearings(number)) for number in range(draw(st.integers(0, 4)))]
    benches = tuple(
        Bench(judge_id=number, clerk_id=10 + number, away=draw(absences()))
        for number in range(1, draw(st.integers(1, 3)))
    )
    rooms = tuple(Room(id=20 + number, away=draw(absences())) for number in range(1, draw(st.integers(1, 3))))
    return problem(listed, draw(st.lists(cases(), max_size=6)), benches=benches, rooms=rooms)


@given(courts())
@settings(max_examples=60)
def test_whatever_the_court_the_plan_breaks_nothing_and_leaves_no_room_unused(court: Problem) -> None:
    outcome = solve(court, work_limit=0.3)

    assert check(court, outcome.plan) == []
    assert outcome.score == score(court, outcome.plan)
    assert outcome.unplaced == explain(court, outcome.plan)
    assert all(FREE not in {reason.code for reason in one.reasons} for one in outcome.unplaced)
    assert outcome.score.total <= score(court, filled(court, staffed(court, Plan()))).total
