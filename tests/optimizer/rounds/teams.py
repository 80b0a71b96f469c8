"""A small service of bracelet teams for tests: each call makes one thing and says the least."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from optimizer.rounds.problem import Lock, Problem, Request, Rest, TeamDay, Travel, Weights, Window

MONDAY = date(2026, 11, 30)
LUNCH = Rest(minutes=45, start_min=11 * 60 + 30, end_min=14 * 60)


def on(day: int) -> date:
    """Return a day, counted from the first Monday."""
    return MONDAY + timedelta(days=day)


def window(day: int = 0, start: float = 8, end: float = 18) -> Window:
    """Return a window, in hours."""
    return Window(day=on(day), start_min=round(60 * start), end_min=round(60 * end))


def team(number: int = 1, day: int = 0, start: float = 8, end: float = 18, **columns: Any) -> TeamDay:
    """Return a day of a team, from place 0."""
    hours = {"start_min": round(60 * start), "end_min": round(60 * end)}
    return TeamDay(**{"team_id": number, "day": on(day), "base": 0, **hours} | columns)


def request(number: int, home: int, *windows: Window, **columns: Any) -> Request:
    """Return a fitting of 45 minutes, on the first Monday unless said otherwise."""
    values: dict[str, Any] = {"id": f"r{number}", "home": home, "minutes": 45, "windows": windows or (window(),)}
    return Request(**values | columns)


def line(*kilometres: float) -> Travel:
    """Return places along a road, a minute a kilometre."""
    where = np.array(kilometres)
    apart = np.abs(where[:, None] - where[None, :])
    return Travel(distances_m=(1000 * apart).astype(np.int64), durations_s=(60 * apart).astype(np.int64))


def problem(requests: list[Request], team_days: list[TeamDay], travel: Travel, **weights: int) -> Problem:
    """Return the problem of this service."""
    return Problem(requests=tuple(requests), team_days=tuple(team_days), travel=travel, weights=Weights(**weights))


def drawn(seed: int, *, visits: int = 12, teams: int = 2, days: int = 2, rest: Rest | None = LUNCH) -> Problem:
    """Return a problem drawn at random: homes within half an hour, windows of a half day, some skills and pairs."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    where = np.array([[chance.uniform(0, 30), chance.uniform(0, 30)] for _ in range(visits + 1)])
    apart = np.sqrt(((where[:, None] - where[None]) ** 2).sum(axis=2))
    travel = Travel(distances_m=(1000 * apart).astype(np.int64), durations_s=(60 * apart).astype(np.int64))
    team_days = [
        team(
            number,
            day,
            rest=rest,
            skills=frozenset({"radio"} if number % 2 else ()),
            agents=1 + number % 2,
            most_stops=chance.choice([None, 6]),
        )
        for number in range(1, teams + 1)
        for day in range(days)
    ]
    return problem([_visit(chance, number, days) for number in range(1, visits + 1)], team_days, travel)


def _visit(chance: random.Random, number: int, days: int) -> Request:
    halves = [window(day, *half) for day in range(days) for half in ((8, 12), (13, 17))]
    return request(
        number,
        number,
        *chance.sample(halves, chance.randint(1, 3)),
        minutes=chance.choice([30, 45, 90]),
        skills=frozenset({"radio"} if chance.random() < 0.2 else ()),
        agents=chance.choice([1, 1, 1, 2]),
        priority=chance.choice([1, 1, 3]),
        last_day=on(chance.randint(0, days)),
    )


def told(problem: Problem, plan_of: dict[str, Any], lock: Lock = Lock.FROZEN) -> Problem:
    """Return the problem with these appointments told to the persons."""
    return problem.with_requests(
        *(replace(problem.request_of[one], present=kept, lock=lock) for one, kept in plan_of.items())
    )
