"""Who runs a resource: sets its hours, closes it, says how many it takes for a while."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlmodel import Session

from availability import actions
from availability.actions import Locked
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape
from availability.rights import Actor

SETTERS = text("SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_set_hours")
ON_SITE = text("SELECT id FROM resource WHERE site_id = :site_id AND is_active ORDER BY id")


def run_by(session: Session, actor: Actor, resource_id: int, shapes: Collection[Shape] = tuple(Shape)) -> Locked:
    """Lock a resource of one of these shapes that the actor runs, by a role that sets the hours of its kind there.

    A partner runs those of their own organisation. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    return _run_by(session, actor, actions.lock(session, [resource_id]).get(resource_id), resource_id, shapes)


def looked_at_by(session: Session, actor: Actor, resource_id: int, shapes: Collection[Shape] = tuple(Shape)) -> Locked:
    """Return what `run_by` returns, without the lock, for whoever writes nothing."""
    return _run_by(session, actor, actions.look(session, [resource_id]).get(resource_id), resource_id, shapes)


def site_run_by(session: Session, actor: Actor, site_id: int) -> list[Locked]:
    """Lock every resource in service on a site, by number: only who runs them all closes the site.

    Raises: NotFound when there is none, or none of theirs; NotAllowed when one is not theirs.
    """
    ids = list(session.execute(ON_SITE, {"site_id": site_id}).scalars())
    places = actions.lock(session, ids)
    run = [place for place in places.values() if _is_run_by(session, actor, place)]
    if not run:
        raise NotFound(site_id=site_id)
    if len(run) < len(places):
        raise NotAllowed(site_id=site_id)
    return run


def _run_by(
    session: Session, actor: Actor, place: Locked | None, resource_id: int, shapes: Collection[Shape]
) -> Locked:
    if place is None:
        raise NotFound(resource_id=resource_id)
    if not actor.rights_in(_setters(session, place), kind_id=place.terms.kind_id):
        raise NotAllowed(kind=place.terms.code)
    if not _is_run_by(session, actor, place):
        raise NotFound(resource_id=resource_id)
    if place.shape not in shapes:
        raise InvalidRequest("resource_id", "other-shape", resource_id=resource_id)
    return place


def _is_run_by(session: Session, actor: Actor, place: Locked) -> bool:
    return any(
        right.covers(territory_id=place.territory_id, organisation_id=place.organisation_id)
        for right in actor.rights_in(_setters(session, place), kind_id=place.terms.kind_id)
    )


def _setters(session: Session, place: Locked) -> tuple[str, ...]:
    return tuple(session.execute(SETTERS, {"kind_id": place.terms.kind_id}).scalars())
