"""Limits of a kind: both sides of every boundary."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from availability.limits import Limits

TODAY = date(2026, 3, 2)


def in_days(days: int) -> date:
    """Return the day that many days from today."""
    return TODAY + timedelta(days=days)


def refused(limits: Limits, first: date, until: date | None) -> tuple[str, str] | None:
    """Return the field and the rule that refuse, or None when the days are accepted."""
    try:
        limits.check(first, until, today=TODAY)
    except InvalidRequest as refusal:
        return refusal.field, refusal.problem
    return None


@pytest.mark.parametrize(
    ("limits", "first", "until", "expected"),
    [
        (Limits(0, 365), 0, 1, None),  # tonight
        (Limits(0, 365), -1, 1, ("from", "past")),
        (Limits(2, 365), -1, 9, ("from", "past")),  # past, rather than too soon
        (Limits(2, 365), 2, 3, None),
        (Limits(2, 365), 1, 3, ("from", "too-soon")),
        (Limits(0, 365), 365, 366, None),
        (Limits(0, 365), 366, 367, ("from", "too-far")),
        (Limits(0, 365), 5, 6, None),
        (Limits(0, 365), 5, 5, ("to", "not-after-start")),
        (Limits(0, 365), 5, 4, ("to", "not-after-start")),
        (Limits(0, 365, 30), 5, 35, None),
        (Limits(0, 365, 30), 5, 36, ("to", "too-long")),
        (Limits(0, 365, 30), 5, None, ("to", "too-long")),  # open-ended is longer than any limit
        (Limits(0, 365), 5, None, None),
        (Limits(0, 365), 365, 5000, None),  # only the start is bounded when no length is
        (Limits(0, 1), 1, 2, None),
        (Limits(3, 3), 3, 4, None),  # one single day is left
        (Limits(3, 3), 4, 5, ("from", "too-far")),
    ],
)
def test_each_limit_accepts_its_boundary_and_refuses_the_day_beyond(
    limits: Limits, first: int, until: int | None, expected: tuple[str, str] | None
) -> None:
    assert refused(limits, in_days(first), None if until is None else in_days(until)) == expected


def test_a_refusal_says_what_would_have_been_accepted() -> None:
    with pytest.raises(InvalidRequest) as soon:
        Limits(2, 30).check(in_days(1), in_days(2), today=TODAY)
    with pytest.raises(InvalidRequest) as far:
        Limits(2, 30).check(in_days(31), in_days(32), today=TODAY)

    assert soon.value.facts["earliest"] == in_days(2)
    assert far.value.facts["latest"] == in_days(30)


@given(
    st.builds(Limits, st.integers(0, 10), st.integers(1, 366), st.one_of(st.none(), st.integers(1, 60))),
    st.integers(-5, 400),
    st.one_of(st.none(), st.integers(-5, 500)),
)
def test_what_is_accepted_respects_every_limit_at_once(limits: Limits, first: int, until: int | None) -> None:
    length = None if until is None else until - first
    fits = (
        max(0, limits.min_notice_days) <= first <= limits.max_ahead_days
        and (length is None or length > 0)
        and (limits.max_days is None or (length is not None and length <= limits.max_days))
    )

    assert (refused(limits, in_days(first), None if until is None else in_days(until)) is None) is fits
