"""Bookings over HTTP: the life of one, who may see and move it, the same key twice, the loser of a race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking.idempotency import forget_answers
from portal import clock
from portal.database import act
from tests.api_country import START, Api, in_days, problem_of

MOST_AT_ONCE = 20


def stay(api: Api, name: str = "beds", *, first: int = 1, until: int = 3, **more: Any) -> dict[str, Any]:
    """Return the order of some nights."""
    return {"resource_id": api.country[name], "from": in_days(first), "to": in_days(until), "case_ref": "26/001"} | more


async def made(client: httpx.AsyncClient, order: dict[str, Any]) -> dict[str, Any]:
    """Return the booking that an order makes."""
    answer = await client.post("/bookings", json=order)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def acts_of(client: httpx.AsyncClient, booking_id: str) -> list[str]:
    """Return the acts of a booking's history, in order."""
    return [line["act"] for line in (await client.get(f"/bookings/{booking_id}/history")).json()["items"]]


def later(patch: pytest.MonkeyPatch, **delay: float) -> None:
    """Move the clock on."""
    patch.setattr(clock, "_offset", clock._offset + timedelta(**delay))


async def test_a_place_is_held_then_confirmed_and_its_history_says_so(api: Api) -> None:
    async with api.client("officer") as client:
        answer = await client.post("/bookings", json=stay(api, case_ref=None))
        held = answer.json()
        again = await client.get(answer.headers["location"].removeprefix("/api/v1"))
        booked = (await client.post(f"/bookings/{held['id']}/confirm", json={"case_ref": "26/007"})).json()
        twice = (await client.post(f"/bookings/{held['id']}/confirm", json={"case_ref": "26/007"})).json()
        history = (await client.get(f"/bookings/{held['id']}/history")).json()["items"]

    assert answer.status_code == 201
    assert (held["state"], held["kind"], held["unit_name"]) == ("held", "bed", "Lit 1")
    assert (held["from"], held["to"]) == (in_days(1), in_days(3))
    assert held["hold_expires_at"].startswith("2026-03-02T08:10:")
    assert again.json() == held
    assert booked | {"state": "held"} == held | {"hold_expires_at": None, "case_ref": "26/007", "revision": 2}
    assert booked["state"] == "booked"
    assert twice == booked
    assert [line["act"] for line in history] == ["booking-held", "booking-booked"]
    assert history[0]["at"] <= history[1]["at"]
    assert {line["actor_id"] for line in history} == {held["requested_by"]}
    assert history[1]["facts"] == {"before": "held"}


async def test_confirm_books_at_once_what_needs_no_host(api: Api) -> None:
    async with api.client("officer") as client:
        booked = await made(client, stay(api, person_id=str(api.country.people["bob"]), confirm=True))

    assert (booked["state"], booked["hold_expires_at"]) == ("booked", None)
    assert booked["person_id"] == str(api.country.people["bob"])


@pytest.fixture
async def limited(api: Api) -> AsyncIterator[None]:
    """Limit beds to one a week, given back a month before: the country is everybody's, and is left as it was."""
    await act(_limited, notice_min=43_200, most=1)
    yield
    await act(_limited, notice_min=0, most=None)


def _limited(session: Session, *, notice_min: int, most: int | None) -> None:
    session.execute(text("UPDATE kind SET cancel_notice_min = :min WHERE code = 'bed'"), {"min": notice_min})
    session.execute(text("DELETE FROM kind_quota"))
    if most is not None:
        row = text("INSERT INTO kind_quota (kind_id, per, most) SELECT id, 'week', :most FROM kind WHERE code = 'bed'")
        session.execute(row, {"most": most})


@pytest.mark.usefixtures("limited")
async def test_what_is_refused_says_the_rule_its_value_who_can_change_it_and_what_to_do_instead(api: Api) -> None:
    async with api.client("officer") as client:
        booked = await made(client, stay(api, case_ref="26/007", confirm=True))
        late = (await client.post(f"/bookings/{booked['id']}/cancel")).json()
        full = (await client.post("/bookings", json=stay(api, case_ref="26/008"))).json()
        kinds = {one["code"]: one for one in (await client.get("/kinds")).json()["items"]}
        excused = await client.post(late["instead"][0]["href"].removeprefix("/api/v1"))

    assert (late["type"], late["status"], late["why"]) == ("/problems/too-late", 409, "too-late")
    assert {"rule", "value", "who", "instead", "latest"} <= set(late)
    assert (full["type"], full["taken"], full["most"], full["why"]) == ("/problems/quota-reached", 1, 1, "quota")
    assert kinds["bed"]["quotas"] == [{"per": "week", "most": 1, "organisation": None, "territory": None}]
    assert excused.json()["state"] == "excused"


async def test_a_request_is_decided_by_the_organisation_that_runs_the_place(api: Api) -> None:
    order = {"resource_id": api.country["near_post"], "from": in_days(1), "case_ref": "26/001", "confirm": True}
    async with api.client("officer") as client, api.client("host") as host, api.client("other_host") as other:
        first, second = await made(client, order), await made(client, order)
        stranger = await other.post(f"/bookings/{first['id']}/accept")
        accepted = await host.post(f"/bookings/{first['id']}/accept")
        refused = await host.post(f"/bookings/{second['id']}/refuse", json={"reason": "profile"})
        too_late = await host.post(f"/bookings/{second['id']}/accept")
        seen_by_host = (await host.get("/bookings")).json()["items"]
        seen_by_other = (await other.get("/bookings")).json()["items"]
        history = (await client.get(f"/bookings/{second['id']}/history")).json()["items"]

    assert (first["state"], first["to"]) == ("requested", None)
    assert first["request_expires_at"].startswith("2026-03-09")
    problem_of(stranger, 404, "not-found")
    assert accepted.json()["state"] == "booked"
    assert refused.json()["state"] == "refused"
    assert problem_of(too_late, 409, "already-decided")["state"] == "refused"
    assert [each["id"] for each in seen_by_host] == [second["id"], first["id"]]
    assert seen_by_other == []
    assert [line["act"] for line in history] == ["booking-held", "booking-requested", "booking-refused"]
    assert history[-1]["facts"]["reason"] == "profile"


async def test_a_host_is_not_told_who_the_person_is(api: Api) -> None:
    order = stay(api, person_id=str(api.country.people["ana"]), case_ref=None, confirm=True)
    async with api.client("officer") as client, api.client("host") as host, api.client("administrator") as other:
        booked = await made(client, order)
        seen = (await host.get(f"/bookings/{booked['id']}")).json()
        elsewhere = await other.get(f"/bookings/{booked['id']}")

    assert booked["person_id"] == str(api.country.people["ana"])
    assert seen == booked | {"person_id": None}
    problem_of(elsewhere, 404, "not-found")


async def test_an_administrator_sees_what_is_taken_on_the_places_of_the_territory(api: Api) -> None:
    async with api.client("officer") as client, api.client("administrator") as administrator:
        booked = await made(client, stay(api, "brest_shelter"))
        seen = (await administrator.get("/bookings")).json()["items"]

    assert [each["id"] for each in seen] == [booked["id"]]


async def test_a_place_given_back_is_free_and_can_be_taken_back(api: Api) -> None:
    async with api.client("officer") as client:
        booked = await made(client, stay(api, "near_beds", confirm=True))
        cancelled = (await client.post(f"/bookings/{booked['id']}/cancel")).json()
        nights = api.count("bed_night")
        undone = (await client.post(f"/bookings/{booked['id']}/undo")).json()
        await client.post(f"/bookings/{booked['id']}/cancel")
        await made(client, stay(api, "near_beds", first=2, until=4))
        gone = await client.post(f"/bookings/{booked['id']}/undo")
        acts = await acts_of(client, booked["id"])

    assert (cancelled["state"], nights) == ("cancelled", 0)
    assert undone == booked | {"revision": 4}
    problem_of(gone, 409, "period-taken")
    assert acts == ["booking-held", "booking-booked", "booking-cancelled", "booking-booked", "booking-cancelled"]


async def test_a_hold_past_its_end_is_over_even_before_the_clock_wrote_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api.client("officer") as client:
        held = await made(client, stay(api, "near_beds"))
        later(monkeypatch, minutes=10, seconds=1)
        seen = (await client.get(f"/bookings/{held['id']}")).json()
        lists = {state: (await client.get("/bookings", params={"state": state})).json() for state in ("held", "lapsed")}
        confirmed = await client.post(f"/bookings/{held['id']}/confirm")
        other = await made(client, stay(api, "near_beds"))

    assert (seen["state"], seen["hold_expires_at"]) == ("lapsed", None)
    assert [len(lists[state]["items"]) for state in ("held", "lapsed")] == [0, 1]
    problem_of(confirmed, 409, "hold-expired")
    assert other["state"] == "held"


async def test_who_comes_too_late_is_shown_the_nearest_that_fit_the_person(api: Api) -> None:
    async with api.client("officer") as client:
        for _ in range(2):
            await made(client, stay(api))
        for_a_man = await client.post("/bookings", json=stay(api, person_id=str(api.country.people["bob"])))
        for_a_woman = await client.post("/bookings", json=stay(api, person_id=str(api.country.people["ana"])))
        best = problem_of(for_a_man, 409, "period-taken")["alternatives"][0]
        taken = await made(client, stay(api, best["name"]))

    assert names(for_a_man) == ["near_beds", "lost_beds"]
    assert names(for_a_woman) == ["women_beds", "near_beds", "lost_beds"]
    assert best["distance_km"] == pytest.approx(27.5, abs=0.5)
    assert best["free"] == 1
    assert taken["resource_id"] == best["resource_id"]


def names(refused: httpx.Response) -> list[str]:
    """Return the names of the alternatives of a refusal."""
    return [each["name"] for each in refused.json()["alternatives"]]


async def test_a_taken_bed_leaves_the_other_beds_of_the_same_section(api: Api) -> None:
    async with api.client("officer") as client:
        bed = api.country["beds_2"]
        first = await made(client, stay(api, unit_id=bed))
        refused = await client.post("/bookings", json=stay(api, unit_id=bed))

    assert first["unit_name"] == "Lit 2"
    problem_of(refused, 409, "period-taken")
    assert names(refused) == ["beds", "women_beds", "near_beds"]


async def test_a_full_post_a_closed_site_and_a_taken_start_have_alternatives(api: Api) -> None:
    post = {"resource_id": api.country["post"], "from": in_days(1), "case_ref": "1"}
    slot = {"resource_id": api.country["mediator"], "start": f"{in_days(1)}T09:45:00+01:00", "case_ref": "1"}
    async with api.client("officer") as client, api.client("judge") as judge:
        await made(client, post)
        full = await client.post("/bookings", json=post)
        closed = await client.post("/bookings", json=stay(api, "near_beds", first=19, until=22))
        await made(judge, slot)
        taken = await judge.post("/bookings", json=slot)
        off_the_grid = await judge.post("/bookings", json=slot | {"start": f"{in_days(1)}T09:50:00+01:00"})

    problem_of(full, 409, "full")
    assert names(full) == ["near_post"]
    problem_of(closed, 409, "not-open")
    assert names(closed) == ["beds", "women_beds", "lost_beds"]
    problem_of(taken, 409, "period-taken")
    assert names(taken) == ["mediator", "far_mediator"]
    assert taken.json()["alternatives"][0]["starts"] == [
        "2026-03-03T09:00:00+01:00",
        "2026-03-03T10:30:00+01:00",
        "2026-03-03T11:15:00+01:00",
    ]
    problem_of(off_the_grid, 409, "not-open")


async def test_a_full_hearing_has_the_following_one_as_alternative(api: Api) -> None:
    case = {"resource_id": api.country["hearing"], "minutes": 40, "family": "bail", "case_ref": "RG 1"}
    async with api.client("registry") as client:
        placed = await made(client, case | {"confirm": True})
        full = await client.post("/bookings", json=case | {"minutes": 21})
        fits = await made(client, case | {"minutes": 20})

    assert (placed["minutes"], placed["start"]) == (40, "2026-03-12T09:00:00+01:00")
    assert problem_of(full, 409, "full")["why"] == "minutes"
    assert "next_hearing" in names(full)
    assert fits["state"] == "held"


@pytest.mark.parametrize("act_name", ["", "/history", "/confirm", "/cancel", "/undo"])
async def test_a_booking_of_another_territory_answers_exactly_like_a_missing_one(api: Api, act_name: str) -> None:
    missing = str(uuid4())
    async with api.client("officer") as client, api.client("brest_officer") as stranger:
        booked = await made(client, stay(api, confirm=True))
        if act_name in ("", "/history"):
            answers = [await stranger.get(f"/bookings/{each}{act_name}") for each in (booked["id"], missing)]
        else:
            answers = [await stranger.post(f"/bookings/{each}{act_name}") for each in (booked["id"], missing)]
        listed = (await stranger.get("/bookings")).json()
        unchanged = (await client.get(f"/bookings/{booked['id']}")).json()

    bodies = [problem_of(each, 404, "not-found") for each in answers]
    assert bodies[0] | {"booking_id": missing} == bodies[1]
    assert listed == {"items": [], "next": None}
    assert unchanged == booked


async def test_a_place_or_a_person_of_another_territory_cannot_be_named(api: Api) -> None:
    async with api.client("officer") as client:
        elsewhere = await client.post("/bookings", json=stay(api, "brest_beds"))
        missing = await client.post("/bookings", json=stay(api) | {"resource_id": 999_999})
        wrong_shape = await client.post("/bookings", json={"resource_id": api.country["brest_post"], "minutes": 1})
        person = await client.post("/bookings", json=stay(api, person_id=str(api.country.people["yann"])))
        nobody = await client.post("/bookings", json=stay(api, person_id=str(uuid4())))
        bed = await client.post("/bookings", json=stay(api, unit_id=api.country["brest_beds_1"]))

    bodies = [problem_of(each, 404, "not-found") for each in (elsewhere, missing, wrong_shape, person, nobody, bed)]
    assert bodies[0] | {"resource_id": 999_999} == bodies[1]
    assert set(bodies[3]) == set(bodies[4])
    assert api.count("booking") == api.count("bed_night") == 0


async def test_a_kind_that_is_not_for_the_role_does_not_say_what_there_is_elsewhere(api: Api) -> None:
    async with api.client("judge") as judge:
        here = await judge.post("/bookings", json=stay(api))
        elsewhere = await judge.post("/bookings", json=stay(api, "brest_beds"))
        bad_and_elsewhere = await judge.post("/bookings", json=stay(api, "brest_beds", minutes=3))

    problem_of(here, 403, "not-allowed")
    problem_of(elsewhere, 404, "not-found")
    problem_of(bad_and_elsewhere, 404, "not-found")


async def test_each_act_is_for_some_roles_only(api: Api) -> None:
    async with api.client("officer") as client, api.client("host") as host, api.client("judge") as judge:
        booked = await made(client, stay(api))
        path = f"/bookings/{booked['id']}"
        refused = [
            await host.post("/bookings", json=stay(api)),
            await host.post(f"{path}/confirm"),
            await host.post(f"{path}/cancel"),
            await client.post(f"{path}/accept"),
            await client.post(f"{path}/refuse", json={"reason": "full"}),
            await judge.post("/bookings", json=stay(api)),
        ]
        async with api.client("administrator") as administrator:
            refused.append(await administrator.post("/bookings", json=stay(api, "brest_beds")))

    for answer in refused:
        problem_of(answer, 403, "not-allowed")
    assert api.count("booking") == 1


@pytest.mark.parametrize("path", ["", "/{id}/confirm", "/{id}/cancel", "/{id}/undo", "/{id}/accept", "/{id}/refuse"])
async def test_nobody_writes_without_a_token(api: Api, path: str) -> None:
    body = {"reason": "full"} if "refuse" in path else stay(api) if not path else None
    async with api.client(Origin="http://localhost:3000") as nobody:
        answer = await nobody.post(f"/bookings{path.format(id=uuid4())}", json=body)

    problem_of(answer, 401, "sign-in-needed")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_cookie_writes_from_our_pages_only(api: Api) -> None:
    async with api.client("agent") as ours, api.client("agent", Origin="https://elsewhere.example") as theirs:
        forged = await theirs.post("/bookings", json=stay(api))
        sent = await ours.post("/bookings", json=stay(api))

    problem_of(forged, 403, "foreign-origin")
    assert sent.status_code == 201
    assert api.count("booking") == 1


async def test_the_same_key_gives_the_same_answer_and_one_booking(api: Api) -> None:
    async with api.client("officer") as client:
        client.headers["Idempotency-Key"] = "order-1"
        first = await client.post("/bookings", json=stay(api))
        second = await client.post("/bookings", json=dict(reversed(stay(api).items())))

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert api.count("booking") == 1


async def test_the_answer_under_a_key_stays_what_it_was(api: Api) -> None:
    async with api.client("officer") as client:
        held = await made(client, stay(api))
        key = {"Idempotency-Key": "confirm-1"}
        confirmed = await client.post(f"/bookings/{held['id']}/confirm", headers=key)
        await client.post(f"/bookings/{held['id']}/cancel")
        again = await client.post(f"/bookings/{held['id']}/confirm", headers=key)

    assert again.json() == confirmed.json()
    assert again.json()["state"] == "booked"


async def test_a_key_that_served_for_another_request_is_refused(api: Api) -> None:
    key = {"Idempotency-Key": "order-1"}
    async with api.client("officer") as client:
        first = await client.post("/bookings", json=stay(api), headers=key)
        other_body = await client.post("/bookings", json=stay(api, until=4), headers=key)
        other_act = await client.post(f"/bookings/{first.json()['id']}/cancel", headers=key)

    problem_of(other_body, 422, "key-reused")
    problem_of(other_act, 422, "key-reused")
    assert api.count("booking") == 1


async def test_a_key_is_of_one_caller(api: Api) -> None:
    async with api.client("officer") as client, api.client("agent") as agent:
        for each in (client, agent):
            each.headers["Idempotency-Key"] = "order-1"
            assert (await each.post("/bookings", json=stay(api))).status_code == 201

    assert api.count("booking") == 2


async def test_a_refusal_is_not_kept_under_the_key(api: Api) -> None:
    key = {"Idempotency-Key": "order-1"}
    async with api.client("officer") as client:
        taken = await made(client, stay(api, "near_beds"))
        refused = await client.post("/bookings", json=stay(api, "near_beds"), headers=key)
        await client.post(f"/bookings/{taken['id']}/cancel")
        tried_again = await client.post("/bookings", json=stay(api, "near_beds"), headers=key)

    problem_of(refused, 409, "period-taken")
    assert tried_again.status_code == 201


async def test_answers_are_forgotten_after_a_while(api: Api) -> None:
    key = {"Idempotency-Key": "order-1"}
    async with api.client("officer") as client:
        await client.post("/bookings", json=stay(api), headers=key)
        kept = await act(forget_answers, before=START)
        forgotten = await act(forget_answers, before=START + timedelta(days=1))
        again = await client.post("/bookings", json=stay(api), headers=key)

    assert (kept, forgotten) == (0, 1)
    assert again.status_code == 201
    assert api.count("booking") == 2


async def at_once(
    send: Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]], api: Api
) -> list[httpx.Response]:
    """Return the answers to as many requests sent together."""
    async with api.client("officer") as client:
        return await asyncio.gather(*(send(client, number) for number in range(MOST_AT_ONCE)))


async def test_the_same_key_at_the_same_time_makes_one_booking(api: Api) -> None:
    key = {"Idempotency-Key": "order-1"}

    answers = await at_once(lambda client, _: client.post("/bookings", json=stay(api), headers=key), api)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == MOST_AT_ONCE - 1
    assert api.count("booking") == 1
    assert api.count("bed_night") == 2


async def test_without_a_key_the_same_requests_would_make_several(api: Api) -> None:
    # The control of the test above: it shows what the key prevents.
    answers = await at_once(lambda client, _: client.post("/bookings", json=stay(api)), api)

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * (MOST_AT_ONCE - 2)
    assert api.count("booking") == 2


async def test_one_of_many_has_the_bed_and_the_others_are_shown_alternatives(api: Api) -> None:
    answers = await at_once(
        lambda client, number: client.post("/bookings", json=stay(api, "near_beds", case_ref=str(number))), api
    )

    losers = [answer for answer in answers if answer.status_code != 201]
    assert len(losers) == MOST_AT_ONCE - 1
    for answer in losers:
        problem_of(answer, 409, "period-taken")
        assert names(answer) == ["beds", "women_beds", "lost_beds"]
    assert api.count("bed_night") == 2


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_parts_of_the_list_give_each_booking_once_newest_first(api: Api, size: int) -> None:
    async with api.client("officer") as client:
        made_in_order = [(await made(client, stay(api, first=day, until=day + 1)))["id"] for day in range(5)]
        await client.post(f"/bookings/{made_in_order[2]}/cancel")
        found: list[str] = []
        asked: dict[str, str | int] = {"limit": size, "state": "held"}
        cursor: dict[str, str | int] = {}
        while True:
            part = (await client.get("/bookings", params=asked | cursor)).json()
            found += [each["id"] for each in part["items"]]
            if part["next"] is None:
                break
            cursor = {"cursor": part["next"]}
        altered = await client.get("/bookings", params={"cursor": cursor["cursor"]})

    assert found == [made_in_order[number] for number in (4, 3, 1, 0)]
    problem_of(altered, 422, "invalid-request")


async def test_an_etag_spares_a_booking_that_has_not_changed(api: Api) -> None:
    async with api.client("officer") as client:
        held = await made(client, stay(api))
        for path in (f"/bookings/{held['id']}", f"/bookings/{held['id']}/history", "/bookings"):
            tag = {"If-None-Match": (await client.get(path)).headers["etag"]}
            assert (await client.get(path, headers=tag)).status_code == 304

            await client.post(f"/bookings/{held['id']}/{'undo' if 'history' in path else 'cancel'}")

            assert (await client.get(path, headers=tag)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
        {"from": in_days(-1)},
        {"from": in_days(366), "to": in_days(367)},
        {"to": in_days(1)},
        {"to": in_days(1 + 367)},
        {"to": None},
        {"from": None},
        {"from": 20260303},
        {"from": "2026-03-03T00:00:00Z"},
        {"from": ["2026-03-03"]},
        {"case_ref": "a\x00b"},
        {"case_ref": "a\nb"},
        {"case_ref": ""},
        {"case_ref": "x" * 65},
        {"case_ref": 12},
        {"resource_id": "1"},
        {"resource_id": 1.0},
        {"resource_id": True},
        {"resource_id": 0},
        {"resource_id": -1},
        {"resource_id": 2**63},
        {"resource_id": 10**400},
        {"resource_id": None},
        {"unit_id": 2**63},
        {"person_id": "nobody"},
        {"person_id": 7},
        {"confirm": "yes"},
        {"confirm": 1},
        {"start": f"{in_days(1)}T09:00:00+01:00"},
        {"minutes": 10},
        {"family": "divorce"},
        {"surprise": 1},
        {"case_ref": None, "confirm": True},
    ],
)
async def test_a_bad_order_is_a_problem_and_changes_nothing(api: Api, changed: dict[str, Any]) -> None:
    async with api.client("officer") as client:
        answer = await client.post("/bookings", json=stay(api) | changed)

    problem_of(answer, 422, "invalid-request")
    assert api.count("booking") == api.count("bed_night") == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"start": f"{in_days(1)}T09:00:00"},
        {"start": in_days(1)},
        {"start": 1772524800},
        {"start": "0001-01-01T00:00:00+14:00"},
        {"start": "9999-12-31T23:59:59-12:00"},
        {"start": f"{in_days(1)}T25:00:00Z"},
        {"start": None},
        {"from": in_days(1)},
        {"unit_id": 1},
    ],
)
async def test_a_bad_start_is_a_problem_and_changes_nothing(api: Api, changed: dict[str, Any]) -> None:
    order = {"resource_id": api.country["mediator"], "start": f"{in_days(1)}T09:00:00+01:00", "case_ref": "1"}
    async with api.client("judge") as client:
        answer = await client.post("/bookings", json=order | changed)

    problem_of(answer, 422, "invalid-request")
    assert api.count("booking") == api.count("seat_time") == 0


@pytest.mark.parametrize("minutes", [0, -1, 1441, 2**40, 1.5, "30", None, True])
async def test_bad_minutes_are_a_problem_and_change_nothing(api: Api, minutes: object) -> None:
    async with api.client("registry") as client:
        order = {"resource_id": api.country["hearing"], "minutes": minutes, "case_ref": "1"}
        answer = await client.post("/bookings", json=order)

    problem_of(answer, 422, "invalid-request")
    assert api.count("booking") == api.count("session_case") == 0


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"resource_id": NaN}', "application/json", 422),
        (b'{"resource_id": 1e999}', "application/json", 422),
        (b'{"resource_id": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b'{"case_ref": "\\ud800"}', "application/json", 422),
        (b'{"case_ref": "\xff"}', "application/json", 400),
        (b'{"resource_id": 1}', "text/plain", 422),
        (b"resource_id=1", "application/x-www-form-urlencoded", 422),
        (b" " * 70_000, "application/json", 413),
    ],
)
async def test_what_is_not_an_order_is_a_problem(api: Api, content: bytes, kind: str, status: int) -> None:
    async with api.client("officer") as client:
        answer = await client.post("/bookings", content=content, headers={"Content-Type": kind})

    problem_of(answer, status, "invalid-request" if status == 422 else f"http-{status}")
    assert api.count("booking") == 0


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "clé"])
async def test_a_bad_key_is_a_problem(api: Api, key: str) -> None:
    async with api.client("officer") as client:
        answer = await client.post("/bookings", json=stay(api), headers={b"Idempotency-Key": key.encode("latin-1")})

    problem_of(answer, 422, "invalid-request")
    assert api.count("booking") == 0


@pytest.mark.parametrize("path", ["/bookings/1", "/bookings/%00", "/bookings?state=new", "/bookings?limit=-1"])
async def test_a_bad_address_is_a_problem(api: Api, path: str) -> None:
    async with api.client("officer") as client:
        problem_of(await client.get(path), 422, "invalid-request")


async def test_a_reason_that_does_not_exist_is_refused(api: Api) -> None:
    async with api.client("host") as client:
        answer = await client.post(f"/bookings/{uuid4()}/refuse", json={"reason": "because"})

    problem_of(answer, 422, "invalid-request")


def first_start(api: Api, *, days: int = 1, minutes: int = 0) -> str:
    """Return a start of the mediators of Lyon."""
    return (START + timedelta(days=days, minutes=minutes)).isoformat()


async def test_an_appointment_is_moved_and_both_places_say_so(api: Api) -> None:
    order = {"resource_id": api.country["mediator"], "start": first_start(api), "case_ref": "26/001", "confirm": True}
    wanted = {"resource_id": api.country["far_mediator"], "start": first_start(api, days=2, minutes=45)}
    async with api.client("judge") as client, api.client("brest_officer") as stranger:
        booked = await made(client, order)
        moved = await client.post(f"/bookings/{booked['id']}/move", json=wanted)
        taken = await made(client, order)
        refused = await client.post(f"/bookings/{booked['id']}/move", json=order | {"confirm": None})
        onto_taken = await client.post(
            f"/bookings/{booked['id']}/move", json={name: order[name] for name in ("resource_id", "start")}
        )
        not_theirs = await stranger.post(f"/bookings/{booked['id']}/move", json=wanted)
        history = await acts_of(client, booked["id"])

    assert moved.status_code == 200, moved.text
    assert (moved.json()["id"], moved.json()["resource_name"]) == (booked["id"], "far_mediator")
    assert moved.json()["start"].startswith("2026-03-04T09:45:00")
    assert taken["state"] == "booked"
    problem_of(refused, 422, "invalid-request")
    problem_of(onto_taken, 409, "period-taken")
    problem_of(not_theirs, 404, "not-found")
    assert history[-1] == "booking-moved"


async def test_an_outcome_is_noted_corrected_excused_and_taken_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    order = {"resource_id": api.country["mediator"], "start": first_start(api), "case_ref": "26/001", "confirm": True}
    async with api.client("judge") as client:
        booked = await made(client, order)
        path = f"/bookings/{booked['id']}"
        early = await client.post(f"{path}/outcome", json={"outcome": "missed"})
        later(monkeypatch, days=2)
        wrong = [
            await client.post(f"{path}/excuse", json=body)
            for body in ({"reason": "agent-absent"}, {"reason": "health", "reason_text": "du genou"})
        ]
        states = [
            [(await client.post(f"{path}/{act_}", json=body)).json()[name] for name in ("state", "reason")]
            for act_, body in (
                ("outcome", {"outcome": "missed"}),
                ("outcome", {"outcome": "honoured"}),
                ("excuse", {"reason": "other", "reason_text": "du genou"}),
                ("undo", None),
                ("excuse", None),
            )
        ]
        history = (await client.get(f"{path}/history")).text
        unknown = await client.post(f"{path}/outcome", json={"outcome": "cancelled"})

    assert problem_of(early, 422, "invalid-request")["problem"] == "not-begun"
    assert states == [["missed", ""], ["honoured", ""], ["excused", "other"], ["honoured", ""], ["excused", ""]]
    assert [problem_of(one, 422, "invalid-request").get("problem") for one in wrong] == [None, "only-with-other"]
    assert ('"reason":"other"' in history, "genou" in history) == (True, False)
    problem_of(unknown, 422, "invalid-request")


async def test_the_outcomes_of_a_day_are_noted_each_with_its_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    order = {"resource_id": api.country["mediator"], "case_ref": "26/001", "confirm": True}
    async with api.client("judge") as client, api.client("brest_officer") as stranger:
        ids = [(await made(client, order | {"start": first_start(api, minutes=at)}))["id"] for at in (0, 45, 90)]
        later(monkeypatch, days=2)
        items = [
            {"booking_id": ids[0], "outcome": "honoured", "revision": 2},
            {"booking_id": ids[1], "outcome": "excused", "reason": "work"},
            {"booking_id": ids[2], "outcome": "missed", "revision": 1},
        ]
        key = {"Idempotency-Key": "a-day"}
        answer = await client.post("/outcomes", json={"items": items}, headers=key)
        again = await client.post("/outcomes", json={"items": items}, headers=key)
        theirs = await stranger.post("/outcomes", json={"items": items})
        excused = (await client.get(f"/bookings/{ids[1]}")).json()
        none = await client.post("/outcomes", json={"items": []})

    assert answer.status_code == 200, answer.text
    told = answer.json()["items"]
    assert [(one["booking_id"], one["state"], one["revision"]) for one in told] == [
        (ids[0], "honoured", 3),
        (ids[1], "excused", 3),
        (ids[2], None, None),
    ]
    assert (told[2]["problem"]["type"], told[0]["problem"]) == ("/problems/changed-meanwhile", None)
    assert (again.json(), excused["reason"]) == (answer.json(), "work")
    assert {one["problem"]["type"] for one in theirs.json()["items"]} == {"/problems/not-found"}
    problem_of(none, 422, "invalid-request")


async def test_other_dates_are_proposed_listed_and_taken_by_whoever_asked(api: Api) -> None:
    async with api.client("officer") as officer, api.client("host") as host:
        order = {"resource_id": api.country["post"], "from": in_days(10), "to": in_days(20), "case_ref": "1"}
        asked = (await officer.post("/bookings", json=order | {"confirm": True})).json()["id"]
        dates = {"from": in_days(15), "to": in_days(25)}
        key = {"Idempotency-Key": "once"}
        made = await host.post(f"/bookings/{asked}/propose", json=dates, headers=key)
        again = await host.post(f"/bookings/{asked}/propose", json=dates, headers=key)
        which = {"proposal_id": made.json()["id"]}
        not_theirs = await host.post(f"/bookings/{asked}/accept-proposal", json=which)
        taken = await officer.post(f"/bookings/{asked}/accept-proposal", json=which)
        listed = await officer.get(f"/bookings/{asked}/proposals")
        late = await officer.post(f"/bookings/{asked}/decline-proposal", json=which)

    assert (made.status_code, made.json()["state"], again.json()) == (200, "open", made.json())
    assert not_theirs.status_code == 403
    assert (taken.json()["state"], taken.json()["from"], taken.json()["to"]) == ("booked", in_days(15), in_days(25))
    assert [one["state"] for one in listed.json()["items"]] == ["accepted"]
    problem_of(late, 409, "already-decided")


def template_for(api: Api, **said: Any) -> dict[str, Any]:
    """Return what is sent to open sessions on Tuesdays, for a month ahead."""
    court = {"site_id": api.country["csl_lyon"], "kind_id": api.country["kind_hearing"], "name": "Chambre fictive"}
    sits = {"rrule": "FREQ=WEEKLY;BYDAY=TU", "starts": "09:00", "from_on": in_days(1), "horizon_days": 22}
    return court | sits | {"max_minutes": 180, "max_cases": 12, "quotas": {"20": 8}} | said


async def test_programs_read_the_nomenclature_and_write_the_templates_of_their_court_only(api: Api) -> None:
    key = {"Idempotency-Key": "once"}
    async with api.client("registry") as client, api.client("officer") as officer:
        tree = (await client.get("/natures")).json()["items"]
        made = await client.post("/hearing-templates", json=template_for(api), headers=key)
        again = await client.post("/hearing-templates", json=template_for(api), headers=key)
        (listed,) = (await client.get("/hearing-templates")).json()["items"]
        days = (await client.get(f"/hearing-templates/{listed['id']}/sessions?days=14")).json()["items"]
        not_theirs = [await officer.get("/hearing-templates"), await officer.post("/hearing-templates", json={})]
        elsewhere = await client.post("/hearing-templates", json=template_for(api, site_id=api.country["csl_brest"]))
        unknown = await client.get("/hearing-templates/999999/sessions")
        wrong = await client.post("/hearing-templates", json=template_for(api, quotas={"99Z": 1}))

    assert {"code": "20J", "label": "Divorce autre que par consentement mutuel", "above": "20"} in tree
    assert (made.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, made.json(), "true")
    assert made.json()["template"] == listed
    assert made.json()["made"] == [in_days(1), in_days(8), in_days(15), in_days(22)]
    assert (listed["quotas"], listed["starts"], listed["sessions_to_come"]) == ({"20": 8}, "09:00", 4)
    assert [(one["day"], one["what"]) for one in days] == [(in_days(1), "open"), (in_days(8), "open")]
    assert {each.status_code for each in not_theirs} == {403}
    problem_of(elsewhere, 403, "not-allowed")
    problem_of(unknown, 404, "not-found")
    assert problem_of(wrong, 422, "invalid-request")["field"] == "quotas"


async def test_programs_try_what_a_change_of_a_template_moves_then_change_and_close_it(api: Api) -> None:
    key = {"Idempotency-Key": "tried-then-done"}
    wanted = template_for(api, rrule="FREQ=WEEKLY;BYDAY=TH", from_on=in_days(7))
    async with api.client("registry") as client:
        first = (await client.post("/hearing-templates", json=template_for(api))).json()["template"]
        address = f"/hearing-templates/{first['id']}"
        tried = (await client.post(f"{address}/change", json=wanted | {"dry_run": True}, headers=key)).json()
        unchanged = (await client.get("/hearing-templates")).json()["items"]
        changed = (await client.post(f"{address}/change", json=wanted, headers=key)).json()
        late = await client.post(f"{address}/change", json=wanted)
        address = f"/hearing-templates/{changed['template']['id']}"
        would = (await client.post(f"{address}/close", json={"from_on": in_days(15), "dry_run": True})).json()
        closed = (await client.post(f"{address}/close", json={"from_on": in_days(15)})).json()
        past = await client.post(f"{address}/close", json={"from_on": in_days(0)})

    assert (tried["template"], unchanged) == (None, [first])
    assert tried["withdrawn"] == [in_days(8), in_days(15), in_days(22)]
    assert tried["made"] == [in_days(10), in_days(17)]
    assert changed == tried | {"template": changed["template"]}
    assert (changed["template"]["line_id"], changed["template"]["valid_from"]) == (first["id"], in_days(7))
    assert (would["template"], would["withdrawn"], closed["withdrawn"]) == (None, [in_days(17)], [in_days(17)])
    assert closed["template"]["valid_until"] == in_days(15)
    assert problem_of(late, 422, "invalid-request")["problem"] == "changed-meanwhile"
    assert problem_of(past, 422, "invalid-request")["field"] == "from_on"


async def test_a_program_of_a_registry_asks_for_common_dates_and_reads_who_blocks(api: Api) -> None:
    asked = {
        "site_id": api.country["csl_lyon"],
        "people": [api.country["mediator"]],
        "minutes": 90,
        "first_on": in_days(1),
        "last_on": in_days(2),
        "room": "none",
    }
    away = "INSERT INTO closure (resource_id, days, reason) VALUES (:id, daterange(:first, :until), '')"
    api.do(away, id=api.country["mediator"], first=in_days(1), until=in_days(2))
    async with api.client("registry") as client, api.client("officer") as officer:
        found = (await client.post("/common-dates", json=asked)).json()
        odd = await client.post("/common-dates", json=asked | {"closes": "09:00"})
        denied = await officer.post("/common-dates", json=asked)
    api.do("DELETE FROM closure WHERE resource_id = :id", id=api.country["mediator"])

    assert (found["count"], len(found["items"]), found["later"]) == (5, 5, None)
    assert found["items"][0]["start"].startswith(in_days(2))
    whom = [{"what": "person", "resource_id": api.country["mediator"]}]
    assert found["before"] == [{"first_on": in_days(1), "last_on": in_days(1), "who": whom}]
    assert [one["who"] for one in found["blockers"]] == [whom]
    problem_of(odd, 422, "invalid-request")
    assert denied.status_code == 403


async def test_an_answer_is_taken_back_by_the_host_and_other_dates_withdrawn(api: Api) -> None:
    async with api.client("officer") as officer, api.client("host") as host:
        order = {"resource_id": api.country["post"], "from": in_days(10), "to": in_days(20), "case_ref": "1"}
        asked = (await officer.post("/bookings", json=order | {"confirm": True})).json()["id"]
        await host.post(f"/bookings/{asked}/refuse", json={"reason": "full"})
        undone = await host.post(f"/bookings/{asked}/undo-answer")
        made = await host.post(f"/bookings/{asked}/propose", json={"from": in_days(30)})
        withdrawn = await host.post(f"/bookings/{asked}/withdraw-proposal")
        over = await officer.post(f"/bookings/{asked}/accept-proposal", json={"proposal_id": made.json()["id"]})

    assert (undone.json()["state"], withdrawn.json()["state"]) == ("requested", "requested")
    problem_of(over, 409, "proposal-over")
