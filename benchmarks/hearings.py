"""Hearings planned: first come, earliest deadline, and ours, on a realistic court of any size.

    python -m benchmarks.hearings --cases 1500 --seed 1 --seconds 30

The court is that of benchmarks/hearings_court.py. Staff and rooms are given first, to all three alike; each plan is
judged by `check`, which knows nothing of the searches. The bound is that of the linear relaxation, formation by
formation, or that of a proof: no plan of these sittings costs less.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from statistics import median

from benchmarks.figures import Figure
from benchmarks.hearings_absence import absence
from benchmarks.hearings_court import court
from optimizer.hearings.board import Board
from optimizer.hearings.check import check, score
from optimizer.hearings.greedy import fill, filled
from optimizer.hearings.plan import Outcome, Plan, Progress
from optimizer.hearings.problem import Problem
from optimizer.hearings.proof import components, prove
from optimizer.hearings.solve import solve
from optimizer.hearings.staffing import staffed
from optimizer.searching import Ended

SEEDS = (1, 2, 3)
USUAL = 1500
MOST_BOUNDED = 2_000  # cases: beyond, the linear relaxation takes minutes


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one way of planning obtains."""

    way: str
    cost: int
    unplaced: int
    overdue_days: int
    seconds: float
    is_valid: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that one court gives."""

    cases: int
    seed: int
    hearings: int
    lines: tuple[Line, ...]
    staffing_s: float
    first_s: float  # once staff is set, the first complete plan
    proved_s: float | None
    bound: float | None
    processor_s: float  # what the search really got of it
    peak_mb: float


def measured(cases: int, seed: int, seconds: float, *, bounded: bool) -> Run:
    """Plan a court in three ways."""
    problem = court(cases, seed)
    began = time.perf_counter()
    plan = staffed(problem, Plan())
    staffing_s = time.perf_counter() - began
    decided = with_staff(problem, plan)
    first_come = _line("first come", decided, lambda: in_order_of_arrival(decided))
    earliest = _line("earliest deadline", decided, lambda: filled(decided, staffed(decided, Plan())))
    told: list[Progress] = []
    processor = time.process_time()
    outcomes: list[Outcome] = []

    def ours() -> Plan:
        outcomes.append(solve(decided, seed=seed, limit_s=seconds, on_progress=told.append))
        return outcomes[0].plan

    best = _line("ours", decided, ours)
    processor = time.process_time() - processor
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    is_proved = outcomes[0].ended is Ended.PROVED
    return Run(
        cases=cases,
        seed=seed,
        hearings=len(problem.hearings),
        lines=(first_come, earliest, best),
        staffing_s=staffing_s,
        first_s=told[0].seconds,
        proved_s=best.seconds if is_proved else None,
        bound=outcomes[0].bound if is_proved else bound_of(decided, outcomes[0].plan) if bounded else None,
        processor_s=processor,
        peak_mb=peak_mb,
    )


def with_staff(problem: Problem, plan: Plan) -> Problem:
    """Return the problem with these sittings decided."""
    return replace(problem, hearings=tuple(replace(one, sitting=plan.sittings.get(one.id)) for one in problem.hearings))


def in_order_of_arrival(problem: Problem) -> Plan:
    """Return the plan made by hand: who came first has the first hearing that takes them."""
    board = Board(problem, staffed(problem, Plan()))
    fill(board, sorted(range(len(board.cases)), key=lambda one: board.cases[one].received_on))
    return board.plan()


def bound_of(problem: Problem, plan: Plan) -> float:
    """Return what no plan of these sittings costs less than."""
    board = Board(problem, plan)
    found = [prove(board, cases, limit_s=None, work=0, is_whole=False) for cases in components(board)]
    fixed = score(problem, plan).total - board.total + board.fixed
    return fixed + sum(one.bound for one in found if one is not None)


def _line(way: str, problem: Problem, make: Callable[[], Plan]) -> Line:
    began = time.perf_counter()
    plan = make()
    seconds = time.perf_counter() - began
    priced = score(problem, plan)
    return Line(
        way=way,
        cost=priced.total,
        unplaced=priced.count("unplaced"),
        overdue_days=priced.count("overdue"),
        seconds=seconds,
        is_valid=not check(problem, plan),
    )


def figures(_: str) -> list[Figure]:
    """Return what must hold at 200, 1,500 and 5,000 cases, and after an absence: medians of three seeds."""
    small, usual, large = (
        [apart("--cases", str(cases), "--seed", str(seed), "--seconds", str(seconds)) for seed in SEEDS]
        for cases, seconds in ((200, 3), (USUAL, 30), (5000, 120))
    )
    absences = [apart("--cases", str(USUAL), "--seed", str(seed), "--seconds", "15", "--absence") for seed in SEEDS]
    return [*_small(small), *_usual(usual), *_large(large), *_absences(absences)]


def _small(runs: list[dict]) -> list[Figure]:
    proved = median(run["proved_s"] if run["proved_s"] is not None else float("inf") for run in runs)
    return [
        Figure(
            claim="hearings of 200 cases: proved to be the best", value=proved, unit="s", most=3, details=_told(runs)
        )
    ]


def _usual(runs: list[dict]) -> list[Figure]:
    name = "hearings of 1,500 cases"
    return [
        _ratio(f"{name}, 30 s: ours / earliest deadline", runs, lambda run: _cost(run, 2) / _cost(run, 1), 0.80),
        _ratio(f"{name}, 30 s: ours / first come", runs, lambda run: _cost(run, 2) / _cost(run, 0), 0.30),
        _ratio(f"{name}, 30 s: ours / bound", runs, lambda run: _cost(run, 2) / run["bound"], 1.15),
        _seconds(f"{name}: first complete plan once staff is set", runs, lambda run: run["first_s"], 1),
        _seconds(f"{name}: the same with staffing", runs, lambda run: run["first_s"] + run["staffing_s"], 8),
    ]


def _large(runs: list[dict]) -> list[Figure]:
    name = "hearings of 5,000 cases"
    peak = median(run["peak_mb"] for run in runs)
    return [
        _ratio(f"{name}, 120 s: ours / earliest deadline", runs, lambda run: _cost(run, 2) / _cost(run, 1), 0.88),
        Figure(claim=f"{name}: peak memory", value=peak, unit="MB", most=1024, details=_told(runs)),
    ]


def _absences(runs: list[dict]) -> list[Figure]:
    return [
        _seconds("a judge away for two weeks, 1,500 cases: repaired", runs, lambda run: run["repair_s"], 1),
        _count("… cases that nothing hit, and that it moves", runs, lambda run: run["repair_needless"], 0),
        _seconds("… compromises", runs, lambda run: run["better_s"], 16),
        _ratio("… most cases that a compromise moves / all", runs, lambda run: run["better_moved"], 0.05),
    ]


def _cost(run: dict, way: int) -> float:
    return float(run["lines"][way]["cost"])


def _ratio(claim: str, runs: list[dict], of: Callable[[dict], float], most: float) -> Figure:
    return Figure(claim=claim, value=median(map(of, runs)), unit="×", most=most, details=_told(runs))


def _seconds(claim: str, runs: list[dict], of: Callable[[dict], float], most: float) -> Figure:
    return Figure(claim=claim, value=median(map(of, runs)), unit="s", most=most)


def _count(claim: str, runs: list[dict], of: Callable[[dict], float], most: float) -> Figure:
    return Figure(claim=claim, value=median(map(of, runs)), unit="cases", most=most, details=_told(runs))


def _told(runs: list[dict]) -> tuple[str, ...]:
    """Return the absolutes of each seed."""
    return tuple(_planned(run) if "lines" in run else _repaired(run) for run in runs)


def _planned(run: dict) -> str:
    first, earliest, ours = (line["cost"] for line in run["lines"])
    bound = f"{run['bound']:.0f}" if run["bound"] is not None else "not looked for"
    return (
        f"seed {run['seed']}: ours {ours}, earliest deadline {earliest}, first come {first}, bound {bound}; "
        f"{run['lines'][2]['seconds']:.1f} s, {run['processor_s']:.1f} of processor, {run['peak_mb']:.0f} MB"
    )


def _repaired(run: dict) -> str:
    menu = "; ".join(f"{moved} moved, {cost}" for moved, cost in run["menu"])
    return f"seed {run['seed']}: repaired in {run['repair_s']:.2f} s; {menu}"


def apart(*asked: str) -> dict:
    """Return what a process of its own measures: its memory is that of one court alone."""
    command = [sys.executable, "-m", "benchmarks.hearings", "--json", *asked]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def printed(run: Run) -> str:
    """Return a run as people read it."""
    first, earliest, ours = run.lines
    lines = [
        f"{run.cases} cases, {run.hearings} hearings, seed {run.seed}",
        f"  staff and rooms {run.staffing_s:.2f} s, first complete plan {run.first_s:.2f} s after",
        *(
            f"  {one.way:18} {one.cost:9}  {one.unplaced} unplaced, {one.overdue_days} days overdue, "
            f"{one.seconds:.2f} s, {'valid' if one.is_valid else 'NOT VALID'}"
            for one in run.lines
        ),
        f"  ours: {1 - ours.cost / earliest.cost:.1%} below earliest deadline, "
        f"{1 - ours.cost / first.cost:.1%} below first come",
    ]
    if run.bound is not None:
        lines.append(f"  bound {run.bound:.0f}: ours is {ours.cost / run.bound - 1:.1%} above")
    lines.append(f"  proved in {run.proved_s:.2f} s" if run.proved_s is not None else "  not proved")
    lines.append(f"  {run.processor_s:.1f} s of processor, peak memory {run.peak_mb:.0f} MB")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and return 1 when a plan is not valid."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hearings", description=__doc__)
    parser.add_argument("--cases", type=int, default=USUAL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--absence", action="store_true", help="a judge is away for two weeks: repaired, then better")
    parser.add_argument("--json", action="store_true", help="for programs")
    asked = parser.parse_args()
    if asked.absence:
        found = absence(asked.cases, asked.seed, asked.seconds)
        print(json.dumps(asdict(found)) if asked.json else found.printed())
        return 0 if found.is_valid else 1
    run = measured(asked.cases, asked.seed, asked.seconds, bounded=asked.cases <= MOST_BOUNDED)
    print(json.dumps(asdict(run)) if asked.json else printed(run))
    return 0 if all(line.is_valid for line in run.lines) else 1


if __name__ == "__main__":
    sys.exit(main())
