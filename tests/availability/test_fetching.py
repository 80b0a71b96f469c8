"""Calendars fetched from elsewhere: what is refused before, during and after the connection."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from availability.errors import InvalidRequest
from availability.feed_address import address_of, is_public
from availability.feed_text import MOST_BYTES
from availability.fetching import Fetched, FetchFailed, Marks, Reach, fetch
from tests.factories import NOW
from tests.feed_server import ICS, FeedServer, bomb, serving_feeds

HERE = Reach(allows_inside=True, total_s=5)
OUTSIDE = "127.0.0.2"  # for these tests, the only address of the Internet


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with serving_feeds() as server:
        yield server


async def got(url: str, marks: Marks = Marks(), reach: Reach = HERE) -> Fetched:  # noqa: B008 - frozen
    return await fetch(url, marks, reach, now=NOW)


async def why(url: str, reach: Reach = HERE) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        await got(url, reach=reach)
    return failed.value


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("webcal://agenda.example/a?b=c#d", "https://agenda.example/a?b=c"),
        ("  https://Agenda.Example:8443/x ", "https://agenda.example:8443/x"),
        ("agenda.example/prive-1234/basic.ics", "https://agenda.example/prive-1234/basic.ics"),
        ("https://agenda.example./", "https://agenda.example/"),
    ],
)
def test_an_address_is_read_as_people_give_it(typed: str, url: str) -> None:
    assert address_of(typed).url == url
    assert "1234" not in repr(address_of(typed))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "missing"),
        ("x" * 2001, "too-long"),
        ("http://agenda.example/", "not-https"),
        ("file:///etc/passwd", "not-https"),
        ("gopher://agenda.example/", "not-https"),
        ("https://me:secret@agenda.example/", "has-password"),
        ("https://agenda.example@127.0.0.1/", "has-password"),
        ("https://agenda.example:22/", "inside"),
        ("https://agenda.example:99999/", "unreadable"),
        ("https://[::1/", "unreadable"),
        ("https://agenda .example/", "unreadable"),
        ("https://agenda.example\\@inside/", "unreadable"),
        ("https:///x", "unreadable"),
        *((f"https://{host}/", "inside") for host in (
            "localhost", "intranet", "printer.local", "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1",
            "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1", "[::1]", "[fe80::1]", "[fd00::1]",
            "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::ffff:7f00:1]",
        )),
    ],
)  # fmt: skip
def test_an_address_that_leads_inside_or_is_none_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        address_of(typed)

    assert refused.value.problem == problem


def test_addresses_of_the_internet_are_public() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2a00:1450:4007:80c::200e")


async def test_a_file_comes_with_its_marks_and_the_same_file_does_not_come_twice(server: FeedServer) -> None:
    server.etag, server.headers = '"abc"', {"Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"}

    first = await got(server.url)
    second = await got(server.url, first.marks)

    assert first == Fetched(ICS, Marks('"abc"', "Mon, 02 Mar 2026 09:00:00 GMT"))
    assert second == Fetched(None, first.marks)
    assert server.asked[1].headers["If-Modified-Since"] == first.marks.last_modified


async def test_a_compressed_file_is_read_and_a_bomb_is_not(server: FeedServer) -> None:
    server.headers, server.body = {"Content-Encoding": "gzip"}, gzip.compress(ICS)
    assert (await got(server.url)).data == ICS

    server.body = bomb(200)
    tracemalloc.start()
    refused = await why(server.url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.why == "too-large"
    assert peak < 5 * MOST_BYTES

    server.body = gzip.compress(ICS)[:-6]
    assert (await why(server.url)).why == "cut-short"
    server.body = b"not gzip"
    assert (await why(server.url)).why == "encoding"


async def test_a_file_too_large_is_given_up_and_one_that_drips_too(server: FeedServer) -> None:
    server.body = b"x" * (MOST_BYTES + 1)
    assert (await why(server.url)).why == "too-large"

    server.drips = True
    assert (await why(server.url, Reach(allows_inside=True, total_s=0.4))).why == "too-slow"


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (500, "", None),
        (503, "120", timedelta(minutes=2)),
        (429, "Mon, 02 Mar 2026 09:30:00 GMT", timedelta(minutes=30)),
        (404, "soon", None),
    ],
)
async def test_a_failure_is_named_and_says_when_to_come_back(
    server: FeedServer, status: int, header: str, wait: timedelta | None
) -> None:
    server.status, server.headers = status, {"Retry-After": header} if header else {}

    failed = await why(server.url)

    assert (failed.why, failed.retry_after) == (f"http-{status}", wait)


async def test_nobody_there_is_unreachable_and_turning_in_circles_ends(server: FeedServer) -> None:
    assert (await why("http://127.0.0.1:9/")).why == "unreachable"

    server.status, server.headers = 302, {"Location": "/again"}
    assert (await why(server.url)).why == "redirects"
    assert len(server.asked) == 6


@pytest.fixture
def _only_one_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one address of this machine stand for the Internet; the others are inside, as they are."""
    for module in ("feed_address", "fetching"):
        monkeypatch.setattr(f"availability.{module}.is_public", lambda address: address == OUTSIDE)
    monkeypatch.setattr("availability.feed_address.PORTS", range(1, 65536))
    monkeypatch.setattr("availability.feed_address.SCHEMES", {"http": "http", "https": "https"})


@pytest.mark.usefixtures("_only_one_is_outside")
async def test_a_redirection_inside_is_refused_without_a_connection(server: FeedServer) -> None:
    async with serving_feeds(OUTSIDE) as outside:
        assert (await got(outside.url, reach=Reach())).data == ICS
        outside.status = 302
        for target in (server.url, f"http://localhost:{server.port}/", "file:///etc/passwd", "//127.0.0.1:1/"):
            outside.headers = {"Location": target}
            assert (await why(outside.url, Reach())).why == "inside", target

    assert server.asked == []


@pytest.mark.usefixtures("_only_one_is_outside")
@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside_is_refused_when_connecting(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        family = socket.AF_INET6 if ":" in inside else socket.AF_INET
        address = (inside, port, 0, 0) if ":" in inside else (inside, port)
        return [(family, socket.SOCK_STREAM, 6, "", address)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    assert (await why(f"http://agenda.example:{server.port}/", Reach())).why == "inside"
    assert server.asked == []
    if inside == "127.0.0.1":  # the control: the same name, followed by who may go inside
        assert (await got(f"http://agenda.example:{server.port}/")).data == ICS
