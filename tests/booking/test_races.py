"""Acts on the same booking, or against the clock, at the same moment: one outcome, written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from availability.claims import NightsClaim
from availability.errors import CapacityReached, PeriodTaken, Refusal
from availability.models import Resource, Shape
from availability.rights import Actor
from booking.actions import cancel, confirm, expired, hold, lapse, undo_cancel
from booking.errors import HoldExpired
from booking.models import OCCUPYING, Booking, State
from portal.database import make_engine
from tests.availability.scarce import Scarce, make_scarce
from tests.booking.cycle import A_CASE
from tests.conftest import Database
from tests.factories import NOW, World, in_days, in_minutes, make_beds, make_kind, make_resource, make_world
from tests.races import act, at_once, refusals, wait_until_somebody_waits

ROUNDS = 16
END = in_minutes(10)  # of every hold made now
JUST_BEFORE = in_minutes(9.999)
every_shape = pytest.mark.parametrize("shape", list(Shape))


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=32)
    yield engine
    engine.dispose()


def prepare(session: Session, shape: Shape, rounds: int = ROUNDS) -> tuple[Actor, list[tuple[Scarce, UUID]]]:
    """Return the officer, and as many places, each with a hold that runs for ten minutes."""
    world = make_world(session)
    places = [make_scarce(session, world, shape) for _ in range(rounds)]
    return world.officer, [(place, hold(session, world.officer, place.claim, now=NOW).id) for place in places]


def states(engine: Engine) -> Counter[str]:
    """Return how many bookings are in each state."""
    with Session(engine) as session:
        return Counter(session.exec(select(Booking.state)))


def check_occupancy(engine: Engine, places: list[Scarce]) -> None:
    """Each place is held by the bookings that say so, and by nobody else."""
    with Session(engine) as session:
        for place in places:
            of_place = select(Booking).where(col(Booking.resource_id) == place.resource.id)
            present = {booking.id for booking in session.exec(of_place) if State(booking.state) in OCCUPYING}
            assert place.holders(session) == present


def pairs(answers: list[Booking | bool | Refusal]) -> list[tuple[str, str]]:
    """Return the answers two by two, each as the name of a state, of a refusal or of a truth."""
    names = [
        answer.state
        if isinstance(answer, Booking)
        else type(answer).__name__
        if isinstance(answer, Refusal)
        else str(answer)
        for answer in answers
    ]
    return list(zip(names[::2], names[1::2], strict=True))


@pytest.mark.parametrize("shape", [Shape.NIGHTS, Shape.PLACES, Shape.SLOTS])
def test_two_hundred_holds_at_once_make_one_booking(engine: Engine, shape: Shape) -> None:
    def one_place(session: Session) -> tuple[Actor, Scarce]:
        world = make_world(session)
        return world.officer, make_scarce(session, world, shape)

    officer, place = act(engine, one_place)

    answers = at_once([partial(act, engine, hold, officer, place.claim, now=NOW) for _ in range(200)])

    assert Counter(refusals(answers)) == {place.full: 199}
    assert states(engine) == {"held": 1}


@every_shape
def test_a_confirmation_and_the_next_comer_at_the_end_of_a_hold_never_both_win(engine: Engine, shape: Shape) -> None:
    officer, places = act(engine, prepare, shape)

    answers = at_once(
        list(
            chain.from_iterable(
                (
                    partial(act, engine, confirm, officer, held, now=JUST_BEFORE, beneficiary=A_CASE),
                    partial(act, engine, hold, officer, place.claim, now=END),  # another worker, a moment ahead
                )
                for place, held in places
            )
        )
    )

    full = places[0][0].full.__name__
    assert set(pairs(list(answers))) <= {("booked", full), ("HoldExpired", "held")}
    assert states(engine)["booked"] + Counter(refusals(answers))[HoldExpired] == ROUNDS
    with Session(engine) as session:
        assert all(len(place.holders(session)) == 1 for place, _ in places)


def test_a_cancellation_and_the_sweeper_write_one_end_only(engine: Engine) -> None:
    officer, places = act(engine, prepare, Shape.NIGHTS)

    acts: list[Callable[[], Booking | bool]] = []
    for _, held in places:
        acts.append(partial(act, engine, cancel, officer, held, now=END))
        acts.append(partial(act, engine, lapse, held, now=END))
    answers = at_once(acts)

    assert set(pairs(list(answers))) <= {("cancelled", "False"), ("AlreadyDecided", "True")}
    assert _ends_by_booking(engine) == {1: ROUNDS}
    check_occupancy(engine, [place for place, _ in places])


def test_two_sweepers_at_once_write_each_end_once(engine: Engine) -> None:
    act(engine, prepare, Shape.PLACES)

    swept = at_once([partial(_sweep, engine, END) for _ in range(4)])

    assert refusals(swept) == []
    assert sum(count for count in swept if isinstance(count, int)) == ROUNDS
    assert _ends_by_booking(engine) == {1: ROUNDS}
    assert states(engine) == {"lapsed": ROUNDS}


@every_shape
def test_taking_what_expired_while_it_is_swept_is_never_a_deadlock(engine: Engine, shape: Shape) -> None:
    officer, places = act(engine, prepare, shape)

    holds = [partial(act, engine, hold, officer, place.claim, now=END) for place, _ in places] * 2
    acts: list[Callable[[], object]] = [*holds, *(partial(_sweep, engine, END) for _ in range(4))]
    answers = at_once(acts)

    assert Counter(refusals(answers)) == {places[0][0].full: ROUNDS}
    assert states(engine) == {"lapsed": ROUNDS, "held": ROUNDS}
    check_occupancy(engine, [place for place, _ in places])


def test_beds_of_one_section_are_swept_and_taken_at_once_in_any_order(engine: Engine) -> None:
    """Many expired stays that overlap on the same rows, taken by longer ones, swept in another order."""
    beds = 6

    def crowded(session: Session) -> tuple[Actor, int]:
        world = make_world(session)
        section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
        make_beds(session, section, *(f"Lit {number}" for number in range(beds)))
        for first in range(1, 13, 3):
            for _ in range(beds):
                hold(session, world.officer, _stay(section.id, first, first + 3), now=NOW)
        return world.officer, section.id

    officer, section_id = act(engine, crowded)

    takers = [partial(act, engine, hold, officer, _stay(section_id, 1, 13), now=END) for _ in range(20)]
    acts: list[Callable[[], object]] = [*takers, *(partial(_sweep, engine, END) for _ in range(6))]
    answers = at_once(acts)

    assert Counter(refusals(answers)) == {PeriodTaken: 20 - beds}
    assert states(engine) == {"lapsed": 4 * beds, "held": beds}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM bed_night")).scalar() == beds * 12


def test_taking_back_and_the_next_comer_never_both_win(engine: Engine) -> None:
    officer, places = act(engine, prepare, Shape.NIGHTS)
    act(engine, _cancel_all, officer, [held for _, held in places])

    acts: list[Callable[[], Booking]] = []
    for place, held in places:
        acts.append(partial(act, engine, undo_cancel, officer, held, now=NOW))
        acts.append(partial(act, engine, hold, officer, place.claim, now=NOW))
    answers = at_once(acts)

    assert set(pairs(list(answers))) <= {("held", "PeriodTaken"), ("PeriodTaken", "held")}
    check_occupancy(engine, [place for place, _ in places])


def test_the_same_act_sent_many_times_is_done_once(engine: Engine) -> None:
    officer, ((place, held),) = act(engine, prepare, Shape.NIGHTS, 1)

    def repeat(function: Callable[..., Booking], **given: object) -> list[Booking | Refusal]:
        return at_once([partial(act, engine, function, officer, held, now=NOW, **given) for _ in range(16)])

    for function, given, state in (
        (confirm, {"beneficiary": A_CASE}, "booked"),
        (cancel, {}, "cancelled"),
        (undo_cancel, {}, "booked"),
    ):
        answers = repeat(function, **given)
        assert [answer.state for answer in answers if isinstance(answer, Booking)] == [state] * 16
    with Session(engine) as session:
        written = session.execute(text("SELECT act FROM history ORDER BY id")).scalars().all()
    assert written == ["booking-held", "booking-booked", "booking-cancelled", "booking-booked"]
    check_occupancy(engine, [place])


def test_a_capacity_lowered_meanwhile_is_seen_by_those_who_wait(engine: Engine) -> None:
    """What counts is the capacity once the lock is had, not the one read when the page was opened."""

    def a_post(session: Session) -> tuple[Actor, Scarce]:
        world: World = make_world(session)
        return world.officer, make_scarce(session, world, Shape.PLACES)

    officer, post = act(engine, a_post)

    with Session(engine) as service, service.begin():
        resource = service.exec(select(Resource).where(Resource.id == post.resource.id).with_for_update()).one()
        resource.capacity = 0
        service.flush()
        waiting = partial(act, engine, hold, officer, post.claim, now=NOW)

        def commit_once_somebody_waits() -> None:
            wait_until_somebody_waits(engine)
            service.commit()

        acts: list[Callable[[], object]] = [waiting, commit_once_somebody_waits]
        answers = at_once(acts)

    assert refusals(answers) == [CapacityReached]


def _stay(section_id: int, first: int, until: int) -> NightsClaim:
    return NightsClaim(resource_id=section_id, first=in_days(first), until=in_days(until))


def _sweep(engine: Engine, now: datetime) -> int:
    """Lapse everything that is over, one transaction a booking, as the job does; return how many were ours."""
    return sum(act(engine, lapse, number, now=now) for number in act(engine, expired, now=now))


def _cancel_all(session: Session, officer: Actor, bookings: list[UUID]) -> None:
    for number in bookings:
        cancel(session, officer, number, now=NOW)


def _ends_by_booking(engine: Engine) -> dict[int, int]:
    """Return how many bookings have how many lines of history that end them."""
    counted = text("""
        SELECT lines, count(*) FROM (
            SELECT count(*) AS lines FROM history WHERE act IN ('booking-cancelled', 'booking-lapsed')
            GROUP BY subject_id) ended GROUP BY lines""")
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(counted)}
