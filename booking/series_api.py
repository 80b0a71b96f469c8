"""REST routes of series and of presences. The same actions as the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from availability.actions import look
from availability.errors import InvalidRequest, NotAllowed
from availability.rights import REQUESTERS, Actor, Role
from availability.sheet import resource_for, shape_of
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Day, Listed, answer, refusals
from booking import series as acts
from booking import series_api_models as told
from booking.api import Call, Key, once, reason_of, respond
from booking.api_models import GivenBack
from booking.attendance import forget_presence, note_presence
from booking.idempotency import Answered
from booking.presences import expected_on
from booking.series import SeriesConflicts
from booking.series_plan import SeriesOrder
from booking.series_queries import series_for
from portal import database
from portal.clock import now
from portal.policy import SIGNED_IN, requires
from portal.problems import problem

router = APIRouter(prefix="/series", tags=["series"], dependencies=[BEARER], route_class=BoundedRoute)
presences = APIRouter(prefix="/presences", tags=["presences"], dependencies=[BEARER], route_class=BoundedRoute)
Reader = Annotated[Actor, requires(SIGNED_IN)]
Requester = Annotated[Actor, requires(*REQUESTERS)]
Host = Annotated[Actor, requires(Role.PARTNER)]
Noter = Annotated[Actor, requires(Role.PARTNER, *REQUESTERS)]
# As the preview has it: described once.
PLANNED = {"$ref": "#/components/schemas/PlannedTold"}
DayInPath = Annotated[Day, Path(description="Civil day, there.")]

problem(
    SeriesConflicts,
    409,
    "series-conflicts",
    "Dates prises",
    "Certaines dates de la série ne sont pas libres : remplacez-les, ou retirez-les.",
)


@router.post(
    "/preview",
    summary="What a series would take",
    response_model=told.PlanTold,
    responses=WRITE,
)
async def preview(actor: Requester, wanted: told.SeriesGiven) -> Response:
    """List every occurrence, free or with what else would do; nothing is taken."""
    return respond(await database.act(_preview, actor, wanted, now()))


@router.post(
    "",
    summary="Take a series",
    status_code=201,
    response_model=told.SeriesTold,
    responses=WRITE
    | refusals(409, conflicts={"type": "array", "items": PLANNED})
    | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def take(request: Request, actor: Requester, wanted: told.SeriesGiven, key: Key = None) -> Response:
    """Take every occurrence, in one transaction, or none.

    A 409 `series-conflicts` lists those that are not free, each with what else would do: send the same again with an
    answer for each, which leaves it out or says what to take instead.
    """
    at = now()

    def work(session: Session) -> Answered:
        try:
            series = acts.create_series(session, actor, _order(session, actor, wanted, at), now=at)
        except SeriesConflicts as refusal:
            _tell_conflicts(session, wanted, refusal)
            raise
        return _answered(session, actor, series.id, at, status=201)

    done = await once(Call(request, actor, key, wanted), work, at)
    return respond(done, location=f"{request.url.path}/{done.body['id']}")


@router.post(
    "/{series_id}/occurrences",
    summary="Take what is left of a series",
    response_model=told.SeriesTold,
    responses=WRITE | refusals(409, conflicts={"type": "array", "items": PLANNED}),
)
async def extend(
    request: Request, actor: Requester, series_id: UUID, wanted: told.SeriesGiven, key: Key = None
) -> Response:
    """Take more occurrences, for what has no place yet; for whom and until when are those of the series."""

    def act(session: Session, at: datetime) -> object:
        try:
            order = _order(session, actor, wanted, at)
            return acts.extend_series(session, actor, series_id, order, now=at)
        except SeriesConflicts as refusal:
            _tell_conflicts(session, wanted, refusal)
            raise

    return await _step(Call(request, actor, key, wanted), series_id, act)


@router.post("/{series_id}/cancel", summary="Give back what is left", response_model=told.SeriesTold, responses=WRITE)
async def cancel(
    request: Request, actor: Requester, series_id: UUID, said: GivenBack | None = None, *, key: Key = None
) -> Response:
    """Give back every occurrence that may still be cancelled; `undo` takes them back for ten minutes, all or none."""
    call, reason = Call(request, actor, key, said), reason_of(said)
    return await _step(
        call, series_id, lambda session, at: acts.cancel_rest(session, actor, series_id, now=at, reason=reason)
    )


@router.post(
    "/{series_id}/undo", summary="Take back what was given back", response_model=told.SeriesTold, responses=WRITE
)
async def undo(request: Request, actor: Requester, series_id: UUID, key: Key = None) -> Response:
    """Take back the rest of a series, if all of it is still free."""
    call = Call(request, actor, key)
    return await _step(call, series_id, lambda session, at: acts.undo_cancel_rest(session, actor, series_id, now=at))


@router.get("/{series_id}", summary="One series", response_model=told.SeriesTold, responses=READ | refusals(404))
async def one(request: Request, actor: Reader, series_id: UUID) -> Response:
    """Return a series: what is owed, done, planned and left, and its bookings."""
    return answer(request, told.series_told(await database.read(series_for, actor, series_id, now=now())))


@presences.get("", summary="Who is expected on a day", response_model=Listed[told.PresenceTold], responses=READ)
async def expected(request: Request, actor: Host, asked: Annotated[told.PresencesAsked, Query()]) -> Response:
    """Return who is expected that day on the places that the caller's organisation runs."""
    found = await database.read(expected_on, actor, asked.day)
    return answer(request, Listed[told.PresenceTold](items=[told.presence_told(each) for each in found]))


@presences.put(
    "/{booking_id}/{day}",
    summary="Note a presence",
    response_model=told.EntryTold,
    responses=WRITE,
)
async def note(  # noqa: PLR0917 - one parameter a part of the request
    request: Request, actor: Noter, booking_id: UUID, day: DayInPath, said: told.PresenceGiven, key: Key = None
) -> Response:
    """Note whether somebody came on a day of a placement or of a stay; again, it corrects what was noted."""
    at = now()

    def work(session: Session) -> Answered:
        entry = note_presence(session, actor, booking_id, day, now=at, **said.model_dump())
        session.flush()
        return _entry(told.EntryTold.model_validate(entry))

    return respond(await once(Call(request, actor, key, said), work, at))


@presences.delete("/{booking_id}/{day}", summary="Take back a presence", response_model=told.EntryTold, responses=WRITE)
async def forget(request: Request, actor: Noter, booking_id: UUID, day: DayInPath, key: Key = None) -> Response:
    """Take back what was noted of a day; the history keeps it."""
    at = now()

    def work(session: Session) -> Answered:
        forget_presence(session, actor, booking_id, day, now=at)
        return _entry(told.EntryTold(booking_id=booking_id, day=day, came=None, minutes=0, revision=0))

    return respond(await once(Call(request, actor, key), work, at))


async def _step(call: Call, series_id: UUID, act: Callable[[Session, datetime], object]) -> Response:
    at = now()

    def work(session: Session) -> Answered:
        act(session, at)
        return _answered(session, call.actor, series_id, at)

    return respond(await once(call, work, at))


def _order(session: Session, actor: Actor, wanted: told.SeriesGiven, at: datetime) -> SeriesOrder:
    """Return the order; a place that the caller may not see answers as if it were not there."""
    try:
        return wanted.order(shape_of(session, wanted.resource_id))
    except (InvalidRequest, NotAllowed):
        resource_for(session, actor, wanted.resource_id, now=at)
        raise


def _preview(session: Session, actor: Actor, wanted: told.SeriesGiven, at: datetime) -> Answered:
    occurrences = acts.preview_series(session, actor, _order(session, actor, wanted, at), now=at)
    plan = told.plan_told(occurrences, _zone(session, wanted.resource_id))
    return Answered(200, plan.model_dump(mode="json", by_alias=True))


def _tell_conflicts(session: Session, wanted: told.SeriesGiven, refusal: SeriesConflicts) -> None:
    """Have the refusal list what is not free as the answer of a preview does."""
    zone = _zone(session, wanted.resource_id)
    refusal.facts["conflicts"] = [told.planned_told(one, zone) for one in refusal.conflicts]


def _zone(session: Session, resource_id: int) -> ZoneInfo:
    return look(session, [resource_id])[resource_id].zone


def _answered(session: Session, actor: Actor, series_id: UUID, at: datetime, *, status: int = 200) -> Answered:
    session.flush()
    view = series_for(session, actor, series_id, now=at)
    return Answered(status, told.series_told(view).model_dump(mode="json", by_alias=True))


def _entry(entry: told.EntryTold) -> Answered:
    return Answered(200, entry.model_dump(mode="json", by_alias=True))
