"""What services say of themselves, and how old that is: how many they take and have, that it is still true.

A declaration has a date, shown to all. Past the `fresh_days` of its kind it looks stale, and its service is reminded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.rights import Actor, Role

DECLARE = text("""
    UPDATE resource SET capacity = :capacity, declared_load = :load, declared_waiting = :waiting, declared_on = :on
    WHERE id = :id""")
SAID = text("SELECT capacity, declared_load, declared_waiting, declared_on FROM resource WHERE id = :id")
DATES = text("SELECT id, declared_on FROM resource WHERE id = ANY(:ids)")
DATE = text("UPDATE resource SET declared_on = :on WHERE id = :id")


@dataclass(frozen=True)
class Declaration:
    """What a service says of itself today: how many it can take, has, and keeps waiting."""

    capacity: int
    load: int
    waiting: int

    def __post_init__(self) -> None:
        for field in ("capacity", "load", "waiting"):
            if not 0 <= getattr(self, field) <= 10_000:
                raise InvalidRequest(field, "out-of-range", least=0, most=10_000)


@dataclass(frozen=True)
class Declared:
    """What a declaration replaced; given back to `take_back`, it undoes it."""

    before: Declaration
    declared_on: date | None


def is_stale(declared_on: date | None, fresh_days: int, *, today: date) -> bool:
    """Say whether a declaration is too old to be believed without a call; never declared is as old as can be."""
    return declared_on is None or (today - declared_on).days > fresh_days


def declare(session: Session, actor: Actor, resource_id: int, declaration: Declaration, *, now: datetime) -> Declared:
    """Record what the service that runs a resource declares of it today, and return what that replaced.

    Beds are counted one by one and hearings say how many they take: they declare no number, and slots no load.
    Raises: NotFound, InvalidRequest.
    """
    place = hosted(session, actor, [resource_id])[resource_id]
    _check_shape(place, declaration)
    return _declare(session, actor, place, declaration, local_day(now, place.zone), now=now)


def take_back(session: Session, actor: Actor, resource_id: int, declared: Declared, *, now: datetime) -> None:
    """Put back the numbers from before a declaration, and their date. Raises: NotFound."""
    place = hosted(session, actor, [resource_id])[resource_id]
    _declare(session, actor, place, declared.before, declared.declared_on, now=now)


def still_true(
    session: Session, actor: Actor, resource_ids: Collection[int], *, now: datetime
) -> dict[int, date | None]:
    """Say that what was declared of these resources is true today; return the dates that it had.

    Given back to `redate`, they undo it. Raises: NotFound.
    """
    places = hosted(session, actor, resource_ids)
    before = {row.id: row.declared_on for row in session.execute(DATES, {"ids": list(places)})}
    _date(session, actor, {place.id: local_day(now, place.zone) for place in places.values()}, "still-true", now)
    return before


def redate(session: Session, actor: Actor, dates: Mapping[int, date | None], *, now: datetime) -> None:
    """Give declarations the dates that they had. Raises: NotFound."""
    hosted(session, actor, dates)
    _date(session, actor, dates, "still-true-undone", now)


def hosted(session: Session, actor: Actor, resource_ids: Collection[int]) -> dict[int, Locked]:
    """Lock resources that the organisation of the actor runs. Raises: NotFound when one is not theirs, or not there."""
    places = lock(session, resource_ids)
    for resource_id in resource_ids:
        if resource_id not in places or not is_host(actor, places[resource_id]):
            raise NotFound(resource_id=resource_id)
    return places


def is_host(actor: Actor, place: Locked) -> bool:
    """Say whether the actor is the account or the program of the organisation that runs a place."""
    return any(
        right.role is Role.PARTNER
        and right.organisation_id == place.organisation_id
        and right.covers(territory_id=place.territory_id, kind_id=place.terms.kind_id)
        for right in actor.rights
    )


def _check_shape(place: Locked, declaration: Declaration) -> None:
    if place.shape in (Shape.NIGHTS, Shape.SESSIONS):
        raise InvalidRequest("capacity", "not-for-this-shape", resource_id=place.id)
    for field in ("load", "waiting"):
        if place.shape is Shape.SLOTS and getattr(declaration, field):
            raise InvalidRequest(field, "not-for-this-shape", resource_id=place.id)


def _declare(
    session: Session, actor: Actor, place: Locked, declaration: Declaration, on: date | None, *, now: datetime
) -> Declared:
    row = session.execute(SAID, {"id": place.id}).one()
    said = {"capacity": declaration.capacity, "load": declaration.load, "waiting": declaration.waiting}
    session.execute(DECLARE, {"id": place.id, "on": on, **said})
    record(session, actor, Act(act="declared", subject="resource", subject_id=place.id, at=now, facts=said))
    return Declared(Declaration(row.capacity, row.declared_load, row.declared_waiting), row.declared_on)


def _date(session: Session, actor: Actor, dates: Mapping[int, date | None], act: str, now: datetime) -> None:
    if not dates:
        return
    session.execute(DATE, [{"id": resource_id, "on": on} for resource_id, on in dates.items()])
    for resource_id, on in dates.items():
        facts = {"declared_on": on.isoformat() if on else None}
        record(session, actor, Act(act=act, subject="resource", subject_id=resource_id, at=now, facts=facts))
