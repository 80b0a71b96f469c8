"""The link of an SMS, `/r/{token}`: plain pages for whoever holds it. Reading changes nothing; every act is a POST.

The token in the address is the right to act. No cookie goes with it, so another site has nothing of the visitor's to
act with: the origin is compared all the same, when a browser tells it. Ours sends no referrer, and its forms therefore
say "null"; old browsers say nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlmodel import Session

from availability.calendars import Event, Status, event_ics
from availability.claims import SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.periods import Period
from booking.errors import AlreadyDecided
from booking.links import LinkName, read_token
from booking.persons import LANGUAGES
from booking.sealing import House
from convocations.bearing import Bearer, bearer_of, cannot_come, choose, confirm_coming, resume_sms, stop_sms
from convocations.errors import AppointmentChanged, ConvocationOver, LinkExpired, LinkUnknown, TooManyActs
from convocations.link_view import LinkView, Stage, claims_for, link_view
from convocations.pages.link_page import CSP, INSTANT, ActName, Asked, Step, link_html, plain_html
from convocations.wording import FRENCH, PageWords, page_words, spoken
from portal import throttle
from portal.clock import now
from portal.database import act, read
from portal.policy import public
from portal.settings import secret_key, settings

FORM_BYTES = 2000
FORM_FIELDS = 8
APPOINTMENT = "Rendez-vous"  # of a calendar that others may see: no service, no reason
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}
WAIT_S = 600
START = re.compile(r"(\d{8}T\d{4}Z)\.(\d{1,18})", re.ASCII)

logger = logging.getLogger(__name__)


class PlainRoute(APIRoute):
    """A route whose failures are told as the link speaks: the application's page of errors asks for files of others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                logger.error("failure on %s of a link", request.method, exc_info=error)
                return _plain(500, language_of(request), page_words(language_of(request)).failed)

        return told


router = APIRouter(include_in_schema=False, dependencies=[public()], route_class=PlainRoute)


class BadForm(Exception):  # noqa: N818 - an answer, as a refusal is
    """A form that no page of ours sends."""


@dataclass(frozen=True)
class Wanted:
    """What a form asks for: an act, the start that its page showed, and for a choice the start and the place."""

    act: ActName
    seen: datetime | None = None
    start: datetime | None = None
    site_id: int = 0


@dataclass(frozen=True)
class Visit:
    """A request with a genuine link."""

    name: LinkName
    asked: Asked
    first: date | None


async def visit_of(request: Request, token: str) -> Visit | Response:
    """Return the visit that a request is, or the page that sends it away: a false token costs no query."""
    language = language_of(request)
    name = read_token(House(secret_key()).derived("links"), token)
    if name is None:
        # Only false tokens are counted by address: behind one address there may be thousands of phones, whose links
        # are good. They go on working while somebody there is guessing.
        if await throttle.is_within(settings().link_guesses, "link-guess", throttle.client_address(request)):
            return _plain(404, language, page_words(language).link_unknown)
        return _wait(language)
    if not await throttle.is_within(settings().link_requests, "link", str(name.link_id)):
        return _wait(language)
    asked = Asked(token, request.query_params.get("langue", ""), _step(request.query_params.get("etape", "")))
    return Visit(name, asked, _day(request.query_params.get("a-partir-de", "")))


Visiting = Annotated[Visit | Response, Depends(visit_of)]


@router.api_route("/r/{token}.ics", methods=["GET", "HEAD"])
async def calendar_file(visiting: Visiting, request: Request) -> Response:
    """Return the appointment as a file for calendars."""
    if isinstance(visiting, Response):
        return visiting
    try:
        number, view = await read(_seen, visiting, now())
    except (LinkUnknown, LinkExpired):
        return _gone(language_of(request))
    if view.appointment is None:
        return _plain(404, language_of(request), page_words(language_of(request)).choose_first)
    return Response(
        event_ics(event_of(view, number), now=now()),
        media_type="text/calendar; charset=utf-8",
        headers=HEADERS | {"Content-Disposition": 'attachment; filename="rendez-vous.ics"'},
    )


@router.api_route("/r/{token}", methods=["GET", "HEAD"])
async def show(visiting: Visiting, request: Request) -> Response:
    """Return the page of a link."""
    if isinstance(visiting, Response):
        return visiting
    return await _page(visiting, request)


@router.post("/r/{token}")
async def do(visiting: Visiting, request: Request) -> Response:
    """Do what a form asks for, then show the page by an address that can be loaded again without acting twice."""
    if isinstance(visiting, Response):
        return visiting
    if _is_foreign(request):
        return await _page(visiting, request, 403, lambda words: words.failed)
    try:
        wanted = wanted_of(await _form(request))
        await _do(visiting.name, wanted)
    except BadForm:
        return await _page(visiting, request, 400, lambda words: words.failed)
    except (LinkUnknown, LinkExpired):
        return _gone(language_of(request))
    except Refusal as refusal:
        status, said = answer_to(refusal)
        return await _page(_again(visiting, wanted), request, status, said)
    language = visiting.asked.language
    return RedirectResponse(
        f"/r/{visiting.asked.token}" + (f"?{urlencode({'langue': language})}" if language in LANGUAGES else ""),
        303,
        headers=HEADERS,
    )


def wanted_of(form: dict[str, str]) -> Wanted:
    """Return what a form asks for. Raises: BadForm."""
    if form.get("act") not in {one.value for one in ActName}:
        raise BadForm
    name = ActName(form["act"])
    seen = _instant(form["seen"]) if form.get("seen") else None
    if name not in (ActName.CHOOSE, ActName.MOVE):
        return Wanted(name, seen)
    found = START.fullmatch(form.get("start", ""))
    if found is None:
        raise BadForm
    return Wanted(name, seen, _instant(found[1]), int(found[2]))


def answer_to(refusal: Refusal) -> tuple[int, Callable[[PageWords], str]]:
    """Return the status of a refused act, and the sentence that says why."""
    match refusal:
        case PeriodTaken() | CapacityReached() | NotOpen() | InvalidRequest() | NotFound():
            return 409, lambda words: words.taken
        case AppointmentChanged() | AlreadyDecided():
            return 409, lambda words: words.changed
        case ConvocationOver() | NotAllowed():  # the rules of the service changed since
            return 409, lambda words: words.too_late
        case TooManyActs():  # the service gives another link, that may act again
            return 429, lambda words: f"{words.too_many} {words.link_expired}"
    raise refusal


def event_of(view: LinkView, number: str) -> Event:
    """Return the appointment as an event that gives nothing away: not even the link, which others could use.

    Its number is that of the convocation, so that an appointment chosen again replaces the one before.
    """
    if view.appointment is None:
        raise ValueError("nothing is set")
    is_on = view.stage in (Stage.COMING, Stage.PAST)
    return Event(
        uid=f"{number}@placejuste",
        summary=APPOINTMENT,
        location=view.appointment.place.address,
        when=Period(view.appointment.starts_at, view.appointment.ends_at),
        time_zone=view.appointment.place.zone.key,
        status=Status.CONFIRMED if is_on else Status.CANCELLED,
        sequence=view.appointment.revision,
    )


def language_of(request: Request) -> str:
    """Return the language to speak to somebody of whom nothing else is known."""
    if (chosen := request.query_params.get("langue", "")) in LANGUAGES:
        return chosen
    heard = request.headers.get("accept-language", "")[:200].lower().split(",")
    return next((code for one in heard if (code := one.strip()[:2]) in LANGUAGES), FRENCH)


async def _page(
    visit: Visit, request: Request, status: int = 200, said: Callable[[PageWords], str] | None = None
) -> Response:
    try:
        _, view = await read(_seen, visit, now())
    except (LinkUnknown, LinkExpired):
        return _gone(language_of(request))
    language = visit.asked.language if visit.asked.language in LANGUAGES else spoken(view.language)
    asked = Asked(visit.asked.token, language, visit.asked.step, said(page_words(language)) if said else "")
    return HTMLResponse(link_html(view, asked), status, headers=HEADERS)


async def _do(name: LinkName, wanted: Wanted) -> None:
    if wanted.start is None:
        await act(_simple_act, name, wanted, now())
        return
    claims = await read(_claims, name, wanted, now())
    for claim in claims[:-1]:
        try:
            await act(_take, name, claim, wanted.seen, now())
        except (PeriodTaken, NotOpen):
            continue  # taken since it was listed: whoever else receives at that hour is as good
        return
    await act(_take, name, claims[-1], wanted.seen, now())


def _seen(session: Session, visit: Visit, at: datetime) -> tuple[str, LinkView]:
    bearer = bearer_of(session, visit.name, now=at)
    view = link_view(session, bearer, now=at, first=visit.first, with_hours=visit.asked.step is Step.MOVE)
    return str(bearer.convocation_id), view


def _claims(session: Session, name: LinkName, wanted: Wanted, at: datetime) -> list[SlotClaim]:
    if wanted.start is None:
        raise BadForm
    return claims_for(session, bearer_of(session, name, now=at), wanted.start, wanted.site_id, now=at)


def _take(session: Session, name: LinkName, claim: SlotClaim, seen: datetime | None, at: datetime) -> None:
    choose(session, bearer_of(session, name, now=at), claim, seen=seen, now=at)


def _simple_act(session: Session, name: LinkName, wanted: Wanted, at: datetime) -> None:
    bearer: Bearer = bearer_of(session, name, now=at)
    match wanted.act:
        case ActName.CONFIRM:
            confirm_coming(session, bearer, seen=wanted.seen, now=at)
        case ActName.CANNOT_COME:
            cannot_come(session, bearer, seen=wanted.seen, now=at)
        case ActName.STOP:
            stop_sms(session, bearer, now=at)
        case ActName.RESUME:
            resume_sms(session, bearer, now=at)


def _again(visit: Visit, wanted: Wanted) -> Visit:
    """Return the same page with hours to choose from, when an hour was asked for and not had."""
    if wanted.act is not ActName.MOVE:
        return visit
    asked = Asked(visit.asked.token, visit.asked.language, Step.MOVE)
    return Visit(visit.name, asked, visit.first)


def _is_foreign(request: Request) -> bool:
    if request.headers.get("sec-fetch-site") == "cross-site":
        return True
    origin = request.headers.get("origin", "null")
    return origin not in ("null", *settings().origins)


async def _form(request: Request) -> dict[str, str]:
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


def _instant(typed: str) -> datetime:
    try:
        at = datetime.strptime(typed, INSTANT).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadForm from error
    if not 2000 < at.year < 3000:  # a day on either side must still be a date
        raise BadForm
    return at


def _step(typed: str) -> Step:
    return next((step for step in Step if step == typed), Step.NONE)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _gone(language: str) -> Response:
    return _plain(410, language, page_words(language).link_expired)


def _wait(language: str) -> Response:
    words = page_words(language)
    return _plain(429, language, f"{words.too_many} {words.wait}", **{"Retry-After": str(WAIT_S)})


def _plain(status: int, language: str, said: str, **headers: str) -> Response:
    return HTMLResponse(plain_html(language, said), status, headers=HEADERS | headers)
