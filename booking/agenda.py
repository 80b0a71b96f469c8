"""The agenda of an agent, a room or a bracelet team: one week of it, in its own civil time. Reads only.

What is free is said by `availability.queries.slots_of`, which also confirms. Initials stand for people: their names
are in the sheet of a booking, whose opening is logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotFound
from availability.models import Shape
from availability.openings import holiday_names, instant_of, local_day
from availability.outside import Outside
from availability.periods import Period, days_between
from availability.queries import slots_by_day, slots_of, why_not_at
from availability.rights import REQUESTERS, Actor
from availability.slots import Slot, WhyNot
from booking.ledger import INITIALS, SCOPE, scope_values
from booking.models import OCCUPYING, State
from booking.own_agenda import own_agenda
from booking.persons import NAMED
from booking.queries import visible_to

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
A_LIFE = timedelta(days=2 * 366)  # how far back and ahead one turns the pages
OFFERED_WITHIN = timedelta(days=28)  # how far to look for another start
MOST_OFFERED = 400
LATELY = 2000  # of the bookings of a territory, how many tell what somebody uses


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """Something that receives by appointment, which the actor may look at."""

    resource_id: int
    name: str
    kind_code: str
    kind_label: str
    site_id: int
    site_name: str
    commune: str


@dataclass(frozen=True, kw_only=True)
class Closing:
    """Civil days `[first, until)` on which it is closed, and why; None is without bound.

    `closure_id` is None for a recess of the court.
    """

    closure_id: int | None
    first: date | None
    until: date | None
    reason: str
    is_of_site: bool = False


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """Something taken. Who it is for is empty, and it cannot be opened, when it is not for this actor's eyes."""

    booking_id: UUID
    period: Period
    state: State
    initials: str
    case_ref: str
    person_id: UUID | None
    expires_at: datetime | None
    is_visible: bool
    may_move: bool
    is_over: bool = False
    revision: int | None = None  # as it is shown: a move is of that one


@dataclass(frozen=True)
class Meets:
    """An hour that whoever receives keeps with others, in a hearing or not."""

    period: Period
    is_hearing: bool


@dataclass(frozen=True, kw_only=True)
class Week:
    """Seven civil days of an agenda, from a Monday; `slots` are those still to come, taken ones included."""

    agenda: Agenda
    zone: ZoneInfo
    monday: date
    today: date
    step: timedelta
    duration: timedelta
    openings: tuple[Period, ...]
    closings: tuple[Closing, ...]
    holidays: tuple[tuple[date, str], ...]
    slots: tuple[Slot, ...]
    appointments: tuple[Appointment, ...]
    may_reserve: bool
    may_set_hours: bool
    absences: tuple[Period, ...] = ()  # of whoever receives, as calendars of elsewhere say; sorted, disjoint
    meetings: tuple[Meets, ...] = ()  # what they keep with others; sorted

    @property
    def until(self) -> date:
        """Return the Monday after."""
        return self.monday + A_WEEK


def agendas(session: Session, actor: Actor) -> list[Agenda]:
    """Return every agenda of the actor's territories, by site, kind and name; the sites that they use come first."""
    asked = scope_values(actor) | {"resource_id": None}
    found = [_agenda(row) for row in session.execute(AGENDAS, asked)]
    sites = {one.resource_id: one.site_id for one in found}
    used = list(dict.fromkeys(sites[one] for one in _used(session, actor) if one in sites))
    ranks = {site_id: rank for rank, site_id in enumerate(used)}
    return sorted(found, key=lambda one: ranks.get(one.site_id, len(ranks)))  # stable


def usual_agenda(session: Session, actor: Actor, among: Iterable[Agenda]) -> int:
    """Return the actor's own agenda, else the one in which they took something last, 0 for none.

    Of those last used, what their own role receives in comes first: others' agendas are where one sends somebody.
    """
    known = {one.resource_id: one for one in among}
    if (own := own_agenda(session, actor.account_id)) in known:
        return own
    held = set(session.execute(HELD, {"roles": sorted(actor.roles)}).scalars())
    used = [known[one] for one in _used(session, actor) if one in known]
    return next((one.resource_id for one in sorted(used, key=lambda one: one.kind_code not in held)), 0)  # stable


def week_of(session: Session, actor: Actor, resource_id: int, day: date | None, *, now: datetime) -> Week:
    """Return the week of a civil day, this one when none is given.

    Raises: NotFound when it is elsewhere, InvalidRequest when the day is too far.
    """
    row = session.execute(AGENDAS, scope_values(actor) | {"resource_id": resource_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=resource_id)
    zone = ZoneInfo(row.time_zone)
    today = local_day(now, zone)
    if day is not None and abs(day - today) > A_LIFE:
        raise InvalidRequest("semaine", "too-far")
    monday = monday_of(day or today)
    within = Period(instant_of(monday, time(), zone), instant_of(monday + A_WEEK, time(), zone))
    asked = {"id": resource_id, "start": within.start, "end": within.end, "now": now, "ids": None}
    days = {"id": resource_id, "site_id": row.site_id, "first": monday, "until": monday + A_WEEK}
    may_reserve = _may(actor, row, row.reservers)
    return Week(
        agenda=_agenda(row),
        zone=zone,
        monday=monday,
        today=today,
        step=timedelta(minutes=row.slot_step_min),
        duration=timedelta(minutes=row.slot_duration_min),
        openings=tuple(Period(*each) for each in session.execute(OPENINGS, asked)),
        closings=tuple(Closing(**each._mapping) for each in session.execute(CLOSINGS, days)),
        holidays=() if row.ignores_holidays else _holidays(row.holiday_zone, monday),
        slots=tuple(slots_of(session, [resource_id], within=within, now=now).get(resource_id, ())),
        appointments=_appointments(session, actor, asked, may_move=may_reserve and not row.host_accepts, now=now),
        may_reserve=may_reserve,
        may_set_hours=_may(actor, row, row.setters),
        absences=tuple(Period(*each) for each in session.execute(ABSENCES, asked)),
        meetings=tuple(Meets(Period(start, end), of) for start, end, of in session.execute(MEETINGS, asked)),
    )


def left_outside(
    session: Session, actor: Actor, resource_id: int, outside: Sequence[Outside], *, now: datetime
) -> list[Appointment]:
    """Return the appointments that a change of hours left outside of them, in the order of time."""
    if not outside:
        return []
    row = session.execute(AGENDAS, scope_values(actor) | {"resource_id": resource_id}).one_or_none()
    may_move = row is not None and _may(actor, row, row.reservers) and not row.host_accepts
    start, end = min(one.period.start for one in outside), max(one.period.end for one in outside)
    asked = {"id": resource_id, "start": start, "end": end, "now": now, "ids": [one.holder_id for one in outside]}
    return list(_appointments(session, actor, asked, may_move=may_move, now=now))


def free_starts(
    session: Session, actor: Actor, resource_id: int, *, around: datetime, now: datetime, limit: int = MOST_OFFERED
) -> list[datetime]:
    """Return the free starts nearest to an instant, in the order of time, within four weeks. Raises: NotFound."""
    row = session.execute(AGENDAS, scope_values(actor) | {"resource_id": resource_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=resource_id)
    around = SlotClaim(resource_id=resource_id, start=around).start  # refuses what no calendar reaches
    day = local_day(max(around, now), ZoneInfo(row.time_zone))
    first, until = day - OFFERED_WITHIN / 2, day + OFFERED_WITHIN
    listed = slots_by_day(session, {resource_id: row.time_zone}, first=first, until=until, now=now)
    free = [slot.period.start for _, slot in listed.get(resource_id, []) if slot.is_free]
    return sorted(sorted(free, key=lambda start: abs(start - around))[:limit])


def why_hour_not_free(
    session: Session, actor: Actor, resource_id: int, start: datetime, *, now: datetime
) -> WhyNot | None:
    """Return why nobody can take an appointment that starts then, None when they can. Raises: NotFound."""
    if session.execute(AGENDAS, scope_values(actor) | {"resource_id": resource_id}).one_or_none() is None:
        raise NotFound(resource_id=resource_id)
    return why_not_at(session, resource_id, SlotClaim(resource_id=resource_id, start=start).start, now=now)


def monday_of(day: date) -> date:
    """Return the Monday of the week of a civil day."""
    return day - timedelta(days=day.weekday())


def _used(session: Session, actor: Actor) -> list[int]:
    """Return what the actor took lately, the latest first."""
    asked = {"me": actor.account_id, "home": actor.home_territory_id, "lately": LATELY}
    return list(session.execute(USED, asked).scalars())


def _holidays(zone: str, monday: date) -> tuple[tuple[date, str], ...]:
    days = days_between(monday, monday + A_WEEK)
    return tuple((day, name) for day in days if (name := holiday_names(zone, day.year).get(day)))


def _may(actor: Actor, row: Any, roles: Iterable[str]) -> bool:
    rights = actor.rights_in(roles, kind_id=row.kind_id)
    return any(right.covers(territory_id=row.territory_id, organisation_id=row.organisation_id) for right in rights)


def _appointments(
    session: Session, actor: Actor, asked: dict[str, Any], *, may_move: bool, now: datetime
) -> tuple[Appointment, ...]:
    visible, values = visible_to(actor)
    files = {"files": sorted(actor.territories(REQUESTERS)), "states": sorted(OCCUPYING)}
    rows = session.execute(_appointments_seen(visible), values | asked | files)
    return tuple(_appointment(row, may_move=may_move, now=now) for row in rows)


def _appointment(row: Any, *, may_move: bool, now: datetime) -> Appointment:
    is_movable = State(row.state) is State.BOOKED and row.is_mine and row.starts_at > now
    return Appointment(
        booking_id=row.id,
        period=Period(row.starts_at, row.ends_at),
        state=State(row.state),
        initials=row.initials if row.is_visible else "",
        case_ref=row.case_ref if row.is_visible else "",
        person_id=row.person_id if row.is_visible else None,
        expires_at=row.expires_at,
        revision=row.revision,
        is_visible=row.is_visible,
        may_move=may_move and row.is_visible and is_movable,
        is_over=row.ends_at <= now,
    )


def _agenda(row: Any) -> Agenda:
    return Agenda(**{name: getattr(row, name) for name in Agenda.__dataclass_fields__})


AGENDAS = text(f"""
    WITH {SCOPE}
    SELECT r.id AS resource_id, r.name, k.id AS kind_id, k.code AS kind_code, k.label AS kind_label,
           coalesce(r.slot_step_min, k.slot_step_min) AS slot_step_min,
           coalesce(r.slot_duration_min, k.slot_duration_min) AS slot_duration_min, k.ignores_holidays, k.host_accepts,
           s.id AS site_id, s.name AS site_name, s.commune, s.territory_id, s.organisation_id, s.time_zone,
           s.holiday_zone, ARRAY(SELECT role FROM kind_right WHERE kind_id = k.id AND may_reserve) AS reservers,
           ARRAY(SELECT role FROM kind_right WHERE kind_id = k.id AND may_set_hours) AS setters
    FROM scope JOIN site s ON s.territory_id = scope.territory_id JOIN resource r ON r.site_id = s.id
    JOIN kind k ON k.id = r.kind_id AND k.id = ANY(scope.kinds)
    WHERE k.shape = '{Shape.SLOTS.value}' AND r.is_active
      AND (CAST(:resource_id AS bigint) IS NULL OR r.id = :resource_id)
    ORDER BY s.name, s.id, k.position, r.name, r.id""")  # noqa: S608 - constants only
USED = text("""
    SELECT resource_id FROM (
        SELECT resource_id, requested_by, created_at FROM booking WHERE territory_id = :home
        ORDER BY created_at DESC LIMIT :lately) b
    WHERE requested_by = :me GROUP BY resource_id ORDER BY max(created_at) DESC, resource_id""")
HELD = text("""
    SELECT k.code FROM kind k JOIN kind_right g ON g.kind_id = k.id WHERE g.may_set_hours AND g.role = ANY(:roles)""")
OPENINGS = text("""
    SELECT o.starts_at, o.ends_at FROM opening o JOIN resource r ON r.id = o.resource_id JOIN site s ON s.id = r.site_id
    WHERE o.resource_id = :id AND o.starts_at < :end AND o.ends_at > :start
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(o.starts_at AT TIME ZONE s.time_zone AS date))
    ORDER BY o.starts_at""")
ABSENCES = text("""
    SELECT lower(absent), upper(absent)
    FROM (SELECT range_agg(during * tstzrange(:start, :end)) AS during FROM absence
          WHERE resource_id = :id AND during && tstzrange(:start, :end)) busy, unnest(during) AS absent
    ORDER BY absent""")
MEETINGS = text("""
    SELECT m.starts_at, m.ends_at, m.hearing_id IS NOT NULL
    FROM seat_time t JOIN meeting m ON m.id = t.holder_id
    WHERE t.resource_id = :id AND t.during && tstzrange(:start, :end) ORDER BY m.starts_at, m.id""")
CLOSINGS = text("""
    SELECT id AS closure_id, lower(days) AS first, upper(days) AS until, reason, site_id IS NOT NULL AS is_of_site
    FROM closure WHERE (resource_id = :id OR site_id = :site_id) AND days && daterange(:first, :until)
    ORDER BY lower(days) NULLS FIRST, id""")


@lru_cache(maxsize=256)
def _appointments_seen(visible: str) -> TextClause:
    """A hold past its end is over, even before the clock has written it down."""
    return text(f"""
        SELECT b.id, b.state, b.starts_at, b.ends_at, b.expires_at, b.revision, b.case_ref,
               CASE WHEN {NAMED} THEN p.id END AS person_id,
               CASE WHEN {NAMED} OR b.territory_id = ANY(:files) THEN {INITIALS} ELSE '' END AS initials,
               {visible} AS is_visible, b.territory_id = ANY(:files) AS is_mine
        FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
        LEFT JOIN person p ON p.id = b.person_id
        WHERE b.resource_id = :id AND b.starts_at < :end AND b.ends_at > :start AND b.state = ANY(:states)
          AND (b.expires_at IS NULL OR b.expires_at > :now)
          AND (CAST(:ids AS uuid[]) IS NULL OR b.id = ANY(:ids))
        ORDER BY b.starts_at, b.id""")  # noqa: S608 - constants only
