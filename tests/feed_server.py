"""A server of calendars for tests: real HTTP on this machine, that misbehaves on demand."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], web.StreamResponse]
ICS = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class FeedServer:
    """What it answers next, and what it was asked."""

    url: str = ""
    port: int = 0
    body: bytes = ICS
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    drips: bool = False
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as told."""
        self.asked.append(request)
        if self.drips:
            return await self._drip(request)
        if self.etag and request.headers.get("If-None-Match") == self.etag:
            return web.Response(status=304)
        said = {"ETag": self.etag} if self.etag else {}
        return web.Response(status=self.status, body=self.body, headers=self.headers | said)

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for letter in ICS * 100:
            await response.write(bytes([letter]))
            await asyncio.sleep(0.05)
        return response


@asynccontextmanager
async def serving_feeds(host: str = "127.0.0.1") -> AsyncIterator[FeedServer]:
    """Serve until the end of the block."""
    server = FeedServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    server.port = runner.addresses[0][1]
    server.url = f"http://{host}:{server.port}"
    try:
        yield server
    finally:
        await runner.cleanup()


def bomb(megabytes: int) -> bytes:
    """Return a few bytes that become many."""
    return gzip.compress(b"\0" * 1024 * 1024 * megabytes)
