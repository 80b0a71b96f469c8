"""Messages by Twilio: its own client on a transport of ours, that is bounded in time and says what is certain.

The transport that comes with the library ignores its timeout, drops Retry-After, and logs the numbers written to.
Source: Twilio, Messages resource (2010-04-01); its errors are in `codes.py`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any
from urllib.parse import urlencode

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from convocations.codes import CODES, TWILIO, Ending, worth_of
from convocations.kinds import Failure
from convocations.providers import Handed, NotTaken, Rejected, Unknown, seconds_of

TIMEOUT_S = 10.0
CONNECT_S = 5.0
IN_FLIGHT = 300  # connections: those that answer, and those of which nothing is heard
MOST_READ = 1000  # messages to one number
CLOCKS_DIFFER = timedelta(minutes=1)
SERVICE = re.compile(r"MG[0-9a-f]{32}", re.IGNORECASE)
MISCONFIGURED = (401, 403, 404)  # the account is wrong, not the message: it leaves once that is mended
LOST = frozenset({"failed", "canceled", "undelivered"})


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whose account sends, and as whom: a number, a name, or the SID of a messaging service."""

    sid: str
    token: str = field(repr=False)
    sender: str
    base_url: str = "https://api.twilio.com"
    can_receive: bool = False  # its answers come to us
    receipts_url: str = ""  # where it says what became of each message; empty: it does not


class Twilio:
    """Sends by an account of Twilio. To be made inside of an event loop, and closed."""

    name = TWILIO

    def __init__(self, account: Account, *, timeout_s: float = TIMEOUT_S) -> None:
        self.can_receive = account.can_receive
        self._http = _Transport(timeout_s)
        # An explicit environment: TWILIO_EDGE or TWILIO_REGION would send elsewhere than the settings say.
        client = Client(account.sid, account.token, http_client=self._http, environment={"TWILIO_EDGE": ""})
        client.api.base_url = account.base_url
        self._messages = client.messages
        self._options = {"messaging_service_sid" if SERVICE.fullmatch(account.sender) else "from_": account.sender}
        if account.receipts_url:
            self._options["status_callback"] = account.receipts_url

    async def send(self, handed: Handed) -> str:
        """Hand one message over and return its SID. Raises: Rejected, NotTaken, Unknown."""
        # The text is kept as it is, so that it can be found again.
        try:
            taken = await self._messages.create_async(
                to=handed.to, body=handed.body, smart_encoded=False, **self._options
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise _answered(error) from error
        except (TwilioException, ValueError, KeyError) as error:
            raise Unknown("unreadable answer") from error
        if not taken.sid:
            raise Unknown("no id")
        return str(taken.sid)

    async def find(self, handed: Handed, since: datetime) -> str | None:
        """Return the SID of such a message taken since an instant, None when there is none.

        The list is asked for by number only: a message that waits at the provider has no date sent to filter on.
        Raises: Unknown, NotTaken when Twilio cannot be asked, Rejected when it took the message and gave up.
        """
        try:
            found = await self._messages.list_async(to=handed.to, limit=MOST_READ, page_size=100)
        except (TwilioException, ValueError, KeyError) as error:
            raise Unknown("unreadable list") from error
        recent = [one for one in found if one.date_created and one.date_created >= since - CLOCKS_DIFFER]
        for one in recent:
            # A trial account writes a mention before the text.
            if _same(handed.body) in _same(one.body or ""):
                if one.status in LOST:
                    raise Rejected(worth_of(TWILIO, one.error_code).failure)
                return str(one.sid)
        if len(found) == MOST_READ or any(not one.body for one in recent):  # an account may have its texts redacted
            raise Unknown("not to be told apart")
        return None

    async def close(self) -> None:
        """Let connections go."""
        await self._http.close()


class _Transport(AsyncHttpClient):  # type: ignore[misc]
    """HTTP for Twilio's client: says what certainly did not arrive, and gives up in time."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(getLogger(__name__), is_async=True)
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s / 2))
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_options: object,
    ) -> Response:
        """Return an answer below 500. Raises: NotTaken, Unknown."""
        sent = dict(headers or {}) | (_authorization(auth) if auth else {})
        form = urlencode(data) if data else None  # a form of aiohttp's makes a writer of files each time
        try:
            async with self._session.request(
                method, url, params=params, data=form, headers=sent, allow_redirects=False
            ) as answer:
                content = await answer.text()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTaken(Failure.PROVIDER_DOWN) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unknown(type(error).__name__) from error
        if answer.status == 429:
            raise NotTaken(Failure.PROVIDER_BUSY, seconds_of(answer.headers.get("Retry-After", ""), datetime.now(UTC)))
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise Unknown(f"status {answer.status}")
        return Response(answer.status, content, answer.headers)

    async def close(self) -> None:
        """Let connections go."""
        await self._session.close()


def _answered(error: TwilioRestException | TwilioServiceException) -> Rejected | NotTaken:
    if error.status in MISCONFIGURED and error.code not in CODES[TWILIO]:
        return NotTaken(Failure.PROVIDER_DOWN)
    worth = worth_of(TWILIO, error.code)
    if worth.ending is Ending.TEMPORARY:
        return NotTaken(worth.failure)
    return Rejected(worth.failure, is_elsewhere=worth.ending is Ending.ELSEWHERE)


def _same(body: str) -> str:
    return " ".join(body.split())


def _authorization(auth: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}
