"""Instances in the manner of Solomon (1987): seeded, of any size, with a plan that serves everybody.

Homes are spread at random (R), in clusters (C), or half and half (RC), on a square of 100. In the first class a day is
short and a vehicle makes some ten stops; in the second it is long, and makes many. Each customer is given to a vehicle
going around by the angle, and its window is drawn about the moment at which that vehicle comes by: so that enough
vehicles can always do it.

Source of the manner: M. M. Solomon, Algorithms for the vehicle routing and scheduling problems with time window
constraints, Operations Research 35 (1987). The numbers are our own.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from benchmarks.routes import Customer, Instance


@dataclass(frozen=True)
class Family:
    """What instances of a name have in common."""

    clustered: float  # part of the homes that is in clusters
    horizon: int
    capacity: int
    service: int
    stops: int  # of a vehicle, in the plan that is hidden


FAMILIES = {
    "R1": Family(0.0, 230, 200, 10, 8),
    "C1": Family(1.0, 1236, 200, 90, 10),
    "RC1": Family(0.5, 240, 200, 10, 8),
    "R2": Family(0.0, 1000, 1000, 10, 30),
    "C2": Family(1.0, 3390, 700, 90, 30),
    "RC2": Family(0.5, 960, 1000, 10, 30),
}


def made(family: str, customers: int, seed: int, *, width: int = 40, windowed: float = 0.75) -> Instance:
    """Return an instance: `width` is about that of a window, which the part `windowed` of the customers has."""
    chance = random.Random(f"{family} {customers} {seed}")  # noqa: S311 - a drawing that is the same each time
    kind = FAMILIES[family]
    side = round(100 * max(math.sqrt(customers / 100), 1))
    homes = _homes(chance, kind, customers, side)
    middle = side // 2
    homes.sort(key=lambda one: math.atan2(one[1] - middle, one[0] - middle))
    made_of = [Customer(middle, middle, 0, 0, kind.horizon * side // 100, 0)]
    for first in range(0, customers, kind.stops):
        made_of += _vehicle(chance, kind, homes[first : first + kind.stops], made_of[0], width=width, windowed=windowed)
    order = made_of[1:]
    chance.shuffle(order)
    vehicles = max(customers // 4, math.ceil(customers / kind.stops) * 2)
    return Instance(f"{family}_{customers}_{seed}", vehicles, kind.capacity, (made_of[0], *order))


def _homes(chance: random.Random, kind: Family, customers: int, side: int) -> list[tuple[int, int]]:
    centres = [(chance.uniform(0.1, 0.9) * side, chance.uniform(0.1, 0.9) * side) for _ in range(customers // 10)]
    homes = []
    for number in range(customers):
        if number < kind.clustered * customers:
            where = (chance.gauss(one, 4.0) for one in centres[number % len(centres)])
        else:
            where = (chance.uniform(0, side) for _ in range(2))
        x, y = (min(max(round(one), 0), side) for one in where)
        homes.append((x, y))
    return homes


def _vehicle(
    chance: random.Random, kind: Family, homes: list[tuple[int, int]], depot: Customer, *, width: int, windowed: float
) -> list[Customer]:
    """Return the customers of one vehicle of the hidden plan, with windows about its passing."""
    left, here, clock = list(homes), (depot.x, depot.y), 0.0
    customers: list[Customer] = []
    while left:
        there = min(left, key=lambda one: math.dist(here, one))
        left.remove(there)
        clock += math.dist(here, there)
        back = math.ceil(math.dist(there, (depot.x, depot.y)))
        latest = depot.due - back - kind.service
        passing, ready, due = min(round(clock), latest), 0, latest
        if chance.random() < windowed:
            half = max(round(chance.gauss(width / 2, width / 6)), 5)
            ready, due = max(passing - half, 0), min(passing + half, latest)
        demand = min(max(round(chance.gauss(15, 8)), 1), kind.capacity // kind.stops)
        customers.append(Customer(*there, demand, ready, max(due, back), kind.service))
        here, clock = there, max(clock, ready) + kind.service
    return customers


def as_text(instance: Instance) -> str:
    """Return the instance in the text format of Solomon."""
    rows = [
        f"{number:5}{one.x:11}{one.y:11}{one.demand:11}{one.ready:11}{one.due:11}{one.service:11}"
        for number, one in enumerate(instance.customers)
    ]
    head = [instance.name, "", "VEHICLE", "NUMBER     CAPACITY", f"{instance.vehicles:4}{instance.capacity:12}", ""]
    names = "CUST NO.   XCOORD.    YCOORD.    DEMAND   READY TIME   DUE DATE   SERVICE TIME"
    return "\n".join([*head, "CUSTOMER", names, "", *rows, ""])
