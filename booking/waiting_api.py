"""REST routes of the waiting list: ask, read, withdraw, answer an offer. The same actions as the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Actor
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Given, Line, Listed, answer
from booking import waiting
from booking import waiting_api_models as told
from booking.api import Call, Key, Requester, once, respond
from booking.idempotency import Answered
from booking.waiting_models import WaitingOffer
from booking.waiting_queries import ListedEntry, Offered, entries_for, entry_for
from portal import database
from portal.clock import now
from portal.problems import problem

router = APIRouter(prefix="/waiting", tags=["waiting"], dependencies=[BEARER], route_class=BoundedRoute)

problem(
    waiting.OfferMade,
    409,
    "offer-made",
    "Une place vient d’être proposée",
    "Une place vient d’être proposée à cette inscription : acceptez-la ou laissez-la d’abord.",
)


class WaitsAsked(Given):
    """Which entries, and how many at most."""

    kind: Annotated[Line, Field(max_length=64)] = ""
    limit: int = Field(default=100, ge=1, le=500)


@router.get(
    "",
    summary="Who waits, in order",
    response_model=Listed[told.WaitTold],
    responses=READ,
)
async def listed(request: Request, actor: Requester, asked: Annotated[WaitsAsked, Query()]) -> Response:
    """Return who waits in the caller's territories: offers first, then as they are served, then what just ended."""
    found, _ = await database.read(entries_for, actor, now=now(), kind=asked.kind, limit=asked.limit)
    return answer(request, Listed[told.WaitTold](items=[_told(one) for one in found]))


@router.post(
    "",
    summary="Put somebody on the list",
    status_code=201,
    response_model=told.WaitTold,
    responses=WRITE,
)
async def ask(request: Request, actor: Requester, wait: told.Wait, key: Key = None) -> Response:
    """Wait for a resource, a site or anything of a kind; the same wish for the same person is on the list once."""
    return await _step(
        Call(request, actor, key, wait),
        lambda session, at: waiting.ask(session, actor, wait.wanted, now=at).id,
        status=201,
    )


@router.post("/{entry_id}/withdraw", summary="Take off the list", response_model=told.WaitTold, responses=WRITE)
async def withdraw(request: Request, actor: Requester, entry_id: UUID, key: Key = None) -> Response:
    """Take an entry off the list, and give back what is offered to it; `undo` puts it back for ten minutes."""
    return await _step(
        Call(request, actor, key), lambda session, at: waiting.withdraw(session, actor, entry_id, now=at).id
    )


@router.post("/{entry_id}/undo", summary="Put back on the list", response_model=told.WaitTold, responses=WRITE)
async def undo(request: Request, actor: Requester, entry_id: UUID, key: Key = None) -> Response:
    """Put back, at its place, an entry withdrawn in the last ten minutes."""
    return await _step(
        Call(request, actor, key), lambda session, at: waiting.undo_withdraw(session, actor, entry_id, now=at).id
    )


@router.post("/{entry_id}/deadline", summary="Set a legal deadline", response_model=told.WaitTold, responses=WRITE)
async def deadline(
    request: Request, actor: Requester, entry_id: UUID, said: told.Deadline, key: Key = None
) -> Response:
    """Give an entry another legal deadline, or none: the list is sorted on it."""
    return await _step(
        Call(request, actor, key, said),
        lambda session, at: (
            waiting.set_deadline(session, actor, entry_id, said.deadline_on, said.deadline_source, now=at).id
        ),
    )


@router.post("/offers/{offer_id}/accept", summary="Accept an offer", response_model=told.WaitTold, responses=WRITE)
async def accept(request: Request, actor: Requester, offer_id: UUID, key: Key = None) -> Response:
    """Take what is offered: its booking is confirmed, or asked of its host."""
    return await _step(Call(request, actor, key), lambda session, at: _accepted(session, actor, offer_id, at))


@router.post("/offers/{offer_id}/decline", summary="Decline an offer", response_model=told.WaitTold, responses=WRITE)
async def decline(request: Request, actor: Requester, offer_id: UUID, why: told.Decline, key: Key = None) -> Response:
    """Leave what is offered to the next; the entry keeps its place."""
    return await _step(
        Call(request, actor, key, why), lambda session, at: _declined(session, actor, offer_id, why.reason, at)
    )


def _accepted(session: Session, actor: Actor, offer_id: UUID, at: datetime) -> UUID:
    waiting.accept(session, actor, offer_id, now=at)
    return session.get_one(WaitingOffer, offer_id).entry_id


def _declined(session: Session, actor: Actor, offer_id: UUID, reason: str, at: datetime) -> UUID:
    waiting.decline(session, actor, offer_id, reason=reason, now=at)
    return session.get_one(WaitingOffer, offer_id).entry_id


async def _step(call: Call, act: Callable[[Session, datetime], UUID], *, status: int = 200) -> Response:
    """Return the entry after one act on it."""
    at = now()

    def work(session: Session) -> Answered:
        entry_id = act(session, at)
        session.flush()
        entry = entry_for(session, call.actor, entry_id, now=at)
        if entry is None:
            raise NotFound(entry_id=entry_id)
        return Answered(status, _told(entry).model_dump(mode="json", by_alias=True))

    return respond(await once(call, work, at))


def _told(entry: ListedEntry) -> told.WaitTold:
    own = ("offer", "skips")
    named = {name: getattr(entry, name) for name in told.WaitTold.model_fields if hasattr(entry, name)}
    return told.WaitTold.model_validate(
        {name: value for name, value in named.items() if name not in own}
        | {
            "kind": entry.kind_code,
            "from": entry.first_on,
            "to": entry.until_on,
            "rank": entry.place.rank if entry.place else None,
            "rank_why": entry.place.why.value if entry.place else None,
            "offer": _offer(entry.offer) if entry.offer else None,
            "skips": [told.SkipTold.model_validate(one) for one in entry.skips],
        }
    )


def _offer(offer: Offered) -> told.OfferTold:
    named = {name: getattr(offer, name) for name in told.OfferTold.model_fields if hasattr(offer, name)}
    return told.OfferTold.model_validate(
        named | {"from": offer.first_on, "to": offer.until_on, "start": offer.starts_at}
    )
