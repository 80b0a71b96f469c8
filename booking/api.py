"""REST routes of bookings: hold, confirm, give back, decide, read. The same actions as the pages."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, TypeAdapter
from sqlmodel import Session

from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotOpen, PeriodTaken
from availability.rights import REQUESTERS, Actor, Role
from availability.sealing import House
from availability.sheet import resource_for, shape_of
from availability.wire import (
    BEARER,
    READ,
    WRITE,
    BoundedRoute,
    Given,
    Instant,
    Listed,
    answer,
    cursor_of,
    position_in,
    refusals,
)
from booking import actions, moving, outcomes, queries
from booking import api_models as told
from booking.alternatives import Alternative, alternatives_to
from booking.errors import AlreadyDecided, ChangedMeanwhile, HoldExpired, KeyReused, QuotaReached, SlotUnfit, TooLate
from booking.idempotency import Answered, answer_once, digest_of
from booking.meanwhile import Changed
from booking.models import Booking, State
from booking.pages.why_words import late_sentence, quota_sentence, told_why
from booking.queries import BookingLine
from booking.reasons import Reason
from portal import database
from portal.clock import now
from portal.policy import SIGNED_IN, requires
from portal.problems import explain, problem
from portal.settings import secret_key

router = APIRouter(prefix="/bookings", tags=["bookings"], dependencies=[BEARER], route_class=BoundedRoute)
Reader = Annotated[Actor, requires(SIGNED_IN)]
Requester = Annotated[Actor, requires(*REQUESTERS)]
Host = Annotated[Actor, requires(Role.PARTNER)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key gives the same answer; with another request it is refused.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag of the booking that the caller read: refused with 412 when it has changed since.",
    ),
]
ETAG = re.compile(r'"[0-9a-f]{32}\.(\d{1,9})"')  # a digest, then the revision
NO_REVISION = 0


def revision_seen(if_match: IfMatch = None) -> int | None:
    """Return the revision that the caller read, None when any will do; the last one, of several."""
    if if_match is None or if_match.strip() == "*":
        return None
    return max(map(int, ETAG.findall(if_match)), default=NO_REVISION)


Seen = Annotated[int | None, Depends(revision_seen)]
STEP: dict[int | str, dict[str, Any]] = {
    **WRITE,
    **refusals(412, changes={"type": "array", "items": told.HistoryTold.model_json_schema()}),
    200: {"headers": {"ETag": {"schema": {"type": "string"}}}},
}
LAST_SEEN: TypeAdapter[tuple[Instant, UUID]] = TypeAdapter(tuple[Instant, UUID])

problem(
    HoldExpired, 409, "hold-expired", "Délai dépassé", "Le délai pour confirmer est passé : la place a été libérée."
)
problem(AlreadyDecided, 409, "already-decided", "Déjà décidé", "Cette réservation n’en est plus là.")
problem(
    SlotUnfit,
    409,
    "slot-unfit",
    "Créneau impossible",
    "À cette heure, l’équipe ne peut pas être au domicile : c’est trop loin d’elle, ou d’un autre passage.",
)
problem(TooLate, 409, "too-late", "Trop tard", late_sentence)
problem(QuotaReached, 409, "quota-reached", "Quota atteint", quota_sentence)
problem(
    ChangedMeanwhile,
    412,
    "changed-meanwhile",
    "Modifiée entre-temps",
    "Cette réservation a changé depuis que vous l’avez lue : regardez ce qui a changé, puis recommencez.",
)
explain(told_why)
problem(KeyReused, 422, "key-reused", "Clé déjà utilisée", "Cette clé d’idempotence a servi pour une autre demande.")


@dataclass(frozen=True)
class Call:
    """One write: who, on which route, what was sent, under which key."""

    request: Request
    actor: Actor
    key: str | None
    body: Given | None = None

    @property
    def digest(self) -> bytes:
        """Return what tells this call from another under the same key."""
        sent = self.body.model_dump(mode="json", by_alias=True) if self.body else {}
        return digest_of(f"{self.request.method} {self.request.url.path}", sent)


class BookingsAsked(Given):
    """Which bookings, and how many at a time."""

    state: State | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=300)


@router.post(
    "",
    summary="Take a place",
    status_code=201,
    response_model=told.BookingTold,
    responses=WRITE
    | refusals(409, alternatives={"type": "array", "items": told.AlternativeTold.model_json_schema()})
    | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def take(request: Request, actor: Requester, order: told.Order, key: Key = None) -> Response:
    """Hold a place, or book it at once with `confirm`.

    A 409 `period-taken`, `full` or `not-open` carries `alternatives`: the nearest places that fit, on the same dates.
    """
    at = now()

    def work(session: Session) -> Answered:
        booking = _taken(session, actor, order, at)
        return answered(session, actor, booking.id, at, status=201)

    try:
        done = await once(Call(request, actor, key, order), work, at)
    except (PeriodTaken, CapacityReached, NotOpen) as refusal:
        refusal.facts["alternatives"] = await database.read(_alternatives, actor, order, at)
        raise
    return respond(done, location=f"{request.url.path}/{done.body['id']}")


@router.post("/{booking_id}/confirm", summary="Confirm a hold", response_model=told.BookingTold, responses=STEP)
async def confirm(
    request: Request,
    actor: Requester,
    booking_id: UUID,
    whom: told.ForWhom | None = None,
    *,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Book what is held, or ask the host for it when the kind wants that; say for whom if it is not known yet."""
    beneficiary = (whom or told.ForWhom()).beneficiary
    return await _step(
        Call(request, actor, key, whom),
        booking_id,
        lambda session, at: actions.confirm(session, actor, booking_id, now=at, revision=seen, beneficiary=beneficiary),
    )


@router.post("/{booking_id}/cancel", summary="Give a place back", response_model=told.BookingTold, responses=STEP)
async def cancel(
    request: Request,
    actor: Requester,
    booking_id: UUID,
    said: told.GivenBack | None = None,
    *,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Give a place back, whatever was its state; `undo` takes it back for ten minutes if it is still free."""
    reason = _reason(said)
    return await _step(
        Call(request, actor, key, said),
        booking_id,
        lambda session, at: actions.cancel(session, actor, booking_id, now=at, revision=seen, reason=reason),
    )


@router.post("/{booking_id}/undo", summary="Take back a place", response_model=told.BookingTold, responses=STEP)
async def undo(request: Request, actor: Requester, booking_id: UUID, *, key: Key = None, seen: Seen = None) -> Response:
    """Take back the same place, in the state that it was in, if it is still free: within ten minutes of giving it
    back, and at any time when it was excused.
    """
    return await _step(
        Call(request, actor, key),
        booking_id,
        lambda session, at: outcomes.undo(session, actor, booking_id, now=at, revision=seen),
    )


@router.post("/{booking_id}/move", summary="Move a booking", response_model=told.BookingTold, responses=STEP)
async def move(
    request: Request, actor: Requester, booking_id: UUID, wanted: told.Wanted, *, key: Key = None, seen: Seen = None
) -> Response:
    """Take another period, maybe elsewhere, in the place of the one that the booking has: both or none."""
    return await _step(
        Call(request, actor, key, wanted),
        booking_id,
        lambda session, at: _moved(session, actor, booking_id, wanted, at, seen=seen),
    )


@router.post("/{booking_id}/excuse", summary="Excuse an absence", response_model=told.BookingTold, responses=STEP)
async def excuse(
    request: Request,
    actor: Requester,
    booking_id: UUID,
    said: told.Excuse | None = None,
    *,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Excuse an absence, before or after it: the place is free, and nothing more is sent; `undo` takes it back."""
    reason = _reason(said)
    return await _step(
        Call(request, actor, key, said),
        booking_id,
        lambda session, at: outcomes.excuse(session, actor, booking_id, now=at, revision=seen, reason=reason),
    )


@router.post("/{booking_id}/outcome", summary="Say what became of it", response_model=told.BookingTold, responses=STEP)
async def outcome(
    request: Request, actor: Requester, booking_id: UUID, said: told.Outcome, *, key: Key = None, seen: Seen = None
) -> Response:
    """Write down that the person came or did not; another outcome within six months is a correction."""
    return await _step(
        Call(request, actor, key, said),
        booking_id,
        lambda session, at: outcomes.note_outcome(
            session, actor, booking_id, State(said.outcome), now=at, revision=seen
        ),
    )


@router.post("/{booking_id}/accept", summary="Accept a request", response_model=told.BookingTold, responses=STEP)
async def accept(request: Request, actor: Host, booking_id: UUID, *, key: Key = None, seen: Seen = None) -> Response:
    """Accept, as the organisation that runs the place, what was asked."""
    return await _step(
        Call(request, actor, key),
        booking_id,
        lambda session, at: actions.accept(session, actor, booking_id, now=at, revision=seen),
    )


@router.post("/{booking_id}/refuse", summary="Refuse a request", response_model=told.BookingTold, responses=STEP)
async def refuse(
    request: Request, actor: Host, booking_id: UUID, why: told.HostRefusal, *, key: Key = None, seen: Seen = None
) -> Response:
    """Refuse, as the organisation that runs the place, what was asked, with a reason."""
    return await _step(
        Call(request, actor, key, why),
        booking_id,
        lambda session, at: actions.refuse(session, actor, booking_id, reason=why.reason, now=at, revision=seen),
    )


@router.get("", summary="Bookings, newest first", response_model=Listed[told.BookingTold], responses=READ)
async def listed(request: Request, actor: Reader, asked: Annotated[BookingsAsked, Query()]) -> Response:
    """Return the bookings made in the caller's territories, or on the places that its organisation runs."""
    return answer(request, await database.read(_bookings, actor, asked, now()))


@router.get("/{booking_id}", summary="One booking", response_model=told.BookingTold, responses=READ | refusals(404))
async def one(request: Request, actor: Reader, booking_id: UUID) -> Response:
    """Return a booking as it stands."""
    found = _told(await database.read(queries.booking_for, actor, booking_id, now=now()))
    return answer(request, found, tag=tag_of(found.model_dump(mode="json", by_alias=True)))


@router.get(
    "/{booking_id}/history",
    summary="What happened to a booking",
    response_model=Listed[told.HistoryTold],
    responses=READ | refusals(404),
)
async def history(request: Request, actor: Reader, booking_id: UUID) -> Response:
    """Return who did what and when, oldest first."""
    entries = await database.read(queries.history_of, actor, booking_id)
    items = [told.HistoryTold.model_validate(entry) for entry in entries]
    return answer(request, Listed[told.HistoryTold](items=items))


async def _step(call: Call, booking_id: UUID, act: Callable[[Session, datetime], object]) -> Response:
    """Return the booking after one act on it, with its new tag."""
    at = now()

    def work(session: Session) -> Answered:
        act(session, at)
        return answered(session, call.actor, booking_id, at)

    return await as_seen(call, work, at)


async def as_seen(call: Call, work: Callable[[Session], Answered], at: datetime) -> Response:
    """Return what the act answers; refused for another revision, with what was done since."""
    try:
        return respond(await once(call, work, at))
    except ChangedMeanwhile as refusal:
        changes: tuple[Changed, ...] = refusal.facts["changes"]  # type: ignore[assignment]
        refusal.facts["changes"] = [told.HistoryTold.model_validate(each) for each in changes]  # as /history: no name
        raise


async def once(call: Call, work: Callable[[Session], Answered], at: datetime) -> Answered:
    """Return what the act answers, done at most once when the call has a key."""
    if call.key is None:
        return await database.act(work)
    return await database.act(answer_once, call.actor, call.key, call.digest, act=work, now=at)


def answered(session: Session, actor: Actor, booking_id: UUID, at: datetime, *, status: int = 200) -> Answered:
    """Return a booking as it stands, as the answer to an act on it."""
    session.flush()
    line = queries.booking_for(session, actor, booking_id, now=at)
    return Answered(status, _told(line).model_dump(mode="json", by_alias=True))


def respond(done: Answered, *, location: str | None = None) -> Response:
    headers = {"Cache-Control": "no-store"}
    if "revision" in done.body:
        headers["ETag"] = tag_of(done.body)
    if location:
        headers["Location"] = location
    if done.is_replay:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(done.body, done.status, headers=headers)


def tag_of(body: dict[str, Any]) -> str:
    """Return the ETag of a booking: strong, for If-Match compares so. It ends with the revision, which is compared."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}.{body["revision"]}"'


def _reason(said: told.Excuse | told.GivenBack | None) -> Reason:
    return said.why(House(secret_key())) if said else Reason()


def _taken(session: Session, actor: Actor, order: told.Order, at: datetime) -> Booking:
    take = actions.book if order.confirm else actions.hold
    try:
        return take(session, actor, order, now=at, beneficiary=order.beneficiary)
    except (InvalidRequest, NotAllowed):
        # A place that the actor may not see answers like one that is not there, whatever else is wrong.
        resource_for(session, actor, order.resource_id, now=at)
        raise


def _moved(
    session: Session, actor: Actor, booking_id: UUID, wanted: told.Wanted, at: datetime, *, seen: int | None
) -> Booking:
    queries.booking_for(session, actor, booking_id, now=at)  # one that is not seen is not there, whatever else is wrong
    resource_for(session, actor, wanted.resource_id, now=at)
    claim = wanted.claim(shape_of(session, wanted.resource_id))
    return moving.move(session, actor, booking_id, claim, now=at, revision=seen)


def _alternatives(session: Session, actor: Actor, order: told.Order, at: datetime) -> list[told.AlternativeTold]:
    claim = order.claim(shape_of(session, order.resource_id))
    found = alternatives_to(session, actor, claim, person_id=order.person_id, now=at)
    return [_alternative(each) for each in found]


def _alternative(each: Alternative) -> told.AlternativeTold:
    named = {name: getattr(each.found, name, None) for name in told.AlternativeTold.model_fields}
    return told.AlternativeTold.model_validate(named | {"starts": _local(each.found.time_zone, *each.starts)})


def _local(time_zone: str, *instants: datetime | None) -> list[datetime | None]:
    """Return instants with the offset of the place, which is what its people read."""
    zone = ZoneInfo(time_zone)
    return [instant.astimezone(zone) if instant else None for instant in instants]


def _bookings(session: Session, actor: Actor, asked: BookingsAsked, at: datetime) -> Listed[told.BookingTold]:
    scope = f"{actor.account_id} bookings {asked.state or ''}"
    after = position_in(asked.cursor, scope, LAST_SEEN) if asked.cursor else None
    found = queries.bookings(session, actor, now=at, state=asked.state, limit=asked.limit + 1, after=after)
    shown = found[: asked.limit]
    last = shown[-1] if len(found) > asked.limit else None
    return Listed[told.BookingTold](
        items=[_told(line) for line in shown],
        next=cursor_of((last.created_at.isoformat(), last.id), scope) if last else None,
    )


def _told(line: BookingLine) -> told.BookingTold:
    named = {name: getattr(line, name) for name in told.BookingTold.model_fields if hasattr(line, name)}
    start, end = _local(line.time_zone, line.starts_at, line.ends_at)
    return told.BookingTold.model_validate(
        named
        | {
            "kind": line.kind_code,
            "from": line.first_on,
            "to": line.until_on,
            "start": start,
            "end": end,
            "hold_expires_at": line.expires_at if line.state is State.HELD else None,
            "request_expires_at": line.expires_at if line.state is State.REQUESTED else None,
        }
    )


reason_of = _reason
step = _step  # for the routes of other files on the same bookings
