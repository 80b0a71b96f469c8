"""The points of the map as GeoJSON: too heavy for the socket, so the map fetches them with the same filters."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session

from availability.places import suggested
from availability.rights import SEARCHERS, Actor
from availability.sites import by_site
from booking.day import today_of
from booking.filters import Filters, understand
from booking.map import kind_named, log_beyond, look, points
from booking.pages.map_aim import Aim, Times, aim_of, times_of
from booking.pages.map_screen import left_out, with_times
from portal import clock
from portal.database import act, read
from portal.policy import requires
from portal.settings import settings

MOST_TYPED = 80

router = APIRouter(include_in_schema=False)


@router.get("/carte/points")
async def map_points(request: Request, actor: Actor = requires(*SEARCHERS)) -> dict[str, Any]:
    """Return the places that the list shows for the same filters."""
    filters = Filters.read(request.query_params)
    aim = await aim_of(actor, filters, is_shown=False)
    if filters.flag("ailleurs"):
        await act(log_beyond, actor, filters.type, now=clock.now())
    times = await times_of(actor, aim.filters, aim.near)
    return await read(_points, actor, aim, times, now=clock.now())


@router.get("/carte/lieux")
async def places_typed(q: str = "", _actor: Actor = requires(*SEARCHERS)) -> dict[str, Any]:
    """Return the places that may be meant by what is being typed."""
    found = await asyncio.to_thread(suggested, q[:MOST_TYPED], ban_url=settings().ban_url)
    return {"places": [{"label": one.label, "detail": one.detail} for one in found]}


def _points(session: Session, actor: Actor, aim: Aim, times: Times, *, now: datetime) -> dict[str, Any]:
    _, kind = kind_named(session, actor, aim.filters.type)
    reading = with_times(understand(aim.filters, kind, aim.near, today=today_of(session, actor, now=now)), times)
    answer = look(session, actor, reading.wish, only_free=aim.filters.flag("libres"), now=now)
    reason = aim.filters.raison
    return points(by_site(left_out(answer.found, reason)) if reason else answer.spots)
