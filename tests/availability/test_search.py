"""One search over every kind: what is there, how far, what is free and why the rest does not do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.actions import Taken, occupy
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Kind, Resource, Shape
from availability.places import distance_km
from availability.rights import Actor, Right, Role
from availability.search import Found, Position, Wish, nearest_alternatives, resource_wish, search, tally
from availability.sheet import resource_for
from tests.availability.scarce import make_scarce, somebody
from tests.factories import (
    NOW,
    PARIS,
    PROFILE,
    World,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_hearing,
    make_host,
    make_kind,
    make_opening,
    make_resource,
    make_site,
)

every_shape = pytest.mark.parametrize("shape", list(Shape))
VERSAILLES, LILLE = (48.8049, 2.1204), (50.6292, 3.0573)
WALLIS, FIJI_SIDE = (-13.2825, -176.1764), (-13.3, 179.9)


def wish(kind: Kind, first: int = 3, until: int = 6, **fields: Any) -> Wish:
    """Return a wish for the civil days [first, until), in days from today."""
    return Wish(kind=kind, first=in_days(first), until=in_days(until), **fields)


def look(session: Session, world: World, wanted: Wish, **options: Any) -> list[Found]:
    """Return what the officer finds now."""
    return search(session, world.officer, wanted, now=NOW, **options)


def numbers(found: list[Found]) -> list[int]:
    """Return the resources, in order."""
    return [one.resource_id for one in found]


def section_at(session: Session, world: World, kind: Kind, point: tuple[float, float] | None, **columns: Any) -> int:
    """Return a section of one bed at a point, or nowhere."""
    lat, lon = point or (None, None)
    resource = make_resource(session, make_site(session, world.here, lat=lat, lon=lon), kind, **columns)
    make_beds(session, resource, "Lit 1")
    return resource.id


# What cannot be wished


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"until": in_days(3)}, "to"),
        ({"radius_km": 0}, "radius_km"),
        ({"radius_km": -1}, "radius_km"),
        ({"radius_km": 1000.1}, "radius_km"),
        ({"radius_km": float("nan")}, "radius_km"),
        ({"near": (90.1, 0.0)}, "near"),
        ({"near": (0.0, -180.1)}, "near"),
        ({"near": (float("nan"), 0.0)}, "near"),
        ({"sex": "X"}, "sex"),
        ({"sex": ""}, "sex"),
        ({"age": 12}, "age"),
        ({"age": 121}, "age"),
    ],
)
def test_an_impossible_wish_is_refused_with_its_field(fields: dict[str, Any], field: str) -> None:
    kind = Kind(code="k", label="k", label_plural="k", layer="k", shape=Shape.NIGHTS)

    asked: dict[str, Any] = {"kind": kind, "first": in_days(3), "until": in_days(4)} | fields
    with pytest.raises(InvalidRequest) as refusal:
        Wish(**asked)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "fields",
    [
        {"radius_km": 1000.0},
        {"near": (90.0, 180.0)},
        {"near": (-90.0, -180.0)},
        {"sex": "F"},
        {"age": 13},
        {"age": 120},
    ],
)
def test_the_last_possible_wishes_are_accepted(session: Session, world: World, fields: dict[str, Any]) -> None:
    kind = make_kind(session, Shape.NIGHTS)

    assert look(session, world, wish(kind, **fields)) == []


# Where


def test_the_nearest_comes_first_and_what_is_nowhere_comes_last(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    lille = section_at(session, world, kind, LILLE)
    nowhere = section_at(session, world, kind, None)
    versailles = section_at(session, world, kind, VERSAILLES)
    twin = section_at(session, world, kind, VERSAILLES)

    found = look(session, world, wish(kind, near=PARIS))

    assert numbers(found) == [versailles, twin, lille, nowhere]
    assert found[0].distance_km == pytest.approx(distance_km(*PARIS, *VERSAILLES))
    assert found[-1].distance_km is None
    assert numbers(look(session, world, wish(kind))) == sorted([lille, nowhere, versailles, twin])


@pytest.mark.parametrize("point", [VERSAILLES, LILLE, (48.8566, 2.3523), (-21.1, 55.5), (14.6, -61.1)])
def test_the_radius_is_a_circle_whose_edge_is_inside(
    session: Session, world: World, point: tuple[float, float]
) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    place = section_at(session, world, kind, point)
    far = distance_km(point[0] + 0.4, point[1] + 0.3, *point)
    near = (point[0] + 0.4, point[1] + 0.3)

    assert numbers(look(session, world, wish(kind, near=near, radius_km=far + 1e-6))) == [place]
    assert numbers(look(session, world, wish(kind, near=near, radius_km=far - 1e-6))) == []


def test_the_corners_of_the_box_are_not_in_the_circle(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section_at(session, world, kind, (PARIS[0] + 0.4, PARIS[1] + 0.6))  # 62 km away, 44 km north and 44 km east

    assert look(session, world, wish(kind, near=PARIS, radius_km=50)) == []


@pytest.mark.parametrize(("near", "there"), [(WALLIS, FIJI_SIDE), (FIJI_SIDE, WALLIS)])
def test_a_circle_reaches_across_the_antimeridian(
    session: Session, world: World, near: tuple[float, float], there: tuple[float, float]
) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    across, here = section_at(session, world, kind, there), section_at(session, world, kind, near)
    section_at(session, world, kind, (near[0], 0.0))

    found = look(session, world, wish(kind, near=near, radius_km=500))

    assert numbers(found) == [here, across]
    assert found[1].distance_km == pytest.approx(424.7, abs=2)


def test_what_is_nowhere_is_in_no_circle_and_on_no_map(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section_at(session, world, kind, None)

    assert look(session, world, wish(kind, near=PARIS, radius_km=1000)) == []
    assert look(session, world, wish(kind, bounds=(-180, -90, 180, 90))) == []
    assert len(look(session, world, wish(kind))) == 1


@pytest.mark.parametrize(
    ("bounds", "is_in"),
    [
        ((2.0, 48.0, 3.0, 49.0), True),
        ((PARIS[1], PARIS[0], 3.0, 49.0), True),  # on the edge
        ((2.4, 48.0, 3.0, 49.0), False),
        ((2.0, 48.9, 3.0, 49.0), False),
    ],
)
def test_the_frame_of_the_map_bounds_what_is_listed(
    session: Session, world: World, bounds: tuple[float, float, float, float], is_in: bool
) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section_at(session, world, kind, PARIS)

    assert bool(look(session, world, wish(kind, bounds=bounds))) is is_in


def test_only_the_sites_and_resources_asked_for_are_listed(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    one, other = section_at(session, world, kind, PARIS), section_at(session, world, kind, PARIS)
    site_of_other = session.get_one(Resource, other).site_id

    assert numbers(look(session, world, wish(kind, resource_ids=(one,)))) == [one]
    assert numbers(look(session, world, wish(kind, site_ids=(site_of_other,)))) == [other]
    assert look(session, world, wish(kind, resource_ids=())) == []


# For whom


@pytest.mark.parametrize(
    ("attributes", "fields", "mismatch"),
    [
        ({}, {"sex": "F"}, None),  # nothing said: anybody
        ({"sex": "any"}, {"sex": "F"}, None),
        ({"sex": "F"}, {"sex": "F"}, None),
        ({"sex": "M"}, {"sex": "F"}, "sex"),
        ({"sex": "M"}, {}, None),
        ({}, {"age": 13}, None),
        ({"min_age": 18}, {"age": 18}, None),
        ({"min_age": 18}, {"age": 17}, "age"),
        ({"max_age": 17}, {"age": 17}, None),
        ({"max_age": 17}, {"age": 18}, "age"),
        ({"min_age": 18}, {}, None),
        ({}, {"weekend": True}, "weekend"),
        ({"weekend": False}, {"weekend": True}, "weekend"),
        ({"weekend": True}, {"weekend": True}, None),
        ({}, {"accessible": True}, "accessible"),
        ({"accessible": True}, {"accessible": True}, None),
        ({"accessible": False}, {}, None),
        ({"sex": "M", "min_age": 18}, {"sex": "F", "age": 15, "weekend": True}, "sex"),  # the first one is said
        ({"min_age": 18}, {"age": 15, "weekend": True, "accessible": True}, "age"),
    ],
)
def test_what_does_not_suit_the_person_is_listed_with_the_reason(
    session: Session, world: World, attributes: dict[str, Any], fields: dict[str, Any], mismatch: str | None
) -> None:
    kind = make_kind(session, Shape.NIGHTS, searchable=PROFILE)
    section = section_at(session, world, kind, PARIS, attributes=attributes)

    (found,) = look(session, world, wish(kind, **fields))
    suitable = look(session, world, wish(kind, **fields), only_suitable=True)

    assert found.mismatch == mismatch
    assert found.suits is (mismatch is None)
    assert found.state == ("other" if mismatch else "free")
    assert numbers(suitable) == ([] if mismatch else [section])


# By whom


def test_places_of_another_ressort_are_hidden_unless_one_deliberately_looks_beyond(
    session: Session, world: World
) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    here = section_at(session, world, kind, PARIS)
    there = make_resource(session, make_site(session, world.elsewhere), kind)

    assert numbers(look(session, world, wish(kind))) == [here]
    assert numbers(look(session, world, wish(kind, beyond=True))) == [here, there.id]
    assert numbers(search(session, world.stranger, wish(kind), now=NOW)) == [there.id]


def test_other_kinds_and_what_is_out_of_service_are_not_there(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section_at(session, world, make_kind(session, Shape.NIGHTS), PARIS)
    section_at(session, world, kind, PARIS, is_active=False)

    assert look(session, world, wish(kind)) == []


def test_a_role_that_may_not_search_a_kind_is_refused_rather_than_shown_nothing(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS, reserved_by=[Role.FAMILY_JUDGE])
    nobody = Actor(uuid4(), "Personne", (), world.here.id)

    for actor in (world.officer, world.host, nobody):
        with pytest.raises(NotAllowed):
            search(session, actor, wish(kind), now=NOW)
        with pytest.raises(NotAllowed):
            search(session, actor, wish(kind, beyond=True), now=NOW)


def test_a_right_to_search_reaches_no_further_than_it_was_given(session: Session, world: World) -> None:
    kind, other_kind = make_kind(session, Shape.NIGHTS), make_kind(session, Shape.NIGHTS)
    section_at(session, world, kind, PARIS)
    there = make_resource(session, make_site(session, world.elsewhere), kind)
    rights = (
        Right(Role.REGISTRY, frozenset({world.here.id})),  # a role that may not search this kind
        Right(Role.PROBATION_OFFICER, frozenset({world.here.id}), kind_id=other_kind.id),
        Right(Role.PROBATION_OFFICER, frozenset({world.elsewhere.id}), kind_id=kind.id),
    )
    mixed = Actor(uuid4(), "Plusieurs fonctions", rights, world.here.id)

    assert numbers(search(session, mixed, wish(kind), now=NOW)) == [there.id]
    with pytest.raises(NotAllowed):
        search(session, replace(mixed, rights=rights[:2]), wish(kind, beyond=True), now=NOW)


@pytest.mark.parametrize("beyond", [False, True])
def test_a_partner_finds_its_own_places_only(session: Session, world: World, beyond: bool) -> None:
    kind = make_kind(session, Shape.NIGHTS, reserved_by=[Role.PARTNER])
    own = make_resource(session, world.site, kind)
    section_at(session, world, kind, PARIS)  # of another organisation
    make_resource(session, make_site(session, world.elsewhere), kind)

    assert numbers(search(session, world.host, wish(kind, beyond=beyond), now=NOW)) == [own.id]


def test_one_resource_is_seen_as_the_search_sees_it(session: Session, world: World) -> None:
    kind, crossing = make_kind(session, Shape.NIGHTS), make_kind(session, Shape.NIGHTS, crosses_territories=True)
    here = section_at(session, world, kind, PARIS)
    shared = section_at(session, world, crossing, PARIS)
    days: dict[str, Any] = {"first": in_days(3), "until": in_days(6), "now": NOW}

    assert resource_wish(session, world.officer, here, **days)[1].free == 1
    assert resource_wish(session, world.stranger, shared, **days)[1].free == 1
    for actor, number in ((world.stranger, here), (world.officer, 10**12)):
        with pytest.raises(NotFound):
            resource_wish(session, actor, number, **days)


@pytest.mark.parametrize("crosses", [False, True])
def test_a_sheet_opens_to_the_same_people_as_the_search(session: Session, world: World, crosses: bool) -> None:
    kind = make_kind(
        session, Shape.NIGHTS, reserved_by=[Role.PROBATION_OFFICER, Role.PARTNER], crosses_territories=crosses
    )
    section = make_resource(session, world.site, kind)
    mixed = Actor(
        uuid4(),
        "Deux fonctions",
        (
            Right(Role.REGISTRY, frozenset({world.here.id})),  # may not search this kind
            Right(Role.PROBATION_OFFICER, frozenset({world.elsewhere.id})),
        ),
        world.here.id,
    )
    neighbour = make_host(make_site(session, world.here).organisation_id, world.here)

    assert not resource_for(session, world.officer, section.id, now=NOW).is_beyond
    assert not resource_for(session, world.host, section.id, now=NOW).is_beyond
    for who, opens in ((mixed, crosses), (world.stranger, crosses), (neighbour, False)):
        if opens:
            assert resource_for(session, who, section.id, now=NOW).is_beyond
        else:
            with pytest.raises(NotFound):
                resource_for(session, who, section.id, now=NOW)


# What is free


def test_beds_are_counted_free_being_reserved_and_taken(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section = make_resource(session, world.site, kind)
    make_beds(session, section, *"ABCDE")
    make_beds(session, section, "F", is_active=False)
    stay = NightsClaim(resource_id=section.id, first=in_days(3), until=in_days(6))
    last_night = NightsClaim(resource_id=section.id, first=in_days(5), until=in_days(9))
    around = NightsClaim(resource_id=section.id, first=in_days(1), until=in_days(3))  # leaves as one arrives
    occupy(session, [stay], somebody())
    occupy(session, [last_night], somebody(expires_at=in_minutes(10)))
    occupy(session, [last_night], somebody(now=in_minutes(-20), expires_at=NOW))  # over at this instant
    occupy(session, [around, around, around], somebody())

    (found,) = look(session, world, wish(kind))

    assert (found.total, found.free, found.held) == (5, 3, 1)
    assert tally([found]).why_not == (("held", 1), ("taken", 1))


def test_a_bed_partly_held_and_partly_booked_is_taken(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section = make_resource(session, world.site, kind)
    make_beds(session, section, "A")
    occupy(
        session,
        [NightsClaim(resource_id=section.id, first=in_days(3), until=in_days(4))],
        somebody(expires_at=in_minutes(5)),
    )
    occupy(session, [NightsClaim(resource_id=section.id, first=in_days(5), until=in_days(6))], somebody())

    (found,) = look(session, world, wish(kind))

    assert (found.free, found.held, found.state) == (0, 0, "full")


@pytest.mark.parametrize(
    ("capacity_and_load", "spans", "expected"),
    [
        ((3, 0), [], (3, 0)),
        ((3, 2), [], (1, 0)),
        ((3, 5), [], (0, 0)),
        ((3, 0), [(0, 4, None), (4, 9, None)], (2, 0)),  # back to back: one place at any moment
        ((3, 0), [(0, 5, None), (4, 9, None)], (1, 0)),
        ((3, 0), [(0, None, None), (5, 6, 10)], (1, 1)),
        ((3, 0), [(6, 9, None), (0, 3, None)], (3, 0)),  # around the wish
        ((3, 0), [(3, 6, 0), (3, 6, -1)], (3, 0)),  # expired
        ((1, 0), [(5, 6, 10)], (0, 1)),
    ],
)
def test_places_are_counted_at_the_busiest_moment(
    session: Session,
    world: World,
    capacity_and_load: tuple[int, int],
    spans: list[tuple[int, int | None, int | None]],
    expected: tuple[int, int],
) -> None:
    kind = make_kind(session, Shape.PLACES)
    post = make_resource(session, world.site, kind, capacity=9)
    for first, until, ends in spans:
        claim = PlaceClaim(resource_id=post.id, first=in_days(first), until=None if until is None else in_days(until))
        end = None if ends is None else in_minutes(ends)
        occupy(session, [claim], somebody(now=in_minutes(-30), expires_at=end))
    post.capacity, post.declared_load = capacity_and_load
    session.flush()

    (found,) = look(session, world, wish(kind))

    assert (found.total, (found.free, found.held)) == (capacity_and_load[0], expected)


def test_more_being_reserved_than_a_lowered_capacity_still_counts_to_the_total(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES)
    post = make_resource(session, world.site, kind, capacity=3)
    claim = PlaceClaim(resource_id=post.id, first=in_days(3), until=in_days(6))
    for _ in range(3):
        occupy(session, [claim], somebody(expires_at=in_minutes(10)))
    post.capacity = 1
    session.flush()

    assert tally(look(session, world, wish(kind))).why_not == (("held", 1),)


def test_starts_are_counted_on_the_civil_days_of_the_place(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.SLOTS, slot_step_min=60, slot_duration_min=60)
    site = make_site(session, world.here, time_zone="Pacific/Tahiti")
    agent = make_resource(session, site, kind)
    day = in_days(3)
    # 20:00 to 24:00 on the 5th of March in Tahiti is 06:00 to 10:00 UTC on the 6th.
    make_opening(session, agent, datetime(2026, 3, 6, 6, tzinfo=UTC), hours=6)
    occupy(session, [SlotClaim(resource_id=agent.id, start=datetime(2026, 3, 6, 7, tzinfo=UTC))], somebody())

    (found,) = look(session, world, wish(kind, 3, 4))
    (next_day,) = look(session, world, wish(kind, 4, 5))

    assert day.isoformat() == "2026-03-05"
    assert (found.total, found.free) == (4, 3)
    assert (next_day.total, next_day.free) == (2, 2)


@pytest.mark.parametrize(
    ("maxima", "minutes", "expected"),
    [
        ({"max_cases": 3}, [], (3, 3)),
        ({"max_cases": 3}, [10], (3, 2)),
        ({"max_cases": 2}, [10, 10], (2, 0)),
        ({"max_cases": 9, "max_minutes": 30}, [30], (9, 0)),  # no minute left
        ({"max_cases": 9, "max_minutes": 30}, [29], (9, 8)),
    ],
)
def test_a_hearing_has_room_while_cases_and_minutes_are_left(
    session: Session, world: World, maxima: dict[str, int], minutes: list[int], expected: tuple[int, int]
) -> None:
    kind = make_kind(session, Shape.SESSIONS)
    hearing = make_resource(session, world.site, kind)
    make_hearing(session, hearing, **maxima)
    for length in minutes:
        occupy(session, [CaseClaim(resource_id=hearing.id, minutes=length)], somebody())

    (found,) = look(session, world, wish(kind, 7, 8))

    assert (found.total, found.free) == expected


@pytest.mark.parametrize(
    ("starts_at", "is_there"),
    [
        (datetime(2026, 3, 9, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 8, 23, tzinfo=UTC), True),  # midnight in Paris
        (datetime(2026, 3, 8, 22, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 23, tzinfo=UTC), False),
    ],
)
def test_a_hearing_is_on_the_civil_day_of_its_court(
    session: Session, world: World, starts_at: datetime, is_there: bool
) -> None:
    kind = make_kind(session, Shape.SESSIONS)
    make_hearing(session, make_resource(session, world.site, kind), starts_at=starts_at)

    assert bool(look(session, world, wish(kind, 7, 8))) is is_there


@every_shape
@pytest.mark.parametrize("whole_site", [False, True])
def test_what_is_closed_is_said_closed_and_never_suits(
    session: Session, world: World, shape: Shape, whole_site: bool
) -> None:
    scarce = make_scarce(session, world, shape)
    kind = session.get_one(Kind, scarce.resource.kind_id)
    day = 7 if shape is Shape.SESSIONS else 3
    close(session, world.site if whole_site else scarce.resource, in_days(day), in_days(day + 1))

    (found,) = look(session, world, wish(kind, day, day + 1))

    assert (found.is_closed, found.suits, found.state) == (True, False, "closed")
    assert look(session, world, wish(kind, day, day + 1), only_suitable=True) == []


@pytest.mark.parametrize("shape", [Shape.SLOTS, Shape.SESSIONS])
def test_a_closed_day_leaves_the_other_days_of_the_wish_free(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    kind = session.get_one(Kind, scarce.resource.kind_id)
    close(session, scarce.resource, in_days(5), in_days(6))

    (found,) = look(session, world, wish(kind, 1, 14))
    suitable = look(session, world, wish(kind, 1, 14), only_suitable=True)

    assert (found.is_closed, found.suits) == (False, True)
    assert numbers(suitable) == [scarce.resource.id]


@pytest.mark.parametrize(
    ("limit", "is_there"), [({"min_notice_days": 4}, False), ({"max_ahead_days": 2}, False), ({}, True)]
)
@pytest.mark.parametrize("shape", [Shape.SLOTS, Shape.SESSIONS])
def test_what_is_too_soon_or_too_far_for_the_kind_is_not_offered(
    session: Session, world: World, shape: Shape, limit: dict[str, int], is_there: bool
) -> None:
    scarce = make_scarce(session, world, shape, **limit)
    kind = session.get_one(Kind, scarce.resource.kind_id)
    if shape is Shape.SESSIONS:  # on the same day as the slot
        make_hearing(session, make_resource(session, world.site, kind), starts_at=in_minutes(3 * 24 * 60))

    found = look(session, world, wish(kind, 3, 4), only_suitable=True)

    assert bool(found) is is_there


# In parts


def many_places(session: Session, world: World, shape: Shape) -> Kind:
    """Return a kind with nine resources: near, far, at the same point, nowhere; free or full in turn."""
    kind = make_kind(session, shape)
    points = [PARIS, LILLE, PARIS, None, VERSAILLES, None, LILLE, PARIS, VERSAILLES]
    for number, point in enumerate(points):
        lat, lon = point or (None, None)
        resource = make_resource(session, make_site(session, world.here, lat=lat, lon=lon), kind)
        claim: Claim
        match shape:
            case Shape.NIGHTS:
                make_beds(session, resource, "A")
                claim = NightsClaim(resource_id=resource.id, first=in_days(3), until=in_days(6))
            case Shape.PLACES:
                claim = PlaceClaim(resource_id=resource.id, first=in_days(3), until=in_days(6))
            case Shape.SLOTS:
                make_opening(session, resource, in_minutes(3 * 24 * 60), hours=0.75)
                claim = SlotClaim(resource_id=resource.id, start=in_minutes(3 * 24 * 60))
            case Shape.SESSIONS:
                make_hearing(session, resource, starts_at=in_minutes(3 * 24 * 60), max_cases=1)
                claim = CaseClaim(resource_id=resource.id, minutes=10)
        if number % 3 == 0:
            occupy(session, [claim], somebody())
    return kind


@every_shape
@pytest.mark.parametrize("only_suitable", [False, True])
@pytest.mark.parametrize("near_and_size", [(None, 1), (None, 4), (PARIS, 1), (PARIS, 2), (PARIS, 4)])
def test_a_list_read_in_parts_has_everything_exactly_once(
    session: Session, world: World, shape: Shape, only_suitable: bool, near_and_size: tuple[Any, int]
) -> None:
    near, size = near_and_size
    kind = many_places(session, world, shape)
    wanted = wish(kind, near=near)
    whole = look(session, world, wanted, only_suitable=only_suitable)

    read: list[Found] = []
    after: Position | None = None
    while part := look(session, world, wanted, only_suitable=only_suitable, limit=size, after=after):
        assert len(part) <= size
        read.extend(part)
        after = part[-1].position

    assert read == whole
    assert len(whole) == (6 if only_suitable else 9)


@every_shape
def test_the_nearest_alternatives_are_the_first_that_suit(session: Session, world: World, shape: Shape) -> None:
    kind = many_places(session, world, shape)
    wanted = wish(kind, near=LILLE, site_ids=(1,), bounds=(0, 0, 1, 1))  # where one was refused

    found = nearest_alternatives(session, world.officer, wanted, now=NOW)

    everything = look(session, world, wish(kind, near=LILLE))
    assert found == [one for one in everything if one.suits][:3]


# In a sentence


def test_the_tally_counts_places_and_says_why_not_the_others(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS, searchable=PROFILE)
    women = make_resource(session, world.site, kind, attributes={"sex": "F"})
    men = make_resource(session, world.site, kind, attributes={"sex": "M"})
    shut = make_resource(session, world.site, kind)
    for section, beds in ((women, "ABCDE"), (men, "ABC"), (shut, "AB")):
        make_beds(session, section, *beds)
    close(session, shut, None, None)
    stay = NightsClaim(resource_id=women.id, first=in_days(3), until=in_days(6))
    occupy(session, [stay, stay], somebody())
    occupy(session, [stay], somebody(expires_at=in_minutes(5)))

    answer = tally(look(session, world, wish(kind, sex="F")))

    assert (answer.free, answer.total) == (2, 10)
    assert answer.why_not == (("sex", 3), ("taken", 2), ("closed", 2), ("held", 1))


def test_an_empty_list_is_told_as_nothing_of_nothing() -> None:
    answer = tally([])

    assert (answer.free, answer.total, answer.why_not) == (0, 0, ())


def test_what_is_taken_during_the_search_of_another_day_is_free(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section = section_at(session, world, kind, PARIS)
    stay = NightsClaim(resource_id=section, first=in_days(3), until=in_days(6))
    taken: list[Taken] = occupy(session, [stay], somebody())

    assert taken[0].rows == 3
    assert [look(session, world, wish(kind, first, until))[0].free for first, until in ((1, 3), (6, 9), (2, 4))] == [
        1,
        1,
        0,
    ]


def test_an_administrator_of_a_kind_searches_when_a_row_says_so(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS, searched_by=[Role.ADMINISTRATOR])
    section = section_at(session, world, kind, PARIS)
    administrator = make_actor(Role.ADMINISTRATOR, world.here)

    assert numbers(search(session, administrator, wish(kind), now=NOW)) == [section]
    with pytest.raises(NotAllowed):
        search(session, make_host(world.site.organisation_id, world.here), wish(kind), now=NOW)


def test_a_search_is_as_of_the_instant_given(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    section = section_at(session, world, kind, PARIS)
    stay = NightsClaim(resource_id=section, first=in_days(3), until=in_days(6))
    occupy(session, [stay], somebody(expires_at=in_minutes(10)))
    instants = [NOW, in_minutes(10) - timedelta(microseconds=1), in_minutes(10)]

    states = [search(session, world.officer, wish(kind), now=at)[0].state for at in instants]

    assert states == ["held", "held", "free"]
