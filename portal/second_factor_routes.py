"""The second proof of who signs in: plain pages between the password and the application.

Whoever comes here knows the password of an account, which a token of ten minutes tells, and is signed in nowhere yet.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from availability.sealing import House
from portal import actors, throttle
from portal.auth_routes import give_token, safe_address, signed_in
from portal.clock import now
from portal.database import act, read
from portal.identity import Account
from portal.policy import public
from portal.second_factor import SecondStep, WrongCode, begin, confirm, prove, second_step
from portal.second_factor_page import FAILED, HEADERS, codes_page, enrolment_page, failed_page, proof_page
from portal.settings import secret_key, settings
from portal.sign_in import half_way, sign_in, sign_out
from portal.ui.plain import BadForm, form_fields, is_foreign, told_by

ATTEMPTS = "10/10 minutes"  # of one account, wherever they come from: a code has a million values
WRONG = "Ce code ne convient pas. Attendez le suivant, ou vérifiez l’heure du téléphone."
FOREIGN = "Ce formulaire vient d’un autre site : rien n’a été fait."
WAIT = "Trop d’essais. Attendez dix minutes avant de recommencer."


def _failed(_request: Request) -> Response:
    return HTMLResponse(failed_page(FAILED), 500, headers=HEADERS)


router = APIRouter(prefix="/auth", include_in_schema=False, dependencies=[public()], route_class=told_by(_failed))


async def somebody(request: Request) -> Account | None:
    """Return who gave their password and no second proof yet."""
    token = request.cookies.get(actors.COOKIE)
    return await read(half_way, token, now()) if token else None


Somebody = Annotated[Account | None, Depends(somebody)]


@router.get("/code")
async def ask(account: Somebody, suite: str = "/") -> Response:
    """Ask for a code."""
    return _page(proof_page(safe_address(suite))) if account else _to_password(suite)


@router.post("/code")
async def give(account: Somebody, request: Request) -> Response:
    """Take a code, and sign in."""
    if is_foreign(request):
        return _page(failed_page(FOREIGN), 403)
    form = await _typed(request)
    suite = safe_address(form.get("suite", "/"))
    if account is None:
        return _to_password(suite)
    if not await throttle.is_within(ATTEMPTS, "second-factor", str(account.id)):
        return _page(proof_page(suite, WAIT), 429)
    try:
        await act(prove, House(secret_key()), account.id, form.get("code", ""), now=now())
    except WrongCode:
        return _page(proof_page(suite, WRONG), 422)
    await act(sign_out, request.cookies[actors.COOKIE])
    return await signed_in(account.id, suite)


@router.get("/second-facteur")
async def show(account: Somebody, suite: str = "/") -> Response:
    """Show what an application needs."""
    if account is None:
        return _to_password(suite)
    if await read(second_step, account.id) is not SecondStep.SET_UP:
        return RedirectResponse(f"{SecondStep.GIVE}?{urlencode({'suite': safe_address(suite)})}", 303)
    return await _enrolment(account, safe_address(suite))


@router.post("/second-facteur")
async def set_up(account: Somebody, request: Request) -> Response:
    """Take the first code of an application; show the recovery codes, once, to somebody who is signed in now."""
    if is_foreign(request):
        return _page(failed_page(FOREIGN), 403)
    form = await _typed(request)
    suite = safe_address(form.get("suite", "/"))
    if account is None:
        return _to_password(suite)
    if not await throttle.is_within(ATTEMPTS, "second-factor", str(account.id)):
        return await _enrolment(account, suite, WAIT, 429)
    try:
        codes, token = await act(_set_up, account, form.get("code", ""), request.cookies[actors.COOKIE])
    except WrongCode:
        return await _enrolment(account, suite, WRONG, 422)
    answer = _page(codes_page(codes, suite))
    give_token(answer, token, settings().session_hours * 3600)
    return answer


def _set_up(session: Session, account: Account, code: str, half: str) -> tuple[list[str], str]:
    codes = confirm(session, House(secret_key()), account.id, code, now=now())
    sign_out(session, half)
    return codes, sign_in(session, account.id, now(), settings().session_hours)


async def _enrolment(account: Account, suite: str, said: str = "", status: int = 200) -> Response:
    try:
        enrolment = await act(begin, House(secret_key()), account.id, account.login, now=now())
    except WrongCode:  # set up meanwhile, in another tab
        return RedirectResponse(f"{SecondStep.GIVE}?{urlencode({'suite': suite})}", 303)
    return _page(enrolment_page(enrolment, suite, said), status)


async def _typed(request: Request) -> dict[str, str]:
    try:
        return await form_fields(request)
    except BadForm:
        return {}


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, headers=HEADERS)


def _to_password(suite: str) -> Response:
    wanted = safe_address(suite)
    query = f"?{urlencode({'suite': wanted})}" if wanted != "/" else ""
    return RedirectResponse(f"/connexion/{query}", 303)
