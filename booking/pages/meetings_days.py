"""The days of common dates as they are drawn: who is busy when, and nothing of what for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from availability.periods import Period
from booking.common_dates import Blocker, Possibility, Wanted
from booking.meeting_search import Answer
from booking.pages.meetings_words import but_words
from portal.ui.dates import NBSP, from_today, hour, long_day, moment

MOST_HOURS = 5  # written under a day


@dataclass(frozen=True)
class Run:
    """A part of a line, in hundredths of the day."""

    left: str
    width: str


@dataclass(frozen=True)
class DrawnLine:
    """An agenda of a day: when it is taken, drawn and said."""

    name: str
    said: str
    runs: list[Run]
    frames: list[Run]


@dataclass(frozen=True)
class Slot:
    """A possibility, to take."""

    number: str  # as the drawing of its day has it
    hours: str
    where: str
    start: str
    room_id: str
    video_id: str
    label: str  # of its button, for who does not see the day around it


@dataclass(frozen=True)
class Mark:
    """A word at a place of a line."""

    left: str
    word: str


@dataclass(frozen=True)
class Day:
    """A day with its possibilities, or with who stands in the way of one, and the agendas of all around it."""

    id: str
    name: str
    when: str
    note: str
    slots: list[Slot]
    numbers: list[Mark]
    lines: list[DrawnLine]
    ticks: list[Run]
    hours: list[Mark]


def days_of(answer: Answer, wanted: Wanted, now: datetime) -> list[Day]:
    """Return the days of the possibilities; when there is none, the one on which the fewest stand in the way."""
    zone, first = answer.court.zone, answer.found.first
    if not first:
        return [_blocked_day(one, answer, wanted, now) for one in answer.found.blockers[:1]]
    numbered = list(enumerate(first, 1))
    by_day = groupby(numbered, key=lambda one: one[1].period.start.astimezone(zone).date())
    return [_day(list(several), answer, wanted, now) for _, several in by_day]


def _day(several: Sequence[tuple[int, Possibility]], answer: Answer, wanted: Wanted, now: datetime) -> Day:
    return replace(
        _drawn_day([one for _, one in several], answer, wanted, now),
        slots=[_slot(number, one, answer, wanted) for number, one in several],
        numbers=[
            Mark(_percent(one.period.start, answer.day_of([one], wanted)[0]), str(number)) for number, one in several
        ],
    )


def _blocked_day(one: Blocker, answer: Answer, wanted: Wanted, now: datetime) -> Day:
    zone, period = answer.court.zone, one.first.period
    when = f"{hour(period.start, zone)} – {hour(period.end, zone)}"
    note = f"{when}{NBSP}: tout est libre, sauf {but_words(one.needs, answer.names)}."
    return replace(_drawn_day([one.first], answer, wanted, now), note=note)


def _drawn_day(several: Sequence[Possibility], answer: Answer, wanted: Wanted, now: datetime) -> Day:
    """Return a day with the agendas of all, each framed where it would be taken."""
    zone = answer.court.zone
    hours, lines = answer.day_of(several, wanted)
    on = hours.start.astimezone(zone).date()
    things = {one.room_id for one in several} | {one.video_id for one in several}
    drawn = []
    for line in lines:
        meant = [one for one in several if line.resource_id not in things or line.resource_id in _things(one)]
        frames = [_run(one.period, hours) for one in meant]
        runs = [_run(one, hours) for one in line.busy]
        drawn.append(DrawnLine(answer.names[line.resource_id], _busy_words(line.busy, zone), runs, frames))
    whole = [hours.start, *_hours_within(hours, zone), hours.end]
    told = whole[:: max(1, -(-len(whole) // MOST_HOURS))]
    return Day(
        id=on.isoformat(),
        name=long_day(on),
        when=from_today(on, now.astimezone(zone).date()),
        note="",
        slots=[],
        numbers=[],
        lines=drawn,
        ticks=[_run(Period(at, hours.end), hours) for at in whole[1:-1]],
        hours=[Mark(_percent(at, hours), hour(at, zone)) for at in told],
    )


def _things(one: Possibility) -> tuple[int | None, int | None]:
    return one.room_id, one.video_id


def _slot(number: int, one: Possibility, answer: Answer, wanted: Wanted) -> Slot:
    zone = answer.court.zone
    places = [answer.names[each] for each in (one.room_id, one.video_id, wanted.far_end_id) if each]
    return Slot(
        number=str(number),
        hours=f"{hour(one.period.start, zone)} – {hour(one.period.end, zone)}",
        where=" · ".join(places),
        start=one.period.start.isoformat(),
        room_id=str(one.room_id or ""),
        video_id=str(one.video_id or ""),
        label=f"Prendre {moment(one.period.start, zone)}",
    )


def _hours_within(hours: Period, zone: ZoneInfo) -> list[datetime]:
    first = hours.start.astimezone(zone).replace(minute=0) + timedelta(hours=1)
    count = int((hours.end - hours.start).total_seconds() // 3600) + 1
    found = (first + timedelta(hours=number) for number in range(count))
    return [at for at in found if hours.start < at < hours.end]


def _run(one: Period, hours: Period) -> Run:
    whole = (hours.end - hours.start).total_seconds()
    return Run(_percent(one.start, hours), f"{(one.end - one.start).total_seconds() / whole * 100:.2f}%")


def _percent(at: datetime, hours: Period) -> str:
    return f"{(at - hours.start).total_seconds() / (hours.end - hours.start).total_seconds() * 100:.2f}%"


def _busy_words(busy: Sequence[Period], zone: ZoneInfo) -> str:
    if not busy:
        return "libre toute la journée"
    return "occupé " + ", ".join(f"de {hour(one.start, zone)} à {hour(one.end, zone)}" for one in busy)
