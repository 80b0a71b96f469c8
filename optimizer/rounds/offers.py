"""The windows to propose to a person, on the plan as it is: nobody else's appointment changes."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.rounds.draft import Draft, Place
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Problem, Request, Window

USUAL_OFFERS = 5


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A window that can be kept: by which team, for how many metres more, and what that costs by the weights."""

    window: Window
    team_id: int
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
    return tuple(Offer(window=one.window, team_id=one.key[0], metres=one.metres, cost=one.cost) for one in chosen)
