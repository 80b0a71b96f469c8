"""The life cycle of a booking: what each act does, refuses, writes down and announces."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import NightsClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, Refusal
from availability.models import Shape
from availability.rights import Actor, Right, Role
from booking import events
from booking.actions import (
    REFUSAL_REASONS,
    UNDO_MINUTES,
    Beneficiary,
    accept,
    book,
    cancel,
    confirm,
    expired,
    hold,
    lapse,
    refuse,
    undo_cancel,
)
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import BookingMoved
from booking.models import Booking, Person, State
from booking.transitions import claim_of
from tests.availability.scarce import Scarce, refused
from tests.booking.cycle import A_CASE, ACTS, LATER, booking_in, do, kind_of, lines_of, make_place, picture
from tests.factories import (
    NOW,
    World,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_host,
    make_kind,
    make_opening,
    make_organisation,
    make_resource,
    make_site,
    make_territory,
)

every_shape = pytest.mark.parametrize("shape", list(Shape))
MICROSECOND = timedelta(microseconds=1)


# What each act does


@every_shape
def test_a_hold_takes_the_place_for_the_minutes_of_its_kind(
    session: Session, world: World, heard: list[BookingMoved], shape: Shape
) -> None:
    place = make_place(session, world, shape, hold_minutes=15)

    booking = hold(session, world.officer, place.claim, now=NOW)

    assert (booking.state, booking.expires_at) == (State.HELD, in_minutes(15))
    assert {(row.holder_id, row.expires_at) for row in place.rows(session)} == {(booking.id, in_minutes(15))}
    assert (booking.territory_id, booking.requested_by) == (world.here.id, world.officer.account_id)
    assert lines_of(session, booking.id) == [("booking-held", None, world.officer.account_id)]
    assert heard == [BookingMoved(booking_id=booking.id, before=None, after=State.HELD, at=NOW)]


@every_shape
def test_a_booking_remembers_exactly_what_it_takes(session: Session, world: World, shape: Shape) -> None:
    place = make_place(session, world, shape)
    booking = hold(session, world.officer, place.claim, now=NOW)

    claim = claim_of(booking, shape)

    if isinstance(claim, NightsClaim):
        assert claim.unit_id == booking.unit_id is not None
        claim = replace(claim, unit_id=None)
    assert claim == place.claim


@every_shape
@pytest.mark.parametrize("host_accepts", [False, True])
def test_what_is_booked_at_once_is_what_a_hold_and_its_confirmation_leave(
    session: Session, world: World, heard: list[BookingMoved], shape: Shape, host_accepts: bool
) -> None:
    place = make_place(session, world, shape, host_accepts=host_accepts)
    undone = session.begin_nested()
    held = hold(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)
    in_two = left_by(session, place, confirm(session, world.officer, held.id, now=NOW))
    undone.rollback()
    heard.clear()

    booking = book(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)

    assert left_by(session, place, booking) == in_two
    assert heard == [BookingMoved(booking_id=booking.id, before=None, after=State(booking.state), at=NOW)]
    with refused(session, InvalidRequest):
        book(session, world.officer, place.claim, now=NOW, beneficiary=Beneficiary())


def left_by(session: Session, place: Scarce, booking: Booking) -> tuple[Any, ...]:
    """Return all that there is of a booking, but for its number."""
    row = session.execute(text("SELECT * FROM booking WHERE id = :id"), {"id": booking.id}).one()._asdict()
    lines = session.execute(
        text("SELECT at, act, actor_id, facts FROM history WHERE subject_id = :id ORDER BY id"), {"id": str(booking.id)}
    )
    taken = [{**each._asdict(), "holder_id": None} for each in place.rows(session)]
    return (
        {**row, "id": None},
        [tuple(line) for line in lines],
        taken,
        {name: getattr(booking, name) for name in row if name != "id"},
    )


def test_a_booking_without_dates_cannot_be_claimed_again() -> None:
    with pytest.raises(ValueError, match="has no dates"):
        claim_of(Booking(kind_id=1, resource_id=1, territory_id=1, requested_by=uuid4()), Shape.NIGHTS)


@every_shape
@pytest.mark.parametrize("decision", [(False, State.BOOKED, None), (True, State.REQUESTED, LATER + timedelta(days=4))])
def test_confirming_books_or_asks_the_host(
    session: Session,
    world: World,
    heard: list[BookingMoved],
    shape: Shape,
    decision: tuple[bool, State, datetime | None],
) -> None:
    host_accepts, state, expires_at = decision
    place = make_place(session, world, shape, host_accepts=host_accepts, request_days=4)
    held = hold(session, world.officer, place.claim, now=NOW)

    booking = confirm(session, world.officer, held.id, now=LATER, beneficiary=A_CASE)

    assert (booking.state, booking.expires_at, booking.case_ref) == (state, expires_at, "26/00123")
    assert {row.expires_at for row in place.rows(session)} == {expires_at}
    assert lines_of(session, booking.id)[1:] == [(f"booking-{state}", "held", world.officer.account_id)]
    assert heard[1:] == [BookingMoved(booking_id=booking.id, before=State.HELD, after=state, at=LATER)]


@every_shape
def test_a_host_accepts_what_was_asked(session: Session, world: World, heard: list[BookingMoved], shape: Shape) -> None:
    place = make_place(session, world, shape)
    requested = booking_in(session, world, place, State.REQUESTED)

    booking = accept(session, world.host, requested.id, now=LATER)

    assert (booking.state, booking.expires_at) == (State.BOOKED, None)
    assert {row.expires_at for row in place.rows(session)} == {None}
    assert lines_of(session, booking.id)[-1] == ("booking-booked", "requested", world.host.account_id)
    assert heard[-1] == BookingMoved(booking_id=booking.id, before=State.REQUESTED, after=State.BOOKED, at=LATER)


@pytest.mark.parametrize("reason", REFUSAL_REASONS)
def test_a_host_refuses_with_a_reason_and_the_place_is_free(
    session: Session, world: World, heard: list[BookingMoved], reason: str
) -> None:
    place = make_place(session, world)
    requested = booking_in(session, world, place, State.REQUESTED)

    booking = refuse(session, world.host, requested.id, reason=reason, now=LATER)

    assert (booking.state, booking.expires_at) == (State.REFUSED, None)
    assert not place.rows(session)
    assert lines_of(session, booking.id)[-1] == ("booking-refused", "requested", world.host.account_id)
    written = text("SELECT facts ->> 'reason' FROM history ORDER BY id DESC LIMIT 1")
    assert session.execute(written).scalar() == reason
    assert heard[-1].after is State.REFUSED


@pytest.mark.parametrize("reason", ["", "parce que", "FULL"])
def test_a_reason_that_is_not_on_the_list_is_refused(session: Session, world: World, reason: str) -> None:
    place = make_place(session, world)
    requested = booking_in(session, world, place, State.REQUESTED)

    with refused(session, InvalidRequest) as refusal:
        refuse(session, world.host, requested.id, reason=reason, now=LATER)

    assert refusal.value.facts["field"] == "reason"


@every_shape
@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED, State.BOOKED])
def test_a_place_given_back_is_free_whatever_its_state_was(
    session: Session, world: World, heard: list[BookingMoved], shape: Shape, state: State
) -> None:
    place = make_place(session, world, shape)
    before = booking_in(session, world, place, state)

    booking = cancel(session, world.officer, before.id, now=LATER)

    assert (booking.state, booking.expires_at) == (State.CANCELLED, None)
    assert not place.rows(session)
    assert lines_of(session, booking.id)[-1] == ("booking-cancelled", state, world.officer.account_id)
    assert heard[-1] == BookingMoved(booking_id=booking.id, before=state, after=State.CANCELLED, at=LATER)
    hold(session, world.officer, place.claim, now=LATER)  # nobody is in the way


@every_shape
@pytest.mark.parametrize(
    ("state", "expires_at"),
    [
        (State.HELD, in_minutes(10)),
        (State.REQUESTED, NOW + timedelta(days=7)),
        (State.BOOKED, None),
    ],
)
def test_a_place_just_given_back_is_taken_back_as_it_was(
    session: Session, world: World, shape: Shape, state: State, expires_at: datetime | None
) -> None:
    place = make_place(session, world, shape)
    booking = booking_in(session, world, place, state)
    had = (booking.unit_id, len(place.rows(session)))
    cancel(session, world.officer, booking.id, now=in_minutes(1))

    again = undo_cancel(session, world.officer, booking.id, now=LATER)

    assert (again.state, again.expires_at) == (state, expires_at)
    assert (again.unit_id, len(place.rows(session))) == had
    assert {(row.holder_id, row.expires_at) for row in place.rows(session)} == {(booking.id, expires_at)}
    assert lines_of(session, booking.id)[-1] == (f"booking-{state}", "cancelled", world.officer.account_id)


@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED])
def test_given_back_and_taken_back_as_often_as_one_likes_it_ends_when_it_would_have(
    session: Session, world: World, state: State
) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, state)
    end = booking.expires_at
    assert end is not None
    for _ in range(3):
        cancel(session, world.officer, booking.id, now=end - MICROSECOND)
        undo_cancel(session, world.officer, booking.id, now=end - MICROSECOND)

    assert booking.expires_at == end
    assert {row.expires_at for row in place.rows(session)} == {end}
    cancel(session, world.officer, booking.id, now=end - MICROSECOND)
    with refused(session, HoldExpired):
        undo_cancel(session, world.officer, booking.id, now=end)


def test_undoing_takes_back_the_same_bed(session: Session, world: World) -> None:
    place = make_place(session, world)
    (second,) = make_beds(session, place.resource, "Lit 2")
    make_beds(session, place.resource, "Lit 3")
    assert isinstance(place.claim, NightsClaim)
    booking = hold(session, world.officer, replace(place.claim, unit_id=second.id), now=NOW)
    cancel(session, world.officer, booking.id, now=NOW)

    undo_cancel(session, world.officer, booking.id, now=LATER)

    assert session.execute(text("SELECT DISTINCT unit_id FROM bed_night")).scalars().all() == [second.id]


@every_shape
def test_undoing_when_the_place_is_gone_is_refused_and_changes_nothing(
    session: Session, world: World, shape: Shape
) -> None:
    place = make_place(session, world, shape)
    booking = booking_in(session, world, place, State.CANCELLED)
    other = hold(session, world.officer, place.claim, now=LATER)
    before = picture(session, place, booking)

    with refused(session, place.full):
        undo_cancel(session, world.officer, booking.id, now=LATER)

    assert picture(session, place, booking) == before
    assert place.holders(session) == {other.id}


@pytest.mark.parametrize(("minutes", "is_possible"), [(UNDO_MINUTES, True), (UNDO_MINUTES + 0.001, False)])
def test_undoing_is_possible_for_ten_minutes(session: Session, world: World, minutes: float, is_possible: bool) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, State.CANCELLED)

    if is_possible:
        assert undo_cancel(session, world.officer, booking.id, now=in_minutes(minutes)).state == State.REQUESTED
    else:
        with refused(session, AlreadyDecided):
            undo_cancel(session, world.officer, booking.id, now=in_minutes(minutes))


def test_a_second_cancellation_is_undone_to_the_state_that_it_found(session: Session, world: World) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, State.HELD)
    for step in ("cancel", "undo", "confirm", "cancel"):
        do(session, world, step, booking.id)

    assert do(session, world, "undo", booking.id).state == State.REQUESTED


@every_shape
@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED])
def test_the_clock_writes_down_that_a_hold_or_a_request_is_over(
    session: Session, world: World, heard: list[BookingMoved], shape: Shape, state: State
) -> None:
    place = make_place(session, world, shape)
    booking = booking_in(session, world, place, state)
    end = booking.expires_at or NOW

    assert lapse(session, booking.id, now=end - MICROSECOND) is False
    assert lapse(session, booking.id, now=end) is True
    assert lapse(session, booking.id, now=end) is False

    assert (booking.state, booking.expires_at) == (State.LAPSED, None)
    assert not place.rows(session)
    assert lines_of(session, booking.id)[-1] == ("booking-lapsed", state, None)
    assert heard[-1] == BookingMoved(booking_id=booking.id, before=state, after=State.LAPSED, at=end)


@pytest.mark.parametrize("state", [State.BOOKED, State.CANCELLED, State.REFUSED, State.HONOURED])
def test_what_is_decided_never_lapses(session: Session, world: World, state: State) -> None:
    booking = booking_in(session, world, make_place(session, world), state)

    assert lapse(session, booking.id, now=in_minutes(10**6)) is False
    assert booking.state == state


def test_lapsing_leaves_alone_whoever_has_the_place_by_now(session: Session, world: World) -> None:
    place = make_place(session, world)
    first = hold(session, world.officer, place.claim, now=NOW)
    second = hold(session, world.officer, place.claim, now=in_minutes(10))

    lapse(session, first.id, now=in_minutes(10))

    assert place.holders(session) == {second.id}


def test_what_has_expired_is_listed_oldest_first(session: Session, world: World) -> None:
    ends = [30, 10, 20, 40]
    places = [make_place(session, world, hold_minutes=minutes) for minutes in ends]
    bookings = [hold(session, world.officer, place.claim, now=NOW) for place in places]
    cancel(session, world.officer, bookings[2].id, now=NOW)

    assert expired(session, now=in_minutes(30)) == [bookings[1].id, bookings[0].id]
    assert expired(session, now=in_minutes(30), limit=1) == [bookings[1].id]
    assert expired(session, now=in_minutes(10) - MICROSECOND) == []


# From which state: done, the same answer again, or a refusal

DONE, SAME = "done", "same"
EXPECTED: dict[str, dict[State, str]] = {
    "confirm": {State.HELD: DONE, State.REQUESTED: SAME, State.BOOKED: SAME},
    "accept": {State.REQUESTED: DONE, State.BOOKED: SAME},
    "refuse": {State.REQUESTED: DONE, State.REFUSED: SAME},
    "cancel": {State.HELD: DONE, State.REQUESTED: DONE, State.BOOKED: DONE, State.CANCELLED: SAME},
    "undo": {State.CANCELLED: DONE},
}
TOO_LATE_TO_KEEP = {("confirm", State.LAPSED), ("accept", State.LAPSED)}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(ACTS))
def test_each_act_is_done_repeated_or_refused_by_the_state(
    session: Session, world: World, heard: list[BookingMoved], act: str, state: State
) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, state)
    before, announced = picture(session, place, booking), len(heard)
    expected = EXPECTED[act].get(state)

    if expected is None:
        refusal = HoldExpired if (act, state) in TOO_LATE_TO_KEEP else AlreadyDecided
        with refused(session, refusal):
            do(session, world, act, booking.id)
    else:
        assert do(session, world, act, booking.id).id == booking.id

    assert (picture(session, place, booking) == before) is (expected != DONE)
    assert len(heard) == announced + (expected == DONE)


@pytest.mark.parametrize("steps", [("undo",), ("confirm",), ("confirm", "accept"), ("confirm", "cancel")])
def test_the_last_act_repeated_gives_the_same_answer(
    session: Session, world: World, heard: list[BookingMoved], steps: tuple[str, ...]
) -> None:
    place = make_place(session, world)
    start = State.CANCELLED if steps[0] == "undo" else State.HELD
    booking = booking_in(session, world, place, start)
    for step in steps:
        do(session, world, step, booking.id)
    once, announced = picture(session, place, booking), len(heard)

    again = do(session, world, steps[-1], booking.id)

    assert again.id == booking.id
    assert picture(session, place, booking) == once
    assert len(heard) == announced


# Too late


@every_shape
def test_a_hold_can_be_confirmed_until_its_last_instant_and_no_longer(
    session: Session, world: World, shape: Shape
) -> None:
    place = make_place(session, world, shape)
    booking = hold(session, world.officer, place.claim, now=NOW)
    before = picture(session, place, booking)

    with refused(session, HoldExpired):
        confirm(session, world.officer, booking.id, now=in_minutes(10), beneficiary=A_CASE)
    unchanged = picture(session, place, booking)
    confirm(session, world.officer, booking.id, now=in_minutes(10) - MICROSECOND, beneficiary=A_CASE)

    assert unchanged == before
    assert booking.state == State.REQUESTED


@every_shape
def test_whoever_comes_after_an_expired_hold_has_the_place(session: Session, world: World, shape: Shape) -> None:
    place = make_place(session, world, shape)
    late = hold(session, world.officer, place.claim, now=NOW)

    quick = hold(session, world.officer, place.claim, now=in_minutes(10))
    with refused(session, HoldExpired):
        confirm(session, world.officer, late.id, now=in_minutes(11), beneficiary=A_CASE)

    assert place.holders(session) == {quick.id}


def test_a_clock_that_is_late_does_not_confirm_a_place_that_is_gone(session: Session, world: World) -> None:
    place = make_place(session, world)
    late = hold(session, world.officer, place.claim, now=NOW)
    hold(session, world.officer, place.claim, now=in_minutes(10))

    with refused(session, HoldExpired):
        confirm(session, world.officer, late.id, now=in_minutes(9), beneficiary=A_CASE)


def test_a_stay_of_which_one_night_is_gone_is_not_confirmed(session: Session, world: World) -> None:
    place = make_place(session, world)
    late = hold(session, world.officer, place.claim, now=NOW)
    one_night = NightsClaim(resource_id=place.resource.id, first=in_days(4), until=in_days(5))
    hold(session, world.officer, one_night, now=in_minutes(10))  # by a clock that is ahead

    with refused(session, HoldExpired):
        confirm(session, world.officer, late.id, now=in_minutes(9), beneficiary=A_CASE)


def test_a_request_that_nobody_answered_cannot_be_accepted_any_more(session: Session, world: World) -> None:
    place = make_place(session, world, request_days=2)
    booking = booking_in(session, world, place, State.REQUESTED)

    with refused(session, HoldExpired):
        accept(session, world.host, booking.id, now=NOW + timedelta(days=2))
    assert accept(session, world.host, booking.id, now=NOW + timedelta(days=2) - MICROSECOND).state == State.BOOKED


# For whom


def make_person(session: Session, world: World, *, elsewhere: bool = False) -> Person:
    """Return somebody followed here, or elsewhere."""
    territory = world.elsewhere if elsewhere else world.here
    person = Person(territory_id=territory.id, family_name="Fictif", birth_on=in_days(-9000), sex="M", created_at=NOW)
    session.add(person)
    session.flush()
    return person


def test_a_place_is_booked_for_a_person_or_for_a_case(session: Session, world: World) -> None:
    person = make_person(session, world)
    at_once = hold(
        session, world.officer, make_place(session, world).claim, now=NOW, beneficiary=Beneficiary(person_id=person.id)
    )
    later = hold(session, world.officer, make_place(session, world).claim, now=NOW)

    confirm(session, world.officer, at_once.id, now=LATER)
    confirm(session, world.officer, later.id, now=LATER, beneficiary=Beneficiary(case_ref="  26/7  "))

    assert (at_once.person_id, at_once.case_ref) == (person.id, "")
    assert (later.person_id, later.case_ref) == (None, "26/7")


@pytest.mark.parametrize("case_ref", ["", "   ", "\t\n"])
def test_a_place_is_not_booked_for_nobody(session: Session, world: World, case_ref: str) -> None:
    place = make_place(session, world)
    booking = hold(session, world.officer, place.claim, now=NOW)
    before = picture(session, place, booking)

    with refused(session, InvalidRequest) as refusal:
        confirm(session, world.officer, booking.id, now=LATER, beneficiary=Beneficiary(case_ref=case_ref))

    assert refusal.value.facts["field"] == "beneficiary"
    assert picture(session, place, booking) == before


def test_a_person_of_another_ressort_does_not_exist_here(session: Session, world: World) -> None:
    place = make_place(session, world)
    elsewhere = Beneficiary(person_id=make_person(session, world, elsewhere=True).id)
    nobody = Beneficiary(person_id=uuid4())

    for beneficiary in (elsewhere, nobody):
        with refused(session, NotFound):
            hold(session, world.officer, place.claim, now=NOW, beneficiary=beneficiary)
    booking = hold(session, world.officer, place.claim, now=NOW)
    for beneficiary in (elsewhere, nobody):
        with refused(session, NotFound):
            confirm(session, world.officer, booking.id, now=LATER, beneficiary=beneficiary)


@pytest.mark.parametrize(
    ("case_ref", "problem"),
    [("x" * 64, None), ("x" * 65, "too-long"), ("26/1\x00", "unreadable"), ("26/1\ud800", "unreadable")],
)
def test_a_case_number_is_short_and_readable(case_ref: str, problem: str | None) -> None:
    if problem is None:
        assert Beneficiary(case_ref=case_ref)
    else:
        with pytest.raises(InvalidRequest) as refusal:
            Beneficiary(case_ref=case_ref)
        assert (refusal.value.field, refusal.value.problem) == ("case_ref", problem)


# By whom


@pytest.mark.parametrize("act", list(ACTS))
@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED, State.BOOKED, State.CANCELLED])
def test_a_booking_does_not_exist_for_those_who_have_nothing_to_do_with_it(
    session: Session, world: World, act: str, state: State
) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, state)
    before = picture(session, place, booking)
    strangers = {
        "an officer of another ressort": world.stranger,
        "another organisation": make_host(make_organisation(session).id, world.here),
        "the same organisation elsewhere": make_host(world.site.organisation_id, world.elsewhere),
        "an administrator": make_actor(Role.ADMINISTRATOR, world.here),
        "who does the other half": world.officer if act in ("accept", "refuse") else world.host,
        "nobody": Actor(uuid4(), "Personne", (), world.here.id),
    }

    for stranger in strangers.values():
        with refused(session, NotFound):
            ACTS[act](session, stranger, booking.id, LATER)

    assert picture(session, place, booking) == before


@pytest.mark.parametrize("act", list(ACTS))
def test_a_booking_that_does_not_exist_is_not_found(session: Session, world: World, act: str) -> None:
    with refused(session, NotFound):
        do(session, world, act, uuid4())
    with refused(session, NotFound):
        lapse(session, uuid4(), now=NOW)


def test_a_colleague_of_the_ressort_may_go_on_with_a_booking(session: Session, world: World) -> None:
    place = make_place(session, world, reserved_by=(Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE))
    judge = make_actor(Role.SENTENCE_JUDGE, world.here)
    booking = hold(session, world.officer, place.claim, now=NOW)

    assert confirm(session, judge, booking.id, now=LATER, beneficiary=A_CASE).state == State.REQUESTED
    assert cancel(session, judge, booking.id, now=LATER).state == State.CANCELLED


def test_a_role_that_only_searches_a_kind_may_not_reserve_it(session: Session, world: World) -> None:
    place = make_place(session, world, searched_by=[Role.REGISTRY])
    registry = make_actor(Role.REGISTRY, world.here)
    booking = hold(session, world.officer, place.claim, now=NOW)

    with refused(session, NotAllowed):
        hold(session, registry, place.claim, now=NOW)
    for act in ("confirm", "cancel"):
        with refused(session, NotAllowed):
            ACTS[act](session, registry, booking.id, LATER)


def test_a_place_elsewhere_does_not_exist_unless_its_kind_crosses_territories(session: Session, world: World) -> None:
    kept_here, crossing = make_place(session, world), make_place(session, world, crosses_territories=True)

    with refused(session, NotFound):
        hold(session, world.stranger, kept_here.claim, now=NOW)
    booking = hold(session, world.stranger, crossing.claim, now=NOW)

    assert booking.territory_id == world.elsewhere.id  # it belongs to those who asked
    with refused(session, NotFound):
        cancel(session, world.officer, booking.id, now=LATER)


def both(world: World, *rights: Right) -> Actor:
    """Return somebody who holds several rights, at home here."""
    return Actor(uuid4(), "Deux fonctions", rights, world.here.id)


def test_a_role_held_elsewhere_gives_no_right_here(session: Session, world: World) -> None:
    place = make_place(session, world, searched_by=[Role.REGISTRY])
    mixed = both(
        world,
        Right(Role.REGISTRY, frozenset({world.here.id})),  # searches
        Right(Role.PROBATION_OFFICER, frozenset({world.elsewhere.id})),  # reserves
    )
    booking = hold(session, world.officer, place.claim, now=NOW)

    with refused(session, NotFound):
        hold(session, mixed, place.claim, now=NOW)
    for act in ("confirm", "cancel"):
        with refused(session, NotAllowed):
            ACTS[act](session, mixed, booking.id, LATER)


@pytest.mark.parametrize("crosses", [False, True])
def test_a_right_for_one_kind_gives_nothing_on_another(session: Session, world: World, crosses: bool) -> None:
    place = make_place(session, world, crosses_territories=crosses)
    other_kind = make_kind(session, Shape.NIGHTS)
    only_other = make_actor(Role.PROBATION_OFFICER, world.here, kind=other_kind)
    only_this = make_actor(Role.PROBATION_OFFICER, world.here, kind=kind_of(session, place))

    with refused(session, NotAllowed):
        hold(session, only_other, place.claim, now=NOW)
    booking = hold(session, only_this, place.claim, now=NOW)

    with refused(session, NotFound):
        cancel(session, only_other, booking.id, now=LATER)


def test_a_partner_who_may_reserve_does_it_on_its_own_places_only(session: Session, world: World) -> None:
    place = make_place(session, world, reserved_by=[Role.PARTNER], crosses_territories=True)
    neighbour = make_host(make_organisation(session).id, world.here)

    with refused(session, NotFound):
        hold(session, neighbour, place.claim, now=NOW)

    assert hold(session, world.host, place.claim, now=NOW).state == State.HELD


def test_a_hold_on_nothing_is_not_found(session: Session, world: World) -> None:
    nowhere = NightsClaim(resource_id=10**12, first=in_days(1), until=in_days(2))

    with refused(session, NotFound):
        hold(session, world.officer, nowhere, now=NOW)


# When


LIMITS: list[tuple[Shape, dict[str, Any], str]] = [
    (Shape.NIGHTS, {"min_notice_days": 4}, "too-soon"),
    (Shape.NIGHTS, {"max_ahead_days": 2}, "too-far"),
    (Shape.NIGHTS, {"max_days": 2}, "too-long"),
    (Shape.PLACES, {"min_notice_days": 4}, "too-soon"),
    (Shape.PLACES, {"max_ahead_days": 2}, "too-far"),
    (Shape.PLACES, {"max_days": 29}, "too-long"),
    (Shape.SLOTS, {"min_notice_days": 4}, "too-soon"),
    (Shape.SLOTS, {"max_ahead_days": 2}, "too-far"),
    (Shape.SESSIONS, {"min_notice_days": 8}, "too-soon"),
    (Shape.SESSIONS, {"max_ahead_days": 6}, "too-far"),
]


@pytest.mark.parametrize(("shape", "limit", "problem"), LIMITS)
def test_the_limits_of_the_kind_hold_for_every_shape(
    session: Session, world: World, shape: Shape, limit: dict[str, Any], problem: str
) -> None:
    ((name, value),) = limit.items()
    one_more = {name: value + (-1 if name == "min_notice_days" else 1)}
    beyond, within = make_place(session, world, shape, **limit), make_place(session, world, shape, **one_more)

    with refused(session, InvalidRequest) as refusal:
        hold(session, world.officer, beyond.claim, now=NOW)
    hold(session, world.officer, within.claim, now=NOW)

    assert refusal.value.facts["problem"] == problem


def test_today_is_the_day_that_it_is_where_the_place_is(session: Session, world: World) -> None:
    site = make_site(session, world.here, time_zone="Pacific/Noumea")
    section = make_resource(session, site, make_kind(session, Shape.NIGHTS))
    make_beds(session, section, "Lit 1")
    evening = NOW + timedelta(hours=13)  # 22:00 UTC, and the 3rd of March in Nouméa

    with refused(session, InvalidRequest):
        hold(
            session,
            world.officer,
            NightsClaim(resource_id=section.id, first=in_days(0), until=in_days(1)),
            now=evening,
        )
    tonight = NightsClaim(resource_id=section.id, first=in_days(1), until=in_days(2))
    assert hold(session, world.officer, tonight, now=evening).first_on == in_days(1)


def test_an_appointment_is_dated_with_the_length_of_its_kind(session: Session, world: World) -> None:
    agent = make_resource(session, world.site, make_kind(session, Shape.SLOTS, slot_duration_min=45))
    make_opening(session, agent, in_minutes(60), hours=2)

    booking = hold(session, world.officer, SlotClaim(resource_id=agent.id, start=in_minutes(60)), now=NOW)

    assert (booking.starts_at, booking.ends_at) == (in_minutes(60), in_minutes(105))


def test_an_appointment_begun_cannot_be_taken_back(session: Session, world: World) -> None:
    agent = make_resource(session, world.site, make_kind(session, Shape.SLOTS))
    make_opening(session, agent, in_minutes(5), hours=1)
    booking = hold(session, world.officer, SlotClaim(resource_id=agent.id, start=in_minutes(5)), now=NOW)
    cancel(session, world.officer, booking.id, now=in_minutes(4))

    with refused(session, NotOpen):
        undo_cancel(session, world.officer, booking.id, now=in_minutes(6))


@pytest.mark.parametrize("shape", [Shape.NIGHTS, Shape.SLOTS, Shape.PLACES, Shape.SESSIONS])
def test_a_wrong_shape_is_refused_without_a_trace(session: Session, world: World, shape: Shape) -> None:
    place = make_place(session, world, shape)
    wrong = SlotClaim if shape is not Shape.SLOTS else NightsClaim
    claim = (
        SlotClaim(resource_id=place.resource.id, start=in_minutes(60))
        if wrong is SlotClaim
        else NightsClaim(resource_id=place.resource.id, first=in_days(1), until=in_days(2))
    )

    with refused(session, InvalidRequest):
        hold(session, world.officer, claim, now=NOW)

    assert session.execute(text("SELECT count(*) FROM booking")).scalar() == 0


# Events


def test_a_subscriber_that_fails_stops_the_act(session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_place(session, world)
    booking = booking_in(session, world, place, State.HELD)
    before = picture(session, place, booking)

    def fail(_session: Session, _event: BookingMoved) -> None:
        raise RuntimeError("the message could not be written")

    monkeypatch.setattr(events, "_subscribers", [fail])
    with pytest.raises(RuntimeError, match="could not be written"), session.begin_nested():
        cancel(session, world.officer, booking.id, now=LATER)

    assert picture(session, place, booking) == before


def test_subscribers_are_told_in_order_in_the_same_transaction(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bool, Any]] = []

    def note(name: str, there: Session, event: BookingMoved) -> None:
        told.append((name, there is session, _state(there, event.booking_id)))

    monkeypatch.setattr(events, "_subscribers", [])
    for name in ("first", "second"):
        events.subscribe(partial(note, name))

    hold(session, world.officer, make_place(session, world).claim, now=NOW)

    assert told == [("first", True, "held"), ("second", True, "held")]


def _state(session: Session, booking_id: Any) -> Any:
    return session.execute(text("SELECT state FROM booking WHERE id = :id"), {"id": booking_id}).scalar()


def test_a_refused_act_is_told_to_nobody(session: Session, world: World, heard: list[BookingMoved]) -> None:
    place = make_place(session, world)
    hold(session, world.officer, place.claim, now=NOW)

    with refused(session, Refusal):
        hold(session, world.officer, place.claim, now=NOW)

    assert len(heard) == 1


def test_rights_reach_the_territories_that_they_name(session: Session, world: World) -> None:
    place = make_place(session, world)
    parent = make_territory(session)
    regional = make_actor(Role.PROBATION_OFFICER, parent, world.here)  # the subtree, already expanded

    booking = hold(session, regional, place.claim, now=NOW)

    assert booking.territory_id == parent.id
    assert cancel(session, regional, booking.id, now=LATER).state == State.CANCELLED
