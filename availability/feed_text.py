"""A calendar file cut down to what says when somebody is busy: no title, no place, no guest goes any further. Pure.

Nothing recurses, and every step is one pass: a hostile file costs what its size costs.
Source: RFC 5545, sections 3.1 (content lines) and 3.6 (components).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

MOST_BYTES = 10 * 1024 * 1024
MOST_EVENTS = 20_000
MOST_CALENDARS = 100
DEEPEST = 20
LONGEST_LINE = 100_000  # of those that are kept: an EXDATE of six thousand dates
LONGEST_ZONES = 500_000

# What says when, and whether that counts; the rest of an event is none of our business.
KEPT = frozenset(
    {"UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS",
     "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"}
)  # fmt: skip
_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_QUOTED = re.compile(r'"[^"]*"')


class Why(StrEnum):
    """Why a file says nothing that can be trusted."""

    NOT_A_CALENDAR = "not-a-calendar"
    CUT_SHORT = "cut-short"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many-events"
    TOO_HEAVY = "too-heavy"  # more time, memory or occurrences than an honest calendar needs


class Unreadable(Exception):  # noqa: N818 - an answer
    """Nothing of this file may be believed. `why` is for the words of its owner."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass
class EventText:
    """The lines of an event that are kept, in their order; `has_giant` when one was too long to be kept."""

    lines: list[tuple[str, str]] = field(default_factory=list)  # name, whole line
    has_giant: bool = False

    def first(self, name: str) -> str | None:
        """Return the first line of that name."""
        return next((line for each, line in self.lines if each == name), None)

    def value(self, name: str) -> str:
        """Return the value of the first line of that name, or nothing."""
        line = self.first(name)
        return value_of(line) if line else ""


@dataclass
class CalendarText:
    """One VCALENDAR: its events, its zones as written, and the zone that X-WR-TIMEZONE names."""

    events: list[EventText] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    zone_name: str = ""


def calendars_in(data: bytes) -> list[CalendarText]:
    """Return the calendars of a file. Raises: Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(Why.TOO_LARGE)
    reader = _Reader()
    for line in _lines(data):
        reader.read(line)
    return reader.done()


def value_of(line: str) -> str:
    """Return what follows the name and the parameters of a content line."""
    return line[_colon(line) + 1 :].strip()


def parameter(line: str, name: str) -> str:
    """Return a parameter of a content line, or nothing."""
    head = line[: _colon(line)]
    found = re.search(rf';{name}=("[^"]*"|[^;]*)', head, re.IGNORECASE)
    return found[1].strip('"') if found else ""


class _Reader:
    """Where one is in the file: in which component, how deep, and what was kept."""

    def __init__(self) -> None:
        self.calendars: list[CalendarText] = []
        self.open: list[str] = []
        self.event: EventText | None = None
        self.events = self.zones_length = 0

    def read(self, line: str) -> None:
        """Take one more line."""
        found = _NAME.match(line)
        name = found[0].upper() if found else ""
        if name == "BEGIN":
            self._begin(line, value_of(line).upper())
        elif name == "END":
            self._end(line, value_of(line).upper())
        elif "VTIMEZONE" in self.open:
            self._keep_zone(line)
        elif self.event is not None and self.open[-1] == "VEVENT":
            self._keep(name, line)
        elif name == "X-WR-TIMEZONE" and self.open == ["VCALENDAR"]:
            self.calendars[-1].zone_name = value_of(line)[:100]

    def done(self) -> list[CalendarText]:
        """Return the calendars. Raises: Unreadable."""
        if not self.calendars:
            raise Unreadable(Why.NOT_A_CALENDAR)
        if self.open:  # a download that stopped: what is missing may be what makes somebody busy
            raise Unreadable(Why.CUT_SHORT)
        return self.calendars

    def _begin(self, line: str, component: str) -> None:
        if not self.open and component != "VCALENDAR":
            return
        self.open.append(component)
        if len(self.open) > DEEPEST or len(self.calendars) > MOST_CALENDARS:
            raise Unreadable(Why.TOO_HEAVY)
        if component == "VCALENDAR" and len(self.open) == 1:
            self.calendars.append(CalendarText())
        elif component == "VEVENT" and self.event is None:
            self.event = EventText()
            self.events += 1
            if self.events > MOST_EVENTS:
                raise Unreadable(Why.TOO_MANY)
        elif "VTIMEZONE" in self.open:
            self._keep_zone(line)

    def _end(self, line: str, component: str) -> None:
        if component not in self.open:
            return  # the end of nothing
        if "VTIMEZONE" in self.open:
            self._keep_zone(line)
        while self.open.pop() != component:
            pass
        if self.event is not None and "VEVENT" not in self.open:
            self.calendars[-1].events.append(self.event)
            self.event = None

    def _keep(self, name: str, line: str) -> None:
        if name not in KEPT or self.event is None:
            return
        if len(line) > LONGEST_LINE:
            self.event.has_giant = True
        else:
            self.event.lines.append((name, line))

    def _keep_zone(self, line: str) -> None:
        self.zones_length += len(line)
        if self.zones_length > LONGEST_ZONES:
            raise Unreadable(Why.TOO_HEAVY)
        self.calendars[-1].zones.append(line)


def _lines(data: bytes) -> list[str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # as old programs end their lines
    # Unfolded as bytes: a fold may cut a letter in two.
    return [line.rstrip("\r") for line in _FOLD.sub(b"", data).decode(errors="replace").split("\n")]


def _colon(line: str) -> int:
    """Return where the value of a content line begins: a quoted parameter may hold colons."""
    at = line.find(":")
    quote = line.find('"', 0, at) if at >= 0 else -1
    if quote < 0:
        return at if at >= 0 else len(line)
    blanked = _QUOTED.sub(lambda found: "_" * len(found[0]), line[:2000])
    at = blanked.find(":")
    return at if at >= 0 else len(line)
