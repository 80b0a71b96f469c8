"""What plain pages share, those of links: a style named by its digest, no script, forms read by hand."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from portal.settings import settings
from portal.ui.html import Html

FORM_BYTES = 2000
FORM_FIELDS = 8

logger = logging.getLogger(__name__)


class BadForm(Exception):  # noqa: N818 - an answer, as a refusal is
    """A form that no page of ours sends."""


def plain_style(*more: Path) -> Html:
    """Return the style of plain pages, and what a page adds to it, on one line."""
    sheets = (Path(__file__).with_name("plain.css"), *more)
    return Html("".join(line for sheet in sheets for line in sheet.read_text().splitlines()))


def plain_headers(style: Html) -> dict[str, str]:
    """Return the headers of a plain page: nothing but its one style may be laid on it, and no script may run."""
    policy = (
        "default-src 'none'",
        "script-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }


def told_by(answer: Callable[[Request], Response]) -> type[APIRoute]:
    """Return routes whose failures `answer` tells: the application's page of errors asks for files of others."""

    class PlainRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def told(request: Request) -> Response:
                try:
                    return await handle(request)
                except Exception as error:
                    logger.error("failure on %s of a link", request.method, exc_info=error)
                    return answer(request)

            return told

    return PlainRoute


def is_foreign(request: Request) -> bool:
    """Say whether another site posts a form. Our plain pages send no referrer, and their forms therefore say "null"."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return True
    origin = request.headers.get("origin", "null")
    return origin not in ("null", *settings().origins)


async def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, each once. Raises: BadForm when it is none of ours."""
    body = b""
    chunks: AsyncIterator[bytes] = request.stream()
    async for chunk in chunks:
        body += chunk
        if len(body) > FORM_BYTES:
            raise BadForm
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=FORM_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadForm from error
    return {name: values[0] for name, values in fields.items()}
