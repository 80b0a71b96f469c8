"""Partners' programs keep true what they publish: one document, its tag, and refusals that name field and value."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.api_country import Api, in_days, problem_of

FRESH = text("UPDATE resource SET capacity = 1, declared_load = 0, declared_waiting = 0, declared_on = NULL")


@pytest.fixture(autouse=True)
def as_it_was(api: Api) -> None:
    """Declare nothing, have every bed in service and nothing closed."""
    with api.engine.begin() as connection:
        connection.execute(FRESH)
        connection.execute(text("UPDATE unit SET is_active = true"))
        connection.execute(text("DELETE FROM closure"))


async def published(client: httpx.AsyncClient, resource_id: int) -> tuple[dict[str, Any], str]:
    """Return the document of a resource, and its tag."""
    answer = await client.get(f"/resources/{resource_id}/published")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


async def test_a_program_of_a_partner_lists_what_its_organisation_runs_and_nothing_else(api: Api) -> None:
    async with api.client("software") as client:
        first = (await client.get("/own-resources", params={"limit": 3})).json()
        rest = (await client.get("/own-resources", params={"cursor": first["next"]})).json()

    names = [one["name"] for one in first["items"] + rest["items"]]
    assert names == ["beds", "near_beds", "women_beds", "lost_beds", "post", "near_post", "mediator", "far_mediator"]
    assert rest["next"] is None
    assert first["items"][0] | {"id": 0} == {
        "id": 0,
        "code": "beds",
        "name": "beds",
        "kind": "bed",
        "shape": "nights",
        "site_id": api.country["csl_lyon"],
        "site": "csl_lyon",
        "commune": "lyon",
        "time_zone": "Europe/Paris",
        "declared_on": None,
        "is_stale": True,
    }


async def test_a_declaration_is_written_dated_and_answered_once_a_key(api: Api) -> None:
    post, numbers = api.country["near_post"], {"capacity": 6, "load": 4, "waiting": 1}
    async with api.client("software") as client:
        _, tag = await published(client, post)
        keyed = {"Idempotency-Key": "declare-1", "If-Match": tag}
        made = await client.put(f"/resources/{post}/declaration", json=numbers, headers=keyed)
        again = await client.put(f"/resources/{post}/declaration", json=numbers, headers=keyed)
        known, now = await published(client, post)
        unchanged = await client.get(f"/resources/{post}/published", headers={"If-None-Match": now})

    assert made.status_code == 200, made.text
    assert made.json()["declaration"] == {**numbers, "declared_on": in_days(0), "is_stale": False}
    assert again.json() == made.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (known, now) == (made.json(), made.headers["etag"])
    assert unchanged.status_code == 304


async def test_whoever_writes_over_what_they_have_not_read_is_told_so(api: Api) -> None:
    post = api.country["near_post"]
    async with api.client("software") as client, api.client("host") as person:
        _, tag = await published(client, post)
        await person.post(f"/resources/{post}/still-true")
        late = await client.put(
            f"/resources/{post}/declaration",
            json={"capacity": 6, "load": 4, "waiting": 1},
            headers={"If-Match": tag},
        )
        document, tag = await published(client, post)
        weakened = await client.post(f"/resources/{post}/still-true", headers={"If-Match": f"W/{tag}"})

    problem_of(late, 412, "out-of-date")
    assert document["declaration"]["capacity"] == 1
    assert weakened.status_code == 200


async def test_hours_are_rules_and_what_they_leave_uncovered_stands_and_is_told(api: Api) -> None:
    mediator = api.country["mediator"]
    rule = {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "opens": "14:00", "closes": "17:00"}
    async with api.client("judge") as judge, api.client("software") as client:
        order = {"resource_id": mediator, "start": f"{in_days(1)}T09:00:00+01:00", "case_ref": "1", "confirm": True}
        booking = (await judge.post("/bookings", json=order)).json()
        answer = await client.put(f"/resources/{mediator}/hours", json={"from": in_days(1), "rules": [rule]})
        starts = (await judge.get(f"/resources/{mediator}/availability?from={in_days(1)}&to={in_days(22)}")).json()

    assert answer.status_code == 200, answer.text
    (written,) = answer.json()["hours"]
    assert written | rule == written
    assert (written["anchor_on"], written["valid_until"]) == (in_days(1), None)
    assert [one["booking_id"] for one in answer.json()["outside"]] == [booking["id"]]
    assert {one["start"][:10] for one in starts["starts"]} == {in_days(1), in_days(15)}


async def test_days_are_closed_and_opened_again(api: Api) -> None:
    beds = api.country["beds"]
    closure = {"from": in_days(3), "to": in_days(5), "reason": "Travaux"}
    async with api.client("software") as client:
        made = await client.post(f"/resources/{beds}/closures", json=closure)
        (known,) = made.json()["closures"]
        opened = await client.delete(f"/resources/{beds}/closures/{known['id']}")
        twice = await client.delete(f"/resources/{beds}/closures/{known['id']}")

    assert made.status_code == 201, made.text
    assert known | closure == known
    assert opened.json()["closures"] == []
    problem_of(twice, 404, "not-found")


async def test_a_whole_site_is_closed_and_opened_again_by_who_runs_all_of_it(api: Api) -> None:
    site, closure = api.country["csl_near"], {"from": in_days(3), "to": in_days(5), "reason": "Travaux"}
    async with api.client("software") as client, api.client("officer") as officer:
        order = {"resource_id": api.country["near_beds"], "from": in_days(3), "to": in_days(4), "case_ref": "1"}
        booking = (await officer.post("/bookings", json=order | {"confirm": True})).json()
        read = await client.get(f"/sites/{site}/published")
        keyed = {"Idempotency-Key": "close-site", "If-Match": read.headers["etag"]}
        made = await client.post(f"/sites/{site}/closures", json=closure, headers=keyed)
        again = await client.post(f"/sites/{site}/closures", json=closure, headers=keyed)
        late = await client.post(f"/sites/{site}/closures", json=closure, headers={"If-Match": read.headers["etag"]})
        (known,) = made.json()["closures"]
        beside, _ = await published(client, api.country["near_post"])
        not_its_own = await client.delete(f"/resources/{api.country['near_post']}/closures/{known['id']}")
        opened = await client.delete(f"/sites/{site}/closures/{known['id']}")
        twice = await client.delete(f"/sites/{site}/closures/{known['id']}")

    assert read.json() | {"resources": 3, "own": 3, "closures": [], "outside": []} == read.json()
    assert made.status_code == 201, made.text
    assert known == closure | {"id": known["id"], "is_of_site": True}
    (left,) = made.json()["outside"]
    assert (left["booking_id"], left["resource_id"]) == (booking["id"], api.country["near_beds"])
    assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
    problem_of(late, 412, "out-of-date")
    assert (beside["closures"], beside["site_id"]) == ([known], site)
    problem_of(not_its_own, 404, "not-found")
    assert opened.json()["closures"] == []
    problem_of(twice, 404, "not-found")


async def test_a_site_that_is_partly_or_wholly_another_s_is_not_closed(api: Api) -> None:
    closure = {"from": in_days(3), "to": in_days(5)}
    async with api.client("software") as client, api.client("officer") as officer:
        partly = await client.post(f"/sites/{api.country['csl_lyon']}/closures", json=closure)
        read = await client.get(f"/sites/{api.country['csl_lyon']}/published")
        theirs = await client.post(f"/sites/{api.country['csl_brest']}/closures", json=closure)
        hidden = await client.get(f"/sites/{api.country['csl_brest']}/published")
        refused = await officer.get(f"/sites/{api.country['csl_near']}/published")

    problem_of(partly, 403, "not-allowed")
    assert read.json()["own"] < read.json()["resources"]
    problem_of(theirs, 404, "not-found")
    problem_of(hidden, 404, "not-found")
    problem_of(refused, 403, "not-allowed")


async def test_a_temporary_capacity_counts_until_it_is_forgotten(api: Api) -> None:
    post = api.country["near_post"]
    async with api.client("software") as client:
        made = await client.post(
            f"/resources/{post}/capacities", json={"from": in_days(0), "to": in_days(2), "capacity": 0}
        )
        over = await client.post(
            f"/resources/{post}/capacities", json={"from": in_days(1), "to": in_days(9), "capacity": 3}
        )
        (known,) = made.json()["capacities"]
        left = await client.delete(f"/resources/{post}/capacities/{known['id']}")

    assert made.status_code == 201, made.text
    assert problem_of(over, 422, "invalid-request")["problem"] == "capacity-already"
    assert left.json()["capacities"] == []


async def test_the_length_and_the_step_of_appointments_are_set_and_what_is_not_given_is_as_the_kind(api: Api) -> None:
    mediator, beds = api.country["mediator"], api.country["beds"]
    async with api.client("software") as client, api.client("judge") as judge:
        before, tag = await published(client, mediator)
        given = {"slot_duration_min": 60, "slot_step_min": 20, "buffer_after_min": 15, "capacity": 2}
        made = await client.put(f"/resources/{mediator}/grid", json=given, headers={"If-Match": tag})
        over = await client.put(f"/resources/{mediator}/grid", json={"slot_step_min": 0})
        late = await client.put(f"/resources/{mediator}/grid", json={}, headers={"If-Match": tag})
        other = await client.put(f"/resources/{beds}/grid", json={})
        back = await client.put(f"/resources/{mediator}/grid", json={"capacity": 1})
        kinds = (await judge.get("/kinds")).json()["items"]

    own = {"slot_duration_min": None, "slot_step_min": None, "buffer_before_min": None, "buffer_after_min": None}
    assert before["grid"] == own
    assert made.json()["grid"] | {"capacity": made.json()["declaration"]["capacity"]} == own | given
    assert problem_of(over, 422, "invalid-request")["field"] == "slot_step_min"
    problem_of(late, 412, "out-of-date")
    assert problem_of(other, 422, "invalid-request")["problem"] == "other-shape"
    assert (back.json()["grid"], back.json()["declaration"]["capacity"]) == (own, 1)
    assert {"buffer_before_min", "buffer_after_min", "min_notice_min"} <= set(kinds[0])


async def test_a_bed_is_put_out_of_service_and_back(api: Api) -> None:
    beds = api.country["beds"]
    async with api.client("software") as client:
        document, _ = await published(client, beds)
        unit = document["units"][0]["id"]
        out = await client.put(f"/resources/{beds}/units/{unit}", json={"in_service": False})
        other = await client.put(f"/resources/{api.country['near_beds']}/units/{unit}", json={"in_service": False})
        back = await client.put(f"/resources/{beds}/units/{unit}", json={"in_service": True})

    assert [one["in_service"] for one in out.json()["units"]] == [False, True]
    problem_of(other, 404, "not-found")
    assert back.json()["units"] == document["units"]


TOO_OFTEN = {"rrule": "FREQ=SECONDLY", "opens": "09:00", "closes": "10:00"}


@pytest.mark.parametrize(
    ("asked", "body", "said"),
    [
        ("near_post declaration", {"capacity": 3, "load": 1}, "waiting required"),
        ("beds declaration", {"capacity": 3}, "capacity not-for-this-shape"),
        ("mediator declaration", {"capacity": 3, "load": 2}, "load not-for-this-shape"),
        ("beds hours", {"rules": []}, "resource_id other-shape"),
        ("mediator hours", {"rules": [TOO_OFTEN]}, "rrule frequency"),
    ],
)
async def test_a_refusal_names_the_field_and_the_rule_that_it_breaks(
    api: Api, asked: str, body: dict[str, Any], said: str
) -> None:
    name, path = asked.split()
    async with api.client("software") as client:
        answer = await client.put(f"/resources/{api.country[name]}/{path}", json=body)

    refused = problem_of(answer, 422, "invalid-request")
    assert f"{refused['field']} {refused['problem']}" == said


@pytest.mark.parametrize(
    ("path", "days"), [("closures", (-1, 5)), ("closures", (3, 3)), ("capacities", (1, 1)), ("capacities", (1, 500))]
)
async def test_days_that_cannot_be_are_refused(api: Api, path: str, days: tuple[int, int]) -> None:
    first, until = (in_days(each) for each in days)
    body = {"from": first, "to": until} | ({"capacity": 1} if path == "capacities" else {})
    async with api.client("software") as client:
        refused = await client.post(f"/resources/{api.country['near_post']}/{path}", json=body)

    problem = problem_of(refused, 422, "invalid-request")
    assert problem["field"] in ("from", "to")  # as it was sent
    assert "…" not in problem["detail"]


async def test_what_is_another_s_answers_like_what_is_not_there_and_other_roles_are_refused(api: Api) -> None:
    async with api.client("software") as client, api.client("officer") as officer:
        answers = [
            await client.put(f"/resources/{number}/declaration", json={"capacity": 1, "load": 0, "waiting": 0})
            for number in (api.country["brest_post"], 10**9)
        ]
        hidden = await client.get(f"/resources/{api.country['brest_post']}/published")
        refused = await officer.post(f"/resources/{api.country['near_post']}/still-true")

    for answer in (*answers, hidden):
        problem_of(answer, 404, "not-found")
    problem_of(refused, 403, "not-allowed")
