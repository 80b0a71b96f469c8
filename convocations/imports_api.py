"""REST routes of imports of people and hearings: sent by programs, approved, followed, undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.importers.report import FileRefused
from availability.importers.sheets import MOST_BYTES
from availability.importers.words import refusal_sentence
from availability.rights import Actor
from availability.sealing import House
from availability.wire import BEARER, READ, WRITE, Given, Listed, Told, answer, refusals
from booking.api import Call, Key, Requester, once, respond
from booking.attachments_api import BODY, Name, name_in
from booking.idempotency import Answered
from convocations.import_models import ImportState, LineOutcome, PeopleImport, What
from convocations.imports.matchings import matching_for, matchings_of
from convocations.imports.sent import (
    Arrived,
    ImportOver,
    approve,
    ask_undo,
    counts_of,
    import_for,
    lines_done,
    receive,
)
from convocations.imports.stopping import take_folder_over, take_over
from portal import database
from portal.clock import now
from portal.problems import problem
from portal.settings import secret_key

router = APIRouter(prefix="/imports", tags=["imports"], dependencies=[BEARER])
READ_ONE = READ | refusals(404)

problem(
    FileRefused,
    422,
    "import-file-refused",
    "Fichier refusé",
    lambda refusal: refusal_sentence(refusal) if isinstance(refusal, FileRefused) else "Fichier refusé.",
)
problem(
    ImportOver,
    409,
    "import-over",
    "Import dépassé",
    "Cet import n’en est plus là : quelqu’un d’autre l’a repris, ou son fichier n’est plus gardé.",
)


class ImportAsked(Given):
    """Which matching says what the file is; without one, its headings do and somebody approves it."""

    matching_id: UUID | None = None


class ImportGiven(Given):
    """What tells one sending from another under the same key."""

    matching_id: UUID | None
    name: str
    sha256: str


class MatchingTold(Told):
    """What the columns of a source are."""

    id: UUID
    name: str
    version: int
    what: What
    source: str
    stopped_why: str = Field(description="Why its folder is not read until somebody takes it over; empty when it is.")


class ImportTold(Told):
    """An import, and how many of its lines became what so far."""

    id: UUID
    name: str
    what: What
    source: str
    state: ImportState = Field(
        description="`open` waits for somebody to approve it; `stopped`, for another account to take it over."
    )
    stopped_why: str = Field(description="`account-closed`, `rights-lost`, or empty.")
    lines: int
    counts: dict[LineOutcome, int]
    created_at: datetime
    ended_at: datetime | None


class LineTold(Told):
    """What became of a line of the file: never what it said."""

    line: int = Field(description="Below zero: a hearing that the file no longer has.")
    outcome: LineOutcome
    column: str
    problem: str
    needs_letter: bool
    undone: str


@router.post("", summary="Send a list", status_code=201, response_model=ImportTold, responses=WRITE, openapi_extra=BODY)
async def send(
    request: Request, actor: Requester, disposition: Name, asked: Annotated[ImportAsked, Query()], key: Key = None
) -> Response:
    """Send a CSV or an XLSX of people or hearings. It waits to be approved, unless its matching says otherwise."""
    at, data, name = now(), await _received(request), name_in(disposition)
    given = ImportGiven(matching_id=asked.matching_id, name=name, sha256=hashlib.sha256(data).hexdigest())

    def work(session: Session) -> Answered:
        matching = matching_for(session, actor, asked.matching_id) if asked.matching_id else None
        arrived = Arrived(name=name, data=data, origin="api", matching=matching)
        return Answered(201, {"id": str(receive(session, actor, arrived, house=House(secret_key()), now=at).id)})

    return await _answer(Call(request, actor, key, given), work, at)


@router.get("/matchings", summary="Matchings", response_model=Listed[MatchingTold], responses=READ)
async def matchings(request: Request, actor: Requester) -> Response:
    """Return the last version of what columns are, source by source, in the caller's services."""
    found = await database.read(matchings_of, actor)
    return answer(request, Listed[MatchingTold](items=[MatchingTold.model_validate(one) for one in found]))


@router.get("/{import_id}", summary="One import", response_model=ImportTold, responses=READ_ONE)
async def one(request: Request, actor: Requester, import_id: UUID) -> Response:
    """Return where an import is."""
    return answer(request, await database.read(_told, actor, import_id))


@router.get("/{import_id}/lines", summary="Its report", response_model=Listed[LineTold], responses=READ_ONE)
async def lines(request: Request, actor: Requester, import_id: UUID) -> Response:
    """Return what became of each line so far."""
    return answer(request, await database.read(_lines, actor, import_id))


@router.post("/{import_id}/approve", summary="Approve", response_model=ImportTold, responses=WRITE)
async def approved(request: Request, actor: Requester, import_id: UUID, key: Key = None) -> Response:
    """Have its lines done, one by one; those that were refused or asked before are tried again."""
    at = now()
    return await _step(
        Call(request, actor, key), import_id, at,
        lambda session: approve(session, actor, import_id, house=House(secret_key()), now=at),
    )  # fmt: skip


@router.post("/{import_id}/undo", summary="Undo", response_model=ImportTold, responses=WRITE)
async def undone(request: Request, actor: Requester, import_id: UUID, key: Key = None) -> Response:
    """Undo, for a day, what it created and nobody touched since."""
    at = now()
    return await _step(
        Call(request, actor, key), import_id, at, lambda session: ask_undo(session, actor, import_id, now=at)
    )  # fmt: skip


@router.post("/{import_id}/take-over", summary="Take over", response_model=ImportTold, responses=WRITE)
async def taken_over(request: Request, actor: Requester, import_id: UUID, key: Key = None) -> Response:
    """Go on with an import that stopped because its account was closed or changed service, in the caller's name."""
    at = now()
    return await _step(
        Call(request, actor, key), import_id, at, lambda session: take_over(session, actor, import_id, now=at)
    )  # fmt: skip


@router.post(
    "/matchings/{matching_id}/take-over", summary="Take a folder over", response_model=MatchingTold, responses=WRITE
)
async def folder_taken_over(request: Request, actor: Requester, matching_id: UUID, key: Key = None) -> Response:
    """Have the watched folder of a matching read again, in the caller's name: one more version."""
    at = now()

    def work(session: Session) -> Answered:
        made = take_folder_over(session, actor, matching_id, now=at)
        return Answered(200, MatchingTold.model_validate(made).model_dump(mode="json"))

    return respond(await once(Call(request, actor, key), work, at))


async def _step(call: Call, import_id: UUID, at: datetime, act: Callable[[Session], PeopleImport]) -> Response:
    def work(session: Session) -> Answered:
        act(session)
        return Answered(200, {"id": str(import_id)})

    return await _answer(call, work, at)


async def _answer(call: Call, work: Callable[[Session], Answered], at: datetime) -> Response:
    done = await once(call, work, at)
    shown = await database.read(_told, call.actor, UUID(done.body["id"]))
    return respond(Answered(done.status, shown.model_dump(mode="json"), done.is_replay))


def _told(session: Session, actor: Actor, import_id: UUID) -> ImportTold:
    found = import_for(session, actor, import_id)
    own = {name: getattr(found, name) for name in ImportTold.model_fields if name != "counts"}
    return ImportTold.model_validate(own | {"counts": counts_of(session, import_id)})


def _lines(session: Session, actor: Actor, import_id: UUID) -> Listed[LineTold]:
    import_for(session, actor, import_id)
    return Listed[LineTold](items=[LineTold.model_validate(one) for one in lines_done(session, import_id)])


async def _received(request: Request) -> bytes:
    """Return what is sent, or the beginning of what is too large."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            break
    return bytes(data[: MOST_BYTES + 1])
