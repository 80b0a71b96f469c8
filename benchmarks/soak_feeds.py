"""`make soak`: calendars that nobody should write, read for minutes: no crash, no hang over 2 s, at most 200 MB.

Each is read in a process of its own within the limits of `availability/feed_process.py`. What the kernel stops is
counted apart: it is an answer ("too heavy"), unless the limits are exceeded. A failure leaves its file behind.
`python -m benchmarks.soak_feeds --seconds 600`, or `--cases 60` for a short form.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from availability.feed_process import PROCESSOR_S, limit
from availability.feed_text import MOST_BYTES, Unreadable
from availability.feeds import read_feed
from availability.periods import Period

FOLDER = Path(".data/soak-feeds")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WITHIN = Period(NOW - timedelta(days=1), NOW + timedelta(days=400))
ZONE = ZoneInfo("Europe/Paris")
READ, REFUSED, CRASHED = 0, 10, 20
MOST_MEMORY = 200 * 1024 * 1024
LONGEST = MOST_BYTES + 2 * 1024 * 1024  # of a file, in bytes: a longer one is not even fetched, and is held here too
SLACK_S = 0.5  # the kernel looks at clocks by whole seconds, and ends by itself
NAMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "SEQUENCE", "STATUS",
         "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "SUMMARY", "X-WR-TIMEZONE", "TZOFFSETFROM", "CALSCALE")  # fmt: skip
PARTS = ("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD",
         "BEGIN:VALARM", "END:VALARM", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VTODO", " folded", "\t", "",
         ":", ";")  # fmt: skip


@dataclass
class Worst:
    """The most that any case took."""

    processor_s: float = 0
    wall_s: float = 0
    memory: int = 0


class Fuzzer:
    """Makes hostile files: samples that were mangled, and events out of all proportion."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - the same campaign for the same seed
        packages = (icalendar, recurring_ical_events)
        paths = sorted(path for one in packages for path in Path(str(one.__file__)).parent.rglob("*.ics"))
        self.samples = [path.read_bytes() for path in paths]

    def case(self) -> bytes:
        """Return one more file."""
        return self._case()[:LONGEST]

    def _case(self) -> bytes:
        if self.dice.random() < 0.5:
            return self._mangled(self.dice.choice(self.samples))
        events = "".join(self._event(number) for number in range(self.dice.choice((1, 1, 2, 5, 40))))
        file = f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n".encode(errors="replace")
        return self._mangled(file) if self.dice.random() < 0.2 else self._grown(file)

    def _mangled(self, data: bytes) -> bytes:
        lines = data.split(b"\n")
        for _ in range(self.dice.randint(1, 8)):
            at = self.dice.randrange(len(lines) + 1)
            match self.dice.randrange(7):
                case 0:
                    lines.insert(at, self._line().encode(errors="replace"))
                case 1:
                    lines.insert(at, self.dice.choice(PARTS).encode())
                case 2:
                    lines[at : at + 1] = []
                case 3:
                    lines[at : at + 1] = lines[at : at + 1] * self.dice.choice((2, 50, 5000))
                case 4:
                    lines[at:] = lines[: self.dice.randrange(len(lines) + 1)]
                case 5 if at < len(lines):
                    cut = self.dice.randrange(len(lines[at]) + 1)
                    lines[at] = lines[at][:cut] + self.dice.randbytes(self.dice.choice((1, 3, 200))) + lines[at][cut:]
                case _:
                    self.dice.shuffle(lines) if self.dice.random() < 0.1 else lines.reverse()
        return b"\n".join(lines)

    def _grown(self, data: bytes) -> bytes:
        match self.dice.randrange(12):
            case 0:
                return data.replace(b"END:VEVENT", b"SUMMARY:" + b"x" * 3_000_000 + b"\r\nEND:VEVENT", 1)
            case 1:
                return data.replace(b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\n" * self.dice.choice((10, 30, 100_000)), 1)
            case 2:
                return data.replace(b"END:VCALENDAR", data[17:-17] * self.dice.choice((10, 500)) + b"END:VCALENDAR")
            case 3:
                return data.replace(b"\r\n", b"\r\n ", self.dice.randint(1, 200_000))
        return data

    def _event(self, number: int) -> str:
        lines = [f"UID:{self.dice.choice((0, number))}", f"DTSTART{self._when()}", f"DTEND{self._when()}"]
        if self.dice.random() < 0.7:
            lines.append(f"RRULE:{self._rule()}")
        lines += [self._line() for _ in range(self.dice.randint(0, 4))]
        return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])

    def _line(self) -> str:
        name = self.dice.choice(NAMES)
        if name == "RRULE":
            return f"RRULE:{self._rule()}"
        if name == "DURATION":
            return f"DURATION:{self.dice.choice(('', '-'))}P{self._number()}{self.dice.choice('DWTHMSY')}"
        if name in ("DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID"):
            return name + self._when() + "".join("," + self._date() for _ in range(self.dice.choice((0, 0, 3, 3000))))
        words = (
            "CANCELLED",
            "TRANSPARENT",
            "FREE",
            "OOF",
            "Europe/Paris",
            "é\\n\\,",
            "\0",
            '"',
            "GREGORIAN",
            "CHINESE",
        )
        return f"{name}:{self.dice.choice(words)}"

    def _when(self) -> str:
        zone = self.dice.choice(("", "", ";TZID=Europe/Paris", ';TZID="A:B"', ";TZID=Nowhere", ";VALUE=DATE"))
        return f"{zone}:{self._date()}"

    def _date(self) -> str:
        year = self.dice.choice((1, 1600, 1970, 2020, 2026, 2026, 2026, 2026, 9999))
        day = f"{year:04d}{self._about(1, 12):02d}{self._about(1, 28):02d}"
        time_ = f"T{self._about(0, 23):02d}{self._about(0, 59):02d}00"
        return day + self.dice.choice(("", time_, time_, time_ + "Z", time_ + "Z", "T", "Z"))

    def _about(self, least: int, most: int) -> int:
        """Return a number within bounds, now and then just outside."""
        return self.dice.randint(least, most) if self.dice.random() < 0.97 else self.dice.choice((0, most + 8))

    def _rule(self) -> str:
        every = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "NEVER")
        parts = [f"FREQ={self.dice.choice(every)}"]
        listed = {"BYSECOND": 60, "BYMINUTE": 60, "BYHOUR": 24, "BYMONTHDAY": 32, "BYYEARDAY": 370, "BYWEEKNO": 54,
                  "BYMONTH": 13, "BYSETPOS": 370}  # fmt: skip
        for name, most in listed.items():
            if self.dice.random() < 0.15:
                values = self.dice.choice((range(most), range(-most, 0), [self.dice.randint(-most, most)]))
                parts.append(f"{name}={','.join(map(str, values))}")
        extras = (f"INTERVAL={self._number()}", f"COUNT={self._number()}", f"UNTIL={self._date()}", "BYDAY=MO,-5SU",
                  "WKST=SU", "RSCALE=CHINESE", "=")  # fmt: skip
        return ";".join(parts + [one for one in extras if self.dice.random() < 0.2])

    def _number(self) -> int:
        return self.dice.choice((-1, 0, 1, 2, 7, 1000, 10**9, 10**30))


def judged(data: bytes, worst: Worst) -> str:
    """Return what became of a file, read in a process within the limits; note the most that it took."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os._exit(_in_child(data))
    _, status, used = os.wait4(child, 0)
    worst.wall_s = max(worst.wall_s, time.monotonic() - begun)
    worst.processor_s = max(worst.processor_s, used.ru_utime + used.ru_stime)
    worst.memory = max(worst.memory, used.ru_maxrss * 1024)
    if used.ru_utime + used.ru_stime > PROCESSOR_S + SLACK_S:
        return "HANG"
    if used.ru_maxrss * 1024 > MOST_MEMORY:
        return "MEMORY"
    if os.WIFSIGNALED(status):
        return "stopped" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "CRASH"
    return {READ: "read", REFUSED: "refused"}.get(os.WEXITSTATUS(status), "CRASH")


def _in_child(data: bytes) -> int:
    limit()
    try:
        read_feed(data, within=WITHIN, zone=ZONE)
    except (Unreadable, MemoryError):
        return REFUSED
    except BaseException as error:  # whatever it is, it is what is being looked for
        sys.stderr.write(f"{type(error).__name__}: {str(error)[:300]}\n")
        return CRASHED
    return READ


def main() -> int:
    """Run the campaign, print what it found, and return 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_feeds", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--cases", type=int, default=0, help="this many instead of some seconds")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    fuzzer, worst, found = Fuzzer(asked.seed), Worst(), Counter[str]()
    until = time.monotonic() + asked.seconds
    while found.total() < asked.cases if asked.cases else time.monotonic() < until:
        data = fuzzer.case()
        verdict = judged(data, worst)
        found[verdict] += 1
        if verdict.isupper():
            FOLDER.mkdir(parents=True, exist_ok=True)
            path = FOLDER / f"{verdict.lower()}-{asked.seed}-{found.total()}.ics"
            path.write_bytes(data)
            print(f"{verdict}: {path}", flush=True)
    wrong = sum(count for verdict, count in found.items() if verdict.isupper())
    print(f"feeds: {dict(found.most_common())}, at most {worst.processor_s:.2f} s of processor, {worst.wall_s:.2f} s,")
    print(f"  {worst.memory / 1024 / 1024:.0f} MB; " + (f"{wrong} BROKEN" if wrong else "everything holds"), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
