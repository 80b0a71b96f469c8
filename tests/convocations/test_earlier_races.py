"""An earlier date taken in two tabs, while an agent moves the appointment, as it lapses, as it is left: one truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import KindQuota, QuotaPeriod
from availability.statements import by_key
from booking import events, moving, transitions, waiting_earlier, waiting_offers
from booking.actions import cancel, expired, lapse, undo_cancel
from booking.errors import AlreadyDecided
from booking.moving import move
from booking.waiting_earlier import let_lapse, of_no_use
from booking.waiting_follow import follow_list
from booking.waiting_offers import due, offer_freed
from convocations.actions import convene, withdraw
from convocations.bearing import Bearer
from convocations.earlier import (
    answer_by,
    earlier_of,
    follow_offer,
    leave_offered,
    set_earlier,
    take_offered,
    want_earlier,
    want_no_earlier,
)
from convocations.errors import ConvocationOver, EarlierGone
from convocations.models import Convocation
from convocations.planning import follow
from portal.database import make_engine
from tests.booking.queue import Accounts
from tests.conftest import Database
from tests.convocations.desk import NINE, TEN, Desk, bearer, make_desk, make_somebody
from tests.factories import NOW, in_minutes, make_opening, make_resource
from tests.races import PATIENCE_S, act, at_once, refusals, wait_until_somebody_waits

AGENTS = 4
LATE = NINE + timedelta(days=7)
AFTER_UNDO = in_minutes(10)
LAPSED = AFTER_UNDO + timedelta(hours=4)
JUST_BEFORE = LAPSED - timedelta(microseconds=1)
TRUTH = text("""
    SELECT b.starts_at, b.state, w.state AS wait, o.outcome, h.state AS hold,
           (SELECT count(*) FROM seat_time t WHERE t.holder_id = b.id AND lower(t.during) = b.starts_at) AS seats,
           (SELECT count(*) FROM seat_time t WHERE t.holder_id = h.id) AS held,
           (SELECT count(*) FROM history x WHERE x.subject_id = CAST(h.id AS text) AND x.act <> 'booking-held') AS ends
    FROM waiting_offer o JOIN waiting_entry w ON w.id = o.entry_id JOIN booking b ON b.id = w.booking_id
    JOIN booking h ON h.id = o.booking_id
    WHERE o.freeing_id IN (SELECT freeing_id FROM waiting_offer GROUP BY 1 HAVING count(*) = 1)""")


@dataclass(frozen=True)
class Offered:
    """Somebody to whom the first hour of an agent is offered in the place of theirs, a week later."""

    convocation: Convocation
    who: Bearer
    agent_id: int


@dataclass(frozen=True)
class Case:
    desk: Desk
    accounts: Accounts
    offered: list[Offered]


@pytest.fixture
def engine(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(events, "_subscribers", [follow_list, follow_offer, follow])
    engine = make_engine(database.url, pool_size=40)
    yield engine
    engine.dispose()


@pytest.fixture
def case(engine: Engine) -> Case:
    made = act(engine, prepare)
    tick(engine, made.accounts, AFTER_UNDO)
    return made


def prepare(session: Session) -> Case:
    desk = make_desk_with_quota(session)
    offered, firsts = [], []
    for number in range(AGENTS):
        agent = make_resource(session, desk.world.site, desk.kind, name=f"Agent {number}", capacity=1)
        make_opening(session, agent, NINE, hours=2)
        make_opening(session, agent, LATE, hours=2)
        whom = make_somebody(session, desk.officer)
        firsts.append(convene(session, desk.officer, desk.person.id, desk.at(NINE, agent), now=NOW))
        later = convene(session, desk.officer, whom.id, desk.at(LATE, agent), now=NOW)
        who = bearer(session, later)
        want_earlier(session, who, seen=LATE, now=NOW)
        offered.append(Offered(later, who, agent.id))
    for first in firsts:
        withdraw(session, desk.officer, first.id, now=NOW)
    return Case(desk, Accounts().add(desk.officer), offered)


def make_desk_with_quota(session: Session) -> Desk:
    desk = make_desk(session, offer_hours=4)
    session.add(KindQuota(kind_id=desk.kind.id, per=QuotaPeriod.WEEK, most=50))
    return desk


def tick(engine: Engine, accounts: Accounts, now: datetime) -> int:
    """Do what the clock does, one transaction each; return how many offers were made."""
    for booking_id in act(engine, expired, now=now):
        act(engine, lapse, booking_id, now=now)
    for hold_id in act(engine, of_no_use):
        act(engine, let_lapse, hold_id, now=now)
    freed = act(engine, due, now=now)
    return sum(act(engine, offer_freed, one, actor_of=accounts, now=now, answer_by=answer_by) for one in freed)


def test_the_same_offer_taken_in_many_tabs_is_taken_once(engine: Engine, case: Case) -> None:
    tabs = [partial(act, engine, take_offered, one.who, NINE, now=in_minutes(20)) for one in case.offered] * 4
    answers = at_once(tabs)

    assert refusals(answers) == []
    with Session(engine) as session:
        rows = session.execute(TRUTH).all()
    assert [(row.starts_at, row.wait, row.outcome, row.hold, row.seats, row.held, row.ends) for row in rows] == [
        (NINE, "served", "taken", "cancelled", 1, 0, 1)
    ] * AGENTS


def test_control_read_without_the_locks_an_offer_is_ended_by_each_tab(
    engine: Engine, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = by_key(transitions._BOOKINGS_TOGETHER.text.replace("FOR UPDATE OF b", ""))
    both_have_read, close = Barrier(2, timeout=30), waiting_earlier.close_offer

    def closed(*said: object) -> object:
        both_have_read.wait()
        return close(*said)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting_earlier, "lock_all", lambda *_: None)
    monkeypatch.setattr(waiting_earlier, "wait_for_service", lambda *_: None)
    monkeypatch.setattr(transitions, "_BOOKINGS_TOGETHER", unlocked)
    monkeypatch.setattr(waiting_earlier, "close_offer", closed)
    at_once([partial(act, engine, take_offered, case.offered[0].who, NINE, now=in_minutes(20))] * 2)

    with Session(engine) as session:
        assert max(row.ends for row in session.execute(TRUTH)) == 2


def test_taking_leaving_moving_giving_back_and_the_end_of_an_offer_at_once_leave_one_truth(
    engine: Engine, case: Case
) -> None:
    officer = case.desk.officer
    acts: list[Callable[[], object]] = [partial(tick, engine, case.accounts, LAPSED) for _ in range(2)]
    for number, one in enumerate(case.offered):
        booking_id = one.convocation.booking_id
        assert booking_id
        elsewhere = SlotClaim(resource_id=one.agent_id, start=TEN)
        others: list[Callable[[], object]] = [
            partial(act, engine, move, officer, booking_id, elsewhere, now=JUST_BEFORE),
            partial(act, engine, leave_offered, one.who, NINE, now=JUST_BEFORE),
            partial(act, engine, cancel, officer, booking_id, now=JUST_BEFORE),
            partial(act, engine, want_no_earlier, one.who, now=JUST_BEFORE),
        ]
        acts += [partial(act, engine, take_offered, one.who, NINE, now=JUST_BEFORE)] * 2 + [others[number]]
    answers = at_once(acts)
    tick(engine, case.accounts, LAPSED)

    assert set(refusals(answers)) <= {EarlierGone, ConvocationOver, AlreadyDecided}
    with Session(engine) as session:
        for row in session.execute(TRUTH):
            assert (row.hold in ("cancelled", "lapsed"), row.outcome is not None, row.held, row.ends) == (
                True,
                True,
                0,
                1,
            )
            assert row.seats == (1 if row.state == "booked" else 0)
            assert (row.starts_at == NINE) <= (row.outcome == "taken")
            assert row.wait in ({"served"} if row.outcome == "taken" else {"waiting", "withdrawn", "expired"})


def prepare_beside(session: Session, desk: Desk | None = None) -> tuple[Desk, Convocation]:
    """Have an hour of an agent freed, which somebody waits for who has an appointment at a colleague's."""
    desk = desk or make_desk_with_quota(session)
    make_opening(session, desk.colleague, LATE, hours=2)
    first = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    whom = make_somebody(session, desk.officer)
    later = convene(session, desk.officer, whom.id, desk.at(LATE, desk.colleague), now=NOW)
    set_earlier(session, desk.officer, later.id, wants=True, with_colleagues=True, now=NOW)
    withdraw(session, desk.officer, first.id, now=NOW)
    return desk, later


@pytest.mark.parametrize("is_control", [False, True], ids=["", "control"])
def test_moving_the_appointment_while_the_clock_offers_at_a_colleagues_is_never_a_deadlock(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, is_control: bool
) -> None:
    desk, later = act(engine, prepare_beside)
    assert later.booking_id
    has_service, check = Barrier(2, timeout=PATIENCE_S), moving.check_quota

    def checked(*asked: Any, **more: Any) -> None:
        check(*asked, **more)
        has_service.wait()
        wait_until_somebody_waits(engine)

    def offer() -> int:
        has_service.wait()
        return tick(engine, Accounts().add(desk.officer), AFTER_UNDO)

    monkeypatch.setattr(moving, "check_quota", checked)
    if is_control:
        monkeypatch.setattr(waiting_offers, "wait_for_service", lambda *_: None)
    elsewhere = SlotClaim(resource_id=desk.colleague.id, start=LATE + timedelta(hours=1))
    acts: list[Callable[[], object]] = [
        partial(act, engine, move, desk.officer, later.booking_id, elsewhere, now=AFTER_UNDO),
        offer,
    ]
    if is_control:
        with pytest.raises(OperationalError, match="deadlock"):
            at_once(acts)
        return

    assert refusals(at_once(acts)) == []
    with Session(engine) as session:
        (row,) = session.execute(TRUTH)
    assert (row.starts_at, row.wait, row.hold, row.held) == (elsewhere.start, "offered", "held", 1)


def test_taking_what_was_offered_again_under_a_clock_that_read_that_they_wait_is_never_a_deadlock(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, later, who = act(engine, prepare_two)
    accounts = Accounts().add(desk.officer)
    tick(engine, accounts, AFTER_UNDO)
    earlier = act(engine, earlier_of, later, now=AFTER_UNDO)
    assert earlier
    assert earlier.offer
    hold_id = earlier.offer.hold_id
    act(engine, leave_offered, who, NINE, now=in_minutes(12))
    step, wait_for = Barrier(2, timeout=PATIENCE_S), waiting_offers.wait_for_service

    def waited(*asked: Any) -> None:
        step.wait()  # it has read the list
        step.wait()  # what was left is offered again
        wait_for(*asked)
        step.wait()
        wait_until_somebody_waits(engine)

    def take_again() -> None:
        step.wait()
        act(engine, undo_cancel, desk.officer, hold_id, now=in_minutes(15))
        step.wait()
        step.wait()  # the clock has the service
        act(engine, take_offered, who, NINE, now=in_minutes(15))

    monkeypatch.setattr(waiting_offers, "wait_for_service", waited)
    clock = partial(tick, engine, accounts, in_minutes(15))

    assert at_once([clock, take_again]) == [0, None]
    with Session(engine) as session:
        (row,) = session.execute(TRUTH)
    assert (row.starts_at, row.wait, row.outcome, row.held) == (NINE, "served", "taken", 0)


def prepare_two(session: Session) -> tuple[Desk, Convocation, Bearer]:
    """As `prepare_beside`, and an hour of a third agent is freed five minutes later."""
    desk = make_desk_with_quota(session)
    third = make_resource(session, desk.world.site, desk.kind, name="Agent C", capacity=1)
    make_opening(session, third, NINE, hours=2)
    _, later = prepare_beside(session, desk)
    other = convene(session, desk.officer, make_somebody(session, desk.officer).id, desk.at(TEN, third), now=NOW)
    withdraw(session, desk.officer, other.id, now=in_minutes(5))
    return desk, later, bearer(session, later)
