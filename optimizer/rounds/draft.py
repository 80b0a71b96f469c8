"""A plan in the making: rounds that change, the cheapest place for a request, and a plan at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Lock, Problem, Request, TeamDay, Window
from optimizer.rounds.timeline import Entrant, Timeline, Visit

Key = tuple[int, date]
Saved = tuple[dict[str, Key], dict[Key, tuple[Visit, ...]]]


@dataclass(frozen=True)
class Place:
    """Where a request can go, and the cost that this adds."""

    cost: int
    metres: int
    key: Key
    position: int
    window: Window


class Draft:
    """The rounds of every team-day, each always possible."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.timelines = {one.key: Timeline(one, problem.travel) for one in problem.team_days}
        self.where: dict[str, Key] = {}
        self._entrants: dict[str, Entrant] = {}
        self._costs: dict[Key, tuple[tuple[Visit, ...], int]] = {}

    @cached_property
    def _kinds(self) -> dict[Key, TeamDay]:
        """Return the team-days without their number: those that are alike are equal."""
        return {one.key: replace(one, team_id=0) for one in self.problem.team_days}

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> Draft:
        """Return what is still possible of a plan: the stops that no longer are possible are left out."""
        draft = cls(problem)
        for one in plan.rounds:
            if one.key in draft.timelines:
                stops = [(stop.request_id, stop.window) for stop in one.stops]
                draft.take(one.key, stops)
        return draft

    def take(self, key: Key, stops: Iterable[tuple[str, Window]]) -> None:
        """Append to a round what can be of these stops, in their order, those that bind most first."""
        timeline = self.timelines[key]
        asked = [self._visit(key, request_id, window) for request_id, window in stops]
        wanted = [one for one in asked if one and one.request.id not in self.where]
        kept = list({one.request.id: one for one in wanted}.values())
        timeline.change((*timeline.visits, *kept))
        while not timeline.is_possible:
            kept = self._without_one(timeline, kept)
        self.where |= dict.fromkeys((one.request.id for one in kept), key)

    def _without_one(self, timeline: Timeline, kept: list[Visit]) -> list[Visit]:
        """Leave out the first stop that makes the rest possible, or else the one that binds least."""
        standing = timeline.visits[: len(timeline.visits) - len(kept)]
        for left_out in sorted(kept, key=lambda one: binding(one.request)):
            rest = [one for one in kept if one is not left_out]
            timeline.change((*standing, *rest))
            if timeline.is_possible:
                return rest
        least = min(kept, key=lambda one: binding(one.request))
        rest = [one for one in kept if one is not least]
        timeline.change((*standing, *rest))
        return rest

    def _visit(self, key: Key, request_id: str, window: Window) -> Visit | None:
        request = self.problem.request_of.get(request_id)
        if not request or window not in request.choices or window.day != key[1]:
            return None
        return Visit(request, window) if self.timelines[key].team_day.can_serve(request) else None

    def places(self, request: Request) -> Iterator[Place]:
        """Yield every place where a request fits; of empty rounds that are alike, one."""
        entrant = self._entrant(request)
        for window in request.choices:
            asked = self.problem.appointment_cost(request, window)
            seen = set()
            for team_day in self.problem.on_day.get(window.day, ()):
                if not team_day.can_serve(request):
                    continue
                cost = asked + self.problem.team_cost(request, team_day.team_id)
                timeline = self.timelines[team_day.key]
                if not timeline.visits:
                    kind = (self._kinds[team_day.key], cost)
                    if kind in seen:
                        continue
                    seen.add(kind)
                    cost += self.problem.weights.round
                for opening in timeline.openings(entrant, window):
                    added = cost + opening.metres * self.problem.weights.metre
                    yield Place(added, opening.metres, team_day.key, opening.position, window)

    def best_place(self, request: Request) -> Place | None:
        """Return the cheapest place, None when there is none, or none that is worth it. A promise is, at any price."""
        place = min(self.places(request), key=lambda one: one.cost, default=None)
        waiting = self.problem.weights.unplaced * request.priority
        is_worth_it = place and (place.cost <= waiting or request.lock is Lock.FROZEN)
        return place if is_worth_it else None

    def insert(self, request: Request, place: Place) -> None:
        """Have the request visited there."""
        timeline = self.timelines[place.key]
        timeline.change(timeline.with_visit(Visit(request, place.window), place.position))
        self.where[request.id] = place.key

    def remove(self, request_id: str) -> Visit:
        """Take a request out of its round."""
        key = self.where[request_id]
        visits = self.timelines[key].visits
        visit = next(one for one in visits if one.request.id == request_id)
        self.clear(key)  # where a detour is shorter than the straight road, what remains may be late
        self.take(key, [(one.request.id, one.window) for one in visits if one is not visit])
        return visit

    def clear(self, key: Key) -> None:
        """Take every request out of a round."""
        for one in self.timelines[key].visits:
            del self.where[one.request.id]
        self.timelines[key].change(())

    def saved(self) -> Saved:
        """Return what `restore` needs to come back to the rounds as they are."""
        return dict(self.where), {key: one.visits for key, one in self.timelines.items()}

    def restore(self, saved: Saved) -> None:
        """Have the rounds again as they were."""
        self.where = dict(saved[0])
        for key, visits in saved[1].items():
            if self.timelines[key].visits is not visits:
                self.timelines[key].change(visits)

    def fill(self, among: Iterable[Request] | None = None) -> None:
        """Place all that can be: those that are bound first, then the urgent, each at its cheapest place."""
        waiting = [one for one in (self.problem.requests if among is None else among) if one.id not in self.where]
        for request in sorted(waiting, key=self._turn):
            if place := self.best_place(request):
                self.insert(request, place)

    def _turn(self, request: Request) -> tuple[int, int, float, str]:
        """Return the order in which requests are placed: few choices, then early ones."""
        last = max((one.day.toordinal() * 1440 + one.end_min for one in request.choices), default=0)
        return (-binding(request)[0], -request.priority, last, request.id)

    def _entrant(self, request: Request) -> Entrant:
        entrant = self._entrants.get(request.id)
        if not entrant or entrant.request is not request:
            entrant = self._entrants[request.id] = Entrant(request, self.problem.travel)
        return entrant

    @property
    def unplaced(self) -> list[Request]:
        """Return the requests that are in no round."""
        return [one for one in self.problem.requests if one.id not in self.where]

    @property
    def cost(self) -> int:
        """Return what the plan costs."""
        waiting = sum(one.priority for one in self.unplaced)
        return self.problem.weights.unplaced * waiting + self.cost_of_rounds

    @property
    def cost_of_rounds(self) -> int:
        """Return what the rounds cost, whoever waits."""
        return sum(self._cost_of(key) for key in self.timelines)

    def _cost_of(self, key: Key) -> int:
        """Return what a round costs, counted once as long as nobody changes it."""
        timeline = self.timelines[key]
        counted = self._costs.get(key)
        if counted and counted[0] is timeline.visits:
            return counted[1]
        weights, total = self.problem.weights, 0
        if timeline.visits:
            total = weights.round + weights.metre * timeline.metres
            for one in timeline.visits:
                total += self.problem.appointment_cost(one.request, one.window)
                total += self.problem.team_cost(one.request, key[0])
        self._costs[key] = (timeline.visits, total)
        return total

    def copy(self) -> Draft:
        """Return a draft that changes on its own."""
        other = Draft(self.problem)
        other.restore(self.saved())
        return other

    def plan(self) -> Plan:
        """Return the plan as it is now."""
        return Plan(rounds=tuple(one.as_round() for one in self.timelines.values() if one.visits))


def binding(request: Request) -> tuple[int, int, int]:
    """Return how much a request binds: told to the person, movable at a cost, free; then its priority."""
    rank = {"frozen": 2, "movable": 1, "free": 0}[request.lock]
    return (rank, request.priority, -request.minutes)
