"""Whom a change concerns: a page that shows nothing of it does nothing."""

from __future__ import annotations

import pytest

from availability.places import bounding_box
from portal.live import Heard, Scope, Where, within

PARIS, LYON = (48.85, 2.35), (45.76, 4.83)
BEDS, POSTS = 1, 2
MOVED = [Where(10, BEDS, *PARIS), Where(11, BEDS, *LYON), Where(12, POSTS, *PARIS), Where(13, BEDS, None, None)]
IDS = frozenset(one.resource_id for one in MOVED)


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (None, {10, 11, 12, 13}),
        (Scope(BEDS), {10, 11, 13}),
        (Scope(BEDS, bounding_box(*PARIS, 50)), {10}),
        (Scope(POSTS, bounding_box(*LYON, 50)), set()),
    ],
)
def test_a_page_is_told_of_its_kind_and_of_what_it_shows(scope: Scope | None, told: set[int]) -> None:
    assert within(scope, IDS, MOVED) == told


async def test_what_is_heard_while_pages_are_told_is_told_together() -> None:
    heard = Heard()
    heard.add([1, 2])
    heard.add([2, 3])

    assert await heard.take() == {1, 2, 3}
    heard.add([4])
    assert await heard.take() == {4}
