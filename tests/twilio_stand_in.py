"""A stand-in of Twilio: a real HTTP server in a process of its own, that answers as Twilio does and keeps what it took.

Two ports: the API, that can be down, and the control of what it does next.
Source of the formats: Twilio, Messages resource, 2010-04-01.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiohttp import web

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
    "list_status": 0, "down": False,
}  # fmt: skip


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    url: str
    control: str

    def does(self, **switches: Any) -> None:
        """Change what it does: `delay_s`, `status` and `code` of the answers, `hang` the next so many after taking
        them, `times` how many answers are changed, `retry_after`, `redact`, `down`, `forget` what it has."""
        httpx.post(f"{self.control}/switches", json=switches, timeout=10).raise_for_status()

    def received(self) -> list[dict[str, Any]]:
        """Return every message that it took, in order."""
        messages: list[dict[str, Any]] = httpx.get(f"{self.control}/received", timeout=30).json()
        return messages

    def asked(self) -> int:
        """Return how many requests came, whatever became of them."""
        return int(httpx.get(f"{self.control}/asked", timeout=10).text)


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
        self.requests = 0
        self.switches: dict[str, Any] = {}
        self.runner: web.AppRunner | None = None
        self.port = 0

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
            self.messages, self.requests = [], 0
        is_down = self.switches.pop("down", None)
        if is_down is True:
            await self.down()
        elif is_down is False and self.runner is None:
            await self.up()
        return web.Response()

    async def create(self, request: web.Request) -> web.Response:
        self.requests += 1
        form = await request.post()
        await asyncio.sleep(self.switches.get("delay_s", 0))
        if not _is_allowed(request):
            return _error(401, 20003)
        if self._is_changed():
            return _error(self.switches["status"], self.switches.get("code", 0), self.switches.get("retry_after"))
        self.messages.append(message := _message(form))
        if self.switches.get("hang", 0) > 0:
            self.switches["hang"] -= 1
            await asyncio.sleep(3600)
        return web.json_response(message, status=201)

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
        kept = [one for one in reversed(self.messages) if _is_asked(one, asked)]
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
