"""People, convocations and messages over HTTP: the same acts as the pages, the same key twice, nothing of elsewhere."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from booking.events import subscribe
from convocations.planning import follow
from tests.api_country import Api, in_days, problem_of

STORED = text("SELECT body FROM answer WHERE key = :key")
SOMEBODY = {"family_name": "DÉMO", "given_name": "Alix", "birth_on": "1990-05-17", "sex": "M"}


@pytest.fixture(autouse=True)
def _planned() -> None:
    subscribe(follow)


async def somebody(api: Api, **more: Any) -> str:
    async with api.client("judge") as client:
        answer = await client.post("/persons", json=SOMEBODY | {"although_alike": True} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def starts(api: Api) -> list[str]:
    """Return the free starts of the first agent who receives."""
    async with api.client("judge") as client:
        path = f"/resources/{api.country['mediator']}/availability?from={in_days(1)}&to={in_days(8)}"
        return [one["start"] for one in (await client.get(path)).json()["starts"]]


async def test_a_person_is_opened_and_found_again_and_no_phone_is_told(api: Api) -> None:
    person_id = await somebody(api, phone="+33 6 12 34 56 78", family_name="TROUVÉ-ICI")
    async with api.client("judge") as client:
        found = (await client.get("/persons", params={"q": "trouve ici"})).json()["items"]
    async with api.client("host") as client:
        refused = await client.get("/persons", params={"q": "trouve ici"})

    assert [one["id"] for one in found] == [person_id]
    assert "phone" not in found[0]
    problem_of(refused, 403, "not-allowed")


async def test_a_number_of_two_territories_is_refused_with_its_readings(api: Api) -> None:
    async with api.client("judge") as client:
        answer = await client.post("/persons", json=SOMEBODY | {"phone": "75 12 34", "although_alike": True})

    body = problem_of(answer, 422, "invalid-request")
    assert {one["region"] for one in body["readings"]} >= {"PM", "NC"}


async def test_a_person_is_summoned_once_under_a_key_and_no_link_is_stored(api: Api) -> None:
    person_id = await somebody(api)
    order = {"person_id": person_id, "resource_id": api.country["mediator"], "start": (await starts(api))[0]}
    headers = {"Idempotency-Key": str(uuid4())}
    async with api.client("judge") as client:
        first = await client.post("/convocations", json=order, headers=headers)
        again = await client.post("/convocations", json=order, headers=headers)
        one = await client.get(f"/convocations/{first.json()['id']}")
        planned = await client.get("/messages", params={"convocation_id": first.json()["id"]})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() == one.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (one.json()["standing"], one.json()["start"]) == ("set", order["start"])
    assert {each["state"] for each in planned.json()["items"]} == {"planned"}
    with api.engine.connect() as connection:
        stored = connection.execute(
            text("SELECT body::text FROM answer WHERE key = :key"), {"key": headers["Idempotency-Key"]}
        )
        assert "/r/" not in stored.scalar_one()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"start": None}, "start"),
        ({"person_id": None}, "person_id"),
        ({"choose_by": in_days(3)}, "choose_by"),
        ({"booking_id": str(uuid4())}, "start"),
    ],
)
async def test_what_is_asked_twice_or_by_half_is_refused(api: Api, changed: dict[str, Any], field: str) -> None:
    order = {"person_id": str(uuid4()), "resource_id": api.country["mediator"], "start": (await starts(api))[0]}
    async with api.client("judge") as client:
        answer = await client.post("/convocations", json=order | changed)

    assert problem_of(answer, 422, "invalid-request")["field"] == field


async def test_elsewhere_there_is_nothing(api: Api) -> None:
    person_id = await somebody(api)
    order = {"person_id": person_id, "offer": [api.country["mediator"]], "choose_by": in_days(5)}
    async with api.client("judge") as client:
        made = (await client.post("/convocations", json=order)).json()
    assert made["standing"] == "choosing"
    async with api.client("brest_officer") as client:
        problem_of(await client.get(f"/convocations/{made['id']}"), 404, "not-found")
        problem_of(await client.get("/messages", params={"convocation_id": made["id"]}), 404, "not-found")


async def test_a_list_is_summoned_once_under_a_key_and_each_line_says_what_became_of_it(api: Api) -> None:
    people = [await somebody(api, family_name=f"LISTE-{n}") for n in "AB"]
    order = {"person_ids": [*people, str(uuid4())], "resource_ids": [api.country["mediator"]], "way": "slots"}
    headers = {"Idempotency-Key": str(uuid4())}
    async with api.client("judge") as client:
        first = await client.post("/convocations/bulk", json=order, headers=headers)
        again = await client.post("/convocations/bulk", json=order, headers=headers)
        letter = await client.get(f"/convocations/{first.json()['items'][0]['convocation_id']}/letter.pdf")
        proof = await client.get(f"/convocations/{first.json()['items'][0]['convocation_id']}/statement.pdf")

    made = first.json()["items"]
    assert [one["problem"] and one["problem"]["type"] for one in made] == [None, None, "not-found"]
    assert len({one["start"] for one in made[:2]}) == 2
    assert [one["convocation_id"] for one in again.json()["items"]] == [one["convocation_id"] for one in made]
    assert (letter.headers["content-type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
    assert proof.content[:5] == b"%PDF-"
