"""What a series would take, occurrence by occurrence, against what is free: listed, nothing is taken.

The functions that list free slots and places are those that confirm them, so a plan made under the lock is what the
act then takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlmodel import Session

from availability.actions import Locked, lock
from availability.claims import Claim, PlaceClaim, SlotClaim
from availability.days_off import days_off
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape
from availability.openings import local_day
from availability.periods import Period, days_between
from availability.publishing import LAST_OPENING, publish_openings
from availability.queries import DayCount, places_by_day, slots_of, why_not_at
from availability.recurrences import check_day, read_rrule
from availability.rights import Actor
from booking.actions import Beneficiary
from booking.alternatives import alternatives_to
from booking.series_rules import (
    A_DAY,
    MOST_DAY_MIN,
    MOST_HOURS,
    MOST_OCCURRENCES,
    USUAL_DAY_MIN,
    Measure,
    Occurrence,
    days_of,
    deadline_of,
    nearest_between,
    starts_of,
    work_days,
)

A_WEEK = timedelta(days=7)
FAR = timedelta(days=2 * 366)  # the horizon of a placement: more than any sentence has
LATER = timedelta(days=60)  # how much later another beginning of a placement is looked for
MOST_LATER, MOST_ELSEWHERE = 2, 2


@dataclass(frozen=True, kw_only=True)
class SeriesOrder:
    """What is wanted: visits at the same hour, hours of work on some days of the week, or periods one by one.

    `total` is in visits or in minutes. `answers` say, by number, what to do of an occurrence that is not free: another
    claim, or None to leave it out.
    """

    resource_id: int
    beneficiary: Beneficiary
    measure: Measure
    total: int
    begins_on: date
    rrule: str = ""
    at: time | None = None  # wall time of the place
    minutes_a_day: int = USUAL_DAY_MIN
    periods: tuple[tuple[date, date], ...] = ()  # civil days [first, until)
    decided_on: date | None = None  # when a sentence can be enforced
    ends_by: date | None = None
    already: UUID | None = None  # a booking that begins it: its first visit, or a placement of its hours
    answers: Mapping[int, Claim | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_day("begins_on", self.begins_on)
        for name, day in (("decided_on", self.decided_on), ("ends_by", self.ends_by)):
            if day is not None:
                check_day(name, day)
        for day in (bound for period in self.periods for bound in period):
            check_day("periods", day)
        most = MOST_HOURS * 60 if self.measure is Measure.MINUTES else MOST_OCCURRENCES
        if not 1 <= self.total <= most:
            raise InvalidRequest("total", "out-of-range", least=1, most=most)
        if not self.periods:
            read_rrule(self.rrule)
        if self.measure is Measure.MINUTES and not 30 <= self.minutes_a_day <= MOST_DAY_MIN:
            raise InvalidRequest("minutes_a_day", "out-of-range", least=30, most=MOST_DAY_MIN)
        if self.last_on is not None and self.last_on < self.begins_on:
            raise InvalidRequest("ends_by", "past-deadline", latest=self.last_on)

    @property
    def resource_ids(self) -> set[int]:
        """Return its place, and those that replace it on some dates."""
        return {self.resource_id} | {claim.resource_id for claim in self.answers.values() if claim is not None}

    @property
    def last_on(self) -> date | None:
        """Return the last day that it may have: the one given, else 18 months after a sentence can be enforced."""
        return self.ends_by or (deadline_of(self.decided_on) if self.decided_on else None)


def plan(session: Session, actor: Actor, order: SeriesOrder, place: Locked, *, now: datetime) -> list[Occurrence]:
    """Return every occurrence that is not left out, in order, each free or with why not and what else would do.

    Raises: InvalidRequest when nothing of that shape comes in series, or an answer is to nothing that was asked.
    """
    days = _days(session, order, place)
    wanted = _wanted(session, order, place, days, now)
    if not wanted and order.already is None:
        raise InvalidRequest("rrule", "no-day")
    if unknown := order.answers.keys() - set(range(1, len(wanted) + 1)):
        raise InvalidRequest("answers", "no-such-occurrence", value=min(unknown))
    kept = [(number, order.answers.get(number, claim), claim) for number, claim in enumerate(wanted, 1)]
    claims = {number: claim for number, claim, _ in kept if claim is not None}
    desk = _Desk(session, actor, order, place, now, days)
    return [
        desk.look(number, claim, list(claims.values()), is_replaced=claim != wanted[number - 1])
        for number, claim in claims.items()
    ]


@dataclass
class _Desk:
    """Who looks at one claim after the other, and remembers what those before it take."""

    session: Session
    actor: Actor
    order: SeriesOrder
    place: Locked
    now: datetime
    days: list[date]
    taken: Counter[tuple[int, datetime]] = field(default_factory=Counter)
    placed: list[PlaceClaim] = field(default_factory=list)
    counts: dict[int, dict[date, DayCount]] = field(default_factory=dict)

    def look(self, number: int, claim: Claim, claims: list[Claim], *, is_replaced: bool) -> Occurrence:
        why = self._why_not(claim)
        if not why:
            if isinstance(claim, SlotClaim):
                self.taken[claim.resource_id, claim.start] += 1
            elif isinstance(claim, PlaceClaim):
                self.placed.append(claim)
            return Occurrence(number=number, claim=claim, is_replaced=is_replaced)
        instead = self._instead(claim, claims, why)
        return Occurrence(number=number, claim=claim, why=why, instead=instead, is_replaced=is_replaced)

    def _why_not(self, claim: Claim) -> str:
        last_on = self.order.last_on
        if last_on is not None and self._last_day(claim) > last_on:
            return "past-deadline"
        if isinstance(claim, SlotClaim):
            found = why_not_at(self.session, claim.resource_id, claim.start, now=self.now)
            if found is None and self.taken[claim.resource_id, claim.start]:
                return "twice"
            return found.value if found else ""
        return self._why_no_place(claim) if isinstance(claim, PlaceClaim) else "other-shape"

    def _why_no_place(self, claim: PlaceClaim) -> str:
        today = local_day(self.now, self.place.zone)
        try:
            self.place.terms.limits.check(claim.first, claim.until, today=today)
        except InvalidRequest as refusal:
            return refusal.problem
        until = claim.until or claim.first + A_DAY
        counts = self._counts(claim.resource_id, claim.first, until)
        if counts[claim.first].is_closed:
            return "closed"
        mine = [one for one in self.placed if one.resource_id == claim.resource_id]
        # A closed day within a placement keeps nobody from having it: nobody is expected then.
        room = (
            counts[day].free - sum(1 for one in mine if one.first <= day < (one.until or date.max))
            for day in days_between(claim.first, until)
            if not counts[day].is_closed
        )
        return "" if min(room) > 0 else "taken"

    def _counts(self, resource_id: int, first: date, until: date) -> dict[date, DayCount]:
        """Return how many places are left each day, read once for all the beginnings that are looked at."""
        known = self.counts.setdefault(resource_id, {})
        if first not in known or until - A_DAY not in known:
            wide = {"first": first, "until": until + LATER}
            listed = places_by_day(self.session, [resource_id], now=self.now, **wide).get(resource_id, [])
            known.update({each.day: each for each in listed})
        return known

    def _last_day(self, claim: Claim) -> date:
        if isinstance(claim, SlotClaim):
            return local_day(claim.start, self.place.zone)
        return (claim.until or date.max) - A_DAY if isinstance(claim, PlaceClaim) else date.max

    def _instead(self, claim: Claim, claims: list[Claim], why: str) -> tuple[Claim, ...]:
        if why == "past-deadline":
            return ()
        here: list[Claim] = self._other_starts(claim, claims) if isinstance(claim, SlotClaim) else self._later(claim)
        return (*here, *self._elsewhere(claim))

    def _other_starts(self, claim: SlotClaim, claims: list[Claim]) -> list[Claim]:
        """Return the nearest free starts of the same resource between the occurrence before and the one after."""
        starts = sorted(one.start for one in claims if isinstance(one, SlotClaim) and one is not claim)
        after = max((one for one in starts if one <= claim.start), default=None)
        before = min((one for one in starts if one > claim.start), default=None)
        near = free_near(self.session, claim, after=after, before=before, now=self.now)
        return [
            SlotClaim(resource_id=claim.resource_id, start=start)
            for start in near
            if not self.taken[claim.resource_id, start] and self._is_in_time(start)
        ]

    def _is_in_time(self, start: datetime) -> bool:
        return self.order.last_on is None or local_day(start, self.place.zone) <= self.order.last_on

    def _later(self, claim: Claim) -> list[Claim]:
        """Return placements on the same post that begin later, the soonest first."""
        if not isinstance(claim, PlaceClaim) or claim.until is None or claim.resource_id != self.place.id:
            return []
        found: list[Claim] = []
        for other in self._shifted(claim, claim.until - claim.first):
            if not self._why_not(other):
                found.append(other)
                if len(found) == MOST_LATER:
                    break
        return found

    def _shifted(self, claim: PlaceClaim, length: timedelta) -> Iterator[PlaceClaim]:
        """Yield the same placement from each of the following days of its recurrence, or weeks for a plain period."""
        if self.order.periods:
            firsts = (claim.first + weeks * A_WEEK for weeks in range(1, LATER // A_WEEK))
            yield from (PlaceClaim(resource_id=claim.resource_id, first=one, until=one + length) for one in firsts)
            return
        for first in self.days:
            if claim.first < first < claim.first + LATER and (other := placement(self.order, self.days, first)):
                yield other

    def _elsewhere(self, claim: Claim) -> Sequence[Claim]:
        with suppress(NotAllowed, NotFound, InvalidRequest):
            others = alternatives_to(
                self.session, self.actor, claim, person_id=self.order.beneficiary.person_id, now=self.now
            )
            near = [one for one in others if one.found.resource_id != claim.resource_id]
            if isinstance(claim, SlotClaim):
                return [
                    SlotClaim(resource_id=one.found.resource_id, start=one.starts[0]) for one in near if one.starts
                ][:MOST_ELSEWHERE]
            if isinstance(claim, PlaceClaim):
                return [
                    PlaceClaim(resource_id=one.found.resource_id, first=claim.first, until=claim.until) for one in near
                ][:MOST_ELSEWHERE]
        return []


def free_near(
    session: Session, claim: SlotClaim, *, after: datetime | None, before: datetime | None, now: datetime
) -> tuple[datetime, ...]:
    """Return the free starts of the same resource nearest to a claim, within a week, between two instants."""
    first, last = max(claim.start - A_WEEK, now), claim.start + A_WEEK
    if last <= first:
        return ()
    slots = slots_of(session, [claim.resource_id], within=Period(first, last), now=now)
    free = [slot.period.start for slot in slots.get(claim.resource_id, []) if slot.is_free]
    return nearest_between(free, claim.start, after=after, before=before)


def placement(order: SeriesOrder, days: Sequence[date], first: date) -> PlaceClaim | None:
    """Return one placement from a day on, as long as its hours take; None when there are not that many days."""
    kept = [day for day in days if day >= first][: work_days(order.total, order.minutes_a_day)]
    if len(kept) < work_days(order.total, order.minutes_a_day):
        return None
    return PlaceClaim(resource_id=order.resource_id, first=kept[0], until=kept[-1] + A_DAY)


def _wanted(session: Session, order: SeriesOrder, place: Locked, days: Sequence[date], now: datetime) -> list[Claim]:
    match place.shape:
        case Shape.SLOTS if order.measure is Measure.VISITS and not order.periods:
            if order.at is None:
                raise InvalidRequest("at", "required")
            if days:
                _open_until(session, place, days[-1], today=local_day(now, place.zone))
            return [SlotClaim(resource_id=place.id, start=start) for start in starts_of(days, order.at, place.zone)]
        case Shape.PLACES if order.periods:
            if order.measure is not Measure.VISITS or order.total != len(order.periods):
                raise InvalidRequest("total", "one-a-period", value=len(order.periods))
            return [
                PlaceClaim(resource_id=place.id, first=first, until=until) for first, until in sorted(order.periods)
            ]
        case Shape.PLACES if order.measure is Measure.MINUTES:
            if order.already is not None:
                return []
            whole = placement(order, days, order.begins_on)
            return [whole] if whole else []
    raise InvalidRequest("resource_id", "no-series", resource_id=place.id)


def _days(session: Session, order: SeriesOrder, place: Locked) -> list[date]:
    """Return the days of the recurrence: as many as visits, or those of three years that the place does not close."""
    if order.periods:
        return []
    if order.measure is Measure.VISITS:
        days = days_of(order.rrule, order.begins_on, order.total)
        if days and len(days) < order.total:  # its recurrence ends before, or would last for years
            raise InvalidRequest("total", "too-few-days", most=len(days))
        return days[1:] if order.already is not None else days
    until = order.begins_on + FAR
    off = days_off(session, place.id, first=order.begins_on, until=until).between(order.begins_on, until)
    return days_of(order.rrule, order.begins_on, FAR.days, off=off)


def _open_until(session: Session, place: Locked, last: date, *, today: date) -> None:
    """Know the openings of the place as far as the series goes, where they are not published that far yet.

    They are those of its rules: the clock would write the same in some weeks.
    """
    written = session.execute(LAST_OPENING, {"id": place.id}).scalar()
    first = max(written + A_DAY, today) if written else today
    if first <= last:
        lock(session, [place.id])
        publish_openings(session, [place.id], first=first, until=last + A_DAY)
