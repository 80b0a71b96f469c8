"""A calendar file becomes the times at which somebody is busy: its titles are never read. Pure.

Recurrences are those of `recurring_ical_events`; what happens once, which is nearly all of a large calendar, is read
without it, twenty times faster. Source: RFC 5545; [MS-OXCICAL] for what Outlook adds.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
import x_wr_timezone
from icalendar import Calendar
from icalendar.prop import vDDDTypes
from icalendar.timezone import tzp

from availability.feed_text import CalendarText, EventText, Unreadable, Why, calendars_in, parameter, value_of
from availability.periods import Period, merge

A_DAY = timedelta(days=1)
MOST_OCCURRENCES = 20_000  # in one feed: an event every half hour, day and night, for more than a year

RECURRING = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
# Tentative is busy: it may become certain, and taking it for free is the worse mistake.
FREE_IN_OUTLOOK = frozenset({"FREE", "WORKINGELSEWHERE"})
BUSY_IN_OUTLOOK = frozenset({"BUSY", "OOF", "TENTATIVE"})
NEVER_ENDING = re.compile(r"FREQ=(SECONDLY|MINUTELY)")

Moment = date | datetime


@dataclass(frozen=True)
class FeedRead:
    """What a calendar says: when somebody is busy (sorted, disjoint), of how many events.

    `unread` of them could not be understood: of those only the first occurrence counts, when it has dates.
    """

    busy: tuple[Period, ...]
    events: int
    unread: int


def read_feed(data: bytes, *, within: Period, zone: ZoneInfo) -> FeedRead:
    """Return the busy times of a calendar file that touch a period, cut to it.

    All-day events are civil days of `zone`, and so are times that name no zone and whose calendar names none.
    It takes the time that the file asks for: see `availability/feed_process.py` for files of strangers.
    Raises: Unreadable.
    """
    tzp.use_default()  # zones defined by the file read before are not those of this one
    busy: list[Period] = []
    events = unread = 0
    for calendar in calendars_in(data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library tells what it guesses of the names of zones
            reading = _Reading(calendar, within, zone)
            busy += reading.busy()
        events += len(calendar.events)
        unread += reading.unread
        if len(busy) > MOST_OCCURRENCES:
            raise Unreadable(Why.TOO_HEAVY)
    return FeedRead(tuple(merge(busy)), events, unread)


class _Reading:
    """One calendar being read."""

    def __init__(self, calendar: CalendarText, within: Period, zone: ZoneInfo) -> None:
        self.within, self.zone = within, zone
        self.events = calendar.events
        self.unread = 0
        self.left = MOST_OCCURRENCES
        _learn_zones(calendar.zones)
        self.named = tzp.timezone(calendar.zone_name) if calendar.zone_name else None
        # Days, as they are written, that lie outside wherever the clock of an event is.
        self.before, self.after = (f"{at:%Y%m%d}" for at in (within.start - 2 * A_DAY, within.end + 2 * A_DAY))

    def busy(self) -> list[Period]:
        """Return the busy times, in no order."""
        found: list[Period] = []
        for group in _by_uid(self.events):
            if len(group) == 1 and RECURRING.isdisjoint(name for name, _ in group[0].lines):
                found += self._once(group[0])
            else:
                found += self._again(group)
        return found

    def _once(self, event: EventText) -> list[Period]:
        """Return the time of an event that happens once, if it makes busy then."""
        if not is_busy(event) or self._is_far(event):
            return []
        try:
            span = self._span(event)
        except MemoryError:
            raise
        except Exception:  # whatever a stranger wrote, and however the library takes it
            self.unread += 1
            return []
        return self._kept([span] if span else [])

    def _again(self, group: list[EventText]) -> list[Period]:
        """Return the times of an event that comes again, with its exceptions."""
        if any(event.has_giant or not _can_recur(event) for event in group):
            return self._first_only(group)
        try:
            return self._kept(self._occurrences(group))
        except (Unreadable, MemoryError):
            raise
        except Exception:  # as above
            return self._first_only(group)

    def _first_only(self, group: list[EventText]) -> list[Period]:
        """Return the times of events whose recurrence is not understood, as if they came once."""
        self.unread += 1
        before = self.unread
        found = [span for event in group for span in self._once(event)]
        self.unread = before
        return found

    def _occurrences(self, group: list[EventText]) -> Iterator[Period]:
        calendar = Calendar.from_ical(_written(group))
        is_partly_read = any(getattr(one, "errors", ()) for one in calendar.walk())  # lines that the library left out
        if self.named is not None:
            calendar = x_wr_timezone.to_standard(calendar, timezone=self.named)
        first, last = self.within.start - A_DAY, self.within.end + A_DAY
        for series in recurring_ical_events.of(calendar).series:
            for occurrence in series.between(first, last):
                self.left -= 1
                if self.left < 0:
                    raise Unreadable(Why.TOO_HEAVY)
                one: Any = occurrence.as_component(keep_recurrence_attributes=False)
                if _counts(*(str(one.get(name, "")) for name in BUSY_LINES)):
                    yield from self._between(occurrence.start, occurrence.end)
        self.unread += is_partly_read

    def _span(self, event: EventText) -> Period | None:
        start = _moment(event.first("DTSTART"))
        if start is None:
            return None  # it says no time: it makes nobody busy
        end = _moment(event.first("DTEND"))
        if end is None and (line := event.first("DURATION")):
            end = start + _value(line)
        return next(self._between(start, start if end is None else end), None)

    def _between(self, start: Moment, end: Moment) -> Iterator[Period]:
        """Yield the period between two moments, which whoever wrote them may have swapped."""
        first, last = self._instant(start), self._instant(end)
        if last <= first and not isinstance(start, datetime):
            last = self._instant(start + A_DAY)
        if first != last:
            yield Period(min(first, last), max(first, last))

    def _instant(self, at: Moment) -> datetime:
        if not isinstance(at, datetime):
            return datetime.combine(at, time(), self.zone).astimezone(UTC)
        return (at if at.tzinfo else at.replace(tzinfo=self.named or self.zone)).astimezone(UTC)

    def _is_far(self, event: EventText) -> bool:
        """Say whether the dates, as they are written, show that an event is outside of the period."""
        start, end = event.value("DTSTART")[:8], event.value("DTEND")[:8]
        if not (start.isdecimal() and end.isdecimal() and start <= end):
            return False
        return start > self.after or end < self.before

    def _kept(self, spans: Iterable[Period]) -> list[Period]:
        """Return what of these periods lies within, cut to it."""
        start, end = self.within.start, self.within.end
        return [
            Period(max(span.start, start), min(span.end, end))
            for span in spans
            if span.start < end and start < span.end
        ]


BUSY_LINES = ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")


def is_busy(event: EventText) -> bool:
    """Say whether an event makes busy."""
    return _counts(*(event.value(name) for name in BUSY_LINES))


def _counts(status: str, transparency: str, outlook: str) -> bool:
    """Say whether an event makes busy. What Outlook says of itself is finer than what it says to others."""
    if status.upper() == "CANCELLED" or outlook.upper() in FREE_IN_OUTLOOK:
        return False
    return outlook.upper() in BUSY_IN_OUTLOOK or transparency.upper() != "TRANSPARENT"


def _moment(line: str | None) -> Moment | None:
    if line is None:
        return None
    read = _value(line)
    if not isinstance(read, date):
        raise TypeError(line)
    return read


def _value(line: str) -> Any:
    """Return a date, an instant or a duration, whatever the line holds. Raises: ValueError."""
    return vDDDTypes.from_ical(value_of(line), parameter(line, "TZID") or None)  # type: ignore[no-untyped-call]


def _can_recur(event: EventText) -> bool:
    """Say whether the rules of an event are rules, and none of them asks for every second or minute."""
    rules = [value_of(line).upper() for name, line in event.lines if name == "RRULE"]
    return all("FREQ=" in rule and not NEVER_ENDING.search(rule) for rule in rules)


def _by_uid(events: Iterable[EventText]) -> list[list[EventText]]:
    """Return the events together with their exceptions; one without number is alone."""
    groups: dict[object, list[EventText]] = defaultdict(list)
    for event in events:
        groups[event.value("UID") or id(event)].append(event)
    return list(groups.values())


def _written(group: list[EventText]) -> str:
    lines = ["BEGIN:VCALENDAR"]
    for event in group:
        lines += ["BEGIN:VEVENT", *(line for _, line in event.lines), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _learn_zones(lines: list[str]) -> None:
    """Have the library know the zones that a calendar defines; those that it can't read it does without."""
    zone: list[str] = []
    for line in lines:
        zone.append(line)
        if line.upper().startswith("END:VTIMEZONE"):
            with contextlib.suppress(Exception):  # its times are read as those of the site, then
                Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *zone, "END:VCALENDAR", ""]))
            zone = []
