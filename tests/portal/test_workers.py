"""Two workers kept in step by a Redis: whoever comes back to the other one goes on, and both tell what changed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from availability.rights import Role
from benchmarks.live import redis_server
from booking.actions import cancel
from tests.booking.test_live_socket import BOOKINGS, BULK, LOGINS, act, shown, taken
from tests.served import Served, serving
from tests.socket_client import RawClient, changed

MOST_CLIENTS = 40  # whom the system deals between two workers, as it likes
LIST = "/reservations/?etat=a-venir"


def worker_of(client: RawClient) -> int | None:
    """Return the process that has the other end of a client's socket."""
    eio: Any = client._sio.eio
    mine = eio.ws._response.connection.transport.get_extra_info("sockname")[1]
    theirs = urlsplit(client.url).port
    ends = (theirs, mine)
    listed = psutil.net_connections("tcp")
    found = (one.pid for one in listed if one.raddr and (one.laddr.port, one.raddr.port) == ends)
    return next(found, None)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here: Debian's package of that name")
async def test_a_change_reaches_the_pages_of_both_workers_and_a_page_goes_on_with_the_other(
    served: Served, tmp_path: Path
) -> None:
    shutil.copy(served.data_dir / "secret_key", tmp_path)
    bookings = [await asyncio.to_thread(taken, served, after=60 + 3 * number) for number in range(2)]
    first, second = (str(one.id) for one in bookings)
    cookie = served.cookie_of(Role.PROBATION_OFFICER)
    tick = {"booking_id": first, "event": {"shift_key": False}}
    with redis_server() as address:
        settings = {"PLACEJUSTE_WORKERS": "2", "PLACEJUSTE_REDIS_URL": address}
        with serving(served.database_url, tmp_path, **settings) as pair:
            async with contextlib.AsyncExitStack() as stack:
                clients: dict[int | None, RawClient] = {}
                for _ in range(MOST_CLIENTS):
                    client = await stack.enter_async_context(RawClient(pair.url, cookie))
                    clients.setdefault(worker_of(client), client)
                    if len(clients) == 2:
                        break
                assert None not in clients
                one, other = clients.values()
                for client in (one, other):
                    await client.hydrate(LIST)
                await one.call(f"{BULK}.toggle", tick, path=LIST)
                for client in (one, other):
                    client.received = []
                await asyncio.to_thread(act, served, cancel, LOGINS[1], bookings[1].id)
                for client in (one, other):
                    assert second not in str(await shown(client, BOOKINGS, "rows"))

                left = worker_of(one)
                await one.close()
                for _ in range(MOST_CLIENTS):
                    await one.connect()
                    if worker_of(one) != left:
                        break
                    await one.close()
                unticked = await one.call(
                    f"{BULK}.toggle", {"booking_id": first, "event": {"shift_key": False}}, path=LIST
                )
                assert worker_of(one) not in (left, None)
    act(served, cancel, LOGINS[1], bookings[0].id)

    assert changed(unticked)[BULK]["selected"] == []  # it knew that the line was ticked
