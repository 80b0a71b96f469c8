"""What is owed, when it is due, and which days it takes."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from booking.series_rules import (
    Progress,
    Standing,
    check_minutes,
    days_of,
    deadline_of,
    nearest_between,
    planned_minutes,
    starts_of,
    work_days,
)

SATURDAYS = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"
DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))


@pytest.mark.parametrize(
    ("decided", "last"),
    [
        (date(2026, 6, 15), date(2027, 12, 15)),
        (date(2026, 7, 1), date(2028, 1, 1)),
        (date(2026, 8, 31), date(2028, 2, 29)),
        (date(2025, 8, 30), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2028, 6, 30)),
    ],
)
def test_a_sentence_is_done_within_eighteen_months(decided: date, last: date) -> None:
    assert deadline_of(decided) == last


@given(DAYS)
@settings(max_examples=60)
def test_the_deadline_is_in_the_eighteenth_month_whatever_the_day(decided: date) -> None:
    last = deadline_of(decided)

    assert (last.year - decided.year) * 12 + last.month - decided.month == 18
    assert last.day <= decided.day


def test_every_second_saturday_keeps_its_hour_across_the_change_of_clocks() -> None:
    days = days_of(SATURDAYS, date(2026, 3, 14), 3)
    starts = starts_of(days, time(14), ZoneInfo("Europe/Paris"))

    assert days == [date(2026, 3, 14), date(2026, 3, 28), date(2026, 4, 11)]
    assert [start.hour for start in starts] == [13, 13, 12]  # in UTC


def test_days_off_are_passed_over_and_a_recurrence_that_ends_gives_fewer() -> None:
    assert days_of("FREQ=DAILY", date(2026, 3, 2), 2, off={date(2026, 3, 2)}) == [date(2026, 3, 3), date(2026, 3, 4)]
    assert days_of("FREQ=DAILY;COUNT=2", date(2026, 3, 2), 5) == [date(2026, 3, 2), date(2026, 3, 3)]
    assert days_of("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 3, 2), 5) == []


def test_what_else_would_do_keeps_the_order_of_the_series_and_the_nearest_is_first() -> None:
    free = [datetime(2026, 3, 14, hour, tzinfo=ZoneInfo("UTC")) for hour in (8, 9, 11, 12, 15)]
    wanted = free[0].replace(hour=10)

    near = nearest_between(free, wanted, after=free[0], before=free[4])

    assert [one.hour for one in near] == [9, 11, 12]


@pytest.mark.parametrize(
    ("done", "cancelled", "today", "standing"),
    [
        (0, False, date(2026, 6, 30), Standing.RUNNING),
        (99, False, date(2026, 7, 1), Standing.LATE),
        (100, False, date(2026, 7, 1), Standing.DONE),
        (120, True, date(2026, 7, 1), Standing.DONE),
        (99, True, date(2026, 7, 1), Standing.CANCELLED),
    ],
)
def test_a_series_is_late_the_day_after_its_last_and_done_when_its_total_is(
    done: int, cancelled: bool, today: date, standing: Standing
) -> None:
    progress = Progress(total=100, done=done, planned=0)

    assert progress.standing(ends_by=date(2026, 6, 30), is_cancelled=cancelled, today=today) is standing


def test_a_hundred_and_five_hours_are_done_planned_or_left() -> None:
    progress = Progress(total=105 * 60, done=42 * 60, planned=35 * 60)

    assert progress.left == 28 * 60
    assert progress.percent == 40
    assert Progress(total=300, done=299, planned=1).percent == 99
    assert work_days(105 * 60, 7 * 60) == 15
    assert work_days(106 * 60, 7 * 60) == 16


def test_a_placement_promises_its_days_to_come_that_nobody_noted() -> None:
    days = [date(2026, 3, day) for day in (2, 3, 4, 5)]

    promised = planned_minutes(days, 420, today=date(2026, 3, 3), noted={date(2026, 3, 4)}, most=9999)

    assert promised == 2 * 420
    assert planned_minutes(days, 420, today=date(2026, 3, 2), noted=(), most=600) == 600


@pytest.mark.parametrize(("minutes", "came"), [(30, False), (45, True), (-30, True), (750, True)])
def test_hours_are_half_hours_of_somebody_who_came_twelve_at_most(minutes: int, came: bool) -> None:
    with pytest.raises(InvalidRequest):
        check_minutes(minutes, came=came)

    check_minutes(720, came=True)
    check_minutes(0, came=False)
