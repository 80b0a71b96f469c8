"""Hospitals drawn at random in the format of patient admission scheduling, and what the search makes of them.

A ward has its specialism first and two more after it, rooms of four, two and one beds (5, 3 and 2 in ten), and
equipment in each with one chance in two. A third of the patients are there on the first day, the others come over the
two weeks, at most as many at once as three beds in four; they stay from 1 to 10 nights. One in five needs each
equipment, one in five would like it. Sizes of rooms wished for are drawn evenly.
"""

from __future__ import annotations

import random
import time
from statistics import median

from benchmarks.beds import read
from benchmarks.figures import Figure
from optimizer.beds.changes import smallest_changes
from optimizer.beds.check import check, price
from optimizer.beds.explain import why_not
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Problem
from optimizer.beds.scene import Scene
from optimizer.beds.solve import greedy, solve

SEEDS = (1, 2, 3)
SECONDS = 20.0
MOST_OF_GREEDY = 0.8
EXPLAINED_MS = 50.0
EQUIPMENT = ("telemetry", "oxygen")
NIGHTS = 14


def drawn(seed: int, *, wards: int = 4, rooms_each: int = 25) -> str:
    """Return a hospital in the text of the format."""
    chance = random.Random(seed)  # noqa: S311
    specialisms = range(1, wards + 1)
    beds = [chance.choice([4] * 5 + [2] * 3 + [1] * 2) for _ in range(wards * rooms_each)]
    patients = _patients(chance, most=3 * sum(beds) // 4, wards=wards)
    sizes = (
        f"Rooms: {len(beds)}",
        f"Roomproperties: {len(EQUIPMENT)}",
        f"Beds: {sum(beds)}",
        f"Departments: {wards}",
        f"Specialisms: {wards}",
        f"Patients: {len(patients)}",
        f"Planning horizon: {NIGHTS}",
    )
    parts = {
        "SPECIALISMS": [f"{number} Specialism{number}" for number in specialisms],
        "DEPARTMENTS": [
            f"{number} Department{number} 0 0 | {_levels(number, wards, (1, 2, 2))}" for number in specialisms
        ],
        "ROOMPROPERTIES": [f"{number} {name}" for number, name in enumerate(EQUIPMENT, 1)],
        "ROOMS": [_room(chance, number, size, wards) for number, size in enumerate(beds)],
        "BEDS": [f"{number} {room}" for number, room in enumerate(_rooms_of_beds(beds), 1)],
        "PATIENTS": patients,
    }
    titled = ("\n".join((f"{title}:", *lines, "")) for title, lines in parts.items())
    return "\n".join(("ARTICLE BENCHMARK DATA SET", *sizes, "", *titled, "END."))


def figures(_url: str) -> list[Figure]:
    """Measure what the search gains on the greedy plan of the same hospital, and how long an explanation takes."""
    ratios, told = [], []
    for seed in SEEDS:
        problem = read(drawn(seed))
        first = _cost(problem, greedy(problem))
        outcome = solve(problem, seed=seed, limit_s=SECONDS)
        assert check(problem, outcome.plan) == []
        ratios.append(outcome.cost / first)
        told.append(
            f"hospital {seed}: greedy {first / 10:.1f}, ours {outcome.cost / 10:.1f}, refused {len(outcome.unplaced)}"
        )
    slowest, cases = _explained(read(drawn(SEEDS[0], rooms_each=15)), read(drawn(SEEDS[0])))
    return [
        Figure(
            claim=f"beds of 100 rooms over two weeks after {SECONDS:g} s, median of three hospitals and seeds",
            value=median(ratios),
            unit="× greedy",
            most=MOST_OF_GREEDY,
            details=tuple(told),
        ),
        Figure(
            claim=f"why somebody has no bed and the smallest changes that would give one: the slowest of {cases}",
            value=1e3 * slowest,
            unit="ms",
            most=EXPLAINED_MS,
        ),
    ]


def _explained(small: Problem, large: Problem) -> tuple[float, int]:
    """Return the most seconds of processor that an explanation takes when too few rooms are left, and of how many."""
    problem = Problem(establishments=large.establishments, rooms=small.rooms, requests=large.requests)
    plan = greedy(problem)
    scene = Scene(problem, plan)
    spent = []
    for request in problem.requests:
        if request.id not in plan.placed:
            began = time.process_time()
            assert why_not(scene, request.id)
            assert smallest_changes(scene, request.id)
            spent.append(time.process_time() - began)
    return max(spent), len(spent)


def _patients(chance: random.Random, *, most: int, wards: int) -> list[str]:
    """Return patients until the two weeks are as full as they may be."""
    there, lines = [0] * NIGHTS, []
    for day in range(NIGHTS):
        arrivals = most * 3 // 4 if day == 0 else most // 7
        for _ in range(arrivals):
            nights = chance.randint(1, 10)
            last = min(day + nights, NIGHTS)
            if max(there[day:last]) < most:
                there[day:last] = [people + 1 for people in there[day:last]]
                lines.append(_patient(chance, len(lines) + 1, day, nights, chance.randint(1, wards)))
    return lines


def _patient(chance: random.Random, number: int, first: int, nights: int, specialism: int) -> str:
    person = f"{number} Patient{number} {chance.randint(0, 99)} {chance.choice('MF')}"
    needed, wished = (" ".join(chance.choice("00001") for _ in EQUIPMENT) for _ in range(2))
    size = chance.choice((1, 2, 4))
    return f"{person} | {first} {first + nights} | 1 {specialism} {nights} | {size} | {needed} | {wished}"


def _room(chance: random.Random, number: int, size: int, wards: int) -> str:
    ward = number % wards + 1
    levels = tuple(chance.choice((1, 1, 1, 2, 3)) for _ in range(3))
    has = " ".join(chance.choice("01") for _ in EQUIPMENT)
    return f"{number + 1} R{number + 1} | {size} | {ward} | D | {_levels(ward, wards, levels)} | {has}"


def _levels(ward: int, wards: int, levels: tuple[int, ...]) -> str:
    """Return the specialisms of a ward with their levels: its own, then the next ones."""
    return " ".join(f"{level} {(ward - 1 + step) % wards + 1}" for step, level in enumerate(levels))


def _rooms_of_beds(beds: list[int]) -> list[int]:
    return [number for number, size in enumerate(beds, 1) for _ in range(size)]


def _cost(problem: Problem, plan: Plan) -> float:
    return sum(line.cost for line in price(problem, plan))
