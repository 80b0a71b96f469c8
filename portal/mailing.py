"""E-mails to hosts leave: the elected process claims those that are due, hands them over, and writes down what became
of them. Nothing of the network happens in a transaction. See docs/decisions/0025-hosts-decide.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter

from availability.sealing import House
from booking import mail_delivery
from booking.hosting_models import MailState
from booking.mail import MailFailure
from booking.mail_delivery import BATCH, SCREEN, MailOutcome, OutgoingMail
from booking.pages.mail_words import write
from booking.smtp import MailServer, NotTaken, Rejected, Unknown, hand_over, message_of, server_from
from portal import clock, database
from portal.rounds import Circuit, Rhythm, Rounds
from portal.settings import secret_key, settings

logger = logging.getLogger(__name__)

SMTP = "smtp"
MOST_FAILURES = 3  # in a row; then the server is left to breathe
BECAME = Counter("placejuste_mails", "E-mails handed over, by what became of them.", ["state"])


@dataclass(frozen=True, kw_only=True)
class MailPace(Rhythm):
    """How long everything lasts: servers slow down those whom they do not know."""

    every_s: float = 2.0
    timeout_s: float = 30.0
    lease: timedelta = timedelta(seconds=120)
    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(minutes=30)


MAIL_PACE = MailPace()


def configured_server() -> MailServer | None:
    """Return the server of the settings; None when e-mails stay on the screen."""
    url = settings().smtp_url
    return server_from(url.get_secret_value(), settings().mail_from) if url is not None else None


class MailPost(Rounds[OutgoingMail, MailOutcome]):
    """The sender of e-mails."""

    noun = "e-mails"
    most_slow, ahead = 0, 0  # what a killed process had claimed is flagged: never more than a few

    def __init__(self, pace: MailPace = MAIL_PACE) -> None:
        super().__init__(pace, BATCH)
        self._server = configured_server()
        self._house = House(secret_key())
        self._circuit = Circuit(MOST_FAILURES, pace.wait)

    async def prepare(self) -> Sequence[Coroutine[None, None, MailOutcome | None]]:
        """Flag those whose lease is over: nobody can be asked."""
        if flags := await database.act(mail_delivery.flag_stale, now=clock.now()):
            logger.warning("%d e-mails are flagged: nobody knows whether they left", flags)
            BECAME.labels(MailState.FLAGGED).inc(flags)
        return ()

    async def claim(self, most: int) -> tuple[Sequence[OutgoingMail], bool]:
        """Return the e-mails whose turn has come; on the screen, they have left by then."""
        if self._circuit.rests:
            return [], False
        limit = 1 if self._circuit.is_doubtful else most
        claimed = await database.act(
            mail_delivery.claim_due,
            house=self._house,
            origin=settings().origin,
            write=write,
            now=clock.now(),
            lease=self._rhythm.lease,
            provider=SMTP if self._server else SCREEN,
            limit=limit,
        )
        if claimed.outgoing:
            self._circuit.handed()
        return claimed.outgoing, claimed.seen == limit

    async def send(self, one: OutgoingMail, begun_by: float) -> MailOutcome | None:
        """Return what became of an e-mail, None when it is not known: it keeps its lease, and is flagged after it."""
        if self._server is None or time.monotonic() > begun_by:
            self._circuit.failed()
            return None
        try:
            message = message_of(
                one.id,
                sender=self._server.sender,
                recipient=one.recipient,
                subject=one.written.subject,
                body=one.written.body,
                at=clock.real(one.claimed_at),
            )
            await hand_over(self._server, message, one.recipient, timeout_s=self._rhythm.timeout_s)
        except Rejected as refused:
            self._circuit.took()
            return MailOutcome(mail=one, state=MailState.FAILED, failure=refused.code)
        except NotTaken as busy:
            self._circuit.failed()
            return self._put_back(one, busy.code)
        except Unknown:
            self._circuit.failed()
            return None
        except ValueError:
            self._circuit.took()
            return MailOutcome(mail=one, state=MailState.FAILED, failure=MailFailure.UNWRITABLE)
        self._circuit.took()
        return MailOutcome(mail=one, state=MailState.SENT, sent_at=clock.now())

    async def write(self, outcomes: Sequence[MailOutcome]) -> None:
        """Write down what became of e-mails."""
        await database.act(mail_delivery.settle, outcomes)
        for one in outcomes:
            BECAME.labels(one.state).inc()

    def _put_back(self, mail: OutgoingMail, code: str) -> MailOutcome:
        """Return that it leaves later, as long as that is of use: a person sees what never left."""
        due_at = clock.now() + self._rhythm.wait(mail.attempts)
        if due_at >= mail.useful_until:
            return MailOutcome(mail=mail, state=MailState.FAILED, failure=code)
        return MailOutcome(mail=mail, state=MailState.PLANNED, failure=code, due_at=due_at)
