"""Weekly rules, closures and public holidays become openings. The only place where wall time becomes instants."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from availability.periods import Period, days_between, merge


@dataclass(frozen=True)
class WeeklyRule:
    """Open on `weekday` (0 is Monday) in wall time; `closes` at or before `opens` is on the next day."""

    weekday: int
    opens: time
    closes: time
    valid_from: date
    valid_until: date | None = None  # exclusive

    def applies_on(self, day: date) -> bool:
        """Say whether the rule opens on that civil day."""
        in_force = self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
        return in_force and day.weekday() == self.weekday


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


def openings(
    rules: Iterable[WeeklyRule], *, first: date, until: date, zone: ZoneInfo, closed: Collection[date] = ()
) -> list[Period]:
    """Return when something is open during civil days `[first, until)`: sorted, disjoint, as UTC instants.

    An opening that crosses midnight belongs to the day on which it begins; a day in `closed` opens nothing.
    One that lies within the hour that the clocks skip does not exist on that day.
    """
    kept = list(rules)
    found: list[Period] = []
    for day in days_between(first, until):
        if day not in closed:
            found.extend(opened for rule in kept if rule.applies_on(day) for opened in _opening(rule, day, zone))
    return merge(found)


def _opening(rule: WeeklyRule, day: date, zone: ZoneInfo) -> list[Period]:
    closing_day = day if rule.closes > rule.opens else day + timedelta(days=1)
    start, end = instant_of(day, rule.opens, zone), instant_of(closing_day, rule.closes, zone)
    return [Period(start, end)] if start < end else []
