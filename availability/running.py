"""Who runs a resource: sets its hours, closes it, says how many it takes for a while."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability import actions
from availability.actions import Locked
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape
from availability.rights import Actor, Role

# What nobody reserves and whose hours no role sets is a court's own (judges, clerks, rooms): its registry runs it.
SETTERS = text(f"""
    SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_set_hours
    UNION ALL
    SELECT '{Role.REGISTRY.value}' FROM kind
    WHERE id = :kind_id AND shape = '{Shape.SLOTS.value}'
      AND NOT EXISTS (SELECT FROM kind_right WHERE kind_id = :kind_id AND (may_reserve OR may_set_hours))""")  # noqa: S608 - constants only
ON_SITE = text("SELECT id FROM resource WHERE site_id = :site_id AND is_active ORDER BY id")
KINDS_ON_SITE = text("""
    SELECT s.name, s.commune, s.time_zone, s.territory_id, s.organisation_id, r.kind_id, count(*) AS resources,
           ARRAY(SELECT role FROM kind_right g WHERE g.kind_id = r.kind_id AND g.may_set_hours) AS setters
    FROM site s JOIN resource r ON r.site_id = s.id AND r.is_active
    WHERE s.id = :site_id GROUP BY s.id, r.kind_id""")


@dataclass(frozen=True, kw_only=True)
class SiteRun:
    """A site: how many resources are in service on it, and how many of them the actor runs."""

    id: int
    name: str
    commune: str
    time_zone: str
    resources: int
    own: int

    @property
    def is_whole(self) -> bool:
        """Say whether the actor runs everything that is in service there."""
        return 0 < self.own == self.resources


def run_by(session: Session, actor: Actor, resource_id: int, shapes: Collection[Shape] = tuple(Shape)) -> Locked:
    """Lock a resource of one of these shapes that the actor runs, by a role that sets the hours of its kind there.

    A partner runs those of their own organisation. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    return _run_by(session, actor, actions.lock(session, [resource_id]).get(resource_id), resource_id, shapes)


def looked_at_by(session: Session, actor: Actor, resource_id: int, shapes: Collection[Shape] = tuple(Shape)) -> Locked:
    """Return what `run_by` returns, without the lock, for whoever writes nothing."""
    return _run_by(session, actor, actions.look(session, [resource_id]).get(resource_id), resource_id, shapes)


def is_run_by(session: Session, actor: Actor, resource_id: int) -> bool:
    """Say whether the actor runs a resource, whatever its shape; without a lock."""
    place = actions.look(session, [resource_id]).get(resource_id)
    return place is not None and _is_run_by(session, actor, place)


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
        raise NotAllowed(site_id=site_id, resources=len(places), own=len(run))
    return run


def site_kept_by(session: Session, actor: Actor, site_id: int) -> list[Locked]:
    """Lock every resource in service on a site for whoever runs them all, or administers its territory.

    What nobody runs wholly is closed and opened again by the administrator. Raises: NotFound, NotAllowed.
    """
    ids = list(session.execute(ON_SITE, {"site_id": site_id}).scalars())
    places = list(actions.lock(session, ids).values())
    if places and actor.may(Role.ADMINISTRATOR, territory_id=places[0].territory_id):
        return places
    return site_run_by(session, actor, site_id)


def site_run(session: Session, actor: Actor, site_id: int) -> SiteRun:
    """Return how much of a site the actor runs, without a lock. Raises: NotFound when nothing is in service there."""
    rows = session.execute(KINDS_ON_SITE, {"site_id": site_id}).all()
    if not rows:
        raise NotFound(site_id=site_id)
    own = sum(row.resources for row in rows if _covers(actor, row.setters, row, kind_id=row.kind_id))
    site, resources = rows[0], sum(row.resources for row in rows)
    return SiteRun(
        id=site_id, name=site.name, commune=site.commune, time_zone=site.time_zone, resources=resources, own=own
    )


def _run_by(
    session: Session, actor: Actor, place: Locked | None, resource_id: int, shapes: Collection[Shape]
) -> Locked:
    if place is None:
        raise NotFound(resource_id=resource_id)
    is_own = actor.own_resource_id == place.id
    if not is_own and not actor.rights_in(_setters(session, place), kind_id=place.terms.kind_id):
        raise NotAllowed(kind=place.terms.code)
    if not is_own and not _is_run_by(session, actor, place):
        raise NotFound(resource_id=resource_id)
    if place.shape not in shapes:
        raise InvalidRequest("resource_id", "other-shape", resource_id=resource_id)
    return place


def _is_run_by(session: Session, actor: Actor, place: Locked) -> bool:
    return _covers(actor, _setters(session, place), place, kind_id=place.terms.kind_id)


def _covers(actor: Actor, setters: Collection[str], place: Any, *, kind_id: int) -> bool:
    """Say whether a right of a role that sets the hours of a kind reaches a place or a site."""
    return any(
        right.covers(territory_id=place.territory_id, organisation_id=place.organisation_id)
        for right in actor.rights_in(setters, kind_id=kind_id)
    )


def _setters(session: Session, place: Locked) -> tuple[str, ...]:
    return tuple(session.execute(SETTERS, {"kind_id": place.terms.kind_id}).scalars())
