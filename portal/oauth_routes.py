"""OAuth 2 client credentials (RFC 6749 section 4.4): a program proves its secret and gets a short-lived token."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from portal import database, throttle
from portal.clock import now
from portal.policy import public
from portal.settings import settings
from portal.sign_in import issue_token

router = APIRouter(prefix="/oauth", tags=["oauth"])


@router.post("/token", dependencies=[public()], summary="Token of a program (client credentials)")
async def token(
    request: Request,
    grant_type: Annotated[str, Form(max_length=100)] = "",
    client_id: Annotated[str, Form(max_length=200)] = "",
    client_secret: Annotated[str, Form(max_length=200)] = "",
) -> JSONResponse:
    """Return `access_token`, `token_type` and `expires_in`, or the errors of RFC 6749 section 5.2."""
    basic = _basic(request.headers.get("authorization", ""))
    identifier, secret = basic or (client_id, client_secret)
    if grant_type != "client_credentials":
        return _error(400, "unsupported_grant_type")
    if not identifier or not secret:
        return _error(401, "invalid_client")
    if not await throttle.may_try("oauth", identifier[:200], throttle.client_address(request)):
        return _error(429, "slow_down")
    lifetime = timedelta(minutes=settings().api_token_minutes)
    issued = await database.act(issue_token, identifier, secret, now(), lifetime)
    if issued is None:
        return _error(401, "invalid_client")
    await throttle.forgive("oauth", identifier[:200], throttle.client_address(request))
    body = {"access_token": issued, "token_type": "Bearer", "expires_in": int(lifetime.total_seconds())}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _basic(header: str) -> tuple[str, str] | None:
    """Return identifier and secret of an HTTP Basic header, or None."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        identifier, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return unquote(identifier), unquote(secret)


def _error(status: int, code: str) -> JSONResponse:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="placejuste"'
    return JSONResponse({"error": code}, status, headers=headers)
