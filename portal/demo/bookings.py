"""Who takes what, weeks back and weeks ahead: stays, placements, requests, hearings, appointments, and a few holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from booking.models import State
from portal.demo.accounts import Accounts, Member
from portal.demo.catalogue import Hearing, Place
from portal.demo.hearings import FAMILIES
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.people import People, Profile
from portal.demo.places import WITH_REQUESTS

ENDED = (State.HONOURED,) * 17 + (State.MISSED,)
FREED = (State.CANCELLED, State.EXCUSED, State.LAPSED)
FULL_TONIGHT = {("sl-tgilyon", "Section hommes A"), ("sl-tgivienne", "Section hommes")}
BUSY = {
    "bracelet": 0.75,
    "spip-rdv": 0.25,
    "jap-rdv": 0.3,
    "point-justice": 0.2,
}  # share of tomorrow's slots that are taken
DAYS_TAKEN_AHEAD = 10  # beyond, no appointment is taken yet
NOT_NOTED_YET = timedelta(days=2)  # some of what just ended has no outcome yet
LATE_DAYS = 12  # of the fourteen that a service has to answer
ARRIVES_FOR = timedelta(days=28)
HELD_NOW = 3  # of each: beds and posts being reserved around Lyon when the demonstration opens


class Bookings:
    """Fills the ledger, place by place."""

    def __init__(self, rng: Random, accounts: Accounts, people: People, ledger: Ledger, now: datetime) -> None:
        self.rng = rng
        self.accounts = accounts
        self.people = people
        self.ledger = ledger
        self.now = now

    def stays(self, places: Iterable[Place]) -> None:
        """Fill sections at 60 to 95 % tonight, a few wholly, and less and less ahead."""
        for place in places:
            share = self.rng.uniform(0.55, 0.92)
            for unit_id in place.units:
                self._bed(place, unit_id, 1.0 if is_full(place) else share)

    def placements(self, places: Iterable[Place]) -> None:
        """Fill a part of the TIG posts."""
        for place in places:
            for _ in range(place.lanes):
                if self.rng.random() < 0.14:
                    self._lane(place)

    def mediations(self, places: Iterable[Place]) -> None:
        """Fill what mediators declare as free, in part; leave requests to decide at some services."""
        for place in places:
            by = self.accounts.for_place(place)
            for lane in range(place.lanes):
                if place.host.code in WITH_REQUESTS and lane < 3:
                    self._request(place, by, is_late=lane == 0)
                elif self.rng.random() < 0.25:
                    self._mediation(place, by)
            if self.rng.random() < 0.3:
                self._turned_down(place, by)

    def asked_outside(self, places: Sequence[Place]) -> None:
        """Leave two requests of the probation service of Lyon at the first association with room for both."""
        by = next((self.accounts.for_place(place) for place in places if place.host.court.code == "TGILYON"), None)
        place = next((place for place in places if place.host.court.appeal == "CALYON" and place.lanes > 1), None)
        if by is None or place is None:
            return
        for days, ago in ((20, 2), (27, 3)):
            first = self._today(place) + timedelta(days=days)
            created_at = self._office_time(place, self._today(place) - timedelta(days=ago))
            self._asked(place, by, first, first + timedelta(days=90), created_at)

    def measures(self, places: Iterable[Place]) -> None:
        """Give services a few measures, and the judges of Lyon something to follow in each kind."""
        followed: set[str] = set()
        for place in places:
            by = self.accounts.for_place(place)
            for _ in range(min(place.lanes, self.rng.choice((0, 1, 1, 2)))):
                self._mediation(place, by)
            if self.rng.random() < 0.1:
                self._turned_down(place, by)
            if place.host.court.code == "TGILYON" and place.lanes > 3 and place.kind not in followed:
                followed.add(place.kind)
                self._followed(place, by)

    def hearings(self, places: Iterable[Place], hearing_of: Mapping[int, Hearing]) -> None:
        """Fill hearings: nearly full next week, nearly empty in two months."""
        for place in places:
            hearing = hearing_of[place.id]
            weeks = (hearing.starts_at - self.now).days / 7
            wanted = round(hearing.max_cases * min(max(self.rng.gauss(0.95 - weeks / 4.5, 0.12), 0), 1))
            when = When(starts_at=hearing.starts_at, ends_at=hearing.ends_at)
            for family, minutes in self._cases(wanted, hearing):
                self._case(place, when, family, minutes)

    def appointments(self, places: Iterable[Place], slots: dict[int, list[tuple[datetime, datetime]]]) -> None:
        """Fill slots: many of the coming days, less and less later; those of the past have an outcome."""
        for place in places:
            by = self.accounts.for_place(place)
            busy = BUSY[place.kind]
            for start, end in slots.get(place.id, ()):
                days = (start - self.now).total_seconds() / 86_400
                if self.rng.random() < (busy / 2 if days < 0 else busy * (1 - days / DAYS_TAKEN_AHEAD)):
                    self._appointment(place, by, start, end)

    def holds(self, beds: Iterable[tuple[Place, int]], posts: Iterable[Place]) -> None:
        """Leave a few places being reserved at this very minute."""
        for place, unit_id in beds:
            self._hold(place, unit_id)
        for place in posts:
            self._hold(place, None)

    def arrivals(self, beds: Iterable[tuple[Place, int]]) -> None:
        """Have somebody arrive today in each of these beds."""
        for place, unit_id in beds:
            self._stay(place, unit_id, self._today(place), self._today(place) + ARRIVES_FOR)

    def _bed(self, place: Place, unit_id: int, share: float) -> None:
        """Write the stays of one bed, one after the other, with the nights between that the share leaves free."""
        today = self._today(place)
        day = today - timedelta(days=self.rng.randint(10, 45))
        mean_gap = 60 * (1 - min(share, 0.97)) / share
        while True:
            until = day + timedelta(days=round(min(max(self.rng.lognormvariate(3.9, 0.5), 10), 180)))
            if (day - today).days > self.rng.expovariate(1 / 25):
                return
            if (share == 1.0 and day <= today < until) or self.rng.random() > 0.06:
                self._stay(place, unit_id, day, until)
                gap = 0 if share == 1.0 and day <= today else round(self.rng.expovariate(1 / mean_gap))
                day = until + timedelta(days=gap)
            else:
                self._given_up(place, unit_id, day, until)

    def _stay(self, place: Place, unit_id: int, first: date, until: date) -> None:
        by = self.accounts.for_place(place)
        is_over = until <= self._today(place)
        state = self.rng.choice(ENDED) if is_over else State.BOOKED
        self._days(place, by, state, first, until, unit_id=unit_id)

    def _given_up(self, place: Place, unit_id: int, first: date, until: date) -> None:
        state = self.rng.choice(FREED)
        self._days(place, self.accounts.for_place(place), state, first, until, unit_id=unit_id)

    def _lane(self, place: Place) -> None:
        """Write one or two placements that follow each other."""
        today = self._today(place)
        by = self.accounts.for_place(place)
        first = today - timedelta(days=self.rng.randint(-45, 110))
        for _ in range(self.rng.choice((1, 1, 2))):
            until = first + timedelta(days=self.rng.choice((14, 21, 28, 42, 60, 90)))
            drawn = self.rng.random()
            if drawn < 0.06:
                self._days(place, by, self.rng.choice(FREED), first, until)
                continue
            self._days(place, by, self.rng.choice(ENDED) if until <= today else State.BOOKED, first, until)
            first = until + timedelta(days=self.rng.randint(0, 10))

    def _days(
        self, place: Place, by: Member, state: State, first: date, until: date, *, unit_id: int | None = None
    ) -> None:
        """Write a booking of civil days for somebody who suits the place."""
        created_at = self._office_time(place, first - timedelta(days=self.rng.randint(3, 25)))
        self.ledger.write(
            Entry(
                place=place,
                state=state,
                when=When(first_on=first, until_on=until),
                created_at=created_at,
                decided_at=self._decided_at(place, state, first, until, created_at),
                by=by,
                person_id=None if state is State.LAPSED else self._somebody(place, by, first, until),
                unit_id=unit_id,
            )
        )

    def _somebody(self, place: Place, by: Member, first: date, until: date) -> UUID:
        """Return somebody whom the place takes."""
        profile = Profile(
            court=place.host.court,
            sex=place.attributes.get("sex", "any"),
            least_age=place.attributes.get("min_age", 18),
            most_age=place.attributes.get("max_age", 75),
            first=first,
            until=until,
        )
        return self.people.suitable(profile, by)

    def _asked(self, place: Place, by: Member, first: date, until: date, created_at: datetime) -> None:
        """Write a request for somebody, which waits."""
        self.ledger.write(
            Entry(
                place=place,
                state=State.REQUESTED,
                when=When(first_on=first, until_on=until),
                created_at=created_at,
                by=by,
                person_id=self._somebody(place, by, first, until),
                expires_at=created_at + timedelta(days=10, minutes=2),
            )
        )

    def _decided_at(
        self, place: Place, state: State, first: date, until: date, created_at: datetime
    ) -> datetime | None:
        match state:
            case State.HONOURED | State.MISSED:
                return self._office_time(place, until)
            case State.CANCELLED | State.EXCUSED:
                return max(created_at + timedelta(minutes=30), self._office_time(place, first - timedelta(days=1)))
            case State.LAPSED:
                return created_at + timedelta(minutes=10)
        return None

    def _request(self, place: Place, by: Member, *, is_late: bool) -> None:
        """Write a request that waits; one that `is_late` is about to lapse, and its host was warned."""
        today = self._today(place)
        ago = self.rng.randint(1, 8)
        created_at = self._office_time(place, today - timedelta(days=LATE_DAYS if is_late else ago))
        first = today + timedelta(days=self.rng.randint(14, 30))
        self.ledger.write(
            Entry(
                place=place,
                state=State.REQUESTED,
                when=When(first_on=first, until_on=first + timedelta(days=90)),
                created_at=created_at,
                by=by,
                case_ref=self._case_ref(),
                expires_at=created_at + timedelta(days=14, minutes=2),
            )
        )

    def _followed(self, place: Place, by: Member) -> None:
        """Write a request about to lapse without an answer, another refused this morning, a measure that begins."""
        today = self._today(place)
        asked_at = self._office_time(place, today - timedelta(days=6))
        answered_at = self.now - timedelta(minutes=self.rng.randint(20, 200))
        soon = self.now + timedelta(hours=self.rng.randint(30, 60))
        for state, first, decided_at, expires_at in (
            (State.REQUESTED, today + timedelta(days=1), None, soon),
            (State.REFUSED, today + timedelta(days=1), answered_at, None),
            (State.BOOKED, today, None, None),
        ):
            self.ledger.write(
                Entry(
                    place=place,
                    state=state,
                    when=When(first_on=first),
                    created_at=asked_at,
                    decided_at=decided_at,
                    by=by,
                    case_ref=self._case_ref(),
                    expires_at=expires_at,
                )
            )

    def _mediation(self, place: Place, by: Member) -> None:
        first = self._today(place) + timedelta(days=self.rng.randint(-140, 20))
        until = first + timedelta(days=self.rng.choice((60, 90, 120)))
        is_over = until <= self._today(place)
        self.ledger.write(
            Entry(
                place=place,
                state=self.rng.choice(ENDED) if is_over else State.BOOKED,
                when=When(first_on=first, until_on=until),
                created_at=self._office_time(place, first - timedelta(days=self.rng.randint(21, 40))),
                decided_at=self._office_time(place, until) if is_over else None,
                by=by,
                case_ref=self._case_ref(),
            )
        )

    def _turned_down(self, place: Place, by: Member) -> None:
        first = self._today(place) - timedelta(days=self.rng.randint(5, 60))
        created_at = self._office_time(place, first - timedelta(days=30))
        state = self.rng.choice((State.REFUSED, State.REFUSED, State.CANCELLED))
        self.ledger.write(
            Entry(
                place=place,
                state=state,
                when=When(first_on=first, until_on=first + timedelta(days=90)),
                created_at=created_at,
                decided_at=created_at + timedelta(days=self.rng.randint(1, 6)),
                by=by,
                case_ref=self._case_ref(),
            )
        )

    def _cases(self, wanted: int, hearing: Hearing) -> Iterator[tuple[str, int]]:
        """Yield (family, minutes) while there is room in minutes and in quotas."""
        of_family: Counter[str] = Counter()
        spent = 0
        for _ in range(wanted):
            family, minutes = self.rng.choice(FAMILIES), self.rng.choice((10, 10, 15, 15, 20))
            if spent + minutes <= hearing.max_minutes and of_family[family] < hearing.quotas.get(family, wanted):
                of_family[family] += 1
                spent += minutes
                yield family, minutes

    def _case(self, place: Place, when: When, family: str, minutes: int) -> None:
        self.ledger.write(
            Entry(
                place=place,
                state=State.BOOKED,
                when=when,
                created_at=self._office_time(place, self._today(place) - timedelta(days=self.rng.randint(0, 45))),
                by=self.accounts.for_place(place),
                case_ref=self._case_ref(),
                minutes=minutes,
                family=family,
            )
        )

    def _appointment(self, place: Place, by: Member, start: datetime, end: datetime) -> None:
        state = self.rng.choice((*ENDED[:8], State.MISSED, State.EXCUSED)) if end <= self.now else State.BOOKED
        if self.now - NOT_NOTED_YET < end <= self.now and self.rng.random() < 0.5:
            state = State.BOOKED
        day = min(start, self.now).astimezone(place.zone).date() - timedelta(days=self.rng.randint(1, 12))
        self.ledger.write(
            Entry(
                place=place,
                state=state,
                when=When(starts_at=start, ends_at=end),
                created_at=self._office_time(place, day),
                decided_at=None if state is State.BOOKED else end + timedelta(minutes=self.rng.randint(1, 50)),
                by=by,
                person_id=self.people.anybody(place.host.court, by),
            )
        )

    def _hold(self, place: Place, unit_id: int | None) -> None:
        first = self._today(place) + timedelta(days=self.rng.randint(1, 3))
        created_at = self.now - timedelta(seconds=self.rng.randint(5, 90))
        self.ledger.write(
            Entry(
                place=place,
                state=State.HELD,
                when=When(first_on=first, until_on=first + timedelta(days=self.rng.choice((14, 30)))),
                created_at=created_at,
                by=self.accounts.for_place(place),
                unit_id=unit_id,
                expires_at=created_at + timedelta(minutes=10),
            )
        )

    def _today(self, place: Place) -> date:
        return self.now.astimezone(place.zone).date()

    def _office_time(self, place: Place, day: date) -> datetime:
        """Return a minute of office hours that day, or of the working day before; never later than now."""
        while day.weekday() > 4:
            day -= timedelta(days=1)
        wall_time = time(self.rng.randint(9, 16), self.rng.randrange(60))
        at = datetime.combine(day, wall_time, place.zone)
        return at if at < self.now else self.now - timedelta(minutes=self.rng.randint(5, 600))

    def _case_ref(self) -> str:
        return f"RG {self.now.year % 100:02}/{self.rng.randrange(100_000):05}"


def is_full(place: Place) -> bool:
    """Say whether the section is one of those that have no free bed tonight."""
    return (place.host.code, place.name) in FULL_TONIGHT


def free_beds(places: Iterable[Place], ledger: Ledger, from_day: date) -> Iterator[tuple[Place, int]]:
    """Yield beds that nothing takes from that day on, in the order of the places."""
    ends: defaultdict[int, date] = defaultdict(lambda: date.min)
    unit, until = ledger.bookings.columns.index("unit_id"), ledger.bookings.columns.index("until_on")
    for row in ledger.bookings.rows:
        if row[unit] is not None:
            ends[row[unit]] = max(ends[row[unit]], row[until])
    for place in places:
        for unit_id in place.units:
            if ends[unit_id] <= from_day:
                yield place, unit_id
