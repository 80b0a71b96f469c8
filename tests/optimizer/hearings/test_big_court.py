"""The court of the benchmark, in small: drawn the same each time, planned better than by hand, repaired."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ortools.sat.python import cp_model

from benchmarks.hearings import bound_of, in_order_of_arrival, with_staff
from benchmarks.hearings_absence import with_absence
from benchmarks.hearings_court import court
from optimizer.hearings.board import Board
from optimizer.hearings.check import check, score
from optimizer.hearings.greedy import completed
from optimizer.hearings.local import anneal
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Problem
from optimizer.hearings.repair import repair
from optimizer.hearings.solve import solve
from optimizer.hearings.staffing import staffed
from optimizer.hearings.staffing_model import StaffingModel
from optimizer.searching import Budget, Ended


@pytest.fixture(scope="module")
def small() -> Problem:
    """Return a court of a hundred cases, its hearings staffed."""
    problem = court(100, seed=2)
    return with_staff(problem, staffed(problem, Plan()))


def test_the_court_of_a_seed_is_always_the_same() -> None:
    assert court(50, seed=3) == court(50, seed=3)
    assert court(50, seed=3) != court(50, seed=4)


def test_it_is_proved_cheaper_than_by_hand_and_never_below_the_bound(small: Problem) -> None:
    by_hand, earliest = in_order_of_arrival(small), completed(small, Plan())

    outcome = solve(small, work_limit=4)

    assert outcome.ended is Ended.PROVED
    assert check(small, outcome.plan) == check(small, by_hand) == check(small, earliest) == []
    assert outcome.score.total < score(small, earliest).total < score(small, by_hand).total
    assert bound_of(small, outcome.plan) <= outcome.score.total == pytest.approx(outcome.bound)


def test_what_a_search_counts_as_it_goes_is_what_the_plan_costs(small: Problem) -> None:
    board = Board(small, completed(small, Plan()))
    before, priced = board.total, score(small, board.plan()).total

    anneal(board, seed=1, budget=Budget(work_limit=0.2))

    assert score(small, board.plan()).total - priced == board.total - before
    assert check(small, board.plan()) == []


def test_cp_sat_staffs_it_from_nothing_without_a_hearing_left_and_evenly() -> None:
    problem = court(100, seed=2)
    problem = replace(problem, weights=replace(problem.weights, spread=200))
    model, solver = StaffingModel(problem, {}), cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 2

    assert model.solved(solver)
    plan = Plan(sittings=model.sittings(solver.boolean_value))
    assert check(problem, plan) == []
    assert (score(problem, plan).count("unstaffed"), score(problem, plan).count("spread")) <= (0, 2)


def test_after_an_absence_only_what_was_hit_moves() -> None:
    before = court(600, seed=1)
    in_force = completed(before, Plan())
    problem = with_absence(before, in_force)

    found = repair(problem, in_force)

    assert check(problem, found.plan) == []
    assert found.lost
    assert {in_force.placed[one] for one in found.moved} <= {*found.lost, *found.restaffed}
