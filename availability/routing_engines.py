"""The two routing engines over HTTP: seconds by road between one point and several, out and back.

Source: OSRM, docs/http.md, table service; Valhalla, time-distance matrix API.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp

from availability.routing import Engine
from availability.wishes import Point

MOST_AT_ONCE = 49  # destinations of a request: with the start, the fewest places that an engine takes by default
MOST_ANSWER_BYTES = 1_000_000
MOST_SECONDS = 30 * 24 * 3600

Seconds = float | None  # None: no road leads there


class WrongAnswerError(ValueError):
    """The engine answered something that is not a table of durations."""


FAILURES = (aiohttp.ClientError, TimeoutError, WrongAnswerError, OSError)


async def tables(
    base_url: str, engine: Engine, start: Point, points: Sequence[Point], *, timeout_s: float
) -> list[tuple[Seconds, Seconds]]:
    """Return the seconds out and back for each point, all within the time given. Raises: one of FAILURES."""
    ask = _osrm if engine is Engine.OSRM else _valhalla
    base = base_url.rstrip("/")
    parts = [points[first : first + MOST_AT_ONCE] for first in range(0, len(points), MOST_AT_ONCE)]
    async with aiohttp.ClientSession() as session, asyncio.timeout(timeout_s):
        out = (ask(session, base, [start], part) for part in parts)
        back = (ask(session, base, part, [start]) for part in parts)
        answers = await asyncio.gather(*out, *back)
    there, here = (
        [seconds for part in half for seconds in part] for half in (answers[: len(parts)], answers[len(parts) :])
    )
    return list(zip(there, here, strict=True))


async def _osrm(
    session: aiohttp.ClientSession, base: str, sources: Sequence[Point], targets: Sequence[Point]
) -> list[Seconds]:
    """Return the seconds from each source to each target, of which one is alone."""
    places = ";".join(f"{lon},{lat}" for lat, lon in [*sources, *targets])
    first, second = range(len(sources)), range(len(sources), len(sources) + len(targets))
    asked = {"sources": _numbers(first), "destinations": _numbers(second), "annotations": "duration"}
    said = await _json(session.get(f"{base}/table/v1/driving/{places}", params=asked, allow_redirects=False))
    if said.get("code") != "Ok":
        raise WrongAnswerError("code")
    return _flat(said.get("durations"), len(sources), len(targets))


async def _valhalla(
    session: aiohttp.ClientSession, base: str, sources: Sequence[Point], targets: Sequence[Point]
) -> list[Seconds]:
    asked = {"sources": _places(sources), "targets": _places(targets), "costing": "auto", "units": "kilometers"}
    said = await _json(session.post(f"{base}/sources_to_targets", json=asked, allow_redirects=False))
    rows = said.get("sources_to_targets")
    if isinstance(rows, dict):  # the short form: a matrix of each
        return _flat(rows.get("durations"), len(sources), len(targets))
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise WrongAnswerError("rows")
    durations = [[cell.get("time") if isinstance(cell, dict) else cell for cell in row] for row in rows]
    return _flat(durations, len(sources), len(targets))


async def _json(request: Any) -> dict[str, Any]:
    async with request as response:
        if response.status != 200:
            raise WrongAnswerError(str(response.status))
        body = await response.content.read(MOST_ANSWER_BYTES + 1)
        while len(body) <= MOST_ANSWER_BYTES and (more := await response.content.read(MOST_ANSWER_BYTES)):
            body += more
        if len(body) > MOST_ANSWER_BYTES:
            raise WrongAnswerError("too long")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongAnswerError("not JSON") from error
    if not isinstance(said, dict):
        raise WrongAnswerError("not an object")
    return said


def _flat(durations: Any, rows: int, columns: int) -> list[Seconds]:
    """Return the only row or column of a table of seconds. Raises: WrongAnswerError when it is not one."""
    if not isinstance(durations, list) or len(durations) != rows:
        raise WrongAnswerError("rows")
    if any(not isinstance(row, list) or len(row) != columns for row in durations):
        raise WrongAnswerError("columns")
    return [_seconds(each) for row in durations for each in row]


def _seconds(value: Any) -> Seconds:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_SECONDS:
        raise WrongAnswerError("duration")
    return float(value)


def _places(points: Iterable[Point]) -> list[dict[str, float]]:
    return [{"lat": lat, "lon": lon} for lat, lon in points]


def _numbers(numbers: Iterable[int]) -> str:
    return ";".join(map(str, numbers))
