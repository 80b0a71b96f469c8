"""The link of an invitation, `/invitation/{token}`: a plain page on which a lawyer chooses a password, once.

Reading changes nothing; the form is a POST. The token is the right to open this one account.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Role
from availability.sealing import House
from booking.lawyer_invitations import INVITATIONS, InvitationOver, LoginTaken, accepted, invitation_named, let_in
from booking.links import LinkName, read_token
from portal import throttle
from portal.accounts import NewAccount, create
from portal.clock import now
from portal.database import act, read
from portal.passwords import LEAST, WORDS, checked
from portal.policy import public
from portal.settings import secret_key, settings
from portal.ui.html import Html, tag
from portal.ui.plain import BadForm, form_fields, is_foreign, plain_headers, plain_style, told_by

STYLE = plain_style(Path(__file__).with_name("host_link.css"))
HEADERS = plain_headers(STYLE)
TITLE = "Ouvrir votre compte d’avocat"
UNKNOWN = "Ce lien ne fonctionne pas. Ouvrez-le depuis le message du greffe, en entier."
OVER = "Ce lien a déjà servi, a été retiré, ou date de plus de quatorze jours. Demandez-en un autre au greffe."
OPENED = (
    "Votre compte est ouvert. Connectez-vous avec votre adresse électronique et le mot de passe que vous venez de"
    " choisir."
)
KNOWN = (
    "Vous avez déjà un compte à cette adresse : il vaut désormais aussi pour ce tribunal. Connectez-vous avec son mot"
    " de passe ; celui que vous venez de taper n’est pas gardé."
)
TAKEN = "Cette adresse est celle d’un autre compte. Demandez au greffe une invitation à une autre adresse."
SIGN_IN = "/connexion/?suite=/prendre-date/"
WAIT = "Trop de pages demandées. Réessayez dans quelques minutes."
FAILED = "Une erreur technique est survenue. Rien n’a été enregistré : vous pouvez réessayer."
DIFFERENT = "Les deux mots de passe diffèrent : recommencez."


def failed(_request: Request) -> Response:
    """Return the page that says a failure."""
    return _said(500, FAILED)


router = APIRouter(include_in_schema=False, dependencies=[public()], route_class=told_by(failed))


async def name_of(request: Request, token: str) -> LinkName | Response:
    """Return what a token names, or the page that sends it away: a false one costs no query."""
    name = read_token(House(secret_key()).derived(INVITATIONS), token)
    if name is None:
        guesser = throttle.client_address(request)
        is_patient = await throttle.is_within(settings().link_guesses, "invitation-guess", guesser)
        return _said(404, UNKNOWN) if is_patient else _said(429, WAIT)
    if not await throttle.is_within(settings().link_requests, "invitation", str(name.link_id)):
        return _said(429, WAIT)
    return name


Named = Annotated[LinkName | Response, Depends(name_of)]


@router.api_route("/invitation/{token}", methods=["GET", "HEAD"])
async def show(named: Named) -> Response:
    """Return the page of an invitation."""
    return named if isinstance(named, Response) else await _page(named)


@router.post("/invitation/{token}")
async def open_account(named: Named, request: Request) -> Response:
    """Open the account, and say where one signs in."""
    if isinstance(named, Response):
        return named
    if is_foreign(request):
        return await _page(named, 403, FAILED)
    try:
        form = await form_fields(request)
    except BadForm:
        return await _page(named, 400, FAILED)
    if form.get("password") != form.get("again"):
        return await _page(named, 422, DIFFERENT)
    return await _accepted(named, form.get("password", ""))


async def _accepted(named: LinkName, password: str) -> Response:
    try:
        is_new = await act(_open, named, password)
    except InvitationOver:
        return _said(410, OVER)
    except InvalidRequest as refusal:
        return await _page(named, 422, WORDS[refusal.problem])
    except LoginTaken:
        return _said(409, TAKEN)
    return _said(
        200,
        OPENED if is_new else KNOWN,
        tag("div", tag("a", "Se connecter", href=SIGN_IN, class_="act"), class_="acts"),
    )


def _open(session: Session, named: LinkName, password: str) -> bool:
    """Open the account; False when the lawyer has one, which acts before this court too from now on."""
    at = now()
    row = invitation_named(session, named, now=at, locked=True)
    if let_in(session, row, now=at):
        return False
    chosen = checked(password, about=(row.email, row.name))
    new = NewAccount(row.email, row.name, "Avocat", Role.LAWYER, row.territory_id, chosen)
    accepted(session, row, create(session, new), now=at)
    return True


async def _page(named: LinkName, status: int = 200, problem: str = "") -> Response:
    try:
        row = await read(invitation_named, named, now=now())
    except InvitationOver:
        return _said(410, OVER)
    said = tag("p", problem, class_="error", role="alert") if problem else None
    form = tag(
        "form",
        said,
        _password("password", "Choisissez un mot de passe", f"{LEAST} caractères au moins."),
        _password("again", "Le même, encore une fois", ""),
        tag("div", tag("button", "Ouvrir mon compte", class_="main"), class_="acts"),
        method="post",
        action="?",
    )
    facts = tag(
        "dl",
        tag("div", tag("dt", "Nom"), tag("dd", row.name)),
        tag("div", tag("dt", "Identifiant"), tag("dd", row.email)),
        class_="facts",
    )
    return HTMLResponse(_html(facts, form), status, headers=HEADERS)


def _password(name: str, label: str, hint: str) -> Html:
    box = tag("input", type="password", name=name, id=name, autocomplete="new-password", required=True)
    return tag("div", tag("label", label, for_=name), tag("small", hint) if hint else None, box, class_="field")


def _said(status: int, words: str, *more: Html) -> Response:
    said = (
        tag("p", words, class_="done", role="status") if status == 200 else tag("p", words, class_="say", role="alert")
    )
    return HTMLResponse(_html(said, *more), status, headers=HEADERS)


def _html(*children: Html | None) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", TITLE),
        tag("link", rel="icon", href="data:,"),
        tag("style", STYLE),
    )
    body = tag("body", tag("main", tag("h1", TITLE), *children), tag("footer", tag("p", "PlaceJuste")))
    return "<!doctype html>" + tag("html", head, body, lang="fr")
