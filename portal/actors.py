"""The actor behind a cookie or a bearer token, looked up at most every few seconds in each worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from uuid import UUID

from sqlmodel import Session

from availability.rights import Actor
from portal import database
from portal.clock import now
from portal.identity import Account
from portal.sign_in import actor_of_account as actor_of
from portal.sign_in import actor_of_sign_in, actor_of_token, hashed_token

COOKIE = "placejuste"
TRUSTED_S = 5.0  # how long a look-up is believed: the delay of a revocation
MOST_KEPT = 10_000

_known: dict[tuple[str, bytes], tuple[float, Actor | None]] = {}


async def actor_of_cookie(header: str | None) -> Actor | None:
    """Return who sends this Cookie header, or None."""
    return await _looked_up(token_in(header), actor_of_sign_in)


async def actor_of_bearer(token: str) -> Actor | None:
    """Return the program that holds this bearer token, or None."""
    return await _looked_up(token, actor_of_token)


async def actor_of_account(account_id: UUID) -> Actor | None:
    """Return who has this account, as they are now, or None once it is closed."""
    return await database.read(_of_account, account_id)


def token_in(header: str | None) -> str | None:
    """Return the session token of a Cookie header, or None."""
    try:
        cookies = SimpleCookie(header or "")
    except CookieError:
        return None
    return cookies[COOKIE].value or None if COOKIE in cookies else None


def forget(token: str) -> None:
    """Drop what this worker believes of a token, after a sign-out."""
    _known.pop((actor_of_sign_in.__name__, hashed_token(token)), None)


async def _looked_up(token: str | None, query: Callable[[Session, str, datetime], Actor | None]) -> Actor | None:
    if token is None:
        return None
    key = (query.__name__, hashed_token(token))  # a cookie is not a bearer token
    found = _known.get(key)
    if found and time.monotonic() - found[0] < TRUSTED_S:
        return found[1]
    actor = await database.read(query, token, now())
    if len(_known) >= MOST_KEPT:
        _known.clear()
    _known[key] = (time.monotonic(), actor)
    return actor


def _of_account(session: Session, account_id: UUID) -> Actor | None:
    account = session.get(Account, account_id)
    return actor_of(session, account) if account and account.is_active else None
