"""A plan after something has happened: what must move does, those told last, and nobody else.

An urgent request, a team that is absent for a time or lacks an agent, requests that are withdrawn: change the problem,
and repair the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from optimizer.rounds.draft import Draft, Saved, binding
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Kind, Lock, Problem, Request, TeamDay
from optimizer.rounds.timeline import Entrant, Timeline, Visit

TRIED = 40  # ways to make room for one request that are followed to their end, the most promising of all
PUT_OUT = (1, 2)  # stops of one round that make room together: two where one is not enough


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A plan repaired: whose team, day or window changed, and who lost their place."""

    problem: Problem  # with the promises that could not be kept released
    plan: Plan
    moved: tuple[str, ...]
    lost: tuple[str, ...]
    cost: int


def absent(problem: Problem, team_id: int, day: date, *, start_min: int, end_min: int) -> Problem:
    """Return the problem with a team that is away from `start_min` to `end_min`: it works the longer part left."""
    team_day = problem.team_day_of[team_id, day]
    hours = [
        (first, last)
        for first, last in ((team_day.start_min, min(start_min, team_day.end_min)), (end_min, team_day.end_min))
        if first < last and first >= team_day.start_min
    ]
    others = tuple(one for one in problem.team_days if one.key != team_day.key)
    if not hours:
        return replace(problem, team_days=others)
    first, last = max(hours, key=lambda one: one[1] - one[0])
    return replace(problem, team_days=(*others, _shorter(team_day, first, last)))


def _shorter(team_day: TeamDay, start_min: int, end_min: int) -> TeamDay:
    """Return a team-day with other hours, and no break where there is no time for it any more."""
    rest = team_day.rest
    if rest and max(rest.start_min, start_min) + rest.minutes > min(rest.end_min, end_min):
        rest = None
    return replace(team_day, start_min=start_min, end_min=end_min, rest=rest)


def with_agents(problem: Problem, team_id: int, day: date, agents: int) -> Problem:
    """Return the problem with another number of agents in a team that day."""
    return problem.with_team_days(replace(problem.team_day_of[team_id, day], agents=agents))


def as_present(problem: Problem, plan: Plan) -> Problem:
    """Return the problem with what a plan says as the present appointments, which another plan then moves at a cost."""
    return problem.with_requests(
        *(
            replace(one, present=plan.placed[one.id], lock=Lock.MOVABLE)
            for one in problem.requests
            if one.id in plan.placed and one.lock is not Lock.FROZEN
        )
    )


def repair(problem: Problem, plan: Plan) -> Repair:
    """Return the plan with every request of the problem that can have a place, moving as few others as can be."""
    draft, problem = _kept(problem, plan)
    for request in sorted(draft.unplaced, key=lambda one: (one.id in plan.placed, *binding(one)), reverse=True):
        if place := draft.best_place(request):
            draft.insert(request, place)
        elif request.id in plan.placed or request.kind is Kind.URGENT:
            _make_room(draft, request)
    return _told(problem, plan, draft)


def _kept(problem: Problem, plan: Plan) -> tuple[Draft, Problem]:
    """Return what still holds of a plan. A promise that no longer does is released: it may move, at a cost."""
    draft = Draft.of(problem, plan)
    broken = [
        replace(one, lock=Lock.MOVABLE, windows=(*one.windows, one.present.window))
        for one in draft.unplaced
        if one.lock is Lock.FROZEN and one.present and one.id in plan.placed
    ]
    if not broken:
        return draft, problem
    released = problem.with_requests(*broken)
    return Draft.of(released, draft.plan()), released


def _told(problem: Problem, plan: Plan, draft: Draft) -> Repair:
    repaired = draft.plan()
    known = [one for one in plan.placed if one in problem.request_of]
    return Repair(
        problem=problem,
        plan=repaired,
        moved=tuple(one for one in known if one in repaired.placed and repaired.placed[one] != plan.placed[one]),
        lost=tuple(one for one in known if one not in repaired.placed),
        cost=draft.cost,
    )


@dataclass(frozen=True)
class Room:
    """Stops of a round that, put out, leave room for a request."""

    put_out: tuple[Visit, ...]
    metres: int

    @property
    def harm(self) -> tuple[tuple[int, ...], int]:
        """Return by what rooms are ranked: those told, the priorities, how many; then the detour."""
        bound = [binding(one.request) for one in self.put_out]
        return (sum(one[0] for one in bound), sum(one[1] for one in bound), len(bound)), self.metres


def _make_room(draft: Draft, request: Request) -> None:
    """Put others out for a request, and place them elsewhere: the least harm, then the least cost; or change nothing.

    A stop that finds no other place is lost, where that costs less than to leave the request waiting.
    """
    before, worth = draft.saved(), draft.problem.weights.unplaced
    most = draft.cost_of_rounds + worth * request.priority
    for together in PUT_OUT:
        best: tuple[tuple[int, int, int], Saved] | None = None
        for room in sorted(_rooms(draft, request, together), key=lambda one: one.harm)[:TRIED]:
            for visit in room.put_out:
                draft.remove(visit.request.id)
            if place := draft.best_place(request):
                draft.insert(request, place)
                lost = _place_again(draft, room)
                cost = draft.cost_of_rounds + worth * lost
                rank = (lost, room.harm[0][0], cost)
                if cost < most and (best is None or rank < best[0]):
                    best = (rank, draft.saved())
            draft.restore(before)
        if best:
            draft.restore(best[1])
            return


def _place_again(draft: Draft, room: Room) -> int:
    """Place elsewhere those who were put out, and return the priorities of those who found nothing."""
    for visit in sorted(room.put_out, key=lambda one: binding(one.request), reverse=True):
        if place := draft.best_place(visit.request):
            draft.insert(visit.request, place)
    return sum(one.request.priority for one in room.put_out if one.request.id not in draft.where)


def _rooms(draft: Draft, request: Request, together: int) -> Iterator[Room]:
    entrant = Entrant(request, draft.problem.travel)
    for window in request.choices:
        for team_day in draft.problem.on_day.get(window.day, ()):
            if not team_day.can_serve(request):
                continue
            visits = draft.timelines[team_day.key].visits
            loose = [one for one in visits if one.request.lock is not Lock.FROZEN]
            for put_out in combinations(loose, together):
                rest = tuple(one for one in visits if one not in put_out)
                openings = Timeline(team_day, draft.problem.travel, rest).openings(entrant, window)
                if metres := [one.metres for one in openings]:
                    yield Room(put_out, min(metres))
