"""Sending a list of people or hearings, its report, and examples of both: plain routes, beside the page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from availability.errors import NotFound
from availability.importers.report import FileRefused
from availability.rights import Actor
from availability.sealing import House
from booking.pages.import_files import bounded
from convocations.import_models import ImportLine
from convocations.imports.examples import hearings_example, people_example
from convocations.imports.sent import IMPORTERS, Arrived, import_for, lines_done, receive
from convocations.pages.people_import_words import report_csv
from portal.clock import now
from portal.database import act, read
from portal.policy import requires
from portal.settings import secret_key

router = APIRouter(include_in_schema=False)
Importer = Annotated[Actor, requires(*IMPORTERS)]
PAGE = "/importer/personnes/"


@router.post("/importer/personnes/fichier")
async def send(request: Request, actor: Importer) -> RedirectResponse:
    """Keep a file, and show what it would do. What is not a list in bounds comes back with why."""
    try:
        form = await Request(request.scope, bounded(request.receive)).form(max_files=1, max_fields=1)
    except HTTPException as error:
        return _back("too-large" if error.status_code == 413 else "unreadable")
    except MultiPartException:
        return _back("unreadable")
    sent = form.get("fichier")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return _back("no-file")
    try:
        import_id = await act(_received, actor, Arrived(name=sent.filename, data=await sent.read()))
    except FileRefused as refusal:
        return _back(str(refusal.problem), str(refusal.line or ""))
    return RedirectResponse(f"{PAGE}?import={import_id}", 303)


@router.get("/importer/personnes/rapport.csv")
async def report(actor: Importer, numero: UUID) -> Response:
    """Return the report of an import: its lines by their numbers, no name."""
    try:
        lines = await read(_lines, actor, numero)
    except NotFound:
        raise HTTPException(404) from None
    return _download(report_csv(lines), "rapport-import.csv")


@router.get("/importer/personnes/exemple-personnes.csv")
async def people(_actor: Importer) -> Response:
    """Return a small fictional export of people, to see how one is read."""
    return _download(people_example(), "exemple-appi.csv")


@router.get("/importer/personnes/exemple-audiences.csv")
async def hearings(actor: Importer) -> Response:
    """Return a small fictional list of hearings, on hours that are free in the actor's service."""
    return _download(await read(hearings_example, actor, now=now()), "exemple-audiences.csv")


def _received(session: Session, actor: Actor, arrived: Arrived) -> UUID:
    return receive(session, actor, arrived, house=House(secret_key()), now=now()).id


def _lines(session: Session, actor: Actor, import_id: UUID) -> list[ImportLine]:
    import_for(session, actor, import_id)
    return lines_done(session, import_id)


def _download(data: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)


def _back(why: str, line: str = "") -> RedirectResponse:
    return RedirectResponse(f"{PAGE}?refus={why}" + (f"&ligne={line}" if line else ""), 303)
