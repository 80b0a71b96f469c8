"""What a hostile client can send to the screen of planning: nothing is started, applied or taken back by a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

PLANNING = f"{ROOT_STATE}booking___pages___repartition_state____repartition_state."
NOTICE = "portal___ui___notice____notice_state"
PATH = "/repartition/"
COUNTS = text("SELECT (SELECT count(*) FROM optimizer_run), (SELECT count(*) FROM hearing_staffing)")


@pytest.fixture(autouse=True)
def as_it_was(served: Served) -> Iterator[None]:
    """Leave no run behind: the demonstration is shared."""
    yield
    with served.engine.begin() as connection:
        connection.execute(text("DELETE FROM optimizer_run"))


def said(messages: list[dict[str, Any]]) -> str:
    """Return what the message above the content says."""
    found = [values for state, values in changed(messages).items() if state.endswith(NOTICE)]
    return " ".join(str(values.get("text", "")) for values in found)


def counts(served: Served) -> tuple[int, int]:
    """Return how many runs and staffings there are."""
    with served.engine.connect() as connection:
        runs, staffings = connection.execute(COUNTS).one()
        return runs, staffings


@pytest.mark.parametrize("role", [Role.PROBATION_OFFICER, Role.FAMILY_JUDGE, Role.PARTNER, Role.ADMINISTRATOR, None])
@pytest.mark.parametrize("handler", ["load", "propose", "stop", "follow", "apply", "undo"])
async def test_nobody_else_plans(served: Served, role: Role | None, handler: str) -> None:
    async with RawClient(served.url, served.cookie_of(role) if role else None) as client:
        await client.hydrate()
        before = counts(served)
        answer = await client.call(PLANNING + handler, path=PATH)

    assert not any("repartition_state" in state for state in changed(answer))
    assert counts(served) == before


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        ("apply", {}),
        ("undo", {}),
        ("undo_earlier", {"run_id": str(uuid4())}),
        ("undo_earlier", {"run_id": ["x"]}),
        ("resume", {"run_id": ["x"]}),
        ("again", {}),
        ("open_run", {"run_id": str(uuid4())}),
        ("compare", {"run_id": {"a": 1}, "is_beside": True}),
        ("keep_other", {"number": [1]}),
        ("set_level", {"name": "sooner", "level": 9}),
        ("set_level", {"name": ["x"], "level": "2"}),
        ("set_factor", {"name": "day", "factor": "nan"}),
        ("lock", {"item": ["x"], "level": "frozen"}),
        ("pick_first", {"day": {"a": 1}}),
        ("find", {"query": {"a": 1}}),
        ("turn_lines", {"page": "x"}),
        ("unfold", {"hearing_id": [1]}),
        ("pick_kind", {"code": {"a": 1}}),
        ("pick_kind", {"code": "semi-liberte"}),
        ("tick", {"item": {"a": 1}, "is_ticked": "peut-être"}),
        ("tick_group", {"group": [1], "is_ticked": None}),
        ("stop", {}),
        ("follow", {}),
    ],
)
async def test_what_no_button_sends_changes_nothing_and_breaks_nothing(
    served: Served, handler: str, payload: dict[str, Any]
) -> None:
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as client:
        await client.hydrate(PATH)
        before = counts(served)
        answer = await client.call(PLANNING + handler, payload, path=PATH)

    assert FAILED not in said(answer)
    assert counts(served) == before


@pytest.mark.parametrize(
    "query", ["du=9999-12-31&au=9999-12-31", "du=2026-03-10&au=2026-03-02", "type=x&du=x&proposition=x"]
)
async def test_an_absurd_address_shows_what_can_be_planned(served: Served, query: str) -> None:
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as client:
        await client.hydrate()
        answer = await client.call(PLANNING + "load", path=f"{PATH}?{query}")

    shown = next(values for state, values in changed(answer).items() if state.endswith("repartition_state"))
    assert FAILED not in said(answer)
    assert shown["is_loaded"] is True
