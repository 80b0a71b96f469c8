"""Hours at which all are free, and who blocks: against a judge that looks at every minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from availability.openings import DaysOff
from availability.periods import Period
from booking.common_dates import (
    Agendas,
    Need,
    Part,
    RoomWish,
    Seats,
    Wanted,
    busy_between,
    busy_needs,
    common_dates,
    free_starts,
)

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
BEFORE = datetime(2026, 3, 1, tzinfo=UTC)
ANA, BOB, ROOM, OTHER_ROOM, UNIT, FAR = 1, 2, 10, 11, 20, 30
FREE: Seats = [[]]


def wanted(**said: Any) -> Wanted:
    """Return ninety minutes of two people in any room on the first Monday, from nine to six but for noon."""
    values: dict[str, Any] = {"site_id": 1, "people": (ANA, BOB), "minutes": 90, "first_on": MONDAY, "last_on": MONDAY}
    return Wanted(**values | said)


def agendas(people: dict[int, Seats], **said: Any) -> Agendas:
    """Return the agendas of these people, and of a room that is free."""
    values: dict[str, Any] = {"rooms": {ROOM: FREE}, "days_off": DaysOff(), "zone": PARIS, "now": BEFORE}
    return Agendas(people={ANA: FREE, BOB: FREE} | people, **values | said)


def at(*walls: str, day: date = MONDAY) -> list[tuple[int, int]]:
    """Return spans of wall time in Paris: "09:00-10:30"."""
    bounds = [[time.fromisoformat(one) for one in wall.split("-")] for wall in walls]
    return [
        (int(datetime.combine(day, start, PARIS).timestamp()), int(datetime.combine(day, end, PARIS).timestamp()))
        for start, end in bounds
    ]


def walls(found: Any) -> list[str]:
    """Return the first possibilities as wall times in Paris."""
    return [f"{one.period.start.astimezone(PARIS):%d %H:%M}" for one in found.first]


def test_the_first_possibilities_do_not_overlap_keep_noon_and_name_a_room_that_is_free() -> None:
    seen = agendas({ANA: [at("09:00-10:00")], BOB: [at("14:00-14:30")]}, rooms={ROOM: [at("09:00-12:00")], 11: FREE})

    found = common_dates(wanted(), seen)

    assert walls(found) == ["02 10:00", "02 14:30", "02 16:00"]
    assert [one.room_id for one in found.first] == [OTHER_ROOM, ROOM, ROOM]
    assert found.count == 3
    assert [(one.needs, one.count) for one in found.blockers] == [
        ((Need(Part.PERSON, ANA),), 4),
        ((Need(Part.PERSON, BOB),), 4),
    ]


def test_whoever_blocks_alone_is_named_with_what_there_would_be_without_them() -> None:
    seen = agendas({ANA: [at("08:00-19:00")]}, rooms={ROOM: [at("08:00-15:00")]})

    found = common_dates(wanted(), seen)

    assert (found.count, found.first) == (0, ())
    assert [(one.needs, one.count) for one in found.blockers] == [((Need(Part.PERSON, ANA),), 2)]
    assert walls(replace(found, first=(found.blockers[0].first,))) == ["02 15:00"]
    assert busy_needs(wanted(), seen, datetime.combine(MONDAY, time(9), PARIS)) == [
        Need(Part.PERSON, ANA),
        Need(Part.ROOM),
    ]


def test_the_days_before_the_first_date_say_who_is_not_free_on_them_and_days_alike_are_told_once() -> None:
    monday, tuesday, wednesday, thursday, friday = (MONDAY + timedelta(days=number) for number in range(5))
    ana = [span for day in (monday, tuesday, wednesday) for span in at("09:00-18:00", day=day)]
    ana += at("09:00-12:00", day=thursday)
    bob = at("09:00-18:00", day=monday) + at("13:30-17:00", day=thursday) + at("09:00-11:00", day=friday)
    seen = agendas({ANA: [ana], BOB: [bob]})

    found = common_dates(wanted(last_on=friday), seen)

    assert walls(found)[0] == "06 11:00"
    assert [(one.first_on, one.last_on, [need.resource_id for need in one.needs]) for one in found.before] == [
        (monday, monday, [ANA, BOB]),
        (tuesday, wednesday, [ANA]),
        (thursday, thursday, []),  # each is free for long enough, never both
    ]
    assert common_dates(wanted(last_on=thursday), seen).before == found.before
    assert common_dates(wanted(first_on=friday, last_on=friday), seen).before == ()


def test_two_who_block_together_are_named_together_when_nobody_does_alone() -> None:
    away = [at("08:00-19:00")]

    found = common_dates(wanted(), agendas({ANA: away, BOB: away}))

    assert [(one.needs, one.count) for one in found.blockers] == [((Need(Part.PERSON, ANA), Need(Part.PERSON, BOB)), 5)]


def test_video_wants_a_unit_in_the_court_and_the_other_end_and_each_may_block() -> None:
    seen = agendas(
        {}, rooms={ROOM: FREE}, video={UNIT: [at("09:00-12:30")]}, far_end=[at("13:30-15:00")]
    )  # the two ends are only free together from three
    asked = wanted(room=RoomWish.VIDEO, far_end_id=FAR)

    found = common_dates(asked, seen)

    assert walls(found) == ["02 15:00", "02 16:30"]
    assert {one.video_id for one in found.first} == {UNIT}
    assert {(one.needs[0].part, one.count) for one in found.blockers} == {(Part.VIDEO, 5), (Part.FAR_END, 3)}
    full = replace(seen, network=[at("15:00-16:00")])
    assert walls(common_dates(asked, full)) == ["02 16:00"], "the country carries no link more before"
    assert [one.needs[0].part for one in common_dates(asked, full).blockers] == [Part.VIDEO, Part.FAR_END]
    assert common_dates(wanted(room=RoomWish.VIDEO), replace(seen, video={})).count == 0


def test_a_day_off_a_past_hour_and_an_hour_that_clocks_change_are_those_of_the_court() -> None:
    easter = date(2026, 4, 6)
    asked = wanted(first_on=easter, last_on=easter + timedelta(days=1))
    assert [one[:2] for one in walls(common_dates(asked, agendas({})))] == ["07"] * 5

    assert walls(common_dates(wanted(), agendas({}, now=datetime(2026, 3, 2, 15, 0, tzinfo=UTC)))) == ["02 16:15"]

    before, after = date(2026, 3, 27), date(2026, 3, 30)  # the clocks change on the 29th
    week = wanted(first_on=before, last_on=after)
    off = DaysOff(ignores_weekends=False)
    assert walls(common_dates(week, agendas({BOB: [at("09:00-18:00", day=before)]}, days_off=off)))[0] == "30 09:00"


def test_one_of_two_seats_is_enough_and_a_drawing_says_when_none_is_left() -> None:
    seats = [at("09:00-11:00"), at("10:00-12:00")]

    assert walls(common_dates(wanted(minutes=60), agendas({ANA: seats})))[0] == "02 09:00"
    day = Period(datetime.combine(MONDAY, time(9), PARIS), datetime.combine(MONDAY, time(18), PARIS))
    assert busy_between(seats, day) == [Period(day.start + timedelta(hours=1), day.start + timedelta(hours=2))]
    assert busy_between([], day) == [day]
    assert busy_between(FREE, day) == []


@pytest.mark.parametrize(
    ("said", "field", "problem"),
    [
        ({"people": ()}, "people", "required"),
        ({"people": tuple(range(1, 14))}, "people", "too-many"),
        ({"minutes": 14}, "minutes", "out-of-range"),
        ({"minutes": 300}, "minutes", "longer-than-the-day"),
        ({"closes": time(9)}, "closes", "not-after-start"),
        ({"last_on": MONDAY - timedelta(days=1)}, "last_on", "last-before-first"),
        ({"last_on": MONDAY + timedelta(days=185)}, "last_on", "too-far"),
        ({"far_end_id": FAR}, "far_end_id", "both-ends"),
    ],
)
def test_what_cannot_be_sought_names_its_field(said: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        wanted(**said)

    assert (refused.value.field, refused.value.problem) == (field, problem)
    assert wanted(minutes=270).hours()[1] == (time(13, 30), time(18))


QUARTERS = st.integers(0, 40)
BUSY = st.lists(st.tuples(QUARTERS, st.integers(1, 12)), max_size=5)
NINE = int(datetime.combine(MONDAY, time(9), PARIS).timestamp())


def _spans(quarters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return merged spans that begin so many five minutes after nine."""
    taken = {minute for start, length in quarters for minute in range(start * 10, start * 10 + length * 10)}
    return [(NINE + minute * 60, NINE + minute * 60 + 60) for minute in sorted(taken)]


@settings(max_examples=40)
@given(st.lists(BUSY, min_size=2, max_size=3), st.lists(BUSY, min_size=1, max_size=2), st.sampled_from([15, 45, 90]))
def test_every_start_that_a_look_at_each_minute_finds_and_no_other_is_listed(
    people: list[list[tuple[int, int]]], rooms: list[list[tuple[int, int]]], minutes: int
) -> None:
    asked = wanted(people=tuple(range(1, len(people) + 1)), minutes=minutes)
    seen = agendas(
        {number: [_spans(one)] for number, one in enumerate(people, 1)},
        rooms={100 + number: [_spans(one)] for number, one in enumerate(rooms)},
    )
    taken = [{begins for begins, _ in _spans(one)} for one in people]
    kept = [{begins for begins, _ in _spans(one)} for one in rooms]

    def is_free(start: int, busy: set[int]) -> bool:
        return busy.isdisjoint(range(start, start + minutes * 60, 60))

    expected = [
        start
        for opens, closes in ((540, 750), (810, 1080))
        for minute in range(opens, closes - minutes + 1, 15)
        for start in [NINE + (minute - 540) * 60]
        if all(is_free(start, one) for one in taken) and any(is_free(start, one) for one in kept)
    ]
    listed = free_starts(asked, seen)
    found = common_dates(asked, seen)

    assert [int(start.timestamp()) for start in listed] == expected
    assert {one.period.start for one in found.first} <= set(listed)
    assert all(one.period.end <= other.period.start for one, other in zip(found.first, found.first[1:], strict=False))
    assert bool(found.count) == bool(expected)
