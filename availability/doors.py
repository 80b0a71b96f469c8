"""Hours of work against the hours at which a door is open: can somebody who works there live here? Pure.

A semi-liberty section opens its doors from such an hour to such another. Whoever works must be able to leave in time
and to come back: the moment of leaving (work begins, less the way) and that of coming back (work ends, plus the way)
are both while the doors are open, on every day worked. Night work leaves in the evening and comes back the next day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from re import fullmatch
from typing import Any

from availability.errors import InvalidRequest

DAY_MIN = 24 * 60
SATURDAY = 5


@dataclass(frozen=True)
class Work:
    """Where and when somebody works, every week; `ends` at or before `starts` is on the next day. Monday is 0."""

    lat: float
    lon: float
    starts: time
    ends: time
    weekdays: frozenset[int] = frozenset(range(5))

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise InvalidRequest("work", "not-on-earth")
        if not self.weekdays <= frozenset(range(7)):
            raise InvalidRequest("work_days", "unknown-weekday")
        if not self.weekdays:
            raise InvalidRequest("work_days", "required")

    @property
    def point(self) -> tuple[float, float]:
        """Return where it is: latitude, longitude."""
        return self.lat, self.lon

    @property
    def minutes(self) -> tuple[int, int]:
        """Return when it begins and ends, in minutes from the midnight before it begins."""
        begins, ends = minute_of(self.starts), minute_of(self.ends)
        return begins, ends if ends > begins else ends + DAY_MIN


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes`, both included; at or before `opens`, `closes` is on the next day."""

    opens: time
    closes: time

    @property
    def minutes(self) -> tuple[int, int]:
        """Return both in minutes from midnight, the second being after the first."""
        opens, closes = minute_of(self.opens), minute_of(self.closes)
        return opens, closes if closes > opens else closes + DAY_MIN

    def written(self) -> dict[str, str]:
        """Return what `read` reads."""
        return {"opens": f"{self.opens:%H:%M}", "closes": f"{self.closes:%H:%M}"}


@dataclass(frozen=True)
class Doors:
    """When the doors are open; `weekend` is for Saturday and Sunday, None when they stay closed then."""

    every_day: Hours
    weekend: Hours | None

    @classmethod
    def read(cls, field: str, value: Any) -> Doors:
        """Return the doors written {"opens": "05:30", "closes": "21:30", "weekend": {…} or null when closed}.

        Without "weekend", Saturday and Sunday are as other days. Raises: InvalidRequest.
        """
        if not isinstance(value, Mapping):
            raise InvalidRequest(field, "not-hours")
        if unknown := next((key for key in value if key not in ("opens", "closes", "weekend")), None):
            raise InvalidRequest(f"{field}.{unknown}", "unknown-field")
        every_day = _hours(field, value)
        if "weekend" not in value:
            return cls(every_day, every_day)
        weekend = value["weekend"]
        return cls(every_day, None if weekend is None else _hours(f"{field}.weekend", weekend))

    def written(self) -> dict[str, Any]:
        """Return what `read` reads, the weekend only when it differs."""
        written: dict[str, Any] = self.every_day.written()
        if self.weekend != self.every_day:
            written["weekend"] = self.weekend.written() if self.weekend else None
        return written

    def on(self, weekday: int) -> Hours | None:
        """Return the hours of a day of the week."""
        return self.weekend if weekday % 7 >= SATURDAY else self.every_day


def suits(doors: Doors, work: Work, travel_min: int) -> bool:
    """Say whether one can leave these doors for work, and come back, on every day worked.

    Not when the whole lasts a day or more: one sleeps here.
    """
    begins, ends = work.minutes
    if ends - begins + 2 * travel_min >= DAY_MIN:
        return False
    moments = (day * DAY_MIN + minute for day in work.weekdays for minute in (begins - travel_min, ends + travel_min))
    return all(_is_open(doors, moment) for moment in moments)


def way(work: Work, travel_min: int) -> tuple[time, time]:
    """Return the hours at which one leaves, and is back."""
    begins, ends = work.minutes
    return _hour(begins - travel_min), _hour(ends + travel_min)


def minute_of(hour: time) -> int:
    """Return the minutes since midnight."""
    return hour.hour * 60 + hour.minute


def _is_open(doors: Doors, moment: int) -> bool:
    """Say so of a moment in minutes from Monday's midnight: within the hours of its day, or of the night before."""
    today = moment // DAY_MIN
    for day in (today, today - 1):
        hours = doors.on(day)
        if hours and hours.minutes[0] <= moment - day * DAY_MIN <= hours.minutes[1]:
            return True
    return False


def _hour(minute: int) -> time:
    hour, minutes = divmod(minute % DAY_MIN, 60)
    return time(hour, minutes)


def _hours(field: str, value: Any) -> Hours:
    if not isinstance(value, Mapping):
        raise InvalidRequest(field, "not-hours")
    return Hours(_time(f"{field}.opens", value.get("opens")), _time(f"{field}.closes", value.get("closes")))


def _time(field: str, value: Any) -> time:
    if not isinstance(value, str) or not fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise InvalidRequest(field, "not-an-hour")
    return time.fromisoformat(value)
