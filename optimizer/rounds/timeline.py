"""One team-day and its stops in order: when each can begin, and whether one more fits between two of them.

The break makes two states of every moment: still to be taken, or taken. For each stop we keep the earliest beginning in
both (from the base on) and the latest in both (from the return backwards), so that an insertion is judged without
going through the round again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from optimizer.matrices import Matrix
from optimizer.rounds.plan import Round, Stop
from optimizer.rounds.problem import Request, TeamDay, Travel, Window

NEVER = 1 << 50


@dataclass(frozen=True)
class Visit:
    """A request and the window that is kept."""

    request: Request
    window: Window


@dataclass(frozen=True)
class Opening:
    """A place in a round: before the stop number `position`, for so many metres more."""

    position: int
    metres: int


class Entrant:
    """A request that looks for a place: the roads to its home and from it, read once."""

    def __init__(self, request: Request, travel: Travel) -> None:
        self.request, self._travel = request, travel
        self.seconds = request.minutes * 60

    @cached_property
    def roads(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """Return the metres to the home and from it, then the seconds, for every place."""
        home = self.request.home
        sides: list[list[int]] = []
        matrix: Matrix
        for matrix in (self._travel.distances_m, self._travel.durations_s):
            sides += [matrix[:, home].tolist(), matrix[home].tolist()]
        return sides[0], sides[1], sides[2], sides[3]


class Timeline:
    """A round in the making. Nodes are the base, the stops, the base again."""

    def __init__(self, team_day: TeamDay, travel: Travel, visits: tuple[Visit, ...] = ()) -> None:
        self.team_day, self._travel = team_day, travel
        rest = team_day.rest
        self._rest_s = rest.minutes * 60 if rest else 0
        self._rest_from = max(rest.start_min, team_day.start_min) * 60 if rest else 0
        self._rest_last = min(rest.end_min, team_day.end_min) * 60 - self._rest_s if rest else -1
        self.change(visits)

    def change(self, visits: tuple[Visit, ...]) -> None:
        """Have these visits, in this order, instead of those that are there."""
        self.visits = visits
        team_day = self.team_day
        begins, ends = team_day.start_min * 60, team_day.end_min * 60
        self._places = [team_day.base, *(one.request.home for one in visits), team_day.base]
        self._service = [0, *(one.request.minutes * 60 for one in visits), 0]
        self._opens = [begins, *(one.window.start_min * 60 for one in visits), begins]
        self._closes = [ends, *(one.window.end_min * 60 for one in visits), ends]
        legs = [self._travel.leg(start, end) for start, end in zip(self._places, self._places[1:], strict=False)]
        self._metres, self._seconds = [one[0] for one in legs], [one[1] for one in legs]
        self.load = sum(one.request.load for one in visits)
        self._look_ahead()
        self._latest: list[tuple[int, int]] | None = None

    @property
    def metres(self) -> int:
        """Return how long the round is."""
        return sum(self._metres) if self.visits else 0

    @property
    def is_possible(self) -> bool:
        """Say whether every stop begins in its window, the break is taken and the team is back in time."""
        return not self.visits or (self._fits_in and self._ahead[-1][1] < NEVER)

    @property
    def _fits_in(self) -> bool:
        most, capacity = self.team_day.most_stops, self.team_day.capacity
        return (capacity is None or self.load <= capacity) and (most is None or len(self.visits) <= most)

    @property
    def latest_departure_s(self) -> int:
        """Return the latest moment to leave the base and keep every window."""
        return self._back[0][0 if self.team_day.rest else 1]

    @property
    def can_go_on(self) -> bool:
        """Say whether its stops are possible, the break and the return left aside."""
        return min(self._ahead[-2]) < NEVER and self._fits_in

    @property
    def so_far(self) -> tuple[int, int, int]:
        """Return the metres up to the last stop, and when it can begin: with the break to be taken, and taken."""
        return (sum(self._metres[:-1]), *self._ahead[-2])

    def _look_ahead(self) -> None:
        start = self._opens[0]
        state = (start, NEVER) if self.team_day.rest else (NEVER, start)
        self._ahead = [state]
        for node, leg in enumerate(self._seconds):
            state = self._step(state, self._service[node], leg, self._opens[node + 1], self._closes[node + 1])
            self._ahead.append(state)

    def _step(self, state: tuple[int, int], service: int, leg: int, opens: int, closes: int) -> tuple[int, int]:
        """Return when the next stop can begin, with the break to be taken and taken. It may be taken on the way."""
        leaves = state[0] + service
        arrives = leaves + leg
        taken = state[1] + service + leg
        if leaves <= self._rest_last:
            taken = min(taken, max(arrives, self._rest_from) + self._rest_s)
        arrives, taken = max(arrives, opens), max(taken, opens)
        return (arrives if arrives <= closes else NEVER, taken if taken <= closes else NEVER)

    @property
    def _back(self) -> list[tuple[int, int]]:
        if self._latest is None:  # many rounds are read, and few are looked into
            self._latest = self._look_back()
        return self._latest

    def _look_back(self) -> list[tuple[int, int]]:
        to_take, taken = -NEVER, self._closes[-1]
        back = [(to_take, taken)]
        for node in range(len(self.visits), -1, -1):
            spent = self._service[node] + self._seconds[node]
            before = to_take - spent
            if taken >= self._rest_from + self._rest_s and self.team_day.rest:
                on_the_way = min(self._rest_last, taken - self._rest_s - self._seconds[node]) - self._service[node]
                before = max(before, on_the_way)
            to_take, taken = min(self._closes[node], before), min(self._closes[node], taken - spent)
            back.append((to_take, taken))
        return back[::-1]

    def openings(self, entrant: Entrant, window: Window) -> Iterator[Opening]:
        """Yield the places where one more visit fits, the skills and the days being judged by others."""
        request, team_day = entrant.request, self.team_day
        if team_day.capacity is not None and self.load + request.load > team_day.capacity:
            return
        if team_day.most_stops is not None and len(self.visits) >= team_day.most_stops:
            return
        metres_to, metres_from, seconds_to, seconds_from = entrant.roads
        opens, closes = window.start_min * 60, window.end_min * 60
        places, service, ahead, back = self._places, self._service, self._ahead, self._back
        soonest = opens + entrant.seconds
        for node, metres in enumerate(self._metres):
            if min(ahead[node]) > closes:
                return
            if back[node + 1][1] < soonest:  # the next stop cannot wait for the window
                continue
            here, there = places[node], places[node + 1]
            state = self._step(ahead[node], service[node], seconds_to[here], opens, closes)
            if min(state) >= NEVER:
                continue
            to_take, taken = self._step(
                state, entrant.seconds, seconds_from[there], self._opens[node + 1], self._closes[node + 1]
            )
            if to_take <= back[node + 1][0] or taken <= back[node + 1][1]:
                yield Opening(node, metres_to[here] + metres_from[there] - metres)

    def with_visit(self, visit: Visit, position: int) -> tuple[Visit, ...]:
        """Return the visits with one more, before the stop number `position`."""
        return (*self.visits[:position], visit, *self.visits[position:])

    def as_round(self) -> Round:
        """Return the round with its hours: each stop as early as can be, the departure as late as it can then be."""
        rest_node = self._rest_node()
        leaves = clock = self._opens[0]
        rest_s: int | None = None
        stops: list[Stop] = []
        for node, leg in enumerate(self._seconds):
            arrives = ready = clock + leg
            if node == rest_node:
                rest_s = max(clock, self._rest_from)
                arrives = arrives if rest_s >= arrives else arrives + self._rest_s
                ready = max(arrives, rest_s + self._rest_s)
            begins = max(ready, self._opens[node + 1])
            if node == 0 and rest_s is None:
                leaves, arrives = begins - leg, begins
            clock = begins + self._service[node + 1]
            if node < len(self.visits):
                visit = self.visits[node]
                stops.append(
                    Stop(
                        request_id=visit.request.id,
                        window=visit.window,
                        arrival_s=arrives,
                        start_s=begins,
                        departure_s=clock,
                    )
                )
        return Round(
            team_id=self.team_day.team_id,
            day=self.team_day.day,
            leaves_s=leaves,
            stops=tuple(stops),
            rest_s=rest_s,
            returns_s=clock,
        )

    def _rest_node(self) -> int | None:
        """Return the node after which the break is taken, so that everything is as early as can be."""
        if not self.team_day.rest:
            return None
        for node in range(len(self.visits), 0, -1):
            still_taken = self._ahead[node][1] + self._service[node] + self._seconds[node]
            if max(still_taken, self._opens[node + 1]) != self._ahead[node + 1][1]:
                return node
        return 0
