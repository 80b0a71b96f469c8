"""The rounds model on public instances of vehicle routing with time windows, beside plain PyVRP.

`python -m benchmarks.routes FILE… --seconds N --seed S` reads the Solomon and Gehring-Homberger text format. A customer
is a request, a vehicle a team-day; a unit of their time is a minute. The distance is the sum of the legs, each
truncated to a tenth (the rule of the DIMACS challenge), with as many vehicles as wanted up to those of the file.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime

from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Problem, Request, TeamDay, Travel, Weights, Window
from optimizer.rounds.solve import solve

DAY = date(2000, 1, 1)
TENTH_S = 6  # a unit of time of the file is a minute
ONLY_DISTANCE = Weights(unplaced=10**7, moved=0, changed_team=0, day_waited=0, round=0, metre=1)


@dataclass(frozen=True)
class Customer:
    """A line of the file; the first is the depot."""

    x: int
    y: int
    demand: int
    ready: int
    due: int
    service: int


@dataclass(frozen=True)
class Instance:
    """A file, its depot first among the customers."""

    name: str
    vehicles: int
    capacity: int
    customers: tuple[Customer, ...]

    @property
    def tenths(self) -> np.ndarray:
        """Return the legs, truncated to a tenth, in tenths."""
        where = np.array([(one.x, one.y) for one in self.customers], dtype=np.int64)
        squares = ((where[:, None, :] - where[None, :, :]) ** 2).sum(axis=2)
        tenths = np.sqrt(100.0 * squares).astype(np.int64)
        return tenths - (tenths**2 > 100 * squares)  # the root of a square may come out one above


@dataclass(frozen=True)
class Result:
    """A line of the output: tenths of distance, and what an independent check finds."""

    name: str
    vehicles: int
    tenths: int
    seconds: float
    wrong: str = ""

    def line(self, *more: str) -> str:
        """Return what is printed."""
        verdict = f"invalid: {self.wrong}" if self.wrong else "valid"
        parts = (f"{self.vehicles} vehicles", f"{self.tenths / 10:.1f}", f"{self.seconds:.1f} s", verdict, *more)
        return "  ".join((f"{self.name:<12}", *parts))


def read(path: Path) -> Instance:
    """Return the instance of a file."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    numbers = [[int(float(one)) for one in line] for line in lines[1:] if line[0].lstrip("-")[0].isdigit()]
    vehicles, capacity = numbers[0]
    return Instance(lines[0][0], vehicles, capacity, tuple(Customer(*row[1:7]) for row in numbers[1:]))


def as_problem(instance: Instance) -> Problem:
    """Return the instance as rounds of one day, whose teams all start from the depot."""
    depot, *customers = instance.customers
    return Problem(
        requests=tuple(
            Request(
                id=f"{number:04}",
                home=number,
                minutes=one.service,
                windows=(Window(day=DAY, start_min=one.ready, end_min=one.due),),
                load=one.demand,
            )
            for number, one in enumerate(customers, start=1)
        ),
        team_days=tuple(
            TeamDay(
                team_id=number, day=DAY, start_min=depot.ready, end_min=depot.due, base=0, capacity=instance.capacity
            )
            for number in range(instance.vehicles)
        ),
        travel=Travel(distances_m=instance.tenths, durations_s=instance.tenths * TENTH_S),
        weights=ONLY_DISTANCE,
    )


def as_routes(plan: Plan) -> list[list[int]]:
    """Return the customers of each vehicle, in order."""
    return [[int(stop.request_id) for stop in one.stops] for one in plan.rounds]


def judged(instance: Instance, routes: list[list[int]], seconds: float) -> Result:
    """Return the result of some routes, judged from the file alone."""
    legs = instance.tenths
    wrong = (
        []
        if sorted(one for route in routes for one in route) == list(range(1, len(instance.customers)))
        else ["not each customer once"]
    )
    wrong += [] if len(routes) <= instance.vehicles else ["too many vehicles"]
    for route in routes:
        wrong += _wrong_of(instance, legs, route)
    total = sum(int(legs[one, other]) for route in routes for one, other in _pairs(route))
    return Result(instance.name, len(routes), total, seconds, wrong[0] if wrong else "")


def _wrong_of(instance: Instance, legs: np.ndarray, route: list[int]) -> Iterator[str]:
    if sum(instance.customers[one].demand for one in route) > instance.capacity:
        yield f"too full: {route}"
    clock = 10 * instance.customers[0].ready
    for here, there in _pairs(route):
        arrives = clock + 10 * instance.customers[here].service * (here != 0) + int(legs[here, there])
        clock = max(arrives, 10 * instance.customers[there].ready)
        if clock > 10 * instance.customers[there].due:
            yield f"late at {there}"


def _pairs(route: list[int]) -> list[tuple[int, int]]:
    return list(zip([0, *route], [*route, 0], strict=True))


def ours(instance: Instance, seconds: float, seed: int) -> Result:
    """Return what the product finds."""
    began = time.monotonic()
    outcome = solve(as_problem(instance), seed=seed, limit_s=seconds)
    return judged(instance, as_routes(outcome.plan), time.monotonic() - began)


def plain(instance: Instance, seconds: float, seed: int) -> Result:
    """Return what PyVRP finds by itself, as its own reader would give it the file."""
    began = time.monotonic()
    tenths = instance.tenths
    depot, *customers = instance.customers
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(one.x, one.y) for one in instance.customers],
        clients=[
            pyvrp.Client(number, [one.demand], [], 10 * one.service, 10 * one.ready, 10 * one.due)
            for number, one in enumerate(customers, start=1)
        ],
        depots=[pyvrp.Depot(0, 10 * depot.ready, 10 * depot.due)],
        vehicle_types=[
            pyvrp.VehicleType(instance.vehicles, [instance.capacity], tw_early=10 * depot.ready, tw_late=10 * depot.due)
        ],
        distance_matrices=[tenths],
        duration_matrices=[tenths],
    )
    result = pyvrp.solve(data, MaxRuntime(seconds), seed=seed, collect_stats=False, display=False)
    routes = [[one.idx + 1 for one in route if one.is_client()] for route in result.best.routes()]
    return judged(instance, routes, time.monotonic() - began)


def side_by_side(instance: Instance, seconds: float, seed: int) -> tuple[Result, Result]:
    """Return what both find at the same time, each in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        asked = [pool.apply_async(one, (instance, seconds, seed)) for one in (ours, plain)]
        return asked[0].get(), asked[1].get()


def best_known(path: Path | None) -> dict[str, float]:
    """Return the best known distances of a file of lines `NAME DISTANCE`."""
    lines = path.read_text().splitlines() if path else []
    return {one.split()[0]: float(one.split()[1]) for one in lines if one and not one.startswith("#")}


def main() -> int:
    """Solve each file, print a line for each, and return 1 when a plan is not valid."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routes", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--beside", action="store_true", help="run plain PyVRP at the same time, and print both")
    parser.add_argument("--best-known", type=Path, metavar="FILE", help="lines NAME DISTANCE: print the gaps")
    asked = parser.parse_args()
    known = best_known(asked.best_known)
    results: list[tuple[Result, ...]] = []
    for path in asked.files:
        instance = read(path)
        if asked.beside:
            results.append(side_by_side(instance, asked.seconds, asked.seed))
        else:
            results.append((ours(instance, asked.seconds, asked.seed),))
        for one, name in zip(results[-1], ("ours", "plain PyVRP"), strict=False):
            named = (name,) if asked.beside else ()
            print(one.line(*named, *_gap(one, known.get(instance.name))), flush=True)
    _summary(results, known)
    return int(any(one.wrong for pair in results for one in pair))


def _gap(result: Result, best: float | None) -> tuple[str, ...]:
    return (f"{percent_above(result.tenths, 10 * best):+.2f} % to best known",) if best else ()


def percent_above(value: float, other: float) -> float:
    """Return by how many percent a value is above another."""
    return 100 * (value / other - 1)


def _summary(results: list[tuple[Result, ...]], known: dict[str, float]) -> None:
    """Print means over the files: gaps to best known, and to plain PyVRP."""
    for number, name in enumerate(("ours", "plain PyVRP")):
        of_side = [pair[number] for pair in results if len(pair) > number and pair[number].name in known]
        if of_side:
            gaps = [percent_above(one.tenths, 10 * known[one.name]) for one in of_side]
            print(f"{name}: mean gap to best known {mean(gaps):.2f} %, worst {max(gaps):.2f} %")
    if beside := [percent_above(pair[0].tenths, pair[1].tenths) for pair in results if len(pair) > 1]:
        print(f"ours to plain PyVRP: mean {mean(beside):+.2f} %, worst {max(beside):+.2f} %")


if __name__ == "__main__":
    sys.exit(main())
