"""Fair shares of a batch beside "the nearest who can have it", and the suggestion for one case. No database.

The batch is fiction, the same for the same seed: mediations and social investigations of a region of twelve towns,
of which the first has a third of the families, and professionals who have loads already.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from statistics import median

from benchmarks.figures import Figure, percentile
from optimizer.shares.check import check, standing
from optimizer.shares.plan import Outcome, Plan
from optimizer.shares.problem import Balance, Measure, Point, Problem, Professional
from optimizer.shares.rank import rank
from optimizer.shares.solve import solve

SEEDS = (1, 2, 3)
LIMIT_S = 20.0
KINDS, TONGUES = ("mediation-familiale", "enquete-sociale"), ("ar", "en", "pt")
MINUTES = (240, 300, 360, 480, 600, 900)


def region(seed: int, measures: int, professionals: int, *, in_minutes: bool = False) -> Problem:
    """Return a batch, counted in measures or in minutes of work; the largest load is compared as it is."""
    rng = random.Random(seed)  # noqa: S311 - fiction, and the same for the same seed
    towns = [Point(lat=45.7 + rng.uniform(-0.5, 0.5), lon=4.8 + rng.uniform(-0.7, 0.7)) for _ in range(12)]
    unit = 480 if in_minutes else 1

    def home(power: float) -> Point:
        town = rng.choices(towns, [1 / number**power for number in range(1, 13)])[0]
        return Point(lat=town.lat + rng.gauss(0, 0.04), lon=town.lon + rng.gauss(0, 0.05))

    people = tuple(
        Professional(
            id=f"p{number}",
            kinds=frozenset(rng.sample(KINDS, rng.choice((1, 2)))),
            capacity=120 * unit,
            load=rng.randrange(20) * unit,
            languages=frozenset(rng.sample(TONGUES, rng.randrange(3))),
            point=home(0.5),
        )
        for number in range(professionals)
    )
    waiting = tuple(
        Measure(
            id=f"m{number}",
            kind=rng.choice(KINDS),
            load=rng.choice(MINUTES) if in_minutes else 1,
            languages=frozenset({rng.choice(TONGUES)} if rng.random() < 0.1 else ()),
            points=tuple(home(1) for _ in range(rng.choice((1, 2)))),
            conflicts=frozenset({f"p{rng.randrange(professionals)}"} if rng.random() < 0.05 else ()),
        )
        for number in range(measures)
    )
    return Problem(professionals=people, measures=waiting, balance=Balance.ABSOLUTE)


def nearest(problem: Problem) -> Plan:
    """Return what is done by hand: each measure, as it comes, to the nearest who can have it."""
    given: dict[str, str] = {}
    for measure in problem.measures:
        possible = [one for one in rank(problem, measure, plan=Plan(given=given)) if one.is_possible]
        if possible:
            given[measure.id] = min(possible, key=lambda one: (one.cost_m, one.professional_id)).professional_id
    return Plan(given=given)


def figures(_: str = "") -> list[Figure]:
    """Return the largest load and the gap of each batch, and the time of a suggestion."""
    return [
        *_batch("300 measures, 25 people", 300, 25, most_gap=0.0),
        *_batch("1,000 measures, 60 people", 1000, 60, most_gap=1.5),
        *_batch("1,000 measures of 240 to 900 minutes, 60 people", 1000, 60, in_minutes=True, most_gap=1.5),
        _suggestion(),
    ]


def _batch(
    name: str, measures: int, professionals: int, *, in_minutes: bool = False, most_gap: float | None = None
) -> list[Figure]:
    loads, ways, gaps, details = [], [], [], []
    for seed in SEEDS:
        problem = region(seed, measures, professionals, in_minutes=in_minutes)
        began, worked = time.perf_counter(), time.process_time()
        found = solve(problem, seed=seed, limit_s=LIMIT_S)
        took, work = time.perf_counter() - began, time.process_time() - worked
        assert check(problem, found.plan) == []
        ours, by_hand = standing(problem, found.plan), standing(problem, nearest(problem))
        loads.append(ours[1] / by_hand[1])
        ways.append(ours[2] / by_hand[2])
        gaps.append(_gap(problem, found))
        details.append(
            f"seed {seed}: {found.ended}, largest load {ours[1]} ({by_hand[1]} by hand), {ours[2] / 1000:,.0f} km "
            f"({by_hand[2] / 1000:,.0f}), {gaps[-1]:.2f} % above the bound, "
            f"{took:.1f} s, of which {work:.1f} of processor"
        )
    told = tuple(details)
    return [
        Figure(claim=f"{name}: largest load", value=median(loads), unit="× by hand", most=1.0, details=told),
        Figure(claim=f"{name}: distance", value=median(ways), unit="× by hand"),
        Figure(claim=f"{name}: above the bound, load then distance", value=median(gaps), unit="%", most=most_gap),
    ]


def _gap(problem: Problem, found: Outcome) -> float:
    """Return how far a plan is from what is proved, in percent: of the largest load, and of the distance."""
    undone, level, last = standing(problem, found.plan)
    bound = found.bound or 0.0
    level_bound = int(bound // 1e6)
    last_bound = 1000 * (bound - level_bound * 1e6)
    assert undone == 0
    return 100 * max(level / max(level_bound, 1) - 1, last / max(last_bound, 1) - 1)


def _suggestion() -> Figure:
    problem = region(1, 200, 1000)
    took = []
    for measure in problem.measures:
        began = time.perf_counter()
        rank(replace(problem), measure)
        took.append(1e3 * (time.perf_counter() - began))
    claim = "a suggestion for one case among 1,000 professionals: p95"
    return Figure(
        claim=claim, value=percentile(took, 95), unit="ms", most=100, details=(f"median {median(took):.1f} ms",)
    )


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m benchmarks.shares", description=__doc__).parse_args()
    for figure in figures():
        print("\n".join(figure.lines()), flush=True)
