"""What a link shows: the appointment, and the free hours among which its holder may choose. Reads only.

What is said here may be read over a shoulder: a street address, a day, an hour; never who, why, nor which service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import PeriodTaken
from availability.models import LocatedBy
from availability.openings import local_day
from availability.periods import Period
from availability.queries import slots_by_day, slots_of
from availability.sites import address_line
from booking.models import State
from convocations.bearing import Bearer
from convocations.errors import LinkExpired, LinkUnknown
from convocations.kinds import Standing

MOST_DAYS = 3  # with something free, on one page
MANY_HOURS = 60  # a page that has so many takes no other day: it stays light on a poor network
FIRST_LOOK = timedelta(days=14)
FURTHEST = timedelta(days=366)
A_MINUTE = timedelta(minutes=1)

PIN_POINTS = frozenset({LocatedBy.SOURCE, LocatedBy.ADDRESS, LocatedBy.HAND})

CONVOCATION = text("""
    SELECT c.standing, c.choose_by, c.created_at, c.confirmed_at, b.state, b.starts_at, b.ends_at,
           b.resource_id, p.language, p.time_zone AS home_zone,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) AS refuses_sms,
           (SELECT max(h.at) FROM history h WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text))
               AS changed_at
    FROM convocation c JOIN person p ON p.id = c.person_id LEFT JOIN booking b ON b.id = c.booking_id
    WHERE c.id = :id""")
PLACES = text("""
    SELECT r.id, r.is_active, s.id AS site_id, s.address, s.postcode, s.commune, s.lat, s.lon, s.located_by, s.time_zone
    FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = ANY(:ids) ORDER BY r.id""")


class Stage(StrEnum):
    """Where the holder of the link is: each has its page."""

    CHOOSING = "choosing"  # nothing is set, an hour may be chosen
    TOO_LATE = "too-late"  # nothing was chosen, and the last day to do so is over
    COMING = "coming"  # an appointment is set, and has not begun
    PAST = "past"  # it has begun, or its outcome is noted
    CALLED_OFF = "called-off"  # the service gave it up
    DECLINED = "declined"  # the holder said that they cannot come; another hour may be chosen


@dataclass(frozen=True)
class Place:
    """Where to go: a street address, and the civil time there. Without a sure point, `lat` and `lon` are None.

    `clock_of` names the town when its clocks show another hour than those at the person's home.
    """

    site_id: int
    address: str
    zone: ZoneInfo
    lat: float | None = None
    lon: float | None = None
    clock_of: str = ""


@dataclass(frozen=True)
class Appointment:
    """What is set. `revision` grows with each change of it."""

    starts_at: datetime
    ends_at: datetime
    place: Place
    is_confirmed: bool = False
    revision: int = 0


@dataclass(frozen=True)
class Day:
    """A civil day of a place, and the starts that are free on it."""

    on: date
    starts: tuple[datetime, ...]


@dataclass(frozen=True)
class Offer:
    """The free days of one place."""

    place: Place
    days: tuple[Day, ...]


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """A page. `earlier` and `later` are the first days of the pages before and after this one."""

    stage: Stage
    language: str
    appointment: Appointment | None = None
    offers: tuple[Offer, ...] = ()
    earlier: date | None = None
    later: date | None = None
    choose_by: date | None = None
    refuses_sms: bool = False

    @property
    def seen(self) -> datetime | None:
        """Return the start that the page shows as set, None when it shows none."""
        return self.appointment.starts_at if self.appointment and self.stage is Stage.COMING else None


def link_view(
    session: Session, bearer: Bearer, *, now: datetime, first: date | None = None, with_hours: bool = False
) -> LinkView:
    """Return what the holder of a link sees: free hours when they have to choose, or when asked for.

    `first` is the day from which hours are listed. Raises: LinkUnknown when the person was erased meanwhile.
    """
    row, stage, places = _standing(session, bearer, now)
    offers: tuple[Offer, ...] = ()
    earlier = later = None
    if may_choose(stage) and (with_hours or stage is not Stage.COMING):
        zones = {one: places[one].zone.key for one in bearer.resource_ids if one in places and places[one].is_active}
        free = _Listing(session, zones, now)
        days, earlier, later = free.page(first)
        offers = _offers(days, {one: places[one].place for one in zones})
    return LinkView(
        stage=stage,
        language=row.language,
        appointment=_appointment(row, places),
        offers=offers,
        earlier=earlier,
        later=later,
        choose_by=row.choose_by if stage is Stage.CHOOSING else None,
        refuses_sms=row.refuses_sms,
    )


def may_choose(stage: Stage) -> bool:
    """Say whether an hour may be taken from there."""
    return stage in (Stage.CHOOSING, Stage.COMING, Stage.DECLINED)


def claims_for(session: Session, bearer: Bearer, start: datetime, site_id: int, *, now: datetime) -> list[SlotClaim]:
    """Return what takes an hour shown at a place, in the order to try: every resource there that is free then.

    An hour is shown once, however many could receive: whoever is left at that hour is as good. The one that the
    appointment is with already comes first, so that the same choice twice changes nothing.
    Raises: LinkExpired when the time to choose is over, PeriodTaken when nobody is free then.
    """
    row, stage, places = _standing(session, bearer, now)
    if stage is Stage.TOO_LATE:
        raise LinkExpired
    there = [one for one in bearer.resource_ids if one in places and places[one].receives(site_id)]
    listed = slots_of(session, there, within=Period(start, start + A_MINUTE), now=now)
    free = [one for one in there if any(slot.is_free and slot.period.start == start for slot in listed.get(one, ()))]
    if stage is Stage.COMING and row.starts_at == start and row.resource_id in there:
        free = [row.resource_id]
    if not free:
        raise PeriodTaken(start=start)
    return [SlotClaim(resource_id=one, start=start) for one in free]


@dataclass(frozen=True)
class _Where:
    place: Place
    is_active: bool

    @property
    def zone(self) -> ZoneInfo:
        return self.place.zone

    def receives(self, site_id: int) -> bool:
        return self.is_active and self.place.site_id == site_id


@dataclass(frozen=True)
class _Free:
    """A free start, on its civil day, with the resource that would be taken."""

    on: date
    start: datetime
    resource_id: int


class _Listing:
    """The free starts of some resources, looked for further and further until there are enough for a page."""

    def __init__(self, session: Session, zones: Mapping[int, str], now: datetime) -> None:
        self.session, self.zones, self.now = session, zones, now
        days = [local_day(now, ZoneInfo(zone)) for zone in zones.values()] or [now.date()]
        self.today, self.end = min(days), max(days) + FURTHEST

    def page(self, first: date | None) -> tuple[list[list[_Free]], date | None, date | None]:
        """Return the days of a page with their starts, and the first days of the pages before and after it."""
        first = min(max(first or self.today, self.today), self.end)
        days = self._from(first)
        if not days and first > self.today:  # nothing so far: begin again rather than say that nothing is left
            return self.page(None)
        shown = _as_many_as_fit(days)
        before = self._before(first)
        fitting = _as_many_as_fit(before[::-1])
        later = days[len(shown)][0].on if len(days) > len(shown) else None
        return shown, fitting[-1][0].on if fitting else None, later

    def _from(self, first: date) -> list[list[_Free]]:
        until = first
        length = FIRST_LOOK
        days: list[list[_Free]] = []
        while len(days) <= MOST_DAYS and until < self.end:
            begin, until = until, min(until + length, self.end)
            days += self._days(begin, until)
            length *= 2
        return days

    def _before(self, first: date) -> list[list[_Free]]:
        begin = first
        length = FIRST_LOOK
        days: list[list[_Free]] = []
        while len(days) < MOST_DAYS and begin > self.today:
            until, begin = begin, max(begin - length, self.today)
            days = self._days(begin, until) + days
            length *= 2
        return days

    def _days(self, first: date, until: date) -> list[list[_Free]]:
        listed = slots_by_day(self.session, self.zones, first=first, until=until, now=self.now)
        free = [
            _Free(on, slot.period.start, resource_id)
            for resource_id, dated in listed.items()
            for on, slot in dated
            if slot.is_free
        ]
        free.sort(key=lambda one: (one.on, one.start, one.resource_id))
        return [list(day) for _, day in groupby(free, key=lambda one: one.on)]


def _as_many_as_fit(days: Sequence[list[_Free]]) -> list[list[_Free]]:
    """Return the first days, at least one, that make a page light enough."""
    count = 0
    kept: list[list[_Free]] = []
    for day in days[:MOST_DAYS]:
        count += len({one.start for one in day})
        if kept and count > MANY_HOURS:
            break
        kept.append(day)
    return kept


def _offers(days: Iterable[list[_Free]], places: Mapping[int, Place]) -> tuple[Offer, ...]:
    """Return the same by place, each hour once."""
    by_site: dict[int, tuple[Place, list[Day]]] = {}
    for day in days:
        starts: dict[int, list[datetime]] = {}
        for one in day:
            place = places[one.resource_id]
            by_site.setdefault(place.site_id, (place, []))
            starts.setdefault(place.site_id, []).append(one.start)
        for site_id, at in starts.items():
            by_site[site_id][1].append(Day(day[0].on, tuple(sorted(set(at)))))
    return tuple(Offer(place, tuple(dated)) for place, dated in by_site.values())


def _standing(session: Session, bearer: Bearer, now: datetime) -> tuple[Any, Stage, dict[int, _Where]]:
    """Return the convocation, where it stands, and every place that it may be at, by resource."""
    row = session.execute(CONVOCATION, {"id": bearer.convocation_id}).one_or_none()
    if row is None:
        raise LinkUnknown
    numbers = [*bearer.resource_ids, *([row.resource_id] if row.resource_id else [])]
    home = ZoneInfo(row.home_zone) if row.home_zone else None
    places = _places(session, numbers, home, row.starts_at or now)
    return row, _stage(row, local_day(now, places[bearer.resource_ids[0]].zone), now), places


def _stage(row: Any, today: date, now: datetime) -> Stage:
    match Standing(row.standing):
        case Standing.CHOOSING:
            return Stage.CHOOSING if row.choose_by >= today else Stage.TOO_LATE
        case Standing.DECLINED:
            return Stage.DECLINED
        case Standing.WITHDRAWN:
            return Stage.CALLED_OFF
    if row.state in (State.HONOURED, State.MISSED) or (row.state == State.BOOKED and row.starts_at <= now):
        return Stage.PAST
    return Stage.COMING if row.state == State.BOOKED else Stage.CALLED_OFF


def _appointment(row: Any, places: Mapping[int, _Where]) -> Appointment | None:
    if row.starts_at is None:
        return None
    changed_at = row.changed_at or row.created_at
    return Appointment(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=places[row.resource_id].place,
        is_confirmed=row.confirmed_at is not None,
        revision=max(int((changed_at - row.created_at).total_seconds()), 0),
    )


def _places(session: Session, resource_ids: Sequence[int], home: ZoneInfo | None, at: datetime) -> dict[int, _Where]:
    rows = session.execute(PLACES, {"ids": list(resource_ids)})
    return {row.id: _Where(_place(row, home, at), row.is_active) for row in rows}


def _place(row: Any, home: ZoneInfo | None, at: datetime) -> Place:
    is_sure = row.located_by in PIN_POINTS and row.lat is not None
    zone = ZoneInfo(row.time_zone)
    is_other_hour = home is not None and at.astimezone(home).utcoffset() != at.astimezone(zone).utcoffset()
    return Place(
        site_id=row.site_id,
        address=address_line(row.address, row.postcode, row.commune),
        zone=zone,
        lat=row.lat if is_sure else None,
        lon=row.lon if is_sure else None,
        clock_of=row.commune if is_other_hour else "",
    )
