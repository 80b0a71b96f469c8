"""REST routes of the texts of messages. The same actions as the page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Organisation
from availability.rights import SEARCHERS, Actor
from availability.wire import (
    BEARER,
    BIGINT,
    READ,
    WRITE,
    BoundedRoute,
    Flag,
    Given,
    Identifier,
    Listed,
    Told,
    answer,
    refusals,
)
from booking.persons import LANGUAGES
from convocations.kinds import HostText, MessageKind, TextKind
from convocations.pages import problems  # noqa: F401 - declares how refusals are answered
from convocations.template_models import TextState
from convocations.template_queries import EDITORS, Scope, texts_for, versions
from convocations.templates import put_in_use, save_draft
from convocations.texts import MOST_SIGNS, Place, Texts, standard_text, tidy
from convocations.wording import FRENCH
from portal import database
from portal.clock import now
from portal.policy import requires

router = APIRouter(prefix="/message-templates", tags=["convocations"], dependencies=[BEARER], route_class=BoundedRoute)
Editor = Annotated[Actor, requires(*EDITORS)]
Reader = Annotated[Actor, requires(*SEARCHERS)]  # whoever summons knows what is said in their name
Code = Annotated[str, Field(min_length=2, max_length=2, pattern=r"^[a-z]{2}$", description="ISO 639-1.")]


class TemplatesAsked(Given):
    """Of which service, and which kind of place; left out: the texts of all of them."""

    organisation_id: Annotated[int, Field(ge=1, le=BIGINT)] | None = None
    kind_id: Annotated[int, Field(ge=1, le=BIGINT)] | None = None


class TemplateGiven(Given):
    """A text: what it is for, its words, and whether it is only kept for later."""

    message_kind: MessageKind | HostText = Field(description="host-…: what hosts are told, in French, of no service.")
    language: Code
    organisation_id: Identifier | None = None
    kind_id: Identifier | None = None
    body: Annotated[str, Field(max_length=4 * MOST_SIGNS)]
    is_draft: Flag = False
    confirms: Flag = Field(default=False, description="Words that would give the measure away are meant.")
    replaces: UUID | None = Field(default=None, description="The version in use there as it was read; null when none.")


class TemplateTold(Told):
    """What messages of one kind and one language are written from."""

    message_kind: MessageKind | HostText
    language: str
    body: str
    version_id: UUID | None = Field(description="Null: the standard text.")
    is_draft: bool = False


@router.get("", summary="Texts of messages", response_model=Listed[TemplateTold], responses=READ | refusals(404))
async def listed(request: Request, _: Reader, asked: Annotated[TemplatesAsked, Query()]) -> Response:
    """Return what messages are written from, for each kind of message and each language."""
    return answer(request, await database.read(_listed, asked))


@router.put("", summary="Write the text of a message", response_model=TemplateTold, responses=WRITE)
async def write(request: Request, actor: Editor, asked: TemplateGiven) -> Response:
    """Put a text in use, or keep it as a draft; the same again changes nothing."""
    return answer(request, await database.act(_written, actor, asked))


def _listed(session: Session, asked: TemplatesAsked) -> Listed[TemplateTold]:
    if asked.organisation_id is not None and session.get(Organisation, asked.organisation_id) is None:
        raise NotFound(organisation_id=asked.organisation_id)
    place = Scope(MessageKind.OFFER, kind_id=asked.kind_id, organisation_id=asked.organisation_id).place
    texts = texts_for(session, [(place.kind_id, place.organisation_id)])
    said: list[tuple[TextKind, str]] = [(kind, language) for kind in MessageKind for language in sorted(LANGUAGES)]
    said += [(kind, FRENCH) for kind in HostText]
    return Listed[TemplateTold](items=[_as_told(texts, place, *one) for one in said])


def _as_told(texts: Texts, place: Place, kind: TextKind, language: str) -> TemplateTold:
    text = texts.find(kind, language, place)
    body = text.body if text else standard_text(kind, language)
    return TemplateTold(message_kind=kind, language=language, body=body, version_id=text.id if text else None)


def _written(session: Session, actor: Actor, asked: TemplateGiven) -> TemplateTold:
    at = now()
    scope = Scope(asked.message_kind, asked.language, asked.kind_id, asked.organisation_id)
    body = tidy(asked.body)
    current = next((one for one in versions(session, scope) if one.state is TextState.IN_USE), None)
    if asked.is_draft:
        version_id = save_draft(session, actor, scope, body, now=at)
    elif current is not None and current.body == body:
        version_id = current.id
    else:
        version_id = put_in_use(session, actor, scope, body, seen=asked.replaces, confirms=asked.confirms, now=at)
    return TemplateTold(
        message_kind=scope.message_kind,
        language=scope.language,
        body=body,
        version_id=version_id,
        is_draft=asked.is_draft,
    )
