"""One resource: what rules it, and what is left of it day by day, start by start, case by case. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Kind, Shape
from availability.openings import local_day
from availability.periods import days_between
from availability.queries import (
    DayCount,
    beds,
    nights_by_day,
    places_by_day,
    sessions_by_day,
    slots_by_day,
)
from availability.rights import Actor
from availability.search import may_search, reach
from availability.slots import Slot
from availability.statements import by_key, run

SHAPE = by_key("SELECT k.shape FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.id = :id")
RULED = text("""
    SELECT r.kind_id, r.attributes, s.territory_id, s.organisation_id, s.time_zone, s.lat, s.lon
    FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id AND r.is_active""")
UNITS = text("SELECT id, name FROM unit WHERE resource_id = :id AND is_active ORDER BY name, id")
HEARING = text("""
    SELECT starts_at, ends_at, max_cases, max_minutes, quotas FROM hearing_session WHERE resource_id = :id""")
CASES = text("""
    SELECT family, minutes FROM session_case
    WHERE resource_id = :id AND (expires_at IS NULL OR expires_at > :now)""")

COUNTS = {Shape.NIGHTS: nights_by_day, Shape.PLACES: places_by_day, Shape.SESSIONS: sessions_by_day}


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """A resource that the actor may see, with what rules it; `is_beyond` when it is outside of their territories."""

    id: int
    kind: Kind
    zone: ZoneInfo
    today: date
    point: tuple[float, float] | None
    attributes: dict[str, Any]
    is_beyond: bool

    @property
    def shape(self) -> Shape:
        """Return the shape of its kind."""
        return Shape(self.kind.shape)


@dataclass(frozen=True)
class Unit:
    """A named unit in service."""

    id: int
    name: str


@dataclass(frozen=True)
class FreeNights:
    """A bed, and the ranges `[from, to)` of nights on which it can still be taken."""

    unit_id: int
    name: str
    free: tuple[tuple[date, date], ...]


@dataclass(frozen=True, kw_only=True)
class HearingRoom:
    """What a hearing can still take. `quotas_left` has only the families on which a quota is set."""

    starts_at: datetime
    ends_at: datetime
    cases_left: int
    minutes_left: int
    quotas_left: dict[str, int]


def shape_of(session: Session, resource_id: int) -> Shape:
    """Return the shape of a resource, whoever asks: for programs, not to be told. Raises: NotFound."""
    shape = run(session, SHAPE, {"id": resource_id}).scalar()
    if shape is None:
        raise NotFound(resource_id=resource_id)
    return Shape(shape)


def resource_for(session: Session, actor: Actor, resource_id: int, *, now: datetime) -> Ruled:
    """Return a resource in service, of the actor's territories or of a kind that crosses them.

    Raises: NotFound, the same for "elsewhere" and "nothing"; NotAllowed when no role of theirs may search the kind.
    """
    row = session.execute(RULED, {"id": resource_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=resource_id)
    kind = session.get_one(Kind, row.kind_id)
    if row.territory_id not in actor.territories(kind_id=kind.id) and not kind.crosses_territories:
        raise NotFound(resource_id=resource_id)
    rights = may_search(session, actor, kind)
    if not reach(rights, row.territory_id, row.organisation_id, beyond=kind.crosses_territories):
        raise NotFound(resource_id=resource_id)
    zone = ZoneInfo(row.time_zone)
    point = None if row.lat is None else (row.lat, row.lon)
    return Ruled(
        id=resource_id,
        kind=kind,
        zone=zone,
        today=local_day(now, zone),
        point=point,
        attributes=row.attributes,
        is_beyond=not reach(rights, row.territory_id, row.organisation_id, beyond=False),
    )


def units_of(session: Session, resource_id: int) -> list[Unit]:
    """Return the units in service of a section, by name."""
    return [Unit(*row) for row in session.execute(UNITS, {"id": resource_id})]


def free_nights(session: Session, ruled: Ruled, *, first: date, until: date, now: datetime) -> list[FreeNights]:
    """Return each bed in service with its free ranges within `[first, until)`; what is past is not free."""
    counts = nights_by_day(session, [ruled.id], first=first, until=until, now=now).get(ruled.id, [])
    shut = {count.day for count in counts if count.is_closed}
    days = [day for day in days_between(max(first, ruled.today), until) if day not in shut]
    return [
        FreeNights(bed.unit_id, bed.name, tuple(ranges(day for day in days if day not in taken)))
        for bed in beds(session, ruled.id, first=first, until=until, now=now)
        for taken in [{night for night, _, _ in bed.nights}]
    ]


def ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return sorted days as the fewest half-open ranges `[from, to)`."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found


def days_left(session: Session, ruled: Ruled, *, first: date, until: date, now: datetime) -> list[DayCount]:
    """Return how many places are left on each day of `[first, until)`, from today on."""
    first = max(first, ruled.today)
    return places_by_day(session, [ruled.id], first=first, until=until, now=now).get(ruled.id, [])


def starts(session: Session, ruled: Ruled, *, first: date, until: date, now: datetime) -> list[Slot]:
    """Return the slots that start on the civil days `[first, until)` there, taken ones included, sorted."""
    listed = slots_by_day(session, {ruled.id: ruled.zone.key}, first=first, until=until, now=now)
    return [slot for _, slot in listed.get(ruled.id, [])]


def hearing_room(session: Session, ruled: Ruled, *, first: date, until: date, now: datetime) -> list[HearingRoom]:
    """Return the room left in the hearing, if it is on one of the civil days `[first, until)` and not begun."""
    hearing = session.execute(HEARING, {"id": ruled.id}).one_or_none()
    if hearing is None or hearing.starts_at <= now:
        return []
    if not first <= local_day(hearing.starts_at, ruled.zone) < until:
        return []
    cases = session.execute(CASES, {"id": ruled.id, "now": now}).all()
    of_family = Counter(case.family for case in cases)
    room = HearingRoom(
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        cases_left=max(hearing.max_cases - len(cases), 0),
        minutes_left=max(hearing.max_minutes - sum(case.minutes for case in cases), 0),
        quotas_left={family: max(int(most) - of_family[family], 0) for family, most in hearing.quotas.items()},
    )
    return [room]


def next_free_days(
    session: Session, shape: Shape, time_zones: dict[int, str], *, first: date, until: date, now: datetime
) -> dict[int, date]:
    """Return, for the resources that have one, the first day of `[first, until)` on which something is free."""
    if shape is Shape.SLOTS:
        listed = slots_by_day(session, time_zones, first=first, until=until, now=now)
        free = {number: [day for day, slot in slots if slot.is_free] for number, slots in listed.items()}
    else:
        counted = COUNTS[shape](session, list(time_zones), first=first, until=until, now=now)
        free = {number: [count.day for count in counts if count.free] for number, counts in counted.items()}
    return {number: days[0] for number, days in free.items() if days}
