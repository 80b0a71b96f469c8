"""Passwords, sign-ins and tokens: what proves who somebody is, and the actor that the proof gives."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from availability.errors import InvalidRequest
from availability.rights import Actor, Right, Role
from portal.identity import Account, AccountRight, ApiClient, ApiToken, SignIn

_hasher = PasswordHasher()
HALF_WAY = timedelta(minutes=10)  # to find one's phone, or to set up a second factor
SUBTREE = text(
    "WITH RECURSIVE reached AS ("
    " SELECT id FROM territory WHERE id = :root"
    " UNION SELECT t.id FROM territory t JOIN reached r ON t.parent_id = r.id"
    ") SELECT id FROM reached"
)


def hashed_token(token: str) -> bytes:
    """Return what is stored of a token: 32 random bytes need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password (slow on purpose)."""
    return _hasher.hash(same_keys(password))


def same_keys(password: str) -> str:
    """Return a password as it is hashed: the same keys give the same one on every machine (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _nobody_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def _verified(stored: str | None, password: str) -> bool:
    # An unknown login costs as much as a wrong password: the time of the answer says nothing.
    try:
        return _hasher.verify(stored or _nobody_hash(), same_keys(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def password_matches(stored: str | None, password: str) -> bool:
    """Say whether the password is the one hashed; computed in a thread, in the same time for an unknown login."""
    return await asyncio.to_thread(_verified, stored, password)


def account_of_login(session: Session, login: str) -> Account | None:
    """Return the active account of this login, in any case."""
    query = select(Account).where(Account.login == login.strip().lower(), col(Account.is_active))
    return session.exec(query).one_or_none()


def sign_in(session: Session, account_id: UUID, now: datetime, hours: float, *, needs_factor: bool = False) -> str:
    """Return the token of a new sign-in; forget the expired ones of this account.

    One that `needs_factor` signs nobody in: it only lets the second proof be given, for a few minutes.
    """
    session.exec(delete(SignIn).where(col(SignIn.account_id) == account_id, col(SignIn.expires_at) <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=hashed_token(token),
            account_id=account_id,
            created_at=now,
            expires_at=now + (HALF_WAY if needs_factor else timedelta(hours=hours)),
            last_seen_at=now,
            needs_factor=needs_factor,
        )
    )
    return token


def half_way(session: Session, token: str, now: datetime) -> Account | None:
    """Return whose second proof this token awaits, or None."""
    query = (
        select(Account)
        .join(SignIn, col(SignIn.account_id) == col(Account.id))
        .where(
            SignIn.token_hash == hashed_token(token),
            col(SignIn.needs_factor),
            col(SignIn.expires_at) > now,
            col(Account.is_active),
        )
    )
    return session.exec(query).one_or_none()


def sign_out(session: Session, token: str) -> None:
    """Forget a sign-in."""
    session.exec(delete(SignIn).where(col(SignIn.token_hash) == hashed_token(token)))


def actor_of_sign_in(session: Session, token: str, now: datetime) -> Actor | None:
    """Return who holds this session token, or None when it is unknown, expired or the account closed."""
    query = (
        select(Account)
        .join(SignIn, col(SignIn.account_id) == col(Account.id))
        .where(
            SignIn.token_hash == hashed_token(token),
            col(SignIn.expires_at) > now,
            ~col(SignIn.needs_factor),
            col(Account.is_active),
        )
    )
    account = session.exec(query).one_or_none()
    return actor_of_account(session, account) if account else None


def seen(session: Session, token: str, now: datetime) -> None:
    """Record that a sign-in is in use, at most once a minute."""
    session.execute(
        text(
            "UPDATE sign_in SET last_seen_at = :now"
            " WHERE token_hash = :hash AND last_seen_at < :now - interval '1 minute'"
        ),
        {"now": now, "hash": hashed_token(token)},
    )


def actor_of_account(session: Session, account: Account) -> Actor | None:
    """Return the actor that an account is, or None when it holds no right."""
    rows = session.exec(
        select(AccountRight).where(AccountRight.account_id == account.id).order_by(col(AccountRight.id))
    ).all()
    if not rows:
        return None
    rights = tuple(
        Right(
            Role(row.role),
            subtree(session, row.territory_id),
            row.kind_id,
            account.organisation_id if row.role == Role.PARTNER else None,
        )
        for row in rows
    )
    return Actor(account.id, account.name, rights, rows[0].territory_id, account.organisation_id)


def subtree(session: Session, territory_id: int) -> frozenset[int]:
    """Return a territory and everything under it."""
    return frozenset(session.execute(SUBTREE, {"root": territory_id}).scalars())


def create_client(  # noqa: PLR0917 - as a row is made
    session: Session,
    client_id: str,
    name: str,
    role: Role,
    territory_id: int,
    organisation_id: int | None = None,
) -> str:
    """Return the secret of a new program, shown once and stored hashed.

    Raises: InvalidRequest for a partner without organisation: it would run no place, and could do nothing.
    """
    if role is Role.PARTNER and organisation_id is None:
        raise InvalidRequest("organisation", "required")
    secret = secrets.token_urlsafe(32)
    session.add(
        ApiClient(
            id=client_id,
            secret_hash=hashed_token(secret),
            name=name,
            role=role,
            territory_id=territory_id,
            organisation_id=organisation_id,
        )
    )
    return secret


def issue_token(session: Session, client_id: str, secret: str, now: datetime, lifetime: timedelta) -> str | None:
    """Return a bearer token for a program that proves its secret, else None."""
    client = session.get(ApiClient, client_id)
    stored = client.secret_hash if client else b""
    if client is None or not client.is_active or not secrets.compare_digest(stored, hashed_token(secret)):
        return None
    session.exec(delete(ApiToken).where(col(ApiToken.client_id) == client_id, col(ApiToken.expires_at) <= now))
    token = secrets.token_urlsafe(32)
    session.add(ApiToken(token_hash=hashed_token(token), client_id=client_id, expires_at=now + lifetime))
    return token


def actor_of_token(session: Session, token: str, now: datetime) -> Actor | None:
    """Return the program that holds this bearer token, or None."""
    query = (
        select(ApiClient)
        .join(ApiToken, col(ApiToken.client_id) == col(ApiClient.id))
        .where(ApiToken.token_hash == hashed_token(token), col(ApiToken.expires_at) > now, col(ApiClient.is_active))
    )
    client = session.exec(query).one_or_none()
    return actor_of_client(session, client) if client else None


def actor_named(session: Session, actor_id: UUID) -> Actor | None:
    """Return who acts under this number, as the history names them, with the rights of now: an account or a program.

    None when it is closed.
    """
    if account := session.get(Account, actor_id):
        return actor_of_account(session, account) if account.is_active else None
    client = session.exec(select(ApiClient).where(ApiClient.actor_id == actor_id)).one_or_none()
    return actor_of_client(session, client) if client and client.is_active else None


def actor_of_client(session: Session, client: ApiClient) -> Actor | None:
    """Return the actor that a program is, or None when it may do nothing."""
    role = Role(client.role)
    if role is Role.PARTNER and client.organisation_id is None:
        return None  # an older one: without its organisation the right would reach everybody's places
    host = client.organisation_id if role is Role.PARTNER else None
    right = Right(role, subtree(session, client.territory_id), organisation_id=host)
    return Actor(client.actor_id, client.name, (right,), client.territory_id, client.organisation_id)
