"""Who somebody is: accounts and their rights, sign-ins, programs and their tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of, reference
from availability.rights import Role


class Account(SQLModel, table=True):
    """A person who signs in."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("login = lower(login)", name="account_login_is_lower_case"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    login: str = Field(unique=True)
    name: str
    title: str = ""  # what they do, in French: "conseillère d'insertion et de probation"
    password_hash: str | None = None  # argon2; none: cannot sign in with a password
    organisation_id: int | None = reference("organisation.id", nullable=True)
    is_active: bool = True


class AccountRight(SQLModel, table=True):
    """A role of an account over a territory and its subtree, for one kind or for all."""

    __tablename__ = "account_right"
    __table_args__ = (
        one_of("role", Role),
        UniqueConstraint(
            "account_id",
            "role",
            "territory_id",
            "kind_id",
            name="account_right_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    account_id: UUID = Field(sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), nullable=False))
    role: str
    territory_id: int = reference("territory.id")
    kind_id: int | None = reference("kind.id", nullable=True)


class SignIn(SQLModel, table=True):
    """A session of an account. The token itself is only in the browser's cookie."""

    __tablename__ = "sign_in"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    account_id: UUID = Field(sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True))
    created_at: datetime = instant()
    expires_at: datetime = instant()
    last_seen_at: datetime = instant()
    needs_factor: bool = False  # the password is right, the second proof is awaited: nobody is signed in yet


class ApiClient(SQLModel, table=True):
    """A program that uses the API; it has a role and a territory like anyone."""

    __tablename__ = "api_client"
    __table_args__ = (one_of("role", Role),)

    id: str = Field(primary_key=True)
    actor_id: UUID = Field(default_factory=uuid4, unique=True)  # how the history names it
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    name: str
    role: str
    territory_id: int = reference("territory.id")
    organisation_id: int | None = reference("organisation.id", nullable=True)  # whose places a partner's program runs
    is_active: bool = True


class ApiToken(SQLModel, table=True):
    """A short-lived bearer token of a program."""

    __tablename__ = "api_token"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    client_id: str = Field(
        sa_column=Column(ForeignKey("api_client.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    expires_at: datetime = instant()
