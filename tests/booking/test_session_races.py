"""Sessions moved at once to the same room, or exchanging theirs: never two in one room, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability import actions
from availability.errors import Refusal
from booking import session_moving
from booking.court_calendar import staff_of
from booking.session_clashes import Seating, seating_of, wanted_from
from booking.session_moving import CannotMove, move_session
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from portal.database import make_engine
from tests.booking.court import SmallCourt, make_court
from tests.conftest import Database
from tests.factories import NOW, in_days
from tests.races import PATIENCE_S, act, at_once, refusals

TWICE = text("""
    SELECT count(*) FROM hearing_staffing a JOIN hearing_session h ON h.resource_id = a.hearing_id
    JOIN hearing_staffing b ON b.room_id = a.room_id AND b.hearing_id > a.hearing_id
    JOIN hearing_session i ON i.resource_id = b.hearing_id
    WHERE h.starts_at < i.ends_at AND i.starts_at < h.ends_at""")


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with a few connections."""
    engine = make_engine(database.url, pool_size=4)
    yield engine
    engine.dispose()


def _held(session: Session, court: SmallCourt, number: int) -> int:
    hearing = court.hearing(session, in_days=7 + number)
    by = Sitting(judge_id=court.judges[number], clerk_id=court.clerks[number], room_id=court.rooms[number])
    staff_hearing(session, court.clerk, hearing, by, now=NOW)
    return hearing


def _wanted(session: Session, court: SmallCourt, hearing: int, **asked: Any) -> Seating:
    values = {"day": in_days(14), "starts": time(10)} | asked
    return wanted_from(seating_of(session, hearing), staff_of(session, court.clerk), **values)


def _move(session: Session, court: SmallCourt, hearing: int, wanted: Seating) -> Seating:
    return move_session(session, court.clerk, hearing, wanted, now=NOW)


def _twice(session: Session) -> int:
    return int(session.execute(TWICE).scalar_one())


def _two_to_one_room(engine: Engine) -> list[Any]:
    court = act(engine, make_court)
    ours = [act(engine, _held, court, number) for number in (0, 1)]
    wanted = [act(engine, _wanted, court, one, room_id=court.rooms[0]) for one in ours]
    return at_once([partial(act, engine, _move, court, one, to) for one, to in zip(ours, wanted, strict=True)])


def test_of_two_sessions_moved_at_once_to_one_room_one_has_it(engine: Engine) -> None:
    answers = _two_to_one_room(engine)

    assert refusals(answers) == [CannotMove]
    told = next(one for one in answers if isinstance(one, Refusal))
    assert [one.code for one in told.facts["clashes"]] == ["taken"]  # type: ignore[attr-defined]
    assert act(engine, _twice) == 0


def test_control_without_the_lock_and_the_constraint_both_have_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE seat_time DROP CONSTRAINT seat_time_no_overlap"))
    monkeypatch.setattr(actions, "LOCK", text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", "")))
    look, both_have_looked = session_moving.look_at, Barrier(2, timeout=PATIENCE_S)

    def look_together(*args: Any, **asked: Any) -> Any:
        found = look(*args, **asked)
        both_have_looked.wait()
        return found

    monkeypatch.setattr(session_moving, "look_at", look_together)
    # Releasing locks too: whoever is second writes what it had looked at.
    monkeypatch.setattr(actions, "FREE_SEAT", text("SELECT 1 AS seat WHERE :capacity = :capacity"))

    answers = _two_to_one_room(engine)

    assert refusals(answers) == []
    assert act(engine, _twice) == 1


def test_two_sessions_that_exchange_their_judges_at_once_never_wait_for_each_other_and_the_control_does(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = act(engine, make_court)
    ours = [act(engine, _held, court, number) for number in (0, 1)]
    wanted = [
        act(engine, _wanted, court, one, day=in_days(20 + number), judge_id=court.judges[1 - number])
        for number, one in enumerate(ours)
    ]
    moves = [partial(act, engine, _move, court, one, to) for one, to in zip(ours, wanted, strict=True)]
    lock, each_has_one = session_moving.lock, Barrier(2, timeout=PATIENCE_S)

    def lock_one_by_one(session: Session, ids: Any) -> Any:
        mine = {*court.judges} & {*ids}
        own = court.judges[ours.index(next(one for one in ours if one in ids))]
        lock(session, [own])
        each_has_one.wait()
        return lock(session, [*mine, *ids])

    with monkeypatch.context() as control:
        control.setattr(session_moving, "lock", lock_one_by_one)
        with pytest.raises(OperationalError, match="deadlock"):
            at_once(moves)

    answers = at_once(moves)
    assert refusals(answers) in ([], [CannotMove])
    assert act(engine, _twice) == 0
