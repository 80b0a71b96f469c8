"""Days on which a resource, or a whole site, is closed, as those who run them close and open them again.

What was taken before stands: nothing is lost or moved in silence, what the closed days hold is returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked
from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.outside import Outside, outside_days
from availability.publishing import A_YEAR, publish_again, publish_openings
from availability.rights import Actor
from availability.running import run_by, site_kept_by

MOST_REASON = 120

CLOSE = text("""
    INSERT INTO closure (resource_id, site_id, days, reason)
    VALUES (:resource_id, :site_id, daterange(:first, :until), :reason) RETURNING id""")
CLOSURE = text("""
    SELECT lower(days) AS first, upper(days) AS until, reason FROM closure
    WHERE id = :closure_id AND (resource_id = :resource_id OR site_id = :site_id)""")
REOPEN = text("DELETE FROM closure WHERE id = :closure_id")
# The days that were closed before today were: that stays written.
REOPEN_FROM = text("UPDATE closure SET days = daterange(lower(days), :today) WHERE id = :closure_id")


@dataclass(frozen=True)
class ClosedDays:
    """Civil days `[first, until)` on which a resource is closed, and why."""

    first: date
    until: date
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", readable("reason", self.reason))
        if len(self.reason) > MOST_REASON:
            raise InvalidRequest("reason", "too-long", most=MOST_REASON)
        if self.until <= self.first:
            raise InvalidRequest("until", "not-after-start")


@dataclass(frozen=True)
class Closed:
    """A closure just made, and what was taken on its days."""

    closure_id: int
    outside: tuple[Outside, ...]


def close_days(session: Session, actor: Actor, resource_id: int, days: ClosedDays, *, now: datetime) -> Closed:
    """Close a resource of any shape on some days; what was taken on them stands, and is returned.

    The reason is for colleagues: it is shown beside the days, and not written in the history.
    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    return _close(session, actor, [run_by(session, actor, resource_id)], days, _resource(resource_id), now=now)


def close_for(session: Session, actor: Actor, place: Locked, days: ClosedDays, *, now: datetime) -> Closed:
    """Close a resource that the caller has locked, on behalf of whoever may by a rule of theirs: see `close_days`.

    Raises: InvalidRequest.
    """
    return _close(session, actor, [place], days, _resource(place.id), now=now)


def reopen_for(session: Session, actor: Actor, place: Locked, closure_id: int, *, now: datetime) -> ClosedDays | None:
    """Take back what is left of a closure, likewise: see `reopen_days`. Raises: NotFound."""
    return _reopen(session, actor, [place], closure_id, _resource(place.id), now=now)


def close_site_days(session: Session, actor: Actor, site_id: int, days: ClosedDays, *, now: datetime) -> Closed:
    """Close a whole site on some days, as `close_days` does, for whoever runs everything on it, or administers it.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    return _close(session, actor, site_kept_by(session, actor, site_id), days, _site(site_id), now=now)


def reopen_days(
    session: Session, actor: Actor, resource_id: int, closure_id: int, *, now: datetime
) -> ClosedDays | None:
    """Take back what is left of a closure of this resource, and publish its openings.

    Return the days opened again (given back to `close_days`, they undo it), or None when they have no known end.
    A closure of the whole site is not this resource's. Raises: NotFound, NotAllowed.
    """
    return _reopen(session, actor, [run_by(session, actor, resource_id)], closure_id, _resource(resource_id), now=now)


def reopen_site_days(
    session: Session, actor: Actor, site_id: int, closure_id: int, *, now: datetime
) -> ClosedDays | None:
    """Take back what is left of a closure of a whole site, as `reopen_days` does. Raises: NotFound, NotAllowed."""
    return _reopen(session, actor, site_kept_by(session, actor, site_id), closure_id, _site(site_id), now=now)


def _close(
    session: Session,
    actor: Actor,
    places: Sequence[Locked],
    days: ClosedDays,
    closed: Mapping[str, Any],
    *,
    now: datetime,
) -> Closed:
    today = local_day(now, places[0].zone)
    if days.first < today:
        raise InvalidRequest("first", "past", today=today)
    if days.until > today + A_YEAR:
        raise InvalidRequest("until", "too-far", today=today, latest=today + A_YEAR)
    span = {"first": days.first, "until": days.until}
    closure_id = int(session.execute(CLOSE, {**closed, **span, "reason": days.reason}).scalar_one())
    publish_openings(session, _with_openings(places), **span)
    outside = [one for place in places for one in outside_days(session, place, **span, now=now)]
    record(session, actor, _act("days-closed", closed, days.first, days.until, at=now))
    return Closed(closure_id, tuple(outside))


def _reopen(
    session: Session,
    actor: Actor,
    places: Sequence[Locked],
    closure_id: int,
    closed: Mapping[str, Any],
    *,
    now: datetime,
) -> ClosedDays | None:
    today = local_day(now, places[0].zone)
    row = session.execute(CLOSURE, {"closure_id": closure_id, **closed}).one_or_none()
    if row is None or (row.until is not None and row.until <= today):
        raise NotFound(closure_id=closure_id, **closed)
    has_begun = row.first is None or row.first < today
    session.execute(REOPEN_FROM if has_begun else REOPEN, {"closure_id": closure_id, "today": today})
    first = today if has_begun else row.first
    for resource_id in _with_openings(places):
        publish_again(session, resource_id, first=first, today=today, until=row.until)
    record(session, actor, _act("days-reopened", closed, first, row.until, at=now))
    return ClosedDays(first, row.until, row.reason) if row.until else None


def _resource(resource_id: int) -> dict[str, int | None]:
    return {"resource_id": resource_id, "site_id": None}


def _site(site_id: int) -> dict[str, int | None]:
    return {"resource_id": None, "site_id": site_id}


def _with_openings(places: Sequence[Locked]) -> list[int]:
    return [place.id for place in places if place.shape is Shape.SLOTS]


def _act(act: str, closed: Mapping[str, Any], first: date, until: date | None, *, at: datetime) -> Act:
    subject = "resource" if closed["resource_id"] is not None else "site"
    facts = {"first": first.isoformat(), "until": until.isoformat() if until else None}
    return Act(act=act, subject=subject, subject_id=closed[f"{subject}_id"], at=at, facts=facts)
