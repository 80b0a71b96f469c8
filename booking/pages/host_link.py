"""The link of a host's e-mail, `/d/{token}`: plain pages to accept, refuse or propose other dates, without an account.

The token in the address is the right to act on this one request, until it is answered. Reading changes nothing; every
act is a POST, answered by a redirection. No cookie goes with it: another site has nothing of the visitor's to act with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.models import Shape
from availability.sealing import House
from availability.words import invalid_sentence
from booking.actions import accept, refuse
from booking.errors import AlreadyDecided, HoldExpired
from booking.host_requests import LINKS, HostBearer, HostLinkOver, host_bearer, may_undo, undo_answer
from booking.hosting import free_starts, requests_by_id
from booking.links import LinkName, read_token
from booking.pages.host_link_page import NOTHING, STYLE, ActName, HostView, Step, Typed, host_html, plain_html
from booking.pages.request_dates import dates_typed
from booking.proposals import propose, withdraw_proposal
from portal import throttle
from portal.clock import now
from portal.database import act, read
from portal.policy import public
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.plain import BadForm, form_fields, is_foreign, plain_headers, told_by

HEADERS = plain_headers(STYLE)
WAIT_S = 600
MOST_TYPED = 40
UNKNOWN = "Ce lien ne fonctionne pas. Ouvrez-le depuis le courriel, en entier."
OVER = "Ce lien ne fonctionne plus : il est trop ancien, ou un autre a été envoyé depuis."
WAIT = "Trop de pages demandées. Réessayez dans quelques minutes."
FAILED = "Une erreur technique est survenue. Rien n’a été enregistré : vous pouvez réessayer."
ANSWERED = "Cette demande a déjà reçu une réponse : voici ce qu’il en est."
NO_REASON = "Choisissez un motif."


def failed(_request: Request) -> Response:
    """Return the page that says a failure."""
    return _plain(500, FAILED)


router = APIRouter(include_in_schema=False, dependencies=[public()], route_class=told_by(failed))


@dataclass(frozen=True)
class Visit:
    """A request with a genuine link."""

    name: LinkName
    token: str
    step: Step


async def visit_of(request: Request, token: str) -> Visit | Response:
    """Return the visit that a request is, or the page that sends it away: a false token costs no query."""
    name = read_token(House(secret_key()).derived(LINKS), token)
    if name is None:
        # Only false tokens are counted by address: behind one address there may be a whole service.
        guesser = throttle.client_address(request)
        is_patient = await throttle.is_within(settings().link_guesses, "host-link-guess", guesser)
        return _plain(404, UNKNOWN) if is_patient else _wait()
    if not await throttle.is_within(settings().link_requests, "host-link", str(name.link_id)):
        return _wait()
    asked = request.query_params.get("etape", "")
    return Visit(name, token, next((step for step in Step if step == asked), Step.NONE))


Visiting = Annotated[Visit | Response, Depends(visit_of)]


@router.api_route("/d/{token}", methods=["GET", "HEAD"])
async def show(visiting: Visiting) -> Response:
    """Return the page of a link."""
    return visiting if isinstance(visiting, Response) else await _page(visiting)


@router.post("/d/{token}")
async def do(visiting: Visiting, request: Request) -> Response:
    """Do what a form asks for, then show the page by an address that can be loaded again without acting twice."""
    if isinstance(visiting, Response):
        return visiting
    if is_foreign(request):
        return await _page(visiting, 403, Typed(said=FAILED))
    try:
        form = await form_fields(request)
        typed = typed_in(form)
        await act(_do, visiting.name, act_named(form), typed, now())
    except BadForm:
        return await _page(visiting, 400, Typed(said=FAILED))
    except HostLinkOver:
        return _plain(410, OVER)
    except Refusal as refusal:
        status, said = answer_to(refusal)
        return await _page(visiting, status, Typed(**vars(typed) | {"said": said}))
    return RedirectResponse(f"/d/{visiting.token}", 303, headers=HEADERS)


def act_named(form: dict[str, str]) -> ActName:
    """Return the act that a form asks for. Raises: BadForm."""
    found = next((one for one in ActName if one == form.get("act")), None)
    if found is None:
        raise BadForm
    return found


def typed_in(form: dict[str, str]) -> Typed:
    """Return what was typed in a form, cut to a sane length."""
    return Typed(**{name: form.get(name, "")[:MOST_TYPED] for name in ("first", "last", "start", "reason")})


def answer_to(refusal: Refusal) -> tuple[int, str]:
    """Return the status of a refused act, and the sentence that says why."""
    match refusal:
        case InvalidRequest(field="reason"):
            return 422, NO_REASON
        case InvalidRequest():
            return 422, invalid_sentence(refusal)
        case AlreadyDecided() | HoldExpired() | NotFound():
            return 409, ANSWERED
    return 409, sentence(refusal)


async def _page(visit: Visit, status: int = 200, typed: Typed = NOTHING) -> Response:
    try:
        view = await read(_seen, visit, now())
    except HostLinkOver:
        return _plain(410, OVER)
    return HTMLResponse(host_html(view, visit.step, typed), status, headers=HEADERS)


def _seen(session: Session, visit: Visit, at: datetime) -> HostView:
    bearer = host_bearer(session, visit.name, now=at)
    request = requests_by_id(session, [bearer.booking_id], now=at)[bearer.booking_id]
    hours: list[datetime] = []
    if visit.step is Step.PROPOSE and request.shape is Shape.SLOTS:
        _, hours = free_starts(session, bearer.actor, bearer.booking_id, now=at)
    can_undo = may_undo(session, bearer.booking_id, request.state, now=at)
    return HostView(request=request, may_undo=can_undo, hours=tuple(hours), now=at)


def _do(session: Session, name: LinkName, wanted: ActName, typed: Typed, at: datetime) -> None:
    bearer: HostBearer = host_bearer(session, name, now=at)
    host, booking_id = bearer.actor, bearer.booking_id
    match wanted:
        case ActName.ACCEPT:
            accept(session, host, booking_id, now=at)
        case ActName.REFUSE:
            refuse(session, host, booking_id, reason=typed.reason, now=at)
        case ActName.PROPOSE:
            shape = requests_by_id(session, [booking_id], now=at)[booking_id].shape
            propose(session, host, booking_id, dates_typed(typed, shape), now=at)
        case ActName.WITHDRAW:
            withdraw_proposal(session, host, booking_id, now=at)
        case ActName.UNDO:
            undo_answer(session, host, booking_id, now=at)


def _wait() -> Response:
    return HTMLResponse(plain_html(WAIT), 429, headers=HEADERS | {"Retry-After": str(WAIT_S)})


def _plain(status: int, said: str) -> Response:
    return HTMLResponse(plain_html(said), status, headers=HEADERS)
