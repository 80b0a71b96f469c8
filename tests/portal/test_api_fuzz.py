"""The API against anything that can be sent to it: its OpenAPI document says what to send, and what may come back."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal.api import API, build_api
from tests.api_country import FEATURES, Api, in_days

EXAMPLES = int(os.environ.get("PLACEJUSTE_FUZZ_EXAMPLES", "40"))  # of each route; a soak asks for thousands
KEPT = ("booking", "bed_night", "place_period", "seat_time", "session_case", "answer")
DOCUMENT: dict[str, Any] = build_api(*FEATURES).openapi()
# What the framework answers before any route is reached: an address that is not one, once filled with nonsense.
NO_ROUTE = {307, 404, 405}

TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e",
    "é",
    "𝔘" * 50,
    "'; DROP TABLE x; --",
    "%00",
    "../..",
    "x" * 5000,
]
NUMBERS = [0, -1, 2**31, 2**63 - 1, 2**63, 10**400, 1.5, 1e308, float("nan"), float("inf"), -0.0, True]
DATES = [
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-03-29T02:30:00+01:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-03-03T09:00:00",
    "-1",
    "1772524800",
]
NASTY = [*TEXTS, *NUMBERS, *DATES, None, [], {}, [[1]], {"a": "\x00"}]
NASTY_TEXT, NASTY_NUMBERS, NASTY_DATES = (st.sampled_from(values) for values in (TEXTS, NUMBERS, DATES))
ANYTHING = st.recursive(
    st.none() | st.booleans() | NASTY_NUMBERS | NASTY_TEXT | NASTY_DATES | st.text(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

DAYS = st.integers(-3, 400).map(in_days)
STARTS = st.builds("{}T{:02}:{:02}:00+01:00".format, DAYS, st.integers(8, 12), st.sampled_from([0, 15, 45]))
WORDS = st.sampled_from(["bed", "post", "mediation", "hearing", "45.7,4.8", "26/001", "divorce"]) | st.text()
OF_TYPE: dict[tuple[str | None, str | None], st.SearchStrategy[Any]] = {
    ("string", "date"): DAYS,
    ("string", "date-time"): STARTS,
    ("string", "uuid"): st.uuids().map(str),
    ("string", None): WORDS,
    ("number", None): st.floats(0.1, 1000),
    ("boolean", None): st.booleans(),
}


@dataclass(frozen=True)
class Operation:
    """One route of the document."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return list(self.described.get("parameters", []))

    @property
    def body(self) -> dict[str, Any] | None:
        content = self.described.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return resolved(schema) if schema else None


OPERATIONS = [
    Operation(method, path, described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
    if path.startswith(API)
]
OURS = [each for each in OPERATIONS if not each.path.endswith("/oauth/token")]  # that one follows RFC 6749
# Others are refused before anything is read of what they send.
FOR_HOSTS = [each for each in OURS if each.described["tags"] == ["own places"]]


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without its references."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema and "$ref" in schema["anyOf"][0]:  # a body that may be left out
        return resolved(schema["anyOf"][0])
    return schema


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a schema allows, or nearly: the bounds that it gives are tried from both sides."""
    schema = resolved(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([fitting(each) for each in schema["anyOf"]])
    if schema.get("type") == "object":
        return an_object(schema)
    if schema.get("type") == "integer":
        most, least = schema.get("maximum", 50), schema.get("minimum", 0)
        return st.integers(1, 20) | st.sampled_from([least - 1, least, most - 1, most, most + 1])
    return OF_TYPE.get((schema.get("type"), schema.get("format")), ANYTHING)


@st.composite
def an_object(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    """Return some of the fields of an object, each fitting or not, sometimes with one that does not exist."""
    names: set[str] = draw(st.sets(st.sampled_from(sorted(schema["properties"]))))
    names |= {name for name in schema.get("required", []) if draw(st.integers(0, 9))}
    fields: dict[str, Any] = {
        name: draw(mostly(fitting(schema["properties"][name]), ANYTHING)) for name in sorted(names)
    }
    fields.update(draw(mostly(st.just({}), st.dictionaries(st.text(max_size=5), ANYTHING, max_size=1))))
    return fields


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> Any:
    """Return something usual four times out of five: one bad value among good ones goes deepest."""
    return draw(usual if draw(st.integers(0, 4)) else other)


def as_text(value: Any) -> str:
    """Return a value as it is written in an address, whatever it is made of."""
    written = value if isinstance(value, str) else json.dumps(value)
    return quote(written.encode("utf-8", "surrogatepass"), safe="")


def built(operation: Operation, given: dict[str, Any], content: bytes, **headers: str) -> httpx.Request:
    """Return the request of an operation with these parameters, by name, wherever each goes."""
    path, query = operation.path, []
    for parameter in operation.parameters:
        name, where = parameter["name"], parameter["in"]
        if where == "path":
            path = path.replace(f"{{{name}}}", as_text(given[name]))
        elif where == "query" and name in given:
            query.append(f"{as_text(name)}={as_text(given[name])}")
        elif name in given:
            headers[name] = as_text(given[name])[:300]
    address = f"http://localhost:3000{path}?{'&'.join(query)}"
    return httpx.Request(operation.method.upper(), address, headers=headers, content=content)


@st.composite
def requests(draw: st.DrawFn, operation: Operation, known: dict[str, st.SearchStrategy[Any]]) -> httpx.Request:
    """Return a request of this operation: its shape from the document, its identifiers often real ones."""
    parameters: dict[str, Any] = {}
    for parameter in operation.parameters:
        name = parameter["name"]
        usual = known[name] if name in known else fitting(parameter["schema"])
        if parameter["in"] == "path" or parameter["required"] or draw(st.booleans()):
            parameters[name] = draw(mostly(usual, NASTY_TEXT | NASTY_NUMBERS | NASTY_DATES))
    if operation.body is None:
        return built(operation, parameters, b"")
    kind = draw(mostly(st.just("application/json"), st.sampled_from(["text/plain", "a", ""])))
    return built(operation, parameters, draw(bodies(operation.body, known)), **{"Content-Type": kind})


def spoiled(operation: Operation, usual: dict[str, Any]) -> Iterator[httpx.Request]:
    """Yield a good request of the operation with one value spoiled, for each value and each way of spoiling it."""
    json_type = {"Content-Type": "application/json"}
    fields = sorted(operation.body["properties"]) if operation.body else []
    sent = {name: usual[name] for name in fields if name in usual}
    needed = {each["name"]: usual.get(each["name"]) for each in operation.parameters if each["name"] in usual}
    for nasty in NASTY[::3] if operation in FOR_HOSTS else NASTY:  # a third is enough: nine of them do alike
        for parameter in operation.parameters:
            yield built(operation, needed | {parameter["name"]: nasty}, json.dumps(sent).encode(), **json_type)
        for name in fields:
            yield built(operation, needed, json.dumps(sent | {name: nasty}).encode(), **json_type)


@st.composite
def bodies(draw: st.DrawFn, schema: dict[str, Any], known: dict[str, st.SearchStrategy[Any]]) -> bytes:
    """Return the bytes of a body: JSON of the schema with real identifiers, other JSON, or no JSON at all."""
    if not draw(st.integers(0, 9)):
        return draw(st.binary(max_size=30) | st.just(b"[" * 5000) | st.just(b'{"resource_id": ' + b"9" * 5000 + b"}"))
    value = draw(mostly(fitting(schema), ANYTHING))
    if isinstance(value, dict):
        for name in sorted(set(value) & set(known)):
            value[name] = draw(mostly(known[name], ANYTHING))
    return json.dumps(value).encode()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


ROWS_OF = "(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t)"
DIGEST = text("SELECT " + ", ".join(ROWS_OF.format(table) for table in KEPT))


def kept(api: Api) -> tuple[Any, ...]:
    """Return a digest of everything that bookings are made of."""
    with api.engine.connect() as connection:
        return tuple(connection.execute(DIGEST).one())


def identifiers(api: Api, bookings: list[str]) -> dict[str, st.SearchStrategy[Any]]:
    """Return real identifiers, of this territory and of the other."""
    numbers = st.sampled_from(sorted(api.country.ids.values()))
    people = st.sampled_from(sorted(str(each) for each in api.country.people.values()))
    names = ("beds", "near_beds", "brest_beds", "post", "mediator", "hearing")
    places = st.sampled_from([api.country[name] for name in names])
    return {
        "resource_id": places | numbers,
        "unit_id": st.none() | numbers,
        "person_id": st.none() | people,
        "booking_id": st.sampled_from(bookings),
    }


@dataclass(frozen=True)
class Judged:
    """Sends requests of one operation as somebody, and judges what comes back."""

    api: Api
    runner: asyncio.Runner
    client: httpx.AsyncClient
    operation: Operation

    def send(self, request: httpx.Request) -> int:
        """Return the status, once it is seen that nothing broke and that a refusal is a problem without effect."""
        for name in ("Authorization", "Cookie", "Origin"):
            if name in self.client.headers:
                request.headers[name] = self.client.headers[name]
        before = kept(self.api)
        answer = self.runner.run(self.client.send(request))

        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in self.operation.described["responses"] or answer.status_code in NO_ROUTE
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "status", "detail"} <= set(answer.json())
            assert kept(self.api) == before
        return answer.status_code


@pytest.mark.parametrize(
    ("who", "operation"),
    [
        pytest.param(who, operation, id=f"{who}-{named(operation)}")
        for operation in OURS
        for who in ("officer", "registry", "host")
        if who == "host" or operation not in FOR_HOSTS
    ],
)
def test_nothing_that_is_sent_breaks_it_and_a_refusal_changes_nothing(
    api: Api, runner: asyncio.Runner, operation: Operation, who: str
) -> None:
    bookings = runner.run(_some_bookings(api))
    judged = Judged(api, runner, api.client(who), operation)

    @settings(
        max_examples=EXAMPLES // 3 if operation in FOR_HOSTS else EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES <= 40,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(operation, identifiers(api, bookings)))
    def send(request: httpx.Request) -> None:
        judged.send(request)

    send()
    runner.run(judged.client.aclose())


@pytest.mark.parametrize("operation", OURS, ids=named)
def test_one_bad_value_among_good_ones_breaks_nothing(api: Api, runner: asyncio.Runner, operation: Operation) -> None:
    bookings = runner.run(_some_bookings(api))
    usual = {
        "kind": "bed",
        "resource_id": api.country["near_beds"],
        "booking_id": bookings[3],
        "from": in_days(50),
        "to": in_days(51),
        "case_ref": "26/001",
        "reason": "full",
        "closure_id": 1,
        "period_id": 1,
        "unit_id": 1,
        "capacity": 1,
    }
    is_of_hosts = operation in FOR_HOSTS or operation.path.endswith(("accept", "refuse"))
    judged = Judged(api, runner, api.client("host" if is_of_hosts else "officer"), operation)

    statuses = {judged.send(request) for request in spoiled(operation, usual)}

    runner.run(judged.client.aclose())
    assert statuses & {400, 404, 405, 422} or not operation.parameters


async def _some_bookings(api: Api) -> list[str]:
    """Return a held, a booked, a cancelled and a requested booking."""
    async with api.client("officer") as client:
        orders: list[dict[str, Any]] = [
            {"resource_id": api.country["beds"], "from": in_days(1), "to": in_days(2)},
            {"resource_id": api.country["beds"], "from": in_days(1), "to": in_days(2), "confirm": True},
            {"resource_id": api.country["near_beds"], "from": in_days(1), "to": in_days(2)},
            {"resource_id": api.country["post"], "from": in_days(1), "confirm": True},
        ]
        made = [(await client.post("/bookings", json=order | {"case_ref": "1"})).json()["id"] for order in orders]
        await client.post(f"/bookings/{made[2]}/cancel")
        return made


def test_the_document_is_served_as_it_is_built(api: Api, runner: asyncio.Runner) -> None:
    async def read() -> httpx.Response:
        async with api.client() as nobody:
            return await nobody.get("/openapi.json")

    served = runner.run(read())

    assert served.status_code == 200
    assert served.json() == json.loads(json.dumps(DOCUMENT))


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = list(references(DOCUMENT))

    assert len(found) > 20
    for reference in found:
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def test_each_operation_is_named_once() -> None:
    names = [each.described["operationId"] for each in OPERATIONS]

    assert len(names) == len(set(names)) >= 13


@pytest.mark.parametrize("operation", OURS, ids=named)
def test_each_route_says_what_it_does_who_may_and_what_it_answers(operation: Operation) -> None:
    described = operation.described

    assert described["summary"]
    assert described["description"]
    assert described["security"] == [{"client_credentials": []}]
    answers = described["responses"]
    good = [status for status in answers if status.startswith("2")]
    assert len(good) == 1
    assert answers[good[0]]["content"]["application/json"]["schema"]
    wanted = {"401", "403", "422"} | ({"304"} if operation.method == "get" else {"400", "404", "409"})
    assert wanted <= set(answers)
    for status in set(answers) - {*good, "304"}:
        assert list(answers[status]["content"]) == ["application/problem+json"], status
    if "{" in operation.path:
        assert "404" in answers


ACTS = ("confirm", "cancel", "undo", "move", "excuse", "outcome", "accept", "refuse")


def test_every_route_of_the_application_is_in_the_document() -> None:
    assert {named(each).replace(API, "") for each in OURS} == {
        "get /kinds",
        "get /resources",
        "get /resources/{resource_id}",
        "get /resources/{resource_id}/availability",
        "post /bookings",
        "get /bookings",
        "get /bookings/{booking_id}",
        "get /bookings/{booking_id}/history",
        *(f"post /bookings/{{booking_id}}/{act}" for act in ACTS),
        "post /persons",
        "get /persons",
        "post /convocations",
        "get /convocations/{convocation_id}",
        "get /messages",
        "get /own-resources",
        "get /resources/{resource_id}/published",
        "put /resources/{resource_id}/declaration",
        "post /resources/{resource_id}/still-true",
        "put /resources/{resource_id}/hours",
        "put /resources/{resource_id}/grid",
        "post /resources/{resource_id}/closures",
        "delete /resources/{resource_id}/closures/{closure_id}",
        "post /resources/{resource_id}/capacities",
        "delete /resources/{resource_id}/capacities/{period_id}",
        "put /resources/{resource_id}/units/{unit_id}",
    }
