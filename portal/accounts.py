"""Accounts as an administrator makes them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from availability.rights import Role
from portal.identity import Account, AccountRight
from portal.sign_in import hash_password


@dataclass(frozen=True)
class NewAccount:
    """An account to be, with its first right."""

    login: str
    name: str
    title: str
    role: Role
    territory_id: int
    password: str


def create(session: Session, new: NewAccount, organisation_id: int | None = None) -> UUID:
    """Return the id of the account created, with its role over its territory."""
    account = Account(
        login=new.login.strip().lower(),
        name=new.name,
        title=new.title,
        password_hash=hash_password(new.password),
        organisation_id=organisation_id,
    )
    session.add(account)
    session.flush()
    session.add(AccountRight(account_id=account.id, role=new.role, territory_id=new.territory_id))
    session.flush()
    return account.id
