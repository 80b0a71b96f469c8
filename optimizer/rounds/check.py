"""A plan judged without the solver: what it breaks, and what it costs rule by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from optimizer.rounds.plan import Plan, Round, Stop
from optimizer.rounds.problem import Lock, Problem, Request, TeamDay
from optimizer.searching import Price

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a plan breaks, and where."""

    rule: str
    team_id: int | None = None
    day: date | None = None
    request_id: str | None = None


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Return everything that is wrong with a plan; an empty list when it can be applied."""
    found = [Violation(rule="twice", team_id=key[0], day=key[1]) for key in _repeated(one.key for one in plan.rounds)]
    stops = [stop.request_id for one in plan.rounds for stop in one.stops]
    found += [Violation(rule="twice", request_id=one) for one in _repeated(stops)]
    for one in plan.rounds:
        found += [
            Violation(rule=rule, team_id=one.team_id, day=one.day, request_id=request_id)
            for rule, request_id in _wrong(problem, one)
        ]
    return found


def _repeated(found: Iterable[T]) -> list[T]:
    return [one for one, times in Counter(found).items() if times > 1]


def _wrong(problem: Problem, one: Round) -> Iterator[tuple[str, str | None]]:
    """Yield the rules that a round breaks, and for which request."""
    team_day = problem.team_day_of.get(one.key)
    if not team_day:
        yield "team_day", None
        return
    if not one.stops:
        yield "empty", None
        return
    known = [stop for stop in one.stops if stop.request_id in problem.request_of]
    yield from (("request", stop.request_id) for stop in one.stops if stop not in known)
    if len(known) < len(one.stops):
        return
    for stop in one.stops:
        yield from (
            (rule, stop.request_id) for rule in _wrong_stop(problem.request_of[stop.request_id], team_day, stop)
        )
    yield from _wrong_way(problem, team_day, one)
    load = sum(problem.request_of[stop.request_id].load for stop in one.stops)
    if team_day.capacity is not None and load > team_day.capacity:
        yield "capacity", None
    if team_day.most_stops is not None and len(one.stops) > team_day.most_stops:
        yield "most_stops", None


def _wrong_stop(request: Request, team_day: TeamDay, stop: Stop) -> Iterator[str]:
    window, present = stop.window, request.present
    if request.lock is Lock.FROZEN and present:
        if window != present.window or team_day.team_id != present.team_id:
            yield "frozen"
    else:
        if window not in request.windows:
            yield "windows"
        if request.last_day is not None and window.day > request.last_day:
            yield "last_day"
    if window.day != team_day.day or not window.start_min * 60 <= stop.start_s <= window.end_min * 60:
        yield "window"
    if not request.skills <= team_day.skills:
        yield "skills"
    if request.agents > team_day.agents:
        yield "agents"
    if stop.start_s < stop.arrival_s or stop.departure_s != stop.start_s + request.minutes * 60:
        yield "minutes"


def _wrong_way(problem: Problem, team_day: TeamDay, one: Round) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong between the stops: roads, break, hours of work."""
    if one.leaves_s < team_day.start_min * 60 or one.returns_s > team_day.end_min * 60:
        yield "hours", None
    rest = (0, 0)
    if team_day.rest:
        rest = (one.rest_s, one.rest_s + team_day.rest.minutes * 60) if one.rest_s is not None else (-1, -1)
        if rest[0] < team_day.rest.start_min * 60 or rest[1] > team_day.rest.end_min * 60:
            yield "rest", None
    rested, here, leaves_s = 0, team_day.base, one.leaves_s
    for stop in one.stops:
        home, ready = problem.request_of[stop.request_id].home, stop.start_s
        rested += pause if (pause := _rest_between(rest, leaves_s, ready)) else 0
        road = problem.travel.leg(here, home)[1]
        if stop.arrival_s < leaves_s + road or ready < leaves_s + road + pause:
            yield "road", stop.request_id
        here, leaves_s = home, stop.departure_s
    pause = _rest_between(rest, leaves_s, team_day.end_min * 60)
    if one.returns_s < leaves_s + problem.travel.leg(here, team_day.base)[1] + pause:
        yield "road", None
    if team_day.rest and rested + pause != team_day.rest.minutes * 60:
        yield "rest", None


def _rest_between(rest: tuple[int, int], start_s: int, end_s: int) -> int:
    """Return the seconds of the break, when the whole of it is between two visits."""
    return rest[1] - rest[0] if start_s <= rest[0] and rest[1] <= end_s else 0


def price(problem: Problem, plan: Plan) -> tuple[Price, ...]:
    """Return what a plan costs, rule by rule: what is not placed, roads, rounds, waiting, what moves.

    Visits and days are counted as they are; what they cost is by priority.
    """
    weights, placed = problem.weights, plan.placed
    waiting = [one.priority for one in problem.requests if one.id not in placed]
    metres = days = waited = moved = changed = 0
    for one in plan.rounds:
        places = [problem.request_of[stop.request_id].home for stop in one.stops]
        base = problem.team_day_of[one.key].base
        metres += sum(problem.travel.leg(*leg)[0] for leg in zip([base, *places], [*places, base], strict=True))
    for request_id, kept in placed.items():
        request = problem.request_of[request_id]
        here = max((kept.window.day - problem.first_day).days, 0)
        days, waited = days + here, waited + request.priority * here
        if request.lock is Lock.MOVABLE and request.present:
            moved += kept.window != request.present.window
            changed += kept.team_id != request.present.team_id
    return (
        Price(rule="unplaced", count=len(waiting), cost=sum(waiting) * weights.unplaced),
        Price(rule="metres", count=metres, cost=metres * weights.metre),
        Price(rule="rounds", count=len(plan.rounds), cost=len(plan.rounds) * weights.round),
        Price(rule="days_waited", count=days, cost=waited * weights.day_waited),
        Price(rule="moved", count=moved, cost=moved * weights.moved),
        Price(rule="changed_team", count=changed, cost=changed * weights.changed_team),
    )
