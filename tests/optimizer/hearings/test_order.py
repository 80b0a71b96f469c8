"""Within a hearing nobody waits more than they must, and those who come together are called together."""

from __future__ import annotations

from itertools import permutations

from optimizer.hearings.order import order, waiting_cost
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, FarEnd, Load, Person, Problem, Role
from tests.optimizer.hearings.court import case, hearing, problem

LAWYERS = tuple(Person(id=number, role=Role.LAWYER) for number in (50, 51))


def court_of(cases: list[Case], **columns: object) -> tuple[Problem, Plan, int]:
    """Return a court with one hearing, and the plan that puts all the cases there."""
    listed = hearing(**columns)
    court = problem([listed], cases, people=LAWYERS, far_ends=(FarEnd(id=60), FarEnd(id=61)))
    return court, Plan(placed={one.id: listed.id for one in cases}), listed.id


def test_a_lawyer_has_their_cases_one_after_the_other() -> None:
    cases = [case(people=frozenset({50 + number % 2})) for number in range(6)]
    court, plan, hearing_id = court_of(cases)

    called = [court.case_of[one.case_id].people for one in order(court, plan, hearing_id)]

    assert called in ([{50}] * 3 + [{51}] * 3, [{51}] * 3 + [{50}] * 3)


def test_minutes_follow_each_other_after_what_is_there_already() -> None:
    court, plan, hearing_id = court_of([case(minutes=20), case(minutes=30)], load=Load(cases=1, minutes=15))

    first, second = order(court, plan, hearing_id)

    assert first.start_min == 15
    assert second.start_min == 15 + court.case_of[first.case_id].minutes


def test_those_brought_the_links_and_the_interpreter_come_together() -> None:
    kinds = ({"is_detained": True}, {"language": "dari"}, {"video_to": 60}, {"video_to": 61}, {})
    court, plan, hearing_id = court_of([case(**kinds[number % 5]) for number in range(15)])

    called = [court.case_of[one.case_id] for one in order(court, plan, hearing_id)]

    for of in (lambda one: one.is_detained, lambda one: one.language, lambda one: one.video_to == 60):
        places = [number for number, one in enumerate(called) if of(one)]
        assert places == list(range(places[0], places[0] + 3))


def test_six_cases_are_in_the_best_of_all_orders() -> None:
    cases = [
        case(minutes=10 + 5 * number, people=frozenset({50 + number % 2}), language="dari" if number % 3 else None)
        for number in range(6)
    ]
    court, plan, hearing_id = court_of(cases)

    called = [court.case_of[one.case_id] for one in order(court, plan, hearing_id)]

    best = min(waiting_cost(one, court.lawyers) for one in permutations(cases))
    assert waiting_cost(called, court.lawyers) == best


def test_an_empty_hearing_calls_nobody() -> None:
    assert order(*court_of([])) == ()
