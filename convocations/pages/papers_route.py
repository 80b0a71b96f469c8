"""Letters, statements and calendar files of convocations, as plain routes: what a browser opens or keeps."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlmodel import Session

from availability.calendars import Event, Status, event_ics
from availability.errors import InvalidRequest, NotFound
from availability.periods import Period
from availability.rights import Actor
from availability.sealing import House
from booking.models import State
from convocations.day_letters import MOST, Whom, letters_of_day, mark_of, within
from convocations.errors import ConvocationOver
from convocations.letters import Letter, letter_for
from convocations.pages.addresses import link_of, sheet_address
from convocations.pages.convene_state import CONVENERS
from convocations.queries import ListedConvocation, convocation_line
from convocations.statement import Statement, statement_of_convocation, statement_of_person
from portal.clock import now
from portal.database import act, read
from portal.policy import requires
from portal.settings import secret_key, settings

router = APIRouter(include_in_schema=False)
Convener = Annotated[Actor, requires(*CONVENERS)]
NEUTRAL = "Rendez-vous"  # what a glance over the shoulder may read


@router.get("/convocations/{convocation_id:uuid}.pdf")
async def letter_file(convocation_id: UUID, actor: Convener) -> Response:
    """Return the letter of one convocation. Raises: NotFound, ConvocationOver."""
    return await letters_file(actor, [convocation_id], are_all_asked=True)


@router.get("/convocations/lettres.pdf")
async def letters_files(
    *,
    actor: Convener,
    c: Annotated[list[UUID] | None, Query()] = None,
    jour: date | None = None,
    qui: Whom = Whom.ALL,
    apres: str = "",
    jusque: str = "",
) -> Response:
    """Return the letters of those named, or of a part of a day, in one file.

    Those to which nothing is to come are left out. A part of a day is whatever is there now, a few more included.
    """
    if jour is not None:
        letters = await read(letters_of_day, actor, jour, house=House(secret_key()), now=now(), whom=qui)
        asked = within(letters, mark_of(apres), mark_of(jusque))
        return await letters_file(actor, asked, name=f"convocations-{jour}.pdf", most=2 * MOST)
    return await letters_file(actor, list(dict.fromkeys(c or ())), name="convocations.pdf")


@router.get("/convocations/{convocation_id:uuid}/releve.pdf")
async def statement_file(convocation_id: UUID, actor: Convener) -> Response:
    """Return the statement of one convocation. Raises: NotFound."""
    made = await act(statement_of_convocation, actor, convocation_id, house=House(secret_key()), now=now())
    return pdf(await asyncio.to_thread(_statement, made), f"releve-{str(convocation_id)[:8]}.pdf")


@router.get("/personnes/{person_id:uuid}/releve.pdf")
async def person_statement_file(person_id: UUID, actor: Convener) -> Response:
    """Return the statement of the convocations of somebody. Raises: NotFound."""
    made = await act(statement_of_person, actor, person_id, house=House(secret_key()), now=now())
    return pdf(await asyncio.to_thread(_statement, made), "releve.pdf")


@router.get("/convocations/{convocation_id:uuid}.ics")
async def calendar_file(convocation_id: UUID, actor: Convener) -> Response:
    """Return the appointment of a convocation as an event. Raises: NotFound when it has no hour."""
    line = await read(convocation_line, actor, convocation_id, now=now())
    headers = {"Content-Disposition": 'attachment; filename="rendez-vous.ics"', "Cache-Control": "no-store"}
    return Response(event_ics(event_of(line), now=now()), media_type="text/calendar; charset=utf-8", headers=headers)


async def letters_file(
    actor: Actor, asked: list[UUID], *, are_all_asked: bool = False, name: str = "convocation.pdf", most: int = MOST
) -> Response:
    """Return the letters of some convocations in one file.

    Raises: NotFound, ConvocationOver for one of them when all are asked for, or when there is none to write;
    InvalidRequest when they are too many.
    """
    if len(asked) > most:
        raise InvalidRequest("c", "too-many", most=most)
    letters = await act(_letters, actor, asked, are_all_asked)
    return pdf(await asyncio.to_thread(_printed, letters, now()), name)


def _letters(session: Session, actor: Actor, asked: list[UUID], are_all_asked: bool) -> list[Letter]:
    at, house, letters = now(), House(secret_key()), []
    for convocation_id in asked:
        try:
            letters.append(letter_for(session, actor, convocation_id, house=house, link_of=link_of, now=at))
        except (NotFound, ConvocationOver):
            if are_all_asked:
                raise
    if not letters:
        raise NotFound(convocation_id=None)
    return letters


def _printed(letters: list[Letter], at: datetime) -> bytes:
    from convocations.letter_paper import letters_pdf

    return letters_pdf(letters, now=at)


def _statement(made: Statement) -> bytes:
    from convocations.pages.statement_paper import statement_pdf

    return statement_pdf(made)


def event_of(line: ListedConvocation) -> Event:
    """Return a convocation as a neutral event, that leads back to its sheet. Raises: NotFound when it has no hour."""
    if line.starts_at is None or line.ends_at is None:
        raise NotFound(convocation_id=line.id)
    town = " ".join(part for part in (line.postcode, line.commune) if part)
    return Event(
        uid=f"{line.booking_id}@placejuste",
        summary=NEUTRAL,
        location=", ".join(part for part in (line.address, town) if part),
        when=Period(line.starts_at, line.ends_at),
        time_zone=line.time_zone,
        status=Status.CONFIRMED if line.state in (State.BOOKED, State.HONOURED, State.MISSED) else Status.CANCELLED,
        sequence=0,
        url=f"{settings().origin}{sheet_address(line.id)}",
    )


def pdf(content: bytes, name: str) -> Response:
    """Return a file to be read at once, that nobody keeps on the way."""
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
