"""Changes of availability reach every open page within a second.

An act writes rows in `change`. One process, the leader, takes them away every 150 ms and sends one NOTIFY a batch:
NOTIFY takes a global lock at commit, so acts never send it themselves. Every worker listens, and tells the states
that watch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Protocol, runtime_checkable

import psycopg
import reflex as rx

from availability.errors import Refusal
from portal.database import database_url

logger = logging.getLogger(__name__)

CHANNEL = "placejuste_changes"
BATCH = 500  # identifiers in one NOTIFY, whose payload is limited to 8,000 bytes
TELL_EVERY_S = 0.15
RECONNECT_S = 1.0

TAKE = f"""
    WITH taken AS (
        DELETE FROM change WHERE id IN (SELECT id FROM change ORDER BY id LIMIT {BATCH}) RETURNING resource_id)
    SELECT pg_notify('{CHANNEL}', string_agg(DISTINCT resource_id::text, ',')) FROM taken HAVING count(*) > 0"""  # noqa: S608


@runtime_checkable
class Watching(Protocol):
    """A state that shows resources and wants to know when they change."""

    async def _places_changed(self, resource_ids: frozenset[int]) -> None: ...


_watchers: dict[str, type[rx.State]] = {}


def watch(state: rx.State) -> None:
    """Have this client told of changes, on this state, until it leaves."""
    _watchers[state.router.session.client_token] = type(state)


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
            async with await psycopg.AsyncConnection.connect(database_url(), autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                async for notice in connection.notifies():
                    await _tell_watchers(app, frozenset(int(number) for number in notice.payload.split(",")))
        except (psycopg.Error, RuntimeError, OSError) as error:
            logger.warning("live changes interrupted: %s", type(error).__name__)
        await asyncio.sleep(RECONNECT_S)


async def _tell_watchers(app: rx.App, resource_ids: frozenset[int]) -> None:
    for token in _gone(app, _watchers):
        del _watchers[token]
    await asyncio.gather(*(_tell(app, token, cls, resource_ids) for token, cls in list(_watchers.items())))


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
