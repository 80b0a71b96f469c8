"""REST routes of hosts who decide: other dates proposed, what whoever asked makes of them, answers taken back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Day, Given, Instant, Listed, Told, answer, refusals
from booking import api_models as told
from booking import host_requests, proposals, queries
from booking.api import Call, Host, Key, Reader, Requester, once, respond, step
from booking.hosting_models import HostProposal, ProposalState
from booking.idempotency import Answered
from booking.proposals import OtherDates, ProposalOver
from portal import database
from portal.clock import now
from portal.problems import problem

router = APIRouter(prefix="/bookings", tags=["bookings"], dependencies=[BEARER], route_class=BoundedRoute)
PROPOSALS = text("SELECT id FROM host_proposal WHERE booking_id = :id ORDER BY made_at, id")

problem(
    ProposalOver,
    409,
    "proposal-over",
    "Proposition déjà réglée",
    "Ces dates ne sont plus proposées : elles ont été retirées, remplacées, ou ont déjà reçu une réponse.",
)


class DatesGiven(Given):
    """Other dates on the same place: `from` and `to` for nights and places, `start` for slots."""

    first: Day | None = Field(default=None, alias="from", description="First civil day.")
    until: Day | None = Field(
        default=None, alias="to", description="Civil day after the last one; places may leave it open."
    )
    start: Instant | None = Field(default=None, description="One of the starts that availability lists.")

    @property
    def dates(self) -> OtherDates:
        """Return them as the act takes them."""
        return OtherDates(first=self.first, until=self.until, start=self.start)


class WhichProposal(Given):
    """The dates that are answered."""

    proposal_id: UUID


class ProposalTold(Told):
    """Other dates, and what became of them. While they are `open` they are held, as are those first asked."""

    id: UUID
    booking_id: UUID
    state: ProposalState
    first: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    start: datetime | None
    end: datetime | None
    unit_id: int | None
    made_at: datetime
    ended_at: datetime | None


@router.post("/{booking_id}/propose", summary="Propose other dates", response_model=ProposalTold, responses=WRITE)
async def propose(request: Request, actor: Host, booking_id: UUID, wanted: DatesGiven, key: Key = None) -> Response:
    """Propose, as the organisation that runs the place, other dates for what is asked; both are held until the answer.

    Another proposal takes the place of the one before. Whoever asked has two days at least to answer.
    """
    at = now()

    def work(session: Session) -> Answered:
        made = proposals.propose(session, actor, booking_id, wanted.dates, now=at)
        line = queries.booking_for(session, actor, booking_id, now=at)
        return Answered(200, _told(made, line.time_zone).model_dump(mode="json", by_alias=True))

    return respond(await once(Call(request, actor, key, wanted), work, at))


@router.post(
    "/{booking_id}/withdraw-proposal",
    summary="Withdraw the dates proposed",
    response_model=told.BookingTold,
    responses=WRITE,
)
async def withdraw(request: Request, actor: Host, booking_id: UUID, key: Key = None) -> Response:
    """Take back, as the organisation that runs the place, the dates proposed; the request waits as before."""
    return await step(
        Call(request, actor, key),
        booking_id,
        lambda session, at: proposals.withdraw_proposal(session, actor, booking_id, now=at),
    )


@router.post(
    "/{booking_id}/accept-proposal",
    summary="Take the dates proposed",
    response_model=told.BookingTold,
    responses=WRITE,
)
async def accept(
    request: Request, actor: Requester, booking_id: UUID, which: WhichProposal, key: Key = None
) -> Response:
    """Take the dates that the host proposes: the request moves to them and is booked, both or none."""
    return await step(
        Call(request, actor, key, which),
        booking_id,
        lambda session, at: proposals.accept_proposal(session, actor, booking_id, which.proposal_id, now=at),
    )


@router.post(
    "/{booking_id}/decline-proposal",
    summary="Decline the dates proposed",
    response_model=told.BookingTold,
    responses=WRITE,
)
async def decline(
    request: Request, actor: Requester, booking_id: UUID, which: WhichProposal, key: Key = None
) -> Response:
    """Say no to the dates that the host proposes; the request still waits for its own."""
    return await step(
        Call(request, actor, key, which),
        booking_id,
        lambda session, at: proposals.decline_proposal(session, actor, booking_id, which.proposal_id, now=at),
    )


@router.post(
    "/{booking_id}/undo-answer", summary="Take back an answer", response_model=told.BookingTold, responses=WRITE
)
async def undo_answer(request: Request, actor: Host, booking_id: UUID, key: Key = None) -> Response:
    """Take back, as the organisation that runs the place, an answer of the last ten minutes: the request waits again.

    Refused when something else happened since, and when what a refusal freed is taken.
    """
    return await step(
        Call(request, actor, key),
        booking_id,
        lambda session, at: host_requests.undo_answer(session, actor, booking_id, now=at),
    )


@router.get(
    "/{booking_id}/proposals",
    summary="Other dates proposed",
    response_model=Listed[ProposalTold],
    responses=READ | refusals(404),
)
async def listed(request: Request, actor: Reader, booking_id: UUID) -> Response:
    """Return the dates that the host proposed for a booking, the first ones first, and what became of them."""
    return answer(request, await database.read(_proposals, actor, booking_id, now()))


def _proposals(session: Session, actor: Actor, booking_id: UUID, at: datetime) -> Listed[ProposalTold]:
    line = queries.booking_for(session, actor, booking_id, now=at)
    ids = session.execute(PROPOSALS, {"id": booking_id}).scalars().all()
    items = [_told(session.get_one(HostProposal, one), line.time_zone) for one in ids]
    return Listed[ProposalTold](items=items)


def _told(one: HostProposal, time_zone: str) -> ProposalTold:
    zone = ZoneInfo(time_zone)
    start, end = (at.astimezone(zone) if at else None for at in (one.starts_at, one.ends_at))
    named = {name: getattr(one, name) for name in ProposalTold.model_fields if hasattr(one, name)}
    dates = {"from": one.first_on, "to": one.until_on, "start": start, "end": end}
    return ProposalTold.model_validate(named | dates)
