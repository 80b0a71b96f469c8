"""Openings: wall time becomes instants here and nowhere else, so every trap of the clocks is tried here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.openings import Rule, instant_of, is_holiday, local_day, openings, public_holidays, weekly
from availability.periods import Period, merge

PARIS = ZoneInfo("Europe/Paris")
MIQUELON = ZoneInfo("America/Miquelon")
EVER = date(2020, 1, 1)
MONDAY, SUNDAY = 0, 6
SPRING_SUNDAY = date(2026, 3, 29)  # 02:00 becomes 03:00 in Paris
AUTUMN_SUNDAY = date(2026, 10, 25)  # 03:00 becomes 02:00 in Paris


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def rule(weekday: int, opens: str, closes: str, valid_until: date | None = None) -> Rule:
    """Return a weekly rule in force since ever."""
    return weekly(weekday, time.fromisoformat(opens), time.fromisoformat(closes), EVER, valid_until)


def opened_on(day: date, opens: str, closes: str, zone: ZoneInfo = PARIS) -> list[Period]:
    """Return what a rule of that weekday opens on that one day."""
    return openings([rule(day.weekday(), opens, closes)], first=day, until=day + timedelta(days=1), zone=zone)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Paris", utc(1, 12, 8), utc(7, 13, 7)),
        ("Indian/Reunion", utc(1, 12, 5), utc(7, 13, 5)),
        ("Indian/Mayotte", utc(1, 12, 6), utc(7, 13, 6)),
        ("America/Martinique", utc(1, 12, 13), utc(7, 13, 13)),
        ("America/Cayenne", utc(1, 12, 12), utc(7, 13, 12)),
        ("America/Miquelon", utc(1, 12, 12), utc(7, 13, 11)),
        ("Pacific/Noumea", utc(1, 11, 22), utc(7, 12, 22)),  # the day before, in UTC
        ("Pacific/Tahiti", utc(1, 12, 19), utc(7, 13, 19)),
        ("Pacific/Wallis", utc(1, 11, 21), utc(7, 12, 21)),
    ],
)
def test_nine_in_the_morning_is_nine_where_the_site_is(zone: str, winter: datetime, summer: datetime) -> None:
    there = ZoneInfo(zone)

    assert instant_of(date(2026, 1, 12), time(9), there) == winter
    assert instant_of(date(2026, 7, 13), time(9), there) == summer
    assert local_day(winter, there) == date(2026, 1, 12)


def test_a_slot_at_nine_stays_at_nine_across_both_changes_of_hour() -> None:
    mondays = [date(2026, 3, 23), date(2026, 3, 30), date(2026, 10, 19), date(2026, 10, 26)]

    starts = [opened_on(day, "09:00", "12:00")[0].start for day in mondays]

    assert starts == [utc(3, 23, 8), utc(3, 30, 7), utc(10, 19, 7), utc(10, 26, 8)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(SPRING_SUNDAY, 5), (AUTUMN_SUNDAY, 7), (date(2026, 5, 10), 6)],
)
def test_an_opening_over_the_change_of_hour_lasts_what_the_clocks_really_did(day: date, hours: int) -> None:
    (period,) = opened_on(day, "00:00", "06:00")

    assert period.end - period.start == timedelta(hours=hours)


def test_a_time_that_the_clocks_skip_is_read_with_the_offset_before() -> None:
    assert instant_of(SPRING_SUNDAY, time(2, 30), PARIS) == utc(3, 29, 1, 30)  # that is 03:30 in summer time


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert instant_of(AUTUMN_SUNDAY, time(2, 30), PARIS) == utc(10, 25, 0, 30)


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("02:30", "03:00"),  # would end before it starts
        ("02:15", "03:15"),  # would be empty
    ],
)
def test_an_opening_within_the_hour_that_the_clocks_skip_does_not_exist_that_day(opens: str, closes: str) -> None:
    assert opened_on(SPRING_SUNDAY, opens, closes) == []
    assert len(opened_on(SPRING_SUNDAY + timedelta(days=7), opens, closes)) == 1


def test_an_opening_that_crosses_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    (period,) = opened_on(date(2026, 3, 2), "22:00", "06:00")

    assert period == Period(utc(3, 2, 21), utc(3, 3, 5))


def test_the_night_of_the_change_of_hour_is_an_hour_shorter() -> None:
    (period,) = opened_on(SPRING_SUNDAY - timedelta(days=1), "22:00", "06:00")

    assert period == Period(utc(3, 28, 21), utc(3, 29, 4))


def test_a_rule_that_closes_when_it_opens_is_open_around_the_clock() -> None:
    (period,) = opened_on(date(2026, 3, 2), "08:00", "08:00")

    assert period.end - period.start == timedelta(hours=24)


def test_a_closed_day_opens_nothing_and_leaves_the_evening_before_alone() -> None:
    every_day = [rule(weekday, "22:00", "02:00") for weekday in range(7)]

    found = openings(every_day, first=date(2026, 3, 2), until=date(2026, 3, 4), zone=PARIS, closed={date(2026, 3, 3)})

    assert found == [Period(utc(3, 2, 21), utc(3, 3, 1))]


def test_openings_of_two_days_that_touch_at_midnight_are_two() -> None:
    rules = [rule(0, "20:00", "00:00"), rule(1, "00:00", "04:00")]

    found = openings(rules, first=date(2026, 3, 2), until=date(2026, 3, 4), zone=PARIS)

    assert found == [Period(utc(3, 2, 19), utc(3, 2, 23)), Period(utc(3, 2, 23), utc(3, 3, 3))]


def test_openings_that_touch_or_overlap_are_one() -> None:
    rules = [rule(MONDAY, "09:00", "12:00"), rule(MONDAY, "12:00", "14:00"), rule(MONDAY, "13:00", "17:00")]

    found = openings(rules, first=date(2026, 3, 2), until=date(2026, 3, 3), zone=PARIS)

    assert found == [Period(utc(3, 2, 8), utc(3, 2, 16))]


@pytest.mark.parametrize(
    ("day", "applies"),
    [
        (date(2026, 2, 23), False),  # the Monday before
        (date(2026, 3, 2), True),  # the first day
        (date(2026, 3, 3), False),  # a Tuesday
        (date(2026, 3, 9), True),
        (date(2026, 3, 16), False),  # the end is exclusive
    ],
)
def test_a_rule_applies_on_its_weekday_from_its_first_day_until_its_last_exclusive(day: date, applies: bool) -> None:
    limited = weekly(MONDAY, time(9), time(12), date(2026, 3, 2), date(2026, 3, 16))

    assert limited.applies_on(day) is applies


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("", date(2026, 7, 14), True),
        ("", date(2026, 5, 27), False),
        ("", date(2026, 12, 26), False),
        ("", date(2026, 4, 3), False),
        ("57", date(2026, 12, 26), True),  # Moselle, droit local
        ("57", date(2026, 4, 3), True),  # Good Friday
        ("6AE", date(2026, 12, 26), True),
        ("6AE", date(2026, 4, 3), True),
        ("972", date(2026, 5, 22), True),  # abolition of slavery, Martinique
        ("972", date(2026, 5, 27), False),
        ("971", date(2026, 5, 27), True),  # and Guadeloupe
        ("973", date(2026, 6, 10), True),  # Guyane
        ("974", date(2026, 12, 20), True),  # La Réunion
        ("976", date(2026, 4, 27), True),  # Mayotte
        ("NC", date(2026, 9, 24), True),  # Nouvelle-Calédonie
        ("PF", date(2026, 11, 20), True),  # Polynésie
        ("WF", date(2026, 7, 29), True),  # Wallis-et-Futuna
    ],
)
def test_public_holidays_are_those_of_the_place(zone: str, day: date, expected: bool) -> None:
    assert is_holiday(day, zone) is expected


def test_an_unknown_holiday_zone_surfaces_rather_than_passing_for_the_mainland() -> None:
    with pytest.raises(NotImplementedError):
        public_holidays("ZZ", 2026)


some_rule = st.builds(
    weekly,
    weekday=st.integers(0, 6),
    opens=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    valid_from=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    valid_until=st.none(),
)
zones = st.sampled_from([PARIS, MIQUELON, ZoneInfo("Pacific/Noumea"), ZoneInfo("Indian/Reunion")])


@given(st.lists(some_rule, max_size=6), st.dates(date(2026, 1, 1), date(2026, 12, 31)), zones)
def test_openings_are_sorted_disjoint_and_begin_within_the_days_asked_for(
    rules: list[Rule], first: date, zone: ZoneInfo
) -> None:
    until = first + timedelta(days=10)

    found = openings(rules, first=first, until=until, zone=zone)

    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(first <= local_day(period.start, zone) < until for period in found)


@given(st.lists(some_rule, max_size=6), st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(0, 9), zones)
def test_asking_in_two_parts_opens_the_same_minutes_as_asking_at_once(
    rules: list[Rule], first: date, cut: int, zone: ZoneInfo
) -> None:
    middle, until = first + timedelta(days=cut), first + timedelta(days=10)

    whole = openings(rules, first=first, until=until, zone=zone)
    parts = openings(rules, first=first, until=middle, zone=zone) + openings(
        rules, first=middle, until=until, zone=zone
    )

    assert merge(parts) == merge(whole)


@pytest.mark.parametrize(
    ("rrule", "days"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", [date(2027, 2, 1), date(2027, 3, 1), date(2027, 4, 5)]),
        ("FREQ=MONTHLY;BYDAY=-1FR", [date(2027, 2, 26), date(2027, 3, 26), date(2027, 4, 30)]),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1", [date(2027, 3, 1)]),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", [date(2027, 2, 1), date(2027, 2, 8)]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", []),
    ],
)
def test_days_of_a_month_and_a_number_of_times_are_those_of_the_calendar(rrule: str, days: list[date]) -> None:
    first = date(2027, 2, 1)
    rule = Rule(rrule, first, time(9), time(12), first)

    assert rule.days(first, date(2027, 5, 1)) == days
