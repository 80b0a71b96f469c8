"""Sending a file to import, and getting the same shape back: plain routes, for a socket is no place for a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive

from availability.importers.resources import IMPORTERS, exported
from availability.importers.sent import keep_file
from availability.importers.sheets import MOST_BYTES, written_csv, written_xlsx
from availability.rights import Actor
from portal.clock import now
from portal.database import act, read
from portal.policy import requires

router = APIRouter(include_in_schema=False)
Importer = Annotated[Actor, requires(*IMPORTERS)]
PAGE = "/importer/"
MOST_SENT = MOST_BYTES + 20_000  # the boundaries and headers of the form around the file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.post("/importer/fichier")
async def send(request: Request, actor: Importer) -> RedirectResponse:
    """Keep a file for its sender, and show what it would do. What is not a file in bounds comes back with why."""
    try:
        form = await Request(request.scope, bounded(request.receive)).form(max_files=1, max_fields=1)
        sent = form.get("fichier")
        if not isinstance(sent, UploadFile) or not sent.filename:
            return _back("no-file")
        data = await sent.read()
    except HTTPException as error:
        return _back("too-large" if error.status_code == 413 else "unreadable")
    except MultiPartException:
        return _back("unreadable")
    if len(data) > MOST_BYTES:
        return _back("too-large")
    file_id = await act(keep_file, actor, sent.filename, data, now=now())
    return RedirectResponse(f"{PAGE}?fichier={file_id}", 303)


@router.get("/importer/places.csv")
async def as_csv(actor: Importer) -> Response:
    """Return what the actor may import, as a CSV that imports back to no change."""
    return _download(written_csv(*await read(exported, actor)), "text/csv; charset=utf-8", "csv")


@router.get("/importer/places.xlsx")
async def as_xlsx(actor: Importer) -> Response:
    """Return the same as a workbook."""
    return _download(written_xlsx("Places", *await read(exported, actor)), XLSX, "xlsx")


def _download(data: bytes, media_type: str, ending: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="places.{ending}"', "Cache-Control": "no-store"}
    return Response(data, media_type=media_type, headers=headers)


def _back(why: str) -> RedirectResponse:
    return RedirectResponse(f"{PAGE}?refus={why}", 303)


def bounded(receive: Receive) -> Receive:
    """Return what a request receives, until it is larger than any list. Raises: HTTPException 413, while reading."""
    read_bytes = 0

    async def received() -> Message:
        nonlocal read_bytes
        message = await receive()
        read_bytes += len(message.get("body", b""))
        if read_bytes > MOST_SENT:
            raise HTTPException(413)
        return message

    return received
