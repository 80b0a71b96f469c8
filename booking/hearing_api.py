"""REST routes of hearings that come again: the tree of natures, templates, their days, and the acts of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from availability.rights import SEARCHERS, Actor
from availability.wire import BEARER, READ, WRITE, BoundedRoute, IdentifierInPath, Listed, answer, refusals
from booking import hearing_api_models as told
from booking.api import Call, Key, once, respond
from booking.hearing_template_queries import TemplateLine, line_of, templates_of, year_of
from booking.hearing_templates import SETTERS, Written, change_template, close_template, tried, write_template
from booking.idempotency import Answered
from booking.natures import above, natures
from portal import database
from portal.clock import now
from portal.policy import requires

router = APIRouter(tags=["hearings"], dependencies=[BEARER], route_class=BoundedRoute)
Setter = Annotated[Actor, requires(*SETTERS)]
Reader = Annotated[Actor, requires(*SEARCHERS)]


@router.get("/natures", summary="Natures of cases", response_model=Listed[told.NatureTold], responses=READ)
async def tree(request: Request, _: Reader) -> Response:
    """Return the nomenclature in force, by code: a quota of a code counts all that is under it."""
    known = await database.read(natures)
    items = [told.NatureTold(code=code, label=label, above=above(known, code) or None) for code, label in known.items()]
    return answer(request, Listed[told.NatureTold](items=items))


@router.get(
    "/hearing-templates",
    summary="Templates of hearings",
    response_model=Listed[told.HearingTemplateTold],
    responses=READ,
)
async def templates(request: Request, actor: Setter) -> Response:
    """Return the templates of the caller's courts that are not over, by court and name."""
    lines: list[TemplateLine] = await database.read(templates_of, actor, now=now())
    return answer(request, Listed[told.HearingTemplateTold](items=[told.template_told(line) for line in lines]))


@router.get(
    "/hearing-templates/{template_id}/sessions",
    summary="Sessions of a template",
    response_model=Listed[told.SessionDayTold],
    responses=READ | refusals(404),
)
async def sessions(
    request: Request, actor: Setter, template_id: IdentifierInPath, asked: Annotated[told.DaysAsked, Query()]
) -> Response:
    """Return the days on which a template sits, or would if they were not off, with the cases set so far."""
    return answer(request, await database.read(_sessions, actor, template_id, asked))


def _sessions(session: Session, actor: Actor, template_id: int, asked: told.DaysAsked) -> Listed[told.SessionDayTold]:
    at = now()
    first = asked.first or at.date()
    found = year_of(session, actor, template_id, first=first, until=first + timedelta(days=asked.days), now=at)
    items = [
        told.SessionDayTold(day=one.day, what=one.what, cases=one.cases, off=one.off, resource_id=one.resource_id)
        for one in found
    ]
    return Listed[told.SessionDayTold](items=items)


@router.post(
    "/hearing-templates",
    summary="Write a template of hearings",
    status_code=201,
    response_model=told.TemplateWrittenTold,
    responses=WRITE | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def write(request: Request, actor: Setter, given: told.TemplateGiven, key: Key = None) -> Response:
    """Open sessions from a day on, up to the horizon; `blocked` lists the days for which something is not free."""
    at = now()

    def work(session: Session) -> Answered:
        done = write_template(session, actor, given.spec(), from_on=given.from_on, now=at)
        return _answered(session, done, at, status=201)

    done = await once(Call(request, actor, key, given), work, at)
    return respond(done, location=f"{request.url.path}/{done.body['template']['id']}/sessions")


@router.post(
    "/hearing-templates/{template_id}/change",
    summary="Change a template from a day on",
    response_model=told.TemplateWrittenTold,
    responses=WRITE,
)
async def change(
    request: Request,
    actor: Setter,
    template_id: IdentifierInPath,
    given: told.TemplateChangeGiven,
    key: Key = None,
) -> Response:
    """Have another template of the same line follow from a day on; with `dry_run`, only say what that would move."""

    def act(session: Session, at: datetime) -> Written:
        return change_template(session, actor, template_id, given.spec(), from_on=given.from_on, now=at)

    return await _step(Call(request, actor, key, given), act, is_tried=given.dry_run)


@router.post(
    "/hearing-templates/{template_id}/close",
    summary="Close a template from a day on",
    response_model=told.TemplateWrittenTold,
    responses=WRITE,
)
async def close(
    request: Request,
    actor: Setter,
    template_id: IdentifierInPath,
    given: told.ClosingGiven,
    key: Key = None,
) -> Response:
    """Open no more sessions from a day on: those with cases stay, and are `kept`. `dry_run` as for a change."""

    def act(session: Session, at: datetime) -> Written:
        return close_template(session, actor, template_id, from_on=given.from_on, now=at)

    return await _step(Call(request, actor, key, given), act, is_tried=given.dry_run)


async def _step(call: Call, act: Callable[[Session, datetime], Written], *, is_tried: bool) -> Response:
    """Do an act once a key, or only try it, which is kept under none."""
    at = now()

    def work(session: Session) -> Answered:
        if not is_tried:
            return _answered(session, act(session, at), at)
        would = told.written_told(None, tried(session, act, at).generated)
        return Answered(200, would.model_dump(mode="json"))

    return respond(await once(replace(call, key=None) if is_tried else call, work, at))


def _answered(session: Session, done: Written, at: datetime, *, status: int = 200) -> Answered:
    line = line_of(session, done.template_id, now=at)
    return Answered(status, told.written_told(line, done.generated).model_dump(mode="json"))
