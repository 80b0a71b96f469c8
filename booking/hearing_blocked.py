"""Why a session cannot hold what it needs, and at what hour of that day it could. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, Locked
from availability.errors import NotOpen, Refusal
from availability.models import Site
from availability.periods import Period
from booking.hearing_template_spec import VIDEO_ENDS, VIDEO_KIND
from booking.video_links import LinksFull, nearest_hour

# What is elsewhere is named with where it is: a court has several ends, a prison has its own.
NAME = text("""
    SELECT r.name || CASE WHEN r.site_id = :site_id THEN '' ELSE ', ' || s.name END
    FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id""")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a session wants to hold, when, and as whom."""

    ids: Collection[int]
    period: Period
    holder: Holder


@dataclass(frozen=True, kw_only=True)
class InTheWay:
    """What is in the way of a session.

    `resource_id` is the room, the person or the end of a link that is not free, named by `name`; `links` is how many
    video links the country carries, when all are taken. `nearest_at` is the nearest hour of that day at which all that
    is wanted is free, in the time of the court, when it was looked for and there is one. `is_away`: closed or away all
    that day, rather than taken at that hour.
    """

    resource_id: int | None = None
    links: int | None = None
    name: str = field(default="", compare=False)
    nearest_at: datetime | None = field(default=None, compare=False)
    is_away: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Blocked(InTheWay):
    """A day that a template opens and that could not be."""

    day: date


def has_link(locked: Mapping[int, Locked], ids: Collection[int]) -> bool:
    """Say whether these make a video link: both its ends are among them."""
    return sum(one in locked and locked[one].terms.code == VIDEO_KIND for one in ids) == VIDEO_ENDS


def in_the_way(
    session: Session,
    locked: Mapping[int, Locked],
    wanted: Wanted,
    why: Refusal,
    site: Site,
    *,
    is_looked_for: bool = True,
) -> InTheWay:
    """Return what a refusal says is in the way in a court, with the nearest hour of that day when it is looked for."""
    who, most = why.facts.get("resource_id"), why.facts.get("most") if isinstance(why, LinksFull) else None
    resource_id = who if isinstance(who, int) else None
    return InTheWay(
        resource_id=resource_id,
        links=most if isinstance(most, int) else None,
        name=session.execute(NAME, {"id": resource_id, "site_id": site.id}).scalar() or "",
        nearest_at=_nearest(session, locked, wanted, ZoneInfo(site.time_zone)) if is_looked_for else None,
        is_away=isinstance(why, NotOpen),
    )


def _nearest(session: Session, locked: Mapping[int, Locked], wanted: Wanted, zone: ZoneInfo) -> datetime | None:
    is_link, ids = has_link(locked, wanted.ids), list(wanted.ids)
    found = nearest_hour(session, ids, wanted.period, wanted.holder, has_link=is_link, zone=zone)
    return found.astimezone(zone) if found else None
