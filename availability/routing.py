"""Travel times by a routing engine, OSRM or Valhalla, when one is configured. Never inside a transaction.

An engine that is slow, wrong or down is no error: what it did not say is estimated (availability/travel.py), and said
to be. After a failure it is left alone for a while, so that nobody waits for it again and again.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil

from availability.wishes import MOST_TRAVEL_MIN, Point

DECIMALS = 3  # of a degree, some 100 m: two doors of a street have one answer
KEPT_S = 24 * 3600.0
MOST_KEPT = 100_000  # pairs of points: some 20 MB
LEFT_ALONE_S = 30.0  # after a failure

logger = logging.getLogger(__name__)


class Engine(StrEnum):
    """Whose API the routing service speaks."""

    OSRM = "osrm"
    VALHALLA = "valhalla"


@dataclass
class Router:
    """A routing service, and what it has said lately. One for the process: it is used by one event loop."""

    base_url: str
    engine: Engine = Engine.OSRM
    timeout_s: float = 2.0
    _kept: OrderedDict[tuple[Point, Point], tuple[float, int | None]] = field(default_factory=OrderedDict)
    _silent_until: float = 0.0

    async def minutes(self, origin: Point, places: Mapping[int, Point]) -> dict[int, int | None]:
        """Return the minutes between the origin and each place, the longer of both ways; None where no road leads.

        What the engine does not say in time is left out. Never raises for what the network does.
        """
        start = _rounded(origin)
        points = {number: _rounded(place) for number, place in places.items()}
        unknown = sorted({point for point in points.values() if self._known(start, point) is None})
        if unknown and time.monotonic() >= self._silent_until:
            await self._ask(start, unknown)
        known = ((number, self._known(start, point)) for number, point in points.items())
        return {number: found[1] for number, found in known if found is not None}

    def _known(self, start: Point, point: Point) -> tuple[float, int | None] | None:
        found = self._kept.get((start, point))
        return found if found and time.monotonic() - found[0] < KEPT_S else None

    async def _ask(self, start: Point, points: Sequence[Point]) -> None:
        from availability.routing_engines import FAILURES, tables  # aiohttp takes long to import: only who asks waits

        try:
            answers = await tables(self.base_url, self.engine, start, points, timeout_s=self.timeout_s)
        except FAILURES as error:
            self._silent_until = time.monotonic() + LEFT_ALONE_S
            logger.warning("the routing engine failed, travel times are estimated: %s", type(error).__name__)
            return
        now = time.monotonic()
        for point, (there, back) in zip(points, answers, strict=True):
            self._kept[start, point] = (now, _longer(there, back))
            self._kept.move_to_end((start, point))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _longer(there: float | None, here: float | None) -> int | None:
    if there is None or here is None:
        return None
    return min(ceil(max(there, here) / 60), MOST_TRAVEL_MIN)


def _rounded(point: Point) -> Point:
    return round(point[0], DECIMALS), round(point[1], DECIMALS)
