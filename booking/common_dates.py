"""Hours at which everybody, a room and both ends of a video link are free at once, and who stands in the way. Pure.

What is busy comes in as spans of seconds. All starts of the months ahead are judged at once, one bit each: to ask what
there would be without somebody is one more "and". `free_starts`, which lists, is the function that confirms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from itertools import combinations, groupby
from operator import and_, or_
from zoneinfo import ZoneInfo

from availability.errors import InvalidRequest
from availability.openings import A_DAY, DaysOff, instant_of
from availability.periods import Period, days_between

STEP_S = 15 * 60  # a hearing begins on a quarter of an hour, counted from when the court opens
SHOWN = 5
MOST_PEOPLE = 12
MINUTES = (15, 600)
LONGEST_DAYS = 184
NOON = (time(12, 30), time(13, 30))
FROM, TO = time(9), time(18)  # when courts sit, unless somebody says otherwise

Span = tuple[int, int]  # seconds of the epoch, [start, end)
Seats = Sequence[Sequence[Span]]  # of each seat of something, when it is taken, in any order; no seat is never free


class RoomWish(StrEnum):
    """Which room is wanted."""

    NONE = "none"
    ANY = "any"
    VIDEO = "video"  # any, with a video unit of the same court


class Part(StrEnum):
    """What must be free."""

    PERSON = "person"
    ROOM = "room"
    VIDEO = "video"  # the unit in the court
    FAR_END = "far-end"  # the unit elsewhere
    NETWORK = "network"  # one more link of those that the country carries at once


# What nobody needs any more without a room, without a unit in it, or without another end.
WITHOUT = {
    Part.ROOM: (Part.VIDEO, Part.FAR_END, Part.NETWORK),
    Part.VIDEO: (Part.FAR_END, Part.NETWORK),
    Part.FAR_END: (Part.NETWORK,),
}


@dataclass(frozen=True, order=True)
class Need:
    """Somebody, or something, without whom there is no date; `resource_id` is 0 when any of several will do."""

    part: Part
    resource_id: int = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Who is to meet, for how long, where and when, in the wall time of the court. Raises: InvalidRequest.

    Civil days `[first_on, last_on]`. `room_id` is one room, instead of any; `far_end_id` a video unit elsewhere.
    """

    site_id: int
    people: tuple[int, ...]
    minutes: int
    first_on: date
    last_on: date
    room: RoomWish = RoomWish.ANY
    room_id: int | None = None
    far_end_id: int | None = None
    opens: time = FROM
    closes: time = TO
    keeps_noon: bool = True
    sits_in_recess: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "people", tuple(dict.fromkeys(self.people)))
        if not self.people:
            raise InvalidRequest("people", "required")
        if len(self.people) > MOST_PEOPLE:
            raise InvalidRequest("people", "too-many", most=MOST_PEOPLE)
        if not MINUTES[0] <= self.minutes <= MINUTES[1]:
            raise InvalidRequest("minutes", "out-of-range", least=MINUTES[0], most=MINUTES[1])
        if self.last_on < self.first_on:
            raise InvalidRequest("last_on", "last-before-first")
        if self.last_on - self.first_on > timedelta(days=LONGEST_DAYS):
            raise InvalidRequest("last_on", "too-far", latest=self.first_on + timedelta(days=LONGEST_DAYS))
        if self.far_end_id is not None and self.room is not RoomWish.VIDEO:
            raise InvalidRequest("far_end_id", "both-ends")
        if self.closes <= self.opens:
            raise InvalidRequest("closes", "not-after-start")
        if not any(_minutes_of(part) >= self.minutes for part in self.hours()):
            raise InvalidRequest("minutes", "longer-than-the-day")

    @property
    def length(self) -> timedelta:
        """Return how long it lasts."""
        return timedelta(minutes=self.minutes)

    def hours(self) -> list[tuple[time, time]]:
        """Return the parts of a day in which it may be held: two when noon is kept."""
        if not self.keeps_noon:
            return [(self.opens, self.closes)]
        parts = ((self.opens, min(self.closes, NOON[0])), (max(self.opens, NOON[1]), self.closes))
        return [(opens, closes) for opens, closes in parts if opens < closes]


@dataclass(frozen=True, kw_only=True)
class Agendas:
    """When those who are wanted are busy, as known at `now`, and which days the court does not sit."""

    people: Mapping[int, Seats]
    rooms: Mapping[int, Seats] = field(default_factory=dict)
    video: Mapping[int, Seats] = field(default_factory=dict)
    far_end: Seats = ()
    network: Seats = ((),)  # when the country carries no link more
    days_off: DaysOff
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Possibility:
    """An hour at which all are free, with the room and the video unit that are free then."""

    period: Period
    room_id: int | None = None
    video_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """Who stands in the way: without them, `count` possibilities, and the first one."""

    needs: tuple[Need, ...]
    count: int
    first: Possibility


@dataclass(frozen=True, kw_only=True)
class DaysWithout:
    """Days on which the court sits, from the first to the last, and on which there is no date.

    `needs` are those who are not free for long enough on any of them; nobody: each is, but never all at once.
    """

    first_on: date
    last_on: date
    needs: tuple[Need, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The first possibilities, none of which overlaps another, how many there are, and who stands in the way.

    `before` says why there is none on the days before the first, in order.
    """

    first: tuple[Possibility, ...]
    count: int
    blockers: tuple[Blocker, ...]
    before: tuple[DaysWithout, ...] = ()


def common_dates(wanted: Wanted, agendas: Agendas) -> Found:
    """Return the first possibilities, and who blocks: each alone, or two together when nobody does alone."""
    starts = starts_of(wanted, agendas)
    free = free_by_need(wanted, agendas, starts)
    seeking = _Seeking(wanted, agendas, starts, free)
    kept = seeking.spread(free)
    blockers = _told_once(seeking.blockers(1, len(kept)))
    if not kept and not blockers:
        blockers = _told_once(seeking.blockers(2, 0))
    return Found(
        first=tuple(seeking.possibility(start) for start in kept[:SHOWN]),
        count=len(kept),
        blockers=tuple(sorted(blockers, key=lambda one: (-one.count, one.first.period.start, one.needs))),
        before=tuple(_days_without(starts, kept, free, agendas.zone)),
    )


def free_starts(wanted: Wanted, agendas: Agendas) -> list[datetime]:
    """Return every start at which all are free, sorted; two of them may overlap."""
    starts = starts_of(wanted, agendas)
    free = reduce(and_, free_by_need(wanted, agendas, starts).values(), _all(starts))
    return [_instant(starts[number]) for number in _bits(free)]


def busy_needs(wanted: Wanted, agendas: Agendas, start: datetime) -> list[Need]:
    """Return who is not free then; nobody is when the court does not sit at that hour."""
    at = [int(start.timestamp())]
    return [need for need, free in free_by_need(wanted, agendas, at).items() if not free]


def starts_of(wanted: Wanted, agendas: Agendas) -> list[int]:
    """Return every start at which the court sits, free or not, sorted."""
    length, found = wanted.minutes * 60, list[int]()
    now, hours = agendas.now.timestamp(), wanted.hours()
    for day in days_between(wanted.first_on, wanted.last_on + A_DAY):
        if agendas.days_off.why(day):
            continue
        for opens, closes in hours:
            first, last = (int(instant_of(day, wall, agendas.zone).timestamp()) for wall in (opens, closes))
            found += (start for start in range(first, last - length + 1, STEP_S) if start > now)
    return found


def free_by_need(wanted: Wanted, agendas: Agendas, starts: Sequence[int]) -> dict[Need, int]:
    """Return, of each who is needed, at which starts they are free for the whole time: bit n is the start n."""
    length = wanted.minutes * 60

    def free(seats: Seats) -> int:
        return free_bits(seats, starts, length)

    found = {Need(Part.PERSON, one): free(agendas.people.get(one, ())) for one in wanted.people}
    if wanted.room is not RoomWish.NONE:
        found[Need(Part.ROOM)] = reduce(or_, map(free, agendas.rooms.values()), 0)
    if wanted.room is RoomWish.VIDEO:
        found[Need(Part.VIDEO)] = reduce(or_, map(free, agendas.video.values()), 0)
    if wanted.far_end_id is not None:
        found[Need(Part.FAR_END, wanted.far_end_id)] = free(agendas.far_end)
        found[Need(Part.NETWORK)] = free(agendas.network)
    return found


def free_bits(seats: Seats, starts: Sequence[int], length: int) -> int:
    """Return at which starts one seat at least is free for so many seconds."""
    everything, found = _all(starts), 0
    for taken in seats:
        blocked = 0
        for begins, ends in taken:
            first = bisect_right(starts, begins - length)
            if (last := bisect_left(starts, ends, lo=first)) > first:
                blocked |= ((1 << (last - first)) - 1) << first
        found |= everything & ~blocked
    return found


def busy_between(seats: Seats, within: Period, *, step_s: int = 300) -> list[Period]:
    """Return when nobody could be had, within a period: for a drawing, to the nearest five minutes."""
    first, last = (int(bound.timestamp()) for bound in (within.start, within.end))
    starts = range(first, last, step_s)
    free = free_bits(seats, starts, step_s)
    runs: list[list[int]] = []
    for number, start in enumerate(starts):
        if free >> number & 1:
            continue
        if runs and runs[-1][1] == start:
            runs[-1][1] = start + step_s
        else:
            runs.append([start, start + step_s])
    return [Period(_instant(begins), _instant(min(ends, last))) for begins, ends in runs]


@dataclass(frozen=True)
class _Seeking:
    wanted: Wanted
    agendas: Agendas
    starts: Sequence[int]
    free: Mapping[Need, int]

    def spread(self, free: Mapping[Need, int]) -> list[int]:
        """Return the starts at which all of these are free, each after the end of the one before."""
        left, kept = reduce(and_, free.values(), _all(self.starts)), list[int]()
        while left:
            start = self.starts[(left & -left).bit_length() - 1]
            kept.append(start)
            over = bisect_left(self.starts, start + self.wanted.minutes * 60)
            left = left >> over << over
        return kept

    def blockers(self, how_many: int, count: int) -> Iterator[Blocker]:
        """Yield those without whom there would be more possibilities than `count`, so many together."""
        for gone in combinations([need for need in self.free if need.part is not Part.NETWORK], how_many):
            entailed = {part for need in gone for part in WITHOUT.get(need.part, ())}
            without = {need: free for need, free in self.free.items() if need not in gone and need.part not in entailed}
            kept = self.spread(without)
            if len(kept) > count:
                yield Blocker(needs=gone, count=len(kept), first=self.possibility(kept[0]))

    def possibility(self, start: int) -> Possibility:
        """Return what is free then."""
        end = start + self.wanted.minutes * 60
        rooms = self.agendas.rooms if self.wanted.room is not RoomWish.NONE else {}
        video = self.agendas.video if self.wanted.room is RoomWish.VIDEO else {}
        return Possibility(
            period=Period(_instant(start), _instant(end)),
            room_id=_first_free(rooms, start, end),
            video_id=_first_free(video, start, end),
        )


def _told_once(blockers: Iterable[Blocker]) -> list[Blocker]:
    """Return them without the room where the unit in it is all that blocks."""
    listed = {one.needs: one for one in blockers}

    def is_the_unit(one: Blocker) -> bool:
        unit = listed.get(tuple(Need(Part.VIDEO) if need.part is Part.ROOM else need for need in one.needs))
        return unit is not None and unit is not one and unit.count >= one.count

    return [one for one in listed.values() if not is_the_unit(one)]


def _days_without(
    starts: Sequence[int], kept: Sequence[int], free: Mapping[Need, int], zone: ZoneInfo
) -> list[DaysWithout]:
    """Return the days before the first start that is kept, by who is not free on them; days alike are told once."""
    found: list[DaysWithout] = []
    until = _instant(kept[0]).astimezone(zone).date() if kept else date.max
    earlier = starts[: bisect_left(starts, kept[0])] if kept else starts
    days = [_instant(start).astimezone(zone).date() for start in earlier]
    for day, numbers in groupby(range(bisect_left(days, until)), key=days.__getitem__):
        at = sum(1 << number for number in numbers)
        needs = tuple(need for need, bits in free.items() if not bits & at)
        if found and found[-1].needs == needs:
            found[-1] = replace(found[-1], last_on=day)
        else:
            found.append(DaysWithout(first_on=day, last_on=day, needs=needs))
    return found


def _first_free(several: Mapping[int, Seats], start: int, end: int) -> int | None:
    return next((one for one, seats in several.items() if free_bits(seats, [start], end - start)), None)


def _all(starts: Sequence[int]) -> int:
    return (1 << len(starts)) - 1


def _bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _minutes_of(part: tuple[time, time]) -> int:
    opens, closes = part
    return (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
