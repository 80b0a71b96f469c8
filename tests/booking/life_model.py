"""What a few lines of Python know of bookings: who has what and until when, and why something would be refused.

The model knows nothing of locks, rows or SQL. What it knows of the waiting list is in `life_list.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotOpen, PeriodTaken, Refusal
from availability.models import QuotaPeriod, Shape
from availability.openings import local_day
from availability.periods import days_between
from booking.errors import AlreadyDecided, HoldExpired, QuotaReached, TooLate
from booking.models import EXPIRING, OCCUPYING, State

if TYPE_CHECKING:
    from tests.booking.life_list import Kept, Offer, Waiter

PARIS_TIME = ZoneInfo("Europe/Paris")
HOLD = timedelta(minutes=10)
REQUEST = timedelta(days=1)
UNDO = timedelta(minutes=10)
SLOT = timedelta(minutes=45)
AN_INSTANT = timedelta(seconds=1)
A_DAY = timedelta(days=1)
SETTLED = (State.BOOKED, State.HONOURED)
CAME_OR_NOT = (State.BOOKED, State.HONOURED, State.MISSED)

Because = Collection[type[Refusal]]
Nights = dict[date, int]  # the bed of each night
GONE: Because = {HoldExpired}
DECIDED: Because = {AlreadyDecided}


@dataclass(frozen=True)
class Place:
    """Something scarce: `room` is its places, seats or cases; a section has units instead."""

    resource_id: int
    kind_id: int
    kind_code: str
    shape: Shape
    host_accepts: bool = False
    room: int = 1
    units: tuple[int, ...] = ()
    starts: frozenset[datetime] = frozenset()  # of its slots, or of its hearing
    most_minutes: int = 0
    quotas: dict[str, int] = field(default_factory=dict)
    notice: timedelta = timedelta(0)  # before it begins, what is booked is no longer given back or moved

    def day_of(self, claim: Claim) -> date:
        """Return the first civil day that is claimed."""
        match claim:
            case NightsClaim() | PlaceClaim():
                return claim.first
            case SlotClaim():
                return local_day(claim.start, PARIS_TIME)
            case CaseClaim():
                return local_day(min(self.starts), PARIS_TIME)

    def start_of(self, claim: Claim) -> datetime | None:
        """Return the instant at which what is claimed begins, when it has one."""
        match claim:
            case SlotClaim():
                return claim.start
            case CaseClaim():
                return min(self.starts)
        return None

    def begins_at(self, claim: Claim) -> datetime:
        """Return the instant at which it begins; what is taken by the day, at midnight."""
        return self.start_of(claim) or datetime.combine(self.day_of(claim), time(), PARIS_TIME)


@dataclass
class Known:
    """What the model knows of a booking. `lines`: its history, act and author, one for each change."""

    place: Place
    has: tuple[Claim, ...]  # what it was given: of a stay in several beds, one after the other
    state: State = State.HELD
    expires_at: datetime | None = None
    free_at: datetime | None = None  # when its place is free by itself: an offer keeps it an hour more
    lines: list[tuple[str, UUID | None]] = field(default_factory=list)
    before: State | None = None  # what undoing brings back
    cancelled_at: datetime | None = None
    would_end_at: datetime | None = None  # the end of what was given back: undoing gives it no other
    by_person: bool = False  # it was given back by its person: that may be excused
    given_back: tuple[State | None, datetime | None] | None = None  # before and when, of what is excused since
    just_undone: bool = False
    moved_from: tuple[Claim, datetime] | None = None  # what the last act moved it from, and when
    offer: Offer | None = None  # of the waiting list, that it is or was

    @property
    def claim(self) -> Claim:
        """Return all that it has; of a stay in several beds, with the last one."""
        first, last = self.has[0], self.has[-1]
        if not isinstance(first, NightsClaim) or not isinstance(last, NightsClaim):
            return first
        here = self.place.resource_id
        return NightsClaim(resource_id=here, first=first.first, until=last.until, unit_id=last.unit_id)

    @property
    def nights(self) -> Nights:
        """Return the bed that it has each night, in order."""
        return {night: bed for one in self.has for night, bed in nights_of(one).items()}

    def has_its_place(self, now: datetime) -> bool:
        """Say whether it keeps others out at that moment."""
        return self.state in OCCUPYING and (self.free_at is None or self.free_at > now)

    def is_over(self, now: datetime) -> bool:
        """Say whether its hold or its request came to its end, written down or not."""
        return self.state is State.LAPSED or (self.expires_at is not None and self.expires_at <= now)

    def counts(self, now: datetime) -> bool:
        """Say whether a quota counts it."""
        return self.state in OCCUPYING and not self.is_over(now)

    def has_begun(self, now: datetime) -> bool:
        """Say whether one can know what became of it."""
        return self.place.begins_at(self.claim) <= now

    def is_too_late(self, now: datetime) -> bool:
        """Say whether it begins too soon to be given back or moved."""
        start = self.place.start_of(self.claim)
        return self.state is State.BOOKED and bool(self.place.notice and start and now > start - self.place.notice)

    def was_just(self, claim: Claim, now: datetime) -> bool:
        """Say whether a claim is what it had before a move of the last minutes, its last act."""
        was = self.moved_from
        return was is not None and was[0] == claim and now - was[1] <= UNDO

    def becomes(self, state: State, now: datetime, by: UUID | None, *, is_undo: bool = False) -> None:
        """Put it in another state: one line of history, and an end when the state has one."""
        if self.state is State.EXCUSED and state is State.CANCELLED:
            assert self.given_back is not None
            self.state, (self.before, self.cancelled_at) = state, self.given_back  # as if it had not been excused
            self.lines.append((f"booking-{state}", by))
            return
        self.given_back = (self.before, self.cancelled_at) if self.state is State.CANCELLED else None
        self.before = self.state
        self.state, self.just_undone, self.moved_from = state, is_undo, None
        if state is State.CANCELLED:
            self.would_end_at, self.by_person = self.expires_at, False
        end = now + {State.HELD: HOLD, State.REQUESTED: REQUEST}[state] if state in EXPIRING else None
        self.expires_at = self.would_end_at if is_undo and state in EXPIRING else end
        self.free_at = self.expires_at
        self.cancelled_at = now if state is State.CANCELLED else None
        self.lines.append((f"booking-{state}", by))

    def is_given(self, place: Place, has: tuple[Claim, ...], act: str, by: UUID | None) -> None:
        """Give it something else, in the state that it has: one line of history."""
        self.place, self.has, self.just_undone, self.moved_from = place, has, False, None
        self.lines.append((act, by))


@dataclass
class Model:
    """All the bookings, the days on which places are closed, the quotas, and the waiting list."""

    places: tuple[Place, ...]
    known: dict[UUID, Known] = field(default_factory=dict)
    closed: dict[int, tuple[int, date, date]] = field(default_factory=dict)  # closure: resource, first, until
    quotas: dict[tuple[int, QuotaPeriod], int] = field(default_factory=dict)  # by kind
    waiters: dict[UUID, Waiter] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)  # what was freed, until the list has it
    skipped: set[tuple[UUID, int]] = field(default_factory=set)  # who was passed over, and for which place

    def place_of(self, claim: Claim) -> Place:
        """Return the place of a claim."""
        return next(place for place in self.places if place.resource_id == claim.resource_id)

    def with_bed(self, bed: int) -> Place:
        """Return the section of a bed."""
        return next(place for place in self.places if bed in place.units)

    def present(self, place: Place, now: datetime, *, but: Known | None = None) -> Iterator[Claim]:
        """Yield what is taken of a place; `but` for what a booking has, or freed there a moment ago."""
        holders = [one.has for one in self.known.values() if one is not but and one.has_its_place(now)]
        kept = [(one.claim,) for one in self.kept if one.booking is not but and one.ends_at > now]
        yield from (claim for has in (*holders, *kept) for claim in has if claim.resource_id == place.resource_id)

    def why_not(
        self, place: Place, claim: Claim, now: datetime, *, but: Known | None = None, was_on: date | None = None
    ) -> Because:
        """Return every reason to refuse what somebody newly asks for, none when it has to be given."""
        found = {*self.in_the_way(place, claim, now, but=but)}
        if place.day_of(claim) < local_day(now, PARIS_TIME):
            found.add(InvalidRequest)
        return found | {*self.over_quota(place, place.day_of(claim), now, but=but, was_on=was_on)}

    def over_quota(
        self, place: Place, day: date, now: datetime, *, but: Known | None = None, was_on: date | None = None
    ) -> Because:
        """Return QuotaReached when as many as may be begin in the period of that day, unless `was_on` is in it too."""
        counted = [
            one.place.day_of(one.claim)
            for one in self.known.values()
            if one is not but and one.place.kind_id == place.kind_id and one.counts(now)
        ]
        for (kind_id, per), most in self.quotas.items():
            same = sum(_period(per, other) == _period(per, day) for other in counted)
            is_new = was_on is None or _period(per, was_on) != _period(per, day)
            if kind_id == place.kind_id and is_new and same >= most:
                return {QuotaReached}
        return ()

    def in_the_way(
        self, place: Place, claim: Claim, now: datetime, *, but: Known | None = None, as_of: datetime | None = None
    ) -> Because:
        """Return what keeps a claim from being taken, or taken back, whatever its days."""
        others = list(self.present(place, now, but=but))
        start = place.start_of(claim)
        found: set[type[Refusal]] = {NotOpen} if self._is_closed(place, claim) else set()
        match claim:
            case NightsClaim() if not self.free_units(place, claim, now, but=but):
                found.add(PeriodTaken)
            case PlaceClaim() if not all(
                sum(day in days_of(one) for one in others) < place.room for day in days_of(claim)
            ):
                found.add(CapacityReached)
            case SlotClaim() if any(abs(claim.start - one.start) < SLOT for one in others):  # type: ignore[union-attr]
                found.add(PeriodTaken)
            case CaseClaim() if self._is_full(place, claim, others):
                found.add(CapacityReached)
        if isinstance(claim, SlotClaim) and (claim.start not in place.starts or claim.start < (as_of or now)):
            found.add(NotOpen)
        if isinstance(claim, CaseClaim) and start is not None and start <= (as_of or now):
            found.add(NotOpen)
        return found

    def free_units(self, place: Place, claim: NightsClaim, now: datetime, *, but: Known | None = None) -> list[int]:
        """Return the beds, in order, that would do: that nobody has on any of these nights."""
        wanted = place.units if claim.unit_id is None else (claim.unit_id,)
        taken = {
            bed
            for one in self.present(place, now, but=but)
            for night, bed in nights_of(one).items()
            if night in days_of(claim)
        }
        return [unit for unit in wanted if unit not in taken]

    def given(self, place: Place, claim: Claim, now: datetime, *, but: Known | None = None) -> Claim:
        """Return the claim with the bed that it is given: the first that is free."""
        if not isinstance(claim, NightsClaim):
            return claim
        bed = self.free_units(place, claim, now, but=but)[0]
        return NightsClaim(resource_id=claim.resource_id, first=claim.first, until=claim.until, unit_id=bed)

    def why_not_these_nights(self, nights: Nights, had: Nights, now: datetime, *, but: Collection[Known]) -> Because:
        """Return what keeps a stay from having other nights: those that it has are not in question."""
        taken = {
            (bed, night)
            for one in self.known.values()
            if one not in but and one.has_its_place(now)
            for night, bed in one.nights.items()
        } | {
            (bed, night)
            for one in self.kept
            if one.ends_at > now and not (len(but) == 1 and one.booking in but)
            for night, bed in nights_of(one.claim).items()
        }
        found: set[type[Refusal]] = set()
        for night, bed in nights.items():
            section = self.with_bed(bed)
            is_there = night in had and self.with_bed(had[night]) is section
            if had.get(night) != bed and (bed, night) in taken:
                found.add(PeriodTaken)
            if not is_there and self._are_closed(section, {night}):
                found.add(NotOpen)
        return found

    def why_not_stay(self, one: Known, first: date, until: date, now: datetime) -> Because:
        """Return why a stay cannot have other dates: what was slept stays as it was, and is not slept again."""
        had, today = one.claim, local_day(now, PARIS_TIME)
        assert isinstance(had, NightsClaim)
        is_other = (first, until) != (had.first, had.until)
        if had.until < today or (is_other and until < today):
            return {InvalidRequest}
        if first != had.first and (had.first < today or first < today):
            return {InvalidRequest}
        return self.over_quota(one.place, first, now, but=one, was_on=had.first)

    def runs(self, nights: Nights) -> tuple[NightsClaim, ...]:
        """Return nights as claims, one for each bed that follows another."""
        found: list[NightsClaim] = []
        for night, bed in sorted(nights.items()):
            first = night
            if found and found[-1].unit_id == bed and found[-1].until == night:
                first = found.pop().first
            here = self.with_bed(bed).resource_id
            found.append(NightsClaim(resource_id=here, first=first, until=night + A_DAY, unit_id=bed))
        return tuple(found)

    def why_not_cancelled(self, one: Known, now: datetime) -> Because:
        """Return why a booking cannot be given back."""
        if one.is_too_late(now):
            return {TooLate}
        return () if one.state in (State.HELD, State.REQUESTED, State.BOOKED, State.CANCELLED) else DECIDED

    def taken_back(self, one: Known, now: datetime, *, by_the_past: bool = False) -> Because:
        """Return what keeps a booking from having its own place again; of what has begun, as of just before."""
        start = one.place.start_of(one.claim)
        as_of = min(now, start - AN_INSTANT) if by_the_past and start else now
        found = {*self.over_quota(one.place, one.place.day_of(one.claim), now, but=one)}
        for claim in one.has:
            found |= {*self.in_the_way(self.place_of(claim), claim, now, but=one, as_of=as_of)}
        return found

    def _is_full(self, place: Place, claim: CaseClaim, claims: Iterable[Claim]) -> bool:
        others = [case for case in claims if isinstance(case, CaseClaim)]
        of_family = sum(case.family == claim.family for case in others)
        return (
            len(others) >= place.room
            or sum(case.minutes for case in others) + claim.minutes > place.most_minutes
            or of_family >= place.quotas.get(claim.family, place.room)
        )

    def _is_closed(self, place: Place, claim: Claim) -> bool:
        days = days_of(claim) if isinstance(claim, NightsClaim) else {place.day_of(claim)}
        return self._are_closed(place, days)

    def _are_closed(self, place: Place, days: Collection[date]) -> bool:
        return any(
            first <= day < until for at, first, until in self.closed.values() if at == place.resource_id for day in days
        )


def days_of(claim: Claim) -> frozenset[date]:
    """Return the nights or the days that are claimed."""
    if isinstance(claim, (NightsClaim, PlaceClaim)) and claim.until is not None:
        return frozenset(days_between(claim.first, claim.until))
    return frozenset()


def nights_of(claim: Claim) -> Nights:
    """Return the bed of each night of a claim that has one."""
    if not isinstance(claim, NightsClaim) or claim.unit_id is None:
        return {}
    return dict.fromkeys(days_between(claim.first, claim.until), claim.unit_id)


def _period(per: QuotaPeriod, day: date) -> tuple[int, ...]:
    """Return what the days of one period have in common."""
    return (day.toordinal(),) if per is QuotaPeriod.DAY else day.isocalendar()[:2]
