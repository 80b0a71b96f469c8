"""Bookings as they are seen: who sees which, with or without the name of the person, as of an instant."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Shape
from availability.rights import REQUESTERS, Actor, Role
from booking.actions import Beneficiary, hold, lapse
from booking.models import Booking, Person, State
from booking.queries import booking_for, bookings, history_of
from tests.booking.cycle import A_CASE, do, kind_of, make_place
from tests.factories import NOW, World, in_minutes, make_actor, make_host, make_territory


@pytest.fixture
def person(session: Session, world: World) -> Person:
    """Somebody followed in the ressort of the officer."""
    person = Person(
        territory_id=world.here.id,
        family_name="d’Essai",
        given_name="Ana",
        birth_on=date(1990, 6, 1),
        sex="F",
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    return person


@pytest.fixture
def held(session: Session, world: World, person: Person) -> Booking:
    """A bed held for that person, of a kind open to everybody who reserves."""
    place = make_place(session, world, reserved_by=REQUESTERS)
    return hold(session, world.officer, place.claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))


def sees(session: Session, actor: Actor, booking: Booking) -> bool:
    """Say whether somebody sees a booking, by itself, in the list and in its history alike."""
    listed = booking.id in {line.id for line in bookings(session, actor, now=NOW)}
    try:
        line, history = booking_for(session, actor, booking.id, now=NOW), history_of(session, actor, booking.id)
    except NotFound:
        assert not listed
        return False
    assert listed
    assert line.id == booking.id
    assert history
    return True


def test_a_booking_comes_with_everything_that_a_screen_shows(
    session: Session, world: World, held: Booking, person: Person
) -> None:
    line = booking_for(session, world.officer, held.id, now=NOW)

    assert (line.state, line.shape, line.expires_at) == (State.HELD, Shape.NIGHTS, in_minutes(10))
    assert (line.first_on, line.until_on, line.starts_at) == (held.first_on, held.until_on, None)
    assert (line.site_id, line.site_name) == (world.site.id, world.site.name)
    assert line.kind_code == kind_of_code(session, held)
    assert line.unit_id == held.unit_id
    assert line.unit_name
    assert (line.person_id, line.person_name, line.person_initials) == (person.id, "Ana D’ESSAI", "A.d.")
    assert line.requested_by == world.officer.account_id


def kind_of_code(session: Session, booking: Booking) -> str:
    return str(session.execute(text("SELECT code FROM kind WHERE id = :id"), {"id": booking.kind_id}).scalar_one())


@pytest.mark.parametrize("role", REQUESTERS)
def test_those_who_reserve_see_what_their_territory_made(
    session: Session, world: World, held: Booking, role: Role
) -> None:
    assert sees(session, make_actor(role, world.here), held)
    assert not sees(session, make_actor(role, world.elsewhere), held)


def test_a_role_to_which_a_kind_is_not_open_does_not_see_who_takes_it(session: Session, world: World) -> None:
    of_probation = hold(session, world.officer, make_place(session, world).claim, now=NOW)

    assert sees(session, world.officer, of_probation)
    assert not sees(session, make_actor(Role.FAMILY_JUDGE, world.here), of_probation)


def test_a_host_sees_what_is_taken_on_its_own_places_without_the_person(
    session: Session, world: World, held: Booking
) -> None:
    line = booking_for(session, world.host, held.id, now=NOW)

    assert (line.person_id, line.person_name, line.person_initials) == (None, "", "")
    assert sees(session, world.host, held)
    assert not sees(session, make_host(world.site.organisation_id, world.elsewhere), held)
    assert not sees(session, make_host(make_territory(session).id, world.here), held)
    assert not sees(session, make_actor(Role.PARTNER, world.here), held)


def test_an_administrator_sees_what_is_made_by_or_taken_on_the_territory(
    session: Session, world: World, held: Booking
) -> None:
    made_elsewhere = Booking(**held.model_dump() | {"id": uuid4(), "territory_id": world.elsewhere.id})
    session.add(made_elsewhere)
    session.flush()
    here, elsewhere = (make_actor(Role.ADMINISTRATOR, place) for place in (world.here, world.elsewhere))

    assert {line.id for line in bookings(session, here, now=NOW)} == {held.id, made_elsewhere.id}
    assert {line.id for line in bookings(session, elsewhere, now=NOW)} == {made_elsewhere.id}


def test_a_right_on_one_kind_shows_that_kind_only(session: Session, world: World, held: Booking) -> None:
    place = make_place(session, world)
    other = hold(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)
    only_that = make_actor(Role.PROBATION_OFFICER, world.here, kind=kind_of(session, place))

    assert [line.id for line in bookings(session, only_that, now=NOW)] == [other.id]
    assert sees(session, only_that, other)
    assert not sees(session, only_that, held)


def test_who_has_no_right_at_all_sees_nothing(session: Session, world: World, held: Booking) -> None:
    nobody = Actor(world.officer.account_id, "Personne", (), world.here.id)

    assert not sees(session, nobody, held)


def test_a_booking_outlives_the_erasure_of_its_person(
    session: Session, world: World, held: Booking, person: Person
) -> None:
    session.delete(person)
    session.flush()

    line = booking_for(session, world.officer, held.id, now=NOW)

    assert (line.person_id, line.person_name) == (None, "")


def test_a_hold_is_over_at_its_end_whether_the_clock_has_swept_or_not(
    session: Session, world: World, held: Booking
) -> None:
    end = in_minutes(10)

    def state_at(second: float) -> State:
        return booking_for(session, world.officer, held.id, now=end + timedelta(seconds=second)).state

    assert (state_at(-1), state_at(0)) == (State.HELD, State.LAPSED)
    assert bookings(session, world.officer, now=end, state=State.HELD) == []
    assert [line.id for line in bookings(session, world.officer, now=end, state=State.LAPSED)] == [held.id]
    assert lapse(session, held.id, now=end)
    assert state_at(0) is State.LAPSED


def test_history_is_in_the_order_of_the_acts(session: Session, world: World, held: Booking) -> None:
    for act in ("confirm", "accept", "cancel", "undo"):
        do(session, world, act, held.id)

    entries = history_of(session, world.officer, held.id)

    assert [entry.act.removeprefix("booking-") for entry in entries] == [
        "held",
        "requested",
        "booked",
        "cancelled",
        "booked",
    ]
    assert [entry.actor_id for entry in entries] == [
        world.officer.account_id,
        world.officer.account_id,
        world.host.account_id,
        world.officer.account_id,
        world.officer.account_id,
    ]
    assert entries[-1].facts["undo"] is True
