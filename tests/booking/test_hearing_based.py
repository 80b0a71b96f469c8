"""What somebody locks of a proposal, for the search that goes on from it."""

from __future__ import annotations

from booking.plans.hearing_based import as_proposed
from booking.plans.hearing_locks import HEARING
from optimizer.hearings.check import check
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Lock, Sitting
from optimizer.hearings.solve import solve
from tests.optimizer.hearings.court import case, hearing, problem

ANNAS = Sitting(judge_id=1, clerk_id=11, room_id=21)


def test_a_case_that_is_frozen_in_a_proposal_stays_there_when_the_search_goes_on() -> None:
    soon, late = hearing(0), hearing(14)
    waiting = case()
    asked = problem([soon, late], [waiting])
    proposed = Plan(sittings={soon.id: ANNAS, late.id: ANNAS}, placed={waiting.id: late.id})

    free = solve(asked, work_limit=1, start=proposed)
    found = as_proposed(asked, proposed, {str(waiting.id): Lock.FROZEN})
    kept = solve(found, work_limit=1, start=proposed)

    assert free.plan.placed == {waiting.id: soon.id}
    assert kept.plan.placed == {waiting.id: late.id}
    assert check(found, kept.plan) == []


def test_a_hearing_that_is_frozen_keeps_whom_the_proposal_gave_it() -> None:
    only = hearing()
    found = as_proposed(problem([only], []), Plan(sittings={only.id: ANNAS}), {f"{HEARING}{only.id}": Lock.FROZEN})

    assert found.hearing_of[only.id].decided == ANNAS


def test_what_is_not_locked_is_as_it_was() -> None:
    only, waiting = hearing(), case()
    asked = problem([only], [waiting])
    proposed = Plan(sittings={only.id: ANNAS}, placed={waiting.id: only.id})

    assert as_proposed(asked, proposed, {}) == asked
    assert as_proposed(asked, proposed, {str(waiting.id): Lock.FREE}) == asked


def test_what_is_movable_would_rather_stay_where_it_is_in_force_than_where_it_is_proposed() -> None:
    here, there = hearing(0), hearing(1)
    placed, waiting = case(hearing_id=here.id, lock=Lock.MOVABLE), case()
    asked = problem([here, there], [placed, waiting])
    proposed = Plan(sittings={here.id: ANNAS, there.id: ANNAS}, placed={placed.id: there.id, waiting.id: there.id})
    locks = {str(placed.id): Lock.MOVABLE, str(waiting.id): Lock.MOVABLE}

    found = as_proposed(asked, proposed, locks)

    assert [found.case_of[one.id].hearing_id for one in (placed, waiting)] == [here.id, there.id]
