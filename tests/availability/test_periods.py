"""Periods: tables of cases, and their algebra against a model that counts minutes one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.periods import Period, days_between, merge, peak, subtract

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
A_DAY = date(2026, 3, 2)
PARIS = ZoneInfo("Europe/Paris")


def minutes(start: int, end: int) -> Period:
    """Return the period between two minutes of the same morning."""
    return Period(MORNING + timedelta(minutes=start), MORNING + timedelta(minutes=end))


def minutes_in(periods: list[Period]) -> list[int]:
    """Return every minute covered, with its repetitions: the model that the algebra is held against."""
    covered: list[int] = []
    for period in periods:
        first = int((period.start - MORNING) / timedelta(minutes=1))
        covered.extend(range(first, first + int((period.end - period.start) / timedelta(minutes=1))))
    return sorted(covered)


def is_sorted_and_disjoint(periods: list[Period]) -> bool:
    """Say whether each period ends before the next begins, or as it begins."""
    return all(before.end <= after.start for before, after in pairwise(periods))


some_period = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda pair: minutes(pair[0], pair[0] + pair[1]))
some_periods = st.lists(some_period, max_size=8)
some_span = st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(1, 10))).map(
    lambda pair: (
        A_DAY + timedelta(days=pair[0]),
        None if pair[1] is None else A_DAY + timedelta(days=pair[0] + pair[1]),
    )
)


def test_a_period_refuses_naive_instants() -> None:
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2026, 3, 2, 8, 0), MORNING)  # noqa: DTZ001 - the naive instant is the point


@pytest.mark.parametrize("end", [MORNING, MORNING - timedelta(minutes=1)])
def test_a_period_refuses_to_end_before_or_as_it_starts(end: datetime) -> None:
    with pytest.raises(ValueError, match="ends after"):
        Period(MORNING, end)


def test_a_period_given_in_wall_time_lasts_what_the_clocks_really_did() -> None:
    # 25 October 2026: 02:30 comes twice; between 02:30 and the second 02:15 there are 45 minutes.
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    second = datetime(2026, 10, 25, 2, 15, tzinfo=PARIS, fold=1)

    period = Period(twice, second)

    assert period.end - period.start == timedelta(minutes=45)
    assert period == Period(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (minutes(0, 45), minutes(45, 90), False),  # back to back
        (minutes(0, 45), minutes(44, 90), True),
        (minutes(0, 45), minutes(15, 60), True),  # 09:00–09:45 against 09:15–10:00
        (minutes(0, 60), minutes(20, 30), True),
        (minutes(0, 10), minutes(20, 30), False),
    ],
)
def test_overlap_is_half_open_and_symmetrical(one: Period, other: Period, expected: bool) -> None:
    assert one.overlaps(other) is expected
    assert other.overlaps(one) is expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (minutes(0, 60), minutes(0, 60), True),
        (minutes(0, 60), minutes(0, 61), False),
        (minutes(1, 60), minutes(0, 60), False),
        (minutes(0, 60), minutes(20, 40), True),
    ],
)
def test_containment_includes_both_ends(outer: Period, inner: Period, expected: bool) -> None:
    assert outer.contains(inner) is expected


@given(some_periods)
def test_merging_keeps_exactly_the_same_minutes_and_nothing_touches(periods: list[Period]) -> None:
    merged = merge(periods)

    assert minutes_in(merged) == sorted(set(minutes_in(periods)))
    assert all(before.end < after.start for before, after in pairwise(merged))


@given(some_periods)
def test_merging_twice_changes_nothing(periods: list[Period]) -> None:
    assert merge(merge(periods)) == merge(periods)


@given(some_period, some_periods)
def test_subtracting_leaves_exactly_the_minutes_that_are_not_busy(opening: Period, busy: list[Period]) -> None:
    remaining = subtract(opening, busy)

    assert minutes_in(remaining) == sorted(set(minutes_in([opening])) - set(minutes_in(busy)))
    assert is_sorted_and_disjoint(remaining)


@given(some_period, some_periods)
def test_what_remains_and_what_was_taken_make_the_opening_again(opening: Period, busy: list[Period]) -> None:
    remaining = subtract(opening, busy)
    taken = subtract(opening, remaining)

    assert merge(remaining + taken) == [opening]


def test_a_busy_period_that_only_touches_takes_nothing() -> None:
    assert subtract(minutes(30, 60), [minutes(0, 30), minutes(60, 90)]) == [minutes(30, 60)]


def test_nothing_remains_of_an_opening_wholly_taken() -> None:
    assert subtract(minutes(0, 60), [minutes(0, 30), minutes(30, 60)]) == []


def test_nights_are_counted_in_civil_days_whatever_the_clocks_do() -> None:
    nights = list(days_between(date(2026, 3, 28), date(2026, 3, 30)))  # the clocks change on the 29th

    assert nights == [date(2026, 3, 28), date(2026, 3, 29)]


@pytest.mark.parametrize("until", [A_DAY, A_DAY - timedelta(days=3)])
def test_no_day_lies_between_a_day_and_itself_or_an_earlier_one(until: date) -> None:
    assert list(days_between(A_DAY, until)) == []


def span(start: int, end: int | None) -> tuple[date, date | None]:
    """Return the span between two days of March, open-ended when the second is None."""
    return date(2026, 3, start), None if end is None else date(2026, 3, end)


@pytest.mark.parametrize(
    ("spans", "window", "expected"),
    [
        ([], span(1, 10), 0),
        ([span(1, 5), span(5, 10)], span(1, 10), 1),  # back to back
        ([span(1, 6), span(5, 10)], span(1, 10), 2),
        ([span(1, None), span(1, None)], span(20, None), 2),  # open-ended
        ([span(1, 5)], span(5, 10), 0),  # ends as the window starts
        ([span(10, 12)], span(5, 10), 0),  # starts as the window ends
        ([span(10, 12)], span(5, None), 1),
        ([span(1, 3), span(4, 6), span(7, 9)], span(1, 10), 1),
        ([span(1, 9), span(2, 8), span(3, 7)], span(4, 5), 3),
        ([span(1, 9), span(2, 8), span(3, 7)], span(8, 9), 1),
    ],
)
def test_the_peak_is_the_busiest_moment_of_the_window(
    spans: list[tuple[date, date | None]], window: tuple[date, date | None], expected: int
) -> None:
    assert peak(spans, *window) == expected


@given(st.lists(some_span, max_size=8), some_span)
def test_the_peak_is_what_counting_day_by_day_finds(
    spans: list[tuple[date, date | None]], window: tuple[date, date | None]
) -> None:
    first, until = window
    days = days_between(first, until or A_DAY + timedelta(days=60))
    counted = [sum(start <= day and (end is None or day < end) for start, end in spans) for day in days]

    assert peak(spans, first, until) == max(counted)


some_weight = st.tuples(some_span, st.integers(-3, 3)).map(lambda pair: (*pair[0], pair[1]))


@given(st.lists(some_span, max_size=5), st.lists(some_weight, max_size=3), some_span)
def test_a_weight_counts_as_many_presences_or_as_many_absences(
    spans: list[tuple[date, date | None]],
    weights: list[tuple[date, date | None, int]],
    window: tuple[date, date | None],
) -> None:
    first, until = window
    days = days_between(first, until or A_DAY + timedelta(days=60))
    weighed = [*((*span, 1) for span in spans), *weights]
    counted = [
        sum(count for start, end, count in weighed if start <= day and (end is None or day < end)) for day in days
    ]

    assert peak(spans, first, until, weights=weights) == max(counted)
