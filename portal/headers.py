"""What every answer carries: security headers, cache rules, and a measure of how long it took."""

from __future__ import annotations

import time

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No 'unsafe-eval'. 'unsafe-inline': Reflex starts with an inline script, and its styles are inline (emotion).
CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' ws: wss:",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
SECURITY = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
IMMUTABLE = b"public, max-age=31536000, immutable"  # /assets/: the name holds a hash of the content
DAY = b"public, max-age=86400"  # /dsfr/: changes with a release only
REVALIDATE = b"no-cache"

DURATION = Histogram("placejuste_http_seconds", "Time to the first byte of an answer.", ["area", "method", "status"])
AREAS = ("assets", "dsfr", "api", "auth", "r", "d", "ical")


class SecurityHeaders:
    """ASGI wrapper that adds the headers to every HTTP answer and measures it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the wrapped application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = completed(scope["path"], message["status"], message.get("headers", []))
                labels = (_area(scope["path"]), scope["method"], str(message["status"]))
                DURATION.labels(*labels).observe(time.perf_counter() - started)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def completed(path: str, status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with the security and cache headers that it does not set itself."""
    present = {name.lower() for name, _ in headers}
    added = [one for one in SECURITY if one[0] not in present]
    if b"cache-control" not in present:
        added.append((b"cache-control", _cache_rule(path, status)))
    return [*headers, *added]


def _cache_rule(path: str, status: int) -> bytes:
    if status in (200, 304) and path.startswith("/assets/"):
        return IMMUTABLE
    if status in (200, 304) and path.startswith("/dsfr/"):
        return DAY
    return REVALIDATE


def _area(path: str) -> str:
    first = path.split("/", 2)[1]
    return first if first in AREAS else "pages"
