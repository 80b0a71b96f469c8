"""The waiting list by the API: asked once, offered, accepted or left; others see nothing of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlmodel import Session

from availability.rights import Role
from booking import events
from booking.waiting_follow import follow_list
from portal.identity import ApiClient
from portal.sign_in import actor_named, actor_of_client, create_client
from tests.api_country import Api, in_days
from tests.booking.queue import clock, offers, waits
from tests.booking.town import make_town
from tests.factories import NOW


def test_it_is_asked_and_answered_by_programs(api: Api) -> None:
    asyncio.run(_journey(api))


async def _journey(api: Api) -> None:
    wanted = {"resource_id": api.country["near_beds"], "from": in_days(3), "to": in_days(6), "case_ref": "26/001"}
    async with api.client("officer") as officer, api.client("host") as host:
        key = {"Idempotency-Key": "once"}
        first = await officer.post("/waiting", json=wanted, headers=key)
        again = await officer.post("/waiting", json=wanted, headers=key)
        assert (first.status_code, again.json()) == (201, first.json())
        said = first.json()
        assert (said["state"], said["rank"], said["rank_why"]) == ("waiting", 1, "date")

        deadline = {"deadline_on": in_days(20), "deadline_source": "Décision"}
        sorted_again = await officer.post(f"/waiting/{said['id']}/deadline", json=deadline)
        assert sorted_again.json()["rank_why"] == "deadline"
        refused = await officer.post(f"/waiting/{said['id']}/deadline", json={"deadline_on": in_days(20)})
        assert (refused.status_code, refused.json()["field"]) == (422, "deadline_source")

        listed = (await officer.get("/waiting")).json()["items"]
        assert [one["id"] for one in listed] == [said["id"]]
        assert (await host.get("/waiting")).status_code == 403
        withdrawn = await officer.post(f"/waiting/{said['id']}/withdraw")
        assert (withdrawn.json()["state"], withdrawn.json()["rank"]) == ("withdrawn", None)
        assert (await officer.post(f"/waiting/{said['id']}/undo")).json()["state"] == "waiting"
        assert (await officer.post(f"/waiting/offers/{UUID(int=1)}/accept")).status_code == 404


def test_what_a_program_waits_for_is_offered_to_it_as_long_as_it_is_active(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    town = make_town(session)
    create_client(session, "logiciel", "Logiciel fictif", Role.PROBATION_OFFICER, town.world.here.id)
    program = session.get_one(ApiClient, "logiciel")
    actor = actor_of_client(session, program)
    assert actor is not None
    for number in (1, 2):
        waits(session, town, f"26/{number}", by=actor)

    program.is_active = False
    assert clock(session, actor_named, NOW, moved=(town.section.id,)) == 0

    program.is_active = True
    assert clock(session, actor_named, NOW, moved=(town.section.id,)) == 2
    assert sorted(offers(session)) == [("26/1", None), ("26/2", None)]  # both came at the same instant
