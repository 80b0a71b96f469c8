"""Stays changed and exchanged by programs: the same acts as the pages, once a key."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from tests.api_country import Api, in_days, problem_of
from tests.booking.test_api import acts_of, made, stay

CLOSE = text("INSERT INTO closure (resource_id, days, reason) VALUES (:id, daterange(:first, :until), '')")


async def test_a_stay_is_changed_once_a_key_exchanged_and_taken_back(api: Api) -> None:
    async with api.client("officer") as client, api.client("brest_officer") as stranger:
        one, other = [await made(client, stay(api, first=3, until=6, confirm=True)) for _ in range(2)]
        path = f"/bookings/{one['id']}/stay"
        wanted = {"from": in_days(3), "to": in_days(9)}
        first, again = [await client.post(path, json=wanted, headers={"Idempotency-Key": "longer"}) for _ in range(2)]
        not_theirs = await stranger.post(path, json=wanted)
        backwards = await client.post(path, json=wanted | {"to": in_days(2)})
        both = {"one_id": one["id"], "other_id": other["id"]}
        alone = await client.post("/bookings/swap", json=both | {"other_id": one["id"]})
        back = await client.post(f"{path}/undo")
        seen = both | {"one_revision": back.json()["revision"], "other_revision": 1}
        changed = await client.post("/bookings/swap", json=seen)
        swapped = await client.post("/bookings/swap", json=seen | {"other_revision": other["revision"]})
        late = await client.post(f"{path}/undo", headers={"If-Match": back.headers["ETag"]})
        history = await acts_of(client, one["id"])

    assert (first.status_code, first.json()["to"]) == (200, wanted["to"])
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", first.json())
    problem_of(not_theirs, 404, "not-found")
    problem_of(backwards, 422, "invalid-request")
    problem_of(alone, 422, "invalid-request")
    assert back.json()["to"] == in_days(6)
    told = problem_of(changed, 412, "changed-meanwhile")
    assert [change["act"] for change in told["changes"]] == ["booking-booked"]
    problem_of(late, 412, "changed-meanwhile")
    assert [each["unit_id"] for each in swapped.json()["items"]] == [other["unit_id"], one["unit_id"]]
    assert history[2:] == ["booking-stay-changed", "booking-stay-changed", "booking-beds-swapped"]


async def test_those_of_a_closed_section_are_proposed_a_bed_rehoused_and_brought_back(api: Api) -> None:
    async with api.client("officer") as client:
        one = await made(client, stay(api, first=3, until=6, confirm=True))
        with Session(api.engine) as session, session.begin():
            days = {"id": one["resource_id"], "first": in_days(4), "until": in_days(5)}
            session.execute(CLOSE, days)
        try:
            path = f"/bookings/rehousing/{one['site_id']}"
            shown = await client.get(path)
            nowhere = await client.get("/bookings/rehousing/999999")
            here = {"resource_id": one["resource_id"], "unit_id": one["unit_id"]}
            refused = await client.post(f"/bookings/{one['id']}/rehouse", json=here)
            nothing = await client.post(f"/bookings/{one['id']}/rehouse/undo")
        finally:
            with Session(api.engine) as session, session.begin():
                session.execute(text("DELETE FROM closure WHERE resource_id = :id"), days)

    assert shown.status_code == 200, shown.text
    (case,) = shown.json()["items"]
    assert (case["booking_id"], case["closed_on"], case["from"]) == (one["id"], in_days(4), in_days(3))
    problem_of(nowhere, 404, "not-found")
    problem_of(refused, 422, "invalid-request")
    problem_of(nothing, 409, "already-decided")
