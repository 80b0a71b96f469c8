"""Changes of availability reach every open page within a second.

An act writes rows in `change`. One process, the leader, takes them away every 150 ms and sends one NOTIFY a batch:
NOTIFY takes a global lock at commit, so acts never send it themselves. Every worker listens, and tells the states
that watch. A page watches from before it reads, so that nothing falls between the two, until another page is loaded.
A page that nobody sees, behind another tab, waits: it is told once that it is behind, and reads again when it is shown.
What was said while a worker could not hear is caught up: it tells its pages that anything may have changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import psycopg
import reflex as rx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from availability.errors import Refusal
from availability.places import Box
from portal.access import PUBLIC, allow
from portal.database import database_url, read, reading_once

logger = logging.getLogger(__name__)

CHANNEL = "placejuste_changes"
BATCH = 500  # identifiers in one NOTIFY, whose payload is limited to 8,000 bytes
TELL_EVERY_S = 0.15
RECONNECT_S = 1.0

AT_ONCE = 4  # pages that read the database at the same time, in one worker: acts must not wait for them

WHERE = text("""
    SELECT r.id, r.kind_id, s.lat, s.lon FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = ANY(:ids)""")
IN_SCOPE = text("""
    SELECT r.id, r.kind_id, s.lat, s.lon FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.kind_id = :kind_id AND (NOT :is_boxed OR s.lat BETWEEN :south AND :north)""")
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


class Anything(frozenset[int]):
    """Every resource: what may have changed while nobody listened."""

    def __contains__(self, _: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __and__(self, other: Any) -> frozenset[int]:
        return frozenset(other)

    __rand__ = __and__

    def isdisjoint(self, other: Iterable[object]) -> bool:
        """Say that there is something of any set that holds something."""
        return not any(True for _ in other)


ANYTHING = Anything()
Watched = dict[type[rx.State], Scope | None]
Concerned = dict[type[rx.State], frozenset[int]]
_watchers: dict[str, Watched] = {}
_unseen: dict[str, Concerned] = {}  # the clients whose page is not shown, and what it missed since


def watch(state: rx.State, scope: Scope | None = None) -> None:
    """Have this client told of changes, on this state, while its page is open; of those in `scope`, if there is one.

    Called before the page is read: an event keeps its client's state locked, so what changes meanwhile is told after.
    """
    _watchers.setdefault(state.router.session.client_token, {})[type(state)] = scope


def leave(state: rx.State) -> None:
    """Have this client told of nothing more: it loads another page."""
    token = state.router.session.client_token
    _watchers.pop(token, None)
    if token in _unseen:
        _unseen[token] = {}


class SightState(rx.State):
    """Whether what a page shows is behind: it is read again once somebody looks at it."""

    is_behind: bool = False

    @allow(PUBLIC)
    @rx.event
    async def hide(self) -> None:
        """Have the page wait: another tab is in front of it."""
        _unseen.setdefault(self.router.session.client_token, {})

    @allow(PUBLIC)
    @rx.event
    async def show(self) -> None:
        """Bring the page up to date: it is in front again."""
        token = self.router.session.client_token
        missed = _unseen.pop(token, {})
        self.is_behind = False
        with _whatever_happens(token):
            for cls, resource_ids in missed.items():
                await _tell_state(token, await self.get_state(cls), resource_ids)


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
    was_heard = False
    while True:
        try:
            async with (
                asyncio.TaskGroup() as tasks,
                await psycopg.AsyncConnection.connect(database_url(), autocommit=True) as connection,
            ):
                await connection.execute(f"LISTEN {CHANNEL}")
                heard = Heard()
                if was_heard:
                    heard.add_anything()
                was_heard = True
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
        self._is_anything = False
        self._some = asyncio.Event()

    def add(self, resource_ids: Iterable[int]) -> None:
        """Add what was just heard."""
        self._ids.update(resource_ids)
        self._some.set()

    def add_anything(self) -> None:
        """Say that something may have been missed."""
        self._is_anything = True
        self._some.set()

    async def take(self) -> frozenset[int]:
        """Return all that was heard since the last time, once there is something."""
        await self._some.wait()
        taken = ANYTHING if self._is_anything else frozenset(self._ids)
        self._ids.clear()
        self._is_anything = False
        self._some.clear()
        return taken


async def _tell_what_is_heard(app: rx.App, heard: Heard) -> None:
    while True:
        await _tell_watchers(app, await heard.take())


async def _tell_watchers(app: rx.App, resource_ids: frozenset[int]) -> None:
    for known in (_watchers, _unseen):
        for token in _gone(app, known):
            del known[token]
    watching = [(token, dict(watched)) for token, watched in _watchers.items()]
    # Looked up once for all the pages of this worker, so that those that show nothing of it do nothing.
    scopes = {scope for _, watched in watching for scope in watched.values() if scope}
    moved = await read(where, resource_ids, scopes) if scopes else []
    turns = asyncio.Semaphore(AT_ONCE)
    told = ((token, _concerned(watched, resource_ids, moved)) for token, watched in watching)
    with reading_once():  # many pages show the same
        await asyncio.gather(*(_tell_in_turn(turns, app, token, concerned) for token, concerned in told if concerned))


def where(session: Session, resource_ids: frozenset[int], scopes: Iterable[Scope] = ()) -> list[Where]:
    """Return of what kind and where resources are; when it may be anything, all those of the scopes."""
    if resource_ids is not ANYTHING:
        return [Where(*row) for row in session.execute(WHERE, {"ids": list(resource_ids)})]
    return [Where(*row) for scope in scopes for row in session.execute(IN_SCOPE, _values_of(scope))]


def _values_of(scope: Scope) -> dict[str, Any]:
    south, north = (scope.box.south, scope.box.north) if scope.box else (0.0, 0.0)
    return {"kind_id": scope.kind_id, "is_boxed": scope.box is not None, "south": south, "north": north}


def _concerned(watched: Watched, resource_ids: frozenset[int], moved: Sequence[Where]) -> Concerned:
    told = {cls: within(scope, resource_ids, moved) for cls, scope in watched.items()}
    return {cls: ids for cls, ids in told.items() if ids}


async def _tell_in_turn(turns: asyncio.Semaphore, app: rx.App, token: str, concerned: Concerned) -> None:
    async with turns:
        told = frozenset() if token in _unseen else await _tell(app, token, concerned)
        if token in _unseen:  # or left the front while it was being told
            await _miss(app, token, {cls: ids for cls, ids in concerned.items() if cls not in told})


async def _miss(app: rx.App, token: str, concerned: Concerned) -> None:
    missed = _unseen[token]
    is_first = not missed and bool(concerned)
    for cls, resource_ids in concerned.items():
        missed[cls] = _both(missed.get(cls, frozenset()), resource_ids)
    if is_first:
        await _say_behind(app, token)


def _both(some: frozenset[int], others: frozenset[int]) -> frozenset[int]:
    return ANYTHING if ANYTHING is some or ANYTHING is others else some | others


async def _say_behind(app: rx.App, token: str) -> None:
    with _whatever_happens(token):
        async with app.modify_state(rx.BaseStateToken(ident=token, cls=SightState)) as root:
            # Shown meanwhile, it has read again what it missed.
            (await root.get_state(SightState)).is_behind = bool(_unseen.get(token))


def _gone(app: rx.App, tokens: Iterable[str]) -> list[str]:
    namespace = app.event_namespace
    connected = namespace.token_to_sid if namespace else {}
    return [token for token in tokens if token not in connected]


async def _tell(app: rx.App, token: str, concerned: Concerned) -> frozenset[type[rx.State]]:
    """Tell a page's states, and return those that are told: none once it has left the front."""
    told: set[type[rx.State]] = set()
    with _whatever_happens(token):
        for cls, resource_ids in concerned.items():
            async with app.modify_state(rx.BaseStateToken(ident=token, cls=cls)) as root:
                if token in _unseen:
                    break
                await _tell_state(token, await root.get_state(cls), resource_ids)
            told.add(cls)
    return frozenset(told)


async def _tell_state(token: str, state: rx.State, resource_ids: frozenset[int]) -> None:
    if isinstance(state, Watching) and type(state) in _watchers.get(token, {}):
        await state._places_changed(resource_ids)


@contextlib.contextmanager
def _whatever_happens(token: str) -> Iterator[None]:
    try:
        yield
    except Refusal:
        _watchers.pop(token, None)  # signed out, or no longer allowed: the page asks again when it is opened again
    except Exception:  # one page that cannot be told must not keep the others from being told
        logger.exception("a page could not be told of a change")
