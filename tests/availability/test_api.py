"""The catalogue over HTTP: who sees what, what is free, and every way of asking badly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from availability.wire import cursor_of
from portal.routing import router
from portal.settings import settings
from tests.api_country import START, TODAY, Api, in_days, problem_of
from tests.routing_stand_in import routing

LYON = "45.7676,4.8344"
AT_SIX = {"work": LYON, "work_starts": "06:00", "work_ends": "14:00"}


async def names(client: httpx.AsyncClient, **asked: Any) -> list[str]:
    """Return the names of the resources found, over all the parts of the list."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get("/resources", params=asked | cursor)
        assert answer.status_code == 200, answer.text
        found += [item["name"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


async def one(client: httpx.AsyncClient, name: str, **asked: Any) -> dict[str, Any]:
    """Return one resource as the list tells it."""
    items: list[dict[str, Any]] = (await client.get("/resources", params=asked)).json()["items"]
    return next(item for item in items if item["name"] == name)


async def test_each_role_is_told_the_kinds_that_it_may_search_and_reserve(api: Api) -> None:
    async with api.client("officer") as officer, api.client("judge") as judge:
        kinds = (await officer.get("/kinds")).json()["items"]
        of_judge = (await judge.get("/kinds")).json()["items"]

    assert [(kind["code"], kind["may_reserve"]) for kind in kinds] == [
        ("bed", True),
        ("post", True),
        ("shelter", True),
        ("mediation", False),
    ]
    assert [kind["shape"] for kind in kinds] == ["nights", "places", "nights", "slots"]
    assert [kind["code"] for kind in of_judge] == ["mediation"]


async def test_resources_come_by_distance_those_without_coordinates_last(api: Api) -> None:
    async with api.client("officer") as client:
        found = (await client.get("/resources", params={"kind": "bed", "near": LYON})).json()["items"]

    assert [item["name"] for item in found] == ["beds", "women_beds", "near_beds", "lost_beds"]
    distances = [item["distance_km"] for item in found]
    assert distances[0] == pytest.approx(2.3, abs=0.1)
    assert distances[2] == pytest.approx(25.2, abs=0.3)
    assert distances[3] is None
    assert found[0]["site"]["time_zone"] == "Europe/Paris"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
async def test_parts_of_a_list_give_each_resource_once_in_the_same_order(api: Api, size: int) -> None:
    async with api.client("officer") as client:
        by_distance = await names(client, kind="bed", near=LYON, limit=size)
        by_number = await names(client, kind="bed", limit=size)

    assert by_distance == ["beds", "women_beds", "near_beds", "lost_beds"]
    assert by_number == ["beds", "near_beds", "women_beds", "lost_beds"]


async def test_a_part_of_what_is_free_is_full_even_when_the_first_ones_are_not(api: Api) -> None:
    api.do("DELETE FROM opening WHERE resource_id = :id", id=api.country["mediator"])

    async with api.client("officer") as client:
        found = await names(client, kind="mediation", near=LYON, free="true", limit=1)

    assert found == ["far_mediator"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"radius_km": 10}, ["beds", "women_beds"]),
        ({"radius_km": 30}, ["beds", "women_beds", "near_beds"]),
        ({"sex": "M", "free": "true"}, ["beds", "near_beds", "lost_beds"]),
        ({"weekend": "true", "free": "true"}, []),
        ({"from": in_days(21), "to": in_days(22), "free": "true"}, ["beds", "women_beds", "lost_beds"]),
        ({"from": in_days(25), "to": in_days(26), "radius_km": 30}, ["beds", "women_beds", "near_beds"]),
        ({"max_travel_min": 20, "free": "true"}, ["beds", "women_beds"]),
        ({"attribute": ["sex:M", "age:40"], "free": "true"}, ["beds", "near_beds", "lost_beds"]),
        ({**AT_SIX, "free": "true"}, ["beds"]),
        ({**AT_SIX, "work_starts": "08:00", "free": "true"}, ["beds", "near_beds"]),
        ({**AT_SIX, "work_days": "sa,su", "free": "true"}, ["beds"]),
        ({"fresh": "true", "free": "true"}, []),  # nothing was declared
    ],
)
async def test_filters_keep_what_suits(api: Api, asked: dict[str, Any], expected: list[str]) -> None:
    async with api.client("officer") as client:
        found = await names(client, kind="bed", near=LYON, **asked)

    assert found == expected


async def test_a_worker_is_told_the_way_and_every_reason(api: Api) -> None:
    async with api.client("officer") as client:
        near = await one(client, "near_beds", kind="bed", **AT_SIX, max_travel_min=10, sex="F")
        lost = await one(client, "lost_beds", kind="bed", **AT_SIX)
        shut = await one(client, "women_beds", kind="bed", **AT_SIX, sex="M")

    assert (near["travel_min"], near["travel_is_estimate"]) == (42, True)
    assert near["reasons"] == ["hours", "travel"]
    assert (lost["travel_min"], lost["reasons"]) == (None, ["travel"])
    assert shut["reasons"] == ["sex", "hours"]


async def test_lists_read_in_parts_follow_the_way(api: Api) -> None:
    async with api.client("officer") as client:
        found = await names(client, kind="bed", **AT_SIX, limit=1)

    assert found == ["beds", "women_beds", "near_beds", "lost_beds"]


@pytest.mark.parametrize("engine", ["osrm", "valhalla"])
async def test_a_routing_engine_says_the_way_and_decides_of_the_filter(
    api: Api, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    async with routing() as service:
        monkeypatch.setenv("PLACEJUSTE_ROUTING_URL", service.url)
        monkeypatch.setenv("PLACEJUSTE_ROUTING_ENGINE", engine)
        settings.cache_clear()
        router.cache_clear()
        async with api.client("officer") as client:
            beds = await one(client, "beds", kind="bed", near=LYON)
            near = await one(client, "near_beds", kind="bed", near=LYON, max_travel_min=41)
            lost = await one(client, "lost_beds", kind="bed", near=LYON)
    monkeypatch.undo()
    settings.cache_clear()
    router.cache_clear()

    assert (beds["travel_min"], beds["travel_is_estimate"]) == (4, False)  # a minute a kilometre, half more southwards
    assert (near["travel_min"], near["suits"]) == (38, True)  # 42 by estimate
    assert (lost["travel_min"], lost["travel_is_estimate"]) == (None, True)


async def test_reasons_say_why_a_resource_does_not_suit_and_when_it_will(api: Api) -> None:
    three_nights = {"kind": "bed", "sex": "M", "from": in_days(18), "to": in_days(21)}
    stay = {"resource_id": api.country["beds"], "from": in_days(18), "to": in_days(20), "case_ref": "1"}
    async with api.client("officer") as client:
        for confirm in (True, False):
            taken = await client.post("/bookings", json=stay | {"confirm": confirm})
            assert taken.status_code == 201
        beds = await one(client, "beds", **three_nights)
        women = await one(client, "women_beds", **three_nights)
        closed = await one(client, "near_beds", **three_nights)
        free = await one(client, "lost_beds", **three_nights)

    assert (beds["suits"], beds["reasons"], beds["next_free_on"]) == (False, ["held", "taken"], in_days(20))
    assert (beds["total"], beds["free"], beds["held"]) == (2, 0, 1)
    assert (women["reasons"], women["next_free_on"]) == (["sex"], None)
    assert (closed["reasons"], closed["next_free_on"]) == (["closed"], in_days(18))
    assert (free["suits"], free["reasons"], free["next_free_on"]) == (True, [], in_days(18))


async def test_slots_and_hearings_say_their_next_free_day(api: Api) -> None:
    async with api.client("officer") as officer, api.client("registry") as registry:
        mediator = await one(officer, "mediator", kind="mediation")
        hearing = await one(registry, "hearing", kind="hearing", to=in_days(40))

    assert (mediator["free"], mediator["next_free_on"]) == (16, in_days(1))
    assert (hearing["total"], hearing["free"], hearing["next_free_on"]) == (3, 3, in_days(10))


async def test_one_resource_lists_the_units_that_can_be_named(api: Api) -> None:
    async with api.client("officer") as client:
        sheet = (await client.get(f"/resources/{api.country['beds']}")).json()

    assert (sheet["name"], sheet["kind"], sheet["free"]) == ("beds", "bed", 2)
    assert [unit["name"] for unit in sheet["units"]] == ["Lit 1", "Lit 2"]


async def test_a_hearing_is_found_whatever_its_day_until_it_begins(api: Api) -> None:
    path = f"/resources/{api.country['hearing']}"
    async with api.client("registry") as client:
        before = await client.get(path)
        move = "UPDATE hearing_session SET starts_at = :at WHERE resource_id = :id"
        api.do(move, at=START, id=api.country["hearing"])
        after = await client.get(path)
        api.do(move, at=START + timedelta(days=10), id=api.country["hearing"])

    assert before.json()["total"] == 3
    problem_of(after, 404, "not-found")


@pytest.mark.parametrize("path", ["/resources/{id}", "/resources/{id}/availability"])
async def test_a_resource_of_another_territory_answers_exactly_like_a_missing_one(api: Api, path: str) -> None:
    elsewhere, nowhere = api.country["brest_beds"], 999_999
    async with api.client("officer") as client:
        answers = [await client.get(path.format(id=each)) for each in (elsewhere, nowhere)]

    bodies = [problem_of(each, 404, "not-found") for each in answers]
    assert bodies[0] | {"resource_id": nowhere} == bodies[1]


async def test_a_host_reads_its_own_places_only_in_the_list_and_one_by_one(api: Api) -> None:
    async with api.client("host") as host:
        listed = await names(host, kind="bed")
        own = await host.get(f"/resources/{api.country['beds']}")
        other = await host.get(f"/resources/{api.country['brest_beds']}")

    assert listed == ["beds", "near_beds", "women_beds", "lost_beds"]
    assert own.status_code == 200
    problem_of(other, 404, "not-found")


async def test_a_look_beyond_ones_territory_is_possible_where_the_kind_allows_it_and_is_logged(api: Api) -> None:
    before = api.count("consultation")
    async with api.client("officer") as client:
        at_home = await client.get(f"/resources/{api.country['beds']}")
        unlogged = api.count("consultation") - before
        away = await client.get(f"/resources/{api.country['brest_shelter']}/availability")

    assert at_home.status_code == away.status_code == 200
    assert unlogged == 0
    assert api.count("consultation") - before == 1


async def test_a_search_beyond_ones_territory_is_logged_and_for_the_kinds_that_allow_it(api: Api) -> None:
    before = api.count("consultation")
    async with api.client("officer") as client:
        at_home = await names(client, kind="shelter")
        away = await names(client, kind="shelter", beyond="true")
        refused = await client.get("/resources", params={"kind": "bed", "beyond": "true"})

    assert (at_home, away) == ([], ["brest_shelter"])
    assert problem_of(refused, 422, "invalid-request")["field"] == "beyond"
    assert api.count("consultation") - before == 1


async def test_nights_are_free_ranges_of_each_bed_without_what_is_past_closed_or_taken(api: Api) -> None:
    window = {"from": in_days(-2), "to": in_days(30)}
    async with api.client("officer") as client:
        stay = {"resource_id": api.country["near_beds"], "from": in_days(3), "to": in_days(5), "case_ref": "1"}
        assert (await client.post("/bookings", json=stay)).status_code == 201
        left = (await client.get(f"/resources/{api.country['near_beds']}/availability", params=window)).json()

    assert left["shape"] == "nights"
    assert (left["from"], left["to"]) == (window["from"], window["to"])
    assert [unit["name"] for unit in left["units"]] == ["Lit 1"]
    assert left["units"][0]["free"] == [
        {"from": in_days(0), "to": in_days(3)},
        {"from": in_days(5), "to": in_days(20)},
        {"from": in_days(25), "to": in_days(30)},
    ]


async def test_places_are_counted_day_by_day(api: Api) -> None:
    async with api.client("officer") as client:
        period = {"resource_id": api.country["near_post"], "from": in_days(1), "to": in_days(2), "case_ref": "1"}
        assert (await client.post("/bookings", json=period)).status_code == 201
        asked = {"from": in_days(0), "to": in_days(3)}
        left = (await client.get(f"/resources/{api.country['near_post']}/availability", params=asked)).json()

    assert left["shape"] == "places"
    assert [(day["day"], day["remaining"], day["held"]) for day in left["days"]] == [
        (in_days(0), 2, 0),
        (in_days(1), 1, 1),
        (in_days(2), 2, 0),
    ]


async def test_slots_are_starts_in_local_time_with_the_seats_left(api: Api) -> None:
    async with api.client("judge") as client:
        wanted = {"resource_id": api.country["mediator"], "start": f"{in_days(1)}T09:45:00+01:00", "case_ref": "1"}
        assert (await client.post("/bookings", json=wanted)).status_code == 201
        asked = {"from": in_days(1), "to": in_days(2)}
        left = (await client.get(f"/resources/{api.country['mediator']}/availability", params=asked)).json()

    assert left["shape"] == "slots"
    assert [(each["start"], each["seats_left"]) for each in left["starts"]] == [
        (f"{in_days(1)}T09:00:00+01:00", 1),
        (f"{in_days(1)}T09:45:00+01:00", 0),
        (f"{in_days(1)}T10:30:00+01:00", 1),
        (f"{in_days(1)}T11:15:00+01:00", 1),
    ]
    assert left["starts"][0]["end"] == f"{in_days(1)}T09:45:00+01:00"


async def test_a_hearing_says_the_cases_minutes_and_quotas_left(api: Api) -> None:
    path = f"/resources/{api.country['hearing']}/availability"
    async with api.client("registry") as client:
        case = {"resource_id": api.country["hearing"], "minutes": 25, "family": "divorce", "case_ref": "RG 26/1"}
        assert (await client.post("/bookings", json=case)).status_code == 201
        left = (await client.get(path)).json()
        another_day = (await client.get(path, params={"from": in_days(11), "to": in_days(20)})).json()

    assert left["shape"] == "sessions"
    assert left["sessions"][0] | {"starts_at": "", "ends_at": ""} == {
        "starts_at": "",
        "ends_at": "",
        "cases_left": 2,
        "minutes_left": 35,
        "quotas_left": {"divorce": 0},
    }
    assert another_day["sessions"] == []


async def test_a_year_can_be_read_and_not_a_day_more(api: Api) -> None:
    path = f"/resources/{api.country['beds']}/availability"
    async with api.client("officer") as client:
        year = await client.get(path, params={"from": in_days(0), "to": in_days(366)})
        more = await client.get(path, params={"from": in_days(0), "to": in_days(367)})

    assert year.status_code == 200
    assert year.json()["units"][0]["free"] == [{"from": in_days(0), "to": in_days(366)}]
    assert problem_of(more, 422, "invalid-request")["detail"] == "La fin : c’est trop long : 366 jours au plus."


async def test_an_etag_spares_what_has_not_changed(api: Api) -> None:
    path = f"/resources/{api.country['beds']}/availability"
    async with api.client("officer") as client:
        first = await client.get(path)
        same = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = await client.get(path, headers={"If-None-Match": '"else", W/"other"'})
        stay = {"resource_id": api.country["beds"], "from": in_days(0), "to": in_days(1), "case_ref": "1"}
        assert (await client.post("/bookings", json=stay)).status_code == 201
        changed = await client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert other.status_code == 200
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["/kinds", "/resources?kind=bed", "/resources/1", "/resources/1/availability"])
async def test_nobody_reads_without_a_token(api: Api, path: str) -> None:
    async with api.client() as nobody, api.client(Authorization="Bearer invented") as liar:
        for client in (nobody, liar):
            answer = await client.get(path)

            problem_of(answer, 401, "sign-in-needed")
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_kind_that_is_not_for_the_role_is_refused(api: Api) -> None:
    async with api.client("judge") as client:
        problem_of(await client.get("/resources", params={"kind": "bed"}), 403, "not-allowed")
        problem_of(await client.get(f"/resources/{api.country['beds']}"), 403, "not-allowed")


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "nothing"},
        {"kind": "bed\x00"},
        {"kind": ""},
        {},
        {"kind": "bed", "near": "nan,nan"},
        {"kind": "bed", "near": "91,0"},
        {"kind": "bed", "near": "45.7"},
        {"kind": "bed", "near": "1e3,2"},
        {"kind": "bed", "radius_km": "5"},
        {"kind": "bed", "near": LYON, "radius_km": "nan"},
        {"kind": "bed", "near": LYON, "radius_km": "inf"},
        {"kind": "bed", "near": LYON, "radius_km": "-1"},
        {"kind": "bed", "limit": "-1"},
        {"kind": "bed", "limit": "0"},
        {"kind": "bed", "limit": "201"},
        {"kind": "bed", "limit": "9" * 5000},
        {"kind": "bed", "age": "12"},
        {"kind": "bed", "sex": "X"},
        {"kind": "bed", "weekend": "perhaps"},
        {"kind": "bed", "from": "0001-01-01"},
        {"kind": "bed", "from": "9999-12-31"},
        {"kind": "bed", "to": "9999-12-31"},
        {"kind": "bed", "from": "1772409600"},
        {"kind": "bed", "from": "2026-03-02T00:00:00"},
        {"kind": "bed", "from": "2026-02-30"},
        {"kind": "bed", "from": in_days(3), "to": in_days(3)},
        {"kind": "bed", "from": in_days(3), "to": in_days(2)},
        {"kind": "bed", "cursor": "é"},
        {"kind": "bed", "cursor": "x" * 301},
        {"kind": "bed", "kinds": "bed"},
        {"kind": "post", "sex": "F"},  # not searched on it: it would be ignored
        {"kind": "post", **AT_SIX},
        {"kind": "bed", "work": LYON},
        {"kind": "bed", "work_starts": "06:00", "work_ends": "14:00"},
        {"kind": "bed", "work_days": "mo"},
        {"kind": "bed", **AT_SIX, "work_starts": "6:00"},
        {"kind": "bed", **AT_SIX, "work_ends": "24:00"},
        {"kind": "bed", **AT_SIX, "work_days": "lu"},
        {"kind": "bed", **AT_SIX, "work": "91,0"},
        {"kind": "bed", "max_travel_min": "30"},  # from where?
        {"kind": "bed", "near": LYON, "max_travel_min": "0"},
        {"kind": "bed", "max_delay_days": "3"},
        {"kind": "bed", "max_load": "0.8"},
        {"kind": "post", "max_load": "nan"},
        {"kind": "bed", "attribute": "sex"},
        {"kind": "bed", "attribute": "sex:X"},
        {"kind": "bed", "attribute": "smell:good"},
        {"kind": "bed", "attribute": "age:many"},
        {"kind": "bed", "attribute": "doors:06:00"},
        {"kind": "bed", "attribute": ["sex:M", "sex:F"]},
    ],
)
async def test_a_bad_value_is_a_problem_in_french(api: Api, asked: dict[str, Any]) -> None:
    async with api.client("officer") as client:
        problem_of(await client.get("/resources", params=asked), 422, "invalid-request")


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 5000, "abc", "%00", "1.5"])
async def test_a_number_that_is_none_is_a_problem(api: Api, number: str) -> None:
    async with api.client("officer") as client:
        problem_of(await client.get(f"/resources/{number}"), 422, "invalid-request")


async def test_an_altered_cursor_is_refused(api: Api) -> None:
    asked: dict[str, str | int] = {"kind": "bed", "near": LYON, "limit": 1}
    async with api.client("officer") as client:
        cursor = (await client.get("/resources", params=asked)).json()["next"]
        places = (0, 15, len(cursor) - 1)
        altered = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in places]
        for each in [*altered, cursor + "AAAA", cursor[:-4], "AAAA"]:
            problem_of(await client.get("/resources", params=asked | {"cursor": each}), 422, "invalid-request")


async def test_a_cursor_is_of_one_list_and_of_one_reader(api: Api) -> None:
    asked: dict[str, str | int] = {"kind": "bed", "near": LYON, "limit": 1}
    async with api.client("officer") as client, api.client("brest_officer") as other:
        cursor = (await client.get("/resources", params=asked)).json()["next"]
        elsewhere = await client.get("/resources", params={"kind": "bed", "limit": 1, "cursor": cursor})
        somebody = await other.get("/resources", params=asked | {"cursor": cursor})
        more_at_once = await client.get("/resources", params=asked | {"limit": 50, "cursor": cursor})

    problem_of(elsewhere, 422, "invalid-request")
    problem_of(somebody, 422, "invalid-request")
    assert [item["name"] for item in more_at_once.json()["items"]] == ["women_beds", "near_beds", "lost_beds"]


@pytest.mark.parametrize("position", [(float("nan"), 1), (1.0, 2**80), (1.0,), "text", None, (-1.0, 1), {"a": 1}])
async def test_a_cursor_made_by_hand_reaches_nothing(
    api: Api, position: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever reads our source can compute the sum: what is inside must be as bounded as any other value.
    scopes: list[str] = []

    def remember(_: object, scope: str) -> str:
        scopes.append(scope)
        return "seen"

    monkeypatch.setattr("availability.api.cursor_of", remember)
    asked: dict[str, str | int] = {"kind": "bed", "limit": 1}
    async with api.client("officer") as client:
        await client.get("/resources", params=asked)
        answer = await client.get("/resources", params=asked | {"cursor": cursor_of(position, scopes[0])})

    problem_of(answer, 422, "invalid-request")


async def test_today_is_the_day_it_is_in_france(api: Api) -> None:
    async with api.client("officer") as client:
        left = (await client.get(f"/resources/{api.country['beds']}/availability")).json()

    assert left["from"] == TODAY.isoformat()
