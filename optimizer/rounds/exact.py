"""The exact answer where nothing is left to choose but who fits into each round, and in which order."""

from __future__ import annotations

from datetime import date

from optimizer.rounds.draft import Draft, Key
from optimizer.rounds.problem import Lock, Problem, Request, TeamDay
from optimizer.rounds.timeline import Timeline, Visit

Label = tuple[int, int, int]  # metres so far, earliest beginnings of the last stop
A_PROMISE = 10**13
MOST_STOPS = 9  # of one team-day: beyond, a search is faster than a proof


def settled(problem: Problem) -> dict[Key, list[Visit]] | None:
    """Return what each team-day may visit, when nobody has a choice of team, day and window; None otherwise."""
    only: dict[Key, list[Visit]] = {}
    for request in problem.requests:
        choices = [(one, window) for window in request.choices for one in _serving(problem, request, window.day)]
        if len(choices) > 1:
            return None
        for team_day, window in choices:
            only.setdefault(team_day.key, []).append(Visit(request, window))
    return None if any(len(visits) > MOST_STOPS for visits in only.values()) else only


def _serving(problem: Problem, request: Request, day: date) -> list[TeamDay]:
    return [one for one in problem.on_day.get(day, ()) if one.can_serve(request)]


def proved(problem: Problem, only: dict[Key, list[Visit]]) -> Draft:
    """Return the best of all plans, each team-day by itself."""
    draft = Draft(problem)
    for key, visits in only.items():
        best = _best_order(problem, draft.timelines[key], visits)
        draft.take(key, [(one.request.id, one.window) for one in best])
    return draft


def _best_order(problem: Problem, timeline: Timeline, visits: list[Visit]) -> tuple[Visit, ...]:
    """Return the cheapest round: every order is tried but those that another reaches the same stop better than."""
    weights = problem.weights
    best: tuple[int, tuple[Visit, ...]] = (sum(_gain(problem, one) for one in visits), ())
    orders: list[tuple[Visit, ...]] = [()]
    while orders:
        labels: dict[tuple[frozenset[str], str], list[tuple[Label, tuple[Visit, ...]]]] = {}
        for order, one in ((order, one) for order in orders for one in visits if one not in order):
            timeline.change((*order, one))
            if not timeline.can_go_on:
                continue
            if timeline.is_possible:
                left_out = sum(_gain(problem, other) for other in visits if other not in timeline.visits)
                cost = left_out + weights.round + weights.metre * timeline.metres
                best = min(best, (cost, timeline.visits), key=lambda found: found[0])
            served = (frozenset(other.request.id for other in timeline.visits), one.request.id)
            _keep(labels.setdefault(served, []), timeline.so_far, timeline.visits)
        orders = [order for kept in labels.values() for _, order in kept]
    timeline.change(())
    return best[1]


def _keep(kept: list[tuple[Label, tuple[Visit, ...]]], label: Label, order: tuple[Visit, ...]) -> None:
    """Keep an order unless another is as short and as early; those that it makes useless go."""
    if not any(all(map(int.__le__, other, label)) for other, _ in kept):
        kept[:] = [one for one in kept if not all(map(int.__le__, label, one[0]))]
        kept.append((label, order))


def _gain(problem: Problem, visit: Visit) -> int:
    """Return what it is worth to visit somebody: more than any road, once it was told to them."""
    waiting = problem.weights.unplaced * visit.request.priority - problem.appointment_cost(visit.request, visit.window)
    return waiting + A_PROMISE * (visit.request.lock is Lock.FROZEN)
