"""Files linked to a booking over HTTP: sent once under a key, given back to be kept, never to be shown."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from booking import attachments_api
from booking.vault import Vault
from portal import settings as portal_settings
from tests.api_country import Api, problem_of
from tests.booking.test_api import acts_of, made, stay
from tests.booking.test_attachments import A_PDF

NAMED = {"Content-Disposition": "attachment; filename*=UTF-8''d%C3%A9cision.pdf"}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    vault = Vault(tmp_path / "files")
    monkeypatch.setattr(attachments_api, "vault", lambda: vault)
    monkeypatch.setattr(portal_settings, "secret_key", lambda: b"a secret for these tests only")
    monkeypatch.setattr(attachments_api, "secret_key", lambda: b"a secret for these tests only")
    return vault


async def send(
    client: httpx.AsyncClient, booking_id: str, data: bytes = A_PDF, what: str = "judgment", **headers: str
) -> httpx.Response:
    return await client.post(
        f"/bookings/{booking_id}/files", params={"what": what}, content=data, headers=NAMED | headers
    )


async def test_a_file_is_sent_once_under_a_key_given_back_as_it_was_removed_and_put_back(
    api: Api, vault: Vault
) -> None:
    async with api.client("officer") as client:
        booking = await made(client, stay(api, confirm=True))
        address = f"/bookings/{booking['id']}/files"
        first, again = [await send(client, booking["id"], **{"Idempotency-Key": "k1"}) for _ in range(2)]
        other = await send(client, booking["id"], what="other", **{"Idempotency-Key": "k1"})
        listed = (await client.get(address)).json()["items"]
        read = await client.get(f"{address}/{first.json()['id']}")
        removed = await client.delete(f"{address}/{first.json()['id']}")
        gone = await client.get(f"{address}/{first.json()['id']}")
        back = await client.post(f"{address}/{first.json()['id']}/undo")
        acts = await acts_of(client, booking["id"])

    assert first.status_code == 201
    assert first.json() == again.json() == listed[0]
    assert again.headers["idempotent-replayed"] == "true"
    problem_of(other, 422, "key-reused")
    assert len([path for path in vault.folder.rglob("*") if path.is_file()]) == 1, "written once, like its row"
    assert read.content == A_PDF
    assert read.headers["content-type"] == "application/pdf"
    assert read.headers["content-disposition"] == "attachment; filename*=UTF-8''d%C3%A9cision.pdf"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["cache-control"] == "no-store"
    assert "etag" not in read.headers
    assert removed.json()["removed_at"]
    problem_of(gone, 404, "not-found")
    assert back.json()["removed_at"] is None
    assert acts[-3:] == ["booking-file-added", "booking-file-removed", "booking-file-put-back"]


async def test_a_file_refused_says_its_name_what_is_wrong_and_what_to_do_and_leaves_nothing(
    api: Api, vault: Vault
) -> None:
    async with api.client("officer") as client, api.client("host") as host, api.client("brest_officer") as stranger:
        booking = await made(client, stay(api, confirm=True))
        held = await made(client, stay(api, first=10, until=12))
        page = await send(client, booking["id"], b"<!doctype html><script>alert(1)</script>")
        large = await send(client, booking["id"], A_PDF + bytes(10 * 1024 * 1024))
        early = await send(client, held["id"])
        of_host = await send(host, booking["id"])
        of_stranger = await send(stranger, booking["id"])
        listed = (await client.get(f"/bookings/{booking['id']}/files")).json()["items"]

    assert problem_of(page, 422, "file-refused")["why"] == "mismatch"
    assert "décision.pdf" in problem_of(large, 422, "file-refused")["detail"]
    assert "10\N{NO-BREAK SPACE}Mo" in large.json()["detail"]
    assert "Confirmez d’abord" in problem_of(early, 422, "file-refused")["detail"]
    problem_of(of_host, 403, "not-allowed")
    problem_of(of_stranger, 404, "not-found")
    assert listed == []
    assert not vault.folder.exists()
