"""What a hostile client can send to the judge's and the partner's screens: a sentence comes back, nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

PAGES = f"{ROOT_STATE}booking___pages___"
JUDGE = f"{PAGES}designate_state____designate_state."
REQUESTS = f"{PAGES}requests_state____requests_state."
PLACES = f"{PAGES}own_places_state____own_places_state."
PLACE = f"{PAGES}own_places_state____own_place_state."
NOTICE = "portal___ui___notice____notice_state"
FREE = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    JOIN territory t ON t.id = s.territory_id
    WHERE k.code = 'mediation-familiale' AND r.declared_load < r.capacity AND t.code = 'TGILYON'
      AND r.capacity > r.declared_load + (SELECT count(*) FROM place_period p WHERE p.resource_id = r.id) LIMIT 1""")


def said(messages: list[dict[str, Any]]) -> str:
    """Return what the message above the content says."""
    found = [values for state, values in changed(messages).items() if state.endswith(NOTICE)]
    return " ".join(str(values.get("text", "")) for values in found)


@pytest.mark.parametrize(
    ("role", "handler", "payload"),
    [
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": ["p1"], "value": "x"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": "p1", "value": {"a": 1}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": "_question", "value": "x"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}submit", {"form": "DROP"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": {"a": 1}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": "9" * 40}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": "999999999"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}give_up", {"booking_id": "DROP"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}give_up", {"booking_id": "00000000-0000-4000-8000-000000000000"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}undo", {}),
        (Role.PARTNER, f"{REQUESTS}accept_it", {"booking_id": ["x"]}),
        (Role.PARTNER, f"{REQUESTS}accept_it", {"booking_id": "00000000-0000-4000-8000-000000000000"}),
        (Role.PARTNER, f"{REQUESTS}refuse_it", {"form": 3}),
        (Role.PARTNER, f"{PLACES}still_true", {"resource_id": {"a": 1}}),
        (Role.PARTNER, f"{PLACES}search", {"form": None}),
        (Role.PARTNER, f"{PLACE}save_numbers", {"form": None}),
        (Role.PARTNER, f"{PLACE}reopen", {"closure_id": "1"}),
        (Role.FAMILY_JUDGE, f"{PLACES}all_still_true", {}),
    ],
)
async def test_what_no_screen_sends_is_answered_with_a_sentence(
    served: Served, role: Role, handler: str, payload: dict[str, Any]
) -> None:
    path = "/designer/?rg=26/77009" if role is Role.FAMILY_JUDGE else "/demandes/"
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate(path)
        if role is Role.FAMILY_JUDGE:
            await client.call(f"{JUDGE}load", path=path)
        messages = await client.call(handler, payload, path=path)

    assert said(messages).strip()
    assert FAILED not in said(messages)


async def test_a_box_ticked_forbids_the_act_itself_not_only_its_button(served: Served) -> None:
    path = "/designer/?rg=26/77010&violences=1"
    with served.engine.connect() as connection:
        resource_id = str(connection.execute(FREE).scalar_one())
    async with RawClient(served.url, served.cookie_of(Role.FAMILY_JUDGE)) as client:
        await client.hydrate(path)
        await client.call(f"{JUDGE}load", path=path)
        messages = await client.call(f"{JUDGE}choose", {"resource_id": resource_id}, path=path)

    assert "373-2-10" in said(messages)
    with served.engine.connect() as connection:
        made = connection.execute(text("SELECT count(*) FROM booking WHERE case_ref = 'RG 26/77010'"))
        assert made.scalar() == 0
