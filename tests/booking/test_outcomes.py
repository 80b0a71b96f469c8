"""What became of an appointment: noted, corrected, excused, and the excuse undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, PeriodTaken
from availability.models import Shape
from availability.rights import Actor
from booking import outcomes
from booking.actions import Beneficiary, cancel, confirm, hold, undo_cancel
from booking.errors import AlreadyDecided
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.queries import history_of
from booking.reasons import Reason
from booking.words import act_sentence
from tests.availability.scarce import Scarce, make_scarce
from tests.booking.cycle import A_CASE, lines_of
from tests.booking.town import make_person
from tests.conftest import Database
from tests.factories import NOW, World, make_world
from tests.races import act, at_once, refusals

AFTER = NOW + timedelta(days=8)  # every claim of make_scarce has begun
SEVEN_MONTHS = NOW + timedelta(days=220)
every_shape = pytest.mark.parametrize("shape", list(Shape))


def booked(session: Session, shape: Shape) -> tuple[World, Scarce, Booking]:
    """Return a world and a booked place in it, in some days."""
    world = make_world(session)
    place = make_scarce(session, world, shape)
    booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)
    return world, place, confirm(session, world.officer, booking.id, now=NOW)


@every_shape
def test_an_outcome_is_noted_then_corrected_and_the_history_keeps_both(session: Session, shape: Shape) -> None:
    world, place, booking = booked(session, shape)

    note_outcome(session, world.officer, booking.id, State.MISSED, now=AFTER)
    note_outcome(session, world.officer, booking.id, State.HONOURED, now=AFTER)

    assert booking.state == State.HONOURED
    assert place.holders(session) == {booking.id}
    assert [line[:2] for line in lines_of(session, booking.id)][-2:] == [
        ("booking-missed", "booked"),
        ("booking-honoured", "missed"),
    ]
    last = history_of(session, world.officer, booking.id)[-1]
    assert act_sentence(last.act, last.facts, "Alix") == "Alix a corrigé : la personne est venue."


def test_the_same_outcome_twice_is_one_line(session: Session) -> None:
    world, _, booking = booked(session, Shape.SLOTS)

    note_outcome(session, world.officer, booking.id, State.MISSED, now=AFTER)
    before = lines_of(session, booking.id)
    note_outcome(session, world.officer, booking.id, State.MISSED, now=AFTER)

    assert lines_of(session, booking.id) == before


@every_shape
def test_nothing_is_noted_before_it_begins_nor_after_six_months(session: Session, shape: Shape) -> None:
    world, _, booking = booked(session, shape)

    for moment, problem in ((NOW, "not-begun"), (SEVEN_MONTHS, "too-late")):
        with pytest.raises(InvalidRequest) as refusal:
            note_outcome(session, world.officer, booking.id, State.HONOURED, now=moment)
        assert refusal.value.problem == problem


@every_shape
@pytest.mark.parametrize("moment", [NOW, AFTER])
def test_an_excuse_frees_the_place_and_its_undo_takes_it_back(session: Session, shape: Shape, moment: object) -> None:
    world, place, booking = booked(session, shape)

    excuse(session, world.officer, booking.id, now=moment)  # type: ignore[arg-type]
    freed = place.holders(session)
    undo_excuse(session, world.officer, booking.id, now=moment)  # type: ignore[arg-type]

    assert freed == set()
    assert booking.state == State.BOOKED
    assert place.holders(session) == {booking.id}


def test_undoing_an_excuse_gives_back_the_outcome_that_was_there(session: Session) -> None:
    world, _, booking = booked(session, Shape.SLOTS)
    note_outcome(session, world.officer, booking.id, State.MISSED, now=AFTER)

    excuse(session, world.officer, booking.id, now=AFTER)
    undo_excuse(session, world.officer, booking.id, now=AFTER)

    assert booking.state == State.MISSED


@every_shape
def test_undoing_an_excuse_says_that_the_place_is_gone(session: Session, shape: Shape) -> None:
    world, place, booking = booked(session, shape)
    excuse(session, world.officer, booking.id, now=NOW)
    other = hold(session, world.officer, place.claim, now=NOW)

    with pytest.raises(place.full), session.begin_nested():
        undo_excuse(session, world.officer, booking.id, now=NOW)

    assert booking.state == State.EXCUSED
    assert place.holders(session) == {other.id}


def test_somebody_excused_who_came_after_all_has_the_place_again(session: Session) -> None:
    world, place, booking = booked(session, Shape.SLOTS)
    excuse(session, world.officer, booking.id, now=NOW)

    note_outcome(session, world.officer, booking.id, State.HONOURED, now=AFTER)

    assert booking.state == State.HONOURED
    assert place.holders(session) == {booking.id}


def test_a_hold_of_their_place_that_ended_since_is_no_reason_to_refuse_who_came_after_all(session: Session) -> None:
    world, place, booking = booked(session, Shape.SLOTS)
    assert booking.starts_at is not None
    excuse(session, world.officer, booking.id, now=NOW)
    before = booking.starts_at - timedelta(minutes=5)  # it outlives the beginning of what it held
    held = hold(session, world.officer, place.claim, now=before)
    with pytest.raises(PeriodTaken), session.begin_nested():
        note_outcome(session, world.officer, booking.id, State.HONOURED, now=booking.starts_at)
    assert held.expires_at is not None

    note_outcome(session, world.officer, booking.id, State.HONOURED, now=held.expires_at)

    assert place.holders(session) == {booking.id}


def test_what_is_not_booked_has_no_outcome_and_a_stranger_sees_nothing(session: Session) -> None:
    world = make_world(session)
    place = make_scarce(session, world, Shape.SLOTS)
    held = hold(session, world.officer, place.claim, now=NOW)

    with pytest.raises(AlreadyDecided):
        note_outcome(session, world.officer, held.id, State.HONOURED, now=AFTER)
    with pytest.raises(AlreadyDecided):
        excuse(session, world.officer, held.id, now=NOW)
    with pytest.raises(AlreadyDecided):
        undo_excuse(session, world.officer, held.id, now=NOW)
    with pytest.raises(InvalidRequest):
        note_outcome(session, world.officer, held.id, State.CANCELLED, now=AFTER)
    with pytest.raises(NotFound):
        note_outcome(session, world.stranger, held.id, State.HONOURED, now=AFTER)


def given_back(session: Session, world: World, place: Scarce, *, reason: str = "transport") -> tuple[Booking, Actor]:
    """Return what its person gave back themselves, and that person as an actor."""
    person = make_person(session, world.here)
    booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    confirm(session, world.officer, booking.id, now=NOW)
    whoever = replace(world.officer, account_id=person.id)
    return cancel(session, whoever, booking.id, now=NOW, reason=Reason(reason)), whoever


@every_shape
def test_what_its_person_gave_back_is_excused_for_what_they_said_and_undone_it_is_given_back(
    session: Session, shape: Shape
) -> None:
    world = make_world(session)
    place = make_scarce(session, world, shape)
    booking, _ = given_back(session, world, place)
    other = hold(session, world.officer, place.claim, now=NOW)

    excuse(session, world.officer, booking.id, now=AFTER, reason=Reason("work"))
    excused = (booking.state, booking.reason, place.holders(session))
    undo_excuse(session, world.officer, booking.id, now=AFTER)

    assert excused == (State.EXCUSED, "transport", {other.id})  # nothing is freed a second time
    assert (booking.state, booking.reason, place.holders(session)) == (State.CANCELLED, "transport", {other.id})
    assert [line[:2] for line in lines_of(session, booking.id)][-2:] == [
        ("booking-excused", "cancelled"),
        ("booking-cancelled", "excused"),
    ]


def test_what_was_excused_by_mistake_may_still_be_taken_back_as_long_as_it_could(session: Session) -> None:
    world = make_world(session)
    place = make_scarce(session, world, Shape.SLOTS)
    booking, _ = given_back(session, world, place)
    excuse(session, world.officer, booking.id, now=NOW)
    undo_excuse(session, world.officer, booking.id, now=NOW + timedelta(minutes=9))

    with pytest.raises(AlreadyDecided):
        undo_cancel(session, world.officer, booking.id, now=NOW + timedelta(minutes=11))
    undo_cancel(session, world.officer, booking.id, now=NOW + timedelta(minutes=10))

    assert (booking.state, place.holders(session)) == (State.BOOKED, {booking.id})


def test_what_the_service_gave_back_or_what_was_never_booked_is_not_an_absence(session: Session) -> None:
    world, _, booking = booked(session, Shape.SLOTS)
    cancel(session, world.officer, booking.id, now=NOW)
    asked = make_scarce(session, world, Shape.SLOTS, host_accepts=True)
    request, _ = given_back(session, world, asked)

    for one in (booking, request):
        with pytest.raises(AlreadyDecided):
            excuse(session, world.officer, one.id, now=AFTER)


@pytest.mark.parametrize("is_locked", [True, False])
def test_excused_while_it_is_taken_back_the_place_is_nobodys_and_the_control_keeps_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The control looks, then has a colleague take it back, then acts on what it saw."""
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        places = [make_scarce(session, world, Shape.SLOTS) for _ in range(6)]
        bookings = [given_back(session, world, place)[0] for place in places]
    take_back = [partial(act, database.engine, undo_cancel, world.officer, one.id, now=NOW) for one in bookings]
    excuses = [partial(act, database.engine, excuse, world.officer, one.id, now=NOW) for one in bookings]

    def looks_then_waits(session: Session, _: Actor, booking_id: UUID, **__: object) -> tuple[Booking, None]:
        seen = session.get_one(Booking, booking_id)
        take_back[[one.id for one in bookings].index(booking_id)]()
        return seen, None

    if is_locked:
        answers = at_once([*take_back, *excuses])
    else:
        monkeypatch.setattr(outcomes, "locked_for", looks_then_waits)
        answers = at_once(excuses)

    with Session(database.engine) as session:
        states = {session.get_one(Booking, one.id).state for one in bookings}
        still_taken = sum(bool(place.holders(session)) for place in places)
    assert states == {State.EXCUSED}
    assert set(refusals(answers)) <= {AlreadyDecided}
    assert still_taken == (0 if is_locked else len(places))


def test_an_undone_excuse_and_a_newcomer_at_once_one_has_the_place(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        places = [make_scarce(session, world, Shape.SLOTS) for _ in range(8)]
        bookings = []
        for place in places:
            booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)
            confirm(session, world.officer, booking.id, now=NOW)
            bookings.append(excuse(session, world.officer, booking.id, now=NOW))

    answers = at_once(
        [
            one
            for place, booking in zip(places, bookings, strict=True)
            for one in (
                partial(act, database.engine, undo_excuse, world.officer, booking.id, now=NOW),
                partial(act, database.engine, hold, world.officer, place.claim, now=NOW),
            )
        ]
    )

    assert refusals(answers) == [PeriodTaken] * 8
    with Session(database.engine) as session:
        assert all(len(place.holders(session)) == 1 for place in places)
