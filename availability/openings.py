"""Rules, closures and public holidays become openings. The only place where wall time becomes instants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from availability.errors import InvalidRequest
from availability.periods import Period, days_between, merge
from availability.recurrences import FIRST_DAY, WEEKDAYS, check_day, read_rrule, recurrence_days

A_DAY = timedelta(days=1)
EVER = FIRST_DAY  # for rules in force since no known day
SATURDAY = 5
MOST_DAYS = 400  # exceptions of a rule, and extra days: a year of them


@dataclass(frozen=True)
class Rule:
    """Open on the days of a recurrence, in wall time; `closes` at or before `opens` is on the next day.

    `rrule` is as RFC 5545 has it, empty for the extra days only. Intervals and counts begin at `anchor_on`, whenever
    the rule is in force: cut in two at a day, its parts open what it opened. Raises: InvalidRequest.
    """

    rrule: str
    anchor_on: date
    opens: time
    closes: time
    valid_from: date
    valid_until: date | None = None  # exclusive
    except_on: tuple[date, ...] = ()
    extra_on: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.rrule:
            read_rrule(self.rrule)
        elif not self.extra_on:
            raise InvalidRequest("rrule", "required")
        check_day("anchor_on", self.anchor_on)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise InvalidRequest("valid_until", "not-after-start")
        for field in ("except_on", "extra_on"):
            days = tuple(sorted(set(getattr(self, field))))
            if len(days) > MOST_DAYS:
                raise InvalidRequest(field, "too-many", most=MOST_DAYS)
            object.__setattr__(self, field, days)

    def days(self, first: date, until: date) -> list[date]:
        """Return the civil days of `[first, until)` on which the rule opens, sorted. An exception is stronger."""
        first = max(first, self.valid_from)
        until = min(until, self.valid_until or until)
        if until <= first:
            return []
        found = set(recurrence_days(self.rrule, self.anchor_on, first, until)) if self.rrule else set()
        found.update(day for day in self.extra_on if first <= day < until)
        return sorted(found.difference(self.except_on))

    def applies_on(self, day: date) -> bool:
        """Say whether the rule opens on that civil day."""
        return bool(self.days(day, day + A_DAY))

    def lasts(self, day: date) -> bool:
        """Say whether the rule is still in force on some day from this one on."""
        return self.valid_until is None or self.valid_until > day

    def since(self, day: date) -> Rule:
        """Return the same rule, in force from that day at the earliest. Raises: InvalidRequest when it has ended."""
        begins = max(self.valid_from, day)
        return replace(self, valid_from=begins, except_on=tuple(day for day in self.except_on if day >= begins))

    @property
    def weekday(self) -> int | None:
        """Return the one day of every week (0 is Monday) on which the rule opens, None when it is finer than that."""
        plain = not self.except_on and not self.extra_on and self.rrule in _WEEKLY
        return _WEEKLY.index(self.rrule) if plain else None


_WEEKLY = tuple(f"FREQ=WEEKLY;BYDAY={name}" for name in WEEKDAYS)


def weekly(weekday: int, opens: time, closes: time, valid_from: date, valid_until: date | None = None) -> Rule:
    """Return the rule of something open each week on `weekday` (0 is Monday). Raises: InvalidRequest."""
    if not 0 <= weekday <= 6:
        raise InvalidRequest("weekday", "unknown-choice")
    return Rule(_WEEKLY[weekday], valid_from, opens, closes, valid_from, valid_until)


def once(day: date, opens: time, closes: time) -> Rule:
    """Return the rule of something open on one day only."""
    return Rule("", day, opens, closes, day, day + A_DAY, extra_on=(day,))


def instant_of(day: date, wall_time: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time.

    A time that the change of hour skips is read with the offset before it; one that comes twice is the first.
    Source: PEP 495, fold=0.
    """
    return datetime.combine(day, wall_time, tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the civil day that it is at `instant` in that zone."""
    return instant.astimezone(zone).date()


@lru_cache(maxsize=512)
def public_holidays(holiday_zone: str, year: int) -> frozenset[date]:
    """Return the public holidays of a French territory, named as the `holidays` library does; "" is the mainland.

    Source: code du travail, art. L3133-1; L3134-13 (Alsace-Moselle); L3422-2 (overseas).
    """
    return frozenset(holiday_names(holiday_zone, year))


@lru_cache(maxsize=512)
def holiday_names(holiday_zone: str, year: int) -> dict[date, str]:
    """Return the same days, each with its French name; not to be changed, it is kept."""
    import holidays  # slow to import, and no start should wait for it

    return dict(holidays.country_holidays("FR", subdiv=holiday_zone or None, years=year, language="fr"))


def is_holiday(day: date, holiday_zone: str) -> bool:
    """Say whether that civil day is a public holiday there."""
    return day in public_holidays(holiday_zone, day.year)


Days = tuple[date | None, date | None]  # civil days [first, until); None is without end on that side


class Off(StrEnum):
    """Why a civil day opens nothing, whatever the rules say, in the order in which it is looked at."""

    CLOSED = "closed"
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    RECESS = "recess"


@dataclass(frozen=True, kw_only=True)
class DaysOff:
    """What closes whole civil days: the only place that decides it. By default, public holidays of the mainland."""

    holiday_zone: str = ""
    ignores_holidays: bool = False
    ignores_weekends: bool = True
    closures: tuple[Days, ...] = ()
    recesses: tuple[Days, ...] = ()

    def why(self, day: date) -> Off | None:
        """Return why that day opens nothing, None when its rules decide."""
        if _is_within(day, self.closures):
            return Off.CLOSED
        if not self.ignores_holidays and is_holiday(day, self.holiday_zone):
            return Off.HOLIDAY
        if not self.ignores_weekends and day.weekday() >= SATURDAY:
            return Off.WEEKEND
        return Off.RECESS if _is_within(day, self.recesses) else None

    def between(self, first: date, until: date) -> frozenset[date]:
        """Return the days of `[first, until)` that open nothing."""
        return frozenset(day for day in days_between(first, until) if self.why(day))


def openings(
    rules: Iterable[Rule], *, first: date, until: date, zone: ZoneInfo, closed: Collection[date] = ()
) -> list[Period]:
    """Return when something is open during civil days `[first, until)`: sorted, disjoint, as UTC instants.

    An opening that crosses midnight belongs to the day on which it begins; a day in `closed` opens nothing. Those of
    two days may touch, and are two: each is closed, changed and cut into slots with its day.
    One that lies within the hour that the clocks skip does not exist on that day.
    """
    by_day: dict[date, list[Period]] = defaultdict(list)
    for rule in rules:
        for day in rule.days(first, until):
            if day not in closed:
                by_day[day] += _opening(rule, day, zone)
    return merge((opened for of_day in by_day.values() for opened in merge(of_day)), touching=False)


def _is_within(day: date, spans: Iterable[Days]) -> bool:
    return any((first is None or first <= day) and (until is None or day < until) for first, until in spans)


def _opening(rule: Rule, day: date, zone: ZoneInfo) -> list[Period]:
    closing_day = day if rule.closes > rule.opens else day + A_DAY
    start, end = instant_of(day, rule.opens, zone), instant_of(closing_day, rule.closes, zone)
    return [Period(start, end)] if start < end else []
