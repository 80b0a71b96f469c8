"""REST routes of the files linked to a booking: sent as they are, read as attachments, never shown by a browser."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from availability.sealing import House
from availability.wire import BEARER, READ, WRITE, Given, Listed, Told, answer, refusals
from booking import attachments
from booking.api import Call, Key, Requester, once, respond
from booking.attachment_models import Attachment, What
from booking.attachments import FileLine, Sent
from booking.file_types import FileRefused
from booking.file_words import file_refused
from booking.idempotency import Answered
from booking.vault import Vault
from portal import database
from portal.clock import now
from portal.problems import problem
from portal.settings import secret_key, settings

router = APIRouter(prefix="/bookings/{booking_id}/files", tags=["files"], dependencies=[BEARER])

NAME = re.compile(r"filename\*=utf-8''(?P<coded>[^;]*)|filename=\"(?P<plain>[^\"]*)\"", re.IGNORECASE)
MOST_READ = 5  # times the largest file: a browser only hears why once everything that it sends was read
OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
BODY = {"requestBody": {"required": True, "content": OCTETS}}
# Nothing of a file is kept on the way, shown, or run, whatever it holds.
CLOSED = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

problem(FileRefused, 422, "file-refused", "Fichier refusé", file_refused)


class FileTold(Told):
    """A file linked to a booking."""

    id: UUID
    what: What
    name: str
    media_type: str
    size: int
    by: UUID
    at: datetime


class Removed(Told):
    """A file removed, or put back: its name is not said again."""

    id: UUID
    what: What
    removed_at: datetime | None


class FileGiven(Given):
    """What tells one sending from another under the same key."""

    what: What
    name: str
    sha256: str


Name = Annotated[
    str,
    Header(
        alias="Content-Disposition",
        max_length=1000,
        description="`attachment; filename*=UTF-8''jugement%20du%203%20mars.pdf`",
    ),
]


def vault() -> Vault:
    """Return where the files of this installation are."""
    return Vault(settings().files_folder)


def house() -> House:
    """Return the secret of this installation."""
    return House(secret_key())


@router.post("", summary="Link a file", status_code=201, response_model=FileTold, responses=WRITE, openapi_extra=BODY)
async def send(  # noqa: PLR0917 - each is a part of the request
    request: Request,
    actor: Requester,
    booking_id: UUID,
    what: What,
    disposition: Name,
    key: Key = None,
) -> Response:
    """Link a file to a booking: PDF, JPEG, PNG, ODT or DOCX, by its content, within the size of the settings."""
    at, most = now(), settings().files_most_mb * 1024 * 1024
    sent = Sent.checked(name_in(disposition), what, await received_file(request, most), most_bytes=most)
    given = FileGiven(what=sent.what, name=sent.name, sha256=hashlib.sha256(sent.data).hexdigest())

    def work(session: Session) -> Answered:
        line = attachments.attach(session, actor, booking_id, sent, house=house(), vault=vault(), now=at)
        return Answered(201, told_file(line).model_dump(mode="json"))

    return respond(await once(Call(request, actor, key, given), work, at))


@router.get("", summary="The files of a booking", response_model=Listed[FileTold], responses=READ | refusals(404))
async def listed(request: Request, actor: Requester, booking_id: UUID) -> Response:
    """Return what is linked to a booking, oldest first, for those who reserve in its territory."""
    lines = await database.read(attachments.files_of, actor, booking_id, house=house(), now=now())
    return answer(request, Listed[FileTold](items=[told_file(line) for line in lines]))


@router.get(
    "/{file_id}",
    summary="One file",
    response_class=StreamingResponse,
    responses=READ | refusals(404) | {200: {"content": OCTETS}},
)
async def read(actor: Requester, booking_id: UUID, file_id: UUID) -> Response:
    """Return a file as it was sent, to be kept by whoever asks; it is logged that they looked."""
    line, content = await database.act(
        attachments.open_file, actor, booking_id, file_id, house=house(), vault=vault(), now=now()
    )
    headers = CLOSED | {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(line.name, safe='')}",
        "Content-Length": str(line.size),
    }
    return StreamingResponse(content, media_type=line.media_type, headers=headers)


@router.delete("/{file_id}", summary="Remove a file", response_model=Removed, responses=WRITE)
async def remove(request: Request, actor: Requester, booking_id: UUID, file_id: UUID, key: Key = None) -> Response:
    """Remove a file; `undo` puts it back for ten minutes, then its content is destroyed."""
    at = now()
    return await _step(
        Call(request, actor, key),
        lambda session: attachments.detach(session, actor, booking_id, file_id, now=at),
        at,
    )


@router.post("/{file_id}/undo", summary="Put a file back", response_model=Removed, responses=WRITE)
async def undo(request: Request, actor: Requester, booking_id: UUID, file_id: UUID, key: Key = None) -> Response:
    """Put back a file removed less than ten minutes ago."""
    at = now()
    return await _step(
        Call(request, actor, key),
        lambda session: attachments.put_back(session, actor, booking_id, file_id, now=at),
        at,
    )


def name_in(disposition: str) -> str:
    """Return the name that a header gives to a file, as RFC 6266 writes it; nothing when it gives none."""
    found = NAME.search(disposition)
    if found is None:
        return ""
    return unquote(found["coded"], errors="replace") if found["coded"] is not None else found["plain"]


async def _step(call: Call, act: Callable[[Session], Attachment], at: datetime) -> Response:
    def work(session: Session) -> Answered:
        return Answered(200, Removed.model_validate(act(session)).model_dump(mode="json"))

    return respond(await once(call, work, at))


async def received_file(request: Request, most: int) -> bytes:
    """Return what is sent, or the beginning of what is too large."""
    data, read_bytes = bytearray(), 0
    async for chunk in request.stream():
        read_bytes += len(chunk)
        if len(data) <= most:
            data += chunk
        if read_bytes > most * MOST_READ:
            break
    return bytes(data[: most + 1])


def told_file(line: FileLine) -> FileTold:
    return FileTold.model_validate(line)
