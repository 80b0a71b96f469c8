"""Days of work and hours at home in the minutes of the optimizer, on the grid of the slots. Pure.

Everything that a plan says must be a slot that can be booked. Visits begin every `step_min` from the opening of their
team; so the way between two of them is rounded up to what the grid leaves between them, and whoever begins as early as
can be begins on the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from availability.openings import A_DAY, instant_of
from availability.periods import Period
from availability.slots import Agenda, Grid
from booking.fittings import Home, Pause, at_home
from optimizer.rounds.problem import Rest, Window

DAY_MIN = 1440
NOON = 720
LONG_DAY_MIN = 360  # a break is due from six hours on. Source: décret n° 2000-815 du 25 août 2000, art. 3
LUNCHES_MIN = (30, 180)  # how long a gap between two openings may be to be the break

Span = tuple[int, int]  # minutes after midnight, from and until


@dataclass(frozen=True, kw_only=True)
class Beat:
    """How visits of a kind follow one another, in minutes."""

    step: int
    duration: int
    gap: int

    @classmethod
    def of(cls, grid: Grid) -> Beat:
        """Return the beat of a grid."""
        return cls(step=_minutes(grid.step), duration=_minutes(grid.duration), gap=_minutes(grid.gap))

    def up(self, minutes: int, origin: int = 0) -> int:
        """Return these minutes, or the next ones that are on the grid from `origin`."""
        return origin - (origin - minutes) // self.step * self.step

    def after(self, minutes: int) -> int:
        """Return how long after the end of a visit the next can begin, so many minutes away."""
        return self.up(self.duration + max(minutes, self.gap)) - self.duration


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A day of work: from and until when, its break, and when nobody goes anywhere."""

    start: int
    end: int
    rest: Rest | None
    blocks: tuple[Span, ...]


def minutes_of(at: datetime, day: date, zone: ZoneInfo) -> int:
    """Return how many minutes after midnight of a day the clocks of a zone show."""
    wall = at.astimezone(zone).replace(tzinfo=None)
    return _minutes(wall - datetime.combine(day, time()))


def instant_at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clocks of a zone show so many minutes after midnight of a day."""
    days, within = divmod(minutes, DAY_MIN)
    return instant_of(day + days * A_DAY, time(*divmod(within, 60)), zone)


def opened_on(agenda: Agenda, day: date) -> list[Span]:
    """Return the openings of a resource that begin on a day, sorted."""
    return [
        (minutes_of(start, day, agenda.zone), minutes_of(end, day, agenda.zone))
        for start, end in agenda.openings
        if start.astimezone(agenda.zone).date() == day
    ]


def hours_of(openings: Sequence[Span], closed: Iterable[Span], beat: Beat, pause: Pause) -> Hours | None:
    """Return the day of work that openings make, without what is `closed`; None when nothing is left.

    The break is the gap between two openings where there is one, else that of the kind, on a long day.
    """
    origin, start, end = openings[0][0], openings[0][0], openings[-1][1]
    blocks = []
    for first, last in sorted(closed):
        if first <= start:
            start = max(start, beat.up(last, origin))
        elif last >= end:
            end = min(end, first)
        elif start < last and first < end:
            blocks.append((first, last))
    if start >= end:
        return None
    gaps = [(one[1], two[0]) for one, two in pairwise(openings) if one[1] < two[0]]
    gaps = [gap for gap in gaps if start <= gap[0] and gap[1] <= end]
    lunch = min((gap for gap in gaps if _is_lunch(gap)), key=lambda gap: abs(sum(gap) // 2 - NOON), default=None)
    blocks += [gap for gap in gaps if gap != lunch]
    rest = Rest(minutes=lunch[1] - lunch[0], start_min=lunch[0], end_min=lunch[1]) if lunch else None
    if not gaps:
        rest = _usual_rest(start, end, beat, pause)
    return Hours(start=start, end=end, rest=rest, blocks=tuple(sorted(blocks)))


def _is_lunch(gap: Span) -> bool:
    shortest, longest = LUNCHES_MIN
    return shortest <= gap[1] - gap[0] <= longest


def _usual_rest(start: int, end: int, beat: Beat, pause: Pause) -> Rest | None:
    """Return the break of a day, on the grid as the visits around it; None where there is no time for it."""
    minutes = beat.up(pause.minutes)
    opens, until = (wall.hour * 60 + wall.minute for wall in (pause.opens, pause.until))
    opens = beat.up(max(opens, start), start)
    is_possible = opens + minutes <= min(until, end)
    if not minutes or end - start < LONG_DAY_MIN or not is_possible:
        return None
    return Rest(minutes=minutes, start_min=opens, end_min=until)


def present_on(home: Home, first: date, until: date, zone: ZoneInfo) -> dict[date, list[Span]]:
    """Return when somebody is at home on each day of `[first, until)` of a zone; a night counts on both its days."""
    days = [first + number * A_DAY for number in range((until - first).days)]
    periods = at_home(home.windows, first - A_DAY, until + A_DAY, home.zone)
    return {
        day: [(minutes_of(one.start, day, zone), minutes_of(one.end, day, zone)) for one in _near(periods, day, zone)]
        for day in days
    }


def _near(periods: Iterable[Period], day: date, zone: ZoneInfo) -> list[Period]:
    whole = Period(instant_of(day, time(), zone), instant_of(day + 2 * A_DAY, time(), zone))  # an opening may end late
    return [one for one in periods if one.overlaps(whole)]


def windows_on(day: date, openings: Iterable[Span], present: Sequence[Span], beat: Beat, soonest: int) -> list[Window]:
    """Return when a visit may begin on a day: on the grid, within an opening, while somebody is at home."""
    found = set()
    for opens, closes in openings:
        for comes, goes in present:
            start = beat.up(max(opens, comes, soonest), opens)
            latest = min(closes, goes) - beat.duration
            if start <= latest:
                found.add((start, start + (latest - start) // beat.step * beat.step))
    kept = [one for one in found if not any(_holds(other, one, beat.step) for other in found)]
    return [Window(day=day, start_min=start, end_min=end) for start, end in sorted(kept)]


def _holds(other: Span, one: Span, step: int) -> bool:
    """Say whether another window offers the same starts and more."""
    is_wider = other != one and other[0] <= one[0] and one[1] <= other[1]
    return is_wider and (one[0] - other[0]) % step == 0


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
