"""Messages leave: the elected process claims those that are due, hands them over and writes down what became of them.

Nothing of the network happens in a transaction. What stays unsettled, because a process died or no answer came, is
asked about once its lease has ended. See docs/decisions/0010-messages-leave-once.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from prometheus_client import Counter, Gauge, Histogram

from availability.sealing import House
from booking.persons import LANGUAGES
from booking.phones import can_receive_sms
from convocations import delivery, host_sms, receipts
from convocations.codes import GENERIC, TWILIO
from convocations.delivery import Outcome, Outgoing, failed, flagged, put_back, sent
from convocations.kinds import Failure, MessageState
from convocations.providers import SCREEN, NotTaken, OnScreen, Provider, Rejected, Unknown
from convocations.receipts import GENERIC_RECEIPTS, RECEIPTS, apply_receipts
from convocations.routes import Routes, read_prices
from convocations.timing import Whereabouts, next_moment
from convocations.wording import page_words
from portal import clock, database
from portal.rounds import Circuit, Rhythm, Rounds, Turns
from portal.settings import secret_key, settings

logger = logging.getLogger(__name__)

IN_FLIGHT = 64  # what one sender keeps busy; more would only leave more in doubt when it is killed

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
class Pace(Rhythm):
    """How long everything lasts: see decision 10."""

    every_s: float = 1.0
    timeout_s: float = 10.0
    lease: timedelta = timedelta(seconds=60)
    ask_again: timedelta = timedelta(seconds=30)
    flag_after: timedelta = timedelta(minutes=5)
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(minutes=5)


PACE = Pace()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A provider, whether it is tried, and how fast."""

    provider: Provider
    circuit: Circuit
    turns: Turns


def providers_of(pace: Pace) -> list[Provider]:
    """Return those who take messages away, as configured, the first preferred. To be called inside of an event loop."""
    configured = settings()
    found: list[Provider] = []
    if configured.has_twilio and configured.twilio_auth_token is not None:
        from convocations.twilio_provider import Account, Twilio

        account = Account(
            sid=configured.twilio_account_sid,
            token=configured.twilio_auth_token.get_secret_value(),
            sender=configured.twilio_from,
            base_url=configured.twilio_base_url,
            can_receive=configured.can_answer,
            receipts_url=_told_at(RECEIPTS),
        )
        found.append(Twilio(account, timeout_s=pace.timeout_s))
    if configured.sms2_url and configured.sms2_token is not None:
        from convocations.generic_provider import Generic, GenericAccount

        second = GenericAccount(
            url=configured.sms2_url,
            token=configured.sms2_token.get_secret_value(),
            sender=configured.sms2_from,
            receipts_url=_told_at(GENERIC_RECEIPTS) if configured.sms2_secret else "",
        )
        found.append(Generic(second, timeout_s=pace.timeout_s))
    return found or [OnScreen()]


def _told_at(path: str) -> str:
    """Return where a provider says what becomes of messages: an address that only this machine knows tells nothing."""
    return f"{settings().origin}{path}" if settings().public_url else ""


def make_ready() -> None:
    """Load what the first message needs: seconds that whoever takes over must not wait for."""
    if settings().has_twilio:
        import convocations.twilio_provider
    if settings().sms2_url:
        import convocations.generic_provider  # noqa: F401
    can_receive_sms("+33639980000")
    for language in LANGUAGES:
        page_words(language)
    next_moment(clock.now(), Whereabouts(ZoneInfo("Europe/Paris"), ""))


class Post(Rounds[Outgoing, Outcome]):
    """The sender of messages."""

    noun = "messages"

    def __init__(self, providers: Sequence[Provider], pace: Pace = PACE) -> None:
        super().__init__(pace, IN_FLIGHT)
        self._pace = pace
        self._house = House(secret_key())
        most = settings().sms_failures
        paces = {TWILIO: settings().twilio_per_second, GENERIC: settings().sms2_per_second}
        self._lines = {
            one.name: Line(provider=one, circuit=Circuit(most, pace.wait), turns=Turns(paces.get(one.name, 0)))
            for one in providers
        }
        self._answering = frozenset(one.name for one in providers if one.can_receive)
        self._prices = read_prices(settings().sms_prices)

    async def close(self) -> None:
        """Take nothing more, wait for what is being handed over, and let the providers go."""
        await super().close()
        for line in self._lines.values():
            await line.provider.close()

    async def prepare(self) -> Sequence[Coroutine[None, None, Outcome | None]]:
        """Apply what providers said, ask about what is not known, and count what waits."""
        try:
            while await database.act(apply_receipts, now=clock.now()) == receipts.BATCH:
                pass
        except Exception:  # one that cannot be applied must not keep messages from leaving
            logger.exception("receipts could not be applied")
        due, sending = await database.read(delivery.waiting, now=clock.now())
        WAITING.labels("due").set(due)
        WAITING.labels("sending").set(sending)
        stale = await database.act(host_sms.stale_all, house=self._house, now=clock.now(), again=self._pace.ask_again)
        return [self._ask(message) for message in stale]

    async def claim(self, most: int) -> tuple[Sequence[Outgoing], bool]:
        """Return the messages whose turn has come, each with who takes it: the first provider that does not rest."""
        usable = [name for name, line in self._lines.items() if not line.circuit.rests]
        if not usable:
            return [], False
        first = self._lines[usable[0]]
        limit = 1 if first.circuit.is_doubtful else min(most, first.turns.most)
        if limit == 0:  # enough of them wait for their turn
            return [], False
        claimed = await database.act(
            host_sms.claim_all,
            house=self._house,
            origin=settings().origin,
            routes=Routes(
                usable=tuple(usable),
                resting=tuple(name for name in self._lines if name not in usable),
                answering=self._answering,
                prices=self._prices,
            ),
            now=clock.now(),
            lease=self._pace.lease,
            limit=limit,
        )
        for name in {one.provider for one in claimed.outgoing}:
            self._lines[name].circuit.handed()
        return claimed.outgoing, claimed.seen == limit

    async def send(self, one: Outgoing, begun_by: float) -> Outcome | None:
        """Return what became of a message, None when it is not known: it keeps its lease, and is asked about.

        Whatever is not known stays with its provider: only what one surely refused is handed to another.
        """
        line = self._lines[one.provider]
        await line.turns.wait()
        if time.monotonic() > begun_by:
            line.circuit.failed()
            return None  # this process was stopped meanwhile: somebody else may be at it
        try:
            taken = sent(one, await line.provider.send(one.handed), clock.now())
        except Rejected as refused:
            line.circuit.took()
            if refused.is_elsewhere and len(self._lines) > 1:
                return put_back(one, refused.code, clock.now(), refused_by=one.provider)
            return failed(one, refused.code)
        except NotTaken as busy:
            line.circuit.failed(busy.retry_after)
            return put_back(one, busy.code, clock.now() + self._again_in(one, busy))
        except Unknown:
            line.circuit.failed()
            return None
        line.circuit.took()
        return taken

    def _again_in(self, one: Outgoing, busy: NotTaken) -> timedelta:
        """Return when a message that was not taken leaves again: at once, when another takes it."""
        is_resting = self._lines[one.provider].circuit.rests
        if is_resting and any(not line.circuit.rests for line in self._lines.values()):
            return timedelta()
        return max(self._pace.wait(one.attempts), busy.retry_after or timedelta())

    async def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of messages."""
        await database.act(delivery.settle, outcomes, now=clock.now())
        _count(outcomes)

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
        if message.provider == SCREEN:
            return None  # nobody was disturbed
        if message.provider not in self._lines:
            raise Unknown("handed to a provider that is no longer configured")
        try:
            async with asyncio.timeout(self._pace.timeout_s):
                provider = self._lines[message.provider].provider
                return await provider.find(message.handed, clock.real(message.created_at))
        except TimeoutError as error:
            raise Unknown("no list in time") from error


def _count(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        BECAME.labels(outcome.state).inc()
        if outcome.sent_at is not None:
            DELAY.observe(max((outcome.sent_at - outcome.message.due_at).total_seconds(), 0))
    flags = sum(outcome.state is MessageState.FLAGGED for outcome in outcomes)
    if flags:
        logger.warning("%d messages are flagged: nobody knows whether they left", flags)
