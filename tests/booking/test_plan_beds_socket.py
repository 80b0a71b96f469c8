"""What a hostile client can send to the page that gives beds: nothing is changed by a stranger, nothing breaks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

STATE = f"{ROOT_STATE}booking___pages___plan_beds_state____plan_beds_state."
NOTICE = "portal___ui___notice____notice_state"
PATH = "/attente/repartir/"
COUNTS = text("SELECT (SELECT count(*) FROM optimizer_run), (SELECT count(*) FROM kept_apart)")


def counts(served: Served) -> tuple[int, int]:
    """Return how many runs there are, and people kept apart."""
    with served.engine.connect() as connection:
        runs, apart = connection.execute(COUNTS).one()
        return runs, apart


@pytest.mark.parametrize("role", [Role.REGISTRY, Role.PARTNER])
async def test_nobody_else_plans_beds(served: Served, role: Role) -> None:
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate()
        before = counts(served)
        for handler in ("load", "propose", "keep_spot", "keep_them_apart"):
            answer = await client.call(STATE + handler, path=PATH)
            assert not any("plan_beds_state" in state for state in changed(answer))

    assert counts(served) == before


async def test_what_no_button_sends_changes_nothing_and_breaks_nothing(served: Served) -> None:
    sent: list[tuple[str, dict[str, Any]]] = [
        ("pick_house", {"site_id": {"a": 1}}),
        ("step", {"weeks": "x"}),
        ("choose", {"item": ["x"]}),
        ("drop", {"item": "x", "unit_id": "y", "first": "z", "_until": None}),
        ("pick_spot", {"spot": "1@demain"}),
        ("keep_spot", {}),
        ("leave_out", {}),
        ("make_way", {"number": "0"}),
        ("keep_them_apart", {"form": {"une": str(uuid4()), "autre": str(uuid4())}}),
        ("keep_them_apart", {"form": ["x"]}),
        ("let_them_together", {"group_id": str(uuid4())}),
        ("set_may_move", {"may": "peut-être"}),
    ]
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(PATH)
        before = counts(served)
        for handler, payload in sent:
            answer = await client.call(STATE + handler, payload, path=PATH)
            told = [values for state, values in changed(answer).items() if state.endswith(NOTICE)]
            assert FAILED not in " ".join(str(values.get("text", "")) for values in told), handler

    assert counts(served) == before
