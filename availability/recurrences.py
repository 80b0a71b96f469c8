"""The civil days of a recurrence: RFC 5545 as far as opening hours need it, read strictly, expanded by dateutil. Pure.

What comes from people and programs is hostile until it is read: parts, intervals and counts are bounded, nothing is
finer than a day, and a recurrence that never comes stops by itself. See docs/decisions/0014-recurrences.md.
Source: RFC 5545, section 3.3.10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from dateutil import rrule as dateutil

from availability.errors import InvalidRequest

MOST_CHARACTERS = 200
MOST_INTERVAL = 52
MOST_COUNT = 1000
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2099, 12, 31)  # days that a recurrence knows
# The calendar comes again 400 years later, to the day of the week: a shorter cycle breaks at a century.
CYCLE_YEARS, CYCLE = 400, timedelta(days=146_097)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = {
    "DAILY": dateutil.DAILY,
    "WEEKLY": dateutil.WEEKLY,
    "MONTHLY": dateutil.MONTHLY,
    "YEARLY": dateutil.YEARLY,
}
EVERY = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"})
PARTS = {
    "DAILY": EVERY | {"BYMONTHDAY"},
    "WEEKLY": EVERY,
    "MONTHLY": EVERY | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": EVERY | {"BYMONTHDAY", "BYSETPOS"},
}
NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
ON_A_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
A_DATE = re.compile(r"[0-9]{8}")
MOST_LISTED = 31


@dataclass(frozen=True)
class Recurrence:
    """A recurrence as read; what is not said is as the RFC says. `weekdays`: (number in the month or 0, weekday)."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None  # inclusive, as the RFC has it
    week_start: int = 0
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()

    def options(self) -> dict[str, Any]:
        """Return what dateutil is asked, but for its two ends."""
        days = [dateutil.weekdays[weekday](number or None) for number, weekday in self.weekdays]
        return {
            "freq": FREQUENCIES[self.frequency],
            "interval": self.interval,
            "count": self.count,
            "wkst": self.week_start,
            "byweekday": days or None,
            "bymonthday": self.month_days or None,
            "bymonth": self.months or None,
            "bysetpos": self.positions or None,
        }


@lru_cache(maxsize=1024)
def read_rrule(typed: str) -> Recurrence:
    """Return the recurrence that "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO" says. Raises: InvalidRequest, which says why not."""
    if len(typed) > MOST_CHARACTERS:
        raise InvalidRequest("rrule", "too-long", most=MOST_CHARACTERS)
    parts: dict[str, str] = {}
    for part in typed.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _unreadable(part)
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise InvalidRequest("rrule", "frequency", value=frequency)
    if unknown := sorted(parts.keys() - PARTS[frequency]):
        raise InvalidRequest("rrule", "part-not-allowed", value=unknown[0])
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidRequest("rrule", "count-and-until")
    if "BYSETPOS" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH"}:
        raise InvalidRequest("rrule", "part-not-allowed", value="BYSETPOS")
    return Recurrence(
        frequency=frequency,
        interval=_one(parts, "INTERVAL", 1, MOST_INTERVAL) or 1,
        count=_one(parts, "COUNT", 1, MOST_COUNT),
        until=_until(parts),
        week_start=_week_start(parts),
        weekdays=_weekdays(parts, is_numbered=frequency in ("MONTHLY", "YEARLY")),
        month_days=_signed(parts, "BYMONTHDAY", 31),
        months=_months(parts),
        positions=_signed(parts, "BYSETPOS", 366),
    )


@lru_cache(maxsize=8192)  # those of one service keep the same hours: what is expanded for one is right for all
def recurrence_days(typed: str, anchor: date, first: date, until: date) -> tuple[date, ...]:
    """Return the civil days of a recurrence in `[first, until)`, sorted; at most one a day.

    `anchor` is where intervals and counts begin; it is a day of the recurrence only if it fits. It is read as if it
    were at the end of the calendar that dateutil knows: one that has no more days then ends within four centuries of
    search, rather than eighty. A count ends by itself, and dateutil takes no other end beside it.
    """
    recurrence = read_rrule(typed)
    check_day("anchor_on", anchor)
    end = min(until - timedelta(days=1), LAST_DAY, recurrence.until or LAST_DAY)
    if end < max(first, anchor):
        return ()
    later = (MAXYEAR - 1 - end.year) // CYCLE_YEARS * CYCLE
    begins = _nearer(recurrence, anchor, first)
    last = None if recurrence.count else _moment(end + later)
    found = dateutil.rrule(dtstart=_moment(begins + later), until=last, **recurrence.options())
    days = (moment.date() - later for moment in found)
    return tuple(day for day in days if first <= day <= end)


def check_day(field: str, day: date) -> None:
    """Accept a day that a recurrence can reach. Raises: InvalidRequest."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidRequest(field, "out-of-range", least=FIRST_DAY, most=LAST_DAY)


def _nearer(recurrence: Recurrence, anchor: date, first: date) -> date:
    """Return an anchor just before `first` that changes nothing: years of days are not walked through each night."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(recurrence.frequency)
    if days is None or recurrence.count is not None:
        return anchor
    step = timedelta(days=days * recurrence.interval)
    return anchor + max((first - anchor) // step - 1, 0) * step


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _unreadable(part: str) -> InvalidRequest:
    return InvalidRequest("rrule", "not-a-recurrence", value=part[:40])


def _number(part: str, typed: str) -> int:
    if not NUMBER.fullmatch(typed):
        raise _unreadable(f"{part}={typed}")
    return int(typed)


def _one(parts: dict[str, str], name: str, least: int, most: int) -> int | None:
    if name not in parts:
        return None
    number = _number(name, parts[name])
    if not least <= number <= most:
        raise InvalidRequest("rrule", "part-out-of-range", value=name, least=least, most=most)
    return number


def _listed(parts: dict[str, str], name: str) -> list[str]:
    listed = parts[name].split(",") if name in parts else []
    if len(listed) > MOST_LISTED:
        raise InvalidRequest("rrule", "too-many", most=MOST_LISTED)
    return listed


def _signed(parts: dict[str, str], name: str, most: int) -> tuple[int, ...]:
    """Return numbers that count from the start or, negative, from the end."""
    numbers = [_number(name, typed) for typed in _listed(parts, name)]
    if any(number == 0 or abs(number) > most for number in numbers):
        raise InvalidRequest("rrule", "part-out-of-range", value=name, least=-most, most=most)
    return tuple(sorted(set(numbers)))


def _months(parts: dict[str, str]) -> tuple[int, ...]:
    months = _signed(parts, "BYMONTH", 12)
    if months and months[0] < 0:
        raise InvalidRequest("rrule", "part-out-of-range", value="BYMONTH", least=1, most=12)
    return months


def _weekdays(parts: dict[str, str], *, is_numbered: bool) -> tuple[tuple[int, int], ...]:
    found = set()
    for typed in _listed(parts, "BYDAY"):
        read = ON_A_DAY.fullmatch(typed)
        if read is None or (read[1] and not is_numbered):
            raise _unreadable(f"BYDAY={typed}")
        number = int(read[1] or 0)
        if read[1] and not 1 <= abs(number) <= 53:
            raise InvalidRequest("rrule", "part-out-of-range", value="BYDAY", least=-53, most=53)
        found.add((number, WEEKDAYS.index(read[2])))
    return tuple(sorted(found))


def _week_start(parts: dict[str, str]) -> int:
    typed = parts.get("WKST", "MO")
    if typed not in WEEKDAYS:
        raise _unreadable(f"WKST={typed}")
    return WEEKDAYS.index(typed)


def _until(parts: dict[str, str]) -> date | None:
    """Return the last day. A moment has no place here: days are those of the site, and so is their end."""
    if "UNTIL" not in parts:
        return None
    typed = parts["UNTIL"]
    try:
        if not A_DATE.fullmatch(typed):
            raise ValueError
        return date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
    except ValueError as error:
        raise _unreadable(f"UNTIL={typed}") from error
