"""A raw client of the socket, as an attacker would write one: no page, no script of ours."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import aiohttp
import socketio

ROOT_STATE = "reflex___state____state."
NAMESPACE = "/_event"
ANSWER_S = 5.0
QUIET_S = 0.12


class RawClient:
    """Speaks Reflex's protocol by hand; everything received is kept in `received`."""

    def __init__(self, url: str, cookie: str | None = None, *, token: str | None = None, origin: str | None = None):
        self.url = url
        self.cookie = cookie
        self.origin = origin or url
        self.token = token or str(uuid.uuid4())
        self.received: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> RawClient:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def connect(self) -> None:
        """Open the socket, without the first event that a page would send."""
        headers = {"Origin": self.origin} | ({"Cookie": self.cookie} if self.cookie else {})
        # Our own HTTP session: the library leaves the one that it makes open.
        self._http = aiohttp.ClientSession()
        self._sio = socketio.AsyncClient(reconnection=False, http_session=self._http)
        self._sio.on("event", self._keep, namespace=NAMESPACE)
        await self._sio.connect(
            f"{self.url}/?token={self.token}",
            headers=headers,
            transports=["websocket"],
            socketio_path="/_event",
            namespaces=[NAMESPACE],
        )

    async def close(self) -> None:
        """Leave."""
        await self._sio.disconnect()
        await self._http.close()

    async def hydrate(self, path: str = "/connexion") -> list[dict[str, Any]]:
        """Send what a page sends first, and return what comes back."""
        return await self.call(f"{ROOT_STATE}hydrate_and_load", path=path)

    async def call(
        self, name: str, payload: dict[str, Any] | None = None, *, path: str = "/connexion", wait_s: float = ANSWER_S
    ) -> list[dict[str, Any]]:
        """Send one event and return everything received until the server is quiet; nothing after `wait_s`."""
        self.received = []
        self._arrived.clear()
        place = {"pathname": path, "asPath": path, "query": {}}
        event = {"name": name, "payload": payload or {}, "router_data": place}
        await self._sio.emit("event", event, namespace=NAMESPACE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), wait_s)
        count = -1
        while count != len(self.received):
            count = len(self.received)
            await asyncio.sleep(QUIET_S)
        return self.received

    async def _keep(self, message: dict[str, Any]) -> None:
        self.received.append(message)
        self._arrived.set()


def redirections(messages: list[dict[str, Any]]) -> list[str]:
    """Return the addresses that the messages send the browser to."""
    events = [event for message in messages for event in message.get("events") or []]
    return [str(event["payload"].get("path")) for event in events if event["name"] == "_redirect"]


def changed(messages: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what the messages change: state name -> variable -> value."""
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        for state, values in (message.get("delta") or {}).items():
            plain = {name.removesuffix("_rx_state_"): value for name, value in values.items()}
            found.setdefault(state, {}).update(plain)
    return found
