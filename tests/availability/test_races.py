"""Two hundred at once on the last of something: one wins, the others are told so.

Each race has its control: the same act with its guards taken away, which takes the same place several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability import actions
from availability.actions import Taken, lock, occupy, release
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, PeriodTaken, Refusal
from availability.models import ONE_CLAIM_PER_SEAT_AND_TIME, ONE_STAY_PER_BED_NIGHT, Shape
from portal.database import make_engine
from tests.availability.scarce import FULL, somebody
from tests.conftest import Database
from tests.factories import (
    World,
    in_days,
    in_minutes,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_world,
)
from tests.races import PATIENCE_S, act, at_once, refusals, wait_until_somebody_waits

ATTEMPTS = 200
CONNECTIONS = 32
RUNNERS = 8  # of a control: each must have a connection of its own
every_shape = pytest.mark.parametrize("shape", list(Shape))
GUARDS = {
    Shape.NIGHTS: ("bed_night", ONE_STAY_PER_BED_NIGHT),
    Shape.SLOTS: ("seat_time", ONE_CLAIM_PER_SEAT_AND_TIME),
}


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=CONNECTIONS)
    yield engine
    engine.dispose()


def last_of_something(session: Session, shape: Shape) -> tuple[Claim, Claim]:
    """Return two claims, of which only one can be satisfied."""
    world = make_world(session)
    return _LAST[shape](session, world)


def _last_bed_night(session: Session, world: World) -> tuple[Claim, Claim]:
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    (bed,) = make_beds(session, section, "Lit 1")
    claim = NightsClaim(resource_id=section.id, first=in_days(3), until=in_days(4))
    return claim, NightsClaim(resource_id=section.id, first=in_days(3), until=in_days(4), unit_id=bed.id)


def _last_place_of_a_post(session: Session, world: World) -> tuple[Claim, Claim]:
    post = make_resource(session, world.site, make_kind(session, Shape.PLACES), capacity=3)
    claim = PlaceClaim(resource_id=post.id, first=in_days(3), until=in_days(60))
    occupy(session, [claim, claim], somebody())
    return claim, PlaceClaim(resource_id=post.id, first=in_days(59), until=None)


def _overlapping_times_of_an_agent(session: Session, world: World) -> tuple[Claim, Claim]:
    kind = make_kind(session, Shape.SLOTS, slot_step_min=15, slot_duration_min=45)
    agent = make_resource(session, world.site, kind)
    nine = in_minutes(24 * 60)
    make_opening(session, agent, nine, hours=1)
    quarter_past = in_minutes(24 * 60 + 15)  # 09:00–09:45 against 09:15–10:00
    return SlotClaim(resource_id=agent.id, start=nine), SlotClaim(resource_id=agent.id, start=quarter_past)


def _room_for_a_last_case(session: Session, world: World) -> tuple[Claim, Claim]:
    hearing = make_resource(session, world.site, make_kind(session, Shape.SESSIONS))
    make_hearing(session, hearing, max_cases=3, max_minutes=60)
    occupy(session, [CaseClaim(resource_id=hearing.id, minutes=15)] * 2, somebody())
    return CaseClaim(resource_id=hearing.id, minutes=30), CaseClaim(resource_id=hearing.id, minutes=10)


_LAST: dict[Shape, Callable[[Session, World], tuple[Claim, Claim]]] = {
    Shape.NIGHTS: _last_bed_night,
    Shape.PLACES: _last_place_of_a_post,
    Shape.SLOTS: _overlapping_times_of_an_agent,
    Shape.SESSIONS: _room_for_a_last_case,
}


def race(engine: Engine, claims: Sequence[Claim], attempts: int) -> list[list[Taken] | Refusal]:
    """Return what so many holders were answered, who claimed these in turn, at once."""
    wanted = [claims[number % len(claims)] for number in range(attempts)]
    return at_once([partial(act, engine, occupy, [claim], somebody()) for claim in wanted])


@every_shape
def test_of_two_hundred_at_once_exactly_one_takes_the_last(engine: Engine, shape: Shape) -> None:
    claims = act(engine, last_of_something, shape)
    before = _rows(engine, shape)

    answers = race(engine, claims, ATTEMPTS)

    assert refusals(answers) == [FULL[shape]] * (ATTEMPTS - 1)
    assert _rows(engine, shape) == before + 1


@every_shape
def test_control_without_lock_and_constraint_all_of_them_take_it(
    database: Database, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = act(database.engine, last_of_something, shape)
    before = _rows(database.engine, shape)
    _without_lock(monkeypatch)
    if shape in GUARDS:
        act(database.engine, _drop_guard, *GUARDS[shape])
    _meet_between_check_and_insert(monkeypatch, RUNNERS)

    answers = race(database.engine, claims, RUNNERS)

    assert refusals(answers) == []
    assert _rows(database.engine, shape) == before + RUNNERS


@pytest.mark.parametrize("shape", list(GUARDS))
def test_without_the_lock_the_constraint_is_the_last_guard(
    database: Database, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = act(database.engine, last_of_something, shape)
    _without_lock(monkeypatch)
    _meet_between_check_and_insert(monkeypatch, RUNNERS)

    answers = race(database.engine, claims, RUNNERS)

    assert refusals(answers) == [PeriodTaken] * (RUNNERS - 1)
    assert _rows(database.engine, shape) == 1


def test_resources_claimed_in_opposite_orders_never_wait_for_each_other(engine: Engine) -> None:
    two_posts = act(engine, _two_posts)

    answers = at_once(
        [partial(act, engine, occupy, two_posts[:: 1 if number % 2 else -1], somebody()) for number in range(60)]
    )

    assert refusals(answers) == [CapacityReached] * 50
    assert _rows(engine, Shape.PLACES) == 20


def test_control_locked_in_the_order_of_the_claims_they_stop_each_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_posts = act(database.engine, _two_posts)
    met = Barrier(2, timeout=PATIENCE_S)

    def lock_as_they_come(session: Session, resource_ids: Any) -> dict[int, actions.Locked]:
        first, second = resource_ids
        locked = lock(session, [first])
        met.wait()
        return locked | lock(session, [second])

    monkeypatch.setattr(actions, "lock", lock_as_they_come)

    with pytest.raises(OperationalError, match="deadlock"):
        at_once([partial(act, database.engine, occupy, order, somebody()) for order in (two_posts, two_posts[::-1])])


@pytest.mark.parametrize("is_locked", [True, False])
def test_freeing_while_somebody_forgets_the_same_rows_waits_and_the_control_without_lock_is_a_deadlock(
    database: Database, is_locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, two_posts = database.engine, act(database.engine, _two_posts)
    over, has_begun, take = somebody(now=in_minutes(-9), expires_at=in_minutes(-1)), Event(), actions._take
    act(engine, occupy, two_posts, over)

    def take_one_then_the_other(session: Session, resource: Any, claim: Claim, holder: Any) -> Taken:
        if has_begun.is_set():
            wait_until_somebody_waits(engine)
        taken = take(session, resource, claim, holder)
        has_begun.set()  # the expired row of the second post is forgotten, that of the first is not yet
        return taken

    def free() -> object:
        assert has_begun.wait(PATIENCE_S)
        if is_locked:
            return act(engine, release, Shape.PLACES, [claim.resource_id for claim in two_posts], over.id)
        return act(engine, Session.execute, actions._RELEASE[Shape.PLACES], {"id": over.id})

    monkeypatch.setattr(actions, "_take", take_one_then_the_other)
    both: list[Callable[[], object]] = [partial(act, engine, occupy, two_posts[::-1], somebody()), free]

    if is_locked:
        assert refusals(at_once(both)) == []
    else:
        with pytest.raises(OperationalError, match="deadlock"):
            at_once(both)


def test_a_place_given_back_never_goes_to_two(engine: Engine) -> None:
    (claim, _), holder = act(engine, last_of_something, Shape.NIGHTS), somebody()
    act(engine, occupy, [claim], holder)

    acts: list[Callable[[], object]] = [partial(act, engine, occupy, [claim], somebody()) for _ in range(30)]
    acts.insert(10, partial(act, engine, release, Shape.NIGHTS, [claim.resource_id], holder.id))
    answers = at_once(acts)

    freed = answers.pop(10)
    winners = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert freed == 1
    assert len(winners) == _rows(engine, Shape.NIGHTS) <= 1


def _two_posts(session: Session) -> list[PlaceClaim]:
    world = make_world(session)
    kind = make_kind(session, Shape.PLACES)
    posts = [make_resource(session, world.site, kind, capacity=10) for _ in range(2)]
    return [PlaceClaim(resource_id=post.id, first=in_days(3), until=in_days(9)) for post in posts]


def _rows(engine: Engine, shape: Shape) -> int:
    table = actions.TABLE_OF_SHAPE[shape]
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - constants


def _without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    locking = str(actions.LOCK)
    reading = locking.replace("FOR NO KEY UPDATE OF r", "")
    assert reading != locking
    monkeypatch.setattr(actions, "LOCK", text(reading))


def _drop_guard(session: Session, table: str, guard: str) -> None:
    session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {guard}"))


def _meet_between_check_and_insert(monkeypatch: pytest.MonkeyPatch, runners: int) -> None:
    """Make everybody check before anybody writes: what bad luck does once a year, every time."""
    met, insert = Barrier(runners, timeout=PATIENCE_S), actions._insert

    def insert_together(*args: Any, **values: Any) -> None:
        met.wait()
        insert(*args, **values)

    monkeypatch.setattr(actions, "_insert", insert_together)
