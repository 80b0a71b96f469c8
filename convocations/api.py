"""REST routes of people, convocations and messages. The same actions as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import REQUESTERS, Actor
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Given, Listed, answer, refusals
from booking.api import Call, Key, once, respond
from booking.idempotency import Answered
from booking.persons import create_person, find_persons, person_for, regions_of
from booking.sealing import House
from convocations import api_models as told
from convocations.actions import convene, let_choose, summon
from convocations.models import Convocation
from convocations.outbox import PAGE, messages
from convocations.outbox import Query as MessagesOf
from convocations.pages import problems  # noqa: F401 - declares how refusals are answered
from convocations.pages.addresses import link_of
from convocations.queries import ListedConvocation, convocation_line
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.settings import secret_key, settings

persons = APIRouter(prefix="/persons", tags=["persons"], dependencies=[BEARER], route_class=BoundedRoute)
convocations = APIRouter(prefix="/convocations", tags=["convocations"], dependencies=[BEARER], route_class=BoundedRoute)
outbox = APIRouter(prefix="/messages", tags=["convocations"], dependencies=[BEARER], route_class=BoundedRoute)
Requester = Annotated[Actor, requires(*REQUESTERS)]


class PersonsAsked(Given):
    """Who is looked for, by name or by file number."""

    q: str = Field(min_length=2, max_length=100)
    limit: int = Field(default=8, ge=1, le=50)


class MessagesAsked(Given):
    """Whose messages."""

    convocation_id: UUID


@persons.post("", summary="Open a file", status_code=201, response_model=told.PersonTold, responses=WRITE)
async def open_file(request: Request, actor: Requester, new: told.PersonGiven, key: Key = None) -> Response:
    """Open the file of a person in the caller's home territory; a number of several territories is refused."""
    at = now()

    def work(session: Session) -> Answered:
        regions = regions_of(session, actor)
        house, is_fiction = House(secret_key()), settings().demo
        person = create_person(session, actor, new.new, house=house, now=at, fiction=is_fiction, regions=regions)
        return Answered(201, {"id": str(person.id)})  # no name is stored with the answer

    done = await once(Call(request, actor, key, new), work, at)
    shown = await database.read(_person, actor, UUID(done.body["id"]))
    return respond(Answered(done.status, shown.model_dump(mode="json"), done.is_replay))


@persons.get("", summary="Find people", response_model=Listed[told.PersonTold], responses=READ)
async def find(request: Request, actor: Requester, asked: Annotated[PersonsAsked, Query()]) -> Response:
    """Return people of the caller's territories, the likeliest first: accents and slips are forgiven."""
    found = await database.read(find_persons, actor, asked.q, limit=asked.limit)
    return answer(request, Listed[told.PersonTold](items=[told.PersonTold.model_validate(one) for one in found]))


@convocations.post("", summary="Summon somebody", status_code=201, response_model=told.ConvocationTold, responses=WRITE)
async def summon_them(request: Request, actor: Requester, asked: told.ConvocationGiven, key: Key = None) -> Response:
    """Take a start and summon a person to it, summon to a booking, or let the person choose; messages are planned."""
    at = now()

    def work(session: Session) -> Answered:
        made = _made(session, actor, asked, at)
        session.flush()
        return Answered(201, {"id": str(made.id)})  # no link is stored: it is derived each time

    done = await once(Call(request, actor, key, asked), work, at)
    shown = await database.read(_told, actor, UUID(done.body["id"]), at)
    body = Answered(done.status, shown.model_dump(mode="json"), done.is_replay)
    return respond(body, location=f"{request.url.path}/{shown.id}")


@convocations.get(
    "/{convocation_id}",
    summary="One convocation",
    response_model=told.ConvocationTold,
    responses=READ | refusals(404),
)
async def one(request: Request, actor: Requester, convocation_id: UUID) -> Response:
    """Return a convocation as it stands, with the link of its person."""
    return answer(request, await database.read(_told, actor, convocation_id, now()))


@outbox.get(
    "",
    summary="Messages of a convocation",
    response_model=Listed[told.MessageTold],
    responses=READ | refusals(404),
)
async def listed(request: Request, actor: Requester, asked: Annotated[MessagesAsked, Query()]) -> Response:
    """Return what was sent, what waits, and what did not leave and why; never a text nor a number."""
    return answer(request, await database.read(_messages, actor, asked.convocation_id, now()))


def _person(session: Session, actor: Actor, person_id: UUID) -> told.PersonTold:
    return told.PersonTold.model_validate(person_for(session, actor, person_id))


def _made(session: Session, actor: Actor, asked: told.ConvocationGiven, at: datetime) -> Convocation:
    asked.check()
    if asked.booking_id is not None:
        return summon(session, actor, asked.booking_id, now=at, reminder_hours=asked.reminder_hours)
    if asked.person_id is None:
        raise InvalidRequest("person_id", "required")
    if asked.offer is not None and asked.choose_by is not None:
        return let_choose(
            session,
            actor,
            asked.person_id,
            asked.offer,
            choose_by=asked.choose_by,
            now=at,
            reminder_hours=asked.reminder_hours,
        )
    return convene(session, actor, asked.person_id, asked.claim, now=at, reminder_hours=asked.reminder_hours)


def _told(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> told.ConvocationTold:
    return _as_told(convocation_line(session, actor, convocation_id, now=at))


def _as_told(line: ListedConvocation) -> told.ConvocationTold:
    zone = ZoneInfo(line.time_zone)
    named = {name: getattr(line, name) for name in told.ConvocationTold.model_fields if hasattr(line, name)}
    return told.ConvocationTold.model_validate(
        named
        | {
            "kind": line.kind_code,
            "booking_state": line.state,
            "start": line.starts_at.astimezone(zone) if line.starts_at else None,
            "link": link_of(line.link) if line.link else "",
        }
    )


def _messages(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> Listed[told.MessageTold]:
    convocation_line(session, actor, convocation_id, now=at)  # not found rather than empty
    found = messages(session, actor, MessagesOf(convocation_id=convocation_id), house=House(secret_key()), limit=PAGE)
    return Listed[told.MessageTold](items=[told.MessageTold.model_validate(each) for each in found])
