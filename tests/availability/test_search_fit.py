"""What suits and why the rest does not: every type of attribute, hours of work, travel, delay, load, freshness."""

from __future__ import annotations

from collections import Counter
from datetime import time
from math import isclose
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine
from sqlmodel import Session

from availability.actions import occupy
from availability.claims import NightsClaim, PlaceClaim
from availability.doors import Doors, suits
from availability.errors import InvalidRequest
from availability.models import Kind, Resource, Shape
from availability.queries import kinds_for
from availability.search import Found, Wish, Work, search, sites_to_time, tally
from availability.travel import estimated
from tests.availability.scarce import somebody
from tests.factories import (
    NOW,
    PARIS,
    PROFILE,
    World,
    close,
    in_days,
    in_minutes,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_world,
)

VERSAILLES, LILLE, GUADELOUPE = (48.8049, 2.1204), (50.6292, 3.0573), (16.2411, -61.5331)
DOORS = {"doors": {"label": "Portes", "type": "hours"}}
EARLY = Work(*PARIS, time(6), time(14))
ONE_OF_EACH: dict[str, Any] = {
    "regime": {"label": "Régime", "type": "choice", "position": 1, "choices": {"a": "A", "b": "B"}},
    "age": {"label": "Âge", "type": "range", "position": 2, "least": "min_age", "most": "max_age"},
    "evening": {"label": "En soirée", "type": "flag", "position": 3},
    "languages": {"label": "Langues", "type": "list", "position": 4},
    "skills": {"label": "Compétences", "type": "list", "position": 5, "asks": True},
    "wait": {"label": "Délai", "type": "number", "position": 6, "is_delay": True},
    "rooms": {"label": "Pièces", "type": "number", "position": 7, "wanted": "least"},
    "price": {"label": "Tarif", "type": "text", "position": 8},
    **{code: one | {"position": 9} for code, one in DOORS.items()},
}


def wish(kind: Kind, first: int = 3, until: int = 6, **fields: Any) -> Wish:
    return Wish(kind=kind, first=in_days(first), until=in_days(until), **fields)


def look(session: Session, world: World, wanted: Wish, **options: Any) -> list[Found]:
    return search(session, world.officer, wanted, now=NOW, **options)


def post(session: Session, world: World, kind: Kind, point: Any = PARIS, **columns: Any) -> int:
    lat, lon = point or (None, None)
    return make_resource(session, make_site(session, world.here, lat=lat, lon=lon), kind, **columns).id


@pytest.mark.parametrize(
    ("said", "asked", "is_fit"),
    [
        ({"regime": "a"}, {"regime": "a"}, True),
        ({"regime": "b"}, {"regime": "a"}, False),
        ({"regime": "any"}, {"regime": "a"}, True),
        ({}, {"regime": "a"}, True),
        ({"min_age": 18, "max_age": 25}, {"age": 25}, True),
        ({"min_age": 18, "max_age": 25}, {"age": 25.5}, False),
        ({"min_age": 18}, {"age": 17}, False),
        ({"max_age": None}, {"age": 99}, True),
        ({"evening": True}, {"evening": True}, True),
        ({"evening": None}, {"evening": True}, False),
        ({}, {"evening": True}, False),
        ({"languages": ["arabe", "turc"]}, {"languages": ["turc"]}, True),
        ({"languages": ["arabe", "turc"]}, {"languages": ["turc", "arabe"]}, True),
        ({"languages": ["arabe"]}, {"languages": ["turc", "arabe"]}, False),
        ({}, {"languages": ["turc"]}, False),
        ({"skills": []}, {"skills": ["jardinage"]}, True),  # asks for nothing
        ({}, {"skills": ["jardinage"]}, True),
        ({"skills": ["jardinage"]}, {"skills": ["jardinage", "permis B"]}, True),
        ({"skills": ["jardinage", "permis B"]}, {"skills": ["jardinage"]}, False),
        ({"wait": 7}, {"wait": 7}, True),
        ({"wait": 7.5}, {"wait": 7}, False),
        ({}, {"wait": 7}, False),  # not known is not soon
        ({"rooms": 2}, {"rooms": 2}, True),
        ({"rooms": 1}, {"rooms": 2}, False),
        ({"price": "2 € à 131 €"}, {"price": "131 €"}, True),
        ({"price": "Gratuit"}, {"price": "gratuit"}, True),
        ({"price": "50 %_"}, {"price": "0 %_"}, True),
        ({"price": "500"}, {"price": "5%0"}, False),  # no pattern
        ({}, {"price": "2 €"}, False),
        # What was badly written breaks nothing.
        ({"min_age": "dix-huit", "evening": "oui", "languages": "turc"}, {"age": 17, "languages": ["turc"]}, False),
    ],
)
def test_each_type_of_attribute_suits_as_it_says(
    session: Session, world: World, said: dict[str, Any], asked: dict[str, Any], is_fit: bool
) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=ONE_OF_EACH)
    number = post(session, world, kind, attributes=said)

    (found,) = look(session, world, wish(kind, attributes=asked))
    suitable = look(session, world, wish(kind, attributes=asked), only_suitable=True)

    assert found.suits is is_fit
    assert set(found.mismatches) <= set(asked)
    assert [one.resource_id for one in suitable] == ([number] if is_fit else [])


def test_all_that_does_not_suit_is_said_in_the_order_of_the_filters(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=ONE_OF_EACH)
    post(session, world, kind, LILLE, attributes={"regime": "b", "wait": 40, "doors": {"opens": "07:00"}})
    asked = wish(
        kind,
        attributes={"price": "2 €", "evening": True, "regime": "a"},
        work=EARLY,
        max_travel_min=60,
        max_delay_days=30,
        max_load=0.5,
        fresh=True,
    )

    (found,) = look(session, world, asked)

    assert found.mismatches == ("regime", "evening", "price", "hours", "travel", "stale", "delay")
    assert found.mismatch == "regime"


def test_what_a_kind_is_not_searched_on_is_refused_but_for_the_profile_of_a_person(
    session: Session, world: World
) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    resource = make_resource(session, world.site, kind, attributes={"sex": "M"})
    make_beds(session, resource, "A")

    assert look(session, world, wish(kind, sex="F", age=15, weekend=True, accessible=True))[0].suits
    for fields in ({"attributes": {"sex": "F"}}, {"max_load": 0.5}, {"max_delay_days": 3}):
        with pytest.raises(InvalidRequest) as refusal:
            wish(kind, **fields)
        assert refusal.value.problem == "no-such-filter"


def test_a_retired_kind_finds_nothing_and_is_not_offered(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES)
    post(session, world, kind)
    assert len(look(session, world, wish(kind))) == 1

    kind.is_active = False
    session.flush()

    assert look(session, world, wish(kind)) == []
    assert kind.id not in {one.id for one in kinds_for(session, world.officer)}


# Hours of work, and the way


@pytest.mark.parametrize(
    ("doors", "point", "mismatches"),
    [
        ({"opens": "05:30", "closes": "21:30"}, PARIS, ()),
        ({"opens": "06:00", "closes": "21:30"}, PARIS, ("hours",)),
        ({"opens": "05:30", "closes": "21:30"}, LILLE, ("hours",)),  # three hours away
        ({"opens": "02:00", "closes": "21:30"}, LILLE, ()),
        (None, PARIS, ("hours",)),  # nobody said when it opens
        ({"opens": "05:30", "closes": "21:30"}, GUADELOUPE, ("travel",)),
        ({"opens": "05:30", "closes": "21:30"}, None, ("travel",)),
    ],
)
def test_a_section_is_usable_when_its_doors_let_one_leave_for_work_and_come_back(
    session: Session, world: World, doors: Any, point: Any, mismatches: tuple[str, ...]
) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=DOORS)
    post(session, world, kind, point, attributes={"doors": doors} if doors else {})

    (found,) = look(session, world, wish(kind, work=EARLY))

    assert found.mismatches == mismatches
    assert found.travel_min == (estimated(PARIS, *point) if point else None)


def test_travel_is_from_work_and_distance_from_the_address(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=DOORS)
    post(session, world, kind, VERSAILLES, attributes={"doors": {"opens": "00:00", "closes": "00:00"}})
    at_lille = Work(*LILLE, time(9), time(17))

    (found,) = look(session, world, wish(kind, near=PARIS, radius_km=50, work=at_lille))

    assert found.distance_km is not None
    assert isclose(found.distance_km, 17.9, abs_tol=0.1)
    assert (found.travel_min, found.travel_is_estimate) == (estimated(LILLE, *VERSAILLES), True)
    assert found.suits


@pytest.mark.parametrize("only_suitable", [False, True])
def test_the_longest_travel_is_kept_to_the_minute(session: Session, world: World, only_suitable: bool) -> None:
    kind = make_kind(session, Shape.PLACES)
    post(session, world, kind, VERSAILLES)
    minutes = estimated(PARIS, *VERSAILLES) or 0

    for most, is_fit in ((minutes, True), (minutes - 1, False)):
        found = look(session, world, wish(kind, near=PARIS, max_travel_min=most), only_suitable=only_suitable)
        assert [one.suits for one in found] == ([is_fit] if is_fit or not only_suitable else [])


def test_what_an_engine_said_decides_of_reasons_and_order(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES)
    near, far = post(session, world, kind, PARIS), post(session, world, kind, VERSAILLES)
    island, estimate = post(session, world, kind, LILLE), post(session, world, kind, (48.9, 2.2))
    sites = {one.resource_id: one.site_id for one in look(session, world, wish(kind))}
    times = {sites[near]: 50, sites[far]: 10, sites[island]: None}

    found = look(session, world, wish(kind, near=PARIS, max_travel_min=40, times=times))

    assert [one.resource_id for one in found] == [far, estimate, near, island]
    assert [one.travel_min for one in found] == [10, estimated(PARIS, 48.9, 2.2), 50, None]
    assert [one.travel_is_estimate for one in found] == [False, True, False, False]
    assert [one.mismatches for one in found] == [(), (), ("travel",), ("travel",)]


def test_the_nearest_sites_are_those_worth_asking_an_engine_about(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES)
    for point in (LILLE, VERSAILLES, None, PARIS):
        post(session, world, kind, point)
    post(session, world, make_kind(session, Shape.PLACES), PARIS)
    post(session, world, kind, PARIS, is_active=False)

    def asked(most: int = 100, **fields: Any) -> list[tuple[float, float]]:
        return list(sites_to_time(session, world.officer, wish(kind, **fields), most=most).values())

    assert asked(near=PARIS) == [PARIS, VERSAILLES, LILLE]
    assert asked(near=PARIS, radius_km=50) == [PARIS, VERSAILLES]
    assert asked(near=PARIS, radius_km=50, work=Work(*VERSAILLES, time(9), time(17))) == [VERSAILLES, PARIS]
    assert asked(2, near=PARIS) == [PARIS, VERSAILLES]
    assert asked() == []


# Delay, load, freshness


def test_delay_is_what_a_service_declares(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=ONE_OF_EACH)
    soon, late = (post(session, world, kind, attributes={"wait": days}) for days in (12, 40))
    unknown = post(session, world, kind)

    found = look(session, world, wish(kind, near=PARIS, max_delay_days=12))

    assert [(one.resource_id, one.delay_days, one.mismatches) for one in found] == [
        (soon, 12, ()),
        (late, 40, ("delay",)),
        (unknown, None, ("delay",)),
    ]
    assert [one.delay_days for one in look(session, world, wish(kind, near=PARIS))] == [12, 40, None]


@pytest.mark.parametrize(("most", "is_fit"), [(4, True), (3, False)])
@pytest.mark.parametrize("shape", [Shape.SLOTS, Shape.SESSIONS])
def test_delay_is_the_days_until_the_first_that_is_free(
    session: Session, world: World, shape: Shape, most: int, is_fit: bool
) -> None:
    kind = make_kind(session, shape)
    resource = make_resource(session, world.site, kind)
    in_four_days = in_minutes(4 * 24 * 60)
    if shape is Shape.SLOTS:
        make_opening(session, resource, in_four_days, hours=1)
    else:
        make_hearing(session, resource, starts_at=in_four_days)

    (found,) = look(session, world, wish(kind, 1, 9, max_delay_days=most))

    assert (found.delay_days, found.suits) == (4, is_fit)
    assert found.mismatches == (() if is_fit else ("delay",))
    assert len(look(session, world, wish(kind, 1, 9, max_delay_days=most), only_suitable=True)) == is_fit


@pytest.mark.parametrize(
    ("of", "most", "is_fit"),
    [
        ((10, 8, 0), 0.8, True),
        ((10, 8, 1), 0.8, False),
        ((10, 0, 9), 0.8, False),
        ((10, 12, 0), 1, False),
        ((0, 0, 0), 1, False),
    ],
)
def test_load_is_what_is_declared_and_what_is_booked_over_the_capacity(
    session: Session, world: World, of: tuple[int, int, int], most: float, is_fit: bool
) -> None:
    capacity, declared, booked = of
    kind = make_kind(session, Shape.PLACES)
    number = post(session, world, kind, capacity=capacity, declared_load=declared)
    for _ in range(booked):
        occupy(session, [PlaceClaim(resource_id=number, first=in_days(3), until=in_days(6))], somebody())

    (found,) = look(session, world, wish(kind, max_load=most))

    assert ("load" not in found.mismatches) is is_fit
    assert len(look(session, world, wish(kind, max_load=most), only_suitable=True)) == is_fit


def test_a_declaration_grows_old_after_the_days_of_its_kind(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES, fresh_days=30)
    fresh, stale = (post(session, world, kind, declared_on=in_days(-days)) for days in (30, 31))
    never = post(session, world, kind)

    found = look(session, world, wish(kind, fresh=True))

    assert {one.resource_id: one.mismatches for one in found} == {fresh: (), stale: ("stale",), never: ("stale",)}


# In order, in parts, and in a sentence


def test_who_suits_comes_first_then_the_way_then_the_delay(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES, searchable=ONE_OF_EACH)
    wrong = post(session, world, kind, PARIS, attributes={"regime": "b"})
    far = post(session, world, kind, LILLE, attributes={"wait": 1})
    late, soon = (post(session, world, kind, VERSAILLES, attributes={"wait": days}) for days in (30, 3))

    found = look(session, world, wish(kind, near=PARIS, attributes={"regime": "a"}))

    assert [one.resource_id for one in found] == [soon, late, far, wrong]


def test_the_tally_of_the_issue(session: Session, world: World) -> None:
    """34 beds within 50 km: 12 free, 9 in the wrong section, 8 taken, 5 closed at those hours."""
    kind = make_kind(session, Shape.NIGHTS, searchable=PROFILE | DOORS)
    early = {"doors": {"opens": "05:00", "closes": "21:00"}}
    for beds, attributes in (
        (20, early),
        (9, {"sex": "M", **early}),
        (5, {"doors": {"opens": "07:00", "closes": "21:00"}}),
    ):
        section = make_resource(session, world.site, kind, attributes=attributes)
        make_beds(session, section, *(f"Lit {number}" for number in range(beds)))
        if beds == 20:
            stay = NightsClaim(resource_id=section.id, first=in_days(3), until=in_days(6))
            occupy(session, [stay] * 8, somebody())
    far = make_resource(session, make_site(session, world.here, lat=LILLE[0], lon=LILLE[1]), kind)
    make_beds(session, far, "Lit")

    answer = tally(look(session, world, wish(kind, near=PARIS, radius_km=50, sex="F", work=EARLY)))

    assert (answer.free, answer.total) == (12, 34)
    assert answer.why_not == (("sex", 9), ("taken", 8), ("hours", 5))


HOURS = some.builds("{:02}:{:02}".format, some.integers(0, 23), some.sampled_from([0, 30]))
RESOURCES = some.fixed_dictionaries(
    {
        "point": some.sampled_from([PARIS, VERSAILLES, LILLE, None, GUADELOUPE]),
        "capacity": some.integers(0, 4),
        "declared_load": some.integers(0, 5),
        "age_days": some.sampled_from([None, 0, 30, 31]),
        "taken": some.integers(0, 2),
        "held": some.integers(0, 2),
        "is_closed": some.booleans(),
        "attributes": some.fixed_dictionaries(
            {},
            optional={
                "regime": some.sampled_from(["a", "b", "any"]),
                "min_age": some.integers(15, 25),
                "max_age": some.integers(15, 25),
                "evening": some.booleans(),
                "languages": some.lists(some.sampled_from(["arabe", "turc"]), unique=True),
                "skills": some.lists(some.sampled_from(["jardinage", "permis B"]), unique=True),
                "wait": some.integers(0, 40),
                "price": some.sampled_from(["Gratuit", "2 €"]),
                "doors": some.fixed_dictionaries({"opens": HOURS, "closes": HOURS}),
            },
        ),
    }
)
WISHES = some.fixed_dictionaries(
    {
        "attributes": some.fixed_dictionaries(
            {},
            optional={
                "regime": some.sampled_from(["a", "b"]),
                "age": some.integers(15, 25),
                "evening": some.just(value=True),
                "languages": some.lists(some.sampled_from(["arabe", "turc"]), unique=True, min_size=1),
                "skills": some.lists(some.sampled_from(["jardinage", "permis B"]), unique=True, min_size=1),
                "wait": some.integers(0, 40),
                "price": some.sampled_from(["gratuit", "€"]),
            },
        )
    },
    optional={
        "work": some.builds(lambda starts: Work(*PARIS, time(starts), time((starts + 8) % 24)), some.integers(0, 23)),
        "max_travel_min": some.integers(5, 240),
        "max_delay_days": some.integers(0, 40),
        "max_load": some.floats(0, 2),
        "fresh": some.booleans(),
    },
)


def expected(one: Found, asked: Wish) -> set[str]:
    """Return the reasons that plain Python finds: each rule once more, in its simplest words."""
    said, wanted = one.attributes, asked.asked
    way = estimated(PARIS, one.lat, one.lon)
    load = max(one.total - one.free, one.declared_load)
    wrong = {
        "regime": "regime" in wanted and said.get("regime", "any") not in ("any", wanted["regime"]),
        "age": "age" in wanted and not said.get("min_age", 0) <= wanted["age"] <= said.get("max_age", 99),
        "evening": "evening" in wanted and not said.get("evening", False),
        "languages": not set(wanted.get("languages", ())) <= set(said.get("languages", ())),
        "skills": "skills" in wanted and not set(said.get("skills", ())) <= set(wanted["skills"]),
        "wait": "wait" in wanted and said.get("wait", 99) > wanted["wait"],
        "price": "price" in wanted and wanted["price"].lower() not in said.get("price", "").lower(),
        "hours": asked.work is not None
        and way is not None
        and not ("doors" in said and suits(Doors.read("doors", said["doors"]), asked.work, way)),
        "travel": (asked.work is not None and way is None)
        or (asked.max_travel_min is not None and (way is None or way > asked.max_travel_min)),
        "stale": asked.fresh and (one.declared_on is None or one.declared_on < in_days(-30)),
        "delay": asked.max_delay_days is not None and said.get("wait", 99) > asked.max_delay_days,
        "load": asked.max_load is not None and (not one.total or load / one.total > asked.max_load),
    }
    return {reason for reason, is_wrong in wrong.items() if is_wrong}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(resources=some.lists(RESOURCES, min_size=1, max_size=6), fields=WISHES)
def test_every_reason_is_told_and_the_places_add_up_however_the_list_is_read(
    worker_engine: Engine, resources: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    with (
        worker_engine.connect() as connection,
        Session(connection, join_transaction_mode="create_savepoint") as session,
    ):
        world = make_world(session)
        kind = make_kind(session, Shape.PLACES, searchable=ONE_OF_EACH)
        for each in resources:
            number = post(
                session,
                world,
                kind,
                each["point"],
                capacity=each["capacity"],
                declared_load=each["declared_load"],
                declared_on=None if each["age_days"] is None else in_days(-each["age_days"]),
                attributes=each["attributes"],
            )
            _take(session, number, each)
        asked = wish(kind, near=PARIS, **fields)

        found = look(session, world, asked)
        suitable = look(session, world, asked, only_suitable=True)
        read: list[Found] = []
        while part := look(session, world, asked, limit=2, after=read[-1].position if read else None):
            read += part
        connection.rollback()

    for one in found:
        assert set(one.mismatches) == expected(one, asked)
    answer = tally(found)
    assert (
        answer.total == answer.free + sum(count for _, count in answer.why_not) == sum(r["capacity"] for r in resources)
    )
    assert suitable == [one for one in found if one.suits]
    assert answer.free == sum(one.free for one in suitable)
    assert read == found
    assert [one.position for one in found] == sorted(
        (one.position for one in found),
        key=lambda at: (at[0], *((value is None, value) for value in at[1:3]), at[3]),
    )
    assert max(Counter(one.resource_id for one in read).values()) == 1


def _take(session: Session, number: int, each: dict[str, Any]) -> None:
    left = max(each["capacity"] - each["declared_load"], 0)
    claim = PlaceClaim(resource_id=number, first=in_days(3), until=in_days(6))
    held = min(each["held"], left)
    for _ in range(held):
        occupy(session, [claim], somebody(expires_at=in_minutes(10)))
    for _ in range(min(each["taken"], left - held)):
        occupy(session, [claim], somebody())
    if each["is_closed"]:
        close(session, session.get_one(Resource, number), in_days(4), in_days(5))
