"""Messages leave: the elected process claims those that are due, hands them over and writes down what became of them.

Nothing of the network happens in a transaction. What stays unsettled, because a process died or no answer came, is
asked about once its lease has ended. See docs/decisions/0010-messages-leave-once.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import SQLAlchemyError

from booking.persons import LANGUAGES
from booking.phones import can_receive_sms
from booking.sealing import House
from convocations import delivery
from convocations.delivery import Outcome, Outgoing, failed, flagged, put_back, sent
from convocations.kinds import Failure, MessageState
from convocations.providers import SCREEN, NotTaken, OnScreen, Provider, Rejected, Unknown
from convocations.timing import Whereabouts, next_moment
from convocations.wording import page_words
from portal import clock, database
from portal.settings import secret_key, settings

logger = logging.getLogger(__name__)

SETTLE_TRIES = 5
SETTLE_AGAIN_S = 1.0

BECAME = Counter("placejuste_messages", "Messages handed over or asked about, by what became of them.", ["state"])
DELAY = Histogram(
    "placejuste_message_delay_seconds",
    "From when a message was due to when the provider had it.",
    buckets=(1, 2, 5, 15, 60, 300, 1800, 7200, 43200),
)
WAITING = Gauge(
    "placejuste_messages_waiting", "Messages due, or with a lease.", ["state"], multiprocess_mode="mostrecent"
)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long everything lasts. The lease is several times longer than a request may be: see decision 10."""

    every_s: float = 1.0
    timeout_s: float = 10.0  # of one request, whatever happens
    lease: timedelta = timedelta(seconds=60)
    ask_again: timedelta = timedelta(seconds=30)
    flag_after: timedelta = timedelta(minutes=5)
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(minutes=5)

    def wait(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts: twice as long each time."""
        return min(self.first_wait * 2.0 ** min(attempts - 1, 16), self.longest_wait)


PACE = Pace()


def provider_of(pace: Pace) -> Provider:
    """Return whoever takes messages away, as configured. To be called inside of an event loop."""
    configured = settings()
    if not configured.has_twilio or configured.twilio_auth_token is None:
        return OnScreen()
    from convocations.twilio_provider import Account, Twilio

    account = Account(
        sid=configured.twilio_account_sid,
        token=configured.twilio_auth_token.get_secret_value(),
        sender=configured.twilio_from,
        base_url=configured.twilio_base_url,
    )
    return Twilio(account, timeout_s=pace.timeout_s)


def make_ready() -> None:
    """Load what the first message needs: seconds that whoever takes over must not wait for."""
    if settings().has_twilio:
        import convocations.twilio_provider  # noqa: F401
    can_receive_sms("+33639980000")
    for language in LANGUAGES:
        page_words(language)
    next_moment(clock.now(), Whereabouts(ZoneInfo("Europe/Paris"), ""))


class Post:
    """The sender of one leader: opened when it is elected, closed when it is no longer."""

    def __init__(self, provider: Provider, pace: Pace = PACE) -> None:
        self._provider = provider
        self._pace = pace
        self._house = House(secret_key())
        self._round: asyncio.Task[None] | None = None
        self._is_closing = False
        self._refused = 0  # batches in a row that the provider did not take
        self._resumes_at = 0.0  # of the monotonic clock

    async def deliver(self) -> None:
        """Send everything that is due. A failure is for this time only."""
        self._round = asyncio.create_task(self._deliver())
        # Shielded: a scheduler that shuts down cancels its jobs, and what is being handed over must still be marked.
        await asyncio.shield(self._round)

    async def close(self) -> None:
        """Take nothing more, wait for what is being handed over, and let the provider go."""
        self._is_closing = True
        if self._round is not None:
            await asyncio.wait([self._round], timeout=self._pace.timeout_s + SETTLE_TRIES * SETTLE_AGAIN_S)
        await self._provider.close()

    async def _deliver(self) -> None:
        try:
            await self._ask_about_stale()
            while await self._send_batch():
                pass
            due, sending = await database.read(delivery.waiting, now=clock.now())
            WAITING.labels("due").set(due)
            WAITING.labels("sending").set(sending)
        except (SQLAlchemyError, RuntimeError) as error:
            logger.warning("messages interrupted: %s", type(error).__name__)
        except Exception:
            logger.exception("messages interrupted")

    async def _send_batch(self) -> bool:
        """Send what a claim takes, and say whether there may be more."""
        if self._is_closing or time.monotonic() < self._resumes_at:
            return False
        # The last moment to begin a request that is over well before the lease is.
        begun_by = time.monotonic() + self._pace.lease.total_seconds() - 2 * self._pace.timeout_s
        claimed = await database.act(
            delivery.claim_due,
            house=self._house,
            origin=settings().origin,
            provider=self._provider.name,
            now=clock.now(),
            lease=self._pace.lease,
        )
        outcomes = await asyncio.gather(*(self._send(message, begun_by) for message in claimed.outgoing))
        await self._settle(outcomes)
        self._note_refusals(outcomes)
        return claimed.seen == delivery.BATCH

    async def _send(self, message: Outgoing, begun_by: float) -> Outcome | None:
        """Return what became of a message, None when it is not known: it keeps its lease, and is asked about."""
        if time.monotonic() > begun_by:
            return None  # this process was stopped meanwhile: somebody else may be at it
        try:
            return sent(message, await self._provider.send(message.to, message.body), clock.now())
        except Rejected as refused:
            return failed(message, refused.code)
        except NotTaken as busy:
            wait = max(self._pace.wait(message.attempts), busy.retry_after or timedelta())
            return put_back(message, busy.code, clock.now() + wait)
        except Unknown:
            return None

    async def _ask_about_stale(self) -> None:
        stale = await database.act(delivery.stale, house=self._house, now=clock.now(), again=self._pace.ask_again)
        await self._settle(await asyncio.gather(*(self._ask(message) for message in stale)))

    async def _ask(self, message: Outgoing) -> Outcome | None:
        """Return what the provider says of a message that was maybe handed over, None to ask again later."""
        try:
            found = await self._found(message)
        except Rejected as refused:
            return failed(message, refused.code)
        except (Unknown, NotTaken):
            is_late = clock.now() - message.claimed_at >= self._pace.flag_after
            return flagged(message) if is_late else None
        if found:
            return sent(message, found, clock.now())
        return put_back(message, Failure.NOT_FOUND, clock.now() + self._pace.wait(message.attempts))

    async def _found(self, message: Outgoing) -> str | None:
        if message.provider not in (self._provider.name, SCREEN):
            raise Unknown("handed to a provider that is no longer configured")
        try:
            async with asyncio.timeout(self._pace.timeout_s):
                return await self._provider.find(message.to, message.body, clock.real(message.created_at))
        except TimeoutError as error:
            raise Unknown("no list in time") from error

    async def _settle(self, outcomes: Iterable[Outcome | None]) -> None:
        """Write down what is known, and try again when the database is away: the lease leaves time for it."""
        known = [outcome for outcome in outcomes if outcome is not None]
        if not known:
            return None
        for _ in range(SETTLE_TRIES - 1):
            with contextlib.suppress(SQLAlchemyError, RuntimeError):
                await database.act(delivery.settle, known, now=clock.now())
                return _count(known)
            await asyncio.sleep(SETTLE_AGAIN_S)
        await database.act(delivery.settle, known, now=clock.now())
        return _count(known)

    def _note_refusals(self, outcomes: Sequence[Outcome | None]) -> None:
        """Let a provider that takes nothing breathe, rather than claim all that is due to put it back."""
        back = [one for one in outcomes if one is not None and one.state is MessageState.PLANNED]
        self._refused = self._refused + 1 if back else 0
        if back:
            self._resumes_at = time.monotonic() + self._pace.wait(self._refused).total_seconds()
            logger.warning("%d messages were not taken: %s", len(back), back[0].failure)


def _count(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        BECAME.labels(outcome.state).inc()
        if outcome.sent_at is not None:
            DELAY.observe(max((outcome.sent_at - outcome.message.due_at).total_seconds(), 0))
    flags = sum(outcome.state is MessageState.FLAGGED for outcome in outcomes)
    if flags:
        logger.warning("%d messages are flagged: nobody knows whether they left", flags)
