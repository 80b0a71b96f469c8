"""Fitting rounds: distances beside plain PyVRP in the same minute, and the answers that somebody waits for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

from benchmarks.figures import Figure, ms
from benchmarks.route_instances import made
from benchmarks.routes import Result, percent_above, side_by_side
from optimizer.rounds.changes import smallest_change
from optimizer.rounds.draft import Draft
from optimizer.rounds.explain import conflict
from optimizer.rounds.offers import offers
from optimizer.rounds.problem import Problem, Request, Rest, TeamDay, Window
from optimizer.rounds.repair import absent, as_present, repair
from optimizer.rounds.travel import estimated

BESIDE = (("R1", 100, 30.0), ("RC1", 100, 30.0), ("R2", 100, 30.0), ("R1", 200, 60.0), ("RC1", 200, 60.0))
MOST_BEHIND = 0.5  # percent
TEAMS, DAYS, STOPS, BASES = 20, 10, 8, 4
MONDAY = date(2026, 11, 30)
ASKED = 15


def figures(_: str) -> list[Figure]:
    """Return how far behind plain PyVRP the rounds are, and the milliseconds of an offer, a reason and a repair."""
    return [_beside(), *_answers()]


def _beside() -> Figure:
    pairs = [side_by_side(made(family, size, 1), seconds, 1) for family, size, seconds in BESIDE]
    assert not any(one.wrong for pair in pairs for one in pair)
    return Figure(
        claim=f"rounds: distance above plain PyVRP in the same minute, worst of {len(BESIDE)} instances of 100 and 200",
        value=max(percent_above(one.tenths, other.tenths) for one, other in pairs),
        unit="%",
        most=MOST_BEHIND,
        details=tuple(_told(*pair, seconds) for pair, (_, _, seconds) in zip(pairs, BESIDE, strict=True)),
    )


def _told(one: Result, other: Result, seconds: float) -> str:
    apart = percent_above(one.tenths, other.tenths)
    return f"{one.name}, {seconds:g} s: ours {one.tenths / 10:.1f}, plain {other.tenths / 10:.1f}, {apart:+.2f} %"


def _answers() -> list[Figure]:
    problem = service()
    draft = Draft(problem)
    draft.fill()
    plan, waiting = draft.plan(), [one.id for one in draft.unplaced][:ASKED]
    anywhere = replace(problem.requests[0], id="new", windows=tuple(_every_window(problem)))
    held = as_present(problem, plan)
    morning = absent(held, 1, MONDAY, start_min=0, end_min=13 * 60)
    size = f"{TEAMS} teams × {DAYS} days, {len(plan.placed)} visits"
    return [
        _figure(f"rounds: the five best windows, {size}", 200, lambda _: offers(problem, plan, anywhere), range(ASKED)),
        _figure("rounds: why one is not placed", 50, lambda one: conflict(problem, plan, one), waiting),
        _figure("rounds: the smallest change", 50, lambda one: smallest_change(problem, plan, one), waiting),
        _figure("rounds: a team absent in the morning", 1000, lambda _: repair(morning, plan), range(3)),
    ]


def _figure(claim: str, most: float, act: Callable[[str], object], asked: list[str] | range) -> Figure:
    took = []
    for one in asked:
        began = time.perf_counter()
        act(str(one))
        took.append(time.perf_counter() - began)
    return Figure(claim=claim, value=1000 * median(took), unit="ms", most=most, details=(ms(took),))


def service() -> Problem:
    """Return teams around Paris for two weeks, and a little more visits than they can make."""
    chance = random.Random(1)  # noqa: S311 - the same each time
    visits = TEAMS * DAYS * STOPS * 104 // 100
    points = [(48.8 + chance.uniform(-0.12, 0.12), 2.3 + chance.uniform(-0.15, 0.15)) for _ in range(BASES + visits)]
    days = [MONDAY + timedelta(days=number + 2 * (number // 5)) for number in range(DAYS)]
    teams = [_team(number, day) for number in range(TEAMS) for day in days]
    requests = [_visit(chance, number, days) for number in range(visits)]
    return Problem(requests=tuple(requests), team_days=tuple(teams), travel=estimated(points))


def _team(number: int, day: date) -> TeamDay:
    return TeamDay(
        team_id=number,
        day=day,
        start_min=8 * 60,
        end_min=17 * 60 + 30,
        base=number % BASES,
        rest=Rest(minutes=45, start_min=11 * 60 + 30, end_min=14 * 60),
        skills=frozenset({"radio"} if number % 2 else ()),
        agents=1 + number % 3 % 2,
        most_stops=STOPS + 1,
    )


def _visit(chance: random.Random, number: int, days: list[date]) -> Request:
    windows = [_two_hours(chance.choice(days), chance.choice((8, 10, 13, 15))) for _ in range(4)]
    return Request(
        id=f"{number:04}",
        home=BASES + number,
        minutes=45,
        windows=tuple(windows),
        skills=frozenset({"radio"} if chance.random() < 0.2 else ()),
        agents=chance.choice((1, 1, 1, 2)),
    )


def _two_hours(day: date, hour: int) -> Window:
    return Window(day=day, start_min=60 * hour, end_min=60 * hour + 120)


def _every_window(problem: Problem) -> list[Window]:
    return [_two_hours(day, hour) for day in problem.on_day for hour in (8, 10, 13, 15)]
