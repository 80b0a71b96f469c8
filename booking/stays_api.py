"""REST routes of stays that go on otherwise: other dates, another bed, an exchange, a closure, and their undo."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.api_models import Kilometres
from availability.rights import REQUESTERS, Actor, Role
from availability.wire import (
    BEARER,
    READ,
    WRITE,
    BoundedRoute,
    Day,
    Given,
    Identifier,
    IdentifierInPath,
    Listed,
    Told,
    answer,
    refusals,
)
from booking import api_models as told
from booking import queries, rehousing, stays
from booking.api import STEP, Call, Key, Seen, answered, as_seen, once, respond
from booking.establishment import name_of_site
from booking.idempotency import Answered
from booking.models import State
from portal import database
from portal.clock import now
from portal.policy import requires

router = APIRouter(prefix="/bookings", tags=["bookings"], dependencies=[BEARER], route_class=BoundedRoute)
READ_ONE = READ | refusals(404)
Revision = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
CHANGED: dict[int | str, dict[str, Any]] = {412: STEP[412]}
Keeper = Annotated[Actor, requires(*REQUESTERS, Role.PARTNER)]


class StayWanted(Given):
    """What a stay should be."""

    first: Day = Field(alias="from", description="First civil day.")
    until: Day | None = Field(
        default=None, alias="to", description="Civil day after the last one; places may leave it open."
    )
    unit_id: Identifier | None = Field(default=None, description="A bed of its section; the one that it has otherwise.")


class Exchange(Given):
    """Two stays whose beds are exchanged."""

    one_id: UUID
    other_id: UUID
    from_on: Day | None = Field(
        default=None, description="A night to begin on, after the first one that both still have."
    )
    one_revision: Revision | None = Field(
        default=None, description="The one that the caller read: refused with 412 when it has changed since."
    )
    other_revision: Revision | None = None


@router.post("/{booking_id}/stay", summary="Change a stay", response_model=told.BookingTold, responses=STEP)
async def change(
    request: Request, actor: Keeper, booking_id: UUID, wanted: StayWanted, *, key: Key = None, seen: Seen = None
) -> Response:
    """Give a stay other dates, another bed of its section, or both; what it keeps is never let go in between.

    Nights already slept stay where they were. Where the host accepts, the days added are a request of their own,
    which is answered: the stay itself is not in question. Who runs the place changes the bed, not the dates.
    """
    at = now()

    def work(session: Session) -> Answered:
        _refuse_unseen(session, actor, booking_id)
        changed = stays.change_stay(
            session,
            actor,
            booking_id,
            first=wanted.first,
            until=wanted.until,
            unit_id=wanted.unit_id,
            now=at,
            revision=seen,
        )
        return answered(session, actor, changed.id, at)

    return await as_seen(Call(request, actor, key, wanted), work, at)


@router.post("/{booking_id}/stay/undo", summary="Take back a change", response_model=told.BookingTold, responses=STEP)
async def undo(request: Request, actor: Keeper, booking_id: UUID, *, key: Key = None, seen: Seen = None) -> Response:
    """Take back the last change of a stay, or its exchange whole, within ten minutes and if the beds are free."""
    at = now()

    def work(session: Session) -> Answered:
        _refuse_unseen(session, actor, booking_id)
        stays.undo_stay(session, actor, booking_id, now=at, revision=seen)
        return answered(session, actor, booking_id, at)

    return await as_seen(Call(request, actor, key), work, at)


@router.post("/swap", summary="Exchange two beds", response_model=Listed[told.BookingTold], responses=WRITE | CHANGED)
async def swap(request: Request, actor: Keeper, wanted: Exchange, key: Key = None) -> Response:
    """Exchange the beds of two stays for all of their nights from the first one that both still have: both or none.

    One ETag cannot say two bookings: what the caller read of each goes in the body.
    """
    at = now()

    def work(session: Session) -> Answered:
        both = (wanted.one_id, wanted.other_id)
        for booking_id in both:
            _refuse_unseen(session, actor, booking_id)
        revisions = (wanted.one_revision, wanted.other_revision)
        stays.swap_beds(session, actor, *both, now=at, from_on=wanted.from_on, revisions=revisions)
        return Answered(200, {"items": [answered(session, actor, one, at).body for one in both], "next": None})

    return await as_seen(Call(request, actor, key, wanted), work, at)


class BedThere(Given):
    """Where somebody is re-housed."""

    resource_id: Identifier
    unit_id: Identifier


class CaseTold(Told):
    """Somebody booked on closed nights, and the bed proposed for `[from, to)`; no bed when there is none."""

    booking_id: UUID
    section: str
    bed: str
    closed_on: date = Field(description="First closed night that they have.")
    first: date = Field(alias="from")
    until: date = Field(alias="to")
    has_arrived: bool = Field(description="Keeps the booking until then, and has another for the rest.")
    host_accepts: bool = Field(description="The bed proposed is asked of its host, by a request of its own.")
    revision: int = Field(description="Of the booking; its ETag ends with it.")
    asked_id: UUID | None = Field(description="The request that waits for its host, or that it accepted.")
    asked_state: State | None
    resource_id: int | None
    unit_id: int | None
    site_name: str | None
    distance_km: Kilometres | None
    why_not: dict[str, int] = Field(description="Places around by the reason why each does not do, when no bed does.")


class ClosingTold(Told):
    """Those to re-house of a site, and how many are of services for which the caller may not act."""

    items: list[CaseTold]
    others: int


@router.get("/rehousing/{site_id}", summary="Beds for a closure", response_model=ClosingTold, responses=READ_ONE)
async def rehousing_of(request: Request, actor: Keeper, site_id: IdentifierInPath) -> Response:
    """Propose a bed to each person booked on closed nights of a site: the most people, then the least distance.

    Nothing is taken: `POST /bookings/{id}/rehouse` applies a line.
    """
    found = await database.read(_closing, actor, site_id, now())
    lines = await asyncio.to_thread(rehousing.proposal, found.cases)
    return answer(request, ClosingTold(items=[_case(line) for line in lines], others=found.others))


@router.post("/{booking_id}/rehouse", summary="Re-house somebody", response_model=told.BookingTold, responses=STEP)
async def rehouse(
    request: Request, actor: Keeper, booking_id: UUID, there: BedThere, *, key: Key = None, seen: Seen = None
) -> Response:
    """Give somebody booked on closed nights a bed elsewhere, and return the booking that has it.

    Where the host accepts, that is a request: the stay is what it was until it is accepted, and the same call made
    again then ends it where the other begins.
    """
    at = now()

    def work(session: Session) -> Answered:
        _refuse_unseen(session, actor, booking_id)
        where = {"resource_id": there.resource_id, "unit_id": there.unit_id}
        booking = rehousing.rehouse(session, actor, booking_id, **where, now=at, revision=seen)
        return answered(session, actor, booking.id, at)

    return await as_seen(Call(request, actor, key, there), work, at)


@router.post("/{booking_id}/rehouse/undo", summary="Bring back", response_model=told.BookingTold, responses=WRITE)
async def undo_rehouse(request: Request, actor: Keeper, booking_id: UUID, key: Key = None) -> Response:
    """Bring somebody back where they were, within ten minutes: the closure stands, and so does what they had."""
    at = now()

    def work(session: Session) -> Answered:
        _refuse_unseen(session, actor, booking_id)
        return answered(session, actor, rehousing.undo_rehousing(session, actor, booking_id, now=at).id, at)

    return respond(await once(Call(request, actor, key), work, at))


def _closing(session: Session, actor: Actor, site_id: int, at: datetime) -> rehousing.Closing:
    name_of_site(session, actor, site_id)
    return rehousing.closing(session, actor, site_id, now=at)


def _case(line: rehousing.Line) -> CaseTold:
    case, bed = line.case, line.bed
    named = {name: getattr(case, name) for name in CaseTold.model_fields if hasattr(case, name)}
    there = {name: getattr(bed, name, None) for name in ("resource_id", "unit_id", "site_name", "distance_km")}
    there |= {"asked_id": case.asked and case.asked.booking_id, "asked_state": case.asked and case.asked.state}
    return CaseTold.model_validate(
        named | there | {"from": case.first, "to": case.until, "why_not": dict(case.why_not)}
    )


def _refuse_unseen(session: Session, actor: Actor, booking_id: UUID) -> None:
    """Answer that a booking that is not seen is not there, whatever else is wrong. Raises: NotFound."""
    queries.booking_for(session, actor, booking_id, now=now())
