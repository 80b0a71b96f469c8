"""What a partner sees and answers: requests, last answers, own places; never a name, never another's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.claims import PlaceClaim, SlotClaim
from availability.models import Kind, Resource, Shape, Site
from availability.rights import Actor, Right, Role
from booking.actions import Beneficiary, accept, cancel, confirm, hold, refuse
from booking.hosting import HostedRequest, answered_requests, waiting_requests
from booking.models import Booking, Person, State
from booking.pages.request_words import answer_by, answered_line, card, dates, whom
from tests.factories import (
    NOW,
    TODAY,
    World,
    in_days,
    make_actor,
    make_host,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_world,
)

PARIS_TIME = ZoneInfo("Europe/Paris")


@pytest.fixture
def world(session: Session) -> World:
    """Return a small world, gone at the end of the test."""
    return make_world(session)


@pytest.fixture
def kind(session: Session) -> Kind:
    """Return a kind of places whose host decides."""
    return make_kind(session, Shape.PLACES, host_accepts=True, request_days=7)


def _place(session: Session, world: World, kind: Kind, *, site: Site | None = None, **columns: Any) -> Resource:
    return make_resource(session, site or world.site, kind, **{"capacity": 20} | columns)


def _asked(
    session: Session, officer: Actor, place: Resource, *, person_id: UUID | None = None, case_ref: str = "RG 26/00001"
) -> Booking:
    claim = PlaceClaim(resource_id=place.id, first=in_days(10), until=in_days(100))
    whom = Beneficiary(person_id=person_id, case_ref=case_ref)
    booking = hold(session, officer, claim, now=NOW, beneficiary=whom)
    return confirm(session, officer, booking.id, now=NOW)


def _person(session: Session, world: World) -> Person:
    person = Person(
        territory_id=world.here.id,
        family_name="Fictive",
        given_name="Ada",
        birth_on=date(1990, 5, 1),
        sex="F",
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    return person


# --- requests ---


def test_a_request_waits_with_its_case_its_court_and_its_last_day(session: Session, world: World, kind: Kind) -> None:
    place = _place(session, world, kind)
    booking = _asked(session, world.officer, place)

    found = waiting_requests(session, world.host, now=NOW)

    assert [one.id for one in found] == [booking.id]
    one = found[0]
    assert (one.name, one.case_ref, one.court_name) == (place.name, "RG 26/00001", world.here.name)
    assert (one.moved_at, one.expires_at) == (NOW, NOW + timedelta(days=7))


def test_a_partner_reads_initials_and_a_year_of_birth_never_a_name(session: Session, world: World, kind: Kind) -> None:
    person = _person(session, world)
    _asked(session, world.officer, _place(session, world, kind), person_id=person.id, case_ref="")

    one = waiting_requests(session, world.host, now=NOW)[0]

    assert whom(one) == "A.F., né(e) en 1990"
    assert "Fictive" not in repr(one)


@pytest.mark.parametrize("who", ["another host", "same host elsewhere", "host of another kind", "officer", "judge"])
def test_a_request_is_shown_to_nobody_else(session: Session, world: World, kind: Kind, who: str) -> None:
    _asked(session, world.officer, _place(session, world, kind))
    other_kind = make_kind(session, Shape.PLACES, host_accepts=True)
    organisation_id = world.site.organisation_id
    other = {
        "another host": make_host(make_site(session, world.here).organisation_id, world.here),
        "same host elsewhere": make_host(organisation_id, world.elsewhere),
        "host of another kind": make_actor(Role.PARTNER, world.here, kind=other_kind, organisation_id=organisation_id),
        "officer": world.officer,
        "judge": make_actor(Role.FAMILY_JUDGE, world.here),
    }[who]

    assert waiting_requests(session, other, now=NOW) == []
    assert answered_requests(session, other, now=NOW) == []


def test_two_rights_that_overlap_show_a_request_once(session: Session, world: World, kind: Kind) -> None:
    _asked(session, world.officer, _place(session, world, kind, declared_on=TODAY))
    organisation_id, here = world.site.organisation_id, frozenset({world.here.id})
    rights = tuple(Right(Role.PARTNER, here, kind_id, organisation_id) for kind_id in (None, kind.id))
    host = Actor(world.host.account_id, "hôte fictif", rights, world.here.id, organisation_id)

    assert len(waiting_requests(session, host, now=NOW)) == 1


def test_the_most_urgent_request_comes_first(session: Session, world: World, kind: Kind) -> None:
    hurried = make_kind(session, Shape.PLACES, host_accepts=True, request_days=2)
    later = _asked(session, world.officer, _place(session, world, kind))
    sooner = _asked(session, world.officer, _place(session, world, hurried), case_ref="RG 26/00002")

    assert [one.id for one in waiting_requests(session, world.host, now=NOW)] == [sooner.id, later.id]


def test_a_request_past_its_end_no_longer_waits_and_is_said_to_have_lapsed(
    session: Session, world: World, kind: Kind
) -> None:
    booking = _asked(session, world.officer, _place(session, world, kind))
    just_before, at_its_end = NOW + timedelta(days=7, seconds=-1), NOW + timedelta(days=7)

    assert [one.id for one in waiting_requests(session, world.host, now=just_before)] == [booking.id]
    assert waiting_requests(session, world.host, now=at_its_end) == []
    assert [one.state for one in answered_requests(session, world.host, now=at_its_end)] == [State.LAPSED]


def test_the_last_answers_come_last_first_with_why(session: Session, world: World, kind: Kind) -> None:
    place = _place(session, world, kind)
    first, second, third = (_asked(session, world.officer, place, case_ref=f"RG 26/0000{n}") for n in range(3))
    accept(session, world.host, first.id, now=NOW + timedelta(hours=1))
    refuse(session, world.host, second.id, reason="full", now=NOW + timedelta(hours=2))
    cancel(session, world.officer, third.id, now=NOW + timedelta(hours=3))

    found = answered_requests(session, world.host, now=NOW + timedelta(hours=4))

    assert [(one.id, one.state, one.reason) for one in found] == [
        (third.id, State.CANCELLED, ""),
        (second.id, State.REFUSED, "full"),
        (first.id, State.BOOKED, ""),
    ]
    assert [answered_line(one).state for one in found] == ["rendue", "refusée (plus de place)", "acceptée"]


def test_a_hold_given_up_before_anybody_was_asked_is_not_shown(session: Session, world: World, kind: Kind) -> None:
    claim = PlaceClaim(resource_id=_place(session, world, kind).id, first=in_days(10), until=None)
    held = hold(session, world.officer, claim, now=NOW)
    cancel(session, world.officer, held.id, now=NOW)

    assert answered_requests(session, world.host, now=NOW) == []


def test_places_that_need_no_answer_are_not_requests(session: Session, world: World) -> None:
    at_once = make_kind(session, Shape.PLACES)
    _asked(session, world.officer, _place(session, world, at_once))

    assert waiting_requests(session, world.host, now=NOW) == []
    assert answered_requests(session, world.host, now=NOW) == []


def test_an_appointment_that_the_host_must_accept_says_its_hour(session: Session, world: World) -> None:
    slots = make_kind(session, Shape.SLOTS, host_accepts=True, slot_duration_min=60)
    agent = make_resource(session, world.site, slots)
    make_opening(session, agent, NOW + timedelta(days=1), hours=1)
    claim = SlotClaim(resource_id=agent.id, start=NOW + timedelta(days=1))
    held = hold(session, world.officer, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/00001"))
    confirm(session, world.officer, held.id, now=NOW)

    one = waiting_requests(session, world.host, now=NOW)[0]

    assert dates(one, PARIS_TIME) == "mar.\u00a03\u00a0mars à\u00a010\u00a0h (60\u00a0min)"


# --- in words ---


def _request(**said: Any) -> HostedRequest:
    usual: dict[str, Any] = {
        "id": UUID(int=1),
        "state": State.REQUESTED,
        "reason": "",
        "kind_label": "médiation familiale",
        "name": "Ada Fictive",
        "site_name": "Le Pont",
        "court_name": "Tribunal judiciaire de Lyon",
        "case_ref": "RG 26/00001",
        "initials": "",
        "birth_year": None,
        "first_on": TODAY,
        "until_on": None,
        "starts_at": None,
        "ends_at": None,
        "time_zone": "Europe/Paris",
        "moved_at": NOW,
        "expires_at": NOW + timedelta(days=3),
    }
    return HostedRequest(**usual | said)


def test_a_card_says_what_whom_and_until_when() -> None:
    shown = card(_request(), now=NOW)

    assert shown.what == "Médiation familiale : Ada Fictive"
    assert (shown.where, shown.whom) == ("Le Pont", "Dossier RG 26/00001")
    assert shown.dates == "À partir du lun.\u00a02\u00a0mars, sans date de fin"
    assert shown.asked.endswith("par\u00a0: Tribunal judiciaire de Lyon")


@pytest.mark.parametrize(
    ("days", "warned_before"),
    [(14, timedelta(days=3)), (9, timedelta(days=3)), (6, timedelta(days=2)), (2, timedelta(days=1)), (1, None)],
)
def test_a_third_of_the_delay_before_its_end_one_day_to_three_is_soon(days: int, warned_before: timedelta) -> None:
    delay = timedelta(days=days)
    end = NOW + delay
    begins = end - (warned_before or delay / 2)  # never before half of a short delay has gone
    asked = _request(asked_at=NOW, expires_at=end)

    assert not card(asked, now=begins - timedelta(seconds=1)).is_soon
    assert card(asked, now=begins).is_soon


def test_the_last_day_is_counted_in_civil_days_where_the_place_is() -> None:
    after_midnight = NOW.replace(hour=23, minute=30)  # half past midnight in Paris

    assert (
        answer_by(after_midnight, NOW, PARIS_TIME)
        == "Répondre avant le mar.\u00a03\u00a0mars à\u00a00\u00a0h\u00a030, demain"
    )
    assert answer_by(NOW, NOW, PARIS_TIME).endswith("aujourd’hui")
