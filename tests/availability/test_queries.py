"""Reads, resource by resource: day by day, bed by bed, slot by slot, as of an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.actions import occupy
from availability.claims import CaseClaim, NightsClaim, PlaceClaim, SlotClaim
from availability.models import Resource, Shape
from availability.periods import Period
from availability.queries import (
    DayCount,
    agenda_at,
    beds,
    kinds_for,
    nights_by_day,
    places_by_day,
    sessions_by_day,
    slots_by_day,
    slots_of,
    why_not_at,
)
from availability.rights import Actor, Right, Role
from availability.slots import WhyNot, why_not
from tests.availability.scarce import make_scarce, somebody
from tests.factories import (
    NOW,
    World,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_site,
)

COUNTS = {Shape.NIGHTS: nights_by_day, Shape.PLACES: places_by_day, Shape.SESSIONS: sessions_by_day}


def by_day(session: Session, shape: Shape, resource: Resource, first: int, until: int) -> list[tuple[int, int, int]]:
    """Return (day from today, free, held) as of now."""
    counts = COUNTS[shape](session, [resource.id], first=in_days(first), until=in_days(until), now=NOW)
    return [((count.day - in_days(0)).days, count.free, count.held) for count in counts.get(resource.id, [])]


def some_beds(session: Session, world: World, *names: str) -> Resource:
    """Return a section with these beds."""
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    make_beds(session, section, *names)
    return section


def stay(section: Resource, first: int, until: int) -> NightsClaim:
    """Return a stay for the nights of [first, until), in days from today."""
    return NightsClaim(resource_id=section.id, first=in_days(first), until=in_days(until))


def test_beds_are_counted_night_by_night(session: Session, world: World) -> None:
    section = some_beds(session, world, "A", "B", "C")
    make_beds(session, section, "D", is_active=False)
    occupy(session, [stay(section, 2, 4)], somebody())
    occupy(session, [stay(section, 3, 5)], somebody(expires_at=in_minutes(5)))
    occupy(session, [stay(section, 1, 6)], somebody(now=in_minutes(-9), expires_at=NOW))  # over

    assert by_day(session, Shape.NIGHTS, section, 1, 6) == [(1, 3, 0), (2, 2, 0), (3, 1, 1), (4, 2, 1), (5, 3, 0)]


def test_places_are_counted_day_by_day_less_what_is_declared(session: Session, world: World) -> None:
    post = make_resource(session, world.site, make_kind(session, Shape.PLACES), capacity=4, declared_load=1)
    for first, until, end in ((2, 4, None), (3, None, in_minutes(5)), (1, 9, NOW)):
        claim = PlaceClaim(resource_id=post.id, first=in_days(first), until=None if until is None else in_days(until))
        occupy(session, [claim], somebody(now=in_minutes(-9), expires_at=end))

    assert by_day(session, Shape.PLACES, post, 1, 6) == [(1, 3, 0), (2, 2, 0), (3, 1, 1), (4, 2, 1), (5, 2, 1)]


@pytest.mark.parametrize(
    ("maxima", "minutes", "left"),
    [({"max_cases": 3}, [10, 10], 1), ({"max_cases": 9, "max_minutes": 20}, [10, 10], 0), ({"max_cases": 1}, [10], 0)],
)
def test_a_hearing_is_counted_on_its_own_day(
    session: Session, world: World, maxima: dict[str, int], minutes: list[int], left: int
) -> None:
    site = make_site(session, world.here, time_zone="Pacific/Noumea")
    hearing = make_resource(session, site, make_kind(session, Shape.SESSIONS))
    # 22:00 UTC is nine in the morning of the next day in Nouméa.
    make_hearing(session, hearing, starts_at=datetime(2026, 3, 8, 22, tzinfo=UTC), **maxima)
    for length in minutes:
        occupy(session, [CaseClaim(resource_id=hearing.id, minutes=length)], somebody())

    assert by_day(session, Shape.SESSIONS, hearing, 1, 20) == [(7, left, 0)]
    assert by_day(session, Shape.SESSIONS, hearing, 1, 7) == []


@pytest.mark.parametrize("shape", list(COUNTS))
@pytest.mark.parametrize("whole_site", [False, True])
def test_nothing_is_free_on_a_closed_day_and_it_is_said(
    session: Session, world: World, shape: Shape, whole_site: bool
) -> None:
    scarce = make_scarce(session, world, shape)
    close(session, world.site if whole_site else scarce.resource, in_days(7), in_days(8))

    counts = COUNTS[shape](session, [scarce.resource.id], first=in_days(6), until=in_days(9), now=NOW)

    closed = [count for count in counts[scarce.resource.id] if count.is_closed]
    assert closed == [DayCount(in_days(7), 0, 0, is_closed=True)]


@pytest.mark.parametrize("shape", list(COUNTS))
def test_a_closure_without_end_closes_for_ever(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    close(session, scarce.resource, None, None)

    counts = COUNTS[shape](session, [scarce.resource.id], first=in_days(6), until=in_days(9), now=NOW)

    assert all(count.is_closed and count.free == 0 for count in counts[scarce.resource.id])


def test_each_bed_is_shown_with_what_holds_it(session: Session, world: World) -> None:
    section = some_beds(session, world, "Lit 2", "Lit 1")
    booked, held, over = somebody(), somebody(expires_at=in_minutes(5)), somebody(now=in_minutes(-9), expires_at=NOW)
    first, second = (bed.unit_id for bed in beds(session, section.id, first=in_days(1), until=in_days(9), now=NOW))
    for holder, unit, nights in ((booked, first, (2, 4)), (held, first, (4, 5)), (over, second, (2, 9))):
        claim = NightsClaim(resource_id=section.id, first=in_days(nights[0]), until=in_days(nights[1]), unit_id=unit)
        occupy(session, [claim], holder)

    one, two = beds(session, section.id, first=in_days(3), until=in_days(9), now=NOW)

    assert (one.name, two.name) == ("Lit 1", "Lit 2")
    assert one.nights == ((in_days(3), booked.id, False), (in_days(4), held.id, True))
    assert two.nights == ()


# Slots


def agent(session: Session, world: World, *, capacity: int = 1, zone: str = "Europe/Paris", **kind: Any) -> Resource:
    """Return an agent whose kind has slots of an hour unless said otherwise, not open yet."""
    site = make_site(session, world.here, time_zone=zone)
    grid: dict[str, Any] = {"slot_step_min": 60, "slot_duration_min": 60} | kind
    return make_resource(session, site, make_kind(session, Shape.SLOTS, **grid), capacity=capacity)


def hours_of(session: Session, resource: Resource, start: datetime, end: datetime) -> list[int]:
    """Return the hours (UTC) of the slots that start within a period, taken ones included."""
    found = slots_of(session, [resource.id], within=Period(start, end), now=NOW).get(resource.id, [])
    return [slot.period.start.hour for slot in found]


def test_slots_do_not_depend_on_the_window_asked_for(session: Session, world: World) -> None:
    resource = agent(session, world, slot_step_min=40, slot_duration_min=40)
    nine = datetime(2026, 3, 5, 9, tzinfo=UTC)
    make_opening(session, resource, nine, hours=4)
    whole = slots_of(session, [resource.id], within=Period(nine, nine + timedelta(hours=4)), now=NOW)[resource.id]

    within = Period(nine + timedelta(minutes=50), nine + timedelta(minutes=170))
    part = slots_of(session, [resource.id], within=within, now=NOW)[resource.id]

    assert part == [slot for slot in whole if within.start <= slot.period.start < within.end]
    assert len(part) == 3


def test_openings_written_one_over_the_other_list_each_slot_once(session: Session, world: World) -> None:
    resource = agent(session, world)
    for hour, length in ((9, 3), (11, 3), (14, 1)):  # 09–12, 11–14 and 14–15
        make_opening(session, resource, datetime(2026, 3, 5, hour, tzinfo=UTC), hours=length)

    hours = hours_of(session, resource, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))

    assert hours == [9, 10, 11, 12, 13, 14]


def test_an_appointment_outside_of_the_window_still_takes_what_it_overlaps(session: Session, world: World) -> None:
    resource = agent(session, world, slot_step_min=30, slot_duration_min=90)
    nine = datetime(2026, 3, 5, 9, tzinfo=UTC)
    make_opening(session, resource, nine, hours=5)
    occupy(session, [SlotClaim(resource_id=resource.id, start=nine + timedelta(hours=1))], somebody())  # 10:00–11:30

    half_past_eleven = nine + timedelta(hours=2, minutes=30)
    before = slots_of(session, [resource.id], within=Period(nine, nine + timedelta(minutes=30)), now=NOW)[resource.id]
    after = slots_of(
        session,
        [resource.id],
        within=Period(nine + timedelta(hours=2), half_past_eleven + timedelta(minutes=1)),
        now=NOW,
    )[resource.id]

    assert [slot.is_free for slot in before] == [False]  # 09:00–10:30
    assert [slot.is_free for slot in after] == [False, True]  # 11:00 is taken, 11:30 is not


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ({}, [9, 10]),
        ({"min_notice_days": 3}, [9, 10]),
        ({"min_notice_days": 4}, []),
        ({"max_ahead_days": 3}, [9, 10]),
        ({"max_ahead_days": 2}, []),
    ],
)
def test_slots_within_the_notice_or_beyond_the_horizon_are_not_offered(
    session: Session, world: World, kind: dict[str, Any], hours: list[int]
) -> None:
    resource = agent(session, world, **kind)
    make_opening(session, resource, datetime(2026, 3, 5, 9, tzinfo=UTC), hours=2)

    assert hours_of(session, resource, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC)) == hours


def test_a_slot_given_back_may_be_taken_back_within_the_notice(session: Session, world: World) -> None:
    resource = agent(session, world, min_notice_days=10)
    start = datetime(2026, 3, 5, 9, tzinfo=UTC)
    make_opening(session, resource, start, hours=1)

    found = agenda_at(session, resource.id, around=start, now=NOW)

    assert found is not None
    assert why_not(start, found) is None
    assert why_not_at(session, resource.id, start, now=NOW) is WhyNot.TOO_SOON


def test_a_closure_closes_the_openings_that_begin_on_its_days(session: Session, world: World) -> None:
    resource = agent(session, world)
    for day in (5, 6):
        make_opening(session, resource, datetime(2026, 3, day, 21, tzinfo=UTC), hours=4)  # 22:00 to 02:00 in Paris
    close(session, resource, in_days(4), in_days(5))  # the 6th

    hours = hours_of(session, resource, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))

    assert hours == [21, 22, 23, 0]  # the night from the 5th to the 6th


@pytest.mark.parametrize(
    ("zone", "open_hours"),
    [
        ("Pacific/Noumea", [0, 6, 12]),  # there, the 6th begins at 13:00 UTC on the 5th
        ("Indian/Reunion", [0, 6, 12, 18]),  # at 20:00
        ("Europe/Paris", [0, 6, 12, 18, 22]),  # at 23:00
        ("America/Martinique", [0, 6, 12, 18, 22, 23]),  # at 04:00 on the 6th
    ],
)
def test_a_closed_day_is_that_of_the_place(session: Session, world: World, zone: str, open_hours: list[int]) -> None:
    resource = agent(session, world, zone=zone)
    for hour in (0, 6, 12, 18, 22, 23):
        make_opening(session, resource, datetime(2026, 3, 5, hour, tzinfo=UTC), hours=1)
    close(session, resource, in_days(4), None)  # from the 6th on

    hours = hours_of(session, resource, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))

    assert hours == open_hours


def test_slots_are_listed_under_the_civil_day_of_the_place(session: Session, world: World) -> None:
    resource = agent(session, world, zone="Pacific/Tahiti")
    make_opening(session, resource, datetime(2026, 3, 6, 8, tzinfo=UTC), hours=4)  # from 22:00 on the 5th

    listed = slots_by_day(session, {resource.id: "Pacific/Tahiti"}, first=in_days(3), until=in_days(5), now=NOW)[
        resource.id
    ]

    assert [day for day, _ in listed] == [in_days(3), in_days(3), in_days(4), in_days(4)]


def test_a_resource_never_opened_has_no_slots(session: Session, world: World) -> None:
    resource = agent(session, world)

    assert slots_of(session, [resource.id], within=Period(NOW, in_minutes(9999)), now=NOW) == {}
    assert why_not_at(session, resource.id, in_minutes(60), now=NOW) is WhyNot.OUTSIDE_HOURS


# Kinds


def test_kinds_are_listed_in_the_order_of_the_layers_for_whom_may_search_them(session: Session, world: World) -> None:
    last = make_kind(session, Shape.NIGHTS, position=9, searched_by=[Role.REGISTRY])
    first = make_kind(session, Shape.PLACES, position=1)
    middle = make_kind(session, Shape.SLOTS, position=5, searched_by=[Role.PROBATION_OFFICER], reserved_by=[])
    registry = make_actor(Role.REGISTRY, world.here)

    assert [kind.id for kind in kinds_for(session, world.officer)] == [first.id, middle.id, last.id]
    assert [kind.id for kind in kinds_for(session, registry)] == [last.id]
    assert kinds_for(session, world.host) == []
    assert kinds_for(session, Actor(uuid4(), "Personne", (), world.here.id)) == []


def test_a_right_for_one_kind_lists_that_kind_only(session: Session, world: World) -> None:
    one, other = make_kind(session, Shape.NIGHTS), make_kind(session, Shape.NIGHTS)
    here = frozenset({world.here.id})
    narrow = make_actor(Role.PROBATION_OFFICER, world.here, kind=one)
    both = Actor(
        uuid4(),
        "Deux fonctions",
        (Right(Role.PROBATION_OFFICER, here, kind_id=one.id), Right(Role.REGISTRY, here)),
        world.here.id,
    )

    assert [kind.id for kind in kinds_for(session, narrow)] == [one.id]
    assert [kind.id for kind in kinds_for(session, both)] == [one.id]
    assert other.id in [kind.id for kind in kinds_for(session, world.officer)]
