"""REST routes by which partners' programs close a whole site of theirs and open it again, as `own_api` does one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from availability.closings import ClosedDays, close_site_days, reopen_site_days
from availability.errors import NotFound
from availability.openings import local_day
from availability.outside import Outside
from availability.own import closures_of_site
from availability.rights import Actor
from availability.running import site_run, site_run_by
from availability.wire import BEARER, READ, BoundedRoute, IdentifierInPath, refusals
from booking import own_api_models as told
from booking.api import Call, Key
from booking.own_api import MAKES, WRITES, Host, IfMatch, outside_told, tagged, written
from portal import database
from portal.clock import now

router = APIRouter(tags=["own places"], dependencies=[BEARER], route_class=BoundedRoute)


@dataclass(frozen=True)
class SiteWrite:
    """One write on a whole site."""

    call: Call
    site_id: int
    if_match: str | None

    @property
    def subject(self) -> dict[str, int]:
        """Return the number of the site."""
        return {"site_id": self.site_id}

    def lock(self, session: Session) -> object:
        """Lock everything in service there. Raises: NotFound, NotAllowed when the caller does not run all of it."""
        return site_run_by(session, self.call.actor, self.site_id)

    def document(self, session: Session, at: datetime, outside: Sequence[Outside] = ()) -> dict[str, Any]:
        """Return what is published of the site."""
        return site_document(session, self.call.actor, self.site_id, at, outside)


@router.get(
    "/sites/{site_id}/published",
    summary="What is published of a site",
    response_model=told.SiteTold,
    responses=READ | refusals(404),
)
async def published(request: Request, actor: Host, site_id: IdentifierInPath) -> Response:
    """Return the closures of a site on which the caller runs something, and how much of it they run."""
    return tagged(request, await database.read(site_document, actor, site_id, now()))


@router.post(
    "/sites/{site_id}/closures",
    summary="Close a whole site on some days",
    status_code=201,
    response_model=told.SiteTold,
    responses=MAKES,
)
async def post_closure(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    site_id: IdentifierInPath,
    given: told.ClosureGiven,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Close everything on a site, for whoever runs all of it; what was taken on these days stands, and is told."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        days = ClosedDays(given.first, given.until, given.reason)
        return close_site_days(session, actor, site_id, days, now=at).outside

    return await written(SiteWrite(Call(request, actor, key, given), site_id, if_match), work, status=201)


@router.delete(
    "/sites/{site_id}/closures/{closure_id}",
    summary="Open a whole site again",
    response_model=told.SiteTold,
    responses=WRITES,
)
async def delete_closure(  # noqa: PLR0917 - as the route is declared
    request: Request,
    actor: Host,
    site_id: IdentifierInPath,
    closure_id: IdentifierInPath,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Take back what is left of a closure of a whole site, for whoever runs all of it."""

    def work(session: Session, at: datetime) -> Sequence[Outside]:
        reopen_site_days(session, actor, site_id, closure_id, now=at)
        return ()

    return await written(SiteWrite(Call(request, actor, key), site_id, if_match), work)


def site_document(
    session: Session, actor: Actor, site_id: int, at: datetime, outside: Sequence[Outside] = ()
) -> dict[str, Any]:
    """Return everything that is published of a site, as JSON. Raises: NotFound when nothing there is the caller's."""
    site = site_run(session, actor, site_id)
    if not site.own:
        raise NotFound(site_id=site_id)
    today = local_day(at, ZoneInfo(site.time_zone))
    named = {name: getattr(site, name) for name in ("id", "name", "commune", "time_zone", "resources", "own")}
    body = told.SiteTold(
        **named,
        closures=[told.ClosureTold(**vars(each)) for each in closures_of_site(session, site_id, today=today)],
        outside=[outside_told(each, site.time_zone) for each in outside],
    )
    return body.model_dump(mode="json", by_alias=True)
