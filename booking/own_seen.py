"""What a sheet showed of something that one runs: beds, closures, capacities. An act on other ones is refused.

They have no revision: what the sheet began with is compared with what is there, under the lock of the act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlmodel import Session

from availability.capacities import Capacity, capacities_to_come
from availability.declarations import hosted
from availability.openings import local_day
from availability.own import Closure, OwnBed, beds_of, closures_of
from availability.rights import Actor
from availability.running import site_run_by
from booking.errors import OutOfDate

R = TypeVar("R")


class Part(StrEnum):
    """What an act is about."""

    BEDS = "beds"
    CLOSURES = "closures"
    CAPACITIES = "capacities"


@dataclass(frozen=True)
class Seen:
    """What was there when it was read."""

    beds: tuple[OwnBed, ...] = ()
    closures: tuple[Closure, ...] = ()
    capacities: tuple[Capacity, ...] = ()


def act_on_seen(
    session: Session,
    actor: Actor,
    change: Callable[..., R],
    *,
    resource_id: int,
    part: Part,
    seen: Seen,
    only: int | None = None,
    site_id: int | None = None,
    now: datetime,
) -> R:
    """Return what an act does, if the part that it is about, or `only` that one of it, is still as it was seen.

    A site is locked whole, for acts on all of it. Raises: OutOfDate, NotFound, and what the act raises.
    """
    if site_id is not None:
        site_run_by(session, actor, site_id)
    place = hosted(session, actor, [resource_id])[resource_id]
    there = _there(session, resource_id, local_day(now, place.zone))
    if _of(there, part, only) != _of(seen, part, only):
        raise OutOfDate(resource_id=resource_id, part=part.value)
    return change(session, actor, now=now)


def _of(seen: Seen, part: Part, only: int | None) -> list[Any]:
    return [one for one in getattr(seen, part) if only in (None, one.id)]


def _there(session: Session, resource_id: int, today: date) -> Seen:
    return Seen(
        beds_of(session, resource_id),
        closures_of(session, resource_id, today=today),
        capacities_to_come(session, resource_id, today=today),
    )
