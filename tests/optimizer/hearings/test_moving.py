"""What it costs to have one case elsewhere: as the judge of plans prices it, and refused as it refuses it."""

from __future__ import annotations

import pytest

from benchmarks.hearings import with_staff
from benchmarks.hearings_court import court
from optimizer.hearings.check import check, score
from optimizer.hearings.greedy import completed
from optimizer.hearings.moving import moved, offers
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Lock, Problem, Sitting
from optimizer.hearings.staffing import staffed
from tests.optimizer.hearings import court as small


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Return a court of a hundred cases, its hearings staffed."""
    found = court(100, seed=2)
    return with_staff(found, staffed(found, Plan()))


def test_each_offer_costs_what_the_plan_costs_more_and_what_is_barred_breaks_a_rule(problem: Problem) -> None:
    plan = completed(problem, Plan())
    now = score(problem, plan).total

    for case in problem.cases[::9]:
        found = offers(problem, plan, case.id)
        elsewhere = [one.id for one in problem.hearings if one.id != plan.placed.get(case.id)]
        assert [one.hearing_id for one in found if one.hearing_id is not None] == elsewhere
        for offer in found:
            tried = moved(plan, case.id, offer.hearing_id)
            assert bool(check(problem, tried)) == (offer.bar is not None)
            if offer.bar is None:
                assert score(problem, tried).total - now == offer.cost


def test_a_case_without_a_place_is_not_offered_to_stay_without_one() -> None:
    hearing, waiting = small.hearing(), small.case()
    problem = small.problem([hearing], [waiting])
    plan = Plan(sittings={hearing.id: Sitting(judge_id=1, clerk_id=11, room_id=21)})

    (only,) = offers(problem, plan, waiting.id)

    assert only.hearing_id == hearing.id
    assert only.cost is not None
    assert only.cost < 0


def test_a_frozen_case_goes_nowhere_and_says_so() -> None:
    here, there = small.hearing(), small.hearing(1)
    frozen = small.case(hearing_id=here.id, lock=Lock.FROZEN)
    problem = small.problem([here, there], [frozen])
    sitting = Sitting(judge_id=1, clerk_id=11, room_id=21)
    plan = Plan(sittings={here.id: sitting, there.id: sitting}, placed={frozen.id: here.id})

    assert [one.bar for one in offers(problem, plan, frozen.id)] == ["frozen", "frozen"]
