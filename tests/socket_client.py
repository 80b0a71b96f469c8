"""A raw client of the socket, as an attacker would write one: no page, no script of ours."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import aiohttp
import socketio

ROOT_STATE = "reflex___state____state."
NAMESPACE = "/_event"
PATIENCE_S = 30.0  # a busy machine is slow, not wrong
HYDRATED = "is_hydrated_rx_state_"


class RawClient:
    """Speaks Reflex's protocol by hand; everything received is kept in `received`."""

    def __init__(self, url: str, cookie: str | None = None, *, token: str | None = None, origin: str | None = None):
        self.url = url
        self.cookie = cookie
        self.origin = origin or url
        self.token = token or str(uuid.uuid4())
        self.received: list[dict[str, Any]] = []
        self._is_hydrated = False
        self._turned = asyncio.Event()

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
            wait_timeout=PATIENCE_S,  # type: ignore[arg-type] - seconds, which need not be whole
        )

    async def close(self) -> None:
        """Leave."""
        await self._sio.disconnect()
        await self._http.close()

    async def hydrate(self, path: str = "/connexion") -> list[dict[str, Any]]:
        """Send what a page sends first, and return what comes back until its page is loaded."""
        self.received = []
        self._turned.clear()
        await self._send(f"{ROOT_STATE}hydrate_and_load", {}, path)
        async with asyncio.timeout(PATIENCE_S):
            while not self._is_hydrated:
                await self._turned.wait()
                self._turned.clear()
        await self._settle(path)
        return self.received

    async def call(
        self, name: str, payload: dict[str, Any] | None = None, *, path: str = "/connexion"
    ) -> list[dict[str, Any]]:
        """Send one event and return everything that it answers, chained events included: nothing is an answer too."""
        self.received = []
        await self._send(name, payload or {}, path)
        await self._settle(path)
        return self.received

    async def rest(self, path: str, *, is_loading: bool = False) -> None:
        """Have the server know the page as loaded, as one that shows all of itself does, or as being loaded."""
        if self._is_hydrated is is_loading:
            await self._turn(path)

    async def _settle(self, path: str) -> None:
        """Return once the server is done with what was sent before, and with what that led to.

        It serves the events of a client one after the other: what we send last is answered last. Twice, for a handler
        may chain another one, which is served after what was waiting meanwhile.
        """
        quiet = 0
        while quiet < 2:
            count = len(self.received)
            await self._turn(path)
            quiet = quiet + 1 if len(self.received) == count else 0

    async def _turn(self, path: str) -> None:
        """Turn the mark that the framework keeps for the page, and return once the server says that it is turned."""
        wanted = not self._is_hydrated
        self._turned.clear()
        await self._send(f"{ROOT_STATE}set_is_hydrated", {"value": wanted}, path)
        async with asyncio.timeout(PATIENCE_S):
            while self._is_hydrated is not wanted:
                await self._turned.wait()
                self._turned.clear()

    async def _send(self, name: str, payload: dict[str, Any], path: str) -> None:
        place = {"pathname": path, "asPath": path, "query": {}}
        event = {"name": name, "payload": payload, "router_data": place}
        await self._sio.emit("event", event, namespace=NAMESPACE)

    async def _keep(self, message: dict[str, Any]) -> None:
        root = (message.get("delta") or {}).get(ROOT_STATE.rstrip("."), {})
        if HYDRATED in root:
            self._is_hydrated = root[HYDRATED]
            self._turned.set()
        if message.get("delta") != {ROOT_STATE.rstrip("."): {HYDRATED: self._is_hydrated}}:
            self.received.append(message)


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
