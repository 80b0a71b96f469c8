"""REST: what became of the appointments of a day, all at once, each with its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.rights import Actor
from availability.sealing import House
from availability.wire import BEARER, WRITE, BoundedRoute, Given, Listed, Told
from booking.api import Call, Key, Requester, once, respond
from booking.api_models import Excuse
from booking.bulk import MOST, Asked, Bulk, Done, Seen, each_asked
from booking.idempotency import Answered
from booking.models import State
from portal.clock import now
from portal.problems import told as problem_of
from portal.settings import secret_key

router = APIRouter(prefix="/outcomes", tags=["bookings"], dependencies=[BEARER], route_class=BoundedRoute)
ACTS = {"honoured": Bulk.CAME, "missed": Bulk.MISSED, "excused": Bulk.EXCUSE}


class OutcomeGiven(Excuse):
    """What became of one appointment; the reason is that of an excuse."""

    booking_id: UUID
    outcome: Literal["honoured", "missed", "excused"]
    revision: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="The one that the caller read: refused when it has changed since."
    )


class OutcomesGiven(Given):
    """What became of many."""

    items: list[OutcomeGiven] = Field(min_length=1, max_length=MOST)


class OutcomeTold(Told):
    """What became of one line: the state that it came to, or the problem that kept it as it was."""

    booking_id: UUID
    state: State | None
    revision: int | None
    problem: dict[str, Any] | None = Field(description="As the answer to an outcome noted alone; null when it is done.")


@router.post("", summary="Say what became of many", response_model=Listed[OutcomeTold], responses=WRITE)
async def note(request: Request, actor: Requester, said: OutcomesGiven, key: Key = None) -> Response:
    """Note the outcomes of a day: a line that is refused leaves the others as they are, and says why."""
    at = now()
    asked = [_asked(one, House(secret_key())) for one in said.items]

    def work(session: Session) -> Answered:
        return _noted(session, actor, asked, at)

    return respond(await once(Call(request, actor, key, said), work, at))


def _asked(one: OutcomeGiven, house: House) -> Asked:
    return Asked(ACTS[one.outcome], Seen(one.booking_id, one.revision), one.why(house))


def _noted(session: Session, actor: Actor, asked: list[Asked], at: datetime) -> Answered:
    items = [_told(one) for one in each_asked(session, actor, asked, now=at)]
    return Answered(200, Listed[OutcomeTold](items=items).model_dump(mode="json"))


def _told(done: Done) -> OutcomeTold:
    return OutcomeTold(
        booking_id=done.booking_id,
        state=done.state,
        revision=done.revision if done.is_done else None,
        problem=problem_of(done.refusal) if done.refusal else None,
    )
