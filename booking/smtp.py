"""E-mails handed to a server: one connection each, and what its answers are worth.

Certainly not taken: refused before the text was sent, or answered 4xx; it leaves later. Refused for good: 5xx. Cut off
while the text was being sent: unknown. Source: RFC 5321, section 4.2.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from booking.mailbox import is_address

NAME = "PlaceJuste"
PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotTaken(Exception):  # noqa: N818 - an answer
    """The server certainly does not have it: it may leave later."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Rejected(NotTaken):
    """The server will never take it."""


class Unknown(Exception):  # noqa: N818
    """Nobody knows whether the server has it."""


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where e-mails are handed over, and from whom they are."""

    host: str
    port: int
    is_tls: bool  # from the first byte
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def server_from(url: str, sender: str) -> MailServer:
    """Return the server that a setting names: smtp://user:password@host:587, smtps://host. Raises: ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("smtp://host:587 or smtps://host:465 is expected")
    if not is_address(sender):
        raise ValueError("one address is expected as the sender")
    return MailServer(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def message_of(mail_id: UUID, *, sender: str, recipient: str, subject: str, body: str, at: datetime) -> EmailMessage:
    """Return the e-mail as it travels: its number is that of its row, so that one sent twice would be seen as one.

    A line break in a header is refused here, whatever let it come so far. Raises: ValueError.
    """
    message = EmailMessage(policy=SMTP)
    user, _, domain = sender.rpartition("@")
    message["From"] = Address(NAME, user, domain)
    message["To"] = Address("", *_halves(recipient))
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence is answered to us. Source: RFC 3834
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = "fr"
    return message


async def hand_over(server: MailServer, message: EmailMessage, recipient: str, *, timeout_s: float) -> None:
    """Hand an e-mail to the server. Raises: NotTaken, Rejected, Unknown."""
    is_under_way = False
    try:
        async with asyncio.timeout(timeout_s), _connected(server, timeout_s) as client:
            await client.mail(server.sender)
            await client.rcpt(recipient)
            is_under_way = True
            await client.data(bytes(message))
    except aiosmtplib.SMTPResponseException as answer:
        raise _worth(answer.code) from answer
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        if is_under_way:
            raise Unknown(type(error).__name__) from error
        raise NotTaken("smtp-untrusted" if _is_untrusted(error) else "smtp-unreachable") from error


@contextlib.asynccontextmanager
async def _connected(server: MailServer, timeout_s: float) -> AsyncIterator[aiosmtplib.SMTP]:
    """Give a connection, encrypted whenever the server can; a password travels in clear on this machine only."""
    client = aiosmtplib.SMTP(
        hostname=server.host, port=server.port, use_tls=server.is_tls, start_tls=None, timeout=timeout_s
    )
    await client.connect()
    try:
        if server.user:
            if client.get_transport_info("sslcontext") is None and server.host not in LOOPBACK:
                raise NotTaken("smtp-in-clear")
            await client.login(server.user, server.password)
        yield client
    finally:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=1)
        client.close()


def _is_untrusted(error: BaseException | None) -> bool:
    """Say whether the server did not prove who it is. SSL_CERT_FILE names the authority of an administration."""
    return error is not None and (isinstance(error, ssl.SSLError) or _is_untrusted(error.__cause__))


def _worth(code: int) -> NotTaken:
    """Return what an answer is worth; a refused account says nothing of the e-mail, which waits."""
    is_account = code in (530, 534, 535, 538)
    return Rejected(f"smtp-{code}") if code >= 500 and not is_account else NotTaken(f"smtp-{code}")


def _halves(address: str) -> tuple[str, str]:
    if not is_address(address):
        raise ValueError("not an address")
    user, _, domain = address.rpartition("@")
    return user, domain
