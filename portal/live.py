"""Changes of availability reach every open page within a second.

An act writes rows in `change`. One process, the leader, takes them away every 150 ms and sends one NOTIFY a batch:
NOTIFY takes a global lock at commit, so acts never send it themselves. Every worker listens, and tells the states
that watch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import psycopg
import reflex as rx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from availability.errors import Refusal
from availability.places import Box
from portal.database import database_url, read

logger = logging.getLogger(__name__)

CHANNEL = "placejuste_changes"
BATCH = 500  # identifiers in one NOTIFY, whose payload is limited to 8,000 bytes
TELL_EVERY_S = 0.15
RECONNECT_S = 1.0

AT_ONCE = 4  # pages that read the database at the same time, in one worker: acts must not wait for them

WHERE = text("""
    SELECT r.id, r.kind_id, s.lat, s.lon FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = ANY(:ids)""")
TAKE = f"""
    WITH taken AS (
        DELETE FROM change WHERE id IN (SELECT id FROM change ORDER BY id LIMIT {BATCH}) RETURNING resource_id),
    kept AS (INSERT INTO touched_resource (resource_id) SELECT DISTINCT resource_id FROM taken)
    SELECT pg_notify('{CHANNEL}', string_agg(DISTINCT resource_id::text, ',')) FROM taken HAVING count(*) > 0"""  # noqa: S608


@runtime_checkable
class Watching(Protocol):
    """A state that shows resources and wants to know when they change."""

    async def _places_changed(self, resource_ids: frozenset[int]) -> None: ...


@dataclass(frozen=True)
class Scope:
    """What a page shows: what is of another kind, or out of the box, does not concern it."""

    kind_id: int
    box: Box | None = None

    def holds(self, where: Where) -> bool:
        """Say whether a resource may be shown there."""
        if where.kind_id != self.kind_id:
            return False
        return self.box is None or (
            where.lat is not None and where.lon is not None and self.box.holds(where.lat, where.lon)
        )


@dataclass(frozen=True)
class Where:
    """A resource that moved."""

    resource_id: int
    kind_id: int
    lat: float | None
    lon: float | None


_watchers: dict[str, tuple[type[rx.State], Scope | None]] = {}


def watch(state: rx.State, scope: Scope | None = None) -> None:
    """Have this client told of changes, on this state, until it leaves; of those in `scope` only, if there is one."""
    _watchers[state.router.session.client_token] = (type(state), scope)


def within(scope: Scope | None, resource_ids: frozenset[int], moved: Sequence[Where]) -> frozenset[int]:
    """Return those of the resources that moved that a page may show."""
    return resource_ids if scope is None else frozenset(one.resource_id for one in moved if scope.holds(one))


async def tell_changes(connection: psycopg.AsyncConnection) -> None:
    """Send what changed, for ever; the leader runs it. `connection` is in autocommit."""
    while True:
        await connection.execute(TAKE)
        await asyncio.sleep(TELL_EVERY_S)


@contextlib.asynccontextmanager
async def listening(app: rx.App) -> AsyncIterator[None]:
    """Listen for changes in this worker while it lives, and tell the watching states."""
    task = asyncio.create_task(_listen_for_ever(app))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listen_for_ever(app: rx.App) -> None:
    while True:
        try:
            async with (
                asyncio.TaskGroup() as tasks,
                await psycopg.AsyncConnection.connect(database_url(), autocommit=True) as connection,
            ):
                await connection.execute(f"LISTEN {CHANNEL}")
                heard = Heard()
                teller = tasks.create_task(_tell_what_is_heard(app, heard))
                async for notice in connection.notifies():
                    heard.add(int(number) for number in notice.payload.split(","))
                teller.cancel()
        except* (psycopg.Error, SQLAlchemyError, RuntimeError, OSError) as errors:
            logger.warning("live changes interrupted: %s", type(errors.exceptions[0]).__name__)
        await asyncio.sleep(RECONNECT_S)


class Heard:
    """What moved and was not told yet: what is heard while pages are being told is told at once, together."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._some = asyncio.Event()

    def add(self, resource_ids: Iterable[int]) -> None:
        """Add what was just heard."""
        self._ids.update(resource_ids)
        self._some.set()

    async def take(self) -> frozenset[int]:
        """Return all that was heard since the last time, once there is something."""
        await self._some.wait()
        taken = frozenset(self._ids)
        self._ids.clear()
        self._some.clear()
        return taken


async def _tell_what_is_heard(app: rx.App, heard: Heard) -> None:
    while True:
        await _tell_watchers(app, await heard.take())


async def _tell_watchers(app: rx.App, resource_ids: frozenset[int]) -> None:
    for token in _gone(app, _watchers):
        del _watchers[token]
    watching = list(_watchers.items())
    # Looked up once for all the pages of this worker, so that those that show nothing of it do nothing.
    moved = await read(where, resource_ids) if any(scope for _, (_, scope) in watching) else []
    turns = asyncio.Semaphore(AT_ONCE)
    told = ((token, cls, within(scope, resource_ids, moved)) for token, (cls, scope) in watching)
    await asyncio.gather(*(_tell_in_turn(turns, app, token, cls, ids) for token, cls, ids in told if ids))


def where(session: Session, resource_ids: frozenset[int]) -> list[Where]:
    """Return of what kind and where resources are."""
    return [Where(*row) for row in session.execute(WHERE, {"ids": list(resource_ids)})]


async def _tell_in_turn(
    turns: asyncio.Semaphore, app: rx.App, token: str, cls: type[rx.State], resource_ids: frozenset[int]
) -> None:
    async with turns:
        await _tell(app, token, cls, resource_ids)


def _gone(app: rx.App, tokens: Iterable[str]) -> list[str]:
    namespace = app.event_namespace
    connected = namespace.token_to_sid if namespace else {}
    return [token for token in tokens if token not in connected]


async def _tell(app: rx.App, token: str, cls: type[rx.State], resource_ids: frozenset[int]) -> None:
    try:
        async with app.modify_state(rx.BaseStateToken(ident=token, cls=cls)) as root:
            state = await root.get_state(cls)
            if isinstance(state, Watching):
                await state._places_changed(resource_ids)
    except Refusal:
        _watchers.pop(token, None)  # signed out, or no longer allowed: the page asks again when it is opened again
    except Exception:  # one page that cannot be told must not keep the others from being told
        logger.exception("a page could not be told of a change")
