"""Imports over HTTP: sent once under a key, waiting to be approved, followed, and of their service only."""

from __future__ import annotations

from sqlmodel import Session, select

from availability.importers.sheets import MOST_BYTES
from convocations.import_models import Stop, What
from convocations.imports.fields import PRESET_OF
from convocations.imports.matchings import save
from convocations.imports.options import Options
from convocations.imports.stopping import stop_folder
from portal.identity import ApiClient
from portal.people_imports import run_imports
from portal.sign_in import actor_named
from tests.api_country import Api, problem_of
from tests.convocations.imports.files import APPI, DURAND, MOREAU, csv_of
from tests.factories import NOW

NAMED = {"Content-Disposition": 'attachment; filename="appi.csv"'}
LIST = csv_of(APPI, MOREAU, DURAND)


async def test_a_list_is_sent_once_under_a_key_and_waits_to_be_approved(api: Api) -> None:
    async with api.client("officer") as client, api.client("brest_officer") as stranger:
        keyed = NAMED | {"Idempotency-Key": "list-1"}
        first, again = [await client.post("/imports", content=LIST, headers=keyed) for _ in range(2)]
        other = await client.post("/imports", content=LIST + b"\r\n", headers=keyed)
        address = f"/imports/{first.json()['id']}"
        elsewhere = await stranger.get(address)
        too_soon = await client.post(f"{address}/undo")
        approved = await client.post(f"{address}/approve")
        twice = await client.post(f"{address}/approve")
        lines = await client.get(f"{address}/lines")

    assert first.status_code == 201
    assert first.json() == again.json()
    assert (first.json()["source"], first.json()["what"], first.json()["state"]) == ("appi", "people", "open")
    problem_of(other, 422, "key-reused")
    problem_of(elsewhere, 404, "not-found")
    problem_of(too_soon, 409, "import-over")
    assert approved.json()["state"] == "running"
    problem_of(twice, 409, "import-over")
    assert lines.json()["items"] == []


async def test_what_is_not_a_list_in_bounds_is_refused_by_name(api: Api) -> None:
    hostile = {b"PK\x03\x04 not a workbook": "abîmé", b"\x00\x01": "", b"a" * (MOST_BYTES + 1): "trop gros"}
    async with api.client("officer") as client:
        for data, said in hostile.items():
            refused = problem_of(await client.post("/imports", content=data, headers=NAMED), 422, "import-file-refused")
            assert said in refused["detail"]


async def test_what_a_program_sent_waits_for_a_colleague_once_it_is_closed(api: Api) -> None:
    async with api.client("officer") as program, api.client("agent") as colleague:
        sent = await program.post("/imports", content=LIST, headers=NAMED)
        address = f"/imports/{sent.json()['id']}"
        await program.post(f"{address}/approve")
        too_soon = await colleague.post(f"{address}/take-over")
        api.do("UPDATE api_client SET is_active = false WHERE id = 'officer'")
        try:
            await run_imports()
            stopped = await colleague.get(address)
            again = await colleague.post(f"{address}/approve")
            taken = await colleague.post(f"{address}/take-over")
            await run_imports()
        finally:
            api.do("UPDATE api_client SET is_active = true WHERE id = 'officer'")
        done = await colleague.get(address)

    problem_of(too_soon, 409, "import-over")
    assert (stopped.json()["state"], stopped.json()["stopped_why"]) == ("stopped", "account-closed")
    problem_of(again, 409, "import-over")
    assert taken.json()["state"] == "running"
    assert (done.json()["state"], done.json()["stopped_why"]) == ("done", "")
    assert sum(done.json()["counts"].values()) == done.json()["lines"]


async def test_a_stopped_folder_is_taken_over_by_its_service_only(api: Api) -> None:
    with Session(api.engine) as session, session.begin():
        program = actor_named(session, session.exec(select(ApiClient.actor_id).where(ApiClient.id == "officer")).one())
        assert program is not None
        said = {"columns": PRESET_OF["appi"].columns, "options": Options(folder="appi")}
        made_id = save(session, program, "APPI", what=What.PEOPLE, source="appi", now=NOW, **said).id
        stop_folder(session, made_id, Stop.ACCOUNT_CLOSED, now=NOW)
    address = f"/imports/matchings/{made_id}/take-over"
    async with api.client("agent") as colleague, api.client("brest_officer") as stranger:
        elsewhere = await stranger.post(address)
        listed = await colleague.get("/imports/matchings")
        taken = await colleague.post(address)
        late = await colleague.post(address)
        after = await colleague.get("/imports/matchings")

    problem_of(elsewhere, 404, "not-found")
    assert [one["stopped_why"] for one in listed.json()["items"]] == ["account-closed"]
    assert (taken.json()["version"], taken.json()["stopped_why"]) == (2, "")
    problem_of(late, 409, "import-over")
    assert after.json()["items"] == [taken.json()]
