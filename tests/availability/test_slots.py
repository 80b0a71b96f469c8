"""Slots: a grid anchored to the opening, and the promise that whatever is listed as free can be taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from availability.periods import Period
from availability.slots import Agenda, Busy, Grid, Slot, cut, seats_taken, slots_in

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    """Return the instant that many minutes after nine."""
    return NINE + timedelta(minutes=minute)


def between(start: int, end: int) -> Period:
    """Return the period between two minutes after nine."""
    return Period(at(start), at(end))


def grid(step: int, duration: int, buffer: int = 0) -> Grid:
    """Return a grid in minutes."""
    return Grid(timedelta(minutes=step), timedelta(minutes=duration), timedelta(minutes=buffer))


def agenda(openings: Sequence[Period], busy: Iterable[Busy], rules: Grid, capacity: int = 1, **more: Any) -> Agenda:
    """Return an agenda, everything that a table of cases needs being given by position."""
    spans = [(opening.start, opening.end) for opening in sorted(openings)]
    taken = seats_taken(busy)
    return Agenda(openings=spans, taken=taken, grid=rules, capacity=capacity, **{"now": LONG_AGO} | more)


def listed(
    openings: list[Period], busy: list[Busy], rules: Grid, capacity: int = 1, not_before: datetime = LONG_AGO
) -> list[Slot]:
    """Return the slots, everything being given by position."""
    return slots_in(agenda(openings, busy, rules, capacity, now=not_before))


def minutes_after_nine(found: list[Slot]) -> list[int]:
    """Return the starts, in minutes after nine."""
    return [int((slot.period.start - NINE) / timedelta(minutes=1)) for slot in found]


@pytest.mark.parametrize(("step", "duration", "buffer"), [(0, 45, 0), (30, 0, 0), (30, 45, -1), (-30, 45, 0)])
def test_a_grid_that_would_not_move_forward_is_refused(step: int, duration: int, buffer: int) -> None:
    with pytest.raises(ValueError, match="moves forward"):
        grid(step, duration, buffer)


@pytest.mark.parametrize(
    ("opening", "rules", "starts"),
    [
        (between(0, 120), grid(30, 45), [0, 30, 60]),  # 90 would end at 135
        (between(0, 135), grid(30, 45), [0, 30, 60, 90]),  # exactly
        (between(0, 134), grid(30, 45), [0, 30, 60]),
        (between(10, 100), grid(45, 45), [10, 55]),  # anchored to the opening, not to the hour
        (between(0, 45), grid(30, 45), [0]),
        (between(0, 44), grid(30, 45), []),
        (between(0, 10), grid(60, 45), []),
        (between(0, 100), grid(7, 90), [0, 7]),
    ],
)
def test_the_grid_is_anchored_to_the_start_of_its_opening(opening: Period, rules: Grid, starts: list[int]) -> None:
    assert minutes_after_nine(listed([opening], [], rules)) == starts


def test_the_grid_does_not_move_with_the_hour_at_which_it_is_asked_for() -> None:
    early = listed([between(0, 120)], [], grid(30, 30), not_before=at(0))
    late = listed([between(0, 120)], [], grid(30, 30), not_before=at(31))

    assert minutes_after_nine(early) == [0, 30, 60, 90]
    assert minutes_after_nine(late) == [60, 90]


def test_a_slot_that_starts_at_this_very_moment_is_still_listed() -> None:
    assert minutes_after_nine(listed([between(0, 60)], [], grid(30, 30), not_before=at(30))) == [30]


@pytest.mark.parametrize(
    ("busy", "buffer", "free"),
    [
        (between(30, 60), 0, [0, 60, 90]),  # back to back on either side
        (between(31, 59), 0, [0, 60, 90]),
        (between(29, 60), 0, [60, 90]),
        (between(30, 61), 0, [0, 90]),
        (between(30, 60), 1, [90]),  # the buffer holds on either side
        (between(35, 55), 5, [0, 60, 90]),  # exactly the buffer away
        (between(34, 55), 5, [60, 90]),
        (between(35, 56), 5, [0, 90]),
    ],
)
def test_a_claim_takes_the_slots_that_it_and_its_buffer_reach(busy: Period, buffer: int, free: list[int]) -> None:
    found = listed([between(0, 120)], [Busy(1, busy)], grid(30, 30, buffer))

    assert minutes_after_nine([slot for slot in found if slot.is_free]) == free
    assert minutes_after_nine(found) == [0, 30, 60, 90]


def test_each_seat_is_free_or_taken_by_itself() -> None:
    busy = [Busy(1, between(0, 30)), Busy(3, between(30, 60))]

    found = listed([between(0, 60)], busy, grid(30, 30), capacity=3)

    assert [slot.seats for slot in found] == [(2, 3), (1, 2)]


@pytest.mark.parametrize(("taken", "seats"), [([4], (1,)), ([4, 3], ()), ([1, 4], ()), ([4, 3, 5], ()), ([1], (2,))])
def test_who_has_a_seat_of_a_greater_capacity_counts_all_the_same(taken: list[int], seats: tuple[int, ...]) -> None:
    busy = [Busy(seat, between(0, 30)) for seat in taken]

    found = listed([between(0, 60)], busy, grid(30, 30), capacity=2)

    assert [slot.seats for slot in found] == [seats, (1, 2)]


def test_no_seat_means_that_every_start_is_taken() -> None:
    found = listed([between(0, 60)], [], grid(30, 30), capacity=0)

    assert minutes_after_nine(found) == [0, 30]
    assert not any(slot.is_free for slot in found)


minutes = st.integers(0, 300)
some_grid = st.builds(grid, st.integers(5, 60), st.integers(5, 90), st.integers(0, 20))
# Openings are disjoint, as `openings()` returns them.
some_openings = st.lists(st.integers(0, 400), min_size=2, max_size=6, unique=True).map(
    lambda bounds: [between(start, end) for start, end in zip(sorted(bounds)[::2], sorted(bounds)[1::2], strict=False)]
)
some_busy = st.lists(
    st.builds(
        lambda seat, start, length: Busy(seat, between(start, start + length)),
        st.integers(1, 3),
        minutes,
        st.integers(1, 90),
    ),
    max_size=6,
)


def gap(one: Period, other: Period) -> timedelta:
    """Return the time between two periods that do not overlap; negative when they do."""
    return max(one.start - other.end, other.start - one.end)


@given(some_openings, some_busy, some_grid, st.integers(0, 3))
def test_as_many_seats_are_listed_as_are_left_each_with_every_claim_on_it_a_buffer_away(
    opened: list[Period], busy: list[Busy], rules: Grid, capacity: int
) -> None:
    for slot in listed(opened, busy, rules, capacity):
        near = {claim.seat for claim in busy if gap(slot.period, claim.period) < rules.gap}
        assert not near.intersection(slot.seats)
        assert len(slot.seats) == max(capacity - len(near), 0)


@given(some_openings, some_grid)
def test_every_slot_lies_within_one_opening_on_its_grid(opened: list[Period], rules: Grid) -> None:
    found = listed(opened, [], rules)

    assert [slot.period for slot in found] == sorted(slot.period for slot in found)
    for slot in found:
        around = [opening for opening in opened if opening.contains(slot.period)]
        assert len(around) == 1
        assert (slot.period.start - around[0].start) % rules.step == timedelta(0)
        assert slot.period.end - slot.period.start == rules.duration


@given(some_openings, some_grid)
def test_no_start_of_the_grid_is_forgotten(opened: list[Period], rules: Grid) -> None:
    expected = [
        opening.start + number * rules.step
        for opening in opened
        for number in range(500)
        if opening.start + number * rules.step + rules.duration <= opening.end
    ]

    assert [period.start for opening in opened for period in cut(opening, rules)] == expected


@given(some_openings, some_busy, some_grid, st.integers(1, 3), st.data())
def test_taking_a_slot_removes_exactly_what_it_and_its_buffer_reach_on_its_seat(
    opened: list[Period], busy: list[Busy], rules: Grid, capacity: int, data: st.DataObject
) -> None:
    busy = [claim for claim in busy if claim.seat <= capacity]  # who has a seat that is no more takes any: see above
    before = listed(opened, busy, rules, capacity)
    free = [slot for slot in before if slot.is_free]
    assume(free)
    chosen = data.draw(st.sampled_from(free))
    seat = chosen.seats[0]

    after = listed(opened, [*busy, Busy(seat, chosen.period)], rules, capacity)

    for old, new in zip(before, after, strict=True):
        reached = gap(old.period, chosen.period) < rules.gap or old.period.overlaps(chosen.period)
        assert set(new.seats) == set(old.seats) - ({seat} if reached else set())


@given(some_openings, some_grid, st.integers(1, 3))
def test_taking_free_slots_one_after_the_other_never_puts_two_on_one_seat_at_once(
    opened: list[Period], rules: Grid, capacity: int
) -> None:
    taken: list[Busy] = []
    for start in [slot.period.start for slot in listed(opened, [], rules, capacity)] * capacity:
        now = {slot.period.start: slot for slot in listed(opened, taken, rules, capacity)}[start]
        if now.is_free:
            taken.append(Busy(now.seats[0], now.period))

    assert all(
        gap(one.period, other.period) >= rules.gap for one, other in combinations(taken, 2) if one.seat == other.seat
    )
    assert not any(slot.is_free for slot in listed(opened, taken, rules, capacity))
