"""A real SMTP server on this machine, that keeps what it takes and may be slow, refuse, or cut the line."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT = (b"compte@fictif", b"se/cret")


@dataclass
class Post:
    """What the server does with the next e-mails, and what it took. `hang` so many after taking them."""

    delay_s: float = 0
    hang: int = 0
    to_rcpt: str = ""  # an answer to RCPT, such as "450 later"
    to_text: str = ""  # an answer to the text
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    users: list[str] = field(default_factory=list)  # who signed in, of COMPTE only
    was_encrypted: list[bool] = field(default_factory=list)
    url: str = ""

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: object
    ) -> AuthResult:
        """Know one account."""
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=(data.login, data.password) == ACCOUNT, handled=False)

    async def handle_RCPT(  # noqa: N802 - the names of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_rcpt:
            return self.to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay_s)
        if self.to_text:
            return self.to_text
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        self.was_encrypted.append(session.ssl is not None or self.url.startswith("smtps"))
        self.taken.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        if self.hang:
            self.hang -= 1
            await asyncio.sleep(30)
        return "250 OK"


@contextlib.contextmanager
def mail_server(context: ssl.SSLContext | None = None, *, is_tls: bool = False) -> Iterator[Post]:
    """Run a server until the end of the block; with a certificate, encrypted from the first byte or by STARTTLS."""
    post, loop = Post(), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_serve(post, loop, context, is_tls), loop).result(20)
        host, port = server.sockets[0].getsockname()[:2]
        post.url = f"{'smtps' if is_tls else 'smtp'}://{host}:{port}"
        yield post
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(
    post: Post, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext | None, is_tls: bool
) -> asyncio.Server:
    def protocol() -> SMTP:
        secure = {"tls_context": None if is_tls else context, "authenticator": post.authenticate} if context else {}
        return SMTP(post, hostname="fictif.example", loop=loop, auth_require_tls=not is_tls, **secure)

    return await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if is_tls else None)


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
