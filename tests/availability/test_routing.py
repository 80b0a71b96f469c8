"""Travel times by an engine over real HTTP: both APIs; slow, wrong or down, the estimate answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from math import ceil
from typing import Any

import pytest
from aiohttp import web

from availability import routing as module
from availability.routing import Engine, Router
from tests.factories import PARIS
from tests.routing_stand_in import NO_ROAD, routing, seconds

both = pytest.mark.parametrize("engine", list(Engine))
SOUTH, NORTH = (48.5, 2.4), (49.1, 2.3)


def many(count: int) -> dict[int, tuple[float, float]]:
    """Return so many places around Paris."""
    return {number: (48.0 + number / 100, 2.0 + number / 200) for number in range(count)}


@both
async def test_the_longer_of_both_ways_is_told_in_whole_minutes(engine: Engine) -> None:
    async with routing() as service:
        found = await Router(service.url, engine).minutes((48.857, 2.352), {1: SOUTH, 2: NORTH, 3: NO_ROAD})

    longest = [
        ceil(max(seconds((48.857, 2.352), to) or 0, seconds(to, (48.857, 2.352)) or 0) / 60) for to in (SOUTH, NORTH)
    ]
    assert found == {1: longest[0], 2: longest[1], 3: None}


@both
async def test_a_hundred_places_are_asked_in_parts_that_an_engine_takes(engine: Engine) -> None:
    async with routing() as service:
        found = await Router(service.url, engine).minutes(PARIS, many(120))

    assert len(found) == 120
    assert len(service.asked) == 6  # three parts, out and back


async def test_what_is_known_is_not_asked_again_for_a_day_nor_for_the_next_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with routing() as service:
        router = Router(service.url)
        first = await router.minutes(PARIS, {1: SOUTH})
        again = await router.minutes((PARIS[0] + 0.0003, PARIS[1]), {7: (SOUTH[0] + 0.0002, SOUTH[1])})
        asked = len(service.asked)
        monkeypatch.setattr(module, "KEPT_S", 0.0)
        await router.minutes(PARIS, {1: SOUTH})

        assert (asked, len(service.asked)) == (2, 4)
        assert first[1] == again[7]


async def test_what_is_kept_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    async with routing() as service:
        router = Router(service.url)
        for number, place in many(5).items():
            await router.minutes(PARIS, {number: place})
        before = len(service.asked)
        await router.minutes(PARIS, {4: many(5)[4]})
        unchanged = len(service.asked)
        await router.minutes(PARIS, {0: many(5)[0]})

    assert (unchanged - before, len(service.asked) - before) == (0, 2)
    assert len(router._kept) == 3


WRONG: dict[str, Callable[[], web.StreamResponse]] = {
    "not JSON": lambda: web.Response(text="<html>"),
    "not an object": lambda: web.json_response([1, 2]),
    "no table": lambda: web.json_response({"code": "Ok"}),
    "another code": lambda: web.json_response({"code": "NoTable", "durations": [[1.0]]}),
    "a short table": lambda: web.json_response({"code": "Ok", "durations": [[]], "sources_to_targets": [[]]}),
    "words for seconds": lambda: web.json_response({"code": "Ok", "durations": [["1"]], "sources_to_targets": [["1"]]}),
    "less than nothing": lambda: web.json_response({"code": "Ok", "durations": [[-1]], "sources_to_targets": [[-1]]}),
    "not a number": lambda: web.Response(text='{"code": "Ok", "durations": [[NaN]], "sources_to_targets": [[NaN]]}'),
    "for ever": lambda: web.json_response({"code": "Ok", "durations": [[10**300]], "sources_to_targets": [[10**300]]}),
    "too deep": lambda: web.Response(text="[" * 100_000),
    "too long": lambda: web.Response(text=json.dumps({"code": "Ok", "durations": [[1.0]], "more": "x" * 1_100_000})),
    "an error": lambda: web.json_response({"code": "Ok", "durations": [[1.0]]}, status=500),
    "elsewhere": lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
}


@both
@pytest.mark.parametrize("how", WRONG)
async def test_a_wrong_answer_is_no_answer(engine: Engine, how: str) -> None:
    async with routing() as service:
        service.breaks = WRONG[how]

        assert await Router(service.url, engine).minutes(PARIS, {1: SOUTH}) == {}


@pytest.mark.parametrize("said", [{"sources_to_targets": {"durations": [[600.0]], "distances": [[9.0]]}}])
async def test_the_short_form_of_valhalla_is_read_too(said: dict[str, Any]) -> None:
    async with routing() as service:
        service.breaks = lambda: web.json_response(said)

        assert await Router(service.url, Engine.VALHALLA).minutes(PARIS, {1: SOUTH}) == {1: 10}


async def test_a_slow_engine_is_not_waited_for_and_then_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with routing() as service:
        service.slow_s = 5
        router = Router(service.url, timeout_s=0.2)
        began = time.monotonic()
        assert await router.minutes(PARIS, {1: SOUTH}) == {}
        assert time.monotonic() - began < 3
        asked = len(service.asked)
        assert await router.minutes(PARIS, {1: SOUTH}) == {}
        assert len(service.asked) == asked

        service.slow_s = 0
        router._silent_until = time.monotonic()  # the while is over
        assert set(await router.minutes(PARIS, {1: SOUTH})) == {1}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "not an address", "http://"])
async def test_an_engine_that_is_down_or_badly_named_is_no_error(url: str) -> None:
    assert await Router(url).minutes(PARIS, {1: SOUTH}) == {}
