"""Before somebody is summoned: who receives, the free starts, and the SMS as it will be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.models import KindRight, Shape
from availability.rights import Role
from booking.links import TOKEN_LENGTH
from convocations.actions import convene, refuse_sms
from convocations.convening import (
    TOKEN_TO_COME,
    Receiver,
    Summonable,
    free_starts,
    kind_to_convene,
    kinds_to_convene,
    next_starts,
    preview,
    receivers,
    summonable,
)
from convocations.timing import Whereabouts
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, Desk, make_desk, make_somebody
from tests.factories import NOW, in_days, make_actor, make_kind, make_resource, make_site, make_territory

REUNION = Whereabouts(ZoneInfo("Indian/Reunion"), "974")
ORIGIN = "https://placejuste.example"


@pytest.fixture
def desk(session: Session) -> Desk:
    return make_desk(session)


def receiver() -> Receiver:
    return Receiver(
        id=1,
        name="Agent A",
        site_id=1,
        site_name="Service",
        address="1 rue Fictive, 75001 Paris",
        zone=ZoneInfo("Europe/Paris"),
        holiday_zone="",
        point=None,
        is_used=False,
    )


def test_the_next_starts_are_each_at_the_first_who_is_free(session: Session, desk: Desk) -> None:
    among = receivers(session, desk.officer, desk.kind)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    found = [(one.resource_id, one.at) for one in next_starts(session, among, now=NOW)]

    assert found == [(desk.colleague.id, NINE), (desk.agent.id, HALF_PAST), (desk.agent.id, TEN)]


def test_a_week_holds_its_own_days_only(session: Session, desk: Desk) -> None:
    among = receivers(session, desk.officer, desk.kind)

    def count(first: int, until: int) -> int:
        return len(free_starts(session, among, first=in_days(first), until=in_days(until), now=NOW))

    assert (count(7, 8), count(8, 9), count(9, 16)) == (0, 6, 0)


def test_starts_beyond_two_weeks_are_found_when_nothing_is_near(session: Session, desk: Desk) -> None:
    among = receivers(session, desk.officer, desk.kind)

    assert next_starts(session, among, now=NOW - timedelta(days=40))[0].at == NINE
    assert next_starts(session, [], now=NOW) == []


def test_the_nearest_to_the_person_comes_first_then_what_the_actor_uses(session: Session, desk: Desk) -> None:
    far = make_site(session, desk.world.here, name="A far away", lat=-20.9, lon=55.5)
    make_resource(session, far, desk.kind, name="Agent Z", capacity=1)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    used_first = [one.site_id for one in receivers(session, desk.officer, desk.kind)]
    near_first = [one.site_id for one in receivers(session, desk.officer, desk.kind, near=(-21.0, 55.4))]

    assert (used_first[0], near_first[0]) == (desk.world.site.id, far.id)


def test_only_kinds_that_the_actor_reserves_are_offered(session: Session, desk: Desk) -> None:
    make_kind(session, Shape.NIGHTS)
    only_looked_at = make_kind(session, Shape.SLOTS)
    right = session.get_one(KindRight, (only_looked_at.id, Role.PROBATION_OFFICER.value))
    right.may_reserve = False
    session.flush()

    assert [kind.id for kind in kinds_to_convene(session, desk.officer)] == [desk.kind.id]
    assert kind_to_convene(session, desk.officer, "unknown").id == desk.kind.id
    stranger = make_actor(Role.PROBATION_OFFICER, make_territory(session))
    assert receivers(session, stranger, desk.kind) == []


def test_who_has_no_mobile_or_refuses_is_told_apart(session: Session, desk: Desk) -> None:
    fixed = make_somebody(session, desk.officer, phone="01 40 20 50 50")
    nobody = make_somebody(session, desk.officer, phone="")
    refuse_sms(session, desk.officer, desk.person.id, now=NOW)
    session.flush()

    found = [summonable(session, desk.officer, one.id, house=HOUSE) for one in (desk.person, fixed, nobody)]

    assert [(one.has_phone, one.can_receive, one.refuses) for one in found] == [
        (True, True, True),
        (True, False, False),
        (False, False, False),
    ]


def test_the_sms_has_the_segments_that_it_will_have(session: Session) -> None:
    french = preview(Summonable(can_receive=True), receiver(), start=NINE, choose_by=None, origin=ORIGIN, now=NOW)
    arabic = preview(
        Summonable(can_receive=True, language="ar"), receiver(), start=NINE, choose_by=None, origin=ORIGIN, now=NOW
    )

    assert f"{ORIGIN}/r/{TOKEN_TO_COME}" in french.body
    assert len(TOKEN_TO_COME) == TOKEN_LENGTH
    assert (french.segments.encoding, french.french) == ("GSM-7", "")
    assert (arabic.segments.encoding, arabic.french) == ("UCS-2", french.body)
    assert arabic.segments.segments > french.segments.segments


def test_it_leaves_by_the_clock_of_the_person_and_never_without_a_mobile(session: Session) -> None:
    at_home = Summonable(can_receive=True, where=REUNION)
    night_there = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # ten in the evening on La Réunion

    def due(person: Summonable) -> datetime | None:
        return preview(person, receiver(), start=NINE, choose_by=None, origin=ORIGIN, now=night_there).due_at

    assert due(at_home) == datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
    assert due(Summonable(can_receive=True)) == night_there + timedelta(seconds=30)
    assert due(Summonable(has_phone=True)) is None
    assert due(Summonable(can_receive=True, refuses=True)) is None


def test_an_offer_says_until_when(session: Session) -> None:
    shown = preview(Summonable(can_receive=True), receiver(), start=None, choose_by=in_days(5), origin=ORIGIN, now=NOW)

    assert "samedi 7 mars" in shown.body
