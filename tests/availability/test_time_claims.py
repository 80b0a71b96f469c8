"""A judge, a clerk or a room taken for the time of a hearing: no grid, no opening hours, never twice at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability import actions
from availability.actions import occupy, release
from availability.claims import TimeClaim
from availability.errors import NotOpen, PeriodTaken
from availability.models import ONE_CLAIM_PER_SEAT_AND_TIME, Resource, Shape
from availability.periods import Period
from portal.database import make_engine
from tests.availability.scarce import refused, somebody
from tests.conftest import Database
from tests.factories import World, close, in_days, in_minutes, make_kind, make_resource, make_world
from tests.races import PATIENCE_S, act, at_once, refusals

NINE = datetime(2026, 3, 9, 8, tzinfo=UTC)  # in Paris
NOON = NINE + timedelta(hours=3)
RUNNERS = 4


def judge(session: Session, world: World, **columns: int) -> Resource:
    """Return somebody who has no opening hours."""
    return make_resource(session, world.site, make_kind(session, Shape.SLOTS), **columns)


def time_of(resource: Resource, start: datetime = NINE, end: datetime = NOON) -> TimeClaim:
    """Return the claim on somebody for a morning."""
    return TimeClaim(resource_id=resource.id, period=Period(start, end))


@pytest.mark.parametrize(
    ("start", "end", "is_free"),
    [
        (NINE, NOON, False),
        (NOON - timedelta(minutes=1), NOON + timedelta(hours=2), False),
        (NINE - timedelta(hours=2), NINE + timedelta(minutes=1), False),
        (NOON, NOON + timedelta(hours=2), True),
        (NINE - timedelta(hours=2), NINE, True),
    ],
)
def test_somebody_is_in_one_place_at_a_time_back_to_back_included(
    session: Session, world: World, start: datetime, end: datetime, is_free: bool
) -> None:
    one = judge(session, world)
    occupy(session, [time_of(one)], somebody())

    if is_free:
        occupy(session, [time_of(one, start, end)], somebody())
    else:
        with refused(session, PeriodTaken):
            occupy(session, [time_of(one, start, end)], somebody())


@pytest.mark.parametrize(("first", "until", "is_open"), [(7, 8, False), (6, 7, True), (8, 9, True), (1, None, False)])
def test_an_absence_is_a_closure(session: Session, world: World, first: int, until: int | None, is_open: bool) -> None:
    one = judge(session, world)
    close(session, one, in_days(first), None if until is None else in_days(until))

    if is_open:
        occupy(session, [time_of(one)], somebody())
    else:
        with refused(session, NotOpen):
            occupy(session, [time_of(one)], somebody())


@pytest.mark.parametrize(("last_minute", "is_open"), [(0, True), (1, False)])
def test_a_hearing_that_ends_at_midnight_does_not_touch_the_next_day(
    session: Session, world: World, last_minute: int, is_open: bool
) -> None:
    one = judge(session, world)
    midnight = datetime(2026, 3, 9, 23, tzinfo=UTC)  # in Paris
    close(session, one, in_days(8), in_days(9))
    claim = time_of(one, midnight - timedelta(hours=2), midnight + timedelta(minutes=last_minute))

    if is_open:
        occupy(session, [claim], somebody())
    else:
        with refused(session, NotOpen):
            occupy(session, [claim], somebody())


def test_the_whole_site_closes_the_room(session: Session, world: World) -> None:
    room = judge(session, world)
    close(session, world.site, in_days(7), in_days(8))

    with refused(session, NotOpen):
        occupy(session, [time_of(room)], somebody())


def test_zero_capacity_takes_nothing_and_two_seats_take_two(session: Session, world: World) -> None:
    nobody, pair = judge(session, world, capacity=0), judge(session, world, capacity=2)

    with refused(session, PeriodTaken):
        occupy(session, [time_of(nobody)], somebody())
    assert [occupy(session, [time_of(pair)], somebody())[0].seat for _ in range(2)] == [1, 2]
    with refused(session, PeriodTaken):
        occupy(session, [time_of(pair)], somebody())


def test_what_expired_is_forgotten_and_what_is_released_is_free(session: Session, world: World) -> None:
    one = judge(session, world)
    occupy(session, [time_of(one)], somebody(expires_at=in_minutes(10)))
    later = somebody(now=in_minutes(10))
    occupy(session, [time_of(one)], later)

    assert release(session, Shape.SLOTS, [one.id], later.id) == 1
    occupy(session, [time_of(one)], somebody())


# --- races ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def _made(session: Session) -> list[TimeClaim]:
    one = judge(session, make_world(session))
    return [time_of(one), time_of(one, NOON - timedelta(minutes=1), NOON + timedelta(hours=2))]


def test_of_fifty_at_once_one_has_the_judge(engine: Engine) -> None:
    claims = act(engine, _made)

    answers = at_once([partial(act, engine, occupy, [claims[number % 2]], somebody()) for number in range(50)])

    assert refusals(answers) == [PeriodTaken] * 49


def test_control_without_lock_and_constraint_the_judge_is_in_two_places(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = act(engine, _made)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE seat_time DROP CONSTRAINT {ONE_CLAIM_PER_SEAT_AND_TIME}"))
    unlocked = text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", ""))
    monkeypatch.setattr(actions, "LOCK", unlocked)
    insert, all_have_checked = actions._insert, Barrier(RUNNERS, timeout=PATIENCE_S)

    def insert_together(*args: Any, **values: Any) -> None:
        all_have_checked.wait()
        insert(*args, **values)

    monkeypatch.setattr(actions, "_insert", insert_together)

    answers = at_once([partial(act, engine, occupy, [claims[0]], somebody()) for _ in range(RUNNERS)])

    assert refusals(answers) == []
