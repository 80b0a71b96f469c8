"""Who acts on what they see: of many who saw the same, one does, the others are told; the control writes over it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from availability.beds import set_bed_in_service
from availability.capacities import set_capacity
from availability.closings import ClosedDays, close_days, close_site_days
from availability.errors import Refusal
from availability.models import Shape
from availability.own import OwnBed
from availability.rights import Actor, Role
from availability.sealing import House
from booking.actions import cancel
from booking.designations import Wanted, case_seen, designate, designations_of
from booking.duplicates import FileExists, expect_new, sought_of
from booking.errors import OutOfDate
from booking.models import Person
from booking.own_seen import Part, Seen, act_on_seen
from booking.persons import NewPerson, create_person
from tests.booking.test_doubles import make_court
from tests.conftest import Database
from tests.factories import NOW, in_days, make_beds, make_kind, make_resource, make_world
from tests.races import act, at_once, refusals

MANY = 6
CASE = "RG 26/00042"
HOUSE = House(b"a secret of the tests, long enough")


@pytest.mark.parametrize("is_of_site", [False, True])
def test_of_many_who_close_days_as_they_see_them_one_does_and_the_control_closes_them_all(
    database: Database, is_of_site: bool
) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        kind = make_kind(session, Shape.PLACES, reserved_by=[Role.PARTNER])
        post = make_resource(session, world.site, kind, capacity=3)
    days = ClosedDays(in_days(3), in_days(5), "Congés")
    close: Any = partial(close_days, resource_id=post.id, days=days)
    site_id = None
    if is_of_site:
        close, site_id = partial(close_site_days, site_id=world.site.id, days=days), world.site.id
    seeing = {"resource_id": post.id, "part": Part.CLOSURES, "site_id": site_id, "now": NOW}

    told = at_once(
        [partial(act, database.engine, act_on_seen, world.host, close, seen=Seen(), **seeing) for _ in range(MANY)]
    )
    control = at_once([partial(act, database.engine, close, actor=world.host, now=NOW) for _ in range(MANY)])

    assert refusals(told) == [OutOfDate] * (MANY - 1)
    assert refusals(control) == []


def test_a_bed_and_a_capacity_are_compared_as_they_were_shown(session: Session) -> None:
    world = make_world(session)
    beds = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    one, other = make_beds(session, beds, "lit 1", "lit 2")
    post = make_resource(session, world.site, make_kind(session, Shape.PLACES, reserved_by=[Role.PARTNER]), capacity=3)
    seen = Seen(beds=(OwnBed(one.id, "lit 1", True), OwnBed(other.id, "lit 2", True)))

    def switch(bed: int) -> Any:
        change = partial(set_bed_in_service, unit_id=bed, in_service=False)
        return act_on_seen(
            session, world.host, change, resource_id=beds.id, part=Part.BEDS, seen=seen, only=bed, now=NOW
        )

    def limit(first: int) -> Any:
        change = partial(set_capacity, resource_id=post.id, first=in_days(first), until=in_days(first + 1), capacity=1)
        return act_on_seen(session, world.host, change, resource_id=post.id, part=Part.CAPACITIES, seen=Seen(), now=NOW)

    switch(one.id)
    switch(other.id)  # another bed is another thing
    limit(2)

    for stale in (partial(switch, one.id), partial(limit, 8)):
        with pytest.raises(OutOfDate):
            stale()


def test_of_many_who_designate_for_the_case_as_they_read_it_one_does(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        court = make_court(session)
        before = designate(session, court.judge, court.wanted(None, CASE), now=NOW)
        read = case_seen(designations_of(session, court.judge, CASE, now=NOW))
        cancel(session, court.judge, before.id, now=NOW)
        after = case_seen(designations_of(session, court.judge, CASE, now=NOW))
    wanted = Wanted(resource_id=court.mediator.id, case_ref=CASE)

    def designated(wanted: Wanted) -> list[Any | Refusal]:
        return at_once([partial(act, database.engine, designate, court.judge, wanted, now=NOW) for _ in range(MANY)])

    stale = designated(replace(wanted, seen=read))
    told = designated(replace(wanted, seen=after))
    control = designated(wanted)

    assert refusals(stale) == [OutOfDate] * MANY  # it was cancelled by somebody since
    assert refusals(told) == [OutOfDate] * (MANY - 1)
    assert refusals(control) == []


def test_of_many_who_open_the_same_file_one_does_and_whoever_means_somebody_else_goes_on(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
    new = NewPerson(family_name="Démonstration", given_name="Alix", birth_on=in_days(-12000), sex="F")

    def opening(session: Session, actor: Actor, typed: NewPerson, known: frozenset[UUID] | None) -> Person:
        if known is not None:
            sought = sought_of(typed, ["FR"], house=HOUSE, fiction=True)
            expect_new(session, actor, sought, known=known)
        return create_person(session, actor, typed, house=HOUSE, now=NOW, fiction=True)

    def opened(known: frozenset[UUID] | None) -> list[Any | Refusal]:
        typed = [replace(new, usage_name="Figurante" if number % 2 else "") for number in range(MANY)]
        return at_once([partial(act, database.engine, opening, world.officer, one, known) for one in typed])

    told = opened(frozenset())
    (first,) = (one for one in told if isinstance(one, Person))
    again = opened(frozenset({first.id}))
    control = opened(None)

    assert refusals(told) == [FileExists] * (MANY - 1)
    assert refusals(again) == [FileExists] * (MANY - 1)  # another of the same name is opened by one of them
    assert {found.id for one in told if isinstance(one, FileExists) for found in one.facts["found"]} == {first.id}
    assert refusals(control) == []
