"""What the map and its list show, from one search: they agree because there is one function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from availability.errors import NotAllowed
from availability.history import consulted
from availability.holds import HeldTime, held_times, held_until
from availability.models import Kind, Shape
from availability.queries import DayCount, kinds_for, slots_by_day
from availability.rights import Actor
from availability.search import Found, Tally, Wish, search, tally
from availability.sheet import COUNTS
from availability.sites import Spot, by_site
from availability.slots import Slot

STRIP_DAYS = 14
HORIZON_DAYS = 90  # how far "prochaine date libre" looks


@dataclass(frozen=True)
class Answer:
    """Everything that one search found."""

    found: list[Found]
    spots: list[Spot]
    tally: Tally


def look(session: Session, actor: Actor, wish: Wish, *, only_free: bool, now: datetime) -> Answer:
    """Return the spots of a search and the count of all that was looked at. Raises: NotAllowed."""
    found = search(session, actor, wish, now=now)
    spots = by_site(found)
    return Answer(found, [spot for spot in spots if spot.free] if only_free else spots, tally(found))


def log_beyond(session: Session, actor: Actor, kind_code: str, *, now: datetime) -> None:
    """Log that the actor looked beyond their own territories, which is a deliberate act."""
    consulted(session, actor, subject="kind", subject_id=kind_code[:64], reason="search-beyond-territory", at=now)


def kind_named(session: Session, actor: Actor, code: str) -> tuple[list[Kind], Kind]:
    """Return the kinds open to the actor, and the one named or the first. Raises: NotAllowed when there is none."""
    kinds = kinds_for(session, actor)
    if not kinds:
        raise NotAllowed(act="search")
    return kinds, next((kind for kind in kinds if kind.code == code), kinds[0])


def days_ahead(
    session: Session, kind: Kind, found: Sequence[Found], *, first: date, days: int, now: datetime
) -> dict[int, list[DayCount]]:
    """Return the free count of each of the next days, by resource."""
    until = first + timedelta(days=days)
    if Shape(kind.shape) is not Shape.SLOTS:
        return COUNTS[Shape(kind.shape)](session, [one.resource_id for one in found], first=first, until=until, now=now)
    zones = {one.resource_id: one.time_zone for one in found}
    listed = slots_by_day(session, zones, first=first, until=until, now=now)
    held = held_times(session, zones, first=first, until=until, now=now)
    return {number: _count_days(listed.get(number, []), held.get(number, []), first, days) for number in zones}


def strip(counts: Iterable[DayCount], first: date, days: int = STRIP_DAYS) -> list[DayCount]:
    """Return exactly `days` days from `first`; a day without a count has nothing to offer."""
    by_date = {count.day: count for count in counts}
    every = (first + timedelta(days=number) for number in range(days))
    return [by_date.get(day, DayCount(day, 0, 0, is_closed=True)) for day in every]


def added(strips: Sequence[Sequence[DayCount]]) -> list[DayCount]:
    """Return the sum, day by day, of strips of the same days."""
    return [
        DayCount(
            day=same[0].day,
            free=sum(one.free for one in same),
            held=sum(one.held for one in same),
            is_closed=all(one.is_closed for one in same),
        )
        for same in zip(*strips, strict=True)
    ]


def next_free(counts: Iterable[DayCount]) -> date | None:
    """Return the first day on which something is free."""
    return min((count.day for count in counts if count.free), default=None)


def points(spots: Iterable[Spot]) -> dict[str, Any]:
    """Return the GeoJSON of the spots that have coordinates (RFC 7946: longitude first)."""
    return {"type": "FeatureCollection", "features": [_feature(spot) for spot in spots if spot.lat is not None]}


def map_state(spot: Spot) -> str:
    """Return the state as the map draws it: a wrong profile is drawn like a full place, and said in the list."""
    return "full" if spot.state == "other" else spot.state


def site_only(wish: Wish, site_ids: Iterable[int]) -> Wish:
    """Return the same wish for some sites, wherever they are: for what changes, and for one sheet."""
    return replace(wish, site_ids=tuple(site_ids))


def _feature(spot: Spot) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": spot.site_id,
        "properties": {
            "id": str(spot.site_id),
            "name": spot.name,
            "free": spot.free,
            "total": spot.total,
            "state": map_state(spot),
        },
        "geometry": {"type": "Point", "coordinates": [round(spot.lon or 0.0, 5), round(spot.lat or 0.0, 5)]},
    }


def _count_days(
    listed: Sequence[tuple[date, Slot]], holds: Sequence[HeldTime], first: date, days: int
) -> list[DayCount]:
    free: dict[date, int] = {}
    held: dict[date, int] = {}
    opened: set[date] = set()
    for day, slot in listed:
        opened.add(day)
        free[day] = free.get(day, 0) + slot.is_free
        if holds:
            held[day] = held.get(day, 0) + (held_until(slot, holds) is not None)
    every = (first + timedelta(days=number) for number in range(days))
    return [DayCount(day, free.get(day, 0), held.get(day, 0), day not in opened) for day in every]
