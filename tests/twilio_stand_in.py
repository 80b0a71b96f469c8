"""A stand-in of Twilio: a real HTTP server in a process of its own, that answers as Twilio does and keeps what it took.

Two ports: the API, that can be down, and the control of what it does next. It may also fail at random, and say what
becomes of messages, twice. On its control port it is a second provider too, by the protocol of docs/sms-provider.md.
Source of the formats: Twilio, Messages resource, 2010-04-01.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
from aiohttp import web
from twilio.request_validator import RequestValidator

DICE = Random(1)  # noqa: S311 - whatever happens to which message
ROOT = Path(__file__).resolve().parent.parent
SID, TOKEN = "AC" + "0" * 32, "a-fictional-token"
BASE = f"/2010-04-01/Accounts/{SID}/Messages.json"
ERRORS = {
    21610: "Attempt to send to unsubscribed recipient",
    21211: "Invalid 'To' Phone Number",
    21614: "'To' number is not a valid mobile number",
    21606: "The 'From' phone number provided is not a valid, SMS-capable phone number",
    20429: "Too Many Requests",
    20500: "Internal server error",
    20003: "Authenticate",
}
BEHAVING: dict[str, Any] = {
    "delay_s": 0, "status": 0, "code": 0, "hang": 0, "times": None, "retry_after": None, "redact": False,
    "list_status": 0, "down": False, "second_code": 0, "second_hang": 0, "hold_after": 0,
}  # fmt: skip


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    url: str
    control: str

    def does(self, **switches: Any) -> None:
        """Change what it does: `delay_s`, `status` and `code` of the answers, `hang` the next so many after taking
        them, `hold_after` so many requests the others until it is 0 again, `times` how many answers are changed,
        `retry_after`, `redact`, `down`, `forget` what it has."""
        httpx.post(f"{self.control}/switches", json=switches, timeout=10).raise_for_status()

    def received(self) -> list[dict[str, Any]]:
        """Return every message that it took, in order."""
        messages: list[dict[str, Any]] = httpx.get(f"{self.control}/received", timeout=30).json()
        return messages

    @property
    def second(self) -> str:
        """Return the address of the second provider."""
        return f"{self.control}/second"

    def received_by_second(self) -> list[dict[str, Any]]:
        """Return every message that the second provider took, in order."""
        messages: list[dict[str, Any]] = httpx.get(f"{self.control}/received-by-second", timeout=30).json()
        return messages

    def asked(self) -> int:
        """Return how many requests came, whatever became of them."""
        # Asked ten times a second: no certificates are read for it.
        return int(httpx.get(f"{self.control}/asked", timeout=10, verify=False).text)  # noqa: S501


@contextlib.contextmanager
def standing_in() -> Iterator[StandIn]:
    """Run a stand-in until the end of the block."""
    command = [sys.executable, "-m", "tests.twilio_stand_in"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            api, control = json.loads(process.stdout.readline())
            yield StandIn(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{control}")
        finally:
            process.kill()


class _Twilio:
    """What the process keeps and does."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.by_number: dict[str, list[dict[str, Any]]] = {}
        self.second: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.switches: dict[str, Any] = {}
        self.switched = asyncio.Condition()
        self.runner: web.AppRunner | None = None
        self.port = 0
        self.telling: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None

    async def up(self) -> None:
        app = web.Application()
        app.router.add_post(BASE, self.create)
        app.router.add_get(BASE, self.list)
        self.runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def down(self) -> None:
        if self.runner:
            await self.runner.cleanup()
            self.runner = None

    async def switch(self, request: web.Request) -> web.Response:
        self.switches |= await request.json()
        if self.switches.pop("forget", False):
            self.messages, self.second, self.by_number, self.requests = [], {}, {}, 0
        is_down = self.switches.pop("down", None)
        if is_down is True:
            await self.down()
        elif is_down is False and self.runner is None:
            await self.up()
        async with self.switched:
            self.switched.notify_all()
        return web.Response()

    async def create(self, request: web.Request) -> web.Response:
        self.requests += 1
        number, form = self.requests, await request.post()
        await asyncio.sleep(self.switches.get("delay_s", 0))
        if not _is_allowed(request):
            return _error(401, 20003)
        if DICE.random() < self.switches.get("fails", 0):
            return _error(*DICE.choice(((429, 20429), (503, 20500), (500, 20500))))
        if self._is_changed():
            return _error(self.switches["status"], self.switches.get("code", 0), self.switches.get("retry_after"))
        self.messages.append(message := _message(form))
        self.by_number.setdefault(message["to"], []).append(message)
        told_at = form.get("StatusCallback")
        if told_at and DICE.random() < self.switches.get("tells", 0):
            self.telling.append(asyncio.create_task(self._tell(str(told_at), message["sid"])))
        async with self.switched:
            await self.switched.wait_for(lambda: not 0 < self.switches.get("hold_after", 0) < number)
        if DICE.random() < self.switches.get("hangs", 0):
            await asyncio.sleep(3600)
        if self.switches.get("hang", 0) > 0:
            self.switches["hang"] -= 1
            await asyncio.sleep(3600)
        return web.json_response(message, status=201)

    async def _tell(self, url: str, sid: str) -> None:
        """Say that a phone has it, in two steps, the last one twice, maybe before the request was answered."""
        fields = {"MessageSid": sid, "SmsSid": sid, "AccountSid": SID, "MessageStatus": "sent"}
        for status in ("sent", "delivered", "delivered"):
            fields["MessageStatus"] = status
            signature = RequestValidator(TOKEN).compute_signature(url, fields)
            async with self.session() as session:
                await session.post(url, data=fields, headers={"X-Twilio-Signature": signature})

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=4))
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            yield self._session

    async def create_second(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "unauthorized"}, status=401)
        given = await request.json()
        if code := self.switches.get("second_code"):
            return web.json_response({"error": "refused", "code": code}, status=422)
        taken = self.second.setdefault(given["id"], given | {"number": uuid4().hex})
        if self.switches.get("second_hang", 0) > 0:
            self.switches["second_hang"] -= 1
            await asyncio.sleep(3600)
        return web.json_response({"id": taken["number"], "status": "accepted"}, status=201)

    async def show_second(self, request: web.Request) -> web.Response:
        taken = self.second.get(request.match_info["id"])
        if taken is None:
            return web.json_response({"error": "unknown-message"}, status=404)
        return web.json_response({"id": taken["number"], "status": "sent"})

    def _is_changed(self) -> bool:
        if not self.switches.get("status"):
            return False
        times = self.switches.get("times")
        if times is None:
            return True
        self.switches["times"] = max(times - 1, 0)
        return bool(times > 0)

    async def list(self, request: web.Request) -> web.Response:
        if not _is_allowed(request):
            return _error(401, 20003)
        if self.switches.get("list_status"):
            return _error(self.switches["list_status"], 20500)
        asked = request.query
        among = self.by_number.get(asked["To"], []) if "To" in asked else self.messages
        kept = [one for one in reversed(among) if _is_asked(one, asked)]
        size, page = int(asked.get("PageSize", 50)), int(asked.get("Page", 0))
        shown = kept[page * size : (page + 1) * size]
        if self.switches.get("redact"):
            shown = [one | {"body": ""} for one in shown]
        is_last = (page + 1) * size >= len(kept)
        query = {key: value for key, value in asked.items() if key not in ("Page", "PageToken")}
        following = request.rel_url.with_query(query | {"Page": str(page + 1), "PageToken": "PASM"})
        return web.json_response(
            {
                "first_page_uri": str(request.rel_url.with_query(query | {"Page": "0"})),
                "next_page_uri": None if is_last else str(following),
                "previous_page_uri": None,
                "uri": str(request.rel_url),
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "messages": shown,
            }
        )


def _is_allowed(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Basic {b64encode(f'{SID}:{TOKEN}'.encode()).decode()}"


def _is_asked(message: dict[str, Any], asked: Any) -> bool:
    day = message["_day"]
    return (
        asked.get("To") in (None, message["to"])
        and asked.get("DateSent") in (None, day)
        and asked.get("DateSent>", "") <= day <= asked.get("DateSent<", "9")
    )


def _error(status: int, code: int, retry_after: int | None = None) -> web.Response:
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": ERRORS.get(code, "Error"), "more_info": more_info, "status": status}
    return web.json_response(body, status=status, headers={"Retry-After": str(retry_after)} if retry_after else None)


def _message(form: Any) -> dict[str, Any]:
    now, sid = datetime.now(UTC), f"SM{uuid4().hex}"
    return {
        "account_sid": SID,
        "api_version": "2010-04-01",
        "body": form["Body"],
        "date_created": format_datetime(now),
        "date_sent": None,
        "date_updated": format_datetime(now),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{SID}/Messages/{sid}/Media.json"},
        "to": form["To"],
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json",
        "_day": str(now.date()),
    }


async def _serve() -> None:
    twilio = _Twilio()
    await twilio.up()
    control = web.Application(client_max_size=2**24)
    control.router.add_post("/switches", twilio.switch)
    control.router.add_get("/received", _answer(lambda: web.json_response(twilio.messages)))
    control.router.add_get("/asked", _answer(lambda: web.Response(text=str(twilio.requests))))
    control.router.add_get("/received-by-second", _answer(lambda: web.json_response(list(twilio.second.values()))))
    control.router.add_post("/second/messages", twilio.create_second)
    control.router.add_get("/second/messages/{id}", twilio.show_second)
    runner = web.AppRunner(control)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(json.dumps([twilio.port, runner.addresses[0][1]]) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _answer(make: Any) -> Any:
    async def handler(_request: web.Request) -> web.Response:
        response: web.Response = make()
        return response

    return handler


if __name__ == "__main__":
    asyncio.run(_serve())
