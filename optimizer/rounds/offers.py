"""The windows to propose to a person, on the plan as it is: nobody else's appointment changes."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.rounds.draft import Draft, Place
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Problem, Request, Window
from optimizer.rounds.timeline import Timeline, Visit

USUAL_OFFERS = 5


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A window that can be kept: by which team, from when on, for how many metres more, what that costs by the weights.

    `start_s` is the earliest moment, in seconds after midnight of the day.
    """

    window: Window
    team_id: int
    start_s: int
    metres: int
    cost: int


def offers(problem: Problem, plan: Plan, request: Request, *, most: int = USUAL_OFFERS) -> tuple[Offer, ...]:
    """Return the best windows of a request, the cheapest first, each with the team that suits best.

    The request may be new to the problem. If it has a place already, that place is free for its offers.
    """
    draft = Draft.of(problem, plan)
    if request.id in draft.where:
        draft.remove(request.id)
    best: dict[Window, Place] = {}
    for place in draft.places(request):
        if place.window not in best or place.cost < best[place.window].cost:
            best[place.window] = place
    chosen = sorted(best.values(), key=lambda one: (one.cost, one.window))[:most]
    return tuple(_offer(draft, request, one) for one in chosen)


def _offer(draft: Draft, request: Request, place: Place) -> Offer:
    timeline = draft.timelines[place.key]
    visits = timeline.with_visit(Visit(request, place.window), place.position)
    stop = Timeline(timeline.team_day, draft.problem.travel, visits).as_round().stops[place.position]
    return Offer(window=place.window, team_id=place.key[0], start_s=stop.start_s, metres=place.metres, cost=place.cost)
