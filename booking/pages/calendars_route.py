"""What calendars of elsewhere read, `/ical/{token}.ics`. The token is the right to read; reading changes nothing shown.

What is shown is what the account of the address may see at that moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlmodel import Session

from availability.calendars import feed_ics
from availability.errors import NotFound
from availability.rights import Actor
from availability.sealing import House
from booking.calendar_models import CalendarLink
from booking.calendar_out import account_of_link, note_reading, published
from booking.links import LinkName, read_token, token_of
from portal import throttle
from portal.clock import now
from portal.database import act, read
from portal.policy import actor_of_account, public
from portal.settings import secret_key, settings

router = APIRouter(include_in_schema=False, dependencies=[public()])

EVERY = timedelta(minutes=15)
WAIT_S = 600
HEADERS = {
    "Cache-Control": "private, no-cache",  # asked about each time, by its ETag
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
OVER = "Cette adresse ne donne plus rien. Créez-en une autre dans PlaceJuste, page Calendriers."


def link_address(link: CalendarLink) -> str:
    """Return the address that a calendar subscribes to."""
    return f"{settings().origin}/ical/{token_of(_key(), LinkName(link.id, link.version))}.ics"


@router.api_route("/ical/{token}.ics", methods=["GET", "HEAD"])
async def calendar(token: str, request: Request) -> Response:
    """Return the bookings that an address shows now."""
    name = read_token(_key(), token)
    if not await _is_within(name, request):
        return _said(429, "Trop de lectures : réessayez dans dix minutes.", {"Retry-After": str(WAIT_S)})
    if name is None:
        return _said(404, OVER)
    try:
        actor = await actor_of_account(await read(account_of_link, name))
        body = await read(_written, actor, name, now())
    except NotFound:
        return _said(410, OVER)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    if etag in (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=HEADERS | {"ETag": etag})
    if request.method == "GET" and actor is not None:
        await act(note_reading, actor, name, now=now())
    headers = HEADERS | {"ETag": etag, "Content-Disposition": 'inline; filename="placejuste.ics"'}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


async def _is_within(name: LinkName | None, request: Request) -> bool:
    """Count a reading. As for links of convocations, only false ones are counted by address."""
    if name is None:
        return await throttle.is_within(settings().link_guesses, "ical-guess", throttle.client_address(request))
    return await throttle.is_within(settings().calendar_requests, "ical", str(name.link_id))


def _written(session: Session, actor: Actor | None, name: LinkName, at: datetime) -> bytes:
    if actor is None:  # the account is closed
        raise NotFound(link_id=name.link_id)
    found = published(session, actor, name, now=at)
    return feed_ics(found.name, found.events, every=EVERY)


def _key() -> bytes:
    return House(secret_key()).derived("calendar-links")


def _said(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(words, status, headers=HEADERS | (headers or {}))
