"""The order of the list, who waits for the same, the first days that would do."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.waiting_rules import Place, Rank, Waiting, earliest, in_order, meets, places_of
from tests.factories import NOW, TODAY, in_days, in_minutes

DAYS = st.integers(0, 40).map(in_days)
WAITING = st.builds(
    lambda number, minutes, deadline, first, length, point, reach, resource: Waiting(
        id=UUID(int=number),
        created_at=in_minutes(minutes),
        deadline_on=deadline,
        first_on=first,
        until_on=first + timedelta(days=length),
        point=point,
        reach_km=reach if point else None,
        resource_id=resource,
    ),
    st.integers(0, 10**6),
    st.integers(0, 5),
    st.none() | DAYS,
    DAYS,
    st.integers(1, 10),
    st.none() | st.tuples(st.floats(43, 50), st.floats(0, 7)),
    st.none() | st.floats(1, 300),
    st.none() | st.integers(1, 3),
)
LISTS = st.lists(WAITING, max_size=12, unique_by=lambda one: one.id)


@settings(max_examples=60)
@given(LISTS)
def test_the_soonest_deadline_then_the_oldest_is_first_whatever_order_they_come_in(entries: list[Waiting]) -> None:
    ordered = in_order(entries)

    assert ordered == in_order(reversed(entries))
    for one, other in itertools.pairwise(ordered):
        if one.deadline_on is None:
            assert other.deadline_on is None
        elif other.deadline_on is not None:
            assert one.deadline_on <= other.deadline_on
        if one.deadline_on == other.deadline_on:
            assert (one.created_at, one.id) < (other.created_at, other.id)


@settings(max_examples=60)
@given(LISTS)
def test_a_rank_counts_those_before_who_wait_for_the_same(entries: list[Waiting]) -> None:
    ordered = in_order(entries)
    ranks = [places_of([one.id], entries)[one.id].rank for one in ordered]

    assert all(1 <= rank <= number for number, rank in enumerate(ranks, 1))
    everything = [replace(one, point=None, reach_km=None, resource_id=None, until_on=in_days(99)) for one in entries]
    everything = [replace(one, first_on=TODAY) for one in everything]
    places = places_of([one.id for one in entries], everything)
    assert [places[one.id].rank for one in ordered] == list(range(1, len(entries) + 1))


@settings(max_examples=60)
@given(WAITING, WAITING)
def test_two_wait_for_the_same_or_they_do_not(one: Waiting, other: Waiting) -> None:
    assert meets(one, other) == meets(other, one)
    assert meets(one, one)


def test_a_place_says_what_gives_it() -> None:
    entry = Waiting(id=UUID(int=1), created_at=NOW, deadline_on=None, first_on=TODAY, until_on=in_days(3))
    urgent = replace(entry, id=UUID(int=2), deadline_on=in_days(9), created_at=in_minutes(5))
    lyon = replace(entry, id=UUID(int=3), point=(45.76, 4.84), reach_km=40.0)
    paris = replace(lyon, id=UUID(int=4), point=(48.86, 2.35))

    assert places_of([urgent.id], [entry, urgent])[urgent.id] == Place(1, Rank.DEADLINE)
    assert places_of([entry.id], [entry, urgent])[entry.id] == Place(2, Rank.DATE)
    assert places_of([paris.id], [lyon, paris])[paris.id] == Place(1, Rank.DATE)


@settings(max_examples=60)
@given(
    st.lists(st.sets(st.integers(0, 20)), max_size=3),
    st.integers(0, 10),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 20),
)
def test_the_first_days_that_would_do_are_those_that_trying_each_finds(
    beds: list[set[int]], first: int, length: int, days: int, latest: int
) -> None:
    ranges = [_ranges(free) for free in beds]
    until = first + length

    found = earliest(ranges, within=(in_days(first), in_days(until)), days=days, start_until=in_days(latest))

    tried = [
        start
        for start in range(first, until - days + 1)
        if start <= latest and any(set(range(start, start + days)) <= free for free in beds)
    ]
    assert found == (in_days(tried[0]) if tried else None)


def _ranges(free: set[int]) -> list[tuple[date, date]]:
    starts = sorted(day for day in free if day - 1 not in free)
    ends = sorted(day + 1 for day in free if day + 1 not in free)
    return [(in_days(start), in_days(end)) for start, end in zip(starts, ends, strict=True)]


def test_who_would_come_earlier_waits_for_the_same_as_others_for_one_of_those_resources_of_that_kind() -> None:
    anywhere = Waiting(id=UUID(int=1), created_at=NOW, deadline_on=None, first_on=TODAY, until_on=in_days(9), kind_id=1)
    earlier, there = replace(anywhere, resource_ids=(4, 5)), replace(anywhere, resource_id=5)

    assert meets(earlier, there)
    assert meets(earlier, anywhere)
    assert not meets(earlier, replace(there, resource_id=6))
    assert not meets(earlier, replace(there, kind_id=2))
