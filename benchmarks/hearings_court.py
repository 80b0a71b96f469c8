"""A court for the benchmark of hearings: realistic, seeded, of any size. See docs/benchmarks.md."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from uuid import UUID

from availability.periods import Period
from optimizer.hearings.problem import VIDEO, Bench, Case, FarEnd, Hearing, Person, Problem, Role, Room
from optimizer.hearings.weights import Weights

FIRST_DAY = date(2027, 1, 4)  # a Monday
DAYS = 60  # working days on which hearings are held
LOAD = 0.92  # of all the minutes of the hearings
USUAL = 1500  # cases for which there are twelve judges, nine clerks and four rooms
JUDGES, CLERKS, ROOMS = 12, 9, 4
PRISONS = 2
OVERTIME_MINUTES = 30
VIDEO_SLOTS = 4
LANGUAGES = ("arabe", "dari", "portugais", "roumain", "turc")
WEIGHTS = Weights(
    unplaced=2000, late=0, unstaffed=20_000, spread=0, day=1, overdue_day=15, lawyer=10, overtime=2, moved=0, told=0
)


@dataclass(frozen=True)
class Nature:
    """A kind of case: its family, who hears it, its share, how long it takes, when it is due, how much it matters."""

    family: str
    formation: str
    share: float
    minutes: tuple[int, ...]
    notice_days: int
    due_days: int
    priority: int
    quota: int | None = None  # most of it in one hearing


NATURES = (
    Nature("20J", "JU", 0.16, (10, 15, 25), 15, 75, 1),
    Nature("22G", "JU", 0.14, (5, 10, 20), 15, 50, 1, quota=8),
    Nature("24I", "JU", 0.13, (10, 15, 20), 15, 20, 2),
    Nature("28Z", "CC", 0.11, (5, 10, 20), 15, 15, 3),
    Nature("33C", "CC", 0.10, (10, 15, 20), 15, 60, 1, quota=10),
    Nature("53B", "COL", 0.14, (10, 15, 25), 21, 80, 1, quota=8),
    Nature("54G", "COL", 0.12, (10, 20, 40), 21, 60, 1, quota=7),
    Nature("58E", "COL", 0.10, (10, 15, 25), 21, 22, 3),
)
PANEL = {"JU": 1, "CC": 1, "COL": 3}


def court(cases: int, seed: int) -> Problem:
    """Return a court with so many cases, nobody yet in its hearings."""
    return _Court(cases, random.Random(seed)).problem()  # noqa: S311 - the same court for the same seed


class _Court:
    def __init__(self, cases: int, chance: random.Random) -> None:
        self.chance = chance
        self.number = cases
        size = max(cases / USUAL, 1.0)
        self.judges, self.clerks, self.rooms = (round(one * size) for one in (JUDGES, CLERKS, ROOMS))
        self.days = [FIRST_DAY + timedelta(days=7 * (number // 5) + number % 5) for number in range(DAYS)]

    def problem(self) -> Problem:
        lawyers = [self._person(1000 + number, Role.LAWYER, 0.25) for number in range(max(self.number // 12, 4))]
        # Heavy-tailed: a few lawyers have many cases, most have few.
        renown = list(accumulate(1 / (rank + 1) ** 0.9 for rank in range(len(lawyers))))
        interpreters = [
            self._person(500 + number, Role.INTERPRETER, 0.3, (language,)) for number, language in enumerate(LANGUAGES)
        ]
        clerks = [self._person(300 + number, Role.CLERK, 0.05) for number in range(self.clerks)]
        cases = tuple(self._case(number, lawyers, renown) for number in range(self.number))
        return Problem(
            hearings=self._hearings(cases),
            benches=tuple(Bench(judge_id=1 + one, clerk_id=None, away=self._leave()) for one in range(self.judges)),
            rooms=tuple(
                Room(id=200 + one, equipment=(VIDEO,) if one < self.rooms / 2 else ()) for one in range(self.rooms)
            ),
            cases=cases,
            people=(*lawyers, *interpreters, *clerks),
            far_ends=tuple(FarEnd(id=900 + one, away=self._absences(0.1)) for one in range(PRISONS)),
            weights=WEIGHTS,
        )

    def _case(self, number: int, lawyers: list[Person], renown: list[float]) -> Case:
        chance = self.chance
        nature = chance.choices(NATURES, weights=[one.share for one in NATURES])[0]
        received = FIRST_DAY + timedelta(days=chance.randrange(-95, 46))
        notice = timedelta(days=nature.notice_days)  # it is given from now on
        ready = max(received + notice, FIRST_DAY)
        people = chance.choices(lawyers, cum_weights=renown)[0].id if chance.random() < 0.85 else None
        is_detained = chance.random() < 0.08
        refuses = chance.random() < 0.04
        return Case(
            id=UUID(int=number + 1),
            minutes=chance.choice(nature.minutes),
            family=nature.family,
            received_on=received,
            ready_on=ready,
            due_on=ready + timedelta(days=round(nature.due_days * chance.uniform(0.75, 1.25))),
            refused_judges=frozenset({chance.randrange(1, self.judges + 1)} if refuses else ()),
            formation=nature.formation,
            priority=nature.priority + (chance.random() < 0.15) + is_detained,
            people=frozenset(() if people is None else {people}),
            language=chance.choice(LANGUAGES) if chance.random() < 0.1 else None,
            is_detained=is_detained,
            video_to=900 + chance.randrange(PRISONS) if is_detained and chance.random() < 0.7 else None,
        )

    def _hearings(self, cases: tuple[Case, ...]) -> tuple[Hearing, ...]:
        """Return hearings of each formation until their minutes are those of its cases at `LOAD`."""
        free = {(day, hour): self.rooms for day in self.days for hour in (9, 14)}
        made: list[Hearing] = []
        for formation, panel in PANEL.items():
            wanted = sum(case.minutes for case in cases if case.formation == formation) / LOAD
            while wanted > 0:
                minutes = self.chance.choice((180, 210, 240))
                made.append(self._hearing(len(made) + 1, formation, panel, minutes, self._when(free)))
                wanted -= minutes
        return tuple(made)

    def _when(self, free: dict[tuple[date, int], int]) -> tuple[date, int]:
        """Return a half-day when a room is left; the least used first, drawn among the like."""
        most = max(free.values())
        when = self.chance.choice([one for one, rooms in free.items() if rooms == most])
        free[when] -= 1
        return when

    def _hearing(self, number: int, formation: str, panel: int, minutes: int, when: tuple[date, int]) -> Hearing:
        start = _at(*when)
        return Hearing(
            id=number,
            period=Period(start, start + timedelta(minutes=minutes + OVERTIME_MINUTES)),
            day=when[0],
            max_cases=16,
            max_minutes=minutes,
            overtime_minutes=OVERTIME_MINUTES,
            quotas={one.family: one.quota for one in NATURES if one.formation == formation and one.quota},
            formation=formation,
            judges=panel,
            video_slots=VIDEO_SLOTS,
        )

    def _person(self, number: int, role: Role, missing: float, languages: tuple[str, ...] = ()) -> Person:
        return Person(id=number, role=role, away=self._absences(missing), languages=languages)

    def _absences(self, share: float) -> tuple[Period, ...]:
        return tuple(Period(_at(day, 0), _at(day, 23)) for day in self.days if self.chance.random() < share)

    def _leave(self) -> tuple[Period, ...]:
        """Return a week of leave, and a day in ten besides."""
        first = self.chance.randrange(DAYS - 5)
        return (Period(_at(self.days[first], 0), _at(self.days[first + 4], 23)), *self._absences(0.1))


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
