"""What every answer carries, health, errors, and the API's door, on the real server."""

from __future__ import annotations

import base64
import json
import re

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Role
from portal.sign_in import create_client
from tests.served import PATIENCE_S, Served


def get(served: Served, path: str, **headers: str) -> httpx.Response:
    """Get an address as an anonymous client."""
    return httpx.get(f"{served.url}{path}", headers=headers, timeout=PATIENCE_S)


@pytest.mark.parametrize("path", ["/", "/connexion/", "/nulle-part", "/healthz", "/api/v1/nulle-part"])
def test_every_answer_carries_the_security_headers(served: Served, path: str) -> None:
    headers = get(served, path).headers

    assert "'unsafe-eval'" not in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_built_files_are_kept_for_ever_and_pages_are_not(served: Served) -> None:
    page = get(served, "/")
    asset = re.search(r'"(/assets/[^"]+\.js)"', page.text)
    assert asset is not None

    assert "immutable" in get(served, asset.group(1)).headers["cache-control"]
    assert page.headers["cache-control"] == "no-cache"
    assert get(served, "/assets/nulle-part.js").headers["cache-control"] == "no-cache"


def test_health_and_readiness(served: Served) -> None:
    assert get(served, "/healthz").json() == {"status": "ok"}
    assert get(served, "/readyz").json() == {"status": "ok", "database": "ok"}


def test_figures_are_for_this_machine_only(served: Served) -> None:
    local = get(served, "/metrics")
    through_a_proxy = get(served, "/metrics", **{"X-Forwarded-For": "203.0.113.9"})

    assert "placejuste_http_seconds_count" in local.text
    assert through_a_proxy.status_code == 404


def test_an_unknown_page_is_a_404_in_french(served: Served) -> None:
    answer = get(served, "/nulle-part")

    assert answer.status_code == 404
    assert 'lang="fr"' in answer.text


def test_an_unknown_address_of_the_api_is_a_problem(served: Served) -> None:
    answer = get(served, "/api/v1/nulle-part")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Introuvable"


def test_the_description_of_the_api_is_public_and_compressed(served: Served) -> None:
    answer = get(served, "/api/v1/openapi.json", **{"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "/api/v1/oauth/token" in answer.json()["paths"]
    assert not any(path.startswith("/auth") for path in answer.json()["paths"])


def test_a_program_gets_a_token_by_basic_or_by_form(served: Served) -> None:
    with Session(served.engine) as session, session.begin():
        territory_id = session.execute(text("SELECT min(id) FROM territory")).scalar_one()
        secret = create_client(session, "pj-http", "Logiciel", Role.REGISTRY, territory_id)
    address = f"{served.url}/api/v1/oauth/token"
    basic = "Basic " + base64.b64encode(f"pj-http:{secret}".encode()).decode()

    by_header = httpx.post(
        address, data={"grant_type": "client_credentials"}, headers={"Authorization": basic}, timeout=PATIENCE_S
    )
    by_form = httpx.post(
        address,
        data={"grant_type": "client_credentials", "client_id": "pj-http", "client_secret": secret},
        timeout=PATIENCE_S,
    )
    wrong = httpx.post(
        address,
        data={"grant_type": "client_credentials", "client_id": "pj-http", "client_secret": "non"},
        timeout=PATIENCE_S,
    )
    other = httpx.post(address, data={"grant_type": "password"}, timeout=PATIENCE_S)

    for answer in (by_header, by_form):
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"
        assert answer.json()["expires_in"] == 3600
        assert answer.headers["cache-control"] == "no-store"
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    assert (other.status_code, other.json()) == (400, {"error": "unsupported_grant_type"})


@pytest.mark.parametrize("header", ["Basic %%%", "Basic", "Basic " + base64.b64encode(b"\xff\xfe").decode()])
def test_an_unreadable_authorisation_is_refused_not_a_failure(served: Served, header: str) -> None:
    answer = httpx.post(
        f"{served.url}/api/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
        timeout=PATIENCE_S,
    )

    assert answer.status_code == 401


def test_what_the_socket_does_not_know_is_not_logged_with_its_secrets() -> None:
    from portal.logs import without_secrets

    line = (
        "Error for Event(name='a.b', router_data={'headers': {'cookie': 'placejuste=abc-DEF_1'}}, "
        "payload={'phone': '0639980000'}) [txid=1]"
    )

    assert without_secrets(line) == "Error for Event(a.b) [txid=1]"
    assert without_secrets("cookie placejuste=abc-DEF_1;") == "cookie [secret];"
    assert "abc" not in without_secrets("Authorization: Bearer abc.def")
    assert without_secrets("GET /invitation/abc-D_1 410") == "GET /invitation/[secret] 410"
    assert without_secrets("GET /affichage/TGI.json?ecran=abc-D_1 200") == "GET /affichage/TGI.json?ecran=[secret] 200"


def test_a_body_that_is_not_json_is_a_problem(served: Served) -> None:
    description = get(served, "/api/v1/openapi.json").json()
    bodies = {path: json.dumps(item.get("post", {}).get("requestBody")) for path, item in description["paths"].items()}
    writes = [path for path, body in bodies.items() if "application/json" in body]
    for path in writes:
        answer = httpx.post(
            f"{served.url}{path}", content=b"{", headers={"Content-Type": "application/json"}, timeout=PATIENCE_S
        )

        assert answer.status_code in (400, 401, 404, 422), path
        assert answer.headers["content-type"] == "application/problem+json"
