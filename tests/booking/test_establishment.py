"""The grid of an establishment: bars, moves, figures, and what each may see of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor, Role
from booking.actions import cancel
from booking.establishment import Establishment, Stay, establishment, establishments
from booking.models import State
from tests.booking.town import Town, judge, make_person, make_town, stay
from tests.factories import (
    NOW,
    TODAY,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_kind,
    make_resource,
    make_site,
)


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def grid(session: Session, town: Town, actor: Actor | None = None, **asked: object) -> Establishment:
    return establishment(session, actor or town.officer, town.world.site.id, now=NOW, **asked)  # type: ignore[arg-type]


def stays(shown: Establishment) -> list[Stay]:
    return [one for section in shown.sections for bed in section.beds for one in bed.stays]


def test_beds_are_grouped_by_section_in_the_order_people_count(session: Session, town: Town) -> None:
    women = make_resource(session, town.world.site, town.nights, name="Section femmes")
    make_beds(session, women, "lit 3")
    shown = grid(session, town)

    named = [(section.name, [bed.name for bed in section.beds]) for section in shown.sections]
    assert named == [("Section femmes", ["lit 3"]), ("Section hommes", ["lit 1", "lit 2", "lit 10"])]
    assert (shown.first, shown.until, shown.beds) == (in_days(-2), in_days(26), 4)


def test_a_stay_is_one_bar_cut_at_the_window(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(40))
    (bar,) = stays(grid(session, town, first=in_days(10), nights=5))

    assert (bar.first, bar.until, bar.from_on, bar.until_on) == (in_days(10), in_days(15), in_days(0), in_days(40))


def test_back_to_back_stays_are_two_bars(session: Session, town: Town) -> None:
    stay(session, town, in_days(1), in_days(3))
    stay(session, town, in_days(3), in_days(4))

    assert [(one.first, one.until) for one in stays(grid(session, town))] == [
        (in_days(1), in_days(3)),
        (in_days(3), in_days(4)),
    ]


def test_a_place_taken_back_and_forth_is_one_bar_and_an_expired_hold_none(session: Session, town: Town) -> None:
    given_back = stay(session, town, in_days(1), in_days(3))
    cancel(session, town.officer, given_back.id, now=NOW)
    stay(session, town, in_days(1), in_days(3), bed=1, is_confirmed=False, now=in_minutes(-10))
    stay(session, town, in_days(1), in_days(3), bed=2, is_confirmed=False, now=in_minutes(-9))

    (held,) = stays(grid(session, town))
    assert held.state is State.HELD


def test_others_see_that_it_is_taken_and_nothing_else(session: Session) -> None:
    town = make_town(session, crosses_territories=True)
    person = make_person(session, town.world.here)
    booked = stay(session, town, in_days(1), in_days(3), person=person)

    def seen(actor: Actor) -> tuple[str, bool, bool]:
        (bar,) = stays(grid(session, town, actor))
        return bar.initials, bar.booking_id == booked.id, bar.may_open

    assert seen(town.officer) == ("AD", True, True)
    assert seen(town.world.host) == ("AD", True, False)  # the host knows who sleeps there, without the file
    assert seen(town.world.stranger) == ("", False, False)


def test_each_kind_of_a_site_is_known_to_whom_its_people_are(session: Session, town: Town) -> None:
    hostel = make_kind(session, town.nights.shape)  # type: ignore[arg-type]
    section = make_resource(session, town.world.site, hostel, name="Foyer")
    beds = make_beds(session, section, "lit 7")
    booked = stay(session, replace(town, section=section, beds=beds), in_days(1), in_days(3))
    both = make_actor(Role.PROBATION_OFFICER, town.world.here, town.world.elsewhere)

    assert [one.booking_id for one in stays(grid(session, town, both))] == [booked.id]


def test_looking_beyond_ones_territory_is_said(session: Session) -> None:
    town = make_town(session, crosses_territories=True)

    beyond = [grid(session, town, actor).is_beyond for actor in (town.officer, town.world.host, town.world.stranger)]
    assert beyond == [False, False, True]


def test_a_site_elsewhere_does_not_exist_unless_its_kind_crosses_territories(session: Session, town: Town) -> None:
    with pytest.raises(NotFound):
        grid(session, town, town.world.stranger)
    with pytest.raises(NotFound):
        grid(session, town, make_actor(Role.ADMINISTRATOR, town.world.elsewhere))


def test_sections_of_a_kind_that_is_not_ones_own_are_not_shown(session: Session, town: Town) -> None:
    hostel = make_kind(session, town.nights.shape, reserved_by=(Role.FAMILY_JUDGE,))  # type: ignore[arg-type]
    make_beds(session, make_resource(session, town.world.site, hostel, name="Foyer"), "lit 7")

    assert [section.name for section in grid(session, town).sections] == ["Section hommes"]
    assert [section.name for section in grid(session, town, judge(town)).sections] == ["Foyer"]
    assert len(grid(session, town, town.world.host).sections) == 2


def test_a_bed_out_of_service_is_shown_while_somebody_is_in_it(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(2))
    for bed in town.beds:
        bed.is_active = False
    session.flush()

    assert [bed.name for bed in grid(session, town).sections[0].beds] == ["lit 1"]
    assert grid(session, town, first=in_days(2)).beds == 0


def test_a_site_without_a_bed_is_an_empty_grid(session: Session, town: Town) -> None:
    empty = make_site(session, town.world.here)
    shown = establishment(session, town.officer, empty.id, now=NOW)

    assert (shown.sections, shown.moves, shown.beds) == ((), (), 0)
    assert {use.taken for use in shown.by_night} == {0}


def test_nights_of_a_closed_section_or_site_are_closed(session: Session, town: Town) -> None:
    close(session, town.section, in_days(3), in_days(5))
    close(session, town.world.site, in_days(9), None)
    section = grid(session, town).sections[0]

    assert [section.is_closed(in_days(day)) for day in (2, 3, 4, 5, 8, 9, 25)] == [
        False, True, True, False, False, True, True,
    ]  # fmt: skip


def test_the_figures_of_each_night_count_beds_taken_and_held(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(2))
    stay(session, town, in_days(1), in_days(2), bed=1, is_confirmed=False)
    close(session, town.section, in_days(3), in_days(4))
    uses = {use.night: (use.taken, use.held, use.beds) for use in grid(session, town, first=TODAY, nights=4).by_night}

    assert uses == {in_days(0): (1, 0, 3), in_days(1): (2, 1, 3), in_days(2): (0, 0, 3), in_days(3): (0, 0, 0)}


def test_who_arrives_and_who_leaves_today_in_the_time_of_the_place(session: Session) -> None:
    town = make_town(session, site={"time_zone": "Pacific/Wallis"})  # nine in the evening there
    person = make_person(session, town.world.here)
    stay(session, town, in_days(0), in_days(3), person=person)
    stay(session, town, in_days(0), in_days(1), bed=1, case_ref="24/1")
    stay(session, town, in_days(0), in_days(1), bed=2, is_confirmed=False)
    at_ten = in_minutes(60 * 24)

    assert [(move.is_arrival, move.bed, move.initials) for move in grid(session, town).moves] == [
        (True, "lit 1", "AD"),
        (True, "lit 2", ""),
    ]
    tomorrow = establishment(session, town.officer, town.world.site.id, now=at_ten)
    assert [(move.is_arrival, move.case_ref) for move in tomorrow.moves] == [(False, "24/1")]


@pytest.mark.parametrize(("first", "nights"), [(date(1, 1, 1), 28), (date(9999, 12, 1), 28), (TODAY, 0), (TODAY, 367)])
def test_a_window_that_makes_no_sense_is_refused(session: Session, town: Town, first: date, nights: int) -> None:
    with pytest.raises(InvalidRequest):
        grid(session, town, first=first, nights=nights)


def test_the_list_holds_the_sites_of_ones_territories_or_organisation_with_what_is_free_tonight(
    session: Session, town: Town
) -> None:
    stay(session, town, in_days(0), in_days(1))
    make_site(session, town.world.here)  # no bed: not an establishment
    elsewhere = make_site(session, town.world.elsewhere)
    make_beds(session, make_resource(session, elsewhere, town.nights), "lit 1")

    def listed(actor: Actor) -> list[tuple[int, int, int]]:
        return [(one.site_id, one.beds, one.free_tonight) for one in establishments(session, actor, now=NOW)]

    assert listed(town.officer) == listed(town.world.host) == [(town.world.site.id, 3, 2)]
    assert listed(town.world.stranger) == [(elsewhere.id, 1, 1)]
    assert listed(judge(town)) == []
    close(session, town.world.site, in_days(0), in_days(1))
    assert listed(town.officer) == [(town.world.site.id, 3, 0)]


def test_a_hundred_and_twenty_beds_take_the_same_number_of_statements_as_one(session: Session, town: Town) -> None:
    make_beds(session, town.section, *(f"lit {number}" for number in range(11, 128)))
    shown = grid(session, town)

    assert shown.beds == 120
    assert [bed.name for bed in shown.sections[0].beds][-1] == "lit 127"
