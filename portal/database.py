"""Transactions: one act is one transaction, run in a worker thread so that nobody else waits."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from portal.embedded import embedded_url
from portal.settings import settings

P = ParamSpec("P")
R = TypeVar("R")

TRUSTED_S = 1.0  # a connection used so recently is not asked whether it still answers: an act would wait for it
USED_AT = "used_at"
_reads: contextvars.ContextVar[dict[Hashable, asyncio.Future[Any]] | None] = contextvars.ContextVar(
    "reads", default=None
)
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
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # an error is logged: not with the names and the numbers that the statement was given
        connect_args={"prepare_threshold": NEVER_BY_ITSELF, "options": "-c timezone=UTC", "connect_timeout": 5},
    )
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "connect", _note_use)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ask_if_idle, engine))
    return engine


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[USED_AT] = time.monotonic()


def _ask_if_idle(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have every connection opened again when one that rested does not answer: the server has restarted."""
    if time.monotonic() - record.info[USED_AT] < TRUSTED_S:
        return
    try:
        engine.dialect.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


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
    """Return what `function(session, …)` returns, in a transaction that PostgreSQL keeps read only.

    Within `reading_once`, the same read is done once, whatever `now` it is given.
    """
    done = _reads.get()
    if done is None:
        return await _read(function, *args, **kwargs)
    asked = _asked(function, args, kwargs)
    if asked not in done:
        done[asked] = asyncio.ensure_future(_read(function, *args, **kwargs))
    return await asyncio.shield(done[asked])


@contextlib.contextmanager
def reading_once() -> Iterator[None]:
    """Have those who ask the same of the database, within this block and its tasks, share one answer.

    What is answered is shared too: nobody changes it.
    """
    before = _reads.set({})
    try:
        yield
    finally:
        _reads.reset(before)


def _asked(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    """Return what tells two reads apart: what they are given, as written when it has no hash."""
    asked = (function, args, tuple(sorted((name, value) for name, value in kwargs.items() if name != "now")))
    try:
        hash(asked)
    except TypeError:
        return (function, repr(asked[1:]))
    return asked


async def _read(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    def transaction() -> R:
        connection = engine().connect().execution_options(postgresql_readonly=True)
        with connection, Session(connection, expire_on_commit=False) as session, session.begin():
            return function(session, *args, **kwargs)

    return await _in_thread(transaction)


async def _in_thread(transaction: Callable[[], R]) -> R:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, transaction)
