"""Several officers at once: the last seat beside others, one list applied several times, what is served and withdrawn.

Each race has its control: the same acts with their guard taken away.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability import actions
from availability.models import ONE_CLAIM_PER_SEAT_AND_TIME
from availability.rights import Actor
from convocations import in_bulk
from convocations.actions import convene, withdraw
from convocations.errors import SummonedAlready
from convocations.in_bulk import Foreseen, Order, Way, refuse_summoned, summon_one
from convocations.models import Convocation
from convocations.paper_models import ONE_SERVICE_A_DAY, ServedHow
from convocations.serving import note_served, take_back_served
from convocations.together import NotAllFit, convene_together
from tests.conftest import Database
from tests.convocations.desk import NINE, TEN, Desk, make_desk, make_somebody, planned, sent
from tests.factories import NOW, in_days
from tests.races import PATIENCE_S, act, at_once, refusals

MANY = 4
THERE = text("SELECT count(*) FROM seat_time WHERE resource_id = :id AND lower(during) = :start")
SUMMONED = text("SELECT count(*) FROM convocation WHERE person_id = ANY(:ids)")
SERVED = text("SELECT count(*) FROM formal_service")
LINES = text("SELECT act, count(*) FROM history WHERE subject = 'convocation' GROUP BY act")


def prepared(engine: Engine, *, seats: int = 1, people: int = MANY) -> tuple[Desk, list[UUID]]:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        desk.agent.capacity = seats
        return desk, [make_somebody(session, desk.officer).id for _ in range(people)]


def counted(engine: Engine, statement: Any, **values: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(statement, values).scalar_one())


def written(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(LINES)}


def test_the_last_seat_beside_others_has_one_taker_and_the_control_without_guards_seats_them_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.engine
    desk, people = prepared(engine, seats=2)
    order = Order(kind_id=desk.kind.id, resource_ids=(desk.agent.id,), way=Way.SLOTS, although_summoned=True)
    for start in (NINE, TEN):
        act(engine, convene, desk.officer, desk.person.id, desk.at(start), now=NOW)

    def race(start: Any) -> list[Any]:
        one = partial(act, engine, convene_together, desk.officer, order, claim=desk.at(start), now=NOW)
        return at_once([partial(one, [who], key=f"{start} {who}", are_all_needed=True) for who in people])

    answers, taken = race(NINE), counted(engine, THERE, id=desk.agent.id, start=NINE)
    monkeypatch.setattr(actions, "LOCK", text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", "")))
    met, insert = Barrier(MANY, timeout=PATIENCE_S), actions._insert
    monkeypatch.setattr(actions, "_insert", lambda *args, **values: met.wait() >= 0 and insert(*args, **values))
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE seat_time DROP CONSTRAINT {ONE_CLAIM_PER_SEAT_AND_TIME}"))
    control = race(TEN)

    assert refusals(answers) == [NotAllFit] * (MANY - 1)
    assert taken == 2
    assert refusals(control) == []
    assert counted(engine, THERE, id=desk.agent.id, start=TEN) == 1 + MANY


def test_one_list_applied_several_times_at_once_summons_nobody_twice_and_the_control_without_the_lock_does(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.engine
    desk, people = prepared(engine)
    order = Order(kind_id=desk.kind.id, resource_ids=(desk.agent.id,), way=Way.CHOOSE, choose_by=in_days(5))

    def race(ids: list[UUID], keys: str) -> list[Any]:
        one = partial(applied, engine, desk.officer, order)
        return at_once([partial(one, ids[:: -1 if number % 2 else 1], key) for number, key in enumerate(keys)])

    same = race(people[:2], "k" * MANY)
    others = race(people[2:], "abcd")
    monkeypatch.setattr(in_bulk, "LOCK", text("SELECT 1 FROM person WHERE id = :id"))
    met = Barrier(MANY, timeout=PATIENCE_S)

    def look_then_wait(*args: Any, **values: Any) -> None:
        refuse_summoned(*args, **values)
        met.wait()  # everybody looks before anybody summons

    monkeypatch.setattr(in_bulk, "refuse_summoned", look_then_wait)
    race([desk.person.id], "efgh")

    assert [len(made) for made in same] == [2] * MANY
    assert len({one for made in same for one in made}) == 2
    assert sum(len(made) for made in others) == 2
    assert counted(engine, SUMMONED, ids=people) == len(people)
    assert counted(engine, SUMMONED, ids=[desk.person.id]) == MANY


def applied(engine: Engine, actor: Actor, order: Order, ids: list[UUID], key: str) -> list[UUID | None]:
    """Return what a list made or found made, line by line, each in its own transaction as on the page."""
    made = []
    for one in ids:
        with suppress(SummonedAlready):
            made.append(act(engine, summon_one, actor, order, Foreseen(person_id=one), key=key, now=NOW).convocation_id)
    return made


def test_what_is_served_is_noted_once_and_the_control_without_the_key_notes_it_each_time(database: Database) -> None:
    engine = database.engine
    desk, _ = prepared(engine, people=0)
    made = act(engine, convene, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    note = partial(act, engine, note_served, desk.officer, made.id, ServedHow.HAND, NOW.date(), now=NOW)
    back = partial(act, engine, take_back_served, desk.officer, made.id, ServedHow.HAND, NOW.date(), now=NOW)

    at_once([note] * MANY)
    noted, once = counted(engine, SERVED), written(engine)
    at_once([note, back] * MANY)
    left, lines = counted(engine, SERVED), written(engine)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE formal_service; DROP INDEX {ONE_SERVICE_A_DAY}"))
    at_once([note] * MANY)

    assert (noted, once["convocation-served"]) == (1, 1)
    assert lines["convocation-served"] - lines["convocation-not-served"] == left
    assert counted(engine, SERVED) == MANY


def test_several_who_withdraw_at_once_are_one_and_whoever_was_told_is_still_told(database: Database) -> None:
    engine = database.engine
    desk, _ = prepared(engine, people=0)
    made = act(engine, convene, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    act(engine, sent, made.id)

    at_once([partial(act, engine, withdraw, desk.officer, made.id, now=NOW)] * MANY)

    with Session(engine) as session:
        assert set(planned(session, made.id)) == {"cancellation"}
        assert session.get_one(Convocation, made.id).link_version == made.link_version + 1
    assert written(engine)["convocation-withdrawn"] == 1
