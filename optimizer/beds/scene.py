"""A plan as seen by one person: on which first nights each rule keeps them out of each room. Days as bits.

Bit n is the day n after the first that matters. Days go on past the last stay, when every bed is free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from optimizer.beds.plan import Plan
from optimizer.beds.problem import MOST_NIGHTS, Placement, Policy, Problem, Request, Room, Sex
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
        self._nights = {
            id: ((1 << problem.request_of[id].nights) - 1) << self.day(placement.first_on)
            for id, placement in plan.placed.items()
        }
        reopened = (self.day(until) for room in problem.rooms for _, until in room.closed)
        last = max((problem.horizon_nights, *reopened)) if problem.requests else 0
        self._days = min(last, MOST_NIGHTS) + 1  # on the last of them, all are gone, and rooms open again
        self._barred: dict[tuple[str, str], tuple[str, ...]] = {}
        self._full_of: dict[tuple[str, int], int] = {}  # with everybody there, for a number of beds
        self._others_of: dict[tuple[str, Sex], int] = {}  # with everybody there

    def nights(self, id: str) -> int:
        """Return the nights of somebody placed."""
        return self._nights[id]

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
        """Return the first nights from the earliest on."""
        return (1 << self._days) - (1 << self.day(request.earliest_on))

    def hindered(self, request: Request, room: Room, rules: Collection[str], but: frozenset[str] = NOBODY) -> int:
        """Return the first nights that some of these rules forbid in a room, as if those of `but` were not there."""
        refused = 0
        gone = [id for id in (request.id, *but) if id in self.placed and self.placed[id].room_id == room.id]
        if "closed" in rules:
            refused |= self._closed(room)
        if "full" in rules:
            refused |= self._full(room, gone)
        # A room of the other sex that took this person would still be of one sex on each night.
        if "other-sex" in rules and room.policy not in (Policy.ANY, Policy(request.sex.value)):
            refused |= self._of_the_other_sex(room, request.sex, gone)
        of_room, of_house = self.problem.apart.get(request.id, (NOBODY, NOBODY))
        if "apart-room" in rules and of_room:
            refused |= self._of((of_room - but) & set(self.there[room.id]))
        if "apart-establishment" in rules and of_house:
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

    def _full(self, room: Room, gone: Collection[str]) -> int:
        """Return the nights on which as many are there as there are beds."""
        key = (room.id, room.beds)
        if gone:
            return self._count(room, gone)
        if key not in self._full_of:
            self._full_of[key] = self._count(room, gone)
        return self._full_of[key]

    def _count(self, room: Room, gone: Collection[str]) -> int:
        everywhere = (1 << (self._days + self.problem.horizon_nights)) - 1  # no stay is longer than the horizon
        at_least = [everywhere] + [0] * room.beds  # nights on which so many are there
        for other in self.there[room.id]:
            if other not in gone:
                nights = self._nights[other]
                for count in range(room.beds, 0, -1):
                    at_least[count] |= at_least[count - 1] & nights
        return at_least[room.beds]

    def _of_the_other_sex(self, room: Room, sex: Sex, gone: Collection[str]) -> int:
        """Return the nights on which somebody of the other sex is there."""
        key = (room.id, sex)
        if not gone and key in self._others_of:
            return self._others_of[key]
        people = self.problem.request_of
        nights = self._of(id for id in self.there[room.id] if id not in gone and people[id].sex is not sex)
        if not gone:
            self._others_of[key] = nights
        return nights

    def _of(self, ids: Iterable[str]) -> int:
        nights = 0
        for id in ids:
            nights |= self._nights[id]
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
