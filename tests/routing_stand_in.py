"""A routing service on this machine that speaks the APIs of OSRM and Valhalla, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from availability.places import distance_km

Point = tuple[float, float]
SECONDS_A_KM = 60.0  # a minute a kilometre, and as much again on the way back
NO_ROAD = (10.0, 10.0)  # no road leads near this point


@dataclass
class RoutingStandIn:
    """What it was asked, and how it answers. `breaks` replaces the body of its answers."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    slow_s: float = 0.0
    breaks: Callable[[], web.StreamResponse] | None = None

    async def osrm(self, request: web.Request) -> web.StreamResponse:
        """Answer a table of OSRM."""
        points = [_point(*written.split(",")[::-1]) for written in request.match_info["points"].split(";")]
        rows, columns = (_numbers(request.query[name]) for name in ("sources", "destinations"))
        if len(points) > 100:
            return web.json_response({"code": "TooBig"}, status=400)
        table = [[seconds(points[row], points[column]) for column in columns] for row in rows]
        return await self._answer(request, {"code": "Ok", "durations": table})

    async def valhalla(self, request: web.Request) -> web.StreamResponse:
        """Answer a matrix of Valhalla."""
        asked = await request.json()
        sources, targets = ([_point(one["lat"], one["lon"]) for one in asked[name]] for name in ("sources", "targets"))
        if len(sources) + len(targets) > 50 or asked["costing"] != "auto":
            return web.json_response({"error_code": 150}, status=400)
        rows = [
            [
                {"from_index": row, "to_index": column, "time": seconds(source, target), "distance": 1.0}
                for column, target in enumerate(targets)
            ]
            for row, source in enumerate(sources)
        ]
        return await self._answer(request, {"sources_to_targets": rows, "units": "kilometers"})

    async def _answer(self, request: web.Request, said: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        await asyncio.sleep(self.slow_s)
        return self.breaks() if self.breaks else web.json_response(said)


def seconds(source: Point, target: Point) -> float | None:
    """Return what it answers: longer towards the south, so that the way back differs."""
    if NO_ROAD in (source, target):
        return None
    return distance_km(*source, *target) * SECONDS_A_KM * (1.5 if target[0] < source[0] else 1.0)


@contextlib.asynccontextmanager
async def routing() -> AsyncIterator[RoutingStandIn]:
    """Serve until the end of the block."""
    stand_in = RoutingStandIn()
    app = web.Application()
    app.router.add_get("/ors/table/v1/driving/{points}", stand_in.osrm)
    app.router.add_post("/ors/sources_to_targets", stand_in.valhalla)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ors/"  # behind a proxy, under a path
    try:
        yield stand_in
    finally:
        await runner.cleanup()


def _point(lat: Any, lon: Any) -> Point:
    return float(lat), float(lon)


def _numbers(written: str) -> list[int]:
    return [int(number) for number in written.split(";")]
