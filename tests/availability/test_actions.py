"""Occupying, keeping and releasing, on a real PostgreSQL, for each of the four shapes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, keep, occupy, release
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken
from availability.models import Resource, Shape
from tests.availability.scarce import later, make_scarce, refused, somebody
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

every_shape = pytest.mark.parametrize("shape", list(Shape))
TEN_MINUTES = in_minutes(10)


@every_shape
def test_what_one_takes_the_next_is_refused(session: Session, world: World, shape: Shape) -> None:
    scarce, first = make_scarce(session, world, shape), somebody()

    occupy(session, [scarce.claim], first)
    with refused(session, scarce.full):
        occupy(session, [scarce.claim], somebody())

    assert scarce.holders(session) == {first.id}


@every_shape
def test_what_is_released_can_be_taken_again(session: Session, world: World, shape: Shape) -> None:
    scarce, first, second = make_scarce(session, world, shape), somebody(), somebody()
    occupy(session, [scarce.claim], first)

    freed = release(session, shape, [scarce.resource.id], first.id)
    occupy(session, [scarce.claim], second)

    assert freed == len(scarce.rows(session))
    assert scarce.holders(session) == {second.id}
    assert release(session, shape, [scarce.resource.id], first.id) == 0  # nothing is left of the first


@every_shape
def test_a_hold_blocks_until_the_instant_of_its_end_and_not_a_moment_longer(
    session: Session, world: World, shape: Shape
) -> None:
    scarce = make_scarce(session, world, shape)
    occupy(session, [scarce.claim], somebody(expires_at=TEN_MINUTES))

    with refused(session, scarce.full):
        occupy(session, [scarce.claim], somebody(now=TEN_MINUTES - timedelta(microseconds=1)))
    second = somebody(now=TEN_MINUTES)
    occupy(session, [scarce.claim], second)

    assert scarce.holders(session) == {second.id}


@every_shape
def test_a_place_kept_for_good_outlives_its_hold(session: Session, world: World, shape: Shape) -> None:
    scarce, first = make_scarce(session, world, shape), somebody(expires_at=TEN_MINUTES)
    occupy(session, [scarce.claim], first)

    kept = keep(session, shape, [scarce.resource.id], later(first, in_minutes(9)))

    assert kept == len(scarce.rows(session))
    with refused(session, scarce.full):
        occupy(session, [scarce.claim], somebody(now=in_minutes(11)))


@every_shape
def test_a_hold_that_is_over_cannot_be_kept_even_when_nobody_took_it(
    session: Session, world: World, shape: Shape
) -> None:
    scarce, first = make_scarce(session, world, shape), somebody(expires_at=TEN_MINUTES)
    occupy(session, [scarce.claim], first)

    assert keep(session, shape, [scarce.resource.id], later(first, TEN_MINUTES)) == 0
    occupy(session, [scarce.claim], somebody(now=TEN_MINUTES))


def test_keeping_counts_less_when_somebody_took_a_part_of_an_expired_hold(session: Session, world: World) -> None:
    scarce, first = make_scarce(session, world, Shape.NIGHTS), somebody(expires_at=TEN_MINUTES)
    occupy(session, [scarce.claim], first)
    one_night = NightsClaim(resource_id=scarce.resource.id, first=in_days(4), until=in_days(5))
    occupy(session, [one_night], somebody(now=in_minutes(11)))

    # A clock that is late must not make the holder believe that all three nights are still there.
    assert keep(session, Shape.NIGHTS, [scarce.resource.id], later(first, in_minutes(9))) == 2


@every_shape
def test_a_resource_out_of_service_is_refused(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    scarce.resource.is_active = False
    session.flush()

    with refused(session, NotOpen):
        occupy(session, [scarce.claim], somebody())


@every_shape
@pytest.mark.parametrize("whole_site", [False, True])
def test_a_closure_of_the_resource_or_of_its_site_closes(
    session: Session, world: World, shape: Shape, whole_site: bool
) -> None:
    scarce = make_scarce(session, world, shape)
    day = in_days(7) if shape is Shape.SESSIONS else in_days(3)
    close(session, world.site if whole_site else scarce.resource, day, day + timedelta(days=1))

    with refused(session, NotOpen):
        occupy(session, [scarce.claim], somebody())


@every_shape
def test_a_closure_that_ends_as_the_claim_begins_leaves_it_alone(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    first, until = (7, 8) if shape is Shape.SESSIONS else (3, 6)
    close(session, scarce.resource, in_days(first - 2), in_days(first))
    close(session, scarce.resource, in_days(until if shape is not Shape.PLACES else 33), None)

    occupy(session, [scarce.claim], somebody())

    assert scarce.rows(session)


@every_shape
def test_an_unknown_resource_is_not_found(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    nowhere = type(scarce.claim)(**{**vars(scarce.claim), "resource_id": 10**12})

    with refused(session, NotFound):
        occupy(session, [nowhere], somebody())


@every_shape
def test_a_claim_of_another_shape_is_invalid(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    others: list[Claim] = [
        NightsClaim(resource_id=scarce.resource.id, first=in_days(3), until=in_days(4)),
        PlaceClaim(resource_id=scarce.resource.id, first=in_days(3), until=None),
        SlotClaim(resource_id=scarce.resource.id, start=in_minutes(60)),
        CaseClaim(resource_id=scarce.resource.id, minutes=10),
    ]

    for claim in others:
        if not isinstance(claim, type(scarce.claim)):
            with refused(session, InvalidRequest):
                occupy(session, [claim], somebody())


@every_shape
def test_every_move_of_occupancy_is_told_to_open_pages(session: Session, world: World, shape: Shape) -> None:
    scarce, first = make_scarce(session, world, shape), somebody(expires_at=TEN_MINUTES)

    occupy(session, [scarce.claim], first)
    keep(session, shape, [scarce.resource.id], later(first, NOW))
    release(session, shape, [scarce.resource.id], first.id)

    told = session.execute(text("SELECT resource_id FROM change")).scalars().all()
    assert told == [scarce.resource.id] * 3


@pytest.mark.parametrize("shape", [Shape.NIGHTS, Shape.PLACES, Shape.SLOTS])
def test_a_capacity_of_zero_takes_nobody(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    scarce.resource.capacity = 0
    session.execute(text("UPDATE unit SET is_active = false"))
    session.flush()

    with refused(session, scarce.full):
        occupy(session, [scarce.claim], somebody())


# Nights


def section(session: Session, world: World, *names: str) -> Resource:
    """Return a section with these beds."""
    resource = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    make_beds(session, resource, *names)
    return resource


def stay(section: Resource, first: int, until: int, unit_id: int | None = None) -> NightsClaim:
    """Return a stay for the nights of [first, until), in days from today."""
    return NightsClaim(resource_id=section.id, first=in_days(first), until=in_days(until), unit_id=unit_id)


@pytest.mark.parametrize(
    ("first", "until", "fits"),
    [
        (1, 3, True),  # leaves as the other arrives
        (6, 8, True),  # arrives as the other leaves
        (1, 4, False),
        (5, 8, False),
        (4, 5, False),
        (1, 9, False),
        (3, 6, False),
    ],
)
def test_stays_on_one_bed_may_touch_but_not_share_a_night(
    session: Session, world: World, first: int, until: int, fits: bool
) -> None:
    one_bed = section(session, world, "Lit 1")
    occupy(session, [stay(one_bed, 3, 6)], somebody())

    if fits:
        occupy(session, [stay(one_bed, first, until)], somebody())
    else:
        with refused(session, PeriodTaken):
            occupy(session, [stay(one_bed, first, until)], somebody())


def test_the_server_picks_a_bed_that_is_free_all_along(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1", "Lit 2", "Lit 3")
    one, two, three = (row.id for row in session.execute(text("SELECT id FROM unit ORDER BY name")))
    occupy(session, [stay(beds, 3, 4, one), stay(beds, 5, 6, two)], somebody())

    (taken,) = occupy(session, [stay(beds, 3, 6)], somebody())

    assert (taken.unit_id, taken.rows) == (three, 3)


def test_a_named_bed_is_the_one_that_is_given(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1")
    (named,) = make_beds(session, beds, "Lit 2")

    (taken,) = occupy(session, [stay(beds, 3, 6, named.id)], somebody())

    assert taken.unit_id == named.id


def test_a_named_bed_that_is_taken_is_refused_though_another_is_free(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1")
    (named,) = make_beds(session, beds, "Lit 2")
    occupy(session, [stay(beds, 3, 6, named.id)], somebody())

    with refused(session, PeriodTaken):
        occupy(session, [stay(beds, 5, 7, named.id)], somebody())


def test_a_bed_of_another_section_is_not_found_here(session: Session, world: World) -> None:
    beds, other = section(session, world, "Lit 1"), section(session, world)
    (elsewhere,) = make_beds(session, other, "Lit 1")

    with refused(session, NotFound):
        occupy(session, [stay(beds, 3, 6, elsewhere.id)], somebody())


def test_a_bed_out_of_service_is_neither_picked_nor_given(session: Session, world: World) -> None:
    beds = section(session, world)
    (broken,) = make_beds(session, beds, "Lit 1", is_active=False)

    with refused(session, PeriodTaken):
        occupy(session, [stay(beds, 3, 6)], somebody())
    with refused(session, NotOpen):
        occupy(session, [stay(beds, 3, 6, broken.id)], somebody())


def test_a_stay_is_counted_in_nights_across_the_change_of_hour(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1")

    (taken,) = occupy(session, [stay(beds, 26, 29)], somebody())  # 28, 29 and 30 March

    nights = session.execute(text("SELECT night FROM bed_night ORDER BY night")).scalars().all()
    assert taken.rows == 3
    assert nights == [in_days(26), in_days(27), in_days(28)]


# Places


def post(session: Session, world: World, capacity: int, load: int = 0) -> Resource:
    """Return a post of that capacity, of which the host declares that many taken."""
    return make_resource(session, world.site, make_kind(session, Shape.PLACES), capacity=capacity, declared_load=load)


def placed(post: Resource, first: int, until: int | None) -> PlaceClaim:
    """Return a placement for the days [first, until), in days from today."""
    return PlaceClaim(resource_id=post.id, first=in_days(first), until=None if until is None else in_days(until))


@pytest.mark.parametrize(("capacity", "load", "takes"), [(3, 0, 3), (3, 2, 1), (3, 3, 0), (3, 9, 0), (1, 0, 1)])
def test_a_post_takes_as_many_as_its_capacity_less_what_it_declares(
    session: Session, world: World, capacity: int, load: int, takes: int
) -> None:
    post_ = post(session, world, capacity, load)

    for _ in range(takes):
        occupy(session, [placed(post_, 3, 30)], somebody())

    with refused(session, CapacityReached):
        occupy(session, [placed(post_, 3, 30)], somebody())


@pytest.mark.parametrize(
    ("first", "until", "fits"),
    [
        (1, 10, True),  # ends as the others begin
        (30, 40, True),  # begins as the first ends
        (1, 11, True),  # one other only
        (29, 40, False),  # on day 29 two are there
        (19, 21, False),
        (1, None, False),
        (40, None, True),
    ],
)
def test_a_post_is_full_when_it_is_at_one_moment_of_the_period(
    session: Session, world: World, first: int, until: int | None, fits: bool
) -> None:
    post_ = post(session, world, 2)
    occupy(session, [placed(post_, 10, 30), placed(post_, 20, 40)], somebody())

    if fits:
        occupy(session, [placed(post_, first, until)], somebody())
    else:
        with refused(session, CapacityReached):
            occupy(session, [placed(post_, first, until)], somebody())


def test_an_open_ended_place_is_taken_for_ever_after(session: Session, world: World) -> None:
    post_ = post(session, world, 1)
    occupy(session, [placed(post_, 3, None)], somebody())

    with refused(session, CapacityReached):
        occupy(session, [placed(post_, 360, 361)], somebody())
    occupy(session, [placed(post_, 1, 3)], somebody())


# Slots


def agent(session: Session, world: World, capacity: int = 1, **grid: Any) -> Resource:
    """Return an agent open for three hours from in one day, 09:00 UTC; 15 minutes of step, 45 of length."""
    kind = make_kind(session, Shape.SLOTS, **{"slot_step_min": 15, "slot_duration_min": 45} | grid)
    resource = make_resource(session, world.site, kind, capacity=capacity)
    make_opening(session, resource, in_minutes(24 * 60), hours=3)
    return resource


def appointment(agent: Resource, minute: int) -> SlotClaim:
    """Return an appointment that starts that many minutes after the agent opens."""
    return SlotClaim(resource_id=agent.id, start=in_minutes(24 * 60 + minute))


@pytest.mark.parametrize(
    ("minute", "fits"), [(0, True), (45, False), (15, False), (60, False), (75, False), (90, True), (135, True)]
)
def test_appointments_of_one_agent_may_touch_but_not_overlap(
    session: Session, world: World, minute: int, fits: bool
) -> None:
    agent_ = agent(session, world)
    occupy(session, [appointment(agent_, 45)], somebody())

    if fits:
        occupy(session, [appointment(agent_, minute)], somebody())
    else:
        with refused(session, PeriodTaken):
            occupy(session, [appointment(agent_, minute)], somebody())


@pytest.mark.parametrize(("minute", "fits"), [(45, False), (60, True)])
def test_the_buffer_of_the_kind_is_kept_free_after_an_appointment(
    session: Session, world: World, minute: int, fits: bool
) -> None:
    agent_ = agent(session, world, buffer_after_min=15)
    occupy(session, [appointment(agent_, 0)], somebody())

    if fits:
        occupy(session, [appointment(agent_, minute)], somebody())
    else:
        with refused(session, PeriodTaken):
            occupy(session, [appointment(agent_, minute)], somebody())


@pytest.mark.parametrize("minute", [-15, 10, 150, 180])  # before, off the grid, past the end, after
def test_no_appointment_starts_off_the_grid_or_outside_of_the_opening(
    session: Session, world: World, minute: int
) -> None:
    agent_ = agent(session, world)

    with refused(session, NotOpen):
        occupy(session, [appointment(agent_, minute)], somebody())


def test_an_appointment_that_has_started_cannot_be_taken(session: Session, world: World) -> None:
    agent_ = agent(session, world)
    start = in_minutes(24 * 60)

    occupy(session, [appointment(agent_, 0)], somebody(now=start))
    with refused(session, NotOpen):
        occupy(session, [appointment(agent_, 45)], somebody(now=start + timedelta(minutes=45, microseconds=1)))


def test_a_group_slot_takes_one_claim_a_seat(session: Session, world: World) -> None:
    group = agent(session, world, capacity=3)

    seats = [occupy(session, [appointment(group, 0)], somebody())[0].seat for _ in range(3)]

    assert seats == [1, 2, 3]
    with refused(session, PeriodTaken):
        occupy(session, [appointment(group, 15)], somebody())


def test_an_appointment_longer_than_a_day_finds_the_seat_that_is_free_to_its_end(
    session: Session, world: World
) -> None:
    kind = make_kind(session, Shape.SLOTS, slot_step_min=24 * 60, slot_duration_min=3 * 24 * 60)
    flat = make_resource(session, world.site, kind, capacity=2)
    make_opening(session, flat, in_minutes(0), hours=24 * 10)
    days = [SlotClaim(resource_id=flat.id, start=in_minutes(24 * 60 * day)) for day in (4, 2)]
    occupy(session, [days[0]], somebody())

    (taken,) = occupy(session, [days[1]], somebody())

    assert taken.seat == 2


# Sessions


def hearing(session: Session, world: World, **columns: Any) -> Resource:
    """Return a hearing with these maxima."""
    resource = make_resource(session, world.site, make_kind(session, Shape.SESSIONS))
    make_hearing(session, resource, **columns)
    return resource


def case(hearing: Resource, minutes: int = 10, family: str = "") -> CaseClaim:
    """Return a case of that length."""
    return CaseClaim(resource_id=hearing.id, minutes=minutes, family=family)


@pytest.mark.parametrize(
    ("maxima", "before_and_claim", "why"),
    [
        ({"max_cases": 2}, [(10, ""), (10, "")], None),
        ({"max_cases": 2}, [(10, ""), (10, ""), (10, "")], "cases"),
        ({"max_minutes": 60}, [(40, ""), (20, "")], None),
        ({"max_minutes": 60}, [(40, ""), (21, "")], "minutes"),
        ({"max_minutes": 60}, [(61, "")], "minutes"),
        ({"quotas": {"2": 1}}, [(10, "2")], None),
        ({"quotas": {"2": 1}}, [(10, "2"), (10, "2")], "quota"),
        ({"quotas": {"2": 1}}, [(10, "2"), (10, "5")], None),  # a family without quota
        ({"quotas": {"2": 0}}, [(10, "2")], "quota"),
        ({"quotas": {"2": 1}}, [(10, "5"), (10, "2")], None),
    ],
)
def test_a_hearing_is_full_by_cases_by_minutes_or_by_quota(
    session: Session,
    world: World,
    maxima: dict[str, Any],
    before_and_claim: list[tuple[int, str]],
    why: str | None,
) -> None:
    hearing_ = hearing(session, world, **maxima)
    *placed_before, claim = before_and_claim
    for minutes, family in placed_before:
        occupy(session, [case(hearing_, minutes, family)], somebody())

    if why is None:
        occupy(session, [case(hearing_, *claim)], somebody())
    else:
        with refused(session, CapacityReached) as refusal:
            occupy(session, [case(hearing_, *claim)], somebody())
        assert refusal.value.facts["why"] == why


@pytest.mark.parametrize(("starts_at", "is_open"), [(in_minutes(1), True), (NOW, False), (in_minutes(-1), False)])
def test_no_case_is_added_to_a_hearing_that_has_begun(
    session: Session, world: World, starts_at: Any, is_open: bool
) -> None:
    hearing_ = hearing(session, world, starts_at=starts_at)

    if is_open:
        occupy(session, [case(hearing_)], somebody())
    else:
        with refused(session, NotOpen):
            occupy(session, [case(hearing_)], somebody())


def test_no_date_configured_is_not_the_same_answer_as_full(session: Session, world: World) -> None:
    undated = make_resource(session, world.site, make_kind(session, Shape.SESSIONS))

    with refused(session, NotOpen) as refusal:
        occupy(session, [case(undated)], somebody())

    assert refusal.value.facts["why"] == "no-session"


# Several resources


def test_several_resources_are_taken_all_together(session: Session, world: World) -> None:
    holder = somebody()
    wanted = [make_scarce(session, world, shape) for shape in Shape]

    taken = occupy(session, [scarce.claim for scarce in wanted], holder)

    assert [each.claim for each in taken] == [scarce.claim for scarce in wanted]
    assert all(scarce.holders(session) == {holder.id} for scarce in wanted)


@every_shape
def test_nothing_is_taken_when_one_of_several_is_full(session: Session, world: World, shape: Shape) -> None:
    wanted = [make_scarce(session, world, each) for each in Shape]
    full = next(scarce for scarce in wanted if scarce.shape is shape)
    first = somebody()
    occupy(session, [full.claim], first)

    with refused(session, full.full):
        occupy(session, [scarce.claim for scarce in wanted], somebody())

    assert [scarce.holders(session) for scarce in wanted] == [
        {first.id} if scarce is full else set() for scarce in wanted
    ]


def test_several_claims_on_one_resource_count_each_other(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1", "Lit 2")

    taken = occupy(session, [stay(beds, 3, 6), stay(beds, 3, 6)], somebody())

    assert len({each.unit_id for each in taken}) == 2
    with refused(session, PeriodTaken):
        occupy(session, [stay(beds, 8, 9)] * 3, somebody())


def test_only_the_holder_is_released(session: Session, world: World) -> None:
    beds = section(session, world, "Lit 1", "Lit 2")
    one, other = somebody(), Holder(id=uuid4(), now=NOW)
    occupy(session, [stay(beds, 3, 6)], one)
    occupy(session, [stay(beds, 3, 6)], other)

    assert release(session, Shape.NIGHTS, [beds.id], one.id) == 3

    left = session.execute(text("SELECT DISTINCT holder_id FROM bed_night")).scalars().all()
    assert left == [other.id]
