"""A refusal becomes a sentence for a person and a problem for a program."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from availability.errors import InvalidRequest, NotAllowed, NotFound, Outage, PeriodTaken, Refusal
from portal import problems


class Wanted(BaseModel):
    """A body."""

    start: AwareDatetime
    places: int = Field(ge=1, le=5)


class NeverDeclared(PeriodTaken):
    """A refusal that declares no answer of its own."""


RAISED: dict[str, Exception] = {
    "not-found": NotFound(),
    "not-allowed": NotAllowed(),
    "period-taken": NeverDeclared(resource_id=3, status="taken"),
    "outage": Outage("ban"),
    "failure": ZeroDivisionError("secret=42"),
}


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Return a client of a small application that fails in every way."""
    api = FastAPI()
    problems.install(api)

    @api.post("/api/wanted")
    async def wanted(body: Wanted, page: Annotated[int, Query(ge=1)] = 1) -> None:
        pass

    @api.get("/{where}/{what}")
    async def fail(where: str, what: str) -> None:
        raise RAISED[what]

    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.parametrize(
    ("what", "status"),
    [("not-found", 404), ("not-allowed", 403), ("period-taken", 409), ("outage", 503), ("failure", 500)],
)
async def test_a_program_gets_a_problem(client: httpx.AsyncClient, what: str, status: int) -> None:
    answer = await client.get(f"/api/{what}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{what}"
    assert answer.json()["status"] == status
    assert "secret" not in answer.text


async def test_the_facts_of_a_refusal_reach_the_program_without_hiding_the_members_of_a_problem(
    client: httpx.AsyncClient,
) -> None:
    body = (await client.get("/api/period-taken")).json()

    assert body["resource_id"] == 3
    assert body["fact_status"] == "taken"
    assert body["title"] == "Période déjà prise"


async def test_a_person_gets_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page/failure")

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "Erreur technique" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"places": 1}, "start", "valeur obligatoire"),
        ({"start": "2026-11-24T09:00:00", "places": 1}, "start", "décalage horaire obligatoire"),
        ({"start": "demain", "places": 1}, "start", "RFC 3339"),
        ({"start": "2026-11-24T09:00:00+01:00", "places": 9}, "places", "maximum 5"),
        ({"start": "2026-11-24T09:00:00+01:00", "places": "x"}, "places", "nombre entier attendu"),
    ],
)
async def test_a_bad_value_is_named_and_explained_in_french(
    client: httpx.AsyncClient, body: dict[str, object], field: str, said: str
) -> None:
    answer = await client.post("/api/wanted", json=body)

    assert answer.status_code == 422
    assert [(error["field"], said in error["problem"]) for error in answer.json()["errors"]] == [(field, True)]
    assert said in answer.json()["detail"]


async def test_a_refused_value_is_given_back_unless_it_is_a_secret(client: httpx.AsyncClient) -> None:
    wanted = {"start": "demain", "places": 1, "password": ["x"], "client_secret": "s" * 99, "note": "é" * 99}
    answer = await client.post("/api/wanted", json=wanted)
    broken = await client.post("/api/wanted", content=b'{"a":', headers={"Content-Type": "application/json"})

    assert [error.get("value") for error in answer.json()["errors"] if error["field"] == "start"] == ["demain"]
    assert "start, « demain » : " in answer.json()["detail"]
    assert "sss" not in answer.text
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/http-400")
    assert broken.json()["detail"].endswith("Le JSON ne se lit plus à son 6e caractère.")


def test_a_bound_that_is_a_day_is_written_as_a_program_writes_it() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[date, Field(le=date(2100, 1, 1))]).validate_python(date(2101, 2, 3))

    said = [problems.french(dict(error)) for error in refused.value.errors()]
    assert said == ["valeur trop grande (maximum 2100-01-01)"]


def test_the_nearest_declared_ancestor_gives_the_sentence() -> None:
    assert problems.sentence(NeverDeclared()) == problems.sentence(PeriodTaken())
    assert "« du »" in problems.sentence(InvalidRequest("du", "date passée"))


def test_every_refusal_has_an_answer() -> None:
    def descendants(kind: type[Refusal]) -> set[type[Refusal]]:
        return {kind}.union(*(descendants(child) for child in kind.__subclasses__()))

    for kind in descendants(Refusal):
        assert any(ancestor in problems._answers for ancestor in kind.__mro__)
