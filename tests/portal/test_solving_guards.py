"""A search that hangs is ended, and one that breaks on the way to the table is failed: the next run is served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from booking.plans.runs import fail_run, finish_run, record_progress
from portal import solving
from portal.solver_pool import SolverPool

MOST_CALLS = 1_000


class Endless:
    """A pool whose search goes on until it is told to stop."""

    def __init__(self) -> None:
        self.calls = 0

    async def run(self, *_: object, tell: Callable[[list[Any]], Awaitable[bool]], **__: object) -> str:
        """Return once told to stop."""
        while not await tell([]):
            self.calls += 1
            assert self.calls < MOST_CALLS
        return "what it found"


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Write down which acts are done, without a database."""
    done: list[Any] = []

    async def act(what: Any, *_: object, **__: object) -> bool:
        done.append(what)
        return False

    monkeypatch.setattr(solving, "act", act)
    monkeypatch.setattr(solving, "settings", lambda: SimpleNamespace(solver_seconds=0))
    monkeypatch.setattr(solving, "GRACE", timedelta())
    return done


async def test_a_search_that_does_not_end_by_itself_is_told_to(acts: list[Any]) -> None:
    await solving.solve_run(cast("SolverPool", Endless()), uuid4())

    assert (acts.count(record_progress), acts[-1]) == (1, finish_run)


async def test_what_cannot_be_written_fails_its_run(acts: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = solving.act

    async def broken(what: Any, *given: Any, **named: Any) -> Any:
        if what is finish_run:
            raise ValueError("not to be written")
        return await plain(what, *given, **named)

    monkeypatch.setattr(solving, "act", broken)

    await solving.solve_run(cast("SolverPool", Endless()), uuid4())

    assert acts[-1] is fail_run
