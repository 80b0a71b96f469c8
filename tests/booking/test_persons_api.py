"""People over HTTP: the same acts as the pages, the same key twice, nothing of elsewhere, nothing personal kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from portal import clock, jobs
from tests.api_country import Api, problem_of

BORN = {"family_name": "ESSAI-FICTIF", "given_name": "Noé", "birth_on": "1987-06-05", "sex": "M"}


async def opened(client: httpx.AsyncClient, **more: Any) -> str:
    answer = await client.post("/persons", json=BORN | {"although_alike": True} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_file_is_opened_once_changed_by_who_read_it_and_its_phones_said(api: Api) -> None:
    async with api.client("judge") as client:
        person_id = await opened(client, family_name="UNIQUE-FICTIF", phone="06 12 34 56 78")
        alike = await client.post("/persons", json=BORN | {"family_name": "UNIQUE FICTIF", "given_name": "Noe"})
        read = await client.get(f"/persons/{person_id}")
        etag = {"If-Match": read.headers["ETag"], "Idempotency-Key": "persons-1"}
        body = {"usage_name": "Silhouette", "address": "97400 Saint-Denis"}
        changed = await client.patch(f"/persons/{person_id}", json=body, headers=etag)
        again = await client.patch(f"/persons/{person_id}", json=body, headers=etag)
        late = await client.patch(f"/persons/{person_id}", json=body, headers={"If-Match": read.headers["ETag"]})
        two = await client.post(f"/persons/{person_id}/phones", json={"number": "75 12 34"})
        more = {"number": "0692 12 34 56", "kind": "relative"}
        phones = (await client.post(f"/persons/{person_id}/phones", json=more)).json()["phones"]
        second = next(one["id"] for one in phones if not one["is_for_messages"])
        path = f"/persons/{person_id}/phones/{second}"
        await client.patch(path, json={"is_for_messages": True})
        said = (await client.patch(path, json={"agrees": False, "how": "written"})).json()
        mute = await client.patch(path, json={"agrees": True})
        filed = await client.post(f"/persons/{person_id}/files", json={"kind": "appi", "number": "APPI-1"})
        listed = (await client.get(f"/persons/{person_id}/phones")).json()["items"]
        ended = await client.patch(path, json={"until_on": said["phones"][0]["since_on"]})

    assert [one["id"] for one in problem_of(alike, 409, "possible-duplicate")["candidates"]] == [person_id]
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert again.headers["Idempotent-Replayed"] == "true"
    problem_of(late, 412, "file-changed")
    assert len(problem_of(two, 422, "invalid-request")["readings"]) == 2
    assert listed == said["phones"]
    assert (said["phones"][0]["number"], said["phones"][0]["refused_how"]) == ("+262692123456", "written")
    problem_of(mute, 422, "invalid-request")
    assert filed.json()["files"][0]["number"] == "APPI-1"
    assert not any(one["is_for_messages"] for one in ended.json()["phones"])
    with api.engine.connect() as connection:
        kept = connection.execute(text("SELECT body FROM answer WHERE key = 'persons-1'")).scalar_one()
        looks = text("SELECT count(*) FROM consultation WHERE subject_id = :id AND reason = 'api'")
        assert connection.execute(looks, {"id": person_id}).scalar_one() >= 5
    assert kept == {"id": person_id}


async def test_two_files_are_merged_and_unmerged_and_elsewhere_nothing_is_seen(api: Api) -> None:
    async with api.client("judge") as client:
        kept, absorbed = [await opened(client, family_name="DOUBLON-FICTIF") for _ in range(2)]
        listed = (await client.get("/persons/duplicates")).json()["items"]
        merged = (await client.post(f"/persons/{kept}/merge", json={"absorbed_id": absorbed})).json()
        gone = await client.get(f"/persons/{absorbed}")
        merge_id = {"merge_id": merged["merged"][0]["merge_id"]}
        other = await client.post(f"/persons/{await opened(client)}/unmerge", json=merge_id)
        back = (await client.post(f"/persons/{kept}/unmerge", json=merge_id)).json()
        same = await client.post(f"/persons/{kept}/merge", json={"absorbed_id": kept})
        found = await client.get(f"/persons/{absorbed}")
    async with api.client("brest_officer") as stranger:
        unseen = await stranger.get(f"/persons/{kept}")

    assert {kept, absorbed} in [{one["first"]["id"], one["second"]["id"]} for one in listed]
    problem_of(gone, 404, "not-found")
    problem_of(other, 404, "not-found")
    assert (back["merged"], found.status_code) == ([], 200)
    problem_of(same, 409, "cannot-merge")
    problem_of(unseen, 404, "not-found")


async def test_a_file_is_asked_for_refused_asked_again_and_passes(api: Api) -> None:
    async with api.client("officer") as officer, api.client("brest_officer") as stranger:
        person_id = await opened(officer, family_name="PASSAGE-FICTIF")
        asked = await stranger.post("/divestments", json={"person_id": person_id, "why": "a déménagé"})
        twice = await stranger.post("/divestments", json={"person_id": person_id})
        path = f"/divestments/{asked.json()['id']}"
        own = await stranger.post(f"{path}/accept")
        refused = await officer.post(f"{path}/refuse", json={"why": "pas encore"})
        over = await officer.post(f"{path}/accept")
        again = (await stranger.post("/divestments", json={"person_id": person_id})).json()["id"]
        await stranger.post(f"/divestments/{again}/withdraw")
        last = (await stranger.post("/divestments", json={"person_id": person_id})).json()["id"]
        listed = (await officer.get("/divestments")).json()["items"]
        passed = await officer.post(f"/divestments/{last}/accept")
        async with api.client("judge") as judge:  # a family judge of the same court follows nobody
            foreign = await judge.get("/divestments")
        seen = [(await client.get(f"/persons/{person_id}")).status_code for client in (officer, stranger)]

    assert asked.status_code == 201
    problem_of(twice, 409, "divestment-open")
    problem_of(foreign, 403, "not-allowed")
    problem_of(own, 404, "not-found")
    assert (refused.json()["state"], refused.json()["answer"]) == ("refused", "pas encore")
    problem_of(over, 409, "divestment-over")
    assert [one["state"] for one in listed if one["person_id"] == person_id] == ["asked", "refused", "withdrawn"]
    assert passed.json()["state"] == "accepted"
    assert seen == [404, 200]


async def test_a_file_that_nobody_answers_about_is_recalled_then_passes_by_the_clock(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api.client("judge") as judge, api.client("brest_officer") as stranger:
        person_id = await opened(judge, family_name="SILENCE-FICTIF")
        asked = await stranger.post("/divestments", json={"person_id": person_id})
        began, seen = clock.now(), []
        for days in (6, 8, 11):
            monkeypatch.setattr(jobs.clock, "now", lambda days=days: began + timedelta(days=days))
            await jobs.pass_files()
            (line,) = [
                one for one in (await stranger.get("/divestments")).json()["items"] if one["id"] == asked.json()["id"]
            ]
            seen.append((line["state"], line["reminded_at"] is not None))

    assert seen == [("asked", False), ("asked", True), ("automatic", True)]
