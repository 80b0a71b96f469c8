"""A plan being changed: who is where, and on which nights each room takes nobody more of a sex, as bits.

A place is free when its nights and the nights that its room refuses have no bit in common, however long the stays are.
"""

from __future__ import annotations

from optimizer.beds.options import MEN, WOMEN, Stay, Table
from optimizer.beds.plan import Plan

NOWHERE = -1


class Board:
    """The state of a search. `option[i]` is the option of request `i`, or NOWHERE; `cost` is of the whole."""

    def __init__(self, table: Table) -> None:
        rooms, nights = len(table.beds), table.problem.horizon_nights if table.stays else 0
        self.table = table
        self.stays = table.stays
        self.option = [NOWHERE] * len(table.stays)
        self.paid = [stay.refusal for stay in table.stays]
        self.bits = [0] * len(table.stays)  # the nights of each, none for who is nowhere
        self.cost = sum(self.paid)
        self.members: list[list[int]] = [[] for _ in range(rooms)]
        self.refuses = ([*table.closed], [*table.closed])  # by sex, then by room
        self.alone = [0] * rooms  # nights on which one person is there
        self._there = ([[0] * nights for _ in range(rooms)], [[0] * nights for _ in range(rooms)])
        for room, beds in enumerate(table.beds):
            if beds == 0:
                self.refuses[MEN][room] = self.refuses[WOMEN][room] = (1 << nights) - 1
        for index, stay in enumerate(table.stays):
            if stay.is_frozen:
                self.put(index, 0)
                self.members[stay.rooms[0]].remove(index)  # nobody takes their place
        self.movable = [index for index, stay in enumerate(table.stays) if stay.costs and not stay.is_frozen]

    def room(self, index: int) -> int:
        """Return the room of somebody placed."""
        return self.stays[index].rooms[self.option[index]]

    def left(self, room: int, night: int) -> int:
        """Return the beds that nobody has on a night."""
        return self.table.beds[room] - self._there[MEN][room][night] - self._there[WOMEN][room][night]

    def put(self, index: int, option: int) -> None:
        """Place somebody who is nowhere."""
        stay = self.stays[index]
        room = stay.rooms[option]
        self.option[index] = option
        self.bits[index] = stay.nights[option]
        self.cost += stay.costs[option] - self.paid[index]
        self.paid[index] = stay.costs[option]
        self.members[room].append(index)
        self._count(stay, option, 1)

    def take(self, index: int) -> None:
        """Take somebody out of their place."""
        stay, option = self.stays[index], self.option[index]
        self.option[index] = NOWHERE
        self.bits[index] = 0
        self.cost += stay.refusal - self.paid[index]
        self.paid[index] = stay.refusal
        self.members[stay.rooms[option]].remove(index)
        self._count(stay, option, -1)

    def is_free(self, index: int, option: int) -> bool:
        """Say whether somebody who is nowhere may be put there."""
        stay = self.stays[index]
        return not stay.nights[option] & self.refuses[stay.sex][stay.rooms[option]] and not self.meets(index, option)

    def meets(self, index: int, option: int, but: int = NOWHERE) -> bool:
        """Say whether a place would bring somebody near a person they are kept from, `but` one who leaves."""
        stay, house_of = self.stays[index], self.table.house_of
        room, nights = stay.rooms[option], stay.nights[option]
        for other, is_house in self.table.apart[index]:
            if other != but and self.bits[other] & nights:
                theirs = self.room(other)
                if theirs == room or (is_house and house_of[theirs] == house_of[room]):
                    return True
        return False

    def plan(self) -> Plan:
        """Return the plan as it is now."""
        return self.plan_of(self.option)

    def plan_of(self, options: list[int]) -> Plan:
        """Return the plan that these options are."""
        placed = {
            stay.request.id: self.table.placement(stay, option)
            for stay, option in zip(self.stays, options, strict=True)
            if option != NOWHERE
        }
        return Plan(placed=placed)

    def become(self, options: list[int]) -> None:
        """Change the plan into another that is known to be possible."""
        changed = [index for index, option in enumerate(options) if option != self.option[index]]
        for index in changed:
            if self.option[index] != NOWHERE:
                self.take(index)
        for index in changed:
            if options[index] != NOWHERE:
                self.put(index, options[index])

    def _count(self, stay: Stay, option: int, change: int) -> None:
        """Count somebody in or out of the nights of a room, and note which nights it refuses to whom."""
        room, first = stay.rooms[option], stay.starts[option]
        mine, theirs = self._there[stay.sex][room], self._there[1 - stay.sex][room]
        beds = self.table.beds[room]
        full = mine_there = theirs_there = alone = 0
        bit = 1 << first
        for night in range(first, first + stay.request.nights):
            mine[night] += change
            people = mine[night] + theirs[night]
            if people >= beds:
                full |= bit
            if people == 1:
                alone |= bit
            if mine[night]:
                mine_there |= bit
            if theirs[night]:
                theirs_there |= bit
            bit <<= 1
        kept = ~stay.nights[option] | self.table.closed[room]
        if not self.table.is_one_sex[room]:
            mine_there = theirs_there = 0
        of_mine, of_theirs = self.refuses[stay.sex], self.refuses[1 - stay.sex]
        of_mine[room] = of_mine[room] & kept | full | theirs_there
        of_theirs[room] = of_theirs[room] & kept | full | mine_there
        self.alone[room] = self.alone[room] & ~stay.nights[option] | alone
