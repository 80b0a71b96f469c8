"""The function that lists is the one that confirms: what a search says suits can be held, and nothing else can.

Whatever is already taken, expired, closed or declared: for random places of each shape, each resource is searched,
then held, and the two must agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import Refusal
from availability.models import Kind, Resource, Shape
from availability.queries import nights_by_day, places_by_day, slots_by_day
from availability.search import Found, Wish, search, tally
from booking.actions import hold
from tests.availability.scarce import somebody
from tests.factories import (
    NOW,
    World,
    close,
    in_days,
    in_minutes,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
)

fast = settings(
    max_examples=15,
    deadline=None,
    # One session for all the examples: each of them is rolled back.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
days = st.integers(1, 12)
lengths = st.integers(1, 5)
ends = st.sampled_from([None, None, in_minutes(10), NOW, in_minutes(-1)])  # for good, still held, over
taken = st.lists(st.tuples(days, lengths, ends), max_size=8)
closures = st.lists(st.tuples(days, lengths), max_size=1)
wishes = st.tuples(days, lengths)


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Roll back whatever one example writes."""
    example = session.begin_nested()
    try:
        yield
    finally:
        example.rollback()


def is_accepted(session: Session, world: World, claim: Claim) -> bool:
    """Say whether a hold is accepted, and take it back."""
    attempt = session.begin_nested()
    try:
        hold(session, world.officer, claim, now=NOW)
    except Refusal:
        return False
    finally:
        attempt.rollback()
    return True


def already(session: Session, claims: list[tuple[Claim, Any]]) -> None:
    """Take what can be taken of these, from some time ago, each until its end."""
    for claim, end in claims:
        attempt = session.begin_nested()
        try:
            occupy(session, [claim], Holder(id=somebody().id, now=in_minutes(-60), expires_at=end))
            attempt.commit()
        except Refusal:
            attempt.rollback()


def shut(session: Session, resource: Resource, closed: list[tuple[int, int]]) -> None:
    """Close a resource on these days."""
    for first, length in closed:
        close(session, resource, in_days(first), in_days(first + length))


def look(session: Session, world: World, kind: Kind, wanted: tuple[int, int]) -> list[Found]:
    """Return what is found, after checking that counts add up and that the short list is the part that suits."""
    first, length = wanted
    wish = Wish(kind=kind, first=in_days(first), until=in_days(first + length))
    found = search(session, world.officer, wish, now=NOW)
    assert search(session, world.officer, wish, now=NOW, only_suitable=True) == [one for one in found if one.suits]
    answer = tally(found)
    assert answer.free + sum(count for _, count in answer.why_not) == answer.total
    assert all(count > 0 for _, count in answer.why_not)
    return found


@fast
@given(taken=taken, closed=closures, wanted=wishes, number_of_beds=st.integers(0, 3))
def test_a_bed_that_suits_can_be_held_and_no_other(
    session: Session,
    world: World,
    *,
    taken: list[Any],
    closed: list[tuple[int, int]],
    wanted: tuple[int, int],
    number_of_beds: int,
) -> None:
    with undone(session):
        kind = make_kind(session, Shape.NIGHTS)
        section = make_resource(session, world.site, kind)
        make_beds(session, section, *"ABC"[:number_of_beds])

        def stay(first: int, length: int) -> Claim:
            return NightsClaim(resource_id=section.id, first=in_days(first), until=in_days(first + length))

        already(session, [(stay(first, length), end) for first, length, end in taken])
        shut(session, section, closed)
        (found,) = look(session, world, kind, wanted)

        assert is_accepted(session, world, stay(*wanted)) is found.suits
        if number_of_beds:
            counts = nights_by_day(session, [section.id], first=in_days(1), until=in_days(9), now=NOW)[section.id]
            for count in counts:
                assert is_accepted(session, world, stay((count.day - in_days(0)).days, 1)) is (count.free > 0)


@fast
@given(taken=taken, closed=closures, wanted=wishes, capacity=st.integers(0, 3), load=st.integers(0, 2))
def test_a_post_that_suits_can_be_held_and_no_other(
    session: Session,
    world: World,
    *,
    taken: list[Any],
    closed: list[tuple[int, int]],
    wanted: tuple[int, int],
    capacity: int,
    load: int,
) -> None:
    with undone(session):
        kind = make_kind(session, Shape.PLACES)
        post = make_resource(session, world.site, kind, capacity=3)

        def placed(first: int, length: int) -> Claim:
            until = None if length == 5 else in_days(first + length)  # some stay for good
            return PlaceClaim(resource_id=post.id, first=in_days(first), until=until)

        already(session, [(placed(first, length), end) for first, length, end in taken])
        post.capacity, post.declared_load = capacity, load
        session.flush()
        shut(session, post, closed)
        (found,) = look(session, world, kind, wanted)

        asked = PlaceClaim(resource_id=post.id, first=in_days(wanted[0]), until=in_days(sum(wanted)))
        assert is_accepted(session, world, asked) is found.suits
        counts = places_by_day(session, [post.id], first=in_days(1), until=in_days(9), now=NOW)[post.id]
        for count in counts:
            one_day = PlaceClaim(resource_id=post.id, first=count.day, until=count.day + timedelta(days=1))
            assert is_accepted(session, world, one_day) is (count.free > 0)


@fast
@given(
    taken=taken,
    closed=closures,
    wanted=wishes,
    rules=st.fixed_dictionaries(
        {
            "slot_step_min": st.sampled_from([15, 20, 45]),
            "slot_duration_min": st.sampled_from([20, 45]),
            "buffer_after_min": st.sampled_from([0, 10]),
            "min_notice_days": st.integers(0, 3),
            "max_ahead_days": st.integers(5, 12),
        }
    ),
    capacity=st.integers(0, 2),
)
def test_a_slot_listed_as_free_can_be_held_and_no_other(
    session: Session,
    world: World,
    *,
    taken: list[Any],
    closed: list[tuple[int, int]],
    wanted: tuple[int, int],
    rules: dict[str, Any],
    capacity: int,
) -> None:
    with undone(session):
        kind = make_kind(session, Shape.SLOTS, **rules)
        agent = make_resource(session, world.site, kind, capacity=2)
        for day in range(1, 14, 2):
            make_opening(session, agent, in_minutes(day * 24 * 60), hours=1.5)

        def slot(day: int, number: int) -> Claim:
            start = in_minutes((day | 1) * 24 * 60 + number * rules["slot_step_min"])
            return SlotClaim(resource_id=agent.id, start=start)

        already(session, [(slot(day, number - 1), end) for day, number, end in taken])
        agent.capacity = capacity
        session.flush()
        shut(session, agent, closed)
        (found,) = look(session, world, kind, wanted)

        first, until = in_days(wanted[0]), in_days(sum(wanted))
        listed = slots_by_day(session, {agent.id: "Europe/Paris"}, first=first, until=until, now=NOW)
        accepted = [
            is_accepted(session, world, SlotClaim(resource_id=agent.id, start=one.period.start))
            for _, one in listed.get(agent.id, [])
        ]
        assert accepted == [one.is_free for _, one in listed.get(agent.id, [])]
        assert (found.total, found.free) == (len(accepted), sum(accepted))
        # Nothing that is not listed can be taken.
        possible = [slot(day, number) for day in range(wanted[0], sum(wanted)) if day % 2 for number in range(6)]
        assert sum(is_accepted(session, world, claim) for claim in possible) == sum(accepted)


@fast
@given(
    cases=st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["", "2"]), ends), max_size=5),
    closed=closures,
    wanted=wishes,
    maxima=st.fixed_dictionaries({"max_cases": st.integers(1, 4), "max_minutes": st.integers(10, 80)}),
    rules=st.fixed_dictionaries({"min_notice_days": st.integers(0, 6), "max_ahead_days": st.integers(3, 9)}),
)
def test_a_hearing_that_suits_takes_a_case_and_no_other(
    session: Session,
    world: World,
    *,
    cases: list[tuple[int, str, Any]],
    closed: list[tuple[int, int]],
    wanted: tuple[int, int],
    maxima: dict[str, int],
    rules: dict[str, Any],
) -> None:
    with undone(session):
        kind = make_kind(session, Shape.SESSIONS, **rules)
        hearing = make_resource(session, world.site, kind)
        make_hearing(session, hearing, starts_at=in_minutes(5 * 24 * 60), **maxima)

        def case(minutes: int, family: str = "") -> Claim:
            return CaseClaim(resource_id=hearing.id, minutes=minutes, family=family)

        already(session, [(case(minutes, family), end) for minutes, family, end in cases])
        shut(session, hearing, closed)
        found = look(session, world, kind, wanted)

        is_in = wanted[0] <= 5 < sum(wanted)
        suits = any(one.suits for one in found)
        assert suits is (is_in and is_accepted(session, world, case(1)))


def test_an_example_leaves_nothing_behind(session: Session, world: World) -> None:
    with undone(session):
        make_kind(session, Shape.NIGHTS)

    assert session.execute(text("SELECT count(*) FROM kind")).scalar() == 0
