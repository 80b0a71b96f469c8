"""The API against anything that can be sent to it: its OpenAPI document says what to send, and what may come back."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlmodel import Session

from booking.plans.kept import Scope
from booking.plans.runs import finish_run, queue
from optimizer.hearings.plan import Plan
from optimizer.manners import Found, Proposal
from optimizer.searching import Ended
from portal.api import API, build_api
from tests.api_country import FEATURES, START, TODAY, Api, in_days

# Of each route, and half as many for who is refused most of them; a soak asks for more.
EXAMPLES = int(os.environ.get("PLACEJUSTE_FUZZ_EXAMPLES", "24"))
IS_SHORT = EXAMPLES <= 40
WEEKS = timedelta(weeks=4)
KEPT = (
    "hearing_template",
    "template_session",
    "booking",
    "bed_night",
    "place_period",
    "seat_time",
    "session_case",
    "answer",
    "optimizer_run",
    "series",
    "attendance",
)
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
NASTY_IN_ADDRESS = NASTY_TEXT | NASTY_NUMBERS | NASTY_DATES
ANYTHING = st.recursive(
    st.none() | st.booleans() | NASTY_NUMBERS | NASTY_TEXT | NASTY_DATES | st.text(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
UNKNOWN_FIELD = st.dictionaries(st.text(max_size=5), ANYTHING, max_size=1)
NO_JSON = st.binary(max_size=30) | st.just(b"[" * 5000) | st.just(b'{"resource_id": ' + b"9" * 5000 + b"}")
ODD_TYPES = st.sampled_from(["text/plain", "a", ""])
ONE_IN_FIVE, ONE_IN_TEN, SOMETIMES = st.integers(0, 4), st.integers(0, 9), st.booleans()

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
FOR_HOSTS = [each for each in OURS if each.described["tags"] in (["own places"], ["presences"])]
OF_SERIES = [each for each in OURS if each.described["tags"] == ["series"]]
FOR_COURTS = [each for each in OURS if each.method == "post" and "/hearing-templates" in each.path]
OF_PLANS = [each for each in OURS if each.described["tags"] == ["plans"]]
SPARING = [*OF_PLANS, *FOR_HOSTS, *OF_SERIES, *FOR_COURTS]  # many routes that read what they are sent alike


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
    if "properties" in schema:
        return an_object(schema)
    if schema.get("type") == "object":
        more = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
        values = st.one_of([fitting(each) for each in more if isinstance(each, dict)] or [ANYTHING])
        return st.dictionaries(st.sampled_from(["20", "27"]) | WORDS, values, max_size=3)
    if schema.get("type") == "integer":
        most, least = schema.get("maximum", 50), schema.get("minimum", 0)
        return st.integers(1, 20) | st.sampled_from([least - 1, least, most - 1, most, most + 1])
    return OF_TYPE.get((schema.get("type"), schema.get("format")), ANYTHING)


def an_object(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return some of the fields of an object, each fitting or not, sometimes with one that does not exist."""
    values = {name: mostly(fitting(each), ANYTHING) for name, each in schema["properties"].items()}
    some, required = st.sets(st.sampled_from(sorted(values))), schema.get("required", [])
    more = mostly(st.builds(dict), UNKNOWN_FIELD)

    @st.composite
    def fields(draw: st.DrawFn) -> dict[str, Any]:
        names = draw(some) | {name for name in required if draw(ONE_IN_TEN)}
        return {name: draw(values[name]) for name in sorted(names)} | draw(more)

    return fields()


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> Any:
    """Return something usual four times out of five: one bad value among good ones goes deepest."""
    return draw(usual if draw(ONE_IN_FIVE) else other)


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


def requests(operation: Operation, known: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[httpx.Request]:
    """Return requests of this operation: their shape from the document, their identifiers often real ones."""
    values, always = {}, set()
    for parameter in operation.parameters:
        name = parameter["name"]
        values[name] = mostly(known[name] if name in known else fitting(parameter["schema"]), NASTY_IN_ADDRESS)
        if parameter["in"] == "path" or parameter["required"]:
            always.add(name)
    body = bodies(operation.body, known) if operation.body else None
    kind = mostly(st.just("application/json"), ODD_TYPES)

    @st.composite
    def request(draw: st.DrawFn) -> httpx.Request:
        given = {name: draw(value) for name, value in values.items() if name in always or draw(SOMETIMES)}
        if body is None:
            return built(operation, given, b"")
        return built(operation, given, draw(body), **{"Content-Type": draw(kind)})

    return request()


def spoiled(operation: Operation, usual: dict[str, Any]) -> Iterator[httpx.Request]:
    """Yield a good request of the operation with one value spoiled, for each value and each way of spoiling it."""
    json_type = {"Content-Type": "application/json"}
    fields = sorted(operation.body["properties"]) if operation.body else []
    sent = {name: usual[name] for name in fields if name in usual}
    needed = {each["name"]: usual.get(each["name"]) for each in operation.parameters if each["name"] in usual}
    # Neighbours take turns: each value is tried on some of the fields. A third is enough where nine routes do alike.
    count = len(operation.parameters) + len(fields)
    step = 3 if operation in SPARING else 2 if count > 3 else 1
    for turn, parameter in enumerate(operation.parameters):
        for nasty in NASTY[turn % step :: step]:
            yield built(operation, needed | {parameter["name"]: nasty}, json.dumps(sent).encode(), **json_type)
    for turn, name in enumerate(fields, len(operation.parameters)):
        for nasty in NASTY[turn % step :: step]:
            yield built(operation, needed, json.dumps(sent | {name: nasty}).encode(), **json_type)


def bodies(schema: dict[str, Any], known: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[bytes]:
    """Return the bytes of bodies: JSON of the schema with real identifiers, other JSON, or no JSON at all."""
    of_schema = mostly(fitting(schema), ANYTHING)
    real = {name: mostly(each, ANYTHING) for name, each in known.items()}

    @st.composite
    def body(draw: st.DrawFn) -> bytes:
        if not draw(ONE_IN_TEN):
            return draw(NO_JSON)
        value = draw(of_schema)
        if isinstance(value, dict):
            value |= {name: draw(real[name]) for name in sorted(set(value) & set(real))}
        return json.dumps(value).encode()

    return body()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


ROWS_OF = "(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t)"
DIGEST = text("SELECT " + ", ".join(ROWS_OF.format(table) for table in KEPT))


@pytest.fixture(scope="module")
def watcher(api_of_module: Api) -> Iterator[Connection]:
    """A connection that sees what is committed, without a transaction: it is asked thousands of times."""
    with api_of_module.engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT", prepare=True)


def kept(watcher: Connection) -> tuple[Any, ...]:
    """Return a digest of everything that bookings are made of."""
    return tuple(watcher.execute(DIGEST).one())


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
        "site_id": st.sampled_from([api.country["csl_near"], api.country["csl_lyon"], api.country["csl_brest"]]),
    }


@dataclass
class Judged:
    """Sends requests of one operation as somebody, and judges what comes back."""

    watcher: Connection
    runner: asyncio.Runner
    client: httpx.AsyncClient
    operation: Operation
    before: tuple[Any, ...] | None = None  # what was kept after the last answer, when it changed nothing

    @property
    def only_reads(self) -> bool:
        """Say whether no answer may change anything: looking once, at the end, is enough."""
        return self.operation.method == "get"

    def send(self, request: httpx.Request) -> int:
        """Return the status, once it is seen that nothing broke and that a refusal is a problem without effect."""
        for name in ("Authorization", "Cookie", "Origin"):
            if name in self.client.headers:
                request.headers[name] = self.client.headers[name]
        before = self.before or kept(self.watcher)
        answer = self.runner.run(self.client.send(request))

        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in self.operation.described["responses"] or answer.status_code in NO_ROUTE
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "status", "detail"} <= set(answer.json())
            assert self.only_reads or kept(self.watcher) == before
        self.before = before if self.only_reads or answer.status_code >= 400 else None
        return answer.status_code

    def end(self) -> None:
        """Leave, once it is seen that what only reads changed nothing."""
        assert not self.only_reads or self.before in (None, kept(self.watcher))
        self.runner.run(self.client.aclose())


@pytest.mark.parametrize(
    ("who", "operation"),
    [
        pytest.param(who, operation, id=f"{who}-{named(operation)}")
        for operation in OURS
        for who in ("officer", "registry", "host")
        if who == "host" or operation not in FOR_HOSTS
        if who == "officer" or operation not in OF_SERIES
        if who == "registry" or operation not in FOR_COURTS + OF_PLANS
    ],
)
def test_nothing_that_is_sent_breaks_it_and_a_refusal_changes_nothing(
    api: Api, watcher: Connection, runner: asyncio.Runner, operation: Operation, who: str
) -> None:
    bookings = runner.run(_some_bookings(api))
    judged = Judged(watcher, runner, api.client(who), operation)

    @settings(
        max_examples=EXAMPLES // 3 if operation in SPARING else EXAMPLES if who == "officer" else EXAMPLES // 2,
        deadline=None,
        derandomize=IS_SHORT,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(operation, identifiers(api, bookings) | templates(api, runner, operation) | plans(api, operation)))
    def send(request: httpx.Request) -> None:
        judged.send(request)

    send()
    judged.end()


def templates(api: Api, runner: asyncio.Runner, operation: Operation) -> dict[str, st.SearchStrategy[Any]]:
    """Return the identifiers of a template of the court, which has just been written, where one is acted on."""
    if operation not in FOR_COURTS:
        return {}
    court = {"site_id": st.just(api.country["csl_lyon"]), "kind_id": st.just(api.country["kind_hearing"])}
    court |= {"rrule": st.sampled_from(["FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=1TU"]), "starts": st.just("09:00")}
    return court | {"template_id": st.just(runner.run(_a_template(api)))}


@pytest.mark.parametrize("operation", OURS, ids=named)
def test_one_bad_value_among_good_ones_breaks_nothing(
    api: Api, watcher: Connection, runner: asyncio.Runner, operation: Operation
) -> None:
    bookings = runner.run(_some_bookings(api))
    usual = {
        "kind": "bed",
        "resource_id": api.country["near_beds"],
        "booking_id": bookings[3],
        "entry_id": bookings[3],
        "import_id": bookings[3],
        "matching_id": 1,
        "offer_id": bookings[3],
        "from": in_days(50),
        "to": in_days(51),
        "case_ref": "26/001",
        "reason": "full",
        "closure_id": 1,
        "period_id": 1,
        "unit_id": 1,
        "capacity": 1,
        "site_id": api.country["csl_near"],
        "template_id": 1,
        "day": in_days(0),
        "came": True,
        "begins_on": in_days(7),
        "measure": "visits",
        "total": 2,
        "rrule": "FREQ=WEEKLY",
        "at": "09:00",
        "series_id": bookings[3],
        "proposal_id": bookings[3],
        "file_id": bookings[3],
        "divestment_id": bookings[3],
        "phone_id": bookings[3],
    }
    if operation in FOR_COURTS:
        usual |= template_of(api) | {"template_id": runner.run(_a_template(api)), "dry_run": True}
    if operation in OF_PLANS:
        usual |= plan_of(api)
    if "{person_id}" in operation.path:
        usual["person_id"] = bookings[3]
    is_of_hosts = operation in FOR_HOSTS or operation.path.endswith(
        ("accept", "refuse", "propose", "withdraw-proposal", "undo-answer")
    )
    who = "host" if is_of_hosts else "registry" if operation in FOR_COURTS + OF_PLANS else "officer"
    judged = Judged(watcher, runner, api.client(who), operation)

    statuses = {judged.send(request) for request in spoiled(operation, usual)}

    judged.end()
    assert statuses & {400, 404, 405, 422} or not operation.parameters


def template_of(api: Api) -> dict[str, Any]:
    """Return what is sent to open sessions each week, for two weeks."""
    court = {"site_id": api.country["csl_lyon"], "kind_id": api.country["kind_hearing"], "name": "Chambre fictive"}
    return court | {
        "rrule": "FREQ=WEEKLY", "starts": "09:00", "max_minutes": 60, "max_cases": 4, "from_on": in_days(1),
        "horizon_days": 14, "formation": "single", "quotas": {"20": 2}, "named_ids": [],
    }  # fmt: skip


def plans(api: Api, operation: Operation) -> dict[str, st.SearchStrategy[Any]]:
    """Return what runs are asked with, and one that is there."""
    if operation not in OF_PLANS:
        return {}
    return {name: st.just(value) for name, value in plan_of(api).items()}


def plan_of(api: Api) -> dict[str, Any]:
    """Return what a run is asked with in a court, where one has just ended with a plan."""
    where = Scope(
        territory_id=api.country["lyon"], kind_id=api.country["kind_hearing"], first=TODAY, until=TODAY + WEEKS
    )
    none = Plan(placed={UUID(int=1): api.country["hearing"]})
    found = Found(
        plan=none, price=(), before=(), unplaced=(), ended=Ended.LIMIT, others=(Proposal(plan=none, price=()),)
    )
    with Session(api.engine) as session, session.begin():
        ended = queue(session, "hearings", where, by=None, now=START, settings={})
        finish_run(session, ended, found, now=START)
    return {
        "run_id": str(ended), "based_on": str(ended), "problem": "hearings", "kind": "hearing", "first": in_days(1),
        "until": in_days(30), "manner": "plan", "settings": {"sliders": {"soon": 2}}, "other": 0, "dry_run": True,
    }  # fmt: skip


async def _a_template(api: Api) -> int:
    async with api.client("registry") as client:
        return int((await client.post("/hearing-templates", json=template_of(api))).json()["template"]["id"])


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
    content = answers[good[0]]["content"]
    assert next(iter(content.values()))["schema"]
    wanted = {"401", "403", "422"} | ({"304"} if operation.method == "get" else {"400", "404", "409"})
    assert wanted <= set(answers)
    for status in set(answers) - {*good, "304"}:
        assert list(answers[status]["content"]) == ["application/problem+json"], status
    if "{" in operation.path:
        assert "404" in answers


HOSTING_ACTS = ("propose", "withdraw-proposal", "accept-proposal", "decline-proposal", "undo-answer")
ACTS = ("confirm", "cancel", "undo", "move", "excuse", "outcome", "accept", "refuse")
OF_STAYS = ("stay", "stay/undo", "rehouse", "rehouse/undo")


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
        "post /outcomes",
        *(f"post /bookings/{{booking_id}}/{act}" for act in (*ACTS, *OF_STAYS)),
        "post /bookings/swap",
        *(f"post /bookings/{{booking_id}}/{act}" for act in HOSTING_ACTS),
        "get /bookings/{booking_id}/proposals",
        "get /bookings/rehousing/{site_id}",
        "get /waiting",
        "post /waiting",
        *(f"post /waiting/{{entry_id}}/{act}" for act in ("withdraw", "undo", "deadline")),
        *(f"post /waiting/offers/{{offer_id}}/{act}" for act in ("accept", "decline")),
        "post /persons",
        "get /persons",
        "get /persons/duplicates",
        *(f"{method} /persons/{{person_id}}" for method in ("get", "patch")),
        *(f"{method} /persons/{{person_id}}/phones" for method in ("get", "post")),
        "patch /persons/{person_id}/phones/{phone_id}",
        *(f"post /persons/{{person_id}}/{act}" for act in ("files", "merge", "unmerge")),
        *(f"{method} /divestments" for method in ("get", "post")),
        *(f"post /divestments/{{divestment_id}}/{act}" for act in ("accept", "refuse", "withdraw")),
        "post /convocations",
        "post /convocations/bulk",
        "get /convocations/{convocation_id}",
        "get /convocations/{convocation_id}/letter.pdf",
        "get /convocations/{convocation_id}/statement.pdf",
        "get /messages",
        *(f"{method} /message-templates" for method in ("get", "put")),
        "get /natures",
        *(f"{method} /hearing-templates" for method in ("get", "post")),
        *(f"post /hearing-templates/{{template_id}}/{act}" for act in ("change", "close")),
        "post /common-dates",
        *(f"{method} /optimizer/runs" for method in ("get", "post")),
        "get /optimizer/runs/{run_id}",
        *(f"post /optimizer/runs/{{run_id}}/{act}" for act in ("stop", "apply", "undo", "change")),
        "get /hearing-templates/{template_id}/sessions",
        "post /imports",
        "get /imports/matchings",
        *(f"get /imports/{{import_id}}{part}" for part in ("", "/lines")),
        *(f"post /imports/{{import_id}}/{act}" for act in ("approve", "undo", "take-over")),
        "post /imports/matchings/{matching_id}/take-over",
        "post /series/preview",
        "post /series",
        "post /series/{series_id}/occurrences",
        "post /series/{series_id}/cancel",
        "post /series/{series_id}/undo",
        "get /series/{series_id}",
        "get /presences",
        "put /presences/{booking_id}/{day}",
        "delete /presences/{booking_id}/{day}",
        "get /own-resources",
        "get /resources/{resource_id}/published",
        "get /sites/{site_id}/published",
        "post /sites/{site_id}/closures",
        "delete /sites/{site_id}/closures/{closure_id}",
        "put /resources/{resource_id}/declaration",
        "post /resources/{resource_id}/still-true",
        "put /resources/{resource_id}/hours",
        "put /resources/{resource_id}/grid",
        "post /resources/{resource_id}/closures",
        "delete /resources/{resource_id}/closures/{closure_id}",
        "post /resources/{resource_id}/capacities",
        "delete /resources/{resource_id}/capacities/{period_id}",
        "put /resources/{resource_id}/units/{unit_id}",
        "get /bookings/{booking_id}/files",
        "post /bookings/{booking_id}/files",
        "get /bookings/{booking_id}/files/{file_id}",
        "delete /bookings/{booking_id}/files/{file_id}",
        "post /bookings/{booking_id}/files/{file_id}/undo",
    }
