"""Two agents at once on the same offer, the same request, the same team: exactly one wins, and why it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.actions import Locked
from availability.errors import NotAllowed, NotFound, PeriodTaken
from booking import events, fitting_actions
from booking.actions import undo_cancel
from booking.errors import AlreadyDecided, SlotUnfit
from booking.fitting_actions import book_offer, close_request, give_back, keep_visits_possible
from booking.persons import erase_person
from portal.database import make_engine
from tests.booking.fitting_town import GIVORS, VILLEURBANNE, FittingTown, a_request, make_fitting_town, on
from tests.conftest import Database
from tests.factories import NOW
from tests.races import PATIENCE_S, act, at_once, refusals

MANY = 16


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine of this test."""
    engine = make_engine(database.url, pool_size=32)
    yield engine
    engine.dispose()


def prepare(session: Session, count: int) -> tuple[FittingTown, list[UUID]]:
    """Return the town and requests at alternating ends of it."""
    town = make_fitting_town(session, days=3)
    places = (VILLEURBANNE, GIVORS)
    return town, [a_request(session, town, at=places[number % 2]).id for number in range(count)]


def booked(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM booking WHERE state = 'booked'")).scalar_one())


def test_of_many_requests_on_the_same_slot_exactly_one_has_it(engine: Engine) -> None:
    town, requests = act(engine, prepare, MANY)

    answers = at_once(
        [
            partial(act, engine, book_offer, town.agent, one, town.teams[0].id, on(1, "09:00"), now=NOW)
            for one in requests
        ]
    )

    assert Counter(refusals(answers)) == {PeriodTaken: MANY - 1}
    assert booked(engine) == 1


def test_one_request_offered_two_slots_at_once_gets_one(engine: Engine) -> None:
    town, (request,) = act(engine, prepare, 1)
    slots = [(team.id, on(day, "09:00")) for team in town.teams for day in (1, 2)] * 4

    answers = at_once(
        [partial(act, engine, book_offer, town.agent, request, team, start, now=NOW) for team, start in slots]
    )

    assert Counter(refusals(answers)) == {AlreadyDecided: len(slots) - 1}
    assert booked(engine) == 1


def both_ends(engine: Engine, town: FittingTown, requests: list[UUID]) -> list[Any]:
    """Book Villeurbanne at nine and Givors at ten with one team, at once: each is fine, both are not."""
    starts = (on(1, "09:00"), on(1, "10:00"))
    return list(
        at_once(
            [
                partial(act, engine, book_offer, town.agent, one, town.teams[0].id, start, now=NOW)
                for one, start in zip(requests, starts, strict=True)
            ]
        )
    )


@pytest.mark.parametrize("attempt", range(4))
def test_of_two_fittings_too_far_apart_for_one_team_exactly_one_is_booked(engine: Engine, attempt: int) -> None:
    town, requests = act(engine, prepare, 2)

    answers = both_ends(engine, town, requests)

    assert refusals(answers) == [SlotUnfit]
    assert booked(engine) == 1


def test_control_judged_without_the_lock_both_are_booked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both judge before either books: the lock of the slot itself does not see the way between the two."""
    town, requests = act(engine, prepare, 2)
    judged, both = fitting_actions._refuse_unfit, Barrier(2, timeout=PATIENCE_S)

    def no_lock(session: Session, resource_ids: Any) -> dict[int, Locked]:
        return {}

    def judge_together(*args: Any) -> None:
        judged(*args)
        both.wait()

    monkeypatch.setattr(fitting_actions, "lock", no_lock)
    monkeypatch.setattr(fitting_actions, "_refuse_unfit", judge_together)

    assert refusals(both_ends(engine, town, requests)) == []
    assert booked(engine) == 2


def take_back_elsewhere_while_another_is_booked(engine: Engine) -> list[Any]:
    """Give a slot back, then have it taken back from the sheet of the booking while others are booked."""
    town, (request,) = act(engine, prepare, 1)
    first, second = (team.id for team in town.teams)
    given = act(engine, book_offer, town.agent, request, first, on(1, "09:00"), now=NOW).id
    act(engine, give_back, town.agent, request, now=NOW)
    others = [(second, on(2, "09:00")), (first, on(1, "10:00"))]

    return at_once(
        [partial(act, engine, undo_cancel, town.agent, given, now=NOW)] * 2
        + [partial(act, engine, book_offer, town.agent, request, team, start, now=NOW) for team, start in others]
    )


@pytest.mark.parametrize("attempt", range(5))
def test_a_slot_taken_back_elsewhere_while_another_is_booked_leaves_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    monkeypatch.setattr(events, "_subscribers", [keep_visits_possible])

    answers = take_back_elsewhere_while_another_is_booked(engine)

    assert set(refusals(answers)) <= {AlreadyDecided, PeriodTaken, SlotUnfit}, attempt
    assert booked(engine) == 1


def test_control_without_the_subscriber_a_request_has_two_slots(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [])
    town, (request,) = act(engine, prepare, 1)
    given = act(engine, book_offer, town.agent, request, town.teams[0].id, on(1, "09:00"), now=NOW).id
    act(engine, give_back, town.agent, request, now=NOW)
    act(engine, book_offer, town.agent, request, town.teams[1].id, on(2, "09:00"), now=NOW)

    act(engine, undo_cancel, town.agent, given, now=NOW)

    assert booked(engine) == 2


def test_booking_closing_giving_back_and_erasing_at_once_never_wait_for_each_other_for_ever(engine: Engine) -> None:
    town, requests = act(engine, prepare, 4)
    with Session(engine) as session:
        persons = session.execute(text("SELECT person_id FROM fitting_request")).scalars().all()
    acts: list[Any] = []
    for one, start in zip(requests, ("09:00", "09:15", "09:30", "10:00"), strict=True):
        acts += [
            partial(act, engine, book_offer, town.agent, one, town.teams[0].id, on(1, start), now=NOW),
            partial(act, engine, book_offer, town.agent, one, town.teams[1].id, on(2, start), now=NOW),
            partial(act, engine, close_request, town.agent, one, now=NOW),
            partial(act, engine, give_back, town.agent, one, now=NOW),
        ]
    acts += [partial(act, engine, erase_person, None, person, now=NOW) for person in persons]

    answers = at_once(acts)

    assert set(refusals(answers)) <= {AlreadyDecided, PeriodTaken, SlotUnfit, NotFound, NotAllowed}
    with engine.connect() as connection:
        orphans = (
            "SELECT count(*) FROM fitting_request f WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = f.person_id)"
        )
        assert connection.execute(text(orphans)).scalar() == 0
