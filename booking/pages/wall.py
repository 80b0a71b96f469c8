"""The wall screens of a court, `/affichage/{court}`: a page that renews itself, and the same as JSON.

The token in the address is the right to see what one screen shows. Reading changes nothing that others see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from availability.errors import NotFound
from availability.sealing import House
from booking.pages.wall_page import etag_of, feed_of, gone_html, wall_headers, wall_html
from booking.screens import DayShown, note_seen, screen_named, shown_on
from portal import throttle
from portal.clock import now
from portal.database import act, read
from portal.policy import public
from portal.settings import secret_key, settings

HEADERS = wall_headers()
GONE = "Cet écran n’affiche plus rien : demandez sa nouvelle adresse au greffe."
UNKNOWN = "Cette adresse n’est pas celle d’un écran. Copiez-la depuis PlaceJuste, page Affichage."
WAIT = "Trop de demandes : l’affichage reprendra dans une minute."
WAIT_S = 60

router = APIRouter(include_in_schema=False, dependencies=[public()])


@dataclass(frozen=True)
class Said:
    """What is answered instead of a screen."""

    status: int
    words: str


async def shown_for(request: Request, court: str, ecran: str = "") -> DayShown | Said:
    """Return what the screen of this address shows. A false token costs no query."""
    name = screen_named(ecran, House(secret_key()))
    if name is None:
        guesser = throttle.client_address(request)
        is_patient = await throttle.is_within(settings().link_guesses, "screen-guess", guesser)
        return Said(404, UNKNOWN) if is_patient else Said(429, WAIT)
    try:
        shown = await read(shown_on, name, house=House(secret_key()), now=now())
    except NotFound:
        return Said(410, GONE)
    if shown.court_code != court:
        return Said(404, UNKNOWN)
    await act(note_seen, name, now=now())
    return shown


Asked = Annotated[DayShown | Said, Depends(shown_for)]


@router.api_route("/affichage/{court}.json", methods=["GET", "HEAD"])
async def feed(asked: Asked) -> Response:
    """Return what a screen shows, for another program."""
    if isinstance(asked, Said):
        return JSONResponse({"error": asked.words}, asked.status, headers=_waiting(asked))
    return JSONResponse(feed_of(asked), headers=HEADERS)


@router.api_route("/affichage/{court}", methods=["GET", "HEAD"])
async def wall(request: Request, asked: Asked) -> Response:
    """Return the page of a screen, or that nothing changed since what it has."""
    if isinstance(asked, Said):
        return HTMLResponse(gone_html(asked.words), asked.status, headers=_waiting(asked))
    etag = etag_of(asked)
    headers = HEADERS | {"ETag": etag}
    if etag in (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(wall_html(asked), headers=headers)


def _waiting(said: Said) -> dict[str, str]:
    return HEADERS | ({"Retry-After": str(WAIT_S)} if said.status == 429 else {})
