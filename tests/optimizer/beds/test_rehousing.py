"""Beds for those whose establishment closes: as many as can be, as near as can be, never two in one bed a night."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, product
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.beds.rehousing import Guest, assign

TODAY = date(2026, 3, 2)


def guest(number: int, first: int, until: int, **beds: float) -> Guest:
    days = [TODAY + timedelta(days=day) for day in (first, until)]
    return Guest(UUID(int=number), *days, {int(bed[1:]): distance for bed, distance in beds.items()})


def test_who_has_one_choice_has_it_and_the_other_goes_farther() -> None:
    guests = [guest(1, 0, 9, b7=1.0, b8=5.0), guest(2, 0, 9, b7=2.0)]

    assert assign(guests) == {UUID(int=1): 8, UUID(int=2): 7}


def test_one_bed_serves_two_whose_nights_do_not_meet() -> None:
    back_to_back = [guest(1, 0, 3, b7=1.0), guest(2, 3, 9, b7=1.0)]
    meeting = [guest(1, 0, 4, b7=1.0), guest(2, 3, 9, b7=1.0)]

    assert assign(back_to_back) == {UUID(int=1): 7, UUID(int=2): 7}
    assert len(assign(meeting)) == 1
    assert assign([]) == assign([guest(1, 0, 3)]) == {}


@st.composite
def some_guests(draw: st.DrawFn) -> list[Guest]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 4))
        beds = draw(st.dictionaries(st.sampled_from(["b1", "b2", "b3"]), st.integers(0, 9).map(float), max_size=3))
        found.append(guest(number, first, first + draw(st.integers(1, 4)), **beds))
    return found


@given(some_guests())
@settings(max_examples=60, deadline=None)
def test_nothing_found_by_hand_is_better(guests: list[Guest]) -> None:
    found = assign(guests)

    assert not clashes(guests, found)
    assert worth(guests, found) == max(
        worth(guests, tried)
        for beds in product(*([None, *each.beds] for each in guests))
        for tried in [{each.id: bed for each, bed in zip(guests, beds, strict=True) if bed is not None}]
        if not clashes(guests, tried)
    )
    assert assign(guests) == found


def worth(guests: list[Guest], beds: dict[UUID, int]) -> tuple[int, float]:
    """Return how many have a bed, then how near."""
    return len(beds), -sum(each.beds[beds[each.id]] for each in guests if each.id in beds)


def clashes(guests: list[Guest], beds: dict[UUID, int]) -> bool:
    """Say whether two have one bed on one night."""
    housed = [each for each in guests if each.id in beds]
    return any(
        beds[one.id] == beds[other.id] and one.first < other.until and other.first < one.until
        for one, other in combinations(housed, 2)
    )
