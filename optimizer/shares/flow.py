"""The question of a table, were loads divisible: a transport, exact in milliseconds, and what it proves.

When all loads are equal nothing is divided, and the transport is the answer. Otherwise few measures are (fewer than
there are professionals), and the price that it puts on the room of each is a bound, and tells which choices cannot be
better than one that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow  # type: ignore[import-untyped]

from optimizer.shares.table import NEVER, Ask, Floats, Ints

ARCS_A_UNIT = 300_000  # that a usual core handles in a second
MOST_COST = 2**61
FAR = 1e18


@dataclass(frozen=True, kw_only=True)
class Relaxed:
    """A question answered with loads divided where need be.

    `chosen`: the choice of each measure, whole where it is not divided, else where most of it is. `excess`: what each
    choice costs above what it is bound to, as a lower bound of the whole: none that is above the gap can be better.
    """

    chosen: Ints
    is_whole: bool
    bound: int
    excess: Floats
    work: float


def relax(ask: Ask) -> Relaxed:
    """Return the least cost of a question whose loads can be divided."""
    unit = int(ask.loads[0])
    is_even = bool((ask.loads == unit).all())
    supplies = np.ones_like(ask.loads) if is_even else ask.loads
    rooms = ask.rooms // unit if is_even else ask.rooms
    rows, ends = np.nonzero(ask.costs < NEVER)
    scale = _scale(int(supplies.max()), int(ask.costs[rows, ends].max()), sum(ask.costs.shape))
    units = np.full(ask.costs.shape, NEVER)
    units[rows, ends] = ask.costs[rows, ends] * scale // supplies[rows]
    flows = np.zeros(ask.costs.shape, dtype=np.int64)
    flows[rows, ends] = _transported((rows, ends), units[rows, ends], supplies, rooms)
    prices = np.minimum(_prices(flows, units, rooms), MOST_COST // int(supplies.max()))
    excess, bound = _bound(ask, supplies, rooms, scale, prices)
    chosen = flows.argmax(axis=1)
    is_whole = bool((flows.max(axis=1) == supplies).all())
    if is_whole and is_even:
        bound = ask.total(chosen)  # the transport is exact: nothing was divided, nothing rounded
    return Relaxed(chosen=chosen, is_whole=is_whole, bound=bound, excess=excess, work=len(rows) / ARCS_A_UNIT)


def _scale(most_load: int, most_cost: int, nodes: int) -> int:
    """Return by what to multiply costs, so that divided by a load they are whole, at a metre a measure.

    Less when 64 bits would not hold them: the bound is then weaker, and stays one.
    """
    return max(1, min(most_load, MOST_COST // ((most_cost + 1) * nodes)))


def _transported(arcs: tuple[Ints, Ints], costs: Ints, supplies: Ints, rooms: Ints) -> Ints:
    """Return the flow of each arc from a measure to a column; nobody, the last, takes everything."""
    rows, ends = arcs
    measures, columns = len(supplies), len(rooms) + 1
    network = min_cost_flow.SimpleMinCostFlow()
    total = int(supplies.sum())
    numbers = network.add_arcs_with_capacity_and_unit_cost(rows, measures + ends, supplies[rows], costs)
    sink = measures + columns
    everywhere = np.append(np.minimum(rooms, total), total)
    network.add_arcs_with_capacity_and_unit_cost(
        np.arange(measures, sink), np.full(columns, sink), everywhere, np.zeros(columns, dtype=np.int64)
    )
    network.set_nodes_supplies(np.arange(measures), supplies)
    network.set_node_supply(sink, -total)
    status = network.solve()
    if status != network.OPTIMAL:
        raise OverflowError(f"the transport ended {status}")  # costs beyond 64 bits: problem.py keeps them well below
    return np.asarray(network.flows(numbers), dtype=np.int64)


def _prices(flows: Ints, units: Ints, rooms: Ints) -> Ints:
    """Return what a unit of room more at each professional would spare: the way, in costs, to somebody with room."""
    columns = flows.shape[1]
    way = np.full((columns, columns), FAR)  # from one who has something to another who may have it
    for column in range(columns):
        here = flows[:, column] > 0
        if here.any():
            steps = units[here].astype(np.float64) - units[here, column][:, None]
            way[column] = np.where(units[here] < NEVER, steps, FAR).min(axis=0)
    has_room = np.append(flows[:, :-1].sum(axis=0) < rooms, True)
    reach = np.where(has_room, 0.0, FAR)
    for _ in range(columns):
        nearer = np.minimum(reach, (way + reach).min(axis=1))
        if (nearer == reach).all():
            break
        reach = nearer
    return np.clip(reach[:-1], 0, FAR / 1e3).astype(np.int64)


def _bound(ask: Ask, supplies: Ints, rooms: Ints, scale: int, prices: Ints) -> tuple[Floats, int]:
    """Return what each choice has in excess, and the bound, which holds whatever the prices are (Lagrange)."""
    priced = np.where(ask.costs < NEVER, ask.costs, 0) * scale
    priced[:, :-1] += supplies[:, None] * prices
    priced = np.where(ask.costs < NEVER, priced, NEVER)
    least = priced.min(axis=1)
    bound = int(least.sum()) - int((rooms * prices).sum())
    excess = np.where(priced < NEVER, (priced - least[:, None]) / scale, np.inf)
    return excess, -(-bound // scale)
