"""What services say of themselves: still true, undone, beds out of service; and the list of what one runs."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.beds import set_bed_in_service
from availability.capacities import set_capacity
from availability.claims import NightsClaim
from availability.closings import ClosedDays, close_days
from availability.declarations import Declaration, declare, is_stale, redate, still_true, take_back
from availability.errors import InvalidRequest, NotFound, PeriodTaken
from availability.models import KindRight, Shape
from availability.own import beds_of, own_after, own_page, own_resources, stale_ids
from availability.rights import Role
from tests.factories import (
    NOW,
    TODAY,
    World,
    in_days,
    make_beds,
    make_host,
    make_kind,
    make_resource,
    make_site,
)


@pytest.mark.parametrize(("days", "stale"), [(0, False), (30, False), (31, True)])
def test_a_declaration_is_stale_past_the_days_of_its_kind(days: int, stale: bool) -> None:
    assert is_stale(in_days(-days), 30, today=TODAY) is stale


def test_what_was_never_declared_is_stale() -> None:
    assert is_stale(None, 366, today=TODAY)


def test_still_true_dates_every_line_as_of_today_and_is_undone_to_the_dates_before(
    session: Session, world: World
) -> None:
    kind, beds = make_kind(session, Shape.PLACES), make_kind(session, Shape.NIGHTS)
    old = make_resource(session, world.site, kind, declared_on=in_days(-90))
    never = make_resource(session, world.site, beds)
    ids = stale_ids(session, world.host, now=NOW)

    before = still_true(session, world.host, ids, now=NOW)
    dated = [one.declared_on for one in own_resources(session, world.host, [old.id, never.id], now=NOW)]
    redate(session, world.host, before, now=NOW)

    assert before == {old.id: in_days(-90), never.id: None}
    assert dated == [TODAY, TODAY]
    assert stale_ids(session, world.host, now=NOW) == ids


def test_a_declaration_taken_back_leaves_the_numbers_and_the_date_from_before(session: Session, world: World) -> None:
    place = make_resource(
        session, world.site, make_kind(session, Shape.PLACES), capacity=9, declared_load=4, declared_on=in_days(-90)
    )

    declared = declare(session, world.host, place.id, Declaration(3, 2, 1), now=NOW)
    take_back(session, world.host, place.id, declared, now=NOW)

    (shown,) = own_resources(session, world.host, [place.id], now=NOW)
    assert (shown.capacity, shown.declared_load, shown.declared_on) == (9, 4, in_days(-90))


@pytest.mark.parametrize(
    ("shape", "numbers", "field"),
    [(Shape.NIGHTS, (1, 0, 0), "capacity"), (Shape.SLOTS, (2, 1, 0), "load"), (Shape.SLOTS, (2, 0, 0), None)],
)
def test_numbers_without_meaning_for_a_shape_are_refused(
    session: Session, world: World, shape: Shape, numbers: tuple[int, int, int], field: str | None
) -> None:
    place = make_resource(session, world.site, make_kind(session, shape))
    if field is None:
        declare(session, world.host, place.id, Declaration(*numbers), now=NOW)
        assert own_resources(session, world.host, [place.id], now=NOW)[0].capacity == 2
        return
    with pytest.raises(InvalidRequest) as refusal:
        declare(session, world.host, place.id, Declaration(*numbers), now=NOW)
    assert refusal.value.field == field


def test_a_bed_out_of_service_takes_nobody_new_and_whoever_has_it_is_told(session: Session, world: World) -> None:
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    (bed,) = make_beds(session, section, "A-1")
    claim = NightsClaim(resource_id=section.id, first=in_days(2), until=in_days(5))
    somebody = uuid4()
    occupy(session, [claim], Holder(id=somebody, now=NOW))

    there = set_bed_in_service(session, world.host, bed.id, False, now=NOW)

    assert [(one.holder_id, one.first, one.until) for one in there] == [(somebody, in_days(2), in_days(5))]
    later = NightsClaim(resource_id=section.id, first=in_days(8), until=in_days(9))
    with pytest.raises(PeriodTaken):
        occupy(session, [later], Holder(id=uuid4(), now=NOW))
    set_bed_in_service(session, world.host, bed.id, True, now=NOW)
    assert occupy(session, [later], Holder(id=uuid4(), now=NOW))
    assert [one.is_active for one in beds_of(session, section.id)] == [True]


def test_nobody_else_confirms_or_puts_a_bed_out_of_service(session: Session, world: World) -> None:
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    (bed,) = make_beds(session, section, "A-1")
    neighbour = make_host(make_site(session, world.here).organisation_id, world.here)

    for stranger in (neighbour, world.officer, make_host(world.site.organisation_id, world.elsewhere)):
        with pytest.raises(NotFound):
            still_true(session, stranger, [section.id], now=NOW)
        with pytest.raises(NotFound):
            set_bed_in_service(session, stranger, bed.id, False, now=NOW)
        assert own_page(session, stranger, now=NOW).of_all == 0


def test_the_list_says_what_is_free_out_of_service_closed_or_limited_today(session: Session, world: World) -> None:
    nights, places = make_kind(session, Shape.NIGHTS), make_kind(session, Shape.PLACES)
    for kind in (nights, places):
        session.add(KindRight(kind_id=kind.id, role=Role.PARTNER, may_set_hours=True))
    section = make_resource(session, world.site, nights, name="Section A")
    make_beds(session, section, "A-1", "A-2")
    make_beds(session, section, "A-3", is_active=False)
    occupy(
        session,
        [NightsClaim(resource_id=section.id, first=TODAY, until=in_days(3))],
        Holder(id=uuid4(), now=NOW),
    )
    post = make_resource(session, world.site, places, name="Poste", capacity=4)
    set_capacity(session, world.host, post.id, TODAY, in_days(3), 1, now=NOW)
    close_days(session, world.host, post.id, ClosedDays(TODAY, in_days(2)), now=NOW)
    close_days(session, world.host, section.id, ClosedDays(in_days(4), in_days(5)), now=NOW)

    beds, posts = own_resources(session, world.host, [section.id, post.id], now=NOW)

    assert (beds.beds, beds.beds_free, beds.beds_out, beds.closes_on) == (2, 1, 1, in_days(4))
    assert (posts.capacity, posts.capacity_today, posts.closed_until, posts.is_run) == (4, 1, in_days(2), True)


def test_hundreds_are_searched_and_paged_with_the_oldest_first(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.PLACES)
    for number in range(60):
        make_resource(session, world.site, kind, name=f"Poste 100% n{number:02}z", declared_on=in_days(-number))

    first = own_page(session, world.host, now=NOW)
    second = own_page(session, world.host, now=NOW, skipped=25)
    found = own_page(session, world.host, now=NOW, typed="100% n07z")
    stale = own_page(session, world.host, now=NOW, only_stale=True)
    walked = own_after(session, world.host, first.items[0].id, limit=5, now=NOW)

    assert (first.of_all, first.found, len(first.items), first.stale) == (60, 60, 25, 29)
    assert [one.declared_on for one in first.items[:2]] == [in_days(-59), in_days(-58)]
    assert not {one.id for one in first.items} & {one.id for one in second.items}
    assert [one.name for one in found.items] == ["Poste 100% n07z"]
    assert own_page(session, world.host, now=NOW, typed="_").found == 0
    assert all(TODAY - one.declared_on > timedelta(days=30) for one in stale.items if one.declared_on)
    assert [one.id for one in walked] == sorted(one.id for one in walked)
