"""The link of an SMS, `/r/{token}`: plain pages for whoever holds it. Reading changes nothing; every act is a POST.

The token in the address is the right to act. No cookie goes with it, so another site has nothing of the visitor's to
act with: the origin is compared all the same, when a browser tells it. Ours sends no referrer, and its forms therefore
say "null"; old browsers say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from availability.calendars import Event, Status, event_ics
from availability.claims import SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.periods import Period
from availability.sealing import House
from booking.errors import AlreadyDecided, QuotaReached, TooLate
from booking.links import LinkName, read_token
from booking.persons import LANGUAGES
from booking.phones import AmbiguousNumber
from booking.reasons import Reason
from convocations.bearing import Bearer, bearer_of, cannot_come, choose, confirm_coming, resume_sms, stop_sms
from convocations.callbacks import ask_callback, masked, own_number, withdraw_callback
from convocations.earlier import leave_offered, take_offered, want_earlier, want_no_earlier
from convocations.errors import (
    AppointmentChanged,
    ConvocationOver,
    EarlierGone,
    HelpOver,
    LinkExpired,
    LinkUnknown,
    TooManyActs,
)
from convocations.helping import helper_of
from convocations.knowing import Contact, Judged, judge_year
from convocations.link_models import DayPart
from convocations.link_view import LinkView, Stage, claims_for, link_view
from convocations.pages.link_forms import MOST_TYPED, SAID_BY_LINK, Typed
from convocations.pages.link_page import (
    BIG,
    CHOICES,
    INSTANT,
    OFFERED,
    STYLE,
    ActName,
    Asked,
    Step,
    kept_in_addresses,
    link_html,
    plain_html,
)
from convocations.proof import Device, device_of, note_opening
from convocations.wording import FRENCH, PageWords, page_words, spoken
from portal import throttle
from portal.clock import now
from portal.database import act, read
from portal.policy import public
from portal.settings import secret_key, settings
from portal.ui.plain import BadForm, form_fields, is_foreign, plain_headers, told_by

APPOINTMENT = "Rendez-vous"  # of a calendar that others may see: no service, no reason
HEADERS = plain_headers(STYLE) | {"Vary": "Accept-Language"}
WAIT_S = 600
GONE = (LinkUnknown, LinkExpired, HelpOver)
MARK = re.compile(r"[\w-]{1,40}", re.ASCII)
OPENS_MAPS = re.compile(r"android|kaios", re.IGNORECASE)  # others have no application for `geo:`
START = re.compile(r"(\d{8}T\d{4}Z)\.(\d{1,18})", re.ASCII)


def failed(request: Request) -> Response:
    """Return the page that says a failure, as the link speaks."""
    language = language_of(request)
    return _plain(500, language, page_words(language).failed)


router = APIRouter(include_in_schema=False, dependencies=[public()], route_class=told_by(failed))


@dataclass(frozen=True)
class Wanted:
    """What a form asks for: an act, the start that its page showed, and for a choice the start and the place.

    `reason`, `part` and `typed` (a number, a year) are what the forms of more than a press say.
    """

    act: ActName
    seen: datetime | None = None
    start: datetime | None = None
    site_id: int = 0
    reason: str = ""
    part: DayPart = DayPart.MORNING
    typed: str = ""


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
    query = request.query_params
    mark = MARK.fullmatch(query.get("aide", ""))
    asked = Asked(
        token,
        query.get("langue", ""),
        _step(query.get("etape", "")),
        is_big=query.get("taille") == BIG,
        help=mark[0] if mark else "",
        opens_maps=OPENS_MAPS.search(request.headers.get("user-agent", "")) is not None,
    )
    return Visit(name, asked, _day(query.get("a-partir-de", "")))


Visiting = Annotated[Visit | Response, Depends(visit_of)]


@router.api_route("/r/{token}.ics", methods=["GET", "HEAD"])
async def calendar_file(visiting: Visiting, request: Request) -> Response:
    """Return the appointment as a file for calendars."""
    if isinstance(visiting, Response):
        return visiting
    try:
        number, view = await read(_seen, visiting, now())
    except GONE as refusal:
        return _gone(language_of(request), refusal)
    if view.appointment is None:
        return _plain(404, language_of(request), page_words(language_of(request)).choose_first)
    return Response(
        event_ics(event_of(view, number), now=now()),
        media_type="text/calendar; charset=utf-8",
        headers=HEADERS | {"Content-Disposition": 'attachment; filename="rendez-vous.ics"'},
    )


@router.api_route("/r/{token}", methods=["GET", "HEAD"])
async def show(visiting: Visiting, request: Request) -> Response:
    """Return the page of a link, and note that it was opened: it proves that the message was read."""
    if isinstance(visiting, Response):
        return visiting
    device = device_of(request.headers.get("user-agent", "")) if request.method == "GET" else None
    if device is not None and not visiting.asked.help:  # a front desk that opens it proves nothing of the person
        await act(_opened, visiting.name, device, now())
    return await _page(visiting, request)


@router.post("/r/{token}")
async def do(visiting: Visiting, request: Request) -> Response:
    """Do what a form asks for, then show the page by an address that can be loaded again without acting twice."""
    if isinstance(visiting, Response):
        return visiting
    if is_foreign(request):
        return await _page(visiting, request, 403, lambda words: words.failed)
    try:
        wanted = wanted_of(await form_fields(request))
        refused = await _refused(visiting, request, wanted)
    except BadForm:
        return await _page(visiting, request, 400, lambda words: words.failed)
    except GONE as refusal:
        return _gone(language_of(request), refusal)
    return refused or _back_to_page(visiting.asked)


async def _refused(visit: Visit, request: Request, wanted: Wanted) -> Response | None:
    """Do what is wanted, and return the page that answers: None when it is that of the appointment as it is now."""
    if wanted.act is ActName.WHO:
        return await _told_whom(visit, request, wanted)
    try:
        await _do(visit, wanted)
    except GONE:
        raise
    except Refusal as refusal:
        if wanted.act is ActName.CALL and isinstance(refusal, InvalidRequest):
            return await _asked_again(visit, request, wanted, refusal)
        status, said = answer_to(refusal)
        return await _page(_again(visit, wanted), request, status, said)
    return None


def _back_to_page(asked: Asked) -> Response:
    values = {"langue": asked.language if asked.language in LANGUAGES else "", **kept_in_addresses(asked)}
    query = urlencode({name: value for name, value in values.items() if value})
    return RedirectResponse(f"/r/{asked.token}" + (f"?{query}" if query else ""), 303, headers=HEADERS)


def wanted_of(form: dict[str, str]) -> Wanted:
    """Return what a form asks for. Raises: BadForm."""
    if form.get("act") not in {one.value for one in ActName}:
        raise BadForm
    name = ActName(form["act"])
    seen = _instant(form["seen"]) if form.get("seen") else None
    if name not in (*CHOICES, *OFFERED):
        return _said_in(form, Wanted(name, seen))
    found = START.fullmatch(form.get("start", ""))
    if found is None:
        raise BadForm
    return Wanted(name, seen, _instant(found[1]), int(found[2]))


def _said_in(form: dict[str, str], wanted: Wanted) -> Wanted:
    reason, part = form.get("reason", ""), form.get("part", DayPart.MORNING)
    if reason not in ("", *SAID_BY_LINK) or part not in set(DayPart):
        raise BadForm
    typed = form.get("year" if wanted.act is ActName.WHO else "phone", "")[:MOST_TYPED]
    return replace(wanted, reason=reason, part=DayPart(part), typed=typed)


def answer_to(refusal: Refusal) -> tuple[int, Callable[[PageWords], str]]:
    """Return the status of a refused act, and the sentence that says why."""
    match refusal:
        case PeriodTaken() | CapacityReached() | NotOpen() | InvalidRequest() | NotFound() | QuotaReached():
            return 409, lambda words: words.taken
        case EarlierGone():
            return 409, lambda words: words.earlier_gone
        case AppointmentChanged() | AlreadyDecided():
            return 409, lambda words: words.changed
        case ConvocationOver() | NotAllowed() | TooLate():  # the rules of the service changed since
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
    visit: Visit,
    request: Request,
    status: int = 200,
    said: Callable[[PageWords], str] | None = None,
    contact: Contact | None = None,
) -> Response:
    try:
        _, view = await read(_seen, visit, now())
    except GONE as refusal:
        return _gone(language_of(request), refusal)
    language = visit.asked.language if visit.asked.language in LANGUAGES else spoken(view.language)
    asked = replace(visit.asked, language=language, said=said(page_words(language)) if said else "")
    return HTMLResponse(link_html(replace(view, contact=contact), asked), status, headers=HEADERS)


async def _told_whom(visit: Visit, request: Request, wanted: Wanted) -> Response:
    """Answer a year of birth by the page itself: what it shows is in no address, and is gone when it is closed."""
    judged, contact = await act(_judged, visit, wanted, now())
    typed = Typed(year=wanted.typed, is_wrong=judged is Judged.WRONG)
    there = _asking(visit, Step.WHO, typed if judged is not Judged.RIGHT else Typed())
    match judged:
        case Judged.RIGHT:
            return await _page(there, request, contact=contact)
        case Judged.WRONG:
            return await _page(there, request, 400, lambda words: words.birth_year_wrong)
        case Judged.WAIT:
            return await _page(there, request, 429, lambda words: f"{words.too_many} {words.wait_tomorrow}")


async def _asked_again(visit: Visit, request: Request, wanted: Wanted, refusal: InvalidRequest) -> Response:
    """Ask for a number again, with what was typed; or which one of several it is."""
    if isinstance(refusal, AmbiguousNumber):
        numbers = tuple((one.e164, one.label) for one in refusal.facts["readings"])
        return await _page(_asking(visit, Step.CALL, Typed(part=wanted.part, numbers=numbers)), request, 409)
    typed = Typed(wanted.typed, wanted.part, is_wrong=True)
    return await _page(_asking(visit, Step.CALL, typed), request, 400, lambda words: words.number_wrong)


async def _do(visit: Visit, wanted: Wanted) -> None:
    if wanted.start is None:
        await act(_simple_act, visit, wanted, now())
        return
    if wanted.act in OFFERED:
        await act(_answer_offer, visit, wanted.act, wanted.start, now())
        return
    claims = await read(_claims, visit, wanted, now())
    for claim in claims[:-1]:
        try:
            await act(_take, visit, claim, wanted.seen, now())
        except (PeriodTaken, NotOpen):
            continue  # taken since it was listed: whoever else receives at that hour is as good
        return
    await act(_take, visit, claims[-1], wanted.seen, now())


def _bearer(session: Session, visit: Visit, at: datetime) -> Bearer:
    """Return who holds the link, and who helps them. Raises: LinkUnknown, LinkExpired, HelpOver."""
    bearer = bearer_of(session, visit.name, now=at)
    if not visit.asked.help:
        return bearer
    return replace(bearer, helped_by=helper_of(session, visit.asked.help, bearer.convocation_id, now=at))


def _seen(session: Session, visit: Visit, at: datetime) -> tuple[str, LinkView]:
    bearer = _bearer(session, visit, at)
    view = link_view(session, bearer, now=at, first=visit.first, with_hours=visit.asked.step is Step.MOVE)
    if visit.asked.step is Step.CALL:
        view = replace(view, phone_end=masked(own_number(session, bearer.person_id, House(secret_key()))))
    return str(bearer.convocation_id), view


def _claims(session: Session, visit: Visit, wanted: Wanted, at: datetime) -> list[SlotClaim]:
    if wanted.start is None:
        raise BadForm
    return claims_for(session, _bearer(session, visit, at), wanted.start, wanted.site_id, now=at)


def _take(session: Session, visit: Visit, claim: SlotClaim, seen: datetime | None, at: datetime) -> None:
    choose(session, _bearer(session, visit, at), claim, seen=seen, now=at)


def _answer_offer(session: Session, visit: Visit, answer: ActName, start: datetime, at: datetime) -> None:
    if answer is ActName.TAKE_EARLIER:
        take_offered(session, _bearer(session, visit, at), start, now=at)
    else:
        leave_offered(session, _bearer(session, visit, at), start, now=at)


def _judged(session: Session, visit: Visit, wanted: Wanted, at: datetime) -> tuple[Judged, Contact | None]:
    return judge_year(session, _bearer(session, visit, at), wanted.typed, now=at)


def _opened(session: Session, name: LinkName, device: Device, at: datetime) -> None:
    with suppress(LinkUnknown, LinkExpired):
        note_opening(session, bearer_of(session, name, now=at).convocation_id, device, now=at)


def _simple_act(session: Session, visit: Visit, wanted: Wanted, at: datetime) -> None:
    bearer = _bearer(session, visit, at)
    match wanted.act:
        case ActName.CONFIRM:
            confirm_coming(session, bearer, seen=wanted.seen, now=at)
        case ActName.CANNOT_COME:
            cannot_come(session, bearer, seen=wanted.seen, now=at, reason=Reason(wanted.reason))
        case ActName.EARLIER:
            want_earlier(session, bearer, seen=wanted.seen, now=at)
        case ActName.NO_EARLIER:
            want_no_earlier(session, bearer, now=at)
        case ActName.STOP:
            stop_sms(session, bearer, now=at)
        case ActName.RESUME:
            resume_sms(session, bearer, now=at)
        case ActName.CALL:
            house, fiction = House(secret_key()), settings().demo
            ask_callback(session, bearer, part=wanted.part, typed=wanted.typed, house=house, fiction=fiction, now=at)
        case ActName.UNCALL:
            withdraw_callback(session, bearer, now=at)


def _asking(visit: Visit, step: Step, typed: Typed) -> Visit:
    return replace(visit, asked=replace(visit.asked, step=step, typed=typed))


def _again(visit: Visit, wanted: Wanted) -> Visit:
    """Return the same page with hours to choose from, when an hour was asked for and not had."""
    if wanted.act is not ActName.MOVE:
        return visit
    return _asking(visit, Step.MOVE, visit.asked.typed)


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


def _gone(language: str, refusal: Refusal) -> Response:
    words = page_words(language)
    return _plain(410, language, words.help_over if isinstance(refusal, HelpOver) else words.link_expired)


def _wait(language: str) -> Response:
    words = page_words(language)
    return _plain(429, language, f"{words.too_many} {words.wait}", **{"Retry-After": str(WAIT_S)})


def _plain(status: int, language: str, said: str, **headers: str) -> Response:
    return HTMLResponse(plain_html(language, said), status, headers=HEADERS | headers)
