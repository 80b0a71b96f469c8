"""Some team-days and the requests that they may serve, in the terms of PyVRP, and its answer in ours.

Team-days that are alike are vehicles of one type. A window is a client, and the windows of a request exclude one
another; what a window costs is what its prize lacks. Days follow one another on one axis of time, far enough apart. A
team that cannot serve a home finds every road to it longer than the axis: that is what a profile is for. PyVRP knows no
break: on a day with one, the axis leaves out as many minutes, at a moment that the caller chooses, and the exact hours
are for a `Timeline` to find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pyvrp

from optimizer.matrices import Matrix
from optimizer.rounds.draft import Draft, Key
from optimizer.rounds.problem import Lock, Request, Rest, TeamDay
from optimizer.rounds.timeline import Visit

Need = tuple[frozenset[str], int, int | None, int | None]  # skills, agents, the team promised, the team that is cheaper


@dataclass(frozen=True)
class Shift:
    """What makes team-days vehicles of one type."""

    team_day: TeamDay  # with no number, unless its own matters
    profile: int


class Encoding:
    """The data of one search by PyVRP, over `scope`: from the rounds of a draft, and back to stops."""

    def __init__(self, draft: Draft, scope: Sequence[TeamDay], *, pause: float = 0.5) -> None:
        self._draft, self._problem, self._scope, self._pause = draft, draft.problem, scope, pause
        self._keys = {one.key for one in scope}
        self.visits: list[Visit] = []  # by client
        self.groups: list[list[int]] = []  # the clients of each request
        self.is_required: list[bool] = []
        self._collect()
        self.types = self._types()
        self.data = self._data()

    def _collect(self) -> None:
        found = [(one, self._options(one)) for one in self._problem.requests if self._is_here(one)]
        found = [(request, options) for request, options in found if options]
        all_placed = all(request.id in self._draft.where for request, _ in found)
        for request, options in found:
            is_kept = request.lock is Lock.FROZEN and request.id in self._draft.where
            self.groups.append(list(range(len(self.visits), len(self.visits) + len(options))))
            self.visits += options
            self.is_required.append(all_placed or is_kept)

    def _is_here(self, request: Request) -> bool:
        key = self._draft.where.get(request.id)
        return key is None or key in self._keys

    def _options(self, request: Request) -> list[Visit]:
        days = {one.day for one in self._scope if one.can_serve(request)}
        return [Visit(request, window) for window in request.choices if window.day in days]

    def _types(self) -> dict[Shift, list[Key]]:
        """Return the team-days of the scope by type of vehicle."""
        types: dict[Shift, list[Key]] = {}
        for one in self._scope:
            shift = Shift(replace(one, team_id=0, skills=frozenset(), agents=1), self._profile_of[one.key])
            types.setdefault(shift, []).append(one.key)
        return types

    @cached_property
    def _named(self) -> set[int]:
        """Return the teams that some request prefers to others, or is promised to."""
        needs = (self._need(one.request) for one in self.visits)
        return {team for need in needs for team in need[2:] if team is not None}

    def _need(self, request: Request) -> Need:
        prefers = request.lock is Lock.MOVABLE and request.present and self._problem.weights.changed_team
        cheaper = request.present.team_id if prefers and request.present else None
        return (request.skills, request.agents, request.pinned_to, cheaper)

    @cached_property
    def _profile_of(self) -> dict[Key, int]:
        """Return the profile of each team-day: what it can serve, and at what cost."""
        profiles: dict[tuple[frozenset[str], int, int | None], int] = {}
        asked = frozenset(skill for one in self.visits for skill in one.request.skills)
        most = max((one.request.agents for one in self.visits), default=1)
        return {
            one.key: profiles.setdefault(
                (one.skills & asked, min(one.agents, most), one.team_id if one.team_id in self._named else None),
                len(profiles),
            )
            for one in self._scope
        }

    @cached_property
    def _places(self) -> dict[tuple[int, Need | None], int]:
        """Return the locations: a base, or a home with what its visit needs."""
        bases: list[tuple[int, Need | None]] = [(one.base, None) for one in self._scope]
        homes = [(one.request.home, self._need(one.request)) for one in self.visits]
        return {place: number for number, place in enumerate(dict.fromkeys([*bases, *homes]))}

    @cached_property
    def _scales(self) -> tuple[int, int]:
        """Return by what costs and times are multiplied, so that a leg is about as many of the one as of the other."""
        rows = [place for place, _ in self._places]
        legs = np.ix_(rows, rows)
        metres = self._problem.travel.distances_m[legs].mean() * self._problem.weights.metre
        seconds = self._problem.travel.durations_s[legs].mean()
        if not metres or not seconds:
            return (1, 1)
        return (max(round(seconds / metres), 1), max(round(metres / seconds), 1))

    @cached_property
    def _days(self) -> dict[date, int]:
        """Return where each day begins on the axis, in seconds."""
        latest = max(one.end_min for one in self._scope) * 60 + 1
        return {day: number * latest for number, day in enumerate(sorted({one.day for one in self._scope}))}

    @cached_property
    def _rests(self) -> dict[date, Rest]:
        """Return the break that most teams have on each day."""
        found: dict[date, Counter[Rest]] = {}
        for one in self._scope:
            if one.rest:
                found.setdefault(one.day, Counter())[one.rest] += 1
        return {day: counted.most_common(1)[0][0] for day, counted in found.items()}

    def _at(self, day: date, minute: int) -> int:
        """Return a moment on the axis."""
        second = minute * 60
        if rest := self._rests.get(day):
            begins = round((rest.start_min + self._pause * (rest.end_min - rest.start_min - rest.minutes)) * 60)
            second = second if second <= begins else max(second - rest.minutes * 60, begins)
        return (self._days[day] + second) * self._scales[1]

    def _matrices(self) -> tuple[list[Matrix], list[Matrix]]:
        rows = [place for place, _ in self._places]
        legs = np.ix_(rows, rows)
        metres = self._problem.travel.distances_m[legs] * self._problem.weights.metre
        seconds = self._problem.travel.durations_s[legs]
        np.fill_diagonal(metres, 0)
        np.fill_diagonal(seconds, 0)
        endless = (max(self._days.values()) + max(one.end_min for one in self._scope) * 60) * 2
        costs, times = [], []
        for number in range(max(self._profile_of.values()) + 1):
            team_day = next(one for one in self._scope if self._profile_of[one.key] == number)
            added = np.array([self._added(team_day, need) for _, need in self._places])
            cost, duration = metres + np.maximum(added, 0)[None, :], seconds.copy()
            duration[:, added < 0] = endless
            np.fill_diagonal(cost, 0)
            np.fill_diagonal(duration, 0)
            costs.append(cost * self._scales[0])
            times.append(duration * self._scales[1])
        return costs, times

    def _added(self, team_day: TeamDay, need: Need | None) -> int:
        """Return what it costs that this team goes there, less than 0 when it cannot."""
        if need is None:
            return 0
        skills, agents, pinned_to, cheaper = need
        if not skills <= team_day.skills or agents > team_day.agents or pinned_to not in (None, team_day.team_id):
            return -1
        return 0 if cheaper in (None, team_day.team_id) else self._problem.weights.changed_team

    def _data(self) -> pyvrp.ProblemData:
        depots = sorted({one.base for one in self._scope})
        clients, groups = self._clients()
        costs, times = self._matrices()
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in self._places],
            clients=clients,
            depots=[pyvrp.Depot(self._places[base, None]) for base in depots],
            vehicle_types=[
                pyvrp.VehicleType(
                    num_available=len(keys),
                    capacity=self._capacity(shift.team_day),
                    start_depot=depots.index(shift.team_day.base),
                    end_depot=depots.index(shift.team_day.base),
                    fixed_cost=self._problem.weights.round * self._scales[0],
                    tw_early=self._at(shift.team_day.day, shift.team_day.start_min),
                    tw_late=self._at(shift.team_day.day, shift.team_day.end_min),
                    profile=shift.profile,
                )
                for shift, keys in self.types.items()
            ],
            distance_matrices=costs,  # type: ignore[arg-type] # the stub wants ndarray[int]
            duration_matrices=times,  # type: ignore[arg-type]
            groups=groups,
        )

    def _clients(self) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup]]:
        clients, groups = [], []
        for options, is_required in zip(self.groups, self.is_required, strict=True):
            request = self.visits[options[0]].request
            is_alone = len(options) == 1
            if not is_alone:
                groups.append(pyvrp.ClientGroup(options, required=is_required))
            for client in options:
                window = self.visits[client].window
                clients.append(
                    pyvrp.Client(
                        location=self._places[request.home, self._need(request)],
                        delivery=self._loads(request),
                        service_duration=request.minutes * 60 * self._scales[1],
                        tw_early=self._at(window.day, window.start_min),
                        tw_late=self._at(window.day, window.end_min),
                        prize=self.prize(client) * self._scales[0],
                        required=is_required and is_alone,
                        group=None if is_alone else len(groups) - 1,
                    )
                )
        return clients, groups

    def prize(self, client: int) -> int:
        """Return what the plan gains when a request is visited in this window."""
        visit = self.visits[client]
        whole = self._problem.weights.unplaced * visit.request.priority
        return max(whole - self._problem.appointment_cost(visit.request, visit.window), 0)

    def cost(self, found: int) -> int:
        """Return what the whole plan costs when PyVRP finds so much, if its hours are the exact ones."""
        return self._elsewhere + found // self._scales[0]

    @cached_property
    def _elsewhere(self) -> int:
        """Return what the plan costs out of the scope, and what PyVRP counts that we do not."""
        here = self.solution()
        evaluator = pyvrp.CostEvaluator([0.0] * self.data.num_load_dimensions, 0.0, 0.0)
        return self._draft.cost - evaluator.penalised_cost(here) // self._scales[0]

    @cached_property
    def _counts_loads(self) -> bool:
        return any(one.capacity is not None for one in self._scope) and any(one.request.load for one in self.visits)

    @cached_property
    def _counts_stops(self) -> bool:
        return any(one.most_stops is not None for one in self._scope)

    def _loads(self, request: Request) -> list[int]:
        return [request.load] * self._counts_loads + [1] * self._counts_stops

    def _capacity(self, team_day: TeamDay) -> list[int]:
        everything = sum(one.request.load for one in self.visits)
        load = everything if team_day.capacity is None else team_day.capacity
        stops = len(self.visits) if team_day.most_stops is None else team_day.most_stops
        return [load] * self._counts_loads + [stops] * self._counts_stops

    def solution(self) -> pyvrp.Solution:
        """Return the rounds of the draft as a solution."""
        client_of = {(one.request.id, one.window): number for number, one in enumerate(self.visits)}
        routes = []
        for number, keys in enumerate(self.types.values()):
            for key in keys:
                stops = [client_of[one.request.id, one.window] for one in self._draft.timelines[key].visits]
                if stops:
                    routes.append(pyvrp.Route(self.data, stops, number))
        return pyvrp.Solution(self.data, routes)

    def draft(self, solution: pyvrp.Solution) -> Draft:
        """Return the draft with the rounds of a solution: what cannot be with exact hours is placed anew."""
        changed = self._draft.copy()
        for key in self._keys:
            changed.clear(key)
        free = {number: list(keys) for number, keys in enumerate(self.types.values())}
        wanted: list[Visit] = []
        for route in solution.routes():
            visits = [self.visits[client] for client in clients_of(route)]
            key = free[route.vehicle_type()].pop(0)
            changed.take(key, [(one.request.id, one.window) for one in visits])
            wanted += visits
        changed.fill(one.request for one in wanted)
        return changed


def clients_of(route: Iterable[pyvrp.ScheduledActivity]) -> tuple[int, ...]:
    """Return the clients of a route, in order."""
    return tuple(one.idx for one in route if one.is_client())
