"""REST routes of people: open, find, read, change, merge; and of the files that pass between services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.rights import Actor
from availability.sealing import House
from availability.wire import BEARER, READ, WRITE, BoundedRoute, Given, Listed, answer, refusals
from booking import divestment, merging
from booking import persons_api_models as told
from booking.api import STEP, Call, Key, Requester, Seen, once, respond, tag_of
from booking.divestment import FOLLOWERS, ListedDivestment, divestments_for
from booking.duplicates import Alike, FileExists, expect_new, pairs, sought_of
from booking.idempotency import Answered
from booking.merging import merge, unmerge
from booking.pages import person_problems  # noqa: F401 - importing it says how refusals are answered
from booking.person_changes import (
    NewPhone,
    add_file,
    add_phone,
    change_person,
    end_phone,
    note_choice,
    use_for_messages,
)
from booking.person_sheet import PersonSheet, person_sheet
from booking.persons import create_person, find_persons, person_for, regions_of
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import explain
from portal.settings import secret_key, settings

router = APIRouter(prefix="/persons", tags=["persons"], dependencies=[BEARER], route_class=BoundedRoute)
divestments = APIRouter(prefix="/divestments", tags=["persons"], dependencies=[BEARER], route_class=BoundedRoute)
Follower = Annotated[Actor, requires(*FOLLOWERS)]
READ_ONE = READ | refusals(404) | {200: {"headers": {"ETag": {"schema": {"type": "string"}}}}}
ALIKE = refusals(409, candidates={"type": "array", "items": told.AlikeTold.model_json_schema()})
OPEN = WRITE | ALIKE


class PersonsAsked(Given):
    """Who is looked for, by name or by file number."""

    q: str = Field(min_length=2, max_length=100)
    limit: int = Field(default=8, ge=1, le=50)


@router.post("", summary="Open a file", status_code=201, response_model=told.PersonTold, responses=OPEN)
async def open_file(request: Request, actor: Requester, new: told.PersonGiven, key: Key = None) -> Response:
    """Open the file of a person in the caller's home territory; a number of several territories is refused.

    A 409 `possible-duplicate` carries `candidates`: people known already who may be the same.
    """
    at = now()

    def work(session: Session) -> Answered:
        regions = regions_of(session, actor, new.address)
        house, is_fiction = House(secret_key()), settings().demo
        if not new.although_alike:
            expect_new(session, actor, sought_of(new.new, regions, house=house, fiction=is_fiction))
        person = create_person(session, actor, new.new, house=house, now=at, fiction=is_fiction, regions=regions)
        return Answered(201, {"id": str(person.id)})  # no name is stored with the answer

    done = await once(Call(request, actor, key, new), work, at)
    shown = await database.read(_line, actor, UUID(done.body["id"]))
    return respond(Answered(done.status, shown.model_dump(mode="json"), done.is_replay))


@router.get("", summary="Find people", response_model=Listed[told.PersonTold], responses=READ)
async def find(request: Request, actor: Requester, asked: Annotated[PersonsAsked, Query()]) -> Response:
    """Return people of the caller's territories, the likeliest first: accents and slips are forgiven."""
    found = await database.read(find_persons, actor, asked.q, limit=asked.limit)
    return answer(request, Listed[told.PersonTold](items=[told.PersonTold.model_validate(one) for one in found]))


@router.get("/duplicates", summary="Possible duplicates", response_model=Listed[told.PairTold], responses=READ)
async def duplicates(request: Request, actor: Requester) -> Response:
    """Return the pairs of files that may be of one person, the likeliest first, at most 200."""
    found = await database.read(pairs, actor)
    items = [told.PairTold(first=_alike(first), second=_alike(second)) for first, second in found]
    return answer(request, Listed[told.PairTold](items=items))


@router.get("/{person_id}", summary="One file", response_model=told.PersonFileTold, responses=READ_ONE)
async def one(request: Request, actor: Requester, person_id: UUID) -> Response:
    """Return a file in clear; reading it is logged."""
    shown = await database.act(_shown, actor, person_id, now())
    return answer(request, shown, tag=tag_of(shown.model_dump(mode="json")))


@router.patch("/{person_id}", summary="Change a file", response_model=told.PersonFileTold, responses=STEP)
async def change(
    request: Request,
    actor: Requester,
    person_id: UUID,
    given: told.PersonChanges,
    *,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Change the fields given; with If-Match, only if nobody changed the file since."""
    return await _step(
        Call(request, actor, key, given),
        person_id,
        lambda session, at: change_person(
            session, actor, person_id, given.changes, house=House(secret_key()), now=at, revision=seen
        ),
    )


@router.get("/{person_id}/phones", summary="Phones", response_model=Listed[told.PhoneTold], responses=READ_ONE)
async def phones(request: Request, actor: Requester, person_id: UUID) -> Response:
    """Return the phones of a person, that of messages first; reading them is logged."""
    shown = await database.act(_shown, actor, person_id, now())
    return answer(request, Listed[told.PhoneTold](items=shown.phones))


@router.post("/{person_id}/phones", summary="Add a phone", response_model=told.PersonFileTold, responses=STEP)
async def phone(
    request: Request, actor: Requester, person_id: UUID, given: told.PhoneGiven, key: Key = None
) -> Response:
    """Add a number; one of several territories is refused, with its `readings`."""

    def act(session: Session, at: datetime) -> object:
        new = NewPhone(
            kind=given.kind,
            typed=given.number,
            since_on=given.since_on or at.date(),
            is_for_messages=given.is_for_messages,
        )
        is_fiction = settings().demo
        return add_phone(session, actor, person_id, new, house=House(secret_key()), now=at, fiction=is_fiction)

    return await _step(Call(request, actor, key, given), person_id, act)


@router.patch(
    "/{person_id}/phones/{phone_id}", summary="Say something of a phone", response_model=told.PersonFileTold,
    responses=STEP,
)  # fmt: skip
async def say(
    request: Request, actor: Requester, person_id: UUID, phone_id: UUID, given: told.PhoneChanges, *, key: Key = None
) -> Response:
    """Have a number receive the messages, say until when it was theirs, or what they said of messages on it."""

    def act(session: Session, at: datetime) -> object:
        if given.agrees is not None:
            if given.how is None:
                raise InvalidRequest("how", "required")
            on = given.on or at.date()
            return note_choice(session, actor, person_id, phone_id, agrees=given.agrees, how=given.how, on=on, now=at)
        if given.until_on is not None:
            return end_phone(session, actor, person_id, phone_id, until_on=given.until_on, now=at)
        return use_for_messages(session, actor, person_id, phone_id, house=House(secret_key()), now=at)

    return await _step(Call(request, actor, key, given), person_id, act)


@router.post("/{person_id}/files", summary="Add a file number", response_model=told.PersonFileTold, responses=STEP)
async def file_number(
    request: Request, actor: Requester, person_id: UUID, given: told.FileGiven, key: Key = None
) -> Response:
    """Add the number by which a court or another service knows the person; the same is there once."""
    return await _step(
        Call(request, actor, key, given),
        person_id,
        lambda session, at: add_file(session, actor, person_id, given.kind, given.number, now=at),
    )


@router.post("/{person_id}/merge", summary="Merge two files", response_model=told.PersonFileTold, responses=STEP)
async def merge_two(
    request: Request, actor: Requester, person_id: UUID, given: told.MergeGiven, key: Key = None
) -> Response:
    """Give everything of another file to this one, and close the other; `unmerge` gives it back."""
    return await _step(
        Call(request, actor, key, given),
        person_id,
        lambda session, at: merge(session, actor, person_id, given.absorbed_id, house=House(secret_key()), now=at),
    )


@router.post("/{person_id}/unmerge", summary="Undo a merge", response_model=told.PersonFileTold, responses=STEP)
async def unmerge_two(
    request: Request, actor: Requester, person_id: UUID, given: told.UnmergeGiven, key: Key = None
) -> Response:
    """Give back what a merge moved; what was written since for this file stays."""

    def act(session: Session, at: datetime) -> object:
        if given.merge_id not in {one.id for one in merging.merges_of(session, person_id)}:
            raise NotFound(merge_id=given.merge_id)
        return unmerge(session, actor, given.merge_id, house=House(secret_key()), now=at)

    return await _step(Call(request, actor, key, given), person_id, act)


@divestments.get("", summary="Files that pass", response_model=Listed[told.DivestmentTold], responses=READ)
async def passing(request: Request, actor: Follower) -> Response:
    """Return what the caller's services ask and are asked, and what ended these last fifteen days."""
    found = await database.read(divestments_for, actor, house=House(secret_key()), now=now())
    return answer(request, Listed[told.DivestmentTold](items=[_passing(one) for one in found]))


@divestments.post(
    "", summary="Ask for a file, or offer it", status_code=201, response_model=told.DivestmentTold, responses=WRITE
)
async def ask(request: Request, actor: Follower, given: told.DivestmentGiven, key: Key = None) -> Response:
    """Ask the service that holds a file for it; or offer one's own to another. Automatic after ten days."""
    return await _answer(
        Call(request, actor, key, given),
        lambda session, at: (
            divestment.ask(
                session,
                actor,
                given.person_id,
                house=House(secret_key()),
                now=at,
                to_territory_id=given.to_territory_id,
                why=given.why,
            ).id
        ),
        status=201,
    )


@divestments.post("/{divestment_id}/accept", summary="Accept", response_model=told.DivestmentTold, responses=WRITE)
async def accept(request: Request, actor: Follower, divestment_id: UUID, key: Key = None) -> Response:
    """Let the file pass, or take it, as the service that is asked."""
    return await _answer(
        Call(request, actor, key),
        lambda session, at: divestment.accept(session, actor, divestment_id, now=at).id,
    )


@divestments.post("/{divestment_id}/refuse", summary="Refuse", response_model=told.DivestmentTold, responses=WRITE)
async def refuse(
    request: Request, actor: Follower, divestment_id: UUID, given: told.RefusalGiven, key: Key = None
) -> Response:
    """Keep the file where it is, and say why."""
    return await _answer(
        Call(request, actor, key, given),
        lambda session, at: (
            divestment.refuse(session, actor, divestment_id, why=given.why, house=House(secret_key()), now=at).id
        ),
    )


@divestments.post("/{divestment_id}/withdraw", summary="Take back", response_model=told.DivestmentTold, responses=WRITE)
async def withdraw(request: Request, actor: Follower, divestment_id: UUID, key: Key = None) -> Response:
    """Take back what one's service asked."""
    return await _answer(
        Call(request, actor, key),
        lambda session, at: divestment.withdraw(session, actor, divestment_id, now=at).id,
    )


async def _step(call: Call, person_id: UUID, act: Callable[[Session, datetime], object]) -> Response:
    """Return the file after one act on it, with its new tag; what is stored with the key holds nothing of it."""
    at = now()

    def work(session: Session) -> Answered:
        act(session, at)
        return Answered(200, {"id": str(person_id)})

    done = await once(call, work, at)
    shown = await database.act(_shown, call.actor, person_id, at)
    return respond(Answered(200, shown.model_dump(mode="json"), done.is_replay))


async def _answer(call: Call, act: Callable[[Session, datetime], UUID], *, status: int = 200) -> Response:
    """Return a divestment after one act on it."""
    at = now()

    def work(session: Session) -> Answered:
        divestment_id = act(session, at)
        session.flush()
        return Answered(status, {"id": str(divestment_id)})

    done = await once(call, work, at)
    house, wanted = House(secret_key()), UUID(done.body["id"])
    (found,) = await database.read(divestments_for, call.actor, house=house, now=at, divestment_id=wanted)
    return respond(Answered(done.status, _passing(found).model_dump(mode="json"), done.is_replay))


def _candidates(refusal: Refusal) -> dict[str, object]:
    """Return who may be known already, as programs are told it."""
    if not isinstance(refusal, FileExists):
        return {}
    found: tuple[Alike, ...] = refusal.facts["found"]  # type: ignore[assignment]
    return {"candidates": [_alike(one).model_dump(mode="json") for one in found]}


explain(_candidates)


def _line(session: Session, actor: Actor, person_id: UUID) -> told.PersonTold:
    return told.PersonTold.model_validate(person_for(session, actor, person_id))


def _alike(one: object) -> told.AlikeTold:
    return told.AlikeTold.model_validate(one)


def _shown(session: Session, actor: Actor, person_id: UUID, at: datetime) -> told.PersonFileTold:
    sheet = person_sheet(session, actor, person_id, house=House(secret_key()), reason="api", now=at)
    return _file(sheet)


def _file(sheet: PersonSheet) -> told.PersonFileTold:
    beside = ("address", "phones", "files", "followings", "merged")
    own = {name: getattr(sheet.person, name) for name in told.PersonFileTold.model_fields if name not in beside}
    lines = {name: getattr(sheet, name) for name in beside}
    return told.PersonFileTold.model_validate(own | lines)


def _passing(line: ListedDivestment) -> told.DivestmentTold:
    return told.DivestmentTold.model_validate(line)
