"""Hours of work against the hours of the doors: the table of cases, and the same rule in SQL."""

from __future__ import annotations

import json
from datetime import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine, text

from availability.doors import Doors, Work, suits, way
from availability.errors import InvalidRequest
from availability.fit import _DOORS_SHUT as DOORS_SHUT_SQL
from availability.fit import _hours as hours_values
from tests.factories import PARIS

DAY_DOORS = {"opens": "05:30", "closes": "21:30"}
NIGHT_DOORS = {"opens": "17:00", "closes": "09:00"}  # for those who work at night
NO_WEEKEND = {**DAY_DOORS, "weekend": None}
LATE_WEEKEND = {**DAY_DOORS, "weekend": {"opens": "09:00", "closes": "19:00"}}
WEEK, SATURDAY, SUNDAY_NIGHT = frozenset(range(5)), frozenset({5}), frozenset({6})


def at(hour: str) -> time:
    return time.fromisoformat(hour)


def work(starts: str, ends: str, weekdays: frozenset[int] = WEEK) -> Work:
    return Work(*PARIS, at(starts), at(ends), weekdays)


@pytest.mark.parametrize(
    ("doors", "working", "travel_min", "expected"),
    [
        (DAY_DOORS, work("06:00", "14:00"), 30, True),  # leaves as the doors open
        (DAY_DOORS, work("06:00", "14:00"), 31, False),
        (DAY_DOORS, work("13:00", "21:00"), 30, True),  # back as they close
        (DAY_DOORS, work("13:00", "21:00"), 31, False),
        (DAY_DOORS, work("05:30", "14:00"), 0, True),
        (DAY_DOORS, work("05:29", "14:00"), 0, False),
        # At night: out before the doors close, back once they open the next day.
        (DAY_DOORS, work("22:00", "06:00"), 30, True),
        (DAY_DOORS, work("22:00", "06:00"), 29, False),  # they are shut already when it is time to leave
        (DAY_DOORS, work("22:00", "05:00"), 30, True),
        (DAY_DOORS, work("22:00", "04:59"), 30, False),
        (DAY_DOORS, work("21:00", "00:00"), 30, False),  # back at half past midnight
        (NIGHT_DOORS, work("18:00", "02:00"), 60, True),
        (NIGHT_DOORS, work("18:00", "02:00"), 61, False),
        (NIGHT_DOORS, work("22:00", "08:00"), 60, True),
        (NIGHT_DOORS, work("22:00", "08:01"), 60, False),
        (NIGHT_DOORS, work("00:30", "06:00"), 45, True),  # leaves at a quarter to midnight, the day before
        ({"opens": "00:00", "closes": "00:00"}, work("23:00", "07:00"), 90, True),  # open day and night
        # The weekend has hours of its own, or none.
        (NO_WEEKEND, work("08:00", "16:00"), 30, True),
        (NO_WEEKEND, work("08:00", "16:00", WEEK | SATURDAY), 30, False),
        (LATE_WEEKEND, work("09:30", "16:00", SATURDAY), 30, True),
        (LATE_WEEKEND, work("09:29", "16:00", SATURDAY), 30, False),
        (LATE_WEEKEND, work("22:00", "06:00", SUNDAY_NIGHT), 60, False),  # Sunday's doors shut at 19:00
        (LATE_WEEKEND, work("19:30", "06:00", SUNDAY_NIGHT), 30, True),  # back on Monday
        (NO_WEEKEND, work("22:00", "06:00"), 30, False),  # Friday's night ends on Saturday
        (NO_WEEKEND, work("22:00", "06:00", frozenset(range(4))), 30, True),
        # One sleeps here: not a day long, way included.
        ({"opens": "00:00", "closes": "00:00"}, work("06:00", "05:00"), 29, True),
        ({"opens": "00:00", "closes": "00:00"}, work("06:00", "05:00"), 30, False),
        ({"opens": "00:00", "closes": "00:00"}, work("06:00", "06:00"), 0, False),
    ],
)
def test_doors_suit_whoever_can_leave_for_work_and_come_back(
    doors: dict[str, Any], working: Work, travel_min: int, expected: bool
) -> None:
    assert suits(Doors.read("doors", doors), working, travel_min) is expected


def test_the_way_says_when_one_leaves_and_is_back() -> None:
    assert way(work("06:00", "14:00"), 35) == (at("05:25"), at("14:35"))
    assert way(work("00:10", "08:00"), 35) == (at("23:35"), at("08:35"))


@pytest.mark.parametrize(
    ("written", "field", "problem"),
    [
        ("05:30", "doors", "not-hours"),
        ({"opens": "05:30"}, "doors.closes", "not-an-hour"),
        ({"opens": "5:30", "closes": "21:30"}, "doors.opens", "not-an-hour"),
        ({"opens": "05:30", "closes": "24:00"}, "doors.closes", "not-an-hour"),
        ({**DAY_DOORS, "weekend": "closed"}, "doors.weekend", "not-hours"),
        ({**DAY_DOORS, "sunday": None}, "doors.sunday", "unknown-field"),
    ],
)
def test_doors_badly_written_are_refused_with_their_field(written: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Doors.read("doors", written)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


@pytest.mark.parametrize("written", [DAY_DOORS, NO_WEEKEND, LATE_WEEKEND, NIGHT_DOORS])
def test_doors_are_written_as_they_are_read(written: dict[str, Any]) -> None:
    assert Doors.read("doors", written).written() == written


@pytest.mark.parametrize(
    ("where", "weekdays", "field"),
    [
        ((91.0, 0.0), WEEK, "work"),
        ((0.0, float("nan")), WEEK, "work"),
        (PARIS, frozenset(), "work_days"),
        (PARIS, {7}, "work_days"),
    ],
)
def test_impossible_work_is_refused_with_its_field(where: tuple[float, float], weekdays: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Work(*where, at("08:00"), at("16:00"), frozenset(weekdays))

    assert refusal.value.field == field


hours = some.builds(time, some.integers(0, 23), some.sampled_from([0, 1, 29, 30, 31, 59]))
opening = some.fixed_dictionaries({"opens": hours.map(str), "closes": hours.map(str)}).map(
    lambda written: {name: hour[:5] for name, hour in written.items()}
)
written_doors = some.one_of(
    opening, some.builds(lambda one, two: {**one, "weekend": two}, opening, some.one_of(some.none(), opening))
)
working = some.builds(work, hours.map(str), hours.map(str), some.frozensets(some.integers(0, 6), min_size=1))
AGREES = text(f"""
    SELECT ({DOORS_SHUT_SQL}) FROM (SELECT CAST(:attributes AS jsonb) AS attributes) r,
    (SELECT CAST(:travel_min AS int) AS travel_min) t""")  # noqa: S608 - a constant


@settings(max_examples=25)
@given(cases=some.lists(some.tuples(written_doors, working, some.integers(0, 200)), min_size=8, max_size=8))
def test_sql_and_python_say_the_same_of_any_doors_and_any_work(
    worker_engine: Engine, cases: list[tuple[dict[str, Any], Work, int]]
) -> None:
    with worker_engine.connect() as connection:
        for doors, each, travel_min in cases:
            asked = {"code_doors": "doors", "travel_min": travel_min, **hours_values(each)}
            shut = connection.execute(AGREES, asked | {"attributes": json.dumps({"doors": doors})}).scalar()

            assert shut is not suits(Doors.read("doors", doors), each, travel_min)
