"""REST routes by which partners' programs keep true what their organisation publishes. The same acts as the pages.

One document holds everything that is published of a resource, and has one ETag: whoever gives it back with If-Match
writes over nothing that they have not read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, TypeAdapter
from sqlmodel import Session

from availability.beds import set_bed_in_service
from availability.capacities import capacities_to_come, forget_capacity, set_capacity
from availability.closings import ClosedDays, close_days, reopen_days
from availability.declarations import declare, hosted, still_true
from availability.errors import InvalidRequest, NotFound
from availability.grids import own_grid, set_grid
from availability.hours import rules_from, set_hours
from availability.models import Shape
from availability.openings import Rule
from availability.outside import Outside
from availability.own import OwnResource, beds_of, closures_of, own_after, own_resources
from availability.rights import Actor, Role
from availability.wire import (
    BEARER,
    BIGINT,
    READ,
    WRITE,
    BoundedRoute,
    IdentifierInPath,
    Listed,
    answer,
    cursor_of,
    position_in,
    refusals,
)
from booking import own_api_models as told
from booking.api import Call, Key, once
from booking.errors import OutOfDate
from booking.idempotency import Answered
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import problem

router = APIRouter(tags=["own places"], dependencies=[BEARER], route_class=BoundedRoute)
Host = Annotated[Actor, requires(Role.PARTNER)]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag of the document that the caller read: refused with 412 when it has changed since.",
    ),
]
TAG = {"ETag": {"schema": {"type": "string"}}}
WRITES: dict[int | str, dict[str, Any]] = {**WRITE, **refusals(412), 200: {"headers": TAG}}
MAKES: dict[int | str, dict[str, Any]] = {**WRITE, **refusals(412), 201: {"headers": TAG}}
SENT_AS = {"first": "from", "until": "to", "from_on": "from"}
LAST_SEEN: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=BIGINT)])

problem(
    OutOfDate,
    412,
    "out-of-date",
    "Modifié entre-temps",
    "Ce qui est publié a changé depuis que vous l’avez lu : relisez-le, puis recommencez.",
)


@dataclass(frozen=True)
class Write:
    """One write on one resource: the call, and the tag that the caller read."""

    call: Call
    resource_id: int
    if_match: str | None

    @property
    def actor(self) -> Actor:
        """Return who writes."""
        return self.call.actor


@router.get("/own-resources", summary="What the caller runs", response_model=Listed[told.OwnTold], responses=READ)
async def own(request: Request, actor: Host, asked: Annotated[told.OwnAsked, Query()]) -> Response:
    """Return what the organisation of the caller runs, by number, with the age of its declarations."""
    return answer(request, await database.read(_listed, actor, asked, now()))


@router.get(
    "/resources/{resource_id}/published",
    summary="What is published of a resource",
    response_model=told.PublishedTold,
    responses=READ | refusals(404),
)
async def published(request: Request, actor: Host, resource_id: IdentifierInPath) -> Response:
    """Return the declaration, the hours, the closures, the temporary capacities and the beds of one's own resource."""
    body = await database.read(document, actor, resource_id, now())
    tag = tag_of(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json", headers=headers)


@router.put(
    "/resources/{resource_id}/declaration",
    summary="Declare what is true today",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def put_declaration(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    given: told.DeclarationGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Declare the usual capacity, and for places the load and those who wait, as of today."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        shape = _seen(session, actor, resource_id, at).shape
        declare(session, actor, resource_id, given.declaration(shape), now=at)
        return ()

    return await _written(write, work)


@router.post(
    "/resources/{resource_id}/still-true",
    summary="Say that it is still true",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def say_still_true(
    request: Request, actor: Host, resource_id: IdentifierInPath, key: Key = None, if_match: IfMatch = None
) -> Response:
    """Date what is declared as of today, unchanged."""
    write = Write(Call(request, actor, key), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        still_true(session, actor, [resource_id], now=at)
        return ()

    return await _written(write, work)


@router.put(
    "/resources/{resource_id}/hours", summary="Set the hours", response_model=told.PublishedTold, responses=WRITES
)
async def put_hours(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    given: told.HoursGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Replace, from a day on, the hours of a resource of shape slots; what they leave uncovered stands, and is told."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        first = given.first or _seen(session, actor, resource_id, at).today
        rules = [rule.rule(first) for rule in given.rules]
        return set_hours(session, actor, resource_id, rules, from_on=first, now=at).outside

    return await _written(write, work)


@router.put(
    "/resources/{resource_id}/grid",
    summary="Set the length and the step of appointments",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def put_grid(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    given: told.GridGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Set how a resource of shape slots cuts its openings, and its usual capacity; what was taken stands."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        capacity = _seen(session, actor, resource_id, at).capacity
        set_grid(session, actor, resource_id, given.grid(capacity), now=at)
        return ()

    return await _written(write, work)


@router.post(
    "/resources/{resource_id}/closures",
    summary="Close some days",
    status_code=201,
    response_model=told.PublishedTold,
    responses=MAKES,
)
async def post_closure(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    given: told.ClosureGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Close a resource on some days; what was taken on them stands, and is told."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        days = ClosedDays(given.first, given.until, given.reason)
        return close_days(session, actor, resource_id, days, now=at).outside

    return await _written(write, work, status=201)


@router.delete(
    "/resources/{resource_id}/closures/{closure_id}",
    summary="Open closed days again",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def delete_closure(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    closure_id: IdentifierInPath,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Take back what is left of a closure of this resource; that of a whole site is not its own."""
    write = Write(Call(request, actor, key), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        reopen_days(session, actor, resource_id, closure_id, now=at)
        return ()

    return await _written(write, work)


@router.post(
    "/resources/{resource_id}/capacities",
    summary="Take more or fewer for a while",
    status_code=201,
    response_model=told.PublishedTold,
    responses=MAKES,
)
async def post_capacity(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    given: told.CapacityGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Say how many a resource of shape places or slots takes on some days, instead of its usual capacity."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        span = (given.first, given.until, given.capacity, given.reason)
        set_capacity(session, actor, resource_id, *span, now=at)
        return ()

    return await _written(write, work, status=201)


@router.delete(
    "/resources/{resource_id}/capacities/{period_id}",
    summary="Take the usual number again",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def delete_capacity(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    period_id: IdentifierInPath,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Take back what is left of a temporary capacity."""
    write = Write(Call(request, actor, key), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        forget_capacity(session, actor, resource_id, period_id, now=at)
        return ()

    return await _written(write, work)


@router.put(
    "/resources/{resource_id}/units/{unit_id}",
    summary="Put a bed out of service, or back",
    response_model=told.PublishedTold,
    responses=WRITES,
)
async def put_unit(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    resource_id: IdentifierInPath,
    unit_id: IdentifierInPath,
    given: told.BedGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Put a bed out of service, or back; whoever has it keeps it, and it takes nobody new."""
    write = Write(Call(request, actor, key, given), resource_id, if_match)

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        if unit_id not in {bed.id for bed in beds_of(session, resource_id)}:
            raise NotFound(unit_id=unit_id)
        set_bed_in_service(session, actor, unit_id, given.in_service, now=at)
        return ()

    return await _written(write, work)


def tag_of(body: dict[str, Any]) -> str:
    """Return the ETag of a document: strong, for If-Match compares so, and of what is published only."""
    kept = {name: value for name, value in body.items() if name != "outside"}
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}"'


async def _written(
    write: Write, act: Callable[[Session, datetime], Sequence[Outside]], *, status: int = 200
) -> Response:
    """Return the document after one act on its resource, done under the lock, at most once when the call has a key."""
    at = now()

    def work(session: Session) -> Answered:
        return Answered(status, perform(session, write, act, at))

    done = await once(write.call, work, at)
    headers = {"Cache-Control": "no-store", "ETag": tag_of(done.body)}
    if done.is_replay:
        headers["Idempotent-Replayed"] = "true"
    return Response(
        json.dumps(done.body, ensure_ascii=False), done.status, headers=headers, media_type="application/json"
    )


def perform(
    session: Session, write: Write, act: Callable[[Session, datetime], Sequence[Outside]], at: datetime
) -> dict[str, Any]:
    """Do one act on a resource of the caller's, unless it changed since they read it; return its document.

    Raises: NotFound, OutOfDate, and whatever the act raises.
    """
    hosted(session, write.actor, [write.resource_id])  # locked: nobody changes it between the look and the act
    if write.if_match is not None:
        _check_unchanged(session, write, at)
    try:
        outside = act(session, at)
    except InvalidRequest as refusal:
        raise _as_sent(refusal) from refusal
    return document(session, write.actor, write.resource_id, at, outside)


def _as_sent(refusal: InvalidRequest) -> InvalidRequest:
    """Return the same refusal, of the field by the name under which the caller sent it."""
    facts = {name: value for name, value in refusal.facts.items() if name not in {"field", "problem"}}
    return InvalidRequest(SENT_AS.get(refusal.field, refusal.field), refusal.problem, **facts)


def _check_unchanged(session: Session, write: Write, at: datetime) -> None:
    if not _matches(write.if_match, tag_of(document(session, write.actor, write.resource_id, at))):
        raise OutOfDate(resource_id=write.resource_id)


def _matches(given: str | None, tag: str) -> bool:
    """Say whether a tag is among those given; one that a proxy has weakened on its way is still the same."""
    known = {one.strip().removeprefix("W/") for one in (given or "").split(",")}
    return "*" in known or tag in known


def _seen(session: Session, actor: Actor, resource_id: int, at: datetime) -> OwnResource:
    found = own_resources(session, actor, [resource_id], now=at)
    if not found:
        raise NotFound(resource_id=resource_id)
    return found[0]


def _listed(session: Session, actor: Actor, asked: told.OwnAsked, at: datetime) -> Listed[told.OwnTold]:
    scope = f"{actor.account_id} own-resources"
    after = position_in(asked.cursor, scope, LAST_SEEN) if asked.cursor else 0
    found = own_after(session, actor, after, limit=asked.limit + 1, now=at)
    shown = found[: asked.limit]
    items = [told.OwnTold.model_validate(_fields(one)) for one in shown]
    return Listed[told.OwnTold](items=items, next=cursor_of(shown[-1].id, scope) if len(found) > asked.limit else None)


def _fields(one: OwnResource) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in told.OwnTold.model_fields if hasattr(one, name)}
    return named | {"kind": one.kind_code, "site": one.site_name}


def document(
    session: Session, actor: Actor, resource_id: int, at: datetime, outside: Sequence[Outside] = ()
) -> dict[str, Any]:
    """Return everything that is published of a resource of the caller's, as JSON. Raises: NotFound."""
    one = _seen(session, actor, resource_id, at)
    has = {name: one.shape in shapes for name, shapes in _SAID.items()}
    told_ = told.PublishedTold(
        **_fields(one),
        declaration=told.DeclarationTold(
            capacity=one.capacity if has["capacity"] else None,
            load=one.declared_load if has["load"] else None,
            waiting=one.declared_waiting if has["load"] else None,
            declared_on=one.declared_on,
            is_stale=one.is_stale,
        ),
        grid=told.GridTold.model_validate(asdict(own_grid(session, one.id))) if one.shape is Shape.SLOTS else None,
        hours=[_rule(rule) for rule in rules_from(session, one.id, one.today)],
        closures=[told.ClosureTold(**vars(each)) for each in closures_of(session, one.id, today=one.today)],
        capacities=[told.CapacityTold(**vars(each)) for each in capacities_to_come(session, one.id, today=one.today)],
        units=[told.BedTold(id=bed.id, name=bed.name, in_service=bed.is_active) for bed in beds_of(session, one.id)],
        outside=[_outside(each, one.time_zone) for each in outside],
    )
    return told_.model_dump(mode="json", by_alias=True)


_SAID = {"capacity": (Shape.PLACES, Shape.SLOTS), "load": (Shape.PLACES,)}


def _rule(rule: Rule) -> told.RuleTold:
    times = {"opens": f"{rule.opens:%H:%M}", "closes": f"{rule.closes:%H:%M}"}
    days: dict[str, list[date]] = {"except_on": list(rule.except_on), "extra_on": list(rule.extra_on)}
    return told.RuleTold.model_validate({**vars(rule), **times, **days})


def _outside(one: Outside, time_zone: str) -> told.OutsideTold:
    zone = ZoneInfo(time_zone)
    start, end = one.period.start.astimezone(zone), one.period.end.astimezone(zone)
    return told.OutsideTold(booking_id=one.holder_id, start=start, end=end)
