"""Openings written again when what rules many resources changed: their kind, or the recess of their court."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import Session

from availability.actions import lock
from availability.openings import local_day
from availability.outside import Outside, outside_openings
from availability.publishing import last_published, publish_openings


def open_again(session: Session, resource_ids: Iterable[int], *, now: datetime) -> tuple[Outside, ...]:
    """Publish from today on, as far as it was published, under their locks; return what is then left outside."""
    places = lock(session, resource_ids)
    spans: dict[tuple[date, date], list[int]] = defaultdict(list)
    for place in places.values():
        today = local_day(now, place.zone)
        spans[today, last_published(session, place.id, today=today)].append(place.id)
    for (first, until), ids in spans.items():
        publish_openings(session, ids, first=first, until=until)
    return tuple(
        one
        for place in places.values()
        for one in outside_openings(session, place.id, first=local_day(now, place.zone), until=None, now=now)
    )
