"""The points of the map as GeoJSON: too heavy for the socket, so the map fetches them with the same filters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session

from availability.rights import SEARCHERS, Actor
from booking.day import today_of
from booking.filters import Filters, understand
from booking.map import kind_named, log_beyond, look, points
from booking.pages.map_state import Aim, aim_of, point_of
from portal import clock
from portal.database import act, read
from portal.policy import requires

router = APIRouter(include_in_schema=False)


@router.get("/carte/points")
async def map_points(request: Request, actor: Actor = requires(*SEARCHERS)) -> dict[str, Any]:
    """Return the places that the list shows for the same filters."""
    filters = Filters.read(request.query_params)
    aim = await aim_of(actor, filters, is_shown=False)
    if filters.flag("ailleurs"):
        await act(log_beyond, actor, filters.type, now=clock.now())
    return await read(_points, actor, aim, now=clock.now())


def _points(session: Session, actor: Actor, aim: Aim, *, now: datetime) -> dict[str, Any]:
    _, kind = kind_named(session, actor, aim.filters.type)
    wish = understand(aim.filters, kind, point_of(aim.location), today=today_of(session, actor, now=now)).wish
    return points(look(session, actor, wish, only_free=aim.filters.flag("libres"), now=now).spots)
