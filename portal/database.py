"""Transactions: one act is one transaction, run in a worker thread so that nobody else waits."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event, make_url
from sqlmodel import Session

from portal.embedded import embedded_url
from portal.settings import settings

P = ParamSpec("P")
R = TypeVar("R")

NEVER_BY_ITSELF = 2**31  # executions after which psycopg prepares a statement that does not ask for it


def database_url() -> str:
    """Return the address of the database: the configured one, else the embedded server that is running.

    Raises: RuntimeError when neither exists.
    """
    if configured := settings().database_url:
        return configured.get_secret_value()
    return embedded_url(settings().postgres_dir)


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the engine of this process, its pool sized by the settings."""
    return make_engine(database_url(), settings().pool_size)


def make_engine(url: str, pool_size: int) -> Engine:
    """Return an engine on psycopg 3, READ COMMITTED, UTC.

    A prepared statement gets a generic plan: ten times slower for searches (measured), twice as fast for a row by its
    key. So a statement is prepared when it says so, with `execution_options(prepare=True)`, and only then.
    """
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=20,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={"prepare_threshold": NEVER_BY_ITSELF, "options": "-c timezone=UTC", "connect_timeout": 5},
    )
    event.listen(engine, "do_execute", _execute)
    return engine


def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    cursor.execute(statement, parameters, prepare=context.execution_options.get("prepare"))
    return True  # done: SQLAlchemy has nothing to add


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    # As many threads as connections: a thread never waits for a connection, a caller waits for a thread.
    return ThreadPoolExecutor(max_workers=settings().pool_size, thread_name_prefix="act")


async def act(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what `function(session, …)` returns, in one transaction, committed unless it raises."""

    def transaction() -> R:
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            return function(session, *args, **kwargs)

    return await _in_thread(transaction)


async def read(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what `function(session, …)` returns, in a transaction that PostgreSQL keeps read only."""

    def transaction() -> R:
        connection = engine().connect().execution_options(postgresql_readonly=True)
        with connection, Session(connection, expire_on_commit=False) as session, session.begin():
            return function(session, *args, **kwargs)

    return await _in_thread(transaction)


async def _in_thread(transaction: Callable[[], R]) -> R:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, transaction)
