"""REST routes of convocations and messages. The same actions as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Given, Listed, answer, refusals
from booking.api import Call, Key, once, respond
from booking.idempotency import Answered
from convocations import api_models as told
from convocations.actions import convene, let_choose, summon
from convocations.in_bulk import Foreseen, Order, Summoned, order_for
from convocations.models import Convocation
from convocations.outbox import PAGE, messages
from convocations.outbox import Query as MessagesOf
from convocations.pages.addresses import link_of
from convocations.pages.in_bulk_run import run_list
from convocations.pages.papers_route import letters_file, statement_file
from convocations.pages.problems import said  # and declares how refusals are answered
from convocations.queries import ListedConvocation, convocation_line
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import answer_to
from portal.settings import secret_key

convocations = APIRouter(prefix="/convocations", tags=["convocations"], dependencies=[BEARER], route_class=BoundedRoute)
outbox = APIRouter(prefix="/messages", tags=["convocations"], dependencies=[BEARER], route_class=BoundedRoute)
Requester = Annotated[Actor, requires(*REQUESTERS)]
PDF: dict[str, Any] = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


class MessagesAsked(Given):
    """Whose messages."""

    convocation_id: UUID


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


@convocations.post("/bulk", summary="Summon a list of people", response_model=told.ListTold, responses=WRITE)
async def summon_a_list(actor: Requester, asked: told.ListGiven, key: Key = None) -> Response:
    """Summon each person of a list in a transaction of their own: one who cannot be leaves the others summoned.

    The same key goes on where it was stopped, and summons nobody twice.
    """
    order = await database.read(_order, actor, asked)
    lines = [line async for line in run_list(actor, order, asked.person_ids, key or str(uuid4()))]
    body = told.ListTold(items=[_line_told(foreseen, done) for foreseen, done in lines])
    return JSONResponse(body.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@convocations.get(
    "/{convocation_id}",
    summary="One convocation",
    response_model=told.ConvocationTold,
    responses=READ | refusals(404),
)
async def one(request: Request, actor: Requester, convocation_id: UUID) -> Response:
    """Return a convocation as it stands, with the link of its person."""
    return answer(request, await database.read(_told, actor, convocation_id, now()))


@convocations.get(
    "/{convocation_id}/letter.pdf",
    summary="Its letter",
    response_class=Response,
    responses=READ | refusals(404, 409) | {200: {"content": PDF}},
)
async def letter(actor: Requester, convocation_id: UUID) -> Response:
    """Return the letter of a convocation, for who has no mobile; whose it is is looked at, and logged."""
    return await letters_file(actor, [convocation_id], are_all_asked=True)


@convocations.get(
    "/{convocation_id}/statement.pdf",
    summary="What shows that it was known",
    response_class=Response,
    responses=READ | refusals(404) | {200: {"content": PDF}},
)
async def statement(actor: Requester, convocation_id: UUID) -> Response:
    """Return the statement of a convocation: what was sent, delivered, opened, answered; logged as a consultation."""
    return await statement_file(convocation_id, actor)


@outbox.get(
    "",
    summary="Messages of a convocation",
    response_model=Listed[told.MessageTold],
    responses=READ | refusals(404),
)
async def listed(request: Request, actor: Requester, asked: Annotated[MessagesAsked, Query()]) -> Response:
    """Return what was sent, what waits, and what did not leave and why; never a text nor a number."""
    return answer(request, await database.read(_messages, actor, asked.convocation_id, now()))


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


def _order(session: Session, actor: Actor, asked: told.ListGiven) -> Order:
    return order_for(
        session,
        actor,
        asked.resource_ids,
        way=asked.way,
        now=now(),
        choose_by=asked.choose_by,
        reminder_hours=asked.reminder_hours,
        although_summoned=asked.although_summoned,
    )


def _line_told(foreseen: Foreseen, done: Summoned) -> told.SummonedTold:
    answer = answer_to(done.refusal) if done.refusal else None
    return told.SummonedTold(
        person_id=done.person_id,
        convocation_id=done.convocation_id,
        start=foreseen.claim.start if foreseen.claim and done.convocation_id else None,
        told_by=foreseen.told_by if done.convocation_id else None,
        why_letter=foreseen.why_letter if done.convocation_id else "",
        problem=told.Why(type=answer.slug, title=answer.title, detail=said(done.refusal))
        if answer and done.refusal
        else None,
    )


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
