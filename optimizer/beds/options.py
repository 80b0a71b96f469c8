"""Every place that each request could have, as numbers: what the search looks at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Placement, Policy, Problem, Request, Room, Sex
from optimizer.beds.rules import barred, date_prices, is_in_time, move_price, room_prices

MOST_OPTIONS = 1_500  # of a request, the least dear: rooms times first nights
MEN, WOMEN = 0, 1


@dataclass(kw_only=True)
class Stay:
    """A request and its options, the least dear first: what each costs, its room, and its nights as bits."""

    request: Request
    sex: int
    refusal: int
    costs: list[int] = field(default_factory=list)
    rooms: list[int] = field(default_factory=list)
    nights: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    @property
    def is_frozen(self) -> bool:
        """Say whether the stay has one place, and keeps it."""
        return self.request.lock is Lock.FROZEN

    @property
    def least(self) -> int:
        """Return what the stay costs at least: nothing, whatever the others do, is under it."""
        if self.is_frozen:
            return self.costs[0]
        return min(self.costs[0], self.refusal) if self.costs else self.refusal

    @cached_property
    def in_room(self) -> dict[int, list[int]]:
        """Return the options by room, the least dear first."""
        found: dict[int, list[int]] = {}
        for option, room in enumerate(self.rooms):
            found.setdefault(room, []).append(option)
        return found

    def within(self, cost: float) -> int:
        """Return how many options cost that at most."""
        return bisect_right(self.costs, cost)


class Table:
    """The problem as numbers: rooms and requests by index, nights as bits from the first that matters."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.room_index = {room.id: index for index, room in enumerate(problem.rooms)}
        self.index_of = {request.id: index for index, request in enumerate(problem.requests)}
        houses = {house.id: index for index, house in enumerate(problem.establishments)}
        self.house_of = [houses[room.establishment_id] for room in problem.rooms]
        self.closed = [self._closed(room) for room in problem.rooms]
        self.is_one_sex = [room.policy is Policy.ONE_SEX for room in problem.rooms]
        self.beds = [room.beds for room in problem.rooms]
        self.alike = _alike(problem)
        self.stays = [self._stay(request) for request in problem.requests]
        self.apart: list[tuple[tuple[int, bool], ...]] = [
            self._others(request.id) for request in problem.requests
        ]  # who must not be in their room, or (True) not in their establishment

    def placement(self, stay: Stay, option: int) -> Placement:
        """Return an option in the words of the problem."""
        first_on = self.problem.first_on + timedelta(days=stay.starts[option])
        return Placement(room_id=self.problem.rooms[stay.rooms[option]].id, first_on=first_on)

    def option_of(self, index: int, placement: Placement) -> int | None:
        """Return the option that a placement is, or None when it is not possible (any more)."""
        stay, room = self.stays[index], self.room_index.get(placement.room_id)
        if room is None:
            return None
        start = (placement.first_on - self.problem.first_on).days
        return next((option for option in stay.in_room.get(room, ()) if stay.starts[option] == start), None)

    def chosen(self, plan: Plan) -> dict[int, int]:
        """Return the options of a plan that are possible at all, by request."""
        found = {}
        for id, placement in plan.placed.items():
            index = self.index_of.get(id)
            option = None if index is None else self.option_of(index, placement)
            if index is not None and option is not None:
                found[index] = option
        return found

    def _closed(self, room: Room) -> int:
        """Return the closed nights of a room as bits."""
        if not self.problem.requests:
            return 0
        first, last, bits = self.problem.first_on.toordinal(), self.problem.horizon_nights, 0
        for one, until in room.closed:
            start, end = (min(max(day.toordinal() - first, 0), last) for day in (one, until))
            bits |= (1 << end) - (1 << start)
        return bits

    def _stay(self, request: Request) -> Stay:
        stay = Stay(
            request=request,
            sex=MEN if request.sex is Sex.MEN else WOMEN,
            refusal=request.priority * self.problem.refusal,
        )
        nights: dict[int, int] = {}  # one object a first night
        is_frozen = request.lock is Lock.FROZEN
        for cost, room, start in sorted(self._frozen(request) if is_frozen else self._options(request)):
            stay.costs.append(cost)
            stay.rooms.append(room)
            stay.starts.append(start)
            stay.nights.append(nights.setdefault(start, ((1 << request.nights) - 1) << start))
        return stay

    def _frozen(self, request: Request) -> list[tuple[int, int, int]]:
        assert request.present is not None  # noqa: S101  # `Problem` has seen to it
        return [self._costed(request, request.present)]

    def _options(self, request: Request) -> set[tuple[int, int, int]]:
        """Return the least dear places of somebody: what each costs, its room and its first night.

        Rooms alike are judged once. The place where the person is at present is always among them, when it may be.
        """
        found: set[tuple[int, int, int]] = set()
        nights, earliest = (1 << request.nights) - 1, (request.earliest_on - self.problem.first_on).days
        for cost, shift, group in self._ranked(request):
            start = earliest + shift
            free = [room for room in self.alike[group] if not nights << start & self.closed[room]]
            found.update((cost + self._move(request, room, start), room, start) for room in free)
            if len(found) >= MOST_OPTIONS:
                break
        at_present = request.present
        if at_present and is_in_time(request, at_present):
            room = self.room_index[at_present.room_id]
            if not barred(self.problem, request, self.problem.rooms[room]):
                found |= {
                    one for one in [self._costed(request, at_present)] if not nights << one[2] & self.closed[room]
                }
        return found

    def _ranked(self, request: Request) -> list[tuple[int, int, int]]:
        """Return the cost of each first night in each group of rooms alike, the least first, moves left aside."""
        found, waited = [], self.problem.weights.waited
        for group, rooms in enumerate(self.alike):
            room = self.problem.rooms[rooms[0]]
            if room.beds and not barred(self.problem, request, room):
                base = sum(count * weight for _, count, weight in room_prices(self.problem, request, room))
                found += [(base + waited * shift, shift, group) for shift in range(request.slack_days + 1)]
        return sorted(found)

    def _move(self, request: Request, room: int, start: int) -> int:
        """Return what going from where somebody is at present to a place costs."""
        if request.present is None or self._where(request.present) == (room, start):
            return 0
        return move_price(self.problem, request)[2]

    def _costed(self, request: Request, at: Placement) -> tuple[int, int, int]:
        room, start = self._where(at)
        of_the_room = room_prices(self.problem, request, self.problem.rooms[room])
        lines = (*of_the_room, *date_prices(self.problem, request, at))
        return sum(count * weight for _, count, weight in lines), room, start

    def _where(self, at: Placement) -> tuple[int, int]:
        return self.room_index[at.room_id], (at.first_on - self.problem.first_on).days

    def _others(self, id: str) -> tuple[tuple[int, bool], ...]:
        of_room, of_house = self.problem.apart.get(id, (frozenset(), frozenset()))
        both = [*((one, False) for one in of_room - of_house), *((one, True) for one in of_house)]
        return tuple(sorted((self.index_of[other], is_house) for other, is_house in both))


def _alike(problem: Problem) -> list[list[int]]:
    """Return the indexes of rooms that differ by nothing but their name and the nights when they are closed."""
    groups: dict[object, list[int]] = {}
    for index, room in enumerate(problem.rooms):
        key = (
            room.establishment_id,
            room.beds,
            room.policy,
            room.ages,
            room.regimes,
            room.is_accessible,
            room.equipment,
            tuple(sorted(room.specialisms.items())),
        )
        groups.setdefault(key, []).append(index)
    return list(groups.values())
