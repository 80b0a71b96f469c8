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
from booking.actions import UNDO_MINUTES
from booking.freed import is_kept
from booking.models import State
from booking.notice import latest
from booking.waiting_earlier import Offered, earlier_for
from convocations.bearing import Bearer
from convocations.errors import LinkExpired, LinkUnknown
from convocations.helping import number_of
from convocations.kinds import Standing
from convocations.knowing import Contact
from convocations.link_models import DayPart

MOST_DAYS = 3  # with something free, on one page
MANY_HOURS = 60  # a page that has so many takes no other day: it stays light on a poor network
FIRST_LOOK = timedelta(days=14)
FURTHEST = timedelta(days=366)
A_MINUTE = timedelta(minutes=1)

PIN_POINTS = frozenset({LocatedBy.SOURCE, LocatedBy.ADDRESS, LocatedBy.HAND})

CONVOCATION = text("""
    SELECT c.standing, c.choose_by, c.created_at, c.confirmed_at, k.cancel_notice_min, k.host_accepts,
           k.shape = 'slots' AS has_slots, b.id AS booking_id, b.state, b.starts_at, b.ends_at, b.resource_id,
           p.language, p.time_zone AS home_zone,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) AS refuses_sms,
           (SELECT max(h.at) FROM history h WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text))
               AS changed_at, q.asked_at AS call_asked_at, q.part AS call_part,
           m.moved_at, m.moved_by = c.person_id AS was_moved_here, m.was_with, m.was_at
    FROM convocation c JOIN kind k ON k.id = c.kind_id JOIN person p ON p.id = c.person_id
    LEFT JOIN booking b ON b.id = c.booking_id
    LEFT JOIN callback_request q ON q.convocation_id = c.id AND q.done_at IS NULL AND q.withdrawn_at IS NULL
    LEFT JOIN LATERAL (SELECT h.at AS moved_at, h.actor_id AS moved_by, h.act,
                              CAST(h.facts -> 'from' ->> 'resource_id' AS bigint) AS was_with,
                              CAST(h.facts -> 'from' ->> 'starts_at' AS timestamptz) AS was_at
                       FROM history h WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text)
                         AND h.act NOT LIKE 'booking-file-%'
                       ORDER BY h.id DESC LIMIT 1) m ON m.act = 'booking-moved'
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
    """What is set. `revision` grows with each change of it; `change_until` is the last instant to move or decline it.

    `late_since` is the same instant once it is over.
    """

    starts_at: datetime
    ends_at: datetime
    place: Place
    is_confirmed: bool = False
    revision: int = 0
    late_since: datetime | None = None
    change_until: datetime | None = None


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


@dataclass(frozen=True)
class Asking:
    """A request to be called that waits."""

    at: datetime
    part: DayPart
    zone: ZoneInfo


@dataclass(frozen=True)
class Sooner:
    """An earlier date that is held in the place of the appointment, until an instant."""

    appointment: Appointment
    until: datetime


@dataclass(frozen=True)
class Moved:
    """Where the appointment was before its last move, and whether the page may put it back there."""

    before: datetime
    place: Place
    may_go_back: bool


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """A page. `earlier` and `later` are the first days of the pages before and after this one.

    `again` is the appointment that was declined, while its hour is free; `moved` is there until the holder says that
    they will come. `phone_end` is filled by whoever may read it, for the question that shows it, and `contact` once the
    year of birth was said. `wants_earlier` is whether the holder is to be told of an earlier date, None where nobody
    can be.
    """

    stage: Stage
    language: str
    appointment: Appointment | None = None
    offers: tuple[Offer, ...] = ()
    earlier: date | None = None
    later: date | None = None
    choose_by: date | None = None
    refuses_sms: bool = False
    again: Appointment | None = None
    moved: Moved | None = None
    wants_earlier: bool | None = None
    sooner: Sooner | None = None
    call: Asking | None = None
    number: str = ""  # of the convocation, to be read aloud
    phone_end: str = ""
    contact: Contact | None = None

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
    home = ZoneInfo(row.home_zone) if row.home_zone else None
    offers: tuple[Offer, ...] = ()
    earlier = later = None
    appointment = _appointment(row, places, now)
    is_late = appointment is not None and appointment.late_since is not None
    wish = earlier_for(session, row.booking_id, now=now) if stage is Stage.COMING and not is_late else None
    if may_choose(stage) and (stage is not Stage.COMING or (with_hours and not is_late)):
        zones = {one: places[one].zone.key for one in bearer.resource_ids if one in places and places[one].is_active}
        free = _Listing(session, zones, now)
        days, earlier, later = free.page(first)
        offers = _offers(days, {one: places[one].place for one in zones})
    return LinkView(
        stage=stage,
        language=row.language,
        appointment=appointment,
        offers=offers,
        earlier=earlier,
        later=later,
        choose_by=row.choose_by if stage is Stage.CHOOSING else None,
        refuses_sms=row.refuses_sms,
        again=appointment if stage is Stage.DECLINED and _is_still_free(session, bearer, row, places, now) else None,
        moved=_moved(session, bearer, row, appointment, now) if appointment and stage is Stage.COMING else None,
        wants_earlier=wish is not None if wish or _may_want(row, stage, is_late=is_late) else None,
        sooner=_sooner(wish.offer, row, _places(session, [wish.offer.resource_id], home, wish.offer.starts_at))
        if wish and wish.offer
        else None,
        call=Asking(row.call_asked_at, DayPart(row.call_part), places[bearer.resource_ids[0]].zone)
        if row.call_asked_at
        else None,
        number=number_of(bearer.convocation_id),
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
    free = _free_at(session, there, start, now)
    if stage is Stage.COMING and row.starts_at == start and row.resource_id in there:
        free = [row.resource_id]
    elif (left := _left(row, stage)) and left[1] == start and _is_kept(session, row, stage, there, now):
        free = [left[0], *free]
    if not free:
        raise PeriodTaken(start=start)
    return [SlotClaim(resource_id=one, start=start) for one in free]


def _free_at(session: Session, there: Sequence[int], start: datetime, now: datetime) -> list[int]:
    listed = slots_of(session, there, within=Period(start, start + A_MINUTE), now=now)
    return [one for one in there if any(slot.is_free and slot.period.start == start for slot in listed.get(one, ()))]


def _is_still_free(session: Session, bearer: Bearer, row: Any, places: Mapping[int, _Where], now: datetime) -> bool:
    """Say whether the hour that was declined can be had again, with whoever receives at that place."""
    if row.starts_at is None or row.starts_at <= now:
        return False
    site_id = places[row.resource_id].place.site_id
    there = [one for one in bearer.resource_ids if one in places and places[one].receives(site_id)]
    return _is_kept(session, row, Stage.DECLINED, there, now) or bool(_free_at(session, there, row.starts_at, now))


def _moved(session: Session, bearer: Bearer, row: Any, appointment: Appointment, now: datetime) -> Moved | None:
    """Return where the appointment was. The way back is for the holder's own move: the service's has its reasons.

    What was just moved may be taken back, however late it is: see `booking/moving.py`.
    """
    is_said = row.was_at is not None and (row.confirmed_at is None or row.confirmed_at <= row.moved_at)
    where = _places(session, [row.was_with], None, row.was_at).get(row.was_with) if is_said else None
    if where is None:
        return None
    is_late = appointment.late_since is not None and now > row.moved_at + timedelta(minutes=UNDO_MINUTES)
    there = [row.was_with] if row.was_with in bearer.resource_ids and where.is_active else []
    may_go_back = bool(row.was_moved_here and there and row.was_at > now and not is_late) and (
        _is_kept(session, row, Stage.COMING, there, now) or bool(_free_at(session, there, row.was_at, now))
    )
    return Moved(row.was_at, where.place, may_go_back)


def _left(row: Any, stage: Stage) -> tuple[int, datetime] | None:
    """Return with whom and when the holder was: before the move of their appointment, or until they gave it back."""
    with_, at = (row.resource_id, row.starts_at) if stage is Stage.DECLINED else (row.was_with, row.was_at)
    return (with_, at) if at is not None and stage in (Stage.COMING, Stage.DECLINED) else None


def _is_kept(session: Session, row: Any, stage: Stage, there: Sequence[int], now: datetime) -> bool:
    """Say whether what the holder left is kept: nobody else may have it, as long as they may change their mind."""
    left = _left(row, stage)
    return left is not None and left[0] in there and is_kept(session, row.booking_id, *left, now=now)


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


def _appointment(row: Any, places: Mapping[int, _Where], now: datetime) -> Appointment | None:
    if row.starts_at is None:
        return None
    place = places[row.resource_id].place
    last = latest(row.cancel_notice_min, place.zone, starts_at=row.starts_at)
    changed_at = row.changed_at or row.created_at
    return Appointment(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=place,
        is_confirmed=row.confirmed_at is not None,
        revision=max(int((changed_at - row.created_at).total_seconds()), 0),
        late_since=last if last is not None and now > last else None,
        change_until=last if last is not None and now <= last else None,
    )


def _may_want(row: Any, stage: Stage, *, is_late: bool) -> bool:
    """Say whether an earlier date may be asked for: it is told by SMS, and taken without asking a host."""
    return stage is Stage.COMING and not is_late and row.has_slots and not row.host_accepts and not row.refuses_sms


def _sooner(offer: Offered, row: Any, places: Mapping[int, _Where]) -> Sooner | None:
    """Return what is held, with its place, which may be that of a colleague; nothing when it is no longer earlier."""
    if offer.starts_at >= row.starts_at:
        return None
    ends_at = offer.starts_at + (row.ends_at - row.starts_at)
    return Sooner(Appointment(offer.starts_at, ends_at, places[offer.resource_id].place), offer.ends_at)


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
