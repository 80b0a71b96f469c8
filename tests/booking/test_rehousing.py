"""Those who sleep where it closes: a bed proposed to each that suits, then each line one act with its undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound, PeriodTaken
from availability.models import Kind, Resource, Shape, Site, Territory, Unit
from availability.rights import Actor, Role
from booking.actions import accept, cancel, refuse
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.models import Booking, State
from booking.pages.dossier_words import act_sentence
from booking.queries import history_of
from booking.rehousing import Line, closing, count_to_rehouse, proposal, rehouse, undo_rehousing
from tests.booking.test_stays import nights, slept
from tests.booking.town import Town, stay
from tests.factories import (
    NOW,
    PROFILE,
    World,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_kind,
    make_resource,
    make_site,
    make_world,
)

LATER = NOW + timedelta(days=5)  # those who came tomorrow have arrived
CLOSES, REOPENS = in_days(7), in_days(14)


@dataclass
class Country:
    """A section of men that closes for a week, one near and one far for men, one near for women; a bed in each."""

    world: World
    kind: Kind
    closing: Resource
    here: list[Unit]
    near: Unit
    far: Unit
    women: Unit

    @property
    def town(self) -> Town:
        """Return the section that closes as the tests of stays know it."""
        return Town(self.world, self.kind, self.kind, self.closing, self.here, self.closing)


@pytest.fixture
def country(session: Session) -> Country:
    world = make_world(session)
    kind = make_kind(session, Shape.NIGHTS, searchable=PROFILE)

    def bed(lat: float, sex: str) -> Unit:
        section = make_resource(session, make_site(session, world.here, lat=lat), kind, attributes={"sex": sex})
        return make_beds(session, section, "lit 1")[0]

    closing = make_resource(session, world.site, kind, name="Section hommes", attributes={"sex": "M"})
    here = make_beds(session, closing, "lit 1", "lit 2", "lit 3")
    return Country(world, kind, closing, here, near=bed(48.95, "M"), far=bed(49.6, "M"), women=bed(48.87, "F"))


def proposed(session: Session, country: Country, *, now: object = NOW) -> list[Line]:
    return proposal(closing(session, country.world.officer, country.world.site.id, now=now).cases)  # type: ignore[arg-type]


def moved(session: Session, country: Country, booking: Booking, bed: Unit, **by: object) -> Booking:
    values = {"actor": country.world.officer, "now": NOW} | by
    with session.begin_nested():
        return rehouse(
            session,
            values["actor"],  # type: ignore[arg-type]
            booking.id,
            resource_id=bed.resource_id,
            unit_id=bed.id,
            now=values["now"],  # type: ignore[arg-type]
            revision=values.get("revision"),  # type: ignore[arg-type]
        )


def test_each_has_the_nearest_bed_that_suits_nobody_has_the_same_and_who_has_none_is_told_why(
    session: Session, country: Country
) -> None:
    longest = [stay(session, country.town, in_days(1), in_days(20), bed=bed, case_ref=f"26/{bed}") for bed in range(3)]
    stay(session, country.town, in_days(21), in_days(25))  # not on closed days
    assert count_to_rehouse(session, country.world.site.id, now=NOW) == 0
    close(session, country.closing, CLOSES, REOPENS)
    before = [nights(session, each) for each in longest]

    lines = proposed(session, country)
    offered = [line.bed.unit_id if line.bed else None for line in lines]
    assert sorted(offered, key=str) == sorted([country.near.id, country.far.id, None], key=str)
    assert [line.is_nearest for line in lines if line.bed and line.bed.unit_id == country.far.id] == [False]
    assert {(line.case.first, line.case.until) for line in lines} == {(in_days(1), in_days(20))}
    assert country.women.id not in offered
    assert [nights(session, each) for each in longest] == before  # nothing happens by itself
    assert count_to_rehouse(session, country.world.site.id, now=NOW) == 3
    for bed in (country.near, country.far):
        session.get_one(Resource, bed.resource_id).attributes = {"sex": "F"}
    session.flush()
    nobody = proposed(session, country)[0]
    assert nobody.bed is None
    assert dict(nobody.case.why_not)["sex"] == 3


def test_others_see_only_how_many_there_are(session: Session, country: Country) -> None:
    stay(session, country.town, in_days(1), in_days(20))
    close(session, country.world.site, CLOSES, REOPENS)

    shown = closing(session, country.world.host, country.world.site.id, now=NOW)
    assert (shown.cases, shown.others) == ((), 1)


def test_who_has_not_arrived_is_moved_whole_and_brought_back(session: Session, country: Country) -> None:
    booking = stay(session, country.town, in_days(3), in_days(9))
    close(session, country.closing, CLOSES, REOPENS)

    assert moved(session, country, booking, country.near).id == booking.id
    assert nights(session, booking) == slept(country.near, 3, 9)
    assert (booking.resource_id, booking.unit_id) == (country.near.resource_id, country.near.id)
    assert count_to_rehouse(session, country.world.site.id, now=NOW) == 0
    with pytest.raises(AlreadyDecided):
        undo_rehousing(session, country.world.officer, booking.id, now=in_minutes(11))
    undo_rehousing(session, country.world.officer, booking.id, now=in_minutes(9))
    assert nights(session, booking) == slept(country.here[0], 3, 9)
    assert booking.resource_id == country.closing.id
    line = history_of(session, country.world.officer, booking.id)[-1]
    assert act_sentence(line.act, line.facts, "X") == "X a annulé le relogement."


def test_who_has_arrived_keeps_the_nights_before_the_closure_and_is_elsewhere_for_the_rest(
    session: Session, country: Country
) -> None:
    booking = stay(session, country.town, in_days(1), in_days(20))
    close(session, country.closing, CLOSES, REOPENS)
    (line,) = proposed(session, country, now=LATER)
    assert (line.case.first, line.case.has_arrived) == (CLOSES, True)

    other = moved(session, country, booking, country.near, now=LATER)
    assert nights(session, booking) == slept(country.here[0], 1, 7)
    assert nights(session, other) == slept(country.near, 7, 20)
    assert (booking.until_on, other.case_ref, other.state) == (CLOSES, booking.case_ref, State.BOOKED)
    undo_rehousing(session, country.world.officer, booking.id, now=LATER + timedelta(minutes=5))
    assert nights(session, booking) == slept(country.here[0], 1, 20)
    assert (session.get_one(Booking, other.id).state, nights(session, other)) == (State.CANCELLED, {})


@pytest.mark.parametrize(("when", "first", "kept"), [(NOW, 1, 0), (LATER, 7, 6)])
def test_where_the_host_accepts_it_is_asked_and_the_stay_ends_once_it_has(
    session: Session, country: Country, when: datetime, first: int, kept: int
) -> None:
    booking = stay(session, country.town, in_days(1), in_days(20))
    country.kind.host_accepts = True
    close(session, country.closing, CLOSES, REOPENS)
    host = make_host(session, country.near)
    (line,) = proposed(session, country, now=when)
    assert line.bed is not None
    assert line.bed.unit_id == country.near.id

    asked = moved(session, country, booking, country.near, now=when)
    assert (asked.state, nights(session, asked)) == (State.REQUESTED, slept(country.near, first, 20))
    assert nights(session, booking) == slept(country.here[0], 1, 20)  # in question for nobody
    assert moved(session, country, booking, country.far, now=when).id == asked.id  # asked once
    (waiting,) = proposed(session, country, now=when)
    assert waiting.bed is None
    assert waiting.case.asked is not None
    assert (waiting.case.asked.booking_id, waiting.case.asked.state) == (asked.id, State.REQUESTED)

    refuse(session, host, asked.id, reason="full", now=when)
    (again,) = proposed(session, country, now=when)
    assert again.bed is not None
    assert again.bed.unit_id == country.far.id  # who said no is not asked again
    asked = moved(session, country, booking, country.far, now=when)
    accept(session, make_host(session, country.far), asked.id, now=when)
    assert moved(session, country, booking, country.near, now=when).id == asked.id
    assert len(nights(session, booking)) == kept
    assert booking.state == (State.BOOKED if kept else State.CANCELLED)
    assert count_to_rehouse(session, country.world.site.id, now=when) == 0

    undo_rehousing(session, country.world.officer, booking.id, now=when + timedelta(minutes=5))
    assert (booking.state, nights(session, booking)) == (State.BOOKED, slept(country.here[0], 1, 20))
    assert session.get_one(Booking, asked.id).state == State.BOOKED  # what its host accepted stands
    revisions = len(history_of(session, country.world.officer, booking.id))
    assert booking.revision == revisions


def test_what_was_just_asked_is_given_up_and_of_two_who_look_one_is_told(session: Session, country: Country) -> None:
    booking = stay(session, country.town, in_days(1), in_days(20))
    country.kind.host_accepts = True
    close(session, country.closing, CLOSES, REOPENS)
    seen = proposed(session, country)[0].case.revision
    asked = moved(session, country, booking, country.near, revision=seen)

    with pytest.raises(ChangedMeanwhile):
        moved(session, country, booking, country.far, revision=seen)
    for _ in range(2):  # twice is once
        undo_rehousing(session, country.world.officer, booking.id, now=in_minutes(1))
    assert (asked.state, nights(session, booking)) == (State.CANCELLED, slept(country.here[0], 1, 20))
    again = moved(session, country, booking, country.near)
    accept(session, make_host(session, country.near), again.id, now=NOW)
    with pytest.raises(AlreadyDecided):
        undo_rehousing(session, country.world.officer, booking.id, now=in_minutes(1))


def make_host(session: Session, bed: Unit) -> Actor:
    """Return who runs the place of a bed."""
    site = session.get_one(Site, session.get_one(Resource, bed.resource_id).site_id)
    return make_actor(Role.PARTNER, session.get_one(Territory, site.territory_id), organisation_id=site.organisation_id)


def test_a_refused_line_leaves_all_as_it_was_and_says_why(session: Session, country: Country) -> None:
    booking = stay(session, country.town, in_days(1), in_days(20))
    other = stay(session, country.town, in_days(1), in_days(20), bed=1)
    with pytest.raises(InvalidRequest, match="not-on-closed-days"):
        moved(session, country, booking, country.near)
    close(session, country.closing, CLOSES, REOPENS)
    moved(session, country, other, country.near)

    for when in (NOW, LATER):
        with pytest.raises(PeriodTaken):
            moved(session, country, booking, country.near, now=when)
        assert nights(session, booking) == slept(country.here[0], 1, 20)
    with pytest.raises(InvalidRequest, match="unfit-section"):
        moved(session, country, booking, country.women)
    with pytest.raises(NotAllowed):
        moved(session, country, booking, country.far, actor=country.world.host)
    with pytest.raises(NotFound):
        moved(session, country, booking, country.far, actor=country.world.stranger)
    cancel(session, country.world.officer, booking.id, now=NOW)
    with pytest.raises(AlreadyDecided):
        moved(session, country, booking, country.far)
    count = text("SELECT count(*) FROM booking WHERE state = 'held'")
    assert session.execute(count).scalar() == 0
