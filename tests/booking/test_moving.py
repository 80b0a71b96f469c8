"""Moving a booking: the new place is taken before the old one is lost, and the history keeps both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import Resource, Shape
from availability.rights import Actor
from booking.actions import cancel, confirm, hold
from booking.errors import AlreadyDecided
from booking.events import BookingRescheduled, Event, _subscribers, subscribe
from booking.models import Booking, State
from booking.moving import move
from booking.queries import history_of
from tests.booking.cycle import A_CASE
from tests.conftest import Database
from tests.factories import NOW, World, in_minutes, make_kind, make_opening, make_resource, make_world
from tests.races import act, at_once, refusals

DAY = timedelta(days=3)
NINE, TEN, ELEVEN = (NOW + DAY + timedelta(hours=hours) for hours in (0, 1, 2))


def make_agents(session: Session, world: World, count: int = 2, **kind: object) -> list[Resource]:
    """Return agents of one kind, open from nine to noon that day, an hour a slot."""
    of_kind = make_kind(session, Shape.SLOTS, slot_step_min=60, slot_duration_min=60, **kind)
    agents = [make_resource(session, world.site, of_kind, capacity=1) for _ in range(count)]
    for agent in agents:
        make_opening(session, agent, NINE, hours=3)
    return agents


def booked(session: Session, actor: Actor, agent: Resource, start: object) -> Booking:
    """Return a booked appointment."""
    booking = hold(session, actor, SlotClaim(resource_id=agent.id, start=start), now=NOW, beneficiary=A_CASE)  # type: ignore[arg-type]
    return confirm(session, actor, booking.id, now=NOW)


def seats(session: Session, agent: Resource) -> set[object]:
    """Return the starts taken at an agent's."""
    rows = session.execute(text("SELECT lower(during) FROM seat_time WHERE resource_id = :id"), {"id": agent.id})
    return {row[0] for row in rows}


def at(agent: Resource, start: object) -> SlotClaim:
    """Return the claim of a start."""
    return SlotClaim(resource_id=agent.id, start=start)  # type: ignore[arg-type]


def test_a_moved_appointment_keeps_its_identity_and_frees_the_old_place(session: Session) -> None:
    world = make_world(session)
    one, other = make_agents(session, world)
    booking = booked(session, world.officer, one, NINE)

    moved = move(session, world.officer, booking.id, at(other, TEN), now=NOW)

    assert (moved.id, moved.state, moved.resource_id, moved.starts_at) == (booking.id, State.BOOKED, other.id, TEN)
    assert moved.ends_at == ELEVEN
    assert seats(session, one) == set()
    assert seats(session, other) == {TEN}
    last = history_of(session, world.officer, booking.id)[-1]
    assert last.act == "booking-moved"
    assert last.facts["from"] == {"resource_id": one.id, "unit_id": None, "starts_at": NINE.isoformat()}
    assert last.facts["to"]["starts_at"] == TEN.isoformat()


def test_moving_tells_the_subscribers_and_moving_to_the_same_place_tells_nothing(session: Session) -> None:
    world = make_world(session)
    (agent,) = make_agents(session, world, 1)
    booking = booked(session, world.officer, agent, NINE)
    told: list[Event] = []
    subscribe(listener := lambda _, event: told.append(event))
    try:
        move(session, world.officer, booking.id, at(agent, NINE), now=NOW)
        move(session, world.officer, booking.id, at(agent, TEN), now=NOW)
    finally:
        _subscribers.remove(listener)

    assert told == [BookingRescheduled(booking_id=booking.id, at=NOW)]


def test_a_move_onto_a_taken_place_leaves_everything_as_it_was(session: Session) -> None:
    world = make_world(session)
    one, other = make_agents(session, world)
    booking = booked(session, world.officer, one, NINE)
    booked(session, world.officer, other, TEN)

    with pytest.raises(PeriodTaken), session.begin_nested():
        move(session, world.officer, booking.id, at(other, TEN), now=NOW)

    assert seats(session, one) == {NINE}
    assert len(history_of(session, world.officer, booking.id)) == 2


def test_an_appointment_moves_within_its_own_time(session: Session) -> None:
    world = make_world(session)
    kind = make_kind(session, Shape.SLOTS, slot_step_min=15, slot_duration_min=60)
    agent = make_resource(session, world.site, kind, capacity=1)
    make_opening(session, agent, NINE, hours=3)
    booking = booked(session, world.officer, agent, NINE)

    move(session, world.officer, booking.id, at(agent, NINE + timedelta(minutes=15)), now=NOW)

    assert seats(session, agent) == {NINE + timedelta(minutes=15)}


def test_what_cannot_be_moved_is_refused_with_its_reason(session: Session) -> None:
    world = make_world(session)
    (agent,) = make_agents(session, world, 1)
    (other_kind,) = make_agents(session, world, 1)
    booking = booked(session, world.officer, agent, NINE)

    with pytest.raises(NotFound), session.begin_nested():
        move(session, world.stranger, booking.id, at(agent, TEN), now=NOW)
    with pytest.raises(InvalidRequest) as refusal, session.begin_nested():
        move(session, world.officer, booking.id, at(other_kind, TEN), now=NOW)
    assert refusal.value.problem == "other-kind"
    with pytest.raises(NotOpen), session.begin_nested():
        move(session, world.officer, booking.id, at(agent, NINE + timedelta(minutes=7)), now=NOW)
    with pytest.raises(InvalidRequest), session.begin_nested():
        move(session, world.officer, booking.id, at(agent, TEN), now=NINE)  # it has begun
    cancel(session, world.officer, booking.id, now=NOW)
    with pytest.raises(AlreadyDecided), session.begin_nested():
        move(session, world.officer, booking.id, at(agent, TEN), now=NOW)


def test_what_its_host_accepted_is_not_moved_without_the_host(session: Session) -> None:
    world = make_world(session)
    (agent,) = make_agents(session, world, 1, host_accepts=True)
    booking = booked(session, world.officer, agent, NINE)
    booking.state, booking.expires_at = State.BOOKED, None
    session.flush()

    with pytest.raises(NotAllowed):
        move(session, world.officer, booking.id, at(agent, TEN), now=NOW)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The engine of a database that races commit to."""
    return database.engine


def test_of_many_who_move_to_one_place_one_does_and_the_others_keep_theirs(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        agents = make_agents(session, world, 9)
        wanted = at(agents[0], ELEVEN)
        bookings = [booked(session, world.officer, agent, NINE) for agent in agents[1:]]

    answers: list[Booking | Refusal] = at_once(
        [partial(act, engine, move, world.officer, booking.id, wanted, now=NOW) for booking in bookings]
    )

    assert refusals(answers) == [PeriodTaken] * 7
    with Session(engine) as session:
        assert seats(session, agents[0]) == {ELEVEN}
        assert sum(seats(session, agent) == {NINE} for agent in agents[1:]) == 7


def test_two_who_exchange_their_places_at_once_never_wait_for_each_other(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        one, other = make_agents(session, world)
        first, second = booked(session, world.officer, one, NINE), booked(session, world.officer, other, NINE)

    for _ in range(10):
        answers = at_once(
            [
                partial(act, engine, move, world.officer, first.id, at(other, TEN), now=NOW),
                partial(act, engine, move, world.officer, second.id, at(one, TEN), now=NOW),
            ]
        )
        back = at_once(
            [
                partial(act, engine, move, world.officer, first.id, at(one, NINE), now=NOW),
                partial(act, engine, move, world.officer, second.id, at(other, NINE), now=NOW),
            ]
        )

        assert refusals([*answers, *back]) == []


def test_a_move_and_a_cancellation_at_once_leave_one_truth(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        agents = make_agents(session, world, 8)
        bookings = [booked(session, world.officer, agent, NINE) for agent in agents]

    at_once(
        [
            one
            for agent, booking in zip(agents, bookings, strict=True)
            for one in (
                partial(act, engine, move, world.officer, booking.id, at(agent, TEN), now=NOW),
                partial(act, engine, cancel, world.officer, booking.id, now=in_minutes(1)),
            )
        ]
    )

    with Session(engine) as session:
        assert all(seats(session, agent) == set() for agent in agents)
        states = session.execute(text("SELECT DISTINCT state FROM booking")).scalars().all()
        assert states == ["cancelled"]
