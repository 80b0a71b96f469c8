"""What a supervisor asks: alive, ready, figures."""

from __future__ import annotations

import ipaddress
import os
import secrets

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from availability.errors import NotFound
from portal import database
from portal.policy import public
from portal.settings import settings

router = APIRouter(include_in_schema=False, dependencies=[public()])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz() -> JSONResponse:
    """Say whether the database answers too."""
    try:
        await database.read(_ping)
    except (SQLAlchemyError, RuntimeError):
        return JSONResponse({"status": "unavailable", "database": "unreachable"}, 503)
    return JSONResponse({"status": "ok", "database": "ok"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the figures for Prometheus, to this machine or to the holder of the token."""
    if not _may_read_metrics(request):
        raise NotFound
    return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)


def _ping(session: Session) -> None:
    session.execute(text("SELECT 1"))


def _may_read_metrics(request: Request) -> bool:
    expected = settings().metrics_token
    if expected is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), expected.get_secret_value().encode())
    # Behind a proxy on this machine everybody would look local.
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    return ipaddress.ip_address(request.client.host).is_loopback


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
