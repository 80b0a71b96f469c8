"""Who takes messages away. Whatever is not certain is said to be unknown: nothing is sent twice on a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol
from uuid import uuid4

from availability.errors import Outage

SCREEN = "screen"


class Rejected(Exception):  # noqa: N818 - an answer
    """The provider read the message and refuses it: to try again would change nothing. `code` is a failure.

    `is_elsewhere` when it is the account or the route that it refuses: another provider may take it.
    """

    def __init__(self, code: str, *, is_elsewhere: bool = False) -> None:
        super().__init__(code)
        self.code, self.is_elsewhere = code, is_elsewhere


class NotTaken(Outage):
    """The provider certainly has not taken the message: it may leave later."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Unknown(Outage):
    """Nobody knows whether the provider has taken the message, or the provider cannot be asked."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What is handed over: a number, a text, and `reference`, ours, of this attempt."""

    to: str = field(repr=False)
    body: str = field(repr=False)
    reference: str


class Provider(Protocol):
    """Takes a message to a phone. A request that has no answer ends by itself, well before the lease of its message."""

    name: str
    can_receive: bool  # people can answer to its sender, and we are told what they say

    async def send(self, handed: Handed) -> str:
        """Hand one message over and return its id there. Raises: Rejected, NotTaken, Unknown."""

    async def find(self, handed: Handed, since: datetime) -> str | None:
        """Return the id of such a message taken since an instant of real time, None when there is none.

        Raises: Unknown, NotTaken when the provider cannot be asked.
        """

    async def close(self) -> None:
        """Let connections go."""


class OnScreen:
    """The outbox itself, where no provider is configured: messages are shown there, and nothing leaves."""

    name = SCREEN
    can_receive = False

    async def send(self, handed: Handed) -> str:  # noqa: ARG002 - it goes nowhere
        """Return an id: the message is in the outbox already."""
        return f"screen-{uuid4().hex}"

    async def find(self, handed: Handed, since: datetime) -> str | None:  # noqa: ARG002 - there is nothing to find
        """Return None: what was not marked is shown again, and nobody was disturbed."""
        return None

    async def close(self) -> None:
        """Return at once: nothing is open."""


def seconds_of(retry_after: str, now: datetime) -> timedelta | None:
    """Return how long an answer says to wait, None when it does not say. Source: RFC 9110, section 10.2.3."""
    if re.fullmatch(r"[0-9]{1,5}", retry_after):
        return timedelta(seconds=int(retry_after))
    try:
        return max(parsedate_to_datetime(retry_after) - now, timedelta())
    except (ValueError, TypeError):
        return None
