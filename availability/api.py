"""REST routes of the catalogue: kinds, resources and what is left of them. Reads only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, TypeAdapter
from sqlmodel import Session, col, select

from availability import api_models as told
from availability.attributes import Attribute, AttributeType, schema
from availability.errors import InvalidRequest, NotFound
from availability.history import consulted
from availability.kinds import quotas_by_kind
from availability.models import Kind, KindRight, Shape
from availability.openings import local_day
from availability.queries import DayCount, kinds_for
from availability.rights import Actor
from availability.search import Found, Position, Wish, Work, search
from availability.sheet import (
    FreeNights,
    HearingRoom,
    Ruled,
    days_left,
    free_nights,
    hearing_room,
    next_free_days,
    resource_for,
    starts,
    units_of,
)
from availability.slots import Slot
from availability.wire import (
    BEARER,
    BIGINT,
    MOST_DAYS,
    READ,
    IdentifierInPath,
    Listed,
    answer,
    cursor_of,
    position_in,
    refusals,
)
from availability.words import invalid_sentence
from portal import database
from portal.clock import now
from portal.policy import SIGNED_IN, requires
from portal.problems import problem
from portal.routing import timed

router = APIRouter(tags=["availability"], dependencies=[BEARER])
Reader = Annotated[Actor, requires(SIGNED_IN)]

WORKING = frozenset(range(5))  # Monday to Friday
NEXT_FREE_WITHIN = timedelta(days=60)
DEFAULT_DAYS = {Shape.NIGHTS: 1, Shape.PLACES: 1, Shape.SLOTS: 14, Shape.SESSIONS: MOST_DAYS}
LAST_SEEN: TypeAdapter[Position] = TypeAdapter(
    tuple[
        bool,
        Annotated[float, Field(ge=0, allow_inf_nan=False)] | None,
        Annotated[int, Field(ge=-BIGINT, le=BIGINT)] | None,
        Annotated[int, Field(ge=0, le=BIGINT)],
    ]
)

problem(InvalidRequest, 422, "invalid-request", "Demande invalide", invalid_sentence)


@router.get("/kinds", summary="Kinds that the caller may search", response_model=Listed[told.KindTold], responses=READ)
async def kinds(request: Request, actor: Reader) -> Response:
    """Return every kind with its shape, its limits and its searchable attributes, in the order of the layers."""
    return answer(request, Listed[told.KindTold](items=await database.read(_kinds, actor)))


@router.get(
    "/resources", summary="Resources by fit, then by way", response_model=Listed[told.ResourceTold], responses=READ
)
async def resources(request: Request, actor: Reader, asked: Annotated[told.ResourcesAsked, Query()]) -> Response:
    """Return resources of one kind with what is free over the days asked for, and why the others do not suit."""
    at = now()
    wish = await timed(actor, await database.read(_wish, asked, at))
    run = database.act if asked.beyond else database.read  # a look beyond is written down
    return answer(request, await run(_resources, actor, asked, wish, at))


@router.get(
    "/resources/{resource_id}",
    summary="One resource",
    response_model=told.ResourceSheet,
    responses=READ | refusals(404),
)
async def resource(
    request: Request, actor: Reader, resource_id: IdentifierInPath, asked: Annotated[told.DaysAsked, Query()]
) -> Response:
    """Return one resource as the search sees it, with its units."""
    return answer(request, await database.act(_sheet, actor, resource_id, asked, now()))


@router.get(
    "/resources/{resource_id}/availability",
    summary="What is left of a resource",
    response_model=told.Availability,
    responses=READ | refusals(404),
)
async def availability(
    request: Request, actor: Reader, resource_id: IdentifierInPath, asked: Annotated[told.DaysAsked, Query()]
) -> Response:
    """Return free ranges of units, starts with seats left, places left by day or room left in a hearing."""
    return answer(request, await database.act(_availability, actor, resource_id, asked, now()))


def _kinds(session: Session, actor: Actor) -> list[told.KindTold]:
    rights = select(KindRight.kind_id).where(col(KindRight.role).in_(sorted(actor.roles)), col(KindRight.may_reserve))
    reservable = set(session.exec(rights))
    quotas = quotas_by_kind(session)
    return [
        told.KindTold.model_validate(
            {**kind.model_dump(), "may_reserve": kind.id in reservable, "quotas": quotas.get(kind.id, [])}
        )
        for kind in kinds_for(session, actor)
    ]


def _resources(
    session: Session, actor: Actor, asked: told.ResourcesAsked, wish: Wish, at: datetime
) -> Listed[told.ResourceTold]:
    if asked.beyond:
        _log_beyond(session, actor, wish.kind, at)
    scope = f"{actor.account_id} resources {asked.model_dump_json(exclude={'cursor', 'limit'})}"
    after = position_in(asked.cursor, scope, LAST_SEEN) if asked.cursor else None
    found = search(session, actor, wish, now=at, only_suitable=asked.free, limit=asked.limit + 1, after=after)
    shown = found[: asked.limit]
    last = shown[-1] if len(found) > asked.limit else None
    return Listed[told.ResourceTold](
        items=_told(session, wish, shown, at),
        next=cursor_of(last.position, scope) if last else None,
    )


def _log_beyond(session: Session, actor: Actor, kind: Kind, at: datetime) -> None:
    if not kind.crosses_territories:
        raise InvalidRequest("beyond", "not-for-this-kind")
    consulted(session, actor, subject="kind", subject_id=kind.code, reason="search-beyond-territory", at=at)


def _wish(session: Session, asked: told.ResourcesAsked, at: datetime) -> Wish:
    """Return what is asked for, strictly: a filter that the kind does not have would widen the search in silence."""
    kind = session.exec(select(Kind).where(Kind.code == asked.kind)).one_or_none()
    if kind is None:
        raise InvalidRequest("kind", "unknown-choice")
    first, until = days_asked(asked, Shape(kind.shape), today=local_day(at, ZoneInfo("Europe/Paris")))
    if asked.radius_km is not None and asked.near is None:
        raise InvalidRequest("near", "required")
    known = {one.code: one for one in schema(kind.searchable)}
    for name in ("sex", "age", "weekend", "accessible"):
        if getattr(asked, name) and name not in known:
            raise InvalidRequest(name, "no-such-filter")
    work = _work(asked)
    if work and not any(one.type is AttributeType.HOURS for one in known.values()):
        raise InvalidRequest("work", "no-such-filter")
    return Wish(
        kind=kind,
        first=first,
        until=until,
        near=_point(asked.near),
        radius_km=asked.radius_km,
        sex=asked.sex,
        age=asked.age,
        weekend=asked.weekend,
        accessible=asked.accessible,
        attributes=_attributes(asked.attribute, known),
        work=work,
        max_travel_min=asked.max_travel_min,
        max_delay_days=asked.max_delay_days,
        max_load=asked.max_load,
        fresh=asked.fresh,
        beyond=asked.beyond,
    )


def _attributes(written: list[str], known: dict[str, Attribute]) -> dict[str, Any]:
    """Return the values of "regime:probatoire", those of a list given several times being all wanted."""
    typed: dict[str, list[str]] = {}
    for each in written:
        code, colon, value = each.partition(":")
        if not colon:
            raise InvalidRequest("attribute", "not-a-filter")
        if code not in known:
            raise InvalidRequest(code[:40], "no-such-filter")
        typed.setdefault(code, []).append(value)
    for code, values in typed.items():
        if len(values) > 1 and known[code].type is not AttributeType.LIST:
            raise InvalidRequest(code, "too-many", most=1)
    return {code: known[code].read(",".join(values)) for code, values in typed.items()}


def _work(asked: told.ResourcesAsked) -> Work | None:
    point = _point(asked.work)
    if point is None or asked.work_starts is None or asked.work_ends is None:
        given = {"work": asked.work, "work_starts": asked.work_starts, "work_ends": asked.work_ends}
        missing = [name for name, value in given.items() if value is None]
        if len(missing) < 3 or asked.work_days:
            raise InvalidRequest(missing[0], "required")
        return None
    days = frozenset(told.WEEKDAYS.index(day) for day in asked.work_days.split(",")) if asked.work_days else WORKING
    return Work(*point, asked.work_starts, asked.work_ends, days)


def _point(written: str | None) -> tuple[float, float] | None:
    lat, _, lon = (written or "").partition(",")
    return (float(lat), float(lon)) if written else None


def days_asked(asked: told.DaysAsked, shape: Shape, *, today: date) -> tuple[date, date]:
    """Return the days asked for, completed: from today on, for as long as suits the shape. Raises: InvalidRequest."""
    first = asked.first or today
    until = asked.until or first + timedelta(days=DEFAULT_DAYS[shape])
    if until <= first:
        raise InvalidRequest("to", "not-after-start", first=first, until=until)
    if (until - first).days > MOST_DAYS:
        raise InvalidRequest("to", "too-long", first=first, until=until, max_days=MOST_DAYS)
    return first, until


def _told(session: Session, wish: Wish, found: list[Found], at: datetime) -> list[told.ResourceTold]:
    following = _next_free(session, wish, found, at)
    return [told.ResourceTold.model_validate(_fields(wish.kind, one, following)) for one in found]


def _next_free(session: Session, wish: Wish, found: list[Found], at: datetime) -> dict[int, date]:
    """Return the next day with something free; what is free for the whole stay is free on its first day."""
    shape = Shape(wish.kind.shape)
    known = {}
    if shape in (Shape.NIGHTS, Shape.PLACES):
        known = {one.resource_id: wish.first for one in found if one.suits}
    asked = {one.resource_id: one.time_zone for one in found if not one.mismatch and one.resource_id not in known}
    until = wish.first + NEXT_FREE_WITHIN
    return known | (next_free_days(session, shape, asked, first=wish.first, until=until, now=at) if asked else {})


def _fields(kind: Kind, one: Found, following: dict[int, date]) -> dict[str, Any]:
    site = {name: getattr(one, name) for name in told.SiteTold.model_fields if hasattr(one, name)}
    own = {name: getattr(one, name) for name in told.ResourceTold.model_fields if hasattr(one, name)}
    return own | {
        "id": one.resource_id,
        "kind": kind.code,
        "site": site | {"id": one.site_id, "name": one.site_name},
        "reasons": _reasons(one),
        "next_free_on": following.get(one.resource_id),
    }


def _reasons(one: Found) -> list[str]:
    if one.suits:
        return []
    if one.mismatches or one.is_closed:
        return [*one.mismatches, *(["closed"] if one.is_closed else [])]
    return [reason for reason, count in (("held", one.held), ("taken", one.total - one.held)) if count] or ["taken"]


def _seen(session: Session, actor: Actor, resource_id: int, at: datetime) -> Ruled:
    """Return the resource; a look beyond the actor's own territories is logged."""
    ruled = resource_for(session, actor, resource_id, now=at)
    if ruled.is_beyond:
        consulted(session, actor, subject="resource", subject_id=resource_id, reason="api", at=at)
    return ruled


def _sheet(session: Session, actor: Actor, resource_id: int, asked: told.DaysAsked, at: datetime) -> told.ResourceSheet:
    ruled = _seen(session, actor, resource_id, at)
    if ruled.shape is Shape.SESSIONS:  # a hearing is on one day, which the caller need not know
        asked = told.DaysAsked(first=ruled.today, until=ruled.today + timedelta(days=MOST_DAYS))
    first, until = days_asked(asked, ruled.shape, today=ruled.today)
    wish = Wish(kind=ruled.kind, first=first, until=until, resource_ids=(resource_id,), beyond=ruled.is_beyond)
    found = search(session, actor, wish, now=at)
    if not found:
        raise NotFound(resource_id=resource_id)
    line = _told(session, wish, found, at)[0]
    units = [told.UnitTold.model_validate(unit) for unit in units_of(session, resource_id)]
    return told.ResourceSheet(**line.model_dump(), units=units)


def _availability(
    session: Session, actor: Actor, resource_id: int, asked: told.DaysAsked, at: datetime
) -> told.Availability:
    ruled = _seen(session, actor, resource_id, at)
    first, until = days_asked(asked, ruled.shape, today=ruled.today)
    days: dict[str, Any] = {"resource_id": resource_id, "first": first, "until": until}
    window: dict[str, Any] = {"first": first, "until": until, "now": at}
    match ruled.shape:
        case Shape.NIGHTS:
            return told.NightsLeft(**days, units=[_unit(one) for one in free_nights(session, ruled, **window)])
        case Shape.PLACES:
            return told.PlacesLeft(**days, days=[_day(one) for one in days_left(session, ruled, **window)])
        case Shape.SLOTS:
            return told.SlotsLeft(**days, starts=[_start(one, ruled) for one in starts(session, ruled, **window)])
        case Shape.SESSIONS:
            return told.HearingsLeft(
                **days, sessions=[_hearing(x, ruled) for x in hearing_room(session, ruled, **window)]
            )


def _unit(one: FreeNights) -> told.UnitFree:
    free = [told.Range(first=first, until=until) for first, until in one.free]
    return told.UnitFree(unit_id=one.unit_id, name=one.name, free=free)


def _day(one: DayCount) -> told.DayLeft:
    return told.DayLeft(day=one.day, remaining=one.free, held=one.held, is_closed=one.is_closed)


def _start(one: Slot, ruled: Ruled) -> told.StartLeft:
    start, end = (instant.astimezone(ruled.zone) for instant in (one.period.start, one.period.end))
    return told.StartLeft(start=start, end=end, seats_left=len(one.seats))


def _hearing(one: HearingRoom, ruled: Ruled) -> told.HearingLeft:
    start, end = (instant.astimezone(ruled.zone) for instant in (one.starts_at, one.ends_at))
    return told.HearingLeft(
        starts_at=start,
        ends_at=end,
        cases_left=one.cases_left,
        minutes_left=one.minutes_left,
        quotas_left=one.quotas_left,
    )
