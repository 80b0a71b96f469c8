"""iCalendar out: an event as a file, or many as a feed, that every calendar reads and that give nothing away. Pure.

Source: RFC 5545. Civil days are written as dates, whatever the clocks do that night; instants as wall time with the
zone of the place, and the rules of that zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from availability.periods import Period

if TYPE_CHECKING:
    from icalendar import Event as CalendarEvent

PRODUCT = "-//PlaceJuste//PlaceJuste 0.1//FR"


class Status(StrEnum):
    """How sure an event is. Source: RFC 5545, section 3.8.1.11."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Days:
    """Civil days `[first, until)`. Without end, the event is its first day."""

    first: date
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is written in a calendar that others may read over a shoulder.

    `summary` never names a measure, and `location` is a street address, never the name of a service.
    `sequence` grows with each change, so that a calendar replaces what it had under the same `uid`.
    """

    uid: str
    summary: str
    location: str
    when: Days | Period
    time_zone: str
    status: Status = Status.CONFIRMED
    sequence: int = 0
    url: str = ""
    changed_at: datetime | None = None  # in a feed: the same event is then written the same, whenever it is read


def event_ics(event: Event, *, now: datetime) -> bytes:
    """Return the .ics file of one event, stamped `now`."""
    from icalendar import Calendar  # slow to import, and no start should wait for it

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_written(event, now))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def feed_ics(name: str, events: Sequence[Event], *, every: timedelta) -> bytes:
    """Return a calendar that others subscribe to, and read again after `every`.

    The same events give the same bytes: each is stamped by its last change. What is cancelled stays, as cancelled, so
    that a calendar takes it away. Source: RFC 5545, section 3.8.7.2; RFC 7986, section 5.7; [MS-OXCICAL] 2.1.3.1.1.8.
    """
    from icalendar import Calendar, vDuration

    ttl = f"PT{int(every.total_seconds() // 60)}M"
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("name", name)
    calendar.add("refresh-interval", vDuration(every), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", ttl)
    for event in events:
        calendar.add_component(_written(event, event.changed_at or datetime(2000, 1, 1, tzinfo=UTC)))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _written(event: Event, now: datetime) -> CalendarEvent:
    from icalendar import Event as CalendarEvent
    from icalendar import vText

    written = CalendarEvent()
    written.add("uid", event.uid)
    written.add("dtstamp", now.astimezone(UTC))
    written.add("sequence", event.sequence)
    written.add("summary", event.summary)
    written.add("status", event.status)
    if event.location:
        written.add("location", event.location)
    if event.url:
        written.add("url", event.url)
    start, end = _bounds(event)
    written.add("dtstart", start)
    written.add("dtend", end)
    # Nights in a centre do not make the officer busy; an hour does.
    written["transp"] = vText("TRANSPARENT" if isinstance(event.when, Days) else "OPAQUE")
    return written


def _bounds(event: Event) -> tuple[date, date]:
    if isinstance(event.when, Days):
        return event.when.first, event.when.until or event.when.first + timedelta(days=1)
    zone = ZoneInfo(event.time_zone)
    return event.when.start.astimezone(zone), event.when.end.astimezone(zone)
