"""A calendar fetched from elsewhere: little, not for long, and never from inside.

The address is checked where the connection is made, so neither a name that changes its mind, nor a redirection, nor
an address in disguise leads to a machine of ours.
"""

from __future__ import annotations

import socket
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import aiohttp

from availability.errors import InvalidRequest, Outage
from availability.feed_address import address_of, is_public
from availability.feed_text import MOST_BYTES

TOTAL_S, SILENT_S = 30.0, 10.0
MOST_REDIRECTS = 5
CHUNK = 64 * 1024
LONGEST_MARK = 500  # an ETag, or a date
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {
    "User-Agent": "PlaceJuste (calendriers)",
    "Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1",
    "Accept-Encoding": "gzip, identity",
}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where one may go. Behind an outgoing proxy, it is the proxy that resolves names and refuses."""

    allows_inside: bool = False  # tests, or calendars on the same network
    proxy: str = ""
    total_s: float = TOTAL_S


@dataclass(frozen=True)
class Marks:
    """What a server said of a file when it came, given back to it to learn whether there is another."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Fetched:
    """A file, None when it is the same as before, and what to say next time."""

    data: bytes | None = field(repr=False)
    marks: Marks


class FetchFailed(Outage):
    """No file came. `why` is for the words of the owner; `retry_after` is what the server asked for."""

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after


async def fetch(url: str, marks: Marks, reach: Reach, *, now: datetime) -> Fetched:
    """Return the file at an address. `now` reads dates of Retry-After. Raises: FetchFailed."""
    guard = _Guard(reach)
    connector = aiohttp.TCPConnector(limit=1, force_close=True, socket_factory=guard.socket, use_dns_cache=False)
    options: dict[str, Any] = {
        "connector": connector,
        "timeout": aiohttp.ClientTimeout(total=reach.total_s, sock_read=SILENT_S, sock_connect=SILENT_S),
        "cookie_jar": aiohttp.DummyCookieJar(),
        "auto_decompress": False,
        "headers": HEADERS | _conditions(marks),
    }
    try:
        async with aiohttp.ClientSession(**options) as client:
            return await _followed(client, url, marks, reach, now)
    except TimeoutError as error:
        raise FetchFailed("too-slow") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise FetchFailed("certificate") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed("inside" if guard.refused else "unreachable") from error


class _Guard:
    """Makes the sockets, and refuses those that lead inside."""

    def __init__(self, reach: Reach) -> None:
        self.is_open = reach.allows_inside or bool(reach.proxy)
        self.refused = False

    def socket(self, found: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self.is_open and not is_public(address[0]):
            self.refused = True
            raise OSError("an address of the inside")
        return socket.socket(family, kind, protocol)


async def _followed(client: aiohttp.ClientSession, url: str, marks: Marks, reach: Reach, now: datetime) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        try:
            asked = address_of(url, allows_inside=reach.allows_inside).url
        except InvalidRequest as error:
            raise FetchFailed("inside") from error
        async with client.get(asked, allow_redirects=False, proxy=reach.proxy or None) as answer:
            if answer.status not in REDIRECTS:
                return await _taken(answer, marks, now)
            url = urljoin(asked, answer.headers.get("Location", ""))
    raise FetchFailed("redirects")


async def _taken(answer: aiohttp.ClientResponse, marks: Marks, now: datetime) -> Fetched:
    if answer.status == 304:
        return Fetched(None, marks)
    if answer.status != 200:
        why = f"http-{answer.status}"
        raise FetchFailed(why, _retry_after(answer.headers.get("Retry-After", ""), now))
    said = Marks(_mark(answer, "ETag"), _mark(answer, "Last-Modified"))
    return Fetched(await _body(answer), said)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body, given up as soon as it is too large, however well it was compressed."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise FetchFailed("encoding")
    inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    came = 0
    async for chunk in answer.content.iter_chunked(CHUNK):
        came += len(chunk)
        try:
            body += inflate.decompress(chunk, MOST_BYTES + 1 - len(body)) if inflate else chunk
        except zlib.error as error:
            raise FetchFailed("encoding") from error
        if max(came, len(body)) > MOST_BYTES:
            raise FetchFailed("too-large")
    if inflate and not inflate.eof:
        raise FetchFailed("cut-short")
    return bytes(body)


def _conditions(marks: Marks) -> dict[str, str]:
    said = {"If-None-Match": marks.etag, "If-Modified-Since": marks.last_modified}
    return {name: value for name, value in said.items() if value}


def _mark(answer: aiohttp.ClientResponse, name: str) -> str:
    said = answer.headers.get(name, "")
    return said if len(said) <= LONGEST_MARK and said.isprintable() and said.isascii() else ""


def _retry_after(said: str, now: datetime) -> timedelta | None:
    """Source: RFC 9110, section 10.2.3."""
    if said.isascii() and said.isdecimal():
        return timedelta(seconds=int(said[:9]))
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(at.astimezone(UTC) - now, timedelta()) if at.tzinfo else None
