"""A plan as seen by one person: on which first nights each rule keeps them out of each room. Days as bits.

Bit n is the day n after the first that matters. Days go on past the last stay, when every bed is free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from optimizer.beds.plan import Plan
from optimizer.beds.problem import Placement, Policy, Problem, Request, Room, Sex
from optimizer.beds.rules import barred

NOBODY: frozenset[str] = frozenset()


class Scene:
    """The stays of a plan, by room. Build it once for the explanations of one plan."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.placed = dict(plan.placed)
        self.there: dict[str, list[str]] = defaultdict(list)
        for id, placement in plan.placed.items():
            self.there[placement.room_id].append(id)
        self._barred: dict[tuple[str, str], tuple[str, ...]] = {}

    def nights(self, id: str) -> int:
        """Return the nights of somebody placed."""
        request, placement = self.problem.request_of[id], self.placed[id]
        return ((1 << request.nights) - 1) << self.day(placement.first_on)

    def day(self, on: date) -> int:
        """Return the number of a day."""
        return (on - self.problem.first_on).days

    def date(self, day: int) -> date:
        """Return the day that has a number."""
        return self.problem.first_on + timedelta(days=day)

    def barred(self, request: Request, room: Room) -> tuple[str, ...]:
        """Return the rules that keep somebody out of a room on any night."""
        key = (request.id, room.id)
        if key not in self._barred:
            self._barred[key] = barred(self.problem, request, room)
        return self._barred[key]

    def window(self, request: Request) -> int:
        """Return the first nights that somebody asks for."""
        return ((1 << (request.slack_days + 1)) - 1) << self.day(request.earliest_on)

    def from_then_on(self, request: Request) -> int:
        """Return the first nights from the earliest to a day when all are gone."""
        days = self.problem.horizon_nights + 1
        return (1 << days) - (1 << self.day(request.earliest_on))

    def hindered(self, request: Request, room: Room, rules: Collection[str], but: frozenset[str] = NOBODY) -> int:
        """Return the first nights that some of these rules forbid in a room, as if those of `but` were not there."""
        refused = 0
        if "closed" in rules:
            refused |= self._closed(room)
        others = [other for other in self.there[room.id] if other != request.id and other not in but]
        if "full" in rules:
            refused |= self._full(room, others)
        # A room of the other sex that took this person would still be of one sex on each night.
        if "other-sex" in rules and room.policy not in (Policy.ANY, Policy(request.sex.value)):
            refused |= self._of_sex(others, Sex.WOMEN if request.sex is Sex.MEN else Sex.MEN)
        of_room, of_house = self.problem.apart.get(request.id, (NOBODY, NOBODY))
        if "apart-room" in rules:
            refused |= self._of((of_room - but) & set(others))
        if "apart-establishment" in rules:
            refused |= self._of(id for id in of_house - but if self._house(id) == room.establishment_id)
        return _first_nights(refused, request.nights)

    def free(self, request: Request, room: Room, rules: Collection[str], but: frozenset[str] = NOBODY) -> int:
        """Return the first nights that none of these rules forbids in a room, the dates asked for included."""
        if any(rule in rules for rule in self.barred(request, room)):
            return 0
        wanted = self.window(request) if "dates" in rules else self.from_then_on(request)
        return wanted & ~self.hindered(request, room, rules, but)

    def at(self, room: Room, day: int) -> Placement:
        """Return a placement."""
        return Placement(room_id=room.id, first_on=self.date(day))

    def _house(self, id: str) -> str | None:
        placement = self.placed.get(id)
        return None if placement is None else self.problem.room_of[placement.room_id].establishment_id

    def _closed(self, room: Room) -> int:
        nights = 0
        for first, until in room.closed:
            start, end = (max(self.day(one), 0) for one in (first, until))
            nights |= (1 << end) - (1 << start)
        return nights

    def _full(self, room: Room, others: Collection[str]) -> int:
        """Return the nights on which as many are there as there are beds."""
        everywhere = (1 << (2 * self.problem.horizon_nights + 1)) - 1  # no stay is longer than the horizon
        at_least = [everywhere] + [0] * room.beds  # nights on which so many are there
        for other in others:
            nights = self.nights(other)
            for count in range(room.beds, 0, -1):
                at_least[count] |= at_least[count - 1] & nights
        return at_least[room.beds]

    def _of_sex(self, others: Collection[str], sex: Sex) -> int:
        return self._of(other for other in others if self.problem.request_of[other].sex is sex)

    def _of(self, ids: Iterable[str]) -> int:
        nights = 0
        for id in ids:
            nights |= self.nights(id)
        return nights


def _first_nights(refused: int, nights: int) -> int:
    """Return the first nights of the stays that meet a refused night: it, and those so many nights before."""
    found, span = refused, 1
    while span < nights:
        step = min(span, nights - span)
        found |= found >> step
        span += step
    return found


def days_of(bits: int) -> list[int]:
    """Return the days that are in a set of days, in order."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
