"""Routes of the draft summons of a lawyer's date: those of the files of a booking, for whose date it is alone."""

from __future__ import annotations

import hashlib
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from availability.rights import Actor
from availability.wire import Listed, answer
from booking import attachments, lawyer_dates
from booking.api import Call, Key, once, respond
from booking.attachment_models import What
from booking.attachments import Sent
from booking.attachments_api import (
    CLOSED,
    FileGiven,
    FileTold,
    Name,
    Removed,
    house,
    name_in,
    received_file,
    told_file,
    vault,
)
from booking.file_types import FileRefused
from booking.idempotency import Answered
from booking.lawyer_dates import ChangeOver, DatesOpen, NoDate
from booking.lawyers import LAWYERS
from booking.pages.lawyer_words import change_over, no_date
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import problem
from portal.settings import settings

# For the pages of lawyers only: programs have the files of bookings.
router = APIRouter(prefix="/lawyer-dates/{booking_id}/files", include_in_schema=False)
Lawyer = Annotated[Actor, requires(*LAWYERS)]

problem(NoDate, 409, "no-date", "Pas de date", no_date)
problem(ChangeOver, 409, "change-over", "Trop tard", change_over)
problem(DatesOpen, 409, "dates-open", "Des dates sont libres", "Des dates sont libres : prenez-en une.")


@router.post("", status_code=201)
async def send(  # noqa: PLR0917 - each is a part of the request
    request: Request, actor: Lawyer, booking_id: UUID, what: What, disposition: Name, key: Key = None
) -> Response:
    """Link the draft summons to a date of the actor's, once for one key. Raises: NotFound, FileRefused."""
    at, most = now(), settings().files_most_mb * 1024 * 1024
    sent = _checked(name_in(disposition), what, await received_file(request, most), most)
    given = FileGiven(what=sent.what, name=sent.name, sha256=hashlib.sha256(sent.data).hexdigest())

    def work(session: Session) -> Answered:
        line = lawyer_dates.add_summons(session, actor, booking_id, sent, house=house(), vault=vault(), now=at)
        return Answered(201, told_file(line).model_dump(mode="json"))

    return respond(await once(Call(request, actor, key, given), work, at))


def _checked(name: str, what: What, data: bytes, most: int) -> Sent:
    """Return the file, refused as what it is not, a PDF, rather than by the types that other files may be."""
    try:
        return Sent.checked(name, what, data, most_bytes=most)
    except FileRefused as refused:
        if refused.facts["why"] != "type":
            raise
        raise FileRefused(name=refused.facts["name"], why="not-pdf") from refused


@router.get("")
async def listed(request: Request, actor: Lawyer, booking_id: UUID) -> Response:
    """Return the files of a date of the actor's. Raises: NotFound."""
    deputy = await database.read(lawyer_dates.deputy_for, actor, booking_id)
    lines = await database.read(attachments.files_of, deputy, booking_id, house=house(), now=now())
    return answer(request, Listed[FileTold](items=[told_file(line) for line in lines if line.what is What.SUMMONS]))


@router.get("/{file_id}")
async def read(actor: Lawyer, booking_id: UUID, file_id: UUID) -> Response:
    """Return a summons of a date of the actor's, as it was sent. Raises: NotFound."""
    line, content = await database.act(
        lawyer_dates.open_summons, actor, booking_id, file_id, house=house(), vault=vault(), now=now()
    )
    headers = CLOSED | {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(line.name, safe='')}",
        "Content-Length": str(line.size),
    }
    return StreamingResponse(content, media_type=line.media_type, headers=headers)


@router.delete("/{file_id}")
async def remove(actor: Lawyer, booking_id: UUID, file_id: UUID) -> Removed:
    """Remove a summons of a date of the actor's; it can be put back for ten minutes. Raises: NotFound."""
    removed = await database.act(lawyer_dates.remove_summons, actor, booking_id, file_id, now=now())
    return Removed.model_validate(removed)


@router.post("/{file_id}/undo")
async def undo(actor: Lawyer, booking_id: UUID, file_id: UUID) -> Removed:
    """Put back a summons just removed. Raises: NotFound."""
    back = await database.act(lawyer_dates.put_summons_back, actor, booking_id, file_id, now=now())
    return Removed.model_validate(back)
