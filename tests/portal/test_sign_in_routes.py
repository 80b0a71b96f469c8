"""Signing in over HTTP, on the real server."""

from __future__ import annotations

import secrets

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Role
from portal.accounts import NewAccount, create
from portal.actors import COOKIE
from portal.auth_routes import safe_address
from tests.served import PATIENCE_S, Served

PASSWORD = "une phrase de passe"


@pytest.fixture
def login(served: Served) -> str:
    """Return the login of a new account, so that attempts on it count for this test alone."""
    name = f"essai-{secrets.token_hex(4)}"
    with Session(served.engine) as session, session.begin():
        territory_id = session.execute(text("SELECT min(id) FROM territory")).scalar_one()
        create(session, NewAccount(name, "Alix Essai", "Greffe", Role.REGISTRY, territory_id, PASSWORD))
    return name


def post(served: Served, path: str, origin: str | None = "", **form: str) -> httpx.Response:
    """Post a form as a browser on our own pages would, or from another origin."""
    headers = {} if origin is None else {"Origin": origin or served.url}
    return httpx.post(f"{served.url}{path}", data=form, headers=headers, timeout=PATIENCE_S)


def test_the_right_password_opens_a_session_out_of_reach_of_scripts(served: Served, login: str) -> None:
    answer = post(served, "/auth/login", login=login.upper(), password=PASSWORD, suite="/connexion/")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{COOKIE}="))

    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion/"
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()


def test_a_wrong_password_gives_the_login_back_out_of_the_address(served: Served, login: str) -> None:
    answer = post(served, "/auth/login", login=login, password="non", suite="/carte/?k=1")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion/?erreur=identifiants&suite=%2Fcarte%2F%3Fk%3D1"
    assert f"{COOKIE}=" not in answer.headers["set-cookie"]
    assert login.encode().hex() in answer.headers["set-cookie"]


def test_an_unknown_login_is_answered_like_a_wrong_password(served: Served, login: str) -> None:
    known = post(served, "/auth/login", login=login, password="non")
    unknown = post(served, "/auth/login", login=f"{login}-inconnu", password="non")

    assert known.headers["location"] == unknown.headers["location"]
    assert known.status_code == unknown.status_code


def test_after_ten_attempts_even_the_right_password_waits(served: Served, login: str) -> None:
    for _ in range(10):
        assert "identifiants" in post(served, "/auth/login", login=login, password="non").headers["location"]

    answer = post(served, "/auth/login", login=login, password=PASSWORD)

    assert "erreur=attente" in answer.headers["location"]
    assert f"{COOKIE}=" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None, "http://localhost:1"])
@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/auth/demo"])
def test_a_form_from_another_site_is_refused(served: Served, path: str, origin: str | None) -> None:
    answer = post(served, path, origin, login="x", password="y", account_id="00000000-0000-0000-0000-000000000000")

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "autre site" in answer.text


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/carte/", "/carte/"),
        ("/carte/?k=1#x", "/carte/?k=1#x"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\n/evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
        ("carte", "/"),
    ],
)
def test_one_returns_only_to_a_page_of_this_site(wanted: str, given: str) -> None:
    assert safe_address(wanted) == given


def test_signing_out_ends_the_session_everywhere(served: Served, login: str) -> None:
    signed = post(served, "/auth/login", login=login, password=PASSWORD)
    token = signed.cookies[COOKIE]

    answer = httpx.post(
        f"{served.url}/auth/logout", headers={"Origin": served.url, "Cookie": f"{COOKIE}={token}"}, timeout=PATIENCE_S
    )

    with Session(served.engine) as session:
        from datetime import UTC, datetime

        from portal.sign_in import actor_of_sign_in

        assert actor_of_sign_in(session, token, datetime.now(UTC)) is None
    assert answer.headers["location"] == "/"


def test_the_demonstration_signs_in_with_one_click(served: Served, login: str) -> None:
    with Session(served.engine) as session:
        account_id = session.execute(text("SELECT id FROM account WHERE login = :l"), {"l": login}).scalar_one()

    answer = post(served, "/auth/demo", account_id=str(account_id))
    asked = post(served, "/auth/demo", account_id=str(account_id), suite="/carte/?rayon=30")
    elsewhere = post(served, "/auth/demo", account_id=str(account_id), suite="//ailleurs.example/")
    unknown = post(served, "/auth/demo", account_id="00000000-0000-0000-0000-000000000000")
    wrong = post(served, "/auth/demo", account_id="pirate")

    assert answer.status_code == 303
    assert COOKIE in answer.cookies
    assert asked.headers["location"] == "/carte/?rayon=30"
    assert elsewhere.headers["location"] == answer.headers["location"]
    assert unknown.status_code == 404
    assert wrong.status_code == 422
    assert "identifiant (UUID) attendu" in wrong.text
