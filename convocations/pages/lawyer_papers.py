"""What a lawyer prints or keeps: proofs of dates and of attempts. Plain routes, theirs alone."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Actor
from availability.sealing import House
from booking.lawyer_hearings import Attempt, LawyerHearing, attempt_of, hearing_of
from booking.lawyers import LAWYERS, profile_of
from booking.natures import natures
from convocations.pages.papers_route import pdf
from portal.clock import now
from portal.database import read
from portal.policy import requires
from portal.settings import secret_key

router = APIRouter(include_in_schema=False)
Lawyer = Annotated[Actor, requires(*LAWYERS)]


@router.get("/mes-audiences/{booking_id:uuid}/preuve.pdf")
async def proof_of_date(booking_id: UUID, actor: Lawyer) -> Response:
    """Return the proof of a date that the actor took. Raises: NotFound."""
    hearing, lawyer, known = await read(_date, actor, booking_id)
    if not hearing.is_taken:
        raise NotFound(booking_id=booking_id)
    printed = partial(_printed_date, hearing, lawyer=lawyer, known=known)
    return pdf(await asyncio.to_thread(printed), f"prise-de-date-{hearing.case_ref}.pdf")


@router.get("/prendre-date/tentatives/{attempt_id:uuid}.pdf")
async def proof_of_attempt(attempt_id: UUID, actor: Lawyer) -> Response:
    """Return the proof of an attempt of the actor's. Raises: NotFound."""
    attempt, lawyer, known = await read(_attempt, actor, attempt_id)
    printed = partial(_printed_attempt, attempt, lawyer=lawyer, known=known)
    return pdf(await asyncio.to_thread(printed), f"tentative-{str(attempt_id)[:8]}.pdf")


def _date(session: Session, actor: Actor, booking_id: UUID) -> tuple[LawyerHearing, str, dict[str, str]]:
    hearing = hearing_of(session, actor, booking_id, house=House(secret_key()), now=now())
    return hearing, _name(session, actor), natures(session)


def _attempt(session: Session, actor: Actor, attempt_id: UUID) -> tuple[Attempt, str, dict[str, str]]:
    return attempt_of(session, actor, attempt_id), _name(session, actor), natures(session)


def _name(session: Session, actor: Actor) -> str:
    profile = profile_of(session, actor)
    return ", ".join(filter(None, (profile.name, profile.firm, profile.bar)))


def _printed_date(hearing: LawyerHearing, *, lawyer: str, known: dict[str, str]) -> bytes:
    from convocations.pages.lawyer_paper import date_pdf

    return date_pdf(hearing, lawyer=lawyer, known=known, now=now())


def _printed_attempt(attempt: Attempt, *, lawyer: str, known: dict[str, str]) -> bytes:
    from convocations.pages.lawyer_paper import attempt_pdf

    return attempt_pdf(attempt, lawyer=lawyer, known=known, now=now())
