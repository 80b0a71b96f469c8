"""Whatever people do, the list is served in order, each freeing is offered once to each, and it comes to an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import Refusal
from booking import events
from booking.actions import cancel, confirm
from booking.models import Booking, State
from booking.waiting import withdraw
from booking.waiting_follow import follow_list
from booking.waiting_models import FreedPlace, WaitingEntry, WaitingOffer, WaitingState
from tests.booking.queue import FIRST, UNTIL, Accounts, clock, waits
from tests.booking.town import Town, make_town, stay
from tests.factories import NOW

OPEN = select(WaitingOffer).where(col(WaitingOffer.outcome).is_(None)).order_by(col(WaitingOffer.offered_at))
IN_ORDER = select(WaitingEntry).order_by(
    col(WaitingEntry.deadline_on).nulls_last(), col(WaitingEntry.created_at), col(WaitingEntry.id)
)
# Of nights taken, one holder each: a booking that has them, or what is kept for the list.
ASTRAY = text("""
    SELECT count(*) FROM bed_night n
    WHERE NOT EXISTS (SELECT FROM booking b WHERE b.id = n.holder_id AND b.state IN ('held', 'requested', 'booked'))
      AND NOT EXISTS (SELECT FROM freed_place f WHERE f.id = n.holder_id)""")
STEPS = st.lists(
    st.tuples(st.sampled_from(["free", "accept", "decline", "withdraw", "wait", "look"]), st.integers(0, 3)),
    max_size=9,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.integers(1, 3))
def test_any_sequence_of_acts_serves_in_order_and_comes_to_an_end(
    session: Session, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int]], waiting: int
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    with session.begin_nested() as tried:
        town = make_town(session, offer_hours=1)
        taken = [stay(session, town, FIRST, UNTIL, bed=bed).id for bed in range(3)]
        for number in range(waiting):
            waits(session, town, f"26/{number:03d}", now=NOW + timedelta(seconds=number))
        accounts, now, acts = Accounts().add(town.officer), NOW, 0
        for step, number in steps:
            now += timedelta(minutes=7)
            acts += _do(session, town, taken, step, number, now=now)
            clock(session, accounts, now, moved=(town.section.id,) if step == "look" else ())
            _check(session)
        for _ in range(3 + waiting):  # nobody does anything more: every offer ends, each is made once
            now += timedelta(hours=2)
            clock(session, accounts, now, moved=(town.section.id,))
            _check(session)

        assert clock(session, accounts, now + timedelta(days=1), moved=(town.section.id,)) == 0
        assert session.exec(select(FreedPlace)).all() == []
        assert len(session.exec(select(WaitingOffer)).all()) <= (acts + 1) * waiting
        tried.rollback()
    session.expunge_all()


def _do(session: Session, town: Town, taken: list[UUID], step: str, number: int, *, now: datetime) -> int:
    """Do one act, if it can be done; return how many times that freed something."""
    opened = session.exec(OPEN).all()
    entries = session.exec(IN_ORDER).all()
    try:
        if step == "free" and session.get_one(Booking, taken[number % 3]).state == State.BOOKED:
            cancel(session, town.officer, taken[number % 3], now=now)
            return 1
        if step == "accept" and opened:
            confirm(session, town.officer, opened[number % len(opened)].booking_id, now=now)
        elif step == "decline" and opened:
            cancel(session, town.officer, opened[number % len(opened)].booking_id, now=now)
        elif step == "withdraw" and entries:
            withdraw(session, town.officer, entries[number % len(entries)].id, now=now)
    except Refusal:
        pass
    return 0


def _check(session: Session) -> None:
    """Nothing is astray, and nobody has an offer while somebody before them waits for something they never had."""
    assert session.execute(ASTRAY).scalar() == 0
    entries = session.exec(IN_ORDER.execution_options(populate_existing=True)).all()
    had = {(one.entry_id, one.freeing_id) for one in session.exec(select(WaitingOffer))}
    for offer in session.exec(OPEN).all():
        position = next(number for number, one in enumerate(entries) if one.id == offer.entry_id)
        assert entries[position].state == WaitingState.OFFERED
        for before in entries[:position]:
            is_free_for = before.state == WaitingState.WAITING and before.id != offer.entry_id
            assert not is_free_for or (before.id, offer.freeing_id) in had
