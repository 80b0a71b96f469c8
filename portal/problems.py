"""How an expected "no" is said: problem+json (RFC 9457) to programs, a French sentence to people."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from availability.errors import (
    CapacityReached,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NotOpen,
    Outage,
    PeriodTaken,
    Refusal,
)
from availability.words import why_sentence
from portal.access import SignInNeeded
from portal.logs import without_secrets
from portal.policy import API_PREFIX, ForeignOrigin
from portal.session import sign_in_address
from portal.ui.error_page import error_page

logger = logging.getLogger(__name__)

Wording = str | Callable[[Refusal], str]
TYPE_BASE = "/problems/"  # relative to the API: a program compares it, a person reads the title
MOST_SAID = 80  # characters of a refused value
SECRETS = ("secret", "password", "token", "key")
UNSAID = frozenset({"missing", "extra_forbidden"})
FAILED = "Une erreur technique est survenue. Rien n’a été enregistré : vous pouvez réessayer."


@dataclass(frozen=True)
class Answer:
    """How one class of refusals is answered."""

    status: int
    slug: str
    title: str
    wording: Wording


_answers: dict[type[Refusal], Answer] = {}
_tellers: list[Callable[[Refusal], dict[str, object]]] = []


def problem(refusal: type[Refusal], status: int, slug: str, title: str, wording: Wording | None = None) -> None:
    """Declare how a class of refusals is answered; `wording` makes the sentence, else the title is said.

    The nearest declared ancestor answers for a class that declares nothing.
    """
    _answers[refusal] = Answer(status, slug, title, wording or f"{title}.")


def explain(teller: Callable[[Refusal], dict[str, object]]) -> None:
    """Have `teller` say, in every problem+json of a refusal, the rule behind it; its facts go before."""
    _tellers.append(teller)


def answer_to(refusal: Refusal) -> Answer:
    """Return the declared answer to a refusal."""
    return next(_answers[kind] for kind in type(refusal).__mro__ if kind in _answers)


def sentence(refusal: Refusal) -> str:
    """Return the French sentence that tells a person why the answer is no."""
    wording = answer_to(refusal).wording
    return wording if isinstance(wording, str) else wording(refusal)


def _of_invalid(refusal: Refusal) -> str:
    return f"Valeur refusée pour « {refusal.facts.get('field')} » : {refusal.facts.get('problem')}."


problem(Refusal, 409, "refused", "Demande refusée")
problem(NotFound, 404, "not-found", "Introuvable", "Cet élément n’existe pas, ou ne vous est pas accessible.")
problem(NotAllowed, 403, "not-allowed", "Accès refusé", "Vous n’avez pas le droit de faire cela.")
problem(ForeignOrigin, 403, "foreign-origin", "Demande venue d’un autre site")
problem(SignInNeeded, 401, "sign-in-needed", "Connexion nécessaire", "Connectez-vous pour continuer.")
problem(InvalidRequest, 422, "invalid-request", "Demande invalide", _of_invalid)
problem(PeriodTaken, 409, "period-taken", "Période déjà prise", why_sentence)
problem(CapacityReached, 409, "full", "Complet", "Il ne reste plus de place sur cette période.")
problem(NotOpen, 409, "not-open", "Fermé", why_sentence)


def problem_response(
    status: int, slug: str, title: str, detail: str, headers: dict[str, str] | None = None, **extra: object
) -> JSONResponse:
    """Return an application/problem+json answer."""
    body = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail} | extra
    return JSONResponse(jsonable_encoder(body), status, headers=headers, media_type="application/problem+json")


def told(refusal: Refusal) -> dict[str, Any]:
    """Return the body of the problem+json that tells a program why the answer is no."""
    found = answer_to(refusal)
    explained = {name: value for teller in _tellers for name, value in teller(refusal).items()}
    facts = explained | {name: value for name, value in refusal.facts.items() if _is_plain(value)}
    said = {"type": TYPE_BASE + found.slug, "title": found.title, "status": found.status, "detail": sentence(refusal)}
    body: dict[str, Any] = jsonable_encoder(said | _without_clash(facts))
    return body


def install(api: FastAPI) -> None:
    """Make `api` answer every refusal, every bad value and every failure as this module says."""
    api.add_exception_handler(Refusal, _on_refusal)
    api.add_exception_handler(Outage, _on_outage)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(Exception, _on_failure)


async def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    found = answer_to(error)
    headers = {"WWW-Authenticate": "Bearer"} if found.status == 401 else None
    if _is_api(request):
        return JSONResponse(told(error), found.status, headers=headers, media_type="application/problem+json")
    if isinstance(error, SignInNeeded):
        wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return RedirectResponse(sign_in_address(wanted), 303)
    return error_page(found.status, found.title, sentence(error))


async def _on_outage(request: Request, error: Exception) -> Response:
    logger.warning("outage: %s", error)
    detail = "Un service extérieur ne répond pas. Réessayez dans quelques minutes."
    if _is_api(request):
        return problem_response(503, "outage", "Service indisponible", detail, {"Retry-After": "60"})
    return error_page(503, "Service indisponible", detail)


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    if broken := next((one for one in error.errors() if one["type"] == "json_invalid"), None):
        title, detail = _HTTP[400]
        where = broken["loc"][-1] + 1  # how far it could be read
        return problem_response(400, "http-400", title, f"{detail} Le JSON ne se lit plus à son {where}e caractère.")
    errors = [{"field": _place(one), "problem": french(one)} | _value(one) for one in error.errors()]
    detail = " ; ".join(_said(one) for one in errors)
    if _is_api(request):
        return problem_response(422, "invalid-request", "Demande invalide", detail, errors=errors)
    return error_page(422, "Demande invalide", detail)


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title, detail = _HTTP.get(error.status_code, ("Demande refusée", "Cette demande n’a pas pu aboutir."))
    if _is_api(request):
        slug = f"http-{error.status_code}"
        headers = dict(error.headers) if error.headers else None
        return problem_response(error.status_code, slug, title, detail, headers)
    return error_page(error.status_code, title, detail)


async def _on_failure(request: Request, error: Exception) -> Response:
    logger.error("failure on %s %s", request.method, without_secrets(request.url.path), exc_info=error)
    if _is_api(request):
        return problem_response(500, "failure", "Erreur technique", FAILED)
    return error_page(500, "Erreur technique", FAILED)


_HTTP = {
    400: ("Demande incompréhensible", "Le contenu envoyé ne peut pas être lu."),
    404: ("Introuvable", "Cette adresse n’existe pas."),
    405: ("Méthode refusée", "Cette adresse n’accepte pas cette méthode."),
    413: ("Trop volumineux", "Le contenu envoyé est trop volumineux."),
    429: ("Trop de tentatives", "Attendez quelques minutes avant de réessayer."),
}

_DAY = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")  # how pydantic writes a bound that is a day
# pydantic's error types that callers meet, said in French; the others get the general sentence
_FRENCH = {
    "missing": "valeur obligatoire",
    "int_parsing": "nombre entier attendu",
    "int_type": "nombre entier attendu",
    "float_parsing": "nombre attendu",
    "float_type": "nombre attendu",
    "bool_parsing": "oui ou non attendu (true, false)",
    "bool_type": "oui ou non attendu (true, false)",
    "list_type": "liste attendue",
    "too_short": "trop peu d’éléments (minimum {min_length})",
    "too_long": "trop d’éléments (maximum {max_length})",
    "time_parsing": "heure attendue (HH:MM)",
    "string_pattern_mismatch": "ne suit pas la forme attendue ({pattern})",
    "model_attributes_type": "objet JSON attendu",
    "model_type": "objet JSON attendu",
    "dict_type": "objet JSON attendu",
    "string_type": "texte attendu",
    "uuid_parsing": "identifiant (UUID) attendu",
    "date_from_datetime_parsing": "date attendue (AAAA-MM-JJ)",
    "date_parsing": "date attendue (AAAA-MM-JJ)",
    "datetime_from_date_parsing": "instant attendu (RFC 3339, avec décalage)",
    "datetime_parsing": "instant attendu (RFC 3339, avec décalage)",
    "timezone_aware": "décalage horaire obligatoire (par exemple +01:00)",
    "extra_forbidden": "champ inconnu",
    "greater_than_equal": "valeur trop petite (minimum {ge})",
    "greater_than": "valeur trop petite (plus que {gt})",
    "less_than_equal": "valeur trop grande (maximum {le})",
    "less_than": "valeur trop grande (moins que {lt})",
    "string_too_short": "texte trop court (minimum {min_length} caractères)",
    "string_too_long": "texte trop long (maximum {max_length} caractères)",
    "literal_error": "valeur attendue parmi {expected}",
    "enum": "valeur attendue parmi {expected}",
}


def french(error: dict[str, object]) -> str:
    """Return what is wrong with a value, in French, from one pydantic error."""
    context = error.get("ctx")
    pattern = _FRENCH.get(str(error["type"]), "valeur refusée")
    words = pattern.format_map(context) if isinstance(context, dict) and "{" in pattern else pattern
    return _DAY.sub(lambda day: date(*map(int, day.groups())).isoformat(), words).replace("' or '", "' ou '")


def _place(error: dict[str, Any]) -> str:
    location = error["loc"]
    parts = [str(part) for part in location] if isinstance(location, (tuple, list)) else []
    return ".".join(parts[1:] or parts)


def _value(error: dict[str, Any]) -> dict[str, object]:
    """Return the value refused, when it is one that can be said: short, and no secret."""
    value, field = error.get("input"), _place(error)
    is_secret = any(word in field for word in SECRETS)
    if is_secret or error["type"] in UNSAID or not isinstance(value, (str, int)):
        return {}
    if isinstance(value, str):  # half a character is a value that can be sent, not one that can be written
        value = value[:MOST_SAID].encode(errors="replace").decode()
    return {"value": value}


def _said(error: dict[str, Any]) -> str:
    value = f", « {error['value']} »" if isinstance(error.get("value"), str) else ""
    return f"{error['field']}{value} : {error['problem']}"


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(API_PREFIX)


def _is_plain(value: object) -> bool:
    return not isinstance(value, BaseException)


def _without_clash(facts: dict[str, object]) -> dict[str, object]:
    reserved = {"type", "title", "status", "detail", "headers", "slug"}
    return {(f"fact_{name}" if name in reserved else name): value for name, value in facts.items()}
