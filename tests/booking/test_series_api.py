"""Series and presences as programs take and note them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.api_country import TODAY, Api, in_days, problem_of


def some_hours(api: Api, **changes: Any) -> dict[str, Any]:
    """Return fourteen hours, seven a day from the next Monday, on the post."""
    return {
        "resource_id": api.country["post"],
        "measure": "minutes",
        "total": 14 * 60,
        "begins_on": in_days(7),
        "rrule": "FREQ=WEEKLY;BYDAY=MO",
        "decided_on": in_days(-30),
        "case_ref": "26/00042",
    } | changes


async def test_a_program_previews_takes_reads_and_gives_back_a_series(api: Api) -> None:
    async with api.client("officer") as client:
        seen = await client.post("/series/preview", json=some_hours(api))
        taken = await client.post("/series", json=some_hours(api), headers={"Idempotency-Key": "a"})
        again = await client.post("/series", json=some_hours(api), headers={"Idempotency-Key": "a"})
        read = await client.get(taken.headers["location"].removeprefix("/api/v1"))
        back = await client.post(f"/series/{taken.json()['id']}/cancel")
        undone = await client.post(f"/series/{taken.json()['id']}/undo")

    assert seen.json()["items"][0] == {
        "number": 1,
        "wanted": {"resource_id": api.country["post"], "from": in_days(7), "to": in_days(15), "start": None},
        "why": None,
        "instead": [],
    }
    assert taken.status_code == 201, taken.text
    assert again.json() == taken.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert api.count("series") == 1
    body = read.json()
    assert (body["total"], body["planned"], body["left"], body["standing"]) == (840, 840, 0, "running")
    # The host has not answered: nothing is booked, and the place is kept all the same.
    assert [one["state"] for one in body["occurrences"]] == ["requested"]
    assert [one["state"] for one in back.json()["occurrences"]] == ["cancelled"]
    assert undone.json()["occurrences"] == body["occurrences"]


async def test_conflicts_are_listed_with_what_else_would_do_and_answered(api: Api) -> None:
    async with api.client("officer") as client:
        for number in range(3):
            taken = await client.post("/series", json=some_hours(api, case_ref=f"26/{number}"))
            if taken.status_code != 201:
                break
        refused = problem_of(taken, 409, "series-conflicts")
        (conflict,) = refused["conflicts"]
        instead = {name: value for name, value in conflict["instead"][0].items() if value is not None}
        answered = await client.post("/series", json=some_hours(api, answers=[{"number": 1, "instead": instead}]))
        both = await client.post(
            "/series", json=some_hours(api, answers=[{"number": 1, "instead": instead, "leave_out": True}])
        )

    assert conflict["why"] == "taken"
    assert answered.status_code == 201, answered.text
    assert answered.json()["occurrences"][0]["from"] == instead["from"]
    assert problem_of(both, 422, "invalid-request")["field"] == "answers"


async def test_the_eighteen_months_are_refused_with_their_last_day(api: Api) -> None:
    async with api.client("officer") as client:
        seen = await client.post("/series/preview", json=some_hours(api, decided_on=in_days(-535)))
        late = await client.post("/series", json=some_hours(api, decided_on=in_days(-900)))

    assert [one["why"] for one in seen.json()["items"]] == ["past-deadline"]
    refused = problem_of(late, 422, "invalid-request")
    assert (refused["field"], refused["problem"]) == ("ends_by", "past-deadline")
    assert "au plus tard le " in refused["detail"]


async def test_a_host_reads_whom_it_expects_notes_hours_and_takes_them_back(api: Api) -> None:
    async with api.client("officer") as officer, api.client("host") as host:
        taken = await officer.post("/series", json=some_hours(api, begins_on=TODAY.isoformat()))
        booking_id = taken.json()["occurrences"][0]["booking_id"]
        await host.post(f"/bookings/{booking_id}/accept")
        where = f"/presences/{booking_id}/{TODAY}"
        expected = (await host.get("/presences", params={"day": TODAY.isoformat()})).json()["items"]
        noted = await host.put(where, json={"came": True, "minutes": 390, "revision": 0})
        stale = await host.put(where, json={"came": False, "revision": 0})
        done = (await officer.get(f"/series/{taken.json()['id']}")).json()["done"]
        tomorrow = await host.put(f"/presences/{booking_id}/{TODAY + timedelta(days=1)}", json={"came": True})
        forgotten = await host.delete(where)
        foreign = await host.put(f"/presences/{date(2026, 3, 2)}/x", json={"came": True})

    (one,) = [each for each in expected if each["booking_id"] == booking_id]
    assert (one["case_ref"], one["came"], one["usual_min"], one["total_min"]) == ("26/00042", None, 420, 840)
    assert noted.json() == {
        "booking_id": booking_id,
        "day": TODAY.isoformat(),
        "came": True,
        "minutes": 390,
        "revision": 1,
    }
    assert stale.status_code == 412
    assert done == 390
    assert problem_of(tomorrow, 422, "invalid-request")["problem"] == "not-yet"
    assert forgotten.json()["came"] is None
    assert api.count("attendance") == 0
    assert foreign.status_code == 422
