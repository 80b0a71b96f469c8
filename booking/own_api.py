"""REST routes by which partners' programs keep true what their organisation publishes. The same acts as the pages.

One document holds everything that is published of a resource, and has one ETag: whoever gives it back with If-Match
writes over nothing that they have not read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request, Response
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
    Given,
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
Route = TypeVar("Route", bound=Callable[..., Any])
LAST_SEEN: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=BIGINT)])

problem(
    OutOfDate,
    412,
    "out-of-date",
    "Modifié entre-temps",
    "Ce qui est publié a changé depuis que vous l’avez lu : relisez-le, puis recommencez.",
)


class Writing(Protocol):
    """One write on a document: the call, the tag that the caller read, what to lock, and what is then published."""

    @property
    def call(self) -> Call:
        """Return the call."""

    @property
    def if_match(self) -> str | None:
        """Return the tag that the caller read."""

    @property
    def subject(self) -> dict[str, int]:
        """Return the number of what the document is about, by its name."""

    def lock(self, session: Session) -> object:
        """Lock what the document is about: nobody changes it between the look and the act."""

    def document(self, session: Session, at: datetime, outside: Sequence[Outside] = ()) -> dict[str, Any]:
        """Return what is published, as JSON."""


@dataclass(frozen=True)
class Write:
    """One write on one resource."""

    call: Call
    resource_id: int
    if_match: str | None

    @property
    def subject(self) -> dict[str, int]:
        """Return the number of the resource."""
        return {"resource_id": self.resource_id}

    def lock(self, session: Session) -> object:
        """Lock the resource. Raises: NotFound when the caller does not run it."""
        return hosted(session, self.call.actor, [self.resource_id])

    @property
    def of(self) -> tuple[Actor, int]:
        """Return who writes, and on what."""
        return self.call.actor, self.resource_id

    def giving(self, given: Given) -> Write:
        """Return the same write, with what was sent: under one key, it is always the same."""
        return replace(self, call=replace(self.call, body=given))

    def document(self, session: Session, at: datetime, outside: Sequence[Outside] = ()) -> dict[str, Any]:
        """Return what is published of the resource."""
        return document(session, self.call.actor, self.resource_id, at, outside)


def _on_resource(
    request: Request, actor: Host, resource_id: IdentifierInPath, key: Key = None, if_match: IfMatch = None
) -> Write:
    return Write(Call(request, actor, key), resource_id, if_match)


OnResource = Annotated[Write, Depends(_on_resource)]


def writes(method: str, path: str, summary: str, *, makes: bool = False) -> Callable[[Route], Route]:
    """Declare a route that writes on a resource of the caller's, and answers what is then published of it."""
    status, responses = (201, MAKES) if makes else (200, WRITES)
    return router.api_route(
        path,
        methods=[method],
        summary=summary,
        status_code=status,
        response_model=told.PublishedTold,
        responses=responses,
    )


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
    return tagged(request, await database.read(document, actor, resource_id, now()))


@writes("PUT", "/resources/{resource_id}/declaration", "Declare what is true today")
async def put_declaration(write: OnResource, given: told.DeclarationGiven) -> Response:
    """Declare the usual capacity, and for places the load and those who wait, as of today."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        shape = _seen(session, *write.of, at).shape
        declare(session, *write.of, given.declaration(shape), now=at)
        return ()

    return await written(write.giving(given), work)


@writes("POST", "/resources/{resource_id}/still-true", "Say that it is still true")
async def say_still_true(write: OnResource) -> Response:
    """Date what is declared as of today, unchanged."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        still_true(session, write.call.actor, [write.resource_id], now=at)
        return ()

    return await written(write, work)


@writes("PUT", "/resources/{resource_id}/hours", "Set the hours")
async def put_hours(write: OnResource, given: told.HoursGiven) -> Response:
    """Replace, from a day on, the hours of a resource of shape slots; what they leave uncovered stands, and is told."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        first = given.first or _seen(session, *write.of, at).today
        rules = [rule.rule(first) for rule in given.rules]
        return set_hours(session, *write.of, rules, from_on=first, now=at).outside

    return await written(write.giving(given), work)


@writes("PUT", "/resources/{resource_id}/grid", "Set the length and the step of appointments")
async def put_grid(write: OnResource, given: told.GridGiven) -> Response:
    """Set how a resource of shape slots cuts its openings, and its usual capacity; what was taken stands."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        capacity = _seen(session, *write.of, at).capacity
        set_grid(session, *write.of, given.grid(capacity), now=at)
        return ()

    return await written(write.giving(given), work)


@writes("POST", "/resources/{resource_id}/closures", "Close some days", makes=True)
async def post_closure(write: OnResource, given: told.ClosureGiven) -> Response:
    """Close a resource on some days; what was taken on them stands, and is told."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        days = ClosedDays(given.first, given.until, given.reason)
        return close_days(session, *write.of, days, now=at).outside

    return await written(write.giving(given), work, status=201)


@writes("DELETE", "/resources/{resource_id}/closures/{closure_id}", "Open closed days again")
async def delete_closure(write: OnResource, closure_id: IdentifierInPath) -> Response:
    """Take back what is left of a closure of this resource; that of a whole site is opened again with the site."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        reopen_days(session, *write.of, closure_id, now=at)
        return ()

    return await written(write, work)


@writes("POST", "/resources/{resource_id}/capacities", "Take more or fewer for a while", makes=True)
async def post_capacity(write: OnResource, given: told.CapacityGiven) -> Response:
    """Say how many a resource of shape places or slots takes on some days, instead of its usual capacity."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        actor, resource_id = write.of
        set_capacity(session, actor, resource_id, given.first, given.until, given.capacity, given.reason, now=at)
        return ()

    return await written(write.giving(given), work, status=201)


@writes("DELETE", "/resources/{resource_id}/capacities/{period_id}", "Take the usual number again")
async def delete_capacity(write: OnResource, period_id: IdentifierInPath) -> Response:
    """Take back what is left of a temporary capacity."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        forget_capacity(session, *write.of, period_id, now=at)
        return ()

    return await written(write, work)


@writes("PUT", "/resources/{resource_id}/units/{unit_id}", "Put a bed out of service, or back")
async def put_unit(write: OnResource, unit_id: IdentifierInPath, given: told.BedGiven) -> Response:
    """Put a bed out of service, or back; whoever has it keeps it, and it takes nobody new."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        if unit_id not in {bed.id for bed in beds_of(session, write.resource_id)}:
            raise NotFound(unit_id=unit_id)
        set_bed_in_service(session, write.call.actor, unit_id, given.in_service, now=at)
        return ()

    return await written(write.giving(given), work)


def tagged(request: Request, body: dict[str, Any]) -> Response:
    """Answer a document with its tag, or that the caller has it already."""
    tag = tag_of(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json", headers=headers)


def tag_of(body: dict[str, Any]) -> str:
    """Return the ETag of a document: strong, for If-Match compares so, and of what is published only."""
    kept = {name: value for name, value in body.items() if name != "outside"}
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}"'


async def written(
    write: Writing, act: Callable[[Session, datetime], Sequence[Outside]], *, status: int = 200
) -> Response:
    """Return the document after one act, done under the lock, at most once when the call has a key."""
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
    session: Session, write: Writing, act: Callable[[Session, datetime], Sequence[Outside]], at: datetime
) -> dict[str, Any]:
    """Do one act on what the caller runs, unless it changed since they read it; return its document.

    Raises: NotFound, OutOfDate, and whatever the act raises.
    """
    write.lock(session)
    if write.if_match is not None:
        _check_unchanged(session, write, at)
    try:
        outside = act(session, at)
    except InvalidRequest as refusal:
        raise _as_sent(refusal) from refusal
    return write.document(session, at, outside)


def _as_sent(refusal: InvalidRequest) -> InvalidRequest:
    """Return the same refusal, of the field by the name under which the caller sent it."""
    facts = {name: value for name, value in refusal.facts.items() if name not in {"field", "problem"}}
    return InvalidRequest(SENT_AS.get(refusal.field, refusal.field), refusal.problem, **facts)


def _check_unchanged(session: Session, write: Writing, at: datetime) -> None:
    if not _matches(write.if_match, tag_of(write.document(session, at))):
        raise OutOfDate(**write.subject)


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
        outside=[outside_told(each, one.time_zone) for each in outside],
    )
    return told_.model_dump(mode="json", by_alias=True)


_SAID = {"capacity": (Shape.PLACES, Shape.SLOTS), "load": (Shape.PLACES,)}


def _rule(rule: Rule) -> told.RuleTold:
    times = {"opens": f"{rule.opens:%H:%M}", "closes": f"{rule.closes:%H:%M}"}
    days: dict[str, list[date]] = {"except_on": list(rule.except_on), "extra_on": list(rule.extra_on)}
    return told.RuleTold.model_validate({**vars(rule), **times, **days})


def outside_told(one: Outside, time_zone: str) -> told.OutsideTold:
    """Return what was taken and is no longer covered, in the civil time of the place."""
    zone = ZoneInfo(time_zone)
    start, end = one.period.start.astimezone(zone), one.period.end.astimezone(zone)
    return told.OutsideTold(booking_id=one.holder_id, resource_id=one.resource_id, start=start, end=end)
