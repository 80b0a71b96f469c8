"""Transactions, clock, accounts and tokens, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from availability.models import Territory, TerritoryLevel
from availability.rights import Role
from portal import clock, database
from portal.accounts import NewAccount, create
from portal.database import make_engine
from portal.identity import Account
from portal.sign_in import (
    account_of_login,
    actor_of_sign_in,
    actor_of_token,
    create_client,
    issue_token,
    password_matches,
    sign_in,
    sign_out,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def lyon(session: Session) -> Territory:
    """A court under a court of appeal."""
    appeal = Territory(code="ca-t", name="CA d’essai", level=TerritoryLevel.COURT_OF_APPEAL)
    session.add(appeal)
    session.flush()
    court = Territory(code="tj-t", name="TJ d’essai", level=TerritoryLevel.JUDICIAL_COURT, parent_id=appeal.id)
    session.add(court)
    session.flush()
    return court


@pytest.fixture
def account(session: Session, lyon: Territory) -> Account:
    """Somebody at the court of appeal, who therefore reaches the court."""
    assert lyon.parent_id is not None
    new = NewAccount("Alix.Essai", "Alix Essai", "CPIP", Role.PROBATION_OFFICER, lyon.parent_id, "un mot de passe long")
    return session.get_one(Account, create(session, new))


def test_a_sign_in_gives_the_actor_with_the_whole_subtree(session: Session, account: Account, lyon: Territory) -> None:
    token = sign_in(session, account.id, NOW, hours=8)

    actor = actor_of_sign_in(session, token, NOW + timedelta(hours=7))

    assert actor is not None
    assert actor.name == "Alix Essai"
    assert actor.may(Role.PROBATION_OFFICER, territory_id=lyon.id)
    assert not actor.may(Role.REGISTRY, territory_id=lyon.id)
    assert actor.home_territory_id == lyon.parent_id


def test_a_sign_in_ends_at_its_hour_not_before(session: Session, account: Account) -> None:
    token = sign_in(session, account.id, NOW, hours=8)
    end = NOW + timedelta(hours=8)

    assert actor_of_sign_in(session, token, end - timedelta(seconds=1)) is not None
    assert actor_of_sign_in(session, token, end) is None


def test_signing_out_or_closing_the_account_ends_the_sign_in(session: Session, account: Account) -> None:
    first, second = (sign_in(session, account.id, NOW, hours=8) for _ in range(2))
    sign_out(session, first)

    assert actor_of_sign_in(session, first, NOW) is None
    assert actor_of_sign_in(session, second, NOW) is not None

    account.is_active = False
    session.flush()

    assert actor_of_sign_in(session, second, NOW) is None


async def test_a_login_is_found_in_any_case_and_its_password_checked(session: Session, account: Account) -> None:
    found = account_of_login(session, "  ALIX.essai ")

    assert found is account
    assert await password_matches(found.password_hash, "un mot de passe long")
    assert not await password_matches(found.password_hash, "un mot de passe lonG")
    assert not await password_matches(None, "un mot de passe long")


def test_a_program_trades_its_secret_for_a_token_that_ends(session: Session, lyon: Territory) -> None:
    secret = create_client(session, "pj-essai", "Logiciel", Role.REGISTRY, lyon.id)
    session.flush()
    token = issue_token(session, "pj-essai", secret, NOW, timedelta(minutes=60))
    assert token is not None
    session.flush()

    actor = actor_of_token(session, token, NOW + timedelta(minutes=59))

    assert actor is not None
    assert actor.territories([Role.REGISTRY]) == {lyon.id}
    assert actor_of_token(session, token, NOW + timedelta(minutes=60)) is None
    assert issue_token(session, "pj-essai", "faux", NOW, timedelta(minutes=60)) is None
    assert issue_token(session, "inconnu", secret, NOW, timedelta(minutes=60)) is None


def test_a_session_token_is_not_a_bearer_token(session: Session, account: Account) -> None:
    token = sign_in(session, account.id, NOW, hours=8)

    assert actor_of_token(session, token, NOW) is None


def test_the_clock_starts_where_it_is_told_for_every_process(session: Session) -> None:
    wanted = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    clock.store_offset(session, wanted)
    clock.read_offset(session)
    try:
        assert timedelta() <= clock.now() - wanted < timedelta(seconds=30)
        assert clock.now().tzinfo is UTC

        clock.store_offset(session, None)
        clock.read_offset(session)

        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    finally:
        clock.store_offset(session, None)
        clock.read_offset(session)


def test_connections_that_the_server_closed_are_opened_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(postgres_url, pool_size=2)
    monkeypatch.setattr(database, "TRUSTED_S", 0.0)
    with engine.connect() as first, engine.connect() as second:
        pids = [connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for connection in (first, second)]
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", (pids,))

    with engine.connect() as again:
        assert again.execute(text("SELECT pg_backend_pid()")).scalar_one() not in pids

    engine.dispose()


def test_a_statement_that_failed_is_told_without_what_it_was_given(postgres_url: str) -> None:
    engine = make_engine(postgres_url, pool_size=2)

    with engine.connect() as connection, pytest.raises(ProgrammingError) as failed:
        connection.execute(text("SELECT CAST(:name AS text), no_such_column"), {"name": "DÉMONSTRATION"})

    assert "no_such_column" in str(failed.value)
    assert "DÉMONSTRATION" not in str(failed.value)
    engine.dispose()


async def test_those_who_ask_the_same_at_once_share_one_read_and_the_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []

    async def counted(_function: object, *args: object, **_kwargs: object) -> int:
        await asyncio.sleep(0)
        asked.append(args)
        return len(asked)

    monkeypatch.setattr(database, "_read", counted)
    with database.reading_once():
        same = await asyncio.gather(*(database.read(_named, [1], now=number) for number in range(3)))
        other = await database.read(_named, [2], now=0)
    alone = [await database.read(_named, [1], now=0) for _ in range(2)]

    assert (same, other, alone) == ([1, 1, 1], 2, [3, 4])


def _named(_session: Session, numbers: list[int], *, now: int) -> int:
    return numbers[0] + now
