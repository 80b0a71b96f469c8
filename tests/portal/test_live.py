"""Whom a change concerns: a page that shows nothing of it does nothing."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from availability.models import Shape
from availability.places import bounding_box
from portal.live import ANYTHING, Heard, Scope, Where, where, within
from tests.factories import make_kind, make_resource, make_world

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


async def test_after_an_interruption_anything_may_have_changed() -> None:
    heard = Heard()
    heard.add([1])
    heard.add_anything()

    assert await heard.take() is ANYTHING
    heard.add([4])
    assert await heard.take() == {4}


def test_anything_holds_whatever_a_page_shows_and_nothing_of_a_page_that_shows_nothing() -> None:
    assert 12 in ANYTHING
    assert ANYTHING & {1, 2} == frozenset({1, 2}) & ANYTHING == {1, 2}
    assert not ANYTHING & frozenset()
    assert not ANYTHING.isdisjoint({1})
    assert ANYTHING.isdisjoint(())


def test_after_an_interruption_a_page_with_a_scope_is_told_of_all_that_is_in_it(session: Session) -> None:
    world = make_world(session)
    kind, other = make_kind(session, Shape.PLACES), make_kind(session, Shape.PLACES)
    world.site.lat, world.site.lon = PARIS
    here = make_resource(session, world.site, kind)
    make_resource(session, world.site, other)
    near, far = Scope(kind.id, bounding_box(*PARIS, 10)), Scope(kind.id, bounding_box(*LYON, 10))

    moved = where(session, ANYTHING, {near, far})

    assert within(near, ANYTHING, moved) == {here.id}
    assert within(far, ANYTHING, moved) == set()
    assert within(Scope(kind.id), ANYTHING, where(session, ANYTHING, {Scope(kind.id)})) == {here.id}
