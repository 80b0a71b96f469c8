"""What is owed, done, planned and left of a series; which days it has, and what else would do for a day taken. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from availability.claims import Claim
from availability.errors import InvalidRequest
from availability.openings import instant_of
from availability.recurrences import recurrence_days

A_DAY = timedelta(days=1)
MOST_OCCURRENCES = 60
# A sentence of community work is of 20 to 400 hours, done within 18 months of the day on which it can be enforced.
# Source: code pénal, art. 131-8 and 131-22.
MOST_HOURS = 400
DEADLINE_MONTHS = 18
# An ordinary day: the legal week of 35 hours over five days. Beyond it an entry says so, and ten hours are the legal
# maximum of a day; twelve is where an entry is a slip of the thumb. Source: code du travail, art. L3121-27 and
# L3121-18; how much is counted for somebody who also has a job is left to whoever follows them.
USUAL_DAY_MIN = 7 * 60
LEGAL_DAY_MIN = 10 * 60
MOST_DAY_MIN = 12 * 60
HALF_AN_HOUR = 30
MOST_NEAR = 3  # other hours of the same place offered for one that is taken


class Measure(StrEnum):
    """In what a series is counted."""

    VISITS = "visits"
    MINUTES = "minutes"


class Standing(StrEnum):
    """Where a series is, as of a day."""

    RUNNING = "running"
    LATE = "late"  # its last day has passed, and something is left
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is owed, in visits or in minutes, and how far it is. What is done may exceed what is owed."""

    total: int
    done: int
    planned: int

    @property
    def left(self) -> int:
        """Return what neither is done nor has a place."""
        return max(self.total - self.done - self.planned, 0)

    @property
    def percent(self) -> int:
        """Return how much is done, 100 only when all of it is."""
        return min(self.done * 100 // self.total, 100)

    def standing(self, *, ends_by: date | None, is_cancelled: bool, today: date) -> Standing:
        """Return where it is on that day. What is done stays done, whatever was given back after it."""
        if self.done >= self.total:
            return Standing.DONE
        if is_cancelled:
            return Standing.CANCELLED
        return Standing.LATE if ends_by is not None and today > ends_by else Standing.RUNNING


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """One claim of a plan. `why` is empty when it is free, else the reason; `instead` keeps the order of the series."""

    number: int  # from 1, as wanted: what is left out keeps its number
    claim: Claim
    why: str = ""
    instead: tuple[Claim, ...] = ()
    is_replaced: bool = False

    @property
    def is_free(self) -> bool:
        """Say whether it can be taken."""
        return not self.why


def deadline_of(decided_on: date) -> date:
    """Return the last day of a sentence of community work that can be enforced from that day on: 18 months later."""
    years, month = divmod(decided_on.month - 1 + DEADLINE_MONTHS, 12)
    year = decided_on.year + years
    first_of_next = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + (decided_on.day - 1) * A_DAY, first_of_next - A_DAY)


def check_minutes(minutes: int, *, came: bool) -> None:
    """Accept what somebody did in a day, to the half hour. Raises: InvalidRequest."""
    if not came and minutes:
        raise InvalidRequest("minutes", "absent-does-nothing")
    if minutes % HALF_AN_HOUR or not 0 <= minutes <= MOST_DAY_MIN:
        raise InvalidRequest("minutes", "not-half-hours", most=MOST_DAY_MIN // 60)


def days_of(rrule: str, begins_on: date, count: int, *, off: Collection[date] = ()) -> list[date]:
    """Return the first days of a recurrence from one on, those off passed over; fewer when it ends before."""
    found: list[date] = []
    first = begins_on
    # By half-years: whoever wants ten Saturdays is not made to wait for all those of forty years.
    while len(found) < count and first < begins_on + timedelta(days=365 * 3):
        until = first + timedelta(days=183)
        days = (day for day in recurrence_days(rrule, begins_on, first, until) if day not in off)
        found += islice(days, count - len(found))
        first = until
    return found


def starts_of(days: Iterable[date], at: time, zone: ZoneInfo) -> list[datetime]:
    """Return the same hour on each of these days: ten o'clock stays ten o'clock across a change of hour."""
    return [instant_of(day, at, zone) for day in days]


def work_days(minutes: int, minutes_a_day: int) -> int:
    """Return how many days it takes; the last may be short."""
    return -(-minutes // minutes_a_day)


def nearest_between(
    free: Sequence[datetime], wanted: datetime, *, after: datetime | None, before: datetime | None
) -> tuple[datetime, ...]:
    """Return the free starts nearest to the one wanted, strictly after the one before it and before the next one."""
    kept = (one for one in free if (after is None or one > after) and (before is None or one < before))
    return tuple(sorted(kept, key=lambda start: (abs(start - wanted), start))[:MOST_NEAR])


def planned_minutes(
    days: Iterable[date], minutes_a_day: int, *, today: date, noted: Collection[date], most: int
) -> int:
    """Return what the days of a placement still promise: those to come that nobody noted, not more than is owed."""
    to_come = sum(1 for day in days if day >= today and day not in noted)
    return min(to_come * minutes_a_day, max(most, 0))
