"""Messages by any provider that speaks the small HTTP protocol of docs/sms-provider.md, asked by our own number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from convocations.codes import GENERIC, Ending, worth_of
from convocations.kinds import Failure
from convocations.providers import Handed, NotTaken, Rejected, Unknown, seconds_of

TIMEOUT_S = 10.0
CONNECT_S = 5.0
CONNECTIONS = 300
MISCONFIGURED = (401, 403, 405)
LOST = frozenset({"failed", "undelivered"})
NUMBER = re.compile(r"[\w.:-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class GenericAccount:
    """Where messages are handed over, with which secret, and as whom they leave."""

    url: str
    token: str = field(repr=False)
    sender: str = ""
    receipts_url: str = ""


class Generic:
    """Sends by the protocol. To be made inside of an event loop, and closed."""

    name = GENERIC
    can_receive = False

    def __init__(self, account: GenericAccount, *, timeout_s: float = TIMEOUT_S) -> None:
        self._account = account
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s / 2))
        self._session = aiohttp.ClientSession(
            timeout=timeout,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            headers={"Authorization": f"Bearer {account.token}"},
        )
        self._url = account.url.rstrip("/") + "/messages"

    async def send(self, handed: Handed) -> str:
        """Hand one message over and return its id there. Raises: Rejected, NotTaken, Unknown."""
        given = {"id": handed.reference, "to": handed.to, "text": handed.body}
        given |= {"from": self._account.sender} if self._account.sender else {}
        given |= {"receipts": self._account.receipts_url} if self._account.receipts_url else {}
        status, answer = await self._asked("POST", self._url, json=given)
        if status not in (200, 201, 202):
            raise _refused(status, answer)
        return _number(answer)

    async def find(self, handed: Handed, since: datetime) -> str | None:  # noqa: ARG002 - the number is enough
        """Return the id of a message taken under our number, None when none was.

        Raises: Unknown, NotTaken when it cannot be asked, Rejected when it took the message and gave up.
        """
        status, answer = await self._asked("GET", f"{self._url}/{handed.reference}")
        if status == 404 and answer.get("error") == "unknown-message":
            return None
        if status != 200:
            raise Unknown(f"status {status}")
        if answer.get("status") in LOST:
            raise Rejected(worth_of(GENERIC, _code(answer)).failure)
        return _number(answer)

    async def close(self) -> None:
        """Let connections go."""
        await self._session.close()

    async def _asked(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Return the status and what was answered, below 500. Raises: NotTaken, Unknown."""
        try:
            async with self._session.request(method, url, allow_redirects=False, **options) as answer:
                status, wait = answer.status, seconds_of(answer.headers.get("Retry-After", ""), datetime.now(UTC))
                said = await answer.json(content_type=None) if status < 500 and status != 429 else {}
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTaken(Failure.PROVIDER_DOWN) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unknown(type(error).__name__) from error
        if status == 429:
            raise NotTaken(Failure.PROVIDER_BUSY, wait)
        if status >= 500 or 300 <= status < 400:
            raise Unknown(f"status {status}")
        return status, said if isinstance(said, dict) else {}


def _refused(status: int, answer: dict[str, Any]) -> Rejected | NotTaken:
    if status in MISCONFIGURED or (status == 404 and not answer):
        return NotTaken(Failure.PROVIDER_DOWN)
    worth = worth_of(GENERIC, _code(answer))
    if worth.ending is Ending.TEMPORARY:
        return NotTaken(worth.failure)
    return Rejected(worth.failure, is_elsewhere=worth.ending is Ending.ELSEWHERE)


def _code(answer: dict[str, Any]) -> int:
    code = answer.get("code")
    return code if isinstance(code, int) and 0 <= code < 10**8 else 0


def _number(answer: dict[str, Any]) -> str:
    number = str(answer.get("id", ""))
    if not NUMBER.fullmatch(number):
        raise Unknown("no id")
    return number
