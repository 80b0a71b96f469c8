"""A few series around Lyon: hours of community work begun, late and done, and visits at a contact centre."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.declarations import Declaration
from availability.openings import instant_of, is_holiday
from booking.models import State
from booking.series_rules import Measure, deadline_of
from portal.demo.accounts import HOST_GUESTS, Accounts, Member
from portal.demo.catalogue import Catalogue, Place
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.people import People
from portal.demo.sheets import Sheet

SERIES_POST = "Entretien du petit patrimoine"
TIG_HOST, VISIT_HOST = (guest.host for guest in HOST_GUESTS)
A_DAY = timedelta(days=1)
DAY_MIN = 7 * 60
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKED = (420, 420, 390, 420, 360, 420, 450, 420)  # minutes of a day, in turn
JOIN = text("UPDATE booking SET series_id = :series_id WHERE id = ANY(:ids)")


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """Hours of community work: how many weeks ago they began, how many there are to come, and what was missed."""

    hours: int
    weeks_ago: int
    weeks: int
    days_a_week: int
    months_ago: int  # since when it can be enforced
    missed: tuple[int, ...] = ()  # numbers of the days on which nobody came


@dataclass(frozen=True)
class Case:
    """For whom, where and by whom a series was made."""

    place: Place
    by: Member
    created_at: datetime
    person_id: UUID | None = None
    case_ref: str = ""


SENTENCES = (
    Sentence(hours=105, weeks_ago=3, weeks=5, days_a_week=2, months_ago=4, missed=(3,)),
    Sentence(hours=140, weeks_ago=9, weeks=8, days_a_week=2, months_ago=19, missed=(2, 5)),
    Sentence(hours=35, weeks_ago=3, weeks=3, days_a_week=2, months_ago=5),
    Sentence(hours=70, weeks_ago=1, weeks=6, days_a_week=1, months_ago=2),
    Sentence(hours=210, weeks_ago=2, weeks=10, days_a_week=3, months_ago=7, missed=(1,)),
)


def places_of_series(catalogue: Catalogue, now: datetime) -> None:
    """Add a post where several work together, and the rooms in which children meet a parent."""
    today = now.astimezone(ZoneInfo("Europe/Paris")).date()
    hosts = {place.host.code: place.host for place in catalogue.places}
    catalogue.place(
        hosts[TIG_HOST], "tig", SERIES_POST, declaration=Declaration(6, 0, 0), declared_on=today - 4 * A_DAY,
        attributes={"sex": "any", "min_age": 18, "skills": [], "weekend": False, "evening": False, "accessible": True},
    )  # fmt: skip
    for name in ("Salle bleue", "Salle du jardin"):
        room = catalogue.place(hosts[VISIT_HOST], "visite", name, declared_on=today - 4 * A_DAY)
        since = today - timedelta(days=365)
        catalogue.opens(room, [2, 4, 5], "10:00", "18:00", since=since)
        if today.weekday() not in (2, 4, 5):  # so that somebody is received on the day of the demonstration
            catalogue.opens(room, [today.weekday()], "10:00", "18:00", since=since)


class SeriesOfLyon:
    """The rows of series and of attendances; their bookings are in the ledger."""

    def __init__(self, rng: Random, accounts: Accounts, people: People, ledger: Ledger, now: datetime) -> None:
        self.rng = rng
        self.accounts = accounts
        self.people = people
        self.ledger = ledger
        self.now = now
        self.series = Sheet(
            "series",
            "id kind_id resource_id territory_id person_id case_ref requested_by measure total minutes_a_day rrule"
            " begins_on ends_by created_at cancelled_at",
            numbered=False,
        )
        self.attendances = Sheet(
            "attendance", "booking_id day came minutes entered_by entered_at revision", numbered=False
        )
        self.bookings: dict[UUID, list[UUID]] = {}

    def fill(self, posts: Iterable[Place], rooms: Sequence[Place]) -> None:
        """Write the sentences on their post, and the visits, one series every second week and one every week."""
        post = next(post for post in posts if post.name == SERIES_POST)
        for sentence in SENTENCES:
            self._sentence(post, sentence)
        for room, every, hour in ((rooms[0], 2, 14), (rooms[1], 1, 11), (rooms[1], 2, 16)):
            self._visits(room, every, hour)

    def write(self, session: Session) -> None:
        """Copy the rows, and have the bookings name their series."""
        self.series.write(session)
        self.attendances.write(session)
        for series_id, ids in self.bookings.items():
            session.execute(JOIN, {"series_id": series_id, "ids": ids})

    def _sentence(self, post: Place, sentence: Sentence) -> None:
        by, today = self.accounts.for_place(post), self._today(post)
        # On so many days of the week, today's among them: the page of the host has people.
        weekdays = sorted({(today.weekday() + 2 * step) % 7 for step in range(sentence.days_a_week)})
        first = today - timedelta(weeks=sentence.weeks_ago)
        every = (first + step * A_DAY for step in range(sentence.weeks * 7))
        days = [day for day in every if day.weekday() in weekdays]
        case = Case(post, by, self._office(post, first - 9 * A_DAY), person_id=self.people.anybody(post.host.court, by))
        when = When(first_on=days[0], until_on=days[-1] + A_DAY)
        booking_id = self._booking(case, State.BOOKED, when)
        total = sentence.hours * 60
        said = {
            "measure": Measure.MINUTES.value,
            "total": total,
            "minutes_a_day": DAY_MIN,
            "rrule": f"FREQ=WEEKLY;BYDAY={','.join(WEEKDAYS[day] for day in weekdays)}",
            "begins_on": days[0],
            "ends_by": deadline_of(today - timedelta(days=round(30.44 * sentence.months_ago))),
        }
        self._series(case, [booking_id], said)
        self._attended(case, booking_id, sentence, [day for day in days if day < today])

    def _attended(self, case: Case, booking_id: UUID, sentence: Sentence, days: Sequence[date]) -> None:
        """Write who came on each of these days, until the total is done."""
        host, left = self.accounts.host_of(case.place).id, sentence.hours * 60
        for number, day in enumerate(days):
            if left <= 0:
                return
            minutes = 0 if number in sentence.missed else min(WORKED[number % len(WORKED)], left)
            left -= minutes
            said = {"came": minutes > 0, "minutes": minutes}
            at = datetime.combine(day, time(17, self.rng.randrange(10, 50)), case.place.zone)
            self.attendances.add(booking_id=booking_id, day=day, entered_by=host, entered_at=at, revision=1, **said)
            facts = {"day": day.isoformat(), "was": None, **said}
            line = (at, host, "presence-noted", "attendance", str(booking_id), case.person_id, facts)
            self.ledger.history.append(line)

    def _visits(self, room: Place, every: int, hour: int) -> None:
        """Write ten visits, some behind, the third of those missed, one of them today."""
        by, today = self.accounts.for_place(room), self._today(room)
        behind = 4 if every == 2 else 3
        steps = (today + timedelta(weeks=every * step) for step in range(-behind, 20))
        days = list(islice((day for day in steps if not is_holiday(day, room.host.holiday_zone)), 10))
        number = f"RG {self.now.year % 100:02}/{self.rng.randrange(100_000):05}"
        case = Case(room, by, self._office(room, days[0] - 12 * A_DAY), case_ref=number)
        ids = [self._visit(case, day, hour, is_missed=step == 2) for step, day in enumerate(days)]
        weekday = WEEKDAYS[today.weekday()]
        said = {
            "measure": Measure.VISITS.value,
            "total": len(days),
            "minutes_a_day": 0,
            "rrule": f"FREQ=WEEKLY;INTERVAL={every};BYDAY={weekday}",
            "begins_on": days[0],
            "ends_by": None,
        }
        self._series(case, ids, said)

    def _visit(self, case: Case, day: date, hour: int, *, is_missed: bool) -> UUID:
        start = instant_of(day, time(hour), case.place.zone)
        end = start + timedelta(hours=1)
        if day >= self._today(case.place):
            return self._booking(case, State.BOOKED, When(starts_at=start, ends_at=end))
        state = State.MISSED if is_missed else State.HONOURED
        noted_at = end + timedelta(minutes=self.rng.randint(2, 30))
        return self._booking(case, state, When(starts_at=start, ends_at=end), noted_at)

    def _booking(self, case: Case, state: State, when: When, decided_at: datetime | None = None) -> UUID:
        return self.ledger.write(
            Entry(
                place=case.place,
                state=state,
                when=when,
                created_at=case.created_at,
                decided_at=decided_at,
                by=case.by,
                person_id=case.person_id,
                case_ref=case.case_ref,
            )
        )

    def _series(self, case: Case, ids: list[UUID], said: dict[str, Any]) -> None:
        number = UUID(int=self.rng.getrandbits(128), version=4)
        self.series.add(
            id=number,
            kind_id=self.ledger.kinds[case.place.kind],
            resource_id=case.place.id,
            territory_id=case.by.home,
            person_id=case.person_id,
            case_ref=case.case_ref,
            requested_by=case.by.id,
            created_at=case.created_at,
            cancelled_at=None,
            **said,
        )
        self.bookings[number] = ids
        facts = {"bookings": [str(one) for one in ids], "left_out": [], "total": said["total"]}
        line = (case.created_at, case.by.id, "series-created", "series", str(number), case.person_id, facts)
        self.ledger.history.append(line)

    def _today(self, place: Place) -> date:
        return self.now.astimezone(place.zone).date()

    def _office(self, place: Place, day: date) -> datetime:
        return datetime.combine(day, time(self.rng.randint(9, 16), self.rng.randrange(60)), place.zone)
