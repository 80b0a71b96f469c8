"""Signing in and out: plain form posts, because only an HTTP answer can set an HttpOnly cookie."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from availability.errors import NotFound
from portal import actors, database, throttle
from portal.clock import now
from portal.identity import Account
from portal.policy import check_origin, public
from portal.second_factor import SecondStep, second_step
from portal.session import first_page
from portal.settings import settings
from portal.sign_in import HALF_WAY, account_of_login, actor_of_account, password_matches, sign_in, sign_out

TYPED_COOKIE = "placejuste_login"  # what was typed, given back to the form for a minute, never in an address
TYPED_S = 60

router = APIRouter(prefix="/auth", include_in_schema=False, dependencies=[public(), Depends(check_origin)])


def safe_address(wanted: str) -> str:
    """Return a path of this site: `wanted` if it is one, else the home page."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isprintable() and "\\" not in wanted else "/"


@router.post("/login")
async def login(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    suite: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """Open a session for whoever knows the password, and go where they were going."""
    who = (login.strip().lower(), throttle.client_address(request))
    if not await throttle.may_try(*who):
        return _back_to_form("attente", login, suite)
    account = await database.read(account_of_login, login)
    if not await password_matches(account.password_hash if account else None, password) or account is None:
        return _back_to_form("identifiants", login, suite)
    await throttle.forgive(*who)
    second = await database.read(second_step, account.id)
    return await (signed_in(account.id, suite) if second is None else _half_way(account.id, second, suite))


@router.post("/demo")
async def demo(
    account_id: Annotated[UUID, Form()], suite: Annotated[str, Form(max_length=2000)] = "/"
) -> RedirectResponse:
    """Open a session of a demonstration account; there is no such address outside the demonstration."""
    if not settings().demo:
        raise NotFound
    if not await database.read(_is_open, account_id):
        raise NotFound
    return await signed_in(account_id, suite)


@router.post("/logout")
async def logout(request: Request) -> RedirectResponse:
    """Close the session."""
    if token := request.cookies.get(actors.COOKIE):
        await database.act(sign_out, token)
        actors.forget(token)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(actors.COOKIE, path="/")
    return answer


def _is_open(session: Session, account_id: UUID) -> bool:
    account = session.get(Account, account_id)
    return account is not None and account.is_active


def _opened(session: Session, account_id: UUID) -> tuple[str, str]:
    account = session.get_one(Account, account_id)
    token = sign_in(session, account_id, now(), settings().session_hours)
    actor = actor_of_account(session, account)
    return token, first_page(actor) if actor else "/"


async def signed_in(account_id: UUID, suite: str) -> RedirectResponse:
    """Return the answer that signs somebody in, and goes where they were going."""
    token, first = await database.act(_opened, account_id)
    wanted = safe_address(suite)
    answer = RedirectResponse(first if wanted == "/" else wanted, 303)
    give_token(answer, token, settings().session_hours * 3600)
    answer.delete_cookie(TYPED_COOKIE, path="/")
    return answer


def give_token(answer: Response, token: str, lasts_s: float) -> None:
    """Put the token of a sign-in out of reach of scripts."""
    answer.set_cookie(
        actors.COOKIE,
        token,
        max_age=int(lasts_s),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().is_cookie_secure,
    )


async def _half_way(account_id: UUID, second: SecondStep, suite: str) -> RedirectResponse:
    token = await database.act(sign_in, account_id, now(), 0, needs_factor=True)
    answer = RedirectResponse(f"{second}?{urlencode({'suite': safe_address(suite)})}", 303)
    give_token(answer, token, HALF_WAY.total_seconds())
    answer.delete_cookie(TYPED_COOKIE, path="/")
    return answer


def _back_to_form(reason: str, login: str, suite: str) -> RedirectResponse:
    wanted = safe_address(suite)
    query = {"erreur": reason} | ({"suite": wanted} if wanted != "/" else {})
    answer = RedirectResponse(f"/connexion/?{urlencode(query)}", 303)
    typed = login[:100].encode().hex()  # any text fits in a cookie
    answer.set_cookie(
        TYPED_COOKIE, typed, max_age=TYPED_S, httponly=True, samesite="lax", secure=settings().is_cookie_secure
    )
    return answer
