"""One act on many bookings: what is foreseen is what happens, all or one by one, and one undo takes it all back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability.errors import Refusal
from availability.models import Resource
from availability.rights import Actor
from booking import bulk as module
from booking.actions import cancel, hold
from booking.bulk import Bulk, Done, NotAll, Seen, all_of, do_one, each_of, foreseen, undo_one
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.models import Booking, State
from booking.pages import bulk_words as words
from booking.queries import history_of
from tests.booking.cycle import A_CASE, LATER
from tests.booking.test_moving import NINE, at, booked, make_agents, seats
from tests.conftest import Database
from tests.factories import NOW, World, make_world
from tests.races import PATIENCE_S, act, at_once, refusals

AFTER = NINE + timedelta(hours=2)


def seen(*bookings: Booking) -> list[Seen]:
    """Return bookings as whoever acts has them on their screen."""
    return [Seen(one.id, one.revision) for one in bookings]


def make_three(session: Session) -> tuple[World, list[Resource], list[Booking]]:
    """Return three appointments booked at nine, each at another agent's."""
    world = make_world(session)
    agents = make_agents(session, world, 3)
    return world, agents, [booked(session, world.officer, agent, NINE) for agent in agents]


def test_what_is_foreseen_is_what_happens_and_foreseeing_changes_nothing(session: Session) -> None:
    world, agents, (one, other, gone) = make_three(session)
    lines = seen(one, other, gone)
    cancel(session, world.officer, gone.id, now=LATER)
    session.execute(text("DELETE FROM change"))

    shown = foreseen(session, world.officer, Bulk.GIVE_BACK, lines, now=LATER)

    assert [one.state for one in shown] == [State.CANCELLED, State.CANCELLED, None]
    assert isinstance(shown[2].refusal, ChangedMeanwhile)
    assert [seats(session, agent) for agent in agents] == [{NINE}, {NINE}, set()]
    assert len(history_of(session, world.officer, one.id)) == 2
    assert not session.execute(text("SELECT count(*) FROM change")).scalar()

    done = each_of(session, world.officer, do_one, Bulk.GIVE_BACK, lines, now=LATER)

    assert [(one.state, one.revision) for one in done] == [(each.state, each.revision) for each in shown]
    assert [seats(session, agent) for agent in agents] == [set()] * 3


def test_all_or_nothing_does_nothing_when_one_is_refused(session: Session) -> None:
    world, agents, (one, other, gone) = make_three(session)
    cancel(session, world.officer, gone.id, now=LATER)

    with pytest.raises(NotAll) as refusal, session.begin_nested():
        all_of(session, world.officer, Bulk.EXCUSE, seen(one, other, gone), now=LATER)

    assert [type(each.refusal) for each in refusal.value.facts["done"]] == [  # type: ignore[attr-defined]
        type(None),
        type(None),
        AlreadyDecided,
    ]
    assert [seats(session, agent) for agent in agents] == [{NINE}, {NINE}, set()]


@pytest.mark.parametrize(
    ("bulk", "when", "undone"),
    [
        (Bulk.GIVE_BACK, LATER, State.BOOKED),
        (Bulk.EXCUSE, LATER, State.BOOKED),
        (Bulk.CAME, AFTER, State.BOOKED),
        (Bulk.MISSED, AFTER, State.BOOKED),
    ],
)
def test_one_undo_takes_the_whole_back_but_for_what_somebody_changed_since(
    session: Session, bulk: Bulk, when: Any, undone: State
) -> None:
    world, agents, bookings = make_three(session)
    done = all_of(session, world.officer, bulk, seen(*bookings), now=when)
    back = [Seen(one.booking_id, one.revision) for one in done]
    undo_one(session, world.officer, bulk, back[0], now=when)

    answers = each_of(session, world.officer, undo_one, bulk, back, now=when)

    assert [one.state for one in answers] == [None, undone, undone]
    assert isinstance(answers[0].refusal, ChangedMeanwhile)
    assert [seats(session, agent) for agent in agents] == [{NINE}] * 3


def test_a_confirmation_taken_back_gives_the_place_back(session: Session) -> None:
    world = make_world(session)
    (agent,) = make_agents(session, world, 1)
    held = hold(session, world.officer, at(agent, NINE), now=NOW, beneficiary=A_CASE)
    (done,) = all_of(session, world.officer, Bulk.CONFIRM, seen(held), now=LATER)

    undone = undo_one(session, world.officer, Bulk.CONFIRM, Seen(held.id, done.revision), now=LATER)

    assert (done.state, undone.state) == (State.BOOKED, State.CANCELLED)
    assert seats(session, agent) == set()


def test_the_words_count_what_was_done_and_say_why_the_rest_was_not() -> None:
    one = Done(booking_id=Seen, state=State.CANCELLED, revision=3)  # type: ignore[arg-type]
    refused = Done(one.booking_id, None, 2, AlreadyDecided(state=State.CANCELLED))

    assert words.done_words(Bulk.GIVE_BACK, [one, one]) == "2\N{NO-BREAK SPACE}places rendues."
    assert words.done_words(Bulk.GIVE_BACK, [one, refused]).endswith("; 1 n’a pas pu l’être : elle reste cochée.")
    assert words.undone_words([one]) == "C’est annulé : tout est comme avant."
    assert words.undone_words([one, refused]).endswith("Elle est rendue.")


def test_the_same_lines_in_opposite_orders_at_once_are_each_done_once(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world, _, bookings = make_three(session)
    lines = seen(*bookings)

    answers = at_once(
        [
            partial(act, database.engine, each_of, world.officer, do_one, Bulk.GIVE_BACK, order, now=LATER)
            for order in (lines, lines[::-1]) * 2
        ]
    )

    assert refusals(answers) == []
    done = [one for answer in answers if not isinstance(answer, Refusal) for one in answer if one.is_done]
    assert sorted(one.booking_id for one in done) == sorted(one.id for one in bookings)


def test_control_without_the_locks_taken_first_opposite_orders_stop_each_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world, _, bookings = make_three(session)
    lines, met = seen(*bookings[:2]), Barrier(2, timeout=PATIENCE_S)
    monkeypatch.setattr(module, "lock_all", lambda *_: None)

    with pytest.raises(OperationalError, match="deadlock"):
        at_once([partial(_in_order, database.engine, world.officer, order, met) for order in (lines, lines[::-1])])


def _in_order(engine: Engine, actor: Actor, lines: list[Seen], met: Barrier) -> list[Done]:
    def one(session: Session, actor: Actor, bulk: Bulk, each: Seen, *, now: Any) -> Done:
        done = do_one(session, actor, bulk, each, now=now)
        if each == lines[0]:
            met.wait()
        return done

    return act(engine, each_of, actor, one, Bulk.GIVE_BACK, lines, now=LATER)
