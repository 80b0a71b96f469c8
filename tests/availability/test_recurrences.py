"""Recurrences: every second week, first Monday of the month… and what is hostile, refused before it is expanded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from availability.openings import MOST_DAYS, Rule, once, openings, weekly
from availability.periods import Period
from availability.recurrences import FIRST_DAY, LAST_DAY, read_rrule, recurrence_days

A_DAY = timedelta(days=1)
MONDAY = date(2026, 3, 2)  # TODAY of the factories
NINE, NOON = time(9), time(12)
PARIS = ZoneInfo("Europe/Paris")


def march(*days: int) -> list[date]:
    """Return days of March 2026, and of April past 31."""
    return [date(2026, 2, 28) + day * A_DAY for day in days]


def rule(rrule: str, anchor: date = MONDAY, **more: object) -> Rule:
    """Return a rule of the morning, in force since its anchor unless said otherwise."""
    return Rule(rrule, anchor, NINE, NOON, **{"valid_from": anchor} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rrule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", march(2, 9, 16, 23, 30)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", march(2, 16, 30)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", march(2, 4, 16, 18, 30)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", march(8, 22)),  # the Sunday of a week that begins on a Monday
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU", march(15, 29)),  # that Sunday began the next week
        ("FREQ=WEEKLY;INTERVAL=3", march(2, 23)),  # the weekday of the anchor
        ("FREQ=MONTHLY;BYDAY=1MO", march(2)),
        ("FREQ=MONTHLY;BYDAY=-1FR", march(27)),
        ("FREQ=MONTHLY;BYMONTHDAY=15", march(15)),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", march(31)),  # last working day
        ("FREQ=DAILY;INTERVAL=10", march(2, 12, 22)),
        ("FREQ=DAILY;COUNT=3", march(2, 3, 4)),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", march(2, 9)),
        ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260316", march(2, 9, 16)),  # the last day is one of them
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260309", march(3)),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1TH", march(5)),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1", []),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", []),  # never, and says so at once
    ],
)
def test_a_recurrence_comes_on_these_days_of_march(rrule: str, expected: list[date]) -> None:
    assert rule(rrule).days(date(2026, 3, 1), date(2026, 4, 1)) == expected


def test_exceptions_are_taken_away_and_extra_days_added_and_an_exception_is_stronger() -> None:
    changed = rule(
        "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
        except_on=(date(2026, 3, 9), date(2026, 3, 11)),
        extra_on=(date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 16)),
    )

    # An exception does not make the count any longer, and a day that is there twice opens once.
    assert changed.days(MONDAY, date(2026, 5, 1)) == march(2, 10, 16)


def test_a_one_off_opens_once() -> None:
    found = openings([once(MONDAY, NINE, NOON)], first=MONDAY - 9 * A_DAY, until=MONDAY + 9 * A_DAY, zone=PARIS)

    assert found == [Period(datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("zone", "first_mondays"),
    [
        ("Europe/Paris", [(3, 2, 8), (4, 6, 7), (10, 5, 7), (11, 2, 8)]),
        ("America/Miquelon", [(3, 2, 12), (4, 6, 11), (10, 5, 11), (11, 2, 12)]),
        ("America/Martinique", [(3, 2, 13), (4, 6, 13), (10, 5, 13), (11, 2, 13)]),
        ("Indian/Reunion", [(3, 2, 5), (4, 6, 5), (10, 5, 5), (11, 2, 5)]),
        ("Pacific/Noumea", [(3, 1, 22), (4, 5, 22), (10, 4, 22), (11, 1, 22)]),
    ],
)
def test_the_first_monday_of_the_month_stays_at_nine_on_the_wall(
    zone: str, first_mondays: list[tuple[int, int, int]]
) -> None:
    found = openings(
        [rule("FREQ=MONTHLY;BYDAY=1MO")], first=date(2026, 3, 1), until=date(2026, 12, 1), zone=ZoneInfo(zone)
    )

    starts = [(one.start.month, one.start.day, one.start.hour) for one in found]
    assert [start for start in starts if start in first_mondays] == first_mondays
    assert len(starts) == 9


@pytest.mark.parametrize(
    ("rrule", "problem"),
    [
        ("", "not-a-recurrence"),
        ("FREQ", "not-a-recurrence"),
        ("FREQ=", "not-a-recurrence"),
        ("BYDAY=MO", "frequency"),
        ("FREQ=weekly", "frequency"),
        ("FREQ=HOURLY", "frequency"),
        ("FREQ=MINUTELY;INTERVAL=1", "frequency"),
        ("FREQ=SECONDLY", "frequency"),
        ("RRULE:FREQ=DAILY", "frequency"),
        ("FREQ=DAILY;FREQ=WEEKLY", "not-a-recurrence"),
        ("FREQ=DAILY;", "not-a-recurrence"),
        ("FREQ=DAILY;BYHOUR=9", "part-not-allowed"),
        ("FREQ=DAILY;BYSECOND=0", "part-not-allowed"),
        ("FREQ=YEARLY;BYEASTER=1", "part-not-allowed"),
        ("FREQ=YEARLY;BYWEEKNO=53", "part-not-allowed"),
        ("FREQ=WEEKLY;BYSETPOS=1;BYDAY=MO", "part-not-allowed"),
        ("FREQ=MONTHLY;BYSETPOS=1", "part-not-allowed"),
        ("FREQ=DAILY;INTERVAL=0", "part-out-of-range"),
        ("FREQ=DAILY;INTERVAL=-1", "part-out-of-range"),
        ("FREQ=DAILY;INTERVAL=53", "part-out-of-range"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "not-a-recurrence"),
        ("FREQ=DAILY;INTERVAL=1e3", "not-a-recurrence"),
        ("FREQ=DAILY;INTERVAL=٣", "not-a-recurrence"),  # a digit, elsewhere
        ("FREQ=DAILY;COUNT=0", "part-out-of-range"),
        ("FREQ=DAILY;COUNT=1001", "part-out-of-range"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260401", "count-and-until"),
        ("FREQ=DAILY;UNTIL=20260230", "not-a-recurrence"),
        ("FREQ=DAILY;UNTIL=20260401T000000Z", "not-a-recurrence"),
        ("FREQ=DAILY;UNTIL=99999999", "not-a-recurrence"),
        ("FREQ=WEEKLY;BYDAY=XX", "not-a-recurrence"),
        ("FREQ=WEEKLY;BYDAY=1MO", "not-a-recurrence"),
        ("FREQ=MONTHLY;BYDAY=0MO", "part-out-of-range"),
        ("FREQ=MONTHLY;BYDAY=54MO", "part-out-of-range"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "part-out-of-range"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "part-out-of-range"),
        ("FREQ=YEARLY;BYMONTH=-1", "part-out-of-range"),
        ("FREQ=YEARLY;BYMONTH=13", "part-out-of-range"),
        ("FREQ=WEEKLY;WKST=1", "not-a-recurrence"),
        ("FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 40), "too-many"),
        ("FREQ=DAILY;COUNT=" + "9" * 300, "too-long"),
        ("\0", "not-a-recurrence"),
    ],
)
def test_what_is_hostile_or_finer_than_a_day_is_refused_and_says_what(rrule: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_rrule(rrule)

    assert (refused.value.field, refused.value.problem) == ("rrule", problem)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"rrule": "", "extra_on": ()}, "rrule"),
        ({"anchor_on": FIRST_DAY - A_DAY}, "anchor_on"),
        ({"anchor_on": LAST_DAY + A_DAY}, "anchor_on"),
        ({"valid_until": MONDAY}, "valid_until"),
        ({"except_on": tuple(MONDAY + number * A_DAY for number in range(MOST_DAYS + 1))}, "except_on"),
        ({"extra_on": tuple(MONDAY + number * A_DAY for number in range(MOST_DAYS + 1))}, "extra_on"),
    ],
)
def test_a_rule_that_cannot_be_is_never_made(more: dict[str, object], field: str) -> None:
    values: dict[str, object] = {"rrule": "FREQ=DAILY", "anchor_on": MONDAY, "valid_from": MONDAY}

    with pytest.raises(InvalidRequest) as refused:
        Rule(opens=NINE, closes=NOON, **values | more)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_week_has_seven_days(weekday: int) -> None:
    with pytest.raises(InvalidRequest):
        weekly(weekday, NINE, NOON, MONDAY)


frequencies = st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
parts = st.lists(
    st.one_of(
        st.integers(1, 52).map(lambda number: f"INTERVAL={number}"),
        st.integers(1, 1000).map(lambda number: f"COUNT={number}"),
        st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(lambda day: f"UNTIL={day:%Y%m%d}"),
        st.lists(st.integers(1, 12), min_size=1, max_size=3).map(lambda all_: f"BYMONTH={','.join(map(str, all_))}"),
        st.lists(st.integers(-31, 31), min_size=1, max_size=3).map(
            lambda all_: f"BYMONTHDAY={','.join(map(str, all_))}"
        ),
        st.lists(st.sampled_from(["MO", "TU", "SU", "1MO", "-1FR", "5WE"]), min_size=1, max_size=3).map(
            lambda all_: f"BYDAY={','.join(all_)}"
        ),
        st.integers(-366, 366).map(lambda number: f"BYSETPOS={number}"),
        st.sampled_from(["WKST=SU", "WKST=MO"]),
    ),
    max_size=5,
    unique_by=lambda part: part.partition("=")[0],
)
rrules = st.builds(lambda frequency, rest: ";".join([f"FREQ={frequency}", *rest]), frequencies, parts)
anchors = st.dates(date(2000, 1, 1), date(2060, 1, 1))


@settings(max_examples=60)
@given(rrules, anchors, st.integers(-40, 3000))
@example("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", MONDAY, 0)
@example("FREQ=DAILY;INTERVAL=7;BYDAY=TU", MONDAY, 0)
@example("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2;INTERVAL=51", date(2000, 1, 1), 0)
@example("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=366", MONDAY, 0)
@example("FREQ=DAILY;COUNT=1000;BYMONTHDAY=31;BYMONTH=2", MONDAY, 0)
@example("FREQ=DAILY", FIRST_DAY, 25500)
@example("FREQ=WEEKLY;BYMONTH=1", LAST_DAY - 400 * A_DAY, 300)
def test_whatever_is_written_is_refused_or_expanded_at_once(rrule: str, anchor: date, later: int) -> None:
    """Hypothesis stops at 200 ms an example: a recurrence that never comes would take minutes."""
    first = anchor + later * A_DAY
    try:
        found = recurrence_days(rrule, anchor, first, first + 120 * A_DAY)
    except InvalidRequest:
        return

    assert all(before < after for before, after in pairwise(found))
    assert all(max(first, anchor) <= day < first + 120 * A_DAY for day in found)


@settings(max_examples=60)
@given(rrules, anchors, st.integers(0, 200), st.integers(1, 100))
@example("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", MONDAY, 8, 60)
@example("FREQ=WEEKLY;BYDAY=MO;COUNT=5", MONDAY, 14, 60)
def test_a_rule_cut_in_two_at_any_day_opens_what_it_opened(rrule: str, anchor: date, cut: int, after: int) -> None:
    try:
        whole = rule(rrule, anchor)
    except InvalidRequest:
        return
    day, until = anchor + cut * A_DAY, anchor + (cut + after) * A_DAY

    before = rule(rrule, anchor, valid_until=day) if cut else None
    parts_of_it = [*(before.days(anchor, until) if before else ()), *whole.since(day).days(anchor, until)]

    assert parts_of_it == whole.days(anchor, until)


@settings(max_examples=60)
@given(rrules, anchors, st.integers(0, 200), st.integers(0, 60))
def test_asking_in_two_parts_finds_the_same_days(rrule: str, anchor: date, later: int, cut: int) -> None:
    first = anchor + later * A_DAY
    middle, until = first + cut * A_DAY, first + 60 * A_DAY
    try:
        whole = recurrence_days(rrule, anchor, first, until)
    except InvalidRequest:
        return

    parts_of_it = recurrence_days(rrule, anchor, first, middle) + recurrence_days(rrule, anchor, middle, until)
    assert parts_of_it == whole
