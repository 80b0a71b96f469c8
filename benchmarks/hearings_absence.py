"""A judge is away for two weeks in the middle of a plan in force: what `repair` and `better` make of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from availability.periods import Period
from benchmarks.hearings_court import DAYS, FIRST_DAY, court
from optimizer.hearings.check import check
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Problem
from optimizer.hearings.repair import Repair, better, repair
from optimizer.hearings.rules import bars
from optimizer.hearings.solve import solve

ABSENT = 1  # the judge


@dataclass(frozen=True, kw_only=True)
class Absence:
    """What was hit, and what became of it: times, costs, cases moved."""

    cases: int
    seed: int
    restaffed: int
    lost: int
    repair_s: float
    repair_cost: int
    repair_moved: int
    repair_needless: int  # moved, though their hearing could still take them
    better_s: float
    better_moved: float  # the most that a compromise moves, of all
    menu: tuple[tuple[int, int], ...]  # cases moved, cost
    is_valid: bool

    def printed(self) -> str:
        """Return what people read."""
        menu = "; ".join(f"{moved} moved, {cost}" for moved, cost in self.menu)
        return (
            f"{self.cases} cases, seed {self.seed}, a judge away for two weeks: {self.restaffed} hearings staffed "
            f"again, {self.lost} lost\n"
            f"  repaired in {self.repair_s:.2f} s: {self.repair_moved} cases moved, {self.repair_needless} needlessly, "
            f"cost {self.repair_cost}\n  compromises in {self.better_s:.1f} s: {menu}\n"
            f"  {'valid' if self.is_valid else 'NOT VALID'}"
        )


def absence(cases: int, seed: int, seconds: float) -> Absence:
    """Plan a court, take a judge away, and repair."""
    before = court(cases, seed)
    in_force = solve(before, seed=seed, limit_s=10).plan
    problem = with_absence(before, in_force)
    began = time.perf_counter()
    repaired = repair(problem, in_force, seed=seed)
    repair_s = time.perf_counter() - began
    began = time.perf_counter()
    menu = better(problem, in_force, seed=seed, limit_s=seconds)
    better_s = time.perf_counter() - began
    return Absence(
        cases=cases,
        seed=seed,
        restaffed=len(repaired.restaffed),
        lost=len(repaired.lost),
        repair_s=repair_s,
        repair_cost=repaired.score.total,
        repair_moved=len(repaired.moved),
        repair_needless=_needless(problem, in_force, repaired),
        better_s=better_s,
        better_moved=max(len(one.moved) for one in menu) / cases,
        menu=tuple((len(one.moved), one.score.total) for one in menu),
        is_valid=not any(check(problem, one.plan) for one in (repaired, *menu)),
    )


def with_absence(problem: Problem, in_force: Plan) -> Problem:
    """Return the problem once the judge is away for ten working days; nobody can stand in for half of their hearings.

    Otherwise one of eleven colleagues always could, and no case would have to move.
    """
    start = datetime.combine(FIRST_DAY + timedelta(days=7 * (DAYS // 10)), datetime.min.time(), UTC)
    away = Period(start, start + timedelta(days=14))
    missed = [
        hearing.period
        for hearing in problem.hearings
        if hearing.id in in_force.sittings
        and ABSENT in in_force.sittings[hearing.id].judges
        and hearing.period.overlaps(away)
    ]
    benches = tuple(
        replace(bench, away=(*bench.away, *((away,) if bench.judge_id == ABSENT else missed[::2])))
        for bench in problem.benches
    )
    return replace(problem, benches=benches)


def _needless(problem: Problem, in_force: Plan, repaired: Repair) -> int:
    """Count the cases that move though nothing of what keeps cases out of hearings hits them."""
    held = repaired.plan.sittings
    moves = [(problem.case_of[one], problem.hearing_of[in_force.placed[one]]) for one in repaired.moved]
    return sum(not list(bars(problem, case, hearing, held.get(hearing.id))) for case, hearing in moves)
