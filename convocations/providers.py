"""Who takes messages away. Whatever is not certain is said to be unknown: nothing is sent twice on a guess."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from availability.errors import Outage

SCREEN = "screen"


class Rejected(Exception):  # noqa: N818 - an answer
    """The provider read the message and refuses it: to try again would change nothing. `code` is a failure."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotTaken(Outage):
    """The provider certainly has not taken the message: it may leave later."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Unknown(Outage):
    """Nobody knows whether the provider has taken the message, or the provider cannot be asked."""


class Provider(Protocol):
    """Takes a message to a phone. A request that has no answer ends by itself, well before the lease of its message."""

    name: str

    async def send(self, to: str, body: str) -> str:
        """Hand one message over and return its id there. Raises: Rejected, NotTaken, Unknown."""

    async def find(self, to: str, body: str, since: datetime) -> str | None:
        """Return the id of such a message taken since an instant of real time, None when there is none.

        Raises: Unknown, NotTaken when the provider cannot be asked.
        """

    async def close(self) -> None:
        """Let connections go."""


class OnScreen:
    """The outbox itself, where no provider is configured: messages are shown there, and nothing leaves."""

    name = SCREEN

    async def send(self, to: str, body: str) -> str:  # noqa: ARG002 - it goes nowhere
        """Return an id: the message is in the outbox already."""
        return f"screen-{uuid4().hex}"

    async def find(self, to: str, body: str, since: datetime) -> str | None:  # noqa: ARG002 - there is nothing to find
        """Return None: what was not marked is shown again, and nobody was disturbed."""
        return None

    async def close(self) -> None:
        """Return at once: nothing is open."""
